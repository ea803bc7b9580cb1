"""Every kind of rule, judged: tables, schedules, facts, processes, holds, includes, editions, several at once."""

from __future__ import annotations

from datetime import date

import pytest
from support.judged import DAY, HOUR, MINUTE, STANDARDS, S, at, camera, fact, institution, judge, of_rule, segments

from camera_gateway.compliance.context import written_s
from camera_gateway.compliance.lengths import after, days_in, parse_length
from camera_gateway.compliance.reading import parse_standard
from camera_gateway.compliance.strictest import in_words, strictest
from camera_gateway.domain.coverage import Gap
from camera_gateway.domain.finding import verdict
from camera_gateway.domain.footage import GapCause
from camera_gateway.domain.measured import Drills, Held, Impaired, Looks, Outage, ProcessEvent, Waiver
from camera_gateway.domain.standard import Result, Standard, Verified

NOW = at("2026-11-22 12:00")
START = at("2026-11-15 00:00")
REF = "ref-international"


def own(rules: str, head: str = 'basis = "contract"\n', identity: str = "own") -> Standard:
    top = f'schema = 1\nid = "{identity}"\ntitle = "Own"\ntext_status = "verbatim"\n{head}'
    return parse_standard(f"{identity}.toml", top + rules)


def one(text: str, *, kind: str = "measured", verified: str = "verbatim") -> str:
    return f'\n[[rule]]\nid = "r"\nkind = "{kind}"\nverified = "{verified}"\n{text}\n'


WHOLE = camera(segments(START, NOW), start_us=START, now_us=NOW)


@pytest.mark.parametrize(
    ("rule", "result", "measured"),
    [
        ('metric = "stream.codec"\nop = "in"\nvalue = ["h264", "h265"]', Result.PASS, "h264"),
        ('metric = "stream.codec"\nop = "in"\nvalue = ["h265"]', Result.FAIL, "h264"),
        ('metric = "stream.codec"\nop = "not_in"\nvalue = ["mjpeg"]', Result.PASS, "h264"),
        ('metric = "stream.audio"\nop = "=="\nvalue = true', Result.PASS, "yes"),
        ('metric = "stream.gop_s"\nop = "<="\nvalue = 2', Result.PASS, "2.00 s"),
        ('metric = "stream.bitrate"\nop = ">="\nvalue = 1000000', Result.FAIL, "266667 bit/s"),
        ('metric = "stream.resolution"\nop = ">="\nvalue = { width = 1920, height = 1080 }', Result.PASS, "1920x1080"),
        ('metric = "stream.resolution"\nop = ">="\nvalue = { width = 1080, height = 1920 }', Result.FAIL, "1920x1080"),
        ('metric = "stream.fps"\nop = ">="\nvalue = 25\naggregate = { fn = "mean", window = "5m" }', Result.PASS,
         "25.00 1/s"),
        ('metric = "archive.gap_count"\nop = "<="\nvalue = 0', Result.PASS, "0"),
        ('metric = "archive.max_gap"\nop = "<="\nvalue = 0', Result.PASS, "0.000 s"),
        ('metric = "archive.oldest_age"\nop = "<="\nvalue = 1\nunit = "w"', Result.FAIL, "7.5 d"),
        ('metric = "archive.oldest_age"\nop = "<="\nvalue = 1\nunit = "mo"', Result.PASS, "7.5 d"),
        ('metric = "archive.integrity_ratio"\nop = ">="\nvalue = 0.99', Result.UNKNOWN, "–"),
        ('metric = "image.dark"\nop = "=="\nvalue = false', Result.UNKNOWN, "–"),
        ('metric = "image.px_per_m"\nop = ">="\nvalue = 100', Result.UNKNOWN, "–"),
        ('metric = "incident.repair_time"\nop = "<="\nvalue = 28800', Result.NOT_APPLICABLE, "–"),
        ('metric = "storage.versioned"\nop = "=="\nvalue = true', Result.UNKNOWN, "–"),
    ],
)  # fmt: skip
def test_a_metric_is_compared_with_its_figure(rule: str, result: Result, measured: str) -> None:
    found = of_rule(judge("own", institution(WHOLE, now_us=NOW), START, standards=[own(one(rule))]), "r")
    assert (found.result, found.measured) == (result, measured), found.evidence


