"""Spool files by the path that the catalogue keeps: QUEUE/NAME.mp4 or QUEUE/NAME.record.json, below the spool.

Promises the order of invariant D5 for every file that is deleted: the garbage row first, then the file, then the
row. Must not decide what may be deleted.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from camera_gateway.catalogue.garbage import forget_garbage, pending_garbage
from storage.spool import DATA, RECORD, SIDECAR, Record, Segment

if TYPE_CHECKING:
    from pathlib import Path

    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.footage.books import Books
    from storage.spool import Entry, Spool

_BATCH = 200


def spool_path_of(entry: Entry) -> str:
    """Return the path by which the catalogue knows an entry."""
    return f"{entry.queue}/{entry.path.name}"


def file_of(spool: Spool, spool_path: str) -> Path:
    """Return where a spool path is on the disk; `ValueError` for one that leads elsewhere."""
    return entry_at(spool, spool_path).path


def entry_at(spool: Spool, spool_path: str) -> Segment | Record:
    """Return the entry that a spool path names, whether its files exist or not.

    Sizes and times are 0: the entry is for `Spool.release` and `Spool.quarantine`. Raises `ValueError` for a path
    that no entry of ours can have.
    """
    queue, slash, file_name = spool_path.partition("/")
    if slash and file_name.endswith(RECORD):
        name = file_name.removesuffix(RECORD)
        return Record(queue, name, spool.path_of(queue, name, RECORD), 0, 0)
    if slash and file_name.endswith(DATA):
        name = file_name.removesuffix(DATA)
        return Segment(queue, name, spool.path_of(queue, name, DATA), spool.path_of(queue, name, SIDECAR), 0, 0)
    raise ValueError(f"{spool_path!r} is no spool path")


def drain_garbage(books: Books, spool: Spool) -> int:
    """Delete every file that has a garbage row, in the order of D5; how many. Safe to repeat after a crash."""
    count = 0
    while paths := books.read(lambda tx: pending_garbage(tx, _BATCH)):
        for path in paths:
            spool.release(entry_at(spool, path))
        books.write(partial(_forget, paths))
        count += len(paths)
    return count


def _forget(paths: list[str], tx: Transaction) -> None:
    for path in paths:
        forget_garbage(tx, path)
