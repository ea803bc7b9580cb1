"""Invariant C3: time that is not recorded has a cause, without seams, split by schedule and cause."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from camera_gateway.domain.footage import GapCause, GapRecord, RunEnd, parse_gap_record
from camera_gateway.domain.ids import CameraId, InstitutionId
from camera_gateway.domain.schedule import always, parse_schedule
from camera_gateway.ingest.gapbook import CAUSE_OF_END, FLUSH_US, GapBook

US = 1_000_000
HOUR = 3600 * US
MIDNIGHT = 1_700_006_400 * US
"""2023-11-15T00:00Z, a Wednesday."""


def book(*windows: str) -> GapBook:
    schedule = parse_schedule(windows) if windows else always()
    return GapBook(CameraId("cam"), InstitutionId("inst"), lambda at: f"gap-{at}", schedule, "UTC")


def told(records: list[GapRecord]) -> list[tuple[int, int, GapCause]]:
    return [(r.start_us, r.end_us, r.cause) for r in records]


def test_a_gap_is_written_when_recording_begins() -> None:
    it = book()
    it.open(MIDNIGHT, GapCause.CAMERA_UNREACHABLE, "refused")
    assert it.take() == []
    it.close(MIDNIGHT + HOUR // 2)
    (record,) = it.take()
    assert told([record]) == [(MIDNIGHT, MIDNIGHT + HOUR // 2, GapCause.CAMERA_UNREACHABLE)]
    assert parse_gap_record(record.to_bytes()) == record


def test_a_change_of_cause_splits_the_gap_without_a_seam() -> None:
    it = book()
    it.open(MIDNIGHT, GapCause.GATEWAY_DOWN)
    it.open(MIDNIGHT + 5, GapCause.CAMERA_AUTH, "wrong")
    it.open(MIDNIGHT + 9, GapCause.CAMERA_AUTH, "wrong")
    it.close(MIDNIGHT + 20)
    assert told(it.take()) == [
        (MIDNIGHT, MIDNIGHT + 5, GapCause.GATEWAY_DOWN),
        (MIDNIGHT + 5, MIDNIGHT + 20, GapCause.CAMERA_AUTH),
    ]


def test_a_gap_over_the_end_of_the_schedule_is_split_there() -> None:
    it = book("daily 08:00-18:00")
    it.open(MIDNIGHT + 17 * HOUR, GapCause.CAMERA_UNREACHABLE)
    it.close(MIDNIGHT + 33 * HOUR)
    assert told(it.take()) == [
        (MIDNIGHT + 17 * HOUR, MIDNIGHT + 18 * HOUR, GapCause.CAMERA_UNREACHABLE),
        (MIDNIGHT + 18 * HOUR, MIDNIGHT + 32 * HOUR, GapCause.SCHEDULE_OFF),
        (MIDNIGHT + 32 * HOUR, MIDNIGHT + 33 * HOUR, GapCause.CAMERA_UNREACHABLE),
    ]


def test_recording_before_the_gap_was_noticed_leaves_no_record() -> None:
    it = book()
    it.open(MIDNIGHT, GapCause.STREAM_STALLED)
    it.close(MIDNIGHT - 3)
    assert it.take() == []
    assert it.from_us is None


def test_a_long_gap_is_written_down_by_the_hour_and_stays_open() -> None:
    it = book()
    it.open(MIDNIGHT, GapCause.CAMERA_UNREACHABLE)
    it.flush(MIDNIGHT + FLUSH_US - 1)
    assert it.take() == []
    it.flush(MIDNIGHT + FLUSH_US)
    it.close(MIDNIGHT + FLUSH_US + 7)
    assert told(it.take()) == [
        (MIDNIGHT, MIDNIGHT + FLUSH_US, GapCause.CAMERA_UNREACHABLE),
        (MIDNIGHT + FLUSH_US, MIDNIGHT + FLUSH_US + 7, GapCause.CAMERA_UNREACHABLE),
    ]


def test_what_the_disk_lost_before_an_open_gap_is_told_with_its_own_cause() -> None:
    it = book()
    it.open(MIDNIGHT + 10, GapCause.CAMERA_UNREACHABLE)
    it.extend_back(MIDNIGHT + 4, GapCause.DISK_FULL, "full")
    it.close(MIDNIGHT + 20)
    assert told(it.take()) == [
        (MIDNIGHT + 4, MIDNIGHT + 10, GapCause.DISK_FULL),
        (MIDNIGHT + 10, MIDNIGHT + 20, GapCause.CAMERA_UNREACHABLE),
    ]


def test_every_end_of_a_run_has_a_cause() -> None:
    assert set(CAUSE_OF_END) == set(RunEnd) - {RunEnd.CONTINUES}
    assert GapCause.UNKNOWN not in CAUSE_OF_END.values()


@given(
    st.lists(st.tuples(st.integers(1, 20 * HOUR), st.sampled_from([*GapCause, None, "flush"])), min_size=1, max_size=30)
)
def test_the_records_of_a_gap_cover_it_exactly(steps: list[tuple[int, GapCause | str | None]]) -> None:
    it = book("mon-fri 07:00-20:00")
    now, wanted = MIDNIGHT, 0
    records: list[GapRecord] = []
    for wait, what in steps:
        since = it.from_us
        now += wait
        if since is not None:
            wanted += wait
        if what is None:
            it.close(now)
        elif what == "flush":
            it.flush(now)
        else:
            it.open(now, GapCause(what))
        records += it.take()
    it.close(now)
    records += it.take()
    assert sum(r.end_us - r.start_us for r in records) == wanted
    assert all(a.end_us <= b.start_us for a, b in itertools.pairwise(records))


def test_a_changed_schedule_holds_from_its_change_on_and_not_for_what_was_missed_before() -> None:
    it = book()
    it.open(MIDNIGHT + 9 * HOUR, GapCause.CAMERA_UNREACHABLE)
    night = parse_schedule(["daily 22:00-06:00"])
    it.reschedule(MIDNIGHT + 10 * HOUR, night, "UTC")
    it.reschedule(MIDNIGHT + 11 * HOUR, night, "UTC")  # the same once more splits nothing
    it.close(MIDNIGHT + 23 * HOUR)
    assert told(it.take()) == [
        (MIDNIGHT + 9 * HOUR, MIDNIGHT + 10 * HOUR, GapCause.CAMERA_UNREACHABLE),
        (MIDNIGHT + 10 * HOUR, MIDNIGHT + 22 * HOUR, GapCause.SCHEDULE_OFF),
        (MIDNIGHT + 22 * HOUR, MIDNIGHT + 23 * HOUR, GapCause.CAMERA_UNREACHABLE),
    ]


def test_a_changed_schedule_without_an_open_gap_writes_nothing() -> None:
    it = book()
    it.reschedule(MIDNIGHT, parse_schedule(["daily 22:00-06:00"]), "UTC")
    assert it.take() == []
    it.open(MIDNIGHT + HOUR, GapCause.GATEWAY_DOWN)
    it.reschedule(MIDNIGHT, always(), "UTC")  # a clock that was set back
    it.close(MIDNIGHT + 2 * HOUR)
    assert told(it.take()) == [(MIDNIGHT + HOUR, MIDNIGHT + 2 * HOUR, GapCause.GATEWAY_DOWN)]
