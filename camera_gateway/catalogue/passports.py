"""Passports of cameras and their reference pictures.

Functions of a `Transaction`; each change writes its audit row. Promises that at most one picture of a camera is
approved and kept, with its bytes, and at most one is proposed; of the pictures before only the hash stays, because a
picture may show children.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update

from camera_gateway.catalogue import registry
from camera_gateway.catalogue.registering_tables import passports, pictures
from camera_gateway.domain.passport import CameraRole, Passport, Picture
from camera_gateway.errors import NotFound

if TYPE_CHECKING:
    from sqlalchemy import Row

    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.ids import CameraId

_FACTS = [column for column in pictures.c if column.name != "image"]


def get_passport(tx: Transaction, camera: CameraId) -> Passport:
    """Return the passport; an empty one where nobody has written one yet."""
    found = tx.connection.execute(select(passports).where(passports.c.camera == camera)).first()
    if found is None:
        return Passport(camera)
    role = None if found.role is None else CameraRole(found.role)
    return Passport(camera, found.place, role, found.mounted_on, found.note)


def set_passport(tx: Transaction, passport: Passport) -> dict[str, Any]:
    """Write a passport; return what changed, as the audit row has it. `NotFound` when there is no such camera."""
    registry.get_camera(tx, passport.camera)
    before, after = _words(get_passport(tx, passport.camera)), _words(passport)
    changed = {key: {"from": before[key], "to": after[key]} for key in after if before[key] != after[key]}
    if not changed:
        return {}
    tx.connection.execute(delete(passports).where(passports.c.camera == passport.camera))
    tx.connection.execute(insert(passports), {"camera": passport.camera, **after})
    tx.audit("passport.set", f"camera:{passport.camera}", changed=changed)
    return changed


def propose_picture(tx: Transaction, camera: CameraId, image: bytes, sha256: str, width: int, height: int) -> Picture:
    """Keep a picture as the proposal, in place of an earlier proposal; it is nobody's word yet."""
    registry.get_camera(tx, camera)
    tx.connection.execute(delete(pictures).where(pictures.c.camera == camera, pictures.c.approved_us.is_(None)))
    values = {
        "camera": camera,
        "taken_us": tx.clock.now_us(),
        "taken_by": str(tx.actor),
        "sha256": sha256,
        "width": width,
        "height": height,
        "size_bytes": len(image),
        "image": image,
    }
    number = tx.connection.execute(insert(pictures).returning(pictures.c.number), values).scalar_one()
    tx.audit("passport.picture", f"camera:{camera}", sha256=sha256, width=width, height=height)
    return _picture(tx.connection.execute(select(*_FACTS).where(pictures.c.number == number)).one())


def approve_picture(tx: Transaction, camera: CameraId, sha256: str) -> Picture:
    """Make the proposal with this hash the reference; the one before keeps its hash and loses its bytes."""
    proposed = pictures.c.camera == camera, pictures.c.approved_us.is_(None), pictures.c.sha256 == sha256
    found = tx.connection.execute(select(pictures.c.number).where(*proposed)).scalar_one_or_none()
    if found is None:
        raise NotFound(
            "no such picture waits for approval",
            hint="take one: camera passport reference CAMERA; approve what it names",
        )
    earlier = pictures.c.camera == camera, pictures.c.approved_us.is_not(None)
    tx.connection.execute(update(pictures).where(*earlier).values(image=None))
    approval = {"approved_us": tx.clock.now_us(), "approved_by": str(tx.actor)}
    tx.connection.execute(update(pictures).where(pictures.c.number == found).values(approval))
    tx.audit("passport.approve", f"camera:{camera}", sha256=sha256)
    return _picture(tx.connection.execute(select(*_FACTS).where(pictures.c.number == found)).one())


def list_pictures(tx: Transaction, camera: CameraId) -> list[Picture]:
    """Return a camera's pictures without their bytes, the newest first."""
    query = select(*_FACTS).where(pictures.c.camera == camera).order_by(pictures.c.number.desc())
    return [_picture(row) for row in tx.connection.execute(query)]


def get_image(tx: Transaction, camera: CameraId, *, proposed: bool) -> tuple[Picture, bytes]:
    """Return the reference, or the proposal, with its JPEG; `NotFound` when there is none."""
    wanted = pictures.c.approved_us.is_(None) if proposed else pictures.c.approved_us.is_not(None)
    query = select(pictures).where(pictures.c.camera == camera, wanted, pictures.c.image.is_not(None))
    found = tx.connection.execute(query.order_by(pictures.c.number.desc())).first()
    if found is None:
        raise NotFound(
            f"camera {camera} has no {'proposed' if proposed else 'reference'} picture",
            hint="take one: camera passport reference CAMERA",
        )
    return _picture(found), bytes(found.image)


def _words(passport: Passport) -> dict[str, Any]:
    return {
        "place": passport.place,
        "role": None if passport.role is None else passport.role.value,
        "mounted_on": passport.mounted_on,
        "note": passport.note,
    }


def _picture(row: Row[Any]) -> Picture:
    return Picture(
        number=row.number,
        camera=row.camera,
        taken_us=row.taken_us,
        taken_by=row.taken_by,
        sha256=row.sha256,
        width=row.width,
        height=row.height,
        size_bytes=row.size_bytes,
        approved_us=row.approved_us,
        approved_by=row.approved_by,
    )
