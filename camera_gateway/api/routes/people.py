"""Users, roles and tokens, as routes. A table; knows nothing of how they are served."""

from __future__ import annotations

from camera_gateway.api.routes.table import Route

PEOPLE: tuple[Route, ...] = (
    Route("GET", "/api/v1/users", "user.list", "The users whom you may manage", "user.list"),
    Route("GET", "/api/v1/tokens", "token.list", "The API tokens", "token.list"),
)
