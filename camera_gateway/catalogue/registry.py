"""Institutions, sites, cameras and devices in the catalogue.

Functions of a `Transaction`. Each change writes its audit row and lets the generation grow in the same transaction.
Ids are never reused: nothing here deletes. Audit rows name host and port, never account, path or password.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from camera_gateway.catalogue import installation
from camera_gateway.catalogue.tables import cameras, devices, institutions, sites
from camera_gateway.domain.camera import (
    Camera,
    CameraState,
    Device,
    Institution,
    InstitutionKind,
    Site,
    StreamAddress,
    Zone,
)
from camera_gateway.errors import InvalidInput, NotFound, Refused

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Row, Table

    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.ids import CameraId, InstitutionId, SiteId

_VERBS = {CameraState.ACTIVE: "resume", CameraState.PAUSED: "pause", CameraState.RETIRED: "retire"}


def add_institution(tx: Transaction, institution: Institution) -> None:
    """Add an institution; `InvalidInput` with code "exists" when the id is taken."""
    _demand_free(tx, institutions, "institution", institution.id)
    values = {
        "id": institution.id,
        "name": institution.name,
        "kind": str(institution.kind),
        "region": institution.region,
        "created_us": institution.created_us,
    }
    tx.connection.execute(insert(institutions), values)
    installation.grow(tx)
    tx.audit("institution.add", f"institution:{institution.id}", name=institution.name, kind=str(institution.kind))


def get_institution(tx: Transaction, institution: InstitutionId) -> Institution:
    """Return an institution; `NotFound` when there is none."""
    return _institution(_demand(tx, institutions, "institution", institution))


def list_institutions(tx: Transaction) -> list[Institution]:
    """Return all institutions by id."""
    return [_institution(row) for row in tx.connection.execute(select(institutions).order_by(institutions.c.id))]


def add_site(tx: Transaction, site: Site) -> None:
    """Add a site of an existing institution; `InvalidInput` with code "exists" when the id is taken."""
    _demand(tx, institutions, "institution", site.institution)
    _demand_free(tx, sites, "site", site.id)
    tx.connection.execute(insert(sites), _site_values(site))
    installation.grow(tx)
    tx.audit("site.add", f"site:{site.id}", **_site_details(site))


def get_site(tx: Transaction, site: SiteId) -> Site:
    """Return a site; `NotFound` when there is none."""
    return _site(_demand(tx, sites, "site", site))


def list_sites(tx: Transaction, institution: InstitutionId | None = None) -> list[Site]:
    """Return the sites of an institution, or all, by id."""
    query = select(sites).order_by(sites.c.id)
    if institution is not None:
        query = query.where(sites.c.institution == institution)
    return [_site(row) for row in tx.connection.execute(query)]


def update_site(tx: Transaction, site: Site) -> None:
    """Write a site's changed values; its institution cannot change (`Refused`)."""
    known = get_site(tx, site.id)
    if known.institution != site.institution:
        raise Refused(f"site {site.id} belongs to {known.institution}", hint="add a new site instead")
    if known == site:
        return
    tx.connection.execute(update(sites).where(sites.c.id == site.id).values(_site_values(site)))
    installation.grow(tx)
    before, after = _site_details(known), _site_details(site)
    changed = {key: {"from": before[key], "to": after[key]} for key in after if before[key] != after[key]}
    tx.audit("site.update", f"site:{site.id}", changed=changed)


def add_camera(tx: Transaction, camera: Camera, device: Device) -> None:
    """Add a viewpoint with the device that serves it, at a site of its institution."""
    site = get_site(tx, camera.site)
    if site.institution != camera.institution:
        raise InvalidInput(
            f"site {camera.site} belongs to institution {site.institution}", hint="name a site of the institution"
        )
    _demand_free(tx, cameras, "camera", camera.id)
    _demand_match(camera.id, device)
    values = {
        "id": camera.id,
        "institution": camera.institution,
        "site": camera.site,
        "name": camera.name,
        "zone": str(camera.zone),
        "state": str(camera.state),
        "schedule": _json(camera.schedule),
        "created_us": camera.created_us,
        "retired_us": camera.retired_us,
    }
    tx.connection.execute(insert(cameras), values)
    _insert_device(tx, device)
    installation.grow(tx)
    tx.audit(
        "camera.add",
        f"camera:{camera.id}",
        institution=camera.institution,
        site=camera.site,
        zone=str(camera.zone),
        **_device_details(device),
    )


def get_camera(tx: Transaction, camera: CameraId) -> Camera:
    """Return a camera, also a retired one; `NotFound` when there is none."""
    return _camera(_demand(tx, cameras, "camera", camera))


def list_cameras(
    tx: Transaction,
    institution: InstitutionId | None = None,
    site: SiteId | None = None,
    states: Collection[CameraState] | None = None,
) -> list[Camera]:
    """Return cameras by id, narrowed by institution, site and states."""
    query = select(cameras).order_by(cameras.c.id)
    if institution is not None:
        query = query.where(cameras.c.institution == institution)
    if site is not None:
        query = query.where(cameras.c.site == site)
    if states is not None:
        query = query.where(cameras.c.state.in_([str(state) for state in states]))
    return [_camera(row) for row in tx.connection.execute(query)]


