"""The service that looks at one picture of each recording camera every ten minutes.

What is due is computed from the catalogue, so a missed look is only one look less; each camera has its own moment of
the ten minutes, and after a pause what is due is made up for a few at a time. Promises that one look is under way at
most, and that what cannot be looked at is counted, kept with its cause, and said.
"""

from __future__ import annotations

import math
import zlib
from functools import partial
from typing import TYPE_CHECKING

import structlog

from camera_gateway.actions.cameras import current_statuses
from camera_gateway.actions.looking import PERIOD_US, look_at
from camera_gateway.catalogue import looks, registry
from camera_gateway.clock import US
from camera_gateway.domain.camera import CameraState
from camera_gateway.domain.people import SYSTEM
from camera_gateway.domain.picture import KINDS, LOOKED, Verdict
from camera_gateway.errors import GatewayError
from camera_gateway.footage.reader import Reader
from camera_gateway.health.looking import Looker
from camera_gateway.media.look import Lookers

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from contextlib import AsyncExitStack

    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.ids import CameraId
    from camera_gateway.domain.picture import Look
    from camera_gateway.metrics import Metrics
    from camera_gateway.supervision import Stop

EVERY_S = 5.0
FASTER = 4
"""So many times as many as are due on average are looked at in one round: a pause is made up for in minutes."""
KEPT_US = 40 * 86_400 * US
"""Looks are forgotten after this; what they found stays."""
_VALUE = {Verdict.FINE: 1.0, Verdict.BAD: 0.0, Verdict.UNKNOWN: math.nan}


def make_looker(gateway: Gateway, held: AsyncExitStack) -> Looker:
    """Return who looks; `held` ends the decoder, which is started by the first look."""
    looker = Looker(Reader(gateway.data_dir / "spool", gateway.store), Lookers())
    held.callback(looker.close)
    return looker


def due(cameras: Collection[CameraId], last: Mapping[CameraId, int], now_us: int) -> list[CameraId]:
    """Return the cameras that have not been looked at since their moment of the ten minutes, the longest ago first.

    Pure. A camera's moment comes from its id, so that they are spread evenly and stay where they are.
    """

    def moment_us(camera: CameraId) -> int:
        own_us = zlib.crc32(camera.encode()) % (PERIOD_US // US) * US
        return (now_us - own_us) // PERIOD_US * PERIOD_US + own_us

    found = [camera for camera in cameras if last.get(camera, -1) < moment_us(camera)]
    return sorted(found, key=lambda camera: (last.get(camera, -1), camera))


class Watch:
    """Looks at what is due; `looker` is the gateway's."""

    def __init__(self, gateway: Gateway, metrics: Metrics) -> None:
        self._gateway = gateway
        self._metrics = metrics
        self._log = structlog.get_logger("looks")
        self._failing = ""

    async def round(self) -> list[Look]:
        """Look at some of what is due; return what was looked at."""
        recording = [name for name, status in current_statuses(self._gateway).items() if status.state == "recording"]
        last = await self._gateway.read(looks.last_look_times)
        waiting = due(recording, last, self._gateway.clock.now_us())
        at_once = max(1, math.ceil(FASTER * len(recording) * EVERY_S * US / PERIOD_US))
        done = []
        for camera in waiting[:at_once]:
            try:
                done.append(await look_at(self._gateway, camera))
            except GatewayError as error:  # retired meanwhile, or the catalogue is away: the next round is near
                self._log.info("not looked at", camera=camera, reason=error.code)
                continue
            self._tell(done[-1])
        return done

    async def tidy(self) -> None:
        """Forget what is old, and end what nobody can see any more."""
        now_us = self._gateway.clock.now_us()
        await self._gateway.write(SYSTEM, partial(_tidy, now_us))
        known = await self._gateway.read(lambda tx: registry.list_cameras(tx, states=(CameraState.ACTIVE,)))
        if self._gateway.looker is not None:
            self._gateway.looker.forget({camera.id for camera in known})

    def _tell(self, look: Look) -> None:
        metrics, camera = self._metrics, look.camera
        metrics.looks.labels(look.outcome).inc()
        if look.outcome == LOOKED:
            metrics.camera_looked_timestamp_seconds.labels(camera).set(look.at_us / US)
        verdicts = look.verdicts
        for kind in KINDS:
            metrics.camera_picture_ok.labels(camera, kind).set(_VALUE[Verdict(verdicts.get(kind, Verdict.UNKNOWN))])
        failing = "" if look.outcome == LOOKED else look.outcome
        if failing and failing != self._failing:
            self._log.warning("a picture could not be looked at", camera=camera, cause=failing)
        self._failing = failing


def _tidy(now_us: int, tx: Transaction) -> None:
    looks.forget_looks(tx, now_us - KEPT_US)
    for impairment in looks.open_impairments(tx):
        camera = registry.get_camera(tx, impairment.camera)
        if camera.retired_us is not None:
            end_us = max(impairment.start_us, camera.retired_us)
            looks.end_impairment(tx, impairment, end_us, why="the camera was retired")


async def run_looking(gateway: Gateway, metrics: Metrics, stop: Stop) -> None:
    """Look until the end."""
    watch = Watch(gateway, metrics)
    rounds = 0
    while not await stop.within(EVERY_S):
        try:
            await watch.round()
            if rounds % 120 == 0:
                await watch.tidy()
        except GatewayError as error:
            structlog.get_logger("looks").info("waits", reason=error.message)
        rounds += 1
