"""The same from a shell: template, dry run, confirmation, report, search, passport; no secret is left behind."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest
from fakecam.server import FakeCameras
from fakecam.settings import CameraSettings
from support.command_line import Directory
from support.onvif_device import OnvifDevice

from camera_gateway.actions import import_cameras

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "canary=Пароль7"


@pytest.fixture(autouse=True)
def short_visits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_cameras, "PROBE_S", 0.7)


@pytest.fixture
def made(tmp_path: Path) -> Directory:
    directory = Directory(tmp_path / "made", here=True)
    directory.add_institution()
    return directory


async def run(directory: Directory, *words: str, code: int = 0) -> dict[str, object]:
    found: dict[str, object] = await asyncio.to_thread(directory.json, *words, code=code)
    return found


async def test_a_table_is_written_tried_confirmed_and_reported(
    made: Directory, clips: dict[str, Path], tmp_path: Path
) -> None:
    template = tmp_path / "cameras.csv"
    await run(made, "camera", "import", "--template", str(template))
    settings = CameraSettings("/one", clips["h264-aac"], auth="digest", user="operator", password=SECRET)
    async with FakeCameras([settings]) as farm:
        cells = {"institution": "kg-12", "id": "one", "name": "Вход", "zone": "entrance", "url": farm.url()}
        cells |= {"username": "operator", "password": SECRET}
        keys = [key.rstrip("*") for key in template.read_text("utf-8-sig").splitlines()[0].split(";")]
        with template.open("a", encoding="utf-8") as file:
            file.write(";".join(cells.get(key, "") for key in keys) + "\n")
        tried = await run(made, "camera", "import", str(template), "--dry-run")
        assert tried["ok"]
        assert await run(made, "camera", "show", "one", code=3)
        done = await run(made, "camera", "import", "--digest", str(tried["digest"]), "-o", str(tmp_path / "r.csv"))
        assert done["created"] == ["one"]
        again = await run(made, "camera", "import", str(template), code=1)
    assert {fault["code"] for fault in again["rows"][0]["faults"]} >= {"exists", "address-taken"}  # type: ignore[index]
    report = (tmp_path / "r.csv").read_text("utf-8-sig")
    assert "h264 320x180" in report
    assert "aac" in report
    for where, data in made.everything():
        assert SECRET.encode() not in data, where
    assert SECRET not in report


async def test_a_good_table_is_created_in_one_go_and_a_bad_one_not_at_all(made: Directory, tmp_path: Path) -> None:
    table = tmp_path / "c.csv"
    table.write_text("name;zone;url\nВход;entrance;rtsp://127.0.0.1/a\nХолл;hall;rtsp://127.0.0.1/b\n", "utf-8")
    words = ["camera", "import", str(table), "--institution", "kg-12", "--no-probe"]
    assert (await run(made, *words))["created"] == ["vkhod", "kholl"]
    plain = await asyncio.to_thread(made.run, *words)
    assert plain.code == 1
    assert "0 of 2 rows are good; nothing is created" in plain.out
    assert "exists" in plain.out


@pytest.mark.parametrize(
    "words",
    [
        ["camera", "import"],
        ["camera", "import", "absent.csv"],
        ["camera", "import", "--dry-run", "--digest", "0" * 64],
        ["camera", "import", "--template", "table.doc"],
        ["institution", "import", "absent.csv", "--digest", "0" * 64],
    ],
)
async def test_a_command_that_makes_no_sense_says_so_in_one_line(made: Directory, words: list[str]) -> None:
    done = await asyncio.to_thread(made.run, *words)
    assert done.code == 2
    assert done.line


async def test_an_institution_table_from_a_workbook(made: Directory, tmp_path: Path) -> None:
    book = tmp_path / "i.xlsx"
    await run(made, "institution", "import", "--template", str(book))
    empty = await run(made, "institution", "import", str(book), "--dry-run", code=2)
    assert "no row below" in str(empty["error"])


async def test_a_search_finds_a_device_and_its_passport_is_kept(made: Directory, tmp_path: Path) -> None:
    streams = [("main", "rtsp://127.0.0.4:9/main")]
    password = tmp_path / "password"
    async with OnvifDevice(host="127.0.0.4", streams=streams) as device:
        password.write_text(device.password)
        words = ["--institution", "kg-12", "--range", "127.0.0.0/29", "--no-multicast", "--username", device.user]
        words += ["--password-file", str(password), "--onvif-port", str(device.port), "--rtsp-port", "1"]
        found = await run(made, "camera", "discover", *words)
        [one] = found["found"]  # type: ignore[misc]
        assert (one["address"], one["serial"], one["profiles"][0]["url"]) == ("127.0.0.4", "SN-100", streams[0][1])
        table = await asyncio.to_thread(made.run, "camera", "discover", *words)
        assert "DS-2CD" in table.out
        account = ["--username", device.user, "--password-file", str(password), "--no-probe"]
        await run(made, *made.camera_words(streams[0][1], "door", *account))
        await run(made, "camera", "passport", "set", "door", "--place", "1 этаж", "--onvif-port", str(device.port))
        shown = await run(made, "camera", "passport", "show", "door")
        assert (shown["place"], shown["devices"][0]["serial"]) == ("1 этаж", "SN-100")  # type: ignore[index]
    gone = await run(made, "camera", "passport", "settle", "door", "--as", "same", "--reason", "x", code=3)
    assert gone["error"]
    for where, data in made.everything():
        assert device.password.encode() not in data, where


async def test_pictures_go_into_files_and_never_to_the_terminal(
    made: Directory, clips: dict[str, Path], tmp_path: Path
) -> None:
    async with FakeCameras([CameraSettings("/a", clips["h264"])]) as farm:
        first, second = tmp_path / "first.jpg", tmp_path / "second.jpg"
        words = ["camera", "probe", farm.url(), "--institution", "kg-12", "--seconds", "1"]
        probed = await run(made, *words, "--picture", str(first))
        assert "jpeg" not in json.dumps(probed)
        assert first.read_bytes()[:2] == b"\xff\xd8"
        assert first.stat().st_mode & 0o777 == 0o600
        await run(made, *made.camera_words(farm.url(), "door", "--no-probe"))
        taken = await run(made, "camera", "passport", "reference", "door", "--take")
        await run(made, "camera", "passport", "reference", "door", "--approve", str(taken["sha256"]))
        kept = await run(made, "camera", "passport", "reference", "door", "-o", str(second))
    assert kept["sha256"] == taken["sha256"]
    assert second.read_bytes()[:2] == b"\xff\xd8"
    twice = await run(made, "camera", "passport", "reference", "door", "-o", str(second), code=2)
    assert twice["error"]
