"""Which media sections of a presentation are set up, and the track that SETUP makes of each. Pure.

The first usable video, the first usable audio. Unusable audio is left out and named; it never costs the video.
Without usable video there is a refusal that names the codec. A track comes over our TCP connection or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from camera_gateway.domain.footage import ProbeCause
from camera_gateway.rtsp import refusals
from camera_gateway.rtsp.depacketise.opening import open_media
from camera_gateway.rtsp.errors import CodecRefused, RtspRefused
from camera_gateway.rtsp.session_headers import parse_transport
from camera_gateway.rtsp.tracks import TrackSetup
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


def track_of(wanted: Wanted, number: int, transport: str | None) -> TrackSetup:
    """Return the track that the answer to its SETUP describes; `number` counts from 0, video first.

    A camera that names no channels got those that were asked for: 2 n and 2 n + 1 (RFC 2326 section 12.39).
    Raises RtspRefused for another transport than TCP and for a channel that is no byte.
    """
    told = parse_transport(transport or "RTP/AVP/TCP")
    if not told.tcp:
        raise refusals.no_tcp("the camera answered SETUP with a transport other than TCP")
    rtp_channel = 2 * number if told.rtp_channel is None else told.rtp_channel
    rtcp_channel = rtp_channel + 1 if told.rtcp_channel is None else told.rtcp_channel
    if max(rtp_channel, rtcp_channel) > 255:  # noqa: PLR2004 - one byte
        raise refusals.not_rtsp("the camera answered SETUP with an impossible channel")
    opened = wanted.opened
    return TrackSetup(
        number,
        "video" if number == 0 else "audio",
        opened.codec,
        opened.payload_type,
        opened.clock_rate,
        opened.channels,
        rtp_channel,
        rtcp_channel,
        wanted.media,
        opened.depacketiser,
        opened.parameter_sets,
        opened.codec_config,
        opened.sample_rate,
        told.ssrc,
        wanted.path,
    )


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
