"""Coverage of zones: required ones are covered only while enough *living* cameras look at them. Pure.

A camera lives while it delivers a picture that shows something: frames arrive, and the picture is not black, frozen or
covered. While nobody could watch, nothing is said against a camera.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from camera_gateway.clock import US
from camera_gateway.compliance import keys
from camera_gateway.compliance.context import Context, found, scope_of_institution, written_s
from camera_gateway.compliance.measure import BY_ORDER, OBSERVER_DOWN, spans_of
from camera_gateway.compliance.methods import Measured, Method
from camera_gateway.domain.footage import GapCause
from camera_gateway.domain.intervals import Interval, clip, intersect, normalise, subtract, total
from camera_gateway.domain.standard import HOUSE, Excuse, Result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from camera_gateway.domain.finding import Finding
    from camera_gateway.domain.measured import CameraRecord
    from camera_gateway.domain.standard import RequiredZone, Rule

BLIND = frozenset({"black", "frozen", "covered"})
"""Impairments with which a picture shows nothing of its zone."""
_LATELY_US = 60 * US


@dataclass(frozen=True, slots=True)
class ZoneTime:
    """Where the time of a zone went: `covered + uncovered + unseen` is all in which it should have been seen."""

    required_us: int
    covered_us: int
    uncovered_us: int
    unseen_us: int
    longest_us: int
    """The longest stretch without enough cameras."""


def judge_zones(context: Context, rule: Rule, cameras: Sequence[CameraRecord]) -> list[Finding]:
    """Judge each required and each forbidden zone of a rule."""
    return [
        *(_required(context, rule, wanted, cameras) for wanted in rule.required_zones),
        *(_forbidden(context, rule, name, cameras) for name in rule.forbidden_zones if context.settles),
    ]


def _there(name: str, cameras: Sequence[CameraRecord]) -> list[CameraRecord]:
    zones = {zone.value for zone in keys.ZONES_NAMED[name]}
    return [c for c in cameras if c.zone in zones and c.retired_us is None]


def _required(context: Context, rule: Rule, wanted: RequiredZone, cameras: Sequence[CameraRecord]) -> Finding:
    scope = scope_of_institution(context, wanted.zone)
    there = _there(wanted.zone, cameras)
    places = _places(context, wanted)
    least = wanted.min_cameras if places is None else max(wanted.min_cameras, places)
    time = zone_time(there, context.period.start_us, context.period.end_us, least, rule)
    living = [c for c in there if _lives(c, context)]
    evidence = f"{len(living)} living of {len(there)} registered cameras"
    if time.uncovered_us:
        evidence += f"; too few for {written_s(time.uncovered_us / US)} of the period"
    if time.unseen_us:
        evidence += f"; nobody watched for {written_s(time.unseen_us / US)}"
    tolerance, taken = _tolerance(context, rule)
    if taken and there:
        evidence += "; how long it may be uncovered is taken from the house profile"
    data = {
        "zone": wanted.zone,
        "living": len(living),
        "registered": len(there),
        "least": least,
        "places": places,
        "cameras": [c.id for c in there],
        "dead": [c.id for c in there if not _lives(c, context)],
        "covered_s": time.covered_us / US,
        "uncovered_s": time.uncovered_us / US,
        "observer_down_s": time.unseen_us / US,
        "longest_uncovered_s": time.longest_us / US,
        "house": ["min_covered_ratio"] if taken else [],
    }
    watched = time.covered_us + time.uncovered_us
    if len(there) < least or (context.settles and len(living) < least):
        result = Result.FAIL
    elif time.required_us and not watched:
        result = Result.UNKNOWN
    elif watched and tolerance is not None and time.covered_us < tolerance * watched:
        result = Result.FAIL
    elif wanted.each and places is None:
        result = Result.UNKNOWN
        evidence += "; how many such places there are is not declared: " + ", ".join(_facts_of_places(wanted))
    else:
        result = Result.PASS
    measured = Measured(len(living), f"{len(living)} of {len(there)} living", Method.ZONES, evidence, data)
    words = f"{wanted.zone}: {least} living" + (", each of its places" if wanted.each else "")
    return replace(found(context, rule, scope, result, measured, required=least), required=words)


def _forbidden(context: Context, rule: Rule, name: str, cameras: Sequence[CameraRecord]) -> Finding:
    there = _there(name, cameras)
    evidence = f"cameras there: {', '.join(c.id for c in there)}" if there else "no camera is registered there"
    measured = Measured(len(there), str(len(there)), Method.ZONES, evidence, {"zone": name, "forbidden": True})
    result = Result.FAIL if there else Result.PASS
    finding = found(context, rule, scope_of_institution(context, name), result, measured, required=0)
    return replace(finding, required=f"no camera in {name}")


def _facts_of_places(wanted: RequiredZone) -> list[str]:
    return sorted(f"places.{zone.value}" for zone in keys.ZONES_NAMED[wanted.zone])


def _places(context: Context, wanted: RequiredZone) -> int | None:
    """Return how many such places there are, where each must be seen; None where that is not declared."""
    if not wanted.each:
        return None
    facts = [context.valid(context.institution.facts, name) for name in _facts_of_places(wanted)]
    numbers = [f.value for f in facts if f is not None and isinstance(f.value, float)]
    return None if len(numbers) < len(facts) else round(sum(numbers))


def _tolerance(context: Context, rule: Rule) -> tuple[float | None, bool]:
    """Return which share of the time a zone must be covered, and whether that is the house's figure."""
    given = None if rule.day is None else rule.day.min_recorded_ratio
    if given == HOUSE:
        return context.house_day("min_recorded_ratio"), True
    return (None if given is None else float(given)), False


