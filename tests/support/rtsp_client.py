"""The whole receive path over a plain asyncio connection: what the recorder does, without recorder.

`receive(url)` talks, plays and gathers access units until enough came. `judged` writes them with the gateway's
own writer and lets libav say what it makes of them.
"""

from __future__ import annotations

import asyncio
import io
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from camera_gateway.media.aac_config import aac_format, g711_format
from camera_gateway.media.fmp4 import AudioTrack, Samples, VideoTrack, fragment, init_segment
from camera_gateway.media.judge import JudgedFrames, decode_all
from camera_gateway.media.parameter_sets import video_format
from camera_gateway.media.reorder import Reorder
from camera_gateway.rtsp.conversation import Conversation
from camera_gateway.rtsp.url import Target

if TYPE_CHECKING:
    from camera_gateway.media.formats import AudioFormat
    from camera_gateway.rtsp.access_unit import AccessUnit
    from camera_gateway.rtsp.rtcp import SenderReport
    from camera_gateway.rtsp.tracks import TrackSetup

CLOCK = 90_000


@dataclass
class Received:
    """What one visit brought."""

    conversation: Conversation
    units: list[AccessUnit] = field(default_factory=list)
    reports: list[SenderReport] = field(default_factory=list)

    def of(self, track: int) -> list[AccessUnit]:
        return [unit for unit in self.units if unit.track == track]

    @property
    def pictures(self) -> list[AccessUnit]:
        """Video from the first keyframe on, without the unit that may still have been in the making."""
        video = self.of(0)
        first = next(n for n, unit in enumerate(video) if unit.keyframe)
        return video[first:]

    @property
    def lost(self) -> int:
        receiver = self.conversation.receiver
        assert receiver is not None
        return sum(stats.packets_lost for stats in receiver.stats)


async def receive(
    url: str,
    *,
    pictures: int = 60,
    reports: int = 0,
    username: str | None = None,
    password: str | None = None,
    limit_s: float = 30,
) -> Received:
    """Play a stream until `pictures` video units and so many sender reports came.

    Raises RtspError as the conversation does.
    """
    parts = urlsplit(url)
    assert parts.hostname is not None
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    target = Target(parts.hostname, parts.port or 554, path, username, password)
    async with asyncio.timeout(limit_s):
        reader, writer = await asyncio.open_connection(target.host, target.port)
        try:
            return await _play(Conversation(target), reader, writer, pictures, reports)
        finally:
            writer.transport.abort()


async def _play(
    conversation: Conversation,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    pictures: int,
    reports: int,
) -> Received:
    writer.write(conversation.start())
    while conversation.state != "playing":
        data = await reader.read(65_536)
        assert data, "the server hung up"
        writer.write(conversation.receive(data))
    found, receiver = Received(conversation), conversation.receiver
    assert receiver is not None
    pending = bytearray(conversation.leftover)
    while len(found.of(0)) < pictures or len(found.reports) < reports:
        data = await reader.read(65_536)
        assert data, "the server hung up"
        pending += data
        del pending[: receiver.feed(pending, len(pending), time.monotonic_ns() // 1000)]
        found.units += receiver.units
        found.reports += receiver.sender_reports
        receiver.units, receiver.sender_reports = [], []
    writer.write(conversation.teardown())
    await writer.drain()
    return found


def judged(found: Received) -> JudgedFrames:
    """Write pictures and sound as one fragmented file of a single fragment, and decode all of it."""
    video = found.conversation.tracks[0]
    pictures = found.pictures
    sets = pictures[0].parameter_sets or video.parameter_sets
    form = video_format("h265" if video.codec == "h265" else "h264", sets)
    sound = next((track for track in found.conversation.tracks if track.kind == "audio"), None)
    heard = [] if sound is None else found.of(sound.index)
    audio_form = None if sound is None else _audio_format(sound)
    base = pictures[0].rtp_time
    step = CLOCK // 25
    reorder = Reorder(form.reorder_frames, step)
    decode = [reorder.decode_time(unit.rtp_time - base) + reorder.lead for unit in pictures]
    samples = Samples(decode[0])
    for unit, at, after in zip(pictures, decode, [*decode[1:], decode[-1] + step], strict=True):
        composition = unit.rtp_time - base + reorder.lead - at
        samples.add(unit.pieces, unit.size, after - at, keyframe=unit.keyframe, composition=composition)
    audio = Samples(0)
    for unit in heard:
        audio.add(unit.pieces, unit.size, unit.samples)
    track = AudioTrack(audio_form, audio_form.sample_rate) if audio_form else None
    data = init_segment(VideoTrack(form, sets), track) + b"".join(fragment(1, samples, audio, 0))
    return decode_all(io.BytesIO(data))


def _audio_format(track: TrackSetup) -> AudioFormat:
    if track.codec == "aac":
        return aac_format(track.codec_config)
    return g711_format("alaw" if track.codec == "pcma" else "ulaw")
