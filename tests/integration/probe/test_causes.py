"""`discovery.probe` against cameras that misbehave: each fault its own cause, a hint, and nothing else opened."""

from __future__ import annotations

import asyncio
import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
from fakecam.server import FakeCameras
from fakecam.settings import CameraSettings, Faults
from support.fault_camera import Fault, FaultCamera

from camera_gateway.clock import SystemClock
from camera_gateway.discovery.probe import CANNOT_REACH, Patience, Probe, ProbeTarget, probe
from camera_gateway.domain.camera import parse_stream_url
from camera_gateway.domain.footage import ProbeCause

if TYPE_CHECKING:
    from pathlib import Path

LOOPBACK = ("127.0.0.0/8",)
SECRET = "canary:p@ss/w?rd#1 Ключ"
SHORT = Patience(resolve_s=1, connect_s=0.5, answer_s=1.5)


async def look(url: str, *, networks: tuple[str, ...] = LOOPBACK, account: bool = True, seconds: float = 0.5) -> Probe:
    target = ProbeTarget(parse_stream_url(url)[0], "admin" if account else None, SECRET if account else None, networks)
    assert SECRET not in repr(target)
    return await probe(target, SystemClock(), seconds=seconds, patience=SHORT)


def hold_refusal(found: Probe, cause: ProbeCause) -> None:
    assert (found.ok, found.cause) == (False, cause), found
    told = found.message + found.hint
    assert found.message
    assert found.hint
    assert "\n" not in told
    assert SECRET not in str(found.as_json())
    assert found.video is None


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ("auth-wrong", ProbeCause.AUTH_WRONG),
        ("path-not-found", ProbeCause.PATH_NOT_FOUND),
        ("http", ProbeCause.NOT_RTSP),
        ("garbage", ProbeCause.NOT_RTSP),
        ("silent", ProbeCause.NO_ANSWER),
        ("endless-headers", ProbeCause.NOT_RTSP),
        ("redirect", ProbeCause.REDIRECTED),
        ("refused-sessions", ProbeCause.REFUSED_SESSIONS),
        ("udp-only", ProbeCause.REFUSED_SESSIONS),
        ("close-on-setup", ProbeCause.NO_ANSWER),
        ("av1", ProbeCause.CODEC_REFUSED),
        ("mjpeg", ProbeCause.CODEC_REFUSED),
        ("no-video", ProbeCause.NO_VIDEO),
        ("huge-sdp", ProbeCause.NOT_RTSP),
        ("many-tracks", ProbeCause.NOT_RTSP),
        ("no-keyframe", ProbeCause.NO_VIDEO),
    ],
)
async def test_a_camera_that_cannot_be_used_gets_its_own_cause(fault: Fault, cause: ProbeCause) -> None:
    async with FaultCamera(fault) as camera:
        found = await look(camera.url)
    hold_refusal(found, cause)
    assert camera.connections == 1


async def test_the_codec_that_is_refused_is_named() -> None:
    async with FaultCamera("av1") as camera:
        assert "AV1" in (await look(camera.url)).message.upper()


async def test_a_camera_that_drips_is_given_up_in_time() -> None:
    async with FaultCamera("drip", drip_s=0.2) as camera, asyncio.timeout(5):
        found = await look(camera.url)
    assert found.cause in {ProbeCause.NO_ANSWER, ProbeCause.NOT_RTSP}
    hold_refusal(found, found.cause)


