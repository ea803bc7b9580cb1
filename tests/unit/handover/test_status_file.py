"""What a recorder says of itself: whole reports only, whatever lies in the directory."""

from __future__ import annotations

import json
import stat
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from camera_gateway.domain.footage import GapCause, ProbeCause
from camera_gateway.domain.ids import CameraId
from camera_gateway.errors import InvalidInput
from camera_gateway.handover.status_file import (
    CameraStatus,
    RecorderStatus,
    read_status,
    read_statuses,
    status_path,
    write_status,
)

if TYPE_CHECKING:
    from pathlib import Path

RECORDING = CameraStatus(
    camera=CameraId("hall"),
    state="recording",
    cause=None,
    probe_cause=None,
    detail="",
    since_us=1,
    last_packet_us=2,
    open_from_us=3,
    open_to_us=4,
    last_end_us=5,
    gap_from_us=None,
    fps=25.0,
    bitrate_bps=4_000_000,
    clock_offset_us=-7,
    packets_received=100,
    packets_lost=1,
    reconnects=2,
    reconnects_by_cause={"camera-closed": 2},
    timestamp_jumps=0,
    segments_sealed=9,
    video="h264 1920x1080",
    session="0123456789abcdef",
)
FAULTY = replace(
    RECORDING,
    camera=CameraId("yard"),
    state="connecting",
    cause=GapCause.CAMERA_AUTH,
    probe_cause=ProbeCause.AUTH_WRONG,
    detail="401 after Digest",
    last_packet_us=None,
    open_from_us=None,
    open_to_us=None,
    last_end_us=None,
    gap_from_us=8,
    clock_offset_us=None,
    reconnects_by_cause={},
)
STATUS = RecorderStatus(
    shard=0,
    shards=2,
    pid=4711,
    started_us=1,
    written_us=10,
    software="0.1.0",
    plan_generation=3,
    owner="owner",
    spool_free_bytes=1 << 40,
    spool_bytes=1 << 20,
    seal_seconds=0.0016,
    cameras=(RECORDING, FAULTY),
)


def test_a_status_is_read_back_equal_and_is_private(tmp_path: Path) -> None:
    path = status_path(tmp_path / "status", 0)
    write_status(path, STATUS)
    write_status(path, STATUS)
    assert read_status(path) == STATUS
    assert [each.name for each in (tmp_path / "status").iterdir()] == ["record-0.json"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_all_whole_reports_are_read_by_shard_and_everything_else_is_passed_over(tmp_path: Path) -> None:
    for shard in (10, 2, 0):
        write_status(status_path(tmp_path, shard), replace(STATUS, shard=shard))
    whole = status_path(tmp_path, 0).read_bytes()
    for number, cut in enumerate((0, 1, len(whole) // 2, len(whole) - 1)):
        (tmp_path / f"record-9{number}.json").write_bytes(whole[:cut])
    (tmp_path / "record-foreign.json").write_text('{"version": 1}')
    (tmp_path / "record-list.json").write_text("[]")
    (tmp_path / "record-binary.json").write_bytes(b"\xff\x00")
    (tmp_path / "record-newer.json").write_text(json.dumps(json.loads(whole) | {"version": 2}))
    (tmp_path / "record-directory.json").mkdir()
    (tmp_path / "record-1.json.tmp").write_bytes(whole)
    (tmp_path / "notes.json").write_bytes(whole)
    assert [status.shard for status in read_statuses(tmp_path)] == [0, 2, 10]


def test_an_absent_directory_has_no_reports(tmp_path: Path) -> None:
    assert read_statuses(tmp_path / "absent") == []


@pytest.mark.parametrize(
    "change",
    [
        {"state": "asleep"},
        {"cause": "boredom"},
        {"probe_cause": "x"},
        {"fps": None},
        {"reconnects_by_cause": {"x": "1"}},
    ],
)
def test_a_word_that_is_not_in_the_closed_lists_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    path = status_path(tmp_path, 0)
    write_status(path, STATUS)
    raw = json.loads(path.read_bytes())
    raw["cameras"][1] |= change
    path.write_text(json.dumps(raw))
    with pytest.raises(InvalidInput):
        read_status(path)
    assert read_statuses(tmp_path) == []


def test_a_reader_never_sees_half_a_report_while_it_is_replaced(tmp_path: Path) -> None:
    path = status_path(tmp_path, 0)
    reports = [replace(STATUS, written_us=number, cameras=(RECORDING,) * (1 + number % 40)) for number in range(300)]
    write_status(path, reports[0])
    seen: list[int] = []
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            (status,) = read_statuses(tmp_path)
            assert len(status.cameras) == 1 + status.written_us % 40
            seen.append(status.written_us)

    reader = threading.Thread(target=look)
    reader.start()
    for report in reports:
        write_status(path, report)
    done.set()
    reader.join()
    assert seen
    assert seen == sorted(seen)
