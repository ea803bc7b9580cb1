"""Invariants T1, T2: wall time follows our clock by the least delayed picture, in bounds, without seams."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_gateway.domain.footage import ClockMethod
from camera_gateway.ingest.timeline import (
    CORRECTION_PPM,
    HOLD_US,
    US,
    Timeline,
    TrackClock,
)

HZ = 90_000
WALL = 1_700_000_000 * US
FRAME = HZ // 25


def timeline(**more: int) -> Timeline:
    return Timeline(HZ, wall_offset_us=WALL, **more)


def play(line: Timeline, frames: range, *, late_us: int = 0, ppm: float = 0.0, first: int = 0) -> int:
    """Feed frames that arrive `late_us` after their capture by a camera clock that is off by `ppm`."""
    ticks = None
    for n in frames:
        ticks = line.observe(first + n * FRAME, round(n * 40_000 * (1 + ppm / US)) + late_us)
        assert ticks is not None
    assert ticks is not None
    return ticks


def test_a_run_begins_when_its_least_delayed_picture_says() -> None:
    line = timeline()
    for n, late_us in enumerate([90_000, 40_000, 70_000, 12_000, 55_000]):
        line.observe(n * FRAME, n * 40_000 + late_us)
    assert line.settle() == WALL + 12_000


def test_a_burst_of_old_pictures_at_the_start_does_no_harm() -> None:
    line = timeline()
    for n in range(200):  # eight seconds of pictures in one instant: the server begins at its last keyframe
        assert line.observe(n * FRAME, 8_000_000) is not None
    for n in range(200, 225):
        assert line.observe(n * FRAME, n * 40_000 + 5_000) is not None
    assert line.settle() == WALL + 5_000


@pytest.mark.parametrize("ppm", [-500, -80, 0, 80, 500])
def test_after_a_day_of_drift_the_error_is_still_small(ppm: int) -> None:
    line = timeline()
    rng = random.Random(ppm)
    worst = 0
    for minute in range(24 * 60):
        # eight pictures a minute stand for its 1500: the least delayed of them come within 5 ms
        for n in range(minute * 1500, (minute + 1) * 1500, 188):
            late = rng.randrange(0, 60_000) if n % 376 else rng.randrange(0, 5_000)
            assert line.observe(n * FRAME, round(n * 40_000 * (1 + ppm / US)) + late) is not None
        if minute == 0:
            line.settle()
        end = (minute + 1) * 1500
        line.observe(end * FRAME, round(end * 40_000 * (1 + ppm / US)))
        wall = line.cut(end * FRAME)
        truth = WALL + round(end * 40_000 * (1 + ppm / US))
        worst = max(worst, abs(wall - truth))
    assert worst < 100_000


def test_a_correction_never_exceeds_its_bound() -> None:
    line = timeline()
    play(line, range(1500), late_us=900_000)
    line.settle()
    play(line, range(1500, 1501), late_us=0)
    length_us = 1500 * 40_000
    wall = line.cut(1500 * FRAME)
    assert wall == line.map_wall_us
    shrunk = WALL + 900_000 + length_us - wall
    assert shrunk == length_us * CORRECTION_PPM // US


def test_a_step_of_rtp_time_ahead_of_every_arrival_is_a_jump() -> None:
    line = timeline()
    play(line, range(100))
    assert line.observe(100 * FRAME + 5 * HZ, 100 * 40_000) is None


def test_a_step_backwards_is_a_jump() -> None:
    line = timeline()
    play(line, range(100))
    assert line.observe(50 * FRAME, 100 * 40_000) is None


def test_a_pause_of_the_camera_is_no_jump() -> None:
    line = timeline()
    play(line, range(100))
    assert line.observe(100 * FRAME + 30 * HZ, 100 * 40_000 + 30 * US) == 100 * FRAME + 30 * HZ


def test_a_network_that_held_everything_back_and_dropped_some_is_no_jump() -> None:
    line = timeline()
    play(line, range(100))
    play(line, range(100, 200), late_us=8 * US)
    assert line.observe(300 * FRAME, 299 * 40_000 + 8 * US) is not None


def test_reordered_pictures_are_no_jump() -> None:
    line = timeline()
    shown = [0, 3, 1, 2, 6, 4, 5]
    times = [line.observe(n * FRAME, position * 40_000) for position, n in enumerate(shown)]
    assert times == [n * FRAME for n in shown]


def test_after_a_jump_time_goes_on_by_arrival() -> None:
    line = timeline()
    play(line, range(100))
    line.settle()
    assert line.observe(10**9, 100 * 40_000) is None
    ticks = line.rebase(10**9, 100 * 40_000, FRAME)
    assert ticks == 100 * FRAME
    assert line.observe(10**9 + FRAME, 101 * 40_000) == 101 * FRAME


def test_a_step_of_our_own_clock_is_told_and_slew_is_not() -> None:
    line = timeline()
    for second in range(600):
        assert not line.wall_offset(WALL + second * 500)
    assert line.wall_offset(WALL + 600 * 500 + 600_000)


def test_after_our_clock_went_forward_the_next_run_begins_by_the_new_clock() -> None:
    line = timeline()
    last = play(line, range(100))
    line.settle()
    after = line.successor(last + FRAME, 100 * FRAME, WALL + 3600 * US)
    assert after.wall_of(0) == line.wall_of(last + FRAME) + 3600 * US


@pytest.mark.parametrize("back_us", [US, 60 * US, HOLD_US - 10 * US])
def test_after_our_clock_went_back_no_run_overlaps_the_one_before(back_us: int) -> None:
    line = timeline()
    last = play(line, range(100))
    line.settle()
    end = line.wall_of(last + FRAME)
    after = line.successor(last + FRAME, 100 * FRAME, WALL - back_us)
    assert after.wall_of(0) == end
    fresh = Timeline(HZ, wall_offset_us=WALL - back_us, floor_us=end)
    play(fresh, range(100))
    assert fresh.settle() == end


def test_after_our_clock_went_back_for_hours_the_true_time_wins() -> None:
    line = timeline(floor_us=WALL + 2 * HOLD_US)
    play(line, range(10))
    assert line.settle() == WALL


def test_the_mapping_returns_quickly_after_the_clock_was_set_back() -> None:
    line = Timeline(HZ, wall_offset_us=WALL, floor_us=WALL + 10 * US)
    play(line, range(25))
    assert line.settle() == WALL + 10 * US
    starts = [line.map_wall_us]
    for minute in range(20):
        play(line, range(25 + minute * 1500, 25 + (minute + 1) * 1500))
        starts.append(line.cut((25 + (minute + 1) * 1500) * FRAME))
    assert starts == sorted(set(starts))
    assert abs(line.error_us()) <= US


def test_no_sender_report_means_arrival_and_no_offset() -> None:
    line = timeline()
    play(line, range(30))
    line.settle()
    facts = line.facts()
    assert (facts.method, facts.offset_us) == (ClockMethod.ARRIVAL, None)
    assert facts.uncertainty_us >= 200_000


@pytest.mark.parametrize("offset_s", [-7200, -3, 0, 5, 3600])
def test_sender_reports_tell_how_far_the_camera_is_off_and_move_nothing(offset_s: int) -> None:
    line = timeline()
    play(line, range(30), first=77)
    start = line.settle()
    line.clock.report(WALL + 400_000 + offset_s * US, 77 + 10 * FRAME)
    facts = line.facts()
    assert (facts.method, facts.offset_us) == (ClockMethod.SENDER_REPORT, offset_s * US)
    assert line.wall_of(0) == start


def test_a_camera_clock_of_1970_is_reported_and_not_trusted() -> None:
    line = timeline()
    play(line, range(30))
    line.settle()
    line.clock.report(400_000, 10 * FRAME)
    facts = line.facts()
    assert (facts.method, facts.offset_us) == (ClockMethod.ARRIVAL, -WALL)


def test_a_step_of_the_sender_reports_is_an_event_and_no_jump_of_media_time() -> None:
    clock = TrackClock(HZ)
    clock.origin = 0
    for n in range(5):
        clock.report(WALL + n * 5 * US, n * 5 * HZ)
    clock.report(WALL + 25 * US + 3600 * US, 25 * HZ)
    assert clock.steps == 1
    assert clock.base_us == WALL + 3600 * US


def test_one_wrong_sender_report_moves_the_offset_by_nothing() -> None:
    clock = TrackClock(HZ)
    clock.origin = 0
    for n in range(5):
        clock.report(WALL + n * 5 * US + (200_000 if n == 3 else 0), n * 5 * HZ)
    assert clock.base_us == WALL


@given(
    lates=st.lists(st.integers(0, 3 * US), min_size=30, max_size=300),
    every=st.integers(5, 29),
    slews=st.lists(st.integers(-400, 400), min_size=10, max_size=10),
)
def test_cuts_touch_and_starts_strictly_increase_whatever_the_network_does(
    lates: list[int], every: int, slews: list[int]
) -> None:
    line = timeline()
    walls: list[int] = []
    offset = WALL
    for n, late in enumerate(lates):
        assert line.observe(n * FRAME, n * 40_000 + late) is not None
        if n == every:
            walls.append(line.settle())
        elif n > every and n % every == 0:
            offset += slews[n % 10]
            assert not line.wall_offset(offset)
            before = line.wall_of(n * FRAME)
            walls.append(line.cut(n * FRAME))
            assert line.wall_of(n * FRAME) == walls[-1]
            assert abs(walls[-1] - before) <= every * 40_000 * 20_000 // US + 1
    assert walls == sorted(set(walls))
