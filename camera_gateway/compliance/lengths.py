"""Lengths of time as standards write them, "4h" or "30d", and what they come to on a calendar. Pure.

Months and years are those of the calendar, never so many days.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta

from camera_gateway.domain.standard import Length, Unit

_LENGTH = re.compile(r"(\d{1,6})\s*(s|m|h|d|w|mo|y)")
_MONTHS_A_YEAR = 12


def parse_length(text: str) -> Length:
    """Read "60s", "15m", "4h", "30d", "2w", "1mo", "3y"; `ValueError` for anything else."""
    match = _LENGTH.fullmatch(text.strip().lower())
    if match is None or int(match[1]) == 0:
        msg = f'{text!r} is no length of time: write a number and s, m, h, d, w, mo or y, for example "24h"'
        raise ValueError(msg)
    return Length(int(match[1]), Unit(match[2]))


def after(day: date, length: Length) -> date:
    """Return the day that lies a length on the calendar behind `day`; hours and less are no day."""
    if length.unit is Unit.WEEK:
        return day + timedelta(days=7 * length.number)
    if length.unit in {Unit.MONTH, Unit.YEAR}:
        months = length.number * (_MONTHS_A_YEAR if length.unit is Unit.YEAR else 1)
        years, month = divmod(day.year * _MONTHS_A_YEAR + day.month - 1 + months, _MONTHS_A_YEAR)
        return date(years, month + 1, min(day.day, monthrange(years, month + 1)[1]))
    return day + timedelta(days=length.number if length.unit is Unit.DAY else 0)


def days_in(value: float, unit: str, at: date) -> float:
    """Return how many days a number of s, m, h, d, w, mo or y is, ending at the day `at`."""
    if unit in {Unit.MONTH, Unit.YEAR}:
        months = round(value * (_MONTHS_A_YEAR if unit == Unit.YEAR else 1))
        years, month = divmod(at.year * _MONTHS_A_YEAR + at.month - 1 - months, _MONTHS_A_YEAR)
        return (at - date(years, month + 1, min(at.day, monthrange(years, month + 1)[1]))).days
    return value * Length(1, Unit(unit)).seconds / 86_400
