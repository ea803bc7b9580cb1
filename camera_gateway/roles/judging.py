"""The nightly judging of `serve`: each institution's day is judged by every standard that binds it, once it has ended.

Promises that a night which cannot be judged, because the bucket cannot be listed, is only late: every half hour what
has not been judged is looked for again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from camera_gateway.actions.judging import judge_day, unjudged
from camera_gateway.actions.standards import offered
from camera_gateway.errors import GatewayError
from camera_gateway.timetable import first_of

if TYPE_CHECKING:
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.supervision import Services, Stop
    from camera_gateway.timetable import Bell, Timetable

LOOK_S = 1_800.0


def start_judging(running: Services, gateway: Gateway, timetable: Timetable, stop: Stop) -> None:
    """Hang the bell and start the service."""
    running.start(judge_nightly(gateway, timetable.every(LOOK_S, "judge"), stop), name="judge")


async def judge_nightly(gateway: Gateway, bell: Bell, stop: Stop) -> None:
    """Judge what has ended, at each ring."""
    while True:
        await first_of(bell.heard(), stop.wait())
        if stop.requested:
            break
        await judge_ended(gateway, stop)


async def judge_ended(gateway: Gateway, stop: Stop) -> None:
    """Judge every institution whose last day has ended and was not judged since."""
    log = structlog.get_logger("judge")
    try:
        standards = offered(gateway)
        waiting = await unjudged(gateway)
    except GatewayError as error:
        log.warning("not judged", reason=str(error))
        return
    for institution, day in waiting:
        if stop.requested:
            return
        try:
            number = await judge_day(gateway, institution, day, standards)
        except GatewayError as error:
            log.warning("not judged", institution=institution.id, day=day.isoformat(), reason=str(error))
            continue
        log.info("judged", institution=institution.id, day=day.isoformat(), standards=number)
