"""A bandwidth as people write it: bits per second, or a share of what the uplink was measured to carry. Pure.

Promises that a share without a measurement is no cap, except 0 %, which always holds. Must not know who measures.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from camera_gateway.errors import InvalidInput

_SHARE = re.compile(r"(\d{1,3}) ?%")
_WHOLE = 100
_HINT = 'write bits per second as a whole number, or a share of the measured uplink such as "30%"'


@dataclass(frozen=True, slots=True)
class Share:
    """A share of the measured uplink, `percent` from 0 to 100."""

    percent: int

    def __post_init__(self) -> None:
        """Hold the share to what a line has."""
        if not 0 <= self.percent <= _WHOLE:
            raise InvalidInput(f"{self.percent}% of a line is not possible", hint="write 0% to 100%")

    def of(self, measured_bps: int | None) -> int | None:
        """Return bits per second: 0 holds, None (nothing was measured yet) is no cap."""
        if self.percent == 0:
            return 0
        return None if measured_bps is None else max(1, measured_bps * self.percent // _WHOLE)

    def __str__(self) -> str:
        """Return it as it is written in the settings."""
        return f"{self.percent}%"


Bandwidth = int | Share
"""Bits per second, or a share of the measured uplink."""


def parse_bandwidth(value: object) -> Bandwidth:
    """Return what a setting says; raise `InvalidInput` with what may be written instead."""
    if isinstance(value, Share):
        return value
    if isinstance(value, str) and (match := _SHARE.fullmatch(value.strip())):
        return Share(int(match[1]))
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise InvalidInput("this is no bandwidth", hint=_HINT)


def rate_bps(bandwidth: Bandwidth | None, measured_bps: int | None) -> int | None:
    """Return the cap in bits per second that holds now; None: no cap, 0: hold."""
    return bandwidth.of(measured_bps) if isinstance(bandwidth, Share) else bandwidth
