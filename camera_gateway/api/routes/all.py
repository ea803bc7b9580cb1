"""All routes, in the order of the reference page. Add a noun's tuple here; tests hold the whole to its rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from camera_gateway.api.routes.evidence import EVIDENCE
from camera_gateway.api.routes.people import PEOPLE
from camera_gateway.api.routes.registering import REGISTERING
from camera_gateway.api.routes.registry import REGISTRY
from camera_gateway.api.routes.session import SESSION
from camera_gateway.api.routes.system import SYSTEM
from camera_gateway.api.routes.watching import WATCHING

if TYPE_CHECKING:
    from camera_gateway.api.routes.table import Route

ROUTES: tuple[Route, ...] = (
    *SESSION,
    *REGISTRY,
    *PEOPLE,
    *EVIDENCE,
    *WATCHING,
    *REGISTERING,
    *SYSTEM,
)
