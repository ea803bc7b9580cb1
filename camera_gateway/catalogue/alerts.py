"""Alerts and their notices in the catalogue: what is wrong, who was told, and whether the message arrived.

Functions of a `Transaction`. Promises one open alert per code and subject, one notice per alert, reason and channel,
and that a notice is written down before it is sent: after a crash at worst it is sent again, never forgotten. What a
person does has its audit row in the same transaction.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, insert, or_, select, update

from camera_gateway.catalogue.alert_tables import alerts, notices
from camera_gateway.domain.alert import CODES, NoticeKind
from camera_gateway.errors import NotFound, Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Row, Select

    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.alert import Condition

MOST = 1_000
"""So many alerts one question returns at most, the newest."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One message to one channel. Times in µs UTC; `next_us` None: nothing more is tried."""

    number: int
    alert: int
    kind: NoticeKind
    round: int
    channel: str
    at_us: int
    sent: bool
    sent_us: int | None
    attempts: int
    next_us: int | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert with its notices. `noticed_us`: when the first message arrived."""

    number: int
    institution: str | None
    code: str
    subject: str
    severity: str
    detail: Mapping[str, Any]
    outage: int | None
    opened_us: int
    level: int
    noticed_us: int | None
    acknowledged_us: int | None
    acknowledged_by: str | None
    resolved_us: int | None
    notices: tuple[Notice, ...]

    @property
    def id(self) -> str:
        """How people name it."""
        return f"alert-{self.number}"


@dataclass(frozen=True, slots=True)
class ChannelState:
    """How a channel fares: messages that wait, those that did not arrive, and the latest word."""

    channel: str
    waiting: int
    failing: int
    oldest_unsent_us: int | None
    last_sent_us: int | None
    last_error: str | None


def open_(tx: Transaction, condition: Condition) -> int:
    """Open an alert; return its number."""
    values = {
        "institution": condition.institution,
        "code": condition.code,
        "subject": condition.subject,
        "severity": CODES[condition.code].severity.value,
        "detail": _detail(condition),
        "outage": condition.outage,
        "opened_us": tx.clock.now_us(),
        "level": 0,
    }
    return int(tx.connection.execute(insert(alerts).returning(alerts.c.number), values).scalar_one())


def note(tx: Transaction, number: int, condition: Condition) -> None:
    """Write what an open alert's condition looks like now."""
    changed = update(alerts).where(alerts.c.number == number, alerts.c.detail != _detail(condition))
    tx.connection.execute(changed.values(detail=_detail(condition)))


def resolve(tx: Transaction, numbers: Iterable[int]) -> None:
    """Say that alerts are over. What was still to be told of them is not: the last message tells all."""
    chosen = list(numbers)
    here = (alerts.c.number.in_(chosen), alerts.c.resolved_us.is_(None))
    tx.connection.execute(update(alerts).where(*here).values(resolved_us=tx.clock.now_us()))
    waiting = (notices.c.alert.in_(chosen), notices.c.sent.is_(False), notices.c.next_us.is_not(None))
    # an event has no last message, so what is still to be told of it is
    latched = select(alerts.c.number).where(alerts.c.code.in_([c for c, kind in CODES.items() if kind.latched]))
    tx.connection.execute(update(notices).where(*waiting, notices.c.alert.not_in(latched)).values(next_us=None))


def raise_level(tx: Transaction, number: int, level: int) -> None:
    """Say how far up an alert has gone."""
    tx.connection.execute(update(alerts).where(alerts.c.number == number).values(level=level))


def acknowledge(tx: Transaction, number: int) -> Alert:
    """Say that who asks has taken it in hand. `Refused` when somebody has already, or it is over."""
    known = get(tx, number)
    if known.acknowledged_us is not None or known.resolved_us is not None:
        what = "is over" if known.resolved_us is not None else f"is in the hands of {known.acknowledged_by}"
        raise Refused(f"{known.id} {what}", code="alert-settled")
    values = {"acknowledged_us": tx.clock.now_us(), "acknowledged_by": str(tx.actor)}
    tx.connection.execute(update(alerts).where(alerts.c.number == number).values(values))
    tx.audit("alert.acknowledge", f"alert:{known.id}", code=known.code, subject=known.subject)
    return get(tx, number)


def get(tx: Transaction, number: int) -> Alert:
    """Return one; `NotFound` when there is none."""
    found = _all(tx, select(alerts).where(alerts.c.number == number))
    if not found:
        raise NotFound(f"no alert-{number}", hint="run: camera-gateway alert list")
    return found[0]


def unresolved(tx: Transaction) -> list[Alert]:
    """Return what is still wrong, by number."""
    return _all(tx, select(alerts).where(alerts.c.resolved_us.is_(None)).order_by(alerts.c.number))


def of_late(tx: Transaction, since_us: int) -> list[Alert]:
    """Return what is still wrong, and what was resolved or opened since, by number."""
    query = select(alerts).where(
        or_(alerts.c.resolved_us.is_(None), alerts.c.resolved_us >= since_us, alerts.c.opened_us >= since_us)
    )
    return _all(tx, query.order_by(alerts.c.number))


