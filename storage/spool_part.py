"""A segment that is being written: bytes in, hash along the way, sealed or left behind (invariants D1, D6).

Promises that `seal` acknowledges nothing that a power cut could take, and that a part which failed once is never
sealed. Knows the files of its spool and nothing of who else uses them.
"""

from __future__ import annotations

import contextlib
import hashlib
from typing import TYPE_CHECKING

from storage.errors import SpoolFailed
from storage.spool_directory import is_full, translated
from storage.spool_entries import PART, PartFacts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from storage.files import Piece
    from storage.spool_directory import SpoolDirectory
    from storage.spool_entries import Sealed

_IOV_MAX = 1024
_RESERVE_LOOK_BYTES = 1 << 20
_WRITE_BACK_BYTES = 4 << 20
"""Write-back is begun in stretches of this: each costs a walk of the disk's queue, whatever its length."""


class Part:
    """A segment that is being written. For one thread at a time."""

    def __init__(self, spool: SpoolDirectory, queue: str, name: str, fd: int) -> None:
        self._spool = spool
        self._files = spool.files
        self._fd: int | None = fd
        self._hash = hashlib.sha256()
        self._write_back_from = 0
        self._looked_at = 0
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
        if self.size - self._looked_at >= _RESERVE_LOOK_BYTES:
            self._looked_at = self.size
            self._spool.check_reserve()
            if self.size - self._write_back_from >= _WRITE_BACK_BYTES:
                self._write_back(fd)
        pieces = [data] if isinstance(data, bytes | bytearray | memoryview) else list(data)
        total = sum(len(piece) if isinstance(piece, bytes) else memoryview(piece).nbytes for piece in pieces)
        try:
            self._write_pieces(fd, pieces, total)
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

    def _write_pieces(self, fd: int, pieces: list[Piece], total: int) -> None:
        """Write all of `pieces`, which are `total` bytes: at once, as a rule."""
        if not total:
            return
        written = self._files.writev(fd, pieces[:_IOV_MAX])
        if written == total:
            return
        queue = [memoryview(piece).cast("B") for piece in pieces]
        at = 0
        while True:
            while at < len(queue) and written >= len(queue[at]):
                written -= len(queue[at])
                at += 1
            if at == len(queue):
                return
            queue[at] = queue[at][written:]
            written = self._files.writev(fd, queue[at : at + _IOV_MAX])

    def _failed_write(self, fd: int, error: OSError) -> None:
        if is_full(error):
            try:
                self._files.truncate(fd, self.size)
            except OSError as second:
                self.failed = True
                raise SpoolFailed(str(translated("write", second))) from second
        else:
            self.failed = True
        raise translated("write", error) from error

    def _write_back(self, fd: int) -> None:
        start, self._write_back_from = self._write_back_from, self.size
        with contextlib.suppress(OSError):  # only a hint; fsync is what counts
            self._files.start_write_back(fd, start, self.size - start)
