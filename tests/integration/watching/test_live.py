"""The live edge of a camera that is being recorded: under three seconds behind, and true to the second."""

from __future__ import annotations

import asyncio
import io
import json
import time
from itertools import pairwise
from typing import TYPE_CHECKING

import av
import pytest
from fakecam.burnin import read_number
from fakecam.clips import tiny
from support.fake_cameras import FakeCameraProcess
from support.recording import Site, camera
from support.watching_rig import US, Entry, Theatre, entries_of, theatre

from camera_gateway.clock import SystemClock
from camera_gateway.domain.ids import InstitutionId, SiteId
from camera_gateway.domain.plan import Plan
from camera_gateway.handover.plan_file import write_plan
from camera_gateway.media.fragments import fragments

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

CLIP_S = 2
WATCHED_S = 7.0
BEHIND_US = 3 * US
POLL_S = 0.4


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return tiny(tmp_path_factory.mktemp("clips"), length_s=CLIP_S)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Theatre]:
    async with theatre(tmp_path, clock=SystemClock()) as served:
        served.enrol("dana", ("viewer", "all"))
        yield served


class Viewer:
    """Polls a live playlist as the player does, and keeps what came and when."""

    def __init__(self, house: Theatre, name: str, codec: str = "") -> None:
        self.house, self.name = house, name
        self.query = {"codec": codec} if codec else {}
        self.edge = "live" if codec else "live.m3u8"  # two addresses of one thing
        self.came: dict[str, tuple[Entry, bytes, int]] = {}
        self.inits: dict[str, bytes] = {}
        self.first_number: int | None = None

    async def look(self) -> None:
        got = await self.house.get("dana", f"{self.name}/{self.edge}", purpose=False, **self.query)
        if got.status != 200:
            assert json.loads(got.body)["code"] == "not-live"
            return
        base = f"{self.house.address}api/v1/cameras/{self.name}/"
        entries = entries_of(got.text, base)
        sequence = int(got.text.split("#EXT-X-MEDIA-SEQUENCE:")[1].split()[0])
        assert "ENDLIST" not in got.text
        for number, entry in enumerate(entries, sequence):
            if entry.url in self.came:
                continue
            if self.first_number is None:
                self.first_number = number
            assert number == self.first_number + len(self.came), "an entry was left out"
            if entry.map not in self.inits:
                self.inits[entry.map] = (await self.house.get("dana", entry.map, purpose=False)).body
            piece = await self.house.get("dana", entry.url, purpose=False)
            if self.query and piece.status == 404:
                continue  # at the window's edge, without the keyframe that it leans on
            assert piece.status == 200, piece.text
            self.came[entry.url] = (entry, piece.body, SystemClock().now_us())

    def behind_us(self) -> list[int]:
        """How old the first picture of each fragment was when the fragment was there: what a player lags by."""
        return [at - entry.start_us for entry, _, at in list(self.came.values())[4:]]


def pictures(viewer: Viewer) -> list[tuple[int, int | None]]:
    (init,) = viewer.inits.values()
    data = init + b"".join(piece for _, piece, _ in viewer.came.values())
    with av.open(io.BytesIO(data)) as container:
        return [
            (round(float(f.time) * US), read_number(f.to_ndarray(format="gray"))) for f in container.decode(video=0)
        ]


async def test_live_is_under_three_seconds_behind_and_loses_nothing_over_a_new_segment(
    stage: Theatre, clips: dict[str, Path]
) -> None:
    kinds = {"kg-hall": "h264-aac", "school-yard": "h265-ulaw"}
    site = Site(stage.gateway.data_dir)
    async with FakeCameraProcess("--clips", *(str(clips[kind]) for kind in kinds.values())) as farm:
        owners = {"kg-hall": "kg-12", "school-yard": "school-7"}
        plans = tuple(
            camera(name, url, institution=InstitutionId(owners[name]), site=SiteId(owners[name]), segment_s=4.0)
            for name, url in zip(kinds, farm.urls, strict=True)
        )
        plan = Plan(1, stage.gateway.catalogue.identity, SystemClock().now_us(), plans)
        write_plan(stage.gateway.data_dir / "plan.json", plan)
        async with site.recording():
            await site.until_recording(*kinds)
            viewers = [Viewer(stage, "kg-hall"), Viewer(stage, "school-yard", "h264")]
            end = time.monotonic() + WATCHED_S
            while time.monotonic() < end:
                await asyncio.gather(*(viewer.look() for viewer in viewers))
                await asyncio.sleep(POLL_S)
            sealed = {name: len(site.segments(name)) for name in kinds}
        for viewer in viewers:
            await viewer.look()
    assert min(sealed.values()) >= 1
    for viewer in viewers:
        behind = viewer.behind_us()
        assert len(behind) >= 4
        assert max(behind) < BEHIND_US, sorted(behind)
        shown = await asyncio.to_thread(pictures, viewer)
        assert all(number is not None for _, number in shown)
        # the loop goes on picture by picture, over the cut between two segments
        numbers = [number or 0 for _, number in shown]
        length = max(numbers) + 1
        assert all((b - a) % length == 1 for a, b in pairwise(numbers))
        told = [next(fragments(piece, 0)) for _, piece, _ in viewer.came.values()]
        for (entry, _, _), first in zip(viewer.came.values(), told, strict=True):
            assert abs((first.wall_us or 0) - entry.start_us) <= 1000
    missing = await stage.get("dana", "kg-hall/live/nothing-000000/12.m4s", purpose=False)
    assert missing.status == 404
    own = next(iter(viewers[0].came.values()))[0].url
    assert (await stage.get("dana", own.replace("live/", "live/../segments/"), purpose=False)).status in {403, 404}
