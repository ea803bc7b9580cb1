"""Tables as people make them: every dialect is read, and nothing that is written runs as a formula."""

from __future__ import annotations

import codecs
import csv
import datetime as dt
import io
import zipfile

import pytest
from openpyxl import Workbook, load_workbook

from camera_gateway.discovery.sheet import MOST_BYTES, MOST_ROWS, bare, read_rows, write_csv, write_xlsx
from camera_gateway.errors import InvalidInput

HEADERS = {"name", "zone", "название"}


def rows(data: bytes) -> list[tuple[int, tuple[str, ...]]]:
    return [(row.number, row.cells) for row in read_rows("t.csv", data, HEADERS)]


TEXT = "name{d}zone{d}serial\r\nВход{d}entrance{d}00012\r\n"
EXPECTED = [(1, ("name", "zone", "serial")), (2, ("Вход", "entrance", "00012"))]


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16", "cp1251"])
def test_any_delimiter_in_any_coding_is_read(delimiter: str, coding: str) -> None:
    assert rows(TEXT.format(d=delimiter).encode(coding)) == EXPECTED


@pytest.mark.parametrize("ending", ["\n", "\r", "\r\n"])
def test_any_end_of_line_is_read(ending: str) -> None:
    assert rows(TEXT.format(d=";").replace("\r\n", ending).encode()) == EXPECTED


def test_the_line_that_names_the_delimiter_counts_as_a_row() -> None:
    assert rows(b"sep=|\r\nname|zone\r\nA|hall\r\n") == [(2, ("name", "zone")), (3, ("A", "hall"))]


def test_a_delimiter_inside_quotation_marks_is_text() -> None:
    assert rows('name;zone\r\n"Вход; 1 этаж";hall'.encode())[1][1] == ("Вход; 1 этаж", "hall")


