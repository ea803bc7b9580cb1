"""What answers look like, for the OpenAPI document and its tests: the keys that an integrator may rely on.

Verbs return plain JSON; these models describe it and convert nothing. Further keys may come. Times are RFC 3339.
"""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pydantic reads the annotations
from typing import Any

from pydantic import BaseModel, ConfigDict


class Answer(BaseModel):
    """The base: keys beyond the described ones are allowed."""

    model_config = ConfigDict(extra="allow")


class Problem(Answer):
    """A failure (RFC 9457). `code` is stable; `hint` says what to do."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    hint: str


class InstitutionRow(Answer):
    """An institution as lists have it; `cameras` is their number."""

    id: str
    name: str
    kind: str
    region: str
    created_at: datetime
    cameras: int


class SiteRow(Answer):
    """A site: time zone, networks in which its cameras may be, upload windows, holidays."""

    id: str
    name: str
    time_zone: str
    allowed_networks: list[str]
    upload_windows: list[str]
    holidays: list[str]


class InstitutionShown(InstitutionRow):
    """An institution with its sites."""

    sites: list[SiteRow]


class CameraRow(Answer):
    """A camera and what it does now. `state`: recording, connecting, off, paused, down, retired."""

    id: str
    name: str
    institution: str
    site: str
    zone: str
    state: str
    cause: str | None
    detail: str
    last_packet_at: datetime | None
    registered_at: datetime


class DeviceShown(Answer):
    """The apparatus that serves a camera now; `password` is "set" or null."""

    id: str
    url: str
    username: str | None
    password: str | None
    serial: str | None
    mac: str | None
    model: str | None
    firmware: str | None


class CameraShown(CameraRow):
    """A camera with its device and, while it is recorded, what comes from it."""

    schedule: list[str]
    device: DeviceShown | None


class WaitingInSpool(Answer):
    """What of a camera is recorded and not yet stored."""

    segments: int
    bytes: int
    oldest: datetime | None
    until_loss_s: float | None


class CameraStateNow(Answer):
    """What a camera does now."""

    camera: str
    at: datetime
    state: str
    cause: str | None
    detail: str
    last_packet_at: datetime | None
    since: datetime | None
    fps: float | None
    bitrate_bps: int | None
    clock_offset_s: float | None
    packets_received: int | None
    packets_lost: int | None
    reconnects: int | None
    video: str | None
    spool: WaitingInSpool


class ProbeFound(Answer):
    """What a probe has seen; `cause` is of the closed list of probe causes."""

    ok: bool
    cause: str | None
    message: str
    hint: str
    video: dict[str, Any] | None
    audio: dict[str, Any] | None
    clock_offset_s: float | None
    auth: str | None


class GapFound(Answer):
    """A span that is not covered, and its cause of the closed list."""

    cause: str
    detail: str
    required: bool


class CoverageFound(Answer):
    """The totals of a span (s) and its gaps; `from`, `to` and `asked_to` are its ends.

    `verified_s` is `stored_s` by its other name: nothing counts as stored before it was read back. `findings` is what
    the installation itself carries into every report.
    """

    camera: str
    expected_s: float
    recorded_s: float
    put_s: float
    stored_s: float
    verified_s: float
    locked_s: float
    unknown_s: float
    gaps: list[GapFound]
    findings: list[str]


class SegmentRow(Answer):
    """A segment. `state`: spooled, intended, put, stored, released, expired, lost."""

    id: str
    run: str
    start: datetime
    end: datetime
    media_duration_s: float
    bytes: int
    sha256: str
    key: str | None
    version_id: str | None
    state: str
    retain_until: datetime | None


class GrantShown(Answer):
    """A role in a scope."""

    role: str
    scope: str
    expires: datetime | None
    in_force: bool


class UserRow(Answer):
    """A user. `state`: active, disabled."""

    id: str
    name: str
    state: str
    roles: list[GrantShown]


class RoleRow(Answer):
    """A role; each act is "alone", "two" or "two in a restricted zone"."""

    id: str
    acts: dict[str, str]


class TokenRow(Answer):
    """An API token, without its text. `state`: active, expired, revoked."""

    id: str
    user: str
    label: str
    scope: str
    state: str
    issued_by: str
    created: datetime
    expires: datetime
    last_used: datetime | None


class TokenMade(TokenRow):
    """A new token with its text, which is not kept."""

    token: str


class PackageRow(Answer):
    """An export of a request; unfinished ones were broken off."""

    id: str
    exported_by: str
    started_at: datetime
    finished_at: datetime | None
    export_sha256: str | None
    segments: int


class RequestRow(Answer):
    """A request for footage; `hold` keeps it from the moment in which it was asked for."""

    id: str
    institution: str
    zone: str | None
    cameras: list[str]
    margin_s: float
    requester: str
    body: str
    legal_ground: str
    case: str
    hold: str
    hold_in_force_at: datetime | None
    asked_by: str
    asked_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    packages: list[PackageRow]


class HoldRow(Answer):
    """A legal hold; `to` null is open-ended."""

    id: str
    owner: str
    institution: str | None
    cameras: list[str]
    reason: str
    case: str
    placed_by: str
    placed_at: datetime
    in_force_at: datetime | None
    lifted_at: datetime | None
    lifted_by: str | None
    approved_by: str | None
    lift_reason: str | None


class IncidentRow(Answer):
    """An entry of the register of incidents."""

    id: str
    institution: str
    cameras: list[str]
    at: datetime
    text: str
    hold: str
    reported_by: str
    reported_at: datetime


class PlanMade(Answer):
    """What is to become of segments; the digest is what a sweep is asked for by."""

    digest: str
    as_of: datetime
    going: dict[str, int]
    counts: dict[str, int]
    brake: list[str]
    decisions: list[dict[str, Any]]


class AuditRow(Answer):
    """An audit row; its digest follows from the row before it."""

    number: int
    at: datetime
    actor: str
    action: str
    object: str
    details: dict[str, Any]
    digest: str


class AnchoredHeads(Answer):
    """What the heads in the bucket say of the audit log; `checked` false: `why` the store could not be asked."""

    checked: bool
    why: str
    heads: int
    rows: int
    at: datetime | None
    contradictions: list[dict[str, str]]


class AuditVerified(Answer):
    """Whether the chain is whole; `broken_at` is the first row that does not follow."""

    ok: bool
    rows: int
    head: str
    broken_at: int | None
    anchored: AnchoredHeads


class StandardRow(Answer):
    """A video standard of this installation; `title` by language."""

    id: str
    title: dict[str, str]
    basis: str
    jurisdiction: str
    edition: str
    text_status: str
    rules: int
    text_needed: int


class TodayFinding(Answer):
    """`gravity` 1 (now) to 3; `page` is where one goes on."""

    code: str
    gravity: int
    count: int
    page: str
    data: dict[str, Any]


class TodayFound(Answer):
    """What needs the one who asks, the gravest first."""

    at: datetime
    findings: list[TodayFinding]


class PropertySeen(Answer):
    """`state`: proven, absent, failed."""

    name: str
    state: str
    detail: str
    required: bool


class DoctorFound(Answer):
    """What was proven just now."""

    ok: bool
    properties: list[PropertySeen]
    findings: list[str]


class JobRow(Answer):
    """Long work. `state`: waiting, running, done, failed, cancelled; `version` grows with each change."""

    id: str
    kind: str
    state: str
    asked_by: str
    created_at: datetime
    ended_at: datetime | None
    done: int
    total: int | None
    what: str
    error: dict[str, str] | None
    version: int


class JobShown(JobRow):
    """Long work with its result, once there is one."""

    result: Any