def test_holes_up_to_a_gop_are_seams_and_longer_ones_count() -> None:
    cut = START + DAY
    there = [*segments(START, cut), *segments(cut + 2 * S, cut + HOUR), *segments(cut + HOUR + 90 * S, NOW)]
    record = institution(camera(there, start_us=START, now_us=NOW), now_us=NOW)
    rules = "".join(
        one(f'metric = "archive.{name}"\nop = "<="\nvalue = 60').replace('"r"', f'"{name}"')
        for name in ("max_gap", "gap_total", "gap_count")
    )
    found = judge("own", record, START, standards=[own(rules)])
    assert [of_rule(found, n).measured for n in ("max_gap", "gap_total", "gap_count")] == ["90.000 s", "90.000 s", "1"]


def test_a_table_gives_the_figure_of_the_role_and_the_declared_half_names_who_and_when() -> None:
    facts = fact("scene.width_m", 8.0)
    for role, result in (
        ("recognise", Result.PASS),
        ("identify", Result.FAIL),
        ("gaze", Result.UNKNOWN),
        ("", Result.UNKNOWN),
    ):
        named = fact("camera.role", role) if role else {}
        record = camera(segments(START, NOW), start_us=START, now_us=NOW, facts=facts | named)
        found = of_rule(judge(REF, institution(record, now_us=NOW), START), "px-density")
        assert found.result is result
        if role in {"recognise", "identify"}:
            assert found.measured == "240.0 px/m"
            assert "declared by shell:alia on 1970-01-01" in found.evidence


def test_recording_is_owed_on_examination_days_until_the_examination_ends() -> None:
    hole = (at("2026-11-18 15:00"), at("2026-11-18 15:10"))
    record = camera([*segments(START, hole[0]), *segments(hole[1], NOW)], start_us=START, now_us=NOW)
    days = fact("calendar.exam_days", ("2026-11-18",))
    ended = ProcessEvent(1, "exam_end", None, at("2026-11-18 14:30"), None, "protocol", "shell:alia")
    for facts, events, result in (
        ({}, (), Result.UNKNOWN),
        (days, (), Result.FAIL),  # nobody said when it ended, so at the latest
        (days, (ended,), Result.PASS),
    ):
        home = institution(record, now_us=NOW, facts=facts, events=events)
        assert of_rule(judge(REF, home, START), "exam-window").result is result


def test_a_window_that_must_be_preserved_is_under_a_hold_or_fails() -> None:
    rules = one('from = 2026-11-16\nto = 2026-11-17\nuntil = "further orders"', kind="hold")
    whole = Held("hold-1", START, None)
    half = Held("hold-2", START, at("2026-11-17 00:00"))
    for held, result in (((), Result.FAIL), ((half,), Result.FAIL), ((whole,), Result.PASS)):
        record = institution(camera(segments(START, NOW), start_us=START, now_us=NOW, held=held), now_us=NOW)
        assert of_rule(judge("own", record, START, standards=[own(rules)]), "r").result is result
    late = camera(segments(NOW - DAY, NOW), start_us=NOW - DAY, now_us=NOW)
    found = of_rule(judge("own", institution(late, now_us=NOW), NOW - DAY, standards=[own(rules)]), "r")
    assert found.result is Result.NOT_APPLICABLE


def test_what_is_triggered_is_dealt_with_in_time_or_is_late() -> None:
    def home(*events: ProcessEvent) -> Result:
        return of_rule(judge(REF, institution(WHOLE, now_us=NOW, events=events), START), "copy-deadline").result

    def entry(hours: int, done: int | None) -> ProcessEvent:
        at_us = NOW - hours * HOUR
        return ProcessEvent(1, "written_request", None, at_us, None if done is None else at_us + done * HOUR, "x", "a")

    assert home() is Result.NOT_APPLICABLE
    assert home(entry(100, 72)) is Result.PASS
    assert home(entry(100, 73)) is Result.FAIL
    assert home(entry(100, None)) is Result.FAIL
    assert home(entry(50, None)) is Result.PASS


