"""Decisions about uploading: what next, in which window, how fast, when again. Pure.

Promises that equal facts give equal decisions: jitter comes from a hash, time and rates come in as arguments.
Bytes move at `_bps` bits per second; None means without a cap, 0 means hold. Must not know the store, the
catalogue or the event loop. A share of the uplink is no cap until the uplink was measured.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING

from camera_gateway.domain import bandwidth
from camera_gateway.domain.footage import SegmentState
from camera_gateway.domain.schedule import Schedule, active, always, next_change, parse_schedule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from camera_gateway.domain.bandwidth import Bandwidth
    from camera_gateway.domain.ids import SegmentId

DAY_US = 86_400_000_000
HOUR_US = 3_600_000_000
_STRIDE_US = 7 * DAY_US
HORIZON_US = 12 * _STRIDE_US
"""How far ahead an ETA or a forecast looks."""
ALL_DAY = "daily 00:00-24:00"


class Step(StrEnum):
    """What a segment needs next on its way to the store."""

    PUT = "put"
    """Nothing was sent yet: write down the intent, then send."""
    ASK = "ask"
    """An attempt may have had effect (U5): HEAD first, send only what is missing."""
    READ_BACK = "read-back"
    """The store has answered; do not believe it before it is read back (U3)."""
    NOTHING = "nothing"


def next_step(state: SegmentState) -> Step:
    """Return what a segment in `state` needs next."""
    match state:
        case SegmentState.SPOOLED:
            return Step.PUT
        case SegmentState.INTENDED:
            return Step.ASK
        case SegmentState.PUT:
            return Step.READ_BACK
        case _:
            return Step.NOTHING


# Windows and rates


def upload_schedule(
    site_windows: tuple[str, ...] | list[str],
    site_holidays: tuple[str, ...] | list[str],
    installation_windows: tuple[str, ...] | list[str],
) -> Schedule:
    """Return when a site may upload: its own windows, else the installation's, else always.

    Windows keep the uplink free for those who work at the site; on a holiday nobody does, so the whole local
    day is a window.
    """
    windows = tuple(site_windows) or tuple(installation_windows)
    if not windows:
        return always()
    return parse_schedule(windows, site_holidays, (ALL_DAY,))


@dataclass(frozen=True, slots=True)
class Pace:
    """Whether a site is inside its window, and at which rate it may send. A rate of 0 holds."""

    inside: bool
    rate_bps: int | None

    @property
    def holding(self) -> bool:
        """Whether nothing may be sent now."""
        return self.rate_bps == 0


@dataclass(frozen=True, slots=True)
class Pending:
    """What waits for upload and how it may leave.

    `measured_bps` is what the uplink was seen to carry; None when nobody has measured.
    """

    backlog_bytes: int
    schedule: Schedule
    time_zone: str
    bandwidth_bps: Bandwidth | None = None
    bandwidth_outside_bps: Bandwidth | None = 0
    measured_bps: int | None = None


def pace_at(pending: Pending, at_us: int) -> Pace:
    """Return whether the window is open at `at_us`, and the rate that is allowed then."""
    schedule = _effective(pending.schedule)
    inside = bool(active(schedule, pending.time_zone, at_us, at_us + 1))
    return Pace(inside, _cap_bps(pending, inside=inside))


def next_pace_change_us(pending: Pending, at_us: int) -> int | None:
    """Return when the window opens or closes next, µs UTC; None when it never does within a week."""
    return next_change(_effective(pending.schedule), pending.time_zone, at_us)


def eta_us(pending: Pending, now_us: int) -> int | None:
    """Return when the backlog will be stored, µs UTC; None when that lies beyond the horizon.

    Without a cap and without a measurement the answer is the earliest moment that a window allows.
    """
    left_bits = pending.backlog_bytes * 8
    if left_bits <= 0:
        return now_us
    for start_us, end_us, rate_bps in _legs(pending, now_us):
        if rate_bps is None:
            return start_us
        if rate_bps > 0:
            needed_us = -(-left_bits * 1_000_000 // rate_bps)
            if start_us + needed_us <= end_us:
                return start_us + needed_us
            left_bits -= (end_us - start_us) * rate_bps // 1_000_000
    return None


def spool_seconds_until_loss(pending: Pending, free_bytes: int, inflow_bps: int, now_us: int) -> float | None:
    """Return in how many seconds the spool will be full when everything goes on like now; None: not in sight.

    `free_bytes` is what may still be written; what is sent frees as much, never more than there is backlog.
    Without a cap and a measurement an open window keeps up with any inflow.
    """
    if free_bytes <= 0:
        return 0.0
    free_bits, backlog_bits = free_bytes * 8, pending.backlog_bytes * 8
    for start_us, end_us, rate_bps in _legs(pending, now_us):
        length_us = end_us - start_us
        if rate_bps is None:
            free_bits, backlog_bits = free_bits + backlog_bits, 0
            continue
        net_bps = inflow_bps - rate_bps
        if net_bps > 0:
            if free_bits * 1_000_000 <= net_bps * length_us:
                return (start_us - now_us + free_bits * 1_000_000 // net_bps) / 1_000_000
            grown = net_bps * length_us // 1_000_000
        else:
            grown = max(net_bps * length_us // 1_000_000, -backlog_bits)
        free_bits, backlog_bits = free_bits - grown, backlog_bits + grown
    return None


def _cap_bps(pending: Pending, *, inside: bool) -> int | None:
    asked = pending.bandwidth_bps if inside else pending.bandwidth_outside_bps
    return bandwidth.rate_bps(asked, pending.measured_bps)


def _effective(schedule: Schedule) -> Schedule:
    """Read a schedule without windows as no restriction: nobody asks for a gateway that never uploads."""
    return schedule if schedule.windows else always()


def _legs(pending: Pending, now_us: int) -> Iterator[tuple[int, int, int | None]]:
    """Cut the time ahead into legs of one rate: start, end, bits per second (None: no limit known)."""
    schedule = _effective(pending.schedule)
    for at_us in range(now_us, now_us + HORIZON_US, _STRIDE_US):
        spans = active(schedule, pending.time_zone, at_us, at_us + _STRIDE_US)
        edges = sorted({at_us, at_us + _STRIDE_US, *(edge for span in spans for edge in span)})
        openings = {start for start, _ in spans}
        for start_us, end_us in pairwise(edges):
            capped = _cap_bps(pending, inside=start_us in openings)
            yield start_us, end_us, _slower(capped, pending.measured_bps)


def _slower(a: int | None, b: int | None) -> int | None:
    if a is None or b is None:
        return b if a is None else a
    return min(a, b)


# When again


@dataclass(frozen=True, slots=True)
class BackOff:
    """Exponential from `base_us`, at most `cap_us`; jitter takes off up to half."""

    base_us: int
    cap_us: int

    def delay_us(self, attempts: int, who: str) -> int:
        """Return the wait after the `attempts`-th failure (from 1) of `who`; equal arguments, equal wait."""
        whole = min(self.cap_us, self.base_us << min(max(attempts, 1) - 1, 40))
        digest = hashlib.sha256(f"{who}#{attempts}".encode()).digest()
        return whole // 2 + (whole - whole // 2) * int.from_bytes(digest[:4], "big") // 0xFFFF_FFFF


SEGMENT_AGAIN = BackOff(2_000_000, 60_000_000)
"""After an error that may pass: short, because the outage of a store is waited out by `STORE_AGAIN`."""
SEGMENT_REFUSED = BackOff(60_000_000, HOUR_US)
"""After a refusal or a read-back that differs: a person has to act, so asking often helps nobody."""
STORE_AGAIN = BackOff(1_000_000, 15_000_000)
"""How long the whole uploader waits while the store does not answer."""
STORE_REFUSES = BackOff(5_000_000, 60_000_000)
"""How long it waits while the store refuses our credentials or our clock: somebody has to act."""


# When the spool is full


@dataclass(frozen=True, slots=True)
class SpoolRoom:
    """How full the spool is. `quota_bytes` None: only the file system limits it."""

    used_bytes: int
    quota_bytes: int | None
    disk_free_bytes: int

    @property
    def free_bytes(self) -> int:
        """What may still be written; negative when the limit is passed."""
        if self.quota_bytes is None:
            return self.disk_free_bytes
        return min(self.quota_bytes - self.used_bytes, self.disk_free_bytes)


@dataclass(frozen=True, slots=True)
class Droppable:
    """A segment that could be given up for room. `is_safe`: stored, so that only a copy would go."""

    segment: SegmentId
    start_us: int
    size_bytes: int
    held: bool
    is_safe: bool


def choose_drops(needed_bytes: int, candidates: Iterable[Droppable]) -> list[Droppable]:
    """Return what makes room for `needed_bytes`: safe copies first, then the oldest; never a held segment.

    Fewer bytes than needed when there is no more to give.
    """
    chosen: list[Droppable] = []
    left = needed_bytes
    for candidate in sorted(candidates, key=lambda c: (not c.is_safe, c.start_us, c.segment)):
        if left <= 0:
            break
        if candidate.held and not candidate.is_safe:
            continue
        chosen.append(candidate)
        left -= candidate.size_bytes
    return chosen


def bytes_to_free(room: SpoolRoom, margin_bytes: int) -> int:
    """Return how many bytes must go so that `margin_bytes` are free; 0 when they are."""
    return max(0, margin_bytes - room.free_bytes)
