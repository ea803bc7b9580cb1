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
import errno
import hashlib
import json
import re
import uuid
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, Self

from storage.errors import SpoolBusy, SpoolFailed, SpoolForeign, SpoolFull, SpoolTaken
from storage.files import Files, Piece, RealFiles, Stat, atomic_replace, write_new

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

MARKER = "SPOOL.json"
LOCK_FILE = "SPOOL.lock"
QUARANTINE = ".quarantine"
PART, DATA, SIDECAR, RECORD = ".part", ".mp4", ".json", ".record.json"
JOURNAL, DRAFT, REASON = ".journal", ".tmp", ".reason.json"

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,159}")
_RESERVED_ENDS = (PART, DATA, SIDECAR, JOURNAL, DRAFT, ".record")
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_IOV_MAX = 1024
_WRITE_BACK_BYTES = 1 << 20
_READ_BYTES = 1 << 20

OrphanKind = Literal["data-without-sidecar", "sidecar-without-data", "draft", "journal", "unknown"]


@dataclass(frozen=True, slots=True)
class PartFacts:
    """What a sidecar needs to know of the bytes that it describes."""

    queue: str
    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Segment:
    """A sealed file and its sidecar. `bytes` is the size of the data alone."""

    queue: str
    name: str
    path: Path
    sidecar_path: Path
    bytes: int
    modified_us: int


@dataclass(frozen=True, slots=True)
class Sealed(Segment):
    """A segment whose hash is known because it has just been sealed."""

    sha256: str


@dataclass(frozen=True, slots=True)
class Record:
    """A small durable record, read with `path.read_bytes()`."""

    queue: str
    name: str
    path: Path
    bytes: int
    modified_us: int


@dataclass(frozen=True, slots=True)
class PartFile:
    """A part that is growing, or that a crash has left behind."""

    queue: str
    name: str
    path: Path
    bytes: int
    modified_us: int


@dataclass(frozen=True, slots=True)
class Orphan:
    """A file that was never acknowledged as whole, or is left from a release cut short.

    While a recorder is running, a young orphan may be half of a seal in progress: look at
    `modified_us`, or judge only when the spool is held exclusively.
    """

    queue: str
    name: str
    path: Path
    bytes: int
    modified_us: int
    kind: OrphanKind


_ORPHAN_KINDS: Mapping[str, OrphanKind] = MappingProxyType(
    {SIDECAR: "sidecar-without-data", JOURNAL: "journal", DRAFT: "draft"}
)

Entry = Segment | Record | PartFile | Orphan


@dataclass(frozen=True, slots=True)
class Usage:
    """What lies in the spool, or in one queue of it; quarantine is not counted."""

    bytes: int
    files: int
    segments: int
    oldest_modified_us: int | None


