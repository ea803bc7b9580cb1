"""Legal holds in the catalogue: placed, in force in the store, lifted, released by the store.

Functions of a `Transaction`. A hold counts from the commit of its row on, whatever the store has done so far (R3);
each step writes its audit row in the same transaction. Nothing here deletes: a lifted hold stays as a record.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from camera_gateway.catalogue.tables import holds
from camera_gateway.clock import rfc3339
from camera_gateway.domain.retention import Hold
from camera_gateway.errors import NotFound, Refused

if TYPE_CHECKING:
    from sqlalchemy import Row

    from camera_gateway.catalogue.opening import Transaction


def add_hold(
    tx: Transaction,
    *,
    institution: str | None,
    cameras: tuple[str, ...],
    start_us: int,
    end_us: int | None,
    reason: str,
    case: str,
) -> Hold:
    """Place a hold in the catalogue, in the name of who asks; the store comes after the commit."""
    values = {
        "institution": institution,
        "cameras": json.dumps(list(cameras)),
        "start_us": start_us,
        "end_us": end_us,
        "reason": reason,
        "case_id": case,
        "placed_by": str(tx.actor),
        "placed_us": tx.clock.now_us(),
    }
    number = tx.connection.execute(insert(holds).returning(holds.c.number), values).scalar_one()
    hold = get_hold(tx, number)
    tx.audit(
        "hold.place",
        f"hold:{hold.id}",
        institution=institution,
        cameras=list(cameras),
        start=rfc3339(start_us),
        end=None if end_us is None else rfc3339(end_us),
        reason=reason,
        case=case,
    )
    return hold


def get_hold(tx: Transaction, number: int) -> Hold:
    """Return a hold, also a lifted one; `NotFound` when there is none."""
    found = tx.connection.execute(select(holds).where(holds.c.number == number)).first()
    if found is None:
        raise NotFound(f"no hold-{number}", hint="run: camera-gateway hold list")
    return _hold(found)


def list_holds(tx: Transaction) -> list[Hold]:
    """Return all holds by number."""
    return [_hold(row) for row in tx.connection.execute(select(holds).order_by(holds.c.number))]


def active_holds(tx: Transaction) -> list[Hold]:
    """Return the holds that are not lifted, by number: what nothing may be deleted against."""
    query = select(holds).where(holds.c.lifted_us.is_(None)).order_by(holds.c.number)
    return [_hold(row) for row in tx.connection.execute(query)]


def unfinished_holds(tx: Transaction) -> list[Hold]:
    """Return the holds whose placing or lifting the store has not heard to its end."""
    query = select(holds).where(
        (holds.c.lifted_us.is_(None) & holds.c.in_force_us.is_(None))
        | (holds.c.lifted_us.is_not(None) & holds.c.released_us.is_(None))
    )
    return [_hold(row) for row in tx.connection.execute(query.order_by(holds.c.number))]


def mark_in_force(tx: Transaction, number: int) -> None:
    """Say that the store holds every stored segment of it. Harmless to repeat."""
    changed = update(holds).where(holds.c.number == number, holds.c.in_force_us.is_(None))
    if tx.connection.execute(changed.values(in_force_us=tx.clock.now_us())).rowcount:
        tx.audit("hold.in-force", f"hold:hold-{number}")


def lift_hold(tx: Transaction, number: int, *, reason: str, approved_by: str) -> Hold:
    """Lift a hold in the catalogue; the store comes after the commit. `Refused` when it is lifted already."""
    hold = get_hold(tx, number)
    if hold.lifted_us is not None:
        raise Refused(f"{hold.id} was lifted at {rfc3339(hold.lifted_us)}", code="hold-lifted")
    values = {
        "lifted_us": tx.clock.now_us(),
        "lifted_by": str(tx.actor),
        "approved_by": approved_by,
        "lift_reason": reason,
    }
    tx.connection.execute(update(holds).where(holds.c.number == number).values(values))
    tx.audit("hold.lift", f"hold:{hold.id}", reason=reason, approved_by=approved_by)
    return get_hold(tx, number)


def mark_released(tx: Transaction, number: int) -> None:
    """Say that the store holds nothing for a lifted hold any more. Harmless to repeat."""
    changed = update(holds).where(holds.c.number == number, holds.c.released_us.is_(None))
    tx.connection.execute(changed.values(released_us=tx.clock.now_us()))


def _hold(row: Row[Any]) -> Hold:
    return Hold(
        number=row.number,
        institution=row.institution,
        cameras=tuple(json.loads(row.cameras)),
        start_us=row.start_us,
        end_us=row.end_us,
        reason=row.reason,
        case=row.case_id,
        placed_by=row.placed_by,
        placed_us=row.placed_us,
        in_force_us=row.in_force_us,
        lifted_us=row.lifted_us,
        lifted_by=row.lifted_by,
        approved_by=row.approved_by,
        lift_reason=row.lift_reason,
        released_us=row.released_us,
    )
