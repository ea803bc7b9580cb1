"""A file system in memory that loses power.

Two planes: bytes are on the disk after fsync of the file, names after fsync of the directory. At a
cut any subset of the unsynced changes of names survives, in their order, and of each file's
unsynced bytes any prefix. Fulfils storage.files.Files; `crashes` gives every disk that may be found
after the cut. Strict on purpose: fsync of a file makes no name durable, as POSIX allows.
"""

from __future__ import annotations

import errno
import itertools
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from storage.files import Stat

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from storage.files import Piece


class PowerCutError(Exception):
    """The power is gone: no further operation does anything."""


@dataclass(slots=True)
class Inode:
    """A file: what it holds, and how much of that is on the disk."""

    data: bytearray = field(default_factory=bytearray)
    synced: bytes = b""


@dataclass(slots=True)
class Change:
    """One change of names that is not on the disk yet."""

    directory: Path
    added: Path | None
    removed: Path | None
    inode: Inode | None


@dataclass(slots=True)
class Handle:
    inode: Inode
    position: int


class SimulatedFiles:
    """See storage.files.Files. `cut_at` operations are done, then the power goes."""

    def __init__(self, cut_at: int | None = None, *, skip: frozenset[str] = frozenset()) -> None:
        self.cut_at = cut_at
        self.skip = skip
        self.done = 0
        self.log: list[str] = []
        self.fail: dict[str, OSError] = {}
        self.free = 1 << 40
        self.largest_write: int | None = None
        self._names: dict[Path, Inode] = {}
        self._durable: dict[Path, Inode] = {}
        self._directories: set[Path] = {Path("/")}
        self._pending: list[Change] = []
        self._handles: dict[int, Handle] = {}
        self._locks: dict[int, Path] = {}
        self._next = itertools.count(100)

    def create(self, path: Path) -> int:
        self._step("create", path)
        self._need_directory(path.parent)
        if path in self._names:
            raise FileExistsError(errno.EEXIST, "exists")
        inode = Inode()
        self._names[path] = inode
        self._pending.append(Change(path.parent, path, None, inode))
        return self._open(inode)

    def open_existing(self, path: Path) -> int:
        self._step("open", path)
        return self._open(self._inode(path))

    def writev(self, fd: int, pieces: Sequence[Piece]) -> int:
        self._step("write", None)
        data = b"".join(pieces)
        if self.largest_write is not None:
            data = data[: self.largest_write]
        handle = self._handles[fd]
        handle.inode.data[handle.position : handle.position + len(data)] = data
        handle.position += len(data)
        return len(data)

    def truncate(self, fd: int, size: int) -> None:
        self._step("truncate", None)
        handle = self._handles[fd]
        del handle.inode.data[size:]
        handle.position = size

    def start_write_back(self, fd: int, offset: int, length: int) -> None:
        assert fd in self._handles
        assert offset + length <= len(self._handles[fd].inode.data)

    def fsync(self, fd: int) -> None:
        self._step("fsync", None)
        if "fsync" not in self.skip:
            inode = self._handles[fd].inode
            inode.synced = bytes(inode.data)

    def close(self, fd: int) -> None:
        if fd in self._locks:
            del self._locks[fd]
            return
        del self._handles[fd]
        self._step("close", None)

    def rename(self, source: Path, target: Path) -> None:
        self._step("rename", target)
        inode = self._names.pop(source, None)
        if inode is None:
            raise FileNotFoundError(errno.ENOENT, "no such file")
        self._names[target] = inode
        self._pending.append(Change(target.parent, target, source, inode))

    def unlink(self, path: Path) -> None:
        self._step("unlink", path)
        if path not in self._names:
            raise FileNotFoundError(errno.ENOENT, "no such file")
        del self._names[path]
        self._pending.append(Change(path.parent, None, path, None))

    def make_directory(self, path: Path) -> None:
        self._step("mkdir", path)
        if path in self._directories:
            raise FileExistsError(errno.EEXIST, "exists")
        self._need_directory(path.parent)
        self._directories.add(path)

    def fsync_directory(self, path: Path) -> None:
        self._step("fsync-directory", path)
        if "fsync-directory" in self.skip:
            return
        kept = []
        for change in self._pending:
            if change.directory == path:
                _apply(change, self._durable)
            else:
                kept.append(change)
        self._pending = kept

    def names(self, path: Path) -> list[str]:
        self._need_directory(path)
        inside = [p for p in (*self._names, *self._directories) if p.parent == path and p != path]
        return sorted(p.name for p in inside)

    def stat(self, path: Path) -> Stat:
        if path in self._directories:
            return Stat(0, 0, is_directory=True)
        return Stat(len(self._inode(path).data), 0, is_directory=False)

    def read(self, path: Path, offset: int = 0, length: int = -1) -> bytes:
        data = bytes(self._inode(path).data)
        return data[offset:] if length < 0 else data[offset : offset + length]

    def free_bytes(self, path: Path) -> int:
        self._need_directory(path)
        return self.free

    def lock(self, path: Path) -> int:
        if path in self._locks.values():
            raise BlockingIOError(errno.EWOULDBLOCK, "held")
        fd = next(self._next)
        self._locks[fd] = path
        return fd

    def crashes(self) -> Iterator[SimulatedFiles]:
        """Every disk that a cut at this moment may leave behind."""
        kept_bytes = [_survivals(inode) for inode in self._all_inodes()]
        for names in _subsets(self._pending):
            for contents in itertools.product(*kept_bytes):
                found = SimulatedFiles()
                copies = {
                    id(inode): Inode(bytearray(content), content)
                    for inode, content in zip(self._all_inodes(), contents, strict=True)
                }
                surviving = dict(self._durable)
                for change in names:
                    _apply(change, surviving)
                found._names = {path: copies[id(inode)] for path, inode in surviving.items()}
                found._durable = dict(found._names)
                found._directories = set(self._directories)
                yield found

    def _all_inodes(self) -> list[Inode]:
        inodes = {id(inode): inode for inode in self._durable.values()}
        inodes |= {id(c.inode): c.inode for c in self._pending if c.inode is not None}
        return list(inodes.values())

    def _step(self, operation: str, path: Path | None) -> None:
        if self.cut_at is not None and self.done >= self.cut_at:
            raise PowerCutError
        self.done += 1
        self.log.append(f"{operation} {path.name}" if path is not None else operation)
        if operation in self.fail:
            raise self.fail.pop(operation)

    def _open(self, inode: Inode) -> int:
        fd = next(self._next)
        self._handles[fd] = Handle(inode, len(inode.data))
        return fd

    def _inode(self, path: Path) -> Inode:
        if path not in self._names:
            raise FileNotFoundError(errno.ENOENT, "no such file")
        return self._names[path]

    def _need_directory(self, path: Path) -> None:
        if path not in self._directories:
            raise FileNotFoundError(errno.ENOENT, "no such directory")


def _apply(change: Change, names: dict[Path, Inode]) -> None:
    if change.removed is not None:
        names.pop(change.removed, None)
    if change.added is not None and change.inode is not None:
        names[change.added] = change.inode


def _subsets(changes: Sequence[Change]) -> Iterator[tuple[Change, ...]]:
    for count in range(len(changes) + 1):
        yield from itertools.combinations(changes, count)


def _survivals(inode: Inode) -> list[bytes]:
    """The synced bytes, all bytes, and one torn in between, where they differ."""
    whole = bytes(inode.data)
    if whole == inode.synced:
        return [whole]
    torn = whole[: (len(inode.synced) + len(whole)) // 2]
    return list(dict.fromkeys([inode.synced, torn, whole]))
