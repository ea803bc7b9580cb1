"""Sealing on the real catalogue: what is due, comes late, is left by a crash, was put there by others (C7, S2)."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from support.fuses import Fuse, FusedBooks, FusedStore, Killed
from support.gateway_rig import INSTITUTION, MINUTE_US, START_US, Rig
from support.sealed_days import new_key

from camera_gateway.catalogue import audit_log, registry, seals, tombstones
from camera_gateway.catalogue.gaps import gaps_in_span
from camera_gateway.catalogue.segments import get_segment, mark_lost
from camera_gateway.domain.camera import CameraState
from camera_gateway.domain.footage import CameraSigned, GapCause
from camera_gateway.domain.naming import DAY_US, ManifestKind, day_span_us, manifest_key, segment_key, utc_day
from camera_gateway.errors import InvalidInput, Unavailable
from camera_gateway.evidence.bucket_check import Known, check_site, from_bucket
from camera_gateway.evidence.manifest import entry_of, gaps_table, index, parse_gaps, parse_index, sha256sums
from camera_gateway.evidence.seal import Previous, parse_seal
from camera_gateway.evidence.sealed_files import SealedFiles, new_seal
from camera_gateway.evidence.sealing import Described, Report, Sealer
from camera_gateway.evidence.verifier import verify
from camera_gateway.evidence.witness import DirectoryWitness, StoreWitness
from storage.checksum import sha256_of
from storage.errors import Locked
from storage.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from pathlib import Path

    from camera_gateway.evidence.witness import Witness
    from storage.blobs import BlobStore

pytestmark = pytest.mark.slow

KEY = new_key()
DAY = utc_day(START_US)
"""The rig's footage begins at 08:53 UTC of this day."""
AFTER_US = day_span_us(DAY)[1] + 31 * MINUTE_US
KEEP_DAYS = 3_650


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with Rig(tmp_path / "data") as made:
        yield made


def store_segments(rig: Rig, *numbers: int) -> list[str]:
    """Seal (in the recorder's sense), take in and store minutes of every camera."""
    made = [rig.seal(camera, number) for camera in rig.cameras for number in numbers]
    rig.take()
    for sidecar in made:
        rig.transfer().advance(sidecar.segment)
    return [sidecar.segment for sidecar in made]


def files_of(rig: Rig, store: BlobStore | None = None) -> SealedFiles:
    return SealedFiles(store or rig.store, "governance", KEEP_DAYS)


def run(rig: Rig, day: date | None = None, **changes: Any) -> Report:  # noqa: ANN401 - of the sealer or the rig
    described = Described("gw-1", "camera-gateway test", "c" * 64)
    values: dict[str, Any] = {"worm": lambda: "proven 2025-10-10T00:30:00Z", "witness": None} | changes
    files = files_of(rig, values.pop("store", None))
    books = values.pop("books", rig.books)
    return Sealer(books, files, KEY, described, rig.clock, **values).run(day)


def at(rig: Rig, now_us: int) -> None:
    rig.clock.step_wall(now_us - rig.clock.now_us())


def everything(rig: Rig) -> dict[str, bytes]:
    """Every manifest and seal in the bucket."""
    keys = [blob.key for blob in rig.store.list("v1/") if not blob.key.endswith(".mp4")]
    return {key: files_of(rig).read(key) for key in keys}


def download(rig: Rig, folder: Path) -> Path:
    """Fetch the whole bucket as a person would, the public key beside it."""
    for blob in rig.store.list("v1/"):
        path = folder / blob.key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(files_of(rig).read(blob.key))
    (folder / "seal.pub").write_bytes(KEY.public.pem)
    return folder


def names(report: Report) -> set[str]:
    return {name for _, name in report.made}


