"""What a track is, in a handful of values that the recorder, the sidecar and the player share.

Promises: plain frozen values, comparable, nothing computed. Knows neither how a camera describes
its streams (SDP) nor how a file does (boxes).
"""

from dataclasses import dataclass
from typing import Literal

VideoCodec = Literal["h264", "h265"]
AudioCodec = Literal["aac", "alaw", "ulaw"]


class ParameterSetError(ValueError):
    """A parameter set or codec configuration that is damaged, hostile or beyond what we store."""


@dataclass(frozen=True, slots=True)
class VideoFormat:
    """What the parameter sets of a video stream say about it.

    `width` and `height` are the cropped size in luma samples, what a viewer sees before any aspect
    ratio is applied. `profile` and `level` are the raw numbers of the standard (H.264: profile_idc,
    level_idc; H.265: general_profile_idc, general_level_idc). `codec_string` follows RFC 6381.
    `fps` is what the camera declares in its VUI (or VPS), None when it declares nothing sensible;
    cameras lie here, so it is a hint. `reorder_frames` is the declared depth of frame reordering,
    0 when nothing is declared.
    """

    codec: VideoCodec
    width: int
    height: int
    profile: int
    level: int
    codec_string: str
    fps: float | None
    reorder_frames: int


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """What an audio stream is.

    `samples_per_frame` is the number of sample times in one codec frame: 1024 or 960 for AAC, 1 for
    G.711 (where a frame is one byte per channel). `config` is the AudioSpecificConfig of AAC, empty
    for G.711.
    """

    codec: AudioCodec
    sample_rate: int
    channels: int
    samples_per_frame: int
    codec_string: str
    config: bytes
