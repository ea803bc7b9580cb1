"""One TOML file of a standard (docs/formats/standard.md) into a `Standard`. Pure: text in, value out.

Promises that an error names file, line and clause, that a key which nobody knows is an error, that a missing value is
legal only with `text_needed`, and that a law or a contract takes no figure of the house profile without the word.
"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from camera_gateway.compliance import keys
from camera_gateway.compliance.groups import fact_of
from camera_gateway.compliance.lines import Block, blocks_of
from camera_gateway.compliance.parts import Part, nearest
from camera_gateway.compliance.reading_rules import Context, read_rule
from camera_gateway.domain.camera import InstitutionKind
from camera_gateway.domain.facts import FACTS, is_custom
from camera_gateway.domain.standard import (
    EVERY_INSTITUTION,
    Basis,
    Condition,
    Group,
    Rule,
    Source,
    Standard,
    TextStatus,
    Verified,
)
from camera_gateway.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Collection

SCHEMA = 1
EVERY_KIND = frozenset({EVERY_INSTITUTION, *(kind.value for kind in InstitutionKind)})


def parse_standard(name: str, text: str) -> Standard:
    """Read the text of a file called `name`; `InvalidInput` that names file, line and what is wrong."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(f"{name}: {error}", hint="mend the TOML") from error
    return _File(name, text).standard(raw)


class _File:
    """Turns one parsed file into a standard."""

    def __init__(self, name: str, text: str) -> None:
        self._name = name
        self._blocks = blocks_of(text)

    def standard(self, raw: dict[str, Any]) -> Standard:
        top = Part(self._name, raw, self._block("", 0), "", keys.OF_FILE)
        if raw.get("schema") != SCHEMA:
            top.fail("schema", f"schema must be {SCHEMA}", hint="this version reads no other")
        for key in ("id", "title", "basis", "text_status"):
            if key not in raw:
                top.fail(key, f"{key} is missing")
        basis = top.one_of(Basis, "basis")
        sources = tuple(
            Source(part.text("key"), part.text("url")) for part in self._parts(raw, "source", keys.OF_SOURCE)
        )
        groups = tuple(self._group(part) for part in self._parts(raw, "group", keys.OF_GROUP))
        context = Context(basis, frozenset(s.key for s in sources), frozenset(g.id for g in groups))
        rules: list[Rule] = []
        for part in self._parts(raw, "rule", keys.OF_RULE):
            part.where = f"rule {part.raw.get('id', '?')} (clause {part.raw.get('clause', '?')})"
            rule = read_rule(part, context)
            if any(rule.id == other.id for other in rules):
                part.fail("id", f"{rule.id} stands twice in this file")
            rules.append(rule)
        institutions = top.texts("institutions", (EVERY_INSTITUTION,))
        for kind in institutions:
            if kind not in EVERY_KIND:
                hint = nearest(kind, EVERY_KIND)
                top.fail("institutions", f"institutions: {kind!r} is no kind of institution", hint=hint)
        return Standard(
            id=top.text("id"),
            title=top.title(top.text("id")),
            jurisdiction=top.text("jurisdiction", "-"),
            authority=top.text("authority", "-"),
            number=top.text("number"),
            adopted=top.day("date"),
            registered={k: str(v) for k, v in raw.get("registered", {}).items()},
            url=top.text("url"),
            edition=top.text("edition", "-"),
            basis=basis,
            text_status=top.one_of(TextStatus, "text_status"),
            in_force_from=top.day("in_force_from"),
            in_force_to=top.day("in_force_to"),
            supersedes=top.texts("supersedes"),
            institutions=institutions,
            optional=top.flag("optional"),
            sources=sources,
            groups=groups,
            rules=tuple(rules),
            file=self._name,
        )

    def _parts(self, raw: dict[str, Any], name: str, known: Collection[str]) -> list[Part]:
        entries = raw.get(name, [])
        if not isinstance(entries, list):
            Part(self._name, raw, self._block("", 0), "", raw).fail(name, f"{name} must be written [[{name}]]")
        return [
            Part(
                self._name, entry, self._block(name, number), f"{name} {entry.get('id', entry.get('key', '?'))}", known
            )
            for number, entry in enumerate(entries)
        ]

    def _block(self, name: str, number: int) -> Block:
        return self._blocks.get((name, number), Block(1, {}))

    def _group(self, part: Part) -> Group:
        if not part.raw.get("id"):
            part.fail("id", "a group has no id")
        conditions = {
            key: tuple(_condition(inner) for inner in part.inners(key, keys.OF_CONDITION)) for key in ("all", "any")
        }
        if bool(conditions["all"]) == bool(conditions["any"]):
            part.fail(None, "a group has either all or any, with at least one condition")
        return Group(
            id=part.text("id"),
            clause=part.text("clause", "?"),
            verified=part.one_of(Verified, "verified"),
            source=part.texts("source"),
            all=conditions["all"],
            any=conditions["any"],
        )


def _condition(part: Part) -> Condition:
    operators = [key for key in part.raw if key != "field"]
    if "field" not in part.raw or len(operators) != 1:
        part.fail(None, "a condition has a field and one of in, eq, lt, le, gt, ge")
    fact = fact_of(part.text("field"))
    if fact not in FACTS and not is_custom(fact):
        part.fail(None, f"field {part.text('field')!r} is no fact that can be declared", hint=nearest(fact, FACTS))
    return Condition(part.text("field"), operators[0], part.raw[operators[0]])
