"""One look at everything that can go wrong: outages begin and end, alerts open and are resolved, messages are due.

Gathers what the services have seen and applies what the pure decisions of `health` say, in one transaction. Promises
that what is to be told is written down before anybody is told, and that a look without news writes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from camera_gateway.actions.alarm_sources import Sources, alerts_named, lost_of
from camera_gateway.actions.sights import World, sights, world
from camera_gateway.catalogue import alerts as alert_rows
from camera_gateway.catalogue import gaps as gap_rows
from camera_gateway.catalogue import outages as outage_rows
from camera_gateway.clock import US
from camera_gateway.domain.alert import CODES, Channel
from camera_gateway.domain.footage import GapCause
from camera_gateway.domain.ids import CameraId
from camera_gateway.domain.outage import NewOutage, OpenOutage, OutageKind
from camera_gateway.domain.people import SYSTEM
from camera_gateway.domain.schedule import parse_schedule
from camera_gateway.handover.status_file import read_statuses
from camera_gateway.health import alerting, uptime
from camera_gateway.health.conditions import conditions
from camera_gateway.health.uptime import Ended, Grown, Limits

if TYPE_CHECKING:
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.catalogue.alerts import Alert
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.alert import Condition
    from camera_gateway.health.conditions import Facts
    from camera_gateway.health.uptime import Change
    from camera_gateway.settings.schema import AlertsSettings

LATE_LOOK_US = 120 * US
"""So long after the start the recorder has written down what was lost before it."""
OF_LATE_US = 7 * 86_400 * US
SEARCHED_US = 7 * 86_400 * US
"""How far back the real start of a loss is looked for."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What one look found: how much is wrong, and whether somebody is to be told."""

    open_alerts: dict[str, int] = field(default_factory=dict)
    """By severity."""
    open_outages: dict[str, int] = field(default_factory=dict)
    """By kind."""
    opened: tuple[Condition, ...] = ()
    resolved: tuple[int, ...] = ()
    due: int = 0


def channels_of(settings: AlertsSettings) -> list[Channel]:
    """Return the ways to reach people, as decisions see them."""
    return [
        Channel(
            name=channel.name,
            audience=channel.audience,
            level=channel.level,
            min_severity=channel.min_severity,
            institutions=frozenset(channel.institutions),
            language=channel.language or settings.language,
        )
        for channel in settings.channels
    ]


