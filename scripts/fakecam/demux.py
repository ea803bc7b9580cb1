"""One media file, read once at start-up into plain access units.

PyAV takes the samples out of the container; parameter sets and NAL units are
cut here. The result is what a camera would send: every keyframe carries its
parameter sets. Knows nothing of RTP.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av

if TYPE_CHECKING:
    from pathlib import Path

    # PyAV 18 and 19 type packets and their time bases differently; one name serves both.
    _Packets = list[Any]

VIDEO_CLOCK_HZ = 90_000
#: Samples in one G.711 unit: 40 ms at 8 kHz, as many cameras send it.
G711_UNIT_SAMPLES = 320
AAC_UNIT_SAMPLES = 1024

_H264_AUD, _H264_SPS, _H264_PPS = 9, 7, 8
_H265_AUD, _H265_VPS, _H265_SPS, _H265_PPS = 35, 32, 33, 34
_AVCC_MIN_BYTES = 7
_HVCC_MIN_BYTES = 23


class ClipError(Exception):
    """A file that cannot be served, with the reason in one line."""


@dataclass(frozen=True, slots=True)
class SourceUnit:
    """One access unit (video) or frame (audio).

    `nals` are NAL units without start code for video and the one payload for audio;
    `pts` and `send` are ticks of the track's clock from the start of the loop: when it was
    captured, and when a camera would put it on the wire.
    """

    nals: tuple[bytes, ...]
    pts: int
    send: int
    key: bool


@dataclass(frozen=True, slots=True)
class SourceTrack:
    """All units of one track, in decoding order, and the loop's length in ticks."""

    kind: str
    codec: str
    clock_hz: int
    period: int
    units: tuple[SourceUnit, ...]
    parameter_sets: tuple[bytes, ...]
    config: bytes
    channels: int


def nal_type(codec: str, nal: bytes) -> int:
    """Read the NAL unit type (H.264 7.3.1, H.265 7.3.1.2)."""
    return nal[0] & 0x1F if codec == "h264" else (nal[0] >> 1) & 0x3F


def read_clip(path: Path) -> tuple[SourceTrack, ...]:
    """Read every track that a fake camera can serve; video first.

    Raises ClipError for a file without H.264 or H.265 video that begins with a keyframe.
    """
    try:
        with av.open(str(path)) as container:
            streams = [*container.streams.video[:1], *container.streams.audio[:1]]
            packets: dict[int, list[Any]] = {stream.index: [] for stream in streams}
            for packet in container.demux(streams):
                if packet.size:
                    packets[packet.stream_index].append(packet)
            tracks = []
            for stream in streams:
                name = stream.codec_context.name
                extra = bytes(stream.codec_context.extradata or b"")
                kept = packets[stream.index]
                if name in ("h264", "hevc"):
                    codec = "h264" if name == "h264" else "h265"
                    tracks.append(_video(codec, extra, kept, path))
                elif isinstance(stream, av.AudioStream) and name == "aac":
                    tracks.append(_aac(extra, kept, stream.sample_rate, stream.channels))
                elif name in ("pcm_alaw", "pcm_mulaw"):
                    tracks.append(_g711(name, kept))
    except (av.FFmpegError, OSError) as error:
        raise ClipError(f"{path}: cannot be read: {type(error).__name__}") from error
    if not tracks or tracks[0].kind != "video":
        raise ClipError(f"{path}: no H.264 or H.265 video")
    return tuple(tracks)


def _fraction(time_base: Any) -> Fraction:  # noqa: ANN401 - Fraction in PyAV 18, its own in 19
    return Fraction(time_base.numerator, time_base.denominator)


