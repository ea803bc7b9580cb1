"""What the routes of alerts answer, for the OpenAPI document: calendars, planned work, outages, alerts.

As `answers`: the keys that an integrator may rely on, described and not converted; further keys may come.
"""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pydantic reads the annotations
from typing import Any, Literal

from camera_gateway.api.answers import Answer


class CalendarShown(Answer):
    """When a site has to be watched, now; `earlier` are the calendars that it had, the newest first."""

    site: str
    institution: str
    time_zone: str
    name: str
    windows: list[str]
    holidays: list[str]
    earlier: list[dict[str, Any]]


class MaintenanceRow(Answer):
    """Planned work; `site` and `camera` null: of the whole institution."""

    number: int
    id: str
    institution: str
    site: str | None
    camera: str | None
    to: datetime
    reason: str
    planned_by: str
    planned_at: datetime
    cancelled_at: datetime | None
    cancelled_by: str | None


class OutageRow(Answer):
    """An outage with its moments; null: not yet. `delays_s` count from its real start."""

    number: int
    id: str
    institution: str
    site: str
    cameras: list[str]
    kind: Literal["camera", "network", "gateway", "store"]
    cause: str
    start: datetime
    detected_at: datetime
    notified_at: datetime | None
    end: datetime | None
    reported_at: datetime | None
    reported_by: str | None
    reported_to: str | None
    lasted_s: float
    delays_s: dict[str, float | None]


class NoticeRow(Answer):
    """One message to one channel; `next_at`: when it is tried again, null: not any more."""

    kind: Literal["opened", "escalated", "reminder", "resolved"]
    channel: str
    at: datetime
    sent: bool
    sent_at: datetime | None
    attempts: int
    next_at: datetime | None
    error: str | None


class AlertRow(Answer):
    """An alert; `institution` null: it is about the whole installation."""

    number: int
    id: str
    code: str
    subject: str
    institution: str | None
    severity: Literal["info", "warning", "critical"]
    detail: dict[str, Any]
    outage: str | None
    opened_at: datetime
    noticed_at: datetime | None
    level: int
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    resolved_at: datetime | None
    notices: list[NoticeRow]


class ChannelTried(Answer):
    """What became of a message that only shows that a channel works."""

    channel: str
    sent: bool
    error: str | None
