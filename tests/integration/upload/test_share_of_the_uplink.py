"""A share of the uplink as the cap, in virtual time, over a line that needs it: measured, held to, measured again."""

from __future__ import annotations

import asyncio
import heapq
import math
import random
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from support.gateway_rig import Inline, Rig

from camera_gateway.clock import US, HeldClock, from_datetime
from camera_gateway.domain.bandwidth import Share
from camera_gateway.domain.footage import SegmentState
from camera_gateway.supervision import Stop
from camera_gateway.timetable import Bell
from camera_gateway.upload.uploader import MEASURE_EVERY_US, Uploader, UploadRules
from storage.errors import Transient
from storage.limited import TokenBucket

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

MB = 1_000_000
NIGHT = ("daily 22:00-06:00",)
FIXED: dict[str, Any] = {"workers": 1, "min_local_us": 10**15, "scan_s": 600}


def local(text: str) -> int:
    return from_datetime(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Almaty")))


class LineClock(HeldClock):
    """A held clock that whoever sends also moves."""

    def spend(self, seconds: float) -> None:
        passed_us = math.ceil(seconds * US)
        self._wall += passed_us
        self._mono += passed_us
        self._sleepers = [(max(due, self._mono), number, future) for due, number, future in self._sleepers]
        heapq.heapify(self._sleepers)


class Line:
    """A store behind a line of so many bits per second; notes how fast each segment went."""

    def __init__(self, store: Any, clock: LineClock) -> None:  # noqa: ANN401 - any store of the contract
        self.inner, self.clock = store, clock
        self.bps = 8 * MB
        self.is_cut = False
        self.speeds: list[float] = []

    def put(self, key: str, source: Path | bytes, **words: Any) -> object:  # noqa: ANN401 - passed through
        data = source.read_bytes() if isinstance(source, Path) else source
        pace = words.pop("pace", None)
        begun_us = self.clock.monotonic_us()
        for at in range(0, len(data), MB // 10):
            piece = data[at : at + MB // 10]
            pace(len(piece))
            self.clock.spend(30 if self.is_cut else len(piece) * 8 / self.bps)
            if self.is_cut:
                raise Transient("no answer", ambiguous=True)
        self.speeds.append(round(len(data) * 8 * US / (self.clock.monotonic_us() - begun_us) / MB, 2))
        return self.inner.put(key, data, **words)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - passed through
        return getattr(self.inner, name)


class Scene:
    def __init__(self, rig: Rig, clock: LineClock, rules: UploadRules) -> None:
        self.rig, self.clock = rig, clock
        self.line = Line(rig.store, clock)
        self.bell, self.stop = Bell("upload"), Stop()
        self.rates: list[int | None] = []
        self.sealed = 0
        self.uploader = Uploader(
            books=rig.books,
            spool=rig.spool,
            transfer=rig.transfer(self.line),  # type: ignore[arg-type] # passes through what it lacks
            rules=rules,
            clock=clock,
            threads=Inline(),
            bell=self.bell,
            observer=rig.seen,
            set_rate_bps=self.rates.append,
            new_bucket=lambda: TokenBucket(clock=lambda: clock.monotonic_us() / US, sleep=clock.spend),
        )

    async def send(self, megabytes: int) -> None:
        """Seal so many segments of a megabyte and let the uploader have its time."""
        self.line.speeds.clear()
        for _ in range(megabytes):
            self.rig.seal(self.rig.cameras[0], self.sealed, random.Random(self.sealed).randbytes(MB))
            self.sealed += 1
        self.rig.take()
        self.bell.ring()
        for _ in range(200 * (megabytes + 1)):
            await asyncio.sleep(0)

    def waiting(self) -> int:
        return sum(row.state is not SegmentState.STORED for row in self.rig.rows())


@asynccontextmanager
async def scene(path: Path, at: str, rules: UploadRules) -> AsyncIterator[Scene]:
    clock = LineClock(local(at))
    with Rig(path / "data", clock=clock) as rig:
        made = Scene(rig, clock, rules)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(made.uploader.run(made.stop))
            yield made
            made.stop.request()
            made.bell.ring()
            await task


async def test_nothing_is_capped_until_the_uplink_is_known_and_then_the_share_holds(tmp_path: Path) -> None:
    rules = UploadRules(bandwidth_bps=Share(25), **FIXED)
    async with scene(tmp_path, "2026-03-04 12:00", rules) as it:
        await it.send(10)
        assert it.waiting() == 0
        assert it.uploader.measured_bps == 8 * MB
        assert it.line.speeds[:4] == [8.0] * 4
        assert all(1.8 < speed < 2.3 for speed in it.line.speeds[6:]), it.line.speeds
        assert (it.rates[0], it.rates[-1]) == (None, 2 * MB)
        await it.send(3)
        assert all(1.8 < speed < 2.3 for speed in it.line.speeds), it.line.speeds


async def test_every_few_hours_a_transfer_shows_the_line_again(tmp_path: Path) -> None:
    rules = UploadRules(bandwidth_bps=Share(50), **FIXED)
    async with scene(tmp_path, "2026-03-04 12:00", rules) as it:
        await it.send(8)
        assert it.rates[-1] == 4 * MB
        it.line.bps = 2 * MB
        await it.send(3)
        assert it.uploader.measured_bps == 8 * MB  # not yet asked again
        it.clock.spend(MEASURE_EVERY_US / US)
        await it.send(10)
        assert it.waiting() == 0
        assert it.uploader.measured_bps == 2 * MB
        assert it.rates[-1] == MB
        assert it.line.speeds[:4] == [2.0] * 4
        assert all(0.9 < speed < 1.2 for speed in it.line.speeds[6:]), it.line.speeds


async def test_a_line_that_was_cut_is_not_taken_for_a_thin_one(tmp_path: Path) -> None:
    rules = UploadRules(bandwidth_bps=Share(50), **FIXED)
    async with scene(tmp_path, "2026-03-04 12:00", rules) as it:
        await it.send(3)
        it.line.is_cut = True
        await it.send(1)
        assert it.waiting() == 1
        it.line.is_cut = False
        for _ in range(10):
            it.clock.spend(60)
            await it.send(1)
        assert it.waiting() == 0
        assert it.uploader.measured_bps == 8 * MB


async def test_outside_the_window_no_share_holds_everything_measured_or_not(tmp_path: Path) -> None:
    rules = UploadRules(windows=NIGHT, bandwidth_bps=Share(50), bandwidth_outside_bps=Share(0), **FIXED)
    async with scene(tmp_path, "2026-03-04 21:00", rules) as it:
        await it.send(8)
        assert (it.waiting(), it.rates[-1], it.uploader.status.state) == (8, 0, "holding")
        it.clock.spend(3_600)
        await it.send(0)
        assert (it.waiting(), it.rates[-1]) == (0, 4 * MB)
        it.clock.spend(8 * 3_600)
        await it.send(1)
        assert (it.waiting(), it.rates[-1]) == (1, 0)


async def test_the_line_is_never_measured_while_people_work_on_it(tmp_path: Path) -> None:
    rules = UploadRules(windows=NIGHT, bandwidth_bps=Share(50), bandwidth_outside_bps=Share(10), **FIXED)
    async with scene(tmp_path, "2026-03-04 22:30", rules) as it:
        await it.send(8)
        it.clock.spend(8 * 3_600)
        before = len(it.rates)
        await it.send(8)
        assert it.waiting() == 0
        assert set(it.rates[before:]) == {8 * MB // 10}
        assert all(0.7 < speed < 0.9 for speed in it.line.speeds[1:]), it.line.speeds


async def test_a_fixed_cap_is_lifted_only_to_learn_what_a_share_is_of(tmp_path: Path) -> None:
    share = UploadRules(windows=NIGHT, bandwidth_bps=MB, bandwidth_outside_bps=Share(10), **FIXED)
    async with scene(tmp_path / "share", "2026-03-04 22:30", share) as it:
        await it.send(8)
        assert it.line.speeds[:4] == [8.0] * 4
        assert all(0.9 < speed < 1.2 for speed in it.line.speeds[6:]), it.line.speeds
    fixed = UploadRules(windows=NIGHT, bandwidth_bps=MB, **FIXED)
    async with scene(tmp_path / "fixed", "2026-03-04 22:30", fixed) as it:
        await it.send(8)
        assert set(it.rates) == {MB}
        assert it.uploader.measured_bps is None
