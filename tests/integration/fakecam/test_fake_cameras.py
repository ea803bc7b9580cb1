from __future__ import annotations

import asyncio
import json
import shutil
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from fakecam.layout import unit_sha256
from fakecam.server import FakeCameras
from fakecam.settings import CameraSettings
from support.fake_cameras import FakeCameraProcess, RawClient, h264_units, read_ledger

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")


async def _ffmpeg(url: str) -> tuple[str, int]:
    """What ffmpeg complains of in 5 s of a stream, and how many pictures it decoded."""
    command = ["ffmpeg", "-v", "warning", "-progress", "-", "-rtsp_transport", "tcp", "-i", url]
    process = await asyncio.create_subprocess_exec(
        *command,
        *("-t", "5", "-f", "null", "-"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        out, complaints = await process.communicate()
    frames = [int(x.partition("=")[2]) for x in out.decode().split() if x.startswith("frame=")]
    return complaints.decode(), frames[-1] if frames else 0


@needs_ffmpeg
@pytest.mark.parametrize(
    ("auth", "wrap"), [("none", False), ("basic", False), ("digest", True), ("digest+basic", True)]
)
async def test_ffmpeg_decodes_every_codec_over_loop_seams_without_a_word(
    tiny_files: dict[str, Path],
    tmp_path: Path,
    auth: str,
    wrap: bool,  # noqa: FBT001 - a parameter
) -> None:
    (tmp_path / "pw").write_text("p@ss\n")
    arguments = ["--clips", *map(str, tiny_files.values()), "--auth", auth]
    arguments += ["--password-file", str(tmp_path / "pw"), *(["--near-wrap", "--burst"] if wrap else [])]
    async with FakeCameraProcess(*arguments) as farm:
        urls = [url.replace("//", "//admin:p%40ss@") for url in farm.urls]
        seen = await asyncio.gather(*map(_ffmpeg, urls))
    assert [complaints for complaints, _ in seen] == [""] * len(tiny_files)
    assert all(125 <= frames <= 128 for _, frames in seen), seen


def test_what_a_client_gets_is_what_the_ledger_says(tiny_files: dict[str, Path], tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.jsonl"
    clips = ("--clips", str(tiny_files["h264-aac"]))
    with FakeCameraProcess(*clips, ledger=ledger) as farm:
        with RawClient(farm.urls[0]) as client:
            info = client.play(2)["rtp-info"]
            client.gather(lambda: len({p.stamp for p in client.rtp(0)}) > 120)
            assert client.ask("TEARDOWN")[0] == 200
            video, audio = client.rtp(0), client.rtp(2)
        assert farm.stop() == 0
    start, *lines, end = read_ledger(ledger)
    assert (start["event"], start["tracks"]) == ("start", ["video", "audio"])
    assert (end["event"], end["reason"], end["unsent"]) == ("end", "teardown", 0)
    assert {line["session"] for line in (start, *lines, end)} == {client.session}
    listed = {track: [line for line in lines if line["track"] == track] for track in ("video", "audio")}
    units = h264_units(video)
    assert [line["sha256"] for line in listed["video"]] == [unit_sha256(unit) for unit in units]
    assert [line["size"] for line in listed["video"]] == [sum(map(len, unit)) for unit in units]
    frames = [packet.payload[4:] for packet in audio]
    assert [line["sha256"] for line in listed["audio"]] == [unit_sha256((f,)) for f in frames]
    assert [line["rtp"] & 0xFFFF_FFFF for line in listed["audio"]] == [p.stamp for p in audio]
    assert listed["video"][0]["key"]
    for channel, track in ((0, video), (2, audio)):
        first = f"trackID={channel // 2};seq={track[0].seq};rtptime={track[0].stamp}"
        assert first in info
        assert all((b.seq - a.seq) & 0xFFFF == 1 for a, b in pairwise(track))


def test_clients_share_a_camera_up_to_its_limit(tiny_files: dict[str, Path]) -> None:
    arguments = ("--clips", str(tiny_files["h264"]), "--max-sessions", "2")
    with FakeCameraProcess(*arguments) as farm:
        url = farm.urls[0]
        with RawClient(url) as first, RawClient(url) as second, RawClient(url) as third:
            first.play(1)
            second.play(1)
            transport = "RTP/AVP/TCP;unicast;interleaved=0-1"
            assert third.ask("SETUP", "/trackID=0", Transport=transport)[0] == 453
            assert first.ask("TEARDOWN")[0] == 200
            assert third.ask("SETUP", "/trackID=0", Transport=transport)[0] == 200


def test_refusals_are_those_of_real_cameras(tiny_files: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "pw").write_text("x")
    config = {
        "cameras": [
            {"path": "/open", "clip": str(tiny_files["h264"]), "aliases": ["/Streaming/Channels/101"]},
            {"path": "/shut", "clip": str(tiny_files["h264"]), "auth": "digest-sha-256"},
            {"path": "/busy", "clip": str(tiny_files["h264"]), "faults": {"answer_status": 503}},
        ]
    }
    (tmp_path / "farm.json").write_text(json.dumps(config))
    with FakeCameraProcess("--config", str(tmp_path / "farm.json")) as farm:
        with RawClient(farm.urls[0]) as client:
            assert client.ask("SETUP", "/trackID=0", Transport="RTP/AVP;unicast;client_port=1-2")[0] == 461
            assert client.ask("PLAY")[0] == 454
            assert client.ask("RECORD")[0] == 501
            client.url = client.url.replace("/open", "/nowhere")
            assert client.ask("DESCRIBE")[0] == 404
            client.url = client.url.replace("/nowhere", "/Streaming/Channels/101")
            assert client.ask("DESCRIBE")[0] == 200
        with RawClient(farm.urls[1]) as client:
            assert client.ask("OPTIONS")[0] == 200
            status, headers, _ = client.ask("DESCRIBE")
            assert (status, "SHA-256" in headers["www-authenticate"]) == (401, True)
        with RawClient(farm.urls[2]) as client:
            assert client.ask("DESCRIBE")[0] == 503


def test_a_session_without_keepalive_is_dropped_and_one_with_it_is_not(
    tiny_files: dict[str, Path], tmp_path: Path
) -> None:
    ledger = tmp_path / "ledger.jsonl"
    arguments = ("--clips", str(tiny_files["h264"]), "--session-timeout", "2", "--burst")
    with FakeCameraProcess(*arguments, ledger=ledger) as farm:
        with RawClient(farm.urls[0]) as kept, RawClient(farm.urls[0]) as silent:
            kept.play(1)
            silent.play(1)
            for frames in (50, 75, 100):
                kept.gather(lambda n=frames: len({p.stamp for p in kept.rtp(0)}) > n)  # type: ignore[misc]
                assert kept.ask("GET_PARAMETER")[0] == 200
            with pytest.raises(ConnectionError):
                silent.gather(lambda: False)
            assert kept.ask("OPTIONS")[0] == 200
        farm.stop()
    ends = {line["session"]: line["reason"] for line in read_ledger(ledger) if line["event"] == "end"}
    assert ends[silent.session] == "timeout"
    assert ends[kept.session] != "timeout"


async def test_a_farm_in_the_test_s_own_process_cuts_its_clients(
    tiny_files: dict[str, Path],
) -> None:
    camera = CameraSettings(path="/cam/1", clip=tiny_files["h264"], burst=True)
    async with FakeCameras([camera]) as farm:

        def watch() -> int:
            with RawClient(farm.url()) as client:
                client.play(1)
                client.gather(lambda: len(client.frames) > 20)
                loop.call_soon_threadsafe(farm.drop_clients)
                with pytest.raises(ConnectionError):
                    client.gather(lambda: False)
                return len(client.frames)

        loop = asyncio.get_running_loop()
        assert await asyncio.to_thread(watch) > 20
        assert farm.connections_seen == 1


def test_an_unusable_clip_is_one_line_on_stderr(tmp_path: Path) -> None:
    (tmp_path / "x.mp4").write_bytes(b"")
    with pytest.raises(RuntimeError), FakeCameraProcess("--clips", str(tmp_path)):
        pass
