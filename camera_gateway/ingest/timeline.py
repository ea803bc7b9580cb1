"""From a camera's clock to ours: RTP time, arrivals and sender reports in; wall time out. Pure.

Promises: wall time follows the gateway's clock by the least delayed picture, never the camera's; a run's mapping
is continuous, so that its segments touch; a jump of either clock is told, never smoothed over. Must not know
sockets, files or segments. All arrivals are monotonic µs, all media times ticks of the track's RTP clock.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from statistics import median_low
from typing import TYPE_CHECKING

from camera_gateway.domain.footage import ClockMethod

if TYPE_CHECKING:
    from collections.abc import Sequence

US = 1_000_000

JUMP_US = 2 * US
"""A single step of RTP time that is this far ahead of every arrival so far is a jump of the camera's clock. No
network makes pictures early; a burst from a server's buffer is late first and then on time, in small steps."""
BACK_US = US
"""A step backwards beyond any reordering of B-pictures."""
LATE_US = 10 * US
"""When even the least delayed picture of a whole segment is this far from the mapping, it was a jump too."""
WALL_STEP_US = US // 2
"""A change of wall minus monotonic time between two looks that is a step: the fastest slew of NTP (500 ppm) moves
0.5 ms a second, and what is smaller is absorbed by the bounded correction below within minutes."""
CORRECTION_PPM = 1_000
"""How fast the mapping follows drift: above the ±500 ppm of the worst camera crystals, so that error is bounded."""
FAST_CORRECTION_PPM = 20_000
"""How fast it returns when it is wrong by more than a second (a congested start, a wall clock set back)."""
FAST_ABOVE_US = US
HOLD_US = 3_600 * US
"""After the wall clock was set back, a run begins no earlier than the last footage ended, so that nothing overlaps;
beyond an hour the earlier stamps were plainly wrong, and the true time wins."""
WINDOW_US = 10 * US
"""A segment shorter than this is too short to judge by alone."""
REPORTS_KEPT = 7
REPORT_STEP_US = US
TRUST_US = 86_400 * US
"""A camera clock further off than a day (1970, boot time) is reported, but it is no clock."""


@dataclass(frozen=True, slots=True)
class ClockFacts:
    """What a segment's sidecar says about its time."""

    method: ClockMethod
    offset_us: int | None
    """Camera clock minus gateway clock, by sender reports; None without any."""
    uncertainty_us: int


class TrackClock:
    """The least delayed arrival and the sender reports of one track."""

    __slots__ = ("hz", "least_us", "origin", "reports", "steps")

    def __init__(self, hz: int) -> None:
        self.hz = hz
        self.origin: int | None = None
        """RTP time of the run's first unit on this track."""
        self.least_us: int | None = None
        """min(arrival − media time) so far."""
        self.reports: deque[int] = deque(maxlen=REPORTS_KEPT)
        """Camera wall clock minus media time, µs, one per sender report."""
        self.steps = 0

    def media_us(self, rtp_time: int) -> int:
        """Media time since the run's first unit, µs."""
        return (rtp_time - (self.origin or 0)) * US // self.hz

    def report(self, ntp_us: int, rtp_time: int) -> None:
        """Take a sender report: this wall time of the camera's is this RTP time."""
        base = ntp_us - self.media_us(rtp_time)
        if self.reports and abs(base - median_low(self.reports)) > REPORT_STEP_US:
            self.steps += 1
            self.reports.clear()
        self.reports.append(base)

    @property
    def base_us(self) -> int | None:
        """Camera wall clock at media time zero; the median, so that one wrong report moves nothing."""
        return median_low(self.reports) if self.reports else None


