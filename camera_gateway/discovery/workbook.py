"""XLSX in and out (ISO/IEC 29500): the one door to openpyxl for registering.

Promises that a workbook which unpacks to more than a table does, or has more cells, sheets or styles, is refused before
the library sees it: it needs some µs and hundreds of bytes for every element. What is read is text, and what is written
is text in every cell. Reading takes up to some seconds of a thread. Knows no column's meaning.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
import zlib
from collections import Counter
from typing import TYPE_CHECKING, Any

from camera_gateway.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openpyxl import Workbook

MOST_UNPACKED_BYTES = 4 << 20
MOST_STRINGS_BYTES = 2 << 20
"""Of the part with the shared strings, which the library keeps whole in memory."""
MOST_MEMBERS = 200
MOST_ELEMENTS = 160_000
"""In all parts together; a full table of cameras has about 100 000."""
MOST_CELLS = 64_000
MOST_LOOKED_AT = 3 * MOST_ELEMENTS
"""Elements times sheets: the library looks through each sheet for its size, and many may be the same part."""
MOST_OTHER_ELEMENTS = 20_000
"""Styles, columns, relations: what is neither cell nor text, and takes the longest each."""
_OF_A_TABLE = frozenset({b"row", b"c", b"v", b"f", b"is", b"si", b"t", b"r"})
_OPENING = re.compile(rb"<([^\s<>/!?]+)")
_OWN_ENTITIES = re.compile(rb"<!(doctype|entity)", re.IGNORECASE)
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""ISO/IEC 29500-2 has no other; LZMA lets the file say how much memory to take."""
PRECISE_DIGITS = 15
"""IEEE 754 double: of a longer number Excel has kept only the first fifteen digits."""
_WIDE = 24
_LIST_ROWS = 1_000


def read_workbook(data: bytes, most_rows: int, most_columns: int) -> list[list[str]]:
    """Return the first sheet's cells as text, row by row from the first; `InvalidInput` when it cannot be read."""
    from openpyxl import load_workbook  # noqa: PLC0415 - and numpy with it: half a second that only imports need

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
    from openpyxl import Workbook  # noqa: PLC0415 - as above
    from openpyxl.styles import Alignment, Font, PatternFill  # noqa: PLC0415 - as above
    from openpyxl.utils import get_column_letter  # noqa: PLC0415 - as above
    from openpyxl.worksheet.datavalidation import DataValidation  # noqa: PLC0415 - as above

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
    """Refuse a bomb: by what the archive says of itself before anything is unpacked, then by what its parts hold."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            _demand_small_members(members)
            found: Counter[bytes] = Counter()
            for member in members:
                # no more comes out than the archive has said; without NULs UTF-16 reads like ASCII
                _count_elements(archive.read(member).replace(b"\0", b""), found)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError) as error:
        raise InvalidInput("this is no .xlsx file", hint="give a .csv or .xlsx file") from error
    other = found.total() - sum(found[name] for name in _OF_A_TABLE)
    looked_at = found.total() * found[b"sheet"]
    if found[b"c"] > MOST_CELLS or other > MOST_OTHER_ELEMENTS or looked_at > MOST_LOOKED_AT:
        raise _too_much()


def _demand_small_members(members: list[zipfile.ZipInfo]) -> None:
    strings = sum(member.file_size for member in members if member.filename.lower().endswith("sharedstrings.xml"))
    if (
        len(members) > MOST_MEMBERS
        or strings > MOST_STRINGS_BYTES
        or sum(member.file_size for member in members) > MOST_UNPACKED_BYTES
        or any(member.compress_type not in _METHODS for member in members)
    ):
        raise _too_much()


def _count_elements(part: bytes, found: Counter[bytes]) -> None:
    """Count a part's elements by their names without prefix; refuse what defines entities, or is too much."""
    if _OWN_ENTITIES.search(part):
        raise _too_much()
    left = MOST_ELEMENTS - found.total()
    for opening in _OPENING.finditer(part):
        left -= 1
        if left < 0:
            raise _too_much()
        found[opening[1].rpartition(b":")[2]] += 1


def _too_much() -> InvalidInput:
    return InvalidInput(
        "the workbook unpacks to more than a table of cameras has", hint="save only the table, or as CSV UTF-8"
    )


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
