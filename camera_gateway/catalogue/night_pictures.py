"""Reference pictures of the night: proposed by looks at pictures without colour, approved by a person.

Functions of a `Transaction`. Promises at most one proposal and one approved picture of a camera with bytes, as of the
day's (`passports`); of those before only the hash stays, because a picture may show children.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update

from camera_gateway.catalogue.health_tables import night_pictures
from camera_gateway.errors import NotFound

if TYPE_CHECKING:
    from sqlalchemy import Row

    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.ids import CameraId

_FACTS = [column for column in night_pictures.c if column.name != "image"]


@dataclass(frozen=True, slots=True)
class NightPicture:
    """A picture of how a viewpoint looks by infrared light; `approved_us` None means that it is a proposal."""

    number: int
    camera: CameraId
    taken_us: int
    segment: str
    sha256: str
    width: int
    height: int
    approved_us: int | None
    approved_by: str | None


def propose_night(
    tx: Transaction, camera: CameraId, image: bytes, sha256: str, size: tuple[int, int], segment: str
) -> None:
    """Keep a picture as the proposal, in place of an earlier one."""
    tx.connection.execute(
        delete(night_pictures).where(night_pictures.c.camera == camera, night_pictures.c.approved_us.is_(None))
    )
    values = {
        "camera": camera,
        "taken_us": tx.clock.now_us(),
        "segment": segment,
        "sha256": sha256,
        "width": size[0],
        "height": size[1],
        "image": image,
    }
    tx.connection.execute(insert(night_pictures), values)
    tx.audit("picture.night-proposed", f"camera:{camera}", sha256=sha256, segment=segment)


def approve_night(tx: Transaction, camera: CameraId, sha256: str) -> NightPicture:
    """Make the proposal with this hash the reference of the night; the one before loses its bytes."""
    proposed = (
        night_pictures.c.camera == camera,
        night_pictures.c.approved_us.is_(None),
        night_pictures.c.sha256 == sha256,
    )
    number = tx.connection.execute(select(night_pictures.c.number).where(*proposed)).scalar_one_or_none()
    if number is None:
        raise NotFound(
            "no such picture of the night waits for approval",
            hint="one is proposed after a night of looks; see: camera-gateway camera looks CAMERA",
        )
    earlier = night_pictures.c.camera == camera, night_pictures.c.approved_us.is_not(None)
    tx.connection.execute(update(night_pictures).where(*earlier).values(image=None))
    approval = {"approved_us": tx.clock.now_us(), "approved_by": str(tx.actor)}
    tx.connection.execute(update(night_pictures).where(night_pictures.c.number == number).values(approval))
    tx.audit("picture.night-approved", f"camera:{camera}", sha256=sha256)
    return _picture(tx.connection.execute(select(*_FACTS).where(night_pictures.c.number == number)).one())


def night_pictures_of(tx: Transaction, camera: CameraId) -> tuple[NightPicture | None, NightPicture | None]:
    """Return the approved picture of the night and the proposed one."""
    kept = select(*_FACTS).where(night_pictures.c.camera == camera, night_pictures.c.image.is_not(None))
    rows = [_picture(row) for row in tx.connection.execute(kept.order_by(night_pictures.c.number))]
    approved = [each for each in rows if each.approved_us is not None]
    proposed = [each for each in rows if each.approved_us is None]
    return (approved[-1] if approved else None), (proposed[-1] if proposed else None)


def night_image(tx: Transaction, camera: CameraId, sha256: str) -> bytes:
    """Return the JPEG with this hash; `NotFound` when its bytes are not there."""
    wanted = night_pictures.c.camera == camera, night_pictures.c.sha256 == sha256, night_pictures.c.image.is_not(None)
    image = tx.connection.execute(select(night_pictures.c.image).where(*wanted)).scalar()
    if image is None:
        raise NotFound(f"camera {camera} has no such picture of the night")
    return bytes(image)


def _picture(row: Row[Any]) -> NightPicture:
    return NightPicture(
        number=row.number,
        camera=row.camera,
        taken_us=row.taken_us,
        segment=row.segment,
        sha256=row.sha256,
        width=row.width,
        height=row.height,
        approved_us=row.approved_us,
        approved_by=row.approved_by,
    )
