"""The archive of one camera in figures: ratio, holes, complete days, age, uptime. Pure.

*Kept* means stored and seen in the bucket's own listing, not only in the catalogue. What
was deleted because its time was over is not missing; what an excuse of the rule covers is not asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from camera_gateway.clock import US, from_datetime, to_datetime
from camera_gateway.domain.footage import GapCause
from camera_gateway.domain.intervals import Interval, clip, intersect, normalise, subtract, total
from camera_gateway.domain.schedule import zone
from camera_gateway.domain.standard import Excuse

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from camera_gateway.domain.coverage import Gap
    from camera_gateway.domain.measured import CameraRecord, DayBook

OBSERVER_DOWN = frozenset({GapCause.GATEWAY_DOWN, GapCause.DISK_FULL, GapCause.DISK_ERROR, GapCause.SPOOL_FULL})
"""Nobody could watch: a third state beside the camera's up and down."""
BY_ORDER = frozenset(
    {
        GapCause.OPERATOR_DISABLED,
        GapCause.SCHEDULE_OFF,
        GapCause.CLOCK_STEP,
        GapCause.INTEGRITY_FAILED,
        GapCause.EXPIRED,
        GapCause.DELETED,
    }
)
"""Missing in the archive, and nothing that the camera did."""
_EXCUSED: dict[Excuse, frozenset[GapCause]] = {
    Excuse.OBSERVER_DOWN: OBSERVER_DOWN,
    Excuse.PLANNED_MAINTENANCE: frozenset({GapCause.PLANNED_MAINTENANCE}),
    Excuse.LEGAL_HOLD: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Period:
    """The span that is judged, µs UTC, and the moment at which it is."""

    start_us: int
    end_us: int
    at_us: int


@dataclass(frozen=True, slots=True)
class Day:
    """One local day of a camera: how much of its scheduled time is kept, and the longest hole."""

    date: date
    expected_us: int
    kept_us: int
    max_gap_us: int


@dataclass(frozen=True, slots=True)
class Uptime:
    """Where the required time went; `up + down + unseen + excused` is all of it."""

    required_us: int
    up_us: int
    down_us: int
    unseen_us: int
    """Nobody could watch: the gateway was down, or had no room."""
    excused_us: int

    @property
    def share(self) -> float | None:
        """Return the share of watched time in which the camera delivered; None when nobody watched at all."""
        watched = self.up_us + self.down_us
        return None if watched <= 0 else self.up_us / watched


def spans_of(gaps: Collection[Gap], causes: Collection[GapCause]) -> list[Interval]:
    """Return the time of the gaps that have one of some causes."""
    return normalise((g.start_us, g.end_us) for g in gaps if g.cause in causes)


def expected(camera: CameraRecord, start_us: int, end_us: int, excuses: Collection[Excuse] = ()) -> list[Interval]:
    """Return the time of a span that must be there: scheduled, not deleted as due, not excused."""
    asked = clip(camera.scheduled, max(start_us, camera.from_us), min(end_us, camera.to_us))
    causes = {GapCause.EXPIRED}.union(*(_EXCUSED[excuse] for excuse in excuses))
    return subtract(asked, spans_of(camera.gaps, causes))


def holes(camera: CameraRecord, asked: list[Interval], tolerance_us: int = 0) -> list[Interval]:
    """Return the holes of what must be there, longer than a tolerance."""
    return [(a, b) for a, b in subtract(asked, camera.present) if b - a > tolerance_us]


def books_in(camera: CameraRecord, start_us: int, end_us: int) -> list[DayBook]:
    """Return the books that lie inside a span; spans are cut where books are."""
    return [book for book in camera.books if book.start_us >= start_us and book.end_us <= end_us]


def uptime(camera: CameraRecord, start_us: int, end_us: int, excuses: Collection[Excuse] = ()) -> Uptime:
    """Return where the required time of a span went, second by second."""
    required = clip(camera.scheduled, max(start_us, camera.from_us), min(end_us, camera.to_us))
    excused = BY_ORDER.union(*(_EXCUSED[excuse] for excuse in excuses)) - OBSERVER_DOWN
    gaps = [gap for gap in camera.gaps if gap.required]  # they divide what is not recorded: none overlaps another
    unseen = total(intersect(required, spans_of(gaps, OBSERVER_DOWN)))
    left_out = total(intersect(required, spans_of(gaps, excused)))
    down = total(intersect(required, spans_of(gaps, frozenset(GapCause) - OBSERVER_DOWN - excused)))
    asked = total(required)
    return Uptime(asked, asked - unseen - left_out - down, down, unseen, left_out)


def cut(spans: list[Interval], edges: list[tuple[int, int]]) -> Iterator[list[Interval]]:
    """Yield, for each of some spans of time that follow each other, the part of normalised `spans` that lies in it."""
    at = 0
    for start, end in edges:
        while at < len(spans) and spans[at][1] <= start:
            at += 1
        found, i = [], at
        while i < len(spans) and spans[i][0] < end:
            found.append((max(spans[i][0], start), min(spans[i][1], end)))
            i += 1
        yield found


def days_of(time_zone: str, start_us: int, end_us: int) -> Iterator[tuple[date, int, int]]:
    """Yield the local days that touch a span, each with its first µs and the one behind its last."""
    tz = zone(time_zone)
    day = to_datetime(start_us).astimezone(tz).date()
    begin = from_datetime(datetime.combine(day, time(), tzinfo=tz))
    while begin < end_us:
        following = day + timedelta(days=1)
        end = from_datetime(datetime.combine(following, time(), tzinfo=tz))
        yield day, begin, end
        day, begin = following, end


def days_back(camera: CameraRecord, at_us: int, excuses: Collection[Excuse] = ()) -> list[Day]:
    """Return the whole local days from yesterday back to the camera's first, the newest first."""
    days = [day for day in days_of(camera.time_zone, camera.from_us, at_us) if day[2] <= at_us]
    asked = expected(camera, camera.from_us, at_us, excuses)
    edges = [(start, end) for _, start, end in days]
    found = []
    for (day, _, _), must, missing in zip(days, cut(asked, edges), cut(holes(camera, asked), edges), strict=True):
        length = total(must)
        found.append(Day(day, length, length - total(missing), max((b - a for a, b in missing), default=0)))
    return found[::-1]


def is_complete(day: Day, min_ratio: float | None, max_gap_s: float | None) -> bool:
    """Whether a day meets the day rule; a day on which nothing was asked for does."""
    if day.expected_us == 0:
        return True
    enough = min_ratio is None or day.kept_us >= min_ratio * day.expected_us
    return enough and (max_gap_s is None or day.max_gap_us <= max_gap_s * US)
