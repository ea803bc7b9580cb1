"""The life of a segment in the catalogue: exactly once, state by state, found by time, lost in the open."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from support.catalogue_rows import ALIA, MINUTE_US, gap_value, sidecar_value

from camera_gateway.catalogue import audit_log, gaps, garbage, runs, segments
from camera_gateway.domain.coverage import KeptSpan
from camera_gateway.domain.footage import CameraSigned, GapCause, RunEnd, SegmentState
from camera_gateway.domain.ids import CameraId, InstitutionId, RunId, SegmentId
from camera_gateway.domain.people import SYSTEM
from camera_gateway.errors import InvalidInput, NotFound, Refused

if TYPE_CHECKING:
    from camera_gateway.catalogue.opening import Catalogue, Transaction
    from camera_gateway.clock import HeldClock

HALL, YARD = CameraId("hall"), CameraId("yard")


def take(tx: Transaction, camera: str, *numbers: int) -> list[SegmentId]:
    values = [sidecar_value(camera, number) for number in numbers]
    for value in values:
        assert segments.insert_spooled(tx, value, f"{camera}/{value.segment}.mp4")
    return [value.segment for value in values]


def store(tx: Transaction, segment: SegmentId, *, locked: bool = True) -> None:
    segments.mark_intended(tx, segment, f"v1/{segment}", "GOVERNANCE", 99, "default")
    segments.mark_put(tx, segment, "version-1")
    segments.mark_stored(tx, segment, "version-1", locked)


@pytest.mark.parametrize("signed", CameraSigned)
def test_a_segment_is_read_back_with_its_whole_sidecar(catalogue: Catalogue, signed: CameraSigned) -> None:
    value = sidecar_value("hall", 5, clock_offset_us=None, audio_codec=None, camera_signed=signed)
    with catalogue.write(SYSTEM) as tx:
        assert segments.insert_spooled(tx, value, "hall/x.mp4")
    with catalogue.read() as tx:
        row = segments.get_segment(tx, value.segment)
    assert row.sidecar == value
    assert row == segments.SegmentRow(
        sidecar=value,
        state=SegmentState.SPOOLED,
        spool_path="hall/x.mp4",
        key=None,
        version_id=None,
        lock_mode=None,
        retain_until_us=None,
        locked=False,
        policy="",
        attempts=0,
        next_attempt_us=0,
        error_class=None,
        put_us=None,
        stored_us=None,
        released_us=None,
    )


def test_taking_a_segment_in_twice_changes_nothing(catalogue: Catalogue) -> None:
    value = sidecar_value("hall", 5)
    with catalogue.write(SYSTEM) as tx:
        take(tx, "hall", 5)
        store(tx, value.segment)
        before, run = segments.get_segment(tx, value.segment), runs.get_run(tx, value.run)
        assert segments.insert_spooled(tx, value, "hall/elsewhere.mp4") is False
        assert segments.get_segment(tx, value.segment) == before
        assert runs.get_run(tx, value.run) == run


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"camera": CameraId("attic")}, NotFound),
        ({"institution": InstitutionId("other")}, InvalidInput),
        ({"end_us": 5 * MINUTE_US - 1}, InvalidInput),
        ({"end_us": 5 * MINUTE_US + 25 * 3_600_000_000}, InvalidInput),
        ({"camera": YARD}, InvalidInput),
    ],
)
def test_a_sidecar_that_cannot_be_ours_is_refused_whole(
    catalogue: Catalogue, changes: dict[str, Any], error: type[Exception]
) -> None:
    with catalogue.write(SYSTEM) as tx:
        take(tx, "hall", 4)  # so that the run is known to be the hall's
        with pytest.raises(error):
            segments.insert_spooled(tx, replace(sidecar_value("hall", 5), **changes), "x")
        assert runs.get_run(tx, RunId("hall-run")).segments == 1
        with pytest.raises(NotFound):
            segments.get_segment(tx, SegmentId("hall-run-000005"))


def test_a_known_id_with_other_bytes_is_refused(catalogue: Catalogue) -> None:
    with catalogue.write(SYSTEM) as tx:
        take(tx, "hall", 5)
        with pytest.raises(InvalidInput, match="other bytes"):
            segments.insert_spooled(tx, sidecar_value("hall", 5, sha256="f" * 64), "x")


async def test_the_way_from_spooled_to_released_keeps_what_each_step_learned(
    catalogue: Catalogue, clock: HeldClock
) -> None:
    with catalogue.write(SYSTEM) as tx:
        (segment,) = take(tx, "hall", 5)
        segments.mark_intended(tx, segment, "v1/key", "GOVERNANCE", 77, "default")
        segments.mark_failed(tx, segment, "transient", 1_000)
        row = segments.get_segment(tx, segment)
        assert (row.state, row.attempts, row.error_class, row.next_attempt_us) == ("intended", 1, "transient", 1_000)
        segments.mark_intended(tx, segment, "v1/key", "GOVERNANCE", 77, "default")
    await clock.advance(1)
    with catalogue.write(SYSTEM) as tx:
        segments.mark_put(tx, segment, "version-1")
        put_us = clock.now_us()
    await clock.advance(1)
    with catalogue.write(SYSTEM) as tx:
        segments.mark_stored(tx, segment, "version-1", locked=True)
        row = segments.get_segment(tx, segment)
        assert (row.state, row.key, row.version_id, row.lock_mode) == ("stored", "v1/key", "version-1", "GOVERNANCE")
        assert (row.retain_until_us, row.locked, row.policy, row.attempts) == (77, True, "default", 2)
        assert (row.error_class, row.put_us, row.stored_us) == (None, put_us, clock.now_us())
        assert row.spool_path == f"hall/{segment}.mp4"
        assert garbage.pending_garbage(tx) == []
        assert segments.mark_released(tx, segment) == f"hall/{segment}.mp4"
        row = segments.get_segment(tx, segment)
        assert (row.state, row.spool_path, row.released_us) == ("released", None, clock.now_us())
        assert garbage.pending_garbage(tx) == [f"hall/{segment}.mp4"]
        garbage.forget_garbage(tx, f"hall/{segment}.mp4")
        assert garbage.pending_garbage(tx) == []


def test_no_step_can_be_skipped_and_u4_holds_whatever_the_caller_does(catalogue: Catalogue) -> None:
    with catalogue.write(SYSTEM) as tx:
        (segment,) = take(tx, "hall", 5)
        for step in (
            lambda: segments.mark_put(tx, segment, "v"),
            lambda: segments.mark_stored(tx, segment, "v", locked=True),
            lambda: segments.mark_released(tx, segment),
        ):
            with pytest.raises(Refused, match="is spooled"):
                step()
        segments.mark_intended(tx, segment, "k", None, None, "default")
        segments.mark_put(tx, segment, "v")
        with pytest.raises(Refused, match="is put"):
            segments.mark_released(tx, segment)
        segments.mark_stored(tx, segment, "v", locked=False)
        with pytest.raises(Refused, match="is stored"):
            segments.mark_intended(tx, segment, "k", None, None, "default")
        with pytest.raises(NotFound):
            segments.mark_put(tx, SegmentId("nobody"), "v")
        assert garbage.pending_garbage(tx) == []


@pytest.mark.parametrize("state", ["spooled", "put", "stored", "released"])
def test_a_lost_segment_is_a_gap_garbage_and_an_audit_row_of_the_system(catalogue: Catalogue, state: str) -> None:
    with catalogue.write(ALIA) as tx:
        (segment,) = take(tx, "hall", 5)
        if state != "spooled":
            segments.mark_intended(tx, segment, "k", None, None, "default")
            segments.mark_put(tx, segment, "v")
        if state in {"stored", "released"}:
            segments.mark_stored(tx, segment, "v", locked=True)
        if state == "released":
            segments.mark_released(tx, segment)
        before = audit_log.head(tx)[0]
        assert segments.mark_lost(tx, segment, GapCause.SPOOL_FULL, "dropped: the spool is full") is True
        assert segments.mark_lost(tx, segment, GapCause.SPOOL_FULL, "again") is False
        row = segments.get_segment(tx, segment)
        assert (row.state, row.spool_path) == ("lost", None)
        (gap,) = gaps.gaps_in_span(tx, HALL, 5 * MINUTE_US, 6 * MINUTE_US)
        assert (gap.start_us, gap.end_us, gap.cause) == (5 * MINUTE_US, 6 * MINUTE_US, GapCause.SPOOL_FULL)
        assert garbage.pending_garbage(tx) == [f"hall/{segment}.mp4"]
        (audited,) = audit_log.list_rows(tx, before)
        assert (audited.actor, audited.action, audited.object) == (
            "system:gateway",
            "segment.lost",
            f"segment:{segment}",
        )
        assert audited.details["cause"] == "spool-full"
        assert audited.details["before"] == state


def test_a_span_holds_every_segment_that_touches_it_and_no_other(catalogue: Catalogue) -> None:
    with catalogue.write(SYSTEM) as tx:
        take(tx, "hall", 1, 2, 3, 4)
        take(tx, "yard", 2)
        long_one = sidecar_value("hall", 100, end_us=100 * MINUTE_US + 20 * 3_600_000_000)
        segments.insert_spooled(tx, long_one, "x")

        def starts(start_us: int, end_us: int) -> list[int]:
            return [row.sidecar.start_us // MINUTE_US for row in segments.in_span(tx, HALL, start_us, end_us)]

        assert starts(2 * MINUTE_US, 4 * MINUTE_US) == [2, 3]
        assert starts(2 * MINUTE_US - 1, 4 * MINUTE_US + 1) == [1, 2, 3, 4]
        assert starts(3 * MINUTE_US, 3 * MINUTE_US) == []
        assert starts(100 * MINUTE_US + 19 * 3_600_000_000, 2**60) == [100]
        store(tx, SegmentId("hall-run-000002"))
        assert segments.kept_spans(tx, HALL, 2 * MINUTE_US, 4 * MINUTE_US) == [
            KeptSpan(2 * MINUTE_US, 3 * MINUTE_US, "stored", locked=True),
            KeptSpan(3 * MINUTE_US, 4 * MINUTE_US, "spooled", locked=False),
        ]
        last = segments.last_segment(tx, HALL)
        assert last is not None
        assert last.sidecar == long_one
        assert segments.last_segment_end_us(tx, HALL) == last.sidecar.end_us
        assert segments.last_segment(tx, CameraId("attic")) is None
        assert segments.last_segment_end_us(tx, CameraId("attic")) is None


def test_iterating_gives_each_segment_once_whatever_the_batch(catalogue: Catalogue) -> None:
    with catalogue.write(SYSTEM) as tx:
        wanted = sorted([*take(tx, "hall", *range(7)), *take(tx, "yard", *range(5))])
        for batch in (1, 3, 12, 1_000):
            assert [row.sidecar.segment for row in segments.iterate_all(tx, batch)] == wanted
        store(tx, wanted[0])
        assert segments.count_by_state(tx) == {"spooled": 11, "stored": 1}


def test_a_run_grows_with_its_segments_in_any_order(catalogue: Catalogue) -> None:
    with catalogue.write(SYSTEM) as tx:
        for value in (
            sidecar_value("hall", 3),
            sidecar_value("hall", 5, run_end=RunEnd.CAMERA_CLOSED),
            sidecar_value("hall", 4),
            sidecar_value("hall", 2),
        ):
            segments.insert_spooled(tx, value, "x")
        run = runs.get_run(tx, RunId("hall-run"))
        assert (run.start_us, run.end_us, run.end_reason) == (2 * MINUTE_US, 6 * MINUTE_US, RunEnd.CAMERA_CLOSED)
        assert (run.segments, run.frames, run.media_duration_us) == (4, 6_000, 4 * (MINUTE_US - 7))
        assert (run.camera, run.video_codec, run.audio_codec) == ("hall", "avc1.640028", "mp4a.40.2")
        with pytest.raises(NotFound):
            runs.get_run(tx, RunId("nobody"))


def test_gap_records_are_inserted_once_and_found_by_span(catalogue: Catalogue) -> None:
    months = gap_value("g1", "hall", 0, 90 * 86_400_000_000)
    with catalogue.write(SYSTEM) as tx:
        assert gaps.last_gap_end_us(tx, HALL) is None
        assert gaps.insert_gap(tx, months) is True
        assert gaps.insert_gap(tx, replace(months, detail="another")) is False
        short = gap_value("g2", "hall", 50, 60, GapCause.CAMERA_AUTH)
        assert gaps.insert_gap(tx, short)
        assert gaps.insert_gap(tx, gap_value("g3", "yard", 50, 60))
        assert gaps.gaps_in_span(tx, HALL, 55, 56) == [months, short]
        assert gaps.gaps_in_span(tx, HALL, 60, 61) == [months]
        assert gaps.last_gap_end_us(tx, HALL) == months.end_us
        with pytest.raises(NotFound, match="no camera attic"):
            gaps.insert_gap(tx, gap_value("g4", "attic", 0, 1))
        with pytest.raises(InvalidInput, match="ends before"):
            gaps.insert_gap(tx, gap_value("g5", "hall", 2, 1))
