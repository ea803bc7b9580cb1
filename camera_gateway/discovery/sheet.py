"""A table out of a file that people made in an office program: CSV in any of its dialects, or XLSX. Values, no meaning.

Tolerates a byte order mark, UTF-8, UTF-16 and Windows-1251, `;` `,` or a tab, a line `sep=;`, blanks around cells,
numbers where text was meant, empty rows and columns at the end. Refuses what is too large or no table, naming row and
column. Writing makes every cell text, so that no office program runs one as a formula (OWASP, CSV injection).
"""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from camera_gateway.discovery.workbook import read_workbook, write_workbook
from camera_gateway.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

MOST_BYTES = 700_000
"""As base64 it still fits into one request of 1 MiB."""
MOST_ROWS = 1_000
MOST_COLUMNS = 64
LONGEST_CELL = 2_000
DELIMITERS = (";", ",", "\t")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Row:
    """One row with something in it: its number as the office program shows it, and its cells."""

    number: int
    cells: tuple[str, ...]


def read_rows(name: str, data: bytes, headers: Collection[str]) -> list[Row]:
    """Return the rows of a file that have something in them; `InvalidInput` says where it cannot be read.

    `headers` are words that a first line may have, lower case: they decide which delimiter is meant.
    """
    if not data:
        raise InvalidInput(f"{_shown(name)} is empty", hint="fill in the template: --template FILE")
    if len(data) > MOST_BYTES:
        raise InvalidInput(f"{_shown(name)} has more than {MOST_BYTES} bytes", hint="split it into several files")
    if data[:4] == b"PK\x03\x04":
        table = read_workbook(data, MOST_ROWS * 2, MOST_COLUMNS)
    elif data[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise InvalidInput(f"{_shown(name)} is an old Excel file (.xls)", hint="save it as .xlsx or .csv")
    else:
        table = _read_csv(_decoded(name, data), headers)
    rows = []
    for number, cells in enumerate(table, 1):
        row = _row(number, cells)
        if row is not None:
            rows.append(row)
    if len(rows) > MOST_ROWS + 10:
        raise InvalidInput(f"{_shown(name)} has more than {MOST_ROWS} rows", hint="split it into several files")
    return rows


def _row(number: int, cells: list[str]) -> Row | None:
    """Return a row without the blanks around its cells and after them; None when nothing is left."""
    trimmed = [_clean(cell) for cell in cells]
    while trimmed and not trimmed[-1]:
        trimmed.pop()
    if len(trimmed) > MOST_COLUMNS:
        raise InvalidInput(f"row {number} has more than {MOST_COLUMNS} columns", hint="is it the right file?")
    long = next((at for at, cell in enumerate(trimmed, 1) if len(cell) > LONGEST_CELL), None)
    if long is not None:
        raise InvalidInput(f"row {number}, column {long} has more than {LONGEST_CELL} characters")
    return Row(number, tuple(trimmed)) if trimmed else None


def write_csv(rows: Sequence[Sequence[str]]) -> bytes:
    """Return CSV as office programs of this region open it: UTF-8 with a mark, `;`, CRLF; no cell is a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerows([[harmless(cell) for cell in row] for row in rows])
    return codecs.BOM_UTF8 + out.getvalue().encode()


def write_xlsx(rows: Sequence[Sequence[str]], title: str, choices: dict[int, Sequence[str]] | None = None) -> bytes:
    """Return a workbook of one sheet, all text; `choices` offers values for a column (from 0)."""
    return write_workbook(rows, title, choices or {})


def harmless(cell: str) -> str:
    """Return a cell that no office program takes for a formula: an apostrophe goes before what would begin one."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _clean(cell: str) -> str:
    """Take blanks away from the edges, also those that do not break."""
    return cell.strip().strip("\u00a0\u200b\ufeff").strip()


def bare(cell: str) -> str:
    """Return a cell without the apostrophe that `harmless` has put before it."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell


def _decoded(name: str, data: bytes) -> str:
    for mark, coding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            return _as(name, data, coding)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = _as(name, data, "cp1251")
    if "\0" in text:
        raise InvalidInput(f"{_shown(name)} is no table", hint="give a .csv or .xlsx file")
    return text


def _as(name: str, data: bytes, coding: str) -> str:
    try:
        return data.decode(coding)
    except UnicodeDecodeError:
        raise InvalidInput(f"{_shown(name)} cannot be read as text", hint="save it as CSV UTF-8, or as .xlsx") from None


def _read_csv(text: str, headers: Collection[str]) -> list[list[str]]:
    first, _, rest = text.partition("\n")
    delimiter = None
    offset: list[list[str]] = []
    if first.lower().startswith("sep=") and len(first.strip()) == 5:  # noqa: PLR2004 - "sep=" and the delimiter
        delimiter, text, offset = first.strip()[4], rest, [[]]
    if delimiter is None:
        delimiter = _delimiter(text, headers)
    try:
        return offset + list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise InvalidInput(
            f"the table cannot be read: {error}", hint="look for a quotation mark that is not closed"
        ) from None


def _delimiter(text: str, headers: Collection[str]) -> str:
    """Return the delimiter that makes the most known headers of the first lines."""
    lines = [line for line in text.splitlines()[:10] if line.strip()]

    def known(delimiter: str) -> int:
        return max(
            (sum(_clean(c).strip('"').lower() in headers for c in line.split(delimiter)) for line in lines), default=0
        )

    return max(DELIMITERS, key=known)


def _shown(name: str) -> str:
    """Return a file's name as it may be repeated."""
    return "".join(c if c.isprintable() else "?" for c in name)[:80] or "the file"
