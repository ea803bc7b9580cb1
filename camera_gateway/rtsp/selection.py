"""Which media sections of a presentation are set up: the first usable video, the first usable audio. Pure.

Unusable audio is left out and named; it never costs the video. Without usable video there is a refusal that
names the codec.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from camera_gateway.domain.footage import ProbeCause
from camera_gateway.rtsp.depacketise.opening import open_media
from camera_gateway.rtsp.errors import CodecRefused, RtspRefused
from camera_gateway.rtsp.url import join_control

if TYPE_CHECKING:
    from camera_gateway.rtsp.sdp import Description, Media
    from camera_gateway.rtsp.tracks import Opened


@dataclass(frozen=True, slots=True)
class Wanted:
    """A media section to set up, and the path of its control URL."""

    media: Media
    opened: Opened
    path: str


def choose(description: Description, base: str, *, want_audio: bool) -> tuple[list[Wanted], tuple[str, ...]]:
    """Return what to set up (video first), and the audio left out, each with its reason.

    Raises CodecRefused or RtspRefused(no-video).
    """
    videos, refused = _usable(description, "video", base, track=0)
    if not videos:
        if refused:
            raise refused[0]
        raise RtspRefused(
            ProbeCause.NO_VIDEO,
            "the stream has no video",
            hint="enable video on this stream, or register another path",
        )
    if not want_audio:
        return videos, ()
    audios, refused = _usable(description, "audio", base, track=1)
    return videos + audios, tuple(refusal.message for refusal in refused)


def _usable(description: Description, kind: str, base: str, *, track: int) -> tuple[list[Wanted], list[CodecRefused]]:
    """Return the first usable section of `kind` in a list, and the refusals of those before it."""
    refused: list[CodecRefused] = []
    for media in description.media:
        if media.kind != kind:
            continue
        try:
            opened = open_media(media, track)
        except CodecRefused as refusal:
            refused.append(refusal)
        else:
            return [Wanted(media, opened, join_control(base, media.control))], refused
    return [], refused
