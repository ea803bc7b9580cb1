"""Evidence, holds, incidents, retention, seals and audit, as routes.

A table: each route is a verb, so that the verb's right is the route's. Knows nothing of how they are served.
"""

from __future__ import annotations

from camera_gateway.access.permissions import Act
from camera_gateway.api.answers import (
    AuditRow,
    AuditVerified,
    HoldRow,
    IncidentRow,
    PlanMade,
    RequestRow,
)
from camera_gateway.api.packages import OnePackage, package
from camera_gateway.api.routes.table import Route

_REQUESTS = "/api/v1/evidence/requests"
HEAVY = 10.0
"""Reads much of the catalogue, or asks the store for many things."""

EVIDENCE: tuple[Route, ...] = (
    Route("GET", _REQUESTS, "evidence.list", "Requests for footage", "evidence.list", paged=True, answer=RequestRow),
    Route(
        "POST",
        _REQUESTS,
        "evidence.request",
        "Ask for footage: it is on hold at once, and packed when another person has approved",
        "evidence.request",
        status=201,
        makes=("request", "/request/id"),
    ),
    Route(
        "GET",
        f"{_REQUESTS}/{{request}}",
        "evidence.show",
        "One request with its packages",
        "evidence.show",
        answer=RequestRow,
    ),
    Route(
        "POST",
        f"{_REQUESTS}/{{request}}/approve",
        "evidence.approve",
        "Approve a request, as another person than who asked",
        "evidence.approve",
        answer=RequestRow,
    ),
    Route(
        "GET",
        "/api/v1/evidence/packages/{package}",
        "evidence.package",
        "The signed package of an approved request (request-3), or anew of an earlier package's request (package-7)",
        stream=package,
        arguments=OnePackage,
        act=Act.EVIDENCE_EXPORT,
        content="application/zip",
        cost=50,
    ),
    Route("GET", "/api/v1/holds", "hold.list", "The holds on footage", "hold.list", paged=True, answer=HoldRow),
    Route(
        "POST",
        "/api/v1/holds",
        "hold.place",
        "Place a hold, or with dry_run say what it would do",
        "hold.place",
        status=201,
        makes=("hold", "/hold/id"),
        cost=HEAVY,
    ),
    Route(
        "POST",
        "/api/v1/holds/check",
        "hold.check",
        "Hold the store to the catalogue, and mend what is missing (a job)",
        "hold.check",
        job=True,
        cost=HEAVY,
    ),
    Route("GET", "/api/v1/holds/{hold}", "hold.show", "One hold", "hold.show", answer=HoldRow),
    Route(
        "DELETE",
        "/api/v1/holds/{hold}",
        "hold.lift",
        "Lift a hold, by two people: yours is the one identity, the token of another user in the body the second",
        "hold.lift",
    ),
    Route(
        "GET",
        "/api/v1/incidents",
        "incident.list",
        "The register of incidents",
        "incident.list",
        paged=True,
        answer=IncidentRow,
    ),
    Route(
        "POST",
        "/api/v1/incidents",
        "incident.report",
        "Report an incident: hold, register entry and notices in one step",
        "incident.report",
        status=201,
        makes=("incident", "/incident/id"),
    ),
    Route(
        "GET",
        "/api/v1/incidents/{incident}",
        "incident.show",
        "One entry of the register",
        "incident.show",
        answer=IncidentRow,
    ),
    Route(
        "GET",
        "/api/v1/retention/plan",
        "retention.plan",
        "What is to become of every segment and why; due=true leaves out what is simply kept",
        "retention.plan",
        cost=HEAVY,
        answer=PlanMade,
    ),
    Route(
        "POST",
        "/api/v1/retention/sweeps",
        "retention.sweep",
        "Carry out a plan by its digest (a job)",
        "retention.sweep",
        job=True,
        cost=HEAVY,
    ),
    Route(
        "GET",
        "/api/v1/retention/certificates/{digest}",
        "retention.certificate",
        "The certificate of what a plan has deleted",
        "retention.certificate",
        cost=HEAVY,
    ),
    Route(
        "GET",
        "/api/v1/retention/overdue",
        "retention.overdue",
        "What is kept longer than it may be, and deletions that nothing has confirmed yet",
        "retention.overdue",
        cost=HEAVY,
    ),
    Route(
        "GET",
        "/api/v1/retention/rules",
        "retention.policy-list",
        "Every version of every rule, and what they come to for each camera",
        "retention.policy-list",
    ),
    Route(
        "POST",
        "/api/v1/retention/rules",
        "retention.policy-set",
        "Make a rule, or with dry_run say what it would do; shortening takes two people",
        "retention.policy-set",
        cost=HEAVY,
    ),
    Route(
        "GET",
        "/api/v1/audit",
        "audit.list",
        "The audit rows, the newest first",
        "audit.list",
        paged=True,
        key="number",
        keyset=("before", "number"),
        answer=AuditRow,
    ),
    Route(
        "GET",
        "/api/v1/audit/verify",
        "audit.verify",
        "Compute the chain of audit rows anew",
        "audit.verify",
        cost=HEAVY,
        answer=AuditVerified,
    ),
    Route(
        "POST", "/api/v1/seals", "seal.make", "Seal every day that is due (a job)", "seal.make", job=True, cost=HEAVY
    ),
    Route(
        "POST",
        "/api/v1/seals/verify",
        "seal.verify",
        "Check signatures, chain, manifests and objects (a job)",
        "seal.verify",
        job=True,
        cost=HEAVY,
    ),
)
