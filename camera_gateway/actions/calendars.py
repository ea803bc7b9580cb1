"""Verbs on the calendars of sites: when a site has to be watched, from now on.

A boarding home is watched round the clock, a school by its hours and holidays. Promises that a change holds from the
moment it is made: a past day is judged by the calendar that it had.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from camera_gateway.access.rights import place_of_institution
from camera_gateway.actions.institutions import printable
from camera_gateway.catalogue import calendars as rows
from camera_gateway.catalogue import registry
from camera_gateway.clock import rfc3339
from camera_gateway.domain.ids import SiteId
from camera_gateway.domain.schedule import parse_schedule
from camera_gateway.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable

    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.actions.places import Places
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.camera import Site
    from camera_gateway.domain.people import Actor

ALWAYS = ("daily 00:00-24:00",)
MOST_DAYS = 400
_HINT = "write YYYY-MM-DD, or YYYY-MM-DD..YYYY-MM-DD for a span of days"


class OneSite(BaseModel):
    """A site."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    site: str


class SetCalendar(BaseModel):
    """What `calendar set` takes. `windows` empty: round the clock. `holidays` are days or spans of days.

    On a holiday `holiday_windows` hold; empty: the site need not be watched. `holidays` None: those of the site.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    site: str
    name: str | None = None
    windows: tuple[str, ...] = ()
    holidays: tuple[str, ...] | None = None
    holiday_windows: tuple[str, ...] = ()


def places_of_site(tx: Transaction, args: Any) -> Places:  # noqa: ANN401 - arguments with `site`
    """Return the institution of the site, for the table of verbs."""
    return (place_of_institution(tx, registry.get_site(tx, SiteId(args.site)).institution),)


async def set_(gateway: Gateway, actor: Actor, args: SetCalendar) -> dict[str, Any]:
    """Let a calendar hold for a site from now on."""
    windows = args.windows or ALWAYS
    always = windows == ALWAYS
    if always and (args.holidays or args.holiday_windows):
        raise InvalidInput(
            "a site that is watched round the clock has no holidays", hint="give --window, or no --holiday"
        )
    name = printable(args.name or (rows.ALWAYS if always else "hours"), "the calendar's name")
    given = None if args.holidays is None else days_of(args.holidays)
    parse_schedule(windows, given or (), args.holiday_windows)

    def work(tx: Transaction) -> tuple[Site, list[rows.Calendar]]:
        site = registry.get_site(tx, SiteId(args.site))
        holidays = () if always else site.holidays if given is None else given
        rows.add(tx, site, name=name, windows=windows, holidays=holidays, holiday_windows=args.holiday_windows)
        return site, rows.of_site(tx, site.id)

    return _described(*await gateway.write(actor, work))


async def show(gateway: Gateway, _actor: Actor, args: OneSite) -> dict[str, Any]:
    """Show the calendar of a site and those it had."""

    def work(tx: Transaction) -> tuple[Site, list[rows.Calendar]]:
        site = registry.get_site(tx, SiteId(args.site))
        return site, rows.of_site(tx, site.id)

    return _described(*await gateway.read(work))


def days_of(texts: Iterable[str]) -> tuple[str, ...]:
    """Return every day of days and spans of days, in order; `InvalidInput` names what is none."""
    days: set[date] = set()
    for text in texts:
        first, dots, last = text.strip().partition("..")
        try:
            day, end = date.fromisoformat(first), date.fromisoformat(last if dots else first)
        except ValueError as error:
            raise InvalidInput(f"holiday {text!r}: {error}", hint=_HINT) from error
        if end < day or (end - day).days >= MOST_DAYS:
            raise InvalidInput(f"holiday {text!r}: ends before it begins, or lasts more than a year", hint=_HINT)
        days.update(day + timedelta(days=number) for number in range((end - day).days + 1))
    if len(days) > MOST_DAYS:
        raise InvalidInput(f"{len(days)} holidays are more than a year has days", hint="set each year's anew")
    return tuple(day.isoformat() for day in sorted(days))


def _described(site: Site, known: list[rows.Calendar]) -> dict[str, Any]:
    return {
        "site": site.id,
        "institution": site.institution,
        "time_zone": site.time_zone,
        **(_calendar(known[-1]) if known else {"name": rows.ALWAYS, "windows": list(ALWAYS), "holidays": []}),
        "earlier": [_calendar(calendar) for calendar in reversed(known[:-1])],
    }


def _calendar(calendar: rows.Calendar) -> dict[str, Any]:
    return {
        "name": calendar.name,
        "windows": list(calendar.windows),
        "holidays": list(calendar.holidays),
        "holiday_windows": list(calendar.holiday_windows),
        "from": rfc3339(calendar.from_us),
        "set_by": calendar.set_by,
    }
