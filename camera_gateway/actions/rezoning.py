"""Which changes of a camera's zone take two people, and whether two have asked for one.

A zone says who may see recorded footage alone and which rules keep it, and both are read from the present zone. So
what opens footage, or lets it go earlier, is nobody's alone. Knows nothing of addresses and accounts.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from camera_gateway.access.permissions import Act
from camera_gateway.access.rights import demand, demand_second, place_of
from camera_gateway.actions.second import second_person
from camera_gateway.catalogue import audit_log
from camera_gateway.catalogue.policies import list_rules
from camera_gateway.domain.camera import RESTRICTED_ZONES
from camera_gateway.domain.people import written_actor
from camera_gateway.domain.retention import DAY_US, Policies, Viewpoint
from camera_gateway.errors import Refused

if TYPE_CHECKING:
    from pydantic import SecretStr

    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.camera import Camera
    from camera_gateway.domain.people import Actor, Place
    from camera_gateway.domain.retention import Defaults

ASKED = "camera.zone-asked"


@dataclass(frozen=True, slots=True)
class Move:
    """A camera as it is and as it would be; `acts` are what two people need the right to, empty where one is enough."""

    known: Camera
    wanted: Camera
    places: tuple[Place, ...]
    acts: tuple[Act, ...]


def move_of(tx: Transaction, known: Camera, wanted: Camera, defaults: Defaults) -> Move:
    """Return what a change of a camera comes to.

    It takes two when the camera leaves the restricted zones, and when the rules of retention of the new zone are at any
    moment shorter than those of the old: footage that is recorded already is judged by the rules of its camera's zone.
    """
    places = tuple(dict.fromkeys((place_of(tx, known), place_of(tx, wanted))))
    acts = []
    if known.zone is not wanted.zone:
        if known.zone in RESTRICTED_ZONES and wanted.zone not in RESTRICTED_ZONES:
            acts.append(Act.CAMERA_MANAGE)
        policies = Policies(list_rules(tx), defaults)
        before, after = (Viewpoint(one.institution, one.zone.value, one.id) for one in (known, wanted))
        if any(policies.at(after, us).is_shorter_than(policies.at(before, us)) for us in policies.changes_us()):
            acts.append(Act.RETENTION_SHORTEN)
    return Move(known, wanted, places, tuple(acts))


def demand_rights(tx: Transaction, actor: Actor, move: Move) -> None:
    """Raise `Refused` unless the actor answers for the camera both where it is and where it would be."""
    for act in dict.fromkeys((Act.CAMERA_MANAGE, *move.acts)):
        for place in move.places:
            demand(tx, actor, act, place)


async def shown_second(gateway: Gateway, actor: Actor, token: SecretStr | None, move: Move) -> str | None:
    """Return who approves by a token; None where nobody has to, or where another user may do the same later.

    `Refused` where a second has to show a token: the shell is asked by one person, and cannot be asked by another.
    """
    if not move.acts or (token is None and actor.user is not None):
        return None
    approver = None
    for act in move.acts:
        approver = await second_person(gateway, actor, token, act, move.places)
    return None if approver is None else str(approver)


def agreed(tx: Transaction, actor: Actor, move: Move) -> str | None:
    """Return who else has asked for this within a day and may still do so; None, and a row, when nobody has."""
    change = {"from": move.known.zone.value, "to": move.wanted.zone.value}
    about = f"camera:{move.known.id}"
    asked = [row for row in audit_log.of_objects(tx, (about,)) if row.action == ASKED]
    if asked and tx.clock.now_us() - asked[-1].at_us < DAY_US and asked[-1].details["zone"] == change:
        first = written_actor(asked[-1].actor)
        with suppress(Refused):
            demand_second(tx, actor, first)
            demand_rights(tx, first, move)
            return asked[-1].actor
    tx.audit(ASKED, about, zone=change)
    return None
