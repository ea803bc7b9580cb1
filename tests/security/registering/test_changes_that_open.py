"""What a change of the register would open: restricted footage, another region's cameras, a camera's password."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Self

import pytest
from support.people import SHELL, installation_of_people

from camera_gateway.actions.admission import moments_open_to
from camera_gateway.catalogue import registry
from camera_gateway.domain.ids import CameraId
from camera_gateway.errors import GatewayError, InvalidInput, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.people import People

    from camera_gateway.domain.camera import Device
    from camera_gateway.domain.people import Actor

BEDROOM, HALL = "kg-bedroom", "kg-hall"
SECRET = "hunter2-of-the-hall"
DAY_S = 86_400


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    with installation_of_people(tmp_path) as made:
        yield made


def zone_of(people: People, camera: str) -> str:
    with people.gateway.catalogue.read() as tx:
        return registry.get_camera(tx, CameraId(camera)).zone.value


def device_of(people: People, camera: str) -> Device:
    with people.gateway.catalogue.read() as tx:
        found = registry.current_device(tx, CameraId(camera))
    assert found is not None
    return found


async def refused(people: People, actor: Actor, verb: str, /, **arguments: Any) -> GatewayError:  # noqa: ANN401 - JSON
    with pytest.raises(GatewayError) as caught:
        await people.do(actor, verb, **arguments)
    return caught.value


# ---- a zone


async def test_nobody_opens_the_footage_of_a_bedroom_alone_by_calling_it_a_hall(people: People) -> None:
    alia, dana = people.user("alia", ("administrator", "all")), people.user("dana", ("it", "institution:kg-12"))
    auditor = people.user("berik", ("auditor", "all"))
    rows = len(people.audit())
    for _ in range(2):
        error = await refused(people, alia, "camera.change", camera=BEDROOM, zone="hall", name="Зал")
        assert (type(error), error.code) == (Refused, "second-person")
    assert zone_of(people, BEDROOM) == "bedroom"
    asked = [row for row in people.audit(rows) if row.action == "camera.zone-asked"]
    assert [(row.actor, row.details) for row in asked] == [
        ("token:alia", {"zone": {"from": "bedroom", "to": "hall"}})
    ] * 2
    with people.gateway.catalogue.read() as tx, pytest.raises(Refused, match="two people"):
        moments_open_to(tx, auditor, BEDROOM, 0, 1)
    made = await people.do(dana, "camera.change", camera=BEDROOM, zone="hall")
    assert made["zone"] == "hall"
    row = next(row for row in reversed(people.audit()) if row.action == "camera.change")
    assert (row.actor, row.details["approved_by"]) == ("token:dana", "token:alia")


@pytest.mark.parametrize("case", ["yesterday", "another zone", "who lost the right", "the same by another door"])
async def test_a_first_question_that_does_not_count_opens_nothing(people: People, case: str) -> None:
    alia, berik = (people.user(name, ("administrator", "all")) for name in ("alia", "berik"))
    brief = people.user("brief", ("it", "institution:kg-12", people.clock.now_us() + 60_000_000))
    first = brief if case == "who lost the right" else alia
    second = type(alia)("session", "alia") if case == "the same by another door" else berik
    await refused(people, first, "camera.change", camera=BEDROOM, zone="yard" if case == "another zone" else "hall")
    await people.clock.advance({"yesterday": DAY_S, "who lost the right": 61}.get(case, 1))
    assert (await refused(people, second, "camera.change", camera=BEDROOM, zone="hall")).code == "second-person"
    assert zone_of(people, BEDROOM) == "bedroom"


async def test_the_shell_is_one_person_and_a_second_shows_a_token(people: People) -> None:
    people.user("alia", ("it", "institution:kg-12"))
    people.user("far", ("it", "institution:school-7"))
    assert (await refused(people, SHELL, "camera.change", camera=BEDROOM, zone="hall")).code == "second-person"
    strange = people.token("far")[1]
    assert isinstance(
        await refused(people, SHELL, "camera.change", camera=BEDROOM, zone="hall", second=strange), Refused
    )
    assert zone_of(people, BEDROOM) == "bedroom"
    await people.do(SHELL, "camera.change", camera=BEDROOM, zone="hall", second=people.token("alia")[1])
    assert zone_of(people, BEDROOM) == "hall"
    assert people.last().details["approved_by"] == "token:alia"


async def test_what_opens_nothing_is_one_person_s(people: People) -> None:
    alia = people.user("alia", ("it", "institution:kg-12"))
    for camera, zone in ((HALL, "gym"), (HALL, "bedroom"), (BEDROOM, "medical"), (BEDROOM, "medical")):
        assert (await people.do(alia, "camera.change", camera=camera, zone=zone))["zone"] == zone
    assert (await people.do(alia, "camera.change", camera=BEDROOM, name="Спальня"))["name"] == "Спальня"


async def test_a_camera_is_not_moved_to_where_one_has_no_right(people: People) -> None:
    keeper = people.user("keeper", ("it", "zone:hall"))
    error = await refused(people, keeper, "camera.change", camera=HALL, zone="gym")
    assert (error.code, zone_of(people, HALL)) == ("forbidden", "hall")


async def test_a_zone_with_shorter_rules_takes_two_who_may_shorten(people: People) -> None:
    it = people.user("dana", ("it", "all"))
    alia, berik = (people.user(name, ("administrator", "all")) for name in ("alia", "berik"))
    rule = {"name": "law", "zone": "hall", "institution": "kg-12", "floor_days": 90, "reason": "x"}
    await people.do(alia, "retention.policy-set", **rule, second=people.token("berik")[1])
    assert (await refused(people, it, "camera.change", camera=HALL, zone="gym")).code == "forbidden"
    assert (await refused(people, alia, "camera.change", camera=HALL, zone="gym")).code == "second-person"
    assert zone_of(people, HALL) == "hall"
    await people.do(berik, "camera.change", camera=HALL, zone="gym")
    # the other way keeps longer
    assert (await people.do(it, "camera.change", camera=HALL, zone="hall"))["zone"] == "hall"


# ---- a region


async def test_an_institution_is_moved_only_into_a_region_that_one_manages(people: People) -> None:
    own, regional = people.user("own", ("it", "institution:kg-12")), people.user("regional", ("it", "region:Абай"))
    both = people.user("both", ("it", "region:Абай"), ("it", "region:Алматы"))
    everywhere = people.user("everywhere", ("it", "all"))
    for actor, region in ((own, "Алматы"), (regional, "Алматы"), (own, ""), (both, ""), (own, " Алматы ")):
        error = await refused(people, actor, "institution.change", institution="kg-12", region=region)
        assert error.code == "forbidden"
    made = await people.do(own, "institution.change", institution="kg-12", region="Абай", name="Ясли")
    assert made["name"] == "Ясли"
    moved = await people.do(both, "institution.change", institution="kg-12", region="Алматы")
    assert moved["region"] == "Алматы"
    assert (await people.do(everywhere, "institution.change", institution="kg-12", region=""))["region"] == ""


# ---- a password


class Listener:
    """A host that somebody else controls: it counts who comes."""

    visits = 0

    async def __aenter__(self) -> Self:
        self.server = await asyncio.start_server(self._meet, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.server.close()
        await self.server.wait_closed()

    async def _meet(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visits += 1
        writer.close()


@pytest.mark.parametrize("probe", [True, False])
async def test_a_kept_password_does_not_follow_an_address_to_another_host_or_port(people: People, probe: bool) -> None:  # noqa: FBT001 - a case
    it = people.user("dana", ("it", "all"))
    account = {"username": "op", "password": SECRET, "probe": False}
    await people.do(it, "camera.change", camera=HALL, url="rtsp://127.0.0.1:9/main", **account)
    kept = device_of(people, HALL)
    async with Listener() as other:
        for url in (
            f"rtsp://127.0.0.1:{other.port}/main",
            f"rtsp://127.0.0.2:{other.port}/main",
            "rtsp://10.9.9.9:9/main",
        ):
            for words in ({}, {"username": "op"}, {"name": "Зал"}):
                error = await refused(people, it, "camera.change", camera=HALL, url=url, probe=probe, **words)
                assert (type(error), error.code) == (InvalidInput, "password-needed"), url
                assert "no-password" in error.hint
        assert other.visits == 0
        assert device_of(people, HALL) == kept
        error = await refused(people, it, "camera.probe", camera=HALL, url=f"rtsp://127.0.0.1:{other.port}/main")
        assert (type(error), other.visits) == (InvalidInput, 0)
    # the same host and port: another path
    await people.do(it, "camera.change", camera=HALL, url="rtsp://127.0.0.1:9/other", probe=False)
    assert device_of(people, HALL).password_sealed == kept.password_sealed


async def test_with_the_password_or_with_none_an_address_changes(people: People) -> None:
    it = people.user("dana", ("it", "all"))
    words = {"username": "op", "password": SECRET, "probe": False}
    await people.do(it, "camera.change", camera=HALL, url="rtsp://127.0.0.1:9/main", **words)
    made = await people.do(it, "camera.change", camera=HALL, url="rtsp://127.0.0.1:10/main", **words)
    assert (made["device"]["username"], made["device"]["password"]) == ("op", "set")
    both = await refused(people, it, "camera.change", camera=HALL, no_password=True, **words)
    assert isinstance(both, InvalidInput)
    made = await people.do(
        it, "camera.change", camera=HALL, url="rtsp://127.0.0.1:11/main", no_password=True, probe=False
    )
    assert (made["device"]["username"], made["device"]["password"]) == (None, None)
    await people.do(it, "camera.change", camera=HALL, url="rtsp://127.0.0.1:12/main", probe=False)


async def test_another_device_gets_none_of_the_account_of_the_one_before(people: People) -> None:
    it = people.user("dana", ("it", "all"))
    await people.do(it, "camera.change", camera=HALL, username="op", password=SECRET, probe=False)
    await people.do(it, "camera.replace", camera=HALL, url="rtsp://127.0.0.1:9/new", username="op", probe=False)
    device = device_of(people, HALL)
    assert (device.username, device.password_sealed) == ("op", None)
    assert SECRET not in str(people.audit())