def test_blanks_empty_rows_and_empty_columns_at_the_end_are_nothing() -> None:
    data = "name; zone ;;;\r\n;;;;\r\n\u00a0Вход\u00a0;hall;;;\r\n   ;\r\n".encode()
    assert rows(data) == [(1, ("name", "zone")), (3, ("Вход", "hall"))]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (b"x" * (MOST_BYTES + 1), "more than"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "old Excel"),
        (b"PK\x03\x04" + bytes(100), "no .xlsx"),
        (b"name;zone\r\nA\0;hall", "no table"),
        (b'name;zone\r\n"A;hall', "cannot be read"),
        (codecs.BOM_UTF16_LE + b"\x00\xd8\x00", "as text"),
        (b"name;zone\r\n" + b"A;hall\r\n" * (MOST_ROWS + 10), "more than"),
        (b"name;zone\r\n" + b"x" * 2_001, "characters"),
        (b"name" + b";x" * 65, "columns"),
    ],
)
def test_what_is_no_table_is_refused_with_the_reason(data: bytes, why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        rows(data)


def workbook(*lines: list[object]) -> bytes:
    book = Workbook()
    assert book.active is not None
    for line in lines:
        book.active.append(line)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_workbooks_numbers_dates_and_truths_become_text() -> None:
    data = workbook(["name", "port", "x"], [554, 8554.0, True], [1.5, dt.datetime(2026, 9, 3), None])  # noqa: DTZ001 - a cell has no zone
    assert rows(data)[1:] == [(2, ("554", "8554", "yes")), (3, ("1.5", "2026-09-03"))]


@pytest.mark.parametrize("cell", [1_234_567_890_123_456_789, "#REF!"])
def test_a_number_that_excel_has_rounded_and_an_error_are_refused_with_row_and_column(cell: object) -> None:
    with pytest.raises(InvalidInput, match="row 2, column 2"):
        rows(workbook(["name", "serial"], ["A", cell]))


def test_a_workbook_that_unpacks_to_too_much_is_refused_before_it_is() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", bytes(50 << 20))
    with pytest.raises(InvalidInput, match="unpacks"):
        rows(out.getvalue())


TYPES = "[Content_Types].xml"
OVERRIDE = (
    b'<Override PartName="/xl/sharedStrings.xml" '
    b'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/>'
)


def forged(parts: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A workbook of which some parts are others."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook(["name"], ["A"]))) as whole,
        zipfile.ZipFile(out, "w", method) as archive,
    ):
        held = {name: whole.read(name) for name in whole.namelist()}
        held[TYPES] = held[TYPES].replace(b"</Types>", OVERRIDE + b"</Types>")
        for name, data in ({STRINGS: part(b"sst", b"")} | held | parts).items():
            archive.writestr(name, data)
    return out.getvalue()


SHEET, STRINGS, BOOK, STYLES = (
    f"xl/{name}.xml" for name in ("worksheets/sheet1", "sharedStrings", "workbook", "styles")
)
SPREADSHEET = b'<x:%b xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main">%b</x:%b>'


def part(root: bytes, inside: bytes) -> bytes:
    return SPREADSHEET % (root, inside, root)


@pytest.mark.parametrize(
    "parts",
    [
        {STRINGS: part(b"sst", b"<x:si><x:t>a</x:t></x:si>" * 1_500_000)},
        {STRINGS: part(b"sst", b"<x:si><x:t>%b</x:t></x:si>" % (b"a" * (2 << 20)))},
        {STRINGS: part(b"sst", b"<x:si/>" * 170_000)},
        {STRINGS: part(b"sst", b"<x:si/>" * 130_000), SHEET: part(b"worksheet", b"<x:row/>" * 40_000)},
        {SHEET: part(b"worksheet", b"<x:sheetData><x:row>" + b"<x:c/>" * 65_000 + b"</x:row></x:sheetData>")},
        {SHEET: part(b"worksheet", b"<c/>" * 65_000).decode().encode("utf-16")},
        {STYLES: part(b"styleSheet", b"<x:cellXfs>" + b"<x:xf/>" * 21_000 + b"</x:cellXfs>")},
        {
            BOOK: part(b"workbook", b'<x:sheet name="a" sheetId="1"/>' * 16),
            SHEET: part(b"worksheet", b"<x:t/>" * 50_000),
        },
        {STRINGS: b'<!DOCTYPE a [<!ENTITY a "aaaa">]>' + part(b"sst", b"&a;")},
        {SHEET: part(b"worksheet", b" " * (4 << 20))},
    ],
)
def test_a_workbook_that_would_cost_time_or_memory_is_refused_before_the_library_opens_it(
    parts: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = forged(parts)
    assert len(data) < MOST_BYTES

    def opened(*_: object, **__: object) -> None:
        pytest.fail("the library was asked")

    monkeypatch.setattr("openpyxl.load_workbook", opened)
    with pytest.raises(InvalidInput, match="unpacks"):
        rows(data)


def test_a_workbook_packed_in_a_way_that_takes_memory_as_it_likes_is_refused() -> None:
    with pytest.raises(InvalidInput, match="unpacks"):
        rows(forged({}, zipfile.ZIP_LZMA))


def test_what_is_forged_above_is_a_workbook_but_for_its_size() -> None:
    cells = part(b"worksheet", b'<x:sheetData><x:row><x:c t="s"><x:v>0</x:v></x:c></x:row></x:sheetData>')
    assert rows(forged({STRINGS: part(b"sst", b"<x:si><x:t>name</x:t></x:si>"), SHEET: cells})) == [(1, ("name",))]


def test_a_full_table_of_cameras_is_read() -> None:
    lines: list[list[object]] = [[f"name {n}" for n in range(20)]]
    lines += [[f"cell {row} {at} with some words" for at in range(20)] for row in range(MOST_ROWS)]
    assert len(rows(workbook(*lines))) == MOST_ROWS + 1


def test_a_damaged_workbook_is_told_and_raises_nothing_else() -> None:
    whole = workbook(["name"], ["A"])
    for at in range(40, len(whole), 97):
        damaged = whole[:at] + bytes([whole[at] ^ 0x5A]) + whole[at + 1 :]
        try:
            rows(damaged)
        except InvalidInput:
            continue


EVIL = ["=1+1", "+1", "-1", "@SUM(A1)", "=cmd|'/c calc'!A1", "\t=1", "'quoted", "plain"]


def test_no_cell_of_a_csv_is_a_formula_and_reading_it_back_gives_the_words() -> None:
    data = write_csv([["name"], *([cell] for cell in EVIL)])
    written = [line[0] for line in csv.reader(io.StringIO(data.decode("utf-8-sig")), delimiter=";")][1:]
    assert [cell for cell in written if cell[:1] in {"=", "+", "-", "@", "\t"}] == []
    assert [bare(cell) for cell in written] == EVIL


def test_no_cell_of_a_workbook_is_a_formula() -> None:
    book = load_workbook(io.BytesIO(write_xlsx([[cell] for cell in EVIL], "result")))
    cells = [row[0] for row in book.active.iter_rows()]  # type: ignore[union-attr]
    assert {cell.data_type for cell in cells} == {"s"}
    assert [cell.value for cell in cells] == EVIL
    book.close()
