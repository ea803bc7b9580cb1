"""The verbs of evidence and incidents: rows of `verbs`.

A part of one table: each verb names its act and its places here, and `verbs.perform` asks for the right.
"""

from __future__ import annotations

from camera_gateway.access.permissions import Act
from camera_gateway.actions import evidence, evidence_export, incident, institutions, places, showing
from camera_gateway.actions.verb import Verb

EVIDENCE: tuple[Verb, ...] = (
    Verb(
        "evidence.request",
        evidence.AskForEvidence,
        evidence.request,
        Act.EVIDENCE_REQUEST,
        evidence.places_of_question,
    ),
    Verb(
        "evidence.approve",
        evidence.OneRequest,
        evidence.approve,
        Act.EVIDENCE_APPROVE,
        evidence.places_of_request,
        asks_second=True,
    ),
    Verb(
        "evidence.list",
        institutions.Nothing,
        evidence.list_,
        Act.EVIDENCE_REQUEST,
        places.anywhere,
        evidence.row_of_request,
    ),
    Verb(
        "evidence.show",
        evidence.OneRequest,
        showing.show_request,
        Act.EVIDENCE_REQUEST,
        evidence.places_of_request,
    ),
    Verb(
        "evidence.export-plan",
        evidence_export.PlanExport,
        evidence_export.plan,
        Act.EVIDENCE_EXPORT,
        evidence.places_of_request,
    ),
    Verb(
        "evidence.export-finish",
        evidence_export.FinishExport,
        evidence_export.finish,
        Act.EVIDENCE_EXPORT,
        evidence_export.places_of_package,
    ),
    Verb("incident.report", incident.ReportIncident, incident.report, Act.INCIDENT_REPORT, incident.places_of_report),
    Verb(
        "incident.list",
        institutions.Nothing,
        incident.list_,
        Act.INCIDENT_REPORT,
        places.anywhere,
        incident.row_of_incident,
    ),
    Verb(
        "incident.show",
        showing.OneIncident,
        showing.show_incident,
        Act.INCIDENT_REPORT,
        showing.places_of_incident,
    ),
)
