"""The durable local queue: part, sealed, released (invariants D1 to D8).

Promises that what `seal` or `put_record` has returned for survives kill -9 and power loss with its
sidecar, and that nothing half written is ever listed as whole. One directory per queue; names are
opaque; a sidecar is opaque bytes. Knows neither media formats nor the catalogue: whoever releases
an entry answers for its being safe elsewhere (U4).

On disk, under a root that carries SPOOL.json:

    QUEUE/NAME.part                growing            QUEUE/NAME.mp4 + NAME.json   sealed segment
    QUEUE/NAME.record.json         small record       QUEUE/NAME.mp4.journal       of an upload
    QUEUE/*.tmp                    never acknowledged .quarantine/QUEUE/…          set aside
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import uuid
from typing import TYPE_CHECKING, Self

from storage.errors import SpoolBusy, SpoolForeign, SpoolTaken
from storage.files import RealFiles, atomic_replace
from storage.spool_directory import SpoolDirectory, make_directory, translated
from storage.spool_entries import (
    DATA,
    DRAFT,
    JOURNAL,
    ORPHAN_KINDS,
    PART,
    REASON,
    RECORD,
    SIDECAR,
    Entry,
    Orphan,
    OrphanKind,
    PartFacts,
    PartFile,
    Record,
    Sealed,
    Segment,
    Usage,
    checked,
    is_plain,
    kind_of,
    paths_of,
)
from storage.spool_marker import LOCK_FILE, MARKER, Marker, check_marker, read_marker, refuse_strange_directory
from storage.spool_part import Part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import TracebackType

    from storage.files import Files, Stat

__all__ = [
    "DATA",
    "DRAFT",
    "JOURNAL",
    "LOCK_FILE",
    "MARKER",
    "PART",
    "QUARANTINE",
    "REASON",
    "RECORD",
    "SIDECAR",
    "Entry",
    "Orphan",
    "OrphanKind",
    "Part",
    "PartFacts",
    "PartFile",
    "Record",
    "Sealed",
    "Segment",
    "Spool",
    "Usage",
]

QUARANTINE = ".quarantine"

_READ_BYTES = 1 << 20


class Spool(SpoolDirectory):
    """A directory of queues that one recorder fills and one intake empties."""

    def __init__(self, root: Path, *, marker: Marker, files: Files, lock: int | None, reserve_bytes: int) -> None:
        """Use `Spool.open`."""
        super().__init__(root, files, reserve_bytes)
        self.uuid = marker.uuid
        self.owner = marker.owner
        self.open_number = marker.open_number
        self._lock = lock

    @classmethod
    def open(
        cls,
        root: Path,
        *,
        owner: str,
        exclusive: bool,
        reserve_bytes: int = 0,
        expect_uuid: str | None = None,
        at_least_open: int = 0,
        files: Files | None = None,
    ) -> Spool:
        """Open the spool of `owner`, creating it in an absent or empty directory.

        `exclusive` takes a lock that dies with the process and counts the open number up: for the
        one recorder (its shards and the intake open it shared). `expect_uuid` and `at_least_open`
        are what the catalogue remembers: another directory, an unmounted one or an older copy is
        refused. `reserve_bytes` stay free on the file system for others (D10).
        Raises SpoolForeign, SpoolBusy, SpoolFull, SpoolFailed.
        """
        files = files or RealFiles()
        lock: int | None = None
        try:
            if expect_uuid is None:
                make_directory(files, root)
            marker = read_marker(files, root)
            if exclusive or marker is None:
                if marker is None:
                    refuse_strange_directory(files, root, expect_uuid)
                lock = files.lock(root / LOCK_FILE)
                marker = read_marker(files, root) or Marker(uuid.uuid4().hex, owner, 0)
                check_marker(marker, owner, expect_uuid, at_least_open)
                marker = Marker(marker.uuid, owner, marker.open_number + exclusive)
                atomic_replace(root / MARKER, marker.encoded(), files)
            check_marker(marker, owner, expect_uuid, at_least_open)
        except BlockingIOError as error:
            raise SpoolBusy("another process holds the spool") from error
        except OSError as error:
            _release_lock(files, lock)
            raise translated("open", error) from error
        except SpoolForeign:
            _release_lock(files, lock)
            raise
        if not exclusive:
            _release_lock(files, lock)
            lock = None
        return cls(root, marker=marker, files=files, lock=lock, reserve_bytes=reserve_bytes)

    def close(self) -> None:
        """Give the lock back. Harmless to repeat; parts stay as they are."""
        lock, self._lock = self._lock, None
        _release_lock(self.files, lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def begin(self, queue: str, name: str) -> Part:
        """Start a segment. Its name is durable on return, so a crash leaves what was written.

        Raises SpoolTaken, SpoolFull (also when only the reserve is left), SpoolFailed, ValueError.
        """
        path = self.path_of(queue, name, PART)
        self.check_reserve()
        with self.refusing("begin"):
            make_directory(self.files, self.root / queue)
            for suffix in (DATA, SIDECAR, RECORD):
                if self.stat(self.path_of(queue, name, suffix)) is not None:
                    raise SpoolTaken("an entry of this name exists")
            try:
                fd = self.files.create(path)
            except FileExistsError as error:
                raise SpoolTaken("a part of this name exists") from error
            part = Part(self, queue, name, fd)
            try:
                self.files.fsync_directory(path.parent)
            except OSError:
                part.leave()
                raise
            return part

    def put_record(self, queue: str, name: str, data: bytes) -> Record:
        """Store a small record; when this returns, it exists for good (D1).

        It may use the reserve: a gap is to be told even when the disk is full. The same bytes
        again are no error. Raises SpoolTaken, SpoolFull, SpoolFailed, ValueError.
        """
        path = self.path_of(queue, name, RECORD)
        with self.refusing("record"):
            make_directory(self.files, self.root / queue)
            if self.stat(path) is not None and self.files.read(path) != data:
                raise SpoolTaken("a record of this name exists")
            atomic_replace(path, data, self.files)
            seen = self.files.stat(path)
            return Record(queue, name, path, seen.bytes, seen.modified_us)

    def scan(self, queue: str | None = None) -> Iterator[Entry]:
        """Everything in the spool or one queue, by queue and file name; quarantine is left out.

        What is listed is durable: the directory is synced between looking and telling, so that a
        row may be committed for a segment whose recorder was just about to do that (D1).
        Files that disappear meanwhile are skipped. Raises SpoolFailed.
        """
        for each in self.queues() if queue is None else [checked(queue)]:
            yield from self._scan_queue(each)

    def queues(self) -> list[str]:
        """Names of the queues, sorted."""
        with self.refusing("scan"):
            names = [name for name in self.files.names(self.root) if is_plain(name)]
            return [name for name in names if (seen := self.stat(self.root / name)) is not None and seen.is_directory]

    def release(self, entry: Entry) -> None:
        """Remove an entry that is safe elsewhere, or garbage; durable on return, repeatable.

        Data goes first: a cut in between leaves a sidecar without data, which is only litter.
        """
        with self.refusing("release"):
            for path in paths_of(entry):
                self.unlink(path)
            self.files.fsync_directory(self.root / entry.queue)

    def quarantine(self, entry: Entry, reason: str) -> Path:
        """Set an entry aside, never to be listed again, with the reason beside it.

        Returns the new path of its data. Raises SpoolFull, SpoolFailed.
        """
        with self.refusing("quarantine"):
            target = self.root / QUARANTINE / entry.queue
            make_directory(self.files, target.parent)
            make_directory(self.files, target)
            taken = set(self.files.names(target))
            moves = [path for path in paths_of(entry) if self.stat(path) is not None]
            stem = _free_stem(taken, [path.name for path in moves])
            note = json.dumps({"reason": reason, "queue": entry.queue, "name": entry.name})
            atomic_replace(target / f"{stem}{entry.name}{REASON}", note.encode(), self.files)
            for path in moves:
                self.files.rename(path, target / f"{stem}{path.name}")
            self.files.fsync_directory(target)
            self.files.fsync_directory(self.root / entry.queue)
            return target / f"{stem}{entry.path.name}"

    def reseal(self, entry: PartFile | Orphan, *, keep_bytes: int, sidecar: Callable[[PartFacts], bytes]) -> Sealed:
        """Cut a torn file to its first `keep_bytes`, hash these afresh and seal them.

        For parts and for data without a sidecar; the caller knows where the last whole unit ends
        (D7) and says in the sidecar that it was salvaged. Repeatable after a crash.
        Raises ValueError when the file is shorter, SpoolTaken, SpoolFull, SpoolFailed.
        """
        if isinstance(entry, Orphan) and entry.kind != "data-without-sidecar":
            raise ValueError("only a part or data without a sidecar can be sealed")
        with self.refusing("reseal"):
            if not 0 <= keep_bytes <= self.files.stat(entry.path).bytes:
                raise ValueError("keep_bytes is more than the file holds")
            whole = self.path_of(entry.queue, entry.name, DATA)
            if entry.path != whole and self.stat(whole) is not None:
                raise SpoolTaken("a segment of this name exists")
            fd = self.files.open_existing(entry.path)
            try:
                self.files.truncate(fd, keep_bytes)
                self.files.fsync(fd)
            finally:
                self.files.close(fd)
            running = hashlib.sha256()
            for offset in range(0, keep_bytes, _READ_BYTES):
                running.update(self.files.read(entry.path, offset, _READ_BYTES))
            facts = PartFacts(entry.queue, entry.name, keep_bytes, running.hexdigest())
            return self.publish(facts, entry.path, sidecar(facts))

    def usage(self, queue: str | None = None) -> Usage:
        """Count what lies there: one directory listing per queue."""
        size = files = segments = 0
        oldest: int | None = None
        for each in self.queues() if queue is None else [checked(queue)]:
            for path, seen in self.listing(each):
                size += seen.bytes
                files += 1
                if path.name.endswith(DATA):
                    segments += 1
                    oldest = seen.modified_us if oldest is None else min(oldest, seen.modified_us)
        return Usage(size, files, segments, oldest)

    def _scan_queue(self, queue: str) -> Iterator[Entry]:
        found = self.listing(queue)
        if found:
            with self.refusing("scan"):
                self.files.fsync_directory(self.root / queue)
        names = {path.name for path, _ in found}
        for path, seen in found:
            entry = self._entry(queue, path, seen, names)
            if entry is not None:
                yield entry

    def _entry(self, queue: str, path: Path, seen: Stat, names: set[str]) -> Entry | None:
        """Say what a file is; None for one that belongs to a segment listed by its data."""
        name, kind = kind_of(path.name)
        size, when = seen.bytes, seen.modified_us
        if kind == PART:
            return PartFile(queue, name, path, size, when)
        if kind == RECORD:
            return Record(queue, name, path, size, when)
        data, sidecar = name + DATA, name + SIDECAR
        if kind == DATA:
            beside = path.with_name(sidecar)
            if sidecar in names or self.stat(beside) is not None:
                return Segment(queue, name, path, beside, size, when)
            return Orphan(queue, name, path, size, when, "data-without-sidecar")
        if kind in (SIDECAR, JOURNAL) and data in names:
            return None
        return Orphan(queue, name, path, size, when, ORPHAN_KINDS.get(kind, "unknown"))


def _release_lock(files: Files, lock: int | None) -> None:
    if lock is not None:
        with contextlib.suppress(OSError):  # the lock goes with the descriptor in any case
            files.close(lock)


def _free_stem(taken: set[str], names: list[str]) -> str:
    """Find a prefix that keeps the names apart from what was set aside before."""
    stem, count = "", 0
    while any(stem + name in taken for name in names):
        count += 1
        stem = f"{count}-"
    return stem
