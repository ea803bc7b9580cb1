"""Making fragment indexes: from the file in the spool, else by a few small reads from the store.

Promises that a segment of which no index can be made is said so by None, and that nothing is read whole. Synchronous;
for threads that may wait.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from camera_gateway.footage.reader import IntegrityFailed
from camera_gateway.media.boxes import BoxError
from camera_gateway.media.fragment_index import scan

if TYPE_CHECKING:
    from camera_gateway.footage.reader import Located, Reader
    from camera_gateway.media.fragment_index import FragmentIndex

AHEAD_BYTES = 8_192
"""One read takes in the headers of a fragment: 40 bytes, and 16 for each of its pictures and frames of sound."""


class RangedSource:
    """A segment as a source of boxes: small reads where they are asked for, and a little ahead."""

    def __init__(self, reader: Reader, segment: Located, size: int) -> None:
        self._reader = reader
        self._segment = segment
        self._size = size
        self._at = 0
        self._held = b""

    @property
    def size(self) -> int:
        """Length in bytes, as sealed."""
        return self._size

    def read_at(self, offset: int, count: int) -> bytes:
        """Return up to `count` bytes from `offset`. Raises what `Reader.chunks` does."""
        if not self._at <= offset <= offset + count <= self._at + len(self._held):
            wanted = min(max(count, AHEAD_BYTES), self._size - offset)
            self._held = read_range(self._reader, self._segment, offset, wanted) if wanted > 0 else b""
            self._at = offset
        start = offset - self._at
        return self._held[start : start + count]


def read_range(reader: Reader, segment: Located, start: int, length: int) -> bytes:
    """Return bytes `start` to `start + length` of a segment, fewer at its end. Raises what `Reader.chunks` does."""
    return b"".join(reader.chunks(segment, start, length))


def make_index(reader: Reader, segment: Located) -> FragmentIndex | None:
    """Return where the fragments of a segment lie; None when it is damaged or gone.

    Raises `Unavailable` when the store cannot be asked now.
    """
    path = reader.file_of(segment)
    try:
        if path is not None:
            try:
                with path.open("rb") as file:
                    return scan(file)
            except FileNotFoundError:
                pass  # released just now: the store has it
        return scan(RangedSource(reader, segment, segment.sidecar.size_bytes))
    except (BoxError, IntegrityFailed) as error:
        structlog.get_logger("footage").warning("no index", segment=segment.sidecar.segment, reason=str(error))
        return None
