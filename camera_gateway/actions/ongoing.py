"""What a camera does at the end of what is written down: the open gap, the open part, a recorder that is down. Pure.

Promises: with the catalogue's segments and gap records, what is returned here leaves no second unexplained that the
recorder or its absence explains. Must not know where any of it is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from camera_gateway.domain.camera import CameraState
from camera_gateway.domain.coverage import Gap
from camera_gateway.domain.footage import GapCause
from camera_gateway.domain.intervals import subtract
from camera_gateway.domain.schedule import Schedule, active

if TYPE_CHECKING:
    from collections.abc import Sequence

    from camera_gateway.domain.camera import Camera
    from camera_gateway.handover.status_file import CameraStatus, RecorderStatus

STALE_US = 5_000_000
"""A recorder that has not written its status for this long is down."""
ON_ITS_WAY_US = 10_000_000
"""A gap that ends, or changes its cause, becomes a record; until that is taken in, which takes a second, its time must
not look unexplained. What is longer is no record on its way, and stays unknown."""
SETTLE_US = 10_000_000
"""So long after its retirement a camera's last segment may still be on its way into the catalogue."""


@dataclass(frozen=True, slots=True)
class WrittenDown:
    """How far the catalogue knows a camera, µs UTC: its latest segment, its latest gap record; None: there is none."""

    segment_us: int | None
    gap_us: int | None


@dataclass(frozen=True, slots=True)
class Ongoing:
    """`unsealed_from_us`: footage from here on has no row yet, so that nothing is said of it; None: all has.

    `gaps` are open, or known from the recorder's silence only.
    """

    unsealed_from_us: int | None
    gaps: tuple[Gap, ...] = ()


def ongoing(
    camera: Camera,
    status: CameraStatus | None,
    recorder: RecorderStatus | None,
    written: WrittenDown,
    now_us: int,
) -> Ongoing:
    """Say what goes on beyond what the catalogue knows; a recorder that does not write is down (invariant C5)."""
    known_us = max(camera.created_us, written.segment_us or 0, written.gap_us or 0)
    if camera.state is CameraState.RETIRED and camera.retired_us is not None:
        return _retired(known_us, camera.retired_us, now_us)
    if status is None or recorder is None:
        return Ongoing(None, _gap(known_us, now_us, GapCause.GATEWAY_DOWN, "the recorder has not started"))
    pending_us = _pending_from(status, written, known_us)
    if now_us - recorder.written_us < STALE_US:
        if status.gap_from_us is None:
            # a recording camera without an open part: the next one is about to begin where the last one ended
            last_us = max(known_us, status.last_end_us or 0)
            return Ongoing(_joined(known_us, last_us if pending_us is None else pending_us))
        begun_us = status.gap_from_us if pending_us is not None else _joined(known_us, status.gap_from_us)
        gaps = _gap(begun_us, now_us, status.cause or GapCause.GATEWAY_DOWN, status.detail)
        return Ongoing(pending_us, gaps)
    if status.gap_from_us is not None:
        durable_us = status.gap_from_us
        down_us = max(durable_us, recorder.written_us)
        gaps = _gap(durable_us, down_us, status.cause or GapCause.GATEWAY_DOWN, status.detail)
    else:
        durable_us = down_us = max(known_us, status.last_end_us or 0, status.open_to_us or 0)
        gaps = ()
    gaps += _gap(down_us, now_us, GapCause.GATEWAY_DOWN, "the recorder is down")
    if pending_us is not None:
        told = "the recorder is down; what it had received is sealed when it starts again"
        gaps = _gap(pending_us, durable_us, GapCause.GATEWAY_DOWN, told) + gaps
    return Ongoing(None, gaps)


def by_schedule(gaps: Sequence[Gap], schedule: Schedule, time_zone: str) -> list[Gap]:
    """Divide gaps that are not records yet by the schedule, as the recorder does when it writes them down."""
    result: list[Gap] = []
    for gap in gaps:
        on = active(schedule, time_zone, gap.start_us, gap.end_us)
        cause, detail = gap.cause, gap.detail
        if cause is GapCause.SCHEDULE_OFF:
            cause, detail = GapCause.CAMERA_UNREACHABLE, "connecting as the schedule begins"
        result += [Gap(start, end, cause, detail) for start, end in on]
        off = subtract([(gap.start_us, gap.end_us)], on)
        result += [Gap(start, end, GapCause.SCHEDULE_OFF) for start, end in off]
    return result


def _pending_from(status: CameraStatus, written: WrittenDown, known_us: int) -> int | None:
    """Return where footage begins that has no row: sealed and not taken in yet, or still in the open part."""
    last_us = status.last_end_us
    if last_us is not None and last_us > (written.segment_us or 0):
        # where that segment begins is not known here: at the earliest behind what is
        return known_us if known_us < last_us else written.segment_us
    return status.open_from_us


def _joined(known_us: int, from_us: int) -> int:
    """Return where what goes on begins: where what is known ends, if all that is between is on its way."""
    return known_us if known_us < from_us <= known_us + ON_ITS_WAY_US else from_us


def _retired(known_us: int, retired_us: int, now_us: int) -> Ongoing:
    if known_us >= retired_us:
        return Ongoing(None)
    if now_us - retired_us < SETTLE_US:
        return Ongoing(known_us)
    return Ongoing(None, _gap(known_us, retired_us, GapCause.GATEWAY_DOWN, "no recorder ran until it was retired"))


def _gap(start_us: int, end_us: int, cause: GapCause, detail: str) -> tuple[Gap, ...]:
    return (Gap(start_us, end_us, cause, detail),) if end_us > start_us else ()
