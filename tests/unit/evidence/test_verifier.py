"""The verifier beside the plain tamperings: archives, links, several seals and keys, deletions, hostile files."""

from __future__ import annotations

import json
import os
import zipfile
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from support.sealed_days import CAMERAS, FIRST, HOUR_US, SITE, Sealed, new_key, seal_of, sealed_days

from camera_gateway.catalogue.tombstones import Tombstone
from camera_gateway.cli.main import main
from camera_gateway.domain.footage import SegmentState
from camera_gateway.domain.ids import SegmentId
from camera_gateway.domain.naming import ManifestKind, day_span_us, tombstones_name
from camera_gateway.evidence.enclosures import enclosures
from camera_gateway.evidence.seal import parse_seal
from camera_gateway.evidence.tombstone_list import tombstone_list
from camera_gateway.evidence.verifier import verify
from storage.checksum import sha256_of

if TYPE_CHECKING:
    from pathlib import Path

CAMERA = CAMERAS[0]
NEXT = FIRST + timedelta(days=2)


@pytest.fixture
def days(tmp_path: Path) -> Sealed:
    return sealed_days(tmp_path / "days")


def failures(days: Sealed, fingerprint: str | None = None) -> list[tuple[str, str]]:
    return verify(days.root, fingerprint).failures


def named(days: Sealed) -> set[str]:
    return {name for name, _ in failures(days)}


def zipped(days: Sealed, path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(days.root.rglob("*")):
            if file.is_file():
                archive.write(file, f"package/{days.relative(file)}")
    return path


def test_a_zip_is_checked_as_it_is(days: Sealed, tmp_path: Path) -> None:
    days.write_export(hours=(1, 3))
    path = zipped(days, tmp_path / "package.zip")
    found = verify(path)
    assert (found.failures, found.counts["segments"]) == ([], 2)
    segment = days.segment(CAMERA, FIRST, 1).read_bytes()
    data = path.read_bytes()
    assert data.count(segment) == 1
    path.write_bytes(data.replace(segment, segment[:100] + b"\0" * 8 + segment[108:]))
    assert [name for name, _ in verify(path).failures] == [f"package/{days.relative(days.segment(CAMERA, FIRST, 1))}"]


def test_a_name_that_is_twice_in_an_archive_is_not_chosen_from(days: Sealed, tmp_path: Path) -> None:
    path = zipped(days, tmp_path / "package.zip")
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("package/seal.pub", new_key(2).public.pem)
    assert verify(path).failures == [("package/seal.pub", "twice in the archive")]


@pytest.mark.parametrize("name", ["../seal.pub", "/etc/passwd"])
def test_a_name_that_leads_out_of_an_archive_is_named(days: Sealed, tmp_path: Path, name: str) -> None:
    path = zipped(days, tmp_path / "package.zip")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, b"")
    assert [where for where, _ in verify(path).failures] == [name]


def test_a_link_is_no_evidence(days: Sealed, tmp_path: Path) -> None:
    path = days.segment(CAMERA, FIRST, 0)
    path.rename(tmp_path / "elsewhere.mp4")
    path.symlink_to(tmp_path / "elsewhere.mp4")
    assert (days.relative(path), "not a plain file") in failures(days)
    os.mkfifo(days.root / "pipe")
    assert ("pipe", "not a plain file") in failures(days)


def test_without_seals_or_key_nothing_is_proven(days: Sealed, tmp_path: Path) -> None:
    assert failures(Sealed(days.folder(CAMERA, FIRST), days.key)) == [
        (f"SEAL.{FIRST}.txt", "missing: without it nothing proves the lists of its day")
    ]
    (tmp_path / "empty").mkdir()
    assert verify(tmp_path / "empty").failures == [
        ("SEAL.txt", "missing: there is no seal here, and so nothing is proven")
    ]
    (days.root / "seal.pub").unlink()
    assert {reason for _, reason in failures(days)} == {"cannot be checked: there is no public key (seal.pub)"}
    (days.root / "seal.pub").write_bytes(b"no key")
    assert ("seal.pub", "not an Ed25519 public key") in failures(days)


