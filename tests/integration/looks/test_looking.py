"""Looks from end to end: sealed segments, the jail, the service, the catalogue, and what people are told of it."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families
from support import scenes
from support.burnt_footage import sealed
from support.gateway_rig import POLICY, Inline, Proofs, Seen
from support.people import SHELL, installation_of_people

from camera_gateway.catalogue import looks as look_rows
from camera_gateway.catalogue import passports
from camera_gateway.clock import US
from camera_gateway.domain.ids import CameraId
from camera_gateway.domain.people import SYSTEM
from camera_gateway.errors import NotFound, Refused, Unavailable
from camera_gateway.footage.books import Books
from camera_gateway.footage.reader import Reader
from camera_gateway.handover.status_file import CameraStatus, RecorderStatus, status_path, write_status
from camera_gateway.health.looking import Looker
from camera_gateway.intake.taking import Intake
from camera_gateway.media.look import Keyframe, Lookers
from camera_gateway.metrics import Metrics
from camera_gateway.roles.looking import Watch
from camera_gateway.upload.release import release_due
from camera_gateway.upload.transfer import Transfer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.burnt_footage import Loop
    from support.people import People
    from support.scenes import Image

    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.domain.picture import Look

HALL, BEDROOM = "kg-hall", "kg-bedroom"
TEN_MINUTES_US = 600 * US
ROOM = scenes.room()
STATUS = CameraStatus(
    camera=CameraId(HALL),
    state="recording",
    cause=None,
    probe_cause=None,
    detail="",
    since_us=0,
    last_packet_us=None,
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
    video="h264 1280x720",
    session="1",
)


@cache
def loop(what: str) -> Loop:
    """Return ten pictures of a room to which something has happened."""
    done: dict[str, Image] = {
        "moved": scenes.turned(ROOM, across=0.08),
        "black": scenes.times(ROOM, 0.02),
    }
    if what == "frozen":
        still = scenes.with_noise(ROOM, 1)
        return scenes.room_loop(lambda number: scenes.with_clock(still, f"16:20:0{number}"))
    if what == "night":
        return scenes.room_loop(lambda number: scenes.by_night(ROOM, number))
    image = done.get(what, ROOM)
    return scenes.room_loop(lambda number: scenes.with_noise(scenes.with_people(image, number, 2), number))


class House:
    """An installation with a service that looks, and a recorder that seals what a test wants."""

    def __init__(self, people: People, gateway: Gateway) -> None:
        self.people = replace(people, gateway=gateway)
        self.gateway = gateway
        self.metrics = Metrics()
        self.watch = Watch(gateway, self.metrics)
        self.clock = people.clock
        self.recorded = 0

    def record(self, what: str, camera: str = HALL) -> str:
        """Seal a second that has just ended, another picture each time; return the segment's id."""
        self.recorded += 1
        begin = self.clock.now_us() // (10 * US) * 10 * US - (10 + self.recorded % 10) * US
        (piece,) = sealed(loop(what), camera, begin, 1, segment_s=1)
        part = self.gateway.spool.begin(piece.sidecar.camera, piece.sidecar.segment)
        part.write(piece.data)
        part.seal(lambda _facts: piece.sidecar.to_bytes())
        Intake(Books(self.gateway.catalogue, Inline()), self.gateway.spool, self.clock, Seen()).take(full=True)
        return str(piece.sidecar.segment)

    async def later(self, what: str | None, camera: str = HALL) -> Look:
        """Let ten minutes pass, of which the end was recorded, and the service look."""
        self.clock.step_wall(TEN_MINUTES_US)
        if what is not None:
            self.record(what, camera)
        self.recording(camera)
        (look,) = await self.watch.round()
        return look

    def recording(self, *cameras: str) -> None:
        now_us = self.clock.now_us()
        statuses = tuple(replace(STATUS, camera=CameraId(camera)) for camera in cameras)
        status = RecorderStatus(0, 1, 1, now_us - US, now_us, "test", 1, "owner", 1, 1, 0.0, statuses)
        write_status(status_path(self.gateway.data_dir / "status", 0), status)

    async def found(self) -> dict[str, Any]:
        now_us = self.clock.now_us()
        told: dict[str, Any] = await self.people.do(
            SHELL, "picture.looks", camera=HALL, from_us=now_us - 86_400 * US, to_us=now_us + 1
        )
        return told

    async def approve(self, what: Image = ROOM) -> None:
        """Make a picture the approved reference, as the jail would have made it."""
        jpeg = cv2.imencode(".jpg", cv2.resize(what, (640, 360)))[1].tobytes()
        camera, sha256 = CameraId(HALL), f"{len(jpeg):064x}"

        with self.gateway.catalogue.write(SYSTEM) as tx:
            passports.propose_picture(tx, camera, jpeg, sha256, 640, 360)
            passports.approve_picture(tx, camera, sha256)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with ExitStack() as held:
        people = held.enter_context(installation_of_people(tmp_path))
        threads = held.enter_context(ThreadPoolExecutor(2))
        looker = Looker(Reader(people.gateway.data_dir / "spool", people.gateway.store), Lookers())
        held.callback(looker.close)
        yield House(people, replace(people.gateway, looker=looker, store_threads=threads))


