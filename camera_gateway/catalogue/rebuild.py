"""Rows that are made anew from what the bucket says: institutions, sites, cameras, segments, tombstones.

Functions of a `Transaction`. Promises that nothing starts by itself: a camera is paused, and its device is at no
address, until a person says where it is. Knows no bucket.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import func, insert, select, update

from camera_gateway.catalogue import registry
from camera_gateway.catalogue.policies import restore_rule
from camera_gateway.catalogue.segments import insert_spooled
from camera_gateway.catalogue.tables import cameras, installation, institutions, segments, sites, tombstones
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
from camera_gateway.domain.footage import STORED, SegmentState
from camera_gateway.domain.ids import CameraId, DeviceId, InstitutionId, SiteId
from camera_gateway.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Table

    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.catalogue.policies import RuleRow
    from camera_gateway.catalogue.tombstones import Tombstone
    from camera_gateway.domain.footage import Sidecar
    from camera_gateway.domain.ids import SegmentId

NOWHERE = StreamAddress("0.0.0.0", 554, "/")  # noqa: S104 - an address that no camera may have
"""Where a rebuilt camera is until somebody says so; the recorder refuses to go there."""


@dataclass(frozen=True, slots=True)
class Object:
    """What the store says of a segment's object."""

    key: str
    version_id: str
    lock_mode: str | None
    retain_until_us: int | None
    locked: bool
    modified_us: int


def demand_empty(tx: Transaction) -> None:
    """Raise `Refused` when the catalogue has any segment: it is rebuilt whole or not at all."""
    number = tx.connection.execute(select(func.count()).select_from(segments)).scalar_one()
    if number:
        raise Refused(
            f"this catalogue has {number} segments", hint="rebuild only what is lost; move the old catalogue away first"
        )


def adopt_identity(tx: Transaction, identity: str) -> None:
    """Take over the identity by which the spool knows its owner; the catalogue must be opened anew."""
    tx.connection.execute(update(installation).values(uuid=identity))
    tx.audit("catalogue.adopt-identity", identity)


def demand_place(tx: Transaction, institution: str, site: str, time_zone: str, since_us: int) -> None:
    """Make sure of an institution and a site of it; what is known already stays as it is.

    Raises `Refused` for a site of another institution.
    """
    if not _has(tx, institutions, institution):
        made = Institution(InstitutionId(institution), institution, InstitutionKind.OTHER, "", since_us)
        registry.add_institution(tx, made)
    if not _has(tx, sites, site):
        registry.add_site(tx, Site(SiteId(site), InstitutionId(institution), site, time_zone, (), (), ()))
    elif registry.get_site(tx, SiteId(site)).institution != institution:
        raise Refused(f"site {site} belongs to another institution than {institution}", hint="look into the bucket")


def restore_registered(
    tx: Transaction, institution: Institution, site: Site, known: Iterable[Camera], rules: Iterable[RuleRow]
) -> None:
    """Take over what was registered of a site: names, zones, schedules, rules. What is there already stays.

    Cameras that were active are paused, at no address: where they are and their passwords is in no bucket.
    """
    if not _has(tx, institutions, institution.id):
        registry.add_institution(tx, institution)
    if not _has(tx, sites, site.id):
        registry.add_site(tx, site)
    for camera in known:
        if not _has(tx, cameras, camera.id):
            state = CameraState.RETIRED if camera.state is CameraState.RETIRED else CameraState.PAUSED
            registry.add_camera(tx, replace(camera, state=state), _nowhere(camera.id, camera.created_us))
    for rule in rules:
        restore_rule(tx, rule)


def _nowhere(camera: CameraId, since_us: int) -> Device:
    return Device(DeviceId(f"rebuilt-{camera}"), camera, NOWHERE, None, None, None, None, None, None, since_us, None)


