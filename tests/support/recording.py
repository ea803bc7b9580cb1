"""A recorder on a data directory of its own, and what it left in the spool, taken apart.

Runs the real `record` role, in this process or as a child that a test may kill. Knows the spool from the outside:
files and sidecars.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from camera_gateway.clock import SystemClock
from camera_gateway.domain.camera import parse_stream_url
from camera_gateway.domain.footage import GapRecord, Sidecar, parse_gap_record, parse_sidecar
from camera_gateway.domain.ids import CameraId, InstitutionId, SiteId
from camera_gateway.domain.plan import CameraPlan, Plan
from camera_gateway.handover.plan_file import write_plan
from camera_gateway.handover.status_file import CameraStatus, read_statuses
from camera_gateway.media.fragments import fragments, read_init
from camera_gateway.roles.record import Options, run_options
from camera_gateway.supervision import Stop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from camera_gateway.clock import Clock

ROOT = Path(__file__).resolve().parents[2]
US = 1_000_000
STOP_S = 15.0


def camera(name: str, url: str, **more: object) -> CameraPlan:
    """A camera's plan: always on, loopback allowed, segments of 5 s."""
    now = SystemClock().now_us()
    plan = CameraPlan(
        camera=CameraId(name),
        institution=InstitutionId("kg-1"),
        site=SiteId("kg-1"),
        active=True,
        address=parse_stream_url(url)[0],
        allowed_networks=("127.0.0.0/8",),
        username=None,
        password_sealed=None,
        time_zone="Asia/Almaty",
        schedule=("daily 00:00-24:00",),
        holidays=(),
        registered_us=now,
        segment_s=5.0,
    )
    return replace(plan, **more)  # type: ignore[arg-type]


@dataclass
class Found:
    """One sealed segment."""

    path: Path
    sidecar: Sidecar

    def units(self, kind: str = "video") -> list[bytes]:
        """Its access units, as stored."""
        with self.path.open("rb") as file:
            init = read_init(file)
            track = init.track("video" if kind == "video" else "audio")
            assert track is not None
            result = []
            for fragment in fragments(file, init.size):
                run = fragment.run(track.track_id)
                for sample in run.samples() if run is not None else ():
                    file.seek(sample.offset)
                    result.append(file.read(sample.size))
            return result

    def digests(self, kind: str = "video") -> list[str]:
        """As the fake cameras' ledger names them: hashes over length-prefixed NAL units or frames."""
        if kind == "audio":
            return [hashlib.sha256(len(unit).to_bytes(4, "big") + unit).hexdigest() for unit in self.units("audio")]
        return [hashlib.sha256(unit).hexdigest() for unit in self.units()]


