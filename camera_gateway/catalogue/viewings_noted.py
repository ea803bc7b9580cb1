"""Whether the register of viewings says already what is about to be shown, so that nothing needs to be written.

Functions of a read `Transaction`, beside `viewings`, which writes. A player asks every second or two; the register is
kept to ten seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from camera_gateway.catalogue.account_tables import viewings
from camera_gateway.clock import US

if TYPE_CHECKING:
    from camera_gateway.catalogue.opening import Transaction

FRESH_US = 10 * US


def is_noted(
    tx: Transaction,
    actor: str,
    camera: str,
    kind: str,
    *,
    span_us: tuple[int, int] | None,
    purpose: int | None,
    address: str,
    session: str | None,
) -> bool:
    """Whether an open viewing of `actor` ("kind:name") holds the span and was lengthened less than ten seconds ago."""
    query = (
        select(viewings.c.number)
        .where(viewings.c.actor == actor, viewings.c.camera == camera, viewings.c.kind == kind)
        .where(viewings.c.closed_us.is_(None), viewings.c.last_us > tx.clock.now_us() - FRESH_US)
        .where(viewings.c.last_us <= tx.clock.now_us(), viewings.c.address == address)
        .where(viewings.c.purpose.is_(None) if purpose is None else viewings.c.purpose == purpose)
        .where(viewings.c.session.is_(None) if session is None else viewings.c.session == session)
    )
    if span_us is not None:
        query = query.where(viewings.c.from_us <= span_us[0], viewings.c.to_us >= span_us[1])
    return tx.connection.execute(query.limit(1)).first() is not None
