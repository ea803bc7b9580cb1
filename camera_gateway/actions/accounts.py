"""Verbs on other people's accounts: a way in for somebody, and taking a lost second factor away.

Promises that the shell makes ways in only while no administrator can sign in (ADR 13), and that a second factor is
taken away by two administrators. A link's secret is returned once and not kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from camera_gateway.access.links import address_of_link, make_link
from camera_gateway.access.rights import (
    FORBIDDEN,
    SECOND,
    UNBOUND,
    can_sign_in,
    demand_over,
    demand_second,
    is_nobody_yet,
)
from camera_gateway.catalogue import credentials, sessions, users
from camera_gateway.clock import US, rfc3339
from camera_gateway.domain.people import same_person, written_actor
from camera_gateway.errors import Refused

if TYPE_CHECKING:
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.catalogue.credentials import LinkRow
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.people import Actor, User

RESET_STANDS_US = 24 * 3_600 * US
"""How long a wish to take a second factor away waits for the second administrator."""


class Invite(BaseModel):
    """Whom to make a link for; None: the first administrator, who chooses a name by it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    user: str | None = None


class ResetTotp(BaseModel):
    """Whose second factor is lost."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    user: str


async def invite(gateway: Gateway, actor: Actor, args: Invite) -> dict[str, Any]:
    """Make a sign-in link for a user; an older one that was not used is good for nothing from here on."""

    def work(tx: Transaction) -> tuple[LinkRow, str]:
        if args.user is None:
            _demand_nobody(tx, actor)
            return make_link(tx, None, gateway.settings.access.link_us)
        user = users.get_user(tx, args.user)
        demand_over(tx, actor, user)
        if user.disabled:
            raise Refused(f"user {user.id} is disabled", hint="add a new user")
        _demand_no_shell(tx, actor, user)
        return make_link(tx, user.id, gateway.settings.access.link_us)

    link, secret = await gateway.write(actor, work)
    return {
        "user": link.user,
        "first": link.user is None,
        "link": address_of_link(gateway.settings, secret),
        "token": secret,
        "expires": rfc3339(link.expires_us),
    }


async def reset_totp(gateway: Gateway, actor: Actor, args: ResetTotp) -> dict[str, Any]:
    """Take a user's second factor away: one administrator asks for it, another one does the same and it is done."""

    def work(tx: Transaction) -> str:
        user = users.get_user(tx, args.user)
        demand_over(tx, actor, user)
        kept = credentials.get_credentials(tx, user.id)
        if kept.totp_sealed is None:
            raise Refused(f"user {user.id} has no second factor", hint="signing in sets one up")
        if actor.kind in UNBOUND:
            _demand_no_shell(tx, actor, user)
            return _reset(tx, user, str(actor))
        now_us = tx.clock.now_us()
        asked_by = kept.reset_asked_by if now_us - (kept.reset_asked_us or 0) < RESET_STANDS_US else None
        first = None if asked_by is None else written_actor(asked_by)
        if asked_by is None or first is None or same_person(actor, first) or is_nobody_yet(tx, first):
            credentials.ask_totp_reset(tx, user.id)
            return "asked"
        demand_second(tx, actor, asked_by)
        if actor.user == user.id:
            raise Refused("nobody takes their own second factor away", hint="another must do it", code=SECOND)
        return _reset(tx, user, asked_by)

    return {"user": args.user, "state": await gateway.write(actor, work)}


def _reset(tx: Transaction, user: User, asked_by: str) -> str:
    credentials.reset_totp(tx, user.id, asked_by)
    sessions.end_sessions(tx, user.id, "second factor taken away")
    return "reset"


def _demand_nobody(tx: Transaction, actor: Actor) -> None:
    """Raise `Refused` unless the shell asks, and nobody administers the installation."""
    if actor.kind not in UNBOUND:
        raise Refused("only the shell makes the first administrator", hint="name a user", code=FORBIDDEN)
    if users.administrators(tx, tx.clock.now_us()):
        raise Refused("there is an administrator already", hint="name a user: camera-gateway user list")


def _demand_no_shell(tx: Transaction, actor: Actor, user: User) -> None:
    """Raise `Refused` for the shell where an administrator other than the user can sign in and do this."""
    if actor.kind in UNBOUND and can_sign_in(tx) - {user.id}:
        raise Refused(
            "there is an administrator who can sign in: only an administrator does this",
            hint="ask an administrator, or give --token-file of one",
            code=FORBIDDEN,
        )
