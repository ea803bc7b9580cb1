"""Gap records in the catalogue (C3): inserted once, never changed.

Functions of a `Transaction`. Records may overlap each other and the footage; domain/coverage decides what counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select

from camera_gateway.catalogue.tables import cameras, gaps
from camera_gateway.domain.footage import GapCause, GapRecord
from camera_gateway.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from sqlalchemy import Row

    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.ids import CameraId


def insert_gap(tx: Transaction, record: GapRecord) -> bool:
    """Insert a record; False when its id is known already.

    Raises `NotFound` for an unknown camera and `InvalidInput` for a record that ends before it starts.
    """
    if tx.connection.execute(select(gaps.c.gap).where(gaps.c.gap == record.gap)).first() is not None:
        return False
    if record.end_us < record.start_us:
        raise InvalidInput(f"gap {record.gap} ends before it starts", hint="run: camera-gateway check")
    if tx.connection.execute(select(cameras.c.id).where(cameras.c.id == record.camera)).first() is None:
        raise NotFound(f"no camera {record.camera}", hint="run: camera-gateway camera list")
    values = {
        "gap": record.gap,
        "camera": record.camera,
        "institution": record.institution,
        "start_us": record.start_us,
        "end_us": record.end_us,
        "cause": str(record.cause),
        "detail": record.detail,
        "observed_by": record.observed_by,
        "precision_us": record.precision_us,
    }
    tx.connection.execute(insert(gaps), values)
    return True


def gaps_in_span(tx: Transaction, camera: CameraId, start_us: int, end_us: int) -> list[GapRecord]:
    """Return the records that touch [start_us, end_us), whole, by start."""
    query = (
        select(gaps)
        .where(gaps.c.camera == camera, gaps.c.end_us > start_us, gaps.c.start_us < end_us)
        .order_by(gaps.c.start_us, gaps.c.gap)
    )
    return [_record(row) for row in tx.connection.execute(query)]


def last_gap_end_us(tx: Transaction, camera: CameraId) -> int | None:
    """Return the latest end of the camera's gap records; None when it has none."""
    query = select(gaps.c.end_us).where(gaps.c.camera == camera).order_by(gaps.c.end_us.desc()).limit(1)
    return tx.connection.execute(query).scalar_one_or_none()


def _record(row: Row[Any]) -> GapRecord:
    return GapRecord(
        gap=row.gap,
        camera=row.camera,
        institution=row.institution,
        start_us=row.start_us,
        end_us=row.end_us,
        cause=GapCause(row.cause),
        detail=row.detail,
        observed_by=row.observed_by,
        precision_us=row.precision_us,
    )