def test_a_day_is_sealed_half_an_hour_after_its_end_once(rig: Rig, tmp_path: Path) -> None:
    store_segments(rig, 0, 1, 2)
    rig.put_gap(rig.cameras[0], "gap-1", START_US + 3 * MINUTE_US, START_US + 9 * MINUTE_US)
    rig.take()
    at(rig, AFTER_US - 2 * MINUTE_US)
    assert run(rig).made == []
    at(rig, AFTER_US)
    report = run(rig)
    assert (report.made, report.findings) == ([(site, f"SEAL.{DAY}.txt") for site in sorted(rig.sites)], [])
    before = everything(rig)
    assert run(rig).made == []
    assert everything(rig) == before
    found = verify(download(rig, tmp_path / "got"), KEY.public.fingerprint)
    assert found.failures == []
    assert found.counts == {"seals": 2, "manifests": 8, "segments": 6}
    # both cameras record from 08:53:20 on; what is not told by a gap record is not hidden either
    assert sum("are in no segment and in no gap" in note for note in found.notes) == 2


def test_the_index_says_of_each_segment_whether_the_camera_signed_it(rig: Rig) -> None:
    store_segments(rig, 0, 1, 2)
    at(rig, AFTER_US)
    run(rig)
    for camera in rig.cameras:
        key = manifest_key(INSTITUTION, camera, DAY, ManifestKind.INDEX, 0)
        said = [entry.camera_signed for entry in parse_index(files_of(rig).read(key), key)]
        assert said == [CameraSigned.YES, CameraSigned.NO, CameraSigned.UNKNOWN]
        # each line can be made of the object alone (S1), which says nothing where nothing is known
        told = [
            json.loads(rig.store.head(e.key).metadata["sidecar"]) for e in parse_index(files_of(rig).read(key), key)
        ]
        assert [values.get("camera_signed") for values in told] == ["yes", "no", None]


def test_the_seal_says_what_is_known_of_the_installation(rig: Rig) -> None:
    store_segments(rig, 0)
    at(rig, AFTER_US)
    rows, head = rig.books.read(audit_log.head)
    run(rig)
    row = rig.books.read(lambda tx: seals.get(tx, rig.sites[0], DAY))
    seal = parse_seal(row.text, "seal")
    assert (seal.audit_rows, seal.audit_head_sha256) == (rows, head)
    assert (seal.utc_offset, seal.gateway, seal.witness) == ("+05:00", "gw-1", "NONE")
    assert seal.time_source == "system clock, +0.0 s against the store's, steps 0"
    assert seal.worm == "proven 2025-10-10T00:30:00Z"
    assert rig.books.read(audit_log.verify) is None
    made = [r for r in rig.books.read(lambda tx: audit_log.list_rows(tx, 0, 1_000)) if r.action == "seal.make"]
    assert [r.details["sha256"] for r in made if r.object == f"site:{rig.sites[0]}"] == [sha256_of(row.text)]


def test_seals_and_lists_are_locked_for_their_ten_years(rig: Rig) -> None:
    store_segments(rig, 0)
    at(rig, AFTER_US)
    run(rig)
    until_us = day_span_us(DAY)[1] + KEEP_DAYS * DAY_US
    for key in everything(rig):
        info = rig.store.head(key)
        assert info.lock is not None
        assert info.lock.retain_until_us == until_us
        with pytest.raises(Locked):
            rig.store.delete_version(key, info.version_id)


def test_missed_days_are_sealed_in_their_order_and_each_names_the_one_before(rig: Rig, tmp_path: Path) -> None:
    store_segments(rig, 0, 1_500, 3_000)
    at(rig, AFTER_US + 2 * DAY_US)
    report = run(rig)
    days = [DAY + timedelta(days=number) for number in range(3)]
    assert report.made == [(site, f"SEAL.{day}.txt") for site in sorted(rig.sites) for day in days]
    found = verify(download(rig, tmp_path / "got"))
    assert (found.failures, found.counts["seals"]) == ([], 6)
    last = rig.books.read(lambda tx: seals.last_of_site(tx, rig.sites[0]))
    assert last is not None
    previous = parse_seal(last.text, "seal").previous
    assert previous is not None
    assert previous.name == f"SEAL.{days[1]}.txt"


