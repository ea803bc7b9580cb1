"""Calendars of sites in the catalogue: when a site has children in it, and so must be watched.

Functions of a `Transaction`. A calendar holds from a moment on until the next one does: rows are added and never
changed, so a past day keeps the calendar it had. A site without one is watched round the clock.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select

from camera_gateway.catalogue.alert_tables import calendars
from camera_gateway.clock import rfc3339
from camera_gateway.domain.intervals import Interval, normalise
from camera_gateway.domain.schedule import active, parse_schedule

if TYPE_CHECKING:
    from sqlalchemy import Row

    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.camera import Site

ALWAYS = "round-the-clock"


@dataclass(frozen=True, slots=True)
class Calendar:
    """Weekly windows in the site's time, days on which `holiday_windows` hold instead, from `from_us` on."""

    number: int
    site: str
    name: str
    windows: tuple[str, ...]
    holidays: tuple[str, ...]
    holiday_windows: tuple[str, ...]
    from_us: int
    set_by: str
    set_us: int


def add(
    tx: Transaction,
    site: Site,
    *,
    name: str,
    windows: tuple[str, ...],
    holidays: tuple[str, ...],
    holiday_windows: tuple[str, ...],
) -> Calendar:
    """Let a calendar hold for a site from now on, in the name of who asks."""
    now_us = tx.clock.now_us()
    values = {
        "site": site.id,
        "name": name,
        "windows": json.dumps(list(windows)),
        "holidays": json.dumps(list(holidays)),
        "holiday_windows": json.dumps(list(holiday_windows)),
        "from_us": now_us,
        "set_by": str(tx.actor),
        "set_us": now_us,
    }
    number = tx.connection.execute(insert(calendars).returning(calendars.c.number), values).scalar_one()
    tx.audit(
        "calendar.set",
        f"site:{site.id}",
        name=name,
        windows=list(windows),
        holidays=list(holidays),
        holiday_windows=list(holiday_windows),
        at=rfc3339(now_us),
    )
    row = tx.connection.execute(select(calendars).where(calendars.c.number == number)).one()
    return _calendar(row)


def of_site(tx: Transaction, site: str) -> list[Calendar]:
    """Return every calendar that a site has had, by when it began to hold."""
    query = select(calendars).where(calendars.c.site == site).order_by(calendars.c.from_us, calendars.c.number)
    return [_calendar(row) for row in tx.connection.execute(query)]


def by_site(tx: Transaction) -> dict[str, list[Calendar]]:
    """Return the calendars of every site that has one, by when they began to hold."""
    found: dict[str, list[Calendar]] = {}
    for row in tx.connection.execute(select(calendars).order_by(calendars.c.from_us, calendars.c.number)):
        found.setdefault(row.site, []).append(_calendar(row))
    return found


def watched_in_span(tx: Transaction, site: Site, start_us: int, end_us: int) -> list[Interval]:
    """Return when within [start_us, end_us) a site had to be watched, µs UTC, normalised."""
    return watched(of_site(tx, site.id), site, start_us, end_us)


def watched(known: list[Calendar], site: Site, start_us: int, end_us: int) -> list[Interval]:
    """Return the same of calendars that were read before; `known` by when they began to hold."""
    spans: list[Interval] = []
    edges = [calendar.from_us for calendar in known]
    first_us = min(end_us, edges[0]) if edges else end_us
    if first_us > start_us:
        spans.append((start_us, first_us))
    for calendar, until_us in zip(known, [*edges[1:], end_us], strict=True):
        schedule = parse_schedule(calendar.windows, calendar.holidays, calendar.holiday_windows)
        spans += active(schedule, site.time_zone, max(start_us, calendar.from_us), min(end_us, until_us))
    return normalise(spans)


def _calendar(row: Row[Any]) -> Calendar:
    values = dict(row._mapping)  # noqa: SLF001 - the public name of a row's columns
    for key in ("windows", "holidays", "holiday_windows"):
        values[key] = tuple(json.loads(values[key]))
    return Calendar(**values)
