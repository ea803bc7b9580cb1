"""Sealed segments and gap records reach the catalogue exactly once, whatever happens in between."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from support.gateway_rig import MINUTE_US, START_US, Rig

from camera_gateway.catalogue.gaps import gaps_in_span
from camera_gateway.catalogue.garbage import pending_garbage
from camera_gateway.catalogue.segments import mark_intended, mark_put, mark_released, mark_stored
from camera_gateway.clock import US
from camera_gateway.domain.footage import GapCause, SegmentState
from camera_gateway.domain.ids import CameraId
from camera_gateway.errors import Unavailable
from camera_gateway.intake.recovering import recover

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.footage import Sidecar
    from storage.spool import Entry


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with Rig(tmp_path / "data") as made:
        yield made


def store_segment(rig: Rig, sidecar: Sidecar) -> None:
    def work(tx: Transaction) -> None:
        mark_intended(tx, sidecar.segment, "v1/k", None, None, "default")
        mark_put(tx, sidecar.segment, "m1")
        mark_stored(tx, sidecar.segment, "m1", locked=False)

    rig.books.write(work)


def test_a_sealed_segment_gets_its_row_once_however_often_one_looks(rig: Rig) -> None:
    sidecar = rig.seal(rig.cameras[0], 0)
    intake = rig.intake()
    assert intake.take(full=True).segments == 1
    assert intake.take(full=True).segments == 0
    assert intake.take(full=False).segments == 0
    rig.restart()
    rig.take()
    row = rig.row(sidecar.segment)
    assert (row.sidecar, row.state) == (sidecar, SegmentState.SPOOLED)
    assert row.spool_path == f"{sidecar.camera}/{sidecar.segment}.mp4"
    assert len(rig.seen.of("taken")) == 1


def test_a_part_that_grows_is_left_alone(rig: Rig) -> None:
    part = rig.spool.begin(rig.cameras[0], "run-000000")
    part.write(b"growing")
    assert not rig.intake().take(full=True).anything
    part.leave()
    assert rig.files() == {"cam-01/run-000000.part"}


def test_many_segments_go_in_several_batches(rig: Rig) -> None:
    for camera in rig.cameras:
        for number in range(120):
            rig.seal(camera, number, b"x")
    assert rig.intake().take(full=True).segments == 240


def test_a_gap_record_leaves_the_spool_only_after_its_row(rig: Rig) -> None:
    camera = rig.cameras[0]
    record = rig.put_gap(camera, "gap-1", START_US, START_US + MINUTE_US)
    assert rig.intake().take(full=True).gaps == 1
    assert rig.books.read(lambda tx: gaps_in_span(tx, camera, START_US, START_US + 1)) == [record]
    assert rig.files() == set()
    assert rig.books.read(pending_garbage) == []


def test_a_gap_record_that_comes_twice_counts_once_and_goes_again(rig: Rig) -> None:
    for _ in range(2):
        rig.put_gap(rig.cameras[0], "gap-1", START_US, START_US + MINUTE_US)
        rig.take()
    assert len(rig.seen.of("gap")) == 1
    assert rig.files() == set()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"segment": "another-000000"}, "another segment"),
        ({"camera": "cam-02"}, "another segment"),
        ({"size_bytes": 7}, "its sidecar says 7"),
        ({"end_us": START_US - 1}, "impossible times"),
        ({"institution": "other"}, "belongs to kg-12"),
    ],
)
def test_a_segment_that_contradicts_itself_is_set_aside_with_the_reason(
    rig: Rig, changes: dict[str, Any], reason: str
) -> None:
    camera = rig.cameras[0]
    from_sidecar = rig.sidecar(camera, 0, b"data")
    part = rig.spool.begin(camera, from_sidecar.segment)
    part.write(b"data")
    wrong = replace(from_sidecar, **changes)
    part.seal(lambda _facts: wrong.to_bytes())
    assert rig.intake().take(full=True).set_aside == 1
    assert rig.files() == set()
    ((_, where, told),) = rig.seen.of("set-aside")
    assert where == f"{camera}/{from_sidecar.segment}.mp4"
    assert reason in told
    assert f"{from_sidecar.segment}.mp4" in rig.quarantined()
    assert rig.rows() == []


def test_a_damaged_sidecar_an_unknown_camera_and_a_strange_file_are_set_aside(rig: Rig) -> None:
    camera = rig.cameras[0]
    part = rig.spool.begin(camera, "torn-000000")
    part.write(b"data")
    part.seal(lambda _facts: b"{not json")
    rig.seal(CameraId("stranger"), 0)
    (rig.data_dir / "spool" / camera / "holiday.jpg").write_bytes(b"?")
    os.utime(rig.data_dir / "spool" / camera / "holiday.jpg", (1, 1))
    rig.seal(camera, 1)
    taken = rig.intake().take(full=True)
    assert (taken.set_aside, taken.segments) == (3, 1)


def test_other_bytes_under_a_known_id_are_set_aside(rig: Rig) -> None:
    sidecar = rig.seal(rig.cameras[0], 0)
    rig.take()
    (rig.data_dir / "spool" / f"{sidecar.camera}/{sidecar.segment}.mp4").unlink()
    (rig.data_dir / "spool" / f"{sidecar.camera}/{sidecar.segment}.json").unlink()
    rig.seal(rig.cameras[0], 0, b"other bytes")
    rig.take()
    assert rig.row(sidecar.segment).sidecar == sidecar
    assert "known with other bytes" in rig.seen.of("set-aside")[0][2]


def test_a_file_that_came_back_after_its_release_becomes_garbage(rig: Rig) -> None:
    sidecar = rig.seal(rig.cameras[0], 0)
    rig.take()
    store_segment(rig, sidecar)
    rig.books.write(lambda tx: mark_released(tx, sidecar.segment))
    recover(rig.books, rig.spool, rig.clock, rig.seen)
    assert rig.files() == set()
    rig.seal(rig.cameras[0], 0)  # a file system check brought it back
    rig.take()
    recover(rig.books, rig.spool, rig.clock, rig.seen)
    assert rig.files() == set()
    assert rig.state(sidecar.segment) is SegmentState.RELEASED


def test_a_release_cut_short_is_finished_at_the_next_start(rig: Rig) -> None:
    sidecar = rig.seal(rig.cameras[0], 0)
    rig.take()
    store_segment(rig, sidecar)
    rig.books.write(lambda tx: mark_released(tx, sidecar.segment))
    (rig.data_dir / "spool" / f"{sidecar.camera}/{sidecar.segment}.mp4").unlink()  # killed before the sidecar went
    rig.restart()
    assert recover(rig.books, rig.spool, rig.clock, rig.seen).garbage == 1
    assert rig.files() == set()
    assert rig.books.read(pending_garbage) == []


@pytest.mark.parametrize("damage", ["missing", "short"])
def test_a_row_whose_bytes_are_gone_becomes_a_gap_at_the_start(rig: Rig, damage: str) -> None:
    good, bad = rig.seal(rig.cameras[0], 0), rig.seal(rig.cameras[0], 1)
    rig.take()
    path = rig.data_dir / "spool" / f"{bad.camera}/{bad.segment}.mp4"
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(b"torn")
    rig.restart()
    assert recover(rig.books, rig.spool, rig.clock, rig.seen).lost == 1
    assert (rig.state(good.segment), rig.state(bad.segment)) == (SegmentState.SPOOLED, SegmentState.LOST)
    (gap,) = rig.books.read(lambda tx: gaps_in_span(tx, bad.camera, bad.start_us, bad.end_us))
    assert (gap.cause, gap.start_us, gap.end_us) == (GapCause.INTEGRITY_FAILED, bad.start_us, bad.end_us)
    assert recover(rig.books, rig.spool, rig.clock, rig.seen).lost == 0
    assert rig.files() == {f"{good.camera}/{good.segment}.mp4", f"{good.camera}/{good.segment}.json"}


def test_a_damaged_copy_of_a_stored_segment_is_dropped_and_nothing_is_lost(rig: Rig) -> None:
    sidecar = rig.seal(rig.cameras[0], 0)
    rig.take()
    store_segment(rig, sidecar)
    (rig.data_dir / "spool" / f"{sidecar.camera}/{sidecar.segment}.mp4").write_bytes(b"torn")
    found = recover(rig.books, rig.spool, rig.clock, rig.seen)
    assert (found.copies_dropped, found.lost) == (1, 0)
    assert rig.state(sidecar.segment) is SegmentState.RELEASED
    assert rig.files() == set()


def test_a_missing_file_that_the_store_may_have_is_left_to_the_uploader(rig: Rig) -> None:
    sidecar = rig.seal(rig.cameras[0], 0)
    rig.take()
    rig.books.write(lambda tx: mark_intended(tx, sidecar.segment, "v1/k", None, None, "default"))
    (rig.data_dir / "spool" / f"{sidecar.camera}/{sidecar.segment}.mp4").unlink()
    assert recover(rig.books, rig.spool, rig.clock, rig.seen).left_to_upload == 1
    assert rig.state(sidecar.segment) is SegmentState.INTENDED


def test_a_quick_look_passes_over_queues_in_which_nothing_changed(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.seal(rig.cameras[0], 0)
    rig.seal(rig.cameras[1], 0)
    intake = rig.intake()
    scanned: list[str | None] = []
    plain = rig.spool.scan

    def scan(queue: str | None = None) -> Iterator[Entry]:
        scanned.append(queue)
        return plain(queue)

    monkeypatch.setattr(rig.spool, "scan", scan)
    intake.take(full=False)
    wait(rig, 4 * US)
    intake.take(full=False)
    scanned.clear()
    wait(rig, US)
    assert not intake.take(full=False).anything
    assert scanned == []
    rig.seal(rig.cameras[1], 1)
    assert intake.take(full=False).segments == 1
    assert scanned == [rig.cameras[1]]
    scanned.clear()
    intake.take(full=True)
    assert scanned == rig.cameras


def test_a_salvaged_segment_with_old_bytes_is_taken_by_a_quick_look(rig: Rig) -> None:
    rig.seal(rig.cameras[0], 0)
    rig.clock.step_wall(time.time_ns() // 1000 - rig.clock.now_us())  # noqa: TID251 - compared with file times
    intake = rig.intake()
    intake.take(full=True)
    sidecar = rig.seal(rig.cameras[0], 1)
    os.utime(rig.data_dir / "spool" / sidecar.camera / f"{sidecar.segment}.mp4", (1, 1))
    assert intake.take(full=False).segments == 1


def test_a_look_that_failed_is_made_again(rig: Rig) -> None:
    rig.seal(rig.cameras[0], 0)
    intake = rig.intake()
    intake.take(full=False)
    wait(rig, 4 * US)
    intake.take(full=False)
    sidecar = rig.seal(rig.cameras[0], 1)
    plain = rig.books.write

    def fail(*_args: object, **_kwargs: object) -> None:
        raise Unavailable("disk full")

    rig.books.write = fail  # type: ignore[assignment]
    with pytest.raises(Unavailable):
        intake.take(full=False)
    rig.books.write = plain  # type: ignore[method-assign]
    assert intake.take(full=False).segments == 1
    assert rig.state(sidecar.segment) is SegmentState.SPOOLED


def wait(rig: Rig, us: int) -> None:
    """Let time pass on the held clock, without an event loop."""
    rig.clock._mono += us
    rig.clock._wall += us
