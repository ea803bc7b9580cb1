"""Verbs on alerts: what is wrong, who was told, taking it in hand, and trying a channel.

Promises that no answer holds an address of a channel: a channel is its name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from camera_gateway.access.rights import place_of_institution
from camera_gateway.actions.alarms import channels_of
from camera_gateway.actions.numbers import Number  # noqa: TC001 - pydantic reads the annotations
from camera_gateway.catalogue import alerts as rows
from camera_gateway.clock import US, rfc3339
from camera_gateway.domain.ids import InstitutionId
from camera_gateway.domain.people import INSTALLATION
from camera_gateway.errors import NotFound
from camera_gateway.health.delivering import deliver
from camera_gateway.health.message import trial

if TYPE_CHECKING:
    from collections.abc import Mapping

    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.actions.places import Places
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.people import Actor, Place

STATE_US = 86_400 * US
"""How a channel fares is told of its messages of so long."""


class ListAlerts(BaseModel):
    """What `alert list` takes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    open: bool = False


class OneAlert(BaseModel):
    """The number of an alert."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    number: Number


class TryChannel(BaseModel):
    """The name of a channel."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    channel: str


def places_of_alert(tx: Transaction, args: OneAlert) -> Places:
    """Return what an alert is about, for the table of verbs."""
    return (_place(tx, rows.get(tx, args.number).institution),)


def row_of_alert(tx: Transaction, row: Mapping[str, Any]) -> Place:
    """Return what a row of `alert list` is about."""
    return _place(tx, row["institution"])


async def list_(gateway: Gateway, _actor: Actor, args: ListAlerts) -> list[dict[str, Any]]:
    """List alerts, the newest first."""
    found = await gateway.read(lambda tx: rows.unresolved(tx) if args.open else rows.list_alerts(tx))
    return [described(alert) for alert in sorted(found, key=lambda alert: -alert.number)]


async def acknowledge(gateway: Gateway, actor: Actor, args: OneAlert) -> dict[str, Any]:
    """Take an alert in hand: it goes no further up and is not told again."""
    return described(await gateway.write(actor, lambda tx: rows.acknowledge(tx, args.number)))


async def try_channel(gateway: Gateway, actor: Actor, args: TryChannel) -> dict[str, Any]:
    """Send a message that only shows that a channel works."""
    settings = gateway.settings.alerts
    known = {channel.name: channel for channel in settings.channels}
    if args.channel not in known:
        names = ", ".join(known) or "none"
        raise NotFound("no such channel of alerts", hint=f"channels in the settings: {names}")
    languages = {channel.name: channel.language for channel in channels_of(settings)}
    title, text = trial(languages[args.channel])
    error = await gateway.waiting(deliver, known[args.channel].url_file, title, text)

    def work(tx: Transaction) -> None:
        tx.audit("alert.test", f"channel:{args.channel}", sent=error is None, error=error)

    await gateway.write(actor, work)
    return {"channel": args.channel, "sent": error is None, "error": error}


def channels(gateway: Gateway, states: Mapping[str, rows.ChannelState]) -> list[dict[str, Any]]:
    """Return how each channel fares, for the page of the installation."""
    found = []
    for channel in channels_of(gateway.settings.alerts):
        state = states.get(channel.name)
        sent_us = None if state is None else state.last_sent_us
        found.append(
            {
                "name": channel.name,
                "audience": channel.audience.value,
                "level": channel.level,
                "waiting": 0 if state is None else state.waiting,
                "failing": 0 if state is None else state.failing,
                "last_sent_at": None if sent_us is None else rfc3339(sent_us),
                "last_error": None if state is None else state.last_error,
            }
        )
    return found


def channel_states(tx: Transaction) -> dict[str, rows.ChannelState]:
    """Read how the channels have fared of late."""
    return rows.channel_states(tx, tx.clock.now_us() - STATE_US)


def described(alert: rows.Alert) -> dict[str, Any]:
    """Return the JSON form."""

    def at(us: int | None) -> str | None:
        return None if us is None else rfc3339(us)

    detail = {key: value for key, value in alert.detail.items() if not key.endswith("_us")}
    times = {key.removesuffix("_us"): at(value) for key, value in alert.detail.items() if key.endswith("_us")}
    return {
        "number": alert.number,
        "id": alert.id,
        "code": alert.code,
        "subject": alert.subject,
        "institution": alert.institution,
        "severity": alert.severity,
        "detail": {**detail, **times},
        "outage": None if alert.outage is None else f"outage-{alert.outage}",
        "opened_at": rfc3339(alert.opened_us),
        "noticed_at": at(alert.noticed_us),
        "level": alert.level,
        "acknowledged_at": at(alert.acknowledged_us),
        "acknowledged_by": alert.acknowledged_by,
        "resolved_at": at(alert.resolved_us),
        "notices": [
            {
                "kind": notice.kind.value,
                "channel": notice.channel,
                "at": rfc3339(notice.at_us),
                "sent": notice.sent,
                "sent_at": at(notice.sent_us),
                "attempts": notice.attempts,
                "next_at": at(notice.next_us),
                "error": notice.error,
            }
            for notice in alert.notices
        ],
    }


def _place(tx: Transaction, institution: str | None) -> Place:
    return INSTALLATION if institution is None else place_of_institution(tx, InstitutionId(institution))
