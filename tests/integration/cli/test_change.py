"""`camera change`, `camera replace` and `institution change`: what they do, what they refuse, and what they never say.

The last test has the real recorder: a camera with a wrong password records soon after it was changed, and the run of
the camera beside it goes on.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
import time
from base64 import b64encode
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from fakecam.clips import tiny
from fakecam.server import FakeCameras
from fakecam.settings import CameraSettings
from support.command_line import INSTITUTION, Directory, free_port

from camera_gateway.handover.plan_file import read_plan
from camera_gateway.handover.status_file import CameraStatus, read_statuses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SECRET, WRONG = "canary@:/%#? Пароль8", "canary-of-before"
FORMS = [SECRET.encode(), quote(SECRET).encode(), b64encode(SECRET.encode()), b64encode(f"op:{SECRET}".encode())]
FORMS += [b"canary@", WRONG.encode()]


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return tiny(tmp_path_factory.mktemp("clips"), length_s=2)


@pytest.fixture
def fresh(tmp_path: Path) -> Directory:
    directory = Directory(tmp_path, here=True)
    directory.add_institution()
    directory.json(*directory.camera_words("rtsp://127.0.0.1:9/main", "yard", "--no-probe"))
    return directory


def guarded(path: str, clip: Path) -> CameraSettings:
    return CameraSettings(path, clip, auth="digest", user="op", password=SECRET)


def audit(directory: Directory) -> list[tuple[str, str, dict[str, Any]]]:
    with closing(sqlite3.connect(directory.data / "catalogue.sqlite")) as connection:
        rows = connection.execute("SELECT action, object, details FROM audit ORDER BY number").fetchall()
    return [(action, object_, json.loads(details)) for action, object_, details in rows]


def hold_secret(directory: Directory) -> None:
    for where, data in directory.everything():
        for form in FORMS:
            assert form not in data, where


def test_words_and_schedule_change_without_a_visit_and_the_row_says_from_what(fresh: Directory) -> None:
    made = fresh.json("camera", "change", "yard", "--name", "Ворота", "--zone", "entrance", "--schedule",
                      "mon-fri 07:00-20:00", "--schedule", "sat 08:00-12:00")  # fmt: skip
    assert (made["name"], made["zone"], made["probe"]) == ("Ворота", "entrance", None)
    assert made["schedule"] == ["mon-fri 07:00-20:00", "sat 08:00-12:00"]
    assert made["device"]["url"] == "rtsp://127.0.0.1:9/main"
    action, object_, details = audit(fresh)[-1]
    assert (action, object_) == ("camera.change", "camera:yard")
    assert details["changed"]["zone"] == {"from": "yard", "to": "entrance"}
    assert set(details["changed"]) == {"name", "zone", "schedule"}
    rows = len(audit(fresh))
    again = fresh.json("camera", "change", "yard", "--name", "Ворота")
    assert (again["changed"], len(audit(fresh))) == ({}, rows)
    default = fresh.json("camera", "change", "yard", "--default-schedule")
    assert default["schedule"] == ["daily 00:00-24:00"]
    assert "nothing changed" in fresh.run("camera", "change", "yard", "--default-schedule").out
    assert "changed name" in fresh.run("camera", "change", "yard", "--name", "Двор").out


def test_a_changed_address_is_tried_first_and_left_when_it_is_not_usable(fresh: Directory) -> None:
    url = f"rtsp://127.0.0.1:{free_port()}/other"
    rows = len(audit(fresh))
    assert fresh.json("camera", "change", "yard", "--url", url, code=5)["error"]["code"] == "port-closed"
    assert fresh.json("camera", "replace", "yard", "--url", url, code=5)["error"]["code"] == "port-closed"
    denied = fresh.json("camera", "change", "yard", "--url", "rtsp://169.254.169.254/x", code=1)
    assert denied["error"]["code"] == "address-not-allowed"
    assert fresh.json("camera", "show", "yard")["device"]["url"] == "rtsp://127.0.0.1:9/main"
    assert len(audit(fresh)) == rows
    unseen = fresh.json("camera", "change", "yard", "--url", url, "--no-probe")
    assert (unseen["device"]["url"], unseen["device"]["id"]) == (url, "yard-1")
    assert audit(fresh)[-1][2]["changed"]["port"]["from"] == 9


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["camera", "change", "yard"], 2),
        (["camera", "change", "yard", "--no-probe"], 2),
        (["camera", "change", "nobody", "--name", "x"], 3),
        (["camera", "change", "yard", "--zone", "moon"], 2),
        (["camera", "change", "yard", "--name", "\x1b[2J"], 2),
        (["camera", "change", "yard", "--schedule", "always"], 2),
        (["camera", "change", "yard", "--schedule", "mon 01:00-02:00", "--default-schedule"], 2),
        (["camera", "change", "yard", "--url", "rtsp://op:canary@127.0.0.1/x"], 2),
        (["camera", "change", "yard", "--password-file", "/nothing"], 2),
        (["camera", "change", "yard", "--password-file", "-"], 2),
        (["camera", "replace", "yard"], 2),
        (["camera", "replace", "nobody", "--url", "rtsp://127.0.0.1/x", "--no-probe"], 3),
        (["camera", "replace", "yard", "--url", "rtsp://127.0.0.1/x", "--mac", "no", "--no-probe"], 2),
        (["camera", "replace", "yard", "--url", "rtsp://127.0.0.1/x#canary@", "--no-probe"], 2),
        (["institution", "change", INSTITUTION], 2),
        (["institution", "change", "nobody", "--name", "x"], 3),
        (["institution", "change", INSTITUTION, "--kind", "casino"], 2),
        (["institution", "change", INSTITUTION, "--time-zone", "Mars/Olympus"], 2),
        (["institution", "change", INSTITUTION, "--allow", "10.0.0.0/99"], 2),
        (["institution", "change", INSTITUTION, "--upload-window", "always"], 2),
        (["institution", "change", INSTITUTION, "--holiday", "tomorrow"], 2),
        (["institution", "change", INSTITUTION, "--holiday", "2026-01-01", "--no-holidays"], 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_what_cannot_be_is_refused_in_one_line_and_changes_nothing(
    made: Directory, words: list[str], code: int
) -> None:
    rows = audit(made)
    done = made.run(*words, stdin="x")
    assert (done.code, "canary" in done.line) == (code, False)
    assert audit(made) == rows


def test_a_retired_camera_is_neither_changed_nor_replaced(fresh: Directory) -> None:
    fresh.json("camera", "retire", "yard")
    for words in (["change", "yard", "--name", "x"], ["replace", "yard", "--url", "rtsp://127.0.0.1/x", "--no-probe"]):
        assert fresh.json("camera", *words, code=4)["error"]["code"] == "refused"


def test_another_device_serves_the_place_and_the_one_before_stays_in_the_books(fresh: Directory) -> None:
    fresh.json("camera", "change", "yard", "--username", "op", "--password-file", "-", "--no-probe", stdin=WRONG)
    made = fresh.json("camera", "replace", "yard", "--url", "rtsp://127.0.0.1:9/new", "--no-probe", "--serial", "SN 7",
                      "--mac", "00-1A-2B-3C-4D-5E", "--model", "DS-2CD", "--firmware", "5.7")  # fmt: skip
    device = made["device"]
    assert (device["id"], device["url"], device["serial"]) == ("yard-2", "rtsp://127.0.0.1:9/new", "SN 7")
    assert (device["mac"], device["model"], device["firmware"]) == ("00:1a:2b:3c:4d:5e", "DS-2CD", "5.7")
    assert (device["username"], device["password"]) == (None, None)  # an account is the device's, not the place's
    assert made["changed"] == {"device": {"from": "yard-1", "to": "yard-2"}}
    assert made["registered_at"] == fresh.json("camera", "show", "yard")["registered_at"]
    assert audit(fresh)[-1][2]["before"]["device"] == "yard-1"
    with closing(sqlite3.connect(fresh.data / "catalogue.sqlite")) as connection:
        lives = connection.execute("SELECT id, from_us, to_us FROM devices ORDER BY from_us").fetchall()
    assert [(name, end is None) for name, _, end in lives] == [("yard-1", False), ("yard-2", True)]
    assert lives[0][2] == lives[1][1]
    hold_secret(fresh)


def test_an_institution_and_its_default_site_change_together(fresh: Directory) -> None:
    made = fresh.json("institution", "change", INSTITUTION, "--name", "Ясли № 12", "--region", "Алматы", "--kind",
                      "kindergarten", "--time-zone", "Asia/Aqtobe", "--allow", "127.0.0.0/8", "--allow", "10.1.0.0/16",
                      "--upload-window", "daily 22:00-06:00", "--holiday", "2026-12-16")  # fmt: skip
    (site,) = made["sites"]
    assert (made["name"], made["region"], made["kind"]) == ("Ясли № 12", "Алматы", "kindergarten")
    assert (site["name"], site["time_zone"]) == ("Ясли № 12", "Asia/Aqtobe")
    assert site["allowed_networks"] == ["127.0.0.0/8", "10.1.0.0/16"]
    assert (site["upload_windows"], site["holidays"]) == (["daily 22:00-06:00"], ["2026-12-16"])
    first, second = audit(fresh)[-2:]
    assert (first[0], second[0]) == ("institution.change", "site.update")
    assert second[2]["changed"]["time_zone"] == {"from": "Asia/Almaty", "to": "Asia/Aqtobe"}
    back = fresh.json("institution", "change", INSTITUTION, "--default-upload-windows", "--no-holidays")
    assert (back["sites"][0]["upload_windows"], back["sites"][0]["holidays"]) == ([], [])
    assert back["sites"][0]["time_zone"] == "Asia/Aqtobe"
    assert "Ясли" in fresh.run("institution", "change", INSTITUTION, "--region", "").out


async def test_a_password_is_tried_before_it_is_kept_and_never_told(fresh: Directory, clips: dict[str, Path]) -> None:
    def run(*words: str, stdin: str | None = None, code: int = 0) -> Any:  # noqa: ANN401 - JSON
        return asyncio.to_thread(fresh.json, "camera", *words, stdin=stdin, code=code)

    async with FakeCameras([guarded("/cam/1", clips["h264"])]) as farm:
        wrong = await run("change", "yard", "--url", farm.url(), "--username", "op", "--password-file", "-",
                          stdin=WRONG, code=1)  # fmt: skip
        assert wrong["error"]["code"] == "auth-wrong"
        good = await run("change", "yard", "--url", farm.url(), "--username", "op", "--password-file", "-",
                         stdin=SECRET + "\n")  # fmt: skip
        assert (good["probe"]["ok"], good["device"]["password"]) == (True, "set")
        assert {good["changed"][key] for key in ("path", "account", "password")} == {"changed"}
        rows = len(audit(fresh))
        same = await run("change", "yard", "--password-file", "-", stdin=SECRET)
        assert (same["changed"], same["probe"], len(audit(fresh))) == ({}, None, rows)
        assert (await run("probe", "yard", "--seconds", "1"))["ok"]
    hold_secret(fresh)


@contextmanager
def recording(directory: Directory) -> Iterator[None]:
    with (directory.root / "record.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "camera_gateway", "--config", str(directory.config), "record"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=directory.root,
        )
    try:
        yield
        process.terminate()
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()


def says(directory: Directory, camera: str) -> CameraStatus | None:
    found = [each for one in read_statuses(directory.data / "status") for each in one.cameras]
    return next((each for each in found if each.camera == camera), None)


async def until(what: Callable[[], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.05)


def state(directory: Directory, camera: str) -> tuple[str, str]:
    status = says(directory, camera)
    return ("", "") if status is None else (status.state, str(status.probe_cause or ""))


async def test_a_wrong_password_is_put_right_while_the_camera_beside_goes_on(
    fresh: Directory, clips: dict[str, Path]
) -> None:
    account = ["--username", "op", "--password-file", "-", "--no-probe"]
    async with FakeCameras([guarded("/cam/1", clips["h264"]), guarded("/cam/2", clips["h264"])]) as farm:
        for number, (name, password) in enumerate((("good", SECRET), ("bad", WRONG))):
            words = fresh.camera_words(farm.url(number), name, *account)
            await asyncio.to_thread(fresh.json, *words, stdin=password)
        with fresh.serving(), recording(fresh):
            await until(lambda: state(fresh, "good")[0] == "recording", 60)
            await until(lambda: state(fresh, "bad")[1] == "auth-wrong", 60)
            before = says(fresh, "good")
            generation = read_plan(fresh.data / "plan.json").generation
            made = await asyncio.to_thread(fresh.json, "camera", "change", "bad", "--password-file", "-", stdin=SECRET)
            assert made["probe"]["ok"]
            await until(lambda: state(fresh, "bad") == ("recording", ""), 10)
            assert read_plan(fresh.data / "plan.json").generation == generation + 1
            await asyncio.to_thread(fresh.json, "institution", "change", INSTITUTION, "--allow", "127.0.0.0/8",
                                    "--allow", "10.9.0.0/16", "--name", "Ясли")  # fmt: skip
            await until(lambda: read_plan(fresh.data / "plan.json").generation == generation + 3, 10)
            await asyncio.to_thread(fresh.json, "camera", "change", "good", "--schedule", "mon-sun 00:00-24:00")
            await until(lambda: _followed(fresh, generation + 4), 10)
            after = says(fresh, "good")
            assert before is not None
            assert after is not None
            assert (after.session, after.since_us) == (before.session, before.since_us)
            assert (after.state, after.reconnects, after.gap_from_us) == ("recording", 0, None)
            assert after.packets_received > before.packets_received
    hold_secret(fresh)


def _followed(directory: Directory, generation: int) -> bool:
    """Whether the recorder knows the plan, and has had a second to act on it."""
    statuses = read_statuses(directory.data / "status")
    return any(one.plan_generation == generation and state(directory, "bad")[0] == "recording" for one in statuses)
