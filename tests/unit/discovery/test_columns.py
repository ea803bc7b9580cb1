"""The columns of imports: headings in three languages, templates that can be read again, faults with row and column."""

from __future__ import annotations

import io

import pytest
from openpyxl import load_workbook

from camera_gateway.discovery.columns import CAMERAS, INSTITUTIONS, LANGUAGES, Column, read_entries, template
from camera_gateway.errors import InvalidInput


@pytest.mark.parametrize("columns", [CAMERAS, INSTITUTIONS], ids=["cameras", "institutions"])
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_template_that_is_filled_in_is_read_with_every_column(columns: tuple[Column, ...], form: str) -> None:
    data = template(columns, form, "table")
    with pytest.raises(InvalidInput, match="no row below"):
        read_entries(f"t.{form}", data, columns)
    if form == "csv":
        filled = data + ";".join(f"v{n}" for n in range(len(columns))).encode()
    else:
        book = load_workbook(io.BytesIO(data))
        assert book.active is not None
        for n in range(len(columns)):
            book.active.cell(5, n + 1).value = f"v{n}"
        out = io.BytesIO()
        book.save(out)
        filled = out.getvalue()
    [entry], faults = read_entries(f"t.{form}", filled, columns)
    assert faults == []
    assert dict(entry.cells) == {column.key: f"v{n}" for n, column in enumerate(columns)}
    assert entry.row == 5


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("columns", [CAMERAS, INSTITUTIONS], ids=["cameras", "institutions"])
def test_headings_are_known_in_every_language(columns: tuple[Column, ...], language: str) -> None:
    head = ";".join(column.heading[language].upper() for column in columns)
    values = ";".join(f"v{n}" for n in range(len(columns)))
    [entry], faults = read_entries("t.csv", f"{head}\n{values}".encode(), columns)
    assert faults == []
    assert len(entry.cells) == len(columns)


def test_every_column_says_what_it_means_in_every_language() -> None:
    for column in (*CAMERAS, *INSTITUTIONS):
        assert set(column.heading) == set(column.meaning) == set(LANGUAGES)
        assert all((*column.heading.values(), *column.meaning.values()))


def test_headings_do_not_clash() -> None:
    for columns in (CAMERAS, INSTITUTIONS):
        for language in LANGUAGES:
            words = [column.heading[language].lower() for column in columns]
            assert len(set(words)) == len(words)


def faults_of(text: str) -> set[tuple[int, str | None, str]]:
    _, faults = read_entries("t.csv", text.encode(), CAMERAS)
    return {(fault.row, fault.column, fault.code) for fault in faults}


def test_a_fault_of_form_names_row_and_column() -> None:
    assert faults_of("name;zone;colour\nA;hall;red") == {(1, "3", "column-unknown")}
    assert faults_of("name;zone;name\nA;hall;B") == {(1, "name", "column-twice")}
    assert faults_of("name;zone\nA;hall;more") == {(2, "3", "column-unknown")}
    assert faults_of("name;zone\n;hall\nB") == {(2, "name", "missing"), (3, "zone", "missing")}


@pytest.mark.parametrize("text", ["# only a note", "zone;url\nhall;x", "name;zone", "name;zone\n# a note"])
def test_a_table_without_rows_or_headings_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        read_entries("t.csv", text.encode(), CAMERAS)


def test_an_apostrophe_is_taken_off_words_but_never_off_a_password() -> None:
    [entry], _ = read_entries(
        "t.csv", b"name;zone;note;password\n'=A;hall;;'=secret".replace(b";note", b";place"), CAMERAS
    )
    assert (entry.cells["name"], entry.cells["password"]) == ("=A", "'=secret")
