"""Purposes of viewing in the catalogue: who opened which, for which case, from when to when.

Functions of a `Transaction`. Opening and closing write their audit rows in the same transaction. Which codes there
are and what they are called is in `access/purposes`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from camera_gateway.catalogue.account_tables import purposes
from camera_gateway.errors import NotFound

if TYPE_CHECKING:
    from sqlalchemy import Row

    from camera_gateway.catalogue.opening import Transaction


@dataclass(frozen=True, slots=True)
class PurposeRow:
    """One purpose. `case` may be empty where its code needs none. Times are µs UTC."""

    number: int
    actor: str
    code: str
    case: str
    text: str
    opened_us: int
    closed_us: int | None


def open_purpose(tx: Transaction, code: str, case: str, text: str) -> PurposeRow:
    """Open a purpose in the name of who asks."""
    values = {
        "actor": str(tx.actor),
        "code": code,
        "case_id": case,
        "text": text,
        "opened_us": tx.clock.now_us(),
    }
    number = tx.connection.execute(insert(purposes).returning(purposes.c.number), values).scalar_one()
    tx.audit("purpose.open", f"purpose:{number}", code=code, case=case, text=text)
    return get_purpose(tx, number)


def get_purpose(tx: Transaction, number: int) -> PurposeRow:
    """Return a purpose; `NotFound` when there is none."""
    found = tx.connection.execute(select(purposes).where(purposes.c.number == number)).first()
    if found is None:
        raise NotFound(f"no purpose {number}")
    return _row(found)


def open_like(tx: Transaction, code: str, case: str, since_us: int) -> PurposeRow | None:
    """Return the newest open purpose of who asks with this code and case, opened since a moment; None without one."""
    query = (
        select(purposes)
        .where(purposes.c.actor == str(tx.actor), purposes.c.code == code, purposes.c.case_id == case)
        .where(purposes.c.closed_us.is_(None), purposes.c.opened_us >= since_us)
        .order_by(purposes.c.number.desc())
        .limit(1)
    )
    found = tx.connection.execute(query).first()
    return None if found is None else _row(found)


def close_purpose(tx: Transaction, number: int) -> None:
    """Close a purpose; harmless when it is closed already."""
    query = update(purposes).where(purposes.c.number == number, purposes.c.closed_us.is_(None))
    if tx.connection.execute(query.values(closed_us=tx.clock.now_us())).rowcount:
        tx.audit("purpose.close", f"purpose:{number}")


def _row(found: Row[Any]) -> PurposeRow:
    return PurposeRow(
        found.number, found.actor, found.code, found.case_id, found.text, found.opened_us, found.closed_us
    )
