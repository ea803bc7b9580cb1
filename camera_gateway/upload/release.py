"""Giving up spool copies of what is stored (U4, D5).

Promises that a copy goes only after `stored` and not before its minimal age, through a garbage row. Synchronous.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from camera_gateway.catalogue.segments import mark_released, releasable
from camera_gateway.footage.spooled import drain_garbage

if TYPE_CHECKING:
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.catalogue.segments import SegmentRow
    from camera_gateway.clock import Clock
    from camera_gateway.footage.books import Books
    from storage.spool import Spool

_BATCH = 100


def release_due(books: Books, spool: Spool, clock: Clock, min_local_us: int) -> int:
    """Release each stored segment that ended at least `min_local_us` ago; how many. Safe to repeat after a crash."""
    count = 0
    while rows := books.read(partial(_due, clock.now_us(), min_local_us)):
        release(books, spool, rows)
        count += len(rows)
    return count


def release(books: Books, spool: Spool, rows: list[SegmentRow]) -> None:
    """Release these stored segments: their rows say so before the first file goes."""
    books.write(partial(_mark, rows))
    drain_garbage(books, spool)


def _due(now_us: int, min_local_us: int, tx: Transaction) -> list[SegmentRow]:
    return releasable(tx, now_us, min_local_us, _BATCH)


def _mark(rows: list[SegmentRow], tx: Transaction) -> None:
    for row in rows:
        mark_released(tx, row.sidecar.segment)
