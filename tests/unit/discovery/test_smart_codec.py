"""Keyframes that are rare give a smart codec away; a short look says nothing."""

from __future__ import annotations

import pytest

from camera_gateway.discovery.probe import smart_codec


@pytest.mark.parametrize(
    ("gop_s", "span_s", "said"),
    [
        (1.0, 5.0, False),
        (4.0, 15.0, False),
        (10.0, 30.0, False),
        (12.0, 30.0, True),
        (None, 15.0, True),
        (None, 1.0, None),
    ],
)
def test_a_smart_codec_shows_by_the_distance_of_its_keyframes(
    gop_s: float | None,
    span_s: float,
    said: bool | None,  # noqa: FBT001 - a parameter
) -> None:
    assert smart_codec(gop_s, span_s) is said
