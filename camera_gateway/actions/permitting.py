"""Whether a user may do a verb to what its arguments name, and which rows of a list are theirs.

Promises (Z1) that what somebody may not even see is told like what does not exist, by the same words and the same
steps, an audit row included: nobody learns by asking which cameras, institutions, holds, requests or incidents there
are elsewhere. Who is not bound by grants never comes here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from camera_gateway.access.permissions import Act
from camera_gateway.access.rights import SECOND, not_allowed, place_of_institution, rights_of
from camera_gateway.domain.ids import InstitutionId
from camera_gateway.errors import NotFound, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

    from camera_gateway.access.rights import Rights
    from camera_gateway.actions.places import Places
    from camera_gateway.actions.verb import Verb
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.people import Actor, Place

NAMED: Mapping[str, str] = {
    "camera": "camera",
    "cameras": "camera",
    "institution": "institution",
    "site": "site",
    "hold": "hold",
    "request": "request",
    "package": "package",
    "incident": "incident",
    "segment": "segment",
    "report": "report",
}
"""Arguments that name something that is somewhere, and what it is called."""


class Unseen(NotFound):
    """There is no such thing, or the asker may not know that there is. `reason` is for the audit row only."""

    def __init__(self, arguments: BaseModel, reason: str) -> None:
        what = next((noun for name, noun in NAMED.items() if getattr(arguments, name, None)), "thing")
        super().__init__(f"no such {what}", hint="it does not exist, or it is not yours to see")
        self.reason = reason


def permit(tx: Transaction, actor: Actor, verb: Verb, arguments: BaseModel) -> Places:
    """Return the places of a verb that the actor may do there, alone or (where it asks by itself) as one of two.

    Raises `Unseen` for what does not exist or lies where the actor may see nothing, `Refused` for everything else.
    """
    rights = rights_of(tx, actor)
    try:
        touched = verb.places(tx, arguments)
        if verb.row is not None and getattr(arguments, "institution", None) is not None:
            place_of_institution(tx, _institution(arguments))
    except NotFound:
        raise Unseen(arguments, "there is no such thing") from None
    # all of them first: a right that is wanting in one place must not tell whether there is another
    for place in touched:
        _demand_sight(rights, arguments, place)
    for place in touched:
        decision = rights.decide(verb.act, place)
        if not decision.allowed:
            raise not_allowed(actor, decision)
        if decision.needs_second_person and not verb.asks_second:
            raise Refused(
                "this takes two people, and this command is given by one",
                hint="request evidence, and let another user approve it",
                code=SECOND,
            )
    return touched


def permitted_rows(tx: Transaction, actor: Actor, verb: Verb, arguments: BaseModel, rows: list[Any]) -> list[Any]:
    """Return the rows of a list that lie where the actor has the right to it.

    Raises `Unseen` where a list of one institution is left empty for who may not see it.
    """
    place_of = verb.row
    if place_of is None:
        return rows
    rights = rights_of(tx, actor)
    found = [row for row in rows if rights.decide(verb.act, place_of(tx, row)).allowed]
    if not found and getattr(arguments, "institution", None) is not None:
        _demand_sight(rights, arguments, place_of_institution(tx, _institution(arguments)))
    return found


def _demand_sight(rights: Rights, arguments: BaseModel, place: Place | None) -> None:
    if place is None or place.institution is None:
        return  # a region, a zone or the installation is nothing that one finds by its id
    decision = rights.decide(Act.REGISTRY_SEE, place)
    if not decision.allowed:
        raise Unseen(arguments, decision.reason)


def _institution(arguments: BaseModel) -> InstitutionId:
    return InstitutionId(str(getattr(arguments, "institution", "")))
