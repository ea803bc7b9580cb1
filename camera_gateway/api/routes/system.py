"""The gateway itself, as routes.

A table: each route is a verb, so that the verb's right is the route's. Knows nothing of how they are served.
"""

from __future__ import annotations

from camera_gateway.access.permissions import Act
from camera_gateway.actions.jobs import OneJob
from camera_gateway.api.answers import DoctorFound, JobRow, JobShown, TodayFound
from camera_gateway.api.events import job_events
from camera_gateway.api.routes.table import Route

_JOB = "/api/v1/jobs/{job}"
HEAVY = 10.0
"""Asks the store for many things."""

SYSTEM: tuple[Route, ...] = (
    Route("GET", "/api/v1/today", "today", "What needs you now", "today", answer=TodayFound),
    Route("GET", "/api/v1/system", "system.show", "The installation, as its services see it", "system.show"),
    Route("GET", "/api/v1/status", "status", "The installation at a glance", "status"),
    Route(
        "GET",
        "/api/v1/doctor",
        "doctor",
        "What the store and this machine are proven to do, asked just now",
        "doctor",
        cost=HEAVY,
        answer=DoctorFound,
    ),
    Route(
        "POST",
        "/api/v1/checks",
        "check",
        "Compare spool, catalogue and bucket with each other (a job)",
        "check",
        job=True,
        cost=HEAVY,
    ),
    Route(
        "POST",
        "/api/v1/drills",
        "drill",
        "Fetch, hash and decode stored segments drawn by lot (a job)",
        "drill",
        job=True,
        cost=HEAVY,
    ),
    Route(
        "GET",
        "/api/v1/jobs",
        "job.list",
        "Long work, the newest first: yours, and of what you may do yourself",
        "job.list",
        paged=True,
        answer=JobRow,
    ),
    Route("GET", _JOB, "job.show", "One job with its result", "job.show", answer=JobShown),
    Route("DELETE", _JOB, "job.cancel", "End a job before it is done", "job.cancel", answer=JobShown),
    Route(
        "GET",
        f"{_JOB}/events",
        "job.events",
        "The progress of a job as server-sent events; each is the whole state, so Last-Event-ID misses nothing",
        stream=job_events,
        arguments=OneJob,
        act=Act.REGISTRY_SEE,
        content="text/event-stream",
    ),
)
