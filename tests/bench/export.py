"""What an export costs beside merely downloading the same objects with boto3, in the same run. No test: a benchmark.

An hour of one camera at 4 Mbit/s (60 segments of 30 MB) lies in a real S3 store on this machine. A process each, in
turn and several times over: boto3's `download_file` of every object, and a plain loop over `get_object`; our package
(signed zip of the segments), our MP4 (`footage fetch`), and our whole export (package with the playable MP4 in it).
Told are the medians, the median of the ratios to the download of the same round, the first byte in the target, and
how far memory rose above the idle process. Run: scripts/bench export [--minutes 60] [--rounds 3] [--json]
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1])]

import boto3  # noqa: E402 - after the path is set
from botocore.config import Config  # noqa: E402 - likewise
from support.clips import TICKS, WALL_US, fragmented, h264_clip  # noqa: E402 - likewise
from support.evidence_house import CAMERAS, House, evidence_house, on_server  # noqa: E402 - likewise
from support.gateway_rig import Rig, Seen  # noqa: E402 - likewise
from support.seaweed import Seaweed  # noqa: E402 - likewise

from camera_gateway.clock import US, SystemClock  # noqa: E402 - likewise
from camera_gateway.evidence.signing import SigningKey  # noqa: E402 - likewise
from camera_gateway.intake.taking import Intake  # noqa: E402 - likewise
from camera_gateway.media.fmp4 import Samples, fragment, length_prefixed  # noqa: E402 - likewise
from camera_gateway.roles.exporting import export_to  # noqa: E402 - likewise
from camera_gateway.roles.fetching import fetch_to_file  # noqa: E402 - likewise
from camera_gateway.roles.loading import load_settings  # noqa: E402 - likewise
from storage.checksum import sha256_of  # noqa: E402 - likewise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MINUTE_US = 60 * US
FPS = 25
BITS_PER_S = 4_000_000
FILLER_NAL = b"\x0c"
"""Filler data of H.264 (nal_unit_type 12): makes a small picture as large as a camera's."""
BUCKET = "bench-export"
PROMISED_RATIO, PROMISED_FIRST_S, PROMISED_MB = {"package": 1.3, "mp4": 1.3, "export": 2.6}, 0.5, 64
BASELINES = ("download", "loop")
OURS = ("package", "mp4", "export")


def minutes_of_footage(minutes: int) -> Iterator[tuple[int, bytes]]:
    """Yield minute after minute of one run: a clip over and over, each picture filled up to 4 Mbit/s."""
    clip = h264_clip(frames=FPS)
    whole = fragmented(clip)
    chance = random.Random(1)
    size = BITS_PER_S // 8 // FPS
    pool = chance.randbytes(size * 4).replace(b"\x00", b"\x01")  # no start code in it
    number = 0
    for minute in range(minutes):
        pieces = [whole.init]
        for _ in range(60):
            samples = Samples(number * FPS * TICKS)
            for unit in clip.units:
                fill = size - sum(len(nal) + 4 for nal in unit.nals) - 5
                at = chance.randrange(len(pool) - fill)
                data, length = length_prefixed((*unit.nals, FILLER_NAL + pool[at : at + fill]))
                samples.add(data, length, TICKS, keyframe=unit.keyframe, composition=whole.lead)
            pieces += fragment(number + 1, samples, Samples(0), WALL_US + number * US)
            number += 1
        yield minute, b"".join(pieces)


def fill(house: House, minutes: int) -> None:
    """Record and store; the spool keeps nothing."""
    spool = house.people.gateway.spool
    for minute, data in minutes_of_footage(minutes):
        sidecar = replace(
            Rig.sidecar(house, CAMERAS[0], minute, data),  # type: ignore[arg-type] - it needs nothing of a rig
            start_us=WALL_US + minute * MINUTE_US,
            end_us=WALL_US + (minute + 1) * MINUTE_US,
            media_start_us=minute * MINUTE_US,
            frames=60 * FPS,
        )
        part = spool.begin(CAMERAS[0], sidecar.segment)
        part.write(data)
        text = sidecar.to_bytes()
        part.seal(lambda _facts, text=text: text)  # type: ignore[misc]
        Intake(house.books, spool, house.clock, Seen()).take(full=True)
        house.transfer().advance(sidecar.segment)
        spool.path_of(CAMERAS[0], sidecar.segment, ".mp4").unlink()


async def plans(house: House, minutes: int) -> dict[str, Any]:
    """Ask, approve, and plan: what each of our three has to write."""
    request = await house.ask(0, minutes * 60)
    whole = await house.people.do(house.alia, "evidence.export-plan", request=request)
    span = {"camera": CAMERAS[0], "from_us": WALL_US, "to_us": WALL_US + minutes * MINUTE_US}
    fetched = await house.people.do(house.alia, "footage.fetch-plan", **span)
    return {"package": {**whole, "derivatives": []}, "mp4": fetched, "export": whole}


# one measured process


def child(kind: str, root: Path) -> None:
    """Do one thing once, and print what it took."""
    given = json.loads((root / "given.json").read_text())
    work = _baseline(kind, given, root) if kind in BASELINES else _ours(kind, given["plans"][kind], root)
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    idle_kb = _status_kb("VmRSS")
    watcher = _Watcher(root / "out")
    watcher.start()
    began, spent = time.monotonic(), time.process_time()
    work()
    took_s, cpu_s = time.monotonic() - began, time.process_time() - spent
    first_s = watcher.stop() - began
    found = {"took_s": took_s, "cpu_s": cpu_s, "first_s": first_s, "mb": (_status_kb("VmHWM") - idle_kb) / 1024}
    print(json.dumps(found))  # noqa: T201 - the parent reads it


