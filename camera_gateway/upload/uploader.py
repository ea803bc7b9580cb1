"""The service that empties the backlog into the store: which segment, in which window, how many at once.

Promises: due is what the catalogue says, a ring only hastens it; oldest first and fair between cameras; nothing is
sent outside a site's window beyond its rate; while the store is away one attempt at a time asks for it (U5, U6, U7).
Memory does not grow with the backlog. Blocking work runs on threads that come from outside.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar

from camera_gateway.catalogue.installation import generation
from camera_gateway.catalogue.registry import list_cameras, list_sites
from camera_gateway.catalogue.segments import due_for_upload
from camera_gateway.domain.bandwidth import Share
from camera_gateway.domain.footage import SegmentState
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
    from camera_gateway.domain.bandwidth import Bandwidth
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
MEASURE_EVERY_US = 4 * 3_600_000_000
"""Where a share of the uplink is the cap, a transfer shows so often what the whole of it is."""
READY_WITHIN_US = 60_000_000
"""A canary that cannot be answered for longer holds nothing up: what is put then counts as unproven."""


@dataclass(frozen=True, slots=True)
class UploadRules:
    """The installation's settings of uploading. Rates in bits per second: None no cap, 0 hold."""

    windows: tuple[str, ...] = ()
    bandwidth_bps: Bandwidth | None = None
    bandwidth_outside_bps: Bandwidth | None = 0
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

    site: SiteId
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
        measured: Throughput | None = None,
        new_bucket: Callable[[], TokenBucket] = TokenBucket,
    ) -> None:
        """`ready`: whether the store's canary has answered; waited for, so that locks count from the first put.

        `measured` is where others read what the uplink carries, `new_bucket` makes a site's bucket of tokens.
        """
        self._ready = ready
        self._ready_anyway_us = clock.monotonic_us() + READY_WITHIN_US
        self._books = books
        self._spool = spool
        self._transfer = transfer
        self._rules = rules
        self._shares = Share in {type(rules.bandwidth_bps), type(rules.bandwidth_outside_bps)}
        self._clock = clock
        self._threads = threads
        self._bell = bell
        self._observer = observer
        self._set_rate_bps = set_rate_bps
        self._registry = _Registry()
        self._in_flight: dict[SegmentId, SiteId] = {}
        self._measuring: SegmentId | None = None
        """The transfer that nothing caps for once, so that the uplink shows itself."""
        self._failures = 0
        self._not_before_us = 0
        self._stopping = False
        self._measured = measured or Throughput(clock)
        self._new_bucket = new_bucket
        self.status = UploadStatus("idle", clock.now_us())

    @property
    def in_flight(self) -> frozenset[SegmentId]:
        """Segments that a transfer thread is working on now: nobody else should touch their files."""
        return frozenset(self._in_flight)

    @property
    def measured_bps(self) -> int | None:
        """Bits per second that the uplink was seen to carry; None when it was not measured."""
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
            road = self._registry.roads[self._registry.site_of[row.sidecar.camera]]
            if road.pace is None or road.pace.holding or not is_ready:
                held += 1
            elif waiting_us <= 0 and free > 0:
                free -= 1
                segment = row.sidecar.segment
                self._in_flight[segment] = road.site
                if row.state is SegmentState.SPOOLED and self._wants_measuring(road.pace):
                    self._measuring = segment
                group.create_task(self._carry(segment, road), name=f"upload {segment}")
        self._open_line()  # before the tasks have run
        self._show(held)
        ahead_us = [round(self._rules.scan_s * 1_000_000)]
        ahead_us += [waiting_us] if waiting_us > 0 else []
        ahead_us += [change_us - now_us] if change_us is not None else []
        ahead_us += [] if is_ready else [PAUSED_US]
        return max(min(ahead_us), 1_000) / 1_000_000

    async def _carry(self, segment: SegmentId, road: _SiteRoad) -> None:
        try:
            pace = partial(self._pass_through, segment, road.bucket, asyncio.get_running_loop())
            result = await self._on_thread(self._transfer.advance, segment, pace)
        except Unavailable as error:
            result = Result(Outcome.PAUSED, error.code)
        finally:
            del self._in_flight[segment]
            if self._measuring == segment:
                self._measuring = None
            self._open_line()
        self._measured.settle(arrived=result.outcome not in _STATE_OF)
        self._note(result)
        self._bell.ring()

    def _pass_through(
        self, segment: SegmentId, bucket: TokenBucket, loop: asyncio.AbstractEventLoop, size: int
    ) -> None:
        """Let bytes pass on a transfer thread; Paused ends the transfer without harm."""
        if self._stopping:
            raise Paused("the service is ending")
        if self._measuring == segment:
            bucket.check()
        else:
            bucket.take(size)
        if self._measured.add(size):
            loop.call_soon_threadsafe(self._bell.ring)  # shares of the uplink hold from now on
        self._observer.sent(size)

    def _wants_measuring(self, pace: Pace) -> bool:
        """Whether the transfer that begins now goes without its cap: never outside a window."""
        if not self._shares or self._measuring is not None or pace.rate_bps is None or not pace.inside:
            return False
        if self._measured.is_whole and self._measured.age_us >= MEASURE_EVERY_US:
            self._measured.begin_anew()
        return not self._measured.is_whole

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
        return _SiteRoad(site.id, pending, known.bucket if known else self._new_bucket())

    def _set_paces(self, now_us: int) -> int | None:
        """Give each site the rate of this moment; return the next change."""
        changes = []
        for road in self._registry.roads.values():
            pace = pace_at(replace(road.pending, measured_bps=self._measured.bps), now_us)
            if pace != road.pace:
                road.pace = pace
                road.bucket.set_rate_bps(pace.rate_bps)
            change_us = next_pace_change_us(road.pending, now_us)
            if change_us is not None:
                changes.append(change_us)
        return min(changes, default=None)

    def _open_line(self) -> None:
        """Let all sites together have the highest rate of one; end a measurement that has its figure."""
        paces = {site: road.pace for site, road in self._registry.roads.items() if road.pace is not None}
        if self._measuring is not None:
            pace = paces.get(self._in_flight[self._measuring])
            if self._measured.is_whole or pace is None or not pace.inside:
                self._measuring = None
        rates = [pace.rate_bps for pace in paces.values()]
        if rates:
            is_open = None in rates or self._measuring is not None
            self._set_rate_bps(None if is_open else max(rate for rate in rates if rate is not None))
        uncapped = {site for site, pace in paces.items() if pace.rate_bps is None}
        is_free = self._measuring is not None or not uncapped.isdisjoint(self._in_flight.values())
        self._measured.free(is_free=is_free)

    async def _on_thread(self, work: Callable[..., T], *args: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, partial(work, *args))
