"""A report as JSON: the document itself, without a language, what is signed, and the words of its codes in one.

Promises that the digest can be computed from it by anybody: `document` with its keys in order and without blanks is
what `sha256` is of, and `statement`, which holds that digest, is what `signature` is of.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from camera_gateway.compliance.documents.model import as_json, codes_of
from camera_gateway.compliance.documents.words import installation_text, texts_of, words_for

if TYPE_CHECKING:
    from camera_gateway.compliance.documents.layout import Sealed
    from camera_gateway.compliance.documents.model import Document

CONTENT_TYPE = "application/json"


def json_file(document: Document, sealed: Sealed, language: str) -> bytes:
    """Return the file."""
    return (json.dumps(envelope(document, sealed, language), ensure_ascii=False, indent=1) + "\n").encode()


def envelope(document: Document, sealed: Sealed, language: str) -> dict[str, Any]:
    """Return what the file holds."""
    texts, words = texts_of(language), words_for(document, language)
    used: dict[str, dict[str, str]] = {}
    for family, code in codes_of(document):
        used.setdefault(family, {})[code] = texts.get(family, {}).get(code, code)
    used["installation"] = {finding: installation_text(words, finding) for finding in document.installation}
    return {
        "id": sealed.id,
        "sha256": sealed.sha256,
        "statement": sealed.statement,
        "signature": sealed.signature,
        "language": language,
        "words": {family: dict(sorted(codes.items())) for family, codes in sorted(used.items())},
        "document": as_json(document),
    }