class Timeline:
    """Wall time of one run's video. Feed each unit to `observe`, then ask `settle` once and `cut` at each cut."""

    __slots__ = (
        "_count",
        "_floor_us",
        "_hz",
        "_last",
        "_last_arrival",
        "_least",
        "_previous_least",
        "_sum",
        "_wall_offset_us",
        "_window_from",
        "clock",
        "known_within_us",
        "map_media_us",
        "map_wall_us",
        "settled",
    )

    def __init__(self, hz: int, *, wall_offset_us: int, floor_us: int = 0, known_within_us: int = 200_000) -> None:
        """`wall_offset_us` is wall minus monotonic time now; no run begins before `floor_us` (see HOLD_US)."""
        self.clock = TrackClock(hz)
        self._hz = hz
        self._wall_offset_us = wall_offset_us
        self._floor_us = floor_us
        self.known_within_us = known_within_us
        self._last = self._last_arrival = 0
        self._least: int | None = None
        self._previous_least: int | None = None
        self._sum = self._count = self._window_from = 0
        self.map_wall_us = self.map_media_us = 0
        self.settled = False

    def wall_offset(self, offset_us: int) -> bool:
        """Take a look at wall minus monotonic time; True when it stepped: the run must end."""
        stepped = abs(offset_us - self._wall_offset_us) > WALL_STEP_US
        if not stepped:
            self._wall_offset_us = offset_us
        return stepped

    def observe(self, rtp_time: int, arrival_us: int) -> int | None:
        """Take a video unit; return its media time in ticks since the run's first one, or None: a jump.

        `rtp_time` is unwrapped. After a jump the timeline is as before the call; the run must end.
        """
        clock = self.clock
        if clock.origin is None:
            clock.origin = rtp_time
            self._window_from = 0
        ticks = rtp_time - clock.origin
        late = arrival_us - ticks * US // self._hz
        least = self._least
        if least is None or late < least:
            known = least if least is not None else self._previous_least
            step = (ticks - self._last) * US
            if known is not None and late < known - JUMP_US and step > JUMP_US * self._hz:
                return None
            self._least = late
        if (self._last - ticks) * US > BACK_US * self._hz:
            return None
        self._last, self._last_arrival = ticks, arrival_us
        self._sum += late
        self._count += 1
        return ticks

    def observe_row(self, times: Sequence[int], arrivals_us: Sequence[int]) -> list[int]:
        """Do as `observe` does with units in turn, whose RTP times rise, each time by less than a jump's step."""
        origin, hz = self.clock.origin or 0, self._hz
        ticks = [time - origin for time in times]
        late = [arrival - tick * US // hz for arrival, tick in zip(arrivals_us, ticks, strict=True)]
        least = min(late)
        if self._least is None or least < self._least:
            self._least = least
        self._last, self._last_arrival = ticks[-1], arrivals_us[-1]
        self._sum += sum(late)
        self._count += len(late)
        return ticks

    def rebase(self, rtp_time: int, arrival_us: int, least_ticks: int) -> int:
        """After a jump: go on by arrival, at least `least_ticks` later; return the unit's media time in ticks."""
        ticks = self._last + max(least_ticks, (arrival_us - self._last_arrival) * self._hz // US)
        self.clock.origin = rtp_time - ticks
        self.clock.reports.clear()
        self._last = ticks
        self._last_arrival = arrival_us
        return ticks

    def media_at(self, arrival_us: int) -> int:
        """Return the media time (µs) of what arrives undelayed at `arrival_us`."""
        least = self._best()
        return 0 if least is None else arrival_us - least

    def successor(self, ticks: int, rtp_time: int, wall_offset_us: int, *, resync: bool = False) -> Timeline:
        """Return the timeline of a run that begins, without a pause, with the unit at `ticks`.

        Its wall time goes on from this one's, so that the two runs touch; only a step of our own wall clock
        moves it, and never back; with `resync` arrivals count instead, which are later.
        """
        media_us = ticks * US // self._hz
        end = self.wall_of(ticks)
        new = Timeline(self._hz, wall_offset_us=wall_offset_us, known_within_us=self.known_within_us)
        new.clock.origin = rtp_time
        new.clock.reports.extend(base + media_us for base in self.clock.reports)
        least = self._best()
        new._previous_least = None if least is None else least + media_us
        new._last_arrival = self._last_arrival
        step = wall_offset_us - self._wall_offset_us
        new.map_wall_us = end + step if step > WALL_STEP_US or step < -HOLD_US else end
        if resync and least is not None:
            new.map_wall_us = max(end, least + media_us + wall_offset_us)
        new.settled = True
        return new

    def settle(self) -> int:
        """Fix where the run begins in wall time, from what arrived so far; return it."""
        start = (self._best() or 0) + self._wall_offset_us
        if start < self._floor_us < start + HOLD_US:
            start = self._floor_us
        self.map_wall_us, self.map_media_us = start, 0
        self.settled = True
        return start

    def wall_of(self, ticks: int) -> int:
        """Return the wall time of a media time by the segment's mapping."""
        return self.map_wall_us + ticks * US // self._hz - self.map_media_us

    def error_us(self) -> int:
        """Return how much later than mapped the least delayed picture says that it is."""
        least = self._best()
        if least is None:
            return 0
        return least + self._wall_offset_us - (self.map_wall_us - self.map_media_us)

    def lost(self) -> bool:
        """Whether mapping and arrivals are so far apart that the camera's clock must have jumped or stood still.

        A mapping that is ahead because the gateway's clock was set back is not the camera's fault.
        """
        return self.error_us() > LATE_US

    def cut(self, ticks: int) -> int:
        """End the segment at a media time: correct the mapping within bounds; return the wall time of the cut."""
        media_us = ticks * US // self._hz
        length_us = media_us - self.map_media_us
        error = self.error_us()
        ppm = FAST_CORRECTION_PPM if abs(error) > FAST_ABOVE_US else CORRECTION_PPM
        bound = length_us * ppm // US
        wall = self.map_wall_us + length_us + max(-bound, min(bound, error))
        self.map_wall_us, self.map_media_us = wall, media_us
        if media_us - self._window_from >= WINDOW_US:
            self._previous_least, self._least = self._least, None
            self._window_from = media_us
            self._sum = self._count = 0
        return wall

    @property
    def offset_us(self) -> int | None:
        """Camera clock minus ours by sender reports, None without any."""
        base = self.clock.base_us
        return None if base is None else base - (self.map_wall_us - self.map_media_us)

    def facts(self) -> ClockFacts:
        """Return the quality of the mapping, as of now."""
        least = self._best()
        late = self._sum // self._count - least if self._count and least is not None else 0
        uncertainty = self.known_within_us + max(0, late) + abs(self.error_us())
        offset = self.offset_us
        trusted = offset is not None and abs(offset) <= TRUST_US
        return ClockFacts(ClockMethod.SENDER_REPORT if trusted else ClockMethod.ARRIVAL, offset, uncertainty)

    def _best(self) -> int | None:
        """Return the window's least delay; the one before speaks too while the window is young."""
        if self._least is None:
            return self._previous_least
        if self._previous_least is not None and (self._last * US // self._hz) - self._window_from < WINDOW_US:
            return min(self._least, self._previous_least)
        return self._least
