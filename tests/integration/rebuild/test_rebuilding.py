"""A catalogue that was lost comes back from a real SeaweedFS: rows, coverage, gaps, holds and tombstones."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest
from support.gateway_rig import INSTITUTION, MINUTE_US, START_US, Rig
from support.sealed_days import new_key, seal_of
from support.seaweed import Seaweed

from camera_gateway.catalogue import holds, rebuild, registry, tombstones
from camera_gateway.catalogue.gaps import gaps_in_span, insert_gap
from camera_gateway.catalogue.opening import Catalogue
from camera_gateway.catalogue.segments import in_span, kept_spans
from camera_gateway.clock import SystemClock
from camera_gateway.domain.camera import CameraState
from camera_gateway.domain.coverage import Coverage, Gap, coverage
from camera_gateway.domain.footage import GapCause, GapRecord, SegmentState
from camera_gateway.domain.naming import ManifestKind, seal_key, seal_name, segment_key, tombstones_name, utc_day
from camera_gateway.domain.people import SYSTEM
from camera_gateway.domain.retention import RetentionPolicy
from camera_gateway.errors import Refused
from camera_gateway.evidence.manifest import CameraDay, entry_of
from camera_gateway.evidence.rebuilding import Rebuilder, Rebuilt
from camera_gateway.evidence.tombstone_list import tombstone_list
from storage.s3 import S3Address, S3Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from camera_gateway.catalogue.segments import SegmentRow
    from camera_gateway.domain.ids import CameraId

POLICY = RetentionPolicy("default", 2000, 2)
KEY = new_key()
END_US = START_US + 40 * MINUTE_US


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seaweed]:
    with Seaweed(tmp_path_factory.mktemp("seaweed")) as running:
        yield running


@pytest.fixture
def rig(tmp_path: Path, server: Seaweed) -> Iterator[Rig]:
    address = S3Address(
        endpoint=server.endpoint,
        region="us-east-1",
        bucket=f"rebuild-{hashlib.sha256(str(tmp_path).encode()).hexdigest()[:12]}",
        access_key=server.access_key,
        secret_key=server.secret_key,
        connect_timeout_s=2.0,
    )
    store = S3Store(address, SystemClock().now_us)
    store.ensure_bucket()
    with Rig(tmp_path / "before", store, SystemClock()) as made:
        yield made
    store.close()


def record(rig: Rig, *, leave_out: tuple[int, ...] = (5, 6, 12)) -> None:
    """Twenty minutes of both cameras with two interruptions each, stored and released."""
    for camera in rig.cameras:
        for number in range(20):
            if number not in leave_out:
                rig.seal(camera, number)
    rig.take()
    transfer = rig.transfer(policy_for=lambda _camera, _at_us: POLICY)
    for row in rig.rows():
        transfer.advance(row.sidecar.segment)


def explain(rig: Rig, camera: CameraId, minutes: tuple[int, int], cause: GapCause) -> None:
    start_us, end_us = (START_US + minute * MINUTE_US for minute in minutes)
    gap = GapRecord(f"{camera}-{minutes[0]}", camera, INSTITUTION, start_us, end_us, cause, "no\tanswer", "record", 5)
    rig.books.write(lambda tx: insert_gap(tx, gap))


def seal_day(rig: Rig, *, cut: str = "") -> None:
    """Write the day's lists and a signed seal of each site; `cut` names a list that is changed after sealing."""
    day = utc_day(START_US)
    with rig.catalogue.read() as tx:
        cameras = registry.list_cameras(tx)
        stones = tombstones.of_plan(tx, "plan-1")
    for site in rig.sites:
        files: dict[str, str] = {}
        for camera in (camera for camera in cameras if camera.site == site):
            with rig.catalogue.read() as tx:
                rows = in_span(tx, camera.id, 0, END_US)
                gaps = gaps_in_span(tx, camera.id, 0, END_US)
            entries = tuple(entry_of(r.sidecar, r.key or "", r.version_id or "") for r in rows)
            made = CameraDay(INSTITUTION, camera.id, day, 0, entries, tuple(gaps))
            for kind, data in made.files().items():
                files[made.name(kind)] = hashlib.sha256(data).hexdigest()
                put(rig, made.key(kind), data + (b"\n" if made.name(kind) == cut else b""))
        mine = [stone for stone in stones if stone.site == site]
        if mine:
            table = tombstone_list(mine)
            files[tombstones_name(day)] = hashlib.sha256(table).hexdigest()
            put(rig, seal_key(INSTITUTION, site, day, tombstones_name(day)), table)
        seal = seal_of(day, files, KEY, None)
        object.__setattr__(seal, "site", site)
        put(rig, seal_key(INSTITUTION, site, day, seal_name(day, "txt")), seal.text())
        put(rig, seal_key(INSTITUTION, site, day, seal_name(day, "sig")), KEY.sign(seal.text()))


