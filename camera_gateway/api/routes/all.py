"""All routes, in the order of the reference page.

Promises that what is served, described and tested is this one table: add a noun's tuple here. Knows no handler.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from camera_gateway.api.routes.alerts import ALERTS
from camera_gateway.api.routes.compliance import COMPLIANCE
from camera_gateway.api.routes.evidence import EVIDENCE
from camera_gateway.api.routes.people import PEOPLE
from camera_gateway.api.routes.pictures import PICTURES
from camera_gateway.api.routes.registering import REGISTERING
from camera_gateway.api.routes.registry import REGISTRY
from camera_gateway.api.routes.reports import REPORTS
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
    *COMPLIANCE,
    *REPORTS,
    *WATCHING,
    *PICTURES,
    *REGISTERING,
    *ALERTS,
    *SYSTEM,
)
