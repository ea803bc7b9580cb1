"""The rights of an actor as the catalogue has them now, and the demands that actions make of them.

Functions of a `Transaction`, so that a right is looked at in the same state of the catalogue as what it is asked
for. The host's users and the gateway itself are not bound by grants, but no one of them is a second person (ADR 10).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from camera_gateway.access.permissions import Act, Decision, may
from camera_gateway.catalogue import audit_log, credentials, registry, users
from camera_gateway.domain.camera import Zone
from camera_gateway.domain.ids import InstitutionId
from camera_gateway.domain.people import (
    INSTALLATION,
    Actor,
    Place,
    Scope,
    ScopeKind,
    same_person,
    written_actor,
)
from camera_gateway.errors import NotFound, Refused

if TYPE_CHECKING:
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.camera import Camera
    from camera_gateway.domain.ids import CameraId
    from camera_gateway.domain.people import Grant, User, UserId

UNBOUND = frozenset({"shell", "system"})
"""Kinds of actors that no grant limits: who has a shell as the service's user can read its files anyway."""
FORBIDDEN = "forbidden"
SECOND = "second-person"
"""The code of a refusal that another user's token turns into a yes."""
_FREE = Decision(allowed=True, needs_second_person=False, reason="not bound by grants")


@dataclass(frozen=True, slots=True)
class Rights:
    """What somebody may do at one moment; `grants` None: not bound by grants."""

    grants: tuple[Grant, ...] | None
    within: Scope
    at_us: int

    def decide(self, act: Act, place: Place | None) -> Decision:
        """Return what `may` says."""
        if self.grants is None:
            return _FREE
        return may(self.grants, act, place, now_us=self.at_us, within=self.within)


def rights_of(tx: Transaction, actor: Actor, *, at_us: int | None = None) -> Rights:
    """Return the rights that an actor has, by default now; an unknown or disabled user has none."""
    now_us = tx.clock.now_us() if at_us is None else at_us
    return Rights(None if actor.kind in UNBOUND else _grants(tx, actor), actor.within, now_us)


def demand(tx: Transaction, actor: Actor, act: Act, place: Place | None, *, at_us: int | None = None) -> None:
    """Raise `Refused` unless the actor may do `act` to the whole of `place`; a second person is not asked for here."""
    decision = rights_of(tx, actor, at_us=at_us).decide(act, place)
    if not decision.allowed:
        raise not_allowed(actor, decision)


def demand_second(tx: Transaction, actor: Actor, requester: Actor | str) -> None:
    """Raise `Refused` unless `actor` counts as the second person for what `requester` asked for.

    A second person is a user of this installation, by a token or signed in, and not the user who asked: one person's
    token and session are one person. Once somebody can sign in, both are people who have done so: whoever makes an
    account that nobody uses could ask by it as well as approve. `requester` may be the text that an audit row or a
    request keeps, for example "shell:root".
    """
    first = requester if isinstance(requester, Actor) else written_actor(requester)
    if actor.user is None:
        raise Refused(
            "this takes a second person, who shows it by a token", hint="give --token-file of another user", code=SECOND
        )
    if same_person(actor, first):
        raise Refused(
            f"this takes a second person: {actor.user} has asked for it", hint="another user must approve", code=SECOND
        )
    now_us = tx.clock.now_us()
    if not any(grant.in_force(now_us) for grant in _grants(tx, actor)):
        raise Refused(f"user {actor.user} has no role here", hint="another user must approve", code=SECOND)
    for one in (actor, first):
        if is_nobody_yet(tx, one):
            raise Refused(
                f"user {one.user} has never signed in with a second factor: "
                "this may be nobody but the other of the two",
                hint="let that user sign in by a link, and ask or approve by themself",
                code=SECOND,
            )


def is_nobody_yet(tx: Transaction, actor: Actor) -> bool:
    """Whether this is an account without password and second factor, where somebody can sign in: no one of two."""
    return actor.user is not None and bool(can_sign_in(tx)) and actor.user not in credentials.users_with_both(tx)


def demand_over(tx: Transaction, actor: Actor, user: User) -> None:
    """Raise `Refused` unless the actor manages people everywhere where this user has a role.

    An account without any role lies nowhere: whoever made it manages it, and who manages the whole installation.
    """
    demand(tx, actor, Act.PEOPLE_MANAGE, None)
    for grant in user.grants:
        demand(tx, actor, Act.PEOPLE_MANAGE, place_of_scope(tx, grant.scope))
    if not user.grants:
        whole = rights_of(tx, actor).decide(Act.PEOPLE_MANAGE, INSTALLATION)
        if not whole.allowed and not _made_by(tx, actor, user):
            raise not_allowed(actor, whole)


def manages(tx: Transaction, actor: Actor, user: User) -> bool:
    """Whether `demand_over` lets this pass."""
    try:
        demand_over(tx, actor, user)
    except Refused:
        return False
    return True


def can_sign_in(tx: Transaction) -> set[UserId]:
    """Return the administrators of the whole installation who can sign in by themselves.

    While there is none, tokens that others have made and the shell stand in for people (ADR 10); from the first one
    on they do not (ADR 13).
    """
    return users.administrators(tx, tx.clock.now_us()) & credentials.users_with_both(tx)


def not_allowed(actor: Actor, decision: Decision) -> Refused:
    """Return the refusal that names the reason."""
    return Refused(f"{actor.name} may not do this: {decision.reason}", hint="ask an administrator", code=FORBIDDEN)


def place_of_institution(tx: Transaction, institution: InstitutionId) -> Place:
    """Return an institution as a place; `NotFound` when there is none."""
    return Place(registry.get_institution(tx, institution).region, institution, None)


def place_of_camera(tx: Transaction, camera: CameraId) -> Place:
    """Return a camera as a place; `NotFound` when there is none."""
    return place_of(tx, registry.get_camera(tx, camera))


def place_of(tx: Transaction, camera: Camera) -> Place:
    """Return a known camera as a place."""
    return Place(registry.get_institution(tx, camera.institution).region, camera.institution, camera.zone)


def place_of_scope(tx: Transaction, scope: Scope) -> Place:
    """Return the place that a scope stands for: what somebody must have rights over who gives rights in it."""
    if scope.kind is ScopeKind.INSTITUTION:
        return place_of_institution(tx, InstitutionId(scope.name))
    if scope.kind is ScopeKind.REGION:
        return Place(scope.name, None, None)
    if scope.kind is ScopeKind.ZONE:
        return Place(None, None, Zone(scope.name))
    return INSTALLATION


def _made_by(tx: Transaction, actor: Actor, user: User) -> bool:
    return any(
        same_person(actor, written_actor(row.actor))
        for row in audit_log.of_objects(tx, (f"user:{user.id}",))
        if row.action == "user.add"
    )


def _grants(tx: Transaction, actor: Actor) -> tuple[Grant, ...]:
    if actor.user is None:
        return ()
    try:
        user = users.get_user(tx, actor.user)
    except NotFound:
        return ()
    return () if user.disabled else user.grants
