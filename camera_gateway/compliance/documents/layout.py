"""A document as lines of text in one language: what the golden files, CSV and PDF have in common.

Promises that every report says the same of itself, in the same order: what it is, about whom and when, the findings of
the installation, its sections, and how its signature is checked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from camera_gateway.compliance.documents.model import Facts, Paragraph, Table, Type
from camera_gateway.compliance.documents.words import installation_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from camera_gateway.compliance.documents.model import Document
    from camera_gateway.compliance.documents.words import Words

_RIGHT = frozenset({Type.DURATION, Type.SHARE, Type.COUNT, Type.BYTES})


@dataclass(frozen=True, slots=True)
class Sealed:
    """A report as it was kept: its id, digest, statement and the signature of that in hex."""

    id: str
    sha256: str
    statement: str
    signature: str


def title_of(section: Facts | Table, words: Words) -> str:
    """Return the heading of a section."""
    heading = words.text("title", section.title)
    named = section.named if isinstance(section, Table) else None
    return heading if named is None else f"{heading}: {words.shown(named, Type.WORDS)}"


def laid_out(document: Document, words: Words) -> dict[str, Any]:
    """Return everything that is printed, as text: the one thing that a typesetter is given."""
    return {
        "title": words.text("kind", document.kind.value),
        "restricted": words.text("ui", "restricted") if document.restricted else "",
        "installation": {
            "title": words.text("ui", "installation"),
            "none": words.text("ui", "installation_none"),
            "rows": [installation_text(words, finding) for finding in document.installation],
        },
        "sections": [_section(section, words) for section in document.sections],
        "signatures": [words.text("signature", code) for code in document.signatures],
    }


def _section(section: Facts | Table | Paragraph, words: Words) -> dict[str, Any]:
    if isinstance(section, Paragraph):
        return {"is": "paragraph", "text": words.text("paragraph", section.text, **section.values)}
    if isinstance(section, Facts):
        rows = [[words.text("fact", fact.name), words.fact(fact)] for fact in section.rows]
        return {"is": "facts", "title": title_of(section, words), "rows": rows}
    return {
        "is": "table",
        "title": title_of(section, words),
        "note": words.text("paragraph", section.note) if section.note else "",
        "none": words.text("ui", "none"),
        "columns": [
            {"name": words.text("column", c.name), "width": c.width, "right": c.type in _RIGHT} for c in section.columns
        ],
        "rows": [
            [
                "" if value is None and section.blank else words.shown(value, column.type, column.family)
                for column, value in zip(section.columns, row, strict=True)
            ]
            for row in section.rows
        ],
    }


def as_text(document: Document, sealed: Sealed, words: Words) -> Iterator[str]:
    """Yield the report as plain lines: for a terminal, and for the golden files that hold the rest."""
    laid = laid_out(document, words)
    yield laid["title"]
    if laid["restricted"]:
        yield laid["restricted"]
    yield ""
    yield f"{laid['installation']['title']}:"
    yield from (f"  {row}" for row in laid["installation"]["rows"] or [laid["installation"]["none"]])
    for section in laid["sections"]:
        yield ""
        if section["is"] == "paragraph":
            yield section["text"]
            continue
        yield f"== {section['title']}"
        if section["is"] == "facts":
            yield from (f"  {name}: {value}" for name, value in section["rows"])
            continue
        if section["note"]:
            yield f"  {section['note']}"
        yield "  " + " | ".join(column["name"] for column in section["columns"])
        yield from ("  " + " | ".join(row) for row in section["rows"] or [[section["none"]]])
    if laid["signatures"]:
        yield ""
        yield from (f"{line}: ____________________" for line in laid["signatures"])
    yield ""
    yield from sealed.statement.splitlines()
