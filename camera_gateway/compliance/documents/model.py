"""A report as a value: facts, tables, paragraphs and findings, without a word of any language. Pure.

Promises one text for one document: `canonical` is the same bytes wherever and whenever it is computed, and holds whole
numbers and text only, so that any JSON program computes the same digest. Findings of one table are of one basis.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

SCHEMA = 1

Value = str | int | None | list[Any] | dict[str, Any]
"""What a cell holds, as its type says; None: nothing is known."""


class Kind(StrEnum):
    """The closed list of reports."""

    COVERAGE_CERTIFICATE = "coverage-certificate"
    RETENTION = "retention"
    GAP_REGISTER = "gap-register"
    INSPECTION_PACK = "inspection-pack"
    MONTHLY = "monthly"
    DESTRUCTION = "destruction"
    ACCESS_REGISTER = "access-register"
    COMPLIANCE = "compliance"


class Type(StrEnum):
    """What a cell is, and so how it is written down and shown."""

    TEXT = "text"
    """As somebody wrote it, or an id."""
    CODE = "code"
    """A word of a closed list, shown in the reader's language."""
    WORDS = "words"
    """The same sentence in several languages: {"en": …, "ru": …, "kk": …}."""
    SAYING = "saying"
    """A sentence by its code: {"code", "values", "en": the sentence itself}; text alone where it has no code."""
    FIGURE = "figure"
    """A number with its unit: {"op", "number", "unit", "en": as it was written}; text alone where it is none."""
    TIME = "time"
    """RFC 3339 in UTC, shown by the institution's clocks."""
    DATE = "date"
    """A local day, YYYY-MM-DD; a list of them where there are several."""
    DURATION = "duration_us"
    SHARE = "share_ppm"
    """Parts of a million."""
    COUNT = "count"
    BYTES = "bytes"
    YES = "yes"
    """1 or 0."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: the code of its heading, what its cells are, and how wide it is in print beside the others."""

    name: str
    type: Type = Type.TEXT
    family: str = ""
    """Of a CODE: the closed list that its words come from."""
    width: int = 2


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of what the report is about."""

    name: str
    value: Value
    type: Type = Type.TEXT
    family: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """Named values."""

    title: str
    rows: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under typed columns. `named` stands beside the title: a standard's or a camera's name."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]
    named: Value = None
    note: str = ""
    """The code of a sentence beneath the title; "" for none."""
    blank: bool = False
    """Whether empty cells are for the pen: signatures."""

    def __post_init__(self) -> None:
        """Refuse a row that has not a cell for each column: it would shift what stands under a heading."""
        wrong = next((row for row in self.rows if len(row) != len(self.columns)), None)
        if wrong is not None:
            msg = f"table {self.title}: {len(wrong)} cells under {len(self.columns)} columns"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A sentence by its code, with the values that stand in it."""

    text: str
    values: Mapping[str, str] = field(default_factory=dict)


Section = Facts | Table | Paragraph


@dataclass(frozen=True, slots=True)
class Document:
    """One report. `failed` says that something of it is not as it must be; `institutions` are those that it tells of.

    Times in µs UTC; the span is [start, end). `restricted`: it is for official use, because it shows where cameras are.
    """

    kind: Kind
    start_us: int
    end_us: int
    made_us: int
    made_by: str
    time_zone: str
    institutions: tuple[str, ...]
    sections: tuple[Section, ...]
    institution: str | None = None
    camera: str | None = None
    region: str | None = None
    standard: str | None = None
    installation: tuple[str, ...] = ()
    """Findings of the installation itself; "" is never one of them, and no report leaves them out."""
    signatures: tuple[str, ...] = ()
    restricted: bool = False
    failed: bool = False
    remembered: Mapping[str, Any] = field(default_factory=dict)
    """What a later report compares with; not printed."""


