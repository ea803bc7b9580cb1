"""What is found when a rule of a standard is judged: results, findings, waivers beside them, the verdict. Pure.

Nobody may call a standard met while anything is failed, unknown or without its text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from camera_gateway.domain.standard import Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from camera_gateway.domain.standard import RuleKind, Severity, Verified


OPEN = (Result.FAIL, Result.UNKNOWN, Result.TEXT_NEEDED)
"""Results with which nobody may say that a standard is met, the gravest first."""
WORST_FIRST = (*OPEN, Result.ACCRUING, Result.WAIVED, Result.PASS, Result.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True)
class Waived:
    """Who let a finding pass, why, and until when (µs UTC)."""

    number: int
    waived_by: str
    approved_by: str
    reason: str
    until_us: int
    result: Result
    """What it would be without the waiver."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found for one rule and one scope: "institution:x", "institution:x/zone:z", "camera:y", "installation".

    `required`, `measured`, `evidence` and `method` are English and for people; `method_code` and `data` say the same
    for programs, so that a report can say it in another language.
    """

    rule: str
    clause: str
    scope: str
    result: Result
    required: str
    measured: str
    verified: Verified
    evidence: str
    title: Mapping[str, str]
    kind: RuleKind
    metric: str | None
    severity: Severity | None
    method: str
    method_code: str
    edition: str
    data: Mapping[str, Any] = field(default_factory=dict)
    waiver: Waived | None = None


def worst(results: Mapping[Result, int]) -> Result | None:
    """Return the gravest result of which there is any; None where there is none at all."""
    return next((result for result in WORST_FIRST if results.get(result)), None)


def verdict(results: Mapping[Result, int]) -> str:
    """Return "pass" only where nothing is open; else the gravest of what is open, or that nothing applies."""
    gravest = worst(results)
    if gravest is None or gravest is Result.NOT_APPLICABLE:
        return Result.NOT_APPLICABLE.value
    return gravest.value if gravest in OPEN else Result.PASS.value