def _lives(camera: CameraRecord, context: Context) -> bool:
    """Whether a camera delivers at the end of the period, by its recorder's word or by what was recorded lately."""
    end = context.period.end_us
    if any(i.kind in BLIND and i.start_us < end and (i.end_us is None or i.end_us >= end) for i in camera.impaired):
        return False
    if camera.living is not None and context.period.at_us - end < _LATELY_US:
        return camera.living
    at = min(end, camera.to_us)
    if not clip(camera.scheduled, at - _LATELY_US, at):
        return True  # nothing is asked of it at this hour
    if clip(camera.recorded, at - _LATELY_US, at):
        return True
    return bool(clip(spans_of(camera.gaps, OBSERVER_DOWN), at - _LATELY_US, at))


def zone_time(cameras: Sequence[CameraRecord], start_us: int, end_us: int, least: int, rule: Rule) -> ZoneTime:
    """Return where the time of a zone went, second by second."""
    asked: list[Interval] = []
    edges: list[tuple[int, int]] = []
    unseen: list[Interval] = []
    for camera in cameras:
        lives, blind, due = _times(camera, start_us, end_us, rule)
        asked += due
        edges += [(a, 1) for a, _ in lives] + [(b, -1) for _, b in lives]
        unseen += blind
    required = normalise(asked)
    covered = intersect(required, _at_least(edges, least))
    missing = subtract(required, covered)
    hidden = intersect(missing, normalise(unseen))
    uncovered = subtract(missing, hidden)
    return ZoneTime(
        total(required),
        total(covered),
        total(uncovered),
        total(hidden),
        max((b - a for a, b in uncovered), default=0),
    )


def _times(
    camera: CameraRecord, start_us: int, end_us: int, rule: Rule
) -> tuple[list[Interval], list[Interval], list[Interval]]:
    """Return when a camera showed its zone, when nobody could watch it, and when it was asked to."""
    due = clip(camera.scheduled, max(start_us, camera.from_us), min(end_us, camera.to_us))
    if Excuse.PLANNED_MAINTENANCE in rule.excuses:
        due = subtract(due, spans_of(camera.gaps, {GapCause.PLANNED_MAINTENANCE}))
    blind = normalise((i.start_us, i.end_us or end_us) for i in camera.impaired if i.kind in BLIND)
    # what was recorded once and is gone by order was a living camera then
    gone = spans_of(camera.gaps, BY_ORDER - {GapCause.OPERATOR_DISABLED, GapCause.SCHEDULE_OFF})
    lives = subtract(intersect(due, normalise([*camera.recorded, *gone])), blind)
    return lives, intersect(due, spans_of(camera.gaps, OBSERVER_DOWN)), due


def _at_least(edges: list[tuple[int, int]], least: int) -> list[Interval]:
    """Return when at least so many of several sets of seconds hold, from the edges of them all."""
    found: list[Interval] = []
    depth, since = 0, 0
    for at, step in sorted(edges, key=lambda e: (e[0], -e[1])):
        before, depth = depth, depth + step
        if before < least <= depth:
            since = at
        elif depth < least <= before and at > since:
            found.append((since, at))
    return normalise(found)
