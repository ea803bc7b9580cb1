"""Outages in the catalogue: when something was really lost, noticed, told, repaired and reported upward.

Functions of a `Transaction`. Promises that a start once written stays, that an outage ends and is reported at most
once, and that what a person does to it has its audit row in the same transaction.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, or_, select, update

from camera_gateway.catalogue.alert_tables import outages
from camera_gateway.clock import rfc3339
from camera_gateway.errors import InvalidInput, NotFound, Refused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Row, Select

    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.outage import NewOutage

MOST = 5_000
"""So many outages one question returns at most."""


@dataclass(frozen=True, slots=True)
class Outage:
    """One outage of one site. `kind` is camera, network, gateway or store; times in µs UTC, None: not yet."""

    number: int
    institution: str
    site: str
    cameras: tuple[str, ...]
    kind: str
    cause: str
    start_us: int
    detected_us: int
    notified_us: int | None
    end_us: int | None
    reported_us: int | None
    reported_by: str | None
    reported_to: str | None

    @property
    def id(self) -> str:
        """How people name it."""
        return f"outage-{self.number}"


def begin(tx: Transaction, new: NewOutage) -> Outage:
    """Enter an outage that was detected now."""
    values = {
        "institution": new.institution,
        "site": new.site,
        "cameras": json.dumps(list(new.cameras)),
        "kind": new.kind,
        "cause": new.cause,
        "start_us": new.start_us,
        "detected_us": tx.clock.now_us(),
        "end_us": new.end_us,
    }
    number = tx.connection.execute(insert(outages).returning(outages.c.number), values).scalar_one()
    return get(tx, number)


def join(tx: Transaction, number: int, cameras: Iterable[str], kind: str) -> None:
    """Say which cameras an open outage is of, and of what kind: others were found to be lost with them."""
    values = {"cameras": json.dumps(sorted(cameras)), "kind": kind}
    tx.connection.execute(update(outages).where(outages.c.number == number).values(values))


def end(tx: Transaction, number: int, end_us: int) -> None:
    """Say when it was over. Harmless to repeat: the first word stands."""
    tx.connection.execute(
        update(outages).where(outages.c.number == number, outages.c.end_us.is_(None)).values(end_us=end_us)
    )


def mark_notified(tx: Transaction, numbers: Iterable[int], at_us: int) -> None:
    """Say when somebody was first told of outages. Harmless to repeat."""
    query = update(outages).where(outages.c.number.in_(list(numbers)), outages.c.notified_us.is_(None))
    tx.connection.execute(query.values(notified_us=at_us))


def report(tx: Transaction, number: int, *, to: str, at_us: int) -> Outage:
    """Say that who asks has reported it upward; `Refused` when that was said already."""
    known = get(tx, number)
    if known.reported_us is not None:
        raise Refused(f"{known.id} was reported at {rfc3339(known.reported_us)}", code="outage-reported")
    if not known.start_us <= at_us <= tx.clock.now_us():
        raise InvalidInput(f"{known.id} cannot have been reported then: it began at {rfc3339(known.start_us)}")
    values = {"reported_us": at_us, "reported_by": str(tx.actor), "reported_to": to}
    tx.connection.execute(update(outages).where(outages.c.number == number).values(values))
    tx.audit("outage.report", f"outage:{known.id}", to=to, at=rfc3339(at_us))
    return get(tx, number)


def get(tx: Transaction, number: int) -> Outage:
    """Return one; `NotFound` when there is none."""
    row = tx.connection.execute(select(outages).where(outages.c.number == number)).first()
    if row is None:
        raise NotFound(f"no outage-{number}", hint="run: camera-gateway outage list")
    return _outage(row)


def open_outages(tx: Transaction) -> list[Outage]:
    """Return those that have not ended, by number."""
    return _all(tx, select(outages).where(outages.c.end_us.is_(None)).order_by(outages.c.number))


def outages_in_span(tx: Transaction, institution: str | None, start_us: int, end_us: int) -> list[Outage]:
    """Return the outages of an institution (None: of all) that touch [start_us, end_us), whole, by start."""
    query = select(outages).where(
        outages.c.start_us < end_us, or_(outages.c.end_us.is_(None), outages.c.end_us > start_us)
    )
    if institution is not None:
        query = query.where(outages.c.institution == institution)
    return _all(tx, query.order_by(outages.c.start_us, outages.c.number).limit(MOST))


def _all(tx: Transaction, query: Select[Any]) -> list[Outage]:
    return [_outage(row) for row in tx.connection.execute(query)]


def _outage(row: Row[Any]) -> Outage:
    values = dict(row._mapping)  # noqa: SLF001 - the public name of a row's columns
    return Outage(**{**values, "cameras": tuple(json.loads(values["cameras"]))})
