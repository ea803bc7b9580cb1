"""What was made a moment ago, up to a number of bytes: the least used goes first.

Promises nothing about rights: who asks has been asked for them before anything is looked up here (invariant Z3), and
keys name the segment. For any thread.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

T = TypeVar("T")


class Remembered(Generic[T]):
    """Values by key, together at most `limit_bytes` by `size`."""

    def __init__(self, limit_bytes: int, size: Callable[[T], int]) -> None:
        self._limit_bytes = limit_bytes
        self._size = size
        self._lock = threading.Lock()
        self._held: OrderedDict[Hashable, T] = OrderedDict()
        self._bytes = 0

    def get(self, key: Hashable) -> T | None:
        """Return what is remembered."""
        with self._lock:
            found = self._held.get(key)
            if found is not None:
                self._held.move_to_end(key)
            return found

    def put(self, key: Hashable, value: T) -> None:
        """Remember, and forget what has not been asked for the longest."""
        with self._lock:
            before = self._held.pop(key, None)
            if before is not None:
                self._bytes -= self._size(before)
            self._held[key] = value
            self._bytes += self._size(value)
            while self._bytes > self._limit_bytes:
                _, dropped = self._held.popitem(last=False)
                self._bytes -= self._size(dropped)

    def forget(self) -> None:
        """Forget everything."""
        with self._lock:
            self._held.clear()
            self._bytes = 0
