"""The main job: ten real RTSP cameras for three minutes, every access unit in the bucket exactly once.

In the middle the service is killed, then the store is killed, then the store is silent for 45 s: recording goes on,
everything arrives afterwards, nothing twice.
"""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import av
import pytest
from support.fake_cameras import FakeCameraProcess, read_ledger
from support.installation import INSTITUTION, Installation, until

from camera_gateway.media.judge import list_packets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


KINDS = (
    *("1080p25-h264-aac", "576p10-h264", "576p25-h264-alaw", "720p25-h264-bframes-aac", "720p25-h265-ulaw"),
    *("576p10-h264", "576p25-h264-alaw", "720p25-h264-bframes-aac", "576p10-h264", "576p25-h264-alaw"),
)
"""What the cameras send: every kind of the demo's once, then again what costs little to decode."""
CAMERAS = len(KINDS)
LONG = bool(os.environ.get("CAMERA_GATEWAY_SOAK"))
"""scripts/soak asks for the long form: the store is silent for five minutes."""
SECONDS = 720 if LONG else 180
STORE_SILENT_S = 300 if LONG else 45


pytestmark = [pytest.mark.slow, pytest.mark.timeout(5 * SECONDS)]


@dataclass
class Story:
    """What happened, and what is in the bucket afterwards."""

    installation: Installation
    cameras: list[str]
    began: str
    ended: str
    ledger: list[dict[str, Any]]
    segments: dict[str, list[Path]] = field(default_factory=dict)
    versions: list[dict[str, Any]] = field(default_factory=list)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, ports: dict[str, int], clips: Path) -> Iterator[Story]:
    root = tmp_path_factory.mktemp("main")
    installation = Installation(root, segment_s=20, **ports)
    password = root / "password"
    password.write_text("p@ss/w:rd#?")
    farm = FakeCameraProcess(
        *("--clips", *(str(next(clips.glob(f"{kind}.*"))) for kind in KINDS), "--count", str(CAMERAS)),
        *("--auth", "digest", "--user", "admin", "--password-file", str(password)),
        ledger=root / "ledger.jsonl",
    )
    try:
        with farm:
            cameras = installation.add_cameras(farm.urls, username="admin", password="p@ss/w:rd#?")
            installation.start()
            until(lambda: installation.recording() == CAMERAS, 30, installation.log)
            began = time.monotonic()
            _live_through(installation, began)
            farm.stop()  # every unit that was sent has reached the recorder's kernel; none is cut off
        until(lambda: installation.recording() == 0, 30, installation.log)
        until(installation.drained, 120, installation.log)
        ledger = read_ledger(root / "ledger.jsonl")
        yield _gather(installation, cameras, ledger, root)
    finally:
        farm.stop()
        installation.kill_everything()


def _live_through(installation: Installation, began: float) -> None:
    def at(second: float) -> None:
        time.sleep(max(0.0, began + second - time.monotonic()))  # real cameras know real time only

    at(30)
    installation.kill("serve")
    at(50)
    installation.kill("store")
    at(70)
    store = installation.child("store")
    assert store is not None
    os.kill(store, signal.SIGSTOP)
    at(70 + STORE_SILENT_S)
    assert installation.recording() == CAMERAS
    os.kill(store, signal.SIGCONT)
    at(SECONDS)
    assert installation.recording() == CAMERAS


def _gather(installation: Installation, cameras: list[str], ledger: list[dict[str, Any]], root: Path) -> Story:
    times = [line["utc_us"] for line in ledger if line["event"] in {"start", "end"}]
    began, ended = (_rfc3339(us) for us in (min(times), max(times)))
    story = Story(installation, cameras, began, ended, ledger)
    for camera in cameras:
        folder = root / "bucket" / camera
        folder.mkdir(parents=True)
        for version, path in installation.download(f"v1/{INSTITUTION}/{camera}/", folder):
            story.versions.append(version)
            story.segments.setdefault(camera, []).append(path)
    return story


def _rfc3339(us: int) -> str:
    return (datetime.fromisoformat("1970-01-01T00:00:00+00:00") + timedelta(microseconds=us)).isoformat()


def _sent(story: Story, number: int, kind: str) -> list[str]:
    """Hashes of the units of one camera in the order of sending."""
    return [
        line["sha256"]
        for line in story.ledger
        if line["event"] == "unit" and line["camera"] == f"/cam/{number}" and line["track"] == kind
    ]


def _stored(path: Path, kind: str) -> list[str]:
    """Hashes of a segment's units as libav reads them; sound behind its length like a NAL unit, as in the ledger."""
    with av.open(str(path)) as container:
        packets = [bytes(p) for p in container.demux() if p.stream.type == kind and p.size]
    if kind == "audio":
        packets = [len(data).to_bytes(4, "big") + data for data in packets]
    return [hashlib.sha256(data).hexdigest() for data in packets]


