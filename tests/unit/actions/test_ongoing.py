"""What is said of the time that is not written down yet."""

from __future__ import annotations

from dataclasses import replace

import pytest

from camera_gateway.actions.ongoing import SETTLE_US, STALE_US, Ongoing, WrittenDown, by_schedule, ongoing
from camera_gateway.domain.camera import Camera, CameraState, Zone
from camera_gateway.domain.coverage import Gap
from camera_gateway.domain.footage import GapCause
from camera_gateway.domain.ids import CameraId, InstitutionId, SiteId
from camera_gateway.domain.schedule import always, parse_schedule
from camera_gateway.handover.status_file import CameraStatus, RecorderStatus

S = 1_000_000
NOW = 1_760_000_000 * S
BORN = NOW - 3_600 * S
CAMERA = Camera(
    CameraId("cam-01"),
    InstitutionId("kg"),
    SiteId("kg"),
    "Двор",
    Zone.YARD,
    CameraState.ACTIVE,
    (),
    created_us=BORN,
    retired_us=None,
)
STATUS = CameraStatus(
    camera=CAMERA.id,
    state="recording",
    cause=None,
    probe_cause=None,
    detail="",
    since_us=BORN,
    last_packet_us=NOW,
    open_from_us=NOW - 20 * S,
    open_to_us=NOW - S,
    last_end_us=NOW - 20 * S,
    gap_from_us=None,
    fps=25.0,
    bitrate_bps=4_000_000,
    clock_offset_us=None,
    packets_received=1,
    packets_lost=0,
    reconnects=0,
    reconnects_by_cause={},
    timestamp_jumps=0,
    segments_sealed=1,
    video="h264 1920x1080",
    session="r",
)


def recorder(age_us: int = 500_000) -> RecorderStatus:
    return RecorderStatus(
        shard=0,
        shards=1,
        pid=1,
        started_us=BORN,
        written_us=NOW - age_us,
        software="test",
        plan_generation=1,
        owner="x",
        spool_free_bytes=1,
        spool_bytes=0,
        seal_seconds=0.0,
        cameras=(STATUS,),
    )


def look(
    status: CameraStatus | None = STATUS,
    *,
    segment_us: int | None = NOW - 20 * S,
    gap_us: int | None = None,
    age_us: int = 500_000,
    camera: Camera = CAMERA,
) -> Ongoing:
    return ongoing(camera, status, recorder(age_us), WrittenDown(segment_us, gap_us), NOW)