def list_alerts(tx: Transaction) -> list[Alert]:
    """Return the newest `MOST` alerts, the newest first."""
    return _all(tx, select(alerts).order_by(alerts.c.number.desc()).limit(MOST))


def intend(tx: Transaction, alert: int, kind: NoticeKind, round_: int, channel: str) -> None:
    """Write down a message before it is sent. One that is written down already stays as it is."""
    here = (
        notices.c.alert == alert,
        notices.c.kind == kind.value,
        notices.c.round == round_,
        notices.c.channel == channel,
    )
    if tx.connection.execute(select(notices.c.number).where(*here)).first() is not None:
        return
    now_us = tx.clock.now_us()
    values = {
        "alert": alert,
        "kind": kind.value,
        "round": round_,
        "channel": channel,
        "at_us": now_us,
        "sent": False,
        "attempts": 0,
        "next_us": now_us,
    }
    tx.connection.execute(insert(notices), values)


def waiting(tx: Transaction, now_us: int, limit: int = 500) -> list[Notice]:
    """Return the messages whose time has come, the oldest first."""
    query = select(notices).where(notices.c.sent.is_(False), notices.c.next_us <= now_us)
    return [_notice(row) for row in tx.connection.execute(query.order_by(notices.c.number).limit(limit))]


def attempt(tx: Transaction, numbers: Sequence[int], again_us: int) -> None:
    """Say that messages are being sent: should this process die over it, they are sent again at `again_us`."""
    query = update(notices).where(notices.c.number.in_(numbers))
    tx.connection.execute(query.values(attempts=notices.c.attempts + 1, next_us=again_us))


def mark_sent(tx: Transaction, numbers: Sequence[int]) -> None:
    """Say that the channel's service has taken messages."""
    now_us = tx.clock.now_us()
    query = update(notices).where(notices.c.number.in_(numbers))
    tx.connection.execute(query.values(sent=True, sent_us=now_us, next_us=None, error=None))
    told = select(notices.c.alert).where(notices.c.number.in_(numbers))
    first = update(alerts).where(alerts.c.number.in_(told), alerts.c.noticed_us.is_(None))
    tx.connection.execute(first.values(noticed_us=now_us))


def mark_failed(tx: Transaction, numbers: Sequence[int], error: str, next_us: int | None) -> None:
    """Say that messages did not arrive, why, and when it is tried again (None: never)."""
    query = update(notices).where(notices.c.number.in_(numbers))
    tx.connection.execute(query.values(error=error, next_us=next_us))


def channel_states(tx: Transaction, since_us: int) -> dict[str, ChannelState]:
    """Return how each channel has fared since, by name."""
    pending = and_(notices.c.sent.is_(False), notices.c.next_us.is_not(None))
    failing = and_(notices.c.sent.is_(False), notices.c.error.is_not(None))
    query = (
        select(
            notices.c.channel,
            func.count().filter(pending).label("waiting"),
            func.count().filter(failing).label("failing"),
            func.min(notices.c.at_us).filter(pending).label("oldest_unsent_us"),
            func.max(notices.c.sent_us).label("last_sent_us"),
        )
        .where(or_(notices.c.at_us >= since_us, pending))
        .group_by(notices.c.channel)
    )
    found = {}
    for row in tx.connection.execute(query):
        latest = select(notices.c.error).where(notices.c.channel == row.channel, failing)
        error = tx.connection.execute(latest.order_by(notices.c.number.desc()).limit(1)).scalar_one_or_none()
        found[row.channel] = ChannelState(**row._mapping, last_error=error)  # noqa: SLF001 - the public name
    return found


def _detail(condition: Condition) -> str:
    return json.dumps({**condition.detail, "since_us": condition.since_us}, sort_keys=True, ensure_ascii=False)


def _all(tx: Transaction, query: Select[Any]) -> list[Alert]:
    rows = list(tx.connection.execute(query))
    told: dict[int, list[Notice]] = {}
    numbers = [row.number for row in rows]
    for start in range(0, len(numbers), 500):  # a statement takes so many values and not more
        chosen = select(notices).where(notices.c.alert.in_(numbers[start : start + 500]))
        for row in tx.connection.execute(chosen.order_by(notices.c.number)):
            told.setdefault(row.alert, []).append(_notice(row))
    return [_alert(row, tuple(told.get(row.number, ()))) for row in rows]


def _alert(row: Row[Any], told: tuple[Notice, ...]) -> Alert:
    values = dict(row._mapping)  # noqa: SLF001 - the public name of a row's columns
    return Alert(**{**values, "detail": json.loads(values["detail"])}, notices=told)


def _notice(row: Row[Any]) -> Notice:
    values = dict(row._mapping)  # noqa: SLF001 - the public name of a row's columns
    return Notice(**{**values, "kind": NoticeKind(values["kind"])})
