"""The recorder as processes: signals, kill -9, shards (invariants C5, D2, D7, D11)."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.fake_cameras import FakeCameraProcess
from support.recording import US, Site, camera, decoded_silently, end, kill

from camera_gateway.domain.footage import GapCause, Origin, RunEnd
from camera_gateway.handover.status_file import read_statuses

if TYPE_CHECKING:
    import subprocess


async def test_after_a_kill_the_gap_begins_at_the_last_durable_fragment(site: Site, clips: dict[str, Path]) -> None:
    async with FakeCameraProcess("--clips", str(clips["h264-aac"]), str(clips["h264-bframes-aac"])) as farm:
        plans = [camera(f"cam-{n}", url, segment_s=60.0) for n, url in enumerate(farm.urls)]
        site.plan(*plans)
        process = site.start()
        try:
            await site.until(lambda: all(site.durable_us(p.camera) > 4 * US for p in plans))
            known = {p.camera: site.status(p.camera) for p in plans}
        finally:
            kill(process)
        assert len(site.parts()) == 2
        process = site.start()
        try:
            await site.until_recording("cam-0", "cam-1")
        finally:
            assert end(process) == 0
    assert site.parts() == []
    for plan in plans:
        salvaged, fresh = site.segments(plan.camera)
        status = known[plan.camera]
        assert status is not None
        assert salvaged.sidecar.origin is Origin.SALVAGED
        assert salvaged.sidecar.run_end is RunEnd.CRASHED
        assert salvaged.sidecar.start_us == status.open_from_us
        assert salvaged.sidecar.end_us >= (status.open_to_us or 0) - 2
        assert decoded_silently(salvaged.path) == ""
        gap = site.gaps(plan.camera)[-1]
        assert gap.cause is GapCause.GATEWAY_DOWN
        assert (gap.start_us, gap.end_us) == (salvaged.sidecar.end_us, fresh.sidecar.start_us)
        assert site.seams(plan.camera, from_us=plan.registered_us) == []


async def test_a_stop_in_good_order_leaves_no_part_and_no_hole(site: Site, clips: dict[str, Path]) -> None:
    async with FakeCameraProcess("--clips", str(clips["h264-aac"])) as farm:
        plan = camera("cam", farm.urls[0], segment_s=60.0)
        site.plan(plan)
        for _ in range(2):
            process = site.start()
            try:
                await site.until(lambda: site.durable_us("cam") > US)
            finally:
                assert end(process) == 0
            assert site.parts() == []
    first, second = site.segments("cam")
    assert first.sidecar.run_end is second.sidecar.run_end is RunEnd.SHUTDOWN
    assert site.gaps("cam")[-1].cause is GapCause.GATEWAY_DOWN
    assert site.seams("cam", from_us=plan.registered_us) == []


async def test_a_camera_that_was_away_before_a_restart_keeps_its_cause(site: Site) -> None:
    plan = camera("cam", "rtsp://127.0.0.1:9/none")
    site.plan(plan)
    for _ in range(2):
        process = site.start()
        try:
            await site.until(lambda: (s := site.status("cam")) is not None and s.probe_cause is not None)
            await site.until(lambda: site.runs(process.pid))  # noqa: B023 - awaited before the next turn
        finally:
            end(process)
    site.plan()
    causes = [gap.cause for gap in site.gaps("cam")]
    assert causes[:3] == [GapCause.GATEWAY_DOWN, GapCause.CAMERA_UNREACHABLE, GapCause.GATEWAY_DOWN]
    assert site.seams("cam", from_us=plan.registered_us) == []


async def test_two_recorders_never_share_a_spool(site: Site, clips: dict[str, Path]) -> None:
    async with FakeCameraProcess("--clips", str(clips["h264"])) as farm:
        site.plan(camera("cam", farm.urls[0]))
        first = site.start()
        try:
            await site.until_recording("cam")
            second = site.start()
            try:
                assert await asyncio.to_thread(second.wait, 30) == 5
            finally:
                end(second)
        finally:
            end(first)


@pytest.mark.slow
async def test_shards_share_the_cameras_and_one_that_dies_comes_back(site: Site, clips: dict[str, Path]) -> None:
    site.options = replace(site.options, cameras_per_shard=2, max_shards=2)
    async with FakeCameraProcess("--clips", str(clips["h264"]), "--count", "4") as farm:
        plans = [camera(f"cam-{n}", url, segment_s=60.0) for n, url in enumerate(farm.urls)]
        names = [plan.camera for plan in plans]
        site.plan(*plans)
        process = site.start()
        try:
            await site.until_recording(*names, seconds=60)
            statuses = read_statuses(site.root / "status")
            assert [s.shard for s in statuses] == [0, 1]
            assert sorted(c.camera for s in statuses for c in s.cameras) == sorted(names)
            victim = statuses[0]
            os.kill(victim.pid, 9)
            await site.until(lambda: read_statuses(site.root / "status")[0].pid != victim.pid, 30)
            await site.until_recording(*names, seconds=60)
            children = [s.pid for s in read_statuses(site.root / "status")]
        finally:
            code = await _ended(process)
        assert code == 0
        assert not any(_alive(pid) for pid in children)
    assert site.parts() == []
    for plan in plans:
        assert site.seams(plan.camera, from_us=plan.registered_us) == []


async def test_shards_die_with_their_parent(site: Site) -> None:
    site.options = replace(site.options, cameras_per_shard=1, max_shards=2)
    site.plan(camera("cam-0", "rtsp://127.0.0.1:9/none"), camera("cam-1", "rtsp://127.0.0.1:9/none"))
    process = site.start()
    try:
        await site.until(lambda: len(read_statuses(site.root / "status")) == 2)
        children = [s.pid for s in read_statuses(site.root / "status")]
    finally:
        kill(process)
    await site.until(lambda: not any(_alive(pid) for pid in children), 10)


async def _ended(process: subprocess.Popen[bytes]) -> int:
    return await asyncio.to_thread(end, process)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
