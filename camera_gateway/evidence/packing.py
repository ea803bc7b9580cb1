"""Where a package is written: a zip that is streamed file by file, or a directory.

Promises that each file's SHA-256 is taken of the bytes that went in, by a thread of its own while they are written,
that nothing is compressed or copied first, and that sizes beyond 4 GiB are written as zip64. Knows paths and bytes
only.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Protocol, cast

from camera_gateway.clock import to_datetime

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future
    from contextlib import AbstractContextManager
    from pathlib import Path

_MODE = 0o100644 << 16
_FIRST_ZIP_YEAR = 1980
_SMALL_BYTES = 1 << 16
"""What is hashed at once: handing it over would cost more."""
_UNHASHED = 16
"""So many pieces may wait for their hashing: they are in memory."""


class Entry:
    """One file while it is written. Its place is made at the first byte, so that nothing is left of an empty try."""

    def __init__(self, opened: AbstractContextManager[BinaryIO], hasher: ThreadPoolExecutor) -> None:
        self._opening = opened
        self._hasher = hasher
        self._file: BinaryIO | None = None
        self._digest = hashlib.sha256()
        self._unhashed: deque[Future[None]] = deque()
        self.size_bytes = 0

    @property
    def sha256(self) -> str:
        """The SHA-256 of what was written so far, hex."""
        self._hash_all_but(0)
        return self._digest.hexdigest()

    def write(self, data: bytes) -> int:
        """Append bytes."""
        if self._file is None:
            self._file = self._opening.__enter__()
        if len(data) > _SMALL_BYTES:
            self._hash_all_but(_UNHASHED - 1)
            self._unhashed.append(self._hasher.submit(self._digest.update, data))
        else:
            self._hash_all_but(0)
            self._digest.update(data)
        self._file.write(data)
        self.size_bytes += len(data)
        return len(data)

    def close(self) -> None:
        """Finish the file, if it was begun."""
        self._hash_all_but(0)
        if self._file is not None:
            self._opening.__exit__(None, None, None)

    def _hash_all_but(self, number: int) -> None:
        while len(self._unhashed) > number:
            self._unhashed.popleft().result()


@dataclass(frozen=True, slots=True)
class Written:
    """Where the bytes of a packed file can be read back: from `offset` of `path`."""

    path: Path
    offset: int


class Sink(Protocol):
    """Takes the files of a package, one after the other."""

    def entry(self, path: str) -> AbstractContextManager[Entry]:
        """Open the next file; `path` is relative, with `/`."""
        ...

    def written(self, path: str) -> Written | None:
        """Say where a finished file lies; None where it went down a pipe."""
        ...

    def close(self) -> None:
        """Finish the package."""
        ...


class ZipSink:
    """A zip, members stored, on a file or a pipe. `at_us` (µs UTC) is the time that members bear.

    `path` is the file that `target` writes, for those who read back what they have packed.
    """

    def __init__(self, target: BinaryIO, at_us: int, path: Path | None = None) -> None:
        self._target = target
        self._path = path
        self._offsets: dict[str, int] = {}
        self._hasher = ThreadPoolExecutor(1, "hash")
        self._zip = zipfile.ZipFile(target, "w", zipfile.ZIP_STORED, allowZip64=True)
        moment = to_datetime(at_us)
        year = max(moment.year, _FIRST_ZIP_YEAR)
        self._time = (year, moment.month, moment.day, moment.hour, moment.minute, moment.second)

    @contextmanager
    def entry(self, path: str) -> Iterator[Entry]:
        """See Sink."""
        info = zipfile.ZipInfo(path, self._time)
        info.external_attr = _MODE
        made = Entry(self._member(info), self._hasher)
        try:
            yield made
        finally:
            made.close()

    def written(self, path: str) -> Written | None:
        """See Sink."""
        if self._path is None or path not in self._offsets:
            return None
        self._target.flush()
        return Written(self._path, self._offsets[path])

    def close(self) -> None:
        """See Sink."""
        self._hasher.shutdown()
        self._zip.close()

    @contextmanager
    def _member(self, info: zipfile.ZipInfo) -> Iterator[BinaryIO]:
        # its size is not known before its end, and it cannot be told then that it is larger than 4 GiB
        with self._zip.open(info, "w", force_zip64=True) as file:
            if self._path is not None:
                self._offsets[info.filename] = self._target.tell()
            yield cast("BinaryIO", file)


class DirectorySink:
    """A directory that exists and is empty."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._hasher = ThreadPoolExecutor(1, "hash")

    @contextmanager
    def entry(self, path: str) -> Iterator[Entry]:
        """See Sink."""
        made = Entry(_file(self._root / path), self._hasher)
        try:
            yield made
        finally:
            made.close()

    def written(self, path: str) -> Written | None:
        """See Sink."""
        return Written(self._root / path, 0)

    def close(self) -> None:
        """See Sink."""
        self._hasher.shutdown()


@contextmanager
def _file(path: Path) -> Iterator[BinaryIO]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        yield file
