"""Real sessions with fake cameras, into a real spool (invariants C1, D11, T2)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from support.fake_cameras import FakeCameraProcess, read_ledger
from support.recording import US, camera, decoded_silently

from camera_gateway.domain.footage import GapCause, RunEnd
from camera_gateway.settings.vault import Vault

if TYPE_CHECKING:
    from pathlib import Path

    from support.recording import Site

pytestmark = pytest.mark.slow

IN_FLIGHT = 20
"""Units that may be on their way when a recorder is told to stop."""


def sent(ledger: Path, path: str, track: str) -> list[str]:
    return [
        line["sha256"]
        for line in read_ledger(ledger)
        if line["event"] == "unit" and line["camera"] == path and line["track"] == track
    ]


async def test_every_unit_that_was_sent_is_stored_once_and_each_segment_plays_alone(
    site: Site, clips: dict[str, Path], tmp_path: Path
) -> None:
    kinds = ["h264-aac", "h265-ulaw", "h264-bframes-aac"]
    ledger = tmp_path / "ledger"
    async with FakeCameraProcess("--clips", *(str(clips[k]) for k in kinds), ledger=ledger) as farm:
        plans = [camera(f"cam-{n}", url, segment_s=3.0) for n, url in enumerate(farm.urls)]
        site.plan(*plans)
        async with site.recording():
            await site.until_recording("cam-0", "cam-1", "cam-2")
            await site.until(lambda: all(len(site.segments(f"cam-{n}")) >= 3 for n in range(3)), 40)
    assert site.parts() == []
    for n, plan in enumerate(plans):
        segments = site.segments(plan.camera)
        for kind in ("video", "audio"):
            wanted = sent(ledger, f"/cam/{n + 1}", kind)
            stored = [digest for segment in segments for digest in segment.digests(kind)]
            # sound that came before the first picture belongs to no run
            skipped = 0 if kind == "video" else next(k for k in range(60) if wanted[k : k + len(stored)] == stored)
            assert stored == wanted[skipped : skipped + len(stored)]
            assert len(wanted) - len(stored) - skipped <= IN_FLIGHT * 2
        assert site.seams(plan.camera, from_us=plan.registered_us) == []
        assert {s.sidecar.run for s in segments} == {segments[0].sidecar.run}
        assert [s.sidecar.run_end for s in segments[:-1]] == [RunEnd.CONTINUES] * (len(segments) - 1)
        assert segments[-1].sidecar.run_end is RunEnd.SHUTDOWN
        for segment in segments:
            assert decoded_silently(segment.path) == ""
            length_us = segment.sidecar.end_us - segment.sidecar.start_us
            assert abs(length_us - segment.sidecar.media_duration_us) <= segment.sidecar.media_duration_us // 50
            assert segment.sidecar.frames == len(segment.units())
        status = site.status(plan.camera)
        assert status is not None
        assert (status.gap_from_us, status.cause) == (segments[-1].sidecar.end_us, GapCause.GATEWAY_DOWN)


async def test_wall_time_is_that_of_the_camera_whose_clock_is_right(site: Site, clips: dict[str, Path]) -> None:
    async with FakeCameraProcess("--clips", str(clips["h264-aac"]), "--clock-offset", "-3600") as farm:
        site.plan(camera("cam", farm.urls[0]))
        async with site.recording():
            await site.until_recording("cam")
            await site.until(lambda: site.segments("cam"), 20)
    first = site.segments("cam")[0].sidecar
    assert first.clock_offset_us is not None
    # the fake camera stamps its pictures and reports by the system's clock: what is left is transport and reading
    assert -200_000 < first.clock_offset_us + 3600 * US < 50_000
    assert first.wall_uncertainty_us < US


async def test_a_server_that_begins_with_a_burst_does_not_shift_time(site: Site, clips: dict[str, Path]) -> None:
    async with FakeCameraProcess("--clips", str(clips["h264-aac"]), "--burst") as farm:
        site.plan(camera("cam", farm.urls[0]))
        async with site.recording():
            await site.until_recording("cam")
    first = site.segments("cam")[0].sidecar
    assert first.clock_offset_us is not None
    assert abs(first.clock_offset_us) < 200_000


async def test_times_that_wrap_are_not_noticed(site: Site, clips: dict[str, Path], tmp_path: Path) -> None:
    ledger = tmp_path / "ledger"
    async with FakeCameraProcess("--clips", str(clips["h264-aac"]), "--near-wrap", ledger=ledger) as farm:
        site.plan(camera("cam", farm.urls[0], segment_s=60.0))
        async with site.recording():
            await site.until(lambda: site.durable_us("cam") > 6 * US)
    (only,) = site.segments("cam")
    assert only.digests() == sent(ledger, "/cam/1", "video")[: only.sidecar.frames]
    status = site.status("cam")
    assert status is not None
    assert status.timestamp_jumps == 0


async def test_a_change_of_the_plan_touches_only_the_camera_it_concerns(site: Site, clips: dict[str, Path]) -> None:
    async with FakeCameraProcess("--clips", str(clips["h264"]), "--count", "3") as farm:
        kept, paused, gone = (camera(f"cam-{n}", url, segment_s=60.0) for n, url in enumerate(farm.urls))
        site.plan(kept, paused, gone)
        async with site.recording():
            await site.until_recording("cam-0", "cam-1", "cam-2")
            session = site.status("cam-0")
            site.plan(kept, replace(paused, active=False))
            await site.until(lambda: site.segments("cam-1") and site.segments("cam-2"))
            await site.until(lambda: site.status("cam-1").state == "paused")  # type: ignore[union-attr]
            assert site.status("cam-2") is None
            site.plan(kept, paused)
            await site.until_recording("cam-1")
            now = site.status("cam-0")
    assert session is not None
    assert now is not None
    assert (session.session, now.reconnects) == (now.session, 0)
    assert len(site.segments("cam-0")) == 1
    assert site.segments("cam-1")[0].sidecar.run_end is RunEnd.OPERATOR_DISABLED
    assert GapCause.OPERATOR_DISABLED in {gap.cause for gap in site.gaps("cam-1")}
    for each in (kept, paused):
        assert site.seams(each.camera, from_us=each.registered_us) == []


async def test_outside_its_schedule_a_camera_is_not_connected(site: Site, clips: dict[str, Path]) -> None:
    async with FakeCameraProcess("--clips", str(clips["h264"]), "--count", "2") as farm:
        # the only window of the first camera is on a holiday, for ever
        never = camera("never", farm.urls[0], schedule=("mon 00:00-00:01",), holidays=("2024-01-01",))
        always = camera("always", farm.urls[1])
        site.plan(never, always)
        async with site.recording():
            await site.until_recording("always")
            await site.until(lambda: site.status("never").state == "off")  # type: ignore[union-attr]
            off = site.status("never")
    assert off is not None
    assert (off.cause, off.packets_received) == (GapCause.SCHEDULE_OFF, 0)
    assert site.segments("never") == []


async def test_the_loop_is_never_held_up(site: Site, clips: dict[str, Path]) -> None:
    async with FakeCameraProcess("--clips", str(clips["h264-aac"]), "--count", "10") as farm:
        plans = [camera(f"cam-{n}", url, segment_s=60.0) for n, url in enumerate(farm.urls)]
        site.plan(*plans)
        lateness = []
        loop = asyncio.get_running_loop()
        async with site.recording():
            await site.until_recording(*(plan.camera for plan in plans))
            for _ in range(150):
                due = loop.time() + 0.02
                await asyncio.sleep(0.02)
                lateness.append(loop.time() - due)
    # the median shows what the recorder does; the worst is what other programs of this machine do
    assert sorted(lateness)[len(lateness) // 2] < 0.02


async def test_a_sealed_password_signs_in(site: Site, clips: dict[str, Path], tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("pa:ss@wörd\n")
    vault = Vault.create(site.root / "keys" / "credentials.key")
    arguments = ("--clips", str(clips["h264"]), "--auth", "digest", "--user", "admin", "--password-file", str(secret))
    async with FakeCameraProcess(*arguments) as farm:
        plan = camera("cam", farm.urls[0], username="admin")
        site.plan(replace(plan, password_sealed=vault.seal("pa:ss@wörd", camera=plan.camera)))
        async with site.recording():
            await site.until_recording("cam")
    assert site.segments("cam")
