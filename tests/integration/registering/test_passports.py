"""Passports, pictures, and the apparatus behind an address: a change is noticed and stays until it is settled."""

from __future__ import annotations

import asyncio
import base64
import threading
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from fakecam.server import FakeCameras
from fakecam.settings import CameraSettings
from support.fault_camera import FaultCamera
from support.onvif_device import OnvifDevice
from support.people import SHELL, installation_of_people

from camera_gateway.actions import changing
from camera_gateway.catalogue import registry
from camera_gateway.clock import US, SystemClock
from camera_gateway.discovery import picture
from camera_gateway.domain.ids import CameraId
from camera_gateway.errors import InvalidInput, NotFound, Refused, Unavailable
from camera_gateway.handover.status_file import CameraStatus, RecorderStatus, status_path, write_status
from camera_gateway.media.workshop import Workshop
from camera_gateway.roles import identifying
from camera_gateway.roles.identifying import Watch
from camera_gateway.roles.offering import pictures_of
from camera_gateway.roles.viewing import make_watching
from camera_gateway.supervision import Stop, services

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.people import People

HALL = "door"


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    with installation_of_people(tmp_path) as found:
        found.gateway.catalogue._clock = SystemClock()  # devices answer in real time
        yield replace(found, gateway=replace(found.gateway, clock=SystemClock()))


async def add(people: People, url: str, **more: Any) -> Any:  # noqa: ANN401 - JSON
    words = {"institution": "kg-12", "id": HALL, "name": "Дверь", "zone": "entrance", "url": url, "probe": False}
    return await people.do(SHELL, "camera.add", **{**words, **more})


async def add_seen(people: People, url: str) -> None:
    """Register a camera and try it, which notes who answers."""
    await add(people, url)
    assert (await people.do(SHELL, "camera.probe", camera=HALL, seconds=0.7))["ok"]


async def identity(people: People) -> dict[str, Any]:
    shown = await people.do(SHELL, "camera.show", camera=HALL)
    found: dict[str, Any] = shown["identity"]
    return found


async def test_a_passport_is_written_shown_and_audited_from_what_to_what(people: People) -> None:
    await add(people, "rtsp://127.0.0.1:9/x")
    words = {"place": "1 этаж, холл", "role": "face", "mounted_on": "03.09.2026", "note": "над дверью"}
    found = await people.do(SHELL, "passport.set", camera=HALL, **words)
    assert (found["place"], found["role"], found["mounted_on"]) == ("1 этаж, холл", "face", "2026-09-03")
    assert people.last().details["changed"]["place"] == {"from": "", "to": "1 этаж, холл"}
    again = await people.do(SHELL, "passport.set", camera=HALL, place="1 этаж, холл", role="")
    assert (again["changed"].keys(), again["role"], again["note"]) == ({"role"}, None, "над дверью")
    shown = await people.do(SHELL, "camera.show", camera=HALL)
    assert shown["passport"]["place"] == "1 этаж, холл"


@pytest.mark.parametrize(
    "words", [{}, {"role": "king"}, {"mounted_on": "yesterday"}, {"place": "x" * 501}, {"note": "a\x1b[2J"}]
)
async def test_words_that_are_none_are_refused(people: People, words: dict[str, str]) -> None:
    await add(people, "rtsp://127.0.0.1:9/x")
    with pytest.raises(InvalidInput):
        await people.do(SHELL, "passport.set", camera=HALL, **words)


@pytest.mark.parametrize("codec", ["h264", "h265-ulaw"])
async def test_a_picture_is_taken_approved_by_its_hash_and_seen(
    people: People, clips: dict[str, Path], codec: str
) -> None:
    async with FakeCameras([CameraSettings("/a", clips[codec])]) as farm:
        await add(people, farm.url())
        taken = await people.do(SHELL, "passport.picture", camera=HALL)
        grey = cv2.imdecode(np.frombuffer(base64.b64decode(taken["jpeg"]), np.uint8), cv2.IMREAD_GRAYSCALE)
        assert grey.shape == (180, 320)
        assert len(np.unique(grey)) > 20, "a picture, not a grey area"
        with pytest.raises(NotFound):
            await people.do(SHELL, "passport.reference", camera=HALL)
        with pytest.raises(NotFound):
            await people.do(SHELL, "passport.approve", camera=HALL, sha256="0" * 64)
        approved = await people.do(SHELL, "passport.approve", camera=HALL, sha256=taken["sha256"])
        assert approved["approved_by"] == "shell:root"
        seen = await people.do(SHELL, "passport.reference", camera=HALL)
        assert seen["jpeg"] == taken["jpeg"]
        assert people.last().action == "passport.see"
        second = await people.do(SHELL, "passport.picture", camera=HALL)
        await people.do(SHELL, "passport.approve", camera=HALL, sha256=second["sha256"])
    with people.gateway.catalogue.read() as tx:
        kept = tx.connection.exec_driver_sql("SELECT count(*), count(image) FROM pictures").one()
    assert tuple(kept) == (2, 1), "of the one before only the hash stays"


