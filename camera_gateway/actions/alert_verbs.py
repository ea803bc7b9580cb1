"""The verbs of calendars, planned work, outages and alerts: a part of the table of verbs, which is long enough.

Promises what the table promises.
"""

from __future__ import annotations

from camera_gateway.access.permissions import Act
from camera_gateway.actions import alerts, calendars, maintenance, outages, places
from camera_gateway.actions.verb import Verb

ALERTS: tuple[Verb, ...] = (
    Verb("calendar.show", calendars.OneSite, calendars.show, Act.COVERAGE_SEE, calendars.places_of_site),
    Verb("calendar.set", calendars.SetCalendar, calendars.set_, Act.CAMERA_MANAGE, calendars.places_of_site),
    Verb(
        "maintenance.plan", maintenance.PlanMaintenance, maintenance.plan, Act.CAMERA_MANAGE, maintenance.places_of_plan
    ),
    Verb(
        "maintenance.list",
        maintenance.ListMaintenance,
        maintenance.list_,
        Act.COVERAGE_SEE,
        places.anywhere,
        places.row_in_institution,
    ),
    Verb(
        "maintenance.cancel",
        maintenance.OneMaintenance,
        maintenance.cancel,
        Act.CAMERA_MANAGE,
        maintenance.places_of_work,
    ),
    Verb(
        "outage.list",
        outages.ListOutages,
        outages.list_,
        Act.COVERAGE_SEE,
        places.anywhere,
        places.row_in_institution,
    ),
    Verb("outage.report", outages.ReportOutage, outages.report, Act.INCIDENT_REPORT, outages.places_of_outage),
    # what is wrong is health to one and the proof of it to the other, as coverage is
    Verb("alert.list", alerts.ListAlerts, alerts.list_, Act.COVERAGE_SEE, places.anywhere, alerts.row_of_alert),
    Verb("alert.acknowledge", alerts.OneAlert, alerts.acknowledge, Act.COVERAGE_SEE, alerts.places_of_alert),
    Verb("alert.test", alerts.TryChannel, alerts.try_channel, Act.HEALTH_SEE),
)