async def test_a_camera_that_is_moved_is_impaired_after_two_looks_and_recovers_after_two(house: House) -> None:
    await house.approve()
    good = [await house.later("day") for _ in range(2)]
    assert [look.bad for look in good] == [[], []]
    assert good[1].verdicts == dict.fromkeys(good[1].verdicts, "fine")
    first = await house.later("moved")
    assert first.bad == ["moved"]
    assert (await house.found())["impairments"] == []
    await house.later("moved")
    (impairment,) = (await house.found())["impairments"]
    assert (impairment["kind"], impairment["to"], impairment["precision_s"]) == ("moved", None, 600.0)
    assert impairment["evidence"] == f"segment {first.segment}"
    assert house.people.last().action == "picture.impaired"
    await house.later("day")
    await house.later("day")
    told = await house.found()
    (impairment,) = told["impairments"]
    assert impairment["to"] == told["looks"][-2]["at"]
    assert house.people.last().action == "picture.recovered"
    assert [look["verdicts"] for look in told["looks"]] == [[], [], ["moved"], ["moved"], [], []]
    assert told["looks"][2]["measured"]["shift_x"] == pytest.approx(0.08, abs=0.01)
    assert told["reference"]["approved_at"]
    span = {"camera": HALL, "from_us": house.clock.now_us() - 86_400 * US, "to_us": house.clock.now_us()}
    timeline = await house.people.do(SHELL, "footage.timeline", **span)
    assert [(each["kind"], each["open"]) for each in timeline["impairments"]] == [("moved", False)]
    coverage = await house.people.do(SHELL, "footage.coverage", **span)
    assert coverage["recorded_s"] == 6.0, "an impairment takes nothing from coverage"


async def test_a_picture_that_stands_still_is_frozen_from_the_first_of_the_looks_that_were_alike(house: House) -> None:
    for _ in range(2):
        await house.later("day")
    bad = [(await house.later("frozen")).bad for _ in range(4)]
    assert bad == [[], [], ["frozen"], ["frozen"]]
    (impairment,) = (await house.found())["impairments"]
    looks = (await house.found())["looks"]
    assert impairment["from"] == looks[2]["at"]


async def test_without_a_reference_a_camera_is_neither_fine_nor_moved(house: House) -> None:
    look = await house.later("moved")
    assert (look.bad, look.verdicts["moved"], look.verdicts["black"]) == ([], "unknown", "fine")
    told = await house.found()
    assert told["reference"] is None
    assert "moved" in told["looks"][0]["unknown"]


async def test_a_look_that_fails_is_kept_with_its_cause_and_seen_in_the_metrics(house: House) -> None:
    outcomes = [(await house.later(None)).outcome]
    house.clock.step_wall(TEN_MINUTES_US)
    segment = house.record("day")
    house.recording(HALL)
    next((house.gateway.data_dir / "spool").rglob(f"{segment}.mp4")).write_bytes(b"\0" * 5_000)
    outcomes += [look.outcome for look in await house.watch.round()]
    house.clock.step_wall(TEN_MINUTES_US)
    segment = house.record("day")
    house.recording(HALL)
    next((house.gateway.data_dir / "spool").rglob(f"{segment}.mp4")).unlink()
    outcomes += [look.outcome for look in await house.watch.round()]
    assert outcomes == ["no-footage", "damaged", "damaged"]
    assert (await house.later("black")).bad == ["black"]
    told = await house.found()
    assert [look["outcome"] for look in told["looks"]] == ["no-footage", "damaged", "damaged", "looked"]
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(house.metrics.render().decode())
        for sample in family.samples
    }
    assert samples["looks_total", "damaged"] == 2
    assert samples["camera_picture_ok", HALL, "black"] == 0
    assert samples["camera_picture_ok", HALL, "dark"] == 1
    assert np.isnan(samples["camera_picture_ok", HALL, "moved"])
    assert samples["camera_looked_timestamp_seconds", HALL] == house.clock.now_us() / US


async def test_a_segment_that_is_only_in_the_store_is_looked_at_too(house: House) -> None:
    house.clock.step_wall(TEN_MINUTES_US)
    segment = house.record("black")
    books = Books(house.gateway.catalogue, Inline())
    transfer = Transfer(
        books=books,
        spool=house.gateway.spool,
        store=house.gateway.store,
        proofs=Proofs(),
        policy_for=lambda _camera, _at_us: POLICY,
        lock_mode=None,
        clock=house.clock,
        observer=Seen(),
    )
    transfer.advance(segment)
    release_due(books, house.gateway.spool, house.clock, 0)
    assert list((house.gateway.data_dir / "spool").rglob("*.mp4")) == []
    found = await house.people.do(SHELL, "picture.now", camera=HALL)
    assert (found["outcome"], found["verdicts"], found["segment"]) == ("looked", ["black"], segment)


