"""The service that empties the backlog into the store: which segment, in which window, how many at once.

Promises: due is what the catalogue says, a ring only hastens it; oldest first and fair between cameras; nothing is
sent outside a site's window beyond its rate; while the store is away one attempt at a time asks for it (U5, U6, U7).
Memory does not grow with the backlog. Blocking work runs on threads that come from outside.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar

from camera_gateway.catalogue.installation import generation
from camera_gateway.catalogue.registry import list_cameras, list_sites
from camera_gateway.catalogue.segments import due_for_upload
from camera_gateway.errors import Unavailable
from camera_gateway.timetable import Bell, first_of
from camera_gateway.upload.policy import (
    STORE_AGAIN,
    STORE_REFUSES,
    Pace,
    Pending,
    next_pace_change_us,
    pace_at,
    upload_schedule,
)
from camera_gateway.upload.release import release_due
from camera_gateway.upload.throughput import Throughput
from camera_gateway.upload.transfer import Outcome, Result, Transfer, TransferObserver
from storage.errors import Paused, SpoolError
from storage.limited import TokenBucket

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Executor

    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.catalogue.segments import SegmentRow
    from camera_gateway.clock import Clock
    from camera_gateway.domain.camera import Site
    from camera_gateway.domain.ids import CameraId, SegmentId, SiteId
    from camera_gateway.footage.books import Books
    from camera_gateway.supervision import Stop
    from storage.spool import Spool

T = TypeVar("T")

UploadState = Literal["idle", "uploading", "holding", "unreachable", "refused", "clock-skewed", "catalogue", "stopped"]

_STATE_OF: Mapping[Outcome, UploadState] = MappingProxyType(
    {Outcome.UNREACHABLE: "unreachable", Outcome.REFUSED: "refused", Outcome.SKEWED: "clock-skewed"}
)


PAUSED_US = 1_000_000
READY_WITHIN_US = 60_000_000
"""A canary that cannot be answered for longer holds nothing up: what is put then counts as unproven."""


@dataclass(frozen=True, slots=True)
class UploadRules:
    """The installation's settings of uploading. Rates in bits per second: None no cap, 0 hold."""

    windows: tuple[str, ...] = ()
    bandwidth_bps: int | None = None
    bandwidth_outside_bps: int | None = 0
    min_local_us: int = 0
    workers: int = 4
    scan_s: float = 5.0
    newest_first: bool = False


@dataclass(frozen=True, slots=True)
class UploadStatus:
    """What uploading is doing, for pages, metrics and `doctor`."""

    state: UploadState
    since_us: int
    detail: str = ""
    skew_us: int | None = None
    """Our time minus the store's when it refuses our clock; None when it did not say."""


class UploadObserver(TransferObserver, Protocol):
    """What the running service tells beside single segments. `sent` comes from transfer threads."""

    def sent(self, size_bytes: int) -> None:
        """Count bytes that are about to leave."""
        ...

    def status_changed(self, status: UploadStatus) -> None:
        """Tell that uploading does something else now."""
        ...


@dataclass(slots=True)
class _SiteRoad:
    """A site's way out: its window and its bucket of tokens."""

    pending: Pending
    bucket: TokenBucket
    pace: Pace | None = None


@dataclass(slots=True)
class _Registry:
    """What is known of the registry, of which generation."""

    generation: int = -1
    roads: dict[SiteId, _SiteRoad] = field(default_factory=dict)
    site_of: dict[CameraId, SiteId] = field(default_factory=dict)


