from __future__ import annotations

import pytest

from storage.checksum import sha256_of
from storage.errors import Exists, Missing
from storage.memory import MemoryStore
from storage.observed import Observation, Observed


@pytest.fixture
def seen() -> list[Observation]:
    return []


@pytest.fixture
def store(seen: list[Observation]) -> Observed:
    ticks = iter(range(1000))
    return Observed(MemoryStore(lambda: 0), seen.append, clock=lambda: float(next(ticks)))


def put(store: Observed, data: bytes = b"data") -> None:
    store.put("secret/key", data, sha256=sha256_of(data))


def test_a_put_is_told_with_its_bytes_and_its_time(store: Observed, seen: list[Observation]) -> None:
    put(store)
    assert seen == [Observation("put", 1.0, 4, None)]


def test_an_error_is_told_by_its_class_and_passed_on(store: Observed, seen: list[Observation]) -> None:
    put(store)
    with pytest.raises(Exists):
        put(store)
    with pytest.raises(Missing):
        store.head("nothing")
    with pytest.raises(Missing):
        store.get("nothing")
    with pytest.raises(ValueError, match="key"):
        store.head("bad key")
    assert [(o.operation, o.error) for o in seen[1:]] == [
        ("put", "exists"),
        ("head", "missing"),
        ("get", "missing"),
        ("head", "other"),
    ]
    assert "secret" not in repr(seen)


def test_a_get_is_told_once_when_it_was_read(store: Observed, seen: list[Observation]) -> None:
    put(store)
    with store.get("secret/key", start=1) as chunks:
        assert len(seen) == 1
        assert b"".join(chunks) == b"ata"
    assert [(o.operation, o.bytes, o.error) for o in seen[1:]] == [("get", 3, None)]


def test_a_get_that_is_closed_early_is_told_with_what_was_read(store: Observed, seen: list[Observation]) -> None:
    put(store)
    with store.get("secret/key"):
        pass
    assert [(o.operation, o.bytes) for o in seen[1:]] == [("get", 0)]


def test_listings_are_told_once_at_their_end(store: Observed, seen: list[Observation]) -> None:
    put(store)
    assert len(list(store.list(""))) == 1
    assert len(list(store.list_versions(""))) == 1
    half = store.list("")
    next(half)
    half.close()  # type: ignore[attr-defined]
    assert [o.operation for o in seen[1:]] == ["list", "list-versions", "list"]


def test_every_operation_has_a_name_of_its_own(store: Observed, seen: list[Observation]) -> None:
    put(store)
    version = store.head("secret/key").version_id
    store.place_hold("secret/key", version)
    store.lift_hold("secret/key", version)
    store.delete_version("secret/key", version)
    store.versioning()
    store.server_time_us()
    store.abort_stale_uploads(0)
    names = [o.operation for o in seen]
    assert len(names) == len(set(names)) == 8
    store.close()
