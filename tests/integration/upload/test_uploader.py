"""The uploading service in virtual time: outages, windows, refusals, rings, and a good end."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from support.gateway_rig import MINUTE_US, START_US, Inline, Rig

from camera_gateway.catalogue.registry import get_site, update_site
from camera_gateway.clock import US, HeldClock, from_datetime
from camera_gateway.domain.footage import SegmentState
from camera_gateway.intake.service import run_intake
from camera_gateway.supervision import Stop
from camera_gateway.timetable import Bell
from camera_gateway.upload.uploader import Uploader, UploadRules
from storage.errors import ClockSkewed, Denied, Transient

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from camera_gateway.catalogue.opening import Transaction
    from storage.errors import StoreError


class Weather:
    """A store that is down, or refuses, for as long as the test says; counts what reaches it."""

    def __init__(self, store: Any) -> None:  # noqa: ANN401 - any store of the contract
        self.inner = store
        self.trouble: Callable[[], StoreError] | None = None
        self.calls: list[str] = []
        self.puts: list[str] = []

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - passed through
        found = getattr(self.inner, name)
        if not callable(found):
            return found

        def call(*args: Any, **kwargs: Any) -> object:  # noqa: ANN401 - passed through
            self.calls.append(name)
            if self.trouble is not None:
                raise self.trouble()
            if name == "put":
                self.puts.append(args[0])
            return found(*args, **kwargs)

        return call


class Running:
    """An uploader at work on a rig."""

    def __init__(self, rig: Rig, rules: UploadRules, ready: Callable[[], bool] = lambda: True) -> None:
        self.rig = rig
        self.store = Weather(rig.store)
        self.bell = Bell("upload")
        self.stop = Stop()
        self.rates: list[int | None] = []
        transfer = rig.transfer(self.store)
        self.uploader = Uploader(
            books=rig.books,
            spool=rig.spool,
            transfer=transfer,
            rules=rules,
            clock=rig.clock,
            threads=Inline(),
            bell=self.bell,
            observer=rig.seen,
            set_rate_bps=self.rates.append,
            ready=ready,
        )

    async def settle(self, seconds: float = 0.0) -> None:
        """Let time pass in small steps, so that everybody who sleeps gets their turn."""
        left = seconds
        for _ in range(40):
            await asyncio.sleep(0)
        while left > 0:
            step = min(left, 1.0)
            await self.rig.clock.advance(step)
            for _ in range(40):
                await asyncio.sleep(0)
            left -= step

    def shows(self) -> str:
        return self.uploader.status.state

    def states(self) -> set[SegmentState]:
        return {row.state for row in self.rig.rows()}


@asynccontextmanager
async def running(rig: Rig, rules: UploadRules | None = None) -> AsyncIterator[Running]:
    made = Running(rig, rules or UploadRules(min_local_us=10**15))
    async with asyncio.TaskGroup() as group:
        task = group.create_task(made.uploader.run(made.stop))
        await made.settle()
        yield made
        made.stop.request()
        await task


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with Rig(tmp_path / "data") as made:
        yield made


def seal_some(rig: Rig, count: int, first: int = 0) -> None:
    for number in range(first, first + count):
        for camera in rig.cameras:
            rig.seal(camera, number)
    rig.take()


async def test_a_backlog_is_stored_oldest_first_and_fair_between_cameras(rig: Rig) -> None:
    seal_some(rig, 5)
    async with running(rig, UploadRules(workers=1, min_local_us=10**15)) as at_work:
        await at_work.settle(10)
        assert at_work.states() == {SegmentState.STORED}
        minutes = [int(key.split("/")[-1][:16]) for key in at_work.store.puts]
        cameras = [key.split("/")[2] for key in at_work.store.puts]
        assert minutes == sorted(minutes)
        assert [set(cameras[n : n + 2]) for n in range(0, 10, 2)] == [set(rig.cameras)] * 5


async def test_a_ring_hastens_and_a_scan_guarantees(rig: Rig) -> None:
    async with running(rig, UploadRules(scan_s=5.0, min_local_us=10**15)) as at_work:
        seal_some(rig, 1)
        at_work.bell.ring()
        await at_work.settle()
        assert at_work.states() == {SegmentState.STORED}
        seal_some(rig, 1, first=1)  # nobody rings
        await at_work.settle(4)
        assert SegmentState.SPOOLED in at_work.states()
        await at_work.settle(2)
        assert at_work.states() == {SegmentState.STORED}


async def test_after_an_outage_of_45_s_everything_arrives_and_nothing_twice(rig: Rig) -> None:
    seal_some(rig, 10)
    async with running(rig, UploadRules(min_local_us=10**15)) as at_work:
        at_work.store.trouble = lambda: Transient("connection refused", ambiguous=True)
        seal_some(rig, 10, first=10)
        await at_work.settle(45)
        assert at_work.shows() == "unreachable"
        during = len(at_work.store.calls)
        at_work.store.trouble = None
        await at_work.settle(75)
        assert at_work.states() == {SegmentState.STORED}
        assert at_work.shows() == "idle"
    keys = [version.key for version in rig.store.list_versions("v1/")]
    assert len(keys) == len(set(keys)) == 40
    assert len(at_work.store.puts) == 40
    assert during < 40 * 3  # the store was not stormed: one attempt at a time asked for it


async def test_outside_the_window_the_spool_holds_and_the_window_opens_by_itself(tmp_path: Path) -> None:
    evening = datetime(2025, 10, 9, 21, 59, 0, tzinfo=ZoneInfo("Asia/Almaty"))
    with Rig(tmp_path / "data", clock=HeldClock(from_datetime(evening))) as rig:
        seal_some(rig, 2)
        rules = UploadRules(windows=("daily 22:00-06:00",), bandwidth_bps=None, min_local_us=10**15, scan_s=600)
        async with running(rig, rules) as at_work:
            await at_work.settle(59)
            assert at_work.store.puts == []
            assert at_work.shows() == "holding"
            assert at_work.rates[-1] == 0
            await at_work.settle(2)
            assert at_work.states() == {SegmentState.STORED}
            assert at_work.rates[-1] is None


async def test_each_site_has_its_own_window(rig: Rig) -> None:
    def close_the_annex(tx: Transaction) -> None:
        update_site(tx, replace(get_site(tx, rig.sites[1]), upload_windows=("mon 00:00-00:01",)))

    rig.books.write(close_the_annex)
    seal_some(rig, 3)
    async with running(rig, UploadRules(workers=1, min_local_us=10**15)) as at_work:
        await at_work.settle(10)
        assert len(at_work.store.puts) == 3
        assert {key.split("/")[2] for key in at_work.store.puts} == {rig.cameras[0]}
        assert at_work.shows() == "holding"


async def test_a_window_that_changes_in_the_registry_holds_at_once(rig: Rig) -> None:
    rules = UploadRules(windows=("mon 00:00-00:01",), min_local_us=10**15)
    seal_some(rig, 1)
    async with running(rig, rules) as at_work:
        await at_work.settle(10)
        assert at_work.store.puts == []

        def open_both(tx: Transaction) -> None:
            for site in rig.sites:
                update_site(tx, replace(get_site(tx, site), upload_windows=("daily 00:00-24:00",)))

        rig.books.write(open_both)
        await at_work.settle(6)
        assert at_work.states() == {SegmentState.STORED}


async def test_a_skewed_clock_stops_uploading_and_is_shown_with_the_skew(rig: Rig) -> None:
    seal_some(rig, 3)
    made = Running(rig, UploadRules(min_local_us=10**15))
    made.store.trouble = lambda: ClockSkewed("403", skew_us=1_200 * US)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(made.uploader.run(made.stop))
        await made.settle(60)
        assert made.shows() == "clock-skewed"
        assert made.uploader.status.skew_us == 1_200 * US
        assert len(made.store.calls) < 20
        seal_some(rig, 1, first=6)  # recording goes on
        made.store.trouble = None
        await made.settle(150)
        assert {row.state for row in rig.rows()} == {SegmentState.STORED}
        made.stop.request()
        await task
    assert made.shows() == "stopped"


async def test_a_refusal_is_shown_and_passes_when_somebody_has_acted(rig: Rig) -> None:
    seal_some(rig, 1)
    made = Running(rig, UploadRules(min_local_us=10**15))
    made.store.trouble = lambda: Denied("403")
    async with asyncio.TaskGroup() as group:
        task = group.create_task(made.uploader.run(made.stop))
        await made.settle(30)
        assert (made.uploader.status.state, made.uploader.status.detail) == ("refused", "denied")
        made.store.trouble = None
        await made.settle(150)
        assert made.states() == {SegmentState.STORED}
        made.stop.request()
        await task


@pytest.mark.parametrize("answers", [True, False])
async def test_nothing_is_sent_before_the_canary_has_answered_or_a_minute_is_over(
    rig: Rig,
    answers: bool,  # noqa: FBT001 - the table's only column
) -> None:
    seal_some(rig, 1)
    proven: list[bool] = []
    made = Running(rig, UploadRules(min_local_us=10**15), ready=lambda: bool(proven))
    async with asyncio.TaskGroup() as group:
        task = group.create_task(made.uploader.run(made.stop))
        await made.settle(20)
        assert made.store.calls == []
        assert made.shows() == "holding"
        if answers:
            proven.append(True)
        await made.settle(3)
        assert (made.states() == {SegmentState.STORED}) is answers
        await made.settle(45)
        assert made.states() == {SegmentState.STORED}
        made.stop.request()
        await task


async def test_a_copy_is_kept_for_its_time_and_then_released(rig: Rig) -> None:
    rig.clock.step_wall(START_US + MINUTE_US - rig.clock.now_us())
    seal_some(rig, 1)
    async with running(rig, UploadRules(min_local_us=120 * US, scan_s=5)) as at_work:
        await at_work.settle(110)
        assert at_work.states() == {SegmentState.STORED}
        assert len(rig.files()) == 4
        await at_work.settle(20)
        assert at_work.states() == {SegmentState.RELEASED}
        assert rig.files() == set()


async def test_intake_and_upload_work_hand_in_hand(rig: Rig) -> None:
    async with running(rig, UploadRules(min_local_us=10**15, scan_s=3600)) as at_work:
        stop, bell = Stop(), Bell("intake")
        async with asyncio.TaskGroup() as group:
            task = group.create_task(
                run_intake(
                    rig.books,
                    rig.spool,
                    clock=rig.clock,
                    thread=Inline(),
                    bell=bell,
                    new_segments=at_work.bell.ring,
                    observer=rig.seen,
                    stop=stop,
                )
            )
            await at_work.settle(1)
            rig.seal(rig.cameras[0], 0)
            rig.put_gap(rig.cameras[1], "gap-1", START_US, START_US + MINUTE_US)
            await at_work.settle(2)
            assert at_work.states() == {SegmentState.STORED}
            assert len(rig.seen.of("gap")) == 1
            stop.request()
            await task
    assert len(rig.seen.of("recovered")) == 1
