"""Boxes of the ISO base media file format (ISO/IEC 14496-12 4.2): building them, and walking them.

Promises: a walk reads headers only, does bounded work on hostile bytes, and raises nothing but
`BoxError`. Works on bytes and on seekable files alike. Knows no box but as a container.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final, Protocol, runtime_checkable

MAX_DEPTH: Final = 12
MAX_BOXES: Final = 200_000
# What lies inside these is again boxes; stsd, dref and meta have fields before them.
CONTAINERS: Final = frozenset(
    {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"dinf", b"mvex", b"moof", b"traf", b"edts"}
)
_FIELDS_BEFORE: Final = {b"stsd": 8, b"dref": 8}
_HEADER: Final = struct.Struct(">I4s")
_LARGE: Final = struct.Struct(">Q")
_TO_END = 0
_LARGE_FOLLOWS = 1


class BoxError(ValueError):
    """Bytes that are not boxes, at byte `offset` of the source."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(f"{message} (at byte {offset})")
        self.offset = offset


@runtime_checkable
class Source(Protocol):
    """Bytes with a known length that can be read anywhere."""

    @property
    def size(self) -> int:
        """Length in bytes."""

    def read_at(self, offset: int, count: int) -> bytes:
        """Return up to `count` bytes from `offset`, fewer only at the end."""


class BytesSource:
    """A source in memory."""

    __slots__ = ("_view",)

    def __init__(self, data: bytes | bytearray | memoryview) -> None:
        self._view = memoryview(data).cast("B")

    @property
    def size(self) -> int:
        """Length in bytes."""
        return len(self._view)

    def read_at(self, offset: int, count: int) -> bytes:
        """Return up to `count` bytes from `offset`."""
        return bytes(self._view[offset : offset + count])


class FileSource:
    """A seekable binary file; its position is ours while we read. The caller closes it."""

    __slots__ = ("_file", "_size")

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = file.seek(0, 2)

    @property
    def size(self) -> int:
        """Length in bytes when the source was made."""
        return self._size

    def read_at(self, offset: int, count: int) -> bytes:
        """Return up to `count` bytes from `offset`."""
        self._file.seek(offset)
        return self._file.read(count)


Readable = bytes | bytearray | memoryview | BinaryIO | Source


@dataclass(frozen=True, slots=True)
class Box:
    """Where a box lies: `start` and `size` in bytes of the source, `header` bytes before its body."""

    kind: bytes
    start: int
    size: int
    header: int

    @property
    def body(self) -> int:
        """Offset of the first byte after the header."""
        return self.start + self.header

    @property
    def end(self) -> int:
        """Offset of the first byte after the box."""
        return self.start + self.size


def source_of(data: Readable) -> Source:
    """Return a source for bytes, an open file, or what already is one."""
    if isinstance(data, bytes | bytearray | memoryview):
        return BytesSource(data)
    if isinstance(data, Source):
        return data
    return FileSource(data)


def walk(data: Readable, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """Yield the boxes that follow each other between two offsets, without entering them.

    Raises:
        BoxError: a header is cut short, a size is impossible or reaches beyond `end`, or there are
            more than `MAX_BOXES`. Boxes before the fault have been yielded.

    """
    source = source_of(data)
    stop = source.size if end is None else end
    if not 0 <= start <= stop <= source.size:
        raise BoxError("a range outside the data", start)
    count = 0
    while start < stop:
        count += 1
        if count > MAX_BOXES:
            raise BoxError(f"more than {MAX_BOXES} boxes in a row", start)
        box = _read_header(source, start, stop)
        yield box
        start = box.end


def children(data: Readable, box: Box) -> Iterator[Box]:
    """Yield the boxes inside a container, passing over the fields of stsd and dref."""
    yield from walk(data, box.body + min(_FIELDS_BEFORE.get(box.kind, 0), box.size - box.header), box.end)


def find(data: Readable, *path: bytes, within: Box | None = None) -> Box | None:
    """Return the first box at a path such as `b"moov", b"trak", b"tkhd"`, or None.

    Raises:
        BoxError: as `walk`, on the levels that had to be looked at.

    """
    found = within
    source = source_of(data)
    for kind in path:
        level = walk(source) if found is None else children(source, found)
        found = next((box for box in level if box.kind == kind), None)
        if found is None:
            return None
    return found


def tree(data: Readable) -> Iterator[tuple[int, Box]]:
    """Yield (depth, box) for every box, containers entered, in file order.

    Raises:
        BoxError: as `walk`; or nested deeper than `MAX_DEPTH`, or more than `MAX_BOXES` in all.

    """
    source = source_of(data)
    levels = [walk(source)]
    count = 0
    while levels:
        box = next(levels[-1], None)
        if box is None:
            levels.pop()
            continue
        count += 1
        if count > MAX_BOXES:
            raise BoxError(f"more than {MAX_BOXES} boxes", box.start)
        yield len(levels) - 1, box
        if box.kind in CONTAINERS or box.kind in _FIELDS_BEFORE:
            if len(levels) >= MAX_DEPTH:
                raise BoxError(f"boxes nested deeper than {MAX_DEPTH}", box.start)
            levels.append(children(source, box))


def body_of(data: Readable, box: Box, limit: int = 1 << 24) -> bytes:
    """Return the bytes of a box after its header.

    Raises:
        BoxError: more than `limit` bytes, or the source has shrunk.

    """
    length = box.size - box.header
    if length > limit:
        raise BoxError(f"{box.kind!r} of {length} bytes where {limit} are allowed", box.start)
    read = source_of(data).read_at(box.body, length)
    if len(read) != length:
        raise BoxError(f"{box.kind!r} is cut short", box.start)
    return read


def box(kind: bytes, *parts: bytes) -> bytes:
    """Build a box with a 32-bit size."""
    body = b"".join(parts)
    return _HEADER.pack(8 + len(body), kind) + body


def full_box(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    """Build a box with version and flags (4.2.2)."""
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def _read_header(source: Source, start: int, stop: int) -> Box:
    head = source.read_at(start, min(16, stop - start))
    if len(head) < 8:  # noqa: PLR2004 - size and type
        raise BoxError("a box header is cut short", start)
    size, kind = _HEADER.unpack_from(head)
    header = 8
    if size == _LARGE_FOLLOWS:
        if len(head) < 16:  # noqa: PLR2004 - size, type, large size
            raise BoxError("a box header is cut short", start)
        (size,) = _LARGE.unpack_from(head, 8)
        header = 16
    elif size == _TO_END:
        # "to the end of the file" (4.2.2) is a gap in a torn file, and zeros look the same: only a
        # last media box at top level may say so.
        if kind != b"mdat" or stop != source.size:
            raise BoxError(f"box {kind!r} without a size", start)
        size = stop - start
    if size < header:
        raise BoxError(f"box {kind!r} of {size} bytes", start)
    if size > stop - start:
        raise BoxError(f"box {kind!r} of {size} bytes where {stop - start} are left", start)
    return Box(kind, start, size, header)
