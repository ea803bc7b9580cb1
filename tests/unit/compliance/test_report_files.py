"""The files of a report: what is in them is what the document says, nothing in it is code, the same bytes each time."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import unicodedata
import zipfile
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from openpyxl import load_workbook
from support.report_world import AYAGOZ, FRAME, HALL, KEY, NIGHT, START_US, US, documents, sealed

from camera_gateway.compliance.documents.comma_file import safe
from camera_gateway.compliance.documents.files import FORMATS, written
from camera_gateway.compliance.documents.gaps import gap_register
from camera_gateway.compliance.documents.model import (
    Column,
    Fact,
    Facts,
    Kind,
    Table,
    canonical,
    canonical_json,
    digest_of,
)
from camera_gateway.compliance.documents.print_file import PRINTABLE, printable
from camera_gateway.compliance.documents.words import LANGUAGES, texts_of
from camera_gateway.domain.coverage import Coverage, Gap
from camera_gateway.domain.footage import GapCause

if TYPE_CHECKING:
    from pathlib import Path

    from camera_gateway.compliance.documents.model import Document

DOCUMENTS = documents()
PACK = DOCUMENTS[Kind.INSPECTION_PACK]
HOSTILE = (
    '#image("/etc/passwd")',
    "*bold* $x^2$ _it_ #sys.inputs",
    "#{panic()}",
    "\\u{202e} `raw` <label> @ref",
    "=1+1",
    '=HYPERLINK("http://x")',
    "+1",
    "-1",
    "@SUM(A1)",
    'quo"te, comma; semicolon',
    "nul\x00 bell\x07 \ufffe",
)


def hostile() -> Document:
    """Return a register whose every text is somebody's attempt at something."""
    lost = [
        Gap(START_US + n * 60 * US, START_US + (n + 1) * 60 * US, GapCause.UNKNOWN, text)
        for n, text in enumerate(HOSTILE)
    ]
    cover = Coverage(START_US, START_US + 3_600 * US, 3_600 * US, 0, 0, 0, 0, tuple(lost))
    camera = replace(HALL, id="a-camera", name=HOSTILE[0], coverage=cover)
    return gap_register(FRAME, replace(AYAGOZ, name="=" + HOSTILE[1], region=HOSTILE[2]), [camera])


def file_of(document: Document, form: str, language: str = "ru") -> bytes:
    return FORMATS[form].write(document, sealed(document), language)


def pdf_text(data: bytes, directory: Path) -> str:
    if shutil.which("pdftotext") is None:
        pytest.skip("poppler-utils is not installed")
    path = directory / "report.pdf"
    path.write_bytes(data)
    return subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_is_the_same_each_time_it_is_written(form: str) -> None:
    document = DOCUMENTS[Kind.GAP_REGISTER]
    assert file_of(document, form) == file_of(document, form)


def test_a_kept_report_is_written_as_the_document_that_was_signed() -> None:
    kept = sealed(PACK)
    answer = {
        "id": kept.id,
        "sha256": kept.sha256,
        "statement": kept.statement,
        "signature": kept.signature,
        "text": canonical(PACK).decode(),
    }
    assert written(answer, "csv", "kk") == file_of(PACK, "csv", "kk")


# --- JSON -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", Kind)
def test_anybody_can_compute_the_digest_from_the_json(kind: Kind) -> None:
    found = json.loads(file_of(DOCUMENTS[kind], "json"))
    assert digest_of(canonical_json(found["document"])) == found["sha256"]
    assert f"\ndocument-sha256: {found['sha256']}\n" in found["statement"]


def test_openssl_checks_what_was_signed(tmp_path: Path) -> None:
    found = json.loads(file_of(DOCUMENTS[Kind.COVERAGE_CERTIFICATE], "json"))
    (tmp_path / "statement.txt").write_text(found["statement"], encoding="utf-8")
    (tmp_path / "statement.sig").write_bytes(bytes.fromhex(found["signature"]))
    (tmp_path / "seal.pub").write_bytes(KEY.public.pem)
    files = ["-inkey", "seal.pub", "-rawin", "-in", "statement.txt", "-sigfile", "statement.sig"]
    command = ["openssl", "pkeyutl", "-verify", "-pubin", *files]
    good = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (good.returncode, good.stdout.strip()) == (0, "Signature Verified Successfully")
    changed = found["statement"].replace("recorded-us: 8", "recorded-us: 9")
    (tmp_path / "statement.txt").write_text(changed, encoding="utf-8")
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode != 0


def test_the_json_has_the_words_of_its_codes_in_the_language() -> None:
    found = json.loads(file_of(DOCUMENTS[Kind.GAP_REGISTER], "json", "kk"))
    assert found["words"]["cause"]["camera-unreachable"] == texts_of("kk")["cause"]["camera-unreachable"]
    assert found["words"]["kind"] == {"gap-register": texts_of("kk")["kind"]["gap-register"]}
    other = json.loads(file_of(DOCUMENTS[Kind.GAP_REGISTER], "json", "en"))
    assert other["document"] == found["document"]


# --- CSV --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", Kind)
def test_each_line_of_the_csv_has_as_many_fields(kind: Kind) -> None:
    data = file_of(DOCUMENTS[kind], "csv", "kk")
    assert data.startswith(b"\xef\xbb\xbf")
    text = data.decode("utf-8-sig")
    assert text.count("\r\n") == text.count("\n")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert len({len(row) for row in rows}) == 1
    assert all(row[0] for row in rows)


