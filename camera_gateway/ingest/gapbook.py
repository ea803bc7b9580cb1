"""The gap of one camera that is open now, and the records of those that ended. Pure.

Promises: what is not recorded is told without a seam, split where the schedule or the cause changes. Must not know
where records are kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from camera_gateway.domain.footage import GapCause, GapRecord, RunEnd
from camera_gateway.domain.intervals import subtract
from camera_gateway.domain.schedule import Schedule, active

if TYPE_CHECKING:
    from collections.abc import Callable

    from camera_gateway.domain.ids import CameraId, InstitutionId

FLUSH_US = 3_600_000_000
"""An open gap is written down at least this often."""
PRECISION_US = 1_000_000

CAUSE_OF_END: dict[RunEnd, GapCause] = {
    RunEnd.CAMERA_CLOSED: GapCause.CAMERA_UNREACHABLE,
    RunEnd.STREAM_STALLED: GapCause.STREAM_STALLED,
    RunEnd.STREAM_CORRUPT: GapCause.STREAM_CORRUPT,
    RunEnd.FORMAT_CHANGED: GapCause.STREAM_CORRUPT,
    RunEnd.TIME_JUMP: GapCause.STREAM_CORRUPT,
    RunEnd.CLOCK_STEP: GapCause.CLOCK_STEP,
    RunEnd.SCHEDULE_OFF: GapCause.SCHEDULE_OFF,
    RunEnd.OPERATOR_DISABLED: GapCause.OPERATOR_DISABLED,
    RunEnd.PLAN_CHANGED: GapCause.PLANNED_MAINTENANCE,
    RunEnd.DISK_FULL: GapCause.DISK_FULL,
    RunEnd.DISK_ERROR: GapCause.DISK_ERROR,
    RunEnd.SPOOL_FULL: GapCause.SPOOL_FULL,
    RunEnd.SHUTDOWN: GapCause.GATEWAY_DOWN,
    RunEnd.CRASHED: GapCause.GATEWAY_DOWN,
}
"""The cause of the gap behind a run's end. Format changes and jumps leave none worth a word."""

DETAIL_OF_END: dict[RunEnd, str] = {
    RunEnd.CLOCK_STEP: "the gateway's clock was set",
    RunEnd.TIME_JUMP: "the camera's time stamps jumped",
    RunEnd.FORMAT_CHANGED: "the camera changed its format",
    RunEnd.STREAM_CORRUPT: "no keyframe for too long",
    RunEnd.PLAN_CHANGED: "the camera's settings were changed",
    RunEnd.OPERATOR_DISABLED: "paused by the operator",
    RunEnd.SHUTDOWN: "the recorder was stopped",
    RunEnd.SPOOL_FULL: "the spool has reached its quota",
    RunEnd.DISK_FULL: "the spool's disk is full",
}
"""What a person is told of that gap."""


@dataclass(slots=True)
class GapBook:
    """The open gap, and what is to be written down."""

    camera: CameraId
    institution: InstitutionId
    new_id: Callable[[int], str]
    schedule: Schedule
    time_zone: str
    from_us: int | None = None
    cause: GapCause = GapCause.GATEWAY_DOWN
    detail: str = ""
    precision_us: int = PRECISION_US
    records: list[GapRecord] = field(default_factory=list)

    def open(self, at_us: int, cause: GapCause, detail: str = "", *, precision_us: int = PRECISION_US) -> None:
        """Say that nothing is recorded from `at_us` on; an open gap changes its cause there."""
        if self.from_us is not None:
            if (cause, detail) == (self.cause, self.detail):
                return
            self._write(at_us)
            at_us = max(at_us, self.from_us)
        self.from_us = at_us
        self.cause, self.detail, self.precision_us = cause, detail, precision_us

    def close(self, at_us: int) -> None:
        """Say that recording begins at `at_us`."""
        self._write(at_us)
        self.from_us = None

    def extend_back(self, at_us: int, cause: GapCause, detail: str) -> None:
        """Say that an open gap began earlier than was thought, for another cause."""
        since = self.from_us
        if since is None or since <= at_us:
            self.open(at_us, cause, detail)
            return
        later = (self.cause, self.detail)
        self.from_us, self.cause, self.detail = at_us, cause, detail
        self._write(since)
        self.from_us = since
        self.cause, self.detail = later

    def reschedule(self, now_us: int, schedule: Schedule, time_zone: str) -> None:
        """Follow another schedule from now on; what of an open gap lies before is told by the one that held then."""
        if (schedule, time_zone) != (self.schedule, self.time_zone) and self.from_us is not None:
            self._write(now_us)
            self.from_us = max(self.from_us, now_us)
        self.schedule, self.time_zone = schedule, time_zone

    def flush(self, now_us: int) -> None:
        """Write down a gap that has been open for long; it stays open."""
        if self.from_us is not None and now_us - self.from_us >= FLUSH_US:
            self._write(now_us)
            self.from_us = now_us

    def take(self) -> list[GapRecord]:
        """Return the records to be written."""
        records, self.records = self.records, []
        return records

    def _write(self, to_us: int) -> None:
        """Record [from, to): by cause where the schedule asks for recording, as schedule-off elsewhere."""
        start = self.from_us
        if start is None or to_us <= start:
            return
        on = active(self.schedule, self.time_zone, start, to_us)
        off = subtract([(start, to_us)], on)
        cause, detail = self.cause, self.detail
        if cause is GapCause.SCHEDULE_OFF:
            # the seconds around a boundary in which the recorder had not yet noticed it
            cause, detail = GapCause.CAMERA_UNREACHABLE, "connecting as the schedule begins"
        pieces = [(a, b, cause, detail) for a, b in on]
        pieces += [(a, b, GapCause.SCHEDULE_OFF, "") for a, b in off]
        for a, b, why, told in sorted(pieces):
            self.records.append(
                GapRecord(
                    gap=self.new_id(a),
                    camera=self.camera,
                    institution=self.institution,
                    start_us=a,
                    end_us=b,
                    cause=why,
                    detail=told,
                    observed_by="recorder",
                    precision_us=self.precision_us,
                )
            )
