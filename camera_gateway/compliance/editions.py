"""Editions by date: files of one id are one document, and each day is judged by the edition of that day. Pure.

Must not know where the files are, nor what stands in them beside their days.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from camera_gateway.clock import from_datetime, to_datetime
from camera_gateway.domain.schedule import zone
from camera_gateway.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date
    from zoneinfo import ZoneInfo

    from camera_gateway.compliance.context import Context
    from camera_gateway.compliance.measure import Period
    from camera_gateway.domain.standard import Rule, Standard


def lineage(standards: Iterable[Standard], identity: str) -> list[Standard]:
    """Return the editions of a document, the oldest first; `NotFound` that names the known ones."""
    known = list(standards)
    found = [s for s in known if s.id == identity]
    if not found:
        names = ", ".join(sorted({s.id for s in known}))
        raise NotFound(f"standard {identity!r} is not installed", hint=f"known: {names}")
    return sorted(found, key=_since)


def _since(standard: Standard) -> str:
    return standard.in_force_from.isoformat() if standard.in_force_from else ""


def on_day(standards: Iterable[Standard], identity: str, day: date) -> Standard:
    """Return the edition that is in force on a day; before the first one the first, in a gap the one before."""
    editions = lineage(standards, identity)
    current = [s for s in editions if s.in_force_on(day)]
    if current:
        return current[-1]
    earlier = [s for s in editions if s.in_force_from is not None and s.in_force_from <= day]
    return earlier[-1] if earlier else editions[0]


def in_force(standards: Iterable[Standard], time_zone: str, at_us: int) -> dict[str, Standard]:
    """Return, of every document, the edition of the local day that ends at or holds `at_us`, by id."""
    known = list(standards)
    day = to_datetime(at_us - 1).astimezone(zone(time_zone)).date()
    return {identity: on_day(known, identity, day) for identity in {s.id for s in known}}


def parts(
    standards: Sequence[Standard], identity: str, time_zone: str, period: Period
) -> list[tuple[Standard, Period]]:
    """Cut a period at the midnights on which another edition comes into force."""
    tz = zone(time_zone)
    found: list[tuple[Standard, Period]] = []
    day = to_datetime(period.start_us).astimezone(tz).date()
    last = to_datetime(period.end_us - 1).astimezone(tz).date()
    edges = sorted(
        edge
        for edition in lineage(standards, identity)
        for edge in (edition.in_force_from, edition.in_force_to and edition.in_force_to + timedelta(days=1))
        if edge is not None and day < edge <= last
    )
    start_us = period.start_us
    for edge in [*dict.fromkeys(edges), None]:
        end_us = period.end_us if edge is None else midnight(edge, tz)
        edition = on_day(standards, identity, to_datetime(end_us - 1).astimezone(tz).date())
        if found and found[-1][0] is edition:
            found[-1] = (edition, replace(found[-1][1], end_us=end_us))
        else:
            found.append((edition, replace(period, start_us=start_us, end_us=end_us)))
        start_us = end_us
    return found


def midnight(day: date, tz: ZoneInfo) -> int:
    """Return the first µs of a local day."""
    return from_datetime(datetime.combine(day, time(), tzinfo=tz))


def narrowed(context: Context, rule: Rule) -> Context | None:
    """Return the context with the part of the period in which a rule is in force; None when that is none of it."""
    if rule.in_force_from is None and rule.in_force_to is None:
        return context
    tz = zone(context.institution.time_zone)
    period = context.period
    start_us, end_us = period.start_us, period.end_us
    if rule.in_force_from is not None:
        start_us = max(start_us, midnight(rule.in_force_from, tz))
    if rule.in_force_to is not None:
        end_us = min(end_us, midnight(rule.in_force_to + timedelta(days=1), tz))
    if end_us <= start_us:
        return None
    return replace(context, period=replace(period, start_us=start_us, end_us=end_us))
