"""What every blob store promises (storage/blobs.py), tried on each of them."""

from __future__ import annotations

import itertools
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from support.seaweed import Seaweed

from storage.blobs import SECOND_US, Lock, Receipt
from storage.checksum import sha256_of
from storage.errors import Corrupt, Exists, Locked, Missing, StoreError, Transient
from storage.local import LocalStore
from storage.memory import MemoryStore
from storage.multipart import journal_path
from storage.s3 import S3Address, S3Store
from storage.s3_lock import canary

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from storage.blobs import BlobStore

PAGE = 4
PART_BYTES = 5 << 20
BUCKETS = itertools.count(1)
HOUR_US = 3600 * SECOND_US
CONTENT = b"the bytes of a segment" * 100


@dataclass(frozen=True, slots=True)
class Subject:
    """A store under test and of which kind it is."""

    kind: str
    store: BlobStore


def now_us() -> int:
    return time.time_ns() // 1000  # noqa: TID251 -- compared with the clock of a real server


@pytest.fixture(scope="session")
def seaweed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seaweed]:
    with Seaweed(tmp_path_factory.mktemp("seaweed")) as server:
        yield server


def s3_store(server: Seaweed) -> S3Store:
    address = S3Address(
        endpoint=server.endpoint,
        region="us-east-1",
        bucket=f"contract-{next(BUCKETS)}",
        access_key=server.access_key,
        secret_key=server.secret_key,
    )
    return S3Store(address, now_us, multipart_from_bytes=2 * PART_BYTES, part_bytes=PART_BYTES, page=PAGE)


@pytest.fixture(params=["memory", "directory", "seaweed"])
def subject(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Subject]:
    kind = str(request.param)
    if kind == "memory":
        yield Subject(kind, MemoryStore(now_us))
    elif kind == "directory":
        yield Subject(kind, LocalStore(tmp_path / "store", now_us))
    else:
        store = s3_store(request.getfixturevalue("seaweed"))
        assert store.ensure_bucket() is True
        yield Subject(kind, store)
        store.close()


@pytest.fixture
def store(subject: Subject) -> BlobStore:
    return subject.store


def put(store: BlobStore, key: str, data: bytes = CONTENT, lock: Lock | None = None) -> Receipt:
    return store.put(key, data, sha256=sha256_of(data), lock=lock)


def lock_for(store: BlobStore, hours: int = 24) -> Lock:
    return Lock.until("governance", store.server_time_us() + hours * HOUR_US)


def read(store: BlobStore, key: str, **how: object) -> bytes:
    with store.get(key, **how) as chunks:  # type: ignore[arg-type]
        return b"".join(chunks)


def test_what_was_put_is_read_back_whole(store: BlobStore, tmp_path: Path) -> None:
    file = tmp_path / "segment.mp4"
    file.write_bytes(CONTENT)
    receipt = store.put("v1/kg/cam/a.mp4", file, sha256=sha256_of(CONTENT))
    assert (receipt.key, receipt.size) == ("v1/kg/cam/a.mp4", len(CONTENT))
    assert read(store, "v1/kg/cam/a.mp4") == CONTENT
    assert read(store, "v1/kg/cam/a.mp4", version_id=receipt.version_id) == CONTENT


def test_an_empty_blob_is_a_blob(store: BlobStore) -> None:
    put(store, "empty", b"")
    assert store.head("empty").size == 0
    assert read(store, "empty") == b""


def test_head_tells_size_version_and_a_time_of_the_store(store: BlobStore) -> None:
    before_us = store.server_time_us() - SECOND_US
    receipt = put(store, "a")
    info = store.head("a")
    assert (info.size, info.version_id) == (len(CONTENT), receipt.version_id)
    assert before_us <= info.modified_us <= store.server_time_us() + SECOND_US


def test_the_checksum_that_head_tells_is_the_content_s(store: BlobStore) -> None:
    put(store, "a")
    told = store.head("a").sha256
    assert told == (sha256_of(CONTENT) if store.capabilities.checksums else None)


def test_u1_a_second_put_to_a_key_is_refused_and_makes_no_version(store: BlobStore) -> None:
    first = put(store, "a")
    with pytest.raises(Exists):
        put(store, "a", b"other bytes")
    with pytest.raises(Exists):
        put(store, "a")
    assert [v.version_id for v in store.list_versions("a")] == [first.version_id]
    assert read(store, "a") == CONTENT


