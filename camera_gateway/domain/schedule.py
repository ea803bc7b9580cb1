"""Weekly windows with holidays in a site's time zone: when to record, when to upload. Pure.

A window may cross midnight ("22:00-06:00" on Friday ends on Saturday). Arithmetic is done on local dates
through tzdata, so that a change of zone or of summer time moves the window with the wall clock of the site.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from camera_gateway.clock import from_datetime, to_datetime
from camera_gateway.domain.intervals import Interval, clip, normalise
from camera_gateway.errors import InvalidInput

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WINDOW = re.compile(r"(?P<days>[a-z,\-]+)\s+(?P<h1>\d{2}):(?P<m1>\d{2})-(?P<h2>\d{2}):(?P<m2>\d{2})")
_MINUTES_A_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Window:
    """One weekly window: days 0 (Monday) to 6, local start and end in minutes of the day.

    `end_min` not above `start_min` means that the window ends on the next day.
    """

    days: frozenset[int]
    start_min: int
    end_min: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """Weekly windows; on a holiday (local date) nothing starts unless `holiday_windows` says so."""

    windows: tuple[Window, ...]
    holidays: frozenset[date] = frozenset()
    holiday_windows: tuple[Window, ...] = ()
    texts: tuple[str, ...] = field(default=(), compare=False)

    @property
    def always(self) -> bool:
        """Whether this is the round-the-clock schedule, without arithmetic."""
        return not self.holidays and any(
            len(w.days) == len(DAYS) and w.start_min == 0 and w.end_min == _MINUTES_A_DAY for w in self.windows
        )


def zone(name: str) -> ZoneInfo:
    """Return the tzdata zone, or raise `InvalidInput` naming it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidInput(f"time zone {name!r} is not known", hint="use a tzdata name such as Asia/Almaty") from error


def _days(text: str, whole: str) -> frozenset[int]:
    days: set[int] = set()
    for piece in text.split(","):
        if piece == "daily":
            days.update(range(7))
            continue
        first, dash, last = piece.partition("-")
        if first not in DAYS or (dash and last not in DAYS):
            raise InvalidInput(
                f"window {whole!r}: {piece!r} is not a day",
                hint="write mon, tue, wed, thu, fri, sat, sun, ranges such as mon-fri, or daily",
            )
        at = DAYS.index(first)
        end = DAYS.index(last) if dash else at
        while True:
            days.add(at)
            if at == end:
                break
            at = (at + 1) % 7
    return frozenset(days)


def parse_window(text: str) -> Window:
    """Parse "mon-fri 07:00-20:00", "daily 22:00-06:00" or "sat,sun 00:00-24:00"."""
    match = _WINDOW.fullmatch(text.strip().lower())
    if match is None:
        raise InvalidInput(
            f"window {text!r} is not understood",
            hint='write days and local times, for example "mon-fri 07:00-20:00"',
        )
    start = int(match["h1"]) * 60 + int(match["m1"])
    end = int(match["h2"]) * 60 + int(match["m2"])
    minute_59 = 59
    if start >= _MINUTES_A_DAY or end > _MINUTES_A_DAY or int(match["m1"]) > minute_59 or int(match["m2"]) > minute_59:
        raise InvalidInput(f"window {text!r}: no such time", hint="times go from 00:00 to 24:00")
    return Window(_days(match["days"], text), start, end)


def parse_schedule(
    windows: tuple[str, ...] | list[str],
    holidays: tuple[str, ...] | list[str] = (),
    holiday_windows: tuple[str, ...] | list[str] = (),
) -> Schedule:
    """Parse windows and holidays (YYYY-MM-DD) as settings and catalogue keep them."""
    try:
        dates = frozenset(date.fromisoformat(day) for day in holidays)
    except ValueError as error:
        raise InvalidInput(f"holiday: {error}", hint="write dates as YYYY-MM-DD") from error
    return Schedule(
        tuple(parse_window(w) for w in windows),
        dates,
        tuple(parse_window(w) for w in holiday_windows),
        tuple(windows),
    )


def always() -> Schedule:
    """Return the schedule that is always on."""
    return parse_schedule(["daily 00:00-24:00"])


def _at(day: date, minute: int, tz: ZoneInfo) -> int:
    if minute >= _MINUTES_A_DAY:
        day, minute = day + timedelta(days=1), minute - _MINUTES_A_DAY
    return from_datetime(datetime.combine(day, time(minute // 60, minute % 60), tzinfo=tz))


def active(schedule: Schedule, time_zone: str, start_us: int, end_us: int) -> list[Interval]:
    """Return the spans of [start_us, end_us) in which the schedule is on, µs UTC, normalised."""
    if end_us <= start_us:
        return []
    if schedule.always:
        return [(start_us, end_us)]
    tz = zone(time_zone)
    day = to_datetime(start_us).astimezone(tz).date() - timedelta(days=1)
    last = to_datetime(end_us).astimezone(tz).date()
    spans: list[Interval] = []
    while day <= last:
        windows = schedule.holiday_windows if day in schedule.holidays else schedule.windows
        for window in windows:
            if day.weekday() in window.days:
                end_min = window.end_min
                end_day = day
                if end_min <= window.start_min:
                    end_day = day + timedelta(days=1)
                spans.append((_at(day, window.start_min, tz), _at(end_day, end_min, tz)))
        day += timedelta(days=1)
    return clip(normalise(spans), start_us, end_us)


def is_active(schedule: Schedule, time_zone: str, at_us: int) -> bool:
    """Whether the schedule is on at `at_us`."""
    return bool(active(schedule, time_zone, at_us, at_us + 1))


def next_change(schedule: Schedule, time_zone: str, at_us: int, horizon_us: int = 8 * 86_400_000_000) -> int | None:
    """Return the next µs after `at_us` at which the schedule switches, or None within the horizon."""
    spans = active(schedule, time_zone, at_us, at_us + horizon_us)
    for start, end in spans:
        if start > at_us:
            return start
        if end < at_us + horizon_us:
            return end
    return None