def test_a_day_can_be_named_and_one_that_is_not_over_is_refused(rig: Rig) -> None:
    store_segments(rig, 0)
    at(rig, AFTER_US + 2 * DAY_US)
    assert names(run(rig, DAY)) == {f"SEAL.{DAY}.txt"}
    assert run(rig, DAY).made == []
    with pytest.raises(InvalidInput, match="not over"):
        run(rig, DAY + timedelta(days=3))


def test_what_comes_late_goes_into_an_addendum_that_the_next_seal_names(rig: Rig, tmp_path: Path) -> None:
    store_segments(rig, 0, 1)
    at(rig, AFTER_US)
    run(rig)
    before = everything(rig)
    camera = rig.cameras[0]
    late = rig.seal(camera, 5)
    rig.put_gap(camera, "late-gap", START_US + 2 * MINUTE_US, START_US + 5 * MINUTE_US)
    rig.take()
    rig.transfer().advance(late.segment)
    report = run(rig)
    assert report.made == [(rig.sites[0], f"SEAL.{DAY}.a1.txt")]
    assert before.items() <= everything(rig).items()
    index = manifest_key(INSTITUTION, camera, DAY, ManifestKind.INDEX, 1)
    assert [entry.segment for entry in parse_index(files_of(rig).read(index), index)] == [late.segment]
    table = manifest_key(INSTITUTION, camera, DAY, ManifestKind.GAPS, 1)
    assert [gap.gap for gap in parse_gaps(files_of(rig).read(table), table, INSTITUTION, camera)] == ["late-gap"]
    assert run(rig).made == []
    at(rig, AFTER_US + DAY_US)
    store_segments(rig, 1_500)
    run(rig)
    last = rig.books.read(lambda tx: seals.last_of_site(tx, rig.sites[0]))
    assert last is not None
    assert f"SEAL.{DAY}.a1.txt" in parse_seal(last.text, "seal").files
    got = download(rig, tmp_path / "got")
    assert verify(got).failures == []
    for path in got.rglob(f"SEAL.{DAY}.a1.*"):
        path.unlink()
    assert f"SEAL.{DAY}.a1.txt" in {name for name, _ in verify(got).failures}


def test_a_segment_that_is_lost_after_it_was_sealed_is_told_in_an_addendum_and_stays_missed(
    rig: Rig, tmp_path: Path
) -> None:
    first, *_ = store_segments(rig, 0, 1)
    at(rig, AFTER_US)
    run(rig)
    segment = rig.row(first).sidecar.segment
    rig.books.write(lambda tx: mark_lost(tx, segment, GapCause.INTEGRITY_FAILED, "the object is damaged"))
    assert names(run(rig)) == {f"SEAL.{DAY}.a1.txt"}
    table = manifest_key(INSTITUTION, rig.cameras[0], DAY, ManifestKind.GAPS, 1)
    assert b"integrity-failed\tthe object is damaged" in files_of(rig).read(table)
    got = download(rig, tmp_path / "got")
    next(got.rglob(rig.row(first).key.rpartition("/")[2])).unlink()  # type: ignore[union-attr]
    assert [reason for _, reason in verify(got).failures] == ["missing"]


def test_a_deletion_by_order_is_sealed_with_its_reasons_and_no_longer_missed(rig: Rig, tmp_path: Path) -> None:
    first, *_ = store_segments(rig, 0, 1)
    at(rig, AFTER_US)
    run(rig)
    row = rig.row(first)
    camera = rig.books.read(lambda tx: registry.get_camera(tx, row.sidecar.camera))
    rig.books.write(lambda tx: expire(tx, rig, first, camera.site))
    info = rig.store.head(row.key or "")
    at(rig, (info.lock.retain_until_us if info.lock else 0) + 1)
    rig.store.delete_version(info.key, info.version_id)
    rig.books.write(lambda tx: tombstones.confirm(tx, [1]))
    gone_day = utc_day(rig.clock.now_us())
    at(rig, day_span_us(gone_day)[1] + 31 * MINUTE_US)
    run(rig)
    table = f"v1/{INSTITUTION}/seals/{camera.site}/{gone_day}/TOMBSTONES.{gone_day}.tsv"
    text = files_of(rig).read(table).decode()
    assert row.sidecar.sha256 in text
    assert "default: 30 days" in text
    assert verify(download(rig, tmp_path / "got")).failures == []


