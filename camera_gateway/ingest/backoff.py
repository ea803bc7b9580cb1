"""When to try a camera again, and how many may be tried at once. Pure.

Promises that a camera is asked again for ever, and that an outage does not end in a stampede.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from camera_gateway.domain.footage import GapCause, ProbeCause

if TYPE_CHECKING:
    from random import Random

FIRST_S = 1.0
CAP_S = 30.0
HEALTHY_US = 30_000_000
"""A session that recorded this long was healthy: the next pause is the first one again."""
PATIENT = frozenset(
    {
        ProbeCause.AUTH_MISSING,
        ProbeCause.AUTH_WRONG,
        ProbeCause.AUTH_SCHEME,
        ProbeCause.REDIRECTED,
        ProbeCause.ADDRESS_NOT_ALLOWED,
        ProbeCause.CODEC_REFUSED,
        ProbeCause.NO_VIDEO,
    }
)
"""Only a person can mend these, and many cameras lock an account after a few wrong passwords."""
OLD_SESSION_S = 15.0
"""After refused sessions: our own old one may still be counted; cameras forget it within a minute."""


class Backoff:
    """Doubling pauses with jitter, capped."""

    __slots__ = ("_random", "attempts")

    def __init__(self, random: Random) -> None:
        self._random = random
        self.attempts = 0

    def healthy(self) -> None:
        """Forget the failures."""
        self.attempts = 0

    def pause_s(self, cause: ProbeCause | GapCause | None) -> float:
        """Return how long to wait after one more failure."""
        pause: float = min(FIRST_S * (1 << self.attempts), CAP_S)
        self.attempts = min(self.attempts + 1, 10)
        if cause in PATIENT:
            pause = CAP_S
        elif cause is ProbeCause.REFUSED_SESSIONS:
            pause = max(pause, OLD_SESSION_S)
        return pause * self._random.uniform(0.75, 1.0)


class Pace:
    """A rate limit on attempts for the whole process: after an outage not every camera is asked at once."""

    __slots__ = ("_every_us", "_next_us")

    def __init__(self, per_second: float) -> None:
        self._every_us = round(1_000_000 / per_second)
        self._next_us = 0

    def wait_s(self, now_us: int) -> float:
        """Return how long to wait for the next free place, and take it. `now_us` is monotonic."""
        at = max(self._next_us, now_us)
        self._next_us = at + self._every_us
        return (at - now_us) / 1_000_000