def demand_camera(tx: Transaction, camera: str, institution: str, site: str, since_us: int) -> None:
    """Make sure of a camera: a rebuilt one is paused, in zone `other`, at no address.

    Raises `Refused` when the camera is known as another institution's.
    """
    if _has(tx, cameras, camera):
        if registry.get_camera(tx, CameraId(camera)).institution != institution:
            raise Refused(f"camera {camera} belongs to another institution than {institution}", hint="see the bucket")
        return
    made = Camera(
        id=CameraId(camera),
        institution=InstitutionId(institution),
        site=SiteId(site),
        name=camera,
        zone=Zone.OTHER,
        state=CameraState.PAUSED,
        schedule=(),
        created_us=since_us,
        retired_us=None,
    )
    registry.add_camera(tx, made, _nowhere(made.id, since_us))


def begin_not_after(tx: Transaction, camera: str, at_us: int) -> None:
    """Let a camera's life begin no later than the first thing that is known of it."""
    change = update(cameras).where(cameras.c.id == camera, cameras.c.created_us > at_us)
    tx.connection.execute(change.values(created_us=at_us))


def insert_stored(tx: Transaction, sidecar: Sidecar, found: Object, spool_path: str | None) -> None:
    """Add a segment that the bucket has; `spool_path` where its copy lies in the spool, None: it was released.

    Raises what `insert_spooled` raises.
    """
    insert_spooled(tx, sidecar, spool_path or "")
    values = {
        "state": str(SegmentState.RELEASED if spool_path is None else SegmentState.STORED),
        "spool_path": spool_path,
        "key": found.key,
        "version_id": found.version_id,
        "lock_mode": found.lock_mode,
        "retain_until_us": found.retain_until_us,
        "locked": found.locked,
        "attempts": 1,
        "put_us": found.modified_us,
        "stored_us": found.modified_us,
        "released_us": found.modified_us if spool_path is None else None,
    }
    tx.connection.execute(update(segments).where(segments.c.segment == sidecar.segment).values(values))


def insert_gone(
    tx: Transaction, sidecar: Sidecar, state: SegmentState, key: str | None, version_id: str | None, stored_us: int
) -> None:
    """Add a segment that was stored once and is not there any more. Raises what `insert_spooled` raises."""
    insert_spooled(tx, sidecar, "")
    values = {
        "state": str(state),
        "spool_path": None,
        "key": key,
        "version_id": version_id,
        "attempts": 1,
        "put_us": stored_us,
        "stored_us": stored_us,
    }
    tx.connection.execute(update(segments).where(segments.c.segment == sidecar.segment).values(values))


def mark_known_lost(tx: Transaction, segment: SegmentId) -> bool:
    """Say of a segment that a sealed gap has called it lost; False when there is none, or it is not stored."""
    change = update(segments).where(segments.c.segment == segment, segments.c.state.in_(sorted(STORED)))
    lost = {"state": str(SegmentState.LOST), "spool_path": None}
    return tx.connection.execute(change.values(lost)).rowcount == 1


def insert_tombstone(tx: Transaction, stone: Tombstone) -> None:
    """Add a tombstone whose segment has its row; its number is a new one."""
    values = {
        "segment": stone.segment,
        "institution": stone.institution,
        "site": stone.site,
        "camera": stone.camera,
        "start_us": stone.start_us,
        "end_us": stone.end_us,
        "size_bytes": stone.size_bytes,
        "sha256": stone.sha256,
        "key": stone.key,
        "version_id": stone.version_id,
        "before_state": str(stone.before),
        "policy": stone.policy,
        "reasons": json.dumps(list(stone.reasons), ensure_ascii=False),
        "plan": stone.plan,
        "ordered_by": stone.ordered_by,
        "approved_by": stone.approved_by,
        "at_us": stone.at_us,
        "confirmed_us": stone.confirmed_us,
    }
    tx.connection.execute(insert(tombstones), values)


def _has(tx: Transaction, table: Table, key: str) -> bool:
    return tx.connection.execute(select(table.c.id).where(table.c.id == key)).first() is not None
