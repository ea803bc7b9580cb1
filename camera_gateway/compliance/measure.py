"""What was measured of a camera in a period: facts for the judge. Pure.

*Kept* means stored and seen in the bucket's own listing, not only in the catalogue.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from camera_gateway.clock import US, from_datetime, to_datetime
from camera_gateway.domain.coverage import SEAM_US, Gap, KeptSpan
from camera_gateway.domain.footage import STORED, GapCause
from camera_gateway.domain.intervals import Interval, clip, intersect, normalise, subtract, total
from camera_gateway.domain.schedule import zone

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from collections.abc import Set as AbstractSet

    from camera_gateway.domain.footage import Sidecar

WINDOW_US = 60 * US
LEAST_OF_WINDOW_US = 10 * US
"""A window with less footage than this says nothing of the frame rate."""
OBSERVER_DOWN = frozenset({GapCause.GATEWAY_DOWN, GapCause.DISK_FULL, GapCause.DISK_ERROR, GapCause.SPOOL_FULL})
NOT_THE_CAMERA = OBSERVER_DOWN | {
    GapCause.OPERATOR_DISABLED,
    GapCause.PLANNED_MAINTENANCE,
    GapCause.SCHEDULE_OFF,
    GapCause.CLOCK_STEP,
    GapCause.INTEGRITY_FAILED,
    GapCause.EXPIRED,
    GapCause.DELETED,
}


@dataclass(frozen=True, slots=True)
class Day:
    """One local day of a camera: how much of its scheduled time is kept, and the longest hole."""

    date: date
    expected_us: int
    kept_us: int
    max_gap_us: int


@dataclass(frozen=True, slots=True)
class CameraFacts:
    """Everything that is known of one camera for the period. None: could not be measured."""

    camera: str
    zone: str
    registered_us: int
    resolution: tuple[int, int] | None
    """The smallest that was recorded."""
    fps_p5: float | None
    fps_windows: int
    codecs: tuple[str, ...]
    recorded_ratio: float | None
    uptime: float | None
    observer_down_s: float
    clock_offset_s: float | None
    living: bool
    days: tuple[Day, ...]
    """From yesterday back to the camera's first day."""


def frame_rate(sidecars: Iterable[Sidecar]) -> tuple[float | None, int]:
    """Return the 5th percentile of frames per second over one-minute windows, and how many windows there were.

    Delivered frames over media time; a segment counts for the window in which it starts.
    """
    windows: dict[int, tuple[int, int]] = {}
    for sidecar in sidecars:
        key = sidecar.start_us // WINDOW_US
        frames, duration_us = windows.get(key, (0, 0))
        windows[key] = frames + sidecar.frames, duration_us + sidecar.media_duration_us
    rates = sorted(frames * US / us for frames, us in windows.values() if us >= LEAST_OF_WINDOW_US)
    if not rates:
        return None, 0
    return rates[(len(rates) - 1) * 5 // 100], len(rates)


def kept(spans: Iterable[KeptSpan], present: AbstractSet[int]) -> list[Interval]:
    """Return the spans that are stored and whose object was seen: `present` holds the start of each listed object."""
    found = normalise((s.start_us, s.end_us + SEAM_US) for s in spans if s.state in STORED and s.start_us in present)
    return [(start, end - SEAM_US) for start, end in found]


def uptime(start_us: int, end_us: int, gaps: Sequence[Gap]) -> tuple[float | None, float]:
    """Return the share of watched time in which the camera delivered, and the seconds nobody watched."""
    all_time = [(start_us, end_us)] if end_us > start_us else []
    excused = clip(((g.start_us, g.end_us) for g in gaps if g.cause in NOT_THE_CAMERA), start_us, end_us)
    blamed = clip(((g.start_us, g.end_us) for g in gaps if g.cause not in NOT_THE_CAMERA), start_us, end_us)
    unseen = clip(((g.start_us, g.end_us) for g in gaps if g.cause in OBSERVER_DOWN), start_us, end_us)
    watched = total(subtract(all_time, excused))
    down = total(subtract(blamed, excused))
    return (None if watched <= 0 else 1 - down / watched), total(unseen) / US


def local_days(
    time_zone: str, registered_us: int, now_us: int, most: int, scheduled: list[Interval], held: list[Interval]
) -> tuple[Day, ...]:
    """Return the local days from yesterday back, at most `most`, not before the camera's first day."""
    tz = zone(time_zone)
    day = to_datetime(now_us).astimezone(tz).date() - timedelta(days=1)
    days: list[Day] = []
    while len(days) < most:
        start = from_datetime(datetime.combine(day, time(), tzinfo=tz))
        end = from_datetime(datetime.combine(day + timedelta(days=1), time(), tzinfo=tz))
        if end <= registered_us:
            break
        expected = clip(scheduled, start, end)
        covered = intersect(expected, held)
        holes = subtract(expected, covered)
        days.append(Day(day, total(expected), total(covered), max((b - a for a, b in holes), default=0)))
        day -= timedelta(days=1)
    return tuple(days)
