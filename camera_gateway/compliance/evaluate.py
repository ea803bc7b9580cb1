"""Records against clauses: one finding per rule and scope. Pure.

What cannot be measured is `unknown`, never `pass`; a clause without a figure is `text_needed`, neither passed nor
failed; a waiver shows who let it pass and what it would be. A past day is judged by the edition of that day.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from camera_gateway.compliance import editions, keys
from camera_gateway.compliance.context import NOTHING, Context, found, scope_of_institution
from camera_gateway.compliance.evaluate_declared import judge_declared, judge_hold
from camera_gateway.compliance.evaluate_measured import judge_measured
from camera_gateway.compliance.evaluate_process import judge_process
from camera_gateway.compliance.evaluate_zones import judge_zones
from camera_gateway.compliance.groups import in_group
from camera_gateway.compliance.methods import Measured, Method
from camera_gateway.domain.finding import Finding, Waived
from camera_gateway.domain.standard import Result, Rule, RuleKind, Standard, Verified

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from camera_gateway.compliance.measure import Period
    from camera_gateway.domain.measured import CameraRecord, InstitutionRecord, Waiver

HOUSE_PROFILE = "house-baseline"
_WEAKEST_FIRST = (Verified.UNVERIFIED, Verified.SECONDARY, Verified.VERBATIM)
_WAIVABLE = frozenset({Result.FAIL, Result.UNKNOWN})


def evaluate(
    standards: Sequence[Standard], identity: str, institution: InstitutionRecord, period: Period
) -> list[Finding]:
    """Judge an institution by a standard over a period: each part of it by the edition that was in force then."""
    parts = editions.parts(standards, identity, institution.time_zone, period)
    findings: list[Finding] = []
    for number, (standard, part) in enumerate(parts):
        library = editions.in_force(standards, institution.time_zone, part.end_us)
        context = Context(
            standard, institution, part, library.get(HOUSE_PROFILE), library, settles=number == len(parts) - 1
        )
        findings += judge(context)
    return [_waived(finding, identity, institution.waivers, period.at_us) for finding in findings]


def judge(context: Context, seen: frozenset[str] = frozenset()) -> list[Finding]:
    """Judge by every rule of one edition; `seen` are the standards that include this one."""
    standard, institution = context.standard, context.institution
    findings: list[Finding] = []
    for rule in standard.rules:
        if not standard.binds(institution.kind):
            why = f"the standard is for {', '.join(standard.institutions)}; this institution is {institution.kind}"
            findings += _not_applicable(context, rule, why)
        else:
            findings += _judge_rule(context, rule, seen | {standard.id})
    return findings


def _not_applicable(context: Context, rule: Rule, why: str) -> list[Finding]:
    return _plainly(context, rule, Result.NOT_APPLICABLE, Method.NOT_APPLICABLE, why)


def _judge_rule(context: Context, rule: Rule, seen: frozenset[str]) -> list[Finding]:
    narrowed = editions.narrowed(context, rule)
    if narrowed is None:
        since = f"from {rule.in_force_from}" if rule.in_force_from else f"until {rule.in_force_to}"
        return _not_applicable(context, rule, f"the rule is in force {since}")
    context = narrowed
    applies, why = _applies(context, rule)
    if applies is False:
        return _not_applicable(context, rule, why)
    if rule.text_needed:
        return _plainly(context, rule, Result.TEXT_NEEDED, Method.TEXT_NEEDED, rule.note)
    if applies is None:
        return _plainly(context, rule, Result.UNKNOWN, Method.DECLARED, why)
    if rule.kind is RuleKind.INCLUDE:
        return _included(context, rule, seen)
    return _JUDGES[rule.kind](context, rule, [c for c in context.institution.cameras if _is_about(rule, c)])


_JUDGES: dict[RuleKind, Callable[[Context, Rule, Sequence[CameraRecord]], list[Finding]]] = {
    RuleKind.MEASURED: judge_measured,
    RuleKind.COVERAGE: judge_zones,
    RuleKind.DECLARED: judge_declared,
    RuleKind.PROCESS: judge_process,
    RuleKind.HOLD: judge_hold,
}


def _plainly(context: Context, rule: Rule, result: Result, method: Method, why: str) -> list[Finding]:
    """Return one finding on the institution that nothing was measured for, in the part that settles."""
    if not context.settles:
        return []
    return [found(context, rule, scope_of_institution(context), result, Measured(None, NOTHING, method, why))]


def _applies(context: Context, rule: Rule) -> tuple[bool | None, str]:
    """Whether a rule is about this institution; None where a fact that decides it is not declared."""
    kinds = rule.when.institutions
    if kinds and context.institution.kind not in kinds:
        return False, f"the rule is for {', '.join(kinds)}; this institution is {context.institution.kind}"
    missing = ""
    for name in rule.when.groups:
        group = next(g for g in context.standard.groups if g.id == name)
        inside, why = in_group(group, context)
        if inside:
            return True, ""
        if inside is None:
            missing = why
    if not rule.when.groups:
        return True, ""
    if missing:
        return None, missing
    return False, f"the institution is not in {' or '.join(rule.when.groups)}"


def _is_about(rule: Rule, camera: CameraRecord) -> bool:
    zones = {zone.value for name in rule.when.zones for zone in keys.ZONES_NAMED[name]}
    if zones and camera.zone not in zones:
        return False
    role = camera.facts.get("camera.role")
    return not rule.when.camera_roles or (camera.role if role is None else role.value) in rule.when.camera_roles


def _included(context: Context, rule: Rule, seen: frozenset[str]) -> list[Finding]:
    """Judge by another standard: its findings carry this rule's name, and the weaker of both words on the text."""
    name = rule.include or ""
    other = context.library.get(name)
    if other is None or name in seen:
        why = f"{name} includes this standard" if name in seen else f"the standard {name} is not installed"
        return _plainly(context, rule, Result.UNKNOWN, Method.NOBODY, why)
    findings = judge(replace(context, standard=other), seen)
    return [
        replace(
            finding,
            rule=f"{rule.id}/{finding.rule}",
            verified=min(rule.verified, finding.verified, key=_WEAKEST_FIRST.index),
            edition=context.standard.edition,
            data={**finding.data, "included": {"standard": other.id, "edition": other.edition}},
        )
        for finding in findings
    ]


def _waived(finding: Finding, standard: str, waivers: Iterable[Waiver], at_us: int) -> Finding:
    if finding.result not in _WAIVABLE:
        return finding
    camera = finding.scope.removeprefix("camera:") if finding.scope.startswith("camera:") else None
    for waiver in waivers:
        fits = waiver.standard == standard and waiver.rule == finding.rule and waiver.camera in {None, camera}
        if fits and waiver.waived_us <= at_us < waiver.until_us:
            waived = Waived(
                waiver.number, waiver.waived_by, waiver.approved_by, waiver.reason, waiver.until_us, finding.result
            )
            return replace(finding, result=Result.WAIVED, waiver=waived)
    return finding


def counts(findings: Iterable[Finding]) -> dict[str, int]:
    """Return how many findings there are of each result."""
    found_ = [f.result for f in findings]
    return {result.value: found_.count(result) for result in Result}
