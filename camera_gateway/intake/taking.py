"""From the spool into the catalogue, exactly once: segments, gap records, and what does not belong there.

Promises that repeating any step after a crash changes nothing (D1 to D5): a segment has its row after one committed
transaction, a gap record leaves the spool only after its own, and a file that cannot be ours is set aside with the
reason, never deleted. Synchronous; must not be run on the event loop. Knows no store.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Protocol

from camera_gateway.catalogue.gaps import insert_gap
from camera_gateway.catalogue.garbage import mark_garbage
from camera_gateway.catalogue.segments import get_segment, insert_spooled
from camera_gateway.clock import US
from camera_gateway.domain.footage import (
    GapRecord,
    SegmentState,
    Sidecar,
    parse_gap_record,
    parse_sidecar,
)
from camera_gateway.domain.ids import SegmentId
from camera_gateway.errors import InvalidInput, NotFound, Refused
from camera_gateway.footage.spooled import drain_garbage, spool_path_of
from storage.spool import PART, Orphan, Record, Segment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.clock import Clock
    from camera_gateway.domain.ids import CameraId
    from camera_gateway.footage.books import Books
    from storage.spool import Entry, Spool

YOUNG_US = 120 * US
"""A quick look passes over segments whose last byte is older than this before the look before it."""
SETTLED_US = 3 * US
"""A directory whose time stamp is the same for so long has no change that the stamp did not tell."""
STRANGE_AFTER_US = 300 * US
"""A file that belongs to nothing is left alone as long, in case somebody is still writing the rest."""
BATCH = 100
"""Entries in one transaction: what a crash makes the next start look at again."""


class IntakeObserver(Protocol):
    """Who wants to know what intake does: metrics and log."""

    def taken(self, camera: CameraId, size_bytes: int) -> None:
        """Count a segment that has its row now."""
        ...

    def gap_taken(self, record: GapRecord) -> None:
        """Count a gap record that has its row now."""
        ...

    def set_aside(self, where: str, reason: str) -> None:
        """Count a file that was quarantined."""
        ...


@dataclass(slots=True)
class Taken:
    """What one look at the spool did."""

    segments: int = 0
    gaps: int = 0
    set_aside: int = 0
    released: int = 0

    @property
    def anything(self) -> bool:
        """Whether there is something new to upload or to show."""
        return bool(self.segments or self.gaps)


@dataclass(slots=True)
class _Batch:
    """What one transaction is to do, and what it found."""

    segments: list[tuple[Segment, Sidecar]] = field(default_factory=list)
    gaps: list[tuple[Record, GapRecord]] = field(default_factory=list)
    refused: list[tuple[Entry, str]] = field(default_factory=list)
    taken: list[Sidecar] = field(default_factory=list)
    told: list[GapRecord] = field(default_factory=list)


@dataclass(slots=True)
class _Queue:
    """A directory as last looked at: its time stamp, and since when (monotonic) that has been the same."""

    modified_us: int
    since_us: int
    is_settled: bool = False


class Intake:
    """Takes what lies in the spool into the catalogue. For one thread at a time."""

    def __init__(self, books: Books, spool: Spool, clock: Clock, observer: IntakeObserver) -> None:
        self._books = books
        self._spool = spool
        self._clock = clock
        self._observer = observer
        self._looked_us: int | None = None
        self._queues: dict[str, _Queue] = {}

    def take(self, *, full: bool) -> Taken:
        """Look through the spool once.

        A quick look passes over segments that have not been written for two minutes, which an earlier look has
        taken; a full one, made first and every few minutes, guarantees. Raises `SpoolError`, `Unavailable`.
        """
        now_us = self._clock.now_us()
        since_us = None if full or self._looked_us is None else min(self._looked_us, now_us) - YOUNG_US
        result = Taken()
        entries = self._entries(everything=since_us is None)
        try:
            while pieces := list(islice(entries, BATCH)):
                self._take_batch(list(self._read(pieces, since_us, now_us, result)), result)
        except BaseException:
            self._queues.clear()  # what was seen was not taken: look everywhere again
            raise
        self._looked_us = now_us
        return result

    def _entries(self, *, everything: bool) -> Iterator[Entry]:
        """Yield what lies in the queues, or in those alone whose directory has changed: a backlog costs nothing."""
        for name in self._spool.queues():
            if self._has_changed(name) or everything:
                yield from self._spool.scan(name)

    def _has_changed(self, name: str) -> bool:
        """Whether the directory is another than at a look well after its last change.

        Time stamps are coarse: a change just after a look may not move them, so a change is believed to be over
        only after `SETTLED_US`.
        """
        mono_us = self._clock.monotonic_us()
        try:
            modified_us = self._spool.files.stat(self._spool.root / name).modified_us
        except FileNotFoundError:
            return False
        known = self._queues.get(name)
        if known is None or known.modified_us != modified_us:
            self._queues[name] = _Queue(modified_us, mono_us)
            return True
        if known.is_settled:
            return False
        known.is_settled = mono_us - known.since_us >= SETTLED_US
        return True

    def _read(
        self, entries: list[Entry], since_us: int | None, now_us: int, result: Taken
    ) -> Iterator[tuple[Segment, Sidecar] | tuple[Record, GapRecord]]:
        """Parse what is new; set aside what cannot be ours. Parts and seals in progress belong to the recorder."""
        for entry in entries:
            try:
                match entry:
                    case Segment() if since_us is None or _is_young(entry, since_us):
                        yield entry, _described(entry)
                    case Record():
                        yield entry, _told(entry)
                    case Orphan() if entry.modified_us < now_us - STRANGE_AFTER_US and self._is_litter(entry):
                        self._set_aside(entry, f"nothing in the spool belongs to this file ({entry.kind})", result)
                    case _:
                        pass
            except FileNotFoundError:
                continue  # released meanwhile
            except InvalidInput as error:
                self._set_aside(entry, error.message, result)

    def _take_batch(self, found: list[tuple[Segment, Sidecar] | tuple[Record, GapRecord]], result: Taken) -> None:
        if not found:
            return
        batch = _Batch()
        for entry, told in found:
            if isinstance(entry, Segment) and isinstance(told, Sidecar):
                batch.segments.append((entry, told))
            elif isinstance(entry, Record) and isinstance(told, GapRecord):
                batch.gaps.append((entry, told))
        new = self._books.read(partial(_unknown, batch.segments))
        batch.segments = new
        if batch.segments or batch.gaps:
            self._books.write(partial(_insert, batch))
        result.segments += len(batch.taken)
        result.gaps += len(batch.told)
        for sidecar in batch.taken:
            self._observer.taken(sidecar.camera, sidecar.size_bytes)
        for record in batch.told:
            self._observer.gap_taken(record)
        for refused, reason in batch.refused:
            self._set_aside(refused, reason, result)
        if batch.gaps:
            result.released += drain_garbage(self._books, self._spool)

    def _is_litter(self, orphan: Orphan) -> bool:
        """Whether nobody will miss the file: drafts, and halves of a seal, are the recorder's to salvage."""
        if orphan.kind == "sidecar-without-data":
            return not self._spool.path_of(orphan.queue, orphan.name, PART).exists()
        return orphan.kind in {"unknown", "journal"}

    def _set_aside(self, entry: Entry, reason: str, result: Taken) -> None:
        self._spool.quarantine(entry, reason)
        self._observer.set_aside(spool_path_of(entry), reason)
        result.set_aside += 1