def put(rig: Rig, key: str, data: bytes, metadata: dict[str, str] | None = None) -> None:
    rig.store.put(key, data, sha256=hashlib.sha256(data).hexdigest(), metadata=metadata)


def rebuilt(rig: Rig, where: Path, **changes: Any) -> tuple[Catalogue, Rebuilt]:  # noqa: ANN401 - arguments
    catalogue = Catalogue.create("sqlite:///catalogue.sqlite", where, rig.clock)
    values: dict[str, Any] = {
        "time_zone": "Asia/Almaty",
        "lock_proven": True,
        "keys": {KEY.public.fingerprint: KEY.public},
        "spooled": lambda _camera, _segment: None,
    }
    try:
        with catalogue.write(SYSTEM) as tx:
            found = Rebuilder(rig.store, **(values | changes)).run(tx)
    except BaseException:
        catalogue.close()
        raise
    return catalogue, found


def facts(row: SegmentRow) -> tuple[Any, ...]:
    """What must be equal of a segment: everything but the moments at which this catalogue learned of it."""
    return (row.sidecar, row.key, row.version_id, row.lock_mode, row.retain_until_us, row.locked)


def covered(catalogue: Catalogue, camera: CameraId) -> Coverage:
    with catalogue.read() as tx:
        spans = kept_spans(tx, camera, START_US, END_US)
        gaps = [Gap(g.start_us, g.end_us, g.cause, g.detail) for g in gaps_in_span(tx, camera, START_US, END_US)]
    return coverage(START_US, START_US + 20 * MINUTE_US, [(START_US, END_US)], spans, gaps)


def test_segments_coverage_and_sealed_gaps_are_equal_to_before(rig: Rig, tmp_path: Path) -> None:
    record(rig)
    for camera in rig.cameras:
        explain(rig, camera, (5, 7), GapCause.CAMERA_AUTH)
        explain(rig, camera, (12, 13), GapCause.STREAM_STALLED)
    seal_day(rig)
    seen: dict[str, int] = {}
    catalogue, found = rebuilt(rig, tmp_path / "after", progress=seen.__setitem__)
    with catalogue:
        assert found.findings == []
        assert (found.cameras, found.segments, found.gaps, found.unknown_gaps, found.seals) == (2, 34, 4, 0, 2)
        assert seen["segments"] == 34
        for camera in rig.cameras:
            with rig.catalogue.read() as before, catalogue.read() as after:
                assert [facts(r) for r in in_span(after, camera, 0, END_US)] == [
                    facts(r) for r in in_span(before, camera, 0, END_US)
                ]
                assert gaps_in_span(after, camera, 0, END_US) == gaps_in_span(before, camera, 0, END_US)
                assert registry.get_camera(after, camera).site == registry.get_camera(before, camera).site
            assert covered(catalogue, camera) == covered(rig.catalogue, camera)
        assert catalogue.quick_check() is None


