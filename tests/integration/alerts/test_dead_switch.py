"""A dead switch, on virtual time, with real mail: one alert, one message, one last message; and what goes wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from support.watched_house import HOME, SWITCH, watched_house

from camera_gateway.actions import alerts as alert_verbs
from camera_gateway.actions import maintenance as maintenance_verbs
from camera_gateway.actions import outages as outage_verbs
from camera_gateway.actions.verbs import perform
from camera_gateway.catalogue import alerts, gaps, outages
from camera_gateway.clock import US, HeldClock
from camera_gateway.domain.footage import GapCause, GapRecord
from camera_gateway.domain.ids import CameraId, InstitutionId
from camera_gateway.domain.people import SYSTEM, Actor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.watched_house import House

ALIA = Actor("shell", "alia")


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture
def house(tmp_path: Path, clock: HeldClock) -> Iterator[House]:
    with watched_house(tmp_path, clock) as opened:
        yield opened


def subjects(box: Any) -> list[str]:  # noqa: ANN401 - a mailbox
    return [str(message["Subject"]) for message in box.messages]


async def pass_time(house: House, clock: HeldClock, seconds: int, each: int = 30, **said: Any) -> None:  # noqa: ANN401 - of `say`
    """Let time pass, with a look now and then."""
    for _ in range(0, seconds, each):
        await clock.advance(each)
        house.say(**said)
        await house.look()


async def lose(house: House, clock: HeldClock, seconds: int = 80) -> int:
    """Let the switch die; return when."""
    since_us = clock.now_us() + 5 * US
    await pass_time(house, clock, seconds, lost=SWITCH, since_us=since_us)
    return since_us


async def repair(house: House, clock: HeldClock, seconds: int = 300) -> int:
    """Let the switch come back for good; return when."""
    back_us = clock.now_us() + 10 * US
    await pass_time(house, clock, seconds, back=SWITCH, back_us=back_us)
    return back_us


async def listed(house: House, verb: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await perform(house.gateway, ALIA, verb, {})
    return found


async def test_twelve_cameras_are_one_outage_one_alert_and_two_messages(house: House, clock: HeldClock) -> None:
    lost_us = await lose(house, clock)
    assert subjects(house.duty) == ["Camera Gateway: одновременно пропала связь с камерами: 12 – Балалар үйі"]
    back_us = await repair(house, clock)
    assert subjects(house.duty)[1:] == [
        "Camera Gateway: Устранено: одновременно пропала связь с камерами: 12 – Балалар үйі"
    ]
    assert house.head.messages == []
    (alert,) = await listed(house, "alert.list")
    assert (alert["code"], alert["severity"]) == ("network-down", "critical")
    assert [notice["kind"] for notice in alert["notices"]] == ["opened", "resolved"]
    (outage,) = await listed(house, "outage.list")
    assert (outage["kind"], outage["cameras"]) == ("network", list(SWITCH))
    with house.gateway.catalogue.read() as tx:
        row = outages.get(tx, outage["number"])
    assert (row.start_us, row.end_us) == (lost_us, back_us)
    assert row.notified_us is not None
    assert lost_us + 60 * US <= row.detected_us <= row.notified_us < lost_us + 100 * US
    text = house.duty.messages[0].get_body(("plain", "html")).get_content()
    assert "Что делать" in text
    assert "cam-00" in text


async def test_flapping_makes_one_alert_and_one_message(house: House, clock: HeldClock) -> None:
    for _ in range(4):
        await lose(house, clock, 100)
        await repair(house, clock, 100)  # less than it takes to count as repaired
    assert len(house.duty.messages) == 1
    await repair(house, clock)
    assert len(house.duty.messages) == 2
    assert len(await listed(house, "alert.list")) == 1


async def test_a_message_that_does_not_arrive_is_seen_and_arrives_once_later(house: House, clock: HeldClock) -> None:
    house.duty.refuses = True
    since_us = await lose(house, clock)
    (alert,) = await listed(house, "alert.list")
    (notice,) = alert["notices"]
    assert (notice["sent"], notice["error"]) == (False, "not accepted")
    assert alert["noticed_at"] is None
    shown = await perform(house.gateway, ALIA, "system.show", {})
    duty = shown["alerts"]["channels"][0]
    assert (duty["waiting"], duty["failing"], duty["last_error"]) == (1, 1, "not accepted")
    today = await perform(house.gateway, ALIA, "today", {})
    assert {"alerts-open", "alerts-not-sent"} <= {finding["code"] for finding in today["findings"]}
    house.duty.refuses = False
    house.restart()
    await pass_time(house, clock, 300, lost=SWITCH, since_us=since_us)
    (alert,) = await listed(house, "alert.list")
    (notice,) = alert["notices"]
    assert (notice["sent"], notice["error"], notice["next_at"]) == (True, None, None)
    assert notice["attempts"] >= 2
    assert alert["noticed_at"] is not None
    assert len(house.duty.messages) == 1


async def test_what_is_over_before_anybody_heard_of_it_is_told_in_one_message(house: House, clock: HeldClock) -> None:
    house.duty.refuses = True
    await lose(house, clock)
    await repair(house, clock)
    house.duty.refuses = False
    await repair(house, clock, 600)
    assert [subject.split(": ")[1] for subject in subjects(house.duty)] == ["Устранено"]


async def test_a_restart_tells_nobody_twice(house: House, clock: HeldClock) -> None:
    since_us = await lose(house, clock)
    for _ in range(3):
        house.restart()
        await pass_time(house, clock, 60, lost=SWITCH, since_us=since_us)
    assert len(house.duty.messages) == 1
    assert len(await listed(house, "outage.list")) == 1


async def test_a_service_that_dies_while_it_sends_sends_again(house: House, clock: HeldClock) -> None:
    since_us = await lose(house, clock, 60)
    house.say(lost=SWITCH, since_us=since_us)
    await clock.advance(20)
    house.say(lost=SWITCH, since_us=since_us)
    await house.alarms.look()
    with house.gateway.catalogue.write(SYSTEM) as tx:
        (waiting,) = alerts.waiting(tx, clock.now_us())
        alerts.attempt(tx, [waiting.number], clock.now_us() + 30 * US)  # and no word of what became of it
    house.restart()
    await house.look()
    assert house.duty.messages == []
    await pass_time(house, clock, 40, lost=SWITCH, since_us=since_us)
    assert len(house.duty.messages) == 1


async def test_what_nobody_acknowledges_goes_up_in_the_next_one_s_language(house: House, clock: HeldClock) -> None:
    since_us = await lose(house, clock)
    await pass_time(house, clock, 1_900, each=100, lost=SWITCH, since_us=since_us)
    assert subjects(house.head) == [
        "Camera Gateway: Ешкім растаған жоқ: 12 камерамен байланыс бір мезгілде үзілді – Балалар үйі"
    ]
    await perform(house.gateway, ALIA, "alert.acknowledge", {"number": "alert-1"})
    await pass_time(house, clock, 2 * 86_400, each=7_200, lost=SWITCH, since_us=since_us)
    mine = [subject for subject in subjects(house.duty) if "одновременно" in subject]
    assert len(mine) == 1, "no reminder once somebody has it in hand"
    await repair(house, clock)
    assert any("Устранено" in subject for subject in subjects(house.duty))
    assert any("Жойылды" in subject for subject in subjects(house.head))
    (row,) = [row for row in await listed(house, "audit.list") if row["action"] == "alert.acknowledge"]
    assert row["actor"] == "shell:alia"


async def test_a_loss_of_four_hours_is_to_be_reported_and_is_overdue_after_a_day(
    house: House, clock: HeldClock
) -> None:
    since_us = await lose(house, clock)
    await pass_time(house, clock, 3 * 3_600, each=1_800, lost=SWITCH, since_us=since_us)
    assert "outage-to-report" not in {alert["code"] for alert in await listed(house, "alert.list")}
    await pass_time(house, clock, 3_600, each=1_800, lost=SWITCH, since_us=since_us)
    (alert,) = [alert for alert in await listed(house, "alert.list") if alert["code"] == "outage-to-report"]
    assert alert["detail"]["rule"] == "house-baseline outage-notify"
    await pass_time(house, clock, 20 * 3_600, each=3_600, lost=SWITCH, since_us=since_us)
    assert "outage-report-overdue" in {alert["code"] for alert in await listed(house, "alert.list")}
    told = {"number": "outage-1", "to": "regional department"}
    outage = await perform(house.gateway, ALIA, "outage.report", told)
    assert outage["reported_by"] == "shell:alia"
    assert outage["delays_s"]["report"] > 24 * 3_600
    await pass_time(house, clock, 300, lost=SWITCH, since_us=since_us)
    open_ = await perform(house.gateway, ALIA, "alert.list", {"open": True})
    assert {alert["code"] for alert in open_} == {"network-down"}


async def test_planned_work_and_the_hours_of_a_school_excuse_until_they_end(house: House, clock: HeldClock) -> None:
    start_us = clock.now_us() + 60 * US
    work = {"institution": HOME, "from_us": start_us, "to_us": start_us + 1_800 * US, "reason": "a new switch"}
    await perform(house.gateway, ALIA, "maintenance.plan", work)
    await clock.advance(60)
    since_us = await lose(house, clock, 1_700)
    assert house.duty.messages == []
    await pass_time(house, clock, 260, lost=SWITCH, since_us=since_us)
    assert len(house.duty.messages) == 1
    (outage,) = await listed(house, "outage.list")
    with house.gateway.catalogue.read() as tx:
        assert outages.get(tx, outage["number"]).start_us == start_us + 1_800 * US
    await repair(house, clock)
    # 2023-11-14T22:13Z and a bit is night in Almaty
    hours = {"site": HOME, "windows": ["mon-sat 08:00-20:00"], "holidays": ["2023-11-16..2023-11-17"]}
    await perform(house.gateway, ALIA, "calendar.set", hours)
    before = len(house.duty.messages)
    since_us = await lose(house, clock)
    assert len(house.duty.messages) == before
    morning_us = 1_700_013_600 * US  # 2023-11-15T08:00+06:00
    seconds = (morning_us - clock.now_us()) // US
    await pass_time(house, clock, int(seconds) - 600, each=3_600, lost=SWITCH, since_us=since_us)
    await pass_time(house, clock, 900, each=100, lost=SWITCH, since_us=since_us)
    assert len(house.duty.messages) == before + 1
    (latest, *_) = await listed(house, "outage.list")
    with house.gateway.catalogue.read() as tx:
        assert outages.get(tx, latest["number"]).start_us == morning_us


async def test_a_recorder_that_is_silent_is_one_alert_of_the_gateway(house: House, clock: HeldClock) -> None:
    await clock.advance(20)
    house.say()
    for _ in range(5):
        await clock.advance(20)
        await house.look()
    (alert,) = await listed(house, "alert.list")
    assert (alert["code"], alert["institution"]) == ("gateway-down", None)
    assert subjects(house.duty) == ["Camera Gateway: шлюз не ведёт запись"]
    house.recorder_us = clock.now_us()
    await pass_time(house, clock, 300)
    assert (await listed(house, "outage.list"))[0]["end"] is not None
    assert len(house.duty.messages) == 2


async def test_what_was_lost_while_nothing_ran_is_told_after_the_start(house: House, clock: HeldClock) -> None:
    down_us = clock.now_us() - 3_600 * US
    with house.gateway.catalogue.write(SYSTEM) as tx:
        for name in SWITCH[:2]:
            record = GapRecord(
                gap=f"gap-{name}",
                camera=CameraId(name),
                institution=InstitutionId(HOME),
                start_us=down_us,
                end_us=clock.now_us() + 4 * US,
                cause=GapCause.GATEWAY_DOWN,
                detail="",
                observed_by="recorder",
                precision_us=US,
            )
            gaps.insert_gap(tx, record)
    await pass_time(house, clock, 200)
    (alert,) = await listed(house, "alert.list")
    assert alert["code"] == "gateway-was-down"
    assert len(house.duty.messages) == 1
    (outage,) = await listed(house, "outage.list")
    assert (outage["kind"], outage["lasted_s"], outage["cameras"]) == ("gateway", 3_604.0, list(SWITCH[:2]))
    await perform(house.gateway, ALIA, "alert.acknowledge", {"number": alert["number"]})
    house.restart()
    await pass_time(house, clock, 400)
    (alert,) = await listed(house, "alert.list")
    assert alert["resolved_at"] is not None
    assert len(house.duty.messages) == 1


async def test_a_channel_can_be_tried_and_says_what_is_wrong(house: House, tmp_path: Path) -> None:
    found = await perform(house.gateway, ALIA, "alert.test", {"channel": "duty"})
    assert found == {"channel": "duty", "sent": True, "error": None}
    assert subjects(house.duty) == ["Проверка: Camera Gateway"]
    house.duty.refuses = True
    assert (await perform(house.gateway, ALIA, "alert.test", {"channel": "duty"}))["error"] == "not accepted"
    (tmp_path / "duty.url").write_text("nonsense\n")
    assert (await perform(house.gateway, ALIA, "alert.test", {"channel": "duty"}))["error"] == "address not understood"
    (tmp_path / "duty.url").unlink()
    assert (await perform(house.gateway, ALIA, "alert.test", {"channel": "duty"}))["error"] == "file unreadable"


async def test_what_a_service_sees_of_itself_becomes_an_alert(house: House, clock: HeldClock) -> None:
    seen = replace(house.gateway.observed(), spool_used_bytes=1, spool_until_loss_s=3_600.0, audit_head_age_s=99_999.0)
    house.gateway = replace(house.gateway, observed=lambda: seen)
    house.restart()
    await pass_time(house, clock, 20)
    codes = {alert["code"] for alert in await listed(house, "alert.list")}
    assert codes == {"spool-loss-near", "audit-head-old"}
    assert len(house.duty.messages) == 1, "what a channel is told at once is one message"
    assert "тревог – 2" in subjects(house.duty)[0]


def test_the_verbs_take_numbers_with_or_without_their_noun() -> None:
    assert alert_verbs.OneAlert.model_validate({"number": "alert-7"}).number == 7
    assert maintenance_verbs.OneMaintenance.model_validate({"number": 7}).number == 7
    assert outage_verbs.ReportOutage.model_validate({"number": "7", "to": "x"}).number == 7
