"""Times as people write them, in whatever zone, and as they are kept: UTC (T3)."""

from __future__ import annotations

import pytest

from camera_gateway.cli.times import parse_time
from camera_gateway.clock import rfc3339

NOW = 1_795_338_000_000_000  # 2026-11-22T09:00:00Z


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", "2026-11-22T09:00:00Z"),
        ("-2h", "2026-11-22T07:00:00Z"),
        ("-1.5h", "2026-11-22T07:30:00Z"),
        ("-30m", "2026-11-22T08:30:00Z"),
        ("+10s", "2026-11-22T09:00:10Z"),
        ("-1d", "2026-11-21T09:00:00Z"),
        ("2026-11-22T10:15:00+05:00", "2026-11-22T05:15:00Z"),
        ("2026-11-22T10:15:00.250Z", "2026-11-22T10:15:00.250Z"),
    ],
)
def test_a_time_is_understood(text: str, expected: str) -> None:
    assert rfc3339(parse_time(text, NOW)) == expected


@pytest.mark.parametrize("text", ["", "yesterday", "2h", "2026-11-22T10:15:00", "-2x", "12:00"])
def test_a_time_that_is_not_clear_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a time|has no zone"):
        parse_time(text, NOW)