async def test_a_service_takes_its_pictures_in_one_workshop_one_at_a_time_on_a_thread_of_their_own(
    people: People, clips: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs: list[tuple[str, str]] = []
    at_work, most = 0, 0
    do = Workshop.do

    def watched(self: Workshop, camera: str, *given: Any) -> Any:  # noqa: ANN401 - passed on untouched
        nonlocal at_work, most
        jobs.append((camera, threading.current_thread().name.partition("_")[0]))
        at_work += 1
        most = max(most, at_work)
        try:
            return do(self, camera, *given)
        finally:
            at_work -= 1

    monkeypatch.setattr(Workshop, "do", watched)
    async with AsyncExitStack() as held:
        pictures = pictures_of(make_watching(people.gateway, held), held)
        served = replace(people, gateway=replace(people.gateway, pictures=pictures))
        farm = await held.enter_async_context(FakeCameras([CameraSettings(p, clips["h264"]) for p in ("/a", "/b")]))
        words = {"institution": "kg-12", "seconds": 0.5, "picture": True}
        found = await asyncio.gather(
            *(served.do(SHELL, "camera.probe", url=farm.url(number), **words) for number in range(2))
        )
        assert [one["picture"]["cause"] for one in found] == [None, None]
        assert {thread for _, thread in jobs} == {"picture"}
        assert len({camera for camera, _ in jobs}) == most + 1 == 2, "one at a time, and no child for two cameras"
        monkeypatch.setattr(picture, "MOST_WAITING", 0)
        busy = await served.do(SHELL, "camera.probe", url=farm.url(0), **words)
        assert (busy["ok"], busy["picture"]) == (True, {"cause": "busy", "jpeg": None})


async def test_a_probe_gives_a_first_picture_and_stands_without_one(people: People, clips: dict[str, Path]) -> None:
    async with FakeCameras([CameraSettings("/a", clips["h264"])]) as farm:
        words = {"url": farm.url(), "institution": "kg-12", "seconds": 0.5, "picture": True}
        found = await people.do(SHELL, "camera.probe", **words)
        assert found["ok"]
        assert base64.b64decode(found["picture"]["jpeg"]).startswith(b"\xff\xd8")
        assert found["picture"]["width"] == 320
        await add(people, farm.url())
        await people.do(SHELL, "camera.probe", camera=HALL, seconds=0.5, picture=True)
        assert (people.last().action, people.last().object) == ("camera.picture", f"camera:{HALL}")
    async with FaultCamera("path-not-found") as bad:
        found = await people.do(SHELL, "camera.probe", url=bad.url, institution="kg-12", picture=True)
    assert (found["ok"], found["picture"]) == (False, {"cause": "no-keyframe", "jpeg": None})


async def test_a_camera_that_is_away_gives_no_picture_and_says_why(people: People) -> None:
    await add(people, "rtsp://127.0.0.1:9/x")
    with pytest.raises(Unavailable):
        await people.do(SHELL, "passport.picture", camera=HALL)


async def test_an_apparatus_with_another_serial_is_noticed_told_and_settled(people: People) -> None:
    await add(people, "rtsp://127.0.0.1:9/x", username="operator", password="correct horse")
    async with OnvifDevice() as device:
        await people.do(SHELL, "passport.set", camera=HALL, onvif_port=device.port)
        known = await identity(people)
        assert (known["state"], known["vendor"], known["onvif_port"]) == ("same", "HIKVISION", device.port)
        shown = await people.do(SHELL, "camera.show", camera=HALL)
        assert (shown["device"]["serial"], shown["device"]["mac"]) == ("SN-100", "00:11:22:aa:bb:cc")
        device.serial, device.firmware = "SN-999", "V6.0"
        watch = watching(people, "run-1")
        assert await watch.look() == 1
        assert await watch.look() == 0, "looked at once for each session"
    told = await identity(people)
    assert (told["state"], told["cause"]) == ("changed", "serial-changed")
    assert (told["before"], told["after"]) == ("SN-100", "SN-999")
    [finding] = [f for f in (await people.do(SHELL, "today"))["findings"] if f["code"] == "device-changed"]
    assert finding["data"]["cameras"][0]["id"] == HALL
    noticed = [row for row in people.audit() if row.action == "device.changed"]
    assert [(row.actor, row.details["after"]) for row in noticed] == [("system:gateway", "SN-999")]
    settled = await people.do(
        SHELL, "passport.settle", camera=HALL, settled_as="replaced", reason="сгорела, заменили 22.11"
    )
    assert settled["identity"]["state"] == "same"
    assert [each["serial"] for each in settled["devices"]] == ["SN-100", "SN-999"]
    assert settled["devices"][0]["to"] == settled["devices"][1]["from"]
    with people.gateway.catalogue.read() as tx:
        now = registry.current_device(tx, CameraId(HALL))
    assert now is not None
    assert people.gateway.vault.open(now.password_sealed or "", camera=CameraId(HALL)) == "correct horse"


async def test_the_service_looks_by_itself_when_the_recorder_has_a_new_session(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identifying, "LOOK_S", 0.02)
    await add(people, "rtsp://127.0.0.1:9/x", username="operator", password="correct horse")
    stop = Stop()
    async with OnvifDevice() as device, asyncio.timeout(20):
        await people.do(SHELL, "passport.set", camera=HALL, onvif_port=device.port)
        async with services() as running:
            running.start(identifying.run_identifying(people.gateway, stop), name="identity")
            watching(people, "run-1")
            while device.operations.count("GetDeviceInformation") < 2:  # noqa: ASYNC110 - another task's doing, within a deadline
                await asyncio.sleep(0.01)
            device.serial = "SN-2"
            watching(people, "run-2")
            while (await identity(people))["state"] != "changed":  # noqa: ASYNC110 - likewise
                await asyncio.sleep(0.01)
            stop.request()


async def test_the_same_change_is_told_once_and_ends_when_the_old_one_is_back(people: People) -> None:
    await add(people, "rtsp://127.0.0.1:9/x", username="operator", password="correct horse")
    async with OnvifDevice() as device:
        await people.do(SHELL, "passport.set", camera=HALL, onvif_port=device.port)
        for session, mac in (("a", "02:00:00:00:00:01"), ("b", "02:00:00:00:00:01"), ("c", "00:11:22:aa:bb:cc")):
            device.mac = mac
            device.serial = "SN-100" if mac.startswith("00") else "unknown"
            await watching(people, session).look()
    assert [row.action for row in people.audit()].count("device.changed") == 1
    assert (await identity(people))["state"] == "same"


async def test_a_device_without_serial_is_known_by_its_stream_and_same_settles(
    people: People, clips: dict[str, Path]
) -> None:
    async with FakeCameras([CameraSettings("/a", clips["h264"])]) as farm:
        await add_seen(people, farm.url())
        port = farm.port
    assert (await identity(people))["state"] == "same"
    async with FakeCameras([CameraSettings("/a", clips["h265-ulaw"])], port=port):
        assert await watching(people, "run-1").look() == 1
    told = await identity(people)
    assert (told["state"], told["cause"]) == ("changed", "stream-changed")
    await people.do(SHELL, "passport.settle", camera=HALL, settled_as="same", reason="перешли на H.265")
    async with FakeCameras([CameraSettings("/a", clips["h265-ulaw"])], port=port):
        assert await watching(people, "run-2").look() == 0
    assert (await identity(people))["state"] == "same"
    with pytest.raises(NotFound):
        await people.do(SHELL, "passport.settle", camera=HALL, settled_as="same", reason="again")


async def test_a_device_that_does_not_answer_is_no_change(people: People, clips: dict[str, Path]) -> None:
    async with FakeCameras([CameraSettings("/a", clips["h264"])]) as farm:
        await add_seen(people, farm.url())
    assert await watching(people, "run-1").look() == 0
    assert (await identity(people))["state"] == "same"


async def test_a_replaced_device_begins_with_an_identity_of_its_own(
    people: People, clips: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changing, "PROBE_S", 0.7)
    cameras = [CameraSettings("/a", clips["h264"]), CameraSettings("/b", clips["h265-ulaw"])]
    async with FakeCameras(cameras) as farm:
        await add_seen(people, farm.url(0))
        await people.do(SHELL, "camera.replace", camera=HALL, url=farm.url(1))
    assert (await identity(people))["state"] == "same"


async def test_who_may_not_register_sees_no_picture_and_settles_nothing(people: People) -> None:
    auditor = people.user("aud", ("auditor", "all"))
    viewer = people.user("view", ("viewer", "all"))
    await add(people, "rtsp://127.0.0.1:9/x")
    assert (await people.do(auditor, "passport.show", camera=HALL))["camera"] == HALL
    with pytest.raises(Refused):
        await people.do(viewer, "passport.show", camera=HALL)
    for verb, words in (
        ("passport.picture", {}),
        ("passport.reference", {}),
        ("passport.approve", {"sha256": "0" * 64}),
        ("passport.set", {"place": "x"}),
        ("passport.settle", {"settled_as": "same", "reason": "x"}),
    ):
        for nobody in (auditor, viewer):
            with pytest.raises(Refused):
                await people.do(nobody, verb, camera=HALL, **words)


def watching(people: People, session: str) -> Watch:
    """A watch that finds the camera recording in a session, as its recorder would tell."""
    now_us = people.gateway.clock.now_us()
    camera = CameraStatus(
        camera=CameraId(HALL),
        state="recording",
        cause=None,
        probe_cause=None,
        detail="",
        since_us=now_us,
        last_packet_us=now_us,
        open_from_us=None,
        open_to_us=None,
        last_end_us=None,
        gap_from_us=None,
        fps=25.0,
        bitrate_bps=1,
        clock_offset_us=None,
        packets_received=1,
        packets_lost=0,
        reconnects=0,
        reconnects_by_cause={},
        timestamp_jumps=0,
        segments_sealed=0,
        video="h264 320x180",
        session=session,
    )
    status = RecorderStatus(0, 1, 1, now_us - US, now_us, "test", 1, "owner", 1, 1, 0.0, (camera,))
    write_status(status_path(people.gateway.data_dir / "status", 0), status)
    return Watch(people.gateway)
