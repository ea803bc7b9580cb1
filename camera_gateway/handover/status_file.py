"""What a recorder process says of itself and its cameras: one small file per shard, replaced each second.

Promises that a reader sees one whole report or none. Not synced: after a power cut the parts in the spool tell what
was durable, and a file that was torn is ignored. Written by `record`, read by `serve`, and by `record` when it starts
again.
"""

from __future__ import annotations

import errno
import json
import os
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from camera_gateway.domain.footage import GapCause, ProbeCause
from camera_gateway.domain.ids import CameraId
from camera_gateway.errors import InvalidInput
from camera_gateway.handover.fields import Fields

if TYPE_CHECKING:
    from pathlib import Path

STATUS_VERSION = 1
_DRAFT = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
STATES = frozenset({"recording", "connecting", "off", "paused"})
_CAUSES = frozenset({None, *GapCause})
_PROBE_CAUSES = frozenset({None, *ProbeCause})


@dataclass(frozen=True, slots=True)
class CameraStatus:
    """One camera as its recorder sees it. Times in µs UTC."""

    camera: CameraId
    state: str
    """"recording", "connecting", "off" (by schedule) or "paused" (by the operator)."""
    cause: GapCause | None
    """Cause of the gap that is open now."""
    probe_cause: ProbeCause | None
    detail: str
    since_us: int
    """Since when in this state, or this gap."""
    last_packet_us: int | None
    open_from_us: int | None
    """Start of footage that is received and not yet sealed."""
    open_to_us: int | None
    """End of the last written fragment: durable up to here."""
    last_end_us: int | None
    """End of the last sealed segment."""
    gap_from_us: int | None
    """Start of the gap that is open now."""
    fps: float
    bitrate_bps: int
    clock_offset_us: int | None
    packets_received: int
    packets_lost: int
    reconnects: int
    reconnects_by_cause: dict[str, int]
    timestamp_jumps: int
    segments_sealed: int
    video: str
    """For a person, for example "h264 1920x1080"."""
    session: str
    """Run id of the present session, "" when there is none."""


@dataclass(frozen=True, slots=True)
class RecorderStatus:
    """One recorder process. `written_us` older than 5 s: it is down."""

    shard: int
    shards: int
    pid: int
    started_us: int
    written_us: int
    software: str
    plan_generation: int
    owner: str
    spool_free_bytes: int
    spool_bytes: int
    seal_seconds: float
    """How long the last seal took."""
    cameras: tuple[CameraStatus, ...]


def status_path(directory: Path, shard: int) -> Path:
    """Return the name of a shard's status file."""
    return directory / f"record-{shard}.json"


def write_status(path: Path, status: RecorderStatus) -> None:
    """Replace the file (0600) in one step; makes its directory. Raises OSError."""
    draft = f"{path}.tmp"
    document = _plain(RecorderStatus, status)
    document["version"] = STATUS_VERSION
    document["cameras"] = [_plain(CameraStatus, camera) for camera in status.cameras]
    data = json.dumps(document, ensure_ascii=False).encode()
    try:
        fd = os.open(draft, _DRAFT, 0o600)
    except FileNotFoundError:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(draft, _DRAFT, 0o600)
    try:
        # blocks that are there already: ext4 would begin to write the others to the disk before it replaces a file
        os.posix_fallocate(fd, 0, len(data))
        if os.write(fd, data) < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), draft)
    finally:
        os.close(fd)
    os.replace(draft, path)  # noqa: PTH105 - once a second


def read_status(path: Path) -> RecorderStatus:
    """Return one shard's report; `InvalidInput` when it is damaged or of another version; OSError when absent."""
    found = Fields.parse(path.read_bytes(), str(path))
    found.demand_version(STATUS_VERSION)
    return RecorderStatus(
        shard=found.integer("shard"),
        shards=found.integer("shards"),
        pid=found.integer("pid"),
        started_us=found.integer("started_us"),
        written_us=found.integer("written_us"),
        software=found.text("software"),
        plan_generation=found.integer("plan_generation"),
        owner=found.text("owner"),
        spool_free_bytes=found.integer("spool_free_bytes"),
        spool_bytes=found.integer("spool_bytes"),
        seal_seconds=found.number("seal_seconds"),
        cameras=tuple(_camera(each) for each in found.each("cameras")),
    )


def read_statuses(directory: Path) -> list[RecorderStatus]:
    """Return every whole report in the directory, by shard; torn and foreign files are passed over."""
    result = []
    for path in directory.glob("record-*.json"):
        try:
            result.append(read_status(path))
        except (InvalidInput, OSError):
            continue  # replaced or removed while we looked, or none of ours: the next look is a second away
    return sorted(result, key=lambda status: status.shard)


def _plain(kind: type[RecorderStatus | CameraStatus], status: RecorderStatus | CameraStatus) -> dict[str, Any]:
    """Return the fields by name, not copied: `dataclasses.asdict` cost three times what the JSON does."""
    names = kind.__slots__
    return dict(zip(names, attrgetter(*names)(status), strict=True))


def _camera(found: Fields) -> CameraStatus:
    cause, probe_cause = found.optional_text("cause"), found.optional_text("probe_cause")
    state = found.text("state")
    if state not in STATES or cause not in _CAUSES or probe_cause not in _PROBE_CAUSES:
        raise InvalidInput(f"status of camera {found.text('camera')}: unknown state or cause")
    return CameraStatus(
        camera=CameraId(found.text("camera")),
        state=state,
        cause=None if cause is None else GapCause(cause),
        probe_cause=None if probe_cause is None else ProbeCause(probe_cause),
        detail=found.text("detail"),
        since_us=found.integer("since_us"),
        last_packet_us=found.optional_integer("last_packet_us"),
        open_from_us=found.optional_integer("open_from_us"),
        open_to_us=found.optional_integer("open_to_us"),
        last_end_us=found.optional_integer("last_end_us"),
        gap_from_us=found.optional_integer("gap_from_us"),
        fps=found.number("fps"),
        bitrate_bps=found.integer("bitrate_bps"),
        clock_offset_us=found.optional_integer("clock_offset_us"),
        packets_received=found.integer("packets_received"),
        packets_lost=found.integer("packets_lost"),
        reconnects=found.integer("reconnects"),
        reconnects_by_cause=found.counts("reconnects_by_cause"),
        timestamp_jumps=found.integer("timestamp_jumps"),
        segments_sealed=found.integer("segments_sealed"),
        video=found.text("video"),
        session=found.text("session"),
    )
