"""Every fault of a camera is a cause and a gap, never an exception, and costs no other camera anything (C4, Z4)."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from support.fake_cameras import FakeCameraProcess
from support.fault_camera import FaultCamera
from support.recording import US, camera, decoded_silently

from camera_gateway.domain.footage import GapCause, ProbeCause, RunEnd
from camera_gateway.media.fragments import split_nals

if TYPE_CHECKING:
    from pathlib import Path

    from support.fault_camera import DialogueFault, StreamFault
    from support.recording import Site

pytestmark = pytest.mark.slow


def unit_digest(nals: tuple[bytes, ...]) -> str:
    return hashlib.sha256(b"".join(len(nal).to_bytes(4, "big") + nal for nal in nals)).hexdigest()


async def recorded(site: Site, fault: StreamFault, *, runs: int = 1) -> FaultCamera:
    """Record a faulty camera until `runs` of its runs have ended."""
    async with FaultCamera(fault, after=60) as faulty:
        plan = camera("cam", faulty.url, segment_s=60.0)
        site.plan(plan)
        async with site.recording():
            await site.until(lambda: len(site.segments("cam")) >= runs)
            await asyncio.sleep(0.3)
    assert site.parts() == []
    assert site.seams("cam", from_us=plan.registered_us) == []
    return faulty


@pytest.mark.parametrize(
    ("fault", "cause", "end"),
    [
        ("stall", GapCause.STREAM_STALLED, RunEnd.STREAM_STALLED),
        ("drip-rtcp", GapCause.STREAM_STALLED, RunEnd.STREAM_STALLED),
        ("drop", GapCause.CAMERA_UNREACHABLE, RunEnd.CAMERA_CLOSED),
        ("reset", GapCause.CAMERA_UNREACHABLE, RunEnd.CAMERA_CLOSED),
        ("bye", GapCause.CAMERA_UNREACHABLE, RunEnd.CAMERA_CLOSED),
        ("huge-nal", GapCause.STREAM_CORRUPT, RunEnd.STREAM_CORRUPT),
    ],
)
async def test_a_session_that_ends_leaves_its_cause_and_is_begun_anew(
    site: Site, fault: StreamFault, cause: GapCause, end: RunEnd
) -> None:
    faulty = await recorded(site, fault, runs=2)
    first, second = site.segments("cam")[:2]
    assert first.sidecar.run_end is end
    assert first.sidecar.run != second.sidecar.run
    assert cause in {gap.cause for gap in site.gaps("cam") if gap.start_us >= first.sidecar.end_us}
    assert faulty.connections >= 2
    assert first.digests() == [unit_digest(nals) for nals in faulty.units[: len(first.digests())]]
    assert len(first.digests()) >= 60


@pytest.mark.parametrize(
    ("fault", "end"),
    [
        ("time-forward", RunEnd.TIME_JUMP),
        ("time-backward", RunEnd.TIME_JUMP),
        ("ssrc-change", RunEnd.TIME_JUMP),
        ("sps-change", RunEnd.FORMAT_CHANGED),
    ],
)
async def test_a_stream_that_changes_under_way_begins_a_new_run_and_loses_nothing(
    site: Site, fault: StreamFault, end: RunEnd
) -> None:
    faulty = await recorded(site, fault)
    segments = site.segments("cam")
    assert segments[0].sidecar.run_end is end
    assert segments[0].sidecar.end_us == segments[1].sidecar.start_us
    assert segments[0].sidecar.run != segments[1].sidecar.run
    stored = [digest for segment in segments for digest in segment.digests()]
    assert stored == [unit_digest(nals) for nals in faulty.units[: len(stored)]]
    assert faulty.connections == 1
    assert all(gap.end_us <= segments[0].sidecar.start_us for gap in site.gaps("cam"))
    for segment in segments:
        assert decoded_silently(segment.path) == ""


@pytest.mark.parametrize("fault", ["time-wrap", "duplicated", "swapped", "many-sei", "no-marker", "sr-jump", "sr-1970"])
async def test_what_is_odd_but_whole_is_one_run(site: Site, fault: StreamFault) -> None:
    async with FaultCamera(fault, after=30) as faulty:
        site.plan(camera("cam", faulty.url, segment_s=60.0))
        async with site.recording():
            await site.until(lambda: site.durable_us("cam") > 3 * US)
    (only,) = site.segments("cam")
    assert faulty.connections == 1
    assert only.sidecar.frames >= 60
    status = site.status("cam")
    assert status is not None
    assert status.timestamp_jumps == 0
    if fault == "sr-1970":
        assert only.sidecar.clock_offset_us is not None
        assert only.sidecar.clock_offset_us < -1_000_000_000 * US
        assert only.sidecar.clock_method == "arrival"


async def test_lost_packets_are_counted_and_nothing_is_spliced(site: Site) -> None:
    async with FaultCamera("lost", after=30) as faulty:
        site.plan(camera("cam", faulty.url, segment_s=60.0))
        async with site.recording():
            await site.until(lambda: site.durable_us("cam") > 3 * US)
    only = site.segments("cam")[0]
    assert only.sidecar.packets_lost > 0
    assert only.sidecar.damaged_units > 0
    sent = {unit_digest(nals) for nals in faulty.units}
    nal_sets = [set(nals) for nals in faulty.units]
    for digest, unit in zip(only.digests(), only.units(), strict=True):
        if digest not in sent:  # less than was sent, but nothing that was not
            assert any(set(split_nals(unit)) <= nals for nals in nal_sets)


@pytest.mark.parametrize(
    ("fault", "probe", "cause"),
    [
        ("auth-wrong", ProbeCause.AUTH_WRONG, GapCause.CAMERA_AUTH),
        ("path-not-found", ProbeCause.PATH_NOT_FOUND, GapCause.CAMERA_UNREACHABLE),
        ("http", ProbeCause.NOT_RTSP, GapCause.CAMERA_UNREACHABLE),
        ("garbage", ProbeCause.NOT_RTSP, GapCause.CAMERA_UNREACHABLE),
        ("silent", None, GapCause.CAMERA_UNREACHABLE),
        ("drip", None, GapCause.CAMERA_UNREACHABLE),
        ("endless-headers", ProbeCause.NOT_RTSP, GapCause.CAMERA_UNREACHABLE),
        ("refused-sessions", ProbeCause.REFUSED_SESSIONS, GapCause.CAMERA_REFUSED_SESSIONS),
        ("close-on-setup", None, GapCause.CAMERA_UNREACHABLE),
        ("av1", ProbeCause.CODEC_REFUSED, GapCause.CODEC_REFUSED),
        ("no-video", ProbeCause.NO_VIDEO, GapCause.CODEC_REFUSED),
    ],
)
async def test_a_camera_that_cannot_be_used_says_why(
    site: Site, fault: DialogueFault, probe: ProbeCause | None, cause: GapCause
) -> None:
    async with FaultCamera(fault, drip_s=0.2) as faulty:
        plan = camera("cam", faulty.url)
        if fault == "auth-wrong":
            plan = replace(plan, username="admin")
        site.plan(plan)
        async with site.recording():
            await site.until(lambda: (s := site.status("cam")) is not None and s.probe_cause is not None)
            status = site.status("cam")
            await asyncio.sleep(1.2)
    assert status is not None
    assert status.cause is cause
    if probe is not None:
        assert status.probe_cause is probe
    assert status.detail
    assert site.segments("cam") == []
    assert site.gaps("cam")[0].cause is GapCause.GATEWAY_DOWN


async def test_a_redirect_is_reported_and_nobody_else_is_asked(site: Site) -> None:
    asked = 0

    async def elsewhere(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        writer.close()

    server = await asyncio.start_server(elsewhere, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, FaultCamera("redirect", location=f"rtsp://127.0.0.1:{port}/x") as faulty:
        site.plan(camera("cam", faulty.url))
        async with site.recording():
            await site.until(lambda: (s := site.status("cam")) is not None and s.probe_cause is not None)
            status = site.status("cam")
            await asyncio.sleep(1)
        assert faulty.connections == 1
    assert asked == 0
    assert status is not None
    assert status.probe_cause is ProbeCause.REDIRECTED


async def test_an_address_outside_the_allowed_networks_is_never_connected(site: Site) -> None:
    async with FaultCamera("none") as faulty:
        site.plan(camera("cam", faulty.url, allowed_networks=("0.0.0.0/0",)))
        async with site.recording():
            await site.until(lambda: (s := site.status("cam")) is not None and s.probe_cause is not None)
            status = site.status("cam")
        assert faulty.connections == 0
    assert status is not None
    assert status.probe_cause is ProbeCause.ADDRESS_NOT_ALLOWED


async def test_a_stream_without_keyframes_is_a_gap_with_its_cause(site: Site) -> None:
    async with FaultCamera("no-keyframe") as faulty:
        site.plan(camera("cam", faulty.url))
        async with site.recording():
            await site.until(lambda: (s := site.status("cam")) is not None and s.cause is GapCause.STREAM_CORRUPT, 30)
    assert site.segments("cam") == []


async def test_a_faulty_camera_costs_its_neighbours_nothing(site: Site, clips: dict[str, Path]) -> None:
    async with (
        FakeCameraProcess("--clips", str(clips["h264-aac"]), "--count", "2") as farm,
        FaultCamera("drop", after=5) as dropping,
        FaultCamera("garbage") as garbage,
        FaultCamera("drip", drip_s=0.1) as dripping,
        FaultCamera("huge-nal", after=10) as huge,
    ):
        good = [camera(f"good-{n}", url, segment_s=60.0) for n, url in enumerate(farm.urls)]
        bad = [camera(f"bad-{n}", f.url) for n, f in enumerate((dropping, garbage, dripping, huge))]
        site.plan(*good, *bad)
        async with site.recording():
            await site.until(lambda: all(site.durable_us(plan.camera) > 8 * US for plan in good), 60)
            statuses = [site.status(plan.camera) for plan in good]
    for plan, status in zip(good, statuses, strict=True):
        assert status is not None
        assert (status.reconnects, status.packets_lost) == (0, 0)
        (only,) = site.segments(plan.camera)
        assert only.sidecar.damaged_units == 0
