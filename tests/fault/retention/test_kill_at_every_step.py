"""kill -9 between any two steps of a sweep, of placing or of lifting a hold; and each beside the other (R1, R3, R5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.fuses import Fuse, FusedBooks, FusedFiles, FusedStore, Killed
from support.gateway_rig import START_US
from support.retention_rig import RetentionRig

from camera_gateway.catalogue import holds as hold_rows
from camera_gateway.catalogue import tombstones as tombstone_rows
from camera_gateway.catalogue.garbage import pending_garbage
from camera_gateway.domain.footage import SegmentState
from storage.errors import Missing
from storage.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from camera_gateway.domain.footage import Sidecar
    from camera_gateway.retention.holding import InForce

SEGMENTS = 3
SWEEP_STEPS = 50
HOLD_STEPS = 16
"""More steps than the ways have: the last ones run through."""


def old_footage(rig: RetentionRig) -> list[Sidecar]:
    """Three segments past their time: stored, one of them with its spool copy still there; and one never uploaded."""
    camera = rig.cameras[0]
    stored = [rig.store_at(camera, number) for number in range(SEGMENTS)]
    waiting = rig.seal_at(camera, SEGMENTS)
    rig.take()
    rig.days(13)
    return [*stored, waiting]


def sweep(rig: RetentionRig, fuse: Fuse) -> None:
    store: Any = FusedStore(rig.store, fuse)
    with Spool.open(
        rig.data_dir / "spool", owner=rig.catalogue.identity, exclusive=False, files=FusedFiles(fuse)
    ) as spool:
        rig.sweep(books=FusedBooks(rig.books, fuse), store=store, spool=spool)


@pytest.mark.parametrize("blow_at", range(SWEEP_STEPS))
def test_a_kill_at_any_step_of_a_sweep_is_completed_by_the_next(tmp_path: Path, blow_at: int) -> None:
    with RetentionRig(tmp_path / "data", cameras=1) as rig:
        footage = old_footage(rig)
        try:
            sweep(rig, Fuse(blow_at))
        except Killed:
            # whatever is gone has had its tombstone before
            present = rig.versions()
            for sidecar in footage[:SEGMENTS]:
                row = rig.row(sidecar.segment)
                assert row.key in present or row.state is SegmentState.EXPIRED
            rig.restart()
            sweep(rig, Fuse())
        assert rig.versions() == set()
        assert rig.files() == set()
        assert rig.books.read(pending_garbage) == []
        assert all(rig.state(sidecar.segment) is SegmentState.EXPIRED for sidecar in footage)
        tombstones = rig.books.read(lambda tx: tombstone_rows.in_span(tx, rig.cameras[0], 0, 1 << 62))
        assert [t.sha256 for t in tombstones] == [sidecar.sha256 for sidecar in footage]
        assert all(t.confirmed_us is not None for t in tombstones)
        assert rig.catalogue.quick_check() is None


def test_the_enumeration_covers_the_whole_sweep(tmp_path: Path) -> None:
    with RetentionRig(tmp_path / "data", cameras=1) as rig:
        old_footage(rig)
        fuse = Fuse()
        sweep(rig, fuse)
        fuse_of_hold, fuse_of_upload = Fuse(), Fuse()
        fused_keeper(rig, fuse_of_hold).put_in_force(rig.order_hold(rig.cameras[0], START_US, None))
        store: Any = FusedStore(rig.store, fuse_of_upload)
        sidecar = rig.seal_at(rig.cameras[0], 20_000)
        rig.take()
        rig.retaining_transfer(store=store, books=FusedBooks(rig.books, fuse_of_upload)).advance(sidecar.segment)
    assert len(fuse.steps) <= SWEEP_STEPS
    assert len(fuse_of_hold.steps) <= HOLD_STEPS
    assert len(fuse_of_upload.steps) <= HOLD_STEPS
    assert {"after commit", "after store.delete_version", "after store.list_versions", "after unlink .mp4"} <= set(
        fuse.steps
    )


def fused_keeper(rig: RetentionRig, fuse: Fuse) -> Any:  # noqa: ANN401 - of the rig, with fuses
    return rig.keeper(books=FusedBooks(rig.books, fuse), store=FusedStore(rig.store, fuse))


@pytest.mark.parametrize("blow_at", range(HOLD_STEPS))
def test_a_kill_at_any_step_of_placing_a_hold_leaves_it_in_force_and_is_completed(tmp_path: Path, blow_at: int) -> None:
    with RetentionRig(tmp_path / "data", cameras=1) as rig:
        footage = old_footage(rig)
        hold = rig.order_hold(rig.cameras[0], START_US, None)
        try:
            fused_keeper(rig, Fuse(blow_at)).put_in_force(hold)
        except Killed:
            rig.restart()
            assert rig.plan().going == ()
            assert rig.keeper().finish() == []
        for sidecar in footage[:SEGMENTS]:
            assert rig.store.head(rig.row(sidecar.segment).key or "").hold
        assert rig.books.read(hold_rows.unfinished_holds) == []
        assert list(rig.keeper().drift(everything=True)) == []


@pytest.mark.parametrize("blow_at", range(HOLD_STEPS))
def test_a_kill_at_any_step_of_lifting_a_hold_is_completed_and_the_other_hold_stays(
    tmp_path: Path, blow_at: int
) -> None:
    with RetentionRig(tmp_path / "data", cameras=1) as rig:
        footage = old_footage(rig)
        first, _ = rig.place_hold(rig.cameras[0], START_US, None)
        rig.place_hold(rig.cameras[0], footage[1].start_us, footage[1].end_us)
        lifted = rig.books.write(lambda tx: hold_rows.lift_hold(tx, first.number, reason="r", approved_by="token:d"))
        try:
            fused_keeper(rig, Fuse(blow_at)).take_off(lifted)
        except Killed:
            rig.restart()
            rig.keeper().finish()
        held = [rig.store.head(rig.row(sidecar.segment).key or "").hold for sidecar in footage[:SEGMENTS]]
        assert held == [False, True, False]
        assert list(rig.keeper().drift(everything=True)) == []


class Interrupting(Fuse):
    """Does something else, once, at a chosen step."""

    def __init__(self, at: int, work: Callable[[], None]) -> None:
        super().__init__()
        self._at = at
        self._work = work

    def _burn(self, what: str) -> None:
        self.steps.append(what)
        if len(self.steps) == self._at + 1:
            self._work()


def assert_the_hold_told_the_truth(rig: RetentionRig, footage: list[Sidecar], placed: InForce) -> None:
    """What the answer does not call gone is there, held and known; what it calls gone has its tombstone."""
    gone = [span for spans in placed.gone.values() for span in spans]
    for sidecar in footage:
        is_gone = any(start <= sidecar.start_us and sidecar.end_us <= end for start, end in gone)
        row = rig.row(sidecar.segment)
        assert (row.state is SegmentState.EXPIRED) == is_gone
        if row.key is not None:
            assert (row.key in rig.versions()) != is_gone
            assert is_gone or rig.store.head(row.key).hold
        else:
            assert is_gone or row.spool_path in rig.files()


@pytest.mark.parametrize("at", range(30))
def test_a_hold_that_comes_at_any_step_of_a_sweep_wins_or_says_what_is_gone(tmp_path: Path, at: int) -> None:
    with RetentionRig(tmp_path / "data", cameras=1) as rig:
        footage = old_footage(rig)
        placed: list[InForce] = []

        def place() -> None:
            placed.append(rig.place_hold(rig.cameras[0], START_US, None)[1])

        plan = rig.plan()
        fuse = Interrupting(at, place)
        store: Any = FusedStore(rig.store, fuse)
        rig.sweep(plan, books=FusedBooks(rig.books, fuse), store=store)
        if not placed:
            place()
        assert rig.sweeper().finish().findings == []
        assert_the_hold_told_the_truth(rig, footage, placed[0])
        assert list(rig.keeper().drift(everything=True)) == []


def test_a_hold_between_tombstone_and_deletion_takes_the_footage_back(tmp_path: Path) -> None:
    with RetentionRig(tmp_path / "data", cameras=1) as rig:
        footage = old_footage(rig)
        placed: list[InForce] = []
        fuse = Interrupting(
            1, lambda: placed.append(rig.place_hold(rig.cameras[0], START_US, None)[1])
        )  # after the commit
        store: Any = FusedStore(rig.store, fuse)
        rig.sweep(books=FusedBooks(rig.books, fuse), store=store)
        assert placed[0].taken_back == SEGMENTS
        assert placed[0].gone_us == footage[-1].end_us - footage[-1].start_us  # what was never uploaded
        assert [rig.state(sidecar.segment) for sidecar in footage[:SEGMENTS]] == [SegmentState.RELEASED] * SEGMENTS


@pytest.mark.parametrize("at", range(HOLD_STEPS))
def test_a_sweep_that_comes_at_any_step_of_placing_a_hold_deletes_nothing(tmp_path: Path, at: int) -> None:
    with RetentionRig(tmp_path / "data", cameras=1) as rig:
        footage = old_footage(rig)
        plan = rig.plan()
        hold = rig.order_hold(rig.cameras[0], START_US, None)
        fuse = Interrupting(at, lambda: assert_nothing_goes(rig, plan))
        placed = fused_keeper(rig, fuse).put_in_force(hold)
        assert placed.gone == {}
        assert_the_hold_told_the_truth(rig, footage, placed)


def assert_nothing_goes(rig: RetentionRig, plan: Any) -> None:  # noqa: ANN401 - a plan
    swept = rig.sweep(plan)
    assert swept.segments == 0
    assert all("held by hold-1" in reason for reason in swept.skipped.values())


@pytest.mark.parametrize("at", range(HOLD_STEPS))
def test_a_hold_that_comes_at_any_step_of_an_upload_finds_the_object_held(tmp_path: Path, at: int) -> None:
    with RetentionRig(tmp_path / "data", cameras=1) as rig:
        sidecar = rig.seal_at(rig.cameras[0], 0)
        rig.take()
        done: list[object] = []

        def place() -> None:
            done.append(rig.place_hold(rig.cameras[0], START_US, None))

        fuse = Interrupting(at, place)
        store: Any = FusedStore(rig.store, fuse)
        rig.retaining_transfer(store=store, books=FusedBooks(rig.books, fuse)).advance(sidecar.segment)
        if not done:
            place()
        assert rig.state(sidecar.segment) is SegmentState.STORED
        assert rig.store.head(rig.row(sidecar.segment).key or "").hold


def test_a_hold_placed_before_the_footage_exists_is_on_the_object_before_it_counts_as_stored(tmp_path: Path) -> None:
    with RetentionRig(tmp_path / "data", cameras=2) as rig:
        rig.place_hold(None, START_US, None)
        fuse = Fuse()
        store: Any = FusedStore(rig.store, fuse)
        sidecar = rig.seal_at(rig.cameras[1], 5)
        rig.take()
        rig.retaining_transfer(store=store, books=FusedBooks(rig.books, fuse)).advance(sidecar.segment)
        assert fuse.steps[-4:] == ["before store.place_hold", "after store.place_hold", "before commit", "after commit"]
        assert rig.state(sidecar.segment) is SegmentState.STORED
        rig.days(400)
        assert rig.plan().going == ()
        with pytest.raises(Missing):
            rig.store.head("v1/nothing")
