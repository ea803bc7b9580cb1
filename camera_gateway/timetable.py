"""Bells that ring at times; the only importer of APScheduler.

A bell wakes whoever waits for it and does no work itself: what is due is always computed from the catalogue, so
that a missed or a doubled ring is harmless. Jobs live in memory; rings that could not be heard in time coalesce
into one. Must not know what its bells are for.
"""

from __future__ import annotations

import asyncio
import logging
import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from camera_gateway.clock import Clock, from_datetime
from camera_gateway.domain.schedule import zone
from camera_gateway.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine, Sequence

_TIME = re.compile(r"(?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d)")


class Bell:
    """Rings until it is heard: rings between two hearings are one. Belongs to one event loop."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.rings = 0
        self._event = asyncio.Event()

    def ring(self) -> None:
        """Wake the listener; call it on the event loop."""
        self.rings += 1
        self._event.set()

    async def heard(self) -> None:
        """Wait for a ring, at once when it rang since the last hearing."""
        await self._event.wait()
        self._event.clear()

    async def heard_within(self, clock: Clock, seconds: float) -> bool:
        """Wait for a ring, at most `seconds` of `clock`; whether it rang."""
        await first_of(self._event.wait(), clock.sleep(seconds))
        rang = self._event.is_set()
        self._event.clear()
        return rang


class Timetable:
    """Rings bells for the length of its block; see `timetable`."""

    def __init__(self) -> None:
        self._scheduler = AsyncIOScheduler(
            jobstores={"default": MemoryJobStore()},
            executors={"default": AsyncIOExecutor()},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone="UTC",
        )
        # its "added job" lines tell an administrator nothing; what it warns of is heard
        logging.getLogger("apscheduler").setLevel(logging.WARNING)
        self._bells: dict[str, Bell] = {}

    def every(self, seconds: float, name: str) -> Bell:
        """Return a bell that rings each `seconds`, first after as many; whole milliseconds count."""
        milliseconds = round(seconds * 1000)
        if milliseconds <= 0:
            raise InvalidInput(f"bell {name!r}: a period of {seconds} s is not positive", hint="give seconds above 0")
        trigger = IntervalTrigger(seconds=milliseconds / 1000, timezone="UTC")
        return self._add(name, [trigger])

    def daily(self, at: str, time_zone: str, name: str) -> Bell:
        """Return a bell that rings each day at the local time `at` ("HH:MM")."""
        return self.at_local_times([at], time_zone, name)

    def at_local_times(self, times: Sequence[str], time_zone: str, name: str) -> Bell:
        """Return a bell that rings each day at local times ("HH:MM", "24:00" is the next midnight).

        A time that a change of the zone skips rings an hour off or not at all, one that it repeats may ring
        twice: what is due is computed elsewhere.
        """
        tz = zone(time_zone)
        triggers = []
        for text in times:
            match = _TIME.fullmatch("00:00" if text == "24:00" else text)
            if match is None:
                raise InvalidInput(f"bell {name!r}: {text!r} is not a time of day", hint="write HH:MM")
            triggers.append(CronTrigger(hour=int(match["hour"]), minute=int(match["minute"]), timezone=tz))
        return self._add(name, triggers)

    def remove(self, name: str) -> None:
        """Silence a bell for good; absent is fine."""
        self._bells.pop(name, None)
        for job in self._jobs(name):
            job.remove()

    def next_ring_us(self, name: str) -> int | None:
        """Return when the bell will ring next, µs UTC; None for a bell that is not there or not started."""
        times = [getattr(job, "next_run_time", None) for job in self._jobs(name)]
        return min((from_datetime(time) for time in times if time is not None), default=None)

    def start(self) -> None:
        """Begin to ring, on the running event loop."""
        self._scheduler.start()

    async def close(self) -> None:
        """Ring no more. Harmless to repeat."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
            await asyncio.sleep(0)  # it ends in a callback of the loop, which is queued before this

    def _jobs(self, name: str) -> list[Any]:
        return [job for job in self._scheduler.get_jobs() if job.name == name]

    def _add(self, name: str, triggers: Sequence[Any]) -> Bell:
        if name in self._bells:
            raise InvalidInput(f"bell {name!r} hangs already", hint="give each bell a name of its own")
        bell = self._bells[name] = Bell(name)

        async def ring() -> None:  # a coroutine, because plain functions would go to the default executor
            bell.ring()

        for number, trigger in enumerate(triggers):
            self._scheduler.add_job(ring, trigger, id=f"{name}#{number}", name=name)
        return bell


@asynccontextmanager
async def timetable() -> AsyncIterator[Timetable]:
    """Open a timetable that rings until the block ends; bells may be hung before and during it."""
    table = Timetable()
    table.start()
    try:
        yield table
    finally:
        await table.close()


async def first_of(*waits: Coroutine[Any, Any, Any]) -> None:
    """Wait until one of several waits is over; the others are cancelled. Its exception is passed on."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(wait) for wait in waits]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
