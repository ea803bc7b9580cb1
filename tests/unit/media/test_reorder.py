"""Decode times out of presentation times."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_gateway.media.reorder import MAX_DEPTH, Reorder

if TYPE_CHECKING:
    from random import Random

PYRAMID = [0, 4, 2, 1, 3, 8, 6, 5, 7, 9, 10, 14, 12, 11, 13, 18, 16, 15, 17, 19]


def decode_times(depth: int, presentation: list[int], step: int = 100) -> list[int]:
    reorder = Reorder(depth, step)
    return [reorder.decode_time(time) for time in presentation]


def test_without_reordering_decode_time_is_presentation_time_whatever_the_jitter() -> None:
    times = [0, 3600, 7190, 10_812, 14_400, 40_000, 43_600]
    assert decode_times(0, times, 3600) == times
    assert Reorder(0, 3600).lead == 0


def test_with_the_declared_depth_no_composition_offset_is_negative() -> None:
    presentation = [time * 100 for time in PYRAMID]
    decoded = decode_times(2, presentation)
    assert decoded == [time * 100 for time in range(-2, 18)]
    assert all(shown >= decode for shown, decode in zip(presentation, decoded, strict=True))


def test_the_first_decode_time_lies_lead_before_the_first_presentation() -> None:
    reorder = Reorder(3, 3600)
    assert reorder.lead == 10_800
    assert reorder.decode_time(50_000) == 50_000 - 10_800


@pytest.mark.parametrize("declared", [0, 1])
def test_a_depth_declared_too_small_grows_and_settles(declared: int) -> None:
    presentation = [time * 100 for time in PYRAMID]
    reorder = Reorder(declared, 100)
    decoded = [reorder.decode_time(time) for time in presentation]
    assert reorder.depth == 2
    assert all(later > earlier for earlier, later in pairwise(decoded))
    assert all(shown >= decode for shown, decode in zip(presentation[8:], decoded[8:], strict=True))


def test_a_depth_declared_too_large_only_adds_offset() -> None:
    presentation = [time * 100 for time in PYRAMID]
    assert decode_times(4, presentation) == [time * 100 for time in range(-4, 16)]


def test_a_depth_beyond_the_standards_is_cut_to_theirs() -> None:
    assert Reorder(1000, 10).depth == MAX_DEPTH
    assert Reorder(-1, 10).depth == 0


@given(st.integers(0, 17), st.integers(0, 4000), st.lists(st.integers(-(2**40), 2**40), min_size=1))
def test_whatever_comes_in_decode_times_are_strictly_increasing(depth: int, step: int, presentation: list[int]) -> None:
    decoded = decode_times(depth, presentation, step)
    assert all(later > earlier for earlier, later in pairwise(decoded))


@given(
    st.integers(0, MAX_DEPTH),
    st.lists(st.integers(1, 5000), min_size=1, max_size=80),
    st.randoms(use_true_random=False),
)
def test_reordered_within_the_depth_no_frame_is_shown_before_it_is_decoded(
    depth: int, steps: list[int], random: Random
) -> None:
    ordered = [sum(steps[:index]) for index in range(len(steps))]
    # a decode order in which at most `depth` later frames come before any frame
    waiting = list(range(len(ordered)))
    presentation: list[int] = []
    while waiting:
        first = waiting[0]
        overtaken = sum(1 for done in presentation if done > first)
        pick = first if overtaken >= depth or not presentation else random.choice(waiting[: depth + 1])
        waiting.remove(pick)
        presentation.append(pick)
    shown = [ordered[index] for index in presentation]
    reorder = Reorder(depth, 40)
    decoded = [reorder.decode_time(time) for time in shown]
    assert reorder.depth == depth
    assert all(later > earlier for earlier, later in pairwise(decoded))
    assert all(s >= d for s, d in zip(shown, decoded, strict=True))
