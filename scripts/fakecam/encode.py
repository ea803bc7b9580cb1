"""Pictures in, one clip file out, as a camera would have encoded it.

Closed GOPs of fixed length, parameter sets in the container, light sensor noise so
that the asked bit rate is really reached.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import cv2
import numpy as np

from fakecam.burnin import burn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from fakecam.footage import Planes

_ENCODERS = {"h264": "libx264", "h265": "libx265"}
_AUDIO = {"aac": ("aac", 16_000), "alaw": ("pcm_alaw", 8000), "ulaw": ("pcm_mulaw", 8000)}
_AUDIO_CHUNK = 1024
_NOISE_SIGMA = 2.5
_NOISE_BANK = 7


@dataclass(frozen=True, slots=True)
class ClipSpec:
    """What a clip is to be; `audio` is None, `aac` (16 kHz), `alaw` or `ulaw`."""

    file: str
    name: str
    codec: str
    width: int
    height: int
    fps: int
    length_s: int
    gop_s: int
    bitrate_bps: int
    profile: str
    bframes: int = 0
    slices: int = 1
    audio: str | None = None
    preset: str = "veryfast"

    @property
    def frames(self) -> int:
        """How many pictures it has."""
        return self.fps * self.length_s


def encode(path: Path, spec: ClipSpec, pictures: Iterator[Planes]) -> None:
    """Write one clip. G.711 needs a QuickTime file (`.mov`): libav's MP4 muxer refuses it."""
    with av.open(str(path), "w", format="mov" if path.suffix == ".mov" else "mp4") as container:
        video: Any = container.add_stream(_ENCODERS[spec.codec], rate=spec.fps, options=_options(spec))
        video.width, video.height, video.pix_fmt = spec.width, spec.height, "yuv420p"
        video.bit_rate = spec.bitrate_bps
        video.codec_context.time_base = Fraction(1, spec.fps)
        audio: Any = None
        if spec.audio is not None:
            codec, rate = _AUDIO[spec.audio]
            audio = container.add_stream(codec, rate=rate)
            audio.layout = "mono"
        noise = _noise(spec)
        for number in range(spec.frames):
            frame = _frame(spec, number, next(pictures), noise[number * 5 % _NOISE_BANK])
            for packet in video.encode(frame):
                container.mux(packet)
        for packet in video.encode(None):
            container.mux(packet)
        if audio is not None:
            _sound(container, audio, spec.length_s)


def _options(spec: ClipSpec) -> dict[str, str]:
    gop = spec.fps * spec.gop_s
    options = {
        "preset": spec.preset,
        "profile": spec.profile,
        "g": str(gop),
        "bf": str(spec.bframes),
        "maxrate": str(spec.bitrate_bps),
        "bufsize": str(spec.bitrate_bps * 2),
    }
    rules = f"keyint={gop}:min-keyint={gop}:scenecut=0:open-gop=0:bframes={spec.bframes}:b-adapt=0:slices={spec.slices}"
    if spec.codec == "h265":
        return options | {"x265-params": f"{rules}:log-level=none"}
    return options | {"x264-params": f"{rules}:sliced-threads=0"}


def _noise(spec: ClipSpec) -> list[NDArray[np.int16]]:
    random = np.random.default_rng(spec.width)
    size = (spec.height, spec.width)
    return [
        (random.standard_normal(size, dtype=np.float32) * _NOISE_SIGMA).astype(np.int16) for _ in range(_NOISE_BANK)
    ]


def _frame(spec: ClipSpec, number: int, planes: Planes, noise: NDArray[np.int16]) -> av.VideoFrame:
    luma = cv2.add(planes[0], noise, dtype=cv2.CV_8U)
    burn(luma, spec.name, number, spec.fps)
    data = np.concatenate([luma.ravel(), planes[1].ravel(), planes[2].ravel()])
    frame = av.VideoFrame.from_ndarray(data.reshape(spec.height * 3 // 2, spec.width), format="yuv420p")
    frame.pts, frame.time_base = number, Fraction(1, spec.fps)  # type: ignore[assignment, unused-ignore]
    return frame


def _sound(container: Any, audio: Any, length_s: int) -> None:  # noqa: ANN401 - PyAV 18 and 19 differ
    """Room noise, and a short tone as each second begins."""
    rate = audio.rate
    at = np.arange(rate * length_s)
    tone = np.sin(at * (2 * np.pi * 1000 / rate)) * 6000 * (at % rate < rate // 20)
    room = np.random.default_rng(rate).standard_normal(len(at)) * 200
    samples = (tone + room).astype(np.int16)
    for start in range(0, len(samples), _AUDIO_CHUNK):
        chunk = samples[None, start : start + _AUDIO_CHUNK]
        frame: Any = av.AudioFrame.from_ndarray(chunk, format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
        for packet in audio.encode(frame):
            container.mux(packet)
    for packet in audio.encode(None):
        container.mux(packet)