def expire(tx: Any, rig: Rig, segment: str, site: str) -> None:  # noqa: ANN401 - a transaction
    from camera_gateway.catalogue.kept import get_kept  # noqa: PLC0415 - only here

    kept = get_kept(tx, get_segment(tx, segment).sidecar.segment)  # type: ignore[arg-type]
    assert kept is not None
    assert kept.site == site
    assert tombstones.expire(tx, kept, policy="default", reasons=["default: 30 days"], plan="p", approved_by=None)


def test_a_stored_object_that_is_gone_at_sealing_is_sealed_and_told(rig: Rig, tmp_path: Path) -> None:
    first, *_ = store_segments(rig, 0, 1)
    key = rig.row(first).key or ""
    at(rig, AFTER_US)
    rig.store._keys[key].clear()  # type: ignore[attr-defined] # as an administrator of the store could
    report = run(rig)
    assert [where for where, _ in report.findings] == [key]
    assert verify(download(rig, tmp_path / "got")).failures == [(key.rpartition("/")[2], "missing")]


def test_days_before_a_camera_was_there_and_after_it_was_retired_have_no_lists_of_it(rig: Rig) -> None:
    rig.books.write(lambda tx: registry.set_camera_state(tx, rig.cameras[0], CameraState.RETIRED))
    at(rig, AFTER_US + DAY_US)
    assert rig.books.read(lambda tx: registry.get_camera(tx, rig.cameras[0])).retired_us == START_US + 60 * MINUTE_US
    report = run(rig)
    assert sorted(report.made) == [
        (rig.sites[0], f"SEAL.{DAY}.txt"),
        (rig.sites[1], f"SEAL.{DAY}.txt"),
        (rig.sites[1], f"SEAL.{DAY + timedelta(days=1)}.txt"),
    ]


# crashes


def steps_of(data_dir: Path) -> int:
    """How many steps a run has that seals one day of one camera."""
    with Rig(data_dir, cameras=1) as rig:
        store_segments(rig, 0, 1)
        at(rig, AFTER_US)
        fuse = Fuse()
        run(rig, store=FusedStore(rig.store, fuse), books=FusedBooks(rig.books, fuse))
        return len(fuse.steps)


@pytest.mark.timeout(900)  # fifty installations, each killed at another step: a slow disk needs its time
@pytest.mark.parametrize("more", [False, True], ids=["nothing new", "more meanwhile"])
def test_a_kill_between_any_two_steps_leaves_one_seal_and_nothing_unsealed(tmp_path: Path, *, more: bool) -> None:
    steps = steps_of(tmp_path / "whole")
    assert steps > 20
    for step in range(steps):
        with Rig(tmp_path / f"data-{step}", cameras=1) as rig:
            store_segments(rig, 0, 1)
            at(rig, AFTER_US)
            fuse = Fuse(step)
            with pytest.raises(Killed):
                run(rig, store=FusedStore(rig.store, fuse), books=FusedBooks(rig.books, fuse))
            rig.restart()
            if more:
                store_segments(rig, 2)
                rig.put_gap(rig.cameras[0], "more", START_US + 3 * MINUTE_US, START_US + 4 * MINUTE_US)
                rig.take()
            for _ in range(2):  # the second run adds what the first has taken up unfinished
                assert run(rig).findings == []
            assert run(rig).made == []
            found = verify(download(rig, tmp_path / f"got-{step}"))
            assert (found.failures, found.counts["segments"]) == ([], 3 if more else 2), fuse.steps[-1]
            versions = [version.key for version in rig.store.list_versions("v1/")]
            assert len(versions) == len(set(versions))
            assert len([key for key in everything(rig) if key.endswith(f"SEAL.{DAY}.txt")]) == 1


