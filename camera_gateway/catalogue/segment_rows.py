"""A segment's row as a value.

`SegmentRow` is the sidecar, column by column, and the segment's life beside it. Knows the column names, no query.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from camera_gateway.domain.footage import CameraSigned, ClockMethod, Origin, RunEnd, SegmentState, Sidecar

if TYPE_CHECKING:
    from sqlalchemy import Row

SIDECAR_COLUMNS = tuple(field.name for field in fields(Sidecar))
_LIFE = (
    "spool_path",
    "key",
    "version_id",
    "lock_mode",
    "retain_until_us",
    "locked",
    "policy",
    "attempts",
    "next_attempt_us",
    "error_class",
    "put_us",
    "stored_us",
    "released_us",
)


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """What the catalogue knows of a segment. `spool_path` is None once the file was given up."""

    sidecar: Sidecar
    state: SegmentState
    spool_path: str | None
    key: str | None
    version_id: str | None
    lock_mode: str | None
    retain_until_us: int | None
    locked: bool
    policy: str
    attempts: int
    next_attempt_us: int
    error_class: str | None
    put_us: int | None
    stored_us: int | None
    released_us: int | None


def segment_row(row: Row[Any]) -> SegmentRow:
    """Make a value of a row that holds every column of the table."""
    found = row._mapping  # noqa: SLF001 - the documented accessor of SQLAlchemy's rows
    values: dict[str, Any] = {name: found[name] for name in SIDECAR_COLUMNS}
    values["run_end"] = RunEnd(values["run_end"])
    values["clock_method"] = ClockMethod(values["clock_method"])
    values["origin"] = Origin(values["origin"])
    values["camera_signed"] = CameraSigned(values["camera_signed"] or CameraSigned.UNKNOWN)
    life: dict[str, Any] = {name: found[name] for name in _LIFE}
    return SegmentRow(sidecar=Sidecar(**values), state=SegmentState(found["state"]), **life)