def told(found: Ongoing) -> list[tuple[int, int, str]]:
    """Gaps in whole seconds before now."""
    return [((NOW - g.start_us) // S, (NOW - g.end_us) // S, g.cause.value) for g in found.gaps]


def test_footage_of_the_open_part_is_neither_gap_nor_recorded() -> None:
    assert look() == Ongoing(NOW - 20 * S)


def test_a_gap_between_the_last_segment_and_the_open_part_stays_visible() -> None:
    found = look(replace(STATUS, open_from_us=NOW - 5 * S), segment_us=NOW - 20 * S, gap_us=NOW - 5 * S)
    assert found == Ongoing(NOW - 5 * S)


def test_a_segment_that_is_sealed_and_has_no_row_yet_is_not_unknown() -> None:
    assert look(segment_us=NOW - 80 * S).unsealed_from_us == NOW - 80 * S


def test_a_segment_that_is_sealed_behind_a_gap_that_has_its_record_begins_behind_that_gap() -> None:
    assert look(segment_us=NOW - 80 * S, gap_us=NOW - 70 * S).unsealed_from_us == NOW - 70 * S


def test_the_very_first_footage_of_a_camera_is_open() -> None:
    status = replace(STATUS, last_end_us=None, open_from_us=NOW - 8 * S)
    assert look(status, segment_us=None, gap_us=NOW - 8 * S) == Ongoing(NOW - 8 * S)


def test_between_two_parts_nothing_is_missing() -> None:
    status = replace(STATUS, open_from_us=None, open_to_us=None)
    assert look(status) == Ongoing(NOW - 20 * S)


def test_an_open_gap_reaches_to_now_with_its_cause() -> None:
    status = replace(
        STATUS, state="connecting", open_from_us=None, gap_from_us=NOW - 20 * S, cause=GapCause.CAMERA_AUTH
    )
    found = look(status)
    assert found.unsealed_from_us is None
    assert told(found) == [(20, 0, "camera-auth")]


@pytest.mark.parametrize(("missing_s", "since_s"), [(0, 9), (3, 12), (10, 19), (11, 9)])
def test_a_gap_whose_earlier_part_is_on_its_way_leaves_no_unknown_second(missing_s: int, since_s: int) -> None:
    status = replace(
        STATUS, state="connecting", open_from_us=None, gap_from_us=NOW - 9 * S, cause=GapCause.CAMERA_UNREACHABLE
    )
    found = look(status, gap_us=NOW - (9 + missing_s) * S)
    assert told(found) == [(since_s, 0, "camera-unreachable")]


@pytest.mark.parametrize(("missing_s", "since_s"), [(0, 5), (3, 8), (10, 15), (11, 5)])
def test_of_a_gap_that_has_just_ended_nothing_is_said_until_its_record_is_there(missing_s: int, since_s: int) -> None:
    status = replace(STATUS, open_from_us=NOW - 5 * S)
    assert look(status, gap_us=NOW - (5 + missing_s) * S) == Ongoing(NOW - since_s * S)


def test_an_open_gap_behind_a_segment_without_a_row_leaves_no_unknown_second() -> None:
    status = replace(STATUS, open_from_us=NOW - 30 * S, gap_from_us=NOW - 4 * S, cause=GapCause.STREAM_STALLED)
    found = look(status, segment_us=NOW - 30 * S)
    assert found.unsealed_from_us == NOW - 30 * S
    assert told(found) == [(4, 0, "stream-stalled")]


def test_a_camera_that_no_recorder_has_seen_is_down_since_what_is_known_ends() -> None:
    for known in (None, NOW - 600 * S):
        found = ongoing(CAMERA, None, None, WrittenDown(known, None), NOW)
        assert told(found) == [(3600 if known is None else 600, 0, "gateway-down")]
    found = ongoing(CAMERA, None, None, WrittenDown(NOW - 600 * S, NOW - 60 * S), NOW)
    assert told(found) == [(60, 0, "gateway-down")]


def test_when_the_recorder_is_silent_the_gap_begins_at_the_last_durable_moment_and_hides_nothing() -> None:
    found = look(
        age_us=600 * S,
        segment_us=NOW - 700 * S,
        status=replace(STATUS, last_end_us=NOW - 700 * S, open_from_us=NOW - 700 * S, open_to_us=NOW - 640 * S),
    )
    assert found.unsealed_from_us is None
    assert told(found) == [(700, 640, "gateway-down"), (640, 0, "gateway-down")]
    assert "sealed when it starts" in found.gaps[0].detail
    assert found.gaps[1].detail == "the recorder is down"


def test_a_recorder_that_died_in_a_gap_leaves_the_gap_and_then_its_own_absence() -> None:
    status = replace(
        STATUS,
        last_end_us=NOW - 900 * S,
        open_from_us=None,
        gap_from_us=NOW - 900 * S,
        cause=GapCause.CAMERA_UNREACHABLE,
    )
    found = look(status, segment_us=NOW - 900 * S, age_us=600 * S)
    assert told(found) == [(900, 600, "camera-unreachable"), (600, 0, "gateway-down")]


def test_a_recorder_is_down_only_when_it_is_silent_for_long() -> None:
    assert look(age_us=STALE_US - 1).gaps == ()
    assert look(age_us=STALE_US).gaps != ()


@pytest.mark.parametrize(
    ("ended_s", "known_s", "open_s", "gaps"),
    [
        (600, 600, None, []),
        (600, 590, None, []),
        (600, 660, None, [(660, 600, "gateway-down")]),
        (SETTLE_US // S - 1, 60, 60, []),
    ],
)
def test_a_retired_camera_is_accounted_for_until_it_was_retired(
    ended_s: int, known_s: int, open_s: int | None, gaps: list[tuple[int, int, str]]
) -> None:
    camera = replace(CAMERA, state=CameraState.RETIRED, retired_us=NOW - ended_s * S)
    found = look(camera=camera, segment_us=NOW - known_s * S)
    assert found.unsealed_from_us == (None if open_s is None else NOW - open_s * S)
    assert told(found) == gaps


def test_a_gap_that_is_not_written_down_is_divided_by_the_schedule() -> None:
    # 2025-10-09T08:53:20Z, a Thursday: 13:53:20 in Almaty
    schedule = parse_schedule(["mon-fri 07:00-13:00"])
    start = NOW - 3_600 * S
    gap = Gap(start, NOW, GapCause.GATEWAY_DOWN, "the recorder is down")
    found = by_schedule([gap], schedule, "Asia/Almaty")
    edge = NOW - (53 * 60 + 20) * S
    assert found == [
        Gap(start, edge, GapCause.GATEWAY_DOWN, "the recorder is down"),
        Gap(edge, NOW, GapCause.SCHEDULE_OFF),
    ]
    assert by_schedule([gap], always(), "Asia/Almaty") == [gap]
    late = by_schedule([replace(gap, cause=GapCause.SCHEDULE_OFF)], schedule, "Asia/Almaty")
    assert [g.cause.value for g in late] == ["camera-unreachable", "schedule-off"]
