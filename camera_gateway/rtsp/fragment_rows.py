"""Fragments of one NAL unit that follow each other in a read, taken together. Pure.

Nine packets of ten are such: equal headers, equal sizes, numbers that count up. A pattern says how many there are and
one `unpack_from` copies their data; no line of Python runs per packet. What is not exactly so ends the row, and is then
looked at by itself.
"""

from __future__ import annotations

import re
from functools import lru_cache
from struct import Struct

LONGEST = 128
"""Packets taken at a stretch: what is looked at and then not taken is looked at again, and that must have a bound."""
KEPT_ROWS = 256
"""Layouts kept in a process, for all cameras together: one that divides its NAL units evenly has some dozen."""
_KEPT_STRUCTS = 512
_LOW_BYTES = bytes(range(256))


class Rows:
    """Rows of one size on one track: what their packets begin with, and where the data is."""

    __slots__ = ("_pattern", "_stride", "data_bytes", "lead")

    def __init__(self, frame: int, size: int, flags: int, first: bytes, middle: bytes) -> None:
        """RTP packets of `size` bytes behind interleaved frames that begin with `frame`, RTP headers with `flags`.

        `first` and `middle` are the bytes before the data of the row's first fragment and of the others.
        """
        self._stride = size + 4
        self.lead = 16 + len(first)
        """Bytes of a packet before its data."""
        self.data_bytes = self._stride - self.lead
        head = re.escape(frame.to_bytes(2) + size.to_bytes(2) + flags.to_bytes(2))
        # head, sequence number (high byte the same, low byte looked at later), time and SSRC the same, data
        pattern = rb"%b(.).(.{8})%b.{%d}+(?:%b\1.\2%b.{%d}+)*+" % (
            *(head, re.escape(first), self.data_bytes),
            *(head, re.escape(middle), self.data_bytes),
        )
        self._pattern = re.compile(pattern, re.DOTALL)

    def take(self, view: memoryview, at: int, end: int, low: int) -> tuple[bytes, ...]:
        """Return the data of the fragments of the row at `at`, whose first packet is there whole.

        `low` is the low byte of its sequence number; a row ends where that wraps, so the high byte stays the same.
        """
        stride = self._stride
        found = self._pattern.match(view, at, min(end, at + min(LONGEST, 256 - low) * stride))
        if found is None:
            count = 1
        else:
            stop = found.end()
            count = (stop - at) // stride
            lows = view[at + 7 : stop : stride].tobytes()
            if lows != _LOW_BYTES[low : low + count]:
                count = next(n for n, number in enumerate(lows) if number != low + n)
        return _struct_of(self.lead, self.data_bytes, count).unpack_from(view, at)


@lru_cache(_KEPT_STRUCTS)
def _struct_of(lead: int, data_bytes: int, count: int) -> Struct:
    return Struct(f"{lead}x{data_bytes}s" * count)


@lru_cache(KEPT_ROWS)
def rows_of(frame: int, size: int, flags: int, first: bytes, middle: bytes) -> Rows:
    """Return the rows of this kind, the same for all cameras."""
    return Rows(frame, size, flags, first, middle)
