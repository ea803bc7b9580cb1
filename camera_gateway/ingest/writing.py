"""Commands become files: fragments joined, hashed and written by a few shared threads, in order per camera.

Promises: the event loop never waits for a disk; what one camera says is done in the order in which it was said; a
disk error is told once, with the end of what is durable, and the part is salvaged as soon as the disk allows. Must
not know sockets or RTP.
"""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from camera_gateway.domain.footage import CameraSigned, GapCause, GapRecord, Origin, RunEnd, Sidecar
from camera_gateway.domain.ids import segment_id
from camera_gateway.footage.salvage import salvage_part
from camera_gateway.ingest.commands import Append, Seal, Start
from camera_gateway.media.fmp4 import FragmentError, fragment, init_segment
from camera_gateway.media.formats import ParameterSetError
from storage.errors import SpoolError, SpoolFull, SpoolTaken
from storage.spool import PartFile

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Executor

    from camera_gateway.clock import Clock
    from camera_gateway.domain.ids import CameraId, InstitutionId
    from camera_gateway.ingest.commands import Command
    from storage.spool import Part, PartFacts, Spool

US = 1_000_000
MAX_WAITING_BYTES = 64 << 20
"""Most that waits for the disk per camera: two minutes at 4 Mbit/s; beyond it the disk counts as failed."""

LANES_PER_THREAD = 16
"""Cameras that wait before one more thread is woken."""