def _is_young(entry: Segment, since_us: int) -> bool:
    """Whether data or sidecar was written since; a salvaged segment has old data and a new sidecar."""
    return entry.modified_us >= since_us or entry.sidecar_path.stat().st_mtime_ns // 1000 >= since_us


def _described(entry: Segment) -> Sidecar:
    """Read a segment's sidecar and hold it to the file. Raises `InvalidInput`, FileNotFoundError."""
    sidecar = parse_sidecar(entry.sidecar_path.read_bytes(), entry.sidecar_path.name)
    if sidecar.segment != entry.name or sidecar.camera != entry.queue:
        raise InvalidInput("the sidecar describes another segment")
    if sidecar.size_bytes != entry.bytes:
        raise InvalidInput(f"the file has {entry.bytes} bytes, its sidecar says {sidecar.size_bytes}")
    return sidecar


def _told(entry: Record) -> GapRecord:
    record = parse_gap_record(entry.path.read_bytes(), entry.path.name)
    if record.gap != entry.name or record.camera != entry.queue:
        raise InvalidInput("the record describes another gap")
    return record


def _unknown(found: list[tuple[Segment, Sidecar]], tx: Transaction) -> list[tuple[Segment, Sidecar]]:
    """Leave out segments whose row is as it should be, so that looking again costs no write."""
    new = []
    for entry, sidecar in found:
        try:
            row = get_segment(tx, SegmentId(sidecar.segment))
        except NotFound:
            new.append((entry, sidecar))
            continue
        if row.spool_path != spool_path_of(entry) or row.sidecar.sha256 != sidecar.sha256:
            new.append((entry, sidecar))
    return new


def _insert(batch: _Batch, tx: Transaction) -> None:
    for entry, sidecar in batch.segments:
        try:
            if insert_spooled(tx, sidecar, spool_path_of(entry)):
                batch.taken.append(sidecar)
            else:
                _leftover(batch, tx, entry, sidecar)
        except (InvalidInput, NotFound, Refused) as error:
            batch.refused.append((entry, error.message))
    for file, record in batch.gaps:
        try:
            if insert_gap(tx, record):
                batch.told.append(record)
        except (InvalidInput, NotFound) as error:
            batch.refused.append((file, error.message))
        else:
            mark_garbage(tx, spool_path_of(file))


def _leftover(batch: _Batch, tx: Transaction, entry: Segment, sidecar: Sidecar) -> None:
    """Decide about a file whose row no longer names it: a copy of what is stored may go, nothing else."""
    row = get_segment(tx, sidecar.segment)
    if row.state in {SegmentState.RELEASED, SegmentState.EXPIRED}:
        mark_garbage(tx, spool_path_of(entry))
    elif row.spool_path is None:
        batch.refused.append((entry, f"the catalogue says that this segment is {row.state}"))
