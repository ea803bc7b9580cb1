"""Disks that fill or fail, quotas and clocks that step: states and gaps, then recovery (invariants D6, D7, T2)."""

from __future__ import annotations

import asyncio
import errno
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from support.fake_cameras import FakeCameraProcess
from support.recording import US, camera, decoded_silently

from camera_gateway.clock import SystemClock
from camera_gateway.domain.footage import GapCause, Origin, RunEnd
from camera_gateway.footage.salvage import salvage_all
from camera_gateway.ingest import recorder, shard
from storage.files import RealFiles
from storage.spool import Spool

if TYPE_CHECKING:
    from pathlib import Path

    from support.recording import Site

pytestmark = pytest.mark.slow


TWO_CLOCKS_US = 1_000
"""A step forward is as long as it is measured, and two clocks cannot be read at one instant."""


class SteppingClock(SystemClock):
    """The system's clock, set by a test."""

    def __init__(self) -> None:
        self.offset_us = 0

    def now_us(self) -> int:
        return super().now_us() + self.offset_us


@pytest.mark.parametrize(
    ("number", "cause", "end"),
    [
        (errno.ENOSPC, GapCause.DISK_FULL, RunEnd.DISK_FULL),
        (errno.EIO, GapCause.DISK_ERROR, RunEnd.DISK_ERROR),
    ],
)
async def test_a_disk_that_refuses_is_a_gap_from_the_last_durable_fragment_and_recording_begins_again(
    site: Site, clips: dict[str, Path], monkeypatch: pytest.MonkeyPatch, number: int, cause: GapCause, end: RunEnd
) -> None:
    monkeypatch.setattr(recorder, "DISK_RETRY_S", 1.0)
    refusing = False
    write = RealFiles.writev

    def writev(self: RealFiles, fd: int, pieces: Any) -> int:  # noqa: ANN401 - as the original
        if refusing:
            raise OSError(number, "refused by the test")
        return write(self, fd, pieces)

    monkeypatch.setattr(RealFiles, "writev", writev)
    async with FakeCameraProcess("--clips", str(clips["h264-aac"])) as farm:
        plan = camera("cam", farm.urls[0], segment_s=60.0)
        site.plan(plan)
        async with site.recording():
            await site.until(lambda: site.durable_us("cam") > 2 * US)
            refusing = True
            await site.until(lambda: (s := site.status("cam")) is not None and s.cause is cause)
            await asyncio.sleep(1.5)
            refusing = False
            await site.until(lambda: site.durable_us("cam") > US)
    assert site.parts() == []
    first, second = site.segments("cam")[0], site.segments("cam")[-1]
    assert (first.sidecar.origin, first.sidecar.run_end) == (Origin.SALVAGED, end)
    assert second.sidecar.run_end is RunEnd.SHUTDOWN
    assert decoded_silently(first.path) == ""
    (gap,) = [g for g in site.gaps("cam") if g.cause is cause]
    assert abs(gap.start_us - first.sidecar.end_us) <= 2
    assert [seam for seam in site.seams("cam", from_us=plan.registered_us) if abs(seam) > 2] == []


async def test_a_spool_at_its_quota_takes_nothing_new_and_says_so(
    site: Site, clips: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shard, "DISK_EVERY_S", 1)
    site.options = replace(site.options, quota_bytes=300_000)
    async with FakeCameraProcess("--clips", str(clips["h264-aac"])) as farm:
        plan = camera("cam", farm.urls[0], segment_s=2.0)
        site.plan(plan)
        async with site.recording():
            await site.until(lambda: (s := site.status("cam")) is not None and s.cause is GapCause.SPOOL_FULL, 60)
            for segment in site.segments("cam"):
                segment.path.unlink()
                segment.path.with_suffix(".json").unlink()
            await site.until_recording("cam")
    assert site.parts() == []
    assert GapCause.SPOOL_FULL in {gap.cause for gap in site.gaps("cam")}


@pytest.mark.parametrize("step_us", [3600 * US, -20 * US])
async def test_a_step_of_the_clock_ends_the_run_and_nothing_overlaps(
    site: Site, clips: dict[str, Path], step_us: int
) -> None:
    clock = SteppingClock()
    async with FakeCameraProcess("--clips", str(clips["h264-aac"])) as farm:
        plan = camera("cam", farm.urls[0], segment_s=60.0)
        site.plan(plan)
        async with site.recording(clock):
            await site.until(lambda: site.durable_us("cam") > 2 * US)
            clock.offset_us = step_us
            await site.until(lambda: len(site.segments("cam")) > 0)
            await asyncio.sleep(2)
    first, second = site.segments("cam")
    assert first.sidecar.run_end is RunEnd.CLOCK_STEP
    assert second.sidecar.run != first.sidecar.run
    measured_us = second.sidecar.start_us - first.sidecar.end_us
    assert abs(measured_us - max(step_us, 0)) <= (TWO_CLOCKS_US if step_us > 0 else 0)
    steps = [gap for gap in site.gaps("cam") if gap.cause is GapCause.CLOCK_STEP]
    assert [(g.start_us, g.end_us) for g in steps] == (
        [(first.sidecar.end_us, second.sidecar.start_us)] if step_us > 0 else []
    )
    if step_us < 0:
        assert second.sidecar.wall_uncertainty_us > -step_us // 2


async def _one_segment(site: Site, clips: dict[str, Path]) -> Path:
    async with FakeCameraProcess("--clips", str(clips["h264-bframes-aac"])) as farm:
        site.plan(camera("cam", farm.urls[0], segment_s=60.0))
        async with site.recording():
            await site.until(lambda: site.durable_us("cam") > 3 * US)
    return site.segments("cam")[0].path


async def test_a_part_cut_anywhere_is_salvaged_to_its_last_whole_fragment_or_removed(
    site: Site, clips: dict[str, Path], tmp_path: Path
) -> None:
    whole = (await _one_segment(site, clips)).read_bytes()
    known = {camera("cam", "rtsp://127.0.0.1/x").camera: camera("cam", "rtsp://127.0.0.1/x").institution}
    ends = []
    for n, size in enumerate([0, 5, 700, 1500, 20_000, 60_000, len(whole) // 2, len(whole) - 1, len(whole)]):
        root = tmp_path / f"spool-{n}"
        with Spool.open(root, owner="o", exclusive=True) as spool:
            part = spool.begin("cam", "0123456789abcdef-000000")
            part.write(whole[:size])
            part.leave()
            (result,) = salvage_all(spool, known, "test")
            assert list(root.rglob("*.part")) == []
            if result.end_us is None:
                assert list(root.rglob("*.mp4")) == []
                continue
            (data,) = root.rglob("*.mp4")
            assert decoded_silently(data) == ""
            assert data.read_bytes() == whole[: result.kept_bytes]
            assert result.kept_bytes + result.cut_bytes == size
            ends.append(result.end_us)
            assert salvage_all(spool, known, "test") == []
    assert ends == sorted(ends)
    assert ends[-1] - site.segments("cam")[0].sidecar.end_us in range(-2, 3)


async def test_parts_of_an_unknown_camera_are_set_aside(tmp_path: Path) -> None:
    with Spool.open(tmp_path / "spool", owner="o", exclusive=True) as spool:
        part = spool.begin("stranger", "0123456789abcdef-000000")
        part.write(b"whose?")
        part.leave()
        (result,) = salvage_all(spool, {}, "test")
        assert "unknown camera" in result.detail
        assert [p.name for p in (tmp_path / "spool" / ".quarantine" / "stranger").glob("*.part")]
