"""The bytes of a segment on their way out: piece by piece, read on a thread, hashed as they pass.

Promises that memory does not grow with the segment, and that whoever wants the whole can know whether it was what was
sealed. Knows neither requests nor rights.
"""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Generator
from typing import TYPE_CHECKING

from camera_gateway.api.watching_service import SHORT_BYTES
from camera_gateway.footage.reader import IntegrityFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.domain.footage import Sidecar

PIECE_BYTES = 256 << 10


class Pieces:
    """The bytes of `source`, `length` in all, one piece after the other; a short source is read at once."""

    def __init__(self, gateway: Gateway, source: Iterator[bytes], length: int) -> None:
        self._gateway = gateway
        self._source: Iterator[bytes] = source if length > SHORT_BYTES else _at_once(source)
        self._left = memoryview(b"")
        self._turn = threading.Lock()
        self._hash = hashlib.sha256()

    def demand(self, sidecar: Sidecar) -> None:
        """Raise `IntegrityFailed` unless what has been given is the whole segment as it was sealed."""
        if self._hash.hexdigest() != sidecar.sha256:
            raise IntegrityFailed(sidecar.segment, "the SHA-256 is not the sealed one")

    async def next(self) -> bytes:
        """Return the next piece, nothing at the end. Raises what `Reader.chunks` does."""
        if not self._left:
            self._left = memoryview(await self._gateway.waiting(self._read))
        piece, self._left = bytes(self._left[:PIECE_BYTES]), self._left[PIECE_BYTES:]
        self._hash.update(piece)
        return piece

    async def close(self) -> None:
        """Let go of file or connection."""
        await asyncio.shield(self._gateway.waiting(self._close))

    def _read(self) -> bytes:
        with self._turn:
            return next(self._source, b"")

    def _close(self) -> None:
        with self._turn:  # a read may still be under way when the other side has gone
            if isinstance(self._source, Generator):
                self._source.close()


def _at_once(source: Iterator[bytes]) -> Iterator[bytes]:
    yield b"".join(source)
