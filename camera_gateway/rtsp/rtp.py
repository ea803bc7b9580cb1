"""RTP packets and the bookkeeping of one source (RFC 3550 sections 5.1, 6.4.1 and appendix A.1). Pure.

A `Source` follows one track: which SSRC counts, which sequence number comes next, what was lost, late or
sent twice, and the 32-bit time stamps unwrapped to 64 bits. It never looks into a payload.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import NamedTuple

MAX_DROPOUT = 3000
"""A forward jump of this many sequence numbers is a restart, not a loss (RFC 3550 appendix A.1)."""
MAX_MISORDER = 100
"""A packet this many numbers late is late; one that is later is taken for a restart."""

PLAIN = 0x8000
"""Version 2 and nothing else, in the first two bytes: no padding, extension, CSRC or marker; payload type below."""
MARKER = 0x80
"""The marker bit there."""

_FIXED = Struct(">BBHII")
_WRAP = 1 << 32
_HALF = 1 << 31


class Packet(NamedTuple):
    """Header fields of one packet; the payload is `data[payload_start:payload_end]`."""

    marker: bool
    payload_type: int
    sequence: int
    time32: int
    ssrc: int
    payload_start: int
    payload_end: int


def parse(data: bytes | bytearray | memoryview, start: int, end: int) -> Packet | None:
    """Read the header of the packet in `data[start:end]`; None when it is no valid RTP version 2 packet."""
    if end - start < _FIXED.size:
        return None
    first, second, sequence, time32, ssrc = _FIXED.unpack_from(data, start)
    if first >> 6 != 2:  # noqa: PLR2004 - the version of RFC 3550
        return None
    payload_start = start + _FIXED.size + 4 * (first & 15)
    if first & 0x10:
        if payload_start + 4 > end:
            return None
        words = data[payload_start + 2] << 8 | data[payload_start + 3]
        payload_start += 4 + 4 * words
    payload_end = end
    if first & 0x20 and payload_start < end:
        padding = data[end - 1]
        if padding == 0:
            return None
        payload_end -= padding
    if payload_start > payload_end:
        return None
    return Packet(
        second >= 0x80,  # noqa: PLR2004 - the marker is the top bit
        second & 0x7F,
        sequence,
        time32,
        ssrc,
        payload_start,
        payload_end,
    )


NEVER = -1 << 63
"""No time: unwrapped time stamps do not come near it."""


def signed_distance(later: int, earlier: int) -> int:
    """Return `later - earlier` of two 32-bit time stamps as the nearest signed number."""
    distance = (later - earlier) & (_WRAP - 1)
    return distance - _WRAP if distance >= _HALF else distance


@dataclass(frozen=True, slots=True)
class TrackStats:
    """Counters of one track since PLAY. `packets_foreign`: other SSRC or payload type, not used."""

    packets_received: int = 0
    packets_lost: int = 0
    packets_reordered: int = 0
    packets_duplicate: int = 0
    packets_foreign: int = 0
    packets_malformed: int = 0
    bytes: int = 0
    ssrc: int | None = None
    ssrc_changes: int = 0
    nal_dropped: int = 0


ACCEPTED, ACCEPTED_AFTER_LOSS, REFUSED, HELD, ACCEPTED_NEW_SSRC, ACCEPTED_RESTART = range(6)
"""What `Source.accept` says. HELD: keep a copy, and take it first if the next packet is ACCEPTED_NEW_SSRC or
ACCEPTED_RESTART."""


class Source:
    """The state of one track's packets. Plain attributes: the receiver's inner loop works on them."""

    __slots__ = (
        "_candidate_at",
        "_candidate_next",
        "_candidate_ssrc",
        "_missing",
        "announced_ssrc",
        "bytes",
        "duplicate",
        "expected",
        "foreign",
        "lost",
        "malformed",
        "malformed_at",
        "malformed_row",
        "received",
        "reordered",
        "ssrc",
        "ssrc_changes",
        "time",
        "time32",
    )

    def __init__(self, announced_ssrc: int | None = None) -> None:
        self.announced_ssrc = announced_ssrc
        self.ssrc = -1
        self.expected = -1
        self.time = 0
        self.time32 = -1
        self.received = self.lost = self.reordered = self.duplicate = 0
        self.foreign = self.malformed = self.malformed_at = self.malformed_row = self.bytes = self.ssrc_changes = 0
        self._missing: set[int] = set()
        self._candidate_ssrc = self._candidate_next = self._candidate_at = -1

    def accept(self, ssrc: int, sequence: int) -> int:  # noqa: PLR0911 - one return per verdict
        """Judge the next packet; one of the constants above.

        A packet of another SSRC, or far away in sequence, is believed when a second one follows it directly
        (RFC 3550 appendix A.1): a stale session that leaks into the connection must not take the track over.
        """
        if ssrc != self.ssrc:
            if self.ssrc < 0:
                return self._switch(ssrc, sequence, ACCEPTED)
            if ssrc == self.announced_ssrc:
                self.ssrc_changes += 1
                return self._switch(ssrc, sequence, ACCEPTED_NEW_SSRC)
            if self._confirms(ssrc, sequence):
                self.foreign -= 1
                self.received += 1
                self.ssrc_changes += 1
                return self._switch(ssrc, sequence, ACCEPTED_NEW_SSRC)
            self.foreign += 1
            return self._hold(ssrc, sequence)
        ahead = (sequence - self.expected) & 0xFFFF
        if ahead == 0:
            self.received += 1
            self.expected = (sequence + 1) & 0xFFFF
            return ACCEPTED
        if ahead < MAX_DROPOUT:
            self._lose(sequence, ahead)
            self.received += 1
            self.expected = (sequence + 1) & 0xFFFF
            return ACCEPTED_AFTER_LOSS
        if ahead >= 0x10000 - MAX_MISORDER:
            if sequence in self._missing:
                self._missing.discard(sequence)
                self.lost -= 1
                self.reordered += 1
            else:
                self.duplicate += 1
            return REFUSED
        if self._confirms(ssrc, sequence):
            self.foreign -= 1
            self.received += 1
            return self._switch(ssrc, sequence, ACCEPTED_RESTART)
        self.foreign += 1
        return self._hold(ssrc, sequence)

    def unwrap(self, time32: int) -> int:
        """Advance to a 32-bit time stamp and return it on the track's 64-bit scale (may step either way)."""
        step = time32 - self.time32
        if not 0 <= step < _HALF or self.time32 < 0:
            step = signed_distance(time32, self.time32) if self.time32 >= 0 else time32 - self.time
        self.time = time = self.time + step
        self.time32 = time32
        return time

    def on_scale(self, time32: int) -> int:
        """Return a time stamp (of a sender report) on the 64-bit scale without advancing it."""
        if self.time32 < 0:
            return self.unwrap(time32)
        return self.time + signed_distance(time32, self.time32)

    def stats(self, nal_dropped: int) -> TrackStats:
        """Return the counters as a value."""
        return TrackStats(
            self.received,
            self.lost,
            self.reordered,
            self.duplicate,
            self.foreign,
            self.malformed,
            self.bytes,
            self.ssrc if self.ssrc >= 0 else None,
            self.ssrc_changes,
            nal_dropped,
        )

    def _switch(self, ssrc: int, sequence: int, verdict: int) -> int:
        self.ssrc = ssrc
        self.expected = (sequence + 1) & 0xFFFF
        self.received += 1
        self._missing.clear()
        self._candidate_ssrc = -1
        return verdict

    def _hold(self, ssrc: int, sequence: int) -> int:
        self._candidate_ssrc = ssrc
        self._candidate_next = (sequence + 1) & 0xFFFF
        self._candidate_at = self.received
        return HELD

    def _confirms(self, ssrc: int, sequence: int) -> bool:
        return ssrc == self._candidate_ssrc and sequence == self._candidate_next and self._candidate_at == self.received

    def _lose(self, sequence: int, count: int) -> None:
        self.lost += count
        recent = range(max(1, count - MAX_MISORDER + 1), count + 1)
        self._missing = {number for number in self._missing if (sequence - number) & 0xFFFF < MAX_MISORDER}
        self._missing.update((self.expected + offset - 1) & 0xFFFF for offset in recent)
