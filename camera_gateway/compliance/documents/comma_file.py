"""A report as CSV (RFC 4180): every table of it, and the facts, under one another.

Promises that each line has as many fields as the others, that the first says which section it belongs to, and that no
cell is a formula to the program that opens it: what begins with =, +, -, @, a tab or a line's end is text behind an
apostrophe. UTF-8 with a mark, which Excel needs; times with their offset, lengths in seconds, shares as numbers.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from camera_gateway.clock import US
from camera_gateway.compliance.documents.layout import title_of
from camera_gateway.compliance.documents.model import Facts, Paragraph, Table, Type
from camera_gateway.compliance.documents.words import installation_text, words_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from camera_gateway.compliance.documents.layout import Sealed
    from camera_gateway.compliance.documents.model import Document, Value
    from camera_gateway.compliance.documents.words import Words

CONTENT_TYPE = "text/csv; charset=utf-8"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_PPM = 1_000_000


def csv_file(document: Document, sealed: Sealed, language: str) -> bytes:
    """Return the file."""
    words = words_for(document, language)
    lines = list(_lines(document, sealed, words))
    widest = max(len(line) for line in lines)
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows([*line, *[""] * (widest - len(line))] for line in lines)
    return out.getvalue().encode("utf-8-sig")


def _lines(document: Document, sealed: Sealed, words: Words) -> Iterator[list[str]]:
    title = words.text("kind", document.kind.value)
    yield [title, words.text("ui", "report"), sealed.id]
    yield [title, "SHA-256", sealed.sha256]
    yield [title, "Ed25519", sealed.signature]
    if document.restricted:
        yield [title, words.text("ui", "restricted")]
    heading = words.text("ui", "installation")
    for finding in document.installation or (words.text("ui", "installation_none"),):
        yield [heading, safe(installation_text(words, finding))]
    for section in document.sections:
        if isinstance(section, Paragraph):
            yield [words.text("ui", "note"), safe(words.text("paragraph", section.text, **section.values))]
        elif isinstance(section, Facts):
            name = title_of(section, words)
            for fact in section.rows:
                yield [name, words.text("fact", fact.name), _cell(fact.value, fact.type, fact.family, words)]
        else:
            yield from _table(section, words)


def _table(table: Table, words: Words) -> Iterator[list[str]]:
    name = safe(title_of(table, words))
    yield [name, *(heading(words, column.name, column.type) for column in table.columns)]
    for row in table.rows:
        cells = zip(row, table.columns, strict=True)
        yield [name, *(_cell(value, column.type, column.family, words) for value, column in cells)]


def heading(words: Words, name: str, kind: Type) -> str:
    """Return a column's heading, with the unit that its numbers are in."""
    text = words.text("column", name)
    unit = {Type.DURATION: "s", Type.BYTES: "B"}.get(kind)
    return text if unit is None else f"{text}, {words.text('unit', unit)}"


def _cell(value: Value, kind: Type, family: str, words: Words) -> str:
    if value is None:
        return ""
    if isinstance(value, int) and kind is not Type.YES:
        if kind is Type.DURATION:
            return f"{value / US:.6f}".rstrip("0").rstrip(".")
        return f"{value / _PPM:.6f}" if kind is Type.SHARE else str(value)
    if kind is Type.TIME:
        return words.local(str(value)).isoformat(timespec="milliseconds")
    if kind is Type.DATE and isinstance(value, str):
        return value
    return safe(words.shown(value, kind, family)) if value != "" else ""


def safe(text: str) -> str:
    """Return text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
