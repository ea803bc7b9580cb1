"""Which cameras are due for a look: each once in its own ten minutes, whatever was missed."""

from __future__ import annotations

from itertools import pairwise

from camera_gateway.actions.looking import PERIOD_US
from camera_gateway.clock import US
from camera_gateway.domain.ids import CameraId
from camera_gateway.roles.looking import due

CAMERAS = [CameraId(f"cam-{number:03d}") for number in range(200)]
START_US = 1_760_000_000 * US


def day_of_looks(cameras: list[CameraId], rounds: range) -> dict[CameraId, list[int]]:
    """Look at whatever is due, all at once, each five seconds."""
    last: dict[CameraId, int] = {}
    seen: dict[CameraId, list[int]] = {camera: [] for camera in cameras}
    for number in rounds:
        now_us = START_US + number * 5 * US
        for camera in due(cameras, last, now_us):
            last[camera] = now_us
            seen[camera].append(now_us)
    return seen


def test_each_camera_is_looked_at_every_ten_minutes_and_they_are_spread() -> None:
    seen = day_of_looks(CAMERAS, range(3 * 120))
    moments: dict[int, int] = {}
    for times in seen.values():
        regular = times[1:]  # the first may be made up for
        assert all(b - a == PERIOD_US for a, b in pairwise(regular))
        assert len(times) in {3, 4}
        moments[regular[0]] = moments.get(regular[0], 0) + 1
    assert max(moments.values()) <= 8, "200 cameras in 120 rounds: two a round, and not all at once"


def test_what_was_missed_is_made_up_for_once_the_longest_ago_first() -> None:
    old, older, never = CAMERAS[:3]
    last = {old: START_US - 7_200 * US, older: START_US - 9_000 * US}
    assert due([old, older, never], last, START_US) == [never, older, old]
    last = dict.fromkeys([old, older, never], START_US)
    assert due([old, older, never], last, START_US) == []
    assert due([old, older, never], last, START_US + PERIOD_US) != []


def test_a_clock_that_was_set_back_stops_nothing_for_longer_than_the_step() -> None:
    camera = CAMERAS[0]
    assert due([camera], {camera: START_US + 60 * US}, START_US + 60 * US + PERIOD_US) == [camera]
