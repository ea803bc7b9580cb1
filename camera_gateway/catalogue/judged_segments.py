"""Segments as a judgement sees them: a few columns of the rows that start in a span.

Functions of a `Transaction`. A segment belongs to the day in which it starts, so that days add up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from camera_gateway.catalogue.tables import segments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.ids import CameraId

COLUMNS = (
    "start_us",
    "end_us",
    "state",
    "locked",
    "stored_us",
    "width",
    "height",
    "frames",
    "media_duration_us",
    "gop_max_us",
    "clock_offset_us",
    "size_bytes",
    "video_codec",
    "audio_codec",
)
_COLUMNS = [segments.c[name] for name in COLUMNS]


def starting_in(tx: Transaction, camera: CameraId, start_us: int, end_us: int) -> Sequence[Any]:
    """Return rows of `COLUMNS` of the camera's segments that start in [start, end), in every state, by start."""
    query = (
        select(*_COLUMNS)
        .where(segments.c.camera == camera, segments.c.start_us >= start_us, segments.c.start_us < end_us)
        .order_by(segments.c.start_us)
    )
    return tx.connection.execute(query).all()


def first_start_us(tx: Transaction, camera: CameraId) -> int | None:
    """Return the start of the camera's oldest segment, in whatever state; None when it has none."""
    return tx.connection.execute(select(func.min(segments.c.start_us)).where(segments.c.camera == camera)).scalar()
