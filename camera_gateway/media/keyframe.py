"""One keyframe of a segment, decoded in the jailed child: proof that footage can be seen, not only kept.

Promises plain values and a closed list of causes; never decodes in this process, and believes nothing of what the
child says beyond its shape. Must not import `av`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from camera_gateway.media.jail import JailError, Limits, run_jailed

CHILD = "camera_gateway.media.keyframe_child"
CODECS = ("h264", "hevc")
"""What may be decoded at all, by libav's names; anything else in a file is refused before a decoder sees it."""
CAUSES = ("not-mp4", "no-video", "codec-refused", "no-keyframe", "undecodable")
LARGEST = 16_384


@dataclass(frozen=True, slots=True)
class Keyframe:
    """A picture that was decoded: libav's name of its codec, and its size in pixels."""

    codec: str
    width: int
    height: int


class KeyframeError(Exception):
    """No picture came out. `cause` is one of `CAUSES`, or what `JailError` says."""

    def __init__(self, cause: str, detail: str = "") -> None:
        super().__init__(detail or cause)
        self.cause = cause


def decode_keyframe(source: int, limits: Limits | None = None) -> Keyframe:
    """Decode the first keyframe of the MP4 file behind descriptor `source`, read from its start.

    Blocks for some tenths of a second, at most `limits.wall_s`. Raises `KeyframeError`.
    """
    try:
        answer = run_jailed(["-m", CHILD], source, limits or Limits())
    except JailError as error:
        raise KeyframeError(error.cause, str(error)) from error
    try:
        match json.loads(answer):
            case {"codec": str(codec), "width": int(width), "height": int(height)} if (
                codec in CODECS and 0 < width <= LARGEST and 0 < height <= LARGEST
            ):
                return Keyframe(codec, width, height)
            case {"cause": str(cause)} if cause in CAUSES:
                raise KeyframeError(cause)
    except ValueError:
        pass
    raise KeyframeError("died", "the decoder gave an answer that makes no sense")