class Crew:
    """The shared threads. As few as will do are woken: a thread that is at it takes the next lane, too."""

    def __init__(self, pool: Executor, threads: int) -> None:
        self._pool = pool
        self._threads = threads
        self._lock = threading.Lock()
        self._ready: deque[Lane] = deque()
        self._working = 0
        self._gathering = False

    def gather(self, on: bool) -> None:  # noqa: FBT001 - a switch, called by position for each tick
        """Hold back what is put until the switch is off again: then it is done in one go."""
        self._gathering = on
        if not on:
            self._wake()

    def ready(self, lane: Lane) -> None:
        """Take a lane that has something to do."""
        self._ready.append(lane)
        if not self._gathering:
            self._wake()

    def _wake(self) -> None:
        with self._lock:
            wanted = min(self._threads, -(-len(self._ready) // LANES_PER_THREAD))
            starting = max(0, wanted - self._working)
            self._working += starting
        for _ in range(starting):
            self._pool.submit(self._work)

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._ready:
                    self._working -= 1
                    return
                lane = self._ready.popleft()
            lane.drain()


class Lane:
    """Jobs of one camera, done one after another by the crew."""

    __slots__ = ("_busy", "_crew", "_jobs", "_lock")

    def __init__(self, crew: Crew) -> None:
        self._crew = crew
        self._lock = threading.Lock()
        self._jobs: deque[Callable[[], None]] = deque()
        self._busy = False

    def put(self, job: Callable[[], None]) -> None:
        """Do `job` after all that were put before; it must not raise."""
        with self._lock:
            self._jobs.append(job)
            if self._busy:
                return
            self._busy = True
        self._crew.ready(self)

    @property
    def idle(self) -> bool:
        """Whether everything is done."""
        with self._lock:
            return not self._busy

    def drain(self) -> None:
        """Do what there is; called by the crew."""
        while True:
            with self._lock:
                if not self._jobs:
                    self._busy = False
                    return
                job = self._jobs.popleft()
            job()


@dataclass(frozen=True, slots=True)
class Failure:
    """Why nothing more of a run is stored, and up to where it is."""

    cause: GapCause
    run_end: RunEnd
    detail: str
    durable_us: int


class Writer:
    """The files of one camera. `submit` and `record` on the event loop; everything else in the pool."""

    def __init__(
        self,
        spool: Spool,
        lane: Lane,
        camera: CameraId,
        institution: InstitutionId,
        software: str,
        *,
        clock: Clock,
        failed: Callable[[Failure], None],
    ) -> None:
        """`failed` is called in a thread of the pool."""
        self._spool = spool
        self._lane = lane
        self._camera = camera
        self._institution = institution
        self._software = software
        self._clock = clock
        self._failed = failed
        self._part: Part | None = None
        self._start: Start | None = None
        self._init_sha256 = ""
        self._left: dict[str, RunEnd] = {}
        self._unwritten: list[GapRecord] = []
        self._submitted = self._done = 0
        self._skipping = False
        self.open_from_us: int | None = None
        self.open_to_us: int | None = None
        """End of the last fragment that was written."""
        self.last_end_us: int | None = None
        self.segments_sealed = 0
        self.seal_seconds = 0.0

    # ---- on the event loop

    def submit(self, commands: Sequence[Command]) -> None:
        """Have commands done in order; when too much waits already, nothing is taken and the disk counts as failed."""
        size = sum(c.size_bytes for c in commands if isinstance(c, Append))
        if self._submitted - self._done > MAX_WAITING_BYTES:
            told = "the spool's disk does not keep up"
            durable_us = self.open_to_us or self._clock.now_us()
            failure = Failure(GapCause.DISK_ERROR, RunEnd.DISK_ERROR, told, durable_us)
            self._lane.put(lambda: self._fail(failure))
            return
        self._submitted += size
        self._lane.put(lambda: self._apply(commands, size))

    def record(self, records: Sequence[GapRecord]) -> None:
        """Store gap records; what the disk refuses is tried again at the next call."""
        if records or self._unwritten:
            self._lane.put(lambda: self._put_records(records))

    def mend(self) -> None:
        """Try again to salvage parts that a disk error left."""
        if self._left:
            self._lane.put(self._salvage_left)

    @property
    def waiting(self) -> bool:
        """Whether parts or records wait for the disk to recover."""
        return bool(self._left or self._unwritten)

    @property
    def idle(self) -> bool:
        """Whether everything submitted is done."""
        return self._lane.idle

    # ---- in the pool

    def _apply(self, commands: Sequence[Command], size: int) -> None:
        try:
            for command in commands:
                if isinstance(command, Append):
                    self._append(command)
                elif isinstance(command, Start):
                    self._open(command)
                else:
                    self._seal(command)
        except SpoolError as error:
            self._fail(_failure(error, self.open_to_us or 0))
        except (FragmentError, ParameterSetError) as error:
            detail = f"the stream cannot be written: {error}"
            self._fail(Failure(GapCause.STREAM_CORRUPT, RunEnd.STREAM_CORRUPT, detail, self.open_to_us or 0))
        finally:
            self._done += size

    def _open(self, start: Start) -> None:
        if start.number == 0:
            self._skipping = False
        if self._skipping:
            return
        self._start = start
        self.open_from_us = self.open_to_us = start.start_us
        init = init_segment(start.video, start.audio)
        self._init_sha256 = hashlib.sha256(init).hexdigest()
        self._part = self._spool.begin(self._camera, segment_id(start.run, start.number))
        self._part.write(init)

    def _append(self, append: Append) -> None:
        if self._skipping or self._part is None:
            return
        self._part.write(fragment(append.sequence, append.video, append.audio, append.wall_us))
        self.open_to_us = append.end_us

    def _seal(self, seal: Seal) -> None:
        part, start = self._part, self._start
        if self._skipping or part is None or start is None:
            return
        began_us = self._clock.monotonic_us()
        part.seal(lambda facts: self._sidecar(facts, start, seal).to_bytes())
        self.seal_seconds = (self._clock.monotonic_us() - began_us) / US
        self._part = None
        self.segments_sealed += 1
        self.last_end_us = seal.end_us
        self.open_from_us = self.open_to_us = None

    def _fail(self, failure: Failure) -> None:
        """Leave the part for salvage and skip the rest of the run."""
        if self._skipping:
            return
        self._skipping = True
        part, self._part = self._part, None
        if part is not None:
            part.leave()
            self._left[part.name] = failure.run_end
        self.open_from_us = self.open_to_us = None
        self._salvage_left()
        self._failed(failure)

    def _salvage_left(self) -> None:
        left, self._left = self._left, {}
        if not left:
            return
        try:
            entries = [e for e in self._spool.scan(self._camera) if isinstance(e, PartFile) and e.name in left]
        except SpoolError:
            self._left = left
            return
        for entry in entries:
            run_end = left[entry.name]
            try:
                done = salvage_part(self._spool, entry, self._institution, self._software, run_end=run_end)
            except SpoolError:
                self._left[entry.name] = run_end
            else:
                self.last_end_us = max(self.last_end_us or 0, done.end_us or 0) or None

    def _put_records(self, records: Sequence[GapRecord]) -> None:
        waiting, self._unwritten = [*self._unwritten, *records], []
        for record in waiting:
            try:
                self._spool.put_record(self._camera, record.gap, record.to_bytes())
            except SpoolTaken:
                continue  # written in an earlier life
            except SpoolError:
                self._unwritten.append(record)

    def _sidecar(self, facts: PartFacts, start: Start, seal: Seal) -> Sidecar:
        shape = start.video.format
        return Sidecar(
            segment=segment_id(start.run, start.number),
            run=start.run,
            run_end=seal.reason,
            institution=self._institution,
            camera=self._camera,
            start_us=seal.start_us,
            end_us=seal.end_us,
            media_start_us=seal.media_start_us,
            media_duration_us=seal.media_duration_us,
            clock_method=seal.clock.method,
            clock_offset_us=seal.clock.offset_us,
            wall_uncertainty_us=seal.clock.uncertainty_us,
            video_codec=shape.codec_string,
            audio_codec=start.audio.format.codec_string if start.audio is not None else None,
            width=shape.width,
            height=shape.height,
            frames=seal.frames,
            keyframes=seal.keyframes,
            gop_max_us=seal.gop_max_us,
            damaged_units=seal.damaged_units,
            packets_received=seal.packets_received,
            packets_lost=seal.packets_lost,
            size_bytes=facts.bytes,
            sha256=facts.sha256,
            init_sha256=self._init_sha256,
            software=self._software,
            origin=Origin.LIVE,
            camera_signed=CameraSigned.YES if seal.camera_signed else CameraSigned.NO,
        )


def _failure(error: SpoolError, durable_us: int) -> Failure:
    if isinstance(error, SpoolFull):
        return Failure(GapCause.DISK_FULL, RunEnd.DISK_FULL, f"the spool's disk is full ({error})", durable_us)
    return Failure(GapCause.DISK_ERROR, RunEnd.DISK_ERROR, f"the spool's disk failed ({error})", durable_us)
