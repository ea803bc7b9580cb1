"""Manifests: one text for one content, whatever the order it came in; parsing gives back what was written."""

from __future__ import annotations

import hashlib
import json
import subprocess
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.sealed_days import CAMERAS, FIRST, INSTITUTION, camera_day, content, entry, gap, sidecar_of
from support.tree import ROOT

from camera_gateway.domain.footage import CameraSigned, GapCause, GapRecord, Origin
from camera_gateway.domain.naming import ManifestKind, day_span_us, parse_seal_key, seal_key, seal_name, utc_day
from camera_gateway.errors import InvalidInput
from camera_gateway.evidence.manifest import (
    CameraDay,
    IndexEntry,
    entry_of,
    gaps_table,
    index,
    index_line,
    instant,
    parse_gaps,
    parse_index,
    parse_instant,
    parse_sha256sums,
    sha256sums,
)

if TYPE_CHECKING:
    from pathlib import Path

GOLDEN = ROOT / "tests" / "golden" / "evidence"
CAMERA = CAMERAS[0]
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine is no fault of a manifest."""
TIMES = st.integers(0, 4_000_000_000_000_000)
HASHES = st.binary(min_size=32, max_size=32).map(bytes.hex)
WORDS = st.text(max_size=40)


@st.composite
def entries(draw: st.DrawFn) -> IndexEntry:
    start_us, sha256 = draw(TIMES), draw(HASHES)
    return IndexEntry(
        start_us=start_us,
        end_us=start_us + draw(st.integers(0, 90_000_000)),
        size_bytes=draw(st.integers(0, 1 << 40)),
        sha256=sha256,
        key=f"v1/kg-12/cam-01/2026/11/21/{start_us:016d}-{sha256[:16]}.mp4",
        version_id=draw(WORDS),
        origin=draw(st.sampled_from(Origin)),
        run=draw(WORDS),
        segment=draw(WORDS),
        media_start_us=draw(TIMES),
        clock_offset_us=draw(st.none() | st.integers(-(10**12), 10**12)),
        wall_uncertainty_us=draw(st.integers(0, 10**9)),
        packets_lost=draw(st.integers(0, 10**9)),
        init_sha256=draw(HASHES),
        camera_signed=draw(st.sampled_from(CameraSigned)),
    )


@st.composite
def records(draw: st.DrawFn) -> GapRecord:
    start_us = draw(TIMES)
    return GapRecord(
        gap=draw(WORDS),
        camera=CAMERA,
        institution=INSTITUTION,
        start_us=start_us,
        end_us=start_us + draw(st.integers(0, 10**12)),
        cause=draw(st.sampled_from(GapCause)),
        detail=draw(WORDS),
        observed_by=draw(WORDS),
        precision_us=draw(st.integers(0, 10**9)),
    )


@PATIENT
@given(st.lists(entries(), max_size=6, unique_by=lambda one: one.key), st.randoms())
def test_an_index_is_read_back_as_it_was_written_in_any_order(found: list[IndexEntry], chance: object) -> None:
    data = index(found)
    assert sorted(parse_index(data, "index"), key=lambda one: one.key) == sorted(found, key=lambda one: one.key)
    chance.shuffle(found)  # type: ignore[attr-defined]
    assert index(found) == data
    assert parse_sha256sums(sha256sums(found), "sums") == {one.name: one.sha256 for one in found}


@PATIENT
@given(st.lists(records(), max_size=6, unique_by=lambda one: one.gap), st.randoms())
def test_a_table_of_gaps_is_read_back_whatever_a_detail_holds(found: list[GapRecord], chance: object) -> None:
    data = gaps_table(found)
    assert set(parse_gaps(data, "gaps", INSTITUTION, CAMERA)) == set(found)
    chance.shuffle(found)  # type: ignore[attr-defined]
    assert gaps_table(found) == data
    assert data.count(b"\n") == len(found) + 1


@PATIENT
@given(TIMES, TIMES)
def test_written_times_sort_as_the_times_do(one: int, other: int) -> None:
    assert (instant(one) < instant(other)) == (one < other)
    assert parse_instant(instant(one)) == one


@pytest.mark.parametrize("kind", ManifestKind)
def test_the_lists_of_a_camera_day_are_as_agreed(kind: ManifestKind) -> None:
    made = camera_day(CAMERA, FIRST)
    name = made.name(kind)
    assert name == f"cam-01.2026-11-21.{kind}"
    assert made.key(kind) == f"v1/kg-12/cam-01/2026/11/21/manifest/{name}"
    assert made.files()[kind].decode() == (GOLDEN / name).read_text()


def test_addenda_have_names_of_their_own() -> None:
    made = CameraDay(INSTITUTION, CAMERA, FIRST, 2, (), ())
    assert made.name(ManifestKind.INDEX) == "cam-01.2026-11-21.a2.INDEX.jsonl"
    assert seal_name(FIRST, "txt", 2) == "SEAL.2026-11-21.a2.txt"


def test_sha256sum_itself_reads_the_list(tmp_path: Path) -> None:
    made = camera_day(CAMERA, FIRST)
    for number, one in enumerate(made.segments):
        (tmp_path / one.name).write_bytes(content(CAMERA, FIRST, number))
    (tmp_path / "list").write_bytes(sha256sums(made.segments))
    done = subprocess.run(["sha256sum", "--strict", "-c", "list"], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace('"bytes": 3000', '"bytes": 3001', 1) + "\n",
        lambda text: text[:-1],
        lambda text: "".join(reversed(text.splitlines(keepends=True))),
        lambda text: text.replace('"bytes": 3000', '"bytes":3000', 1),
        lambda text: text.replace('"origin"', '"colour": 1, "origin"', 1),
        lambda text: text.replace('"run": ', '"ran": ', 1),
        lambda text: text.replace("T00:00:00.000000Z", "T00:00:00Z", 1),
        lambda text: "[1]\n" + text,
        lambda text: "null\n" + text,
        lambda text: text.replace('"live"', '"dead"', 1),
        lambda text: text.replace('"camera_signed": "unknown"', '"camera_signed": "perhaps"', 1),
    ],
)
def test_an_index_in_any_other_form_is_refused_by_name(change: object) -> None:
    text = index(camera_day(CAMERA, FIRST).segments).decode()
    with pytest.raises(InvalidInput, match=r"^cam-01\.INDEX"):
        parse_index(change(text).encode(), "cam-01.INDEX")  # type: ignore[operator]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "from\tto\n",
        "{header}2026-11-21T00:00:00.000000Z\t2026-11-21T01:00:00.000000Z\tboredom\t\tg\trecorder\t1\n",
        "{header}2026-11-21T00:00:00Z\t2026-11-21T01:00:00.000000Z\tunknown\t\tg\trecorder\t1\n",
        "{header}2026-11-21T00:00:00.000000Z\t2026-11-21T01:00:00.000000Z\tunknown\t\\x\tg\trecorder\t1\n",
        "{header}2026-11-21T00:00:00.000000Z\t2026-11-21T01:00:00.000000Z\tunknown\t\tg\trecorder\t01\n",
        "{header}cut",
    ],
)
def test_a_table_of_gaps_in_any_other_form_is_refused_by_name(text: str) -> None:
    header = gaps_table(()).decode()
    with pytest.raises(InvalidInput, match=r"^cam-01\.GAPS"):
        parse_gaps(text.format(header=header).encode(), "cam-01.GAPS", INSTITUTION, CAMERA)


@pytest.mark.parametrize(
    "line", ["x" * 64 + "  a\n", "0" * 64 + " a\n", "0" * 64 + "  a/b\n", "0" * 64 + "  \n", "\xff"]
)
def test_a_list_of_hashes_in_any_other_form_is_refused(line: str) -> None:
    with pytest.raises(InvalidInput):
        parse_sha256sums(line.encode("latin-1"), "sums")


def test_a_gap_over_midnight_is_written_whole() -> None:
    start_us, end_us = day_span_us(FIRST)
    over = gap(CAMERA, FIRST, start_us - 10, end_us + 10)
    assert parse_gaps(gaps_table([over]), "gaps", INSTITUTION, CAMERA) == (over,)


@PATIENT
@given(st.dates(date(1970, 1, 1), date(2200, 1, 1)))
def test_a_day_is_the_utc_day_of_its_first_and_last_microsecond(day: date) -> None:
    start_us, end_us = day_span_us(day)
    assert (utc_day(start_us), utc_day(end_us - 1)) == (day, day)
    assert utc_day(end_us) > day


def test_keys_of_seals_are_told_from_everything_beside_them() -> None:
    key = seal_key("kg-12", "annex", FIRST, "SEAL.2026-11-21.a3.txt")
    assert key == "v1/kg-12/seals/annex/2026-11-21/SEAL.2026-11-21.a3.txt"
    found = parse_seal_key(key)
    assert found is not None
    assert (found.institution, found.site, found.day, found.addendum) == ("kg-12", "annex", FIRST, 3)
    for other in ("SEAL.2026-11-21.sig", "SEAL.2026-11-22.txt", "SEAL.2026-11-21.a0.txt", "TOMBSTONES.2026-11-21.tsv"):
        assert parse_seal_key(seal_key("kg-12", "annex", FIRST, other)) is None
    assert parse_seal_key("v1/kg-12/seals/annex/2026-13-41/SEAL.2026-13-41.txt") is None


def test_an_entry_says_what_the_object_is_called_and_what_its_hash_is() -> None:
    one = entry(CAMERA, FIRST, 1)
    assert one.sha256 == hashlib.sha256(content(CAMERA, FIRST, 1)).hexdigest()
    assert one.name == f"{one.start_us:016d}-{one.sha256[:16]}.mp4"


@pytest.mark.parametrize("signed", CameraSigned)
def test_an_index_line_says_what_the_sidecar_says_of_the_cameras_signatures(signed: CameraSigned) -> None:
    sidecar = replace(sidecar_of(CAMERA, FIRST, 1, content(CAMERA, FIRST, 1)), camera_signed=signed)
    one = entry_of(sidecar, "v1/kg-12/cam-01/2026/11/21/1.mp4", "v1")
    assert json.loads(index_line(one))["camera_signed"] == signed.value
    assert index_line(one).replace(f'"{signed.value}"}}', '"unknown"}') == index_line(
        replace(one, camera_signed=CameraSigned.UNKNOWN)
    )
