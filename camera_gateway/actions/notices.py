"""Messages on their way: what is due goes out, channel by channel; what does not arrive is tried again.

Promises that an attempt is written down before it is made, so that no crash forgets a message (at worst it is sent
twice), that a channel which fails delays no other, and that all a channel is told at once is one message.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from camera_gateway.actions.alarms import channels_of
from camera_gateway.catalogue import alerts as alert_rows
from camera_gateway.catalogue import outages as outage_rows
from camera_gateway.catalogue import registry
from camera_gateway.clock import US
from camera_gateway.domain.alert import NoticeKind
from camera_gateway.domain.ids import InstitutionId, SiteId
from camera_gateway.domain.people import SYSTEM
from camera_gateway.errors import NotFound
from camera_gateway.health.alerting import retry_after_us
from camera_gateway.health.message import Told, message

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Executor
    from pathlib import Path

    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.catalogue.alerts import Alert, Notice
    from camera_gateway.catalogue.opening import Transaction

FIRST_RETRY_US, LONGEST_RETRY_US = 30 * US, 3_600 * US
GIVEN_UP_US = 24 * 3_600 * US
"""What has not arrived for a day is given up; it stays to be seen."""
NO_CHANNEL = "no such channel any more"


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a channel's messages: how many, and why they did not arrive (None: they did)."""

    channel: str
    messages: int
    error: str | None


class Post:
    """Sends what is due. `deliver(url_file, title, text)` blocks, and returns why a message did not arrive."""

    def __init__(self, gateway: Gateway, deliver: Callable[[Path, str, str], str | None], threads: Executor) -> None:
        self._gateway = gateway
        self._deliver = deliver
        self._threads = threads
        self._files = {channel.name: channel.url_file for channel in gateway.settings.alerts.channels}
        self._languages = {channel.name: channel.language for channel in channels_of(gateway.settings.alerts)}

    async def send_due(self) -> list[Sent]:
        """Send what is due now, each channel on a thread of its own; return what became of it."""
        now_us = self._gateway.clock.now_us()
        waiting = await self._gateway.read(lambda tx: alert_rows.waiting(tx, now_us))
        by_channel: dict[str, list[Notice]] = {}
        for notice in waiting:
            by_channel.setdefault(notice.channel, []).append(notice)
        return list(await asyncio.gather(*(self._send(name, each) for name, each in by_channel.items())))

    async def _send(self, channel: str, notices: Sequence[Notice]) -> Sent:
        numbers = [notice.number for notice in notices]
        file = self._files.get(channel)
        if file is None:
            await self._gateway.write(SYSTEM, lambda tx: alert_rows.mark_failed(tx, numbers, NO_CHANNEL, None))
            return Sent(channel, len(numbers), NO_CHANNEL)

        def intend(tx: Transaction) -> tuple[str, str]:
            again_us = tx.clock.now_us() + retry_after_us(_attempts(notices) + 1, FIRST_RETRY_US, LONGEST_RETRY_US)
            alert_rows.attempt(tx, numbers, again_us)
            return message(
                [_told(tx, self._gateway, alert_rows.get(tx, notice.alert), notice) for notice in notices],
                self._languages[channel],
                self._gateway.settings.access.portal_url,
            )

        title, text = await self._gateway.write(SYSTEM, intend)
        loop = asyncio.get_running_loop()
        error = await loop.run_in_executor(self._threads, self._deliver, file, title, text)

        def note(tx: Transaction) -> None:
            if error is None:
                alert_rows.mark_sent(tx, numbers)
                _note_told(tx, notices)
                return
            now_us = tx.clock.now_us()
            again_us = now_us + retry_after_us(_attempts(notices) + 1, FIRST_RETRY_US, LONGEST_RETRY_US)
            for notice in notices:
                over = now_us - notice.at_us >= GIVEN_UP_US
                alert_rows.mark_failed(tx, [notice.number], error, None if over else again_us)

        await self._gateway.write(SYSTEM, note)
        return Sent(channel, len(numbers), error)


def _attempts(notices: Sequence[Notice]) -> int:
    return min(notice.attempts for notice in notices)


def _note_told(tx: Transaction, notices: Sequence[Notice]) -> None:
    """Say of the outages behind alerts that somebody has been told of them."""
    now_us = tx.clock.now_us()
    numbers: set[int] = set()
    for notice in notices:
        alert = alert_rows.get(tx, notice.alert)
        if alert.outage is None or notice.kind is NoticeKind.RESOLVED:
            continue
        numbers.add(alert.outage)
        cameras, first = set(alert.detail.get("cameras", ())), outage_rows.get(tx, alert.outage)
        # one alert may stand for several: a gateway of many sites, a switch that comes and goes
        for outage in outage_rows.open_outages(tx):
            same = outage.kind == first.kind and (alert.institution is None or cameras & set(outage.cameras))
            if same and outage.detected_us <= now_us:
                numbers.add(outage.number)
    outage_rows.mark_notified(tx, numbers, now_us)


def _told(tx: Transaction, gateway: Gateway, alert: Alert, notice: Notice) -> Told:
    detail = alert.detail
    name, time_zone = "", gateway.settings.site.time_zone
    if alert.institution is not None:
        name = registry.get_institution(tx, InstitutionId(alert.institution)).name
        time_zone = _zone(tx, detail.get("site") or alert.institution, time_zone)
    until_us = detail.get("until_us") if alert.code == "gateway-was-down" else None
    if notice.kind is NoticeKind.RESOLVED:
        until_us = _end_us(tx, alert)
    since_us = int(detail.get("since_us", alert.opened_us))
    return Told(alert.id, alert.code, notice.kind, name, time_zone, since_us, until_us, detail)


def _zone(tx: Transaction, site: str, default: str) -> str:
    try:
        return registry.get_site(tx, SiteId(site)).time_zone
    except NotFound:
        return default


def _end_us(tx: Transaction, alert: Alert) -> int | None:
    """Return when what an alert was about was over: the outage's own end where there is one."""
    if alert.outage is not None:
        outage = outage_rows.get(tx, alert.outage)
        if outage.end_us is not None and alert.code.endswith("-down"):
            return outage.end_us
    return alert.resolved_us