class Alarms:
    """Looks again and again; remembers only what a restart may forget."""

    def __init__(self, gateway: Gateway) -> None:
        settings = gateway.settings.alerts
        self._gateway = gateway
        self._started_us = gateway.clock.now_us()
        self._limits = Limits(settings.debounce_s * US, settings.settle_s * US)
        self._channels = channels_of(settings)
        self._rules = alerting.Rules(
            quiet=parse_schedule(settings.quiet_windows),
            time_zone=gateway.settings.site.time_zone,
            remind_us=round(settings.remind_after_h * 3_600 * US),
            escalate_us=settings.escalate_after_min * 60 * US,
            clear_us=self._limits.settle_us,
        )
        self._sources = Sources(gateway)
        self._absent_since: dict[int, int] = {}
        self._store_lost_us: int | None = None
        self._looked_late = False

    async def look(self) -> Looked:
        """Look once."""
        gateway = self._gateway
        recorders = read_statuses(gateway.data_dir / "status")
        await self._sources.refresh()
        now_us = gateway.clock.now_us()
        self._note_store(now_us)

        def read(tx: Transaction) -> tuple[list[Change], Facts, list[Alert]]:
            known = world(tx)
            seen = sights(known, recorders, self._started_us, now_us)
            open_ = [_open(outage) for outage in outage_rows.open_outages(tx)]
            found = uptime.changes(seen, open_, self._store_lost_us, now_us, self._limits)
            found = [self._really(tx, known, change, now_us) for change in found]
            found += self._late(tx, known, now_us)
            facts = self._sources.facts(tx, known, recorders, now_us)
            return found, facts, alert_rows.of_late(tx, now_us - OF_LATE_US)

        found, facts, alerts = await gateway.read(read)
        if found:
            await gateway.write(SYSTEM, lambda tx: _apply(tx, found))
            facts = replace(facts, outages=await gateway.read(lambda tx: lost_of(tx, now_us)))
        return await self._alert(facts, alerts, now_us)

    async def _alert(self, facts: Facts, alerts: list[Alert], now_us: int) -> Looked:
        wrong, spoken = conditions(facts, alerts_named(alerts))
        standing = [_standing(alert) for alert in alerts]
        clear_us = self._limits.settle_us
        news = alerting.reconcile(wrong, spoken, standing, self._absent_since, now_us, clear_us)
        self._absent_since = dict(news.absent_since)
        by_number = {alert.number: alert for alert in alerts}
        grown = [
            (number, condition)
            for number, condition in news.standing
            if condition.outage is not None
            and by_number[number].detail.get("cameras") != condition.detail.get("cameras")
        ]
        over = set(news.resolved)
        told = [replace(each, resolved_us=now_us) if each.number in over else each for each in standing]
        due = [(each.number, *alerting.due(each, self._channels, self._rules, now_us), each.level) for each in told]
        if not (news.opened or grown or over or any(messages or level != was for _, messages, level, was in due)):
            return self._looked(standing, facts)

        def write(tx: Transaction) -> int:
            for number, condition in grown:
                alert_rows.note(tx, number, condition)
            alert_rows.resolve(tx, over)
            fresh = [self._opened(tx, condition, now_us) for condition in news.opened]
            messages = 0
            for number, intended, level, was in [*due, *fresh]:
                if level != was:
                    alert_rows.raise_level(tx, number, level)
                for message in intended:
                    alert_rows.intend(tx, number, message.kind, message.round, message.channel)
                    messages += 1
            return messages

        messages = await self._gateway.write(SYSTEM, write)
        remaining = [each for each in standing if each.number not in over]
        looked = self._looked(remaining, facts)
        for condition in news.opened:
            severity = CODES[condition.code].severity.value
            looked.open_alerts[severity] = looked.open_alerts.get(severity, 0) + 1
        return replace(looked, opened=news.opened, resolved=news.resolved, due=messages)

    def _opened(self, tx: Transaction, condition: Condition, now_us: int) -> tuple[int, list[alerting.Due], int, int]:
        number = alert_rows.open_(tx, condition)
        fresh = alerting.Standing(
            number, condition.code, condition.subject, condition.institution, 0, now_us, None, None
        )
        return number, *alerting.due(fresh, self._channels, self._rules, now_us), 0

    def _looked(self, standing: list[alerting.Standing], facts: Facts) -> Looked:
        alerts: dict[str, int] = defaultdict(int)
        for alert in standing:
            if alert.resolved_us is None:
                alerts[CODES[alert.code].severity.value] += 1
        kinds: dict[str, int] = defaultdict(int)
        for lost in facts.outages:
            if lost.end_us is None:
                kinds[lost.kind.value] += 1
        return Looked(dict(alerts), dict(kinds))

    def _note_store(self, now_us: int) -> None:
        lacking = self._gateway.observed().lacking
        upload = lacking.get("upload", "")
        if "store" in lacking or upload.startswith(("unreachable", "refused")):
            self._store_lost_us = self._store_lost_us or now_us
        else:
            self._store_lost_us = None

    def _really(self, tx: Transaction, known: World, change: Change, now_us: int) -> Change:
        """Let an outage begin where it really did: a long gap is written down in pieces, and excuses end somewhere."""
        if not isinstance(change, NewOutage) or change.kind not in (OutageKind.CAMERA, OutageKind.NETWORK):
            return change
        starts = [change.start_us]
        for camera in (c for c in known.cameras if c.id in change.cameras):
            records = gap_rows.gaps_in_span(tx, camera.id, change.start_us - SEARCHED_US, change.start_us)
            start_us = uptime.lost_since(records, change.start_us)
            starts.append(known.excused_until(camera, start_us, now_us) or change.start_us)
        return replace(change, start_us=min(starts))

    def _late(self, tx: Transaction, known: World, now_us: int) -> list[Change]:
        """Return, once, what the gateway lost while nobody here could look: the time before this start."""
        if self._looked_late or now_us - self._started_us < LATE_LOOK_US:
            return []
        self._looked_late = True
        by_site: dict[str, list[tuple[str, int, int]]] = defaultdict(list)
        for camera in known.cameras:
            records = gap_rows.gaps_in_span(tx, CameraId(camera.id), self._started_us - SEARCHED_US, now_us)
            for gap in records:
                spans_start = gap.start_us < self._started_us <= gap.end_us + 60 * US
                if gap.cause is GapCause.GATEWAY_DOWN and spans_start:
                    start_us = known.excused_until(camera, gap.start_us, gap.end_us - 1)
                    if start_us is not None and gap.end_us - start_us >= self._limits.debounce_us:
                        by_site[camera.site].append((camera.id, start_us, gap.end_us))
        found: list[Change] = []
        for site, lost in by_site.items():
            start_us, end_us = min(each[1] for each in lost), max(each[2] for each in lost)
            told = outage_rows.outages_in_span(tx, known.sites[site].institution, start_us, end_us)
            if any(outage.site == site and outage.kind == OutageKind.GATEWAY for outage in told):
                continue
            cameras = tuple(sorted({each[0] for each in lost}))
            owner, kind = known.sites[site].institution, OutageKind.GATEWAY
            found.append(NewOutage(owner, site, cameras, kind, GapCause.GATEWAY_DOWN.value, start_us, end_us))
        return found


def _apply(tx: Transaction, found: list[Change]) -> None:
    for change in found:
        if isinstance(change, NewOutage):
            outage_rows.begin(tx, change)
        elif isinstance(change, Grown):
            outage_rows.join(tx, change.number, change.cameras, change.kind)
        elif isinstance(change, Ended):
            outage_rows.end(tx, change.number, change.end_us)


def _open(outage: outage_rows.Outage) -> OpenOutage:
    return OpenOutage(outage.number, outage.site, outage.cameras, OutageKind(outage.kind), outage.start_us)


def _standing(alert: Alert) -> alerting.Standing:
    told = tuple(alerting.Told(n.kind, n.round, n.channel, n.at_us, n.sent) for n in alert.notices)
    return alerting.Standing(
        alert.number,
        alert.code,
        alert.subject,
        alert.institution,
        alert.level,
        alert.opened_us,
        alert.acknowledged_us,
        alert.resolved_us,
        told,
    )