@pytest.mark.parametrize("number", range(1, CAMERAS + 1))
@pytest.mark.parametrize("kind", ["video", "audio"])
def test_every_access_unit_sent_is_in_the_bucket_exactly_once_byte_for_byte(
    story: Story, number: int, kind: str
) -> None:
    stored = [unit for path in story.segments[story.cameras[number - 1]] for unit in _stored(path, kind)]
    sent = _sent(story, number, kind)
    if kind == "video":
        assert stored == sent
        assert len(sent) > SECONDS * 9
    else:
        # sound that came before the first picture has no run to belong to: at most the camera's head start
        early = len(sent) - len(stored)
        assert stored == sent[early:]
        assert early <= 2


def test_nothing_is_there_twice_and_everything_has_a_date(story: Story) -> None:
    keys = [v["Key"] for v in story.versions]
    assert len(keys) == len(set(keys)) >= CAMERAS * SECONDS // 20
    assert not any(v.get("marker") for v in story.versions)
    client = story.installation.bucket()
    head = client.head_object(Bucket="camera-gateway", Key=keys[0])
    client.close()
    assert head["ObjectLockMode"] == "GOVERNANCE"
    days = (head["ObjectLockRetainUntilDate"] - head["LastModified"]).days
    assert days in {31, 32}


@pytest.mark.parametrize("number", range(1, CAMERAS + 1))
def test_coverage_has_no_gap_and_no_unexplained_second(story: Story, number: int) -> None:
    camera = story.cameras[number - 1]
    rows = story.installation.run("footage", "list", camera, "--from", story.began, "--to", story.ended)
    found = story.installation.run("footage", "coverage", camera, "--from", rows[0]["start"], "--to", rows[-1]["end"])
    assert found["gaps"] == []
    assert found["expected_s"] == found["recorded_s"] == found["stored_s"] == found["locked_s"] >= SECONDS - 1
    whole = story.installation.run("footage", "coverage", camera, "--from", story.began, "--to", "now")
    assert whole["unknown_s"] == 0
    explained = sum(_seconds(g) for g in whole["gaps"] if g["required"])
    assert whole["recorded_s"] + explained == pytest.approx(whole["expected_s"], abs=1e-3)


def _seconds(gap: dict[str, Any]) -> float:
    return (datetime.fromisoformat(gap["to"]) - datetime.fromisoformat(gap["from"])).total_seconds()


def _complaints(path: Path) -> str:
    done = subprocess.run(
        ["nice", "-n", "5", "ffmpeg", "-nostdin", "-v", "error", "-threads", "1", "-i", str(path), "-f", "null", "-"],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr + ("" if done.returncode == 0 else f" exit {done.returncode}")


def test_ffmpeg_decodes_every_segment_alone_without_a_message(story: Story) -> None:
    paths = [path for found in story.segments.values() for path in found]
    with ThreadPoolExecutor(2) as pool:
        complaints = {p.name: text for p, text in zip(paths, pool.map(_complaints, paths), strict=True) if text}
    assert complaints == {}


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5])
def test_a_fetched_span_is_one_mp4_that_decodes_and_holds_the_same_units(
    story: Story, number: int, tmp_path: Path
) -> None:
    camera = story.cameras[number - 1]
    rows = story.installation.run("footage", "list", camera, "--from", story.began, "--to", story.ended)
    start = datetime.fromisoformat(rows[1]["start"]) + timedelta(seconds=3)
    end = datetime.fromisoformat(rows[3]["start"]) + timedelta(seconds=3)
    target = tmp_path / "span.mp4"
    report = story.installation.run(
        "footage", "fetch", camera, "--from", start.isoformat(), "--to", end.isoformat(), "-o", str(target)
    )
    assert report["missing"] == []
    assert _complaints(target) == ""
    packets = [p for p in list_packets(str(target)) if p.kind == "video"]
    units = _sent(story, number, "video")
    first = units.index(packets[0].sha256)
    # the clip loops: find where in the whole sequence the span lies
    hashes = [p.sha256 for p in packets]
    places = [n for n in range(first, len(units)) if units[n : n + len(hashes)] == hashes]
    assert places
    gop_s = 4
    seconds = float(packets[-1].presentation_s + packets[-1].duration_s - packets[0].presentation_s)
    assert (end - start).total_seconds() - 0.2 <= seconds <= (end - start).total_seconds() + 2 * gop_s


def test_the_whole_is_clean_down_to_every_byte(story: Story) -> None:
    found = story.installation.run("check", "--depth", "hash")
    assert found["findings"] == []