def as_json(document: Document) -> dict[str, Any]:
    """Return a document as JSON; times stay whole microseconds here, cells are what their type says."""
    return {
        "schema": SCHEMA,
        "kind": document.kind.value,
        "start_us": document.start_us,
        "end_us": document.end_us,
        "made_us": document.made_us,
        "made_by": document.made_by,
        "time_zone": document.time_zone,
        "institutions": list(document.institutions),
        "institution": document.institution,
        "camera": document.camera,
        "region": document.region,
        "standard": document.standard,
        "installation": list(document.installation),
        "signatures": list(document.signatures),
        "restricted": document.restricted,
        "failed": document.failed,
        "remembered": dict(document.remembered),
        "sections": [_section(section) for section in document.sections],
    }


def _section(section: Section) -> dict[str, Any]:
    if isinstance(section, Paragraph):
        return {"is": "paragraph", "text": section.text, "values": dict(section.values)}
    if isinstance(section, Facts):
        rows = [{"name": f.name, "type": f.type.value, "family": f.family, "value": f.value} for f in section.rows]
        return {"is": "facts", "title": section.title, "rows": rows}
    return {
        "is": "table",
        "title": section.title,
        "named": section.named,
        "note": section.note,
        "blank": section.blank,
        "columns": [
            {"name": c.name, "type": c.type.value, "family": c.family, "width": c.width} for c in section.columns
        ],
        "rows": [list(row) for row in section.rows],
    }


def parse(raw: Mapping[str, Any]) -> Document:
    """Return the document that `as_json` wrote."""
    return Document(
        kind=Kind(raw["kind"]),
        start_us=raw["start_us"],
        end_us=raw["end_us"],
        made_us=raw["made_us"],
        made_by=raw["made_by"],
        time_zone=raw["time_zone"],
        institutions=tuple(raw["institutions"]),
        institution=raw["institution"],
        camera=raw["camera"],
        region=raw["region"],
        standard=raw["standard"],
        installation=tuple(raw["installation"]),
        signatures=tuple(raw["signatures"]),
        restricted=raw["restricted"],
        failed=raw["failed"],
        remembered=raw["remembered"],
        sections=tuple(_parsed(section) for section in raw["sections"]),
    )


def _parsed(raw: Mapping[str, Any]) -> Section:
    if raw["is"] == "paragraph":
        return Paragraph(raw["text"], raw["values"])
    if raw["is"] == "facts":
        return Facts(
            raw["title"], tuple(Fact(f["name"], f["value"], Type(f["type"]), f["family"]) for f in raw["rows"])
        )
    return Table(
        title=raw["title"],
        columns=tuple(Column(c["name"], Type(c["type"]), c["family"], c["width"]) for c in raw["columns"]),
        rows=tuple(tuple(row) for row in raw["rows"]),
        named=raw["named"],
        note=raw["note"],
        blank=raw["blank"],
    )


def canonical(document: Document) -> bytes:
    """Return the bytes that the digest is of: keys in order, no blanks, UTF-8."""
    return canonical_json(as_json(document))


def canonical_json(raw: Mapping[str, Any]) -> bytes:
    """Return the canonical bytes of a document that is JSON already."""
    return json.dumps(raw, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def digest_of(data: bytes) -> str:
    """Return a SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def tables_of(document: Document) -> Sequence[Table]:
    """Return the tables in their order."""
    return [section for section in document.sections if isinstance(section, Table)]


def codes_of(document: Document) -> Iterable[tuple[str, str]]:
    """Return every code that a document names, as (family, word): what a language must have a text for."""
    yield "kind", document.kind.value
    for signature in document.signatures:
        yield "signature", signature
    for section in document.sections:
        if isinstance(section, Paragraph):
            yield "paragraph", section.text
            continue
        yield "title", section.title
        if isinstance(section, Facts):
            for fact in section.rows:
                yield "fact", fact.name
                if fact.type is Type.CODE and fact.value is not None:
                    yield fact.family, str(fact.value)
            continue
        yield from _codes_of_table(section)


def _codes_of_table(table: Table) -> Iterable[tuple[str, str]]:
    if table.note:
        yield "paragraph", table.note
    for at, column in enumerate(table.columns):
        yield "column", column.name
        cells = [row[at] for row in table.rows]
        if column.type is Type.CODE:
            yield from ((column.family, str(cell)) for cell in cells if cell is not None)
        if column.type is Type.SAYING:
            yield from (("evidence", cell["code"]) for cell in cells if isinstance(cell, dict))
