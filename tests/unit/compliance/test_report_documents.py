"""Reports as documents: each kind in each language as text, what a document promises, and the laws of the builders.

Written anew with: UPDATE_GOLDEN=1 pytest tests/unit/compliance/test_report_documents.py; a difference is to be read.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from datetime import date, timedelta
from string import Template

import pytest
from support.report_world import (
    AYAGOZ,
    BROKEN_US,
    CORRIDOR,
    DAY_US,
    EARLIER,
    FRAME,
    GONE,
    HALL,
    HELD,
    HOUSE,
    INSTALLATION,
    JUDGED,
    KEEPING,
    KEY,
    NIGHT,
    START_US,
    TODAY,
    days_of,
    documents,
    sealed,
)
from support.tree import ROOT

from camera_gateway.access.purposes import Code
from camera_gateway.catalogue.viewings import KINDS as VIEWING_KINDS
from camera_gateway.compliance.documents.findings import (
    changes,
    compliance_report,
    finding_sections,
    remembered,
    verdict_of,
)
from camera_gateway.compliance.documents.gaps import explanation_of, gap_register
from camera_gateway.compliance.documents.keeping import Keeping, outlook, run_of, status_of
from camera_gateway.compliance.documents.layout import as_text
from camera_gateway.compliance.documents.material import Judged, Listed, Registered, share_ppm
from camera_gateway.compliance.documents.model import (
    Column,
    Kind,
    Paragraph,
    Table,
    Type,
    as_json,
    canonical,
    codes_of,
    parse,
    tables_of,
)
from camera_gateway.compliance.documents.packs import inspection_pack, monthly_report, zone_table
from camera_gateway.compliance.documents.registers import touched
from camera_gateway.compliance.documents.sayings import SAID, cameras_of, evidence_of, figure_of
from camera_gateway.compliance.documents.statement import qr_text, statement
from camera_gateway.compliance.documents.words import LANGUAGES, Words, texts_of, words_for
from camera_gateway.compliance.methods import Method
from camera_gateway.compliance.standards import load_directory
from camera_gateway.domain.camera import InstitutionKind, Zone
from camera_gateway.domain.finding import Result
from camera_gateway.domain.footage import GapCause
from camera_gateway.domain.passport import CameraRole
from camera_gateway.domain.standard import Basis, Verified

GOLDEN = ROOT / "tests" / "golden" / "reports"
DOCUMENTS = documents()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", Kind)
def test_a_report_reads_as_its_golden_text(kind: Kind, language: str) -> None:
    document = DOCUMENTS[kind]
    text = "\n".join(as_text(document, sealed(document), words_for(document, language))) + "\n"
    path = GOLDEN / f"{kind.value}.{language}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_there_is_a_golden_text_for_each_kind_and_language_and_no_other() -> None:
    names = {f"{kind.value}.{language}.txt" for kind in Kind for language in LANGUAGES}
    assert {path.name for path in GOLDEN.iterdir()} == names


def test_the_languages_have_the_same_texts_with_the_same_places_to_fill_in() -> None:
    def shape(language: str) -> dict[tuple[str, str], list[str]]:
        return {
            (family, code): sorted(Template(text).get_identifiers())
            for family, codes in texts_of(language).items()
            for code, text in codes.items()
        }

    assert shape("kk") == shape("ru") == shape("en")
    empty = [
        (lang, f, c) for lang in LANGUAGES for f, codes in texts_of(lang).items() for c, t in codes.items() if not t
    ]
    assert empty == []


@pytest.mark.parametrize(
    ("family", "codes"),
    [
        ("kind", Kind),
        ("cause", GapCause),
        ("zone", Zone),
        ("institution-kind", InstitutionKind),
        ("camera-role", CameraRole),
        ("result", Result),
        ("basis", Basis),
        ("verified", Verified),
        ("viewing", VIEWING_KINDS),
        ("purpose", Code),
    ],
)
def test_every_word_of_a_closed_list_has_a_text(family: str, codes: list[str]) -> None:
    assert set(map(str, codes)) <= set(texts_of("kk")[family])


def test_every_code_that_a_report_names_has_a_text() -> None:
    texts = texts_of("kk")
    unknown = {
        (family, code)
        for document in DOCUMENTS.values()
        for family, code in codes_of(document)
        if code not in texts.get(family, {})
    }
    assert unknown == set()


def test_russian_and_kazakh_are_not_each_other_nor_english() -> None:
    kk, ru, en = (texts_of(language) for language in LANGUAGES)
    for family in ("paragraph", "title", "installation", "method"):
        for code in kk[family]:
            if code != "standard":  # the same word in both
                assert len({kk[family][code], ru[family][code], en[family][code]}) == 3, (family, code)
    assert any(set("әғқңөұүһі") & set(text) for text in kk["title"].values())
    assert not any(set("әғқңөұүһ") & set(text) for codes in ru.values() for text in codes.values())


@pytest.mark.parametrize("kind", Kind)
def test_a_document_is_read_back_as_it_is(kind: Kind) -> None:
    document = DOCUMENTS[kind]
    assert parse(json.loads(canonical(document))) == parse(as_json(document))
    assert canonical(parse(json.loads(canonical(document)))) == canonical(document)


@pytest.mark.parametrize("kind", Kind)
def test_a_digest_is_of_whole_numbers_and_text_only(kind: Kind) -> None:
    def walk(value: object) -> None:
        assert not isinstance(value, float), value
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            walk(inner)

    walk(json.loads(canonical(DOCUMENTS[kind])))


@pytest.mark.parametrize("kind", Kind)
def test_no_report_is_without_the_findings_of_the_installation(kind: Kind) -> None:
    assert DOCUMENTS[kind].installation == INSTALLATION
    assert DOCUMENTS[kind].signatures


@pytest.mark.parametrize("kind", Kind)
def test_no_table_mixes_bases(kind: Kind) -> None:
    standards = {"kz-edu-117-2022": "law", "house-baseline": "house"}
    for table in tables_of(DOCUMENTS[kind]):
        text = json.dumps([table.rows, table.named])
        seen = {basis for standard, basis in standards.items() if standard in text}
        assert len(seen) < 2, table.title
        if seen and table.title.split("-")[0] in {"findings", "institutions", "failures", "changes"}:
            assert table.title.endswith(seen.pop())


def test_a_table_refuses_a_row_of_another_width() -> None:
    with pytest.raises(ValueError, match="1 cells under 2 columns"):
        Table("gaps", (Column("from"), Column("to")), (("a",),))


def test_the_signed_lines_of_a_certificate_are_the_certificate() -> None:
    text = statement(DOCUMENTS[Kind.COVERAGE_CERTIFICATE], KEY.public.fingerprint)
    assert "\nexpected-us: 86400000000\nrecorded-us: 84595000000\n" in text
    assert "\ngap 2026-11-03T21:00:00Z 2026-11-03T21:30:05Z 1805000000 camera-unreachable no answer at all\n" in text
    assert text.count("\n") == len(text.splitlines())


def test_a_qr_code_says_the_report_its_digest_and_its_seals() -> None:
    document = DOCUMENTS[Kind.COVERAGE_CERTIFICATE]
    kept = sealed(document)
    assert qr_text(document).splitlines() == [
        kept.id,
        f"sha256 {kept.sha256}",
        f"seal SEAL.2026-11-03.txt sha256 {'5e' * 32}",
    ]


# --- gaps -------------------------------------------------------------------------------------------------------------


def test_an_explanation_stands_beside_a_gap_and_changes_nothing_of_it() -> None:
    explained = gap_register(FRAME, AYAGOZ, (HALL, CORRIDOR))
    silent = gap_register(FRAME, AYAGOZ, (HALL, replace(CORRIDOR, explained=())))
    (with_words,), (without,) = ([t for t in tables_of(d) if t.title == "gaps"] for d in (explained, silent))
    assert [row[:8] for row in with_words.rows] == [row[:8] for row in without.rows]
    assert with_words.rows[0][8] == CORRIDOR.explained[0].words
    assert without.rows[0][8:] == (None, None, None)
    assert explanation_of(CORRIDOR.explained, replace(NIGHT, start_us=BROKEN_US[1], end_us=BROKEN_US[1] + 1)) == ()


def test_a_register_that_is_too_long_keeps_the_longest_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("camera_gateway.compliance.documents.gaps.MOST_GAPS", 1)
    document = gap_register(FRAME, AYAGOZ, (CORRIDOR,))
    (table,) = (table for table in tables_of(document) if table.title == "gaps")
    assert [row[5] for row in table.rows] == [BROKEN_US[1] - BROKEN_US[0]]
    assert Paragraph("gaps-cut", {"shown": "1", "all": "2"}) in document.sections


def test_a_zone_is_dark_only_while_all_of_its_cameras_are() -> None:
    other = replace(CORRIDOR, id="ayagoz-corridor-2", coverage=replace(CORRIDOR.coverage, gaps=()))
    (alone,) = zone_table((CORRIDOR,), [_registered("corridor")]).rows
    (beside,) = zone_table((CORRIDOR, other), [_registered("corridor")]).rows
    assert alone[4] == BROKEN_US[1] - BROKEN_US[0] + 1_500_000
    assert beside[4] == 0


def test_a_zone_without_a_camera_in_the_span_has_no_cover_of_it() -> None:
    (row,) = zone_table((), [_registered("yard")]).rows
    assert row[:4] == ("yard", 1, 0, None)


def _registered(zone: str) -> Registered:
    return Registered(f"one-of-{zone}", "x", zone)


# --- retention --------------------------------------------------------------------------------------------------------


def keeping(days: int | None, of: int, goal: int = 30, rule: int | None = 32) -> Keeping:
    return Keeping("c", "c", "hall", goal, "p.88", None if days is None else days_of(days, of), START_US, rule)


def test_thirteen_of_thirty_days_fail_though_the_oldest_file_is_thirty_days_old() -> None:
    archive = KEEPING[0]
    assert archive.days is not None
    assert archive.days[-1].complete
    assert (run_of(archive.days), sum(day.complete for day in archive.days)) == (12, 13)
    assert status_of(archive) == "fail"


@pytest.mark.parametrize(
    ("archive", "status", "code", "day"),
    [
        (keeping(31, 30), "pass", "held", None),
        (keeping(31, 30, rule=None), "pass", "held", None),
        (keeping(31, 30, rule=20), "pass", "lost", TODAY + timedelta(1)),
        (keeping(13, 30), "fail", "reached", TODAY + timedelta(18)),
        (keeping(13, 30, rule=20), "fail", "shorter-rule", None),
        (keeping(5, 4), "accruing", "reached", TODAY + timedelta(26)),
        (keeping(None, 0), "unknown", "unknown", None),
        (keeping(1, 0), "accruing", "reached", TODAY + timedelta(30)),
    ],
)
def test_what_is_to_be_expected_of_an_archive(archive: Keeping, status: str, code: str, day: date | None) -> None:
    expected = outlook(archive, TODAY)
    assert (status_of(archive), expected.code, expected.day) == (status, code, day)


# --- destruction ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({}, ["hold-4"]),
        ({"cameras": ()}, ["hold-4"]),
        ({"cameras": ("another",)}, []),
        ({"placed_us": GONE[1].ordered_us + 1}, []),
        ({"lifted_us": GONE[1].ordered_us}, []),
        ({"lifted_us": GONE[1].ordered_us + 1}, ["hold-4"]),
        ({"start_us": GONE[1].end_us}, []),
        ({"end_us": GONE[1].start_us}, []),
    ],
)
def test_a_deletion_is_held_against_the_holds_of_its_moment(change: dict[str, object], found: list[str]) -> None:
    assert touched(GONE[1], [replace(HELD, **change)]) == found  # type: ignore[arg-type]


def test_what_a_hold_came_before_was_not_deleted() -> None:
    assert GONE[2].withdrawn
    assert touched(GONE[2], [HELD]) == []


# --- findings ---------------------------------------------------------------------------------------------------------


def test_a_verdict_is_pass_only_where_nothing_is_open() -> None:
    for worst in ("fail", "unknown", "text_needed"):
        assert verdict_of({"counts": {"pass": 9, worst: 1}}) == worst
    assert verdict_of({"counts": {"pass": 9, "not_applicable": 1}}) == "pass"
    assert verdict_of({"counts": {}}) == "not_applicable"


def test_nothing_changed_where_nothing_did() -> None:
    tables = changes(JUDGED, remembered(JUDGED))
    assert [len(table.rows) for table in tables if isinstance(table, Table)] == [0, 0]


def test_what_was_a_pass_and_is_none_has_changed() -> None:
    (law, house) = changes(JUDGED, EARLIER[2])
    assert isinstance(house, Table)
    assert isinstance(law, Table)
    assert [row[-2:] for row in house.rows] == [("pass", "fail"), ("fail", "unknown")]
    assert [row[-2:] for row in law.rows] == [(None, "text_needed"), (None, "fail")]


def test_an_edition_is_printed_in_the_language_of_the_report() -> None:
    shipped = [one for one in load_directory(ROOT / "config" / "standards") if re.search("[a-z]{3}", one.edition)]
    assert len(shipped) > 5
    judged = [
        Judged(AYAGOZ, one.id, {**HOUSE, "standard": one.id, "edition": one.edition, "basis": one.basis.value})
        for one in shipped
    ]
    for document in (
        compliance_report(FRAME, AYAGOZ, judged),
        monthly_report(FRAME, None, (AYAGOZ,), judged, {AYAGOZ.id: []}, None),
    ):
        for language in LANGUAGES:
            text = " ".join(" ".join(as_text(document, sealed(document), words_for(document, language))).split())
            printed = {one.edition for one in shipped if one.edition in text}
            assert printed == ({one.edition for one in shipped} if language == "en" else set()), language
            assert language != "ru" or text.count("по вторичным источникам, осень 2026 года") == 1
        assert parse(json.loads(canonical(document))) == document


def test_another_edition_is_not_compared() -> None:
    newer = Judged(AYAGOZ, "house-baseline", {**HOUSE, "edition": "2026-01-01"})
    (table,) = changes([newer], EARLIER[2])
    assert isinstance(table, Table)
    assert {row[-2] for row in table.rows} == {None}


def test_an_institution_without_a_standard_says_so() -> None:
    assert finding_sections(()) == [Paragraph("no-standard")]
    pack = inspection_pack(FRAME, AYAGOZ, (), (), (), Listed(), None, None)
    assert pack.restricted
    assert not pack.failed


# --- findings in words ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("english", "required", "kk", "ru"),
    [
        (">= 30 d", {"op": ">="}, "≥ 30 тәул", "≥ 30 сут"),
        ("<= 2 s", {"op": "<="}, "≤ 2 с", "≤ 2 с"),
        ("25.00 1/s", None, "25,00 кадр/с", "25,00 кадр/с"),
        ("-0.002 s", None, "−0,002 с", "−0,002 с"),
        ("0.9993", None, "0,9993", "0,9993"),
        ("1920x1080", None, "1920x1080", "1920x1080"),
        ("–", None, "–", "–"),
    ],
)
def test_a_figure_of_a_finding_in_each_language(
    english: str, required: dict[str, str] | None, kk: str, ru: str
) -> None:
    value = figure_of(english, required)
    shown = [Words(language, "UTC").shown(value, Type.FIGURE) for language in LANGUAGES]
    assert shown == [kk, ru, english]


def test_a_zone_s_demand_is_in_cameras() -> None:
    zone = {"method_code": "living-cameras", "required": "hall", "measured": "1 of 2 living"}
    found = cameras_of({**zone, "data": {"least": 2, "living": 1}})
    assert found is not None
    assert [Words("ru", "UTC").shown(value, Type.FIGURE) for value in found] == ["≥ 2 камер", "1 камер"]
    assert cameras_of({**zone, "data": {}}) is None


def test_evidence_is_said_in_the_reader_s_language_and_left_alone_where_a_person_wrote_it() -> None:
    ratio = {
        "method_code": "listed-ratio",
        "evidence": "23 h of 1 d, bucket listed 2026-11-30T19:00:00Z",
        "data": {"kept_s": 82_800.0, "expected_s": 86_400.0, "listed_at": "2026-11-30T19:00:00Z"},
    }
    said = [Words(language, "Asia/Almaty").shown(evidence_of(ratio), Type.SAYING) for language in LANGUAGES]
    assert said[1] == "сохранено 23 ч из 1 сут; перечень хранилища получен 01.12.2026 00:00:00"
    assert said[2] == ratio["evidence"]
    declared = {"evidence": "declared by token:alia on 2026-10-01: акт № 4", "method_code": "declared"}
    assert Words("ru", "UTC").shown(evidence_of(declared), Type.SAYING) == "заявлено 01.10.2026, token:alia: акт № 4"
    assert evidence_of({"evidence": "письмо директора"}) == "письмо директора"
    assert evidence_of({"evidence": "a method", "method": "a method"}) is None
    assert evidence_of({}) is None


def test_every_method_and_every_reason_has_its_texts() -> None:
    assert {method.value for method in Method} <= set(texts_of("kk")["method"])
    assert set(texts_of("kk")["evidence"]) >= SAID


# --- values as a reader sees them -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "kind", "kk", "ru", "en"),
    [
        (0, Type.DURATION, "0 с", "0 с", "0 s"),
        (1_500_000, Type.DURATION, "1,500 с", "1,500 с", "1.500 s"),
        (-150_000, Type.DURATION, "−0,150 с", "−0,150 с", "−0.150 s"),
        (86_400_000_000 + 60_000_000, Type.DURATION, "1 тәул 1 мин", "1 сут 1 мин", "1 d 1 min"),
        (999_999, Type.SHARE, "99,99 %", "99,99 %", "99.99 %"),
        (1_000_000, Type.SHARE, "100,00 %", "100,00 %", "100.00 %"),
        (1_234_567, Type.COUNT, "1\u202f234\u202f567", "1\u202f234\u202f567", "1\u202f234\u202f567"),
        (999, Type.BYTES, "999 Б", "999 Б", "999 B"),
        (12_345_678, Type.BYTES, "12,3 МБ", "12,3 МБ", "12.3 MB"),
        ("2024-02-29T19:00:00Z", Type.TIME, "01.03.2024 00:00:00", "01.03.2024 00:00:00", "2024-03-01 00:00:00"),
        ("2024-02-29", Type.DATE, "29.02.2024", "29.02.2024", "2024-02-29"),
        (1, Type.YES, "иә", "да", "yes"),
        (None, Type.TEXT, "–", "–", "–"),
        ({"en": "E", "ru": "Р"}, Type.WORDS, "Р", "Р", "E"),
        (["a", "b"], Type.TEXT, "a, b", "a, b", "a, b"),
        ("two\nlines\t", Type.TEXT, "two lines", "two lines", "two lines"),
    ],
)
def test_a_value_in_each_language(value: object, kind: Type, kk: str, ru: str, en: str) -> None:
    shown = [Words(language, "Asia/Qyzylorda").shown(value, kind) for language in LANGUAGES]  # type: ignore[arg-type]
    assert shown == [kk, ru, en]


def test_time_is_by_the_clocks_of_the_day_also_where_the_zone_changed() -> None:
    words = Words("en", "Asia/Almaty")  # UTC+6 until the end of February 2024
    assert words.moment("2024-02-29T17:59:59Z") == "2024-02-29 23:59:59"
    assert words.moment("2024-02-29T19:00:00Z") == "2024-03-01 00:00:00"
    assert (words.offset(1_700_000_000_000_000), words.offset(START_US)) == ("+06:00", "+05:00")


def test_a_share_is_cut_and_never_rounded_up_to_the_whole() -> None:
    assert share_ppm(30 * DAY_US - 1, 30 * DAY_US) == 999_999
    assert share_ppm(1, 0) is None
