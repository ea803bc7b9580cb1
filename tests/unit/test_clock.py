"""Wall and monotonic time of one moment, on a machine that holds a process up wherever it likes."""

from __future__ import annotations

import random

import pytest

from camera_gateway.clock import LOOKS, TOGETHER_US, HeldClock, SystemClock, both_us

WALL_MINUS_MONO_US = 1_760_000_000_000_000


class HeldUp(HeldClock):
    """One true time behind both clocks; each look takes as long as the test says."""

    def __init__(self, looks_us: list[int]) -> None:
        super().__init__()
        self.true_us = 0
        self._looks_us = looks_us

    def _look(self) -> int:
        self.true_us += self._looks_us.pop(0) if self._looks_us else 1
        return self.true_us

    def now_us(self) -> int:
        return WALL_MINUS_MONO_US + self._look()

    def monotonic_us(self) -> int:
        return self._look()


def offset(clock: HeldUp | SystemClock) -> int:
    wall_us, mono_us = both_us(clock)
    return wall_us - mono_us


@pytest.mark.parametrize("held_up_at", range(3 * (LOOKS - 1)))
def test_a_process_that_is_stopped_between_two_looks_sees_no_step(held_up_at: int) -> None:
    looks_us = [1] * (3 * LOOKS)
    looks_us[held_up_at] = 60_000_000
    assert abs(offset(HeldUp(looks_us)) - WALL_MINUS_MONO_US) <= TOGETHER_US


def test_where_every_look_is_slow_the_closest_pair_counts() -> None:
    chosen = random.Random(1)
    for _ in range(200):
        looks_us = [chosen.randrange(0, 400_000) for _ in range(3 * LOOKS)]
        closest_us = min(sum(looks_us[n + 1 : n + 3]) for n in range(0, 3 * LOOKS, 3))
        assert abs(offset(HeldUp(looks_us)) - WALL_MINUS_MONO_US) <= closest_us // 2 + 1


def test_the_systems_clocks_run_together() -> None:
    clock = SystemClock()
    assert abs(offset(clock) - offset(clock)) < 10_000
