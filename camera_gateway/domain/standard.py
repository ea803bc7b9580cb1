"""A video standard as values: rules, findings and their results (docs/formats/standard.md). Pure.

Must not know how a standard is written down, nor how anything is measured.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date


class Basis(StrEnum):
    """Where a standard's authority comes from; a report never mixes them in one column."""

    LAW = "law"
    CONTRACT = "contract"
    HOUSE = "house"
    REFERENCE = "reference"


class Verified(StrEnum):
    """How well the wording of a figure was seen."""

    VERBATIM = "verbatim"
    SECONDARY = "secondary"
    UNVERIFIED = "unverified"


class RuleKind(StrEnum):
    """What kind of demand a rule makes."""

    MEASURED = "measured"
    COVERAGE = "coverage"
    DECLARED = "declared"
    PROCESS = "process"
    HOLD = "hold"
    INCLUDE = "include"


class Result(StrEnum):
    """The outcome of a finding."""

    PASS = "pass"  # noqa: S105 - a result, not a password
    FAIL = "fail"
    UNKNOWN = "unknown"
    ACCRUING = "accruing"
    NOT_APPLICABLE = "not_applicable"
    WAIVED = "waived"
    TEXT_NEEDED = "text_needed"


@dataclass(frozen=True, slots=True)
class Rule:
    """One demand. `value` None is legal only with `text_needed`. `raw` keeps every further key of the file."""

    id: str
    clause: str
    title: str
    kind: RuleKind
    metric: str | None
    op: str | None
    value: Any
    unit: str | None
    scope: str
    verified: Verified
    text_needed: bool
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Standard:
    """One document in one edition."""

    id: str
    title: Mapping[str, str]
    jurisdiction: str
    authority: str
    edition: str
    basis: Basis
    text_status: str
    in_force_from: date | None
    in_force_to: date | None
    institutions: tuple[str, ...]
    rules: tuple[Rule, ...]
    source: str
    """The file's name."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found for one rule and one scope ("institution:x", "camera:y", "installation")."""

    rule: str
    clause: str
    scope: str
    result: Result
    required: str
    measured: str
    verified: str
    evidence: str
