"""The nightly drill of `serve`: at a quiet hour of the site a sample is drawn, and what it finds is logged and shown.

Promises that a night which cannot be drilled is only a night: it is logged, and the next one comes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from camera_gateway.actions.drill import DrillArgs, drill
from camera_gateway.domain.people import SYSTEM
from camera_gateway.errors import GatewayError
from camera_gateway.timetable import first_of

if TYPE_CHECKING:
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.supervision import Services, Stop
    from camera_gateway.timetable import Bell, Timetable

NIGHT = "03:00"
"""Local time of the site."""


def start_drilling(running: Services, gateway: Gateway, timetable: Timetable, stop: Stop) -> None:
    """Hang the bell and start the service."""
    bell = timetable.daily(NIGHT, gateway.settings.site.time_zone, "drill")
    running.start(drill_nightly(gateway, bell, stop), name="drill")


async def drill_nightly(gateway: Gateway, bell: Bell, stop: Stop) -> None:
    """Drill at each ring."""
    log = structlog.get_logger("drill")
    while True:
        await first_of(bell.heard(), stop.wait())
        if stop.requested:
            break
        try:
            found = await drill(gateway, SYSTEM, DrillArgs())
        except GatewayError as error:
            log.warning("not done tonight", reason=str(error))
            continue
        for failure in found["failures"]:
            log.error("failed", **failure)
        log.info("done", seed=found["seed"], checked=found["checked"], good=found["good"])
