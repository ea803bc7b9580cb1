"""The second person of a verb that takes two: by a token of another user, with the same right in the same places.

Used by verbs that are given by two people at once. Never keeps or repeats the token.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from camera_gateway.access.rights import SECOND, demand, demand_second
from camera_gateway.actions.access import identify
from camera_gateway.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import SecretStr

    from camera_gateway.access.permissions import Act
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.people import Actor, Place


async def second_person(
    gateway: Gateway, actor: Actor, token: SecretStr | None, act: Act, places: Sequence[Place | None]
) -> Actor:
    """Return the user who approves; `Refused` (code "second-person") unless it is another one who may do this too."""
    if token is None:
        raise Refused("this takes a second person", hint="give --second-token-file of another user", code=SECOND)
    second = await identify(gateway, token.get_secret_value())

    def work(tx: Transaction) -> None:
        demand_second(tx, second, actor)
        for place in places:
            demand(tx, second, act, place)

    await gateway.read(work)
    return second
