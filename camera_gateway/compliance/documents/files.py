"""The forms of a report's file, each with its writer and media type; a kept report as a file.

Promises that a file is written from the document that was signed, and from nothing else.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from camera_gateway.compliance.documents import comma_file, json_file, print_file, sheet_file
from camera_gateway.compliance.documents.layout import Sealed
from camera_gateway.compliance.documents.model import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from camera_gateway.compliance.documents.model import Document


@dataclass(frozen=True, slots=True)
class Format:
    """`write(document, sealed, language)` returns the bytes of the file; it takes up to a second of a thread."""

    write: Callable[[Document, Sealed, str], bytes]
    content_type: str


FORMATS: Mapping[str, Format] = {
    "json": Format(json_file.json_file, json_file.CONTENT_TYPE),
    "csv": Format(comma_file.csv_file, comma_file.CONTENT_TYPE),
    "xlsx": Format(sheet_file.xlsx_file, sheet_file.CONTENT_TYPE),
    "pdf": Format(print_file.pdf_file, print_file.CONTENT_TYPE),
}


def written(kept: Mapping[str, Any], form: str, language: str) -> bytes:
    """Return the file of a report as `report.get` hands it out."""
    document = parse(json.loads(kept["text"]))
    sealed = Sealed(kept["id"], kept["sha256"], kept["statement"], kept["signature"])
    return FORMATS[form].write(document, sealed, language)