def test_nothing_starts_by_itself(rig: Rig, tmp_path: Path) -> None:
    record(rig)
    catalogue, _ = rebuilt(rig, tmp_path / "after")
    with catalogue, catalogue.read() as tx:
        assert {camera.state for camera in registry.list_cameras(tx)} == {CameraState.PAUSED}
        assert {device.address for device in registry.current_devices(tx).values()} == {rebuild.NOWHERE}
        assert {row.state for row in in_span(tx, rig.cameras[0], 0, END_US)} == {SegmentState.RELEASED}


def test_what_was_not_sealed_is_a_gap_of_unknown_cause(rig: Rig, tmp_path: Path) -> None:
    record(rig)
    explain(rig, rig.cameras[0], (5, 7), GapCause.CAMERA_AUTH)
    catalogue, found = rebuilt(rig, tmp_path / "after")
    with catalogue:
        assert (found.gaps, found.unknown_gaps) == (0, 4)
        now, before = covered(catalogue, rig.cameras[0]), covered(rig.catalogue, rig.cameras[0])
        assert {gap.cause for gap in now.gaps} == {GapCause.UNKNOWN}
        assert [(g.start_us, g.end_us) for g in now.gaps] == [(g.start_us, g.end_us) for g in before.gaps]


def test_a_list_that_was_changed_after_sealing_does_not_count(rig: Rig, tmp_path: Path) -> None:
    record(rig)
    explain(rig, rig.cameras[0], (5, 7), GapCause.CAMERA_AUTH)
    name = f"cam-01.{utc_day(START_US)}.{ManifestKind.GAPS}"
    seal_day(rig, cut=name)
    catalogue, found = rebuilt(rig, tmp_path / "after")
    with catalogue:
        assert [(f.invariant, f.where.rpartition("/")[2]) for f in found.findings] == [("S1", name)]
        assert found.gaps == 0


def test_a_seal_of_another_key_does_not_count(rig: Rig, tmp_path: Path) -> None:
    record(rig)
    seal_day(rig)
    catalogue, found = rebuilt(rig, tmp_path / "after", keys={new_key(2).public.fingerprint: new_key(2).public})
    with catalogue:
        assert found.seals == 0
        assert sum("without a good signature" in finding.what for finding in found.findings) == 2
        assert found.segments == 34


def test_holds_come_back_from_the_stores_own_flags(rig: Rig, tmp_path: Path) -> None:
    record(rig)
    with rig.catalogue.read() as tx:
        rows = in_span(tx, rig.cameras[0], 0, END_US)
        others = in_span(tx, rig.cameras[1], 0, END_US)
    for row in (*rows[2:5], others[-1]):
        rig.store.place_hold(row.key or "", row.version_id or "")
    catalogue, found = rebuilt(rig, tmp_path / "after")
    with catalogue, catalogue.read() as tx:
        first, second = holds.active_holds(tx)
        assert found.holds == 2
        assert (first.cameras, first.start_us, first.end_us) == (
            (rig.cameras[0],),
            rows[2].sidecar.start_us,
            rows[4].sidecar.end_us,
        )
        # a hold that reaches the end may have been for what was still to come
        assert (second.cameras, second.start_us, second.end_us) == (
            (rig.cameras[1],),
            others[-1].sidecar.start_us,
            None,
        )
        assert first.in_force_us is not None


