"""Declared facts in the catalogue: who said what of an institution or a camera, with which evidence, until when.

Functions of a `Transaction`; each change writes its audit row. Rows are never changed but for their withdrawal; the
latest one that was not withdrawn is what holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from camera_gateway.catalogue.compliance_tables import declared_facts
from camera_gateway.clock import rfc3339
from camera_gateway.errors import NotFound, Refused

if TYPE_CHECKING:
    from sqlalchemy import Row

    from camera_gateway.catalogue.opening import Transaction


@dataclass(frozen=True, slots=True)
class FactRow:
    """One declaration, as it was made. `value` is the written form."""

    number: int
    institution: str
    camera: str | None
    fact: str
    value: str
    evidence: str
    declared_by: str
    declared_us: int
    valid_until_us: int | None
    withdrawn_us: int | None
    withdrawn_by: str | None

    @property
    def id(self) -> str:
        """How people name it."""
        return f"fact-{self.number}"


def declare(
    tx: Transaction,
    *,
    institution: str,
    camera: str | None,
    fact: str,
    value: str,
    evidence: str,
    valid_until_us: int | None,
) -> FactRow:
    """Write a declaration down in the name of who asks."""
    values = {
        "institution": institution,
        "camera": camera,
        "fact": fact,
        "value": value,
        "evidence": evidence,
        "declared_by": str(tx.actor),
        "declared_us": tx.clock.now_us(),
        "valid_until_us": valid_until_us,
    }
    number = tx.connection.execute(insert(declared_facts).returning(declared_facts.c.number), values).scalar_one()
    row = get_fact(tx, number)
    tx.audit(
        "fact.declare",
        f"fact:{row.id}",
        institution=institution,
        camera=camera,
        fact=fact,
        value=value,
        evidence=evidence,
        valid_until=None if valid_until_us is None else rfc3339(valid_until_us),
    )
    return row


def get_fact(tx: Transaction, number: int) -> FactRow:
    """Return a declaration; `NotFound` when there is none."""
    found = tx.connection.execute(select(declared_facts).where(declared_facts.c.number == number)).first()
    if found is None:
        raise NotFound(f"no fact-{number}", hint="see: camera-gateway declare list")
    return _row(found)


def withdraw_fact(tx: Transaction, number: int) -> FactRow:
    """Say that a declaration does not hold any more; `Refused` when that has been said."""
    row = get_fact(tx, number)
    if row.withdrawn_us is not None:
        raise Refused(f"{row.id} is withdrawn already", hint="see: camera-gateway declare list --all")
    values = {"withdrawn_us": tx.clock.now_us(), "withdrawn_by": str(tx.actor)}
    tx.connection.execute(update(declared_facts).where(declared_facts.c.number == number).values(values))
    tx.audit("fact.withdraw", f"fact:{row.id}", fact=row.fact, institution=row.institution, camera=row.camera)
    return get_fact(tx, number)


def list_facts(tx: Transaction, institution: str | None = None, *, withdrawn: bool = False) -> list[FactRow]:
    """Return declarations by number: those that stand, or all."""
    query = select(declared_facts).order_by(declared_facts.c.number)
    if institution is not None:
        query = query.where(declared_facts.c.institution == institution)
    if not withdrawn:
        query = query.where(declared_facts.c.withdrawn_us.is_(None))
    return [_row(found) for found in tx.connection.execute(query)]


def _row(found: Row[Any]) -> FactRow:
    return FactRow(**found._mapping)  # noqa: SLF001 - the documented accessor of SQLAlchemy's rows
