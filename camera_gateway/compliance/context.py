"""What a rule is judged in, and how a finding is written: shared by the evaluators of all kinds of rules. Pure.

Promises that a finding says what was asked, how it was measured and over which span, in words and as data.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from camera_gateway.clock import rfc3339
from camera_gateway.compliance.methods import SENTENCES, Measured, Method
from camera_gateway.domain.finding import Finding
from camera_gateway.domain.standard import HOUSE, Result, Rule, RuleKind, Standard

if TYPE_CHECKING:
    from collections.abc import Mapping

    from camera_gateway.compliance.measure import Period
    from camera_gateway.domain.measured import Declared, InstitutionRecord

NOTHING = "–"


@dataclass(frozen=True, slots=True)
class Context:
    """The edition that judges, whom, over which span; the house profile and the other standards beside it.

    `settles`: this part of a period is its last one, so that what is judged as it stands is judged here.
    """

    standard: Standard
    institution: InstitutionRecord
    period: Period
    house: Standard | None = None
    library: Mapping[str, Standard] = field(default_factory=dict)
    settles: bool = True

    def house_figure(self, metric: str) -> Any:  # noqa: ANN401 - a figure of any type
        """Return the house profile's figure for a metric; None where it has none."""
        rules = () if self.house is None else self.house.rules
        return next((r.value for r in rules if r.metric == metric and r.value is not None), None)

    def house_day(self, key: str) -> float | None:
        """Return what makes a day complete by the house profile: "min_recorded_ratio" or "max_gap_s"."""
        rules = () if self.house is None else self.house.rules
        figures = (getattr(r.day, key) for r in rules if r.day is not None)
        return next((float(f) for f in figures if f is not None and f != HOUSE), None)

    def valid(self, facts: Mapping[str, Declared], name: str) -> Declared | None:
        """Return a declared fact that still holds at the moment of judging."""
        found = facts.get(name)
        if found is None or (found.until_us is not None and found.until_us <= self.period.at_us):
            return None
        return found


def scope_of_institution(context: Context, zone: str | None = None) -> str:
    """Return the scope of a finding on the institution, or on one of its zones."""
    name = f"institution:{context.institution.id}"
    return name if zone is None else f"{name}/zone:{zone}"


def written(value: object, unit: str | None = None) -> str:
    """Return a figure as people read it."""
    if isinstance(value, bool):
        text = "yes" if value else "no"
    elif isinstance(value, dict):
        text = "x".join(str(v) for v in value.values())
    elif isinstance(value, tuple | list | frozenset):
        text = ", ".join(str(v) for v in value)
    elif isinstance(value, float):
        text = f"{value:.4f}".rstrip("0").rstrip(".")
    else:
        text = str(value)
    return f"{text} {unit}" if unit else text


def required_of(rule: Rule, value: object = None) -> str:
    """Return what a rule asks for, in a few words; `value` where it does not stand in the rule itself."""
    if rule.kind is RuleKind.COVERAGE:
        asked = [f"{z.zone} (each)" if z.each else z.zone for z in rule.required_zones]
        return ", ".join([*asked, *(f"not {zone}" for zone in rule.forbidden_zones)]) or NOTHING
    if rule.kind is RuleKind.PROCESS and rule.process is not None:
        return _process_words(rule)
    if rule.kind is RuleKind.HOLD and rule.hold is not None:
        return f"kept from {rule.hold.first} to {rule.hold.last} until {rule.hold.until}"
    if rule.kind is RuleKind.INCLUDE:
        return f"what {rule.include} asks"
    value = rule.value if value is None else value
    if value is None:
        return f"{rule.op} ?"
    return f"{rule.op} {written(value, rule.unit)}"


def _process_words(rule: Rule) -> str:
    process = rule.process
    if process is None:
        return NOTHING
    words = []
    if process.every is not None:
        words.append(f"every {process.every}")
    words += [f"{name} every {length}" for name, length in process.also_every.items()]
    if process.trigger is not None:
        over = "" if process.threshold_s is None else f" over {written_s(process.threshold_s)}"
        words.append(f"after {process.trigger}{over}")
    if process.deadline_s is not None:
        words.append(f"within {written_s(process.deadline_s)}")
    if process.unstated:
        words.append("no deadline is stated")
    if process.report_within_s is not None:
        words.append(f"reported within {written_s(process.report_within_s)}")
    return ", ".join(words) or "done, with evidence"


def written_s(seconds: float) -> str:
    """Return seconds as people say them: "45 s", "4 h", "2 d 3 h"."""
    left = round(seconds)
    words = []
    for length, unit in ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")):
        if left >= length:
            words.append(f"{left // length} {unit}")
            left %= length
    return " ".join(words[:2]) or f"{seconds:.3g} s"


def found(
    context: Context,
    rule: Rule,
    scope: str,
    result: Result,
    measured: Measured,
    *,
    required: object = None,
) -> Finding:
    """Write a finding."""
    sentence = SENTENCES[measured.method]
    data: dict[str, Any] = {
        "required": {"op": rule.op, "value": rule.value if required is None else required, "unit": rule.unit},
        "from": rfc3339(context.period.start_us),
        "to": rfc3339(context.period.end_us),
        **measured.data,
    }
    return Finding(
        rule=rule.id,
        clause=rule.clause,
        scope=scope,
        result=result,
        required=required_of(rule, required),
        measured=measured.words,
        verified=rule.verified,
        evidence=measured.evidence or sentence,
        title=rule.title,
        kind=rule.kind,
        metric=rule.metric,
        severity=rule.severity,
        method=sentence,
        method_code=measured.method.value,
        edition=context.standard.edition,
        data=data,
    )


def unknown(why: str, method: Method = Method.NOBODY, **data: object) -> Measured:
    """Return a figure that could not be had, with the reason."""
    return Measured(None, NOTHING, method, why, data)


def holds_true(op: str | None, measured: Any, wanted: Any) -> bool:  # noqa: ANN401 - figures of any type
    """Whether a measured figure meets a demand."""
    if op == ">=":
        return bool(measured >= wanted)
    if op == "<=":
        return bool(measured <= wanted)
    if op == "==":
        return bool(measured == wanted)
    several = measured if isinstance(measured, tuple | list) else (measured,)
    inside = all(one in wanted for one in several)
    return inside if op == "in" else not any(one in wanted for one in several)
