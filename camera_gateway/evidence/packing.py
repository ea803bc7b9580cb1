"""Where a package is written: a zip that is streamed file by file, or a directory.

Promises that each file's SHA-256 is taken of the bytes that went in, that nothing is compressed or copied first, and
that sizes beyond 4 GiB are written as zip64. Knows paths and bytes only.
"""

from __future__ import annotations

import hashlib
import zipfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, Protocol, cast

from camera_gateway.clock import to_datetime

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

_MODE = 0o100644 << 16
_FIRST_ZIP_YEAR = 1980


class Entry:
    """One file while it is written. Its place is made at the first byte, so that nothing is left of an empty try."""

    def __init__(self, opened: AbstractContextManager[BinaryIO]) -> None:
        self._opening = opened
        self._file: BinaryIO | None = None
        self._digest = hashlib.sha256()
        self.size_bytes = 0

    @property
    def sha256(self) -> str:
        """The SHA-256 of what was written so far, hex."""
        return self._digest.hexdigest()

    def write(self, data: bytes) -> int:
        """Append bytes."""
        if self._file is None:
            self._file = self._opening.__enter__()
        self._file.write(data)
        self._digest.update(data)
        self.size_bytes += len(data)
        return len(data)

    def close(self) -> None:
        """Finish the file, if it was begun."""
        if self._file is not None:
            self._opening.__exit__(None, None, None)


class Sink(Protocol):
    """Takes the files of a package, one after the other."""

    def entry(self, path: str) -> AbstractContextManager[Entry]:
        """Open the next file; `path` is relative, with `/`."""
        ...

    def close(self) -> None:
        """Finish the package."""
        ...


class ZipSink:
    """A zip, members stored, on a file or a pipe. `at_us` (µs UTC) is the time that members bear."""

    def __init__(self, target: BinaryIO, at_us: int) -> None:
        self._zip = zipfile.ZipFile(target, "w", zipfile.ZIP_STORED, allowZip64=True)
        moment = to_datetime(at_us)
        year = max(moment.year, _FIRST_ZIP_YEAR)
        self._time = (year, moment.month, moment.day, moment.hour, moment.minute, moment.second)

    @contextmanager
    def entry(self, path: str) -> Iterator[Entry]:
        """See Sink."""
        info = zipfile.ZipInfo(path, self._time)
        info.external_attr = _MODE
        made = Entry(_member(self._zip, info))
        try:
            yield made
        finally:
            made.close()

    def close(self) -> None:
        """See Sink."""
        self._zip.close()


class DirectorySink:
    """A directory that exists and is empty."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @contextmanager
    def entry(self, path: str) -> Iterator[Entry]:
        """See Sink."""
        made = Entry(_file(self._root / path))
        try:
            yield made
        finally:
            made.close()

    def close(self) -> None:
        """See Sink."""


@contextmanager
def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[BinaryIO]:
    # its size is not known before its end, and it cannot be told then that it is larger than 4 GiB
    with archive.open(info, "w", force_zip64=True) as file:
        yield cast("BinaryIO", file)


@contextmanager
def _file(path: Path) -> Iterator[BinaryIO]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        yield file
