"""A clip, packetised once into an immutable layout that all cameras share.

Each unit is one byte string of interleaved frames (RFC 2326, 10.12) whose
sequence number, time stamp and SSRC are left open; a session copies it and
fills them in. Knows nothing of sockets.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fakecam.demux import SourceTrack, SourceUnit, read_clip
from fakecam.packetise import payloads
from fakecam.wallclock import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

#: '$', channel, length, then the RTP header (RFC 3550, 5.1).
_FRAME_HEAD = struct.Struct(">BBHBBHII")
#: Where a frame's open fields begin: sequence number, time stamp, SSRC.
OPEN_FIELDS_AT = 6
RTP_HEAD_BYTES = 12
_PAYLOAD_TYPES = {"h264": 96, "h265": 96, "aac": 97, "pcmu": 0, "pcma": 8}


@dataclass(frozen=True, slots=True)
class Unit:
    """One access unit, ready to be copied: `frames` with open fields at each of `offsets`.

    `pts` is in ticks of the track's clock and `send_ns` in nanoseconds from the loop's start;
    `size` counts the bytes of all NAL units; `sha256` is defined by `unit_sha256`.
    """

    frames: bytes
    offsets: tuple[int, ...]
    pts: int
    send_ns: int
    key: bool
    size: int
    payload_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Track:
    """One track as served: its units, and where its keyframes are."""

    number: int
    source: SourceTrack
    payload_type: int
    units: tuple[Unit, ...]
    keys: tuple[int, ...]

    @property
    def kind(self) -> str:
        """`video` or `audio`."""
        return self.source.kind

    def loop_start_ns(self, loop: int) -> int:
        """UTC nanoseconds at which the given repetition since 1970 begins."""
        return loop * self.source.period * NS_PER_S // self.source.clock_hz

    def loop_at(self, utc_ns: int) -> int:
        """Count which repetition since 1970 is running at this instant."""
        return utc_ns * self.source.clock_hz // (self.source.period * NS_PER_S)


@dataclass(frozen=True, slots=True)
class Clip:
    """A file's tracks, video first."""

    path: Path
    tracks: tuple[Track, ...]


def unit_sha256(nals: Iterable[bytes]) -> str:
    """SHA-256 (hex) over all NAL units, each preceded by its length as 4 bytes, big-endian."""
    digest = hashlib.sha256()
    for nal in nals:
        digest.update(len(nal).to_bytes(4, "big"))
        digest.update(nal)
    return digest.hexdigest()


def load_clip(path: Path, *, audio: bool = True) -> Clip:
    """Read and packetise a file; raises ClipError when it cannot be served."""
    sources = [s for s in read_clip(path) if audio or s.kind == "video"]
    return Clip(path, tuple(_track(number, s) for number, s in enumerate(sources)))


def _track(number: int, source: SourceTrack) -> Track:
    payload_type = _PAYLOAD_TYPES[source.codec]
    units = tuple(_unit(number, source, unit, payload_type) for unit in source.units)
    keys = tuple(n for n, unit in enumerate(source.units) if unit.key)
    return Track(number, source, payload_type, units, keys)


def _unit(number: int, source: SourceTrack, unit: SourceUnit, payload_type: int) -> Unit:
    parts = payloads(source.codec, unit.nals)
    marks = source.codec not in ("pcma", "pcmu")
    frames, offsets = bytearray(), []
    for n, part in enumerate(parts):
        offsets.append(len(frames) + OPEN_FIELDS_AT)
        marker = 0x80 if marks and n == len(parts) - 1 else 0
        size = RTP_HEAD_BYTES + len(part)
        head = (0x24, number * 2, size, 0x80, marker | payload_type, 0, 0, 0)
        frames += _FRAME_HEAD.pack(*head)
        frames += part
    return Unit(
        frames=bytes(frames),
        offsets=tuple(offsets),
        pts=unit.pts,
        send_ns=unit.send * NS_PER_S // source.clock_hz,
        key=unit.key,
        size=sum(map(len, unit.nals)),
        payload_bytes=sum(map(len, parts)),
        sha256=unit_sha256(unit.nals),
    )
