"""Reading ahead: the next sources are fetched by threads while the first is used, in bounded memory and in order.

Promises the bytes of each source in its order, an error of a source where its bytes would have been, and that no
thread goes on once the reader has let go. Knows no store: a source is whatever yields bytes.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

READERS: Final = 2
"""Sources in hand at a time: two keep a store on the same network busy, and are fair to those who watch."""
AHEAD_BYTES: Final = 12 << 20
"""So much of each source waits in memory at the most, and one piece more."""
_NAP_S: Final = 0.1


class _Stopped(Exception):
    """The reader has let go."""


class _Pipe:
    """The pieces of one source on their way from its thread to the reader."""

    def __init__(self, stopped: threading.Event) -> None:
        self._pieces: queue.SimpleQueue[bytes | Exception | None] = queue.SimpleQueue()
        self._stopped = stopped
        self._room = threading.Condition()
        self._waiting_bytes = 0

    def put(self, piece: bytes) -> None:
        with self._room:
            while self._waiting_bytes >= AHEAD_BYTES:
                self._room.wait(_NAP_S)
                if self._stopped.is_set():
                    raise _Stopped
            self._waiting_bytes += len(piece)
        self._pieces.put(piece)

    def end(self, error: Exception | None) -> None:
        self._pieces.put(error)

    def pieces(self) -> Iterator[bytes]:
        while (piece := self._pieces.get()) is not None:
            if isinstance(piece, Exception):
                raise piece
            with self._room:
                self._waiting_bytes -= len(piece)
                self._room.notify()
            yield piece


@contextmanager
def read_ahead(sources: Sequence[Callable[[], Iterator[bytes]]]) -> Generator[Iterator[Iterator[bytes]]]:
    """Give an iterator over the pieces of each source; the pieces of one are read before the next is asked for."""
    stopped = threading.Event()

    def fill(source: Callable[[], Iterator[bytes]], pipe: _Pipe) -> None:
        error: Exception | None = None
        try:
            for piece in source():
                if stopped.is_set():
                    return
                pipe.put(piece)
        except _Stopped:
            return
        except Exception as caught:  # noqa: BLE001 - it belongs to the reader, and is raised there
            error = caught
        pipe.end(error)

    def in_order(threads: ThreadPoolExecutor) -> Iterator[Iterator[bytes]]:
        begun: deque[_Pipe] = deque()
        coming = iter(sources)
        while True:
            for source in islice(coming, READERS - len(begun)):
                begun.append(_Pipe(stopped))
                threads.submit(fill, source, begun[-1])
            if not begun:
                return
            yield begun.popleft().pieces()

    with ThreadPoolExecutor(READERS, "read-ahead") as threads:
        try:
            yield in_order(threads)
        finally:
            stopped.set()
