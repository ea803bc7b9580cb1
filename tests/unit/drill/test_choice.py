"""What a drill draws, and what its result says of everything that was not drawn."""

from __future__ import annotations

import hashlib
import math
import random

import pytest

from camera_gateway.domain.ids import SegmentId
from camera_gateway.footage.drill import choose, wilson

ALL = [SegmentId(f"run{run:02d}-{number:06d}") for run in range(10) for number in range(100)]


def test_anybody_can_draw_the_same_lots_with_nothing_but_the_seed_and_the_ids() -> None:
    by_hand = sorted(ALL, key=lambda name: hashlib.sha256(b"2026-11-22:" + name.encode()).hexdigest())[:50]
    assert choose("2026-11-22", ALL, 50) == by_hand


def test_the_order_in_which_segments_are_given_does_not_matter() -> None:
    shuffled = random.Random(1).sample(ALL, len(ALL))
    assert choose("s", shuffled, 20) == choose("s", ALL, 20)


def test_another_seed_draws_others() -> None:
    assert set(choose("a", ALL, 50)) != set(choose("b", ALL, 50))


def test_a_larger_sample_contains_the_smaller_one() -> None:
    assert choose("s", ALL, 50)[:10] == choose("s", ALL, 10)


def test_fewer_than_asked_for_are_all_drawn() -> None:
    assert sorted(choose("s", ALL[:3], 50)) == ALL[:3]


@pytest.mark.parametrize(("good", "checked"), [(50, 50), (49, 50), (0, 10), (1, 2), (4_999, 5_000)])
def test_each_end_of_the_interval_lies_as_far_off_as_chance_reaches(good: int, checked: int) -> None:
    # what defines Wilson's interval: |x/n - p| = z sqrt(p (1 - p) / n) at both ends
    low, high = wilson(good, checked)
    share = good / checked
    assert 0 <= low <= share <= high <= 1
    for end in (low, high):
        if end != share:
            assert abs(share - end) == pytest.approx(1.959963984540054 * math.sqrt(end * (1 - end) / checked))


def test_fifty_of_fifty_say_at_least_ninety_two_percent() -> None:
    low, high = wilson(50, 50)
    assert (round(low, 3), high) == (0.929, 1.0)


def test_of_nothing_nothing_is_claimed() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
