"""Segments as a timeline and a player see them: a few columns of many rows.

Functions of a `Transaction`. A month of a camera is 43,000 rows; what a timeline needs of them comes in one narrow
query, without making values of all their columns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select

from camera_gateway.catalogue.segments import LONGEST_US
from camera_gateway.catalogue.tables import segments

if TYPE_CHECKING:
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.ids import CameraId


class TimelineRow(NamedTuple):
    """One segment: times in µs UTC."""

    segment: str
    run: str
    start_us: int
    end_us: int
    state: str
    locked: bool
    size_bytes: int
    media_duration_us: int
    clock_method: str
    wall_uncertainty_us: int
    video_codec: str
    audio_codec: str | None
    width: int
    height: int


_COLUMNS = [segments.c[name] for name in TimelineRow._fields]


def timeline_rows(tx: Transaction, camera: CameraId, start_us: int, end_us: int) -> list[TimelineRow]:
    """Return the camera's segments that touch [start_us, end_us), in every state, by start."""
    query = (
        select(*_COLUMNS)
        .where(
            segments.c.camera == camera,
            segments.c.start_us < end_us,
            segments.c.start_us > start_us - LONGEST_US,
            segments.c.end_us > start_us,
        )
        .order_by(segments.c.start_us, segments.c.segment)
    )
    return [TimelineRow(*row) for row in tx.connection.execute(query)]