def set_camera_state(tx: Transaction, camera: CameraId, state: CameraState) -> Camera:
    """Pause, resume or retire; return the camera as it is now. Retiring is for good (`Refused` afterwards)."""
    known = get_camera(tx, camera)
    if known.state is state:
        return known
    if known.state is CameraState.RETIRED:
        raise Refused(f"camera {camera} is retired", hint="add a camera with a new id")
    now_us = tx.clock.now_us()
    retired_us = now_us if state is CameraState.RETIRED else None
    changed = replace(known, state=state, retired_us=retired_us)
    tx.connection.execute(update(cameras).where(cameras.c.id == camera).values(state=str(state), retired_us=retired_us))
    if retired_us is not None:
        tx.connection.execute(
            update(devices).where(devices.c.camera == camera, devices.c.to_us.is_(None)).values(to_us=retired_us)
        )
    installation.grow(tx)
    tx.audit(f"camera.{_VERBS[state]}", f"camera:{camera}", before=str(known.state))
    return changed


def current_device(tx: Transaction, camera: CameraId) -> Device | None:
    """Return the device that serves the camera now; None for a retired camera."""
    query = select(devices).where(devices.c.camera == camera, devices.c.to_us.is_(None))
    found = tx.connection.execute(query).first()
    return None if found is None else _device(found)


def current_devices(tx: Transaction) -> dict[CameraId, Device]:
    """Return every camera's present device in one question: what the plan is made of."""
    found = tx.connection.execute(select(devices).where(devices.c.to_us.is_(None)))
    return {device.camera: device for device in map(_device, found)}


def list_devices(tx: Transaction, camera: CameraId) -> list[Device]:
    """Return all devices that have served the camera, the oldest first."""
    query = select(devices).where(devices.c.camera == camera).order_by(devices.c.from_us, devices.c.id)
    return [_device(row) for row in tx.connection.execute(query)]


def replace_device(tx: Transaction, camera: CameraId, device: Device) -> None:
    """Let `device` serve the camera from `device.from_us` on; the one before ends there."""
    known = get_camera(tx, camera)
    if known.state is CameraState.RETIRED:
        raise Refused(f"camera {camera} is retired", hint="add a camera with a new id")
    _demand_match(camera, device)
    before = current_device(tx, camera)
    was = None if before is None else _device_details(before)
    if before is not None:
        if device.from_us < before.from_us:
            raise InvalidInput(f"camera {camera}: the new device begins before the present one did")
        tx.connection.execute(update(devices).where(devices.c.id == before.id).values(to_us=device.from_us))
    _insert_device(tx, device)
    installation.grow(tx)
    tx.audit("device.replace", f"camera:{camera}", before=was, **_device_details(device))


def generation(tx: Transaction) -> int:
    """Return a number that grows with each change made here: the plan's age."""
    return installation.generation(tx)


def _demand_free(tx: Transaction, table: Table, what: str, key: str) -> None:
    if tx.connection.execute(select(table.c.id).where(table.c.id == key)).first() is not None:
        raise InvalidInput(f"{what} {key} exists already", hint="ids are never reused: choose another", code="exists")


def _demand(tx: Transaction, table: Table, what: str, key: str) -> Row[Any]:
    found = tx.connection.execute(select(table).where(table.c.id == key)).first()
    if found is None:
        raise NotFound(
            f"no {what} {key}", hint=f"run: camera-gateway {'camera' if what == 'camera' else 'institution'} list"
        )
    return found


def _demand_match(camera: CameraId, device: Device) -> None:
    if device.camera != camera or device.to_us is not None:
        msg = f"device {device.id} does not serve camera {camera} from now on"
        raise ValueError(msg)


def _json(texts: tuple[str, ...]) -> str:
    return json.dumps(list(texts), ensure_ascii=False)


def _texts(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))


def _institution(row: Row[Any]) -> Institution:
    return Institution(row.id, row.name, InstitutionKind(row.kind), row.region, row.created_us)


def _site(row: Row[Any]) -> Site:
    return Site(
        row.id,
        row.institution,
        row.name,
        row.time_zone,
        _texts(row.allowed_networks),
        _texts(row.upload_windows),
        _texts(row.holidays),
    )


def _site_values(site: Site) -> dict[str, Any]:
    return {
        "id": site.id,
        "institution": site.institution,
        "name": site.name,
        "time_zone": site.time_zone,
        "allowed_networks": _json(site.allowed_networks),
        "upload_windows": _json(site.upload_windows),
        "holidays": _json(site.holidays),
    }


def _site_details(site: Site) -> dict[str, Any]:
    return {
        "institution": site.institution,
        "name": site.name,
        "time_zone": site.time_zone,
        "allowed_networks": list(site.allowed_networks),
        "upload_windows": list(site.upload_windows),
        "holidays": list(site.holidays),
    }


def _camera(row: Row[Any]) -> Camera:
    return Camera(
        row.id,
        row.institution,
        row.site,
        row.name,
        Zone(row.zone),
        CameraState(row.state),
        _texts(row.schedule),
        row.created_us,
        row.retired_us,
    )


def _insert_device(tx: Transaction, device: Device) -> None:
    values = {
        "id": device.id,
        "camera": device.camera,
        "host": device.address.host,
        "port": device.address.port,
        "path": device.address.path,
        "username": device.username,
        "password_sealed": device.password_sealed,
        "serial": device.serial,
        "mac": device.mac,
        "model": device.model,
        "firmware": device.firmware,
        "from_us": device.from_us,
        "to_us": device.to_us,
    }
    tx.connection.execute(insert(devices), values)


def _device(row: Row[Any]) -> Device:
    return Device(
        row.id,
        row.camera,
        StreamAddress(row.host, row.port, row.path),
        row.username,
        row.password_sealed,
        row.serial,
        row.mac,
        row.model,
        row.firmware,
        row.from_us,
        row.to_us,
    )


def _device_details(device: Device) -> dict[str, Any]:
    return {
        "device": device.id,
        "host": device.address.host,
        "port": device.address.port,
        "password": "set" if device.password_sealed is not None else "none",
        "serial": device.serial,
        "mac": device.mac,
    }