def test_daily_and_weekly_duties_are_counted_in_local_days() -> None:
    def entries(days: list[str], name: str = "daily_inspection", told_h: int = 1) -> list[ProcessEvent]:
        return [
            ProcessEvent(n, name, None, at(f"2026-11-{d}"), at(f"2026-11-{d}") + told_h * HOUR, "form", "a")
            for n, d in enumerate(days)
        ]

    every_day = [f"{n} 09:00" if n % 2 else f"{n} 20:00" for n in range(14, 23) if n != 22] + ["22 08:00"]
    review = entries(["14 10:00", "21 18:00"], "review_sample")

    def found(events: list[ProcessEvent], scope: str = "institution:i1") -> Result:
        home = institution(WHOLE, now_us=NOW, events=tuple(events))
        return of_rule(judge(REF, home, START), "weekly-review", scope).result

    assert found(entries(every_day) + review) is Result.PASS
    assert found(entries(every_day) + review, "institution:i1/process:review_sample") is Result.PASS
    assert found(entries([d for d in every_day if not d.startswith("18")]) + review) is Result.FAIL
    assert found(entries(every_day, told_h=30) + review) is Result.FAIL
    assert found([], "institution:i1/process:review_sample") is Result.UNKNOWN


def test_the_worst_outage_counts_and_an_empty_register_is_no_pass_where_cameras_were_down() -> None:
    rule = own(one('metric = "incident.repair_time"\nop = "<="\nvalue = 28800\nunit = "s"'))
    lost = (START + DAY, START + DAY + 10 * HOUR)
    down = camera(
        [*segments(START, lost[0]), *segments(lost[1], NOW)], [Gap(*lost, GapCause.CAMERA_UNREACHABLE)], start_us=START,
        now_us=NOW,
    )  # fmt: skip
    assert of_rule(judge("own", institution(down, now_us=NOW), START, standards=[rule]), "r").result is Result.UNKNOWN
    outage = Outage(3, ("c1",), "camera", "camera-unreachable", lost[0], lost[0] + MINUTE, None, lost[1], None)
    home = institution(down, now_us=NOW, outages=(outage,))
    found = of_rule(judge("own", home, START, standards=[rule]), "r")
    assert (found.result, found.measured, found.data["late"]) == (Result.FAIL, "10 h", 1)


def test_a_picture_is_bad_for_as_long_as_looks_say_and_unknown_without_looks() -> None:
    rules = own(
        one('metric = "image.dark"\nop = "<="\nvalue = 0.01')
        + one('metric = "image.view_changed"\nop = "=="\nvalue = false').replace('"r"', '"moved"')
        + one('metric = "image.day_night"\nop = "=="\nvalue = true').replace('"r"', '"night"')
    )
    record = camera(
        segments(START, NOW), start_us=START, now_us=NOW, impaired=(Impaired("black", START, START + DAY),),
        looks=Looks(1_000, 3, 0, 300, 2),
    )  # fmt: skip
    found = judge("own", institution(record, now_us=NOW), START, standards=[rules])
    assert (of_rule(found, "r").result, of_rule(found, "r").data["bad_s"]) == (Result.FAIL, 86_400)
    assert of_rule(found, "moved").evidence == "there is no approved picture to compare with"
    assert (of_rule(found, "night").result, of_rule(found, "night").measured) == (Result.FAIL, "298 of 300")


def test_drills_are_printed_with_their_sample() -> None:
    rule = own(one('metric = "archive.integrity_ratio"\nop = ">="\nvalue = 0.99'))
    home = institution(WHOLE, now_us=NOW, drills=Drills(100, 98, 2, NOW - DAY, "abc"))
    found = of_rule(judge("own", home, START, standards=[rule]), "r")
    assert (found.result, found.measured) == (Result.FAIL, "0.9800")
    assert "98 of 100 segments of the whole installation" in found.evidence
    assert "seed abc" in found.evidence


def test_a_clock_that_nobody_reports_may_be_compared_by_hand() -> None:
    silent = camera(
        segments(START, NOW, clock_offset_us=None), start_us=START, now_us=NOW, facts=fact("time.offset_s", -7.5)
    )
    found = of_rule(judge("house-baseline", institution(silent, now_us=NOW), START), "time-offset")
    assert (found.result, found.measured, found.method_code) == (Result.FAIL, "-7.500 s", "clock-by-hand")
    told = of_rule(judge("house-baseline", institution(WHOLE, now_us=NOW), START), "time-offset")
    assert "the gateway's own clock: not known" in told.evidence