def test_tombstones_come_back_and_what_is_missing_without_one_is_named(rig: Rig, tmp_path: Path) -> None:
    record(rig, leave_out=())
    with rig.catalogue.read() as tx:
        rows = in_span(tx, rig.cameras[0], 0, END_US)
        elsewhere = in_span(tx, rig.cameras[1], 0, END_US)[5]  # its site's list of tombstones has the same name
    ordered, stolen = rows[3], rows[9]
    with rig.catalogue.write(SYSTEM) as tx:
        expire_row(tx, rig, ordered, rig.sites[0])
        expire_row(tx, rig, elsewhere, rig.sites[1])
    seal_day(rig)
    # governance mode: a keeper with the bypass permission can; the gateway never asks for it
    for row in (ordered, stolen, elsewhere):
        remove(rig, row)
    catalogue, found = rebuilt(rig, tmp_path / "after")
    with catalogue, catalogue.read() as tx, rig.catalogue.read() as before:
        assert [(f.invariant, f.where) for f in found.findings] == [("R5", stolen.key)]
        (mine,) = tombstones.in_span(tx, rig.cameras[0], 0, END_US)
        (theirs,) = tombstones.in_span(before, rig.cameras[0], 0, END_US)
        assert mine == theirs
        (other,) = tombstones.in_span(tx, rig.cameras[1], 0, END_US)
        assert other.segment == elsewhere.sidecar.segment
        states = {row.sidecar.segment: row.state for row in in_span(tx, rig.cameras[0], 0, END_US)}
        assert states.pop(ordered.sidecar.segment) is SegmentState.EXPIRED
        assert states.pop(stolen.sidecar.segment) is SegmentState.LOST
        assert set(states.values()) == {SegmentState.RELEASED}
        assert [gap.cause for gap in gaps_in_span(tx, rig.cameras[0], 0, END_US)] == [GapCause.INTEGRITY_FAILED]


def expire_row(tx: Any, rig: Rig, row: SegmentRow, site: str) -> None:  # noqa: ANN401 - a transaction
    from camera_gateway.domain.retention import Kept, Viewpoint  # noqa: PLC0415 - only here

    sidecar = row.sidecar
    kept = Kept(
        sidecar.segment,
        Viewpoint(INSTITUTION, "hall", sidecar.camera),
        site,
        sidecar.start_us,
        sidecar.end_us,
        sidecar.size_bytes,
        sidecar.sha256,
        row.state,
        row.key,
        row.version_id,
        row.spool_path,
        row.lock_mode,
        row.retain_until_us,
        "law#1",
    )
    assert tombstones.expire(tx, kept, policy="law#1", reasons=["its\ttime"], plan="plan-1", approved_by=None)
    tombstones.confirm(tx, [tombstones.of_plan(tx, "plan-1")[-1].number])


def remove(rig: Rig, row: SegmentRow) -> None:
    store: Any = rig.store
    store._client.delete_object(
        Bucket=store._bucket, Key=row.key, VersionId=row.version_id, BypassGovernanceRetention=True
    )


def test_damaged_and_foreign_objects_are_named_and_not_fatal(rig: Rig, tmp_path: Path) -> None:
    record(rig)
    data = b"somebody else's"
    digest = hashlib.sha256(data).hexdigest()
    stranger = segment_key(INSTITUTION, "cam-01", START_US + 30 * MINUTE_US, digest)
    liar = segment_key(INSTITUTION, "cam-02", START_US + 31 * MINUTE_US, digest)
    sidecar = rig.sidecar(rig.cameras[0], 31, data)
    put(rig, stranger, data)
    put(rig, liar, data, sidecar.to_metadata())
    put(rig, "holiday/photo.jpg", data)
    catalogue, found = rebuilt(rig, tmp_path / "after")
    with catalogue:
        assert sorted(finding.where for finding in found.findings) == sorted([stranger, liar, "holiday/photo.jpg"])
        assert found.segments == 34


def test_a_catalogue_that_has_segments_is_left_alone(rig: Rig) -> None:
    record(rig)
    with pytest.raises(Refused), rig.catalogue.write(SYSTEM) as tx:
        Rebuilder(rig.store, time_zone="UTC", lock_proven=True, keys={}, spooled=lambda _camera, _segment: None).run(tx)


def test_a_rebuild_that_is_cut_short_leaves_nothing_behind(rig: Rig, tmp_path: Path) -> None:
    record(rig)

    class Cut(Exception):
        pass

    def progress(stage: str, done: int) -> None:
        if (stage, done) == ("segments", 20):
            raise Cut

    with pytest.raises(Cut):
        rebuilt(rig, tmp_path / "after", progress=progress)
    with Catalogue.open("sqlite:///catalogue.sqlite", tmp_path / "after", rig.clock) as catalogue:
        with catalogue.read() as tx:
            assert registry.list_cameras(tx) == []
        with catalogue.write(SYSTEM) as tx:
            rebuild.demand_empty(tx)
