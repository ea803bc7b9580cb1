"""Seconds of gaps into their metric while they are open, not only when their record is written, an hour later at most.

Promises that a second of a camera is counted once: what was counted while the gap was open is not counted again with
its record, and what a record told not again by a status that was written before it. Knows neither files nor catalogue.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from camera_gateway.clock import US
from camera_gateway.domain.intervals import clip, normalise, subtract, total

if TYPE_CHECKING:
    from camera_gateway.domain.footage import GapCause
    from camera_gateway.domain.intervals import Interval
    from camera_gateway.metrics import Metrics

BEHIND_US = 10 * US
"""So far behind the present an open gap is counted: footage that ends it may begin before it is heard of."""
FORGET_US = 2 * 3_600 * US
"""What was counted is remembered until so much later: an open gap is written down each hour."""


class GapSeconds:
    """Counts gaps. `since_us`: what was open before has been counted by the process before this one."""

    def __init__(self, metrics: Metrics, since_us: int) -> None:
        self._metrics = metrics
        self._since_us = since_us
        self._counted: dict[str, list[Interval]] = {}
        self._lock = threading.Lock()  # records are taken in by a thread of its own

    def goes_on(self, camera: str, cause: GapCause, from_us: int, now_us: int) -> None:
        """Count what is new of a gap that is open since `from_us`."""
        with self._lock:
            self._count(camera, cause, from_us, now_us - BEHIND_US, self._since_us)

    def written_down(self, camera: str, cause: GapCause, start_us: int, end_us: int) -> None:
        """Count what of a record was not counted while it was open."""
        with self._lock:
            self._count(camera, cause, start_us, end_us, start_us)

    def _count(self, camera: str, cause: GapCause, start_us: int, end_us: int, since_us: int) -> None:
        """Count what is new of [start, end), and from `since_us` on; all of it is known then."""
        known = self._counted.get(camera, [])
        span = [(start_us, end_us)] if end_us > start_us else []
        length_us = total(subtract(clip(span, since_us, max(since_us, end_us)), known))
        self._metrics.gap_seconds.labels(camera, cause.value).inc(length_us / US)
        known = normalise([*known, *span])
        self._counted[camera] = [one for one in known if one[1] > known[-1][1] - FORGET_US]
