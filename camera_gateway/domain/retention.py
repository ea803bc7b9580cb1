"""How long footage is kept. Pure.

Until an institution has policies of its own, one default holds for everything that is put, so that nothing stored
is ever without a date: the floor of the law plus a margin (standards.md section 9: deletion at 30 days sharp
fails on any clock or lifecycle delay).
"""

from __future__ import annotations

from dataclasses import dataclass

DAY_US = 86_400_000_000
SECOND_US = 1_000_000


@dataclass(frozen=True, slots=True)
class RetentionPolicy:
    """Keep at least `floor_days`, plus `margin_days` so that no delay undercuts the floor."""

    id: str
    floor_days: int
    margin_days: int

    def retain_until_us(self, end_us: int) -> int:
        """Return the retain-until of a segment that ends at `end_us`: whole seconds, rounded up."""
        until = end_us + (self.floor_days + self.margin_days) * DAY_US
        return -(-until // SECOND_US) * SECOND_US
