"""Segments as retention and holds see them: what is there, where, promised until when.

Functions of a `Transaction`. Promises that what has expired is never looked at again: each question is answered from
a partial index over what is not (the same words in the index and in the query, so that SQLite uses it).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, text, update

from camera_gateway.catalogue.segments import LONGEST_US
from camera_gateway.catalogue.tables import KEPT_SQL, cameras, segments
from camera_gateway.domain.footage import SegmentState
from camera_gateway.domain.ids import SegmentId
from camera_gateway.domain.retention import Kept, Viewpoint

if TYPE_CHECKING:
    from sqlalchemy import Row, Select

    from camera_gateway.catalogue.opening import Transaction

_NAMES = (
    "segment",
    "institution",
    "camera",
    "start_us",
    "end_us",
    "size_bytes",
    "sha256",
    "state",
    "key",
    "version_id",
    "spool_path",
    "lock_mode",
    "retain_until_us",
    "policy",
)


def kept_before(
    tx: Transaction, camera: str, end_us: int, after: tuple[int, str] = (-1, ""), limit: int = 1_000
) -> list[Kept]:
    """Return up to `limit` segments of a camera that start before `end_us`, by start, from behind `after` on.

    `after` is start and id of the last one that was seen.
    """
    start_us, segment = after
    later = (segments.c.start_us > start_us) | ((segments.c.start_us == start_us) & (segments.c.segment > segment))
    query = _of_camera(camera).where(segments.c.start_us < end_us, segments.c.start_us >= start_us, later)
    return _all(tx, query.limit(limit))


def kept_in_span(tx: Transaction, camera: str, start_us: int, end_us: int) -> list[Kept]:
    """Return a camera's segments that touch [start_us, end_us), by start."""
    query = _of_camera(camera).where(
        segments.c.start_us < end_us, segments.c.start_us > start_us - LONGEST_US, segments.c.end_us > start_us
    )
    return _all(tx, query)


def get_kept(tx: Transaction, segment: SegmentId) -> Kept | None:
    """Return a segment that has not expired; None else."""
    query = _joined().where(segments.c.segment == segment, segments.c.state != str(SegmentState.EXPIRED))
    found = _all(tx, query)
    return found[0] if found else None


def count_by_site(tx: Transaction) -> dict[str, int]:
    """Return how many segments each site has."""
    query = (
        select(cameras.c.site, func.count().label("number"))
        .select_from(segments.join(cameras, cameras.c.id == segments.c.camera))
        .where(text(f"segments.{KEPT_SQL}"))
        .group_by(cameras.c.site)
    )
    return {row.site: row.number for row in tx.connection.execute(query)}


def mark_extended(tx: Transaction, segment: SegmentId, retain_until_us: int, policy: str) -> bool:
    """Say that the store's lock lasts longer now, and by which rules; never shortens (R2). Whether it changed."""
    change = update(segments).where(
        segments.c.segment == segment,
        segments.c.retain_until_us < retain_until_us,
        segments.c.state != str(SegmentState.EXPIRED),
    )
    values = {"retain_until_us": retain_until_us, "policy": policy}
    return tx.connection.execute(change.values(values)).rowcount == 1


def _joined() -> Select[Any]:
    columns = [segments.c[name] for name in _NAMES]
    return select(*columns, cameras.c.zone, cameras.c.site).join(cameras, cameras.c.id == segments.c.camera)


def _of_camera(camera: str) -> Select[Any]:
    return (
        _joined()
        .where(segments.c.camera == camera, text(f"segments.{KEPT_SQL}"))
        .order_by(segments.c.start_us, segments.c.segment)
    )


def _all(tx: Transaction, query: Select[Any]) -> list[Kept]:
    found = [_kept(row) for row in tx.connection.execute(query)]
    # lost before anything was sent: there is nothing anywhere that could be kept or deleted
    return [each for each in found if each.state is not SegmentState.LOST or each.key is not None]


def _kept(row: Row[Any]) -> Kept:
    return Kept(
        segment=SegmentId(row.segment),
        place=Viewpoint(row.institution, row.zone, row.camera),
        site=row.site,
        start_us=row.start_us,
        end_us=row.end_us,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        state=SegmentState(row.state),
        key=row.key,
        version_id=row.version_id,
        spool_path=row.spool_path,
        lock_mode=row.lock_mode,
        retain_until_us=row.retain_until_us,
        policy=row.policy,
    )
