"""The known failures of archives, as named tests: each is judged as an inspector would."""

from __future__ import annotations

from datetime import date

from support.judged import DAY, HOUR, MINUTE, S, at, camera, fact, institution, judge, of_rule, segments

from camera_gateway.clock import to_datetime
from camera_gateway.compliance.daybook import Listing
from camera_gateway.compliance.measure import days_back
from camera_gateway.domain.coverage import Gap
from camera_gateway.domain.footage import GapCause
from camera_gateway.domain.measured import Impaired
from camera_gateway.domain.schedule import active, parse_schedule
from camera_gateway.domain.standard import Result

NOW = at("2026-11-22 12:00")
MONTH_AGO = at("2026-10-22 00:00")
LONG_AGO = at("2026-09-01 00:00")
LAW = "kz-edu-117-2022"


def test_thirteen_of_thirty_days_fail_though_the_oldest_file_is_thirty_days_old() -> None:
    there = [*segments(MONTH_AGO, MONTH_AGO + DAY), *segments(at("2026-11-09 00:00"), NOW)]
    record = camera(there, start_us=MONTH_AGO, now_us=NOW, created_us=LONG_AGO)
    found = of_rule(judge(LAW, institution(record, now_us=NOW), NOW - DAY), "retention-floor")
    assert (found.result, found.measured) == (Result.FAIL, "13 d")
    assert "incomplete: 2026-11-08" in found.evidence
    assert len(found.data["incomplete"]) == 17
    assert found.data["first_day"] == "2026-10-22"


def test_thirty_complete_days_pass_and_the_finding_says_what_nobody_read() -> None:
    record = camera(segments(MONTH_AGO, NOW), start_us=MONTH_AGO, now_us=NOW, created_us=LONG_AGO)
    found = of_rule(judge(LAW, institution(record, now_us=NOW), NOW - DAY), "retention-floor")
    assert (found.result, found.measured, found.verified) == (Result.PASS, "31 d", "secondary")
    assert "house profile" in found.evidence


def test_objects_that_the_bucket_does_not_list_are_not_kept_whatever_the_catalogue_says() -> None:
    there = segments(MONTH_AGO, NOW)
    lost = {s.start_us for s in there if at("2026-11-15 00:00") <= s.start_us < at("2026-11-15 02:00")}
    listing = Listing({s.start_us for s in there} - lost, NOW)
    record = camera(there, start_us=MONTH_AGO, now_us=NOW, created_us=LONG_AGO, listing=listing)
    findings = judge("house-baseline", institution(record, now_us=NOW), MONTH_AGO)
    kept = of_rule(findings, "retention-floor")
    assert (kept.result, kept.measured, kept.data["unseen_segments"]) == (Result.FAIL, "6 d", 8)
    assert of_rule(findings, "coverage").data["missing_s"] == {"not-in-bucket": 7_200}


def test_a_dead_camera_covers_no_zone() -> None:
    dead = camera((), [Gap(MONTH_AGO, NOW, GapCause.CAMERA_UNREACHABLE)], start_us=MONTH_AGO, now_us=NOW, zone="dining")
    found = of_rule(
        judge(LAW, institution(dead, now_us=NOW), NOW - DAY), "coverage-zones", "institution:i1/zone:dining"
    )
    assert (found.result, found.measured) == (Result.FAIL, "0 of 1 living")
    assert found.data["uncovered_s"] == 86_400


def test_a_zone_whose_only_camera_is_down_is_not_covered_and_one_of_two_is() -> None:
    down_at = NOW - 2 * HOUR
    down = camera(
        segments(MONTH_AGO, down_at), [Gap(down_at, NOW, GapCause.CAMERA_UNREACHABLE)], start_us=MONTH_AGO, now_us=NOW,
        zone="hall",
    )  # fmt: skip
    up = camera(segments(MONTH_AGO, NOW), start_us=MONTH_AGO, now_us=NOW, zone="hall", id="c2")
    for cameras, result, uncovered in (((down,), Result.FAIL, 7_200), ((down, up), Result.PASS, 0)):
        found = of_rule(
            judge(LAW, institution(*cameras, now_us=NOW), NOW - DAY), "coverage-zones", "institution:i1/zone:hall"
        )
        assert (found.result, found.data["uncovered_s"], found.data["dead"]) == (result, uncovered, ["c1"])


def test_a_covered_lens_covers_no_zone_though_it_records() -> None:
    blind = camera(
        segments(MONTH_AGO, NOW), start_us=MONTH_AGO, now_us=NOW, zone="hall",
        impaired=(Impaired("covered", NOW - 3 * HOUR, None),),
    )  # fmt: skip
    found = of_rule(judge(LAW, institution(blind, now_us=NOW), NOW - DAY), "coverage-zones", "institution:i1/zone:hall")
    assert (found.result, found.data["uncovered_s"]) == (Result.FAIL, 3 * 3_600)


