"""Changes of what is registered: a camera's words, its device's address and account, an institution's words.

Functions of a `Transaction`. Each writes one audit row with what changed from what and lets the generation grow, or
does neither when nothing changed. Of account, password and path a row says that they changed, never what they are.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import update

from camera_gateway.catalogue import installation, registry
from camera_gateway.catalogue.tables import cameras, devices, institutions
from camera_gateway.domain.camera import CameraState
from camera_gateway.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.camera import Camera, Device, Institution

UNTOLD = "changed"
"""What is said of a change whose values stay out of the audit log."""


def change_camera(tx: Transaction, camera: Camera, device: Device, approved_by: str | None = None) -> dict[str, Any]:
    """Write a camera's name, zone and schedule, and the address and account of the device that serves it now.

    `approved_by` is the second person, where there was one. Returns what changed, as the audit row has it; `Refused`
    for a retired camera.
    """
    known = registry.get_camera(tx, camera.id)
    serving = registry.current_device(tx, camera.id)
    if known.state is CameraState.RETIRED or serving is None:
        raise Refused(f"camera {camera.id} is retired", hint="add a camera with a new id")
    fixed = [(one.institution, one.site, one.state, one.created_us, one.retired_us) for one in (known, camera)]
    if fixed[0] != fixed[1] or device.id != serving.id:
        msg = f"only words, schedule, address and account of camera {camera.id} change here"
        raise ValueError(msg)
    changed = _told(_camera_words(known), _camera_words(camera)) | _told(_device_words(serving), _device_words(device))
    secret = {
        "path": (serving.address.path, device.address.path),
        "account": (serving.username, device.username),
        "password": (serving.password_sealed, device.password_sealed),
    }
    changed |= {key: UNTOLD for key, (before, after) in secret.items() if before != after}
    if not changed:
        return {}
    words = {"name": camera.name, "zone": str(camera.zone), "schedule": _json(camera.schedule)}
    tx.connection.execute(update(cameras).where(cameras.c.id == camera.id).values(words))
    address = {
        "host": device.address.host,
        "port": device.address.port,
        "path": device.address.path,
        "username": device.username,
        "password_sealed": device.password_sealed,
    }
    tx.connection.execute(update(devices).where(devices.c.id == device.id).values(address))
    installation.grow(tx)
    approval = {} if approved_by is None else {"approved_by": approved_by}
    tx.audit("camera.change", f"camera:{camera.id}", changed=changed, **approval)
    return changed


def change_institution(tx: Transaction, institution: Institution) -> dict[str, Any]:
    """Write an institution's name, kind and region; return what changed, as the audit row has it."""
    known = registry.get_institution(tx, institution.id)
    words = _institution_words(institution)
    changed = _told(_institution_words(known), words)
    if changed:
        tx.connection.execute(update(institutions).where(institutions.c.id == institution.id).values(words))
        installation.grow(tx)
        tx.audit("institution.change", f"institution:{institution.id}", changed=changed)
    return changed


def _told(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    return {key: {"from": before[key], "to": after[key]} for key in after if before[key] != after[key]}


def _camera_words(camera: Camera) -> dict[str, Any]:
    return {"name": camera.name, "zone": str(camera.zone), "schedule": list(camera.schedule)}


def _device_words(device: Device) -> dict[str, Any]:
    return {"host": device.address.host, "port": device.address.port}


def _institution_words(institution: Institution) -> dict[str, Any]:
    return {"name": institution.name, "kind": str(institution.kind), "region": institution.region}


def _json(texts: tuple[str, ...]) -> str:
    return json.dumps(list(texts), ensure_ascii=False)
