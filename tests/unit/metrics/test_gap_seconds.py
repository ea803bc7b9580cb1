"""Seconds of gaps are counted while the gap is open, and each once: whatever comes first, its record or a status."""

from __future__ import annotations

import random

import pytest

from camera_gateway.clock import US
from camera_gateway.domain.footage import GapCause
from camera_gateway.metrics import Metrics
from camera_gateway.roles.gap_seconds import BEHIND_US, FORGET_US, GapSeconds

START = 1_700_000_000 * US
LOST, OFF = GapCause.CAMERA_UNREACHABLE, GapCause.SCHEDULE_OFF
HOUR = 3_600


class Counted:
    """A camera's gaps in seconds after the start, and what the metric says of them."""

    def __init__(self, since_s: float = 0) -> None:
        self._metrics = Metrics()
        self._gaps = GapSeconds(self._metrics, START + int(since_s * US))

    def goes_on(self, from_s: float, now_s: float, cause: GapCause = LOST) -> float:
        self._gaps.goes_on("hall", cause, START + int(from_s * US), START + int(now_s * US))
        return self.seconds()

    def record(self, from_s: float, to_s: float, cause: GapCause = LOST) -> float:
        self._gaps.written_down("hall", cause, START + int(from_s * US), START + int(to_s * US))
        return self.seconds()

    def seconds(self, cause: GapCause | None = None) -> float:
        (family,) = self._metrics.gap_seconds.collect()
        samples = [one for one in family.samples if one.name == "gap_seconds_total"]
        return sum(one.value for one in samples if cause in {None, one.labels["cause"]})


def test_an_open_gap_counts_before_its_record_is_written() -> None:
    hall = Counted()
    assert hall.goes_on(100, 105) == 0
    assert hall.goes_on(100, 400) == 300 - BEHIND_US / US
    assert hall.goes_on(100, 405) == 305 - BEHIND_US / US


def test_the_record_adds_what_was_not_counted() -> None:
    hall = Counted()
    hall.goes_on(100, 400)
    assert hall.record(100, 403.5) == pytest.approx(303.5)
    assert hall.record(900, 960) == pytest.approx(363.5), "a gap that was never seen open"


def test_a_status_that_is_older_than_the_record_adds_nothing() -> None:
    hall = Counted()
    hall.goes_on(100, 400)
    hall.record(100, 403)
    assert hall.goes_on(100, 404) == 303


def test_a_record_that_comes_when_the_next_gap_is_open_is_counted_whole() -> None:
    hall = Counted()
    hall.goes_on(100, 160)
    hall.goes_on(300, 360)
    assert hall.record(100, 170) == 70 + 50


def test_what_was_open_before_the_start_was_counted_by_the_process_before() -> None:
    hall = Counted(since_s=2_000)
    assert hall.goes_on(100, 1_900) == 0
    assert hall.goes_on(100, 2_010) == 0
    assert hall.goes_on(100, 2_110) == 100
    assert hall.record(100, 2_110) == 110


def test_each_part_is_counted_under_the_cause_that_was_told_first() -> None:
    hall = Counted()
    hall.goes_on(0, 110, LOST)
    hall.record(0, 120, LOST)
    hall.goes_on(120, 230, OFF)
    hall.record(120, 240, OFF)
    assert (hall.seconds(LOST), hall.seconds(OFF)) == (120, 120)


def test_a_gap_that_is_written_down_each_hour_and_stays_open_is_counted_once() -> None:
    hall, since = Counted(), 0
    for now in range(30, 30 * HOUR, 30):
        if now - since >= HOUR:
            hall.record(since, now)
            since = now
        hall.goes_on(since, now)
    assert hall.record(since, 30 * HOUR) == 30 * HOUR


@pytest.mark.parametrize("seed", range(10))
def test_gaps_at_random_are_counted_to_the_second(seed: int) -> None:
    chance, hall, now, truth, late = random.Random(seed), Counted(), 0, 0, []
    for _ in range(60):
        start = now + chance.randrange(1, 400)
        end = start + chance.randrange(1, 2_000)
        for look in range(start, end, 40):
            hall.goes_on(start, look)
        late.append((start, end))
        if chance.random() < 0.7 or end - late[0][0] > HOUR:
            for one in late:
                hall.record(*one)
            late = []
        if chance.random() < 0.3:
            hall.goes_on(start, end + 1)  # a status that has not heard of the end
        truth, now = truth + end - start, end
        assert len(hall._gaps._counted["hall"]) <= FORGET_US // US
    for one in late:
        hall.record(*one)
    assert hall.seconds() == truth
