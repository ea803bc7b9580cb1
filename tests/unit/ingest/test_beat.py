"""The second's work: with the tick that is nearest, by itself where there is none, and at once at the end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from camera_gateway.ingest.beat import EVERY_S, Beat
from camera_gateway.supervision import Stop

if TYPE_CHECKING:
    from collections.abc import Coroutine


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose time passes only while nobody has anything to do."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 100.0

    def time(self) -> float:
        return self.now_s

    def _run_once(self) -> None:
        inner: Any = self
        if not inner._ready and inner._scheduled:
            self.now_s = max(self.now_s, inner._scheduled[0]._when)
        inner_once: Any = super()
        inner_once._run_once()


def run(work: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(work)


async def beats(beat: Beat, count: int) -> list[float]:
    """Return when beats came, seconds since the first was waited for."""
    loop = asyncio.get_running_loop()
    began, found = loop.time(), []
    for _ in range(count):
        await beat.wait()
        found.append(loop.time() - began)
    return found


@pytest.mark.parametrize("every_s", [0.02, 0.2, 0.3, 0.35])
def test_a_beat_is_with_a_tick_and_a_second_apart_on_average(every_s: float) -> None:
    async def work() -> None:
        beat, loop = Beat(every_s * 0.6), asyncio.get_running_loop()
        began, ticks = loop.time(), []

        def tick() -> None:
            ticks.append(loop.time() - began)
            beat.tick()
            loop.call_at(began + (len(ticks) + 1) * every_s, tick)

        loop.call_at(began + every_s, tick)
        found = await beats(beat, 50)
        assert set(found) <= set(ticks)
        assert all(abs(at - number * EVERY_S) <= every_s * 0.6 + 1e-6 for number, at in enumerate(found, 1))

    run(work())


def test_without_ticks_it_beats_by_itself() -> None:
    async def work() -> None:
        assert await beats(Beat(0.1), 3) == pytest.approx([1.1, 2.1, 3.1])

    run(work())


def test_beats_that_were_missed_are_not_made_up_for() -> None:
    async def work() -> None:
        beat = Beat(0.1)
        assert await beats(beat, 1) == pytest.approx([1.1])
        await asyncio.sleep(5)
        assert await beats(beat, 2) == pytest.approx([0.6, 1.6])

    run(work())


def test_the_end_is_not_waited_for() -> None:
    async def work() -> None:
        beat, stop = Beat(0.1), Stop()
        asyncio.get_running_loop().call_later(0.05, stop.request)
        async with asyncio.TaskGroup() as group:
            group.create_task(beat.end_with(stop))
            assert await beats(beat, 1) == pytest.approx([0.05])

    run(work())
