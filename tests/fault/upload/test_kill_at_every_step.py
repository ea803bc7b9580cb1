"""kill -9 between any two steps of a segment's way: nothing lost, nothing twice (D2, D5, U1 to U5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.fuses import Fuse, FusedBooks, FusedFiles, FusedStore, Killed
from support.gateway_rig import Rig

from camera_gateway.catalogue.garbage import pending_garbage
from camera_gateway.domain.footage import SegmentState
from camera_gateway.intake.recovering import recover
from camera_gateway.intake.taking import Intake
from camera_gateway.upload.release import release_due
from storage.spool import Spool

if TYPE_CHECKING:
    from pathlib import Path

    from camera_gateway.domain.footage import Sidecar

WAYS = 64
"""More steps than the way has: the last ones run through without a crash."""


def live(rig: Rig, fuse: Fuse) -> None:
    """What `serve` does in its life: recover, take, upload, release; every step on the fuse."""
    books = FusedBooks(rig.books, fuse)
    with Spool.open(
        rig.data_dir / "spool", owner=rig.catalogue.identity, exclusive=False, files=FusedFiles(fuse)
    ) as spool:
        recover(books, spool, rig.clock, rig.seen)
        Intake(books, spool, rig.clock, rig.seen).take(full=True)
        store: Any = FusedStore(rig.store, fuse)
        transfer = rig.transfer(store, books=books, spool=spool)
        for row in rig.rows():
            transfer.advance(row.sidecar.segment)
        release_due(books, spool, rig.clock, 0)


def assert_stored_once(rig: Rig, sidecar: Sidecar, data: bytes) -> None:
    row = rig.row(sidecar.segment)
    assert row.state is SegmentState.RELEASED
    assert row.key is not None
    versions = [v for v in rig.store.list_versions("v1/") if v.key == row.key]
    assert [v.version_id for v in versions] == [row.version_id]
    assert b"".join(rig.store.get(row.key)) == data
    assert rig.store.head(row.key).lock == rig.lock_of(sidecar)


@pytest.mark.parametrize("blow_at", range(WAYS))
def test_a_kill_at_any_step_loses_nothing_and_doubles_nothing(tmp_path: Path, blow_at: int) -> None:
    with Rig(tmp_path / "data", cameras=1) as rig:
        data = bytes(range(256)) * 8
        sidecar = rig.seal(rig.cameras[0], 0, data)
        rig.put_gap(rig.cameras[0], "gap-1", sidecar.end_us, sidecar.end_us + 1)
        fuse = Fuse(blow_at)
        try:
            live(rig, fuse)
        except Killed:
            rig.restart()
            live(rig, Fuse())
        assert_stored_once(rig, sidecar, data)
        assert rig.files() == set()
        assert rig.books.read(pending_garbage) == []
        assert rig.seen.of("alarm") == []


def test_the_enumeration_covers_the_whole_way(tmp_path: Path) -> None:
    with Rig(tmp_path / "data", cameras=1) as rig:
        rig.seal(rig.cameras[0], 0)
        rig.put_gap(rig.cameras[0], "gap-1", 0, 1)
        fuse = Fuse()
        live(rig, fuse)
    assert len(fuse.steps) <= WAYS
    assert {"after store.put", "after store.head", "after commit", "after unlink .mp4"} <= set(fuse.steps)


@pytest.mark.parametrize("second", range(0, 30, 3))
def test_a_second_kill_during_the_repair_is_repaired_as_well(tmp_path: Path, second: int) -> None:
    for first in range(6, 26, 5):
        with Rig(tmp_path / f"data-{first}", cameras=1) as rig:
            data = b"footage" * 100
            sidecar = rig.seal(rig.cameras[0], 0, data)
            for blow_at in (first, second):
                try:
                    live(rig, Fuse(blow_at))
                except Killed:
                    rig.restart()
            live(rig, Fuse())
            assert_stored_once(rig, sidecar, data)
