"""One camera: connect, record, reconnect, for ever; every second that is not recorded becomes a gap with a cause.

Promises: what it does follows its plan, which may change at any time; a failure of the camera, the network or the
disk is a state and a gap, never an exception; nothing here blocks the event loop. Must not know other cameras.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from camera_gateway.clock import both_us
from camera_gateway.domain.footage import GapCause, ProbeCause, RunEnd
from camera_gateway.errors import GatewayError
from camera_gateway.handover.status_file import CameraStatus
from camera_gateway.ingest.backoff import HEALTHY_US, Backoff
from camera_gateway.ingest.commands import Append, Seal, Start
from camera_gateway.ingest.counts import Counts
from camera_gateway.ingest.gapbook import CAUSE_OF_END, DETAIL_OF_END, GapBook
from camera_gateway.ingest.given import new_gap_id
from camera_gateway.ingest.live import KEYFRAME_DOUBT_US, Live
from camera_gateway.ingest.rota import Rota
from camera_gateway.ingest.session import connection_of, open_session
from camera_gateway.ingest.writing import Failure, Lane, Writer
from camera_gateway.rtsp.errors import RtspRefused

if TYPE_CHECKING:
    from camera_gateway.domain.plan import CameraPlan
    from camera_gateway.ingest.commands import Command
    from camera_gateway.ingest.given import Past, Shared
    from camera_gateway.ingest.session import Session

US = 1_000_000
HOLD_S = 1.0
DISK_RETRY_S = 5.0


class Recorder:
    """Records one camera while `run` runs."""

    def __init__(self, plan: CameraPlan, shared: Shared, past: Past) -> None:
        self.plan = plan
        self._shared = shared
        self._clock = shared.clock
        self._rota = Rota(plan)
        self._loop = asyncio.get_running_loop()
        self._wake = asyncio.Event()
        self._stopping: RunEnd | None = None
        self._live: Live | None = None
        self._ended = asyncio.Event()
        self._wanted_end: RunEnd | None = None
        self._backoff = Backoff(shared.random)
        self._counts = Counts()
        self._state = "connecting"
        self._probe_cause: ProbeCause | None = None
        self._since_us = self._clock.now_us()
        self._last_packet_us: int | None = None
        self._run_id = ""
        self._video = ""
        self._clock_offset_us: int | None = None
        self._failure: Failure | None = None
        self._failed_us = 0
        self.writer = Writer(
            shared.spool,
            Lane(shared.crew),
            plan.camera,
            plan.institution,
            shared.software,
            clock=shared.clock,
            failed=self._disk_failed,
        )
        self.writer.last_end_us = past.last_end_us
        self._floor_us = past.last_end_us or 0
        self._book = GapBook(
            plan.camera, plan.institution, new_gap_id, self._rota.schedule, plan.time_zone, detail="not recording yet"
        )
        past.open_in(self._book, plan.registered_us)

    # ---- what the shard calls

    def change(self, plan: CameraPlan) -> None:
        """Follow a changed plan; the session goes on unless the change concerns it."""
        old, self.plan = self.plan, plan
        self._rota = Rota(plan)
        self._book.reschedule(self._clock.now_us(), self._rota.schedule, plan.time_zone)
        if (live := self._live) is not None and (
            connection_of(old) != connection_of(plan) or not live.session.may_stay(plan.allowed_networks)
        ):
            self._want(RunEnd.PLAN_CHANGED)
        self._backoff.healthy()
        self._wake.set()

    def stop(self, reason: RunEnd) -> None:
        """Ask `run` to end."""
        self._stopping = reason
        self._want(reason)
        self._wake.set()

    def second(self) -> None:
        """Look after the camera once a second."""
        now_us, mono_us = both_us(self._clock)
        if (live := self._live) is not None:
            live.second(mono_us, now_us - mono_us)
            self._look_at(live, now_us, mono_us)
        self._book.flush(now_us)
        self._counts.second(now_us)
        self.writer.record(self._book.take())
        if live is None and self._shared.disk() is None:
            self.writer.mend()

    # ---- the life of a camera

    async def run(self) -> None:
        """Record until `stop`. May be cancelled at any time: what was received is sealed."""
        try:
            while self._stopping is None:
                self._wake.clear()
                if (hold := self._held_back()) is not None:
                    self._set_state(*hold)
                    await self._sleep(HOLD_S)
                    continue
                self._set_state("connecting")
                live = await self._connect()
                if live is not None:
                    await self._play(live)
        finally:
            self._note_end()

    def _held_back(self) -> tuple[str, GapCause, str] | None:
        """Say why the camera is not to be recorded now: state, cause, detail."""
        now_us = self._clock.now_us()
        if not self.plan.active:
            return "paused", GapCause.OPERATOR_DISABLED, "paused by the operator"
        if not self._rota.on(now_us):
            return "off", GapCause.SCHEDULE_OFF, ""
        if (refused := self._shared.disk()) is not None:
            return "connecting", *refused
        if (failure := self._failure) is not None:
            if self._clock.monotonic_us() - self._failed_us > DISK_RETRY_S * US:
                self._failure = None
                self.writer.mend()
            return "connecting", failure.cause, failure.detail
        return None

    async def _connect(self) -> Live | None:
        """Open a session; None after a failure, when the pause behind it is over."""
        if await self._sleep(self._shared.pace.wait_s(self._clock.monotonic_us())):
            return None
        plan = self.plan
        try:
            password = self._shared.password_of(plan)
            session = await open_session(plan, password, self._shared.limits, self._shared.resolver)
        except RtspRefused as error:
            await self._refused(error.cause, error.gap_cause, error.message)
            return None
        except GatewayError as error:
            await self._refused(ProbeCause.AUTH_MISSING, GapCause.CAMERA_AUTH, error.message)
            return None
        self._probe_cause = None
        if connection_of(plan) != connection_of(self.plan) or not session.may_stay(self.plan.allowed_networks):
            session.close()
            return None
        return self._begin(session)

    async def _refused(self, probe_cause: ProbeCause, cause: GapCause, detail: str) -> None:
        self._probe_cause = probe_cause
        self._book.open(self._clock.now_us(), cause, detail)
        await self._pause(probe_cause)

    def _begin(self, session: Session) -> Live:
        return Live(
            session,
            self.plan.camera,
            self._shared.limits,
            segment_us=round(self.plan.segment_s * US),
            floor_us=self._floor_us,
            clock=self._clock,
            reader=self._shared.reader,
            take=self._take,
            over=lambda _: self._ended.set(),
        )

    async def _play(self, live: Live) -> None:
        """Record one session to its end."""
        self._ended.clear()
        self._wanted_end = None
        self._live = live
        try:
            if self._stopping is None:
                live.begin()
                await self._ended.wait()
        finally:
            self._live = None
            reason = self._close(live)
        if self._clock.monotonic_us() - live.begun_us > HEALTHY_US or reason is RunEnd.PLAN_CHANGED:
            self._backoff.healthy()
        if self._wanted_end is None:
            self._counts.reconnect(live.cause)
            await self._pause(None)

    def _close(self, live: Live) -> RunEnd:
        """End the session's run; say from when on nothing is recorded, and why."""
        reason = self._wanted_end or live.reason
        now_us = self._clock.now_us()
        if (failure := self._failure) is not None:
            live.end(failure.run_end)
            self._book.open(failure.durable_us or now_us, failure.cause, failure.detail)
            self._floor_us = max(self._floor_us, failure.durable_us)
        else:
            recorded = live.segmenter.recording
            live.end(reason)
            cause = CAUSE_OF_END[reason] if self._wanted_end is not None else live.cause
            detail = DETAIL_OF_END.get(reason, "") if self._wanted_end is not None else live.detail
            if recorded:
                self._book.detail = detail
                self._book.cause = cause
            else:
                self._book.open(now_us, cause, detail)
            self._floor_us = max(self._floor_us, live.segmenter.floor_us)
        self._counts.session(live.loss(), live.segmenter.jumps)
        self._run_id = ""
        return reason

    def _note_end(self) -> None:
        """Leave the gap that the next life takes over: nobody records from here on."""
        book, now_us = self._book, self._clock.now_us()
        if self._stopping is RunEnd.OPERATOR_DISABLED:
            book.close(now_us)
        elif book.cause not in {GapCause.SCHEDULE_OFF, GapCause.OPERATOR_DISABLED, GapCause.GATEWAY_DOWN}:
            book.open(now_us, GapCause.GATEWAY_DOWN, "the recorder was stopped")
        self.writer.record(self._book.take())
        self.writer.mend()

    # ---- commands on their way to the disk

    def _take(self, commands: list[Command]) -> None:
        """Follow what the session says, and pass it to the disk."""
        if self._failure is not None:
            return
        for command in commands:
            if isinstance(command, Append):
                self._counts.fragment(command)
            elif isinstance(command, Start):
                self._started(command)
            elif command.reason is not RunEnd.CONTINUES:
                self._stopped(command)
        self.writer.submit(commands)

    def _started(self, start: Start) -> None:
        if start.number:
            return
        self._book.close(start.start_us)
        # before the part: a crash in between must not leave time that nobody accounts for
        self.writer.record(self._book.take())
        self._run_id = start.run
        form = start.video.format
        self._video = f"{form.codec} {form.width}x{form.height}"
        self._set_state("recording")

    def _stopped(self, seal: Seal) -> None:
        cause = CAUSE_OF_END[seal.reason]
        self._book.open(seal.end_us, cause, DETAIL_OF_END.get(seal.reason, ""), precision_us=seal.clock.uncertainty_us)

    def _disk_failed(self, failure: Failure) -> None:
        """Hear from the pool that the disk failed."""
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to be told
            self._loop.call_soon_threadsafe(self._on_disk_failed, failure)

    def _on_disk_failed(self, failure: Failure) -> None:
        if self._failure is not None:
            return
        self._failure = failure
        self._failed_us = self._clock.monotonic_us()
        if self._live is not None:
            self._want(failure.run_end)
        else:  # the session has ended meanwhile, and its last fragments did not reach the disk
            self._book.extend_back(failure.durable_us, failure.cause, failure.detail)

    # ---- once a second

    def _look_at(self, live: Live, now_us: int, mono_us: int) -> None:
        if not self.plan.active:
            self._want(RunEnd.OPERATOR_DISABLED)
        elif not self._rota.on(now_us):
            self._want(RunEnd.SCHEDULE_OFF)
        elif (refused := self._shared.disk()) is not None:
            full = refused[0] is GapCause.SPOOL_FULL
            self._want(RunEnd.SPOOL_FULL if full else RunEnd.DISK_FULL)
        if live.last_packet_us is not None:
            self._last_packet_us = live.last_packet_us + now_us - mono_us
        offset_us = live.segmenter.clock_offset_us
        self._clock_offset_us = self._clock_offset_us if offset_us is None else offset_us
        if not live.segmenter.recording and mono_us - live.begun_us > KEYFRAME_DOUBT_US:
            self._book.open(now_us, *live.waiting_for())

    def status(self) -> CameraStatus:
        """Return what the status file says of this camera."""
        counts, writer, book, live = self._counts, self.writer, self._book, self._live
        received, lost = live.loss() if live is not None else (0, 0)
        fps, bitrate_bps = counts.rates()
        return CameraStatus(
            camera=self.plan.camera,
            state=self._state,
            cause=book.cause if book.from_us is not None else None,
            probe_cause=self._probe_cause,
            detail=book.detail if book.from_us is not None else "",
            since_us=self._since_us,
            last_packet_us=self._last_packet_us,
            open_from_us=writer.open_from_us,
            open_to_us=writer.open_to_us,
            last_end_us=writer.last_end_us,
            gap_from_us=book.from_us,
            fps=fps,
            bitrate_bps=bitrate_bps,
            clock_offset_us=self._clock_offset_us,
            packets_received=counts.received + received,
            packets_lost=counts.lost + lost,
            reconnects=counts.reconnects,
            reconnects_by_cause=dict(counts.by_cause),
            timestamp_jumps=counts.jumps + (live.segmenter.jumps if live is not None else 0),
            segments_sealed=writer.segments_sealed,
            video=self._video,
            session=self._run_id,
        )

    # ---- small things

    def _set_state(self, state: str, cause: GapCause | None = None, detail: str = "") -> None:
        now_us = self._clock.now_us()
        if state != self._state:
            self._state, self._since_us = state, now_us
        if cause is not None:
            self._book.open(now_us, cause, detail)

    def _want(self, reason: RunEnd) -> None:
        if self._wanted_end is None:
            self._wanted_end = reason
        self._ended.set()

    async def _pause(self, cause: ProbeCause | None) -> None:
        self._set_state("connecting")
        await self._sleep(self._backoff.pause_s(cause))

    async def _sleep(self, seconds: float) -> bool:
        """Wait, unless something changes; True when it did."""
        if seconds > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), seconds)
        return self._wake.is_set()
