"""kill -9 of the recorder, and of everything: what is lost is one fragment and the reconnect, and it is told."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from support.fake_cameras import FakeCameraProcess, read_ledger
from support.installation import INSTITUTION, Installation, until

from camera_gateway.media.judge import list_packets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

CAMERAS = 10
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Story:
    """When what was killed, and everything that was kept."""

    installation: Installation
    cameras: list[str]
    recorder_killed_us: int
    sealed_before: set[str]
    ledger: list[dict[str, Any]]


def _now_us() -> int:
    return time.time_ns() // 1000  # noqa: TID251 - the very clock that the cameras' ledger uses


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, ports: dict[str, int], clips: Path) -> Iterator[Story]:
    root = tmp_path_factory.mktemp("kills")
    installation = Installation(root, segment_s=10, **ports)
    farm = FakeCameraProcess("--clips", str(clips), "--count", str(CAMERAS), ledger=root / "ledger.jsonl")
    try:
        with farm:
            cameras = installation.add_cameras(farm.urls)
            installation.start()
            until(lambda: installation.recording() == CAMERAS, 30, installation.log)
            time.sleep(15)  # some segments, and parts under way
            killed_us = _now_us()
            killed = installation.kill("record")
            until(lambda: installation.child("record") not in {None, killed}, 10, installation.log)
            until(lambda: _fresh(installation, killed_us), 30, installation.log)
            time.sleep(12)
            sealed = {p.stem for p in (installation.data / "spool").glob("*/*.mp4")}
            installation.kill_everything()
            installation.start()
            until(lambda: installation.recording() == CAMERAS, 60, installation.log)
            time.sleep(5)
            farm.stop()
        until(lambda: installation.recording() == 0, 30, installation.log)
        until(installation.drained, 120, installation.log)
        yield Story(installation, cameras, killed_us, sealed, read_ledger(root / "ledger.jsonl"))
    finally:
        farm.stop()
        installation.kill_everything()


def _fresh(installation: Installation, since_us: int) -> bool:
    """Whether every camera has delivered packets to the new recorder and is recording."""
    found = installation.status()
    if found is None or found["recording"] != CAMERAS:
        return False
    cameras = installation.run("camera", "list")
    since = EPOCH + timedelta(microseconds=since_us)
    return all(c["last_packet_at"] and datetime.fromisoformat(c["last_packet_at"]) > since for c in cameras)


def test_all_cameras_record_again_within_ten_seconds(story: Story) -> None:
    killed = EPOCH + timedelta(microseconds=story.recorder_killed_us)
    after_s = {}
    for camera in story.cameras:
        rows = story.installation.run("footage", "list", camera, "--from", killed.isoformat(), "--to", "now")
        starts = [datetime.fromisoformat(row["start"]) for row in rows]
        after_s[camera] = (min(s for s in starts if s > killed) - killed).total_seconds()
    assert max(after_s.values()) < 10, after_s


@pytest.mark.parametrize("number", range(1, CAMERAS + 1))
def test_at_most_the_open_fragment_and_the_reconnect_are_lost_and_the_gap_says_so(story: Story, number: int) -> None:
    camera = story.cameras[number - 1]
    around = [
        (EPOCH + timedelta(microseconds=story.recorder_killed_us + d)).isoformat() for d in (-8_000_000, 11_000_000)
    ]
    found = story.installation.run("footage", "coverage", camera, "--from", around[0], "--to", around[1])
    assert [g["cause"] for g in found["gaps"]] == ["gateway-down"]
    gap = found["gaps"][0]
    killed = EPOCH + timedelta(microseconds=story.recorder_killed_us)
    lost_before_s = (killed - datetime.fromisoformat(gap["from"])).total_seconds()
    gap_s = (datetime.fromisoformat(gap["to"]) - datetime.fromisoformat(gap["from"])).total_seconds()
    # the fragment that was open (1 s), the unit whose duration its successor would have told, the read interval
    assert -0.5 < lost_before_s < 1.6
    assert gap_s < 10 + 4  # the reconnect, and up to one GOP of the camera until its next keyframe


@pytest.mark.parametrize("number", range(1, CAMERAS + 1))
def test_what_the_gap_says_is_missing_is_exactly_what_is_missing(story: Story, number: int, tmp_path: Path) -> None:
    stored = [
        p.sha256
        for _, path in story.installation.download(f"v1/{INSTITUTION}/{story.cameras[number - 1]}/", tmp_path)
        for p in list_packets(str(path))
        if p.kind == "video"
    ]
    sent = [
        line["sha256"]
        for line in story.ledger
        if line["event"] == "unit" and line["camera"] == f"/cam/{number}" and line["track"] == "video"
    ]
    # what is stored is what was sent, in order, with pieces left out: nothing twice, nothing invented
    at = iter(sent)
    assert all(unit in at for unit in stored)
    assert len(sent) - len(stored) < 25 * (10 + 4) * 2


def test_nothing_that_was_sealed_is_missing_after_everything_was_killed(story: Story) -> None:
    known = {
        row["id"]: row["state"]
        for camera in story.cameras
        for row in story.installation.run("footage", "list", camera, "--from", "-1h", "--to", "now")
    }
    assert story.sealed_before <= set(known)
    assert set(known.values()) <= {"stored", "released"}


def test_no_second_is_unexplained_and_the_whole_is_clean(story: Story) -> None:
    for camera in story.cameras:
        found = story.installation.run("footage", "coverage", camera, "--from", "-1h", "--to", "now")
        assert found["unknown_s"] == 0
        assert {g["cause"] for g in found["gaps"]} <= {"gateway-down", "camera-unreachable", "stream-stalled"}
    assert story.installation.run("check", "--depth", "hash")["findings"] == []
