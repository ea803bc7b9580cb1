"""The service that keeps the catalogue up with the spool.

Promises that whatever is sealed has its row within about a scan's period, ring or no ring, and that the uploader is
rung when there is something new. A disk that fails for a while is a state that is told, not an end. Runs its
blocking work on a thread of its own.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Protocol

from camera_gateway.errors import Unavailable
from camera_gateway.intake.recovering import Recovered, recover
from camera_gateway.intake.taking import Intake, IntakeObserver
from camera_gateway.timetable import Bell, first_of
from storage.errors import SpoolError

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from camera_gateway.clock import Clock
    from camera_gateway.footage.books import Books
    from camera_gateway.supervision import Stop
    from storage.spool import Spool

SCAN_S = 1.0
FULL_SCAN_S = 600.0


class ServiceObserver(IntakeObserver, Protocol):
    """What the running service tells beside the single files."""

    def recovered(self, result: Recovered) -> None:
        """Tell what the first look after the start found."""
        ...

    def failing(self, code: str) -> None:
        """Tell that the spool or the catalogue cannot be used now; `code` is a stable word."""
        ...


async def run_intake(
    books: Books,
    spool: Spool,
    *,
    clock: Clock,
    thread: Executor,
    bell: Bell,
    new_segments: Callable[[], None],
    observer: ServiceObserver,
    stop: Stop,
    scan_s: float = SCAN_S,
    full_scan_s: float = FULL_SCAN_S,
) -> None:
    """Recover, then look through the spool at each ring and at least each `scan_s`, until `stop`.

    `thread` is an executor that is not shared with transfers, which would hold intake up for minutes.
    """
    loop = asyncio.get_running_loop()
    intake = Intake(books, spool, clock, observer)
    recovered = False
    full_at_us = clock.monotonic_us()
    while not stop.requested:
        full = clock.monotonic_us() >= full_at_us
        try:
            if not recovered:
                observer.recovered(await loop.run_in_executor(thread, recover, books, spool, clock, observer))
                recovered = True
            taken = await loop.run_in_executor(thread, partial(intake.take, full=full))
        except SpoolError as error:
            observer.failing(error.code)
        except Unavailable as error:
            observer.failing(error.code)
        else:
            if full:
                full_at_us = clock.monotonic_us() + round(full_scan_s * 1_000_000)
            if taken.anything:
                new_segments()
        await first_of(bell.heard_within(clock, scan_s), stop.wait())