class Uploader:
    """Call `run` once. `threads` needs one thread more than `rules.workers`, for releases."""

    def __init__(
        self,
        *,
        books: Books,
        spool: Spool,
        transfer: Transfer,
        rules: UploadRules,
        clock: Clock,
        threads: Executor,
        bell: Bell,
        observer: UploadObserver,
        set_rate_bps: Callable[[int | None], None],
        ready: Callable[[], bool] = lambda: True,
    ) -> None:
        """`ready`: whether the store's canary has answered; waited for, so that locks count from the first put."""
        self._ready = ready
        self._ready_anyway_us = clock.monotonic_us() + READY_WITHIN_US
        self._books = books
        self._spool = spool
        self._transfer = transfer
        self._rules = rules
        self._clock = clock
        self._threads = threads
        self._bell = bell
        self._observer = observer
        self._set_rate_bps = set_rate_bps
        self._registry = _Registry()
        self._in_flight: set[SegmentId] = set()
        self._failures = 0
        self._not_before_us = 0
        self._stopping = False
        self._measured = Throughput(clock)
        self.status = UploadStatus("idle", clock.now_us())

    @property
    def in_flight(self) -> frozenset[SegmentId]:
        """Segments that a transfer thread is working on now: nobody else should touch their files."""
        return frozenset(self._in_flight)

    @property
    def measured_bps(self) -> int | None:
        """What the uplink was seen to carry while nothing capped it; None when it was not measured."""
        return self._measured.bps

    async def run(self, stop: Stop) -> None:
        """Upload until `stop`; transfers under way then end at their next bytes and are taken up at the next start."""
        try:
            async with asyncio.TaskGroup() as group:
                while not stop.requested:
                    wait_s = await self._round(group)
                    await first_of(self._bell.heard_within(self._clock, wait_s), stop.wait())
                self._stopping = True
        finally:
            self._stopping = True
            self._tell("stopped")

    async def _round(self, group: asyncio.TaskGroup) -> float:
        """Start what may start now; return after how many seconds to look again at the latest."""
        try:
            due = await self._look()
            await self._on_thread(release_due, self._books, self._spool, self._clock, self._rules.min_local_us)
        except (Unavailable, SpoolError) as error:
            self._tell("catalogue", error.code)
            return self._rules.scan_s
        now_us, waiting_us = self._clock.now_us(), self._not_before_us - self._clock.monotonic_us()
        change_us = self._set_paces(now_us)
        is_ready = self._ready() or self._clock.monotonic_us() >= self._ready_anyway_us
        held = 0
        free = (1 if self._failures else self._rules.workers) - len(self._in_flight)
        for row in due:
            if row.sidecar.segment in self._in_flight:
                continue
            road = self._road(row)
            if road.pace is None or road.pace.holding or not is_ready:
                held += 1
            elif waiting_us <= 0 and free > 0:
                free -= 1
                self._in_flight.add(row.sidecar.segment)
                self._measured.begin()
                group.create_task(self._carry(row.sidecar.segment, road), name=f"upload {row.sidecar.segment}")
        self._show(held)
        ahead_us = [round(self._rules.scan_s * 1_000_000)]
        ahead_us += [waiting_us] if waiting_us > 0 else []
        ahead_us += [change_us - now_us] if change_us is not None else []
        ahead_us += [] if is_ready else [PAUSED_US]
        return max(min(ahead_us), 1_000) / 1_000_000

    async def _carry(self, segment: SegmentId, road: _SiteRoad) -> None:
        try:
            result = await self._on_thread(self._transfer.advance, segment, partial(self._pass_through, road))
        except Unavailable as error:
            result = Result(Outcome.PAUSED, error.code)
        finally:
            self._in_flight.discard(segment)
            self._measured.end()
        self._note(result)
        self._bell.ring()

    def _pass_through(self, road: _SiteRoad, size: int) -> None:
        """Let bytes pass on a transfer thread; Paused ends the transfer without harm."""
        if self._stopping:
            raise Paused("the service is ending")
        road.bucket.take(size)
        self._measured.add(size)
        self._observer.sent(size)

    def _note(self, result: Result) -> None:
        trouble = _STATE_OF.get(result.outcome)
        if result.outcome is Outcome.PAUSED:  # not at once again, whatever the reason was
            self._not_before_us = max(self._not_before_us, self._clock.monotonic_us() + PAUSED_US)
        if trouble is None:
            if result.outcome in {Outcome.STORED, Outcome.AGAIN}:  # the store has answered
                self._failures = 0
                self._not_before_us = 0
            return
        now_us = self._clock.monotonic_us()
        if now_us >= self._not_before_us:  # the first of those that failed together
            self._failures += 1
            again = STORE_AGAIN if result.outcome is Outcome.UNREACHABLE else STORE_REFUSES
            self._not_before_us = now_us + again.delay_us(self._failures, "store")
        self._tell(trouble, result.error_class, result.skew_us)

    def _show(self, held: int) -> None:
        if self._failures:
            return
        if self._in_flight:
            self._tell("uploading")
        else:
            self._tell("holding" if held else "idle")

    def _tell(self, state: UploadState, detail: str = "", skew_us: int | None = None) -> None:
        before = self.status
        if (before.state, before.detail, before.skew_us) != (state, detail, skew_us):
            since_us = before.since_us if before.state == state else self._clock.now_us()
            self.status = UploadStatus(state, since_us, detail, skew_us)
            self._observer.status_changed(self.status)

    async def _look(self) -> list[SegmentRow]:
        """Return what is due, and follow changes of the registry: one read."""
        known = self._registry.generation

        def work(tx: Transaction) -> tuple[int, list[Site], dict[CameraId, SiteId] | None, list[SegmentRow]]:
            now = generation(tx)
            cameras = None if now == known else {camera.id: camera.site for camera in list_cameras(tx)}
            sites = [] if now == known else list_sites(tx)
            # so many that each camera's first is among them, even when all but one site hold
            count = len(self._registry.site_of if cameras is None else cameras)
            limit = count + 2 * self._rules.workers
            due = due_for_upload(tx, tx.clock.now_us(), limit, newest_first=self._rules.newest_first)
            return now, sites, cameras, due

        now, sites, cameras, due = await self._on_thread(lambda: self._books.read(work))
        if cameras is not None:
            roads = {site.id: self._new_road(site) for site in sites}
            self._registry = _Registry(now, roads, cameras)
        return due

    def _new_road(self, site: Site) -> _SiteRoad:
        rules, known = self._rules, self._registry.roads.get(site.id)
        schedule = upload_schedule(site.upload_windows, site.holidays, rules.windows)
        pending = Pending(0, schedule, site.time_zone, rules.bandwidth_bps, rules.bandwidth_outside_bps)
        return _SiteRoad(pending, known.bucket if known else TokenBucket())

    def _road(self, row: SegmentRow) -> _SiteRoad:
        return self._registry.roads[self._registry.site_of[row.sidecar.camera]]

    def _set_paces(self, now_us: int) -> int | None:
        """Give each site the rate of this moment, and all together the highest; return the next change."""
        rates: list[int | None] = []
        changes = []
        for road in self._registry.roads.values():
            pace = pace_at(road.pending, now_us)
            if pace != road.pace:
                road.pace = pace
                road.bucket.set_rate_bps(pace.rate_bps)
            rates.append(pace.rate_bps)
            change_us = next_pace_change_us(road.pending, now_us)
            if change_us is not None:
                changes.append(change_us)
        if rates:
            whole = None if None in rates else max(rate for rate in rates if rate is not None)
            self._set_rate_bps(whole)
            self._measured.cap(is_capped=whole is not None)
        return min(changes, default=None)

    async def _on_thread(self, work: Callable[..., T], *args: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, partial(work, *args))
