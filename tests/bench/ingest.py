"""What recording costs: our `record` role against one ffmpeg process per camera, in the same run.

A program, not a test. Starts N fake cameras in a process of its own, then each recorder in turn, and measures after a
warm-up: CPU seconds (user and system, whole process tree) per camera-minute and PSS per camera. Also counts the
access units that our recorder lost in the window. Both write into memory that the machine has used before: a page that
the host of a virtual machine must first provide costs its first writer many times the copy. Where there is a C
compiler the recorder is the one that scripts/compile-hot-path makes, unless --interpreted is asked for; the result says
which. Run: python tests/bench/ingest.py --cameras 8 --json
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "scripts")]

from support.fake_cameras import FakeCameraProcess, read_ledger  # noqa: E402 - found only now

from camera_gateway.clock import SystemClock  # noqa: E402 - found only now
from camera_gateway.domain.camera import parse_stream_url  # noqa: E402 - found only now
from camera_gateway.domain.ids import CameraId, InstitutionId, SiteId  # noqa: E402 - found only now
from camera_gateway.domain.plan import CameraPlan, Plan  # noqa: E402 - found only now
from camera_gateway.handover.plan_file import write_plan  # noqa: E402 - found only now
from camera_gateway.handover.status_file import read_statuses  # noqa: E402 - found only now

if TYPE_CHECKING:
    from collections.abc import Iterator

CLIP = "1080p25-h264-aac.mp4"
STOP_S = 10.0
PROBING_S = 8.0
"""ffmpeg probes its input for seconds."""
CAMERA_BYTES_PER_S = 600_000
"""What a camera of the clip brings, at most."""
TICKS = os.sysconf("SC_CLK_TCK")
_MOVFLAGS = "movflags=frag_keyframe+empty_moov+default_base_moof"
FFMPEG_OUTPUT = [
    *("-c", "copy", "-f", "segment", "-segment_time", "60", "-segment_format", "mp4"),
    *("-segment_format_options", _MOVFLAGS, "-reset_timestamps", "1"),
]


def tree(pids: list[int]) -> list[int]:
    """Return these processes and all their descendants."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            children.setdefault(int(fields[1]), []).append(int(path.parent.name))
    found = list(pids)
    for pid in found:
        found += children.get(pid, [])
    return found


def cpu_s(pids: list[int]) -> float:
    """Return user and system seconds of the processes, children that ended included."""
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += sum(int(fields[n]) for n in (11, 12, 13, 14))
    return total / TICKS


def pss_mb(pids: list[int]) -> float:
    """Return the proportional set size of the processes together."""
    total = 0
    for pid in pids:
        found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
        total += int(found[1]) if found else 0
    return total / 1024


def measured(pids: list[int], window_s: float, cameras: int) -> tuple[float, float]:
    """Watch processes for a while: CPU seconds per camera-minute, MB per camera (median of looks)."""
    everyone = tree(pids)
    before, began = cpu_s(everyone), time.monotonic()
    looks = []
    while (left := began + window_s - time.monotonic()) > 0:
        time.sleep(min(left, window_s / 4))
        looks.append(pss_mb(everyone))
    seconds = time.monotonic() - began
    spent = cpu_s(everyone) - before
    return spent * 60 / seconds / cameras, statistics.median(looks) / cameras


def end(processes: list[subprocess.Popen[bytes]]) -> None:
    """Stop children in good order, then by force."""
    for process in processes:
        process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + STOP_S
    for process in processes:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def recorder(urls: list[str], data: Path, packages: Path = ROOT) -> Iterator[list[int]]:
    """Our recorder on these cameras, from the packages in a directory."""
    clock = SystemClock()
    now = clock.now_us()
    cameras = tuple(
        CameraPlan(
            camera=CameraId(f"cam-{number}"),
            institution=InstitutionId("bench"),
            site=SiteId("bench"),
            active=True,
            address=parse_stream_url(url)[0],
            allowed_networks=("127.0.0.0/8",),
            username=None,
            password_sealed=None,
            time_zone="UTC",
            schedule=("daily 00:00-24:00",),
            holidays=(),
            registered_us=now,
        )
        for number, url in enumerate(urls, 1)
    )
    write_plan(data / "plan.json", Plan(1, "bench", now, cameras))
    environment = {**os.environ, "CAMERA_GATEWAY_SITE__DATA_DIR": str(data), "PYTHONPATH": str(packages)}
    environment["CAMERA_GATEWAY_SPOOL__RESERVE_BYTES"] = str(64 << 20)
    process = subprocess.Popen(
        [sys.executable, "-m", "camera_gateway.roles.record"],
        cwd=data,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=(data / "record.log").open("wb"),
    )
    try:
        yield [process.pid]
    finally:
        end([process])


