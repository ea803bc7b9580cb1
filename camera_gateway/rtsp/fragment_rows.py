"""Fragments of one NAL unit that follow each other in a read, taken together. Pure.

Nine packets of ten are such: equal headers, equal sizes, numbers that count up. A pattern says how many there are, and
whether the last fragment, of another size, is behind them; one `unpack_from` copies their data; no line of Python runs
per packet. What is not exactly so ends the row, and is then looked at by itself.
"""

from __future__ import annotations

import re
from functools import lru_cache
from struct import Struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from camera_gateway.rtsp.depacketise.nal_units import Opening

LONGEST = 128
"""Packets taken at a stretch: what is looked at and then not taken is looked at again, and that must have a bound."""
KEPT_ROWS = 256
"""Layouts kept in a process, for all cameras together: one that divides its NAL units evenly has some dozen."""
_KEPT_STRUCTS = 512
_LOW_BYTES = bytes(range(256))


class Rows:
    """Rows of one size on one track: what their packets begin with, and where the data is."""

    __slots__ = ("_longest", "_match", "_unpack", "data_bytes", "header_bytes", "lead", "opening", "stride")

    def __init__(
        self, frame: int, size: int, flags: int, opening: Opening | None, first: bytes, middle: bytes, last: bytes
    ) -> None:
        """RTP packets of `size` bytes behind interleaved frames that begin with `frame`, RTP headers with `flags`.

        `first`, `middle` and `last` are the bytes before the data of the row's first fragment, of the others, and of
        the NAL unit's last one. `opening` is what the first one says of its NAL unit; None: it is not the first.
        """
        self.opening = opening
        self.header_bytes = 0 if opening is None else len(opening.header)
        """Of the NAL unit's header, which is in no fragment's data."""
        self.stride = size + 4
        """From one packet to the next, bytes."""
        self.lead = 16 + len(first)
        """Bytes of a packet before its data."""
        self.data_bytes = self.stride - self.lead
        self._longest = LONGEST * self.stride + self.lead
        self._unpack: list[Callable[[memoryview, int], tuple[bytes, ...]] | None] = [None] * (LONGEST + 1)
        channel, kind = re.escape(frame.to_bytes(2)), flags.to_bytes(2)
        head = channel + re.escape(size.to_bytes(2) + kind)
        marked = re.escape((flags | 0x80).to_bytes(2))
        # head, sequence number (high byte the same, low byte looked at later), time and SSRC the same, data; of the
        # last one, marked or not, only what is before the data: its size is in the head
        pattern = rb"%b(.).(.{8})%b.{%d}+(?:%b\1.\2%b.{%d}+)*+(?:(%b)..(?:%b|%b)\1.\2%b)?+" % (
            *(head, re.escape(first), self.data_bytes),
            *(head, re.escape(middle), self.data_bytes),
            *(channel, re.escape(kind), marked, re.escape(last)),
        )
        self._match = re.compile(pattern, re.DOTALL).match

    def take(self, view: memoryview, at: int, end: int, low: int) -> tuple[tuple[bytes, ...], int]:
        """Return the data of the fragments of the row at `at`, whose first packet is there whole, and what is behind.

        That is the offset of the last fragment of the NAL unit, of which at least what is before the data is there,
        or -1. `low` is the low byte of the first sequence number; a row ends where that wraps, so the high byte stays
        the same.
        """
        stride = self.stride
        limit = at + self._longest if low < 256 - LONGEST else at + (256 - low) * stride + self.lead
        found = self._match(view, at, min(limit, end))
        if found is None:
            count, last = 1, -1
        else:
            last = found.start(3)
            if last < 0:
                stop = found.end()
                count = packets = (stop - at) // stride
            else:
                stop = last + 8
                count = (last - at) // stride
                packets = count + 1
            lows = view[at + 7 : stop : stride].tobytes()
            if lows != _LOW_BYTES[low : low + packets]:
                count = min(count, next(n for n, number in enumerate(lows) if low + n != number))
                last = -1
        unpack = self._unpack[count] or self._unpack_of(count)
        return unpack(view, at), last

    def _unpack_of(self, count: int) -> Callable[[memoryview, int], tuple[bytes, ...]]:
        made = self._unpack[count] = _struct_of(self.lead, self.data_bytes, count).unpack_from
        return made


@lru_cache(_KEPT_STRUCTS)
def _struct_of(lead: int, data_bytes: int, count: int) -> Struct:
    return Struct(f"{lead}x{data_bytes}s" * count)


@lru_cache(KEPT_ROWS)
def rows_of(
    frame: int, size: int, flags: int, opening: Opening | None, first: bytes, middle: bytes, last: bytes
) -> Rows:
    """Return the rows of this kind, the same for all cameras."""
    return Rows(frame, size, flags, opening, first, middle, last)
