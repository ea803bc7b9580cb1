"""Decisions about uploading: windows in the site's time, rates, ETA, forecast, back-off, who goes first."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_gateway.clock import from_datetime, to_datetime
from camera_gateway.domain.bandwidth import Bandwidth, Share
from camera_gateway.domain.footage import SegmentState
from camera_gateway.domain.ids import SegmentId
from camera_gateway.upload.policy import (
    BackOff,
    Droppable,
    Pending,
    SpoolRoom,
    Step,
    bytes_to_free,
    choose_drops,
    eta_us,
    next_pace_change_us,
    next_step,
    pace_at,
    spool_seconds_until_loss,
    upload_schedule,
)

ALMATY = "Asia/Almaty"
NIGHT = ("daily 22:00-06:00",)
SECOND = 1_000_000
HOUR = 3_600 * SECOND
MB = 1_000_000


def at(text: str, zone: str = ALMATY, fold: int = 0) -> int:
    return from_datetime(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold))


def pending(
    backlog: int = 0,
    windows: tuple[str, ...] = NIGHT,
    holidays: tuple[str, ...] = (),
    bps: Bandwidth | None = 8 * MB,
    outside: Bandwidth | None = 0,
    measured: int | None = None,
) -> Pending:
    return Pending(backlog, upload_schedule(windows, holidays, ()), ALMATY, bps, outside, measured)


def local(us: int | None) -> str:
    assert us is not None
    return to_datetime(us).astimezone(ZoneInfo(ALMATY)).strftime("%Y-%m-%d %H:%M:%S")


def test_the_site_comes_before_the_installation_and_none_means_always() -> None:
    now = at("2026-03-04 12:00")
    own = upload_schedule(("daily 11:00-13:00",), (), NIGHT)
    assert pace_at(Pending(0, own, ALMATY, 5, 0), now).rate_bps == 5
    assert pace_at(Pending(0, upload_schedule((), (), NIGHT), ALMATY, 5, 0), now).holding
    assert pace_at(Pending(0, upload_schedule((), (), ()), ALMATY, 5, 0), now).rate_bps == 5


@pytest.mark.parametrize(
    ("when", "inside"),
    [
        ("2026-03-04 21:59:59", False),
        ("2026-03-04 22:00", True),
        ("2026-03-04 23:59:59", True),
        ("2026-03-05 00:00", True),
        ("2026-03-05 05:59:59", True),
        ("2026-03-05 06:00", False),
    ],
)
def test_a_window_goes_across_midnight(when: str, inside: bool) -> None:  # noqa: FBT001 - the table's last column
    assert pace_at(pending(), at(when)).inside is inside


def test_outside_the_window_the_lower_rate_holds_and_zero_holds_everything() -> None:
    noon = at("2026-03-04 12:00")
    assert pace_at(pending(outside=1000), noon).rate_bps == 1000
    assert not pace_at(pending(outside=1000), noon).holding
    assert pace_at(pending(outside=0), noon).holding
    assert pace_at(pending(outside=None), noon).rate_bps is None


def test_on_a_holiday_nobody_needs_the_uplink() -> None:
    closed = pending(holidays=("2026-03-09",))
    assert not pace_at(closed, at("2026-03-08 12:00")).inside
    assert pace_at(closed, at("2026-03-09 12:00")).inside
    assert not pace_at(closed, at("2026-03-10 12:00")).inside


def test_the_next_change_is_told_so_that_nobody_oversleeps_it() -> None:
    assert local(next_pace_change_us(pending(), at("2026-03-04 12:00"))) == "2026-03-04 22:00:00"
    assert local(next_pace_change_us(pending(), at("2026-03-04 23:00"))) == "2026-03-05 06:00:00"
    assert next_pace_change_us(pending(windows=()), at("2026-03-04 12:00")) is None


def test_when_kazakhstan_changed_its_zone_the_window_stayed_on_the_wall_clock() -> None:
    # 2024-03-01 00:00 UTC+6 became 2024-02-29 23:00 UTC+5: that night had an hour more
    opened, closed = at("2024-02-29 22:00"), at("2024-03-01 06:00")
    assert closed - opened == 9 * HOUR
    assert pace_at(pending(), opened).inside
    assert not pace_at(pending(), opened - 1).inside
    assert pace_at(pending(), closed - 1).inside
    assert not pace_at(pending(), closed).inside
    bits = 8 * MB * 9 * 3600
    assert eta_us(pending(bits // 8), at("2024-02-29 12:00")) == closed
    assert local(eta_us(pending(bits // 8 + MB), at("2024-02-29 12:00"))) == "2024-03-01 22:00:01"


def test_an_eta_adds_up_windows_and_the_rate_between_them() -> None:
    noon = at("2026-03-04 12:00")
    assert local(eta_us(pending(60 * MB), noon)) == "2026-03-04 22:01:00"
    assert eta_us(pending(60 * MB, outside=8 * MB), noon) == noon + 60 * SECOND
    night = 8 * 3600 * MB
    assert local(eta_us(pending(night + 60 * MB), noon)) == "2026-03-05 22:01:00"
    assert eta_us(pending(0), noon) == noon


def test_an_eta_knows_the_uplink_where_somebody_has_measured_it() -> None:
    night = at("2026-03-04 23:00")
    assert eta_us(pending(60 * MB, bps=None, measured=4 * MB), night) == night + 120 * SECOND
    assert eta_us(pending(60 * MB, measured=4 * MB), night) == night + 120 * SECOND
    assert eta_us(pending(60 * MB, bps=None), night) == night
    assert local(eta_us(pending(60 * MB, bps=None), at("2026-03-04 12:00"))) == "2026-03-04 22:00:00"


def test_a_share_of_the_uplink_is_no_cap_until_somebody_has_measured_it() -> None:
    noon, night = at("2026-03-04 12:00"), at("2026-03-04 23:00")
    share = pending(60 * MB, bps=Share(50), outside=Share(0))
    assert pace_at(share, night).rate_bps is None
    assert pace_at(share, noon).holding
    assert local(eta_us(share, noon)) == "2026-03-04 22:00:00"
    known = pending(60 * MB, bps=Share(50), outside=Share(10), measured=8 * MB)
    assert (pace_at(known, night).rate_bps, pace_at(known, noon).rate_bps) == (4 * MB, 8 * MB // 10)
    assert eta_us(known, night) == night + 120 * SECOND
    assert eta_us(known, noon) == noon + 600 * SECOND
    assert spool_seconds_until_loss(known, 100 * MB, 8 * MB, night) == 200


def test_a_backlog_that_never_leaves_has_no_eta() -> None:
    assert eta_us(pending(MB, bps=0), at("2026-03-04 12:00")) is None
    assert eta_us(pending(10**18), at("2026-03-04 12:00")) is None


@given(
    backlog=st.integers(0, 10**12),
    more=st.integers(0, 10**10),
    start=st.integers(0, 7 * 24 * 3600),
    bps=st.integers(10**6, 10**9),
    outside=st.integers(0, 10**6),
)
def test_more_backlog_never_arrives_earlier_and_never_faster_than_the_uplink(
    backlog: int, more: int, start: int, bps: int, outside: int
) -> None:
    now = at("2026-03-02 00:00") + start * SECOND
    first = eta_us(pending(backlog, bps=bps, outside=outside), now)
    second = eta_us(pending(backlog + more, bps=bps, outside=outside), now)
    assert second is None or (first is not None and first <= second)
    assert first is None or (first - now) * max(bps, outside) >= backlog * 8 * SECOND - max(bps, outside)


def test_a_spool_that_only_fills_is_lost_when_it_is_full() -> None:
    noon = at("2026-03-04 12:00")
    assert spool_seconds_until_loss(pending(), 1000 * MB, 8 * MB, noon) == 1000
    assert spool_seconds_until_loss(pending(), 0, 8 * MB, noon) == 0
    assert spool_seconds_until_loss(pending(), -5, 8 * MB, noon) == 0


def test_a_window_that_opens_in_time_saves_the_spool_and_one_too_narrow_does_not() -> None:
    noon = at("2026-03-04 12:00")
    day = 16 * 3600 * MB + MB  # what comes in while the window is shut, and a little
    assert spool_seconds_until_loss(pending(bps=32 * MB), day, 8 * MB, noon) is None
    narrow = spool_seconds_until_loss(pending(bps=9 * MB), day, 8 * MB, noon)
    assert narrow is not None
    assert 16 * 3600 < narrow < 3 * 86_400
    assert spool_seconds_until_loss(pending(windows=(), bps=None), MB, 8 * MB, noon) is None


def test_what_is_sent_frees_no_more_than_there_is_backlog() -> None:
    night = at("2026-03-04 22:00")
    # eight idle hours of a fast uplink do not add room: after 06:00 the same free space fills up
    lost = spool_seconds_until_loss(pending(bps=80 * MB), 3600 * MB, 8 * MB, night)
    assert lost == 8 * 3600 + 3600


@pytest.mark.parametrize(
    ("state", "step"),
    [
        (SegmentState.SPOOLED, Step.PUT),
        (SegmentState.INTENDED, Step.ASK),
        (SegmentState.PUT, Step.READ_BACK),
        (SegmentState.STORED, Step.NOTHING),
        (SegmentState.LOST, Step.NOTHING),
    ],
)
def test_each_state_has_its_next_step(state: SegmentState, step: Step) -> None:
    assert next_step(state) is step


@given(attempts=st.integers(1, 200), who=st.text(max_size=20))
def test_a_back_off_grows_to_its_cap_and_is_the_same_each_time(attempts: int, who: str) -> None:
    again = BackOff(SECOND, 60 * SECOND)
    delay = again.delay_us(attempts, who)
    whole = min(60 * SECOND, SECOND * 2 ** (attempts - 1))
    assert whole // 2 <= delay <= whole
    assert delay == again.delay_us(attempts, who)


def test_two_segments_do_not_come_back_at_the_same_moment() -> None:
    again = BackOff(60 * SECOND, 60 * SECOND)
    assert len({again.delay_us(3, f"segment-{n}") for n in range(50)}) == 50


def droppable(name: str, start: int, size: int, *, held: bool = False, safe: bool = False) -> Droppable:
    return Droppable(SegmentId(name), start, size, held, safe)


def test_copies_go_first_then_the_oldest_and_never_the_held() -> None:
    candidates = [
        droppable("new", 3, 10),
        droppable("held", 0, 10, held=True),
        droppable("copy", 5, 10, safe=True),
        droppable("old", 1, 10),
    ]
    assert [c.segment for c in choose_drops(15, candidates)] == ["copy", "old"]
    assert [c.segment for c in choose_drops(1000, candidates)] == ["copy", "old", "new"]
    assert choose_drops(0, candidates) == []


def test_room_is_what_quota_and_disk_both_allow() -> None:
    assert SpoolRoom(40, 100, 1000).free_bytes == 60
    assert SpoolRoom(40, 100, 10).free_bytes == 10
    assert SpoolRoom(40, None, 10).free_bytes == 10
    assert bytes_to_free(SpoolRoom(95, 100, 1000), 20) == 15
    assert bytes_to_free(SpoolRoom(40, 100, 1000), 20) == 0


def test_the_windows_of_a_year_follow_the_wall_clock() -> None:
    day = datetime(2024, 1, 1, tzinfo=ZoneInfo(ALMATY))
    for number in range(0, 366, 7):
        noon = (day + timedelta(days=number)).replace(hour=12)
        assert local(next_pace_change_us(pending(), from_datetime(noon)))[11:] == "22:00:00"
