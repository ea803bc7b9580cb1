"""Registering over HTTP: a table is tried as a job and created by its digest; files are files, pictures pictures."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from fakecam.server import FakeCameras
from fakecam.settings import CameraSettings
from support.api_rig import serving
from support.onvif_device import OnvifDevice

from camera_gateway.actions import import_cameras
from camera_gateway.clock import SystemClock

if TYPE_CHECKING:
    from pathlib import Path

    from support.api_rig import Api

SECRET = "canary Пароль7"


@pytest.fixture(autouse=True)
def short_visits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_cameras, "PROBE_S", 0.7)


def content(text: str) -> str:
    return base64.b64encode(text.encode("cp1251")).decode()


async def ended(api: Api, user: str, job: str) -> Any:  # noqa: ANN401 - JSON
    """The job when it has ended; its progress is told by events."""
    async with asyncio.timeout(30):
        while True:
            answer = await api.ask("GET", f"jobs/{job}", user)
            if answer.json["state"] not in {"waiting", "running"}:
                return answer.json
            await asyncio.sleep(0.05)


async def test_a_table_is_tried_as_a_job_and_created_by_its_digest(tmp_path: Path, clips: dict[str, Path]) -> None:
    settings = CameraSettings("/one", clips["h264"], auth="digest", user="operator", password=SECRET)
    async with serving(tmp_path, clock=SystemClock()) as api, FakeCameras([settings]) as farm:
        alia = api.enrol("alia", ("it", "institution:kg-12"))
        text = f"id;name;zone;url;username;password\none;Вход;entrance;{farm.url()};operator;{SECRET}\n"
        body = {"file": "c.csv", "content": content(text), "institution": "kg-12"}
        begun = await api.ask("POST", "cameras/import/try", alia, body)
        assert begun.status == 202
        job = await ended(api, alia, begun.json["id"])
        assert job["state"] == "done", job
        assert (job["done"], job["total"]) == (1, 1)
        found = job["result"]
        assert found["ok"], found
        assert SECRET not in json.dumps(job, ensure_ascii=False)
        made = await api.ask("POST", "cameras/import", alia, {"digest": found["digest"]})
        assert (made.status, made.json["created"]) == (200, ["one"])
        shown = (await api.ask("GET", "cameras/one", alia)).json
        assert (shown["device"]["password"], shown["identity"]["state"]) == ("set", "same")


async def test_a_dry_run_may_be_asked_for_in_the_address(tmp_path: Path) -> None:
    async with serving(tmp_path) as api:
        alia = api.enrol("alia", ("it", "all"))
        body = {"file": "i.csv", "content": content("name;id\nШкола;s-9\n")}
        tried = await api.ask("POST", "institutions/import?dry_run=1", alia, body)
        assert (tried.status, tried.json["ok"]) == (200, True)
        plain = await api.ask("POST", "institutions/import", alia, body)
        assert (plain.status, plain.code) == (400, "invalid-input")


@pytest.mark.parametrize("noun", ["cameras", "institutions"])
@pytest.mark.parametrize(("form", "begin"), [("csv", b"\xef\xbb\xbf"), ("xlsx", b"PK\x03\x04")])
async def test_a_template_is_a_file(tmp_path: Path, noun: str, form: str, begin: bytes) -> None:
    async with serving(tmp_path) as api:
        alia = api.enrol("alia", ("it", "institution:kg-12"))
        answer = await api.ask("GET", f"{noun}/import/template?form={form}", alia)
        assert answer.status == 200
        assert answer.body.startswith(begin)
        assert f'filename="{noun}.{form}"' in answer.headers["Content-Disposition"]
        viewer = api.enrol("view", ("viewer", "all"))
        assert (await api.ask("GET", f"{noun}/import/template", viewer)).status == 403


async def test_a_picture_is_taken_approved_and_sent_as_jpeg_to_those_who_may(
    tmp_path: Path, clips: dict[str, Path]
) -> None:
    async with (
        serving(tmp_path, clock=SystemClock()) as api,
        FakeCameras([CameraSettings("/a", clips["h264"])]) as farm,
    ):
        alia, berik = api.enrol("alia", ("it", "all")), api.enrol("berik", ("auditor", "all"))
        body = {"institution": "kg-12", "id": "door", "name": "Дверь", "zone": "entrance", "url": farm.url()}
        assert (await api.ask("POST", "cameras", alia, {**body, "probe": False})).status == 201
        tried = await api.ask("POST", "cameras/door/probe", alia, {"seconds": 0.7, "picture": True})
        assert base64.b64decode(tried.json["picture"]["jpeg"]).startswith(b"\xff\xd8")
        taken = await api.ask("POST", "cameras/door/passport/picture", alia, {})
        assert taken.status == 200, taken.body
        approved = await api.ask("POST", "cameras/door/passport/approve", alia, {"sha256": taken.json["sha256"]})
        assert approved.json["approved_by"] == "token:alia"
        answer = await api.ask("GET", "cameras/door/passport/reference.jpg", alia)
        assert (answer.headers["Content-Type"], answer.body[:2]) == ("image/jpeg", b"\xff\xd8")
        assert "no-store" in answer.headers["Cache-Control"]
        assert (await api.ask("GET", "cameras/door/passport/reference.jpg", berik)).status == 403
        assert (await api.ask("GET", "cameras/door/passport", berik)).json["reference"]["approved_by"] == "token:alia"


async def test_a_passport_is_changed_only_as_it_was_seen(tmp_path: Path) -> None:
    async with serving(tmp_path) as api:
        alia = api.enrol("alia", ("it", "all"))
        seen = await api.ask("GET", "cameras/kg-hall/passport", alia)
        guard = {"If-Match": seen.headers["ETag"]}
        first = await api.ask("PATCH", "cameras/kg-hall/passport", alia, {"place": "1 этаж"}, guard)
        assert (first.status, first.json["place"]) == (200, "1 этаж")
        assert (await api.ask("PATCH", "cameras/kg-hall/passport", alia, {"place": "2 этаж"}, guard)).status == 412


async def test_the_search_is_a_job_and_names_what_is_registered(tmp_path: Path) -> None:
    streams = [("main", "rtsp://127.0.0.4:554/main")]
    async with serving(tmp_path, clock=SystemClock()) as api, OnvifDevice(host="127.0.0.4", streams=streams) as device:
        alia = api.enrol("alia", ("it", "institution:kg-12"))
        body = {"institution": "kg-12", "id": "door", "name": "Дверь", "zone": "entrance", "url": streams[0][1]}
        await api.ask("POST", "cameras", alia, {**body, "probe": False})
        wish = {
            "institution": "kg-12",
            "ranges": ["127.0.0.0/29"],
            "username": device.user,
            "password": device.password,
            "onvif_ports": [device.port],
            "rtsp_ports": [],
            "multicast": False,
            "listen_s": 0.1,
        }
        begun = await api.ask("POST", "cameras/discover", alia, wish)
        assert begun.status == 202
        [found] = (await ended(api, alia, begun.json["id"]))["result"]["found"]
        assert (found["serial"], found["registered"]) == ("SN-100", ["door"])
        assert found["profiles"][0]["url"] == "rtsp://127.0.0.4:554/main"
        elsewhere = await api.ask("POST", "cameras/discover/now", alia, {**wish, "ranges": ["169.254.169.0/24"]})
        assert (elsewhere.status, elsewhere.code) == (422, "address-not-allowed")
        everywhere = {key: value for key, value in wish.items() if key != "institution"}
        assert (await api.ask("POST", "cameras/discover/now", alia, everywhere)).status == 403


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("cameras/discover/now", {"institution": "kg-12", "username": "\ud800", "password": "x", "multicast": False}),
        ("cameras/discover/now", {"institution": "kg-12", "username": "x", "password": "\ud800", "multicast": False}),
        ("cameras/discover/now", {"institution": "\ud800"}),
        ("cameras/kg-hall/passport/approve", {"sha256": "\ud800"}),
        ("cameras/kg-hall/passport/settle", {"settled_as": "same", "reason": "\ud800"}),
        ("cameras/import", {"dry_run": True, "content": "\ud800", "file": "\ud800"}),
        ("cameras/import", {"dry_run": True, "content": "bmFtZTt6b25lCkE7aGFsbA==", "institution": "\ud800"}),
        ("cameras/import", {"digest": "0" * 64, "dry_run": True}),
    ],
)
async def test_text_that_is_none_is_refused_and_no_defect(tmp_path: Path, path: str, body: dict[str, Any]) -> None:
    async with serving(tmp_path) as api:
        alia = api.enrol("alia", ("it", "all"))
        answer = await api.ask("POST", path, alia, body)
    assert 400 <= answer.status < 500, answer.body
