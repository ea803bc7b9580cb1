"""All cameras of one recorder process: follows the plan, keeps the status file, ends in good order.

Promises: a change of the plan touches only the cameras that it concerns; the status is replaced each second; after
`run` no part is left open (D11). Must not know how a camera is recorded, nor who writes the plan.
"""

from __future__ import annotations

import asyncio
import gc
import hashlib
import os
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from camera_gateway.domain.footage import GapCause, RunEnd
from camera_gateway.errors import GatewayError
from camera_gateway.footage.salvage import latest_end
from camera_gateway.handover.plan_file import PlanStamp, plan_changed, read_plan
from camera_gateway.handover.status_file import CameraStatus, RecorderStatus, read_statuses, status_path, write_status
from camera_gateway.ingest.backoff import Pace
from camera_gateway.ingest.beat import Beat
from camera_gateway.ingest.given import Past, Shared
from camera_gateway.ingest.reading import Reader
from camera_gateway.ingest.recorder import Recorder
from camera_gateway.ingest.writing import Crew
from storage.errors import SpoolError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from camera_gateway.clock import Clock
    from camera_gateway.domain.ids import CameraId
    from camera_gateway.domain.plan import CameraPlan, Plan
    from camera_gateway.ingest.session import Limits
    from camera_gateway.supervision import Services, Stop
    from storage.spool import Spool

US = 1_000_000
WRITERS = 3
RESOLVERS = 2
CONNECTS_PER_S = 20.0
DISK_EVERY_S = 10
QUOTA_SLACK = 50
"""Recording begins again when a fiftieth of the quota is free."""
STOP_S = 10.0
FREEZE_AFTER_S = 5
BEAT_SLACK = 0.6
"""Of the time between two slow ticks: somewhat above a half, so that there is one in reach."""
GC_THRESHOLDS = (20_000, 20, 50)
"""Recording makes thousands of objects a second and no cycles: looking for them seldom is enough."""
TIDY_AFTER_S = 30


@dataclass(frozen=True, slots=True)
class ShardSettings:
    """What a shard needs to know beside the plan."""

    shard: int
    shards: int
    plan_file: Path
    status_dir: Path
    software: str
    limits: Limits
    quick_ms: int = 20
    slow_ms: int = 300
    quota_bytes: int = 0
    """Refuse new footage beyond this; 0: no limit, or somebody else makes room."""


def shard_of(camera: CameraId, shards: int) -> int:
    """Return which shard records a camera: stable, whatever other cameras there are."""
    return int.from_bytes(hashlib.sha256(camera.encode()).digest()[8:16], "big") % shards


class _Disk:
    """Whether new footage may be written, looked at now and then in the pool."""

    def __init__(self, spool: Spool, quota_bytes: int) -> None:
        self._spool = spool
        self._quota_bytes = quota_bytes
        self.refusal: tuple[GapCause, str] | None = None
        self.free_bytes = 0
        self.used_bytes = 0

    def look(self) -> None:
        """Measure; runs in the pool."""
        try:
            self.free_bytes = self._spool.free_bytes()
            if self._quota_bytes:
                self.used_bytes = self._spool.usage().bytes
        except SpoolError as error:
            self.refusal = (GapCause.DISK_ERROR, f"the spool cannot be read ({error})")
            return
        limit = self._quota_bytes
        if self.refusal is not None and self.refusal[0] is GapCause.SPOOL_FULL:
            limit -= limit // QUOTA_SLACK
        if self.free_bytes <= 0:
            self.refusal = (GapCause.DISK_FULL, "the spool's disk is full but for the reserve")
        elif self._quota_bytes and self.used_bytes >= limit:
            self.refusal = (GapCause.SPOOL_FULL, "the spool has reached its quota")
        else:
            self.refusal = None


