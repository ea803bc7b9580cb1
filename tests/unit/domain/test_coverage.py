"""Coverage: every second is recorded or a gap with a cause (C1), whatever records say."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from camera_gateway.domain.coverage import SEAM_US, Gap, KeptSpan, coverage
from camera_gateway.domain.footage import GapCause
from camera_gateway.domain.intervals import normalise

S = 1_000_000
TIMES = st.integers(0, 100)
CAUSES = st.sampled_from(sorted(set(GapCause) - {GapCause.UNKNOWN, GapCause.SCHEDULE_OFF}))
SPANS = st.lists(
    st.builds(
        lambda a, n, state, locked: KeptSpan(a * S, (a + n) * S, state, locked),
        TIMES,
        st.integers(1, 20),
        st.sampled_from(["spooled", "intended", "put", "stored", "released", "expired", "lost"]),
        st.booleans(),
    ),
    max_size=8,
)
RECORDS = st.lists(
    st.builds(lambda a, n, cause: Gap(a * S, (a + n) * S, cause), TIMES, st.integers(1, 30), CAUSES), max_size=8
)
SCHEDULE = st.lists(st.tuples(TIMES, TIMES), max_size=4).map(lambda spans: normalise((a * S, b * S) for a, b in spans))


@given(SCHEDULE, SPANS, RECORDS)
def test_recorded_time_and_gaps_partition_the_span(
    scheduled: list[tuple[int, int]], spans: list[KeptSpan], records: list[Gap]
) -> None:
    result = coverage(0, 120 * S, scheduled, spans, records)
    required = sum(g.end_us - g.start_us for g in result.gaps if g.required)
    assert result.recorded_us + required == result.expected_us
    assert result.expected_us == sum(b - a for a, b in scheduled)
    assert all(a.end_us <= b.start_us for a, b in zip(result.gaps, result.gaps[1:], strict=False))
    assert result.locked_us <= result.stored_us <= result.put_us <= result.recorded_us


@given(SCHEDULE, SPANS, RECORDS)
def test_a_second_that_a_record_explains_is_never_unknown(
    scheduled: list[tuple[int, int]], spans: list[KeptSpan], records: list[Gap]
) -> None:
    result = coverage(0, 120 * S, scheduled, spans, records)
    for gap in result.gaps:
        if gap.cause is GapCause.UNKNOWN:
            assert not any(r.start_us < gap.end_us and r.end_us > gap.start_us for r in records)


def test_a_seam_of_less_than_a_frame_is_no_gap() -> None:
    spans = [KeptSpan(0, 10 * S, "stored", True), KeptSpan(10 * S + SEAM_US, 20 * S, "stored", True)]  # noqa: FBT003
    assert coverage(0, 20 * S, [(0, 20 * S)], spans, []).gaps == ()


def test_a_longer_silence_between_segments_is_a_gap() -> None:
    spans = [KeptSpan(0, 10 * S, "stored", True), KeptSpan(11 * S, 20 * S, "stored", True)]  # noqa: FBT003
    assert coverage(0, 20 * S, [(0, 20 * S)], spans, []).gaps == (Gap(10 * S, 11 * S, GapCause.UNKNOWN),)


def test_footage_beats_a_gap_record_that_says_otherwise() -> None:
    spans = [KeptSpan(0, 20 * S, "spooled", False)]  # noqa: FBT003
    records = [Gap(5 * S, 30 * S, GapCause.CAMERA_UNREACHABLE)]
    assert coverage(0, 30 * S, [(0, 30 * S)], spans, records).gaps == (
        Gap(20 * S, 30 * S, GapCause.CAMERA_UNREACHABLE),
    )


def test_an_order_explains_better_than_a_gateway_that_was_down() -> None:
    records = [Gap(0, 30 * S, GapCause.GATEWAY_DOWN), Gap(10 * S, 20 * S, GapCause.OPERATOR_DISABLED)]
    causes = [g.cause for g in coverage(0, 30 * S, [(0, 30 * S)], [], records).gaps]
    assert causes == [GapCause.GATEWAY_DOWN, GapCause.OPERATOR_DISABLED, GapCause.GATEWAY_DOWN]


def test_a_lost_segment_covers_nothing_and_its_gap_says_why() -> None:
    spans = [KeptSpan(0, 10 * S, "lost", False)]  # noqa: FBT003
    records = [Gap(0, 10 * S, GapCause.SPOOL_FULL)]
    result = coverage(0, 10 * S, [(0, 10 * S)], spans, records)
    assert (result.recorded_us, result.gaps) == (0, (Gap(0, 10 * S, GapCause.SPOOL_FULL),))


def test_time_outside_the_schedule_is_told_but_not_required() -> None:
    result = coverage(0, 30 * S, [(10 * S, 20 * S)], [KeptSpan(10 * S, 20 * S, "stored", True)], [])  # noqa: FBT003
    assert result.expected_us == 10 * S
    assert [(g.cause, g.required) for g in result.gaps] == [(GapCause.SCHEDULE_OFF, False)] * 2
