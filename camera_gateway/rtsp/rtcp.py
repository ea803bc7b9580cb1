"""RTCP as far as a recorder needs it: sender reports and BYE (RFC 3550 sections 6.1, 6.4.1, 6.6). Pure.

Receiver reports are not built: over TCP cameras do not need them. What cannot be read is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct

NTP_TO_UNIX_S = 2_208_988_800
NTP_ERA_S = 1 << 32

_HEAD = Struct(">BBH")
_REPORT = Struct(">IIIIII")
_SENDER_REPORT, _BYE = 200, 203
_VERSION = 2


@dataclass(frozen=True, slots=True)
class Report:
    """A sender report: this camera wall time (unix µs, None when the camera has none) is this RTP time."""

    ssrc: int
    ntp_us: int | None
    rtp_time32: int
    packets: int
    octets: int


@dataclass(frozen=True, slots=True)
class Bye:
    """The source says that it ends."""

    ssrcs: tuple[int, ...]


@dataclass(slots=True)
class SenderReport:
    """A report on a track's own scale. `ntp_us` unix µs of the camera's clock; `rtp_time` 64-bit units."""

    track: int
    ntp_us: int | None
    rtp_time: int
    arrival_us: int
    epoch: int = 0


def ntp_to_unix_us(seconds: int, fraction: int) -> int | None:
    """Convert a 64-bit NTP time stamp to unix µs; None for zero, which means "no wall clock".

    Seconds with the top bit clear belong to the era that begins in 2036 (RFC 4330 section 3). A camera that
    counts from its boot lands there too: far enough from any truth to be recognised by the timeline.
    """
    if seconds == 0 and fraction == 0:
        return None
    era = 0 if seconds & 0x8000_0000 else NTP_ERA_S
    return (seconds + era - NTP_TO_UNIX_S) * 1_000_000 + (fraction * 1_000_000 >> 32)


def parse(data: bytes) -> tuple[Report | Bye, ...]:
    """Read a compound packet; parts of other types and a broken tail are skipped."""
    found: list[Report | Bye] = []
    at = 0
    while at + _HEAD.size <= len(data):
        first, kind, words = _HEAD.unpack_from(data, at)
        end = at + 4 + 4 * words
        if first >> 6 != _VERSION or end > len(data):
            break
        if kind == _SENDER_REPORT and end - at >= _HEAD.size + _REPORT.size:
            ssrc, seconds, fraction, time32, packets, octets = _REPORT.unpack_from(data, at + 4)
            found.append(Report(ssrc, ntp_to_unix_us(seconds, fraction), time32, packets, octets))
        elif kind == _BYE:
            count = min(first & 31, words)
            found.append(Bye(tuple(int.from_bytes(data[at + 4 + 4 * i : at + 8 + 4 * i]) for i in range(count))))
        at = end
    return tuple(found)
