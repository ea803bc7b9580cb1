"""The hash chain of audit rows. Pure.

Each row's hash covers its content and the hash of the row before it, so that a changed, dropped or reordered row
breaks every later one. The head and the count are anchored elsewhere; a chain alone does not show a cut tail.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One entry: `number` from 1, `at_us` UTC, who, what, on what, with which details."""

    number: int
    at_us: int
    actor: str
    action: str
    object: str
    details: Mapping[str, Any]
    previous: str
    digest: str


def digest_of(
    number: int,
    at_us: int,
    actor: str,
    action: str,
    object_: str,
    details: Mapping[str, Any],
    previous: str,
) -> str:
    """Return the SHA-256 (hex) of a row: canonical JSON of its fields with the previous digest."""
    body = [number, at_us, actor, action, object_, details, previous]
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def first_break(rows: Iterable[AuditRow]) -> int | None:
    """Return the number of the first row that does not follow from its predecessor, or None."""
    previous, expected = GENESIS, 1
    for row in rows:
        digest = digest_of(row.number, row.at_us, row.actor, row.action, row.object, row.details, row.previous)
        if row.number != expected or row.previous != previous or row.digest != digest:
            return row.number
        previous, expected = row.digest, expected + 1
    return None