def _baseline(kind: str, given: dict[str, Any], root: Path) -> Callable[[], None]:
    client = boto3.client("s3", config=Config(s3={"addressing_style": "path"}), region_name="us-east-1", **given["s3"])
    client.head_bucket(Bucket=BUCKET)

    def download() -> None:
        for number, key in enumerate(given["keys"]):
            client.download_file(BUCKET, key, str(root / "out" / f"{number}.mp4"))

    def loop() -> None:
        for number, key in enumerate(given["keys"]):
            with (root / "out" / f"{number}.mp4").open("wb") as file:
                for chunk in client.get_object(Bucket=BUCKET, Key=key)["Body"].iter_chunks(1 << 20):
                    file.write(chunk)

    return download if kind == "download" else loop


def _ours(kind: str, plan: dict[str, Any], root: Path) -> Callable[[], None]:
    loaded, clock = load_settings(root / "site" / "gateway.toml"), SystemClock()
    key = SigningKey.load(loaded.settings.site.data_dir / "keys")

    def finish(**arguments: Any) -> dict[str, str]:  # noqa: ANN401 - JSON
        text = json.dumps(arguments).encode()
        return {"text": text.decode(), "signature": key.sign(text).hex(), "sha256": sha256_of(text)}

    def work() -> None:
        if kind == "mp4":
            answer = fetch_to_file(loaded, clock, plan, root / "out" / "hour.mp4", lambda _done, _total: None)
        else:
            answer = export_to(loaded, clock, plan, root / "out" / "hour.zip", finish)
        assert answer["findings"] == [], answer["findings"]

    return work


class _Watcher(threading.Thread):
    """Sees from outside when the first byte is in the target, however its draft is called."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        self._folder = folder
        self._ended = threading.Event()
        self._seen = float("inf")

    def run(self) -> None:
        while not self._ended.wait(0.005):
            if any(path.is_file() and path.stat().st_size for path in _present(self._folder)):
                self._seen = time.monotonic()
                return

    def stop(self) -> float:
        """Return the monotonic time of the first byte."""
        self._ended.set()
        self.join()
        return self._seen


def _present(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.rglob("*") if path.suffix in {".part", ".mp4", ".zip"}]
    except FileNotFoundError:  # renamed while it was looked at
        return []


def _status_kb(name: str) -> int:
    found = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1])


# the rounds


def measure(root: Path, server: Seaweed, minutes: int, rounds: int, said: Callable[[str], None]) -> dict[str, Any]:
    """Fill the store, run everything in turn `rounds` times, and compare within each round."""
    settings = on_server(server, root / "site", BUCKET, "none")
    runs: list[dict[str, dict[str, float]]] = []
    start_us = WALL_US + (minutes + 60) * MINUTE_US
    with evidence_house(root / "site", settings, start_us=start_us) as house:
        fill(house, minutes)
        said(f"stored {minutes} minutes")
        for number in range(rounds):
            made = asyncio.run(plans(house, minutes))
            keys = [segment["key"] for segment in made["export"]["segments"]]
            s3 = {"endpoint_url": server.endpoint, "aws_access_key_id": server.access_key}
            s3["aws_secret_access_key"] = server.secret_key
            (root / "given.json").write_text(json.dumps({"plans": made, "keys": keys, "s3": s3}))
            order = [*BASELINES, *OURS]
            random.Random(number).shuffle(order)
            runs.append({kind: _measured(kind, root) for kind in order})
            said(f"round {number + 1}: " + ", ".join(f"{k} {r['took_s']:.2f} s" for k, r in runs[-1].items()))
    return {"minutes": minutes, "rounds": rounds, "bytes": minutes * 60 * BITS_PER_S // 8} | {
        kind: {
            **{name: statistics.median(run[kind][name] for run in runs) for name in ("took_s", "cpu_s")},
            **{name: max(run[kind][name] for run in runs) for name in ("first_s", "mb")},
            **{f"of_{base}": _ratio(runs, kind, base) for base in BASELINES},
        }
        for kind in (*BASELINES, *OURS)
    }


def _ratio(runs: list[dict[str, dict[str, float]]], kind: str, base: str) -> float:
    return statistics.median(run[kind]["took_s"] / run[base]["took_s"] for run in runs)


def _measured(kind: str, root: Path) -> dict[str, float]:
    (root / "out").mkdir()
    command = [sys.executable, __file__, "--child", kind, "--root", str(root)]
    os.sync()  # nobody pays for what the one before has written
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    for path in (root / "out").iterdir():
        path.unlink()
    (root / "out").rmdir()
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench export")
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--root", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        child(arguments.child, arguments.root)
        return 0

    def said(line: str) -> None:
        print(line, file=sys.stderr, flush=True)  # noqa: T201 - a benchmark speaks to a terminal

    with tempfile.TemporaryDirectory() as folder, Seaweed(Path(folder) / "store") as server:
        found = measure(Path(folder), server, arguments.minutes, arguments.rounds, said)
    if arguments.json:
        print(json.dumps(found))  # noqa: T201 - likewise
    else:
        for kind in (*BASELINES, *OURS):
            row = found[kind]
            print(  # noqa: T201 - likewise
                f"{kind:9} {row['took_s']:6.2f} s  {row['of_download']:5.2f} of download  {row['of_loop']:5.2f} of loop"
                f"  {row['cpu_s']:5.2f} CPU-s  first byte {row['first_s']:.3f} s  +{row['mb']:.0f} MB"
            )
    kept = all(
        found[kind]["of_download"] <= PROMISED_RATIO[kind]
        and found[kind]["first_s"] <= PROMISED_FIRST_S
        and found[kind]["mb"] <= PROMISED_MB
        for kind in OURS
    )
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
