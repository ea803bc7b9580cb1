"""Footage as values: segment states, sidecar (version 1), gaps and their closed list of causes. Pure.

The sidecar is the record that travels with a segment: JSON beside it in the spool, user metadata on the object
in the bucket. The catalogue can be rebuilt from sidecars alone (docs/formats/bucket.md).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from camera_gateway.errors import InvalidInput

if TYPE_CHECKING:
    from camera_gateway.domain.ids import CameraId, InstitutionId, RunId, SegmentId

SIDECAR_VERSION = 1
GAP_VERSION = 1


class SegmentState(StrEnum):
    """The states that a catalogue row can have (docs/reference/errors.md)."""

    SPOOLED = "spooled"
    INTENDED = "intended"
    PUT = "put"
    STORED = "stored"
    RELEASED = "released"
    EXPIRED = "expired"
    LOST = "lost"
    """The bytes are gone without an order (spool full, disk error, failed check): a gap says so."""


RECORDED = frozenset({"spooled", "intended", "put", "stored", "released"})
PUT = frozenset({"put", "stored", "released"})
STORED = frozenset({"stored", "released"})


class GapCause(StrEnum):
    """The closed list of docs/reference/errors.md (invariant C3)."""

    CAMERA_UNREACHABLE = "camera-unreachable"
    CAMERA_AUTH = "camera-auth"
    CAMERA_REFUSED_SESSIONS = "camera-refused-sessions"
    STREAM_STALLED = "stream-stalled"
    STREAM_CORRUPT = "stream-corrupt"
    CODEC_REFUSED = "codec-refused"
    GATEWAY_DOWN = "gateway-down"
    DISK_FULL = "disk-full"
    DISK_ERROR = "disk-error"
    SPOOL_FULL = "spool-full"
    CLOCK_STEP = "clock-step"
    SCHEDULE_OFF = "schedule-off"
    OPERATOR_DISABLED = "operator-disabled"
    PLANNED_MAINTENANCE = "planned-maintenance"
    INTEGRITY_FAILED = "integrity-failed"
    EXPIRED = "expired"
    DELETED = "deleted"
    UNKNOWN = "unknown"


class ProbeCause(StrEnum):
    """Why a camera cannot be used, finer than a gap cause (docs/reference/errors.md)."""

    RESOLVE_FAILED = "resolve-failed"
    PORT_CLOSED = "port-closed"
    NO_ANSWER = "no-answer"
    NOT_RTSP = "not-rtsp"
    AUTH_MISSING = "auth-missing"
    AUTH_WRONG = "auth-wrong"
    AUTH_SCHEME = "auth-scheme"
    PATH_NOT_FOUND = "path-not-found"
    REDIRECTED = "redirected"
    REFUSED_SESSIONS = "refused-sessions"
    CODEC_REFUSED = "codec-refused"
    NO_VIDEO = "no-video"
    TLS_FAILED = "tls-failed"
    ADDRESS_NOT_ALLOWED = "address-not-allowed"


GAP_CAUSE_OF_PROBE: dict[ProbeCause, GapCause] = {
    ProbeCause.RESOLVE_FAILED: GapCause.CAMERA_UNREACHABLE,
    ProbeCause.PORT_CLOSED: GapCause.CAMERA_UNREACHABLE,
    ProbeCause.NO_ANSWER: GapCause.CAMERA_UNREACHABLE,
    ProbeCause.NOT_RTSP: GapCause.CAMERA_UNREACHABLE,
    ProbeCause.AUTH_MISSING: GapCause.CAMERA_AUTH,
    ProbeCause.AUTH_WRONG: GapCause.CAMERA_AUTH,
    ProbeCause.AUTH_SCHEME: GapCause.CAMERA_AUTH,
    ProbeCause.PATH_NOT_FOUND: GapCause.CAMERA_UNREACHABLE,
    ProbeCause.REDIRECTED: GapCause.CAMERA_UNREACHABLE,
    ProbeCause.REFUSED_SESSIONS: GapCause.CAMERA_REFUSED_SESSIONS,
    ProbeCause.CODEC_REFUSED: GapCause.CODEC_REFUSED,
    ProbeCause.NO_VIDEO: GapCause.CODEC_REFUSED,
    ProbeCause.TLS_FAILED: GapCause.CAMERA_UNREACHABLE,
    ProbeCause.ADDRESS_NOT_ALLOWED: GapCause.CAMERA_UNREACHABLE,
}


class RunEnd(StrEnum):
    """Why a run ended; `CONTINUES` on a segment that is followed by another one of its run."""

    CONTINUES = "continues"
    CAMERA_CLOSED = "camera-closed"
    STREAM_STALLED = "stream-stalled"
    STREAM_CORRUPT = "stream-corrupt"
    FORMAT_CHANGED = "format-changed"
    TIME_JUMP = "time-jump"
    CLOCK_STEP = "clock-step"
    SCHEDULE_OFF = "schedule-off"
    OPERATOR_DISABLED = "operator-disabled"
    PLAN_CHANGED = "plan-changed"
    DISK_FULL = "disk-full"
    DISK_ERROR = "disk-error"
    SPOOL_FULL = "spool-full"
    SHUTDOWN = "shutdown"
    CRASHED = "crashed"


class Origin(StrEnum):
    """Where the bytes come from (docs/formats/sidecar.md)."""

    LIVE = "live"
    EDGE = "edge"
    SALVAGED = "salvaged"


class ClockMethod(StrEnum):
    """How a segment's wall time was found (invariant T1)."""

    ARRIVAL = "arrival"
    """Least delayed frame by arrival at the gateway's clock; the camera sent no usable sender report."""
    SENDER_REPORT = "sender-report"
    """As `ARRIVAL`, with the camera's own clock known beside it from RTCP sender reports."""