def test_a_cell_of_the_csv_is_no_formula() -> None:
    for kind in (*Kind, None):
        document = hostile() if kind is None else DOCUMENTS[kind]
        rows = csv.reader(io.StringIO(file_of(document, "csv").decode("utf-8-sig"), newline=""))
        assert [cell for row in rows for cell in row if cell.startswith(("=", "+", "@", "\t", "\r"))] == []
    assert safe("-1") == "'-1"
    assert safe("a-1") == "a-1"


def test_numbers_of_the_csv_are_numbers() -> None:
    rows = list(csv.reader(io.StringIO(file_of(DOCUMENTS[Kind.GAP_REGISTER], "csv", "en").decode("utf-8-sig"))))
    (night,) = (row for row in rows if row[1] == "1" and row[2] == "ayagoz-corridor")
    assert night[4:7] == ["2026-11-04T02:00:00.000+05:00", "2026-11-04T02:30:05.000+05:00", "1805"]


# --- XLSX -------------------------------------------------------------------------------------------------------------


def test_the_workbook_has_dates_lengths_and_text_in_its_cells() -> None:
    book = load_workbook(io.BytesIO(file_of(DOCUMENTS[Kind.GAP_REGISTER], "xlsx")))
    sheet = book["Перерывы в записи"]
    night = [cell.value for cell in sheet[2]]
    assert night[:2] == [1, "ayagoz-corridor"]
    assert night[3:6] == [datetime(2026, 11, 4, 2, 0), datetime(2026, 11, 4, 2, 30, 5), timedelta(seconds=1805)]  # noqa: DTZ001 - a spreadsheet knows no zones
    assert sheet.cell(2, 6).number_format == "[h]:mm:ss"


def test_a_workbook_has_a_sheet_for_each_table_and_no_formula() -> None:
    for document in (PACK, hostile()):
        data = file_of(document, "xlsx", "kk")
        book = load_workbook(io.BytesIO(data))
        assert len(book.sheetnames) == 1 + sum(hasattr(section, "columns") for section in document.sections)
        assert len({name.casefold() for name in book.sheetnames}) == len(book.sheetnames)
        assert max(map(len, book.sheetnames)) <= 31
        kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
        assert kinds <= {"s", "n", "d"}
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            assert archive.testzip() is None
            assert not any(b"<f>" in archive.read(name) for name in archive.namelist())
            assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


# --- PDF --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_says_its_number_and_the_last_one_certifies_how_many(language: str, tmp_path: Path) -> None:
    text = pdf_text(file_of(PACK, "pdf", language), tmp_path)
    pages = text.split("\f")[:-1]
    assert len(pages) > 3
    ui = texts_of(language)["ui"]
    for number, page in enumerate(pages, 1):
        said = ui["page_of"].replace("$n", str(number)).replace("$m", str(len(pages)))
        assert said in page
    assert ui["certificate"] in pages[-1]
    assert ui["sheets"] in " ".join(pages[-1].split())
    for line in sealed(PACK).statement.splitlines():
        assert line in text
    assert sealed(PACK).signature in text


def test_a_page_holds_clause_method_evidence_and_how_well_the_text_was_seen(tmp_path: Path) -> None:
    text = " ".join(pdf_text(file_of(DOCUMENTS[Kind.COMPLIANCE], "pdf", "en"), tmp_path).split())
    assert "p.88" in text
    assert "13 d" in text
    for word in ("no, from a", "secondary", "local days from", "yesterday", "off-site: absent", "worm-unproven"):
        assert word in text


def test_fonts_are_embedded_and_the_file_is_pdf_a() -> None:
    data = file_of(DOCUMENTS[Kind.RETENTION], "pdf", "kk")
    assert data.startswith(b"%PDF-1.7")
    assert b"<pdfaid:part>2</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>" in data.replace(b"\n", b"")


def test_whatever_letters_a_name_has_the_page_is_set_in_every_style(tmp_path: Path) -> None:
    everything = "".join(chr(c) for first, last in PRINTABLE for c in range(first, last + 1))
    everything = unicodedata.normalize("NFC", everything) + "№™"
    assert printable(everything) == everything
    style = replace(HALL, id="a-camera", name=everything, coverage=replace(HALL.coverage, gaps=(NIGHT,)))
    # the name of an institution is set as text, in a heading's bold and, as a note, in italics
    document = gap_register(FRAME, replace(AYAGOZ, name=everything), [style])
    notes = Table(everything, (Column(everything),), ((everything,),), note=everything)
    text = pdf_text(file_of(replace(document, sections=(*document.sections, notes)), "pdf"), tmp_path)
    assert "Ұ" in text
    assert printable("и\u0306 Ұ😀\u202e中\x00") == "й Ұ\ufffd\ufffd\ufffd\ufffd"


def test_what_somebody_wrote_is_never_markup(tmp_path: Path) -> None:
    document = hostile()
    lines = Facts("about", tuple(Fact("region", attempt) for attempt in HOSTILE[:-1]))
    text = pdf_text(file_of(replace(document, sections=(lines, *document.sections)), "pdf", "en"), tmp_path)
    for attempt in HOSTILE[:-1]:
        assert attempt in text


def test_three_hundred_gaps_and_long_names_are_set(tmp_path: Path) -> None:
    gaps = tuple(replace(NIGHT, start_us=NIGHT.start_us + n, end_us=NIGHT.end_us + n) for n in range(300))
    name = "Екінші қабаттағы ұзын дәліздің солтүстік жағындағы бейнекамера" * 2
    camera = replace(HALL, id="a" * 42, name=name, coverage=replace(HALL.coverage, gaps=gaps))
    pages = pdf_text(file_of(gap_register(FRAME, AYAGOZ, [camera]), "pdf", "kk"), tmp_path).split("\f")
    heading = texts_of("kk")["column"]["explanation"]
    assert sum(heading in page for page in pages) > 8, "the heading is on each page of the table"
