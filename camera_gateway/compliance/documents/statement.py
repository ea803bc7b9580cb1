"""The statement of a report: the few lines that the seal key signs, and what a QR code on paper says. Pure.

Promises a text that fits on paper and that anybody can sign-check with openssl: it names the report, what it is about
and the SHA-256 of its document. Of a coverage certificate it also holds the totals and the gaps themselves, so that the
signed lines are the certificate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from camera_gateway.clock import rfc3339
from camera_gateway.compliance.documents.model import Facts, Kind, Table, Type, canonical, digest_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from camera_gateway.compliance.documents.model import Document, Value

TITLE = "camera-gateway-report: 1"
_ID_DIGITS = 12


def id_of(document: Document) -> str:
    """Return a report's id: its kind, the UTC day on which it was made, and the start of its digest."""
    day = rfc3339(document.made_us)[:10].replace("-", "")
    return f"{document.kind.value}-{day}-{digest_of(canonical(document))[:_ID_DIGITS]}"


def statement(document: Document, key: str) -> str:
    """Return the text to be signed; `key` is the fingerprint of the seal key."""
    lines = [
        TITLE,
        f"id: {id_of(document)}",
        f"kind: {document.kind.value}",
        f"institution: {document.institution or '-'}",
        f"camera: {document.camera or '-'}",
        f"region: {_one_line(document.region or '-')}",
        f"standard: {document.standard or '-'}",
        f"from: {rfc3339(document.start_us)}",
        f"to: {rfc3339(document.end_us)}",
        f"made: {rfc3339(document.made_us)}",
        f"document-sha256: {digest_of(canonical(document))}",
        f"key: ed25519 {key}",
    ]
    if document.kind is Kind.COVERAGE_CERTIFICATE:
        lines += ["---", *_certificate(document)]
    return "\n".join(lines) + "\n"


def qr_text(document: Document) -> str:
    """Return what the QR code says: the report, its digest, and the digests of the seals that it rests on."""
    seals = [
        f"seal {row[0]} sha256 {row[1]}"
        for table in document.sections
        if isinstance(table, Table) and table.title == "seals"
        for row in table.rows
    ]
    said = {f.name: f.value for s in document.sections if isinstance(s, Facts) and s.title == "about" for f in s.rows}
    if "last-seal" in said:
        seals.append(f"seal {said['last-seal']} sha256 {said['last-seal-sha256']}")
    return "\n".join([id_of(document), f"sha256 {digest_of(canonical(document))}", *seals[:3]])


def _certificate(document: Document) -> Iterable[str]:
    """Return totals and gaps, one a line: a name and a number, or the cells of a row."""
    for section in document.sections:
        if isinstance(section, Facts) and section.title == "totals":
            for fact in section.rows:
                if fact.type in {Type.DURATION, Type.COUNT, Type.SHARE}:
                    yield f"{fact.name}{_UNITS[fact.type]}: {'-' if fact.value is None else fact.value}"
        if isinstance(section, Table) and section.title in {"gaps", "seals"}:
            for row in section.rows:
                yield " ".join([section.title.removesuffix("s"), *(_cell(value) for value in row)])


_UNITS = {Type.DURATION: "-us", Type.COUNT: "", Type.SHARE: "-ppm"}


def _cell(value: Value) -> str:
    return "-" if value is None else _one_line(str(value))


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
