"""What the segmenter tells the writer to do, as plain values. Pure; knows neither sockets nor files.

What is not in a command the writer cannot do; so the decisions can be read as text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from camera_gateway.domain.footage import RunEnd
    from camera_gateway.domain.ids import RunId
    from camera_gateway.ingest.timeline import ClockFacts
    from camera_gateway.media.fmp4 import AudioTrack, Samples, VideoTrack


@dataclass(frozen=True, slots=True)
class Start:
    """Open the part of segment `number` of `run`; number 0 begins the run. Times in µs UTC."""

    run: RunId
    number: int
    start_us: int
    video: VideoTrack
    audio: AudioTrack | None


@dataclass(slots=True)
class Append:
    """Write one fragment; `wall_us` is the wall time of its first picture, `end_us` that of its end."""

    sequence: int
    video: Samples
    audio: Samples | None
    wall_us: int
    end_us: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Seal:
    """Close the part; `reason` is CONTINUES when the next segment of the run follows (a cut)."""

    reason: RunEnd
    start_us: int
    end_us: int
    media_start_us: int
    media_duration_us: int
    clock: ClockFacts
    frames: int
    keyframes: int
    gop_max_us: int
    damaged_units: int
    packets_received: int
    packets_lost: int
    camera_signed: bool
    """Whether a signature of the camera's was in one of its access units."""


Command = Start | Append | Seal
