from __future__ import annotations

import shutil
import subprocess
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from support.fake_cameras import RawClient
from support.rtsp_servers import AioToolkitServer, GStreamerServer

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

needs_ffprobe = pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffprobe is not installed")
needs_gstreamer = pytest.mark.skipif(GStreamerServer.available() is not None, reason=str(GStreamerServer.available()))
needs_toolkit = pytest.mark.skipif(AioToolkitServer.available() is not None, reason=str(AioToolkitServer.available()))


def _codecs(server: AbstractContextManager[GStreamerServer | AioToolkitServer], user: str = "") -> str:
    with server as running:
        url = running.url.replace("//", f"//{user}")
        command = ["ffprobe", "-v", "error", "-rtsp_transport", "tcp", "-show_entries"]
        command += ["stream=codec_name", "-of", "default=nk=1:nw=1", url]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.stderr == ""
    return " ".join(done.stdout.split())


@needs_ffprobe
@needs_gstreamer
@pytest.mark.parametrize(
    ("clip", "codecs"),
    [("h264-aac", "h264 aac"), ("h264-alaw", "h264 pcm_alaw"), ("h265-ulaw", "hevc pcm_mulaw")],
)
def test_gstreamer_serves_what_ffprobe_knows(tiny_files: dict[str, Path], clip: str, codecs: str) -> None:
    assert _codecs(GStreamerServer(tiny_files[clip])) == codecs


@needs_ffprobe
@needs_gstreamer
@pytest.mark.parametrize("auth", ["basic", "digest"])
def test_gstreamer_asks_for_the_password(tiny_files: dict[str, Path], auth: str) -> None:
    server = GStreamerServer(tiny_files["h264"], auth=auth)
    assert _codecs(server, "admin:secret@") == "h264"
    with server as running, RawClient(running.url) as client:
        status, headers, _ = client.ask("DESCRIBE")
        assert (status, headers["www-authenticate"].split()[0].lower()) == (401, auth)


@needs_gstreamer
@pytest.mark.parametrize("repeat_sets", [False, True])
def test_gstreamer_may_repeat_parameter_sets_between_slices(
    tiny_files: dict[str, Path],
    repeat_sets: bool,  # noqa: FBT001 - a parameter
) -> None:
    with (
        GStreamerServer(tiny_files["h264"], repeat_sets=repeat_sets) as server,
        RawClient(server.url) as client,
    ):
        control = client.ask("DESCRIBE")[2].decode().split("a=control:")[2].split()[0]
        transport = "RTP/AVP/TCP;unicast;interleaved=0-1"
        _, headers, _ = client.ask("SETUP", "/" + control, Transport=transport)
        client.session = headers["session"].partition(";")[0]
        assert client.ask("PLAY")[0] == 200
        client.gather(lambda: len({p.stamp for p in client.rtp(0)}) > 60)
        packets = client.rtp(0)
    sets = {7, 8, 24}
    between = [
        b
        for a, b in pairwise(packets)
        if a.stamp == b.stamp and a.payload[0] & 0x1F in (5, 28) and b.payload[0] & 0x1F in sets
    ]
    assert bool(between) == repeat_sets


@needs_ffprobe
@needs_toolkit
def test_aio_rtsp_toolkit_serves_what_ffprobe_knows(tiny_files: dict[str, Path]) -> None:
    assert _codecs(AioToolkitServer(tiny_files["h264-aac"])) == "h264 aac"