@contextlib.contextmanager
def ffmpegs(urls: list[str], folder: Path, ffmpeg: str) -> Iterator[list[int]]:
    """One ffmpeg process per camera."""
    processes = [
        subprocess.Popen(
            [
                *(ffmpeg, "-nostdin", "-v", "error", "-rtsp_transport", "tcp", "-i", url),
                *(*FFMPEG_OUTPUT, str(folder / f"cam-{number}-%04d.mp4")),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for number, url in enumerate(urls, 1)
    ]
    try:
        yield [process.pid for process in processes]
    finally:
        end(processes)


def compiled() -> Path | None:
    """Return where the packages are whose hot path is compiled; None without a C compiler."""
    done = subprocess.run([ROOT / "scripts" / "compile-hot-path"], check=False, stdout=subprocess.DEVNULL)
    return ROOT / "var" / "compiled" if done.returncode == 0 else None


def use_memory(folder: Path, size_bytes: int) -> None:
    """Write and remove a file of this size, so that what is written next finds used pages."""
    scratch, block = folder / "scratch", bytes(1 << 20)
    with scratch.open("wb") as file:
        for _ in range(size_bytes >> 20):
            file.write(block)
    scratch.unlink()


def lost_units(data: Path, ledger: Path) -> int:
    """Compare what was sent with what lies in the spool: video units that were sent and are not there.

    Only whole sessions' middles count: from the first stored unit to the last one of each camera.
    """
    from camera_gateway.media.fragments import fragments, read_init  # noqa: PLC0415 - only after measuring

    stored: dict[str, int] = {}
    for path in sorted((data / "spool").glob("cam-*/*.mp4")):
        with path.open("rb") as file:
            init = read_init(file)
            for fragment in fragments(file, init.size):
                stored[path.parent.name] = stored.get(path.parent.name, 0) + len(fragment.runs[0].sizes)
    sent: dict[str, int] = {}
    for line in read_ledger(ledger):
        if line["event"] == "unit" and line["track"] == "video":
            sent[f"cam-{line['camera'].rpartition('/')[2]}"] = (
                sent.get(f"cam-{line['camera'].rpartition('/')[2]}", 0) + 1
            )
    # what was still on its way when the recorder was told to stop is not lost: at most a tick and a send interval
    slack = 25
    return sum(max(0, count - slack - stored.get(name, 0)) for name, count in sent.items())


def wait_recording(data: Path, cameras: int, deadline_s: float = 60.0) -> None:
    """Wait until every camera records."""
    deadline = time.monotonic() + deadline_s
    while time.monotonic() < deadline:
        states = [camera.state for status in read_statuses(data / "status") for camera in status.cameras]
        if states.count("recording") == cameras:
            return
        time.sleep(0.2)
    raise SystemExit(f"not every camera records: see {data / 'record.log'}")


def bench(
    cameras: int, window_s: float, clip: Path, warm_s: float, *, peers: bool, packages: Path | None
) -> dict[str, Any]:
    """Measure both; see the module."""
    result: dict[str, Any] = {"cameras": cameras, "window_s": window_s}
    result["recorder"] = "interpreted" if packages is None else "compiled"
    ffmpeg = shutil.which("ffmpeg")
    with tempfile.TemporaryDirectory(prefix="ingest-bench-") as name:
        folder = Path(name)
        written = round(cameras * CAMERA_BYTES_PER_S * (max(warm_s, PROBING_S) + window_s))
        data = folder / "data"
        data.mkdir()
        ledger = folder / "ledger"
        use_memory(folder, written)
        with FakeCameraProcess("--clips", str(clip), "--count", str(cameras), ledger=ledger) as farm:
            with recorder(farm.urls, data, packages or ROOT) as pids:
                wait_recording(data, cameras)
                time.sleep(warm_s)
                cpu, pss = measured(pids, window_s, cameras)
                status = read_statuses(data / "status")
                result["gaps_or_loss"] = sum(c.packets_lost + c.reconnects for s in status for c in s.cameras)
            result["cpu_s_per_camera_minute"] = round(cpu, 4)
            result["pss_mb_per_camera"] = round(pss, 3)
        result["units_lost"] = lost_units(data, ledger)
        result["recorded_bytes"] = sum(p.stat().st_size for p in (data / "spool").glob("cam-*/*.mp4"))
        if peers and ffmpeg is not None:
            out = folder / "ffmpeg"
            out.mkdir()
            use_memory(folder, written)
            with (
                FakeCameraProcess("--clips", str(clip), "--count", str(cameras)) as farm,
                ffmpegs(farm.urls, out, ffmpeg) as pids,
            ):
                time.sleep(max(warm_s, PROBING_S))
                peer_cpu, peer_pss = measured(pids, window_s, cameras)
            result["ffmpeg_cpu_s_per_camera_minute"] = round(peer_cpu, 4)
            result["ffmpeg_pss_mb_per_camera"] = round(peer_pss, 3)
            result["cpu_ratio_to_ffmpeg"] = round(cpu / peer_cpu, 4) if peer_cpu else None
            result["pss_ratio_to_ffmpeg"] = round(pss / peer_pss, 4) if peer_pss else None
    return result


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cameras", type=int, default=8)
    parser.add_argument("--window", type=float, default=20.0, metavar="S")
    parser.add_argument("--warm", type=float, default=8.0, metavar="S")
    parser.add_argument("--clip", type=Path, default=ROOT / "var" / "clips" / CLIP)
    parser.add_argument("--no-peers", action="store_true", help="measure the recorder alone")
    parser.add_argument("--interpreted", action="store_true", help="do not compile the recorder's hot path")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if not arguments.clip.exists():
        sys.stderr.write(f"{arguments.clip} is absent: run scripts/make-clips\n")
        return 2
    packages = None if arguments.interpreted else compiled()
    found = bench(
        arguments.cameras,
        arguments.window,
        arguments.clip,
        arguments.warm,
        peers=not arguments.no_peers,
        packages=packages,
    )
    if arguments.json:
        print(json.dumps(found))  # noqa: T201 - a benchmark speaks to a terminal
    else:
        for key, value in found.items():
            print(f"{key:34} {value}")  # noqa: T201 - its output
    return 0


if __name__ == "__main__":
    sys.exit(main())
