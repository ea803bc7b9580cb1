"""Bells ring, rings coalesce, and the local times of a site follow its zone."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from camera_gateway.clock import HeldClock, to_datetime
from camera_gateway.errors import InvalidInput
from camera_gateway.timetable import Bell, Timetable, first_of, timetable

DEADLINE_S = 5.0


async def asleep() -> None:
    """Let tasks that have just been made run until they wait."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_bell_rings_again_and_again() -> None:
    async with timetable() as table:
        bell = table.every(0.005, "scan")
        for _ in range(3):
            await asyncio.wait_for(bell.heard(), DEADLINE_S)
    assert bell.rings >= 3


async def test_a_closed_timetable_rings_no_more() -> None:
    async with timetable() as table:
        bell = table.every(0.002, "scan")
        await asyncio.wait_for(bell.heard(), DEADLINE_S)
    table_after = bell.rings
    other = Bell("other")
    loop = asyncio.get_running_loop()
    loop.call_later(0.02, other.ring)
    await other.heard()
    assert bell.rings == table_after


async def test_rings_between_two_hearings_are_one() -> None:
    bell = Bell("intake")
    bell.ring()
    bell.ring()
    await bell.heard()
    clock = HeldClock()
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(bell.heard_within(clock, 10))
        await asleep()
        await clock.advance(10)
        assert await waiting is False


async def test_a_listener_that_waits_with_a_deadline_hears_a_ring_at_once() -> None:
    bell, clock = Bell("intake"), HeldClock()
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(bell.heard_within(clock, 3600))
        await asleep()
        bell.ring()
        assert await waiting is True
    assert clock.monotonic_us() == 0


async def test_the_first_of_several_waits_cancels_the_others_and_passes_an_exception_on() -> None:
    ended: list[str] = []

    async def for_ever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cancelled")

    async def broken() -> None:
        raise ValueError("no")

    with pytest.raises(ExceptionGroup) as seen:
        await first_of(for_ever(), broken())
    assert seen.group_contains(ValueError)
    assert ended == ["cancelled"]


async def test_a_daily_bell_follows_the_wall_clock_of_its_zone() -> None:
    async with timetable() as table:
        table.daily("03:30", "Asia/Almaty", "nightly")
        due = table.next_ring_us("nightly")
    assert due is not None
    assert to_datetime(due).strftime("%H:%M") == "22:30"  # UTC+5 since 2024-03-01


async def test_a_bell_of_several_local_times_rings_next_at_the_nearest() -> None:
    async with timetable() as table:
        every_hour = [f"{hour:02d}:00" for hour in range(24)]
        table.at_local_times(every_hour, "Asia/Almaty", "hourly")
        due = table.next_ring_us("hourly")
    assert due is not None
    ahead_s = (to_datetime(due) - datetime.now(UTC)).total_seconds()  # noqa: TID251 - APScheduler asks the system too
    assert -5 < ahead_s <= 3600


async def test_a_removed_bell_is_gone_and_its_name_is_free() -> None:
    async with timetable() as table:
        table.every(60, "scan")
        table.remove("scan")
        table.remove("never there")
        assert table.next_ring_us("scan") is None
        table.every(60, "scan")
        assert table.next_ring_us("scan") is not None


async def test_bells_may_be_hung_before_the_start_and_closing_twice_is_harmless() -> None:
    table = Timetable()
    bell = table.every(0.005, "scan")
    table.start()
    await asyncio.wait_for(bell.heard(), DEADLINE_S)
    await table.close()
    await table.close()


@pytest.mark.parametrize("text", ["7:00", "25:00", "12:60", "noon", ""])
async def test_a_time_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="not a time of day"):
        Timetable().daily(text, "Asia/Almaty", "x")


async def test_bad_periods_zones_and_double_names_are_refused() -> None:
    table = Timetable()
    with pytest.raises(InvalidInput, match="not positive"):
        table.every(0, "x")
    with pytest.raises(InvalidInput, match="time zone"):
        table.daily("12:00", "Asia/Nowhere", "x")
    table.every(1, "x")
    with pytest.raises(InvalidInput, match="hangs already"):
        table.every(1, "x")
