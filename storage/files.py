"""The few file operations that durability is made of, behind one small interface.

`Files` is what the spool and the directory store speak; `RealFiles` is the operating system, tests
bring a simulated disk that forgets what was not synced. An error of write, fsync, close or rename
means "not stored" (D6): nothing here retries or hides one. Knows paths and bytes, no formats.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat as stat_bits
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Piece = bytes | bytearray | memoryview
"""What may be written without copying it first."""

_FILE_MODE = 0o600
_DIRECTORY_MODE = 0o700


@dataclass(frozen=True, slots=True)
class Stat:
    """What a directory listing needs to know of one name."""

    bytes: int
    modified_us: int
    is_directory: bool


class Files(Protocol):
    """File operations that may lose power between any two of them. All raise OSError."""

    def create(self, path: Path) -> int:
        """Create a new file for writing; FileExistsError when the name is taken."""
        ...

    def open_existing(self, path: Path) -> int:
        """Open a file for writing at its end, without changing it."""
        ...

    def writev(self, fd: int, pieces: Sequence[Piece]) -> int:
        """Write pieces one after another; the count may fall short of their sum."""
        ...

    def truncate(self, fd: int, size: int) -> None:
        """Make the file `size` bytes long and go on writing there."""
        ...

    def start_write_back(self, fd: int, offset: int, length: int) -> None:
        """Ask the kernel to begin writing a range to the disk; promises nothing."""
        ...

    def fsync(self, fd: int) -> None:
        """Return when the file's bytes and length are on the disk."""
        ...

    def close(self, fd: int) -> None:
        """Close the descriptor; it is gone even when this raises."""
        ...

    def rename(self, source: Path, target: Path) -> None:
        """Give the file a new name, replacing what had it; durable after fsync_directory."""
        ...

    def unlink(self, path: Path) -> None:
        """Remove a name; FileNotFoundError when absent; durable after fsync_directory."""
        ...

    def make_directory(self, path: Path) -> None:
        """Create one directory (0700); FileExistsError when present."""
        ...

    def fsync_directory(self, path: Path) -> None:
        """Return when the names in the directory are on the disk."""
        ...

    def names(self, path: Path) -> list[str]:
        """Names in a directory, sorted."""
        ...

    def stat(self, path: Path) -> Stat:
        """Size and time of a file, without following a symbolic link."""
        ...

    def read(self, path: Path, offset: int = 0, length: int = -1) -> bytes:
        """Bytes of a file; fewer than `length` at its end."""
        ...

    def free_bytes(self, path: Path) -> int:
        """Bytes that an unprivileged writer may still use on the file system of `path`."""
        ...

    def lock(self, path: Path) -> int:
        """Take an exclusive lock that dies with the process; BlockingIOError when it is held."""
        ...


class RealFiles:
    """The operating system's files (Linux, POSIX.1-2017)."""

    __slots__ = ()

    def create(self, path: Path) -> int:
        """See Files."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        return os.open(path, flags, _FILE_MODE)

    def open_existing(self, path: Path) -> int:
        """See Files."""
        fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        os.lseek(fd, 0, os.SEEK_END)
        return fd

    def writev(self, fd: int, pieces: Sequence[Piece]) -> int:
        """See Files."""
        return os.writev(fd, pieces)

    def truncate(self, fd: int, size: int) -> None:
        """See Files."""
        os.ftruncate(fd, size)
        os.lseek(fd, size, os.SEEK_SET)

    def start_write_back(self, fd: int, offset: int, length: int) -> None:
        """See Files.

        Python has no sync_file_range; Linux starts asynchronous write-back of the dirty pages of
        a range when it is told DONTNEED, and keeps pages that are still dirty. That is the same
        effect without ctypes: the fsync at the end of a segment finds little left to do.
        """
        os.posix_fadvise(fd, offset, length, os.POSIX_FADV_DONTNEED)

    def fsync(self, fd: int) -> None:
        """See Files."""
        os.fsync(fd)

    def close(self, fd: int) -> None:
        """See Files."""
        os.close(fd)

    def rename(self, source: Path, target: Path) -> None:
        """See Files."""
        source.replace(target)

    def unlink(self, path: Path) -> None:
        """See Files."""
        path.unlink()

    def make_directory(self, path: Path) -> None:
        """See Files."""
        path.mkdir(mode=_DIRECTORY_MODE)

    def fsync_directory(self, path: Path) -> None:
        """See Files."""
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def names(self, path: Path) -> list[str]:
        """See Files."""
        with os.scandir(path) as listing:
            return sorted(entry.name for entry in listing)

    def stat(self, path: Path) -> Stat:
        """See Files."""
        seen = path.lstat()
        return Stat(seen.st_size, seen.st_mtime_ns // 1000, stat_bits.S_ISDIR(seen.st_mode))

    def read(self, path: Path, offset: int = 0, length: int = -1) -> bytes:
        """See Files."""
        with path.open("rb") as file:
            file.seek(offset)
            return file.read(length)

    def free_bytes(self, path: Path) -> int:
        """See Files."""
        seen = os.statvfs(path)
        return seen.f_bavail * seen.f_frsize

    def lock(self, path: Path) -> int:
        """See Files. flock(2): it belongs to the open file, so a child does not lose it."""
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, _FILE_MODE)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(fd)
            raise
        return fd


def write_all(files: Files, fd: int, data: bytes) -> None:
    """Write the whole of `data`, however short the single writes are."""
    rest = memoryview(data)
    while rest:
        rest = rest[files.writev(fd, [rest]) :]


def exclusive_create(path: Path, data: bytes, files: Files | None = None) -> None:
    """Create `path` with `data`, file and name durable on return; FileExistsError when taken.

    When writing fails the half file is removed before the error is passed on.
    """
    files = files or RealFiles()
    fd = files.create(path)
    try:
        _fill(files, fd, data)
    except OSError:
        with contextlib.suppress(OSError):
            files.unlink(path)
        raise
    files.fsync_directory(path.parent)


def write_new(path: Path, data: bytes, files: Files | None = None) -> None:
    """Write a file nobody reads yet, its bytes durable on return, its name not; replaces a relic."""
    files = files or RealFiles()
    try:
        fd = files.create(path)
    except FileExistsError:
        files.unlink(path)
        fd = files.create(path)
    _fill(files, fd, data)


def atomic_replace(path: Path, data: bytes, files: Files | None = None) -> None:
    """Replace `path` by `data`: readers see the old or the new whole, durable on return."""
    files = files or RealFiles()
    draft = path.with_name(path.name + ".tmp")
    write_new(draft, data, files)
    files.rename(draft, path)
    files.fsync_directory(path.parent)


def fsync_directory(path: Path) -> None:
    """Make the names in a directory durable."""
    RealFiles().fsync_directory(path)


def _fill(files: Files, fd: int, data: bytes) -> None:
    try:
        write_all(files, fd, data)
        files.fsync(fd)
    finally:
        files.close(fd)
