"""What people must do: after something has happened, within a time; or again and again. Pure.

Losses of cameras are known from the gaps, whether or not anybody entered them; everything else is what the register of
processes says. Periods of days and more are counted on the site's calendar.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from camera_gateway.clock import US, from_datetime, rfc3339, to_datetime
from camera_gateway.compliance.context import Context, found, scope_of_institution, unknown, written_s
from camera_gateway.compliance.lengths import after
from camera_gateway.compliance.measure import BY_ORDER, OBSERVER_DOWN
from camera_gateway.compliance.methods import Measured, Method
from camera_gateway.domain.footage import GapCause
from camera_gateway.domain.schedule import zone
from camera_gateway.domain.standard import Excuse, Result

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from camera_gateway.domain.finding import Finding
    from camera_gateway.domain.measured import CameraRecord, Outage, ProcessEvent
    from camera_gateway.domain.standard import Length, Process, Rule

CAMERA_DOWN = "camera_down"
_JOINED_US = 60 * US
"""Two losses with less than this between them are one."""


def judge_process(context: Context, rule: Rule, _cameras: Sequence[CameraRecord]) -> list[Finding]:
    """Judge each demand of a process rule."""
    process = rule.process
    if process is None:
        return []
    findings = []
    if process.trigger == CAMERA_DOWN:
        findings.append(_losses(context, rule, process))
    elif process.trigger is not None:
        findings.append(_triggered(context, rule, process))
    if process.every is not None:
        findings.append(_recurring(context, rule, process.register, process.every, None))
    for name, every in process.also_every.items():
        findings.append(_recurring(context, rule, name, every, name))
    if not findings and context.settles:
        findings.append(_done(context, rule, process))
    return findings


def _losses(context: Context, rule: Rule, process: Process) -> Finding:
    """Judge whether each loss over the threshold was reported in time."""
    scope = scope_of_institution(context)
    period, least_us = context.period, (process.threshold_s or 0) * US
    late, open_, told, all_ = [], [], 0, 0
    for camera in context.institution.cameras:
        for start, end in losses(camera, rule):
            counts = start + least_us  # from here on it is a loss that has to be reported
            if end - start <= least_us or not period.start_us <= counts < period.end_us:
                continue
            all_ += 1
            report = _report_of(context, process, camera.id, start, end)
            due = counts + (process.deadline_s or 0) * US
            if report is not None and (process.unstated or report <= due):
                told += 1
            elif report is None and (process.unstated or due > period.at_us):
                open_.append((camera.id, start))
            else:
                late.append((camera.id, start))
    data: dict[str, Any] = {"losses": all_, "reported": told, "pending": len(open_), "late": len(late)}
    data["which"] = [{"camera": c, "from": rfc3339(s)} for c, s in late[:20]]
    if not all_:
        words = f"no camera was lost for more than {written_s(process.threshold_s or 0)}"
        return found(context, rule, scope, Result.PASS, Measured(0, "0", Method.LOSSES, words, data))
    evidence = f"losses: {all_}, reported in time: {told}, not reported in time: {len(late)}"
    if open_:
        evidence += f", whose time is not over: {len(open_)}"
    if late:
        evidence += f"; the first: {late[0][0]} from {rfc3339(late[0][1])}"
    result = Result.FAIL if late else Result.PASS
    if result is Result.PASS and open_ and process.unstated:
        result = Result.UNKNOWN
    return found(context, rule, scope, result, Measured(told, f"{told} of {all_}", Method.LOSSES, evidence, data))


def losses(camera: CameraRecord, rule: Rule) -> Iterator[tuple[int, int]]:
    """Yield the stretches in which a camera was asked for a picture and gave none, as its gaps tell them."""
    left_out = OBSERVER_DOWN | BY_ORDER
    if Excuse.PLANNED_MAINTENANCE in rule.excuses:
        left_out |= {GapCause.PLANNED_MAINTENANCE}
    last: tuple[int, int] | None = None
    for gap in camera.gaps:
        if not gap.required or gap.cause in left_out:
            continue
        if last is not None and gap.start_us - last[1] <= _JOINED_US:
            last = (last[0], max(last[1], gap.end_us))
            continue
        if last is not None:
            yield last
        last = (gap.start_us, gap.end_us)
    if last is not None:
        yield last


def _report_of(context: Context, process: Process, camera: str, start: int, end: int) -> int | None:
    """Return when a loss was reported: by the register of outages, or by that of processes."""
    reports = [o.reported_us for o in _of_camera(context, camera, start, end) if o.reported_us is not None]
    reports += [
        e.done_us if e.done_us is not None else e.at_us
        for e in context.institution.events
        if e.process in {process.register, "outage_report"} and e.camera in {None, camera} and start <= e.at_us
    ]
    return min((r for r in reports if r >= start), default=None)


def _of_camera(context: Context, camera: str, start: int, end: int) -> list[Outage]:
    return [
        o
        for o in context.institution.outages
        if camera in o.cameras and o.start_us < end and (o.end_us is None or o.end_us > start)
    ]


def _events(context: Context, name: str) -> list[ProcessEvent]:
    found_ = [e for e in context.institution.events if e.process == name and e.at_us < context.period.at_us]
    return sorted(found_, key=lambda e: e.at_us)


def _triggered(context: Context, rule: Rule, process: Process) -> Finding:
    """Judge whether what was triggered in the period was dealt with in time."""
    scope = scope_of_institution(context)
    period = context.period
    entries = [e for e in _events(context, process.register) if period.start_us <= e.at_us < period.end_us]
    if not entries:
        why = f"the register has no {process.register} in the period"
        return found(context, rule, scope, Result.NOT_APPLICABLE, Measured(None, "–", Method.REGISTER, why))
    late, waiting, done = [], [], 0
    for entry in entries:
        due = None if process.deadline_s is None else entry.at_us + process.deadline_s * US
        if entry.done_us is not None and (due is None or entry.done_us <= due):
            done += 1
        elif entry.done_us is None and (due is None or due > period.at_us):
            waiting.append(entry)
        else:
            late.append(entry)
    evidence = f"{len(entries)} in the register, {done} dealt with in time, {len(late)} late, {len(waiting)} open"
    if process.unstated:
        evidence += "; the text states no deadline"
    data = {
        "entries": len(entries),
        "done": done,
        "late": [e.number for e in late],
        "open": [e.number for e in waiting],
    }
    result = Result.FAIL if late else Result.PASS
    if result is Result.PASS and waiting and process.deadline_s is None:
        result = Result.UNKNOWN
    return found(
        context, rule, scope, result, Measured(done, f"{done} of {len(entries)}", Method.REGISTER, evidence, data)
    )


def _recurring(context: Context, rule: Rule, name: str, every: Length, part: str | None) -> Finding:
    """Judge whether something was done again before each of its times was over."""
    scope = scope_of_institution(context) + (f"/process:{part}" if part else "")
    period, entries = context.period, _events(context, name)
    tz = zone(context.institution.time_zone)
    if not entries:
        return found(context, rule, scope, Result.UNKNOWN, unknown(f"the register has no {name}", Method.REGISTER))
    in_time = [e for e in entries if e.at_us < period.end_us]
    before = [e for e in in_time if e.at_us < period.start_us]
    chain = [*before[-1:], *(e for e in in_time if e.at_us >= period.start_us)]
    ends = [*(e.at_us for e in chain[1:]), period.end_us]
    missed = []
    for entry, following in zip(chain, ends, strict=False):
        due = _due(entry.at_us, every, tz)
        if following > due >= period.start_us:
            missed.append(entry)
    if not before and chain and _due(period.start_us, every, tz) < chain[0].at_us:
        missed.append(chain[0])
    process = rule.process
    slow = _slow(chain, None if process is None else process.report_within_s, period.at_us)
    last = chain[-1] if chain else None
    data = {
        "entries": len(chain),
        "missed": len(missed),
        "slow": len(slow),
        "last": None if last is None else rfc3339(last.at_us),
        "next_due": None if last is None else rfc3339(_due(last.at_us, every, tz)),
    }
    if last is None:
        why = f"the register has no {name} up to the end of the period"
        return found(context, rule, scope, Result.UNKNOWN, unknown(why, Method.REGISTER))
    evidence = f"{len(chain)} in the register, the last {rfc3339(last.at_us)[:10]} by {last.noted_by}"
    if missed:
        evidence += f"; {len(missed)} times more than {every} went by"
    if slow:
        evidence += f"; {len(slow)} reported too late"
    words = f"last {_local(last.at_us, context)}"
    result = Result.FAIL if missed or slow else Result.PASS
    return found(context, rule, scope, result, Measured(len(chain), words, Method.REGISTER, evidence, data))


def _slow(entries: list[ProcessEvent], within_s: int | None, at_us: int) -> list[ProcessEvent]:
    if within_s is None:
        return []
    return [e for e in entries if (at_us if e.done_us is None else e.done_us) - e.at_us > within_s * US]


def _due(at_us: int, every: Length, tz: Any) -> int:  # noqa: ANN401 - a tzdata zone
    """Return the moment by which something must be done again: the end of a local day, where it is counted in days."""
    if not every.on_calendar:
        return at_us + every.seconds * US
    day = after(to_datetime(at_us).astimezone(tz).date(), every)
    return from_datetime(datetime.combine(day + timedelta(days=1), time(), tzinfo=tz))


def _local(at_us: int, context: Context) -> date:
    return to_datetime(at_us).astimezone(zone(context.institution.time_zone)).date()


def _done(context: Context, rule: Rule, process: Process) -> Finding:
    """Judge what has to be done once: an entry that is done, with its evidence."""
    scope = scope_of_institution(context)
    entries = [e for e in _events(context, process.register) if e.done_us is not None]
    if not entries:
        return found(
            context, rule, scope, Result.UNKNOWN, unknown(f"the register has no {process.register}", Method.REGISTER)
        )
    last = entries[-1]
    evidence = f"{last.evidence}, entered by {last.noted_by}"
    data = {"entry": last.number, "last": rfc3339(last.at_us)}
    return found(context, rule, scope, Result.PASS, Measured(True, "done", Method.REGISTER, evidence, data))  # noqa: FBT003 - it is done
