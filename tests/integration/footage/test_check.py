"""The fsck finds what was done to spool, catalogue and bucket behind the gateway's back, and else nothing."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from support.gateway_rig import MINUTE_US, START_US, Rig

from camera_gateway.domain.footage import SegmentState
from camera_gateway.footage.check import Depth, check
from camera_gateway.upload.release import release_due
from storage.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.footage import Sidecar


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with Rig(tmp_path / "data", cameras=2) as made:
        yield made


@pytest.fixture
def sealed(rig: Rig) -> list[Sidecar]:
    """Three minutes of each camera: released, stored with its copy, and still waiting."""
    found = [rig.seal(camera, number) for camera in rig.cameras for number in range(3)]
    age(rig)
    rig.take()
    transfer = rig.transfer()
    for sidecar in found:
        if sidecar.segment.endswith("000000"):
            transfer.advance(sidecar.segment)
    release_due(rig.books, rig.spool, rig.clock, 0)
    for sidecar in found:
        if sidecar.segment.endswith("000001"):
            transfer.advance(sidecar.segment)
    assert [rig.state(s.segment) for s in found[:3]] == [
        SegmentState.RELEASED,
        SegmentState.STORED,
        SegmentState.SPOOLED,
    ]
    return found


def age(rig: Rig) -> None:
    """Let the spool's files look as old as the held clock says that they are."""
    for path in (rig.data_dir / "spool").rglob("*"):
        if path.is_file():
            os.utime(path, (START_US // 1_000_000, START_US // 1_000_000))


def findings(rig: Rig, depth: Depth = Depth.HASH) -> set[tuple[str, str]]:
    """Return (invariant, where) of what a check says."""
    return {(f.invariant, f.where) for f in check(rig.books, rig.spool, rig.store, rig.clock, depth)}


def spool_file(rig: Rig, sidecar: Sidecar) -> Path:
    return rig.data_dir / "spool" / sidecar.camera / f"{sidecar.segment}.mp4"


def memory(rig: Rig) -> MemoryStore:
    assert isinstance(rig.store, MemoryStore)
    return rig.store


@pytest.mark.parametrize("depth", Depth)
def test_a_sound_gateway_has_no_findings_at_any_depth(rig: Rig, sealed: list[Sidecar], depth: Depth) -> None:
    stages: set[str] = set()
    found = list(
        check(rig.books, rig.spool, rig.store, rig.clock, depth, progress=lambda stage, _done: stages.add(stage))
    )
    assert found == []
    assert stages == {"spool", "rows", "objects", "camera-days"}


def test_a_file_that_is_gone_is_found_by_its_row(rig: Rig, sealed: list[Sidecar]) -> None:
    spool_file(rig, sealed[2]).unlink()
    (rig.data_dir / "spool" / sealed[2].camera / f"{sealed[2].segment}.json").unlink()
    where = f"{sealed[2].camera}/{sealed[2].segment}.mp4"
    assert findings(rig, Depth.PRESENCE) == {("D4", where)}


def test_each_depth_sees_more_of_a_damaged_file(rig: Rig, sealed: list[Sidecar]) -> None:
    path = spool_file(rig, sealed[2])
    where = f"{sealed[2].camera}/{path.name}"
    path.write_bytes(b"short")
    age(rig)
    assert findings(rig, Depth.PRESENCE) == set()
    assert findings(rig, Depth.SIZE) == {("D4", where)}
    path.write_bytes(b"\0" * sealed[2].size_bytes)
    age(rig)
    assert findings(rig, Depth.SIZE) == set()
    assert findings(rig, Depth.HASH) == {("D4", where)}


def test_a_file_without_a_row_is_found_once_it_is_old_enough_to_have_one(rig: Rig, sealed: list[Sidecar]) -> None:
    stranger = rig.seal(rig.cameras[0], 7)
    now_s = rig.clock.now_us() // 1_000_000
    for path in spool_file(rig, stranger).parent.glob(f"{stranger.segment}.*"):
        os.utime(path, (now_s, now_s))
    assert findings(rig) == set()
    age(rig)
    assert findings(rig) == {("D3", f"{stranger.camera}/{stranger.segment}.mp4")}


def test_what_lies_in_quarantine_stays_a_finding(rig: Rig, sealed: list[Sidecar]) -> None:
    part = rig.spool.begin(rig.cameras[0], "odd-000000")
    part.seal(lambda _facts: b"no sidecar")
    rig.take()
    assert {invariant for invariant, _ in findings(rig)} == {"D3"}
    assert {where for _, where in findings(rig)} == {"cam-01/odd-000000.reason.json"}


def test_an_object_that_is_gone_damaged_or_hidden_is_found(rig: Rig, sealed: list[Sidecar]) -> None:
    rows = [rig.row(sidecar.segment) for sidecar in sealed]
    gone, damaged, hidden = rows[0].key, rows[1].key, rows[3].key
    assert gone
    assert damaged
    assert hidden
    memory(rig)._keys.pop(gone)
    memory(rig).damage(damaged, b"\0" * sealed[1].size_bytes)
    memory(rig).add_delete_marker(hidden)
    assert findings(rig, Depth.PRESENCE) == {("C2", gone), ("U2", hidden)}
    assert findings(rig, Depth.HASH) == {("C2", gone), ("C2", damaged), ("U2", hidden)}


def test_a_short_object_is_found_by_its_size_alone(rig: Rig, sealed: list[Sidecar]) -> None:
    key = rig.row(sealed[0].segment).key
    assert key
    memory(rig).damage(key, b"short")
    assert findings(rig, Depth.PRESENCE) == set()
    assert findings(rig, Depth.SIZE) == {("U3", key)}


def test_a_second_version_and_strangers_are_found(rig: Rig, sealed: list[Sidecar]) -> None:
    key = rig.row(sealed[0].segment).key
    assert key
    versions = memory(rig)._keys[key]
    versions.insert(0, versions[0].__class__("other", b"x", {}, None, hold=False, modified_us=1))
    for stranger in ("notes.txt", "v1/kg-12/cam-01/2025/10/09/1759990000000000-0123456789abcdef.mp4"):
        memory(rig).put(stranger, b"x", sha256=hashlib.sha256(b"x").hexdigest())
    memory(rig).put("canary/probe", b"x", sha256=hashlib.sha256(b"x").hexdigest())
    memory(rig).put("v1/kg-12/seals/kg-12/2025-10-09/SEAL.txt", b"x", sha256=hashlib.sha256(b"x").hexdigest())
    assert findings(rig, Depth.PRESENCE) == {
        ("U2", key),
        ("U2", "notes.txt"),
        ("U2", "v1/kg-12/cam-01/2025/10/09/1759990000000000-0123456789abcdef.mp4"),
    }


def test_time_that_nothing_explains_and_time_told_twice_are_found(rig: Rig, sealed: list[Sidecar]) -> None:
    rig.seal(rig.cameras[0], 5)
    rig.put_gap(rig.cameras[0], "gap-1", START_US + 3 * MINUTE_US, START_US + 4 * MINUTE_US)
    rig.take()
    age(rig)
    assert findings(rig) == {("C1", "cam-01 2025-10-09T08:57:20Z to 2025-10-09T08:58:20Z")}
    rig.put_gap(rig.cameras[0], "gap-2", START_US + 4 * MINUTE_US, START_US + 5 * MINUTE_US)
    rig.take()
    assert findings(rig) == set()
    double = rig.sidecar(rig.cameras[0], 5, b"double", run="run2")
    part = rig.spool.begin(double.camera, double.segment)
    part.write(b"double")
    part.seal(lambda _facts: double.to_bytes())
    rig.take()
    age(rig)
    assert {invariant for invariant, _ in findings(rig)} == {"C1"}


def test_a_changed_audit_row_breaks_the_chain(rig: Rig, sealed: list[Sidecar]) -> None:
    def rewrite(tx: Transaction) -> None:  # as somebody with the file and a shell would
        for name in tx.connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars():
            tx.connection.execute(text(f'DROP TRIGGER "{name}"'))
        tx.connection.execute(text("UPDATE audit SET actor = 'nobody' WHERE number = 2"))

    rig.books.write(rewrite)
    assert findings(rig, Depth.PRESENCE) == {("S3", "audit row 2")}


def test_a_lock_that_is_not_the_intended_one_is_found(rig: Rig, sealed: list[Sidecar]) -> None:
    key = rig.row(sealed[0].segment).key
    assert key
    version = memory(rig)._keys[key][0]
    memory(rig)._keys[key][0] = version.__class__(
        version.version_id, version.data, version.metadata, None, hold=False, modified_us=1
    )
    assert findings(rig, Depth.SIZE) == set()
    assert findings(rig, Depth.HASH) == {("U3", key)}