def test_seals_are_found_again_when_the_catalogue_has_lost_them(rig: Rig) -> None:
    store_segments(rig, 0, 1_500)
    at(rig, AFTER_US)
    run(rig)
    late = rig.seal(rig.cameras[0], 7)
    rig.take()
    rig.transfer().advance(late.segment)
    at(rig, AFTER_US + DAY_US)
    run(rig)
    before = everything(rig)
    rig.books.write(forget)
    report = run(rig)
    assert report.findings == []
    assert run(rig).findings == []
    assert everything(rig) == before
    rows = rig.books.read(lambda tx: seals.sealed_between(tx, rig.sites[0], DAY, DAY + timedelta(days=9)))
    assert [(row.day, row.addendum) for row in rows] == [(DAY, 0), (DAY, 1), (DAY + timedelta(days=1), 0)]


def forget(tx: Any) -> None:  # noqa: ANN401 - a transaction
    tx.connection.exec_driver_sql("DELETE FROM seals")
    tx.connection.exec_driver_sql("DELETE FROM sealed_days")


# what somebody else has put there


def foreign(rig: Rig, key: str, data: bytes) -> None:
    rig.store.put(key, data, sha256=sha256_of(data))


def forged_lists(rig: Rig) -> dict[str, bytes]:
    """Lists in the right form, with everything of ours in them and one line more."""
    camera = rig.cameras[0]
    row = next(row for row in rig.rows() if row.sidecar.camera == camera)
    ours = entry_of(row.sidecar, row.key or "", row.version_id or "")
    forged = replace(ours, key=segment_key(INSTITUTION, camera, ours.start_us + 1, "f" * 64), sha256="f" * 64)
    excuse = replace(rig.put_gap(camera, "ours", START_US, START_US + 1), gap="forged", end_us=START_US + 9 * MINUTE_US)
    rig.take()
    kinds = ManifestKind.INDEX, ManifestKind.GAPS, ManifestKind.SHA256SUMS
    ours_too = rig.books.read(lambda tx: gaps_in_span(tx, camera, *day_span_us(DAY)))
    data = index([ours, forged]), gaps_table([*ours_too, excuse]), sha256sums([ours, forged])
    return {manifest_key(INSTITUTION, camera, DAY, kind): text for kind, text in zip(kinds, data, strict=True)}


@pytest.mark.parametrize("which", [0, 1, 2], ids=["index", "gaps", "hashes"])
def test_a_list_that_somebody_has_put_in_our_place_is_never_signed(rig: Rig, which: int) -> None:
    store_segments(rig, 0)
    key, data = list(forged_lists(rig).items())[which]
    foreign(rig, key, data)
    at(rig, AFTER_US)
    report = run(rig)
    assert [where for where, _ in report.findings] == [f"site {rig.sites[0]}"]
    assert key in report.findings[0][1]
    assert report.made == [(rig.sites[1], f"SEAL.{DAY}.txt")]
    assert files_of(rig).read(key) == data


def test_a_day_gets_no_second_text_when_two_seal_it_at_once(rig: Rig) -> None:
    store_segments(rig, 0)
    at(rig, AFTER_US)
    run(rig)
    row = rig.books.read(lambda tx: seals.get(tx, rig.sites[0], DAY))
    other = replace(parse_seal(row.text, "seal"), time_source="another clock")
    late = new_seal(other, other.text(), KEY.sign(other.text()))
    assert rig.books.write(lambda tx: seals.add(tx, late)) == row


def test_a_seal_that_our_key_has_not_signed_is_never_taken_up(rig: Rig) -> None:
    store_segments(rig, 0)
    at(rig, AFTER_US)
    run(rig)
    row = rig.books.read(lambda tx: seals.get(tx, rig.sites[0], DAY))
    forged = parse_seal(row.text, "seal")
    forged = replace(forged, day=DAY + timedelta(days=1), previous=None, key=new_key(2).public.fingerprint)
    prefix = f"v1/{INSTITUTION}/seals/{rig.sites[0]}/{forged.day}/SEAL.{forged.day}"
    foreign(rig, f"{prefix}.txt", forged.text())
    foreign(rig, f"{prefix}.sig", new_key(2).sign(forged.text()))
    at(rig, AFTER_US + DAY_US)
    report = run(rig)
    assert [where for where, _ in report.findings] == [f"site {rig.sites[0]}"]
    assert rig.books.read(lambda tx: seals.of_day(tx, rig.sites[0], forged.day)) == []


