"""Alerts in `serve`: a look each few seconds, and messages on threads of their own.

Promises that no channel that hangs keeps anybody from looking, and that trouble with the catalogue only delays.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import structlog

from camera_gateway.actions.alarms import Alarms
from camera_gateway.actions.notices import Post
from camera_gateway.catalogue import alerts as alert_rows
from camera_gateway.clock import US
from camera_gateway.domain.alert import Severity
from camera_gateway.domain.outage import OutageKind
from camera_gateway.errors import GatewayError
from camera_gateway.health.delivering import deliver
from camera_gateway.timetable import Bell, first_of

if TYPE_CHECKING:
    from contextlib import AsyncExitStack

    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.catalogue.alerts import ChannelState
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.metrics import Metrics
    from camera_gateway.supervision import Services, Stop

LOOK_S = 5.0
RETRY_LOOK_S = 10.0
"""So often it is looked for messages whose time has come again."""
THREADS = 2
DAY_US = 86_400 * US


def start_alerting(running: Services, gateway: Gateway, stop: Stop, metrics: Metrics, held: AsyncExitStack) -> None:
    """Start the two services."""
    threads = ThreadPoolExecutor(THREADS, "alert")
    # a message under way is given its time, and written down; what has not begun is sent after the next start
    held.callback(threads.shutdown, wait=True, cancel_futures=True)
    bell = Bell("notices")
    running.start(look_out(Alarms(gateway), bell, stop, metrics), name="alarms")
    running.start(send_notices(gateway, Post(gateway, deliver, threads), bell, stop, metrics), name="notices")


async def look_out(alarms: Alarms, bell: Bell, stop: Stop, metrics: Metrics) -> None:
    """Look each few seconds; ring when somebody is to be told."""
    log = structlog.get_logger("alerts")
    while not await stop.within(LOOK_S):
        try:
            seen = await alarms.look()
        except GatewayError as error:  # the catalogue is away: the next look is near
            log.warning("not looked", reason=error.code)
            continue
        for condition in seen.opened:
            log.warning("alert", code=condition.code, subject=condition.subject, institution=condition.institution)
        for number in seen.resolved:
            log.info("resolved", alert=f"alert-{number}")
        for severity in Severity:
            metrics.alerts_open.labels(severity.value).set(seen.open_alerts.get(severity.value, 0))
        for kind in OutageKind:
            metrics.outages_open.labels(kind.value).set(seen.open_outages.get(kind.value, 0))
        if seen.due:
            bell.ring()


async def send_notices(gateway: Gateway, post: Post, bell: Bell, stop: Stop, metrics: Metrics) -> None:
    """Send what is due: at each ring, and now and then what did not arrive."""
    log = structlog.get_logger("alerts")
    while not stop.requested:
        try:
            for sent in await post.send_due():
                if sent.error is None:
                    metrics.alert_notices_sent.labels(sent.channel).inc(sent.messages)
                    log.info("told", channel=sent.channel, messages=sent.messages)
                else:
                    metrics.alert_notices_failed.labels(sent.channel).inc(sent.messages)
                    log.warning("not told", channel=sent.channel, messages=sent.messages, reason=sent.error)
            for state in (await gateway.read(_states)).values():
                metrics.alert_notices_waiting.labels(state.channel).set(state.waiting)
        except GatewayError as error:
            log.warning("not sent", reason=error.code)
        await first_of(bell.heard_within(gateway.clock, RETRY_LOOK_S), stop.wait())


def _states(tx: Transaction) -> dict[str, ChannelState]:
    return alert_rows.channel_states(tx, tx.clock.now_us() - DAY_US)
