"""One client's playing of one clip: which units are due, with their open fields filled in.

Pure arithmetic on instants that are handed in. Pictures follow the wall clock
(unit n of the endless repetition has its own instant since 1970); a session adds
only its own SSRC, first sequence number and first RTP time. No unit is left out
and none comes twice, at the loop's seam neither.
"""

from __future__ import annotations

import secrets
import struct
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fakecam.wallclock import NS_PER_S, ntp64

if TYPE_CHECKING:
    from fakecam.layout import Track, Unit
    from fakecam.settings import CameraSettings

FIRST_REPORT_NS = 300_000_000
REPORT_EVERY_NS = 5 * NS_PER_S
_OPEN_FIELDS = struct.Struct(">HII")
_REPORT = struct.Struct(">BBHBBHIQIII")
_WRAP_IN_S = 3
_WRAP_IN_PACKETS = 100


@dataclass(frozen=True, slots=True)
class Made:
    """A unit in the byte stream: where it ends there, which it is, its RTP time unwrapped."""

    end: int
    track: int
    index: int
    unit: Unit
    rtp: int


class Cursor:
    """Where one track of a session is."""

    __slots__ = (
        "channel",
        "due_ns",
        "index",
        "loop",
        "loop_ns",
        "octets",
        "packets",
        "seq",
        "shift",
        "ssrc",
        "track",
        "units_seen",
    )

    def __init__(self, track: Track, channel: int, *, near_wrap: bool) -> None:
        self.track = track
        self.channel = channel
        self.ssrc = secrets.randbits(32)
        self.seq = 0x10000 - _WRAP_IN_PACKETS if near_wrap else secrets.randbits(16)
        clock_hz = track.source.clock_hz
        #: first RTP time until `begin` was called, then what is added to ticks since 1970
        self.shift = (1 << 32) - _WRAP_IN_S * clock_hz if near_wrap else secrets.randbits(32)
        self.packets = self.octets = self.units_seen = 0
        self.loop = self.index = self.loop_ns = self.due_ns = 0

    def begin(self, loop: int, index: int) -> None:
        """Set the first unit."""
        self.loop, self.index = loop, index
        self.shift -= loop * self.track.source.period + self.track.units[index].pts
        self._aim()

    @property
    def next_rtp(self) -> int:
        """RTP time of the next unit, as it stands in a packet."""
        pts = self.track.units[self.index].pts
        return (self.loop * self.track.source.period + pts + self.shift) & 0xFFFF_FFFF

    def rtp_at(self, utc_ns: int) -> int:
        """RTP time, as it stands in a packet, of what is captured at an instant."""
        return (utc_ns * self.track.source.clock_hz // NS_PER_S + self.shift) & 0xFFFF_FFFF

    def _aim(self) -> None:
        self.loop_ns = self.track.loop_start_ns(self.loop)
        self.due_ns = self.loop_ns + self.track.units[self.index].send_ns

    def make(self, now_ns: int, out: bytearray, made: list[Made], base: int, lose: int) -> None:
        """Append every due unit to `out`, which begins at `base` of the byte stream."""
        units = self.track.units
        period = self.track.source.period
        pack, seq, ssrc = _OPEN_FIELDS.pack_into, self.seq, self.ssrc
        relabel = self.channel != self.track.number * 2
        while self.due_ns <= now_ns:
            index = self.index
            unit = units[index]
            rtp = self.loop * period + unit.pts + self.shift
            self.units_seen += 1
            if lose and self.units_seen % lose == 0:
                seq = (seq + len(unit.offsets)) & 0xFFFF
            else:
                start, stamp = len(out), rtp & 0xFFFF_FFFF
                out += unit.frames
                for offset in unit.offsets:
                    pack(out, start + offset, seq, stamp, ssrc)
                    seq = (seq + 1) & 0xFFFF
                if relabel:
                    for offset in unit.offsets:
                        out[start + offset - 5] = self.channel
                self.packets += len(unit.offsets)
                self.octets += unit.payload_bytes
                made.append(Made(base + len(out), self.track.number, index, unit, rtp))
            if index + 1 < len(units):
                self.index = index + 1
                self.due_ns = self.loop_ns + units[self.index].send_ns
            else:
                self.loop, self.index = self.loop + 1, 0
                self._aim()
        self.seq = seq

    def report(self, now_ns: int, offset_ns: int) -> bytes:
        """Make a sender report with CNAME (RFC 3550, 6.4.1 and 6.5) as one interleaved frame."""
        cname = b"fakecam"
        item = bytes((1, len(cname))) + cname
        item += bytes(4 - len(item) % 4)  # the list ends with at least one null octet
        ntp, rtp = ntp64(now_ns + offset_ns), self.rtp_at(now_ns)
        counts = self.packets & 0xFFFF_FFFF, self.octets & 0xFFFF_FFFF
        size = 28 + 8 + len(item)
        head = _REPORT.pack(0x24, self.channel + 1, size, 0x80, 200, 6, self.ssrc, ntp, rtp, *counts)
        return head + struct.pack(">BBHI", 0x81, 202, 1 + len(item) // 4, self.ssrc) + item


class Player:
    """The tracks of one session, from PLAY on."""

    __slots__ = ("_camera", "_cursors", "_lose", "_offset_ns", "_report_ns")

    def __init__(self, camera: CameraSettings, cursors: list[Cursor], now_ns: int) -> None:
        self._camera = camera
        self._cursors = sorted(cursors, key=lambda c: c.track.number)
        self._offset_ns = round(camera.clock_offset_s * NS_PER_S)
        self._report_ns = now_ns + FIRST_REPORT_NS
        self._lose = camera.faults.lose_every or 0
        captured_ns = now_ns
        for cursor in self._cursors:
            if cursor.track.kind == "video":
                captured_ns = _begin_at_keyframe(cursor, now_ns, latest=camera.burst)
            else:
                _begin_at_capture(cursor, captured_ns)

    @property
    def cursors(self) -> list[Cursor]:
        """Video first."""
        return self._cursors

    def make(self, now_ns: int, made: list[Made], base: int) -> bytearray:
        """Bytes that are due now; `base` is how many the connection has sent before."""
        out = bytearray()
        for cursor in self._cursors:
            if cursor.due_ns <= now_ns:
                lose = self._lose if cursor.track.kind == "video" else 0
                cursor.make(now_ns, out, made, base, lose)
        if now_ns >= self._report_ns and self._camera.sender_reports:
            self._report_ns += REPORT_EVERY_NS
            for cursor in self._cursors:
                out += cursor.report(now_ns, self._offset_ns)
        return out


def _begin_at_keyframe(cursor: Cursor, now_ns: int, *, latest: bool) -> int:
    """At the next keyframe, or at the latest one (the burst that servers send); its capture time."""
    track = cursor.track
    loop = track.loop_at(now_ns)
    keys = [
        (track.loop_start_ns(n) + track.units[k].send_ns, n, k) for n in (loop - 1, loop, loop + 1) for k in track.keys
    ]
    if latest:
        _, loop, index = max(key for key in keys if key[0] <= now_ns)
    else:
        _, loop, index = min(key for key in keys if key[0] > now_ns)
    cursor.begin(loop, index)
    return track.loop_start_ns(loop) + track.units[index].pts * NS_PER_S // track.source.clock_hz


def _begin_at_capture(cursor: Cursor, captured_ns: int) -> None:
    """At the first unit that was captured no earlier."""
    track = cursor.track
    loop = track.loop_at(captured_ns)
    since = captured_ns - track.loop_start_ns(loop)
    ticks = -(-since * track.source.clock_hz // NS_PER_S)
    index = bisect_left(track.units, ticks, key=lambda unit: unit.pts)
    if index == len(track.units):
        loop, index = loop + 1, 0
    cursor.begin(loop, index)
