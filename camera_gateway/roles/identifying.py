"""The service that looks at who answers: each camera when the recorder has a new session with it, and now and then.

An apparatus cannot be changed without a new session, so a change is noticed within seconds of it (threat model, M4).
Promises at most `AT_ONCE` looks at a time, no RTSP session of its own, and no second attempt with an account that was
refused before the recorder has had a new session.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from camera_gateway.actions import identifying
from camera_gateway.actions.cameras import current_statuses
from camera_gateway.clock import US
from camera_gateway.errors import GatewayError

if TYPE_CHECKING:
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.domain.ids import CameraId
    from camera_gateway.supervision import Stop

AT_ONCE = 4
LOOK_S = 5.0
AGAIN_US = 6 * 3_600 * US


class Watch:
    """Which session of each camera has been looked at, and when."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._looked: dict[CameraId, tuple[str, int]] = {}
        self._log = structlog.get_logger("identity")

    def due(self) -> list[CameraId]:
        """Return the cameras that record in a session that nobody has looked at, or not for long."""
        now_us = self._gateway.clock.monotonic_us()
        found = []
        for camera, status in current_statuses(self._gateway).items():
            if status.state != "recording" or not status.session:
                continue
            session, at_us = self._looked.get(camera, ("", 0))
            if session != status.session or now_us - at_us > AGAIN_US:
                found.append(camera)
                self._looked[camera] = status.session, now_us
        return found

    async def look(self) -> int:
        """Look at what is due; return how many cameras are not what they were."""
        turn = asyncio.Semaphore(AT_ONCE)
        changed = 0

        async def one(camera: CameraId) -> None:
            nonlocal changed
            async with turn:
                try:
                    change = await identifying.recheck(self._gateway, camera)
                except GatewayError as error:  # retired meanwhile, or the catalogue is away: the next look is near
                    self._log.info("not looked at", camera=camera, reason=error.code)
                    return
            if change is not None:
                changed += 1
                self._log.warning("another apparatus", camera=camera, cause=change.cause.value)

        async with asyncio.TaskGroup() as group:
            for camera in self.due():
                group.create_task(one(camera))
        return changed


async def run_identifying(gateway: Gateway, stop: Stop) -> None:
    """Look until the end."""
    watch = Watch(gateway)
    while not await stop.within(LOOK_S):
        await watch.look()