class Part:
    """A segment that is being written. For one thread at a time."""

    def __init__(self, spool: Spool, queue: str, name: str, fd: int) -> None:
        self._spool = spool
        self._files = spool.files
        self._fd: int | None = fd
        self._hash = hashlib.sha256()
        self._write_back_from = 0
        self.queue = queue
        self.name = name
        self.path = spool.path_of(queue, name, PART)
        self.size = 0
        self.failed = False

    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes so far, in hex."""
        return self._hash.hexdigest()

    def write(self, data: Piece | Sequence[Piece]) -> None:
        """Append one piece or several, without joining them.

        After SpoolFull the part is as before the call and may be sealed or tried again; after
        SpoolFailed it is useless: `leave` it to salvage or `abandon` it (D6).
        """
        fd = self._usable()
        if self.size - self._write_back_from >= _WRITE_BACK_BYTES:
            self._write_back(fd)
            self._spool.check_reserve()
        pieces = [data] if isinstance(data, bytes | bytearray | memoryview) else list(data)
        total = sum(memoryview(piece).nbytes for piece in pieces)
        try:
            self._write_pieces(fd, pieces)
        except OSError as error:
            self._failed_write(fd, error)
        for piece in pieces:
            self._hash.update(piece)
        self.size += total

    def seal(self, sidecar: Callable[[PartFacts], bytes]) -> Sealed:
        """Make the part a segment; when this returns, the segment exists for good (D1).

        Order: fsync data; write and fsync the sidecar; rename the sidecar, then the data, so that a
        visible segment always has one; fsync the directory. `sidecar` must be pure. Raises
        SpoolFull, SpoolFailed: then nothing was acknowledged, and the part may be salvaged; if it
        was the last step that failed, `scan` lists the segment once it has made it durable.
        """
        fd = self._usable()
        facts = PartFacts(self.queue, self.name, self.size, self.sha256)
        described = sidecar(facts)
        with self._spool.refusing("seal", self):
            try:
                self._files.fsync(fd)
            finally:
                self._fd = None
                self._files.close(fd)
            return self._spool.publish(facts, self.path, described)

    def leave(self) -> None:
        """Close without sealing: the file stays for salvage. Harmless to repeat."""
        fd, self._fd = self._fd, None
        if fd is not None:
            with contextlib.suppress(OSError):  # nothing was promised for these bytes
                self._files.close(fd)

    def abandon(self) -> None:
        """Close and remove the file. Harmless to repeat."""
        self.leave()
        with self._spool.refusing("abandon", self):
            self._spool.remove(self.path)

    def _usable(self) -> int:
        if self.failed:
            raise SpoolFailed("the part has failed before; its bytes are not stored")
        if self._fd is None:
            raise SpoolFailed("the part is closed")
        return self._fd

    def _write_pieces(self, fd: int, pieces: list[Piece]) -> None:
        queue = [memoryview(piece).cast("B") for piece in pieces if len(piece)]
        at = 0
        while at < len(queue):
            written = self._files.writev(fd, queue[at : at + _IOV_MAX])
            while at < len(queue) and written >= len(queue[at]):
                written -= len(queue[at])
                at += 1
            if written:
                queue[at] = queue[at][written:]

    def _failed_write(self, fd: int, error: OSError) -> None:
        if error.errno in _FULL:
            try:
                self._files.truncate(fd, self.size)
            except OSError as second:
                self.failed = True
                raise SpoolFailed(f"write: {_word(second)}") from second
            raise SpoolFull(f"write: {_word(error)}") from error
        self.failed = True
        raise SpoolFailed(f"write: {_word(error)}") from error

    def _write_back(self, fd: int) -> None:
        start, self._write_back_from = self._write_back_from, self.size
        with contextlib.suppress(OSError):  # only a hint; fsync is what counts
            self._files.start_write_back(fd, start, self.size - start)


class Spool:
    """A directory of queues that one recorder fills and one intake empties."""

    def __init__(self, root: Path, *, marker: _Marker, files: Files, lock: int | None, reserve_bytes: int) -> None:
        """Use `Spool.open`."""
        self.root = root
        self.files = files
        self.uuid = marker.uuid
        self.owner = marker.owner
        self.open_number = marker.open_number
        self.reserve_bytes = reserve_bytes
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
                _make_directory(files, root)
            marker = _read_marker(files, root)
            if exclusive or marker is None:
                if marker is None:
                    _refuse_strange_directory(files, root, expect_uuid)
                lock = files.lock(root / LOCK_FILE)
                marker = _read_marker(files, root) or _Marker(uuid.uuid4().hex, owner, 0)
                _check_marker(marker, owner, expect_uuid, at_least_open)
                marker = _Marker(marker.uuid, owner, marker.open_number + exclusive)
                atomic_replace(root / MARKER, marker.encoded(), files)
            _check_marker(marker, owner, expect_uuid, at_least_open)
        except BlockingIOError as error:
            raise SpoolBusy("another process holds the spool") from error
        except OSError as error:
            _release_lock(files, lock)
            raise _translated("open", error) from error
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
            self._make_queue(queue)
            for suffix in (DATA, SIDECAR, RECORD):
                if self._stat(self.path_of(queue, name, suffix)) is not None:
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
            self._make_queue(queue)
            if self._stat(path) is not None and self.files.read(path) != data:
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
        for each in self.queues() if queue is None else [_checked(queue)]:
            yield from self._scan_queue(each)

    def queues(self) -> list[str]:
        """Names of the queues, sorted."""
        with self.refusing("scan"):
            return [
                name
                for name in self.files.names(self.root)
                if _NAME.fullmatch(name) and self._is_directory(self.root / name)
            ]

    def release(self, entry: Entry) -> None:
        """Remove an entry that is safe elsewhere, or garbage; durable on return, repeatable.

        Data goes first: a cut in between leaves a sidecar without data, which is only litter.
        """
        with self.refusing("release"):
            for path in _paths_of(entry):
                self._unlink(path)
            self.files.fsync_directory(self.root / entry.queue)

    def quarantine(self, entry: Entry, reason: str) -> Path:
        """Set an entry aside, never to be listed again, with the reason beside it.

        Returns the new path of its data. Raises SpoolFull, SpoolFailed.
        """
        with self.refusing("quarantine"):
            target = self.root / QUARANTINE / entry.queue
            _make_directory(self.files, target.parent)
            _make_directory(self.files, target)
            taken = set(self.files.names(target))
            moves = [path for path in _paths_of(entry) if self._stat(path) is not None]
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
            if entry.path != whole and self._stat(whole) is not None:
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
        for each in self.queues() if queue is None else [_checked(queue)]:
            for path, seen in self._listing(each):
                size += seen.bytes
                files += 1
                if path.name.endswith(DATA):
                    segments += 1
                    oldest = seen.modified_us if oldest is None else min(oldest, seen.modified_us)
        return Usage(size, files, segments, oldest)

    def free_bytes(self) -> int:
        """Bytes free for the spool: the file system's, less the reserve; may be negative."""
        with self.refusing("free space"):
            return self.files.free_bytes(self.root) - self.reserve_bytes

    def check_reserve(self) -> None:
        """Raise SpoolFull when only the reserve is left (D10)."""
        if self.reserve_bytes and self.free_bytes() <= 0:
            raise SpoolFull("only the reserve is left")

    # Below: what Part shares with Spool, then the inside.

    def path_of(self, queue: str, name: str, suffix: str) -> Path:
        """Path of one file of an entry; ValueError unless both names are plain."""
        if name.endswith(_RESERVED_ENDS):
            raise ValueError(f"an entry's name does not end in {', '.join(_RESERVED_ENDS)}")
        return self.root / _checked(queue) / (_checked(name) + suffix)

    def publish(self, facts: PartFacts, source: Path, described: bytes) -> Sealed:
        """Give synced data its sidecar and both their names, durably. Raises OSError."""
        data = self.path_of(facts.queue, facts.name, DATA)
        sidecar = self.path_of(facts.queue, facts.name, SIDECAR)
        draft = sidecar.with_name(sidecar.name + DRAFT)
        write_new(draft, described, self.files)
        self.files.rename(draft, sidecar)
        if source != data:
            self.files.rename(source, data)
        self.files.fsync_directory(data.parent)
        seen = self.files.stat(data)
        return Sealed(
            queue=facts.queue,
            name=facts.name,
            path=data,
            sidecar_path=sidecar,
            bytes=facts.bytes,
            modified_us=seen.modified_us,
            sha256=facts.sha256,
        )

    def remove(self, path: Path) -> None:
        """Remove a name durably; absent is fine. Raises OSError."""
        self._unlink(path)
        self.files.fsync_directory(path.parent)

    @contextlib.contextmanager
    def refusing(self, what: str, part: Part | None = None) -> Iterator[None]:
        """Turn an OSError into SpoolFull or SpoolFailed, and its part into a failed one (D6)."""
        try:
            yield
        except OSError as error:
            if part is not None:
                part.failed = True
            raise _translated(what, error) from error

    def _scan_queue(self, queue: str) -> Iterator[Entry]:
        found = self._listing(queue)
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
        name, kind = _kind(path.name)
        size, when = seen.bytes, seen.modified_us
        if kind == PART:
            return PartFile(queue, name, path, size, when)
        if kind == RECORD:
            return Record(queue, name, path, size, when)
        data, sidecar = name + DATA, name + SIDECAR
        if kind == DATA:
            beside = path.with_name(sidecar)
            if sidecar in names or self._stat(beside) is not None:
                return Segment(queue, name, path, beside, size, when)
            return Orphan(queue, name, path, size, when, "data-without-sidecar")
        if kind in (SIDECAR, JOURNAL) and data in names:
            return None
        return Orphan(queue, name, path, size, when, _ORPHAN_KINDS.get(kind, "unknown"))

    def _listing(self, queue: str) -> list[tuple[Path, Stat]]:
        folder = self.root / queue
        found = []
        with self.refusing("scan"):
            try:
                names = self.files.names(folder)
            except FileNotFoundError:
                return []
            for name in names:
                seen = self._stat(folder / name)
                if seen is not None and not seen.is_directory:
                    found.append((folder / name, seen))
        return found

    def _make_queue(self, queue: str) -> None:
        _make_directory(self.files, self.root / queue)

    def _is_directory(self, path: Path) -> bool:
        seen = self._stat(path)
        return seen is not None and seen.is_directory

    def _stat(self, path: Path) -> Stat | None:
        try:
            return self.files.stat(path)
        except FileNotFoundError:
            return None

    def _unlink(self, path: Path) -> None:
        with contextlib.suppress(FileNotFoundError):
            self.files.unlink(path)