def test_how_many_entrances_there_are_must_be_declared_before_each_can_be_seen() -> None:
    one = camera(segments(MONTH_AGO, NOW), start_us=MONTH_AGO, now_us=NOW)
    scope = "institution:i1/zone:entrance"
    for facts, result in (
        ({}, Result.UNKNOWN),
        (fact("places.entrance", 1.0), Result.UNKNOWN),
        (fact("places.entrance", 1.0) | fact("places.entrance_emergency", 0.0), Result.PASS),
        (fact("places.entrance", 2.0) | fact("places.entrance_emergency", 0.0), Result.FAIL),
    ):
        record = institution(one, now_us=NOW, facts=facts)
        assert of_rule(judge(LAW, record, NOW - DAY), "coverage-zones", scope).result is result


def test_a_new_camera_without_a_hole_is_accruing_and_with_one_it_fails() -> None:
    since = at("2026-11-10 09:00")
    whole = camera(segments(since, NOW), start_us=since, now_us=NOW)
    found = of_rule(judge(LAW, institution(whole, now_us=NOW), NOW - DAY), "retention-floor")
    assert (found.result, found.measured, found.data["goal_on"]) == (Result.ACCRUING, "12 d", "2026-12-10")
    torn = camera(
        [*segments(since, since + 3 * DAY), *segments(since + 3 * DAY + 2 * HOUR, NOW)], start_us=since, now_us=NOW
    )
    assert of_rule(judge(LAW, institution(torn, now_us=NOW), NOW - DAY), "retention-floor").result is Result.FAIL


def test_a_camera_of_this_morning_is_accruing_with_no_day_at_all() -> None:
    since = NOW - HOUR
    record = camera(segments(since, NOW), start_us=since, now_us=NOW)
    found = of_rule(judge(LAW, institution(record, now_us=NOW), NOW - DAY), "retention-floor")
    assert (found.result, found.measured) == (Result.ACCRUING, "0 d")


def test_the_gateway_down_for_a_day_is_not_the_cameras_fault() -> None:
    down = (at("2026-11-12 00:00"), at("2026-11-13 00:00"))
    there = [*segments(MONTH_AGO, down[0]), *segments(down[1], NOW)]
    record = camera(there, [Gap(*down, GapCause.GATEWAY_DOWN)], start_us=MONTH_AGO, now_us=NOW, created_us=LONG_AGO)
    findings = judge("house-baseline", institution(record, now_us=NOW), MONTH_AGO)
    uptime = of_rule(findings, "uptime")
    assert (uptime.result, uptime.measured) == (Result.PASS, "1.0000")
    assert (uptime.data["observer_down_s"], uptime.data["down_s"]) == (86_400, 0)
    # the archive has a hole all the same, and nobody owes a report of a camera that was not lost
    assert of_rule(findings, "retention-floor").measured == "9 d"
    assert of_rule(findings, "coverage").data["missing_s"] == {"gateway-down": 86_400}
    assert of_rule(findings, "outage-notify").result is Result.PASS


def test_a_gateway_that_was_down_all_the_time_knows_nothing() -> None:
    record = camera((), [Gap(MONTH_AGO, NOW, GapCause.GATEWAY_DOWN)], start_us=MONTH_AGO, now_us=NOW)
    findings = judge("house-baseline", institution(record, now_us=NOW), MONTH_AGO)
    assert {of_rule(findings, r).result for r in ("uptime", "fps", "resolution", "time-offset")} == {Result.UNKNOWN}


def test_the_month_in_which_eastern_kazakhstan_changed_its_time_zone() -> None:
    # Ayagoz kept UTC+6 until the night to 1 March 2024 and UTC+5 from then on; 2024 is a leap year
    start, now = at("2024-02-01 00:00"), at("2024-03-10 12:00")
    record = camera(segments(start, now), start_us=start, now_us=now, created_us=start - 40 * DAY)
    days = {day.date: day for day in days_back(record, now)}
    assert list(days) == [date.fromordinal(date(2024, 3, 9).toordinal() - n) for n in range(38)]
    assert days[date(2024, 2, 29)].expected_us == 25 * HOUR
    assert {day.expected_us for day in days.values()} == {24 * HOUR, 25 * HOUR}
    assert to_datetime(at("2024-02-29 23:59") + MINUTE).isoformat() == "2024-02-29T18:00:00+00:00"
    found = of_rule(judge(LAW, institution(record, now_us=now), start), "retention-floor")
    assert (found.result, found.measured) == (Result.PASS, "38 d")
    # the hour that the clocks gave back belongs to 29 February: a hole in it tears that day and no other
    hole = (at("2024-03-01 00:00") - 30 * MINUTE, at("2024-03-01 00:00") - 20 * MINUTE)
    torn = camera(
        [*segments(start, hole[0]), *segments(hole[1], now)], start_us=start, now_us=now, created_us=start - 40 * DAY
    )
    found = of_rule(judge(LAW, institution(torn, now_us=now), start), "retention-floor")
    assert (found.result, found.measured, found.data["incomplete"]) == (Result.FAIL, "9 d", ["2024-02-29"])


