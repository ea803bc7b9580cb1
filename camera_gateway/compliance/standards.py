"""Standards as data: TOML files (docs/formats/standard.md) into `Standard` values.

An error names file, line and clause. A missing value is legal only with `text_needed`; a law never takes a figure of
the house profile silently: the word "house" in its place says so, and the finding repeats it.
"""

from __future__ import annotations

import tomllib
from datetime import date
from typing import TYPE_CHECKING, Any

from camera_gateway.domain.standard import Basis, Rule, RuleKind, Standard, Verified
from camera_gateway.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SCHEMA = 1
OPERATORS = frozenset({">=", "<=", "==", "in", "not_in"})
_NEED_METRIC = frozenset({RuleKind.MEASURED, RuleKind.DECLARED})
_KNOWN_OF_RULE = frozenset(
    {"id", "clause", "title", "kind", "metric", "op", "value", "unit", "scope", "verified", "text_needed"}
)


def load_standard(path: Path) -> Standard:
    """Load one file; raise `InvalidInput` that names file, line and what is wrong."""
    try:
        text = path.read_text(encoding="utf-8")
        raw = tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path.name}: cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(f"{path.name}: {error}", hint="mend the TOML") from error
    return _Reader(path.name, text).standard(raw)


class _Reader:
    """Turns one parsed file into a standard; knows where things stand for its errors."""

    def __init__(self, name: str, text: str) -> None:
        self._name = name
        self._lines = text.splitlines()

    def standard(self, raw: dict[str, Any]) -> Standard:
        if raw.get("schema") != SCHEMA:
            raise self._error("schema", f"schema must be {SCHEMA}")
        for key in ("id", "title", "basis", "text_status"):
            if key not in raw:
                raise self._error(key, f"{key} is missing")
        rules: list[Rule] = []
        for entry in raw.get("rule", []):
            rule = self._rule(entry)
            if any(rule.id == other.id for other in rules):
                raise self._error(f'"{rule.id}"', f"rule {rule.id} stands twice")
            rules.append(rule)
        return Standard(
            id=str(raw["id"]),
            title={str(k): str(v) for k, v in raw["title"].items()},
            jurisdiction=str(raw.get("jurisdiction", "-")),
            authority=str(raw.get("authority", "-")),
            edition=str(raw.get("edition", "-")),
            basis=self._one_of(Basis, raw["basis"], "basis"),
            text_status=str(raw["text_status"]),
            in_force_from=self._date(raw, "in_force_from"),
            in_force_to=self._date(raw, "in_force_to"),
            institutions=tuple(str(i) for i in raw.get("institutions", ["*"])),
            rules=tuple(rules),
            source=self._name,
        )

    def _rule(self, raw: dict[str, Any]) -> Rule:
        identity = str(raw.get("id", ""))
        if not identity:
            raise self._error("[[rule]]", "a rule has no id")
        here = f'"{identity}"'
        where = f"rule {identity} (clause {raw.get('clause', '?')})"
        if "verified" not in raw:
            raise self._error(here, f"{where}: verified is missing", hint="say how the figure was seen")
        kind = self._one_of(RuleKind, raw.get("kind"), f"{where}: kind", here)
        operator = raw.get("op")
        if kind in _NEED_METRIC:
            if "metric" not in raw or operator not in OPERATORS:
                raise self._error(here, f"{where}: metric or op is missing or unknown")
            if "value" not in raw and "table" not in raw and not raw.get("text_needed"):
                raise self._error(here, f"{where}: no value", hint="add it, or text_needed = true")
        return Rule(
            id=identity,
            clause=str(raw.get("clause", "?")),
            title=str(raw.get("title", identity)),
            kind=kind,
            metric=raw.get("metric"),
            op=operator,
            value=raw.get("value"),
            unit=raw.get("unit"),
            scope=str(raw.get("scope", "institution")),
            verified=self._one_of(Verified, raw["verified"], f"{where}: verified", here),
            text_needed=bool(raw.get("text_needed", False)),
            raw={k: v for k, v in raw.items() if k not in _KNOWN_OF_RULE},
        )

    def _one_of(self, kind: Any, value: Any, what: str, near: str = "") -> Any:  # noqa: ANN401 - any of our enums
        try:
            return kind(value)
        except ValueError:
            known = ", ".join(k.value for k in kind)
            raise self._error(near or what, f"{what}: {value!r}", hint=f"use one of: {known}") from None

    def _date(self, raw: dict[str, Any], key: str) -> date | None:
        value = raw.get(key)
        if value is not None and not isinstance(value, date):
            raise self._error(key, f"{key} must be a date")
        return value

    def _error(self, near: str, message: str, *, hint: str = "") -> InvalidInput:
        """Return an error at the first line that mentions `near`."""
        line = next((n for n, text in enumerate(self._lines, 1) if near in text), 1)
        return InvalidInput(f"{self._name}, line {line}: {message}", hint=hint or "see docs/formats/standard.md")


def load_directory(directory: Path) -> list[Standard]:
    """Load every standard of a directory, by id."""
    found = [load_standard(path) for path in sorted(directory.glob("*.toml"))]
    return sorted(found, key=lambda s: s.id)


def pick(standards: Iterable[Standard], identity: str) -> Standard:
    """Return the standard with an id, or raise `NotFound` that names the known ones."""
    known = list(standards)
    for standard in known:
        if standard.id == identity:
            return standard
    raise NotFound(f"standard {identity!r} is not installed", hint=f"known: {', '.join(s.id for s in known)}")