def test_u2_of_sixteen_racing_puts_exactly_one_wins(store: BlobStore) -> None:
    start = threading.Barrier(16)

    def attempt(number: int) -> Receipt | None:
        start.wait(10)
        while True:
            try:
                return put(store, "race", b"%d" % number)
            except Exists:
                return None
            except Transient:
                continue

    with ThreadPoolExecutor(16) as pool:
        won = [receipt for receipt in pool.map(attempt, range(16)) if receipt is not None]
    assert len(won) == 1
    assert [v.version_id for v in store.list_versions("race")] == [won[0].version_id]


def test_r4_bytes_with_another_checksum_are_refused_and_not_stored(store: BlobStore) -> None:
    with pytest.raises(Corrupt):
        store.put("bad", CONTENT, sha256=sha256_of(b"promised"))
    with pytest.raises(Missing):
        store.head("bad")
    assert list(store.list_versions("bad")) == []


@pytest.mark.parametrize(
    ("start", "length", "expected"),
    [
        (0, None, CONTENT),
        (0, 1, CONTENT[:1]),
        (7, 11, CONTENT[7:18]),
        (len(CONTENT) - 3, None, CONTENT[-3:]),
        (len(CONTENT) - 3, 1000, CONTENT[-3:]),
        (len(CONTENT), None, b""),
        (len(CONTENT) + 9, 5, b""),
        (5, 0, b""),
    ],
)
def test_a_range_gives_those_bytes_and_no_others(
    store: BlobStore, start: int, length: int | None, expected: bytes
) -> None:
    put(store, "a")
    with store.get("a", start=start, length=length) as chunks:
        assert chunks.length == len(expected)
        assert b"".join(chunks) == expected


def test_a_reader_may_stop_in_the_middle_many_times(store: BlobStore) -> None:
    put(store, "big", os.urandom(1 << 20))
    for _ in range(40):
        with store.get("big") as chunks:
            next(chunks)
    assert store.head("big").size == 1 << 20


