"""How much the uplink carries, measured while a transfer is under way that nothing caps.

Promises a figure only from two busy seconds and some megabytes on, that an outage does not lower it, and that what
was two minutes ago counts half. Pure but for its clock; bytes may be added from any thread.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from camera_gateway.clock import Clock

MEASURE_US = 2_000_000
MEASURE_BYTES = 4_000_000
"""So much must have passed, that what the system's buffers swallow at once does not count for the line."""
_HALVE_US = 120_000_000


class Throughput:
    """Bits per second of busy time. All bytes count that pass while something is under way that nothing caps."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._mutex = threading.Lock()
        self._is_free = False
        self._since_us = 0
        self._kept = (0, 0)
        """Bytes and µs of transfers that arrived."""
        self._open = (0, 0)
        """Bytes and µs of those that may still fail."""
        self._bps: int | None = None
        self._is_whole = False
        self._at_us = 0

    @property
    def bps(self) -> int | None:
        """Return the latest figure, bits per second; None when too little was ever seen."""
        return self._bps

    @property
    def is_whole(self) -> bool:
        """Whether the measurement since `begin_anew` has its figure."""
        return self._is_whole

    @property
    def age_us(self) -> int:
        """Return how long ago the latest figure was taken, µs."""
        return self._clock.monotonic_us() - self._at_us

    def free(self, *, is_free: bool) -> None:
        """Say whether a transfer is under way that nothing caps: only then the uplink shows what it carries."""
        with self._mutex:
            self._tally()
            self._is_free = is_free

    def add(self, size_bytes: int) -> bool:
        """Count bytes that are about to leave; True when what passed before them gave a measurement its figure."""
        with self._mutex:
            self._tally()
            if not self._is_free:
                return False
            passed, busy_us = self._kept[0] + self._open[0], self._kept[1] + self._open[1]
            self._open = (self._open[0] + size_bytes, self._open[1])
            if passed < MEASURE_BYTES or busy_us < MEASURE_US:
                return False
            self._bps = passed * 8 * 1_000_000 // busy_us
            self._at_us = self._since_us
            is_first, self._is_whole = not self._is_whole, True
            return is_first

    def settle(self, *, arrived: bool) -> None:
        """Keep what passed since the last word, or forget it: an attempt that failed waited, it did not send."""
        with self._mutex:
            self._tally()
            if arrived:
                self._kept = (self._kept[0] + self._open[0], self._kept[1] + self._open[1])
            self._open = (0, 0)
            if self._kept[1] > _HALVE_US:
                self._kept = (self._kept[0] // 2, self._kept[1] // 2)

    def begin_anew(self) -> None:
        """Measure from nothing; the figure of before holds until there is a new one."""
        with self._mutex:
            self._tally()
            self._kept = self._open = (0, 0)
            self._is_whole = False

    def _tally(self) -> None:
        now_us = self._clock.monotonic_us()
        if self._is_free:
            self._open = (self._open[0], self._open[1] + now_us - self._since_us)
        self._since_us = now_us
