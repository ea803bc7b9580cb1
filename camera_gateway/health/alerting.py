"""Which alerts open and are resolved, and who is told what when. Pure.

Promises: one alert for one condition however often it comes and goes; no message twice for the same reason to the
same channel; in quiet hours only what is critical; a higher level hears only what nobody has acknowledged in time; of
what is over hears everybody who had heard of it, and nobody else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from camera_gateway.domain.alert import CODES, Channel, NoticeKind, Severity
from camera_gateway.domain.schedule import Schedule, is_active

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from camera_gateway.domain.alert import Condition


@dataclass(frozen=True, slots=True)
class Told:
    """A message of an alert: sent, waiting to be sent, or given up."""

    kind: NoticeKind
    round: int
    channel: str
    at_us: int
    sent: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """An alert as far as decisions need it."""

    number: int
    code: str
    subject: str
    institution: str | None
    level: int
    opened_us: int
    acknowledged_us: int | None
    resolved_us: int | None
    told: tuple[Told, ...] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """How alerts are told. 0: never. `quiet` in the time of `time_zone`."""

    quiet: Schedule
    time_zone: str
    remind_us: int
    escalate_us: int
    clear_us: int


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a look at the conditions does to the alerts."""

    opened: tuple[Condition, ...]
    standing: tuple[tuple[int, Condition], ...]
    """Alerts whose condition is still there, with what it looks like now."""
    resolved: tuple[int, ...]
    absent_since: Mapping[int, int]
    """Alerts whose condition is gone, and since when; to be handed in again."""


@dataclass(frozen=True, slots=True)
class Due:
    """A message that is to be sent now."""

    alert: int
    kind: NoticeKind
    round: int
    channel: str


def reconcile(
    conditions: Sequence[Condition],
    spoken: Collection[str],
    alerts: Sequence[Standing],
    absent_since: Mapping[int, int],
    now_us: int,
    clear_us: int,
) -> Reconciled:
    """Compare what is wrong with the alerts there are, resolved ones of late included.

    `spoken` are the codes whose source has been heard: where it was silent, nothing is over.
    """
    by_key = {(condition.code, condition.subject): condition for condition in conditions}
    known = {(alert.code, alert.subject) for alert in alerts if alert.resolved_us is None or CODES[alert.code].latched}
    opened = tuple(condition for key, condition in by_key.items() if key not in known)
    standing, resolved, absent = [], [], {}
    for alert in alerts:
        if alert.resolved_us is not None:
            continue
        condition = by_key.get((alert.code, alert.subject))
        if CODES[alert.code].latched:
            if alert.acknowledged_us is not None:
                resolved.append(alert.number)
        elif condition is not None:
            standing.append((alert.number, condition))
        elif alert.code in spoken:
            since_us = absent_since.get(alert.number, now_us)
            if now_us - since_us >= clear_us:
                resolved.append(alert.number)
            else:
                absent[alert.number] = since_us
        elif alert.number in absent_since:
            absent[alert.number] = absent_since[alert.number]
    return Reconciled(opened, tuple(standing), tuple(resolved), absent)


def due(alert: Standing, channels: Sequence[Channel], rules: Rules, now_us: int) -> tuple[list[Due], int]:
    """Return what is to be sent of one alert now, and the level that it has reached."""
    level = _level(alert, channels, rules, now_us)
    if CODES[alert.code].severity is not Severity.CRITICAL and is_active(rules.quiet, rules.time_zone, now_us):
        return [], alert.level
    if alert.resolved_us is not None:
        return _resolved(alert, channels), alert.level
    found = []
    for channel in channels:
        if channel.level > level or not channel.hears(alert.code, alert.institution):
            continue
        mine = [told for told in alert.told if told.channel == channel.name]
        if not mine:
            first = NoticeKind.OPENED if channel.level == 0 else NoticeKind.ESCALATED
            found.append(Due(alert.number, first, 0, channel.name))
        elif _reminds(alert, mine, rules, now_us):
            number = sum(told.kind is NoticeKind.REMINDER for told in mine) + 1
            found.append(Due(alert.number, NoticeKind.REMINDER, number, channel.name))
    return found, level


def retry_after_us(attempts: int, first_us: int, longest_us: int) -> int:
    """Return how long to wait after so many failed attempts: doubled each time, up to a limit."""
    return min(longest_us, first_us << min(max(0, attempts - 1), 32))


def _level(alert: Standing, channels: Sequence[Channel], rules: Rules, now_us: int) -> int:
    """Return how far up it has gone; counted from the first attempt to tell: a dead channel delays nobody."""
    highest = max((channel.level for channel in channels), default=0)
    if alert.resolved_us is not None or alert.acknowledged_us is not None or not rules.escalate_us:
        return alert.level
    if CODES[alert.code].severity is Severity.INFO:
        return alert.level
    first_us = min((told.at_us for told in alert.told), default=None)
    if first_us is None:
        # nobody of the first level hears of such a thing: whoever does is the first
        heard = [channel.level for channel in channels if channel.hears(alert.code, alert.institution)]
        return max(alert.level, min(heard, default=0))
    return max(alert.level, min(highest, (now_us - first_us) // rules.escalate_us))


def _reminds(alert: Standing, mine: Sequence[Told], rules: Rules, now_us: int) -> bool:
    if not rules.remind_us or alert.acknowledged_us is not None or CODES[alert.code].severity is Severity.INFO:
        return False
    return now_us - max(told.at_us for told in mine) >= rules.remind_us


def _resolved(alert: Standing, channels: Sequence[Channel]) -> list[Due]:
    """Return the last message: to each channel that there still is and that was told, or was about to be."""
    if CODES[alert.code].latched:
        return []
    told = {t.channel for t in alert.told}
    done = {t.channel for t in alert.told if t.kind is NoticeKind.RESOLVED}
    names = [channel.name for channel in channels if channel.name in told - done]
    return [Due(alert.number, NoticeKind.RESOLVED, 0, name) for name in names]
