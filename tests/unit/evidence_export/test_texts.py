"""The texts of a package and of an incident, held to golden files; the boxes, read back by the standard's layout."""

from __future__ import annotations

import os
import struct
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest
from support.sealed_days import content, sidecar_of
from support.tree import ROOT

from camera_gateway.domain.footage import GapCause
from camera_gateway.domain.ids import CameraId
from camera_gateway.evidence.certificate import LANGUAGES, NothingFound, cause_in, no_recording
from camera_gateway.evidence.notice import LANGUAGES as NOTICE_LANGUAGES
from camera_gateway.evidence.notice import RECIPIENTS, Notice, notice_text
from camera_gateway.evidence.onvif_boxes import ExportFacts, Source, export_meta
from camera_gateway.evidence.package import SpanGap, clocks_of_span, export_text, gaps_of_span, head_text, time_error
from camera_gateway.evidence.verifier import parse_signed
from camera_gateway.media.boxes import walk

if TYPE_CHECKING:
    from pathlib import Path

GOLDEN = ROOT / "tests" / "golden" / "evidence_export"
US = 1_000_000
AT_US = 1_795_341_600 * US
CAMERA = CameraId("cam-07")
GAPS = (
    SpanGap("cam-07", AT_US, AT_US + 60 * US, "camera-unreachable", "no answer\tat all", required=True),
    SpanGap("cam-07", AT_US - 30 * US, AT_US, None, "the camera was not registered yet", required=False),
)
NOTHING = NothingFound(
    request="request-3",
    requester="следователь А. Серік",
    body="Полиция, г. Аягоз",
    case="26-7510-31/4",
    institution="Детский сад № 12",
    cameras=(("cam-07", "Двор"),),
    start_us=AT_US - 30 * US,
    end_us=AT_US + 60 * US,
    made_us=AT_US + 86_400 * US,
    gaps=GAPS,
    sealed_days="2026-11-22",
    unsealed_days="-",
)
NOTICE = Notice(
    incident="incident-1",
    institution="Детский сад № 12",
    cameras=(("cam-07", "Двор"),),
    at_us=AT_US,
    text="Упал ребёнок",
    reported_by="token:alia",
    reported_us=AT_US + 90 * US,
    hold="hold-4",
    held_from_us=AT_US - 3_600 * US,
    held_to_us=AT_US + 3_600 * US,
    confirmed_us=AT_US + 91 * US,
    written_us=AT_US + 92 * US,
    local_at="2026-11-22T15:00:00+05:00",
    audit_row=17,
    audit_digest="a" * 64,
)


def hold_to(golden: Path, text: str) -> None:
    if os.environ.get("GOLDEN_UPDATE"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_certificate_of_no_recording_is_as_agreed(language: str) -> None:
    hold_to(GOLDEN / f"NO-RECORDING.{language}.txt", no_recording(NOTHING, language))


@pytest.mark.parametrize("language", NOTICE_LANGUAGES)
@pytest.mark.parametrize("recipient", RECIPIENTS)
def test_the_notice_of_an_incident_is_as_agreed(recipient: str, language: str) -> None:
    hold_to(GOLDEN / f"incident.{recipient}.{language}.txt", notice_text(NOTICE, recipient, language))


@pytest.mark.parametrize("language", NOTICE_LANGUAGES)
def test_a_notice_does_not_claim_what_the_store_has_not_confirmed(language: str) -> None:
    text = notice_text(replace(NOTICE, confirmed_us=None), "police", language)
    assert "10:01:31" not in text
    assert text != notice_text(NOTICE, "police", language)


@pytest.mark.parametrize("cause", GapCause)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_cause_of_a_gap_has_words_in_every_language(cause: GapCause, language: str) -> None:
    assert cause_in(cause.value, language)


def test_gaps_and_clocks_of_a_span_are_tables_with_a_line_each() -> None:
    sidecar = sidecar_of(CAMERA, date(2026, 11, 22), 0, content(CAMERA, date(2026, 11, 22), 0))
    hold_to(GOLDEN / "SPAN-GAPS.tsv", gaps_of_span(GAPS))
    hold_to(GOLDEN / "SPAN-CLOCKS.tsv", clocks_of_span([sidecar, replace(sidecar, clock_offset_us=None)]))


def test_the_time_error_is_the_worst_of_all_segments() -> None:
    sidecar = sidecar_of(CAMERA, date(2026, 11, 22), 0, b"x")
    other = replace(sidecar, clock_offset_us=2_000_000, wall_uncertainty_us=45_000)
    assert time_error([sidecar, other]) == (
        "starts within 0.045000 s of the gateway's clock; camera minus gateway -0.001500 to 2.000000 s"
    )
    assert "did not say" in time_error([replace(sidecar, clock_offset_us=None)])


@pytest.mark.parametrize("value", ["", "a   b: c", "two\nlines", "---", "Ә: б", "x\u2028y"])
def test_whatever_somebody_types_cannot_break_out_of_its_field(value: str) -> None:
    text = export_text(head_text(({"case": value, "from": "f"}, {"to": "t"})), {"b.txt": "0" * 64, "a.txt": "1" * 64})
    head, files = parse_signed(text.decode())
    assert head.keys() == {"case", "from", "to"}
    assert (head["from"], head["to"]) == ("f", "t")
    assert list(files) == ["a.txt", "b.txt"]


def test_the_boxes_of_a_derivative_have_the_layout_of_the_standard() -> None:
    facts = ExportFacts(
        "unit", "", "00:11", AT_US, "token:alia", AT_US, (Source(1, "Двор", "rtsp://10.0.0.7:554", ""),)
    )
    data = export_meta(facts)
    (meta,) = walk(data)
    assert (meta.kind, meta.size) == (b"meta", len(data))
    handler, suep, cstb = walk(data, meta.body + 4)
    assert (handler.kind, suep.kind, cstb.kind) == (b"hdlr", b"suep", b"cstb")
    body = data[suep.body : suep.end]
    assert body[:4] == b"\x01\x00\x00\x00"
    name, url, mac, rest = body[4:].split(b"\x00", 3)
    assert (name, url, mac) == (b"unit", b"", b"00:11")
    assert struct.unpack(">Q", rest[:8])[0] == AT_US // US + 2_082_844_800
    operator, rest = rest[8:].split(b"\x00", 1)
    assert operator == b"token:alia"
    assert struct.unpack(">IH", rest[:6]) == (1, 1)
    assert rest[6:].decode().split("\x00") == ["Двор", "rtsp://10.0.0.7:554", "", "", ""]
    count, track, start = struct.unpack(">IIQ", data[cstb.body : cstb.end])
    assert (count, track) == (1, 1)
    assert start == (AT_US // US + 11_644_473_600) * 10_000_000