class Site:
    """A data directory, its plan, and what recording leaves there."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.generation = 0
        self.owner = "owner"
        self.options = Options(
            data_dir=str(root),
            software="test",
            reserve_bytes=1 << 20,
            quota_bytes=0,
            cameras_per_shard=150,
            max_shards=1,
            quick_ms=20,
            slow_ms=100,
            stall_s=2.0,
            connect_s=2.0,
            audio=True,
        )

    def plan(self, *cameras: CameraPlan) -> None:
        """Write the plan."""
        self.generation += 1
        write_plan(self.root / "plan.json", Plan(self.generation, self.owner, SystemClock().now_us(), cameras))

    @asynccontextmanager
    async def recording(self, clock: Clock | None = None) -> AsyncIterator[Stop]:
        """Record in this process for the length of the block."""
        stop = Stop()
        async with asyncio.TaskGroup() as group:
            group.create_task(run_options(self.options, clock or SystemClock(), stop))
            try:
                yield stop
            finally:
                stop.request()

    def start(self) -> subprocess.Popen[bytes]:
        """Record in a child process."""
        command = [sys.executable, "-m", "camera_gateway.roles.record", "--options", json.dumps(asdict(self.options))]
        with (self.root / "record.log").open("ab") as log:
            return subprocess.Popen(
                command, cwd=self.root, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=log, stderr=log
            )

    def status(self, name: str) -> CameraStatus | None:
        """What the recorder says of a camera; reports of a process that is gone are passed over while one runs."""
        statuses = read_statuses(self.root / "status")
        for status in sorted(statuses, key=lambda s: not Path(f"/proc/{s.pid}").exists()):
            for each in status.cameras:
                if each.camera == name:
                    return each
        return None

    async def until(self, what: Callable[[], object], seconds: float = 30.0) -> None:
        """Wait for something, looking often."""
        deadline = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < deadline, "it did not happen in time"
            await asyncio.sleep(0.05)

    async def until_true(self, what: Callable[[], Awaitable[bool]], seconds: float = 30.0) -> None:
        """Wait for something that has to be waited for itself."""
        deadline = time.monotonic() + seconds
        while not await what():
            assert time.monotonic() < deadline, "it did not happen in time"
            await asyncio.sleep(0.2)

    async def until_recording(self, *names: str, seconds: float = 30.0) -> None:
        """Wait until cameras record and something of it is on disk, of each at some time: parts begin in turn."""
        waiting = set(names)

        def all_seen() -> bool:
            waiting.difference_update([name for name in waiting if self.durable_us(name) or self.sealing(name)])
            return not waiting

        await self.until(all_seen, seconds)

    def runs(self, pid: int) -> bool:
        """Whether this very process has reported."""
        return any(status.pid == pid for status in read_statuses(self.root / "status"))

    def durable_us(self, name: str) -> int:
        """How many µs of the open part of a recorder that runs are on disk."""
        status = self.living(name)
        if status is None or status.open_from_us is None or status.open_to_us is None:
            return 0
        return status.open_to_us - status.open_from_us

    def sealing(self, name: str) -> bool:
        """Whether a recorder that runs records, and has sealed a segment before."""
        status = self.living(name)
        return status is not None and status.state == "recording" and status.segments_sealed > 0

    def living(self, name: str) -> CameraStatus | None:
        """Return the word of a recorder that runs."""
        runs = any(Path(f"/proc/{s.pid}").exists() for s in read_statuses(self.root / "status"))
        return self.status(name) if runs else None

    def segments(self, name: str) -> list[Found]:
        """Sealed segments in order of time."""
        found = [
            Found(path, parse_sidecar(path.with_suffix(".json").read_bytes()))
            for path in (self.root / "spool" / name).glob("*.mp4")
        ]
        return sorted(found, key=lambda each: each.sidecar.start_us)

    def gaps(self, name: str) -> list[GapRecord]:
        """Gap records in order of time."""
        found = [parse_gap_record(p.read_bytes()) for p in (self.root / "spool" / name).glob("*.record.json")]
        return sorted(found, key=lambda each: each.start_us)

    def parts(self) -> list[Path]:
        """Parts and drafts, which a clean end leaves none of."""
        return [*(self.root / "spool").rglob("*.part"), *(self.root / "spool").rglob("*.tmp")]

    def seams(self, name: str, *, from_us: int) -> list[int]:
        """Check that footage and gaps follow each other from `from_us`; return the lengths of holes and overlaps."""
        spans = [(s.sidecar.start_us, s.sidecar.end_us) for s in self.segments(name)]
        spans += [(g.start_us, g.end_us) for g in self.gaps(name)]
        at, seams = from_us, []
        for start, end in sorted(spans):
            if start != at:
                seams.append(start - at)
            at = max(at, end)
        return seams


def decoded_silently(path: Path) -> str:
    """What ffmpeg has to say when it decodes a file alone; '' when nothing."""
    command = ["ffmpeg", "-v", "warning", "-xerror", "-i", str(path), "-map", "0", "-f", "null", "-"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    lines = [line for line in done.stderr.splitlines() if line.strip() and "Guessed Channel Layout" not in line]
    return "\n".join(lines) + ("" if done.returncode == 0 else f" exit {done.returncode}")


def kill(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL, by pid, and wait."""
    process.send_signal(signal.SIGKILL)
    process.wait(STOP_S)


def end(process: subprocess.Popen[bytes]) -> int:
    """SIGTERM and wait; returns the exit code."""
    process.send_signal(signal.SIGTERM)
    try:
        return process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        kill(process)
        return -1