async def test_looking_twice_at_one_segment_proves_nothing(house: House) -> None:
    await house.approve()
    house.clock.step_wall(TEN_MINUTES_US)
    house.record("moved")
    for _ in range(4):
        house.clock.step_wall(US)
        found = await house.people.do(SHELL, "picture.now", camera=HALL)
        assert found["verdicts"] == ["moved"]
    assert (await house.found())["impairments"] == []


async def test_a_night_is_proposed_approved_by_who_has_seen_it_and_then_counts(house: House) -> None:
    await house.approve()
    assert (await house.found())["night_proposed"] is None
    look = await house.later("night")
    assert look.measured["light"] == "infrared"
    proposed = (await house.found())["night_proposed"]
    with pytest.raises(NotFound):
        await house.people.do(SHELL, "picture.night", camera=HALL)
    seen = await house.people.do(SHELL, "picture.night", camera=HALL, proposed=True)
    assert house.people.last().action == "picture.night-seen"
    grey = cv2.imdecode(np.frombuffer(base64.b64decode(seen["jpeg"]), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert grey.shape == (360, 640) == (seen["height"], seen["width"])
    with pytest.raises(NotFound):
        await house.people.do(SHELL, "picture.night-approve", camera=HALL, sha256="0" * 64)
    await house.people.do(SHELL, "picture.night-approve", camera=HALL, sha256=proposed["sha256"])
    look = await house.later("night")
    assert [each["light"] for each in look.measured["beside"]] == ["colour", "infrared"]
    assert look.measured["beside"][1]["agreement"] > 0.9
    told = await house.found()
    assert (told["night"]["sha256"], told["night_proposed"]) == (proposed["sha256"], None)
    house.clock.step_wall(US)
    await house.approve(scenes.turned(ROOM, across=0.08))
    assert (await house.found())["night"] is None, "another view by day has not been seen by night"


async def test_no_picture_of_a_bedroom_by_night_is_kept(house: House) -> None:
    with house.gateway.catalogue.write(SYSTEM) as tx:
        jpeg = cv2.imencode(".jpg", ROOM)[1].tobytes()
        passports.propose_picture(tx, CameraId(BEDROOM), jpeg, "b" * 64, 1280, 720)
        passports.approve_picture(tx, CameraId(BEDROOM), "b" * 64)
    look = await house.later("night", BEDROOM)
    assert (look.outcome, look.measured["light"]) == ("looked", "infrared")
    with house.gateway.catalogue.read() as tx:
        assert tx.connection.exec_driver_sql("SELECT count(*) FROM night_pictures").scalar() == 0


async def test_old_looks_are_forgotten_and_a_retired_camera_has_no_open_impairment(house: House) -> None:
    for _ in range(2):
        await house.later("black")
    with house.gateway.catalogue.read() as tx:
        assert [each.kind for each in look_rows.open_impairments(tx)] == ["black"]
    house.clock.step_wall(41 * 86_400 * US)
    await house.people.do(SHELL, "camera.retire", camera=HALL)
    await house.watch.tidy()
    with house.gateway.catalogue.read() as tx:
        assert look_rows.last_look_times(tx) == {}
        assert look_rows.open_impairments(tx) == []


async def test_figures_are_for_operators_and_reviewers_and_a_lone_command_does_not_look(house: House) -> None:
    span = {"camera": HALL, "from_us": 0, "to_us": US}
    for name, role, allowed in (("a", "auditor", True), ("i", "it", True), ("v", "viewer", False)):
        actor = house.people.user(name, (role, "all"))
        if allowed:
            assert (await house.people.do(actor, "picture.looks", **span))["looks"] == []
        else:
            with pytest.raises((Refused, NotFound)):
                await house.people.do(actor, "picture.looks", **span)
    alone = replace(house.people, gateway=replace(house.gateway, looker=None))
    with pytest.raises(Unavailable):
        await alone.do(SHELL, "picture.now", camera=HALL)


def test_a_reference_that_cannot_be_read_is_said_and_the_look_goes_on(house: House) -> None:
    from camera_gateway.catalogue.segments import last_segment  # noqa: PLC0415 - only here
    from camera_gateway.health.looking import Reference  # noqa: PLC0415 - likewise

    house.clock.step_wall(TEN_MINUTES_US)
    house.record("day")
    with house.gateway.catalogue.read() as tx:
        row = last_segment(tx, CameraId(HALL))
    assert row is not None
    assert house.gateway.looker is not None
    seen = house.gateway.looker.look(row, [Reference("f" * 64, b"no jpeg")])
    assert seen.outcome == "looked"
    assert seen.measured["references_unreadable"] == ["f" * 64]
    assert seen.measured["verdicts"]["moved"] == "unknown"
    assert isinstance(seen.keyframe, Keyframe)
