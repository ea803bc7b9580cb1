"""Small synthetic clips, encoded in memory: access units and audio frames as a depacketiser hands them out."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, cast

import av
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame

from camera_gateway.media.aac_config import aac_format, g711_format
from camera_gateway.media.fmp4 import AudioTrack, Samples, VideoTrack, fragment, init_segment, length_prefixed
from camera_gateway.media.parameter_sets import video_format
from camera_gateway.media.reorder import Reorder

if TYPE_CHECKING:
    from camera_gateway.media.formats import AudioFormat

VideoCodec = Literal["h264", "h265"]
CLOCK = 90000
FPS = 25
WALL_US = 1_700_000_000_000_000
TICKS = CLOCK // FPS


@dataclass(frozen=True, slots=True)
class AccessUnit:
    """NAL units without start codes, presentation time in 1/90000 s, in decode order."""

    nals: tuple[bytes, ...]
    pts: int
    keyframe: bool


@dataclass(frozen=True, slots=True)
class VideoClip:
    codec: VideoCodec
    units: tuple[AccessUnit, ...]
    width: int
    height: int

    @property
    def parameter_sets(self) -> tuple[bytes, ...]:
        """The sets of the first keyframe."""
        if self.codec == "h264":
            return tuple(n for n in self.units[0].nals if n[0] & 0x1F in (7, 8))
        return tuple(n for n in self.units[0].nals if n[0] >> 1 & 0x3F in (32, 33, 34))


@dataclass(frozen=True, slots=True)
class AudioClip:
    codec: Literal["aac", "alaw", "ulaw"]
    config: bytes
    sample_rate: int
    samples_per_frame: int
    frames: tuple[bytes, ...]


@cache
def h264_clip(frames: int = 50, gop: int = 25, *, b_frames: int = 0, width: int = 160, height: int = 120) -> VideoClip:
    """H.264: baseline without B-frames, high profile with them; sets before each keyframe, closed GOPs."""
    options = {
        "preset": "fast",
        "profile": "high" if b_frames else "baseline",
        "x264-params": f"keyint={gop}:min-keyint={gop}:scenecut=0:bframes={b_frames}:b-adapt=0:b-pyramid=normal"
        ":open-gop=0:repeat-headers=1:threads=1",
    }
    return _video("libx264", "h264", options, frames, width, height)


@cache
def h265_clip(frames: int = 50, gop: int = 25, *, b_frames: int = 2, width: int = 160, height: int = 120) -> VideoClip:
    """H.265 main profile, closed GOPs, sets before each keyframe."""
    options = {
        "preset": "ultrafast",
        "x265-params": f"keyint={gop}:min-keyint={gop}:scenecut=0:bframes={b_frames}:open-gop=0:repeat-headers=1"
        ":pools=none:frame-threads=1:log-level=none",
    }
    return _video("libx265", "h265", options, frames, width, height)


@cache
def aac_clip(seconds: float = 2.0, rate: int = 16000) -> AudioClip:
    """AAC-LC mono, a sine tone."""
    config, frames = _audio("aac", "fltp", "f", seconds, rate)
    return AudioClip("aac", config, rate, 1024, tuple(frames))


@cache
def g711_clip(law: Literal["alaw", "ulaw"] = "alaw", seconds: float = 2.0, packet: int = 320) -> AudioClip:
    """G.711 at 8 kHz mono in packets of 40 ms."""
    _, pieces = _audio("pcm_alaw" if law == "alaw" else "pcm_mulaw", "s16", "h", seconds, 8000)
    data = b"".join(pieces)
    return AudioClip(law, b"", 8000, 1, tuple(data[at : at + packet] for at in range(0, len(data), packet)))


def split_annex_b(data: bytes) -> list[bytes]:
    """NAL units between start codes; the zero before a four-byte start code is no part of a unit."""
    parts = data.split(b"\x00\x00\x01")[1:]
    return [part.removesuffix(b"\x00") if more else part for part, more in zip(parts, [*parts[1:], b""], strict=True)]


def _video(encoder: str, codec: VideoCodec, options: dict[str, str], frames: int, width: int, height: int) -> VideoClip:
    context = cast("Any", av.CodecContext.create(encoder, "w"))
    context.width, context.height, context.pix_fmt = width, height, "yuv420p"
    context.time_base, context.framerate = Fraction(1, FPS), Fraction(FPS)
    context.options = options
    units: list[AccessUnit] = []
    for frame in [*(_picture(number, width, height) for number in range(frames)), None]:
        for packet in context.encode(frame):
            nals = tuple(split_annex_b(bytes(packet)))
            units.append(AccessUnit(nals, packet.pts * TICKS, packet.is_keyframe))
    return VideoClip(codec, tuple(units), width, height)


def _picture(number: int, width: int, height: int) -> VideoFrame:
    """A gradient with a bar that moves, so that every frame differs."""
    bar = number * 4 % width
    row = bytes(255 if bar <= x < bar + 12 else x * 200 // width for x in range(width))
    frame = VideoFrame(width, height, "yuv420p")
    for plane, line in zip(frame.planes, (row, bytes([128]) * (width // 2), bytes([128]) * (width // 2)), strict=True):
        plane.update(line.ljust(plane.line_size, b"\x00") * plane.height)
    frame.pts, frame.time_base = number, Fraction(1, FPS)
    return frame


def _audio(encoder: str, layout: str, typecode: str, seconds: float, rate: int) -> tuple[bytes, list[bytes]]:
    context = cast("Any", av.CodecContext.create(encoder, "w"))
    context.sample_rate, context.format, context.layout = rate, layout, "mono"
    context.time_base = Fraction(1, rate)
    context.open()
    pieces: list[bytes] = []
    scale = 0.5 if typecode == "f" else 16000
    for start in range(0, int(seconds * rate), 1024):
        count = min(1024, int(seconds * rate) - start)
        tone = (scale * math.sin(2 * math.pi * 440 * (start + i) / rate) for i in range(count))
        values = array(typecode, tone if typecode == "f" else (int(v) for v in tone))
        frame = AudioFrame(layout, "mono", count)
        frame.planes[0].update(values.tobytes().ljust(frame.planes[0].buffer_size, b"\x00"))
        frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
        pieces += [bytes(packet) for packet in context.encode(frame)]
    pieces += [bytes(packet) for packet in context.encode(None)]
    return bytes(context.extradata or b""), pieces


@dataclass(frozen=True, slots=True)
class FragmentedFile:
    """A clip written by our writer, a fragment per keyframe; media time `lead` is wall time `WALL_US`."""

    init: bytes
    fragments: tuple[bytes, ...]
    lead: int

    @property
    def data(self) -> bytes:
        return self.init + b"".join(self.fragments)

    @property
    def origin_us(self) -> int:
        """Wall time of the run's time 0."""
        return WALL_US - self.lead * 1_000_000 // CLOCK