# the second party


def test_the_second_party_gets_text_and_signature_of_each_seal(rig: Rig, tmp_path: Path) -> None:
    (tmp_path / "auditor").mkdir()
    witness = DirectoryWitness("Auditor, Almaty", tmp_path / "auditor")
    store_segments(rig, 0)
    at(rig, AFTER_US)
    assert run(rig, witness=witness).waiting == 0
    kept = {
        path.relative_to(tmp_path / "auditor").as_posix(): path.read_bytes() for path in files(tmp_path / "auditor")
    }
    assert kept == {key: data for key, data in everything(rig).items() if "/SEAL." in key}
    row = rig.books.read(lambda tx: seals.get(tx, rig.sites[0], DAY))
    assert parse_seal(row.text, "seal").witness == "Auditor, Almaty"
    assert row.witnessed_us == rig.clock.now_us()
    (tmp_path / "auditor" / "seal.pub").write_bytes(KEY.public.pem)
    assert verify(tmp_path / "auditor").failures == []


def files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def test_seals_wait_for_a_second_party_that_is_away_and_then_go_in_order(rig: Rig, tmp_path: Path) -> None:
    away = DirectoryWitness("Auditor", tmp_path / "not-mounted")
    store_segments(rig, 0)
    at(rig, AFTER_US + DAY_US)
    report = run(rig, witness=away)
    assert (report.waiting, report.findings) == (4, [])
    assert not (tmp_path / "not-mounted").exists()
    (tmp_path / "not-mounted").mkdir()
    assert run(rig, witness=away).waiting == 0
    assert len(files(tmp_path / "not-mounted")) == 8


@contextmanager
def witnesses(tmp_path: Path, rig: Rig) -> Iterator[list[Witness]]:
    (tmp_path / "w").mkdir()
    yield [DirectoryWitness("a directory", tmp_path / "w"), StoreWitness("a store", MemoryStore(rig.clock.now_us))]


def test_a_history_made_anew_contradicts_the_second_partys_copy(rig: Rig, tmp_path: Path) -> None:
    with witnesses(tmp_path, rig) as both:
        for witness in both:
            key = f"v1/{INSTITUTION}/seals/{rig.sites[0]}/{DAY}/SEAL.{DAY}.txt"
            witness.keep(key, b"what was sealed at the time", AFTER_US)
        store_segments(rig, 0)
        at(rig, AFTER_US)
        for witness in both:
            report = run(rig, witness=witness)
            assert [where for where, _ in report.findings] == [f"witness {witness.name}"]
            assert report.waiting == 1


def test_without_the_store_nothing_is_sealed_and_that_is_said(rig: Rig) -> None:
    class Away(MemoryStore):
        def get(self, *_: Any, **__: Any) -> Any:  # noqa: ANN401 - never returns
            from storage.errors import Transient  # noqa: PLC0415 - only here

            raise Transient

    store_segments(rig, 0)
    at(rig, AFTER_US)
    with pytest.raises(Unavailable, match="store cannot be asked"):
        run(rig, store=Away(rig.clock.now_us))


# held to the bucket


def known(rig: Rig, *, waiting: set[str] = frozenset(), deleted: set[str] = frozenset()) -> Known:  # type: ignore[assignment]
    rows = rig.books.read(lambda tx: seals.sealed_between(tx, rig.sites[0], DAY, DAY + timedelta(days=99)))
    remembered = {(row.day, row.addendum): sha256_of(row.text) for row in rows}
    return Known(deleted.__contains__, waiting.__contains__, remembered)


def checked(rig: Rig, **more: Any) -> list[tuple[str, str]]:  # noqa: ANN401 - of check_site
    site = rig.books.read(lambda tx: registry.get_site(tx, rig.sites[0]))
    values = {"known": known(rig)} | more
    return check_site(
        files_of(rig), {KEY.public.fingerprint: KEY.public}, site, values.pop("known"), rebuild=True, **values
    ).failures


