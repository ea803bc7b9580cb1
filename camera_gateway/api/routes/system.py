"""The gateway itself, as routes. A table; knows nothing of how they are served."""

from __future__ import annotations

from camera_gateway.api.routes.table import Route

SYSTEM: tuple[Route, ...] = (
    Route("GET", "/api/v1/doctor", "doctor", "What the store and this machine have been proven to do", "doctor"),
)
