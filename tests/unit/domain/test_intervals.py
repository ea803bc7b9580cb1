"""Interval arithmetic against the plainest model there is: sets of seconds."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from camera_gateway.domain.intervals import clip, intersect, normalise, subtract, total

SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=12)


def seconds(spans: list[tuple[int, int]]) -> set[int]:
    return {s for start, end in spans for s in range(start, end)}


@given(SPANS)
def test_normalised_spans_hold_the_same_seconds_sorted_and_apart(spans: list[tuple[int, int]]) -> None:
    result = normalise(spans)
    assert seconds(result) == seconds(spans)
    assert all(a[1] < b[0] for a, b in itertools.pairwise(result))
    assert total(result) == len(seconds(spans))


@given(SPANS, SPANS)
def test_intersection_and_difference_are_those_of_sets(a: list[tuple[int, int]], b: list[tuple[int, int]]) -> None:
    left, right = normalise(a), normalise(b)
    assert seconds(intersect(left, right)) == seconds(a) & seconds(b)
    assert seconds(subtract(left, right)) == seconds(a) - seconds(b)
    assert normalise(intersect(left, right)) == intersect(left, right)
    assert normalise(subtract(left, right)) == subtract(left, right)


@given(SPANS, st.integers(0, 60), st.integers(0, 60))
def test_clipping_keeps_what_is_inside(spans: list[tuple[int, int]], start: int, end: int) -> None:
    assert seconds(clip(spans, start, end)) == seconds(spans) & set(range(start, end))
