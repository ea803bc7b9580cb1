"""A row per run: consecutive segments of one RTSP session, with the codec that holds for all of them.

Functions of a `Transaction`, kept up to date by `segments.insert_spooled`, whatever the order of the segments.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, insert, select, update

from camera_gateway.catalogue.tables import runs
from camera_gateway.domain.footage import RunEnd
from camera_gateway.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from sqlalchemy import Row

    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.footage import Sidecar
    from camera_gateway.domain.ids import CameraId, RunId


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run as its segments tell it. `end_reason` CONTINUES: its last known segment is not its last."""

    id: RunId
    camera: CameraId
    start_us: int
    end_us: int
    end_reason: RunEnd
    video_codec: str
    audio_codec: str | None
    width: int
    height: int
    segments: int
    frames: int
    media_duration_us: int


_FIND = select(runs).where(runs.c.id == bindparam("run"))
_EXTEND = (
    update(runs)
    .where(runs.c.id == bindparam("run"))
    .values(
        {
            name: bindparam(name)
            for name in ("start_us", "end_us", "end_reason", "segments", "frames", "media_duration_us")
        }
    )
)


def extend_run(tx: Transaction, sidecar: Sidecar) -> None:
    """Count a new segment into its run. Not repeatable: `insert_spooled` calls it once per segment."""
    found = tx.connection.execute(_FIND, {"run": sidecar.run}).first()
    if found is None:
        values = {
            "id": sidecar.run,
            "camera": sidecar.camera,
            "start_us": sidecar.start_us,
            "end_us": sidecar.end_us,
            "end_reason": str(sidecar.run_end),
            "video_codec": sidecar.video_codec,
            "audio_codec": sidecar.audio_codec,
            "width": sidecar.width,
            "height": sidecar.height,
            "segments": 1,
            "frames": sidecar.frames,
            "media_duration_us": sidecar.media_duration_us,
        }
        tx.connection.execute(insert(runs), values)
        return
    if found.camera != sidecar.camera:
        raise InvalidInput(f"run {sidecar.run} belongs to another camera", hint="run: camera-gateway check")
    later = sidecar.end_us >= found.end_us
    changed = {
        "run": sidecar.run,
        "start_us": min(found.start_us, sidecar.start_us),
        "end_us": sidecar.end_us if later else found.end_us,
        "end_reason": str(sidecar.run_end) if later else found.end_reason,
        "segments": found.segments + 1,
        "frames": found.frames + sidecar.frames,
        "media_duration_us": found.media_duration_us + sidecar.media_duration_us,
    }
    tx.connection.execute(_EXTEND, changed)


def get_run(tx: Transaction, run: RunId) -> RunRow:
    """Return a run; `NotFound` when no segment of it is known."""
    found = tx.connection.execute(select(runs).where(runs.c.id == run)).first()
    if found is None:
        raise NotFound(f"no run {run}")
    return _row(found)


def _row(row: Row[Any]) -> RunRow:
    return RunRow(
        id=row.id,
        camera=row.camera,
        start_us=row.start_us,
        end_us=row.end_us,
        end_reason=RunEnd(row.end_reason),
        video_codec=row.video_codec,
        audio_codec=row.audio_codec,
        width=row.width,
        height=row.height,
        segments=row.segments,
        frames=row.frames,
        media_duration_us=row.media_duration_us,
    )
