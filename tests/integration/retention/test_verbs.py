"""Retention and holds as people use them: effects first, two people, plans that still hold, the brake."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from support.catalogue_rows import MINUTE_US, sidecar_value
from support.gateway_rig import Inline, Proofs, Seen
from support.people import SHELL, installation_of_people

from camera_gateway.actions.verbs import perform
from camera_gateway.domain.ids import InstitutionId
from camera_gateway.domain.retention import DAY_US
from camera_gateway.errors import InvalidInput, NotFound, Refused
from camera_gateway.evidence.signing import PublicKey
from camera_gateway.footage.books import Books
from camera_gateway.intake.taking import Intake
from camera_gateway.retention.holding import is_held
from camera_gateway.retention.planning import policy_for
from camera_gateway.roles.retaining import keep_promises, sweep_once
from camera_gateway.supervision import Stop
from camera_gateway.timetable import Bell
from camera_gateway.upload.transfer import Transfer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.people import People

    from camera_gateway.domain.ids import SegmentId
    from camera_gateway.domain.people import Actor

HALL = "kg-hall"


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    with installation_of_people(tmp_path) as made:
        yield made


@pytest.fixture
def alia(people: People) -> Actor:
    return people.user("alia", ("administrator", "all"))


@pytest.fixture
def second(people: People) -> str:
    """The token of another administrator."""
    people.user("dana", ("administrator", "all"))
    return people.token("dana", life_us=500 * DAY_US)[1]


def _told(sealed: bytes, _facts: object) -> bytes:
    return sealed


def store(people: People, minutes: int, camera: str = HALL) -> list[SegmentId]:
    """Record and store the last minutes of a camera; return the segments."""
    gateway = people.gateway
    books = Books(gateway.catalogue, Inline())
    last = people.clock.now_us() // MINUTE_US
    made: list[SegmentId] = []
    for number in range(last - minutes, last):
        data = hashlib.sha256(f"{camera}{number}".encode()).digest()
        sidecar = replace(
            sidecar_value(camera, number),
            institution=InstitutionId("kg-12"),
            size_bytes=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
        )
        part = gateway.spool.begin(camera, sidecar.segment)
        part.write(data)
        sealed = sidecar.to_bytes()
        part.seal(partial(_told, sealed))
        made.append(sidecar.segment)
    Intake(books, gateway.spool, people.clock, Seen()).take(full=True)
    defaults = gateway.settings.retention.defaults()
    transfer = Transfer(
        books=books,
        spool=gateway.spool,
        store=gateway.store,
        proofs=Proofs(),
        policy_for=lambda name, at_us: policy_for(books, defaults, name, at_us),
        lock_mode="governance",
        clock=people.clock,
        observer=Seen(),
        is_held=lambda sidecar: is_held(books, sidecar),
    )
    for segment in made:
        assert transfer.advance(segment).outcome == "stored"
    return made


async def pass_days(people: People, days: float) -> None:
    await people.clock.advance(days * DAY_US / 1_000_000)


def versions(people: People) -> int:
    return len(list(people.gateway.store.list_versions("v1/")))


async def test_a_plan_shows_every_decision_and_a_sweep_does_exactly_that(people: People, alia: Actor) -> None:
    old = store(people, 3)
    await pass_days(people, 33)
    young = store(people, 2)
    plan = await people.do(alia, "retention.plan")
    assert {d["segment"]: d["decision"] for d in plan["decisions"]} == dict.fromkeys(old, "delete") | dict.fromkeys(
        young, "keep"
    )
    assert all(d["reasons"] for d in plan["decisions"])
    dry = await people.do(alia, "retention.sweep", digest=plan["digest"], dry_run=True)
    assert (dry["going"]["segments"], versions(people)) == (3, 5)
    done = await people.do(alia, "retention.sweep", digest=plan["digest"])
    assert done["deleted"] == {"segments": 3, "bytes": 96, "confirmed": 3}
    assert versions(people) == 2
    assert hashlib.sha256(done["certificate"]["text"].encode()).hexdigest() == done["certificate"]["sha256"]
    assert "gone: 3 segments, 96 bytes" in done["certificate"]["text"]
    assert await people.do(alia, "retention.certificate", digest=plan["digest"]) == done["certificate"]
    pem = (people.gateway.data_dir / "keys" / "seal.pub").read_bytes()
    signature = bytes.fromhex(done["certificate"]["signature"])
    assert PublicKey.parse(pem, "seal.pub").verifies(signature, done["certificate"]["text"].encode())
    with pytest.raises(Refused, match="was carried out") as caught:
        await people.do(alia, "retention.sweep", digest=plan["digest"])
    assert caught.value.code == "plan-done"
    covered = await people.do(
        SHELL,
        "footage.coverage",
        camera=HALL,
        from_us=people.clock.now_us() - 33 * DAY_US - 2 * MINUTE_US,
        to_us=people.clock.now_us() - 33 * DAY_US - MINUTE_US,
    )
    assert [gap["cause"] for gap in covered["gaps"]] == ["expired"]


async def test_a_plan_of_a_world_that_has_changed_is_refused(people: People, alia: Actor) -> None:
    store(people, 3)
    await pass_days(people, 33)
    plan = await people.do(alia, "retention.plan")
    from_us = people.clock.now_us() - 40 * DAY_US
    await people.do(alia, "hold.place", cameras=[HALL], from_us=from_us, reason="an offence", case="17-5")
    with pytest.raises(Refused) as caught:
        await people.do(alia, "retention.sweep", digest=plan["digest"])
    assert (caught.value.code, versions(people)) == ("plan-changed", 3)
    with pytest.raises(NotFound):
        await people.do(alia, "retention.sweep", digest="0" * 64)
    with pytest.raises(InvalidInput):
        await people.do(alia, "retention.sweep", digest="short")


async def test_a_plan_is_refused_the_day_after(people: People, alia: Actor) -> None:
    plan = await people.do(alia, "retention.plan")
    await pass_days(people, 1.1)
    with pytest.raises(Refused) as caught:
        await people.do(alia, "retention.sweep", digest=plan["digest"])
    assert caught.value.code == "plan-old"


async def test_the_brake_stops_until_a_second_person_confirms(people: People, alia: Actor, second: str) -> None:
    store(people, 120)
    await pass_days(people, 33)
    plan = await people.do(alia, "retention.plan")
    assert plan["brake"] == ["120 of 120 objects of site kg-12 are more than 10%"]
    for arguments, code in (
        ({}, "brake"),
        ({"confirm_brake": True}, "second-person"),
        ({"confirm_brake": True, "second": people.token("alia", life_us=500 * DAY_US)[1]}, "second-person"),
    ):
        with pytest.raises(Refused) as caught:
            await people.do(alia, "retention.sweep", digest=plan["digest"], **arguments)
        assert (caught.value.code, caught.value.exit_code, versions(people)) == (code, 4, 120)
    done = await people.do(alia, "retention.sweep", digest=plan["digest"], confirm_brake=True, second=second)
    assert (done["deleted"]["confirmed"], versions(people)) == (120, 0)
    assert "approved-by: token:dana" in done["certificate"]["text"]


async def test_a_clock_that_jumps_deletes_nothing(people: People, alia: Actor) -> None:
    store(people, 3)
    people.clock.step_wall(60 * DAY_US)
    with pytest.raises(Refused) as caught:
        await people.do(alia, "retention.plan")
    assert (caught.value.code, versions(people)) == ("clock", 3)


async def test_a_rule_shows_its_effect_and_shortening_takes_two(people: People, alia: Actor, second: str) -> None:
    store(people, 2)
    shorter = {"institution": "kg-12", "floor_days": 7, "ceiling_days": 14, "reason": "asked by parents"}
    shown = await people.do(alia, "retention.policy-set", **shorter, dry_run=True)
    assert shown["rule"] is None
    assert shown["effect"]["shortens"] == ["kg-bedroom", "kg-hall"]
    assert {row["required_days"] for row in shown["effect"]["below_standard"]} == {31}
    with pytest.raises(Refused) as caught:
        await people.do(alia, "retention.policy-set", **shorter)
    assert caught.value.code == "second-person"
    made = await people.do(alia, "retention.policy-set", **shorter, second=second)
    assert (made["rule"], made["approved_by"]) == ("policy#1", "token:dana")
    longer = {"camera": HALL, "floor_days": 90, "ceiling_days": 120, "reason": "a trial"}
    made = await people.do(alia, "retention.policy-set", **longer)
    assert (made["rule"], made["effect"]["kept_longer"]["segments"]) == ("policy#2", 2)
    listed = await people.do(alia, "retention.policy-list")
    floors = {row["camera"]: row["floor_days"] for row in listed["cameras"]}
    assert floors == {"kg-hall": 90, "kg-bedroom": 7, "school-yard": 30}
    # what was recorded before keeps what it was promised (R8)
    await pass_days(people, 20)
    assert (await people.do(alia, "retention.plan"))["going"]["segments"] == 0
    assert people.last().action in {"retention.rule", "hold.in-force", "segment.stored"}


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"institution": "kg-12", "floor_days": 60, "ceiling_days": 30}, "above the ceiling"),
        ({"camera": HALL, "institution": "kg-12", "floor_days": 60}, "names the camera alone"),
        ({"zone": "attic", "floor_days": 60}, "not known"),
        ({"institution": "kg-12", "floor_days": 60, "valid_from_us": 1}, "cannot begin in the past"),
        ({"institution": "kg-12", "ceiling_days": 20, "name": "privacy"}, "for: kg-bedroom, kg-hall"),
    ],
)
async def test_a_rule_that_cannot_hold_is_refused(people: People, rule: dict[str, Any], told: str) -> None:
    with pytest.raises((InvalidInput, NotFound), match=told):
        await people.do(SHELL, "retention.policy-set", **rule, reason="test")


async def test_a_hold_says_what_it_does_is_in_force_and_is_lifted_by_two(
    people: People, alia: Actor, second: str
) -> None:
    store(people, 5)
    order = {"cameras": [HALL], "from_us": people.clock.now_us() - 3 * MINUTE_US, "reason": "an offence", "case": "17"}
    shown = await people.do(alia, "hold.place", **order, dry_run=True)
    assert (shown["hold"], shown["impact"]["bytes"] > 0) == (None, True)
    placed = await people.do(alia, "hold.place", **order)
    assert placed["hold"]["in_force_at"] is not None
    assert placed["in_force"]["segments"] == shown["impact"]["segments"]
    await pass_days(people, 400)
    plan = await people.do(alia, "retention.plan", due=True)
    assert plan["going"]["segments"] == 5 - placed["in_force"]["segments"]
    with pytest.raises(Refused) as caught:
        await people.do(alia, "hold.lift", hold="hold-1", reason="closed")
    assert caught.value.code == "second-person"
    lifted = await people.do(alia, "hold.lift", hold="hold-1", reason="closed", second=second)
    assert lifted["released_segments"] == placed["in_force"]["segments"]
    assert await people.do(alia, "hold.list") == []
    assert (await people.do(alia, "hold.check", everything=True)) == {"ok": True, "findings": []}
    assert (await people.do(alia, "retention.plan"))["going"]["segments"] == 5
    late = await people.do(alia, "retention.overdue")
    assert len(late["overdue"]) == 5


async def test_a_hold_is_about_one_institution_and_seen_by_who_may(people: People, alia: Actor) -> None:
    with pytest.raises(InvalidInput, match="several institutions"):
        await people.do(alia, "hold.place", cameras=[HALL, "school-yard"], from_us=1, reason="x")
    for nobody in ({}, {"cameras": [HALL], "institution": "kg-12"}):
        with pytest.raises(InvalidInput, match="either cameras or an institution"):
            await people.do(alia, "hold.place", **nobody, from_us=1, reason="x")
    await people.do(alia, "hold.place", institution="kg-12", from_us=1, reason="x")
    await people.do(alia, "hold.place", cameras=["school-yard"], from_us=1, reason="y")
    auditor = people.user("berik", ("auditor", "institution:school-7"))
    assert [row["owner"] for row in await people.do(auditor, "hold.list")] == ["school-7"]
    with pytest.raises(NotFound):  # what somebody may not see is not there for them
        await people.do(auditor, "hold.place", institution="kg-12", from_us=1, reason="z")


async def test_drift_is_told_and_what_is_missing_is_placed_again(people: People, alia: Actor) -> None:
    store(people, 1)
    await people.do(alia, "hold.place", cameras=[HALL], from_us=1, reason="x")
    version = next(iter(people.gateway.store.list_versions("v1/")))
    people.gateway.store.lift_hold(version.key, version.version_id)
    found = await people.do(alia, "hold.check")
    assert [f["invariant"] for f in found["findings"]] == ["R3"]
    assert people.gateway.store.head(version.key).hold
    assert (await people.do(alia, "hold.check"))["ok"]


async def test_each_night_the_holds_of_the_store_are_held_to_the_catalogue(people: People, alia: Actor) -> None:
    store(people, 1)
    await people.do(alia, "hold.place", cameras=[HALL], from_us=1, reason="x")
    kept = people.gateway.store
    version = next(iter(kept.list_versions("v1/")))
    bell, stop = Bell("retention"), Stop()
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        group.create_task(keep_promises(people.gateway, bell, stop))
        for _night in range(2):  # the first is the start of the service
            kept.lift_hold(version.key, version.version_id)
            bell.ring()
            while not kept.head(version.key).hold:  # noqa: ASYNC110 - a store rings no bell
                await asyncio.sleep(0)
        stop.request()


async def test_the_service_sweeps_by_itself_within_the_brake_and_not_after_a_silence(people: People) -> None:
    store(people, 3)
    for hours in range(0, 33 * 24, 24):
        refusal, swept = sweep_once(people.gateway)
        assert (refusal, swept is not None, hours >= 0) == ("", True, True)
        await pass_days(people, 1)
    sweep_once(people.gateway)
    assert versions(people) == 0
    store(people, 3)
    await pass_days(people, 40)
    refusal, swept = sweep_once(people.gateway)
    assert "the clock may have jumped" in refusal
    assert (swept, versions(people)) == (None, 3)
    await perform(people.gateway, SHELL, "retention.plan", {})  # a person has looked
    assert sweep_once(people.gateway)[0] == ""
    assert versions(people) == 0
