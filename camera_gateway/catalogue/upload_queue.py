"""Which segments wait for what: upload, release, or being dropped when the spool is full.

Functions of a `Transaction`. Promises fairness between cameras (U7) at a cost that does not grow with the backlog:
each question is answered from a partial index (tests look at the plans).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import Select, func, literal_column, select

from camera_gateway.catalogue.segment_rows import SegmentRow, segment_row
from camera_gateway.catalogue.tables import cameras, segments
from camera_gateway.domain.footage import SegmentState

if TYPE_CHECKING:
    from typing import Any

    from sqlalchemy import ColumnElement, FromClause

    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.ids import CameraId


_IN_ORDER = (SegmentState.SPOOLED, SegmentState.INTENDED, SegmentState.PUT)


@dataclass(frozen=True, slots=True)
class CameraBacklog:
    """One camera's share of the backlog."""

    segments: int
    bytes: int
    oldest_us: int


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is recorded and not yet stored. `oldest_us`: start of the oldest segment, None when there is none."""

    segments: int
    bytes: int
    oldest_us: int | None
    per_camera: dict[CameraId, CameraBacklog] = field(default_factory=dict)


def due_for_upload(tx: Transaction, now_us: int, limit: int, *, newest_first: bool = False) -> list[SegmentRow]:
    """Return up to `limit` pending segments whose next attempt is due, fair between cameras (U7).

    Oldest first within a camera (or newest first); each camera's first before any camera's second. Looks at no more
    than `limit` segments of each camera, however long the backlog is.
    """
    rows = tx.connection.execute(due_query(now_us, limit, newest_first=newest_first))
    return [segment_row(row) for row in rows]


def due_query(now_us: int, limit: int, *, newest_first: bool = False) -> Select[Any]:
    """Return the question behind `due_for_upload`, for tests that look at its plan."""
    waiting = segments.alias("waiting")
    order = waiting.c.start_us.desc() if newest_first else waiting.c.start_us
    heads = (
        select(waiting.c.segment)
        .where(waiting.c.camera == cameras.c.id, _pending(waiting), waiting.c.next_attempt_us <= now_us)
        .order_by(order)
        .limit(limit)
        .correlate(cameras)
    )
    head = segments.alias("head")
    by_age = head.c.start_us.desc() if newest_first else head.c.start_us
    turn = func.row_number().over(partition_by=head.c.camera, order_by=by_age).label("turn")
    ranked = (
        select(head.c.segment, head.c.start_us, turn)
        .select_from(cameras.join(head, head.c.segment.in_(heads)))
        .order_by("turn", by_age, head.c.segment)
        .limit(limit)
        .subquery("ranked")
    )
    last = ranked.c.start_us.desc() if newest_first else ranked.c.start_us
    return (
        select(segments)
        .select_from(ranked.join(segments, segments.c.segment == ranked.c.segment))
        .order_by(ranked.c.turn, last, ranked.c.segment)
    )


def backlog(tx: Transaction) -> Backlog:
    """Return how much waits for upload, in all and per camera."""
    rows = tx.connection.execute(backlog_query())
    per_camera = {row.camera: CameraBacklog(row.number, int(row.bytes), row.oldest_us) for row in rows}
    return Backlog(
        segments=sum(each.segments for each in per_camera.values()),
        bytes=sum(each.bytes for each in per_camera.values()),
        oldest_us=min((each.oldest_us for each in per_camera.values()), default=None),
        per_camera=per_camera,
    )


def backlog_query() -> Select[Any]:
    """Return the question behind `backlog`."""
    return (
        select(
            segments.c.camera,
            func.count().label("number"),
            func.sum(segments.c.size_bytes).label("bytes"),
            func.min(segments.c.start_us).label("oldest_us"),
        )
        .where(_pending(segments))
        .group_by(segments.c.camera)
    )


def oldest_spooled(tx: Transaction, limit: int) -> list[SegmentRow]:
    """Return the oldest segments that are not yet stored, of any camera: what a full spool drops first."""
    return [segment_row(row) for row in tx.connection.execute(oldest_query(limit))]


def oldest_query(limit: int) -> Select[Any]:
    """Return the question behind `oldest_spooled`."""
    return select(segments).where(_pending(segments)).order_by(segments.c.start_us).limit(limit)


def releasable(tx: Transaction, now_us: int, min_age_us: int, limit: int) -> list[SegmentRow]:
    """Return stored segments whose spool copy has been kept for `min_age_us` since their end (U4), oldest first."""
    return [segment_row(row) for row in tx.connection.execute(releasable_query(now_us, min_age_us, limit))]


def releasable_query(now_us: int, min_age_us: int, limit: int) -> Select[Any]:
    """Return the question behind `releasable`."""
    stored = segments.c.state == literal_column(f"'{SegmentState.STORED}'")
    return (
        select(segments)
        .where(stored, segments.c.end_us <= now_us - min_age_us)
        .order_by(segments.c.end_us)
        .limit(limit)
    )


def _pending(table: FromClause) -> ColumnElement[bool]:
    """Say `state IN (…)` with literals in the index's words: a bound parameter would keep SQLite off the index."""
    condition: ColumnElement[bool] = table.c.state.in_([literal_column(f"'{state}'") for state in _IN_ORDER])
    return condition
