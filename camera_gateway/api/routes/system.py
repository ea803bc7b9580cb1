"""The gateway itself, as routes. A table; knows nothing of how they are served."""

from __future__ import annotations

from camera_gateway.access.permissions import Act
from camera_gateway.actions.jobs import OneJob
from camera_gateway.api.events import job_events
from camera_gateway.api.routes.table import Route

SYSTEM: tuple[Route, ...] = (
    Route(
        "GET", "/api/v1/doctor", "doctor", "What the store and this machine have been proven to do", "doctor", cost=10
    ),
    Route("POST", "/api/v1/checks", "check", "Compare spool, catalogue and bucket (a job)", "check", job=True, cost=10),
    Route(
        "POST", "/api/v1/drills", "drill", "Fetch and check stored footage by lot (a job)", "drill", job=True, cost=10
    ),
    Route("GET", "/api/v1/jobs", "job.list", "Long work: yours, and of what you may do", "job.list", paged=True),
    Route("GET", "/api/v1/jobs/{job}", "job.show", "One job with its result", "job.show"),
    Route("DELETE", "/api/v1/jobs/{job}", "job.cancel", "End a job before it is done", "job.cancel"),
    Route(
        "GET",
        "/api/v1/jobs/{job}/events",
        "job.events",
        "The progress of a job as server-sent events; Last-Event-ID goes on where you were",
        stream=job_events,
        arguments=OneJob,
        act=Act.REGISTRY_SEE,
        content="text/event-stream",
    ),
)
