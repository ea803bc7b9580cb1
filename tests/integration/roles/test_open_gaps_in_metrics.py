"""The metric of gap seconds hears of a gap that is still open, from the recorder's status, and of its record once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.catalogue_rows import gap_value
from support.watched_house import SWITCH, watched_house

from camera_gateway.clock import US, HeldClock
from camera_gateway.domain.footage import GapCause
from camera_gateway.metrics import Metrics
from camera_gateway.roles.gap_seconds import BEHIND_US, GapSeconds
from camera_gateway.roles.observers import IntakeEar
from camera_gateway.roles.reporting import Reporter

if TYPE_CHECKING:
    from pathlib import Path

START_US = 1_700_000_000 * US


def told(metrics: Metrics) -> dict[tuple[str, str], float]:
    """Return the seconds by camera and cause, without those that are 0."""
    (family,) = metrics.gap_seconds.collect()
    return {
        (sample.labels["camera"], sample.labels["cause"]): sample.value
        for sample in family.samples
        if sample.name == "gap_seconds_total" and sample.value
    }


@pytest.mark.timeout(60)
async def test_a_gap_counts_while_it_is_open_and_its_record_is_not_counted_again(tmp_path: Path) -> None:
    clock = HeldClock(START_US)
    with watched_house(tmp_path, clock) as house:
        metrics = Metrics()
        gaps = GapSeconds(metrics, START_US)
        reporter, ear = Reporter(house.gateway, metrics, gaps), IntakeEar(gaps)
        lost, key = SWITCH[3], (SWITCH[3], GapCause.CAMERA_UNREACHABLE.value)
        for minutes in (1, 5, 20):
            await clock.advance(minutes * 60 - (clock.now_us() - START_US) / US)
            house.say(lost=[lost], since_us=START_US)
            await reporter.report()
            assert told(metrics) == {key: minutes * 60 - BEHIND_US / US}
        end_us = clock.now_us() + 5 * US
        record = gap_value("one", lost, START_US, end_us, GapCause.CAMERA_UNREACHABLE)
        ear.gap_taken(record)
        await clock.advance(6)
        house.say(back=[lost], back_us=end_us)
        await reporter.report()
        assert told(metrics) == {key: 20 * 60 + 5}
