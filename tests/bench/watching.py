"""How fast footage in a real S3 store is on its way to a browser, and what renditions cost. No test: a benchmark.

Twelve minutes of one camera and two of another (H.264, H.265; 1080p25, 4 Mbit/s, segments of a minute) lie in
SeaweedFS, their files gone from the spool. "seek" is what a player does at a place that it has not been to: playlist
of ten minutes, init segment, first entry whole. Promised: 0.5 s, of the second that a first picture may take.
Run: scripts/bench watching [--seeks 40] [--json]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path[:0] = [
    str(Path(__file__).parents[2] / "scripts"),
    str(Path(__file__).parents[2]),
    str(Path(__file__).parents[1]),
]

from support.burnt_footage import Look, loop, sealed  # noqa: E402 - after the path is set
from support.seaweed import Seaweed  # noqa: E402 - likewise
from support.watching_rig import US, Theatre, theatre  # noqa: E402 - likewise

from camera_gateway.clock import SystemClock, rfc3339  # noqa: E402 - likewise
from camera_gateway.domain.people import SYSTEM  # noqa: E402 - likewise
from camera_gateway.roles.viewing import index_once  # noqa: E402 - likewise
from storage.s3 import S3Address, S3Store  # noqa: E402 - likewise

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

WINDOW_US = 600 * US


def spread(times_s: list[float]) -> dict[str, float]:
    """Return median and 95th percentile, ms."""
    ordered = sorted(times_s)
    return {
        "p50_ms": round(statistics.median(ordered) * 1000, 1),
        "p95_ms": round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))] * 1000, 1),
    }


async def timed(count: int, work: Callable[[], Awaitable[object]]) -> dict[str, float]:
    times = []
    for _ in range(count):
        began = time.monotonic()
        await work()
        times.append(time.monotonic() - began)
    return spread(times)


LOOKS = {
    "kg-hall": Look(width=1920, height=1080, bitrate_bps=4_000_000),
    "school-yard": Look(codec="h265", width=1920, height=1080, bitrate_bps=4_000_000),
}
LENGTHS_MIN = {"kg-hall": 12, "school-yard": 2}


async def measure(server: Seaweed, directory: Path, seeks: int) -> dict[str, Any]:
    """Fill the store, then ask."""
    address = S3Address(server.endpoint, "us-east-1", "bench", server.access_key, server.secret_key)
    store = S3Store(address, SystemClock().now_us)
    store.ensure_bucket()
    with ThreadPoolExecutor(4) as threads:
        async with theatre(directory, store=store, store_threads=threads) as house:
            house.enrol("aigul", ("auditor", "all"))
            begin = house.people.clock.now_us() - 1_800 * US
            result = await fill(house, begin)
            result |= await ask(house, begin, seeks)
    store.close()
    return result


async def fill(house: Theatre, begin: int) -> dict[str, Any]:
    """Seal, index, put; tell the CPU time of an index."""
    result = {}
    for camera, look in LOOKS.items():
        owner = "kg-12" if camera.startswith("kg") else "school-7"
        length_s = 60 * LENGTHS_MIN[camera]
        pieces = house.seal(sealed(loop(look), camera, begin, length_s, segment_s=60, institution=owner))
        began = time.process_time()
        after: str | None = ""
        while after is not None:
            after = await index_once(house.gateway, after)
        result[f"index_cpu_ms_{look.codec}"] = round((time.process_time() - began) * 1000 / len(pieces), 2)
        house.put(pieces, lock_mode=None)  # the held clock's dates have passed
    assert not house.files()
    return result


async def ask(house: Theatre, begin: int, seeks: int) -> dict[str, Any]:
    """Ask for places by chance."""
    chance = random.Random(4)

    def somewhere(camera: str) -> int:
        return begin + chance.randrange(LENGTHS_MIN[camera] * 60 * US - 5 * US)

    async def seek() -> None:
        at = somewhere("kg-hall")
        entries = await house.playlist("aigul", "kg-hall", at, at + WINDOW_US)
        init = await house.get("aigul", entries[0].map)
        assert init.status == 200
        await house.bytes_of("aigul", entries[0])

    async def still(camera: str) -> None:
        got = await house.get("aigul", f"{camera}/still", at=rfc3339(somewhere(camera)), width=640)
        assert got.status == 200

    async def rendition() -> None:
        at = somewhere("school-yard")
        entries = await house.playlist("aigul", "school-yard", at, at + 60 * US, codec="h264")
        await house.bytes_of("aigul", entries[0])

    def playlist() -> Awaitable[object]:
        return house.playlist("aigul", "kg-hall", begin, begin + WINDOW_US)

    result: dict[str, Any] = {}
    await seek()
    result["seek"] = await timed(seeks, seek)
    result["playlist_10_min"] = await timed(10, playlist)
    with house.gateway.catalogue.write(SYSTEM) as tx:
        tx.connection.exec_driver_sql("DELETE FROM fragment_indexes")
    result["playlist_10_min_without_any_index"] = await timed(1, playlist)
    result["playlist_hour_bytes"] = await size_of_hour(house, begin, LENGTHS_MIN["kg-hall"])
    for camera, look in LOOKS.items():
        await still(camera)
        result[f"still_{look.codec}"] = await timed(seeks, lambda camera=camera: still(camera))  # type: ignore[misc]
    await rendition()
    result["rendition_2_s_of_1080p_h265"] = await timed(max(5, seeks // 4), rendition)
    return result


async def size_of_hour(house: Theatre, begin: int, minutes: int) -> int:
    query = {"from": rfc3339(begin), "to": rfc3339(begin + minutes * 60 * US)}
    got = await house.get("aigul", "kg-hall/playlist.m3u8", None, **query)
    return len(got.body) * 60 // minutes


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeks", type=int, default=40)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Seaweed(Path(folder) / "weed") as server:
        found = asyncio.run(measure(server, Path(folder), asked.seeks))
    if asked.json:
        sys.stdout.write(json.dumps(found) + "\n")
        return
    for name, value in found.items():
        sys.stdout.write(f"{name}: {value}\n")


if __name__ == "__main__":
    main()