def test_a_group_narrows_a_rule_only_where_its_facts_are_declared() -> None:
    head = (
        'basis = "law"\n[[group]]\nid = "g2"\nverified = "secondary"\n'
        'any = [{ field = "locality", in = ["city"] }, { field = "headcount", gt = 700 }]\n'
    )
    rule = own(
        one('metric = "signage.present"\nop = "=="\nvalue = true\nwhen = { group = "g2" }', kind="declared"), head
    )
    sign = fact("signage.present", True)  # noqa: FBT003 - the value
    for facts, result in (
        ({}, Result.UNKNOWN),
        (fact("institution.headcount", 100.0), Result.UNKNOWN),
        (fact("institution.headcount", 701.0), Result.PASS),
        (fact("institution.headcount", 100.0) | fact("institution.locality", "rural"), Result.NOT_APPLICABLE),
    ):
        home = institution(WHOLE, now_us=NOW, facts=facts | sign)
        assert of_rule(judge("own", home, START, standards=[rule]), "r").result is result


def test_a_standard_for_schools_does_not_judge_a_social_centre() -> None:
    found = judge("kz-edu-117-2022", institution(WHOLE, now_us=NOW, kind="social_centre"), START)
    assert {f.result for f in found} == {Result.NOT_APPLICABLE}


def test_a_rule_that_is_not_in_force_yet_asks_nothing_and_from_its_day_on_it_does() -> None:
    before = judge("kz-edu-117-2022", institution(WHOLE, now_us=NOW), at("2026-06-01 00:00"), at("2026-07-01 00:00"))
    assert of_rule(before, "state-database-entry").evidence == "the rule is in force from 2026-07-12"
    check = ProcessEvent(1, "police_check_done", None, at("2026-11-16 10:00"), None, "act 9", "a")
    home = institution(WHOLE, now_us=NOW, events=(check,))
    found = of_rule(judge("kz-edu-117-2022", home, START), "state-database-entry")
    assert (found.result, found.measured) == (Result.UNKNOWN, "0 of 1")
    assert "states no deadline" in found.evidence


def test_a_past_day_is_judged_by_the_edition_of_that_day() -> None:
    rate = one('metric = "stream.fps"\nop = ">="\nvalue = 25')
    old = own(rate, 'basis = "contract"\nedition = "old"\nin_force_to = 2026-11-17\n')
    new = own(rate.replace("25", "30"), 'basis = "contract"\nedition = "new"\nin_force_from = 2026-11-18\n')
    home = institution(WHOLE, now_us=NOW)
    found = judge("own", home, START, standards=[new, old])
    assert [(f.edition, f.result, f.data["from"], f.data["to"]) for f in found] == [
        ("old", Result.PASS, "2026-11-14T19:00:00Z", "2026-11-17T19:00:00Z"),
        ("new", Result.FAIL, "2026-11-17T19:00:00Z", "2026-11-22T07:00:00Z"),
    ]
    past = judge("own", home, START, at("2026-11-16 00:00"), standards=[new, old])
    assert [f.edition for f in past] == ["old"]


def test_an_included_standard_is_judged_in_place_and_the_weaker_word_is_printed() -> None:
    inner = own(one('metric = "stream.fps"\nop = ">="\nvalue = 25'), identity="inner")
    outer = own(one('include = "inner"', kind="include", verified="secondary"))
    found = of_rule(judge("own", institution(WHOLE, now_us=NOW), START, standards=[inner, outer]), "r/r")
    assert (found.result, found.verified) == (Result.PASS, Verified.SECONDARY)
    missing = judge("own", institution(WHOLE, now_us=NOW), START, standards=[outer])
    assert (missing[0].result, missing[0].evidence) == (Result.UNKNOWN, "the standard inner is not installed")
    circle = own(one('include = "own"', kind="include"), identity="inner")
    turned = judge("own", institution(WHOLE, now_us=NOW), START, standards=[circle, outer])
    assert [f.result for f in turned] == [Result.UNKNOWN]


