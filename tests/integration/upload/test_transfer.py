"""One segment against a store that answers, keeps silent, lies, or belongs to somebody else as well."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from support.gateway_rig import POLICY, Rig

from camera_gateway.catalogue.audit_log import list_rows
from camera_gateway.catalogue.gaps import gaps_in_span
from camera_gateway.domain.footage import GapCause, SegmentState
from camera_gateway.domain.naming import segment_key
from camera_gateway.upload.transfer import Outcome
from storage.blobs import Lock
from storage.errors import ClockSkewed, Denied, Paused, Transient
from storage.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from camera_gateway.domain.footage import Sidecar
    from storage.blobs import BlobInfo


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with Rig(tmp_path / "data") as made:
        yield made


@pytest.fixture
def sealed(rig: Rig) -> Sidecar:
    sidecar = rig.seal(rig.cameras[0], 0)
    rig.take()
    return sidecar


class Faulty:
    """A memory store with a fault before or after the effect of the next calls of one operation."""

    def __init__(self, store: Any) -> None:  # noqa: ANN401 - any store of the contract
        self.inner = store
        self.before: dict[str, list[Exception]] = {}
        self.after: dict[str, list[Exception]] = {}
        self.calls: list[str] = []
        self.change_head: Callable[[BlobInfo], BlobInfo] = lambda info: info

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - passed through
        found = getattr(self.inner, name)
        if not callable(found):
            return found

        def call(*args: object, **kwargs: object) -> object:
            self.calls.append(name)
            if self.before.get(name):
                raise self.before[name].pop(0)
            result = found(*args, **kwargs)
            if self.after.get(name):
                raise self.after[name].pop(0)
            return self.change_head(result) if name == "head" else result

        return call


def key_of(sidecar: Sidecar) -> str:
    return segment_key(sidecar.institution, sidecar.camera, sidecar.start_us, sidecar.sha256)


def versions(rig: Rig, sidecar: Sidecar) -> int:
    return sum(1 for version in rig.store.list_versions(key_of(sidecar)) if version.key == key_of(sidecar))


def test_a_segment_is_stored_with_its_sidecar_its_date_and_its_lock(rig: Rig, sealed: Sidecar) -> None:
    assert rig.transfer().advance(sealed.segment).outcome is Outcome.STORED
    row = rig.row(sealed.segment)
    info = rig.store.head(key_of(sealed))
    assert (row.state, row.key, row.version_id, row.locked) == (
        SegmentState.STORED,
        key_of(sealed),
        info.version_id,
        True,
    )
    assert info.metadata == sealed.to_metadata()
    assert info.lock == Lock("governance", POLICY.retain_until_us(sealed.end_us))
    assert (row.retain_until_us, row.policy) == (POLICY.retain_until_us(sealed.end_us), "default")
    assert rig.transfer().advance(sealed.segment).outcome is Outcome.GONE


def test_without_locks_nothing_counts_as_locked(rig: Rig, sealed: Sidecar) -> None:
    rig.transfer(lock_mode=None).advance(sealed.segment)
    row = rig.row(sealed.segment)
    assert (row.state, row.locked, row.lock_mode) == (SegmentState.STORED, False, None)


def test_an_unproven_lock_is_asked_for_but_not_counted(rig: Rig, sealed: Sidecar) -> None:
    rig.proofs.lock_proven = False
    rig.transfer().advance(sealed.segment)
    assert rig.row(sealed.segment).locked is False
    assert rig.store.head(key_of(sealed)).lock is not None


def test_an_unproven_checksum_makes_every_byte_be_read_back(rig: Rig, sealed: Sidecar) -> None:
    store: Any = Faulty(rig.store)
    rig.transfer(store).advance(sealed.segment)
    assert store.calls == ["put", "head"]
    other = rig.seal(rig.cameras[0], 1)
    rig.take()
    rig.proofs.checksum_on_head = False
    store.calls.clear()
    rig.transfer(store).advance(other.segment)
    assert store.calls == ["put", "head", "get"]


@pytest.mark.parametrize("effect", ["before", "after"])
def test_a_put_whose_fate_is_unknown_is_asked_for_and_never_doubled(rig: Rig, sealed: Sidecar, effect: str) -> None:
    store: Any = Faulty(rig.store)
    getattr(store, effect)["put"] = [Transient("time-out", ambiguous=True)]
    transfer = rig.transfer(store)
    assert transfer.advance(sealed.segment).outcome is Outcome.UNREACHABLE
    assert rig.state(sealed.segment) is SegmentState.INTENDED
    store.calls.clear()
    assert transfer.advance(sealed.segment).outcome is Outcome.STORED
    assert store.calls[0] == "head"
    assert ("put" in store.calls) is (effect == "before")
    assert versions(rig, sealed) == 1


def test_a_lost_answer_to_the_read_back_only_delays_belief(rig: Rig, sealed: Sidecar) -> None:
    store: Any = Faulty(rig.store)
    store.before["head"] = [Transient("reset")]
    transfer = rig.transfer(store)
    assert transfer.advance(sealed.segment).outcome is Outcome.UNREACHABLE
    assert rig.state(sealed.segment) is SegmentState.PUT
    assert transfer.advance(sealed.segment).outcome is Outcome.STORED
    assert store.calls.count("put") == 1


LIES: dict[str, Callable[[BlobInfo], BlobInfo]] = {
    "readback-size": lambda info: replace(info, size=info.size - 1),
    "readback-sha256": lambda info: replace(info, sha256="0" * 64),
    "readback-version-id": lambda info: replace(info, version_id="another"),
    "readback-lock-mode": lambda info: replace(info, lock=None),
    "readback-retain-until": lambda info: replace(info, lock=Lock("governance", 1_000_000)),
}


@pytest.mark.parametrize("error_class", LIES)
def test_what_differs_when_read_back_is_never_believed(rig: Rig, sealed: Sidecar, error_class: str) -> None:
    store: Any = Faulty(rig.store)
    store.change_head = LIES[error_class]
    transfer = rig.transfer(store)
    for _ in range(3):
        assert transfer.advance(sealed.segment).outcome is Outcome.AGAIN
    row = rig.row(sealed.segment)
    assert (row.state, row.error_class) == (SegmentState.PUT, error_class)
    assert row.next_attempt_us > rig.clock.now_us()
    assert [event[1] for event in rig.seen.of("alarm")] == [error_class]  # told once, not at each attempt
    audited = [row.action for row in rig.books.read(list_rows)]
    assert audited.count("segment.not-as-intended") == 1
    assert versions(rig, sealed) == 1
    assert len(rig.files()) == 2
    store.change_head = lambda info: info
    assert transfer.advance(sealed.segment).outcome is Outcome.STORED


def test_bytes_that_the_store_damaged_are_found_when_they_are_read(rig: Rig, sealed: Sidecar) -> None:
    store: Any = Faulty(rig.store)
    store.after["put"] = [Transient("reset", ambiguous=True)]
    rig.proofs.checksum_on_head = False
    rig.transfer(store).advance(sealed.segment)
    assert isinstance(rig.store, MemoryStore)
    rig.store.damage(key_of(sealed), b"\0" * sealed.size_bytes)
    store.change_head = lambda info: replace(info, sha256=None)
    assert rig.transfer(store).advance(sealed.segment).error_class == "readback-sha256"


def test_a_key_that_is_taken_by_our_own_bytes_is_adopted(rig: Rig, sealed: Sidecar) -> None:
    path = rig.data_dir / "spool" / f"{sealed.camera}/{sealed.segment}.mp4"
    receipt = rig.store.put(key_of(sealed), path, sha256=sealed.sha256, lock=rig.lock_of(sealed))
    assert rig.transfer().advance(sealed.segment).outcome is Outcome.STORED
    assert rig.row(sealed.segment).version_id == receipt.version_id
    assert versions(rig, sealed) == 1


def test_a_key_that_is_taken_by_other_bytes_raises_an_alarm_and_is_not_repaired(rig: Rig, sealed: Sidecar) -> None:
    from_whom = b"somebody else's"
    rig.store.put(key_of(sealed), from_whom, sha256=hashlib.sha256(from_whom).hexdigest())
    assert rig.transfer().advance(sealed.segment).error_class == "foreign-object"
    assert rig.state(sealed.segment) is SegmentState.INTENDED
    assert b"".join(rig.store.get(key_of(sealed))) == from_whom
    assert len(rig.files()) == 2


def test_a_delete_marker_raises_an_alarm_and_no_second_version_is_made(rig: Rig, sealed: Sidecar) -> None:
    store: Any = Faulty(rig.store)
    store.after["put"] = [Transient("reset", ambiguous=True)]
    rig.transfer(store).advance(sealed.segment)
    assert isinstance(rig.store, MemoryStore)
    rig.store.add_delete_marker(key_of(sealed))
    assert rig.transfer(store).advance(sealed.segment).error_class == "delete-marker"
    assert versions(rig, sealed) == 2  # ours and the stranger's marker
    assert store.calls.count("put") == 1


def test_a_store_that_lost_what_it_acknowledged_gets_it_again(rig: Rig, sealed: Sidecar) -> None:
    store: Any = Faulty(rig.store)
    store.before["head"] = [Transient("killed")]
    rig.transfer(store, lock_mode=None).advance(sealed.segment)
    assert rig.state(sealed.segment) is SegmentState.PUT
    rig.store.delete_version(key_of(sealed), rig.row(sealed.segment).version_id or "")
    assert rig.transfer(store).advance(sealed.segment).outcome is Outcome.STORED
    assert versions(rig, sealed) == 1


@pytest.mark.parametrize("damage", ["changed", "missing"])
def test_a_damaged_file_is_never_sent_and_becomes_a_gap(rig: Rig, sealed: Sidecar, damage: str) -> None:
    path = rig.data_dir / "spool" / f"{sealed.camera}/{sealed.segment}.mp4"
    if damage == "changed":
        path.write_bytes(b"\0" * sealed.size_bytes)
    else:
        path.unlink()
    store: Any = Faulty(rig.store)
    assert rig.transfer(store).advance(sealed.segment).outcome is Outcome.LOST
    assert store.calls == []
    assert rig.state(sealed.segment) is SegmentState.LOST
    (gap,) = rig.books.read(lambda tx: gaps_in_span(tx, sealed.camera, sealed.start_us, sealed.end_us))
    assert gap.cause is GapCause.INTEGRITY_FAILED
    assert list(rig.store.list("v1/")) == []
    assert rig.files() <= {f"{sealed.camera}/{sealed.segment}.json"}
    if damage == "changed":
        assert f"{sealed.segment}.mp4" in rig.quarantined()


def test_a_missing_file_is_no_loss_when_the_store_has_the_bytes(rig: Rig, sealed: Sidecar) -> None:
    store: Any = Faulty(rig.store)
    store.after["put"] = [Transient("reset", ambiguous=True)]
    rig.transfer(store).advance(sealed.segment)
    (rig.data_dir / "spool" / f"{sealed.camera}/{sealed.segment}.mp4").unlink()
    assert rig.transfer(store).advance(sealed.segment).outcome is Outcome.STORED


def test_a_skewed_clock_a_refusal_and_a_pause_are_told_apart(rig: Rig, sealed: Sidecar) -> None:
    store: Any = Faulty(rig.store)
    store.before["put"] = [ClockSkewed("403", skew_us=7)]
    skewed = rig.transfer(store).advance(sealed.segment)
    assert (skewed.outcome, skewed.skew_us) == (Outcome.SKEWED, 7)
    store.before["head"] = [Denied("403")]
    assert rig.transfer(store).advance(sealed.segment).outcome is Outcome.REFUSED
    before = rig.row(sealed.segment)
    store.before["head"] = [Paused("closed")]
    assert rig.transfer(store).advance(sealed.segment).outcome is Outcome.PAUSED
    assert rig.row(sealed.segment) == before


def test_a_segment_that_somebody_dropped_meanwhile_is_nobodys_trouble(rig: Rig) -> None:
    assert rig.transfer().advance("never-000000").outcome is Outcome.GONE  # type: ignore[arg-type]
