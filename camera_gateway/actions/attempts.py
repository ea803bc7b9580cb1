"""Attempts to show who one is: letting them in one at a time, and writing down those that were refused.

Promises that a refused attempt leaves an audit row without a secret, and that a flood of attempts which come too
early leaves one row for each wait, not one for each attempt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from camera_gateway.access.devices import count_of
from camera_gateway.access.rights import FORBIDDEN
from camera_gateway.access.throttle import Slower
from camera_gateway.errors import Refused

if TYPE_CHECKING:
    from camera_gateway.access.sessions import Visitor
    from camera_gateway.access.throttle import Attempt, Throttle
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.domain.people import Actor, UserId


async def let_in(gateway: Gateway, throttle: Throttle, key: str, visitor: Visitor) -> Attempt:
    """Let an attempt in, or raise `Slower`; the first that is sent away in each wait leaves an audit row.

    `key` is the account's name where there is one: a browser that it was used with before has a count of its own.
    """
    device = count_of(gateway.vault, key, visitor.device) if visitor.device else None
    try:
        return throttle.enter(key, visitor.address, device)
    except Slower as error:
        if error.first:
            await refusal(gateway, visitor, None, "too many attempts")
        raise


async def refusal(gateway: Gateway, visitor: Visitor, user: UserId | None, what: str) -> None:
    """Write a refused attempt down. A name that is nobody's is not repeated: people type passwords into that field."""
    about = "user:?" if user is None else f"user:{user}"
    await gateway.write(visitor.actor, lambda tx: tx.audit("sign-in.refused", about, what=what))


def user_of(actor: Actor) -> UserId:
    """Return the account of the one who asks; `Refused` for who has none."""
    if actor.user is None:
        raise Refused("this is for people with an account", hint="sign in", code=FORBIDDEN)
    return actor.user
