"""R4: a store that lies about any property is found out, by name."""

# ruff: noqa: ARG002 -- the lying stores keep the signatures of the honest one

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from storage.blobs import BlobInfo, Capabilities, Chunks, Lock, Receipt
from storage.checksum import sha256_of
from storage.errors import Denied, Permanent, Transient
from storage.memory import MemoryStore
from storage.s3_lock import DAY_US, canary

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NOW_US = 1_800_000_000_000_000


def now_us() -> int:
    return NOW_US


def states(store: MemoryStore, ours_us: int = NOW_US) -> dict[str, str]:
    return {each.name: each.state for each in canary(store, lambda: ours_us)}


class DeletesLocked(MemoryStore):
    def try_delete(self, key: str, version_id: str) -> None:
        self._keys.pop(key)


class DeletesLockedAndSaysRefused(DeletesLocked):
    def try_delete(self, key: str, version_id: str) -> None:
        locked = self.head(key).lock is not None
        super().try_delete(key, version_id)
        if locked:
            raise Denied("no")


class DeletesNothing(MemoryStore):
    def try_delete(self, key: str, version_id: str) -> None:
        raise Denied("no")


class Shortens(MemoryStore):
    def try_shorten_lock(self, key: str, version_id: str, lock: Lock) -> None:
        self._change(key, version_id, lambda version: replace(version, lock=lock))


class ShortensAndSaysRefused(Shortens):
    def try_shorten_lock(self, key: str, version_id: str, lock: Lock) -> None:
        super().try_shorten_lock(key, version_id, lock)
        raise Denied("no")


class ForgetsLocks(MemoryStore):
    def put(self, key: str, source: Path | bytes, *, sha256: str, lock: Lock | None = None, **how: object) -> Receipt:
        return replace(super().put(key, source, sha256=sha256), lock=lock)


class RefusesLocks(MemoryStore):
    def put(self, key: str, source: Path | bytes, *, sha256: str, lock: Lock | None = None, **how: object) -> Receipt:
        if lock is not None:
            raise Permanent("InvalidRequest")
        return super().put(key, source, sha256=sha256)


class TakesAnyChecksum(MemoryStore):
    def put(self, key: str, source: Path | bytes, *, sha256: str, lock: Lock | None = None, **how: object) -> Receipt:
        assert isinstance(source, bytes)
        return super().put(key, source, sha256=sha256_of(source), lock=lock)


class Overwrites(MemoryStore):
    def put(self, key: str, source: Path | bytes, *, sha256: str, lock: Lock | None = None, **how: object) -> Receipt:
        self._keys.pop(key, None)
        return super().put(key, source, sha256=sha256, lock=lock)


class TellsNoChecksum(MemoryStore):
    def head(self, key: str, version_id: str | None = None) -> BlobInfo:
        return replace(super().head(key, version_id), sha256=None)


class TellsAWrongChecksum(MemoryStore):
    def head(self, key: str, version_id: str | None = None) -> BlobInfo:
        return replace(super().head(key, version_id), sha256=sha256_of(b"else"))


class IgnoresRanges(MemoryStore):
    def get(self, key: str, *, start: int = 0, length: int | None = None, **how: object) -> Chunks:
        return super().get(key)


class KeepsNoVersions(MemoryStore):
    def versioning(self) -> bool:
        return False


class HasNoClock(MemoryStore):
    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(locks=True, checksums=True, own_clock=False)


def test_r4_an_honest_store_is_proven_in_all_nine_properties() -> None:
    found = states(MemoryStore(now_us))
    assert set(found.values()) == {"proven"}
    assert len(found) == 9


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (DeletesLocked, {"lock-delete-refused": "failed"}),
        (DeletesLockedAndSaysRefused, {"lock-delete-refused": "failed"}),
        (DeletesNothing, {"lock-delete-refused": "absent"}),
        (Shortens, {"lock-shorten-refused": "failed"}),
        (ShortensAndSaysRefused, {"lock-shorten-refused": "failed"}),
        (
            ForgetsLocks,
            {"object-lock": "failed", "lock-delete-refused": "absent", "lock-shorten-refused": "absent"},
        ),
        (
            RefusesLocks,
            {"object-lock": "absent", "lock-delete-refused": "absent", "lock-shorten-refused": "absent"},
        ),
        (TakesAnyChecksum, {"checksum-enforced": "failed"}),
        (Overwrites, {"conditional-put": "failed"}),
        (TellsNoChecksum, {"checksum-on-head": "absent"}),
        (TellsAWrongChecksum, {"checksum-on-head": "failed"}),
        (IgnoresRanges, {"range-get": "failed"}),
        (KeepsNoVersions, {"versioning": "absent"}),
        (HasNoClock, {"clock": "absent"}),
    ],
)
def test_r4_a_store_that_lies_is_found_out_by_name(kind: type[MemoryStore], expected: Mapping[str, str]) -> None:
    found = states(kind(now_us))
    wrong = {name: state for name, state in found.items() if state != "proven"}
    assert wrong == expected


def test_r7_a_clock_more_than_five_minutes_off_is_a_failure() -> None:
    assert states(MemoryStore(now_us), NOW_US + 299_000_000)["clock"] == "proven"
    assert states(MemoryStore(now_us), NOW_US - 301_000_000)["clock"] == "failed"


def test_the_canary_leaves_one_small_locked_blob_and_clears_yesterday_s_away() -> None:
    time_us = [NOW_US]
    store = MemoryStore(lambda: time_us[0])
    store.put("v1/footage", b"x", sha256=sha256_of(b"x"))
    for day in range(5):
        time_us[0] = NOW_US + 2 * day * DAY_US
        canary(store, lambda: time_us[0])
    kept = list(store.list(""))
    assert [blob.key.split("/")[0] for blob in kept] == ["canary", "v1"]
    assert kept[0].size == 64


def test_a_store_that_does_not_answer_proves_and_disproves_nothing() -> None:
    class Down(MemoryStore):
        def server_time_us(self) -> int:
            raise Transient("down")

    with pytest.raises(Transient):
        canary(Down(now_us), now_us)