def test_a_figure_of_the_house_is_taken_by_its_word_and_said() -> None:
    rule = own(one('metric = "stream.fps"\nop = ">="\nvalue = "house"\nunit = "1/s"'))
    house = next(s for s in STANDARDS if s.id == "house-baseline")
    found = of_rule(judge("own", institution(WHOLE, now_us=NOW), START, standards=[rule, house]), "r")
    assert (found.result, found.required) == (Result.PASS, ">= 15 1/s")
    assert found.evidence.endswith("the text gives no figure, it is the house profile's")
    alone = of_rule(judge("own", institution(WHOLE, now_us=NOW), START, standards=[rule]), "r")
    assert alone.result is Result.UNKNOWN


def test_a_waiver_lets_pass_what_fails_and_nothing_else_while_it_lasts() -> None:
    rule = own(one('metric = "stream.fps"\nop = ">="\nvalue = 30'))
    for until, camera_id, result in (
        (NOW + 1, None, Result.WAIVED), (NOW, None, Result.FAIL), (NOW + 1, "c2", Result.FAIL),
        (NOW + 1, "c1", Result.WAIVED),
    ):  # fmt: skip
        waiver = Waiver(1, camera_id, "own", "r", "replaced in June", "a", "b", NOW - DAY, until)
        found = of_rule(judge("own", institution(WHOLE, now_us=NOW, waivers=(waiver,)), START, standards=[rule]), "r")
        assert found.result is result
        assert (found.waiver is None) == (result is Result.FAIL)


def test_a_camera_in_a_washroom_fails_by_being_there() -> None:
    record = camera(segments(START, NOW), start_us=START, now_us=NOW, zone="shower")
    found = judge("house-baseline", institution(record, now_us=NOW), START)
    assert of_rule(found, "no-washrooms", "institution:i1/zone:shower").result is Result.FAIL
    assert of_rule(found, "no-washrooms", "institution:i1/zone:toilet").result is Result.PASS


def test_several_standards_at_once_give_the_strictest_verified_bounds_and_report_a_contradiction() -> None:
    ceiling = own(one('metric = "archive.oldest_age"\nop = "<="\nvalue = 20\nunit = "d"'), identity="privacy")
    unread = own(one('metric = "archive.oldest_age"\nop = "<="\nvalue = 5', verified="unverified"), identity="rumour")
    found = strictest([*STANDARDS, ceiling, unread], "school", [WHOLE], date(2026, 11, 22))
    days = next(f for f in found if f.metric == "archive.complete_days")
    assert days.floor is not None
    assert days.ceiling is not None
    assert in_words(days.floor) == "30 d (kz-edu-117-2022 p.88, secondary)"
    assert in_words(days.ceiling) == "20 d (privacy ?, verbatim)"
    assert days.conflict
    assert all(f.metric != "image.px_per_m" for f in found), "a reference binds nobody"


def test_the_verdict_is_pass_only_where_nothing_is_open() -> None:
    assert verdict({Result.PASS: 9, Result.ACCRUING: 1, Result.WAIVED: 1, Result.NOT_APPLICABLE: 3}) == "pass"
    assert verdict({Result.PASS: 9, Result.TEXT_NEEDED: 1}) == "text_needed"
    assert verdict({Result.PASS: 9, Result.UNKNOWN: 1, Result.TEXT_NEEDED: 1}) == "unknown"
    assert verdict({Result.UNKNOWN: 1, Result.FAIL: 1}) == "fail"
    assert verdict({Result.NOT_APPLICABLE: 1}) == verdict({}) == "not_applicable"


def test_lengths_of_time_are_those_of_the_calendar() -> None:
    assert str(parse_length("24h")) == "24h"
    assert after(date(2024, 1, 31), parse_length("1mo")) == date(2024, 2, 29)
    assert after(date(2024, 2, 29), parse_length("1y")) == date(2025, 2, 28)
    assert days_in(3, "y", date(2026, 11, 22)) == 1_096
    assert days_in(30, "d", date(2026, 11, 22)) == 30
    for wrong in ("", "h", "0d", "4 hours", "-1d"):
        with pytest.raises(ValueError, match="length of time"):
            parse_length(wrong)
    assert [written_s(s) for s in (0.5, 45, 3_700, 90_000)] == ["0.5 s", "45 s", "1 h 1 min", "1 d 1 h"]