class Shard:
    """The cameras of one process. Open the spool, salvage, then `run`."""

    def __init__(
        self, settings: ShardSettings, spool: Spool, clock: Clock, password_of: Callable[[CameraPlan], str | None]
    ) -> None:
        """`password_of` opens the sealed password of a camera's plan; it may raise GatewayError."""
        self._settings = settings
        self._spool = spool
        self._clock = clock
        self._log = structlog.get_logger("record")
        self._recorders: dict[CameraId, tuple[Recorder, asyncio.Task[None]]] = {}
        self._leaving: list[Recorder] = []
        self._stamp: PlanStamp | None = None
        self._plan: Plan | None = None
        self._past = _statuses(settings.status_dir)
        self._started_us = clock.now_us()
        self._pool = ThreadPoolExecutor(WRITERS, thread_name_prefix="write")
        self._resolver = ThreadPoolExecutor(RESOLVERS, thread_name_prefix="resolve")
        self._disk = _Disk(spool, settings.quota_bytes)
        self._crew = crew = Crew(self._pool, WRITERS)
        self._reader = Reader(clock, quick_ms=settings.quick_ms, slow_ms=settings.slow_ms, gather=self._gather)
        self._beat = Beat(settings.slow_ms * BEAT_SLACK / 1000)
        self._shared = Shared(
            clock=clock,
            reader=self._reader,
            crew=crew,
            resolver=self._resolver,
            spool=spool,
            pace=Pace(CONNECTS_PER_S),
            random=random.SystemRandom(),
            limits=settings.limits,
            software=settings.software,
            password_of=password_of,
            disk=lambda: self._disk.refusal,
        )

    async def run(self, stop: Stop, children: Services) -> None:
        """Record until `stop`; ends when every part is sealed and the last status is written."""
        try:
            self._disk.look()
            seconds = 0
            children.start(self._beat.end_with(stop), name="end of the beat")
            while not stop.requested:
                self._follow_plan(children)
                for recorder, _ in self._recorders.values():
                    recorder.second()
                if seconds % DISK_EVERY_S == 0:
                    self._pool.submit(self._disk.look)
                if seconds == FREEZE_AFTER_S:
                    gc.collect()
                    gc.freeze()
                    gc.set_threshold(*GC_THRESHOLDS)
                if seconds == TIDY_AFTER_S and self._settings.shard == 0:
                    self._forget_shards()
                self._write_status()
                seconds += 1
                await self._beat.wait()
        finally:
            await self._finish()

    def _gather(self, on: bool) -> None:  # noqa: FBT001 - see Crew.gather
        self._crew.gather(on)
        if not on:
            self._beat.tick()

    # ---- the plan

    def _follow_plan(self, children: Services) -> None:
        stamp = plan_changed(self._settings.plan_file, self._stamp)
        if stamp is None:
            return
        try:
            plan = read_plan(self._settings.plan_file)
        except GatewayError as error:
            self._log.error("plan refused, the old one holds", reason=error.message)
            self._stamp = stamp
            return
        if plan.owner != self._spool.owner:
            self._log.error("plan refused: it is of another catalogue", owner=plan.owner)
            self._stamp = stamp
            return
        self._stamp, self._plan = stamp, plan
        self._apply(plan, children)

    def _apply(self, plan: Plan, children: Services) -> None:
        """Start what is new, change what changed, stop what is gone."""
        wanted = {
            camera.camera: camera
            for camera in plan.cameras
            if shard_of(camera.camera, self._settings.shards) == self._settings.shard
        }
        for camera in [name for name in self._recorders if name not in wanted]:
            recorder, _ = self._recorders.pop(camera)
            recorder.stop(RunEnd.OPERATOR_DISABLED)
            self._leaving.append(recorder)
        for camera, camera_plan in wanted.items():
            known = self._recorders.get(camera)
            if known is None:
                recorder = Recorder(camera_plan, self._shared, self._past_of(camera))
                task = children.start(recorder.run(), name=f"camera {camera}")
                self._recorders[camera] = (recorder, task)
            elif known[0].plan != camera_plan:
                known[0].change(camera_plan)
        self._log.info("plan", generation=plan.generation, cameras=len(wanted))

    def _past_of(self, camera: CameraId) -> Past:
        """Return what the earlier life, on disk, says of a camera."""
        sealed = latest_end(self._spool, camera)
        known = self._past.pop(camera, None)
        if known is None:
            return Past(sealed)
        status, written_us = known
        end_us = sealed if sealed is not None else status.last_end_us
        return Past(
            last_end_us=end_us if status.last_end_us is None else max(end_us or 0, status.last_end_us),
            gap_from_us=status.gap_from_us,
            gap_cause=status.cause,
            gap_detail=status.detail,
            down_from_us=written_us,
        )

    # ---- status, end

    def _write_status(self) -> None:
        cameras = tuple(recorder.status() for recorder, _ in self._recorders.values())
        plan, settings = self._plan, self._settings
        if plan is None:
            return
        seals = [recorder.writer.seal_seconds for recorder, _ in self._recorders.values()]
        status = RecorderStatus(
            shard=settings.shard,
            shards=settings.shards,
            pid=os.getpid(),
            started_us=self._started_us,
            written_us=self._clock.now_us(),
            software=settings.software,
            plan_generation=plan.generation,
            owner=plan.owner,
            spool_free_bytes=self._disk.free_bytes,
            spool_bytes=self._disk.used_bytes,
            seal_seconds=round(max(seals, default=0.0), 6),
            cameras=cameras,
        )
        try:
            write_status(status_path(settings.status_dir, settings.shard), status)
        except OSError as error:
            self._log.warning("status not written", reason=error.strerror)

    def _forget_shards(self) -> None:
        """Remove the reports of shards that are no more: every shard of this life has read them by now."""
        for path in self._settings.status_dir.glob("record-*.json"):
            number = path.stem.removeprefix("record-")
            if number.isdigit() and int(number) >= self._settings.shards:
                path.unlink(missing_ok=True)

    async def _finish(self) -> None:
        """End every run, wait for the disk, tell the last status."""
        recorders = [recorder for recorder, _ in self._recorders.values()]
        tasks = [task for _, task in self._recorders.values()]
        for recorder in recorders:
            recorder.stop(RunEnd.SHUTDOWN)
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()  # a handshake in progress need not finish; a session that plays is ended and sealed
        if tasks:
            await asyncio.wait(tasks)
        self._reader.close()
        await _until_settled([*recorders, *self._leaving])
        self._write_status()
        self._pool.shutdown(wait=True)
        self._resolver.shutdown(wait=False, cancel_futures=True)


async def _until_settled(recorders: Iterable[Recorder]) -> None:
    """Wait until the disk has done all that it was told, within reason."""
    pending = list(recorders)
    for _ in range(round(STOP_S / 0.01)):
        pending = [recorder for recorder in pending if not recorder.writer.idle]
        if not pending:
            return
        await asyncio.sleep(0.01)


def _statuses(directory: Path) -> dict[CameraId, tuple[CameraStatus, int]]:
    """Return the latest word of the earlier life on each camera, and when it was written."""
    found: dict[CameraId, tuple[CameraStatus, int]] = {}
    for status in read_statuses(directory):
        for camera in status.cameras:
            known = found.get(camera.camera)
            if known is None or known[1] < status.written_us:
                found[camera.camera] = (camera, status.written_us)
    return found
