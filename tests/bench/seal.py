"""How long it takes to seal a day of a site in a real S3 store: rows, listing, manifests, seal. No test: a benchmark.

Every object of the day is put first, a byte each, for neither sealing nor listing looks at their content; that is not
counted. Promised: 11 cameras with segments of a minute within 5 s. Run: scripts/bench seal [--cameras 11] [--json]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1])]

from sqlalchemy import insert  # noqa: E402 - after the path is set
from support.gateway_rig import INSTITUTION, MINUTE_US, START_US, Rig  # noqa: E402 - likewise
from support.sealed_days import new_key  # noqa: E402 - likewise
from support.seaweed import Seaweed  # noqa: E402 - likewise

from camera_gateway.catalogue import tables  # noqa: E402 - likewise
from camera_gateway.catalogue.segment_rows import SIDECAR_COLUMNS  # noqa: E402 - likewise
from camera_gateway.clock import HeldClock, SystemClock  # noqa: E402 - likewise
from camera_gateway.domain.naming import DAY_US, day_span_us, segment_key, utc_day  # noqa: E402 - likewise
from camera_gateway.evidence.sealed_files import SealedFiles  # noqa: E402 - likewise
from camera_gateway.evidence.sealing import Described, Sealer  # noqa: E402 - likewise
from storage.checksum import sha256_of  # noqa: E402 - likewise
from storage.s3 import S3Address, S3Store  # noqa: E402 - likewise

if TYPE_CHECKING:
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.ids import CameraId

MINUTES = 1_440
PROMISED_S = 5.0


def measure(server: Seaweed, directory: Path, cameras: int) -> dict[str, Any]:
    """Seal an empty day and then a full one; the full one is measured, wall and CPU time."""
    address = S3Address(server.endpoint, "us-east-1", "bench", server.access_key, server.secret_key)
    store = S3Store(address, SystemClock().now_us)
    store.ensure_bucket()
    start_us = day_span_us(utc_day(START_US))[1]
    with Rig(directory, store, HeldClock(start_us + 31 * MINUTE_US), cameras=cameras) as rig:
        described = Described("gw-1", "bench", "c" * 64)
        files = SealedFiles(store, "governance", 3_650)
        sealer = Sealer(rig.books, files, new_key(), described, rig.clock, worm=lambda: "proven", witness=None)
        sealer.run()
        rows = [row for camera in rig.cameras for row in day_of_rows(rig, camera, start_us)]
        rig.books.write(lambda tx: insert_rows(tx, rows))
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda row: store.put(row["key"], b"0", sha256=sha256_of(b"0")), rows))
        rig.clock.step_wall(DAY_US)
        began, spent = time.monotonic(), time.process_time()
        report = sealer.run()
        took_s, cpu_s = time.monotonic() - began, time.process_time() - spent
        assert (len(report.made), report.findings) == (len(rig.sites), [])
        began = time.monotonic()
        assert sealer.run().made == []
        idle_s = time.monotonic() - began
    store.close()
    return {"cameras": cameras, "segments": len(rows), "seal_s": took_s, "cpu_s": cpu_s, "nothing_due_s": idle_s}


def day_of_rows(rig: Rig, camera: CameraId, start_us: int) -> list[dict[str, Any]]:
    """Return the rows of a day in which a camera has recorded every minute, all of it stored."""
    rows = []
    for number in range(MINUTES):
        sha256 = hashlib.sha256(f"{camera}{number}".encode()).hexdigest()
        at_us = start_us + number * MINUTE_US
        sidecar = replace(rig.sidecar(camera, number, b"0"), start_us=at_us, end_us=at_us + MINUTE_US, sha256=sha256)
        life = {
            "state": "released",
            "key": segment_key(INSTITUTION, camera, at_us, sha256),
            "version_id": f"version-{number}",
            "locked": True,
            "policy": "default",
            "attempts": 1,
            "next_attempt_us": 0,
            "stored_us": at_us + MINUTE_US,
        }
        rows.append({name: getattr(sidecar, name) for name in SIDECAR_COLUMNS} | life)
    return rows


def insert_rows(tx: Transaction, rows: list[dict[str, Any]]) -> None:
    """Write the rows, and one run per camera that they refer to."""
    for camera in {row["camera"] for row in rows}:
        mine = [row for row in rows if row["camera"] == camera]
        run = {name: mine[0][name] for name in ("camera", "start_us", "video_codec", "width", "height", "frames")}
        run |= {"id": mine[0]["run"], "end_us": mine[-1]["end_us"], "end_reason": "continues", "segments": len(mine)}
        tx.connection.execute(insert(tables.runs), run | {"media_duration_us": 0})
        tx.connection.execute(insert(tables.segments), mine)


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench seal")
    parser.add_argument("--cameras", type=int, default=11)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as root, Seaweed(Path(root) / "store") as server:
        found = measure(server, Path(root) / "data", arguments.cameras)
    if arguments.json:
        print(json.dumps(found))  # noqa: T201 - a benchmark speaks to a terminal
    else:
        print(  # noqa: T201 - likewise
            f"{found['cameras']} cameras, {found['segments']} segments: sealed in {found['seal_s']:.2f} s"
            f" ({found['cpu_s']:.2f} s of CPU); a run with nothing due {found['nothing_due_s']:.2f} s"
        )
    return 0 if found["seal_s"] <= PROMISED_S else 1


if __name__ == "__main__":
    sys.exit(main())