async def test_a_redirect_to_another_host_opens_no_connection_there() -> None:
    calls: list[str] = []

    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        calls.append((await reader.read(100)).decode())
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(other, "127.0.0.2", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        where = f"rtsp://root:hunter2@127.0.0.2:{port}/elsewhere"
        async with FaultCamera("redirect", location=where) as camera:
            found = await look(camera.url)
        # calls are taken in order: one that had been made before would be seen before this one
        reader, writer = await asyncio.open_connection("127.0.0.2", port)
        writer.write(b"ours")
        await reader.read()
        writer.close()
        await writer.wait_closed()
    assert calls == ["ours"]
    hold_refusal(found, ProbeCause.REDIRECTED)
    assert f"127.0.0.2:{port}" in found.hint
    assert "hunter2" not in found.hint


async def test_a_closed_port_is_told_from_a_host_that_never_answers() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        hold_refusal(await look(f"rtsp://127.0.0.1:{listener.getsockname()[1]}/x"), ProbeCause.PORT_CLOSED)
        listener.listen(0)
        with ExitStack() as waiting:  # a queue that is full lets further calls wait without an answer
            for _ in range(4):
                caller = waiting.enter_context(socket.socket())
                caller.settimeout(0)
                caller.connect_ex(listener.getsockname())
            hold_refusal(await look(f"rtsp://127.0.0.1:{listener.getsockname()[1]}/x"), ProbeCause.NO_ANSWER)


async def test_a_port_that_hangs_up_without_a_word_is_not_rtsp() -> None:
    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with server:
        found = await look(f"rtsp://127.0.0.1:{server.sockets[0].getsockname()[1]}/x")
    assert found.cause in {ProbeCause.NOT_RTSP, ProbeCause.NO_ANSWER}  # FIN or RST, as the kernel likes
    hold_refusal(found, found.cause)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 70 + ".example", "xn--.", "..", "1.2.3.4.5"])
async def test_a_name_without_an_address_is_told_as_such(host: str) -> None:
    hold_refusal(await look(f"rtsp://{host}/x"), ProbeCause.RESOLVE_FAILED)


@pytest.mark.parametrize(
    ("host", "networks"),
    [
        ("127.0.0.1", ("10.0.0.0/8", "0.0.0.0/0")),
        ("[::1]", ("::/0",)),
        ("[::ffff:127.0.0.1]", ("0.0.0.0/0", "::/0")),
        ("169.254.169.254", ("0.0.0.0/0", "169.254.0.0/16")),
        ("100.100.100.200", ("0.0.0.0/0",)),
        ("0.0.0.0", ("0.0.0.0/0", "127.0.0.0/8")),  # noqa: S104 - an address that must be refused
        ("224.0.0.1", ("0.0.0.0/0",)),
        ("8.8.8.8", ("192.168.0.0/16",)),
        ("2130706433", ("10.0.0.0/8",)),  # 127.0.0.1 as one number
        ("0x7f000001", ("10.0.0.0/8",)),
    ],
)
async def test_an_address_that_is_not_allowed_is_not_called(host: str, networks: tuple[str, ...]) -> None:
    async with FaultCamera("none") as camera:
        found = await look(f"rtsp://{host}:{camera.port}/stream", networks=networks)
    hold_refusal(found, ProbeCause.ADDRESS_NOT_ALLOWED)
    assert camera.connections == 0


async def test_a_resolver_that_answers_with_an_address_outside_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[list[str]] = [["169.254.169.254"], ["127.0.0.1"]]

    def resolve(_host: str, port: int, *_: Any, **__: Any) -> list[Any]:  # noqa: ANN401 - as the original
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in answers.pop(0)]

    async with FaultCamera("none") as camera:
        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        found = await look(f"rtsp://camera.example:{camera.port}/stream")
    hold_refusal(found, ProbeCause.ADDRESS_NOT_ALLOWED)
    assert camera.connections == 0
    assert len(answers) == 1, "the name was asked for more than once"


async def test_of_several_addresses_an_allowed_one_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(host: str, port: int, *_: Any, **__: Any) -> list[Any]:  # noqa: ANN401 - as the original
        found = ["::1", "127.0.0.1"] if host == "camera.example" else [host]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in found]

    async with FaultCamera("none") as camera:
        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        found = await look(f"rtsp://camera.example:{camera.port}/stream")
    assert found.ok
    assert camera.connections == 1