def test_every_line_can_be_made_anew_from_the_bucket_alone(rig: Rig) -> None:
    store_segments(rig, 0, 1, 2)
    rig.put_gap(rig.cameras[0], "gap-1", START_US + 3 * MINUTE_US, START_US + 9 * MINUTE_US)
    rig.take()
    at(rig, AFTER_US)
    run(rig)
    before = everything(rig)
    rig.books.write(forget)
    for camera in rig.cameras:
        made = from_bucket(files_of(rig), INSTITUTION, camera, DAY)
        assert {made.key(kind): data for kind, data in made.files().items()}.items() <= before.items()
    assert checked(rig) == []


def test_the_bucket_held_to_its_seals_shows_what_was_done_to_it(rig: Rig) -> None:
    segments = store_segments(rig, 0, 1, 2, 3)[:4]
    at(rig, AFTER_US + DAY_US)
    run(rig)
    keys = [rig.row(segment).key or "" for segment in segments]
    store: Any = rig.store
    store._keys[keys[0]].clear()
    store._keys[keys[1]].append(replace(store._keys[keys[1]][0], version_id="another"))
    store._keys[keys[2]][0] = replace(store._keys[keys[2]][0], metadata={"sidecar": "{}"})
    store._keys[keys[3]].append(replace(store._keys[keys[3]][0], version_id="marker", data=b"", is_marker=True))
    added = keys[3].replace(keys[3][-20:], "0123456789abcdef.mp4")
    foreign(rig, added, b"footage that nobody recorded")
    assert checked(rig) == [
        (keys[0], "missing, and no tombstone says why"),
        (keys[1], "2 versions of it"),
        (keys[2], "its sidecar cannot be read"),
        (keys[3], "hidden by a delete marker"),
        (added, "added: no sealed list names it"),
    ]
    told = {name for name, _ in checked(rig, known=known(rig, waiting={added}, deleted={keys[0]}))}
    assert told == set(keys[1:])


@pytest.mark.parametrize("day", [None, DAY])
def test_a_list_or_seal_that_was_changed_in_the_bucket_is_named(rig: Rig, day: date | None) -> None:
    store_segments(rig, 0)
    at(rig, AFTER_US + DAY_US)
    run(rig)
    store: Any = rig.store
    table = manifest_key(INSTITUTION, rig.cameras[0], DAY, ManifestKind.GAPS)
    store._keys[table][0] = replace(store._keys[table][0], data=b"")
    assert [name for name, _ in checked(rig, day=day)] == [table]
    seal = f"v1/{INSTITUTION}/seals/{rig.sites[0]}/{DAY}/SEAL.{DAY}.txt"
    changed = store._keys[seal][0].data.replace(b"steps 0", b"steps 1")
    store._keys[seal][0] = replace(store._keys[seal][0], data=changed)
    assert seal in {name for name, _ in checked(rig, day=day)}
    del store._keys[seal]
    assert any("the seal is missing" in reason for _, reason in checked(rig, day=day))


def test_a_seal_that_our_own_key_has_signed_anew_shows_by_what_it_follows(rig: Rig) -> None:
    store_segments(rig, 0, 1_500)
    at(rig, AFTER_US + 2 * DAY_US)
    run(rig)
    second = DAY + timedelta(days=1)
    key = f"v1/{INSTITUTION}/seals/{rig.sites[0]}/{second}/SEAL.{second}.txt"
    seal = parse_seal(files_of(rig).read(key), key)
    anew = replace(seal, previous=Previous(f"SEAL.{DAY}.txt", "0" * 64)).text()
    store: Any = rig.store
    for name, data in ((key, anew), (key.removesuffix("txt") + "sig", KEY.sign(anew))):
        store._keys[name][0] = replace(store._keys[name][0], data=data)
    # whoever holds the key may have written the catalogue anew as well
    forgetful = Known(set().__contains__, set().__contains__, {})
    assert (key, f"follows SEAL.{DAY}.txt, which is not the seal before it here") in checked(rig, known=forgetful)
