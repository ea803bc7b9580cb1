"""A report as PDF/A, set by typst: the one door to typst, and, for the QR code, to segno in reports.

Promises the same bytes for the same document, page n of m on each page, a last page that certifies their number, and
that no text of a report is ever markup: the typesetter gets it as data. Fonts are the embedded ones alone, so that a
page looks the same on every host; a letter that they lack is printed as U+FFFD, and is whole in the other forms.
"""

from __future__ import annotations

import io
import json
import unicodedata
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from camera_gateway.clock import US
from camera_gateway.compliance.documents.layout import laid_out
from camera_gateway.compliance.documents.model import tables_of
from camera_gateway.compliance.documents.statement import qr_text
from camera_gateway.compliance.documents.words import texts_of, words_for
from camera_gateway.errors import Unavailable

if TYPE_CHECKING:
    from camera_gateway.compliance.documents.layout import Sealed
    from camera_gateway.compliance.documents.model import Document

CONTENT_TYPE = "application/pdf"
STANDARD: Final = "a-2a"
"""ISO 19005-2, level A: fonts inside, text that can be searched and read out."""
_PORTRAIT_COLUMNS = 6
PRINTABLE = (
    (0x20, 0x7E),
    (0xA0, 0xAC),
    (0xAE, 0x2FF),
    (0x370, 0x377),
    (0x37A, 0x37F),
    (0x384, 0x38A),
    (0x38E, 0x3A1),
    (0x3A3, 0x482),
    (0x48A, 0x4FF),
    (0x1E00, 0x1EFF),
    (0x2010, 0x2027),
    (0x2030, 0x2040),
    (0x2044, 0x205E),
    (0x20A0, 0x20C0),
    (0x2190, 0x22FF),
    (0x2500, 0x25FF),
)
"""What the embedded fonts have of letters, signs and lines: Latin, Greek, Cyrillic with Kazakh. No mark that turns the
direction of writing is among them."""
_SINGLE = frozenset("\u202f№™\ufffd")


def pdf_file(document: Document, sealed: Sealed, language: str) -> bytes:
    """Return the file."""
    import typst  # noqa: PLC0415 - a compiler of some megabytes that only this needs

    given = {"data": json.dumps(_printed(_given(document, sealed, language)), ensure_ascii=False)}
    source = (files("camera_gateway.compliance") / "documents" / "report.typ").read_bytes()
    try:
        made: bytes = typst.compile(
            source,
            format="pdf",
            sys_inputs=given,
            ignore_system_fonts=True,
            pdf_standards=STANDARD,
            timestamp=document.made_us // US,
        )
    except typst.TypstError as error:
        raise Unavailable(f"the page cannot be set ({error})", hint="take the report as xlsx, csv or json") from error
    return made


def _given(document: Document, sealed: Sealed, language: str) -> dict[str, Any]:
    words = words_for(document, language)
    widest = max((len(table.columns) for table in tables_of(document)), default=0)
    about = document.institution or document.region or ", ".join(document.institutions)
    span = f"{words.moment_us(document.start_us)} – {words.moment_us(document.end_us)}"
    return {
        **laid_out(document, words),
        "ui": texts_of(language)["ui"],
        "language": language,
        "id": sealed.id,
        "author": document.made_by,
        "about": f"{about}, {span} ({document.time_zone}, UTC{words.offset(document.end_us)})",
        "landscape": widest > _PORTRAIT_COLUMNS,
        "statement": sealed.statement.splitlines(),
        "signature": sealed.signature,
        "qr": _code(qr_text(document)),
    }


def _printed(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return the same with every text as it can be printed."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, list):
        return [_printed(one) for one in value]
    return {key: _printed(one) for key, one in value.items()} if isinstance(value, dict) else value


def printable(text: str) -> str:
    """Return text with composed letters, in which what no font has is the sign for that."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        c if c in _SINGLE or any(first <= ord(c) <= last for first, last in PRINTABLE) else "\N{REPLACEMENT CHARACTER}"
        for c in unicodedata.normalize("NFC", text)
    )


def _code(text: str) -> str:
    """Return a QR code as an SVG picture, dark on light."""
    import segno  # noqa: PLC0415 - as above

    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="svg", xmldecl=False, svgns=True, border=2)
    return " ".join(out.getvalue().decode().split())
