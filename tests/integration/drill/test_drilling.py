"""Drills on a real catalogue, with real video in a store that loses, damages and refuses."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest
from support.clips import fragmented, h264_clip
from support.gateway_rig import Rig

from camera_gateway.catalogue.gaps import gaps_in_span
from camera_gateway.domain.footage import GapCause, SegmentState
from camera_gateway.domain.people import SYSTEM
from camera_gateway.footage.drill import Drilled, Driller, draw
from storage.blobs import Chunks
from storage.errors import Missing, Transient

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from camera_gateway.domain.footage import Sidecar

CLIP = fragmented(h264_clip(frames=25)).data


class Troubled:
    """A store whose answers to `get` are made worse, key by key."""

    def __init__(self, store: Any) -> None:  # noqa: ANN401 - any store
        self._store = store
        self.answers: dict[str, Any] = {}
        self.asked: list[str] = []

    def get(self, key: str, *, version_id: str | None = None) -> Chunks:
        self.asked.append(key)
        answer = self.answers.get(key)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, bytes):
            return Chunks([answer], length=len(answer))
        chunks: Chunks = self._store.get(key, version_id=version_id)
        return chunks


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with Rig(tmp_path, cameras=1) as made:
        yield made


def store_all(rig: Rig, number: int, *, spooled: bool = False) -> list[Sidecar]:
    """Seal, take in and store so many segments of real video; the bytes of each are its own."""
    sidecars = []
    for index in range(number):
        free = b"\0\0\0\x0cfree" + index.to_bytes(4, "big")
        sidecars.append(rig.seal(rig.cameras[0], index, CLIP + free))
    rig.take()
    transfer = rig.transfer()
    for sidecar in sidecars:
        transfer.advance(sidecar.segment)
    assert {row.state for row in rig.rows()} == {SegmentState.STORED}
    if not spooled:
        for sidecar in sidecars:
            rig.spool.path_of(rig.cameras[0], sidecar.segment, ".mp4").unlink()
    return sidecars


def key(rig: Rig, sidecar: Sidecar) -> str:
    found: str | None = rig.row(sidecar.segment).key
    assert found is not None
    return found


def drill(rig: Rig, store: Any = None, number: int = 50) -> Drilled:  # noqa: ANN401 - any store
    return Driller(rig.books, store or rig.store, rig.spool, rig.data_dir).run(draw(rig.books, "seed", number))


def gap_causes(rig: Rig) -> list[GapCause]:
    return [gap.cause for gap in rig.books.read(lambda tx: gaps_in_span(tx, rig.cameras[0], 0, 1 << 60))]


def test_what_is_stored_is_fetched_hashed_and_seen(rig: Rig) -> None:
    sidecars = store_all(rig, 3)
    store = Troubled(rig.store)
    found = drill(rig, store)
    assert (found.good, found.failures, found.skipped) == (3, [], 0)
    assert found.size_bytes == sum(sidecar.size_bytes for sidecar in sidecars)
    assert len(store.asked) == 3


def test_the_population_that_was_drawn_from_has_a_digest_of_its_ids(rig: Rig) -> None:
    sidecars = store_all(rig, 5)
    lots = draw(rig.books, "seed", 2)
    ids = "".join(f"{name}\n" for name in sorted(sidecar.segment for sidecar in sidecars))
    assert (lots.population, lots.digest) == (5, hashlib.sha256(ids.encode()).hexdigest())
    assert len(lots.chosen) == 2


def test_what_is_not_stored_yet_is_not_drawn(rig: Rig) -> None:
    rig.seal(rig.cameras[0], 0, CLIP)
    rig.take()
    assert draw(rig.books, "seed", 5).chosen == ()
    assert drill(rig).ratio is None


@pytest.mark.parametrize(
    ("answer", "cause"),
    [(Missing("gone"), "missing"), (CLIP[:-1] + b"!" + b"\0\0\0\x0cfree\0\0\0\0", "sha256"), (CLIP, "size")],
)
def test_an_object_that_is_gone_or_damaged_becomes_a_gap_that_says_so(rig: Rig, answer: Any, cause: str) -> None:  # noqa: ANN401 - an error or bytes
    sidecars = store_all(rig, 3)
    store = Troubled(rig.store)
    store.answers[key(rig, sidecars[1])] = answer
    found = drill(rig, store)
    assert [(f.segment, f.cause, f.marked) for f in found.failures] == [(sidecars[1].segment, cause, True)]
    assert rig.state(sidecars[1].segment) is SegmentState.LOST
    assert gap_causes(rig) == [GapCause.INTEGRITY_FAILED]
    assert store.asked.count(key(rig, sidecars[1])) == 2, "seen twice before it is believed"


def test_a_store_that_is_away_is_a_failure_and_no_loss(rig: Rig) -> None:
    sidecars = store_all(rig, 3)
    store = Troubled(rig.store)
    store.answers[key(rig, sidecars[0])] = Transient("connection reset")
    found = drill(rig, store)
    assert [(f.cause, f.marked) for f in found.failures] == [("transient", False)]
    assert rig.state(sidecars[0].segment) is SegmentState.STORED
    assert gap_causes(rig) == []


def test_a_wrong_bucket_loses_nothing(rig: Rig) -> None:
    sidecars = store_all(rig, 4)
    store = Troubled(rig.store)
    store.answers = {key(rig, sidecar): Missing("gone") for sidecar in sidecars[1:]}
    found = drill(rig, store)
    assert [f.marked for f in found.failures] == [False] * 3
    assert {row.state for row in rig.rows()} == {SegmentState.STORED}


def test_the_last_good_copy_in_the_spool_is_never_given_up(rig: Rig) -> None:
    sidecars = store_all(rig, 3, spooled=True)
    store = Troubled(rig.store)
    store.answers[key(rig, sidecars[1])] = Missing("gone")
    found = drill(rig, store)
    assert [(f.cause, f.marked) for f in found.failures] == [("missing", False)]
    assert rig.state(sidecars[1].segment) is SegmentState.STORED
    assert rig.spool.path_of(rig.cameras[0], sidecars[1].segment, ".mp4").exists()


def test_footage_that_nobody_can_see_is_a_failure_and_no_gap(rig: Rig) -> None:
    store_all(rig, 1)
    noise = rig.seal(rig.cameras[0], 1, b"\0\0\0\x08free" * 100)
    rig.take()
    rig.transfer().advance(noise.segment)
    found = drill(rig)
    assert [(f.segment, f.cause, f.marked) for f in found.failures] == [(noise.segment, "not-mp4", False)]
    assert rig.state(noise.segment) is SegmentState.STORED


def test_a_segment_that_was_deleted_by_order_meanwhile_counts_neither_way(rig: Rig) -> None:
    sidecars = store_all(rig, 3)
    lots = draw(rig.books, "seed", 3)
    with rig.catalogue.write(SYSTEM) as tx:
        tx.connection.exec_driver_sql("UPDATE segments SET state = 'expired' WHERE segment = ?", (sidecars[0].segment,))
    found = Driller(rig.books, rig.store, rig.spool, rig.data_dir).run(lots)
    assert (found.good, found.skipped, found.failures) == (2, 1, [])
    assert found.ratio == 1.0
