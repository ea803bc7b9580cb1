"""The first picture of a camera: one keyframe to one JPEG, decoded in the jail (threats.md, M2).

Promises a JPEG of bounded size whose own header says what the decoder said, or `PictureFailed`; nothing of the
camera's bytes is decoded in this process. Blocks for some tenths of a second: for a thread that may wait.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from camera_gateway.media.jail import JailError
from camera_gateway.media.workshop import Busy, Workshop

if TYPE_CHECKING:
    from camera_gateway.discovery.sampling import Keyframe

WIDTHS = (1280, 640, 320)
"""Tried in order until the picture is small enough."""
MOST_BYTES = 400_000
MOST_KEYFRAME_BYTES = 8 << 20
WALL_S = 20.0
_DECODERS = {"h264": "h264", "h265": "hevc"}
_LARGEST = 16_384


class PictureFailed(Exception):
    """No picture came out. `cause` is a word for people, for example `undecodable`."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Taken:
    """A JPEG (ITU-T T.81) with its size in pixels and its hash."""

    jpeg: bytes = field(repr=False)
    sha256: str
    width: int
    height: int


def picture_of(keyframe: Keyframe) -> Taken:
    """Decode a keyframe in a jailed child of its own and return it as JPEG; raises `PictureFailed`."""
    codec = _DECODERS.get(keyframe.codec)
    if codec is None or len(keyframe.data) > MOST_KEYFRAME_BYTES:
        raise PictureFailed("codec-refused" if codec is None else "too-large")
    workshop = Workshop(children=1, waiting=0)
    try:
        for width in WIDTHS:
            told, data = workshop.do("probe", {"job": "still", "codec": codec, "width": width}, keyframe.data, WALL_S)
            if not data:
                raise PictureFailed(str(told.get("cause", "undecodable"))[:40])
            if len(data) <= MOST_BYTES:
                return _sound(data)
    except (JailError, Busy):
        raise PictureFailed("undecodable") from None
    finally:
        workshop.close()
    raise PictureFailed("too-large")


def _sound(data: bytes) -> Taken:
    """Return the JPEG with the size that its own frame header has; `PictureFailed` for what is no JPEG."""
    at = 2
    if not data.startswith(b"\xff\xd8") or not data.endswith(b"\xff\xd9"):
        raise PictureFailed("no-jpeg")
    while at + 9 <= len(data) and data[at] == 0xFF:  # noqa: PLR2004 - a marker; enough for a frame header
        kind, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if kind in {0xC0, 0xC1, 0xC2}:
            height, width = int.from_bytes(data[at + 5 : at + 7], "big"), int.from_bytes(data[at + 7 : at + 9], "big")
            if 0 < width <= _LARGEST and 0 < height <= _LARGEST:
                return Taken(data, hashlib.sha256(data).hexdigest(), width, height)
            break
        at += 2 + length
    raise PictureFailed("no-jpeg")
