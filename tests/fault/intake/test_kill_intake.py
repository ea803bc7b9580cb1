"""kill -9 between any two steps of intake: each segment one row, each gap record one row, nothing deleted unread."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from support.fuses import Fuse, FusedBooks, FusedFiles, Killed
from support.gateway_rig import MINUTE_US, START_US, Rig

from camera_gateway.catalogue.gaps import gaps_in_span
from camera_gateway.catalogue.garbage import pending_garbage
from camera_gateway.domain.footage import SegmentState
from camera_gateway.intake.recovering import recover
from camera_gateway.intake.taking import Intake
from storage.spool import Spool

if TYPE_CHECKING:
    from pathlib import Path

WAYS = 40


def live(rig: Rig, fuse: Fuse) -> None:
    files = FusedFiles(fuse)
    books = FusedBooks(rig.books, fuse)
    with Spool.open(rig.data_dir / "spool", owner=rig.catalogue.identity, exclusive=False, files=files) as spool:
        recover(books, spool, rig.clock, rig.seen)
        Intake(books, spool, rig.clock, rig.seen).take(full=True)


def prepare(rig: Rig) -> None:
    """A known segment whose file is torn, two new segments, two gap records and a stranger."""
    rig.seal(rig.cameras[0], 0)
    rig.take()
    (rig.data_dir / "spool" / "cam-01" / "runcam01-000000.mp4").write_bytes(b"torn")
    for camera in rig.cameras:
        rig.seal(camera, 1)
        rig.put_gap(camera, f"gap-{camera}", START_US + 2 * MINUTE_US, START_US + 3 * MINUTE_US)
    part = rig.spool.begin(rig.cameras[1], "stranger-000000")
    part.seal(lambda _facts: b"{}")


@pytest.mark.parametrize("blow_at", range(WAYS))
def test_a_kill_at_any_step_of_intake_is_repaired_by_the_next_start(tmp_path: Path, blow_at: int) -> None:
    with Rig(tmp_path / "data") as rig:
        prepare(rig)
        try:
            live(rig, Fuse(blow_at))
        except Killed:
            rig.restart()
            for path in rig.files():  # what is half set aside is looked at again when it is old enough
                os.utime(rig.data_dir / "spool" / path, (0, 0))
            live(rig, Fuse())
        states = {row.sidecar.segment: row.state for row in rig.rows()}
        assert states == {
            "runcam01-000000": SegmentState.LOST,
            "runcam01-000001": SegmentState.SPOOLED,
            "runcam02-000001": SegmentState.SPOOLED,
        }
        for camera in rig.cameras:
            records = rig.books.read(lambda tx, who=camera: gaps_in_span(tx, who, 0, 1 << 60))  # type: ignore[misc]
            assert [record.gap for record in records if record.gap.startswith("gap-")] == [f"gap-{camera}"]
        assert rig.files() == {
            f"{camera}/run{camera.replace('-', '')}-000001.{ending}"
            for camera in rig.cameras
            for ending in ("mp4", "json")
        }
        assert "stranger-000000.mp4" in rig.quarantined()
        assert rig.books.read(pending_garbage) == []


def test_the_enumeration_covers_the_whole_way(tmp_path: Path) -> None:
    with Rig(tmp_path / "data") as rig:
        prepare(rig)
        fuse = Fuse()
        live(rig, fuse)
    assert 10 < len(fuse.steps) <= WAYS
