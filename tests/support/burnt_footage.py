"""Footage whose every picture says which it is: the fake cameras' strip of blocks, in segments as the recorder seals.

A loop of a few seconds is encoded once and then repeated as often as a test wants, so that an hour of footage costs
nothing. As with the fake cameras the picture at wall time w shows frame `w modulo the loop's length`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, cast

import av
import numpy as np
from fakecam.burnin import burn
from support.clips import CLOCK, AccessUnit, AudioClip, aac_clip, audio_format, g711_clip, split_annex_b

from camera_gateway.domain.footage import ClockMethod, Origin, RunEnd, Sidecar
from camera_gateway.domain.ids import CameraId, InstitutionId, RunId, segment_id
from camera_gateway.media.fmp4 import AudioTrack, Samples, VideoTrack, fragment, init_segment, length_prefixed
from camera_gateway.media.parameter_sets import video_format
from camera_gateway.media.reorder import Reorder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

US = 1_000_000
LOOP_S = 10
GREY = 128


@dataclass(frozen=True, slots=True)
class Look:
    """How a loop is coded."""

    codec: Literal["h264", "h265"] = "h264"
    width: int = 640
    height: int = 360
    fps: int = 25
    gop_s: int = 1
    b_frames: int = 0
    name: str = "HALL"
    bitrate_bps: int = 600_000
    noise: float = 0.0
    """Standard deviation of the sensor's noise, in steps of luma: what makes a real camera's bits."""


@dataclass(frozen=True, slots=True)
class Loop:
    """`LOOP_S` seconds in closed GOPs: access units in decode order, presentation times from 0 in 1/90000 s."""

    look: Look
    units: tuple[AccessUnit, ...]

    @property
    def parameter_sets(self) -> tuple[bytes, ...]:
        if self.look.codec == "h264":
            return tuple(n for n in self.units[0].nals if n[0] & 0x1F in (7, 8))
        return tuple(n for n in self.units[0].nals if n[0] >> 1 & 0x3F in (32, 33, 34))

    def number_at(self, wall_us: int) -> int:
        """The number that the picture of a moment shows."""
        return wall_us * self.look.fps // US % (self.look.fps * LOOP_S)


@cache
def loop(look: Look = Look()) -> Loop:
    """Encode one; about a second of CPU at 640x360."""
    context = cast("Any", av.CodecContext.create("libx264" if look.codec == "h264" else "libx265", "w"))
    context.width, context.height, context.pix_fmt = look.width, look.height, "yuv420p"
    context.time_base, context.framerate = Fraction(1, look.fps), Fraction(look.fps)
    context.bit_rate = look.bitrate_bps
    gop = look.gop_s * look.fps
    rules = f"keyint={gop}:min-keyint={gop}:scenecut=0:bframes={look.b_frames}:b-adapt=0:open-gop=0:repeat-headers=1"
    if look.codec == "h264":
        profile = "high" if look.b_frames else "main"
        context.options = {"preset": "ultrafast", "profile": profile, "x264-params": f"{rules}:threads=1"}
    else:
        context.options = {"preset": "ultrafast", "x265-params": f"{rules}:pools=none:frame-threads=1:log-level=none"}
    units: list[AccessUnit] = []
    for frame in [*_pictures(look), None]:
        for packet in context.encode(frame):
            nals = tuple(split_annex_b(bytes(packet)))
            units.append(AccessUnit(nals, packet.pts * CLOCK // look.fps, packet.is_keyframe))
    return Loop(look, tuple(units))


def _pictures(look: Look) -> Iterator[Any]:
    """A corridor in perspective with somebody walking through, and the strip."""
    x, y = np.meshgrid(np.arange(look.width), np.arange(look.height))
    far_x, far_y = look.width / 2, look.height * 0.42
    depth = np.maximum(np.abs(x - far_x) / look.width, np.abs(y - far_y) / look.height) * 2
    walls = (70 + 110 * np.clip(depth, 0, 1) + 10 * ((depth * 14).astype(int) % 2)).astype(np.uint8)
    chroma = [np.full((look.height // 2, look.width // 2), GREY + shift, np.uint8) for shift in (-6, 5)]
    count = look.fps * LOOP_S
    random = np.random.default_rng(look.width)
    bank = [random.normal(0, look.noise, walls.shape) for _ in range(5)] if look.noise else []
    for number in range(count):
        luma = walls.copy()
        _walk(luma, number / count)
        if bank:
            luma = np.clip(luma + bank[number % len(bank)], 16, 235).astype(np.uint8)
        burn(luma, look.name, number, look.fps)
        planes = np.concatenate([luma.ravel(), *(plane.ravel() for plane in chroma)])
        frame: Any = av.VideoFrame.from_ndarray(planes.reshape(look.height * 3 // 2, look.width), format="yuv420p")
        frame.pts, frame.time_base = number, Fraction(1, look.fps)
        yield frame


def _walk(luma: NDArray[np.uint8], share: float) -> None:
    height, width = luma.shape
    near = 0.25 + 0.75 * abs(1 - 2 * share)
    tall, wide = int(height * 0.45 * near), int(width * 0.07 * near)
    left, top = int(width * (0.3 + 0.4 * share)), int(height * 0.42 - tall * 0.2)
    luma[top : top + tall, left : left + wide] = 45
    luma[max(0, top - wide) : top, left : left + wide] = 190


@dataclass(frozen=True, slots=True)
class Sealed:
    """A segment: what its sidecar says, and its bytes."""

    sidecar: Sidecar
    data: bytes


def sealed(
    looped: Loop,
    camera: str,
    start_us: int,
    seconds: int,
    *,
    segment_s: int = 20,
    run: str = "",
    institution: str = "kg-12",
    audio: Literal["aac", "alaw"] | None = None,
    clock_method: ClockMethod = ClockMethod.SENDER_REPORT,
    wall_uncertainty_us: int = 20_000,
    picture_offset_us: int = 0,
    end: RunEnd = RunEnd.SHUTDOWN,
) -> Iterator[Sealed]:
    """Yield one run of whole GOPs as segments. `start_us` must be a keyframe's moment of the loop.

    `picture_offset_us` says that the pictures were taken so much later than their wall time claims.
    """
    look = looped.look
    form = video_format(look.codec, looped.parameter_sets)
    sound = _sound(audio)
    sound_format = audio_format(sound) if sound else None
    init = init_segment(
        VideoTrack(form, looped.parameter_sets),
        AudioTrack(sound_format, sound_format.sample_rate) if sound_format else None,
    )
    run = run or f"{camera}{start_us // US}".replace("-", "")
    step = CLOCK // look.fps
    per_gop = look.gop_s * look.fps
    reorder = Reorder(form.reorder_frames, step)
    first_unit = looped.number_at(start_us + picture_offset_us)
    assert looped.units[first_unit].keyframe, "a run starts with a keyframe"
    count = seconds * look.fps
    times = [
        index * step
        + (
            looped.units[(first_unit + index) % len(looped.units)].pts // step
            - (first_unit + index) % len(looped.units)
        )
        * step
        for index in range(count)
    ]
    decode = [reorder.decode_time(time) + reorder.lead for time in times]
    decode.append(decode[-1] + step)
    heard_to, frames_heard = 0, 0
    for number, begin in enumerate(range(0, count, segment_s * look.fps)):
        stop = min(begin + segment_s * look.fps, count)
        pieces = [init]
        for sequence, at in enumerate(range(begin, stop, per_gop), 1):
            video = Samples(decode[at])
            for index in range(at, min(at + per_gop, stop)):
                unit = looped.units[(first_unit + index) % len(looped.units)]
                nals, size = length_prefixed(unit.nals)
                offset = times[index] + reorder.lead - decode[index]
                video.add(nals, size, decode[index + 1] - decode[index], keyframe=unit.keyframe, composition=offset)
            heard = None
            if sound is not None and sound_format is not None:
                lead = reorder.lead * sound_format.sample_rate // CLOCK
                heard = Samples(lead + heard_to)
                while (
                    heard_to * CLOCK < times[at] * sound_format.sample_rate + per_gop * step * sound_format.sample_rate
                ):
                    data = sound.frames[frames_heard % len(sound.frames)]
                    duration = sound.samples_per_frame if sound.codec == "aac" else len(data)
                    heard.add([data], len(data), duration)
                    heard_to, frames_heard = heard_to + duration, frames_heard + 1
            wall_us = start_us + at * US // look.fps
            pieces.append(b"".join(fragment(sequence, video, heard, wall_us)))
        data = b"".join(pieces)
        last = stop == count
        yield Sealed(
            Sidecar(
                segment=segment_id(RunId(run), number),
                run=RunId(run),
                run_end=end if last else RunEnd.CONTINUES,
                institution=InstitutionId(institution),
                camera=CameraId(camera),
                start_us=start_us + begin * US // look.fps,
                end_us=start_us + stop * US // look.fps,
                media_start_us=decode[begin] * US // CLOCK,
                media_duration_us=(stop - begin) * US // look.fps,
                clock_method=clock_method,
                clock_offset_us=-1_500 if clock_method is ClockMethod.SENDER_REPORT else None,
                wall_uncertainty_us=wall_uncertainty_us,
                video_codec=form.codec_string,
                audio_codec=sound_format.codec_string if sound_format else None,
                width=look.width,
                height=look.height,
                frames=stop - begin,
                keyframes=(stop - begin) // per_gop,
                gop_max_us=look.gop_s * US,
                damaged_units=0,
                packets_received=(stop - begin) * 3,
                packets_lost=0,
                size_bytes=len(data),
                sha256=hashlib.sha256(data).hexdigest(),
                init_sha256=hashlib.sha256(init).hexdigest(),
                software="test",
                origin=Origin.LIVE,
            ),
            data,
        )


def _sound(kind: Literal["aac", "alaw"] | None) -> AudioClip | None:
    if kind is None:
        return None
    if kind == "alaw":
        return g711_clip("alaw", LOOP_S)
    clip = aac_clip(LOOP_S)
    return replace(clip, frames=clip.frames[:-1])  # the last one may be short
