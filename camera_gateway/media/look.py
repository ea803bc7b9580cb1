"""One keyframe as a small picture to be measured: decoded in a jail of its own, always of the same size.

Promises exactly `PICTURE_BYTES` bytes of planes or a cause; nothing of a camera's bytes is decoded in this process,
and no process that has decoded one camera's bytes sees another's (`look_child` forks for each). What comes out is to
be distrusted as what went in. Must not import `av`. Blocks for some hundredths of a second.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from camera_gateway.domain.picture import PICTURE_BYTES
from camera_gateway.media.boxes import BoxError
from camera_gateway.media.fragments import fragments, read_init, split_nals
from camera_gateway.media.jail import JailError
from camera_gateway.media.workshop import Busy, Workshop

if TYPE_CHECKING:
    from camera_gateway.media.boxes import Source

CODECS = ("h264", "hevc", "mjpeg")
"""What may be decoded, by libav's names; the last one for reference pictures, which our own decoder once made."""
LARGEST_KEYFRAME = 8 << 20
WALL_S = 10.0
_CHILD = ("-m", "camera_gateway.media.look_child")
_JOBS = 1000
"""The process that stays decodes nothing, so nothing of a camera can stay in it; its start is a fifth of a second."""
_MEMORY = "hugetlb=1", f"mmap_threshold={32 << 20}", f"top_pad={64 << 20}", f"trim_threshold={256 << 20}"
"""Of glibc's malloc, for what a fork decodes into: one heap of huge pages where the kernel has them. By pages of 4 KB
the kernel takes a fifth of the time of a look at 4K to hand out memory that a fork has for one picture only."""
_NAMES = {"h264": "h264", "h265": "hevc"}
_START = b"\x00\x00\x00\x01"
_LARGEST_SIDE = 16_384
_CAUSES = ("codec-refused", "undecodable", "died")


class LookFailed(Exception):
    """No picture came out. `cause` is a word: `damaged`, `undecodable`, `codec-refused`, `time`, `died`, `busy`."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Keyframe:
    """A coded picture that decodes by itself: libav's name of its codec, and its bytes."""

    codec: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Decoded:
    """The planes of a picture (`domain.picture`), and how large it was."""

    planes: bytes = field(repr=False)
    width: int
    height: int


def first_keyframe(source: Source) -> Keyframe:
    """Return the first picture of a segment; a few small reads and that picture. Raises `LookFailed`."""
    try:
        init = read_init(source)
        video = init.track("video")
        found = next(fragments(source, init.size), None)
        run = None if video is None or found is None else found.run(video.track_id)
        if video is None or video.video is None or run is None or not run.sizes or not run.keyframes[0]:
            raise LookFailed("damaged")
        if run.sizes[0] > LARGEST_KEYFRAME:
            raise LookFailed("too-large")
        nals = [*video.parameter_sets, *split_nals(source.read_at(run.offset, run.sizes[0]))]
    except BoxError as error:
        raise LookFailed("damaged") from error
    return Keyframe(_NAMES[video.video.codec], b"".join(_START + nal for nal in nals))


class Lookers:
    """The process that decodes for looks, started when it is first needed. Made by `roles`; `close` ends it."""

    def __init__(self, child: tuple[str, ...] = _CHILD) -> None:
        memory = {"GLIBC_TUNABLES": ":".join(f"glibc.malloc.{each}" for each in _MEMORY)}
        self._workshop = Workshop(1, 4, child, spare=False, jobs=_JOBS, environment=memory)

    def decode(self, picture: Keyframe) -> Decoded:
        """Return a picture as planes. Raises `LookFailed`."""
        try:
            # one name for all: the process that stays decodes nothing, its forks meet no second camera
            told, planes = self._workshop.do("looks", {"codec": picture.codec}, picture.data, WALL_S)
        except Busy as error:
            raise LookFailed("busy") from error
        except JailError as error:
            raise LookFailed(error.cause) from error
        match told:
            case {"width": int(width), "height": int(height)} if (
                0 < width <= _LARGEST_SIDE and 0 < height <= _LARGEST_SIDE and len(planes) == PICTURE_BYTES
            ):
                return Decoded(planes, width, height)
            case {"cause": str(cause)} if cause in _CAUSES:
                raise LookFailed(cause)
        raise LookFailed("died")

    def close(self) -> None:
        """End the process. Harmless to repeat."""
        self._workshop.close()
