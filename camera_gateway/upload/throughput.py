"""How much the uplink carries, measured while something is under way and nothing caps it.

Promises a figure only after two busy seconds, and that what was two minutes ago counts half. Pure but for its clock;
bytes may be added from any thread.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from camera_gateway.clock import Clock

_MEASURE_US = 2_000_000
_HALVE_US = 120_000_000


class Throughput:
    """Bits per second of busy time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._mutex = threading.Lock()
        self._busy = 0
        self._since_us = 0
        self._busy_us = 0
        self._bytes = 0
        self._is_capped = False

    def begin(self) -> None:
        """Say that a transfer begins."""
        with self._mutex:
            self._tally()
            self._busy += 1

    def end(self) -> None:
        """Say that a transfer has ended."""
        with self._mutex:
            self._tally()
            self._busy -= 1

    def add(self, size_bytes: int) -> None:
        """Count bytes that passed."""
        with self._mutex:
            self._bytes += 0 if self._is_capped else size_bytes

    def cap(self, *, is_capped: bool) -> None:
        """Say whether a cap holds from now on: then the uplink shows nothing of what it could carry."""
        with self._mutex:
            self._tally()
            self._is_capped = is_capped

    @property
    def bps(self) -> int | None:
        """Return bits per second, None when too little was seen."""
        with self._mutex:
            self._tally()
            if self._busy_us < _MEASURE_US or self._bytes == 0:
                return None
            return self._bytes * 8 * 1_000_000 // self._busy_us

    def _tally(self) -> None:
        now_us = self._clock.monotonic_us()
        if self._busy and not self._is_capped:
            self._busy_us += now_us - self._since_us
        self._since_us = now_us
        if self._busy_us > _HALVE_US:
            self._busy_us //= 2
            self._bytes //= 2