@dataclass(frozen=True, slots=True)
class _Marker:
    uuid: str
    owner: str
    open_number: int

    def encoded(self) -> bytes:
        fields = {
            "version": 1,
            "uuid": self.uuid,
            "owner": self.owner,
            "open_number": self.open_number,
        }
        return (json.dumps(fields, indent=1) + "\n").encode()


def _read_marker(files: Files, root: Path) -> _Marker | None:
    try:
        data = files.read(root / MARKER)
    except FileNotFoundError:
        return None
    try:
        fields = json.loads(data)
        marker = _Marker(str(fields["uuid"]), str(fields["owner"]), int(fields["open_number"]))
        known = fields["version"] == 1
    except (ValueError, KeyError, TypeError) as error:
        raise SpoolForeign(f"{MARKER} cannot be read") from error
    if not known:
        raise SpoolForeign(f"{MARKER} is of a newer version")
    return marker


def _check_marker(marker: _Marker, owner: str, expect_uuid: str | None, at_least: int) -> None:
    if marker.owner != owner:
        raise SpoolForeign("the spool belongs to another owner")
    if expect_uuid is not None and marker.uuid != expect_uuid:
        raise SpoolForeign("this is not the spool that the catalogue knows")
    if marker.open_number < at_least:
        raise SpoolForeign("the spool is an older copy than the catalogue knows")


