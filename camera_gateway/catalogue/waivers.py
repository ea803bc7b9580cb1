"""Waivers in the catalogue: two people let a rule of a standard pass, with a reason, until a moment.

Functions of a `Transaction`; each change writes its audit row. A waiver never changes a measurement: it stands beside
the finding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from camera_gateway.catalogue.compliance_tables import waivers
from camera_gateway.clock import rfc3339
from camera_gateway.errors import NotFound, Refused

if TYPE_CHECKING:
    from sqlalchemy import Row

    from camera_gateway.catalogue.opening import Transaction


@dataclass(frozen=True, slots=True)
class WaiverRow:
    """One waiver, as it was granted. `camera` None: the whole institution."""

    number: int
    institution: str
    camera: str | None
    standard: str
    rule: str
    reason: str
    waived_by: str
    approved_by: str | None
    waived_us: int
    until_us: int
    withdrawn_us: int | None
    withdrawn_by: str | None

    @property
    def id(self) -> str:
        """How people name it."""
        return f"waiver-{self.number}"


def grant_waiver(
    tx: Transaction,
    *,
    institution: str,
    camera: str | None,
    standard: str,
    rule: str,
    reason: str,
    until_us: int,
    approved_by: str,
) -> WaiverRow:
    """Write a waiver down in the name of who asks and of who approved."""
    values = {
        "institution": institution,
        "camera": camera,
        "standard": standard,
        "rule": rule,
        "reason": reason,
        "waived_by": str(tx.actor),
        "approved_by": approved_by,
        "waived_us": tx.clock.now_us(),
        "until_us": until_us,
    }
    number = tx.connection.execute(insert(waivers).returning(waivers.c.number), values).scalar_one()
    row = get_waiver(tx, number)
    tx.audit(
        "waiver.grant",
        f"waiver:{row.id}",
        institution=institution,
        camera=camera,
        standard=standard,
        rule=rule,
        reason=reason,
        until=rfc3339(until_us),
        approved_by=approved_by,
    )
    return row


def get_waiver(tx: Transaction, number: int) -> WaiverRow:
    """Return a waiver; `NotFound` when there is none."""
    found = tx.connection.execute(select(waivers).where(waivers.c.number == number)).first()
    if found is None:
        raise NotFound(f"no waiver-{number}", hint="see: camera-gateway waiver list")
    return _row(found)


def withdraw_waiver(tx: Transaction, number: int) -> WaiverRow:
    """End a waiver before its time; `Refused` when that has been done."""
    row = get_waiver(tx, number)
    if row.withdrawn_us is not None:
        raise Refused(f"{row.id} is withdrawn already", hint="see: camera-gateway waiver list --all")
    values = {"withdrawn_us": tx.clock.now_us(), "withdrawn_by": str(tx.actor)}
    tx.connection.execute(update(waivers).where(waivers.c.number == number).values(values))
    tx.audit("waiver.withdraw", f"waiver:{row.id}", institution=row.institution, standard=row.standard, rule=row.rule)
    return get_waiver(tx, number)


def list_waivers(tx: Transaction, institution: str | None = None, *, withdrawn: bool = False) -> list[WaiverRow]:
    """Return waivers by number: those that stand, ended or not, or all."""
    query = select(waivers).order_by(waivers.c.number)
    if institution is not None:
        query = query.where(waivers.c.institution == institution)
    if not withdrawn:
        query = query.where(waivers.c.withdrawn_us.is_(None))
    return [_row(found) for found in tx.connection.execute(query)]


def _row(found: Row[Any]) -> WaiverRow:
    return WaiverRow(**found._mapping)  # noqa: SLF001 - the documented accessor of SQLAlchemy's rows
