"""The coverage certificates of each night, in `serve`: one per camera for the local day that has ended.

Promises that a night which cannot be certified is made up for at the next ring or start, while that day is the last
one; who wants another day asks for it. After 01:00 UTC, when the seals of that day are there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from camera_gateway.actions.reports_nightly import certify_due
from camera_gateway.errors import GatewayError
from camera_gateway.timetable import first_of

if TYPE_CHECKING:
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.supervision import Services, Stop
    from camera_gateway.timetable import Bell, Timetable

NIGHT = "01:00"


def start_certifying(running: Services, gateway: Gateway, timetable: Timetable, stop: Stop) -> None:
    """Hang the bell and start the service."""
    running.start(certify_nightly(gateway, timetable.daily(NIGHT, "UTC", "certify"), stop), name="certify")


async def certify_nightly(gateway: Gateway, bell: Bell, stop: Stop) -> None:
    """Certify what has no certificate yet: at once, and at each ring."""
    log = structlog.get_logger("certify")
    while not stop.requested:
        try:
            made = await certify_due(gateway, lambda: stop.requested)
        except GatewayError as error:
            log.warning("not certified tonight", reason=error.message)
        else:
            log.info("certified", certificates=made)
        await first_of(bell.heard(), stop.wait())
