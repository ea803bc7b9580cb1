"""The first look after a start: the catalogue is held to the spool (D3, D4, D5, D11).

Promises that every row whose bytes are gone or changed says so, as a loss with a gap, before anything is uploaded,
and that a crash here is repaired by doing it again. Synchronous. Checks presence and size; hashes are checked before
every upload. Segments of which the store may have the bytes are left to the uploader, which asks it first.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from camera_gateway.catalogue.registry import list_cameras
from camera_gateway.catalogue.segments import backlog, in_span, mark_lost, mark_released, releasable
from camera_gateway.domain.footage import GapCause, SegmentState
from camera_gateway.footage.spooled import drain_garbage, entry_at, file_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.catalogue.segments import SegmentRow
    from camera_gateway.clock import Clock
    from camera_gateway.domain.ids import CameraId
    from camera_gateway.footage.books import Books
    from camera_gateway.intake.taking import IntakeObserver
    from storage.spool import Spool

_DAY_US = 86_400_000_000


@dataclass(slots=True)
class Recovered:
    """What the first look found and did."""

    checked: int = 0
    lost: int = 0
    copies_dropped: int = 0
    """Stored segments whose spool copy was gone or damaged: nothing is lost."""
    left_to_upload: int = 0
    garbage: int = 0


def recover(books: Books, spool: Spool, clock: Clock, observer: IntakeObserver) -> Recovered:
    """Finish deletions that were cut short, then hold each row that names a file to that file.

    Raises `SpoolError`, `Unavailable`.
    """
    result = Recovered(garbage=drain_garbage(books, spool))
    for row in _rows_with_files(books, clock):
        if row.spool_path is None:
            continue
        result.checked += 1
        wrong = _what_is_wrong(row, spool)
        if wrong is None:
            continue
        if row.state is SegmentState.STORED:
            books.write(partial(_drop_copy, row))
            observer.set_aside(row.spool_path, f"the copy of a stored segment: {wrong}")
            result.copies_dropped += 1
        elif row.state is SegmentState.SPOOLED:
            spool.quarantine(entry_at(spool, row.spool_path), wrong)
            books.write(partial(_lose, row, wrong))
            observer.set_aside(row.spool_path, wrong)
            result.lost += 1
        else:
            result.left_to_upload += 1
    result.garbage += drain_garbage(books, spool)
    return result


def _what_is_wrong(row: SegmentRow, spool: Spool) -> str | None:
    if row.spool_path is None:
        return None
    try:
        size = file_of(spool, row.spool_path).stat().st_size
    except FileNotFoundError:
        return "the file is not in the spool"
    if size != row.sidecar.size_bytes:
        return f"the file has {size} bytes instead of {row.sidecar.size_bytes}"
    return None


def _drop_copy(row: SegmentRow, tx: Transaction) -> None:
    mark_released(tx, row.sidecar.segment)


def _lose(row: SegmentRow, wrong: str, tx: Transaction) -> None:
    mark_lost(tx, row.sidecar.segment, GapCause.INTEGRITY_FAILED, wrong)


def _rows_with_files(books: Books, clock: Clock) -> Iterator[SegmentRow]:
    """Yield the rows whose file should be in the spool, a camera's day in memory at a time."""
    oldest_us, cameras = books.read(_where_to_begin)
    if oldest_us is None:
        return
    newest_us = clock.now_us() + _DAY_US  # a stepped clock may have written the future
    for camera in cameras:
        for day_us in range(oldest_us, newest_us, _DAY_US):
            rows = books.read(partial(_one_day, camera, day_us))
            yield from (row for row in rows if day_us <= row.sidecar.start_us < day_us + _DAY_US)


def _one_day(camera: CameraId, day_us: int, tx: Transaction) -> list[SegmentRow]:
    return in_span(tx, camera, day_us, day_us + _DAY_US)


def _where_to_begin(tx: Transaction) -> tuple[int | None, list[CameraId]]:
    far_us = 1 << 62
    starts = [row.sidecar.start_us - _DAY_US for row in releasable(tx, far_us, 0, 1)]
    waiting = backlog(tx).oldest_us
    if waiting is not None:
        starts.append(waiting)
    return min(starts, default=None), [camera.id for camera in list_cameras(tx)]
