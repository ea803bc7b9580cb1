"""What checks and fetches report when something is not as it should be. A pure value.

Shared by checks and fetches, so that a page or a script reads one form.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong: the invariant's id (docs/invariants.md), what in one line, where (path, key or id)."""

    invariant: str
    what: str
    where: str
