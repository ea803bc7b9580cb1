"""A hold of many segments: the store is asked by several threads at a time, and by no more."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from support.retention_rig import RetentionRig

from camera_gateway.catalogue import holds as hold_rows
from camera_gateway.retention.holding import STORE_THREADS
from storage.errors import Transient

if TYPE_CHECKING:
    from pathlib import Path

SEGMENTS = 4 * STORE_THREADS


class Counting:
    """A store that lets the first holds wait for each other, and counts how many are asked for at a time."""

    def __init__(self, store: Any) -> None:  # noqa: ANN401 - a store
        self._store = store
        self._together = threading.Barrier(STORE_THREADS)
        self._mutex = threading.Lock()
        self._now = self.most = self.asked = 0

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - what the store has
        return getattr(self._store, name)

    def place_hold(self, key: str, version_id: str) -> None:
        with self._mutex:
            self._now += 1
            self.asked += 1
            self.most = max(self.most, self._now)
        self._together.wait(20)
        self._store.place_hold(key, version_id)
        with self._mutex:
            self._now -= 1


def test_a_hold_of_many_segments_is_placed_by_several_threads_and_no_more(tmp_path: Path) -> None:
    with RetentionRig(tmp_path, cameras=1) as rig:
        sidecars = [rig.store_at(rig.cameras[0], number) for number in range(SEGMENTS)]
        hold = rig.order_hold(rig.cameras[0], sidecars[0].start_us, sidecars[-1].end_us)
        counting = Counting(rig.store)
        found = rig.keeper(store=counting).put_in_force(hold)
        assert (found.segments, found.findings) == (SEGMENTS, [])
        assert (counting.most, counting.asked) == (STORE_THREADS, SEGMENTS)
        for sidecar in sidecars:
            row = rig.row(sidecar.segment)
            assert rig.store.head(row.key or "", row.version_id).hold
        assert [hold.number for hold in rig.books.read(hold_rows.unfinished_holds)] == []


def test_a_store_that_fails_in_the_middle_leaves_the_hold_to_be_finished(tmp_path: Path) -> None:
    class Failing(Counting):
        def place_hold(self, key: str, version_id: str) -> None:
            with self._mutex:
                self.asked += 1
                failing = self.asked > STORE_THREADS
            if failing:
                raise Transient("reset")
            self._store.place_hold(key, version_id)

    with RetentionRig(tmp_path, cameras=1) as rig:
        sidecars = [rig.store_at(rig.cameras[0], number) for number in range(SEGMENTS)]
        hold = rig.order_hold(rig.cameras[0], sidecars[0].start_us, sidecars[-1].end_us)
        with pytest.raises(Transient):
            rig.keeper(store=Failing(rig.store)).put_in_force(hold)
        assert [one.number for one in rig.books.read(hold_rows.unfinished_holds)] == [hold.number]
        assert rig.keeper().finish() == []
        assert rig.books.read(hold_rows.unfinished_holds) == []
        assert list(rig.keeper().drift()) == []
