"""The first picture of a camera: one keyframe to one JPEG, decoded in the jail (threat model, M2).

Promises a JPEG of bounded size whose own header says what the decoder said, or `PictureFailed`; nothing of the
camera's bytes is decoded in this process, and no child that has seen them sees another camera's. A service takes one
picture at a time, in a thread of their own. Decoding blocks for some tenths of a second.
"""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from camera_gateway.media.jail import JailError
from camera_gateway.media.workshop import Busy, Workshop

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from camera_gateway.discovery.sampling import Keyframe

WIDTHS = (1280, 640, 320)
"""Tried in order until the picture is small enough."""
MOST_BYTES = 400_000
MOST_KEYFRAME_BYTES = 8 << 20
WALL_S = 20.0
MOST_WAITING = 8
"""Pictures wanted at once; each waits for those before it, the last for as long as people do."""
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


class Pictures:
    """Pictures one after another, decoded in the workshop that watching uses. Made by `roles`.

    `thread` is an executor of exactly one thread, used for nothing else.
    """

    def __init__(self, workshop: Workshop, thread: Executor) -> None:
        self._workshop = workshop
        self._thread = thread
        self._wanted = 0

    async def take(self, keyframe: Keyframe) -> Taken:
        """Return the picture of a keyframe when it is its turn; raises `PictureFailed`."""
        if self._wanted >= MOST_WAITING:
            raise PictureFailed("busy")
        self._wanted += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._thread, picture_of, keyframe, self._workshop)
        finally:
            self._wanted -= 1


def lone_picture(keyframe: Keyframe) -> Taken:
    """Return the picture of a keyframe from a decoder that is started for it alone; raises `PictureFailed`."""
    workshop = Workshop(children=1, waiting=0)
    try:
        return picture_of(keyframe, workshop)
    finally:
        workshop.close()


def picture_of(keyframe: Keyframe, workshop: Workshop) -> Taken:
    """Decode a keyframe in a jailed child and return it as JPEG; raises `PictureFailed`."""
    codec = _DECODERS.get(keyframe.codec)
    if codec is None or len(keyframe.data) > MOST_KEYFRAME_BYTES:
        raise PictureFailed("codec-refused" if codec is None else "too-large")
    # of no registered camera, perhaps: a name of its own, so that the child meets no other camera's bytes
    name = f"picture {uuid.uuid4()}"
    try:
        for width in WIDTHS:
            told, data = workshop.do(name, {"job": "still", "codec": codec, "width": width}, keyframe.data, WALL_S)
            if not data:
                raise PictureFailed(str(told.get("cause", "undecodable"))[:40])
            if len(data) <= MOST_BYTES:
                return _sound(data)
    except JailError:
        raise PictureFailed("undecodable") from None
    except Busy:
        raise PictureFailed("busy") from None
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
