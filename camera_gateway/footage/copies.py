"""Copies of segments that were hashed a moment ago, in files of their own or inside a larger one, and reading them.

Promises what lies where it was said to lie; whoever made a copy has checked it. Knows files and offsets only.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from camera_gateway.footage.reader import Place


@dataclass(frozen=True, slots=True)
class Copy:
    """Where the bytes of a segment lie that were hashed and are the sealed ones: from `offset` of a file."""

    path: Path
    offset: int
    size: int
    place: Place


class Window:
    """A stretch of an open file as a source of boxes."""

    def __init__(self, fd: int, offset: int, size: int) -> None:
        self._fd = fd
        self._offset = offset
        self.size = size

    def read_at(self, offset: int, count: int) -> bytes:
        """Return up to `count` bytes from `offset` of the stretch."""
        return os.pread(self._fd, min(count, self.size - offset), self._offset + offset)


class CopyFiles:
    """Reads copies by the segment's id, with one file open at a time: pieces come in the order of segments."""

    def __init__(self, copies: Mapping[str, Copy]) -> None:
        self._copies = copies
        self._open: tuple[Path, int] | None = None
        self._held = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    def read(self, segment: str, offset: int, size: int) -> bytes:
        """Return `size` bytes from `offset` of a segment."""
        copy = self._copies[segment]
        if self._open is None or self._open[0] != copy.path:
            self._held.close()
            self._open = copy.path, self._held.enter_context(copy.path.open("rb", buffering=0)).fileno()
        return os.pread(self._open[1], size, copy.offset + offset)
