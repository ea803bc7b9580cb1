"""Assembling NAL units into access units: what H.264 and H.265 have in common. Pure.

A unit ends when the RTP time changes, whatever the marker bits say: cameras mark an SEI of its own
(moonfire-nvr#352) or mark nothing. A NAL unit that misses a fragment is left out whole, never spliced.
The unit in the making is the one that is handed out: nothing of it is copied when it is complete.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from camera_gateway.rtsp.access_unit import MAX_NAL_BYTES, MAX_UNIT_BYTES, MAX_UNIT_PIECES, AccessUnit
from camera_gateway.rtsp.depacketise.signatures import carries_signature
from camera_gateway.rtsp.errors import StreamLimitExceeded
from camera_gateway.rtsp.rtp import NEVER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

LENGTH = Struct(">I")
_START_CODE = b"\x00\x00\x01"


class Opening(NamedTuple):
    """What the first fragment of a NAL unit says of it."""

    header: bytes
    """Of the NAL unit."""
    middle: int
    """What the fragments behind it begin with, up to their data, as a number."""
    end: int
    """What its last fragment begins with."""
    key: bool
    parameter_set: bool
    sei: bool


NOT_OPEN = Opening(b"", -1, -1, False, False, False)  # noqa: FBT003 - no NAL unit
FEW_PIECES = 2
"""A unit of more pieces is joined when it is complete: they are in the caches still, and their memory then serves the
next ones. A NAL unit taken whole is one piece, a packet of another one."""


class NalAssembler(ABC):
    """One video track's access unit in the making."""

    __slots__ = (
        "_marks",
        "_parameter_sets",
        "_skipping",
        "dropped",
        "epoch",
        "fragment_end",
        "fragment_middle",
        "ignored",
        "marked",
        "open_at",
        "open_size",
        "opening",
        "track",
        "unit",
    )

    nal_header_bytes: int
    fragment_prefix: int
    """Bytes before a fragment's data: 2 in H.264, 3 in H.265."""
    wide: bool
    """Whether that is 3."""
    openings: Mapping[int, Opening]
    """What the first `fragment_prefix` bytes of a payload, as a number, say when they are those of a first fragment
    of a NAL unit that goes on, is no parameter set, and has nothing else before its data."""

    def __init__(self, track: int) -> None:
        self.track = track
        self.dropped = 0
        """NAL units left out whole because of loss."""
        self.ignored = 0
        """Packets of a type that carries nothing for us."""
        self.epoch = 0
        self.marked = False
        self._marks = False
        self._skipping = False
        self._parameter_sets: list[bytes] = []
        self.open_at = -1
        self.open_size = 0
        self.opening = NOT_OPEN
        # the first `fragment_prefix` bytes of the open NAL unit's next fragment, as a number; -1 when none is open
        self.fragment_middle = self.fragment_end = -1
        self.unit = self._begin(NEVER, False)  # noqa: FBT003 - not damaged
        """In the making; before the first packet one of no time."""

    def push(
        self, payload: bytes, rtp_time: int, arrival_us: int, *, marker: bool, lost: bool, out: list[AccessUnit]
    ) -> None:
        """Take the payload of the next packet; `lost` says that packets are missing before it."""
        if lost:
            self._drop_open()
        unit = self.unit
        if rtp_time != unit.rtp_time:
            if lost and not self.marked:
                unit.damaged = True
            unit = self._next(rtp_time, lost, out)
        elif lost:
            unit.damaged = True
        unit.arrival_us = arrival_us
        self.marked = marker
        if payload:
            self._take(payload)

    def begin(
        self, opening: Opening, data: Sequence[bytes], size: int, rtp_time: int, arrival_us: int, out: list[AccessUnit]
    ) -> None:
        """Do as `push` does with the first fragments, none of them marked: their data, `size` bytes in all."""
        unit = self.unit
        if rtp_time != unit.rtp_time:
            unit = self._next(rtp_time, False, out)  # noqa: FBT003 - not damaged
        unit.arrival_us = arrival_us
        self.marked = False
        self._start_fragments(opening, data, size)

    def take_fragments(
        self,
        opening: Opening,
        data: Sequence[bytes],
        rest: memoryview,
        size: int,
        rtp_time: int,
        arrival_us: int,
        marked: bool,  # noqa: FBT001 - by position: keywords cost
        out: list[AccessUnit],
    ) -> None:
        """Do as `push` does with all fragments of a NAL unit that is no SEI: `data`, the last one's `rest`.

        `size` is that of the NAL unit, its header included.
        """
        unit = self.unit
        if rtp_time != unit.rtp_time:
            unit = self._next(rtp_time, False, out)  # noqa: FBT003 - not damaged
        elif self.open_at >= 0:
            self._drop_open()
        if size > MAX_NAL_BYTES:
            raise StreamLimitExceeded(f"NAL unit over {MAX_NAL_BYTES} bytes")
        self._skipping = False
        unit.arrival_us = arrival_us
        self.marked = marked
        # joined while they are in the caches, and their memory then serves the next ones
        unit.pieces.append(b"".join((LENGTH.pack(size), opening.header, *data, rest)))
        unit.size += size + 4
        if opening.key:
            unit.keyframe = True

    def go_on(self, data: Sequence[bytes], size: int, arrival_us: int) -> None:
        """Do as `push` does with more fragments, neither last nor marked: their data, `size` bytes in all."""
        unit = self.unit
        unit.arrival_us = arrival_us
        self.marked = False
        unit.pieces += data
        self.open_size += size

    def finish(self, data: bytes, arrival_us: int, marked: bool) -> None:  # noqa: FBT001 - by position: keywords cost
        """Do as `push` does with the last fragment of the open NAL unit, of which this is the data."""
        unit = self.unit
        unit.arrival_us = arrival_us
        self.marked = marked
        unit.pieces.append(data)
        self.open_size += len(data)
        self.end_fragments()

    def flush(self, out: list[AccessUnit]) -> None:
        """Complete the unit in the making because the stream ends or starts anew here.

        Where the camera marks the ends of its units, a unit without its mark is damaged.
        """
        if self._marks and not self.marked:
            self.unit.damaged = True
        self._complete(out)
        self.unit = self._begin(NEVER, False)  # noqa: FBT003 - not damaged

    def _next(self, rtp_time: int, damaged: bool, out: list[AccessUnit]) -> AccessUnit:  # noqa: FBT001 - by position: keywords cost
        """Complete the unit in the making, begin the one of `rtp_time` and return it."""
        if self.marked:
            self._marks = True
        self._complete(out)
        self.unit = unit = self._begin(rtp_time, damaged)
        return unit

    def _complete(self, out: list[AccessUnit]) -> None:
        if self.open_at >= 0:
            self._drop_open()
        self._skipping = False
        unit = self.unit
        if self._parameter_sets:
            unit.parameter_sets, self._parameter_sets = tuple(self._parameter_sets), []
        if unit.pieces:
            if unit.size > MAX_UNIT_BYTES:
                raise StreamLimitExceeded(f"access unit over {MAX_UNIT_BYTES} bytes")
            if len(unit.pieces) > FEW_PIECES:
                unit.pieces = [b"".join(unit.pieces)]
            out.append(unit)

    def check_limits(self) -> None:
        """Raise StreamLimitExceeded when what is held passed a limit (called once per read)."""
        if self.open_size > MAX_NAL_BYTES and self.open_at >= 0:
            raise StreamLimitExceeded(f"NAL unit over {MAX_NAL_BYTES} bytes")
        unit = self.unit
        if unit.size + self.open_size > MAX_UNIT_BYTES:
            raise StreamLimitExceeded(f"access unit over {MAX_UNIT_BYTES} bytes")
        if len(unit.pieces) > MAX_UNIT_PIECES:
            raise StreamLimitExceeded(f"access unit of more than {MAX_UNIT_PIECES} pieces")

    def end_fragments(self) -> None:
        """Close the NAL unit that came in fragments: its length and header go before its data."""
        header, _, _, key, parameter_set, sei = self.opening
        unit, at = self.unit, self.open_at
        size = self.open_size + len(header)
        self.fragment_middle = self.fragment_end = self.open_at = -1
        self.open_size = 0
        if size > MAX_NAL_BYTES:
            raise StreamLimitExceeded(f"NAL unit over {MAX_NAL_BYTES} bytes")
        if parameter_set or sei:
            nal = b"".join((header, *unit.pieces[at + 1 :]))
            del unit.pieces[at:]
            self._whole(nal)
            return
        unit.pieces[at] = LENGTH.pack(size) + header
        unit.size += size + 4
        if key:
            unit.keyframe = True

    def _begin(self, rtp_time: int, damaged: bool) -> AccessUnit:  # noqa: FBT001 - by position: keywords cost
        return AccessUnit(self.track, rtp_time, 0, [], 0, False, damaged, None, 0, self.epoch)  # noqa: FBT003 - no keyframe yet

    def _whole(self, nal: bytes) -> None:
        """Append one complete NAL unit."""
        self._drop_open()
        self._skipping = False
        unit = self.unit
        if self._is_parameter_set(nal):
            if _START_CODE in nal:
                self._glued(nal)
                return
            self._parameter_sets.append(nal)
        elif self._is_key(nal):
            unit.keyframe = True
        elif self._is_sei(nal) and not unit.signed:
            unit.signed = carries_signature(nal, self.nal_header_bytes)
        unit.pieces.append(LENGTH.pack(len(nal)))
        unit.pieces.append(nal)
        unit.size += len(nal) + 4

    def _glued(self, nal: bytes) -> None:
        """Take apart parameter sets and slice that a camera sent as one NAL unit with start codes inside.

        Emulation prevention forbids the start code inside a NAL unit, so this cannot hit a healthy stream
        (quirk `annex-b-in-parameter-set`).
        """
        for part in nal.split(_START_CODE):
            single = part.rstrip(b"\x00")
            if single:
                self._whole(single)

    def _several(self, nals: Iterable[bytes]) -> None:
        for nal in nals:
            self._whole(nal)

    def _start_fragments(self, opening: Opening, data: Sequence[bytes], size: int) -> None:
        if self.open_at >= 0:
            self._drop_open()
        self._skipping = False
        pieces = self.unit.pieces
        self.open_at = len(pieces)
        self.open_size = size
        self.opening = opening
        pieces.append(b"")
        pieces += data
        self.fragment_middle, self.fragment_end = opening.middle, opening.end

    def _more_fragments(self, data: bytes) -> None:
        self.unit.pieces.append(data)
        self.open_size += len(data)

    def _orphan(self, *, ends: bool) -> None:
        """Leave out a fragment whose NAL unit has no beginning; count that NAL unit once."""
        self._drop_open()
        if not self._skipping:
            self.dropped += 1
            self.unit.damaged = True
        self._skipping = not ends

    def _drop_open(self) -> None:
        if self.open_at >= 0:
            unit = self.unit
            del unit.pieces[self.open_at :]
            self.open_at = self.fragment_middle = self.fragment_end = -1
            self.open_size = 0
            self.dropped += 1
            unit.damaged = True
            self._skipping = True

    def _truncated(self) -> None:
        """Note an aggregate whose inner lengths pass its end: what it held beyond is lost."""
        self.dropped += 1
        self.unit.damaged = True

    @abstractmethod
    def _take(self, payload: bytes) -> None:
        """Take apart one payload of at least one byte."""

    @abstractmethod
    def _is_key(self, nal: bytes) -> bool:
        """Whether a NAL unit that begins so makes the unit a keyframe."""

    @abstractmethod
    def _is_parameter_set(self, nal: bytes) -> bool:
        """Whether a NAL unit that begins so is a parameter set."""

    @abstractmethod
    def _is_sei(self, nal: bytes) -> bool:
        """Whether a NAL unit that begins so is supplemental enhancement information."""


def split_aggregate(payload: bytes, at: int, gap: int = 0) -> tuple[list[bytes], bool]:
    """Return the NAL units of an aggregate from offset `at` (16-bit lengths, `gap` bytes between), and "whole".

    Lengths of zero are skipped; a length that passes the end stops the walk with False.
    """
    nals: list[bytes] = []
    end = len(payload)
    while at + 2 <= end:
        size = payload[at] << 8 | payload[at + 1]
        at += 2
        if at + size > end:
            return nals, False
        if size:
            nals.append(payload[at : at + size])
        at += size + gap
    return nals, at == end or (gap > 0 and at == end + gap)
