"""Calendars, planned work, outages and alerts, as routes.

A table: each route is a verb, so that the verb's right is the route's. Knows nothing of how they are served.
"""

from __future__ import annotations

from camera_gateway.api.answers_alerts import AlertRow, CalendarShown, ChannelTried, MaintenanceRow, OutageRow
from camera_gateway.api.routes.table import Route

_CALENDAR = "/api/v1/sites/{site}/calendar"
_MAINTENANCE, _OUTAGES, _ALERTS = "/api/v1/maintenance", "/api/v1/outages", "/api/v1/alerts"
TRY_COST = 20.0
"""Asks a service of somebody else, and waits for it."""

ALERTS: tuple[Route, ...] = (
    Route("GET", _CALENDAR, "calendar.show", "When a site has to be watched", "calendar.show", answer=CalendarShown),
    Route(
        "POST",
        _CALENDAR,
        "calendar.set",
        "Let a calendar hold for a site from now on; what has passed keeps the one it had",
        "calendar.set",
        answer=CalendarShown,
    ),
    Route(
        "GET",
        _MAINTENANCE,
        "maintenance.list",
        "Planned work, by default of the last year and to come",
        "maintenance.list",
        paged=True,
        answer=MaintenanceRow,
    ),
    Route(
        "POST",
        _MAINTENANCE,
        "maintenance.plan",
        "Plan work ahead: what is lost in it is a gap with the cause planned-maintenance, and no outage",
        "maintenance.plan",
        status=201,
        answer=MaintenanceRow,
    ),
    Route(
        "DELETE",
        f"{_MAINTENANCE}/{{number}}",
        "maintenance.cancel",
        "Cancel work that is to come, or end it now",
        "maintenance.cancel",
        answer=MaintenanceRow,
    ),
    Route(
        "GET",
        _OUTAGES,
        "outage.list",
        "Outages with their moments, the newest first; by default of the last 31 days",
        "outage.list",
        paged=True,
        answer=OutageRow,
    ),
    Route(
        "POST",
        f"{_OUTAGES}/{{number}}/reported",
        "outage.report",
        "Enter to whom an outage was reported, and when",
        "outage.report",
        answer=OutageRow,
    ),
    Route(
        "GET",
        _ALERTS,
        "alert.list",
        "Alerts with what became of their messages, the newest first",
        "alert.list",
        paged=True,
        answer=AlertRow,
    ),
    Route(
        "POST",
        f"{_ALERTS}/{{number}}/acknowledged",
        "alert.acknowledge",
        "Take an alert in hand: it goes no further up",
        "alert.acknowledge",
        answer=AlertRow,
    ),
    Route(
        "POST",
        f"{_ALERTS}/test",
        "alert.test",
        "Send a message that only shows that a channel works",
        "alert.test",
        cost=TRY_COST,
        answer=ChannelTried,
    ),
)
