"""How an interface learns who asks, and how an action asks for the second person.

`identify` turns a token's text into an actor; `require_second` is the one place where two people are told from one.
Neither keeps nor repeats the token.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from camera_gateway.access.rights import demand_second
from camera_gateway.access.tokens import check_token
from camera_gateway.catalogue.tokens import note_use
from camera_gateway.errors import Refused

if TYPE_CHECKING:
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.people import Actor


async def identify(gateway: Gateway, token: str) -> Actor:
    """Return the user behind a token; `Refused` when it is unknown, revoked, expired or its user is disabled.

    A refused token that was made here leaves an audit row: somebody still has it.
    """
    checked = await gateway.read(lambda tx: check_token(tx, token))
    if checked.refusal:

        def refused(tx: Transaction) -> None:
            tx.audit("token.refused", f"token:{checked.token.id}", reason=checked.refusal)

        await gateway.write(checked.actor, refused)
        raise Refused(checked.refusal, hint="ask an administrator for a new token", code="token-refused")
    if checked.use_is_new:
        await gateway.write(checked.actor, lambda tx: note_use(tx, checked.token.id))
    return checked.actor


async def require_second(gateway: Gateway, actor: Actor, requester: Actor | str) -> None:
    """Raise `Refused` unless `actor` counts as the second person for what `requester` asked for (invariant Z2).

    Inside a transaction call `access.rights.demand_second`, which this does in a transaction of its own.
    """
    await gateway.read(lambda tx: demand_second(tx, actor, requester))
