"""Declared facts and holds: what people say with evidence, until when; and what an order wants preserved. Pure.

A fact whose time is over counts for nothing until it is declared anew.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from camera_gateway.clock import US, from_datetime, rfc3339
from camera_gateway.compliance.context import (
    Context,
    found,
    holds_true,
    scope_of_institution,
    unknown,
    written,
    written_s,
)
from camera_gateway.compliance.methods import Measured, Method
from camera_gateway.domain.facts import kind_of
from camera_gateway.domain.intervals import clip, intersect, normalise, subtract, total
from camera_gateway.domain.schedule import zone
from camera_gateway.domain.standard import HOUSE, Result

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from camera_gateway.domain.finding import Finding
    from camera_gateway.domain.measured import CameraRecord, Declared
    from camera_gateway.domain.standard import Rule


def judge_declared(context: Context, rule: Rule, cameras: Sequence[CameraRecord]) -> list[Finding]:
    """Judge a fact of the institution, or of each camera that the rule is about."""
    if not context.settles:
        return []
    name = rule.metric or ""
    if kind_of(name).scope == "camera" or rule.scope == "camera":
        if not cameras:
            return [
                found(context, rule, scope_of_institution(context), Result.UNKNOWN, unknown("no camera is registered"))
            ]
        return [_judge(context, rule, f"camera:{camera.id}", camera.facts) for camera in cameras]
    return [_judge(context, rule, scope_of_institution(context), context.institution.facts)]


def _judge(context: Context, rule: Rule, scope: str, facts: Mapping[str, Declared]) -> Finding:
    name = rule.metric or ""
    fact = facts.get(name)
    if fact is None:
        return found(context, rule, scope, Result.UNKNOWN, unknown(f"{name} is not declared", Method.DECLARED))
    data: dict[str, Any] = {
        "fact": fact.number,
        "declared_by": fact.declared_by,
        "declared_at": rfc3339(fact.declared_us),
        "valid_until": None if fact.until_us is None else rfc3339(fact.until_us),
        "evidence": fact.evidence,
    }
    said = f"declared by {fact.declared_by} on {rfc3339(fact.declared_us)[:10]}: {fact.evidence}"
    if context.valid(facts, name) is None:
        until = rfc3339(fact.until_us or 0)[:10]
        why = f"{said}; that held until {until} and must be declared anew"
        return found(context, rule, scope, Result.UNKNOWN, Measured(None, "–", Method.DECLARED, why, data))
    wanted = context.house_figure(name) if rule.value == HOUSE else rule.value
    if fact.until_us is not None:
        said += f"; holds until {rfc3339(fact.until_us)[:10]}"
    measured = Measured(fact.value, written(fact.value, kind_of(name).unit or None), Method.DECLARED, said, data)
    result = Result.PASS if holds_true(rule.op, fact.value, wanted) else Result.FAIL
    return found(context, rule, scope, result, measured, required=wanted)


def judge_hold(context: Context, rule: Rule, cameras: Sequence[CameraRecord]) -> list[Finding]:
    """Judge whether what is kept of a window is under a hold that does not end before its time."""
    if not context.settles or rule.hold is None:
        return []
    findings = []
    for camera in cameras:
        scope = f"camera:{camera.id}"
        tz = zone(camera.time_zone)
        start = from_datetime(datetime.combine(rule.hold.first, time(), tzinfo=tz))
        end = from_datetime(datetime.combine(rule.hold.last + timedelta(days=1), time(), tzinfo=tz))
        window = clip([(start, end)], camera.created_us, context.period.at_us)
        if not window:
            why = f"the camera was registered on {rfc3339(camera.created_us)[:10]}"
            nothing = Measured(None, "–", Method.HOLDS, why)
            findings.append(found(context, rule, scope, Result.NOT_APPLICABLE, nothing))
            continue
        there = intersect(normalise(camera.stored), window)
        held = normalise((h.start_us, end if h.end_us is None else h.end_us) for h in camera.held)
        free = total(subtract(there, held))
        words = f"{written_s((total(there) - free) / US)} of {written_s(total(there) / US)} held"
        data = {"stored_s": total(there) / US, "not_held_s": free / US, "holds": [h.id for h in camera.held]}
        if not there:
            measured = Measured(None, "–", Method.HOLDS, "nothing of the window is stored here", data)
            findings.append(found(context, rule, scope, Result.NOT_APPLICABLE, measured))
            continue
        measured = Measured(free == 0, words, Method.HOLDS, ", ".join(h.id for h in camera.held) or "no hold", data)
        findings.append(found(context, rule, scope, Result.FAIL if free else Result.PASS, measured))
    return findings
