"""`camera probe` and `camera add` against cameras that cannot be used, with a service and without one.

Each fault has its own cause, a hint and the exit code of docs/reference/errors.md, in one line, without a traceback,
and the password appears nowhere in what was printed or kept.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from fakecam.clips import tiny
from fakecam.server import FakeCameras
from fakecam.settings import CameraSettings
from support.command_line import Directory, free_port
from support.fault_camera import Fault, FaultCamera

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

SECRET = "canary@:/%#? Пароль7"
ACCOUNT = ["--username", "operator", "--password-file", "-"]
FORMS = [SECRET.encode(), quote(SECRET).encode(), quote(SECRET, safe="").encode()]
FORMS += [b64encode(f"operator:{SECRET}".encode()), b64encode(SECRET.encode()), b"canary@"]


@pytest.fixture(scope="module", params=["served", "made"], ids=["with-serve", "without"])
def installation(request: pytest.FixtureRequest) -> Directory:
    found: Directory = request.getfixturevalue(request.param)
    found.here = True
    return found


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return tiny(tmp_path_factory.mktemp("clips"), length_s=2)


def hold_secret(directory: Directory) -> None:
    for where, data in directory.everything():
        for form in FORMS:
            assert form not in data, where


async def probe(directory: Directory, url: str, code: int) -> dict[str, Any]:
    words = ["camera", "probe", url, *ACCOUNT, "--seconds", "1"]
    found: dict[str, Any] = await asyncio.to_thread(directory.json, *words, stdin=SECRET, code=code)
    return found


async def add(directory: Directory, url: str, code: int) -> dict[str, Any]:
    words = directory.camera_words(url, "candidate", *ACCOUNT)
    found: dict[str, Any] = await asyncio.to_thread(directory.json, *words, stdin=SECRET, code=code)
    return found


async def refused(directory: Directory, url: str, cause: str, code: int) -> None:
    looked = await probe(directory, url, code)
    assert (looked["ok"], looked["cause"]) == (False, cause)
    assert looked["hint"]
    error = (await add(directory, url, code))["error"]
    assert (error["code"], bool(error["hint"])) == (cause, True)
    words = directory.camera_words(url, "candidate", *ACCOUNT)
    plain = await asyncio.to_thread(directory.run, *words, stdin=SECRET)
    assert plain.code == code
    assert error["message"] in plain.line
    missing = await asyncio.to_thread(directory.json, "camera", "show", "candidate", code=3)
    assert missing["error"]["code"] == "not-found"
    hold_secret(directory)


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ("auth-wrong", "auth-wrong"),
        ("path-not-found", "path-not-found"),
        ("http", "not-rtsp"),
        ("garbage", "not-rtsp"),
        ("redirect", "redirected"),
        ("refused-sessions", "refused-sessions"),
        ("udp-only", "refused-sessions"),
        ("av1", "codec-refused"),
        ("mjpeg", "codec-refused"),
        ("no-video", "no-video"),
        ("huge-sdp", "not-rtsp"),
        ("many-tracks", "not-rtsp"),
    ],
)
async def test_a_camera_that_cannot_be_used_is_refused_with_its_cause(
    installation: Directory, fault: Fault, cause: str
) -> None:
    async with FaultCamera(fault) as camera:
        await refused(installation, camera.url, cause, 1)


async def test_what_cannot_be_reached_is_exit_5(installation: Directory) -> None:
    await refused(installation, f"rtsp://127.0.0.1:{free_port()}/x", "port-closed", 5)
    await refused(installation, "rtsp://no-such-host.invalid/x", "resolve-failed", 5)


async def test_an_address_that_is_not_allowed_is_refused(installation: Directory) -> None:
    await refused(installation, "rtsp://169.254.169.254/x", "address-not-allowed", 1)
    await refused(installation, "rtsp://[::1]/x", "address-not-allowed", 1)


@pytest.mark.parametrize(("fault", "causes"), [("silent", {"no-answer"}), ("drip", {"no-answer", "not-rtsp"})])
async def test_a_camera_without_an_answer_ends_in_time(served: Directory, fault: Fault, causes: set[str]) -> None:
    async with FaultCamera(fault, drip_s=1) as camera, asyncio.timeout(40):
        code = 5 if fault == "silent" else None
        words = ["camera", "probe", camera.url, *ACCOUNT, "--json"]
        done = await asyncio.to_thread(served.run, *words, stdin=SECRET)
    assert done.document["cause"] in causes
    assert done.code == (code or (5 if done.document["cause"] == "no-answer" else 1))
    hold_secret(served)


async def test_an_account_is_asked_for_when_the_camera_wants_one(
    installation: Directory, clips: dict[str, Path]
) -> None:
    settings = CameraSettings("/cam/1", clips["h264"], auth="digest", user="operator", password=SECRET)
    async with FakeCameras([settings]) as farm:
        words = ["camera", "probe", farm.url()]
        found = await asyncio.to_thread(installation.json, *words, code=1)
    assert found["cause"] == "auth-missing"


@pytest.mark.parametrize("auth", ["digest", "digest-sha-256", "basic"])
async def test_a_good_camera_is_tried_registered_and_tried_again_with_its_sealed_password(
    installation: Directory, clips: dict[str, Path], auth: str
) -> None:
    settings = CameraSettings("/cam/1", clips["h264-aac"], auth=auth, user="operator", password=SECRET)
    identity = f"good-{auth}"
    async with FakeCameras([settings]) as farm:
        found = await probe(installation, farm.url(), 0)
        assert {"ok", "cause", "hint", "video", "audio", "clock_offset_s", "auth"} <= set(found)
        assert {"codec", "width", "height", "fps", "gop_s"} <= set(found["video"])
        words = installation.camera_words(farm.url(), identity, *ACCOUNT)
        made = await asyncio.to_thread(installation.json, *words, stdin=SECRET + "\n")
        assert made["probe"]["ok"]
        assert (made["device"]["username"], made["device"]["password"]) == ("operator", "set")
        again = await asyncio.to_thread(installation.json, "camera", "probe", identity, "--seconds", "1")
    assert again["ok"]
    assert again["auth"] == {"digest": "digest-md5"}.get(auth, auth)
    hold_secret(installation)


@pytest.mark.parametrize(
    "url",
    [
        f"rtsp://operator:{quote(SECRET, safe='')}@127.0.0.1:9/x",
        "rtsp://operator:canary@127.0.0.1/x",
        "rtsp://operator:1234/canary@127.0.0.1:9/x",
        "rtsp://operator:can#canary@127.0.0.1:9/x",
        "rtsp://127.0.0.1:9/x#canary@",
        "http://operator:canary@127.0.0.1/x",
        "operator:canary@127.0.0.1/x",
    ],
)
async def test_an_account_in_a_url_is_refused_and_not_repeated(installation: Directory, url: str) -> None:
    for words in (
        installation.camera_words(url, "candidate", "--no-probe"),
        ["camera", "probe", url],
        ["camera", "show", url],
    ):
        done = await asyncio.to_thread(installation.run, *words)
        assert done.code in {2, 3}
        assert "canary" not in done.line
    hold_secret(installation)


async def test_options_that_would_be_ignored_are_refused(installation: Directory) -> None:
    url = f"rtsp://127.0.0.1:{free_port()}/x"
    run = installation.json
    lone = await asyncio.to_thread(run, "camera", "probe", url, "--password-file", "-", stdin="x", code=2)
    assert "user name" in lone["error"]["message"]
    other = await asyncio.to_thread(run, "camera", "probe", "yard", "--username", "x", code=2)
    assert "own account" in other["error"]["message"]
    absent = await asyncio.to_thread(run, "camera", "probe", url, "--password-file", "/nothing", code=2)
    assert "/nothing" in absent["error"]["message"]
