"""Sets of seconds: sorted, disjoint, half-open intervals [start, end) in integer microseconds. Pure.

The arithmetic under coverage, schedules and gaps; knows nothing of what the seconds mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

Interval = tuple[int, int]


def normalise(spans: Iterable[Interval]) -> list[Interval]:
    """Sort, drop empty and merge touching or overlapping spans."""
    result: list[Interval] = []
    for start, end in sorted(s for s in spans if s[1] > s[0]):
        if result and start <= result[-1][1]:
            if end > result[-1][1]:
                result[-1] = (result[-1][0], end)
        else:
            result.append((start, end))
    return result


def intersect(a: list[Interval], b: list[Interval]) -> list[Interval]:
    """Return what is in both normalised sets."""
    result: list[Interval] = []
    i = j = 0
    while i < len(a) and j < len(b):
        start, end = max(a[i][0], b[j][0]), min(a[i][1], b[j][1])
        if start < end:
            result.append((start, end))
        if a[i][1] < b[j][1]:
            i += 1
        else:
            j += 1
    return result


def subtract(a: list[Interval], b: list[Interval]) -> list[Interval]:
    """Return what is in normalised `a` and not in normalised `b`."""
    result: list[Interval] = []
    j = 0
    for start, end in a:
        while j < len(b) and b[j][1] <= start:
            j += 1
        k, at = j, start
        while k < len(b) and b[k][0] < end:
            if b[k][0] > at:
                result.append((at, b[k][0]))
            at = max(at, b[k][1])
            k += 1
        if at < end:
            result.append((at, end))
    return result


def clip(spans: Iterable[Interval], start: int, end: int) -> list[Interval]:
    """Return the normalised part of `spans` inside [start, end)."""
    return normalise((max(s, start), min(e, end)) for s, e in spans)


def total(spans: Iterable[Interval]) -> int:
    """Return the summed length in µs of disjoint spans."""
    return sum(end - start for start, end in spans)