@pytest.mark.parametrize("fault", ["drop", "reset", "bye", "stall", "lost", "sr-1970", "traversal", "no-marker"])
async def test_a_camera_that_delivers_for_a_second_is_described_by_what_it_sent(fault: Fault) -> None:
    async with FaultCamera(fault, after=40, frame_s=0.002) as camera:
        found = await look(camera.url, seconds=0.2)
        asked = [uri for _method, uri, _headers in camera.requests]
    assert found.ok, found
    assert found.video is not None
    assert (found.video["codec"], found.video["width"], found.video["height"]) == ("h264", 320, 180)
    assert found.video["fps"] == pytest.approx(25, abs=4)
    assert all(uri.startswith(f"rtsp://127.0.0.1:{camera.port}/") for uri in asked)
    if fault == "sr-1970":
        assert "clock is off" in found.hint


async def test_a_stream_that_breaks_is_told_and_does_not_raise() -> None:
    async with FaultCamera("garbage-between", after=3) as camera:
        found = await look(camera.url)
    assert not found.ok
    hold_refusal(found, ProbeCause.NOT_RTSP)


@pytest.mark.parametrize("auth", ["basic", "digest", "digest-sha-256", "digest+basic"])
async def test_any_password_signs_in(tiny_files: dict[str, Path], auth: str) -> None:
    camera = CameraSettings("/cam/1", tiny_files["h264-aac"], auth=auth, user="admin", password=SECRET)
    async with FakeCameras([camera]) as farm:
        found = await look(farm.url())
        nobody = await look(farm.url(), account=False)
    assert found.ok, found
    assert found.auth == {"basic": "basic", "digest-sha-256": "digest-sha-256"}.get(auth, "digest-md5")
    assert SECRET not in str(found.as_json())
    hold_refusal(nobody, ProbeCause.AUTH_MISSING)


@pytest.mark.parametrize(
    ("clip", "video", "audio"),
    [
        ("h264-alaw", "h264", "pcma"),
        ("h264-bframes-aac", "h264", "aac"),
        ("h265-ulaw", "h265", "pcmu"),
        ("h264", "h264", None),
    ],
)
async def test_a_good_camera_is_described(
    tiny_files: dict[str, Path], clip: str, video: str, audio: str | None
) -> None:
    camera = CameraSettings("/live/main", tiny_files[clip], clock_offset_s=7.0)
    async with FakeCameras([camera]) as farm:
        found = await look(farm.url(), account=False, seconds=1.2)
    assert found.ok, found
    assert found.cause is None
    assert found.video is not None
    assert found.video["codec"] == video
    assert (found.video["width"], found.video["height"]) == (320, 180)
    assert found.video["fps"] == pytest.approx(25, abs=0.3)
    assert found.video["gop_s"] == pytest.approx(1)
    assert found.video["smart_codec"] is False
    assert (found.audio or {}).get("codec") == audio
    assert found.clock_offset_s == pytest.approx(7, abs=0.5)
    assert "clock is off by 7 s" in found.hint
    assert found.auth == "none"


async def test_the_camera_may_refuse_a_second_viewer(tiny_files: dict[str, Path]) -> None:
    camera = CameraSettings("/cam/1", tiny_files["h264"], faults=Faults(answer_status=503))
    async with FakeCameras([camera]) as farm:
        hold_refusal(await look(farm.url()), ProbeCause.REFUSED_SESSIONS)


async def test_a_probe_leaves_no_session_behind(tiny_files: dict[str, Path]) -> None:
    camera = CameraSettings("/cam/1", tiny_files["h264"], max_sessions=1)
    async with FakeCameras([camera]) as farm:
        for _ in range(3):
            assert (await look(farm.url(), account=False)).ok
        assert farm.connections_seen == 3


def test_exactly_the_causes_without_an_answer_count_as_unreachable() -> None:
    assert {ProbeCause.RESOLVE_FAILED, ProbeCause.PORT_CLOSED, ProbeCause.NO_ANSWER, ProbeCause.TLS_FAILED} == set(
        CANNOT_REACH
    )