def test_pace_is_told_of_every_byte_both_ways(store: BlobStore, tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_bytes(os.urandom(300_000))
    sent: list[int] = []
    got: list[int] = []
    digest = sha256_of(file.read_bytes())
    store.put("a", file, sha256=digest, pace=sent.append)
    with store.get("a", pace=got.append) as chunks:
        assert sha256_of(b"".join(chunks)) == digest
    assert (sum(sent), sum(got)) == (300_000, 300_000)


def test_an_error_of_pace_ends_the_put_and_is_passed_on(store: BlobStore, tmp_path: Path) -> None:
    class EnoughError(StoreError):
        pass

    def pace(size: int) -> None:
        raise EnoughError(str(size))

    file = tmp_path / "f"
    file.write_bytes(CONTENT)
    with pytest.raises(EnoughError):
        store.put("a", file, sha256=sha256_of(CONTENT), pace=pace)
    with pytest.raises(Missing):
        store.head("a")


def test_metadata_comes_back_in_every_script(store: BlobStore) -> None:
    metadata = {
        "camera": "Младшая группа «Күншуақ» №3",
        "json": '{"a": [1, 2], "b": "x\\"y"}',
        "empty": "",
        "percent": "100 % + 5%20",
        "edges": "  два пробела  ",
    }
    store.put("a", CONTENT, sha256=sha256_of(CONTENT), metadata=metadata)
    assert dict(store.head("a").metadata) == metadata


def test_metadata_that_no_store_could_keep_is_refused(store: BlobStore) -> None:
    with pytest.raises(ValueError, match="metadata"):
        store.put("a", b"", sha256=sha256_of(b""), metadata={"x": "я" * 400})
    with pytest.raises(ValueError, match="metadata"):
        store.put("a", b"", sha256=sha256_of(b""), metadata={"Bad Name": ""})


@pytest.mark.parametrize("key", ["", "/a", "a//b", "a/../b", "a/./b", "a b", "я", "a" * 1025, "a/"])
def test_a_key_that_some_store_could_not_keep_is_refused(store: BlobStore, key: str) -> None:
    with pytest.raises(ValueError, match="key"):
        put(store, key)
    with pytest.raises(ValueError, match="key"):
        store.head(key)


def test_what_is_not_there_is_missing(store: BlobStore) -> None:
    put(store, "there")
    for ask in (
        lambda: store.head("not/there"),
        lambda: store.get("not/there"),
        lambda: store.get("not/there", length=0),
        lambda: store.head("there", "0123456789abcdef0123456789abcdef"),
        lambda: store.place_hold("not/there", "0123456789abcdef0123456789abcdef"),
        lambda: store.lift_hold("not/there", "0123456789abcdef0123456789abcdef"),
        lambda: store.extend_lock("not/there", "0123", lock_for(store)),
    ):
        with pytest.raises(Missing):
            ask()


def test_deleting_what_is_gone_is_no_error_and_frees_the_key(store: BlobStore) -> None:
    first = put(store, "a")
    store.delete_version("a", first.version_id)
    store.delete_version("a", first.version_id)
    with pytest.raises(Missing):
        store.head("a")
    assert list(store.list_versions("a")) == []
    assert list(store.list("a")) == []
    assert put(store, "a", b"anew").version_id != first.version_id


NEIGHBOURS = ["v1/cam/1", "v1/cam/2", "v1/cam-1/1", "v1/cam-1/2", "v1/cam.b", "v1/dam/a", "v1/dam/a.mp4"]


def test_a_listing_is_in_the_order_of_the_keys_and_may_be_taken_up_behind_any(store: BlobStore) -> None:
    for key in NEIGHBOURS:
        put(store, key)
    whole = [blob.key for blob in store.list("v1/")]
    assert whole == sorted(NEIGHBOURS)
    for at, key in enumerate(whole):
        assert [blob.key for blob in store.list("v1/", after=key)] == whole[at + 1 :]
    versions = [version.key for version in store.list_versions("v1/")]
    assert versions == sorted(NEIGHBOURS)
    for at, key in enumerate(versions):
        rest = [version.key for version in store.list_versions("v1/", after=key)]
        assert rest == versions[at + 1 :]


def test_a_listing_is_complete_over_many_pages_and_goes_on_after_a_key(store: BlobStore) -> None:
    keys = [f"p/{number:03d}" for number in range(3 * PAGE + 1)]
    for key in reversed(keys):
        put(store, key, key.encode())
    put(store, "other/1")
    assert [b.key for b in store.list("p/")] == keys
    assert [b.key for b in store.list("p/", after="p/003")] == keys[4:]
    assert [b.key for b in store.list("p/01")] == keys[10:]
    assert list(store.list("p/", after="p/012")) == []
    assert [v.key for v in store.list_versions("p/")] == keys
    assert all(v.is_latest and not v.is_delete_marker for v in store.list_versions("p/"))


def test_r2_the_lock_read_back_is_the_lock_that_was_put(store: BlobStore) -> None:
    for mode in ("governance", "compliance"):
        lock = Lock.until(mode, store.server_time_us() + HOUR_US + 123_457)
        receipt = put(store, mode, lock=lock)
        info = store.head(mode, receipt.version_id)
        assert info.lock == lock
        assert receipt.lock == lock
        assert info.hold is False
    assert store.head(put(store, "free").key).lock is None


def test_r1_a_locked_version_is_not_deleted(store: BlobStore) -> None:
    receipt = put(store, "canary/a", lock=lock_for(store))
    with pytest.raises(Locked):
        store.delete_version("canary/a", receipt.version_id)
    with pytest.raises(StoreError):
        store.try_delete("canary/a", receipt.version_id)
    assert read(store, "canary/a") == CONTENT


def test_r2_a_lock_is_made_longer_and_never_shorter(store: BlobStore) -> None:
    lock, longer = lock_for(store, 24), lock_for(store, 48)
    receipt = put(store, "canary/a", lock=lock)
    store.extend_lock("canary/a", receipt.version_id, longer)
    store.extend_lock("canary/a", receipt.version_id, longer)
    with pytest.raises(Locked):
        store.extend_lock("canary/a", receipt.version_id, lock)
    with pytest.raises(StoreError):
        store.try_shorten_lock("canary/a", receipt.version_id, lock)
    assert store.head("canary/a").lock == longer


def test_r2_a_lock_may_be_put_on_what_had_none(store: BlobStore) -> None:
    receipt = put(store, "a")
    lock = lock_for(store)
    store.extend_lock("a", receipt.version_id, lock)
    assert store.head("a").lock == lock
    with pytest.raises(Locked):
        store.delete_version("a", receipt.version_id)


def test_r2_a_compliance_lock_never_becomes_a_governance_lock(store: BlobStore) -> None:
    lock = Lock.until("compliance", store.server_time_us() + HOUR_US)
    receipt = put(store, "a", lock=lock)
    with pytest.raises(Locked):
        store.extend_lock("a", receipt.version_id, lock_for(store, 48))
    assert store.head("a").lock == lock


def test_r1_a_hold_forbids_deleting_until_it_is_lifted(store: BlobStore) -> None:
    receipt = put(store, "a")
    store.place_hold("a", receipt.version_id)
    store.place_hold("a", receipt.version_id)
    assert store.head("a").hold is True
    with pytest.raises(Locked):
        store.delete_version("a", receipt.version_id)
    store.lift_hold("a", receipt.version_id)
    store.lift_hold("a", receipt.version_id)
    assert store.head("a").hold is False
    store.delete_version("a", receipt.version_id)
    with pytest.raises(Missing):
        store.head("a")


def test_r1_a_lifted_hold_leaves_the_lock_in_force(store: BlobStore) -> None:
    lock = lock_for(store)
    receipt = put(store, "a", lock=lock)
    store.place_hold("a", receipt.version_id)
    store.lift_hold("a", receipt.version_id)
    assert store.head("a").lock == lock
    with pytest.raises(Locked):
        store.delete_version("a", receipt.version_id)


def test_the_trying_methods_touch_no_footage(store: BlobStore) -> None:
    receipt = put(store, "v1/a")
    with pytest.raises(ValueError, match="canary"):
        store.try_delete("v1/a", receipt.version_id)
    with pytest.raises(ValueError, match="canary"):
        store.try_shorten_lock("v1/a", receipt.version_id, lock_for(store))
    assert read(store, "v1/a") == CONTENT


def test_a_big_file_is_put_whole_locked_and_once(store: BlobStore, tmp_path: Path) -> None:
    file = tmp_path / "big.mp4"
    data = os.urandom(11 << 20)
    file.write_bytes(data)
    lock = lock_for(store)
    receipt = store.put("big", file, sha256=sha256_of(data), lock=lock, metadata={"a": "б"})
    info = store.head("big", receipt.version_id)
    assert (info.size, info.lock, dict(info.metadata)) == (len(data), lock, {"a": "б"})
    assert info.sha256 in (None, sha256_of(data))
    assert read(store, "big") == data
    assert not journal_path(file).exists()
    with pytest.raises(Exists):
        store.put("big", file, sha256=sha256_of(data))
    assert len(list(store.list_versions("big"))) == 1


def test_a_big_file_that_changed_is_refused_and_leaves_nothing(store: BlobStore, tmp_path: Path) -> None:
    file = tmp_path / "big.mp4"
    file.write_bytes(os.urandom(11 << 20))
    with pytest.raises(Corrupt):
        store.put("big", file, sha256=sha256_of(b"what it was"))
    with pytest.raises(Missing):
        store.head("big")
    assert not journal_path(file).exists()
    assert store.abort_stale_uploads(store.server_time_us() + HOUR_US) == 0


def test_a_source_that_is_not_there_is_the_system_s_error(store: BlobStore, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        store.put("a", tmp_path / "nothing", sha256=sha256_of(b""))


def test_r4_the_canary_finds_what_each_kind_of_store_can_do(subject: Subject) -> None:
    store = subject.store
    states = {each.name: each.state for each in canary(store, store.server_time_us)}
    proven = {"versioning", "conditional-put", "range-get"}
    if subject.kind != "directory":
        proven |= {"object-lock", "lock-delete-refused", "lock-shorten-refused"}
        proven |= {"checksum-enforced", "checksum-on-head", "clock"}
    assert {name for name, state in states.items() if state == "proven"} == proven
    assert {state for name, state in states.items() if name not in proven} <= {"absent"}
    assert list(states) == [
        "clock",
        "versioning",
        "checksum-enforced",
        "checksum-on-head",
        "conditional-put",
        "range-get",
        "object-lock",
        "lock-shorten-refused",
        "lock-delete-refused",
    ]
