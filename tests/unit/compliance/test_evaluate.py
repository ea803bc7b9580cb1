"""The known failures of archives, as named tests: each is judged as an inspector would."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from camera_gateway.clock import to_datetime
from camera_gateway.compliance.evaluate import counts, evaluate
from camera_gateway.compliance.measure import CameraFacts, Day, frame_rate, kept, local_days, uptime
from camera_gateway.compliance.standards import load_directory, pick
from camera_gateway.domain.coverage import Gap, KeptSpan
from camera_gateway.domain.footage import ClockMethod, GapCause, Origin, RunEnd, Sidecar
from camera_gateway.domain.ids import CameraId, InstitutionId, RunId, SegmentId
from camera_gateway.domain.standard import Finding, Result
from camera_gateway.settings.locate import config_directory

S = 1_000_000
DAY = 86_400 * S
TODAY = date(2026, 11, 22)
STANDARDS = load_directory(config_directory() / "standards")


def days(complete: int, then: int = 0) -> tuple[Day, ...]:
    good = [Day(TODAY - timedelta(days=n + 1), DAY, DAY, 0) for n in range(complete)]
    bad = [Day(TODAY - timedelta(days=complete + n + 1), DAY, 0, DAY) for n in range(then)]
    return tuple(good + bad)


def camera(**changes: object) -> CameraFacts:
    facts = CameraFacts(
        camera="c1",
        zone="entrance",
        registered_us=0,
        resolution=(1920, 1080),
        fps_p5=25.0,
        fps_windows=1440,
        codecs=("avc1.64001f",),
        recorded_ratio=1.0,
        uptime=1.0,
        observer_down_s=0.0,
        clock_offset_s=0.01,
        living=True,
        days=days(40),
    )
    return replace(facts, **changes)  # type: ignore[arg-type]


def judge(standard: str, rule: str, *cameras: CameraFacts, kind: str = "childrens_home") -> list[Finding]:
    return [f for f in evaluate(pick(STANDARDS, standard), "i1", kind, cameras) if f.rule == rule]


def result(standard: str, rule: str, facts: CameraFacts) -> Result:
    return judge(standard, rule, facts)[0].result


def test_thirteen_of_thirty_days_fail_though_the_oldest_file_is_thirty_days_old() -> None:
    facts = camera(days=(*days(13, then=16), Day(TODAY - timedelta(days=30), DAY, DAY, 0)))
    found = judge("kz-edu-117-2022", "retention-floor", facts)[0]
    assert (found.result, found.measured) == (Result.FAIL, "13 d")
    assert "incomplete" in found.evidence


def test_thirty_complete_days_pass_and_the_finding_says_what_nobody_read() -> None:
    found = judge("kz-edu-117-2022", "retention-floor", camera(days=days(30)))[0]
    assert (found.result, found.verified) == (Result.PASS, "secondary")
    assert "house profile" in found.evidence


def test_a_new_camera_without_a_hole_is_accruing_not_failing() -> None:
    assert result("kz-edu-117-2022", "retention-floor", camera(days=days(12))) is Result.ACCRUING
    assert result("kz-edu-117-2022", "retention-floor", camera(days=())) is Result.ACCRUING


def test_a_new_camera_with_a_hole_fails() -> None:
    assert result("kz-edu-117-2022", "retention-floor", camera(days=days(3, then=1))) is Result.FAIL


def test_a_dead_camera_covers_no_zone() -> None:
    found = {
        f.scope.rpartition(":")[2]: f
        for f in judge("kz-edu-117-2022", "coverage-zones", camera(zone="dining", living=False))
    }
    assert found["dining"].result is Result.FAIL
    assert found["dining"].evidence == "0 living of 1 registered cameras"


def test_how_many_entrances_there_are_is_not_declared_so_one_living_camera_is_unknown() -> None:
    found = {
        f.scope.rpartition(":")[2]: f.result
        for f in judge("kz-edu-117-2022", "coverage-zones", camera(), camera(zone="hall"))
    }
    assert (found["entrance"], found["hall"], found["lobby"]) == (Result.UNKNOWN, Result.PASS, Result.FAIL)


def test_a_clause_without_a_figure_neither_passes_nor_fails() -> None:
    assert [f.result for f in judge("kz-edu-117-2022", "technical-fps", camera())] == [Result.TEXT_NEEDED]


def test_a_standard_for_schools_does_not_judge_a_social_centre() -> None:
    found = evaluate(pick(STANDARDS, "kz-edu-117-2022"), "i1", "social_centre", [camera()])
    assert {f.result for f in found} == {Result.NOT_APPLICABLE}
    assert counts(found)["not_applicable"] == len(found)


@pytest.mark.parametrize(
    ("rule", "change", "expected"),
    [
        ("resolution", {}, Result.PASS),
        ("resolution", {"resolution": (704, 576)}, Result.FAIL),
        ("resolution", {"resolution": (1080, 1920)}, Result.FAIL),
        ("resolution", {"resolution": None}, Result.UNKNOWN),
        ("fps", {"fps_p5": 14.9}, Result.FAIL),
        ("fps", {"fps_p5": None}, Result.UNKNOWN),
        ("coverage", {"recorded_ratio": 0.98}, Result.FAIL),
        ("coverage", {"recorded_ratio": None}, Result.UNKNOWN),
        ("uptime", {"uptime": 0.5}, Result.FAIL),
        ("uptime", {"uptime": None}, Result.UNKNOWN),
        ("time-offset", {"clock_offset_s": -47.0}, Result.FAIL),
        ("time-offset", {"clock_offset_s": None}, Result.UNKNOWN),
        ("outage-notify", {}, Result.UNKNOWN),
    ],
)
def test_the_house_profile_judges_what_was_measured(rule: str, change: dict[str, object], expected: Result) -> None:
    assert result("house-baseline", rule, camera(**change)) is expected


def test_a_gateway_that_was_down_is_not_the_cameras_fault() -> None:
    gaps = [Gap(0, 50 * S, GapCause.GATEWAY_DOWN), Gap(50 * S, 60 * S, GapCause.CAMERA_UNREACHABLE)]
    share, unseen_s = uptime(0, 100 * S, gaps)
    assert share == pytest.approx(0.8)
    assert unseen_s == 50


def test_nobody_watching_at_all_is_unknown() -> None:
    assert uptime(0, 100 * S, [Gap(0, 100 * S, GapCause.GATEWAY_DOWN)]) == (None, 100)


def test_what_the_catalogue_says_and_the_bucket_does_not_list_is_not_kept() -> None:
    spans = [KeptSpan(0, 10 * S, "stored", locked=True), KeptSpan(10 * S, 20 * S, "released", locked=True)]
    assert kept(spans, {0, 10 * S}) == [(0, 20 * S)]
    assert kept(spans, {10 * S}) == [(10 * S, 20 * S)]
    assert kept([KeptSpan(0, 10 * S, "put", locked=False)], {0}) == []


def sidecar(start_s: int, frames: int, seconds: float) -> Sidecar:
    return Sidecar(
        segment=SegmentId(f"s{start_s}"), run=RunId("r"), run_end=RunEnd.CONTINUES, institution=InstitutionId("i1"),
        camera=CameraId("c1"), start_us=start_s * S, end_us=round((start_s + seconds) * S), media_start_us=0,
        media_duration_us=round(seconds * S), clock_method=ClockMethod.ARRIVAL, clock_offset_us=None,
        wall_uncertainty_us=0, video_codec="avc1", audio_codec=None, width=1, height=1, frames=frames, keyframes=1,
        gop_max_us=S, damaged_units=0, packets_received=1, packets_lost=0, size_bytes=1, sha256="0" * 64,
        init_sha256="0" * 64, software="test", origin=Origin.LIVE,
    )  # fmt: skip


def test_a_slow_minute_in_twenty_shows_in_the_low_percentile_and_not_in_the_mean() -> None:
    sidecars = [sidecar(60 * n, 25 * 60, 60) for n in range(19)] + [sidecar(60 * 19, 5 * 60, 60)]
    assert frame_rate(sidecars) == (5.0, 20)
    assert frame_rate(sidecars * 1 + [sidecar(60 * (20 + n), 1500, 60) for n in range(20)])[0] == 25.0


def test_a_few_seconds_say_nothing_of_the_frame_rate() -> None:
    assert frame_rate([sidecar(0, 2, 0.5)]) == (None, 0)


def test_local_days_are_those_of_the_site_also_in_the_month_the_zone_changed() -> None:
    now = 1_709_600_000 * S  # 5 March 2024
    start = now - 10 * DAY
    found = local_days("Asia/Almaty", start, now, 40, [(start, now)], [(start, now)])
    assert all(a.date - b.date == timedelta(days=1) for a, b in pairwise(found))
    lengths = {day.date: day.expected_us // 3_600 // S for day in found}
    assert lengths[date(2024, 3, 1)] == 24
    assert lengths[date(2024, 2, 29)] == 25  # the clocks went back at the midnight that ended it
    assert found[0].date == to_datetime(now).astimezone(ZoneInfo("Asia/Almaty")).date() - timedelta(days=1)