def _refuse_strange_directory(files: Files, root: Path, expect_uuid: str | None) -> None:
    if expect_uuid is not None:
        raise SpoolForeign(f"{MARKER} is absent: is the spool mounted?")
    strange = set(files.names(root)) - {LOCK_FILE, MARKER, MARKER + DRAFT, "lost+found"}
    if strange:
        raise SpoolForeign(f"the directory is not empty and has no {MARKER}")


def _make_directory(files: Files, path: Path) -> None:
    """Create one directory durably; present is fine."""
    try:
        files.make_directory(path)
    except FileExistsError:
        return
    files.fsync_directory(path.parent)


def _release_lock(files: Files, lock: int | None) -> None:
    if lock is not None:
        with contextlib.suppress(OSError):  # the lock goes with the descriptor in any case
            files.close(lock)


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError("a spool name is 1 to 160 of [A-Za-z0-9._-] and does not begin with a dot")
    return name


def _kind(file_name: str) -> tuple[str, str]:
    """Split a file name into the entry's name and its ending; DRAFT and '' name no entry."""
    for suffix in (DRAFT, JOURNAL, RECORD, SIDECAR, PART, DATA):
        if file_name.endswith(suffix):
            stem = file_name.removesuffix(suffix)
            if suffix == JOURNAL:
                stem = stem.removesuffix(DATA)
            return (stem, suffix) if _NAME.fullmatch(stem) else (file_name, "")
    return file_name, ""


def _paths_of(entry: Entry) -> list[Path]:
    if isinstance(entry, Segment):
        journal = entry.path.with_name(entry.path.name + JOURNAL)
        return [entry.path, entry.sidecar_path, journal]
    return [entry.path]


def _free_stem(taken: set[str], names: list[str]) -> str:
    """Find a prefix that keeps the names apart from what was set aside before."""
    stem, count = "", 0
    while any(stem + name in taken for name in names):
        count += 1
        stem = f"{count}-"
    return stem


def _word(error: OSError) -> str:
    return errno.errorcode.get(error.errno or 0, "unknown error")


def _translated(what: str, error: OSError) -> SpoolFull | SpoolFailed:
    kind = SpoolFull if error.errno in _FULL else SpoolFailed
    return kind(f"{what}: {_word(error)}")
