"""XLSX in and out (ISO/IEC 29500): the one door to openpyxl for registering.

Promises that a workbook which unpacks to more than it should is refused before it is unpacked, that what is read is
text, and that what is written is text in every cell. Knows no column's meaning.
"""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from typing import TYPE_CHECKING, Any

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from camera_gateway.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_UNPACKED_BYTES = 40 << 20
MOST_MEMBERS = 200
PRECISE_DIGITS = 15
"""IEEE 754 double: of a longer number Excel has kept only the first fifteen digits."""
_WIDE = 24
_LIST_ROWS = 1_000


def read_workbook(data: bytes, most_rows: int, most_columns: int) -> list[list[str]]:
    """Return the first sheet's cells as text, row by row from the first; `InvalidInput` when it cannot be read."""
    _demand_small(data)
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    except Exception as error:  # noqa: BLE001 - the library raises whatever its parts do, for any damage
        raise InvalidInput(
            f"the workbook cannot be read ({type(error).__name__})", hint="save it anew as .xlsx, or as CSV UTF-8"
        ) from None
    try:
        return _cells(book, most_rows, most_columns)
    except InvalidInput:
        raise
    except Exception as error:  # noqa: BLE001 - as above; sheets are read late
        raise InvalidInput(
            f"the workbook cannot be read ({type(error).__name__})", hint="save it as CSV UTF-8"
        ) from None
    finally:
        book.close()


def _cells(book: Workbook, most_rows: int, most_columns: int) -> list[list[str]]:
    if not book.worksheets:
        raise InvalidInput("the workbook has no sheet with cells")
    rows = []
    for number, row in enumerate(book.worksheets[0].iter_rows(values_only=True, max_col=most_columns + 1), 1):
        if number > most_rows:
            break
        rows.append([_text(value, number, at) for at, value in enumerate(row, 1)])
    return rows


def write_workbook(rows: Sequence[Sequence[str]], title: str, choices: dict[int, Sequence[str]]) -> bytes:
    """Return a workbook of one sheet whose cells are all text; rows that begin with '#' are set apart as notes."""
    book = Workbook()
    sheet = book.active
    if sheet is None:
        msg = "a new workbook has a sheet"
        raise RuntimeError(msg)
    sheet.title = title[:31]
    for number, row in enumerate(rows, 1):
        for at, value in enumerate(row, 1):
            cell = sheet.cell(number, at)
            cell.number_format = "@"
            cell.value = value
            cell.data_type = "s"  # what begins with "=" is no formula
            if number == 1:
                cell.font = Font(bold=True)
            elif row[0].startswith("#"):
                cell.font = Font(italic=True, color="FF606060")
                cell.alignment = Alignment(wrap_text=True, vertical="top")
                cell.fill = PatternFill("solid", fgColor="FFF2F2F2")
    widest = max((len(row) for row in rows), default=0)
    for at in range(1, widest + 1):
        letter = get_column_letter(at)
        sheet.column_dimensions[letter].width = _WIDE
        # an empty column is text too: a serial number that is typed into it keeps all its digits
        sheet.column_dimensions[letter].number_format = "@"
    for at, values in choices.items():
        offered = DataValidation(type="list", formula1=f'"{",".join(values)}"', allow_blank=True)
        letter = get_column_letter(at + 1)
        offered.add(f"{letter}{len(rows) + 1}:{letter}{len(rows) + _LIST_ROWS}")
        sheet.add_data_validation(offered)
    sheet.freeze_panes = "A2"
    out = io.BytesIO()
    book.save(out)
    book.close()
    return out.getvalue()


def _demand_small(data: bytes) -> None:
    """Refuse a bomb by what the archive says of itself, before anything is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise InvalidInput("this is no .xlsx file", hint="give a .csv or .xlsx file") from error
    if len(members) > MOST_MEMBERS or sum(member.file_size for member in members) > MOST_UNPACKED_BYTES:
        raise InvalidInput("the workbook unpacks to more than a table of cameras has", hint="save only the table")


def _text(value: Any, row: int, column: int) -> str:  # noqa: ANN401 - whatever a cell holds
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, int | float):
        if abs(value) >= 10**PRECISE_DIGITS:
            raise InvalidInput(
                f"row {row}, column {column}: a number of more than {PRECISE_DIGITS} digits, which Excel has rounded",
                hint="format the column as text and type it again",
            )
        return str(int(value)) if float(value).is_integer() else repr(value)
    text = str(value)
    if text.startswith("#") and text.endswith(("!", "?", "/A")):
        raise InvalidInput(
            f"row {row}, column {column} holds the error {text}", hint="mend the formula, or paste values"
        )
    return text
