"""What a verb is: its name, its arguments, its one function, the act that it takes, and where.

A value; it promises nothing about rights by itself. `verbs` has the table of them all and asks for the right.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from camera_gateway.actions import places

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from pydantic import BaseModel

    from camera_gateway.access.permissions import Act
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.people import Actor, Place


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb. `work(gateway, actor, arguments)` returns what JSON can hold.

    `act` is what a user needs the right to, over every one of `places(tx, arguments)`. A list whose places are
    anywhere has `row`, which tells the place of each of its rows; rows of other places are left out.
    `asks_second`: the verb itself calls `require_second`; any other that takes two people is refused to one.
    """

    name: str
    arguments: type[BaseModel]
    work: Callable[[Gateway, Actor, Any], Awaitable[Any]]
    act: Act
    places: Callable[[Transaction, Any], places.Places] = places.whole
    row: Callable[[Transaction, Mapping[str, Any]], Place] | None = None
    asks_second: bool = False
