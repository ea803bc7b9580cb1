"""The hours in which a rule asks for recording, where it does not ask for all of them. Pure.

"09:00 until the exam's end, on exam days": the days are declared, the end stands in the register of processes.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from camera_gateway.clock import from_datetime
from camera_gateway.compliance.measure import days_of
from camera_gateway.domain.intervals import Interval, normalise
from camera_gateway.domain.schedule import DAYS, parse_window, zone

if TYPE_CHECKING:
    from camera_gateway.compliance.context import Context
    from camera_gateway.domain.measured import CameraRecord
    from camera_gateway.domain.standard import Duty

LOCAL = "local"
EVENT = "event:"


def owed(duty: Duty, camera: CameraRecord, context: Context) -> tuple[list[Interval], str]:
    """Return the time of the period in which recording is owed, and why there is none where that is not known."""
    time_zone = camera.time_zone if duty.tz == LOCAL else duty.tz
    chosen, why = _days(duty, context)
    found: list[Interval] = []
    for day, start, end in days_of(time_zone, context.period.start_us, context.period.end_us):
        if chosen is not None and day not in chosen and day.weekday() not in chosen:
            continue
        first = _at(day, duty.start, time_zone)
        last = _end(duty, context, day, time_zone, start, end)
        found.append((max(first, context.period.start_us), min(last, context.period.end_us)))
    return normalise(found), why


def _days(duty: Duty, context: Context) -> tuple[frozenset[date | int] | None, str]:
    """Return days of the week or dates; None: every day."""
    if duty.on == "daily":
        return None, ""
    if duty.on.split("-")[0].split(",")[0] in DAYS:
        return frozenset(parse_window(f"{duty.on} 00:00-24:00").days), ""
    name = duty.on if duty.on.startswith("calendar.") else f"calendar.{duty.on}"
    fact = context.valid(context.institution.facts, name)
    if fact is None or not isinstance(fact.value, tuple):
        return frozenset(), f"{name} is not declared"
    return frozenset(date.fromisoformat(day) for day in fact.value), ""


def _end(duty: Duty, context: Context, day: date, time_zone: str, start: int, end: int) -> int:
    if not duty.until.startswith(EVENT):
        return _at(day, duty.until, time_zone)
    latest = _at(day, duty.max_until or "24:00", time_zone)
    name = duty.until.removeprefix(EVENT)
    ends = [e.at_us for e in context.institution.events if e.process == name and start <= e.at_us < end]
    return min(max(ends, default=latest), latest)


def _at(day: date, text: str, time_zone: str) -> int:
    hours, _, minutes = text.partition(":")
    number = int(hours) * 60 + int(minutes)
    if number >= 24 * 60:
        day, number = day + timedelta(days=1), 0
    return from_datetime(datetime.combine(day, time(number // 60, number % 60), tzinfo=zone(time_zone)))
