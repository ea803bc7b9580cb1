from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from storage.blobs import BlobInfo, Chunks, ListedBlob, Receipt, VersionInfo
from storage.checksum import sha256_of
from storage.errors import Denied, Exists, Missing, Paused, Permanent, StoreError, Transient
from storage.memory import MemoryStore
from storage.retrying import Patience, Retrying

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW_US = 1_800_000_000_000_000
DATA = b"0123456789" * 10


class FaultyStore(MemoryStore):
    """Fails as told: each call of an operation takes the next fault of its list."""

    def __init__(self) -> None:
        super().__init__(lambda: NOW_US)
        self.before: dict[str, list[StoreError | None]] = {}
        self.after: dict[str, list[StoreError | None]] = {}
        self.calls: list[str] = []
        self.break_after: list[int] = []

    def _fault(self, when: dict[str, list[StoreError | None]], operation: str) -> None:
        faults = when.get(operation)
        fault = faults.pop(0) if faults else None
        if fault is not None:
            raise fault

    def put(self, key: str, source: Path | bytes, **how: object) -> Receipt:
        self.calls.append("put")
        self._fault(self.before, "put")
        receipt = super().put(key, source, **how)  # type: ignore[arg-type]
        self._fault(self.after, "put")
        return receipt

    def head(self, key: str, version_id: str | None = None) -> BlobInfo:
        self.calls.append("head")
        self._fault(self.before, "head")
        return super().head(key, version_id)

    def get(self, key: str, *, start: int = 0, length: int | None = None, **how: object) -> Chunks:
        self.calls.append(f"get {start}")
        whole = super().get(key, start=start, length=length, **how)  # type: ignore[arg-type]
        if not self.break_after:
            return whole
        good = self.break_after.pop(0)

        def broken() -> Iterator[bytes]:
            yield b"".join(whole)[:good]
            raise Transient("reset")

        return Chunks(broken(), length=whole.length)

    def list(self, prefix: str, after: str | None = None) -> Iterator[ListedBlob]:
        for count, blob in enumerate(super().list(prefix, after)):
            if count == 2:
                self._fault(self.before, "list")
            yield blob

    def list_versions(self, prefix: str, after: str | None = None) -> Iterator[VersionInfo]:
        for count, version in enumerate(super().list_versions(prefix, after)):
            if count == 2:
                self._fault(self.before, "list")
            yield version


@pytest.fixture
def faulty() -> FaultyStore:
    return FaultyStore()


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def store(faulty: FaultyStore, pauses: list[float]) -> Retrying:
    patience = Patience(attempts=4, first_s=1.0, cap_s=3.0)
    return Retrying(faulty, patience, sleep=pauses.append, rng=random.Random(1))


def put(store: Retrying, data: bytes = DATA) -> Receipt:
    return store.put("k", data, sha256=sha256_of(data))


def test_a_transient_error_is_tried_again_after_a_pause(
    store: Retrying, faulty: FaultyStore, pauses: list[float]
) -> None:
    faulty.before["put"] = [Transient("503"), Transient("503")]
    assert put(store).size == len(DATA)
    assert faulty.calls == ["put", "put", "put"]
    assert len(pauses) == 2


def test_patience_ends_and_the_last_error_is_passed_on(
    store: Retrying, faulty: FaultyStore, pauses: list[float]
) -> None:
    faulty.before["head"] = [Transient(str(number)) for number in range(9)]
    with pytest.raises(Transient, match="3"):
        store.head("k")
    assert len(pauses) == 3


def test_pauses_grow_are_capped_and_vary() -> None:
    pauses: list[float] = []

    class Highest(random.Random):
        def uniform(self, a: float, b: float) -> float:
            assert a == 0
            return b

    faulty = FaultyStore()
    faulty.before["head"] = [Transient() for _ in range(9)]
    store = Retrying(faulty, Patience(attempts=6, first_s=1, cap_s=5), sleep=pauses.append, rng=Highest())
    with pytest.raises(Transient):
        store.head("k")
    assert pauses == [1, 2, 4, 5, 5]