def fragmented(clip: VideoClip, audio: AudioClip | None = None, *, reorder_frames: int | None = None) -> FragmentedFile:
    """Write a clip as the recorder does; `reorder_frames` overrides what its sets declare."""
    form = video_format(clip.codec, clip.parameter_sets)
    sound = audio_format(audio) if audio else None
    init = init_segment(VideoTrack(form, clip.parameter_sets), AudioTrack(sound, sound.sample_rate) if sound else None)
    reorder = Reorder(form.reorder_frames if reorder_frames is None else reorder_frames, TICKS)
    decode = [reorder.decode_time(unit.pts) for unit in clip.units]
    decode = [time + reorder.lead for time in [*decode, decode[-1] + TICKS]]
    keys = [index for index, unit in enumerate(clip.units) if unit.keyframe]
    rate = sound.sample_rate if sound else 1
    frames = list(audio.frames) if audio else []
    sound_time = reorder.lead * rate // CLOCK
    out: list[bytes] = []
    for start, end in zip(keys, [*keys[1:], len(clip.units)], strict=True):
        video = Samples(decode[start])
        for index in range(start, end):
            unit = clip.units[index]
            pieces, size = length_prefixed(unit.nals)
            video.add(
                pieces,
                size,
                decode[index + 1] - decode[index],
                keyframe=unit.keyframe,
                composition=unit.pts + reorder.lead - decode[index],
            )
        heard = Samples(sound_time)
        last = end == len(clip.units)
        while audio and frames and (last or sound_time * CLOCK < decode[end] * rate):
            frame = frames.pop(0)
            duration = audio.samples_per_frame if audio.codec == "aac" else len(frame)
            heard.add([frame], len(frame), duration)
            sound_time += duration
        wall_us = WALL_US + clip.units[start].pts * 1_000_000 // CLOCK
        out.append(b"".join(fragment(len(out) + 1, video, heard, wall_us)))
    return FragmentedFile(init, tuple(out), reorder.lead)


def audio_format(audio: AudioClip) -> AudioFormat:
    return aac_format(audio.config) if audio.codec == "aac" else g711_format(audio.codec)
