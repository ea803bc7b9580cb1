"""What stands at the door of this process: the hashing pool and the counters of failed attempts.

One per service, made where the gateway is made. Counters live in memory alone: a restart forgives, and a flood leaves
nothing behind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from camera_gateway.access.passwords import Passwords
from camera_gateway.access.throttle import CODE, Throttle

if TYPE_CHECKING:
    from camera_gateway.access.passwords import Cost
    from camera_gateway.clock import Clock
    from camera_gateway.settings.vault import Vault


@dataclass(frozen=True, slots=True)
class Door:
    """Everything that an attempt to sign in has to pass; `codes` is for the second factor."""

    passwords: Passwords
    attempts: Throttle
    codes: Throttle

    @classmethod
    def build(cls, vault: Vault, clock: Clock, cost: Cost | None = None) -> Door:
        """Return a door; its threads start with the first attempt, and end with `close`."""
        return cls(Passwords(vault, cost), Throttle(clock), Throttle(clock, user=CODE))

    def close(self) -> None:
        """Let the threads go."""
        self.passwords.close()
