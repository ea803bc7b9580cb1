"""Institutions, sites and cameras, as routes.

A table: each route is a verb, so that the verb's right is the route's. Knows nothing of how they are served.
"""

from __future__ import annotations

from camera_gateway.api.answers import (
    CameraRow,
    CameraShown,
    CameraStateNow,
    CoverageFound,
    InstitutionRow,
    InstitutionShown,
    ProbeFound,
    SegmentRow,
    SiteRow,
)
from camera_gateway.api.routes.table import Route

_INSTITUTIONS, _CAMERAS = "/api/v1/institutions", "/api/v1/cameras"
_INSTITUTION, _CAMERA = f"{_INSTITUTIONS}/{{institution}}", f"{_CAMERAS}/{{camera}}"
PROBE_COST = 10.0
"""A probe visits a device and takes seconds."""

REGISTRY: tuple[Route, ...] = (
    Route(
        "GET",
        _INSTITUTIONS,
        "institution.list",
        "The institutions that you may see",
        "institution.list",
        paged=True,
        answer=InstitutionRow,
    ),
    Route(
        "POST",
        _INSTITUTIONS,
        "institution.add",
        "Register an institution with its default site",
        "institution.add",
        status=201,
        makes=("institution", "/id"),
        answer=InstitutionShown,
    ),
    Route(
        "GET",
        _INSTITUTION,
        "institution.show",
        "One institution with its sites",
        "institution.show",
        answer=InstitutionShown,
    ),
    Route(
        "PATCH",
        _INSTITUTION,
        "institution.change",
        "Change an institution and its default site; If-Match guards against a change in between",
        "institution.change",
        guard="institution.show",
        answer=InstitutionShown,
    ),
    Route("GET", "/api/v1/sites", "site.list", "The sites that you may see", "site.list", paged=True, answer=SiteRow),
    Route("POST", "/api/v1/sites", "site.add", "Register a further site", "site.add", status=201, answer=SiteRow),
    Route(
        "GET",
        _CAMERAS,
        "camera.list",
        "The cameras that you may see, with what they do now",
        "camera.list",
        paged=True,
        answer=CameraRow,
    ),
    Route(
        "POST",
        _CAMERAS,
        "camera.add",
        "Register a camera; it is probed first unless probe is false",
        "camera.add",
        status=201,
        makes=("camera", "/id"),
        cost=PROBE_COST,
        answer=CameraShown,
    ),
    Route(
        "GET",
        _CAMERA,
        "camera.show",
        "One camera: its place, its device, its state; never its password",
        "camera.show",
        answer=CameraShown,
    ),
    Route(
        "PATCH",
        _CAMERA,
        "camera.change",
        "Change a camera; a new address or account is probed first",
        "camera.change",
        cost=PROBE_COST,
        answer=CameraShown,
    ),
    Route(
        "POST",
        f"{_CAMERA}/replace",
        "camera.replace",
        "Let another device serve this camera: its footage follows the place",
        "camera.replace",
        cost=PROBE_COST,
        answer=CameraShown,
    ),
    Route("POST", f"{_CAMERA}/pause", "camera.pause", "Stop recording by order", "camera.pause", answer=CameraShown),
    Route("POST", f"{_CAMERA}/resume", "camera.resume", "Record again", "camera.resume", answer=CameraShown),
    Route(
        "POST",
        f"{_CAMERA}/retire",
        "camera.retire",
        "End a camera's life; its footage stays as long as the rules say",
        "camera.retire",
        answer=CameraShown,
    ),
    Route(
        "POST",
        f"{_CAMERA}/probe",
        "camera.probe",
        "What a registered camera really sends, or why it cannot be used",
        "camera.probe",
        cost=PROBE_COST,
        fixed={"url": None, "institution": None, "username": None, "password": None},
        answer=ProbeFound,
    ),
    Route(
        "POST",
        f"{_CAMERAS}/probe",
        "camera.try",
        "What a camera at an address really sends, before it is registered",
        "camera.probe",
        cost=PROBE_COST,
        fixed={"camera": None},
        answer=ProbeFound,
    ),
    Route(
        "GET",
        f"{_CAMERA}/state",
        "camera.state",
        "What a camera does now: last packet, cause, rate, clock, what waits in the spool",
        "camera.state",
        answer=CameraStateNow,
    ),
    Route(
        "GET",
        f"{_CAMERA}/coverage",
        "footage.coverage",
        "Every second of a span: recorded, put, stored, locked, or a gap with its cause",
        "footage.coverage",
        answer=CoverageFound,
    ),
    Route(
        "GET",
        f"{_CAMERA}/segments",
        "footage.list",
        "The segments that touch a span",
        "footage.list",
        paged=True,
        answer=SegmentRow,
    ),
)
