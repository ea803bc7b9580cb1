"""Coverage: every second of a camera is recorded, or a gap with a cause (invariants C1–C5). Pure.

Totals: expected (by schedule), recorded, put, stored, locked, each of expected time only.
`gaps` partition the time that is not recorded; what no record explains is `unknown`, a bug to report.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from camera_gateway.domain.footage import PUT, RECORDED, STORED, GapCause
from camera_gateway.domain.intervals import Interval, clip, intersect, normalise, subtract, total

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SEAM_US = 100_000
"""Silence between two segments that counts as none: one frame at 10 frames per second (invariant C1)."""


@dataclass(frozen=True, slots=True)
class KeptSpan:
    """A segment as coverage sees it."""

    start_us: int
    end_us: int
    state: str
    locked: bool


@dataclass(frozen=True, slots=True)
class Gap:
    """A span that is not recorded. `required` is False where the schedule does not ask for recording."""

    start_us: int
    end_us: int
    cause: GapCause
    detail: str = ""
    required: bool = True


@dataclass(frozen=True, slots=True)
class Coverage:
    """The five totals in µs and the gaps of a span."""

    start_us: int
    end_us: int
    expected_us: int
    recorded_us: int
    put_us: int
    stored_us: int
    locked_us: int
    gaps: tuple[Gap, ...]

    @property
    def unknown_us(self) -> int:
        """Time that nothing explains."""
        return sum(g.end_us - g.start_us for g in self.gaps if g.cause is GapCause.UNKNOWN)


def _closed(spans: list[Interval]) -> list[Interval]:
    """Close seams between spans that touch within one frame."""
    result: list[Interval] = []
    for start, end in spans:
        if result and start - result[-1][1] <= SEAM_US:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result


_PRECEDENCE: dict[GapCause, int] = {
    # the more specific explanation of a second wins where records overlap
    GapCause.INTEGRITY_FAILED: 0,
    GapCause.DELETED: 1,
    GapCause.EXPIRED: 2,
    GapCause.OPERATOR_DISABLED: 3,
    GapCause.PLANNED_MAINTENANCE: 4,
    GapCause.SPOOL_FULL: 5,
    GapCause.DISK_FULL: 6,
    GapCause.DISK_ERROR: 7,
    GapCause.SCHEDULE_OFF: 8,
    GapCause.GATEWAY_DOWN: 20,
    GapCause.UNKNOWN: 30,
}
_ORDINARY = 10


def coverage(
    start_us: int,
    end_us: int,
    scheduled: Sequence[Interval],
    spans: Iterable[KeptSpan],
    records: Iterable[Gap],
) -> Coverage:
    """Compute coverage of [start_us, end_us).

    `scheduled` is normalised and says when recording is asked for; `records` may overlap each other and the
    segments: recorded time always wins over a gap record, then the more specific cause.
    """
    required = clip(scheduled, start_us, end_us)
    kept = [s for s in spans if s.end_us > start_us and s.start_us < end_us]

    def held(states: frozenset[str], *, locked: bool = False) -> list[Interval]:
        chosen = [(s.start_us, s.end_us) for s in kept if s.state in states and (s.locked or not locked)]
        return clip(_closed(normalise(chosen)), start_us, end_us)

    recorded = held(RECORDED)
    missing = subtract([(start_us, end_us)], recorded) if end_us > start_us else []
    ordered = sorted(
        (r for r in records if r.end_us > start_us and r.start_us < end_us),
        key=lambda r: (_PRECEDENCE.get(r.cause, _ORDINARY), r.start_us),
    )
    off = subtract([(start_us, end_us)], required) if end_us > start_us else []
    gaps = [Gap(*piece, GapCause.SCHEDULE_OFF, required=False) for piece in intersect(missing, off)]
    missing = intersect(missing, required)
    for record in ordered:
        if not missing:
            break
        pieces = intersect(missing, [(record.start_us, record.end_us)])
        gaps.extend(Gap(*piece, record.cause, record.detail) for piece in pieces)
        missing = subtract(missing, pieces)
    gaps.extend(Gap(*piece, GapCause.UNKNOWN) for piece in missing)
    return Coverage(
        start_us=start_us,
        end_us=end_us,
        expected_us=total(required),
        recorded_us=total(intersect(recorded, required)),
        put_us=total(intersect(held(PUT), required)),
        stored_us=total(intersect(held(STORED), required)),
        locked_us=total(intersect(held(STORED, locked=True), required)),
        gaps=tuple(_joined(sorted(gaps, key=lambda g: (g.start_us, g.end_us)))),
    )


def _joined(gaps: list[Gap]) -> list[Gap]:
    """Join neighbours that say the same."""
    result: list[Gap] = []
    for gap in gaps:
        last = result[-1] if result else None
        if (
            last is not None
            and last.end_us == gap.start_us
            and (last.cause, last.detail, last.required) == (gap.cause, gap.detail, gap.required)
        ):
            result[-1] = Gap(last.start_us, gap.end_us, gap.cause, gap.detail, gap.required)
        else:
            result.append(gap)
    return result
