"""Institutions, sites and cameras, as routes. A table; knows nothing of how they are served."""

from __future__ import annotations

from camera_gateway.api.routes.table import Route

REGISTRY: tuple[Route, ...] = (
    Route("GET", "/api/v1/institutions", "institution.list", "The institutions that you may see", "institution.list"),
    Route("GET", "/api/v1/cameras", "camera.list", "The cameras that you may see", "camera.list"),
    Route("GET", "/api/v1/cameras/{camera}", "camera.show", "One camera", "camera.show"),
)