def test_the_second_partys_copy_alone_can_be_checked(days: Sealed) -> None:
    for camera in CAMERAS:
        for path in sorted((days.root / camera).rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
    found = verify(days.root)
    assert (found.failures, found.counts) == ([], {"seals": 2})


def test_a_day_whose_segments_are_all_elsewhere_is_named_once(days: Sealed) -> None:
    for path in days.folder(CAMERA, FIRST).glob("*.mp4"):
        path.unlink()
    assert failures(days) == [(f"cam-01.{FIRST}.SHA256SUMS", "none of the segments that it lists is here")]


def test_seals_that_are_not_here_are_told_and_no_failure(tmp_path: Path) -> None:
    days = sealed_days(tmp_path / "days", days=4)
    for day in days.days[1:3]:
        for path in [
            p for p in days.root.rglob("*") if p.is_file() and (str(day) in p.name or f"{day:%Y/%m/%d}" in str(p))
        ]:
            path.unlink()
    found = verify(days.root)
    assert found.failures == []
    assert f"the seals after SEAL.{FIRST}.txt up to SEAL.{NEXT}.txt are not here" in found.notes


def test_a_chain_that_begins_again_is_named(days: Sealed) -> None:
    files = parse_seal(days.seal(days.days[1]).read_bytes(), "seal").files
    days.write_seal(seal_of(days.days[1], dict(files), days.key, None))
    assert failures(days) == [
        (
            days.relative(days.seal(days.days[1])),
            f"says that it is the first of its site, and SEAL.{FIRST}.txt is older",
        )
    ]


def test_two_seals_of_one_day_are_named(days: Sealed) -> None:
    seal = parse_seal(days.seal(FIRST).read_bytes(), "seal")
    other = replace(seal, time_source="another clock").text()
    (days.root / "copy").mkdir()
    (days.root / "copy" / f"SEAL.{FIRST}.txt").write_bytes(other)
    (days.root / "copy" / f"SEAL.{FIRST}.sig").write_bytes(days.key.sign(other))
    assert any("a second seal of the day" in reason for _, reason in failures(days))


def test_an_addendum_is_checked_and_missed_as_the_seal_itself(days: Sealed) -> None:
    before = parse_seal(days.seal(days.days[1]).read_bytes(), "seal")
    assert days.last is not None
    days.write_seal(seal_of(days.days[1], {}, days.key, days.last, addendum=1))
    addendum = days.seal(days.days[1], "txt", 1)
    days.write_seal(seal_of(NEXT, {addendum.name: sha256_of(addendum.read_bytes())}, days.key, days.last))
    assert failures(days) == []
    text = addendum.read_text()
    addendum.write_text(text.replace("+05:00", "+06:00"))
    assert named(days) == {days.relative(addendum)}
    resigned = seal_of(days.days[1], {}, days.key, parse_seal(text.encode(), "a1").previous, addendum=1)
    days.write_seal(replace(resigned, time_source="another clock"))
    assert failures(days) == [(days.relative(addendum), f"not the addendum that SEAL.{NEXT}.txt names")]
    addendum.unlink()
    days.seal(days.days[1], "sig", 1).unlink()
    assert failures(days) == [(addendum.name, f"missing: SEAL.{NEXT}.txt names it")]
    assert before.addendum == 0


def rotated(days: Sealed, *, announced: bool) -> None:
    """Let the seal of the third day be signed by another key, announced by the second day's or not."""
    second = parse_seal(days.seal(days.days[1]).read_bytes(), "seal")
    new = new_key(2)
    if announced:
        days.write_seal(replace(second, next_key=new.public.fingerprint))
    (days.root / "seal.2.pub").write_bytes(new.public.pem)
    days.key = new
    days.write_seal(seal_of(NEXT, {}, new, days.last))


def test_a_new_key_counts_when_the_old_one_has_announced_it(days: Sealed) -> None:
    fingerprint = days.key.public.fingerprint
    rotated(days, announced=True)
    assert failures(days, fingerprint) == []


def test_a_new_key_that_nobody_has_announced_is_named(days: Sealed) -> None:
    fingerprint = days.key.public.fingerprint
    rotated(days, announced=False)
    assert failures(days, fingerprint) == [
        ("seal.2.pub", "a key that was neither given nor announced by an earlier seal")
    ]


def test_what_was_deleted_by_order_is_not_missed(days: Sealed) -> None:
    path = days.segment(CAMERA, FIRST, 2)
    start_us = day_span_us(FIRST)[0] + 2 * HOUR_US
    stone = Tombstone(
        number=1,
        segment=SegmentId("run-2"),
        institution="kg-12",
        site=SITE,
        camera=CAMERA,
        start_us=start_us,
        end_us=start_us + HOUR_US,
        size_bytes=3_000,
        sha256=sha256_of(path.read_bytes()),
        key=f"v1/kg-12/{CAMERA}/2026/11/21/{path.name}",
        version_id="v2",
        before=SegmentState.RELEASED,
        policy="default",
        reasons=("30 days\tare over",),
        plan="p" * 64,
        ordered_by="system:gateway",
        approved_by=None,
        at_us=start_us + 1,
        confirmed_us=start_us + 2,
        withdrawn_us=None,
    )
    path.unlink()
    assert named(days) == {path.name}
    table = tombstone_list([stone])
    name = tombstones_name(NEXT)
    days.write_seal(seal_of(NEXT, {name: sha256_of(table)}, days.key, days.last))
    tombstones = days.seal(NEXT).with_name(name)
    tombstones.write_bytes(table)
    assert failures(days) == []
    tombstones.write_bytes(table.replace(b"are over", b"are done"))
    assert named(days) == {days.relative(tombstones), path.name}


def test_a_package_lacks_nothing_that_lies_in_its_span(days: Sealed) -> None:
    """Whoever makes the package leaves a segment out of it and out of its list."""
    days.write_export(hours=(0, 3))
    export = days.root / "EXPORT.txt"
    path = days.segment(CAMERA, FIRST, 1)
    path.unlink()
    text = "".join(line for line in export.read_text().splitlines(keepends=True) if path.name not in line)
    export.write_text(text)
    (days.root / "EXPORT.sig").write_bytes(days.key.sign(text.encode()))
    assert failures(days) == [(path.name, "missing")]


def test_a_package_of_another_key_is_named_at_its_text(days: Sealed) -> None:
    export = days.write_export(hours=(0, 3))
    (days.root / "EXPORT.sig").write_bytes(new_key(2).sign(export.read_bytes()))
    assert failures(days) == [("EXPORT.txt", "its signature does not fit: text or signature was changed")]


def test_what_no_seal_names_is_named(days: Sealed) -> None:
    path = days.folder(CAMERA, FIRST) / "manifest" / f"cam-09.{FIRST}.GAPS.tsv"
    path.write_bytes(b"from\tto\n")
    assert (days.relative(path), f"added: SEAL.{FIRST}.txt does not name it") in failures(days)


def test_a_camera_whose_name_looks_like_a_day_confuses_nothing(days: Sealed) -> None:
    path = days.folder(CAMERA, FIRST) / "manifest" / f"cam-2001-01-01.{FIRST}.GAPS.tsv"
    path.write_bytes(b"from\tto\n")
    assert (days.relative(path), f"added: SEAL.{FIRST}.txt does not name it") in failures(days)


@pytest.mark.parametrize(
    "text", [b"", b"---\n", b"\xff\xfe", b"site: x\n---\n", b"site: x\nsite: y\n---\n", b"a\n---\nb\n"]
)
def test_a_hostile_seal_is_named_and_stops_nothing(days: Sealed, text: bytes) -> None:
    days.seal(days.days[1]).write_bytes(text)
    assert days.relative(days.seal(days.days[1])) in named(days)
    assert verify(days.root).counts["seals"] == 1


def test_seconds_that_nobody_accounts_for_are_told(days: Sealed) -> None:
    assert [note for note in verify(days.root).notes if "in no segment" in note] == []
    manifest = days.manifest(CAMERA, FIRST, ManifestKind.GAPS)
    shorter = manifest.read_text().replace("T04:00:00", "T04:01:00")
    manifest.write_text(shorter)
    files = dict(parse_seal(days.seal(FIRST).read_bytes(), "seal").files)
    files[manifest.name] = sha256_of(shorter.encode())
    days.write_seal(seal_of(FIRST, files, days.key, None))
    assert f"cam-01 {FIRST}: 60.0 s are in no segment and in no gap listed here" in verify(days.root).notes


def test_the_command_says_what_it_found_in_sentences_and_exit_codes(days: Sealed, tmp_path: Path) -> None:
    runner = CliRunner()
    sound = runner.invoke(main, ["evidence", "verify", str(days.root)])
    assert (sound.exit_code, sound.stdout.splitlines()[-1]) == (
        0,
        "OK: 0 failures; sound: 2 seals, 12 manifests, 16 segments",
    )
    days.segment(CAMERA, FIRST, 0).write_bytes(b"")
    wrong = runner.invoke(main, ["evidence", "verify", str(days.root)])
    assert wrong.exit_code == 1
    assert wrong.stdout.splitlines()[0].startswith(f"FAIL  {days.relative(days.segment(CAMERA, FIRST, 0))}: ")
    absent = runner.invoke(main, ["evidence", "verify", str(tmp_path / "nothing"), "--json"])
    assert (absent.exit_code, json.loads(absent.stdout)["error"]["code"]) == (3, "not-found")
    (tmp_path / "no.zip").write_bytes(b"PK")
    broken = runner.invoke(main, ["evidence", "verify", str(tmp_path / "no.zip"), "--json"])
    assert (broken.exit_code, json.loads(broken.stdout)["error"]["code"]) == (2, "invalid-input")


def test_what_travels_along_is_small_enough_to_be_read() -> None:
    found = enclosures()
    assert sorted(found) == [
        "HOW-TO-VERIFY.en.txt",
        "HOW-TO-VERIFY.kk.txt",
        "HOW-TO-VERIFY.ru.txt",
        "verify.py",
        "verify.sh",
    ]
    assert all(len(data) < 40_000 for data in found.values())
    assert b"\r" not in b"".join(found.values())
