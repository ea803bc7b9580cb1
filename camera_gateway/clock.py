"""Time as a dependency.

Whatever needs the time takes a `Clock`. Two clocks are kept apart: wall time (UTC, may step) and monotonic
time (never steps, no meaning outside this boot). Only this module may ask the operating system for either.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

US = 1_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TOGETHER_US = 50
"""Two looks at the monotonic clock this close together: what was read between them belongs to one moment."""
LOOKS = 5


class Clock(Protocol):
    """Wall and monotonic time in integer microseconds, and a sleep that a test can hold."""

    def now_us(self) -> int:
        """Return UTC wall time, µs since 1970."""
        ...

    def monotonic_us(self) -> int:
        """Return monotonic time in µs; only differences mean anything."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let `seconds` of this clock pass."""
        ...


def both_us(clock: Clock) -> tuple[int, int]:
    """Return wall and monotonic time of the same moment, µs.

    A process that is held up between two looks (a busy machine, SIGSTOP) would see the wall clock step; so the wall
    clock is read between two looks at the other, again where they are far apart, and the closest pair counts.
    """
    before_us, wall_us, after_us = clock.monotonic_us(), clock.now_us(), clock.monotonic_us()
    closest = (after_us - before_us, wall_us, before_us)
    for _ in range(LOOKS - 1):
        if closest[0] <= TOGETHER_US:
            break
        before_us, wall_us, after_us = clock.monotonic_us(), clock.now_us(), clock.monotonic_us()
        closest = min(closest, (after_us - before_us, wall_us, before_us))
    apart_us, wall_us, before_us = closest
    return wall_us, before_us + apart_us // 2


class SystemClock:
    """The operating system's clocks."""

    def now_us(self) -> int:
        """Return UTC wall time, µs since 1970."""
        return time.time_ns() // 1000  # noqa: TID251 - the one place that asks the system

    def monotonic_us(self) -> int:
        """Return the system's monotonic time in µs."""
        return time.monotonic_ns() // 1000

    async def sleep(self, seconds: float) -> None:
        """Sleep on the running event loop."""
        await asyncio.sleep(seconds)


class HeldClock:
    """A clock that stands still until `advance` is called: virtual time for tests and simulations."""

    def __init__(self, now_us: int = 1_700_000_000 * US) -> None:
        self._wall = now_us
        self._mono = 0
        self._order = itertools.count()
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []

    def now_us(self) -> int:
        """Return the held wall time, µs since 1970."""
        return self._wall

    def monotonic_us(self) -> int:
        """Return the held monotonic time in µs."""
        return self._mono

    async def sleep(self, seconds: float) -> None:
        """Wait until `advance` has moved the clock by `seconds`."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        due = self._mono + round(seconds * US)
        heapq.heappush(self._sleepers, (due, next(self._order), future))
        await future

    def step_wall(self, delta_us: int) -> None:
        """Step the wall clock, as a wrong NTP answer or an administrator does; monotonic time stays."""
        self._wall += delta_us

    async def advance(self, seconds: float) -> None:
        """Move both clocks forward, waking sleepers in order of their due time."""
        end = self._mono + round(seconds * US)
        while self._sleepers and self._sleepers[0][0] <= end:
            due, _, future = heapq.heappop(self._sleepers)
            self._wall += due - self._mono
            self._mono = due
            if not future.done():
                future.set_result(None)
            for _ in range(20):  # let the woken run until they sleep again
                await asyncio.sleep(0)
        self._wall += end - self._mono
        self._mono = end
        for _ in range(20):
            await asyncio.sleep(0)


def to_datetime(us: int) -> datetime:
    """Convert µs since 1970 to an aware UTC datetime."""
    return EPOCH + timedelta(microseconds=us)


def from_datetime(value: datetime) -> int:
    """Convert an aware datetime to µs since 1970; a naive one is a `ValueError`."""
    if value.tzinfo is None:
        msg = "a time without a zone is ambiguous"
        raise ValueError(msg)
    delta = value - EPOCH
    return (delta.days * 86_400 + delta.seconds) * US + delta.microseconds


def rfc3339(us: int) -> str:
    """Format µs since 1970 as RFC 3339 in UTC with `Z`, with as many decimals as needed (0, 3 or 6)."""
    whole, part = divmod(us, US)
    text = (EPOCH + timedelta(seconds=whole)).strftime("%Y-%m-%dT%H:%M:%S")
    if part == 0:
        return text + "Z"
    if part % 1000 == 0:
        return f"{text}.{part // 1000:03d}Z"
    return f"{text}.{part:06d}Z"
