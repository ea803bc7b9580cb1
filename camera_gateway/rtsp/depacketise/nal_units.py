"""Assembling NAL units into access units: what H.264 and H.265 have in common. Pure.

A unit ends when the RTP time changes, whatever the marker bits say: cameras mark an SEI of its own
(moonfire-nvr#352) or mark nothing. A NAL unit that misses a fragment is left out whole, never spliced.
The attributes are plain, because the receiver's inner loop appends fragments to them directly.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from camera_gateway.rtsp.access_unit import MAX_NAL_BYTES, MAX_UNIT_BYTES, MAX_UNIT_PIECES, AccessUnit
from camera_gateway.rtsp.depacketise.signatures import carries_signature
from camera_gateway.rtsp.errors import StreamLimitExceeded

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


class NalAssembler(ABC):
    """One video track's access unit in the making."""

    __slots__ = (
        "_marks",
        "_parameter_sets",
        "_size",
        "_skipping",
        "_started",
        "arrival_us",
        "damaged",
        "dropped",
        "epoch",
        "fragment_end",
        "fragment_middle",
        "ignored",
        "keyframe",
        "marked",
        "open_at",
        "open_size",
        "opening",
        "pieces",
        "rtp_time",
        "signed",
        "track",
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
        self._size = 0
        self.open_at = -1
        self.open_size = 0
        self.opening = NOT_OPEN
        # the first `fragment_prefix` bytes of the open NAL unit's next fragment, as a number; -1 when none is open
        self.fragment_middle = self.fragment_end = -1
        self.arrival_us = 0
        self._begin(0, False)  # noqa: FBT003 - not damaged
        self._started = False

    def push(
        self, payload: bytes, rtp_time: int, arrival_us: int, *, marker: bool, lost: bool, out: list[AccessUnit]
    ) -> None:
        """Take the payload of the next packet; `lost` says that packets are missing before it."""
        if lost:
            self._drop_open()
        if rtp_time != self.rtp_time or not self._started:
            if lost and not self.marked:
                self.damaged = True
            self._next(rtp_time, lost, out)
        elif lost:
            self.damaged = True
        self.arrival_us = arrival_us
        self.marked = marker
        if payload:
            self._take(payload)

    def begin(
        self, opening: Opening, data: Sequence[bytes], size: int, rtp_time: int, arrival_us: int, out: list[AccessUnit]
    ) -> None:
        """Do as `push` does with the first fragments, none of them marked: their data, `size` bytes in all."""
        if rtp_time != self.rtp_time or not self._started:
            self._next(rtp_time, False, out)  # noqa: FBT003 - not damaged
        self.arrival_us = arrival_us
        self.marked = False
        self._start_fragments(opening, data, size)

    def take_fragments(
        self,
        opening: Opening,
        nal: tuple[bytes | memoryview, ...],
        size: int,
        rtp_time: int,
        arrival_us: int,
        marked: bool,  # noqa: FBT001 - by position: keywords cost
        out: list[AccessUnit],
    ) -> None:
        """Do as `push` does with all fragments of a NAL unit that is no SEI: header and data, `size` bytes in all."""
        if rtp_time != self.rtp_time or not self._started:
            self._next(rtp_time, False, out)  # noqa: FBT003 - not damaged
        elif self.open_at >= 0:
            self._drop_open()
        if size > MAX_NAL_BYTES:
            raise StreamLimitExceeded(f"NAL unit over {MAX_NAL_BYTES} bytes")
        self._skipping = False
        self.arrival_us = arrival_us
        self.marked = marked
        # joined while they are in the caches, and their memory then serves the next ones
        self.pieces.append(b"".join((LENGTH.pack(size), *nal)))
        self._size += size + 4
        if opening.key:
            self.keyframe = True

    def go_on(self, data: Sequence[bytes], size: int, arrival_us: int) -> None:
        """Do as `push` does with more fragments, neither last nor marked: their data, `size` bytes in all."""
        self.arrival_us = arrival_us
        self.marked = False
        self.pieces += data
        self.open_size += size

    def finish(self, data: bytes, arrival_us: int, marked: bool) -> None:  # noqa: FBT001 - by position: keywords cost
        """Do as `push` does with the last fragment of the open NAL unit, of which this is the data."""
        self.arrival_us = arrival_us
        self.marked = marked
        self.pieces.append(data)
        self.open_size += len(data)
        self.end_fragments()

    def flush(self, out: list[AccessUnit]) -> None:
        """Complete the unit in the making because the stream ends or starts anew here.

        Where the camera marks the ends of its units, a unit without its mark is damaged.
        """
        if self._marks and not self.marked:
            self.damaged = True
        self._complete(out)
        self._started = False

    def _next(self, rtp_time: int, damaged: bool, out: list[AccessUnit]) -> None:  # noqa: FBT001 - by position: keywords cost
        """Complete the unit in the making and begin the one of `rtp_time`."""
        self._marks = self._marks or self.marked
        self._complete(out)
        self._begin(rtp_time, damaged)

    def _complete(self, out: list[AccessUnit]) -> None:
        if self.open_at >= 0:
            self._drop_open()
        self._skipping = False
        if self._started and self.pieces:
            if self._size > MAX_UNIT_BYTES:
                raise StreamLimitExceeded(f"access unit over {MAX_UNIT_BYTES} bytes")
            sets = self._parameter_sets
            out.append(
                AccessUnit(
                    self.track,
                    self.rtp_time,
                    self.arrival_us,
                    self.pieces,
                    self._size,
                    self.keyframe,
                    self.damaged,
                    tuple(sets) if sets else None,
                    0,
                    self.epoch,
                    self.signed,
                )
            )

    def check_limits(self) -> None:
        """Raise StreamLimitExceeded when what is held passed a limit (called once per read)."""
        if self.open_size > MAX_NAL_BYTES and self.open_at >= 0:
            raise StreamLimitExceeded(f"NAL unit over {MAX_NAL_BYTES} bytes")
        if self._size + self.open_size > MAX_UNIT_BYTES:
            raise StreamLimitExceeded(f"access unit over {MAX_UNIT_BYTES} bytes")
        if len(self.pieces) > MAX_UNIT_PIECES:
            raise StreamLimitExceeded(f"access unit of more than {MAX_UNIT_PIECES} pieces")

    def end_fragments(self) -> None:
        """Close the NAL unit that came in fragments: its length and header go before its data."""
        header, _, _, key, parameter_set, sei = self.opening
        at = self.open_at
        size = self.open_size + len(header)
        self.fragment_middle = self.fragment_end = self.open_at = -1
        self.open_size = 0
        if size > MAX_NAL_BYTES:
            raise StreamLimitExceeded(f"NAL unit over {MAX_NAL_BYTES} bytes")
        if parameter_set or sei:
            nal = b"".join((header, *self.pieces[at + 1 :]))
            del self.pieces[at:]
            self._whole(nal)
            return
        self.pieces[at] = LENGTH.pack(size) + header
        self._size += size + 4
        if key:
            self.keyframe = True

    def _begin(self, rtp_time: int, damaged: bool) -> None:  # noqa: FBT001 - by position: keywords cost
        self._started = True
        self.rtp_time = rtp_time
        self.damaged = damaged
        self.keyframe = self.signed = False
        self.pieces: list[bytes] = []
        self._parameter_sets: list[bytes] = []
        self._size = 0

    def _whole(self, nal: bytes) -> None:
        """Append one complete NAL unit."""
        self._drop_open()
        self._skipping = False
        if self._is_parameter_set(nal):
            if _START_CODE in nal:
                self._glued(nal)
                return
            self._parameter_sets.append(nal)
        elif self._is_key(nal):
            self.keyframe = True
        elif self._is_sei(nal) and not self.signed:
            self.signed = carries_signature(nal, self.nal_header_bytes)
        self.pieces.append(LENGTH.pack(len(nal)))
        self.pieces.append(nal)
        self._size += len(nal) + 4

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
        pieces = self.pieces
        self.open_at = len(pieces)
        self.open_size = size
        self.opening = opening
        pieces.append(b"")
        pieces += data
        self.fragment_middle, self.fragment_end = opening.middle, opening.end

    def _more_fragments(self, data: bytes) -> None:
        self.pieces.append(data)
        self.open_size += len(data)

    def _orphan(self, *, ends: bool) -> None:
        """Leave out a fragment whose NAL unit has no beginning; count that NAL unit once."""
        self._drop_open()
        if not self._skipping:
            self.dropped += 1
            self.damaged = True
        self._skipping = not ends

    def _drop_open(self) -> None:
        if self.open_at >= 0:
            del self.pieces[self.open_at :]
            self.open_at = self.fragment_middle = self.fragment_end = -1
            self.open_size = 0
            self.dropped += 1
            self.damaged = True
            self._skipping = True

    def _truncated(self) -> None:
        """Note an aggregate whose inner lengths pass its end: what it held beyond is lost."""
        self.dropped += 1
        self.damaged = True

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
