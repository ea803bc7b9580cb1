"""Evidence, holds, incidents, retention and audit, as routes. A table; knows nothing of how they are served."""

from __future__ import annotations

from camera_gateway.api.routes.table import Route

EVIDENCE: tuple[Route, ...] = (
    Route("GET", "/api/v1/holds", "hold.list", "The holds on footage that you may see", "hold.list"),
    Route("GET", "/api/v1/incidents", "incident.list", "The register of incidents", "incident.list"),
)
