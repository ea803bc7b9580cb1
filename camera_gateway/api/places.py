"""Places that requests share: so many overall, and so many for each user, so that nobody takes them all.

Promises that a place is counted from `take` to `leave`, whatever thread either comes from. Knows no HTTP and no rights.
"""

from __future__ import annotations

import threading
from collections import Counter

from camera_gateway.errors import Unavailable


class Places:
    """At most `most` at once, `each` of them of one user; `full` is what the next one is told."""

    def __init__(self, most: int, each: int, full: str) -> None:
        self._most = most
        self._each = each
        self._full = full
        self._lock = threading.Lock()
        self._taken: Counter[str] = Counter()

    @property
    def taken(self) -> int:
        """How many are taken."""
        with self._lock:
            return self._taken.total()

    def take(self, user: str) -> None:
        """Take a place; `Unavailable` ("busy") when there is none, or when this user has their share."""
        with self._lock:
            if self._taken.total() >= self._most or self._taken[user] >= self._each:
                raise Unavailable(self._full, hint="try again in a few seconds", code="busy")
            self._taken[user] += 1

    def leave(self, user: str) -> None:
        """Give a place back."""
        with self._lock:
            self._taken[user] -= 1
            self._taken += Counter()  # drops those who hold none
