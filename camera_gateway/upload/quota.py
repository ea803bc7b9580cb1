"""The spool's quota: warned long before, and when it is full a loss that is told.

Promises that copies of what is stored go before footage that is not, the oldest before the newer, never a held
segment, and that each loss is a gap `spool-full` and an audit row. With `deny-new` nothing is lost here: the recorder
holds to the quota itself and begins no segment. Must not know the store.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal, Protocol

from camera_gateway.catalogue.segments import backlog, mark_lost, oldest_spooled, releasable
from camera_gateway.domain.footage import GapCause, SegmentState
from camera_gateway.errors import Unavailable
from camera_gateway.footage.spooled import drain_garbage
from camera_gateway.timetable import Bell, first_of
from camera_gateway.upload.policy import (
    Droppable,
    SpoolRoom,
    bytes_to_free,
    choose_drops,
    spool_seconds_until_loss,
)
from camera_gateway.upload.release import release
from storage.errors import SpoolError

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.catalogue.segments import SegmentRow
    from camera_gateway.clock import Clock
    from camera_gateway.domain.ids import SegmentId
    from camera_gateway.footage.books import Books
    from camera_gateway.supervision import Stop
    from camera_gateway.upload.policy import Pending
    from storage.spool import Spool

WhenFull = Literal["drop-oldest", "deny-new"]
_BATCH = 200
_FAR_US = 1 << 62


@dataclass(frozen=True, slots=True)
class QuotaRules:
    """`quota_bytes` None: only the file system limits; `margin_bytes` is kept free for what is being recorded."""

    when_full: WhenFull
    quota_bytes: int | None
    margin_bytes: int


@dataclass(frozen=True, slots=True)
class SpoolForecast:
    """How full the spool is. `until_loss_s` None: no loss is in sight."""

    at_us: int
    used_bytes: int
    free_bytes: int
    until_loss_s: float | None


class QuotaObserver(Protocol):
    """Who wants to know: metrics and alarms. Called on the quota's thread."""

    def forecast(self, forecast: SpoolForecast) -> None:
        """Tell how full the spool is and how long it will last."""
        ...

    def dropped(self, row: SegmentRow) -> None:
        """Tell of a segment that was lost for want of room."""
        ...


class Quota:
    """Keeps the spool within its quota. For one thread at a time."""

    def __init__(
        self,
        *,
        books: Books,
        spool: Spool,
        rules: QuotaRules,
        clock: Clock,
        observer: QuotaObserver,
        pending: Callable[[int], Pending],
        inflow_bps: Callable[[], int],
        busy: Callable[[], frozenset[SegmentId]],
        held: Callable[[SegmentRow], bool] = lambda _row: False,
    ) -> None:
        """`pending(backlog_bytes)` says how the backlog may leave, `busy` what is being uploaded right now."""
        self._books = books
        self._spool = spool
        self._rules = rules
        self._clock = clock
        self._observer = observer
        self._pending = pending
        self._inflow_bps = inflow_bps
        self._busy = busy
        self._held = held

    def enforce(self) -> SpoolForecast:
        """Look once, make room where the rules want that, and say how long the rest lasts.

        Raises `SpoolError`, `Unavailable`.
        """
        room = self._room()
        needed = bytes_to_free(room, self._rules.margin_bytes)
        if needed:
            self._release_copies(needed)
            room = self._room()
            needed = bytes_to_free(room, self._rules.margin_bytes)
        if needed and self._rules.when_full == "drop-oldest":
            self._drop(needed)
            room = self._room()
        waiting = self._books.read(lambda tx: backlog(tx).bytes)
        until_s = spool_seconds_until_loss(
            self._pending(waiting), room.free_bytes, self._inflow_bps(), self._clock.now_us()
        )
        forecast = SpoolForecast(self._clock.now_us(), room.used_bytes, room.free_bytes, until_s)
        self._observer.forecast(forecast)
        return forecast

    def _room(self) -> SpoolRoom:
        return SpoolRoom(self._spool.usage().bytes, self._rules.quota_bytes, self._spool.free_bytes())

    def _release_copies(self, needed_bytes: int) -> None:
        """Give up copies of stored segments early: their going loses nothing, unlike anything else's."""
        while needed_bytes > 0:
            rows = self._books.read(lambda tx: releasable(tx, _FAR_US, 0, _BATCH))
            chosen = self._choose(rows, needed_bytes, is_safe=True)
            if not chosen:
                return
            release(self._books, self._spool, chosen)
            needed_bytes -= sum(row.sidecar.size_bytes for row in chosen)

    def _drop(self, needed_bytes: int) -> None:
        """Lose the oldest that is not stored; what the store has answered for or is being sent is left."""
        busy = self._busy()
        rows = [
            row
            for row in self._books.read(lambda tx: oldest_spooled(tx, _BATCH + len(busy)))
            if row.state is not SegmentState.PUT and row.sidecar.segment not in busy
        ]
        for row in self._choose(rows, needed_bytes, is_safe=False):
            if self._books.write(partial(_lose, row)):
                self._observer.dropped(row)
        drain_garbage(self._books, self._spool)

    def _choose(self, rows: list[SegmentRow], needed_bytes: int, *, is_safe: bool) -> list[SegmentRow]:
        by_id = {row.sidecar.segment: row for row in rows}
        candidates = [
            Droppable(segment, row.sidecar.start_us, row.sidecar.size_bytes, self._held(row), is_safe)
            for segment, row in by_id.items()
        ]
        return [by_id[choice.segment] for choice in choose_drops(needed_bytes, candidates)]


async def run_quota(
    quota: Quota,
    *,
    clock: Clock,
    thread: Executor,
    bell: Bell,
    failing: Callable[[str], None],
    stop: Stop,
    period_s: float,
) -> None:
    """Enforce the quota at each ring and at least each `period_s`, until `stop`.

    `failing` is told the code of an error that lets it wait for the next round.
    """
    loop = asyncio.get_running_loop()
    while not stop.requested:
        try:
            await loop.run_in_executor(thread, quota.enforce)
        except (SpoolError, Unavailable) as error:
            failing(error.code)
        await first_of(bell.heard_within(clock, period_s), stop.wait())


def _lose(row: SegmentRow, tx: Transaction) -> bool:
    return mark_lost(tx, row.sidecar.segment, GapCause.SPOOL_FULL, "the spool was full; the oldest was given up")
