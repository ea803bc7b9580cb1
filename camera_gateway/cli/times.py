"""Times as people write them: RFC 3339, or relative to now ("-2h", "-30m", "now").

Promises that a time without a zone is refused: the archive is in UTC, the site is not.
"""

from __future__ import annotations

import re
from datetime import datetime

import click

from camera_gateway.clock import US, Clock, from_datetime

_RELATIVE = re.compile(r"(?P<sign>[+-])(?P<n>\d{1,9}(?:\.\d+)?)(?P<unit>[smhd])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def parse_time(text: str, now_us: int) -> int:
    """Return µs UTC; raise `ValueError` with a sentence for a person."""
    if text == "now":
        return now_us
    match = _RELATIVE.fullmatch(text)
    if match is not None:
        delta = round(float(match["n"]) * _UNITS[match["unit"]] * US)
        return now_us - delta if match["sign"] == "-" else now_us + delta
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        msg = f"{text!r} is not a time: write 2026-11-22T10:15:00+05:00, or relative such as -2h, or now"
        raise ValueError(msg) from None
    if value.tzinfo is None:
        msg = f"{text!r} has no zone: add Z or an offset such as +05:00"
        raise ValueError(msg)
    return from_datetime(value)


class TimeParameter(click.ParamType[int]):
    """A click parameter that becomes µs UTC."""

    name = "time"

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Convert what was typed."""
        if isinstance(value, int):
            return value
        try:
            return parse_time(str(value), self._clock.now_us())
        except ValueError as error:
            self.fail(str(error), param, ctx)