def _video(codec: str, extra: bytes, packets: _Packets, path: Path) -> SourceTrack:
    length_bytes, sets = _avcc(extra, path) if codec == "h264" else _hvcc(extra, path)
    stamped = [(p, p.pts, p.dts) for p in packets if p.pts is not None and p.dts is not None]
    if not stamped or len(stamped) != len(packets):
        raise ClipError(f"{path}: video without time stamps")
    if not packets[0].is_keyframe:
        raise ClipError(f"{path}: does not begin with a keyframe")
    scale = _fraction(packets[0].time_base) * VIDEO_CLOCK_HZ
    origin = min(pts for _, pts, _ in stamped)
    delay = max(pts - dts for _, pts, dts in stamped)
    if stamped[0][1] != origin:
        raise ClipError(f"{path}: the first keyframe is not the first picture (open GOP)")
    units = []
    for packet, pts, dts in stamped:
        nals = _split(bytes(packet), length_bytes, path)
        if packet.is_keyframe:
            nals = _with_sets(codec, nals, sets)
        send = round((dts - origin + delay) * scale)
        units.append(SourceUnit(tuple(nals), round((pts - origin) * scale), send, bool(packet.is_keyframe)))
    last = stamped[-1]
    duration = last[0].duration or (last[2] - stamped[-2][2])
    period = round((last[2] - stamped[0][2] + duration) * scale)
    return SourceTrack("video", codec, VIDEO_CLOCK_HZ, period, tuple(units), sets, b"", 0)


def _avcc(extra: bytes, path: Path) -> tuple[int, tuple[bytes, ...]]:
    """Length size and SPS, PPS of an AVCDecoderConfigurationRecord (ISO 14496-15, 5.3.3)."""
    if len(extra) < _AVCC_MIN_BYTES or extra[0] != 1:
        raise ClipError(f"{path}: H.264 without avcC (not an MP4, QuickTime or Matroska file?)")
    sets, at = [], 5
    for mask in (0x1F, 0xFF):
        count = extra[at] & mask
        at += 1
        for _ in range(count):
            size = int.from_bytes(extra[at : at + 2], "big")
            sets.append(extra[at + 2 : at + 2 + size])
            at += 2 + size
    return (extra[4] & 3) + 1, tuple(sets)


def _hvcc(extra: bytes, path: Path) -> tuple[int, tuple[bytes, ...]]:
    """Length size and VPS, SPS, PPS of an HEVCDecoderConfigurationRecord (ISO 14496-15, 8.3.3)."""
    if len(extra) < _HVCC_MIN_BYTES or extra[0] != 1:
        raise ClipError(f"{path}: H.265 without hvcC (not an MP4, QuickTime or Matroska file?)")
    sets, at = [], _HVCC_MIN_BYTES
    for _ in range(extra[22]):
        kind = extra[at] & 0x3F
        count = int.from_bytes(extra[at + 1 : at + 3], "big")
        at += 3
        for _ in range(count):
            size = int.from_bytes(extra[at : at + 2], "big")
            if kind in (_H265_VPS, _H265_SPS, _H265_PPS):
                sets.append(extra[at + 2 : at + 2 + size])
            at += 2 + size
    return (extra[21] & 3) + 1, tuple(sets)


def _split(data: bytes, length_bytes: int, path: Path) -> list[bytes]:
    nals, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + length_bytes], "big")
        at += length_bytes
        if size == 0 or at + size > len(data):
            raise ClipError(f"{path}: a sample's NAL lengths do not add up")
        nals.append(data[at : at + size])
        at += size
    return nals


def _with_sets(codec: str, nals: list[bytes], sets: tuple[bytes, ...]) -> list[bytes]:
    """Parameter sets before a keyframe, unless it has its own; after a delimiter, if any."""
    sps, aud = (_H264_SPS, _H264_AUD) if codec == "h264" else (_H265_SPS, _H265_AUD)
    kinds = [nal_type(codec, nal) for nal in nals]
    if sps in kinds:
        return nals
    at = 1 if kinds[0] == aud else 0
    return [*nals[:at], *sets, *nals[at:]]


def _aac(config: bytes, packets: _Packets, clock_hz: int, channels: int) -> SourceTrack:
    units = tuple(
        SourceUnit((bytes(p),), n * AAC_UNIT_SAMPLES, (n + 1) * AAC_UNIT_SAMPLES, key=True)
        for n, p in enumerate(packets)
    )
    period = len(units) * AAC_UNIT_SAMPLES
    return SourceTrack("audio", "aac", clock_hz, period, units, (), config[:2], channels)


def _g711(name: str, packets: _Packets) -> SourceTrack:
    data = b"".join(bytes(p) for p in packets)
    size = G711_UNIT_SAMPLES
    units = tuple(
        SourceUnit((data[n * size : (n + 1) * size],), n * size, (n + 1) * size, key=True)
        for n in range(len(data) // size)
    )
    codec = "pcma" if name == "pcm_alaw" else "pcmu"
    return SourceTrack("audio", codec, 8000, len(units) * size, units, (), b"", 1)
