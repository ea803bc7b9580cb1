"""How much one asker may ask: a token bucket for each source address and for each user.

Promises bounded memory however many ask, and that one who asks too much is told when to come back. Pure but for the
clock it is given. Knows no request.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from camera_gateway.clock import US

if TYPE_CHECKING:
    from camera_gateway.clock import Clock

REMEMBERED = 10_000
"""So many askers are known at a time; whoever was silent longest is forgotten, and begins with a full bucket."""


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at_us: int


class Limits:
    """Buckets of one kind: `burst` requests at once, then `per_s` (requests a second)."""

    def __init__(self, clock: Clock, *, per_s: float, burst: float) -> None:
        self._clock = clock
        self._per_s = per_s
        self._burst = burst
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, asker: str, cost: float = 1.0) -> float:
        """Take `cost` from an asker's bucket. Return 0, or after how many seconds there is enough for it."""
        now_us = self._clock.monotonic_us()
        bucket = self._buckets.get(asker)
        if bucket is None:
            bucket = self._buckets[asker] = _Bucket(self._burst, now_us)
            if len(self._buckets) > REMEMBERED:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(asker)
        bucket.tokens = min(self._burst, bucket.tokens + (now_us - bucket.at_us) / US * self._per_s)
        bucket.at_us = now_us
        wanted = min(cost, self._burst)
        if bucket.tokens < wanted:
            return (wanted - bucket.tokens) / self._per_s
        bucket.tokens -= wanted
        return 0.0
