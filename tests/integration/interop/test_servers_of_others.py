"""The client against RTSP servers that we did not write: what comes decodes, and every picture comes once."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from support.rtsp_client import Received, judged, receive
from support.rtsp_servers import AioToolkitServer, GStreamerServer

from camera_gateway.clock import SystemClock
from camera_gateway.discovery.probe import Probe, ProbeTarget, probe
from camera_gateway.domain.camera import parse_stream_url
from camera_gateway.domain.footage import ProbeCause
from camera_gateway.rtsp.errors import RtspRefused

if TYPE_CHECKING:
    from pathlib import Path

needs_gstreamer = pytest.mark.skipif(GStreamerServer.available() is not None, reason=str(GStreamerServer.available()))
needs_toolkit = pytest.mark.skipif(AioToolkitServer.available() is not None, reason=str(AioToolkitServer.available()))
FRAME = 3600
PICTURES = 60


async def look(url: str, username: str | None = None, password: str | None = None) -> Probe:
    target = ProbeTarget(parse_stream_url(url)[0], username, password, ("127.0.0.0/8",))
    return await probe(target, SystemClock(), seconds=1.5)


def hold_whole(found: Received, *, seconds: float = PICTURES / 25) -> None:
    pictures = found.pictures
    times = sorted(unit.rtp_time for unit in pictures)
    # a frame's length may be rounded by the server's clock of nanoseconds
    steps = {later - earlier for earlier, later in pairwise(times)}
    assert max(steps) <= FRAME + 10
    assert min(steps) >= FRAME - 10
    assert not any(unit.damaged for unit in found.units)
    result = judged(found)
    assert len(result.video_s) == len(pictures)
    assert result.sizes == {(320, 180)}
    assert result.corrupt == 0
    sound = next((track for track in found.conversation.tracks if track.kind == "audio"), None)
    assert (result.audio_samples > 0) == (sound is not None)
    if sound is not None:
        assert sum(unit.samples for unit in found.of(sound.index)) > 0.6 * seconds * sound.sample_rate


@needs_gstreamer
@pytest.mark.parametrize(
    ("clip", "video", "audio"),
    [
        ("h264", "h264", None),
        ("h264-aac", "h264", "aac"),
        ("h264-alaw", "h264", "pcma"),
        ("h265-ulaw", "h265", "pcmu"),
    ],
)
@pytest.mark.parametrize("repeat_sets", [False, True])
async def test_what_gstreamer_sends_is_received_whole(
    tiny_files: dict[str, Path],
    clip: str,
    video: str,
    audio: str | None,
    repeat_sets: bool,  # noqa: FBT001 - a parameter
) -> None:
    with GStreamerServer(tiny_files[clip], repeat_sets=repeat_sets) as server:
        # its first sender report comes 1.3 to 3 s after PLAY, later on a busy machine
        found = await receive(server.url, pictures=PICTURES, reports=1)
    tracks = [track.codec for track in found.conversation.tracks]
    assert tracks == [video] if audio is None else tracks == [video, audio]
    hold_whole(found)
    assert found.lost == 0


@needs_gstreamer
@pytest.mark.parametrize(("auth", "told"), [("basic", "basic"), ("digest", "digest-md5")])
async def test_the_client_signs_in_at_gstreamer(tiny_files: dict[str, Path], auth: str, told: str) -> None:
    with GStreamerServer(tiny_files["h264"], auth=auth, password="Пароль 1") as server:
        found = await receive(server.url, pictures=PICTURES, username="admin", password="Пароль 1")
        assert found.conversation.auth == told
        hold_whole(found)
        for username, password, cause in (
            ("admin", "wrong", ProbeCause.AUTH_WRONG),
            (None, None, ProbeCause.AUTH_MISSING),
        ):
            with pytest.raises(RtspRefused) as refused:
                await receive(server.url, username=username, password=password)
            assert refused.value.cause is cause


@needs_gstreamer
async def test_a_probe_of_gstreamer_says_what_it_sends(tiny_files: dict[str, Path]) -> None:
    with GStreamerServer(tiny_files["h264-aac"], auth="digest") as server:
        found = await look(server.url, "admin", "secret")
        missing = await look(server.url.replace("/stream", "/nothing-here"), "admin", "secret")
    assert (found.ok, found.cause, found.auth) == (True, None, "digest-md5")
    assert found.video is not None
    assert (found.video["codec"], found.video["width"], found.video["height"]) == ("h264", 320, 180)
    assert found.video["fps"] == pytest.approx(25, abs=0.5)
    assert found.video["gop_s"] == pytest.approx(1, abs=0.01)
    assert found.audio is not None
    assert found.audio["codec"] == "aac"
    assert (missing.ok, missing.cause) == (False, ProbeCause.PATH_NOT_FOUND)


@needs_toolkit
@pytest.mark.parametrize("clip", ["h264-aac", "h264"])
async def test_what_aio_rtsp_toolkit_sends_is_received_whole(tiny_files: dict[str, Path], clip: str) -> None:
    with AioToolkitServer(tiny_files[clip]) as server:
        found = await receive(server.url, pictures=45)
        looked = await look(server.url)
    assert [t.codec for t in found.conversation.tracks] == clip.split("-")
    # its loop starts a new time line, so one pass is judged
    hold_whole(found, seconds=45 / 25)
    assert looked.ok
    assert looked.video is not None
    assert (looked.video["width"], looked.video["height"]) == (320, 180)
