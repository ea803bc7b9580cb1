"""The standards of an installation: the files of its directories, checked one by one and against each other.

Several files of one id are editions of one document. Reads files; what stands in them is `reading`'s affair.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from camera_gateway.compliance.editions import lineage
from camera_gateway.compliance.reading import parse_standard
from camera_gateway.domain.standard import Basis, RuleKind, Standard
from camera_gateway.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

_OUTSIDE = frozenset({Basis.LAW, Basis.CONTRACT})
_parsed = lru_cache(256)(parse_standard)
"""The same text is the same standard: a report of twenty institutions reads each file twenty times."""


def load_standard(path: Path) -> Standard:
    """Load one file; raise `InvalidInput` that names file, line and what is wrong."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path.name}: cannot be read: {error}", hint="see docs/formats/standard.md") from error
    return _parsed(path.name, text)


def load_directory(directory: Path) -> list[Standard]:
    """Load every standard of a directory, by id and edition."""
    found = [load_standard(path) for path in sorted(directory.glob("*.toml"))]
    return sorted(found, key=lambda s: (s.id, s.in_force_from.isoformat() if s.in_force_from else "", s.edition))


def check_together(standards: Sequence[Standard]) -> None:
    """Raise `InvalidInput` where files contradict each other: one edition twice, a law that takes from the house."""
    seen: dict[tuple[str, str], str] = {}
    by_id = {s.id: s for s in standards}
    for standard in standards:
        edition = (standard.id, standard.edition)
        if edition in seen:
            raise InvalidInput(
                f"{standard.file}: {standard.id} in the edition {standard.edition!r} stands in {seen[edition]} as well",
                hint="give each edition a name and its in_force_from",
            )
        seen[edition] = standard.file
        for rule in standard.rules:
            other = by_id.get(rule.include or "")
            if rule.kind is RuleKind.INCLUDE and other is not None:
                if standard.basis in _OUTSIDE and other.basis is Basis.HOUSE:
                    raise InvalidInput(
                        f"{standard.file}: rule {rule.id} (clause {rule.clause}): a {standard.basis} takes nothing of "
                        f"the house profile {other.id} by include",
                        hint='write the rule, and the word "house" in place of its figure',
                    )
                if other.id == standard.id:
                    raise InvalidInput(f"{standard.file}: rule {rule.id} includes its own standard", hint="drop it")


def chosen(standards: Iterable[Standard], enabled: Sequence[str]) -> list[Standard]:
    """Return the editions of the documents that an installation offers; no name: all of them."""
    known = list(standards)
    if not enabled:
        return known
    return [edition for identity in dict.fromkeys(enabled) for edition in lineage(known, identity)]
