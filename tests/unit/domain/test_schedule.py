"""Weekly windows in a site's time zone: across midnight, holidays, and the day the zone itself changed."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_gateway.clock import from_datetime, rfc3339
from camera_gateway.domain.intervals import total
from camera_gateway.domain.schedule import active, always, is_active, next_change, parse_schedule, parse_window
from camera_gateway.errors import InvalidInput

HOUR = 3_600_000_000
ALMATY = "Asia/Almaty"


def at(text: str, zone: str = ALMATY) -> int:
    return from_datetime(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)))


def shown(spans: list[tuple[int, int]]) -> list[tuple[str, str]]:
    return [(rfc3339(a), rfc3339(b)) for a, b in spans]


def test_a_school_records_on_school_days_in_local_time() -> None:
    school = parse_schedule(["mon-fri 07:00-20:00"])
    spans = active(school, ALMATY, at("2026-11-20T00:00"), at("2026-11-24T00:00"))
    assert shown(spans) == [
        ("2026-11-20T02:00:00Z", "2026-11-20T15:00:00Z"),
        ("2026-11-23T02:00:00Z", "2026-11-23T15:00:00Z"),
    ]


def test_a_window_over_midnight_belongs_to_the_day_it_starts_on() -> None:
    night = parse_schedule(["fri 22:00-06:00"])
    spans = active(night, ALMATY, at("2026-11-20T00:00"), at("2026-11-23T00:00"))
    assert spans == [(at("2026-11-20T22:00"), at("2026-11-21T06:00"))]
    assert is_active(night, ALMATY, at("2026-11-21T05:59"))
    assert not is_active(night, ALMATY, at("2026-11-21T06:00"))


def test_the_end_of_a_window_over_midnight_is_seen_from_the_next_day_alone() -> None:
    night = parse_schedule(["daily 22:00-06:00"])
    assert active(night, ALMATY, at("2026-11-21T00:00"), at("2026-11-21T12:00")) == [
        (at("2026-11-21T00:00"), at("2026-11-21T06:00"))
    ]


def test_nothing_starts_on_a_holiday() -> None:
    school = parse_schedule(["mon-fri 07:00-20:00"], ["2026-12-16"])
    assert active(school, ALMATY, at("2026-12-16T00:00"), at("2026-12-17T00:00")) == []
    assert len(active(school, ALMATY, at("2026-12-15T00:00"), at("2026-12-18T00:00"))) == 2


def test_the_night_that_kazakhstan_moved_its_clocks_back_lasts_one_hour_longer() -> None:
    # 1 March 2024: Almaty went from UTC+6 to UTC+5
    night = parse_schedule(["thu 22:00-06:00"])
    spans = active(night, ALMATY, at("2024-02-29T00:00"), at("2024-03-02T00:00"))
    assert total(spans) == 9 * HOUR
    assert shown(spans) == [("2024-02-29T16:00:00Z", "2024-03-01T01:00:00Z")]


def test_round_the_clock_is_round_the_clock_through_any_change_of_zone() -> None:
    assert active(always(), ALMATY, at("2024-02-28T00:00"), at("2024-03-03T00:00")) == [
        (at("2024-02-28T00:00"), at("2024-03-03T00:00"))
    ]


@pytest.mark.parametrize(
    "text", ["", "mon", "mon 7:00-20:00", "funday 07:00-20:00", "mon-fri 25:00-26:00", "daily 07:61-08:00", "mon 07:00"]
)
def test_a_window_that_is_not_understood_says_how_to_write_one(text: str) -> None:
    with pytest.raises(InvalidInput) as error:
        parse_window(text)
    assert error.value.hint


def test_days_may_wrap_around_the_week() -> None:
    assert parse_window("sat-mon 00:00-24:00").days == frozenset({5, 6, 0})


@given(st.integers(at("2023-01-01T00:00"), at("2027-01-01T00:00")), st.integers(1, 40 * 24))
def test_cutting_a_span_in_two_changes_nothing(start: int, hours: int) -> None:
    schedule = parse_schedule(["mon-fri 07:30-18:00", "sat 22:00-02:00"], ["2024-03-01"], ["daily 10:00-11:00"])
    end = start + hours * HOUR
    middle = start + (end - start) // 2
    whole = active(schedule, ALMATY, start, end)
    parts = active(schedule, ALMATY, start, middle) + active(schedule, ALMATY, middle, end)
    assert total(whole) == total(parts)
    assert all(a[1] < b[0] for a, b in pairwise(whole))


def test_the_next_change_is_the_next_edge() -> None:
    school = parse_schedule(["mon-fri 07:00-20:00"])
    assert next_change(school, ALMATY, at("2026-11-20T08:00")) == at("2026-11-20T20:00")
    assert next_change(school, ALMATY, at("2026-11-20T20:00")) == at("2026-11-23T07:00")
    assert next_change(always(), ALMATY, at("2026-11-20T20:00")) is None