class CameraSigned(StrEnum):
    """Whether the camera's own signatures were in the stream; never whether they hold (docs/formats/sidecar.md)."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    """Nobody looked: recorded before that was done, or salvaged."""


@dataclass(frozen=True, slots=True)
class Sidecar:
    """What a sealed segment says of itself, version 1. Times in µs UTC, durations in µs of media time."""

    segment: SegmentId
    run: RunId
    run_end: RunEnd
    institution: InstitutionId
    camera: CameraId
    start_us: int
    end_us: int
    media_start_us: int
    """Media time of the first sample since the run's start (its `tfdt`)."""
    media_duration_us: int
    clock_method: ClockMethod
    clock_offset_us: int | None
    """Camera clock minus gateway clock by sender report; None when the camera sent none."""
    wall_uncertainty_us: int
    video_codec: str
    audio_codec: str | None
    width: int
    height: int
    frames: int
    keyframes: int
    gop_max_us: int
    damaged_units: int
    packets_received: int
    packets_lost: int
    size_bytes: int
    sha256: str
    init_sha256: str
    software: str
    origin: Origin
    camera_signed: CameraSigned = CameraSigned.UNKNOWN
    """Left out where it is not known, so that an older sidecar stays what it was, byte for byte."""

    def as_json(self) -> dict[str, Any]:
        """Return the JSON object, keys sorted, with its version."""
        values = asdict(self)
        values["bytes"] = values.pop("size_bytes")
        if self.camera_signed is CameraSigned.UNKNOWN:
            del values["camera_signed"]
        return {"version": SIDECAR_VERSION, **values}

    def to_bytes(self) -> bytes:
        """Serialise for the file beside the segment."""
        return json.dumps(self.as_json(), sort_keys=True, ensure_ascii=False).encode() + b"\n"

    def to_metadata(self) -> dict[str, str]:
        """Return the sidecar as user metadata of an object: one compact JSON value, ASCII only."""
        return {"sidecar": json.dumps(self.as_json(), sort_keys=True, separators=(",", ":"))}


def parse_sidecar(data: bytes | str, where: str = "sidecar") -> Sidecar:
    """Parse and check a sidecar; raise `InvalidInput` that names `where`."""
    try:
        return parse_sidecar_values(json.loads(data), where)
    except ValueError as error:
        raise InvalidInput(f"{where}: damaged ({error})", hint="run: camera-gateway check") from error


def parse_sidecar_values(values: dict[str, Any], where: str = "sidecar") -> Sidecar:
    """Check the JSON object of a sidecar; raise `InvalidInput` that names `where`."""
    try:
        raw = dict(values)
        if raw.pop("version", None) != SIDECAR_VERSION:
            raise InvalidInput(
                f"{where}: not a version {SIDECAR_VERSION} sidecar",
                hint="it was written by a newer version, or is damaged",
            )
        raw["size_bytes"] = raw.pop("bytes")
        known = {f.name for f in fields(Sidecar)}
        values = {k: v for k, v in raw.items() if k in known}
        values["run_end"] = RunEnd(values["run_end"])
        values["clock_method"] = ClockMethod(values["clock_method"])
        values["origin"] = Origin(values["origin"])
        values["camera_signed"] = CameraSigned(values.get("camera_signed", CameraSigned.UNKNOWN))
        return Sidecar(**values)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidInput(f"{where}: damaged ({error})", hint="run: camera-gateway check") from error


@dataclass(frozen=True, slots=True)
class GapRecord:
    """A span that was not recorded, with its cause: how the recorder tells (invariants C3, C5)."""

    gap: str
    camera: CameraId
    institution: InstitutionId
    start_us: int
    end_us: int
    cause: GapCause
    detail: str
    """One line for a person; never a URL with credentials."""
    observed_by: str
    precision_us: int

    def to_bytes(self) -> bytes:
        """Serialise for the spool."""
        record = {"version": GAP_VERSION, **asdict(self)}
        return json.dumps(record, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def parse_gap_record(data: bytes | str, where: str = "gap record") -> GapRecord:
    """Parse a gap record; raise `InvalidInput` that names `where`."""
    try:
        raw = json.loads(data)
        if raw.pop("version", None) != GAP_VERSION:
            raise InvalidInput(f"{where}: not a version {GAP_VERSION} gap record")
        raw["cause"] = GapCause(raw["cause"])
        return GapRecord(**raw)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidInput(f"{where}: damaged ({error})", hint="run: camera-gateway check") from error