def test_a_leap_day_is_a_day() -> None:
    start, now = at("2024-02-01 00:00", "Asia/Tashkent"), at("2024-03-02 00:00", "Asia/Tashkent")
    record = camera(segments(start, now), start_us=start, now_us=now, created_us=start - DAY, time_zone="Asia/Tashkent")
    found = of_rule(judge(LAW, institution(record, now_us=now, time_zone="Asia/Tashkent"), start), "retention-floor")
    assert (found.result, found.measured) == (Result.PASS, "30 d")


def test_school_holidays_ask_for_nothing_and_leave_no_hole() -> None:
    start, now = at("2026-10-01 00:00"), at("2026-11-10 12:00")
    holidays = tuple(f"2026-11-0{n}" for n in range(1, 9))  # the autumn holidays
    schedule = parse_schedule(("mon-fri 08:00-18:00",), holidays)
    on = active(schedule, "Asia/Almaty", start, now)
    there = [s for a, b in on for s in segments(a, b)]
    off = [(a, b) for a, b in zip([start, *(e for _, e in on)], [*(s for s, _ in on), now], strict=True) if b > a]
    record = camera(
        there, [Gap(a, b, GapCause.SCHEDULE_OFF) for a, b in off], start_us=start, now_us=now, created_us=start - DAY,
        zone="corridor",
    )  # fmt: skip
    school = institution(record, now_us=now, kind="school")
    found = of_rule(judge(LAW, school, start), "retention-floor")
    assert (found.result, found.measured) == (Result.PASS, "40 d")
    assert sum(day.expected_us == 0 for day in days_back(record, now)) == 8 + 9  # holidays, and weekends before
    ratio = of_rule(judge("house-baseline", school, start), "coverage")
    assert (ratio.measured, ratio.data["expected_s"]) == ("1.0000", sum(b - a for a, b in on) // S)
    corridor = of_rule(judge(LAW, school, start), "coverage-zones", "institution:i1/zone:corridor")
    assert (corridor.result, corridor.data["uncovered_s"]) == (Result.PASS, 0)


def test_a_camera_that_is_asked_for_nothing_proves_nothing() -> None:
    record = camera(
        (), [Gap(MONTH_AGO, NOW, GapCause.SCHEDULE_OFF)], start_us=MONTH_AGO, now_us=NOW, created_us=LONG_AGO
    )
    findings = judge("house-baseline", institution(record, now_us=NOW), MONTH_AGO)
    assert {of_rule(findings, r).result for r in ("retention-floor", "coverage", "uptime")} == {Result.UNKNOWN}


def test_what_was_deleted_because_its_time_was_over_is_not_missing_in_an_old_month() -> None:
    old, cut = at("2026-09-01 00:00"), at("2026-09-20 00:00")
    gone = segments(old, cut, state="expired")
    there = segments(cut, NOW)
    record = camera([*gone, *there], [Gap(old, cut, GapCause.EXPIRED)], start_us=old, now_us=NOW)
    found = of_rule(judge("house-baseline", institution(record, now_us=NOW), old, at("2026-10-01 00:00")), "coverage")
    assert (found.result, found.measured, found.data["expired_s"]) == (Result.PASS, "1.0000", 19 * 86_400)


def test_footage_that_arrives_late_closes_its_gap() -> None:
    hole = (NOW - 5 * HOUR, NOW - 3 * HOUR)
    gap = Gap(*hole, GapCause.CAMERA_UNREACHABLE)
    before = camera([*segments(MONTH_AGO, hole[0]), *segments(hole[1], NOW)], [gap], start_us=MONTH_AGO, now_us=NOW)
    after = camera(segments(MONTH_AGO, NOW), [gap], start_us=MONTH_AGO, now_us=NOW)
    ratios = [
        of_rule(judge("house-baseline", institution(c, now_us=NOW), NOW - DAY), "coverage") for c in (before, after)
    ]
    assert [r.result for r in ratios] == [Result.FAIL, Result.PASS]
    assert ratios[1].data["missing_s"] == {}
