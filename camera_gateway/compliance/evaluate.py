"""Facts against clauses: one finding per rule and scope. Pure.

What cannot be measured is `unknown`, never `pass`; a clause without a figure is `text_needed`; a camera younger than
the period it must keep, without a hole so far, is `accruing`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from camera_gateway.clock import US
from camera_gateway.domain.standard import Basis, Finding, Result, Rule, RuleKind, Standard

if TYPE_CHECKING:
    from collections.abc import Sequence

    from camera_gateway.compliance.measure import CameraFacts, Day

HOUSE_DAY = {"min_recorded_ratio": 0.99, "max_gap_s": 300}
"""What makes a day complete where the text gives no figure: the house profile's."""


NAMED_DAYS = 5
"""Incomplete days that a finding names; the gap register has all."""


def evaluate(standard: Standard, institution: str, kind: str, facts: Sequence[CameraFacts]) -> list[Finding]:
    """Judge an institution of `kind` by every rule of a standard."""
    applies = "*" in standard.institutions or kind in standard.institutions
    findings: list[Finding] = []
    for rule in standard.rules:
        scope = f"institution:{institution}"
        if not applies:
            reason = f"the standard is for {', '.join(standard.institutions)}; this institution is {kind}"
            findings.append(_finding(rule, scope, Result.NOT_APPLICABLE, "–", reason))
        elif rule.text_needed:
            findings.append(
                _finding(rule, scope, Result.TEXT_NEEDED, "–", "nobody has read the figure in the original")
            )
        elif rule.kind is RuleKind.MEASURED and rule.scope == "camera":
            findings.extend(_judge_camera(standard, rule, camera) for camera in facts)
        elif rule.kind is RuleKind.COVERAGE:
            findings.extend(_judge_zones(rule, institution, facts))
        else:
            findings.append(_finding(rule, scope, Result.UNKNOWN, "–", "no register holds evidence for it yet"))
    return findings


def counts(findings: Sequence[Finding]) -> dict[str, int]:
    """Return how many findings there are of each result."""
    return {result.value: sum(f.result is result for f in findings) for result in Result}


def _finding(rule: Rule, scope: str, result: Result, measured: str, evidence: str) -> Finding:
    return Finding(rule.id, rule.clause, scope, result, _required(rule), measured, rule.verified.value, evidence)


def _required(rule: Rule) -> str:
    value: Any = rule.value
    if rule.kind is RuleKind.COVERAGE:
        return ", ".join(str(z["zone"]) for z in rule.raw.get("required_zones", []))
    if value is None:
        return rule.title if rule.op is None else f"{rule.op} ?"
    if isinstance(value, dict):
        value = "x".join(str(v) for v in value.values())
    return f"{rule.op} {value}" + (f" {rule.unit}" if rule.unit else "")


def _judge_camera(standard: Standard, rule: Rule, facts: CameraFacts) -> Finding:
    scope = f"camera:{facts.camera}"
    if rule.metric == "stream.resolution":
        return _resolution(rule, scope, facts)
    if rule.metric == "archive.complete_days":
        return _complete_days(standard, rule, scope, facts)
    offset = None if facts.clock_offset_s is None else abs(facts.clock_offset_s)
    numbers: dict[str, tuple[float | None, str, int]] = {
        # metric: what was measured, how, with how many decimals
        "stream.fps": (facts.fps_p5, f"5th percentile of {facts.fps_windows} one-minute windows as recorded", 2),
        "archive.recorded_ratio": (facts.recorded_ratio, "stored and seen in the bucket, over scheduled time", 4),
        "camera.uptime": (facts.uptime, f"over watched time; nobody watched for {facts.observer_down_s:.0f} s", 4),
        "time.offset_abs": (offset, "RTCP sender reports against the gateway's clock", 3),
    }
    known = numbers.get(rule.metric or "")
    if known is None:
        return _finding(rule, scope, Result.UNKNOWN, "–", f"nothing measures {rule.metric} yet")
    measured, evidence, digits = known
    return _number(rule, scope, measured, evidence, digits=digits)


def _resolution(rule: Rule, scope: str, facts: CameraFacts) -> Finding:
    if facts.resolution is None:
        return _finding(rule, scope, Result.UNKNOWN, "–", "nothing was recorded in the period")
    width, height = facts.resolution
    good = width >= rule.value["width"] and height >= rule.value["height"]
    evidence = "the smallest picture in the parameter sets of the recorded stream; says nothing of the lens"
    return _finding(rule, scope, Result.PASS if good else Result.FAIL, f"{width}x{height}", evidence)


def _number(rule: Rule, scope: str, measured: float | None, evidence: str, *, digits: int) -> Finding:
    if measured is None:
        return _finding(rule, scope, Result.UNKNOWN, "–", f"not measurable in the period ({evidence})")
    good = measured >= rule.value if rule.op == ">=" else measured <= rule.value
    return _finding(rule, scope, Result.PASS if good else Result.FAIL, f"{measured:.{digits}f}", evidence)


def day_is_complete(day: Day, min_ratio: float, max_gap_s: float) -> bool:
    """Whether a day meets the day rule; a day on which nothing was scheduled does."""
    if day.expected_us == 0:
        return True
    return day.kept_us >= min_ratio * day.expected_us and day.max_gap_us <= max_gap_s * US


def _complete_days(standard: Standard, rule: Rule, scope: str, facts: CameraFacts) -> Finding:
    given = rule.raw.get("day", {})
    filled = [key for key, house in HOUSE_DAY.items() if given.get(key, "house") == "house" and house is not None]
    ratio, gap_s = (
        float(HOUSE_DAY[key] if key in filled else given[key]) for key in ("min_recorded_ratio", "max_gap_s")
    )
    run = 0
    for day in facts.days:
        if not day_is_complete(day, ratio, gap_s):
            break
        run += 1
    bad = [day.date.isoformat() for day in facts.days if not day_is_complete(day, ratio, gap_s)]
    evidence = f"days from yesterday back, each {ratio:.0%} kept with no hole over {gap_s:.0f} s, seen in the bucket"
    if filled and standard.basis is not Basis.HOUSE:
        evidence += "; the text gives no such figure, it is the house profile's"
    if bad:
        more = len(bad) - NAMED_DAYS
        evidence += f"; incomplete: {', '.join(bad[:NAMED_DAYS])}" + (f" and {more} more" if more > 0 else "")
    if run >= rule.value:
        result = Result.PASS
    elif not bad and len(facts.days) < rule.value:
        result = Result.ACCRUING
    else:
        result = Result.FAIL
    return _finding(rule, scope, result, f"{run} d", evidence)


def _judge_zones(rule: Rule, institution: str, facts: Sequence[CameraFacts]) -> list[Finding]:
    """Judge each required zone: covered only while enough *living* cameras look at it."""
    found = []
    for wanted in rule.raw.get("required_zones", []):
        name, least = str(wanted["zone"]), int(wanted.get("min_cameras", 1))
        there = [f for f in facts if f.zone == name]
        living = [f for f in there if f.living]
        result = Result.PASS if len(living) >= least else Result.FAIL
        evidence = f"{len(living)} living of {len(there)} registered cameras"
        if wanted.get("each") and result is Result.PASS:
            result, evidence = Result.UNKNOWN, evidence + "; how many such places there are is not declared"
        found.append(_finding(rule, f"institution:{institution}/zone:{name}", result, f"{len(living)}", evidence))
    return found