@pytest.mark.parametrize("error", [Permanent("x"), Denied("x"), Missing("x"), Paused("x")])
def test_what_cannot_help_is_not_tried_again(
    store: Retrying, faulty: FaultyStore, pauses: list[float], error: StoreError
) -> None:
    faulty.before["put"] = [error]
    with pytest.raises(type(error)):
        put(store)
    assert faulty.calls == ["put"]
    assert pauses == []


def test_u5_a_put_of_unknown_fate_that_arrived_is_looked_up_and_not_sent_again(
    store: Retrying, faulty: FaultyStore
) -> None:
    faulty.after["put"] = [Transient("timeout", ambiguous=True)]
    receipt = put(store)
    assert faulty.calls == ["put", "head"]
    assert receipt.version_id == faulty.head("k").version_id
    assert len(list(faulty.list_versions("k"))) == 1


def test_u5_a_put_of_unknown_fate_that_did_not_arrive_is_sent_again(store: Retrying, faulty: FaultyStore) -> None:
    faulty.before["put"] = [Transient("timeout", ambiguous=True)]
    put(store)
    assert faulty.calls == ["put", "head", "put"]


def test_u5_when_the_look_up_fails_nothing_is_assumed(store: Retrying, faulty: FaultyStore) -> None:
    faulty.after["put"] = [Transient("timeout", ambiguous=True)]
    faulty.before["head"] = [Transient("503"), Transient("503")]
    put(store)
    assert faulty.calls == ["put", "head", "head", "head"]


def test_u5_a_late_arrival_between_the_look_up_and_the_second_put_is_ours(store: Retrying, faulty: FaultyStore) -> None:
    faulty.after["put"] = [Transient("timeout", ambiguous=True)]
    faulty.before["head"] = [Missing("not yet")]
    receipt = put(store)
    assert faulty.calls == ["put", "head", "put", "head"]
    assert receipt.size == len(DATA)


def test_u5_other_bytes_under_the_key_are_not_taken_for_ours(store: Retrying, faulty: FaultyStore) -> None:
    other = b"9" * len(DATA)
    faulty.put("k", other, sha256=sha256_of(other))
    faulty.before["put"] = [Transient("timeout", ambiguous=True)]
    with pytest.raises(Exists):
        put(store)


def test_a_first_put_that_finds_the_key_taken_is_not_explained_away(store: Retrying, faulty: FaultyStore) -> None:
    put(store)
    with pytest.raises(Exists):
        put(store)
    assert faulty.calls == ["put", "put"]


def test_a_download_that_breaks_off_is_taken_up_where_it_ended(store: Retrying, faulty: FaultyStore) -> None:
    put(store)
    faulty.break_after = [7, 20]
    with store.get("k", start=10, length=60) as chunks:
        assert chunks.length == 60
        assert b"".join(chunks) == DATA[10:70]
    assert [call for call in faulty.calls if call.startswith("get")] == ["get 10", "get 17", "get 37"]


def test_a_download_that_never_moves_ends(store: Retrying, faulty: FaultyStore) -> None:
    put(store)
    faulty.break_after = [0] * 99
    with store.get("k") as chunks, pytest.raises(Transient):
        b"".join(chunks)


def test_listings_that_break_off_tell_every_key_once(store: Retrying, faulty: FaultyStore) -> None:
    keys = [f"p/{number}" for number in range(8)]
    for key in keys:
        faulty.put(key, b"", sha256=sha256_of(b""))
    faulty.add_delete_marker("p/1")
    faulty.before["list"] = [Transient("503"), None, Transient("503")]
    assert [blob.key for blob in store.list("p/")] == [key for key in keys if key != "p/1"]
    faulty.before["list"] = [Transient("503"), Transient("503")]
    versions = [(version.key, version.is_delete_marker) for version in store.list_versions("p/")]
    assert sorted(versions) == sorted([(key, False) for key in keys] + [("p/1", True)])
    assert len(versions) == len(set(versions))
