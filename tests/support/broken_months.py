"""A month of one camera, broken at random by somebody who remembers each minute: the truth beside the record.

The truth is kept minute by minute and counted, never computed with intervals; the record is made of the segments, gap
records, listings and impairments that such a month leaves behind.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

from support.judged import DAY, HOUR, MINUTE, S, at, camera, institution, segments

from camera_gateway.compliance.daybook import Listing
from camera_gateway.domain.coverage import Gap
from camera_gateway.domain.footage import GapCause
from camera_gateway.domain.measured import Impaired, InstitutionRecord, Outage

if TYPE_CHECKING:
    from random import Random

    from camera_gateway.compliance.daybook import SegmentFacts

KEPT, CAMERA, GATEWAY, LOST, MAINTENANCE = range(5)
CAUSES = {
    CAMERA: GapCause.CAMERA_UNREACHABLE,
    GATEWAY: GapCause.GATEWAY_DOWN,
    MAINTENANCE: GapCause.PLANNED_MAINTENANCE,
}
DAYS = 32
SLOW, USUAL = 9, 25
CLOCKS = (10_000, -47 * S, 3 * S, 120 * S)
"""What the camera's clock may be minus the gateway's, µs; the first is the usual one."""


@dataclass
class Month:
    """What was done to the camera, and what is left of it."""

    first: date
    minutes: bytearray
    """What became of each minute."""
    frozen: bytearray
    slow: bytearray
    clock: bytearray
    """What the camera's clock was, as an index of `CLOCKS`."""
    edges: list[int]
    """The minutes at which local days begin, and the end."""
    start_us: int
    now_us: int
    late: list[tuple[int, int]] = field(default_factory=list)
    reports: dict[int, int] = field(default_factory=dict)
    """When losses were reported: minute of the loss, µs of the report."""
    starts: list[tuple[int, int]] = field(default_factory=list)
    """Of each segment: the minute in which it starts, and its frames per second."""

    def runs(self, *states: int) -> list[tuple[int, int]]:
        """Return the stretches of minutes in which one of some states holds."""
        return runs_of(self.minutes.translate(_table(states)))

    def record(self) -> InstitutionRecord:
        """Return the record of a home whose only camera this is."""
        made = self._segments()
        gaps = [Gap(self._us(a), self._us(b), c) for state, c in CAUSES.items() for a, b in self.runs(state)]
        gaps += [Gap(self._us(a), self._us(b), GapCause.CAMERA_UNREACHABLE) for a, b in self.late]
        seen = {s.start_us for s in made if self.minutes[(s.start_us - self.start_us) // MINUTE] != LOST}
        one = camera(
            made, gaps, start_us=self.start_us, now_us=self.now_us, created_us=self.start_us - 400 * DAY, zone="hall",
            listing=Listing(seen, self.now_us),
            impaired=tuple(Impaired("frozen", self._us(a), self._us(b)) for a, b in runs_of(self.frozen)),
        )  # fmt: skip
        outages = tuple(
            Outage(n, ("c1",), "camera", "camera-unreachable", self._us(a), self._us(a) + S, None, self._us(b),
                   self.reports[a])
            for n, (a, b) in enumerate(self.runs(CAMERA))
            if a in self.reports
        )  # fmt: skip
        return institution(one, now_us=self.now_us, outages=outages)

    def _us(self, minute: int) -> int:
        return self.start_us + minute * MINUTE

    def _segments(self) -> list[SegmentFacts]:
        made: list[SegmentFacts] = []
        for minute, end, code in self._alike():
            state, slow, clock = code % 8, code // 8 % 2, code // 16
            if state in {KEPT, LOST}:
                fps = SLOW if slow else USUAL
                found = segments(self._us(minute), self._us(end), HOUR, clock_offset_us=CLOCKS[clock])
                found = [s._replace(frames=(s.end_us - s.start_us) * fps // S, stored_us=s.end_us - 1) for s in found]
                self.starts += [((s.start_us - self.start_us) // MINUTE, fps) for s in found]
                made += found
        return made

    def _alike(self) -> list[tuple[int, int, int]]:
        """Return the stretches of minutes that are all alike, with a number for what they are."""
        whole = int.from_bytes(self.minutes) + (int.from_bytes(self.slow) << 3) + (int.from_bytes(self.clock) << 4)
        codes = whole.to_bytes(len(self.minutes))
        return [(m.start(), m.end(), m[0][0]) for m in re.finditer(rb"(.)\1*", codes, re.DOTALL)]


def runs_of(flags: bytes | bytearray) -> list[tuple[int, int]]:
    """Return the stretches in which a flag is set."""
    return [match.span() for match in re.finditer(rb"\x01+", flags)]


def _table(states: tuple[int, ...]) -> bytes:
    return bytes(code in states for code in range(256))


def flags_of(minutes: bytes | bytearray, *states: int) -> int:
    """Return a number with a bit set for each minute in one of some states: and, or and count are then the truth."""
    return int.from_bytes(minutes.translate(_table(states)))


def broken_month(random: Random) -> Month:
    """Return a month in which up to six things went wrong."""
    first = date(2023, 12, 20) + timedelta(days=random.randrange(1_000))
    if random.random() < 0.1:
        first = date(2024, 2, random.randrange(1, 27))  # across the change of the time zone
    midnights = [at(f"{first + timedelta(days=n)} 00:00") for n in range(DAYS + 1)]
    length = (midnights[-1] - midnights[0]) // MINUTE
    edges = [(us - midnights[0]) // MINUTE for us in midnights]
    month = Month(
        first, bytearray(length), bytearray(length), bytearray(length), bytearray(length), edges, midnights[0],
        midnights[-1],
    )  # fmt: skip
    for _ in range(random.randrange(7)):
        _break(month, random, length)
    for a, b in month.runs(CAMERA):
        if b - a > 240 and random.random() < 0.6:
            month.reports[a] = month.start_us + a * MINUTE + random.randrange(1, 40) * HOUR
    month.late = [(a, b) for a, b in month.late if not any(month.minutes[a:b])]
    return month


def _break(month: Month, random: Random, length: int) -> None:
    what = random.choice(("outage", "gateway", "lost", "maintenance", "slow", "frozen", "clock", "late"))
    lasts = random.choice((1, 4, 6, 30, 200, 239, 241, 500, 1_440, 6_000))
    begin = random.randrange(length)
    span = slice(begin, min(begin + lasts, length))
    number = span.stop - span.start
    states = {"outage": CAMERA, "gateway": GATEWAY, "lost": LOST, "maintenance": MAINTENANCE}
    if what in states:
        month.minutes[span] = bytes([states[what]]) * number
    elif what == "slow":
        month.slow[span] = b"\1" * number
    elif what == "frozen":
        month.frozen[span] = b"\1" * number
    elif what == "clock":
        month.clock[span] = bytes([random.randrange(1, len(CLOCKS))]) * number
    else:
        month.late.append((span.start, span.stop))
