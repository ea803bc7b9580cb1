"""Measured rules: which figure belongs to a metric, and how it compares with what is asked. Pure.

Promises that a figure which could not be had is unknown, and says why.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from camera_gateway.clock import US, rfc3339
from camera_gateway.compliance import archive_figures as archive
from camera_gateway.compliance import keys
from camera_gateway.compliance import stream_figures as stream
from camera_gateway.compliance.context import Context, found, holds_true, scope_of_institution, unknown, written_s
from camera_gateway.compliance.measure import uptime
from camera_gateway.compliance.methods import Measured, Method
from camera_gateway.domain.finding import WORST_FIRST, Finding
from camera_gateway.domain.standard import HOUSE, Result, Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from camera_gateway.domain.measured import CameraRecord, DayBook, Outage

AS_IT_STANDS = frozenset({"archive.complete_days", "archive.oldest_age", "storage.versioned", "storage.hold"})
"""Judged at the moment of judging, not over a period."""
_STORE = {"storage.versioned": ("versioning",), "storage.hold": ("object-lock", "lock-delete-refused")}
_SHORT_LOSS_S = 60.0


def judge_measured(context: Context, rule: Rule, cameras: Sequence[CameraRecord]) -> list[Finding]:
    """Judge a measured rule for each camera that it is about, or for the institution."""
    if rule.metric in AS_IT_STANDS and not context.settles:
        return []
    if rule.metric in keys.INSTITUTION_METRICS:
        return [_institution(context, rule)]
    if not cameras:
        return [found(context, rule, scope_of_institution(context), Result.UNKNOWN, unknown("no camera is registered"))]
    findings = [_camera(context, rule, camera) for camera in cameras]
    if rule.scope == "camera":
        return findings
    return [_together(context, rule, findings)]


def _together(context: Context, rule: Rule, findings: list[Finding]) -> Finding:
    """Return the gravest of the findings as one on the institution."""
    gravest = min(findings, key=lambda f: WORST_FIRST.index(f.result))
    counts = {r.value: n for r in Result if (n := sum(f.result is r for f in findings))}
    words = ", ".join(f"{n} {name}" for name, n in counts.items())
    measured = Measured(None, gravest.measured, Method(gravest.method_code), f"{gravest.scope}: {gravest.evidence}")
    one = found(context, rule, scope_of_institution(context), gravest.result, measured)
    return replace(one, measured=f"{gravest.measured} ({words})", data={**gravest.data, "cameras": counts})


def _camera(context: Context, rule: Rule, camera: CameraRecord) -> Finding:
    scope = f"camera:{camera.id}"
    wanted, why = _wanted(context, rule, camera)
    if rule.metric == "archive.oldest_age" and wanted is not None:
        wanted = archive.age_wanted(float(wanted), camera, context, rule)
    if wanted is None:
        return found(context, rule, scope, Result.UNKNOWN, unknown(why))
    if rule.metric == "archive.complete_days":
        result, measured = archive.complete_days(camera, context, rule, float(wanted))
        return found(context, rule, scope, result, measured, required=wanted)
    measured = _figure(context, rule, camera)
    if rule.value == HOUSE:
        measured = _from_house(measured)
    return found(context, rule, scope, _result(rule, measured, wanted), measured, required=wanted)


def _from_house(measured: Measured) -> Measured:
    evidence = f"{measured.evidence}; the text gives no figure, it is the house profile's".lstrip("; ")
    return replace(measured, evidence=evidence, data={**measured.data, "house": ["value"]})


def _wanted(context: Context, rule: Rule, camera: CameraRecord) -> tuple[Any, str]:
    """Return the figure that is asked of a camera, and why there is none."""
    if rule.value == HOUSE:
        return context.house_figure(rule.metric or ""), f"the house profile has no figure for {rule.metric}"
    if not rule.table:
        return rule.value, ""
    field = rule.by or ""
    name = None
    if field == "camera.zone":
        name = camera.zone
    else:
        facts = camera.facts if field in camera.facts else context.institution.facts
        fact = context.valid(facts, field)
        if fact is not None:
            name = str(fact.value)
        elif field == "camera.role" and camera.role in rule.table:
            name = camera.role
    if name is None:
        return None, f"{field} is not declared, so it is not known which figure applies"
    return rule.table.get(name), f"{field} is {name}, for which the table has no figure"


def _result(rule: Rule, measured: Measured, wanted: Any) -> Result:  # noqa: ANN401 - a figure of any type
    if measured.value is None:
        return Result.UNKNOWN
    if rule.metric == "stream.resolution":
        good = all(
            holds_true(rule.op, measured.value[side], wanted[side])
            if rule.op in {">=", "<="}
            else measured.value == wanted
            for side in ("width", "height")
        )
        return Result.PASS if good else Result.FAIL
    return Result.PASS if holds_true(rule.op, measured.value, wanted) else Result.FAIL


def _figure(context: Context, rule: Rule, camera: CameraRecord) -> Measured:
    metric = rule.metric or ""
    books = stream.books_of(camera, context)
    if metric in _OF_BOOKS:
        return _OF_BOOKS[metric](books)
    if metric in _OF_CAMERA:
        return _OF_CAMERA[metric](camera, context, rule)
    if metric in stream.IMPAIRMENTS:
        return stream.impaired(camera, context, rule)
    return _OTHERS[metric](camera, context, rule, books) if metric in _OTHERS else unknown(f"nothing measures {metric}")


_OF_BOOKS: dict[str, Callable[[Sequence[DayBook]], Measured]] = {
    "stream.resolution": stream.resolution,
    "stream.codec": stream.codecs,
    "stream.audio": stream.sound,
    "stream.bitrate": stream.bitrate,
    "stream.gop_s": stream.gop,
}
_OF_CAMERA: dict[str, Callable[[CameraRecord, Context, Rule], Measured]] = {
    "archive.recorded_ratio": archive.recorded_ratio,
    "archive.max_gap": archive.gap_figure,
    "archive.gap_total": archive.gap_figure,
    "archive.gap_count": archive.gap_figure,
    "archive.oldest_age": archive.oldest_age,
    "camera.uptime": archive.up_share,
    "image.day_night": stream.night_picture,
}
_OTHERS: dict[str, Callable[[CameraRecord, Context, Rule, Sequence[DayBook]], Measured]] = {
    "stream.fps": lambda _camera, _context, rule, books: stream.frame_rate(books, rule.aggregate),
    "time.offset_abs": lambda camera, context, _rule, books: stream.clock_offset(camera, context, books),
    "image.px_per_m": lambda camera, context, _rule, books: stream.pixel_density(camera, context, books),
    "archive.integrity_ratio": lambda _camera, context, _rule, _books: _drilled(context),
}


def _drilled(context: Context) -> Measured:
    drills = context.institution.drills
    if drills is None or not drills.checked:
        return unknown("no drill was held in the period", Method.DRILLS)
    value = drills.good / drills.checked
    evidence = (
        f"{drills.good} of {drills.checked} segments of the whole installation came back whole, in {drills.drills} "
        f"drills, the latest {rfc3339(drills.at_us)} with the seed {drills.seed}"
    )
    data = {"checked": drills.checked, "good": drills.good, "drills": drills.drills, "seed": drills.seed}
    return Measured(value, f"{value:.4f}", Method.DRILLS, evidence, data)


def _institution(context: Context, rule: Rule) -> Finding:
    scope = scope_of_institution(context)
    metric = rule.metric or ""
    if metric in _STORE:
        measured = _store(context, metric)
        return found(context, rule, scope, _result(rule, measured, rule.value), measured)
    wanted, why = rule.value, ""
    if rule.table:
        fact = context.valid(context.institution.facts, rule.by or "")
        wanted = None if fact is None else rule.table.get(str(fact.value))
        why = f"{rule.by} is not declared, or the table has no figure for it"
    if wanted is None:
        return found(context, rule, scope, Result.UNKNOWN, unknown(why))
    result, measured = _delay(context, rule, float(wanted))
    return found(context, rule, scope, result, measured, required=wanted)


def _store(context: Context, metric: str) -> Measured:
    states = [context.institution.store.get(name) for name in _STORE[metric]]
    if None in states:
        return unknown("the canary has not tried the store yet", Method.CANARY)
    proven = all(state == "proven" for state in states)
    evidence = ", ".join(f"{name}: {state}" for name, state in zip(_STORE[metric], states, strict=True))
    return Measured(proven, "yes" if proven else "no", Method.CANARY, evidence)


def _delay(context: Context, rule: Rule, wanted: float) -> tuple[Result, Measured]:
    """Judge the worst delay of the outages that began in the period; none to be seen is no reason to pass."""
    period = context.period
    began = [o for o in context.institution.outages if period.start_us <= o.start_us < period.end_us]
    if not began:
        lost = max((uptime(c, period.start_us, period.end_us).down_us for c in context.institution.cameras), default=0)
        if lost / US > _SHORT_LOSS_S:
            why = f"cameras were down for up to {written_s(lost / US)}, and the register of outages has none of it"
            return Result.UNKNOWN, unknown(why, Method.OUTAGES)
        why = "no outage in the period"
        return Result.NOT_APPLICABLE, Measured(None, "–", Method.OUTAGES, why)
    delays = [(_delay_us(rule.metric or "", o, period.at_us), o) for o in began]
    worst_us, outage = max(((d, o) for d, o in delays), key=lambda pair: (pair[0][0], pair[1].number))
    seconds = worst_us[0] / US
    late = sum(not holds_true(rule.op, d[0] / US, wanted) for d, _ in delays)
    running = sum(d[1] for d, _ in delays)
    evidence = (
        f"the worst of {len(began)} outages: number {outage.number}, from {rfc3339(outage.start_us)}"
        + (f"; {running} of them still running" if running else "")
        + (f"; {late} too late" if late else "")
    )
    data = {"outages": len(began), "late": late, "running": running, "worst": outage.number, "seconds": seconds}
    result = Result.PASS if not late else Result.FAIL
    return result, Measured(seconds, written_s(seconds), Method.OUTAGES, evidence, data)


def _delay_us(metric: str, outage: Outage, at_us: int) -> tuple[int, bool]:
    """Return a delay of an outage, and whether it is still running."""
    ends = {
        "alert.detect_delay": outage.detected_us,
        "alert.notify_delay": outage.notified_us,
        "alert.device_failure_delay": outage.notified_us,
        "incident.repair_time": outage.end_us,
        "incident.report_delay": outage.reported_us,
    }
    end = ends[metric]
    if end is None:
        return max(0, at_us - outage.start_us), True
    return max(0, end - outage.start_us), False
