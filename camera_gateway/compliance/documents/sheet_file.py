"""A report as XLSX (ISO/IEC 29500): the one door to openpyxl for reports.

Promises the same bytes for the same document, real dates, lengths, shares and numbers in cells, and text where text is:
nothing that somebody wrote becomes a formula. One sheet says what the report is; each table has its own.
"""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from camera_gateway.clock import to_datetime
from camera_gateway.compliance.documents.layout import title_of
from camera_gateway.compliance.documents.model import Facts, Paragraph, Table, Type
from camera_gateway.compliance.documents.words import installation_text, words_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openpyxl.cell import WriteOnlyCell
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

    from camera_gateway.compliance.documents.layout import Sealed
    from camera_gateway.compliance.documents.model import Document, Value
    from camera_gateway.compliance.documents.words import Words

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FORMATS = {
    Type.TIME: "dd.mm.yyyy hh:mm:ss",
    Type.DATE: "dd.mm.yyyy",
    Type.DURATION: "[h]:mm:ss",
    Type.SHARE: "0.0000%",
    Type.COUNT: "#,##0",
    Type.BYTES: "#,##0",
}
_PPM = 1_000_000
_SHEET_NAME = 31
_NOT_IN_NAMES = re.compile(r"[\\/*?:\[\]']")
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LONGEST_CELL = 32_767
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
_MODIFIED = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(</dcterms:)")
_UNITS_OF_WIDTH = 6


def xlsx_file(document: Document, sealed: Sealed, language: str) -> bytes:
    """Return the file."""
    from openpyxl import Workbook  # noqa: PLC0415 - and numpy with it: half a second that only this needs

    words = words_for(document, language)
    book = Workbook(write_only=True)
    writer = _Writer(book, words)
    writer.summary(document, sealed)
    for section in document.sections:
        if isinstance(section, Table):
            writer.table(section)
    out = io.BytesIO()
    book.save(out)
    return _settled(out.getvalue(), to_datetime(document.made_us))


class _Writer:
    """Writes sheets of a book that cannot be read back: its memory is that of a row."""

    def __init__(self, book: Any, words: Words) -> None:  # noqa: ANN401 - a Workbook, imported late
        from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415 - as above
        from openpyxl.styles import Alignment, Font  # noqa: PLC0415 - as above

        self._book, self._words, self._cell_of = book, words, WriteOnlyCell
        self._bold, self._wrap = Font(bold=True), Alignment(wrap_text=True, vertical="top")
        self._names: set[str] = set()

    def summary(self, document: Document, sealed: Sealed) -> None:
        words = self._words
        sheet = self._sheet(words.text("ui", "report"), (40, 90))
        sheet.append([self._text(sheet, words.text("kind", document.kind.value), bold=True)])
        if document.restricted:
            sheet.append([self._text(sheet, words.text("ui", "restricted"), bold=True)])
        for name, value in (
            (words.text("ui", "report"), sealed.id),
            ("SHA-256", sealed.sha256),
            ("Ed25519", sealed.signature),
        ):
            sheet.append([self._text(sheet, name), self._text(sheet, value)])
        sheet.append([])
        sheet.append([self._text(sheet, words.text("ui", "installation"), bold=True)])
        for finding in document.installation or (words.text("ui", "installation_none"),):
            sheet.append([self._text(sheet, installation_text(words, finding))])
        for section in document.sections:
            for row in self._of_summary(sheet, section):
                sheet.append(row)
        sheet.append([])
        for code in document.signatures:
            sheet.append([self._text(sheet, words.text("signature", code)), self._text(sheet, "_" * 40)])

    def _of_summary(
        self, sheet: WriteOnlyWorksheet, section: Facts | Table | Paragraph
    ) -> Iterator[list[WriteOnlyCell]]:
        words = self._words
        if isinstance(section, Paragraph):
            yield [self._text(sheet, words.text("paragraph", section.text, **section.values))]
        elif isinstance(section, Facts):
            yield []
            yield [self._text(sheet, title_of(section, words), bold=True)]
            for fact in section.rows:
                value = self._value(sheet, fact.value, fact.type, fact.family)
                yield [self._text(sheet, words.text("fact", fact.name)), value]

    def table(self, table: Table) -> None:
        words = self._words
        widths = tuple(max(9, column.width * _UNITS_OF_WIDTH) for column in table.columns)
        sheet = self._sheet(title_of(table, words), widths, frozen=True)
        sheet.append([self._text(sheet, words.text("column", c.name), bold=True) for c in table.columns])
        for row in table.rows:
            cells = zip(row, table.columns, strict=True)
            sheet.append([self._value(sheet, value, column.type, column.family) for value, column in cells])

    def _sheet(self, title: str, widths: tuple[int, ...], *, frozen: bool = False) -> WriteOnlyWorksheet:
        from openpyxl.utils import get_column_letter  # noqa: PLC0415 - as above

        name = _NOT_IN_NAMES.sub(" ", title).strip()[:_SHEET_NAME] or "-"
        number = 1
        while name.casefold() in self._names:
            number += 1
            name = f"{name[: _SHEET_NAME - 4].rstrip()} {number}"
        self._names.add(name.casefold())
        sheet = self._book.create_sheet(name)
        if frozen:
            sheet.freeze_panes = "A2"
        for at, width in enumerate(widths, 1):
            sheet.column_dimensions[get_column_letter(at)].width = width
        return sheet

    def _text(self, sheet: WriteOnlyWorksheet, text: str, *, bold: bool = False) -> WriteOnlyCell:
        cell = self._cell_of(sheet, value="")
        cell.value = _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", text)[:_LONGEST_CELL]
        cell.data_type = "s"  # what begins with "=" is no formula
        cell.alignment = self._wrap
        if bold:
            cell.font = self._bold
        return cell

    def _value(self, sheet: WriteOnlyWorksheet, value: Value, kind: Type, family: str) -> WriteOnlyCell | None:
        if value is None or value == "":
            return None
        number = self._number(value, kind)
        if number is None:
            return self._text(sheet, self._words.shown(value, kind, family))
        cell = self._cell_of(sheet, value=number)
        cell.number_format = _FORMATS[kind]
        cell.alignment = self._wrap
        return cell

    def _number(self, value: Value, kind: Type) -> datetime | date | timedelta | float | int | None:
        """Return what a spreadsheet can reckon with; a moment by the clocks of the zone, because it knows no zones."""
        if kind is Type.TIME and isinstance(value, str):
            return self._words.local(value).replace(tzinfo=None)
        if kind is Type.DATE and isinstance(value, str):
            return date.fromisoformat(value)
        if not isinstance(value, int):
            return None
        if kind is Type.DURATION:
            return timedelta(microseconds=value) if value >= 0 else None
        if kind is Type.SHARE:
            return value / _PPM
        return value if kind in _FORMATS else None


def _settled(data: bytes, made: datetime) -> bytes:
    """Return the archive with the report's own time in place of the moments at which it was written."""
    moment = made.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after:
        for member in before.infolist():
            content = before.read(member)
            if member.filename == "docProps/core.xml":
                content = _MODIFIED.sub(rb"\g<1>" + moment + rb"\g<3>", content)
            info = zipfile.ZipInfo(member.filename, _ZIP_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            after.writestr(info, content)
    return out.getvalue()
