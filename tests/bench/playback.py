"""How soon a picture is there: the first one, and after a seek, of footage that is in the bucket only. No test.

Real Chromium, the real portal in this process, SeaweedFS as the store, 1080p25 in segments of a minute that were
indexed while they were in the spool, as the service does. The page and its script are loaded before; counted is from
the call to the first picture on the screen, what a person waits for.
Run: scripts/bench playback [--rounds 40] [--json]
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1])]

from support.browser import Visit, chromium  # noqa: E402 - after the path is set
from support.burnt_footage import US, Look, loop  # noqa: E402 - likewise
from support.player_page import open_player  # noqa: E402 - likewise
from support.portal_house import GROUP, HALL, START_US, portal_house  # noqa: E402 - likewise
from support.seaweed import Seaweed  # noqa: E402 - likewise

from camera_gateway.clock import HeldClock, SystemClock  # noqa: E402 - likewise
from storage.s3 import S3Address, S3Store  # noqa: E402 - likewise

if TYPE_CHECKING:
    from playwright.sync_api import Page

SECONDS = 600
PROMISED_FIRST_S, PROMISED_SEEK_S = 1.0, 0.5
FIRST = """
async ([camera, at]) => {
  const { player } = window;
  const began = performance.now();
  const shown = new Promise((done) => {
    const look = () => {
      const video = player.querySelector("video");
      if (video) video.requestVideoFrameCallback(() => done(performance.now()));
      else requestAnimationFrame(look);
    };
    player.close();
    look();
  });
  await player.open({ cameras: [{ id: camera, name: camera, time_zone: "Asia/Almaty" }], at });
  return (await shown) - began;
}
"""
SEEK = """
async (at) => {
  const { player } = window;
  player.conductor.pause();
  await new Promise((done) => setTimeout(done, 150));
  const view = player.conductor.views[0];
  const began = performance.now();
  const shown = new Promise((done) => {
    const look = () => {
      if (view.shown && Math.abs(view.shown.wall - at) < 50) done(performance.now());
      else requestAnimationFrame(look);
    };
    look();
  });
  player.conductor.seek(at);
  return (await shown) - began;
}
"""


def measure(rounds: int, seed: int) -> dict[str, Any]:
    """Record ten minutes of two cameras, put them into the bucket, forget them locally, and watch."""
    chance = random.Random(seed)
    hall = loop(Look(width=1920, height=1080, gop_s=2, name="HALL", bitrate_bps=4_000_000, noise=2.5))
    group = loop(Look(codec="h265", width=1280, height=720, gop_s=2, name="GROUP", bitrate_bps=2_000_000, noise=2.5))
    with tempfile.TemporaryDirectory() as root, Seaweed(Path(root) / "weed") as server:
        address = S3Address(server.endpoint, "us-east-1", "bench", server.access_key, server.secret_key)
        store = S3Store(address, SystemClock().now_us)
        store.ensure_bucket()
        directory = Path(root) / "house"
        directory.mkdir()
        clock = HeldClock(START_US + (SECONDS + 60) * US)
        with portal_house(directory, clock, with_footage=False, store=store) as house, chromium() as browser:
            sealed = house.record(HALL, hall, START_US, SECONDS, segment_s=60, audio="aac")
            house.record(GROUP, group, START_US, 120, segment_s=60)
            house.index()
            released = house.release()
            assert released == len(sealed) + 2
            with Visit(browser, house.address) as visit:
                page = visit.page(viewport={"width": 1280, "height": 900})
                house.sign_in(page, "berik", purpose="bench")
                open_player(page, house, (HALL, "HALL"), at_us=START_US)
                found = watch(page, rounds, chance)
        store.close()
    bits = sum(s.size_bytes for s in sealed) * 8 / SECONDS
    return {"rounds": rounds, "bitrate_bps": round(bits), **found}


def watch(page: Page, rounds: int, chance: random.Random) -> dict[str, Any]:
    def places(seconds: int) -> list[float]:
        return [(START_US + round(chance.uniform(5, seconds - 15) * US)) / 1000 for _ in range(rounds)]

    first = [page.evaluate(FIRST, [HALL, at]) for at in places(SECONDS)]
    seek = [page.evaluate(SEEK, at) for at in places(SECONDS)]
    made = [page.evaluate(FIRST, [GROUP, at]) for at in places(120)]
    return {"first_picture_s": spread(first), "seek_s": spread(seek), "first_converted_picture_s": spread(made)}


def spread(times_ms: list[float]) -> dict[str, float]:
    """Return median, 95th percentile (nearest rank) and maximum, in seconds."""
    order = sorted(times_ms)
    rank = max(0, -(-95 * len(order) // 100) - 1)
    return {
        "p50": round(order[len(order) // 2] / 1000, 3),
        "p95": round(order[rank] / 1000, 3),
        "max": round(order[-1] / 1000, 3),
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench playback")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    found = measure(arguments.rounds, arguments.seed)
    if arguments.json:
        print(json.dumps(found))  # noqa: T201 - a benchmark speaks to a terminal
    else:
        print(f"1080p25 at {found['bitrate_bps'] / 1e6:.1f} Mbit/s, {found['rounds']} rounds, seconds:")  # noqa: T201 - likewise
        for name in ("first_picture_s", "seek_s", "first_converted_picture_s"):
            print(f"  {name}: " + ", ".join(f"{key} {value:.3f}" for key, value in found[name].items()))  # noqa: T201 - likewise
    good = found["first_picture_s"]["p95"] <= PROMISED_FIRST_S and found["seek_s"]["p95"] <= PROMISED_SEEK_S
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
