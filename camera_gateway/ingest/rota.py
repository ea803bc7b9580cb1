"""Whether a camera is to be recorded by its schedule, asked each second and reckoned only when that may change.

Promises the schedule's own answer at any time, clocks that are set included.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from camera_gateway.domain.schedule import is_active, next_change, parse_schedule

if TYPE_CHECKING:
    from camera_gateway.domain.plan import CameraPlan

DAY_US = 86_400_000_000


class Rota:
    """The schedule of one plan."""

    def __init__(self, plan: CameraPlan) -> None:
        self.schedule = parse_schedule(plan.schedule, plan.holidays)
        self.time_zone = plan.time_zone
        self._until_us: int | None = 0
        self._checked_us = 0
        self._on = False

    def on(self, now_us: int) -> bool:
        """Whether the schedule asks for recording now; arithmetic only when its next change is due."""
        if now_us < self._checked_us:  # the clock was set back
            self._until_us = 0
        self._checked_us = now_us
        if self._until_us is not None and now_us >= self._until_us:
            self._on = is_active(self.schedule, self.time_zone, now_us)
            self._until_us = next_change(self.schedule, self.time_zone, now_us)
            if self._until_us is None and not self.schedule.always:
                self._until_us = now_us + DAY_US
        return self._on
