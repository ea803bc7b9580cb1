"""Days of cameras, summed up: what a judgement needs of a day's 1,440 segments, in one row.

Functions of a `Transaction`. Derived from segments and from a listing of the bucket, so it may be thrown away at any
time. Promises that a row is never older than its segments: triggers of the schema delete it with any change of one of
them, whoever makes it, so that nobody has to remember to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select, update

from camera_gateway.catalogue.compliance_tables import camera_days

if TYPE_CHECKING:
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.ids import CameraId


@dataclass(frozen=True, slots=True)
class KeptDay:
    """One local day. `seen` is the digest of what the bucket listed of it, `book` the JSON of its `DayBook`."""

    start_us: int
    end_us: int
    day: str
    seen: str
    listed_us: int
    book: str


def kept_days(tx: Transaction, camera: CameraId, from_us: int, to_us: int) -> list[KeptDay]:
    """Return the days that begin in [from, to), by start."""
    query = (
        select(*(camera_days.c[name] for name in KeptDay.__dataclass_fields__))
        .where(camera_days.c.camera == camera, camera_days.c.start_us >= from_us, camera_days.c.start_us < to_us)
        .order_by(camera_days.c.start_us)
    )
    return [KeptDay(*row) for row in tx.connection.execute(query)]


def listed_days(tx: Transaction, camera: CameraId, from_us: int, to_us: int) -> dict[int, tuple[int, int]]:
    """Return end and time of listing of the days that begin in [from, to), by start: books are long, and not read."""
    query = select(camera_days.c.start_us, camera_days.c.end_us, camera_days.c.listed_us).where(
        camera_days.c.camera == camera, camera_days.c.start_us >= from_us, camera_days.c.start_us < to_us
    )
    return {start_us: (end_us, listed_us) for start_us, end_us, listed_us in tx.connection.execute(query)}


def keep_day(tx: Transaction, camera: CameraId, day: KeptDay) -> None:
    """Keep a day, in place of what lies in its span."""
    tx.connection.execute(
        delete(camera_days).where(
            camera_days.c.camera == camera,
            camera_days.c.start_us < day.end_us,
            camera_days.c.end_us > day.start_us,
        )
    )
    values = {"camera": camera, **{name: getattr(day, name) for name in KeptDay.__dataclass_fields__}}
    tx.connection.execute(insert(camera_days), values)


def seen_again(tx: Transaction, camera: CameraId, day: KeptDay, listed_us: int) -> None:
    """Say that a later listing showed of a day what an earlier one did."""
    of_day = (camera_days.c.camera == camera, camera_days.c.start_us == day.start_us, camera_days.c.seen == day.seen)
    tx.connection.execute(update(camera_days).where(*of_day).values(listed_us=listed_us))


def forget_days(tx: Transaction, camera: CameraId, before_us: int) -> None:
    """Throw away the days of a camera that ended before a moment."""
    tx.connection.execute(delete(camera_days).where(camera_days.c.camera == camera, camera_days.c.end_us <= before_us))
