"""An independent judge of files: what libav makes of them, through PyAV.

Promises: reads and decodes whole files and reports in plain values, the same under PyAV 18 and 19.
Meant for tests and for footage of our own; it decodes in this process, so bytes that a camera could
have shaped go through the jailed decoder instead. The only module of the writers' family to import `av`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, Protocol, cast

import av
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av.packet import Packet

Kind = Literal["video", "audio"]


class _Rational(Protocol):
    @property
    def numerator(self) -> int: ...
    @property
    def denominator(self) -> int: ...


@dataclass(frozen=True, slots=True)
class JudgedPacket:
    """One packet as libav reads it; times in seconds, hashes are SHA-256 in hex.

    `nal_hashes` has one entry per NAL unit of a video packet, and is empty for audio.
    """

    kind: Kind
    presentation_s: Fraction
    decode_s: Fraction
    duration_s: Fraction
    keyframe: bool
    sha256: str
    nal_hashes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JudgedFrames:
    """What came out of the decoders of a file; `video_s` are the presentation times, in order."""

    video_s: tuple[Fraction, ...]
    sizes: frozenset[tuple[int, int]]
    corrupt: int
    audio_samples: int
    audio_start_s: Fraction | None


def list_packets(file: str | BinaryIO) -> list[JudgedPacket]:
    """Return every packet of a file, in file order.

    Raises:
        av.FFmpegError: libav cannot read it.

    """
    found = []
    with av.open(file, "r") as container:
        for packet in container.demux():
            kind = packet.stream.type
            if packet.size and (kind == "video" or kind == "audio"):  # noqa: PLR1714 - narrows the literal
                found.append(_judged(packet, kind))
    return found


def decode_all(file: str | BinaryIO) -> JudgedFrames:
    """Decode every frame of a file.

    Raises:
        av.FFmpegError: libav cannot read or decode it; decoding stops at the first error.

    """
    video: list[Fraction] = []
    sizes: set[tuple[int, int]] = set()
    corrupt = samples = 0
    audio_start: Fraction | None = None
    with av.open(file, "r") as container:
        for stream in container.streams:
            if stream.type in ("video", "audio"):
                stream.codec_context.options = {"err_detect": "explode"}
        # PyAV's annotation of decode() knows video only
        for frame in cast("Iterator[object]", container.decode()):
            if isinstance(frame, VideoFrame):
                video.append(_seconds(frame.pts, frame.time_base))
                sizes.add((frame.width, frame.height))
                corrupt += frame.is_corrupt
            elif isinstance(frame, AudioFrame):
                samples += frame.samples
                if audio_start is None:
                    audio_start = _seconds(frame.pts, frame.time_base)
    return JudgedFrames(tuple(video), frozenset(sizes), corrupt, samples, audio_start)


def _judged(packet: Packet[Any], kind: Kind) -> JudgedPacket:
    data = bytes(packet)
    base = packet.stream.time_base
    return JudgedPacket(
        kind,
        _seconds(packet.pts, base),
        _seconds(packet.dts, base),
        _seconds(packet.duration, base),
        packet.is_keyframe,
        hashlib.sha256(data).hexdigest(),
        tuple(hashlib.sha256(nal).hexdigest() for nal in _nals(data)) if kind == "video" else (),
    )


def _nals(data: bytes) -> list[bytes]:
    """Divide by four-byte lengths, written apart from `fragments` so that the two can disagree."""
    nals = []
    while data:
        end = 4 + int.from_bytes(data[:4], "big")
        nals.append(data[4:end])
        data = data[end:]
    return nals


def _seconds(count: int | None, base: _Rational | None) -> Fraction:
    # PyAV 18 has Fractions and 0/1 for a base that is not set; PyAV 19 has a type of its own, and None
    if count is None or base is None or base.numerator == 0:
        raise ValueError("libav reports no time here")
    return Fraction(count * base.numerator, base.denominator)
