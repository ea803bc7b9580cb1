"""500 institution-months, broken by somebody who remembers each minute: what is found is what was done."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest
from support.broken_months import (
    CAMERA,
    CLOCKS,
    GATEWAY,
    KEPT,
    LOST,
    MAINTENANCE,
    Month,
    broken_month,
    flags_of,
    runs_of,
)
from support.judged import HOUR, MINUTE, judge, of_rule

from camera_gateway.domain.standard import Result

if TYPE_CHECKING:
    from camera_gateway.domain.finding import Finding

MONTHS = 500
NOT_KEPT = bytes(code != KEPT for code in range(256))
PARTS = 10


def minutes(month: Month, *states: int) -> int:
    return sum(month.minutes.count(state) for state in states)


def the_archive(month: Month, findings: list[Finding]) -> None:
    whole, kept = len(month.minutes), minutes(month, KEPT)
    found = of_rule(findings, "coverage")
    assert found.data["kept_s"] == kept * 60
    names = {
        "camera-unreachable": CAMERA,
        "gateway-down": GATEWAY,
        "not-in-bucket": LOST,
        "planned-maintenance": MAINTENANCE,
    }
    missing = {name: minutes(month, state) * 60 for name, state in names.items()}
    assert found.data["missing_s"] == {name: seconds for name, seconds in missing.items() if seconds}
    assert found.data["expected_s"] == kept * 60 + sum(missing.values()) == whole * 60
    assert found.result is (Result.PASS if kept >= 0.99 * whole else Result.FAIL)


def the_uptime(month: Month, findings: list[Finding]) -> None:
    found = of_rule(findings, "uptime")
    down, up = minutes(month, CAMERA), minutes(month, KEPT, LOST)
    assert (found.data["down_s"], found.data["up_s"]) == (down * 60, up * 60)
    assert found.data["observer_down_s"] == minutes(month, GATEWAY) * 60
    assert found.data["excused_s"] == minutes(month, MAINTENANCE) * 60
    assert found.data["required_s"] == len(month.minutes) * 60
    expected = Result.UNKNOWN if not up + down else Result.PASS if up >= 0.99 * (up + down) else Result.FAIL
    assert found.result is expected


def the_days(month: Month, findings: list[Finding]) -> None:
    good = []
    for begin, end in zip(month.edges, month.edges[1:], strict=False):
        day = month.minutes[begin:end]
        holes = [b - a for a, b in runs_of(day.translate(NOT_KEPT))]
        good.append(day.count(KEPT) >= 0.99 * len(day) and max(holes, default=0) <= 5)
    run = next((n for n, whole in enumerate(reversed(good)) if not whole), len(good))
    found = of_rule(findings, "retention-floor")
    assert found.data["complete_days"] == run
    assert len(found.data["incomplete"]) == good.count(False)
    assert found.result is (Result.PASS if run >= 31 else Result.FAIL)


def the_stream(month: Month, findings: list[Finding]) -> None:
    rate, clock = of_rule(findings, "fps"), of_rule(findings, "time-offset")
    lowest = []
    for begin, end in zip(month.edges, month.edges[1:], strict=False):
        rates = sorted(fps for minute, fps in month.starts if begin <= minute < end)
        if rates:
            lowest.append(rates[(len(rates) - 1) * 5 // 100])
    if not lowest:
        assert (rate.result, clock.result) == (Result.UNKNOWN, Result.UNKNOWN)
        return
    assert rate.measured == f"{min(lowest):.2f} 1/s"
    assert rate.result is (Result.PASS if min(lowest) >= 15 else Result.FAIL)
    there = flags_of(month.minutes, KEPT, LOST)
    worst = max(abs(us) for code, us in enumerate(CLOCKS) if flags_of(month.clock, code) & there)
    assert abs(clock.data["offset_s"]) == worst / 1e6
    assert clock.result is (Result.PASS if worst <= 5_000_000 else Result.FAIL)


def the_zone(month: Month, findings: list[Finding]) -> None:
    shown = (flags_of(month.minutes, KEPT, LOST) & flags_of(month.frozen, 0)).bit_count()
    hidden = minutes(month, GATEWAY)
    dark = len(month.minutes) - shown - hidden
    found = of_rule(findings, "coverage-zones", "institution:i1/zone:hall")
    assert found.data["covered_s"] == shown * 60
    assert (found.data["uncovered_s"], found.data["observer_down_s"]) == (dark * 60, hidden * 60)
    dead = month.frozen[-1] or month.minutes[-1] in {CAMERA, MAINTENANCE}
    if dead or (shown + dark and shown < 0.99 * (shown + dark)):
        assert found.result is Result.FAIL
    else:
        assert found.result is (Result.PASS if shown + dark else Result.UNKNOWN)


def the_losses(month: Month, findings: list[Finding]) -> None:
    joined: list[list[int]] = []
    for begin, end in month.runs(CAMERA):
        if joined and begin - joined[-1][1] <= 1:
            joined[-1][1] = end
        else:
            joined.append([begin, end])
    long = [(a, b) for a, b in joined if b - a > 240]
    late = 0
    for begin, end in long:
        due = month.start_us + begin * MINUTE + 28 * HOUR
        told = min((us for minute, us in month.reports.items() if begin <= minute < end), default=None)
        late += due <= month.now_us if told is None else told > due
    found = of_rule(findings, "outage-notify")
    assert (found.data["losses"], found.data["late"]) == (len(long), late)
    assert found.result is (Result.FAIL if late else Result.PASS)


@pytest.mark.parametrize("part", range(PARTS))
def test_what_is_found_is_what_was_done(part: int) -> None:
    for number in range(part, MONTHS, PARTS):
        month = broken_month(Random(f"month {number}"))
        record = month.record()
        house = judge("house-baseline", record, month.start_us)
        law = judge("kz-edu-117-2022", record, month.start_us)
        for truth, findings in (
            (the_archive, house), (the_uptime, house), (the_days, house), (the_stream, house), (the_losses, house),
            (the_zone, law),
        ):  # fmt: skip
            try:
                truth(month, findings)
            except AssertionError as error:
                error.add_note(f"month {number}, {truth.__name__}, from {month.first}")
                raise
