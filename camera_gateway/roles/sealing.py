"""Sealing in `serve`: days each night at 00:30 UTC, the audit log each hour, and at the start what was missed.

Promises that trouble with the store or the second party only delays: what is due is computed anew each time. Findings
are told, never repaired.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from camera_gateway.actions import seals
from camera_gateway.clock import US
from camera_gateway.domain.people import SYSTEM
from camera_gateway.errors import GatewayError
from camera_gateway.timetable import first_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.supervision import Services, Stop
    from camera_gateway.timetable import Bell, Timetable

NIGHT = "00:30"
AGAIN_S = 900.0
LOOK_S = 60.0
"""So often it is looked whether this hour has its head, and the age of the last one is told."""
HOUR_US = 3_600 * US


def start_sealing(running: Services, gateway: Gateway, timetable: Timetable, stop: Stop) -> None:
    """Hang the bell and start the service."""
    running.start(seal_nightly(gateway, timetable.daily(NIGHT, "UTC", "seal"), stop), name="seal")


async def seal_nightly(gateway: Gateway, bell: Bell, stop: Stop) -> None:
    """Seal what is due: at once, at each ring, and sooner while something keeps it from being done."""
    log = structlog.get_logger("seal")
    while not stop.requested:
        waiting = True
        try:
            done = await seals.make(gateway, SYSTEM, seals.MakeSeals())
        except GatewayError as error:
            log.warning("not sealed yet", reason=error.message)
        else:
            waiting = bool(done["waiting_for_witness"])
            for made in done["sealed"]:
                log.info("sealed", site=made["site"], seal=made["seal"])
            for finding in done["findings"]:
                log.error("finding", where=finding["where"], what=finding["what"])
            if waiting:
                log.warning("seals wait for the second party", seals=done["waiting_for_witness"])
        if waiting:
            await first_of(bell.heard_within(gateway.clock, AGAIN_S), stop.wait())
        else:
            await first_of(bell.heard(), stop.wait())


def start_anchoring(
    running: Services, gateway: Gateway, timetable: Timetable, stop: Stop, age_s: Callable[[float], None]
) -> None:
    """Hang the bell and start the service; `age_s` is told how old the last anchored head is."""
    running.start(anchor_hourly(gateway, timetable.every(LOOK_S, "audit-head"), stop, age_s), name="audit-head")


async def anchor_hourly(gateway: Gateway, bell: Bell, stop: Stop, age_s: Callable[[float], None]) -> None:
    """Anchor the audit's head once in each hour: at once, and at the first ring of an hour that lacks it."""
    log = structlog.get_logger("audit-head")
    begun_us, last_us = gateway.clock.now_us(), None
    while not stop.requested:
        now_us = gateway.clock.now_us()
        if last_us is None or last_us // HOUR_US != now_us // HOUR_US:
            try:
                last_us = await seals.anchor_audit(gateway) or last_us
            except GatewayError as error:
                log.warning("not anchored", reason=error.message)
        age_s((now_us - (begun_us if last_us is None else last_us)) / US)
        await first_of(bell.heard(), stop.wait())
