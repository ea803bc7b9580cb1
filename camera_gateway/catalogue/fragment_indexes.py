"""The fragment indexes of segments, by segment: kept, found, and which segments still lack theirs.

Functions of a `Transaction`. An index is a convenience: it is made again from the segment where it is missing, so
nothing here is audited. An empty text says that the segment was looked at and cannot be indexed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import exists, select, update

from camera_gateway.catalogue.segment_rows import SegmentRow, segment_row
from camera_gateway.catalogue.tables import segments
from camera_gateway.catalogue.watching_tables import fragment_indexes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import ColumnElement

    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.ids import SegmentId

_ASKED_AT_ONCE = 500
_STORED = segments.c.state == "stored"
_PENDING = segments.c.state.in_(("spooled", "intended", "put"))


def keep_indexes(tx: Transaction, found: Mapping[SegmentId, str]) -> None:
    """Keep the written form of indexes; a segment that has one already keeps it, unless it is empty."""
    known = indexes_of(tx, list(found), with_empty=True)
    new = [{"segment": segment, "fragments": text} for segment, text in found.items() if segment not in known]
    if new:
        tx.connection.execute(fragment_indexes.insert(), new)
    for segment, text in found.items():
        if text and known.get(segment) == "":  # the store had better bytes than the spool
            here = fragment_indexes.c.segment == segment
            tx.connection.execute(update(fragment_indexes).where(here).values(fragments=text))


def indexes_of(tx: Transaction, wanted: Sequence[SegmentId], *, with_empty: bool = False) -> dict[SegmentId, str]:
    """Return the indexes of those of the `wanted` segments that have one."""
    result: dict[SegmentId, str] = {}
    for at in range(0, len(wanted), _ASKED_AT_ONCE):
        query = select(fragment_indexes).where(fragment_indexes.c.segment.in_(wanted[at : at + _ASKED_AT_ONCE]))
        result |= {row.segment: row.fragments for row in tx.connection.execute(query) if row.fragments or with_empty}
    return result


def newest_without(tx: Transaction, limit: int) -> list[SegmentRow]:
    """Return segments whose files are in the spool and that have no index, among the newest in each state.

    Looks at `limit` rows of each state at most, so that a long backlog costs nothing: `without_after` finds the rest.
    """
    result = []
    for state, order in ((_STORED, segments.c.end_us), (_PENDING, segments.c.start_us)):
        newest = select(segments.c.segment).where(state).order_by(order.desc()).limit(limit).subquery()
        query = select(segments).where(segments.c.segment.in_(select(newest.c.segment)), _has_file(), _has_none())
        result += [segment_row(row) for row in tx.connection.execute(query)]
    return result


def without_after(tx: Transaction, after: str, limit: int) -> tuple[list[SegmentRow], str | None]:
    """Look through `limit` segments behind the id `after`; those without index, and where to go on (None: done)."""
    ids = select(segments.c.segment).where(segments.c.segment > after).order_by(segments.c.segment).limit(limit)
    seen = [row.segment for row in tx.connection.execute(ids)]
    if not seen:
        return [], None
    query = select(segments).where(segments.c.segment > after, segments.c.segment <= seen[-1], _has_file(), _has_none())
    return [segment_row(row) for row in tx.connection.execute(query)], seen[-1]


def _has_file() -> ColumnElement[bool]:
    return segments.c.spool_path.is_not(None)


def _has_none() -> ColumnElement[bool]:
    return ~exists().where(fragment_indexes.c.segment == segments.c.segment)
