"""Verbs on people: users, their roles, and tokens.

Promises that nobody gives more than they have, nobody gives themselves footage, and the shell makes and unmakes
administrators only while there is none (ADR 10), and that the tokens of somebody who can sign in are made by them
alone (ADR 13). Each change writes its audit row in its own transaction.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from camera_gateway.access.permissions import Act, opens_footage
from camera_gateway.access.rights import (
    FORBIDDEN,
    SECOND,
    UNBOUND,
    demand,
    demand_over,
    manages,
    place_of_scope,
    rights_of,
)
from camera_gateway.access.tokens import make_token
from camera_gateway.actions.institutions import printable
from camera_gateway.catalogue import credentials, tokens, users
from camera_gateway.catalogue.tokens import TokenRow
from camera_gateway.clock import US, rfc3339
from camera_gateway.domain.ids import parse_slug, slug_of
from camera_gateway.domain.people import EVERYWHERE, Grant, Role, User, UserId, parse_scope
from camera_gateway.errors import InvalidInput, Refused

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.actions.institutions import Nothing
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.people import Actor

TOKEN_LIFE_US = 90 * 86_400 * US
LONGEST_TOKEN_LIFE_US = 366 * 86_400 * US
FOR_EVER_US = 2**62


class AddUser(BaseModel):
    """What `user add` takes; `role` gives a first grant, `post` is the person's position."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    post: str = ""
    id: str | None = None
    role: str | None = None
    scope: str = "all"
    expires_us: int | None = None


class OneUser(BaseModel):
    """Names one user."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    user: str


class ChangeRole(BaseModel):
    """What `user role` takes: exactly one of `grant` and `revoke`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    user: str
    grant: str | None = None
    revoke: str | None = None
    scope: str = "all"
    expires_us: int | None = None


class CreateToken(BaseModel):
    """What `token create` takes; `scope` narrows the user's own rights."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    user: str
    scope: str = "all"
    label: str = ""
    expires_us: int | None = None


class ListTokens(BaseModel):
    """What `token list` takes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    user: str | None = None


class OneToken(BaseModel):
    """Names one token by its id, never by its text."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    token: str


async def add_user(gateway: Gateway, actor: Actor, args: AddUser) -> dict[str, Any]:
    """Add a person, with a first role where one is given."""
    name = printable(args.name, "the user's name")
    post = printable(args.post, "the user's post") if args.post.strip() else ""
    identity = UserId(parse_slug(args.id or slug_of(name), "user"))
    if args.role is None and (args.scope != str(EVERYWHERE) or args.expires_us is not None):
        raise InvalidInput("a scope or an end is given without a role", hint="give --role too")
    grant = None if args.role is None else _grant(gateway, args.role, args.scope, args.expires_us)

    def work(tx: Transaction) -> dict[str, Any]:
        users.add_user(tx, identity, name, post)
        if grant is not None:
            _demand_giving(tx, actor, identity, grant)
            users.add_grant(tx, identity, grant)
        return _user(tx, users.get_user(tx, identity))

    return await gateway.write(actor, work)


async def list_users(gateway: Gateway, actor: Actor, _args: Nothing) -> list[dict[str, Any]]:
    """List the users that the actor manages, with their roles."""
    return await gateway.read(lambda tx: [_user(tx, user) for user in _managed(tx, actor)])


async def disable_user(gateway: Gateway, actor: Actor, args: OneUser) -> dict[str, Any]:
    """End an account for good, and with it all its tokens."""

    def work(tx: Transaction) -> dict[str, Any]:
        user = users.get_user(tx, args.user)
        demand_over(tx, actor, user)
        with _administrators_kept(tx, actor, {grant.role for grant in user.grants}):
            users.disable_user(tx, user.id)
        return _user(tx, users.get_user(tx, user.id))

    return await gateway.write(actor, work)


async def change_role(gateway: Gateway, actor: Actor, args: ChangeRole) -> dict[str, Any]:
    """Give a role in a scope, or take it away."""
    role = args.grant or args.revoke
    if role is None or (args.grant and args.revoke):
        raise InvalidInput("give either a role to grant or one to revoke", hint="use --grant ROLE or --revoke ROLE")
    if args.revoke and args.expires_us is not None:
        raise InvalidInput("a role that is taken away has no end", hint="leave --expires out")
    grant = _grant(gateway, role, args.scope, args.expires_us)

    def work(tx: Transaction) -> dict[str, Any]:
        user = users.get_user(tx, args.user)
        if args.grant:
            _demand_giving(tx, actor, user.id, grant)
            if not user.grants:  # a role here would make it theirs to invite
                demand_over(tx, actor, user)
            users.add_grant(tx, user.id, grant)
        else:
            demand(tx, actor, Act.PEOPLE_MANAGE, place_of_scope(tx, grant.scope))
            with _administrators_kept(tx, actor, {grant.role}):
                users.remove_grant(tx, user.id, grant.role, grant.scope)
        return _user(tx, users.get_user(tx, user.id))

    return await gateway.write(actor, work)


async def create_token(gateway: Gateway, actor: Actor, args: CreateToken) -> dict[str, Any]:
    """Make a token for a user and return its text, which is not kept and cannot be had again."""
    scope = parse_scope(args.scope)
    label = printable(args.label, "the token's label") if args.label.strip() else ""
    now_us = gateway.clock.now_us()
    expires_us = _end(gateway, args.expires_us) or now_us + TOKEN_LIFE_US
    if expires_us - now_us > LONGEST_TOKEN_LIFE_US:
        raise InvalidInput("a token lives a year at most", hint="give an earlier --expires")
    made = make_token()

    def work(tx: Transaction) -> TokenRow:
        user = users.get_user(tx, args.user)
        if user.disabled:
            raise Refused(f"user {user.id} is disabled", hint="add a new user")
        place = place_of_scope(tx, scope)
        own = _demand_own_token(tx, actor, user)
        if scope == EVERYWHERE:
            if not own:
                demand_over(tx, actor, user)
        else:
            if not own:
                demand(tx, actor, Act.PEOPLE_MANAGE, place)
            if not any(grant.scope.covers(place) for grant in user.grants if grant.in_force(now_us)):
                raise Refused(
                    f"user {user.id} has no role in the whole of {scope}", hint="a token only narrows what its user has"
                )
        row = TokenRow(made.id, user.id, label, scope, str(actor), now_us, expires_us, None, None)
        tokens.add_token(tx, row, made.digest)
        return row

    row = await gateway.write(actor, work)
    return {**_token(row, now_us), "token": made.text}


async def list_tokens(gateway: Gateway, actor: Actor, args: ListTokens) -> list[dict[str, Any]]:
    """List one's own tokens and those of the users that one manages, with their last use; never their texts."""

    def work(tx: Transaction) -> list[TokenRow]:
        user = None if args.user is None else users.get_user(tx, args.user).id
        seen = {actor.user, *(user.id for user in _managed(tx, actor))}
        return [row for row in tokens.list_tokens(tx, user) if row.user in seen]

    now_us = gateway.clock.now_us()
    return [_token(row, now_us) for row in await gateway.read(work)]


async def revoke_token(gateway: Gateway, actor: Actor, args: OneToken) -> dict[str, Any]:
    """End a token at once."""

    def work(tx: Transaction) -> TokenRow:
        row = tokens.get_token(tx, args.token)
        if actor.user != row.user:
            demand_over(tx, actor, users.get_user(tx, row.user))
        tokens.revoke_token(tx, row.id)
        return tokens.get_token(tx, row.id)

    return _token(await gateway.write(actor, work), gateway.clock.now_us())


def _grant(gateway: Gateway, role: str, scope: str, expires_us: int | None) -> Grant:
    try:
        known = Role(role)
    except ValueError:
        raise InvalidInput(f"role {role!r} is not known", hint=f"use one of: {', '.join(Role)}") from None
    return Grant(known, parse_scope(scope), _end(gateway, expires_us))


def _end(gateway: Gateway, expires_us: int | None) -> int | None:
    if expires_us is not None and expires_us <= gateway.clock.now_us():
        raise InvalidInput("the end lies in the past", hint="write a later time, or +30d")
    return expires_us


def _demand_giving(tx: Transaction, actor: Actor, user: UserId, grant: Grant) -> None:
    """Raise `Refused` unless the actor may give this: in their own scope and time, and no footage to themselves."""
    place = place_of_scope(tx, grant.scope)
    demand(tx, actor, Act.PEOPLE_MANAGE, place)
    last_us = FOR_EVER_US if grant.expires_us is None else grant.expires_us - 1
    if not rights_of(tx, actor, at_us=last_us).decide(Act.PEOPLE_MANAGE, place).allowed:
        raise Refused("nobody gives a role that outlasts their own", hint="give an earlier --expires", code=FORBIDDEN)
    if actor.user == user and opens_footage(grant.role):
        raise Refused("nobody gives themselves footage", hint="another administrator must grant this role", code=SECOND)
    if grant.role is Role.ADMINISTRATOR:
        _demand_no_shell(tx, actor)


def _demand_own_token(tx: Transaction, actor: Actor, user: User) -> bool:
    """Return whether somebody who has signed in makes a token for themself.

    Raise `Refused` when it would be for somebody else who can make their own. A token makes no token of its user
    either: one that was stolen would outlive being revoked.
    """
    if actor.kind == "session" and actor.user == user.id:
        return True
    if credentials.get_credentials(tx, user.id).password_hash is not None:
        raise Refused(
            f"user {user.id} can sign in: only they make tokens for themselves",
            hint="sign in, and make it there",
            code=FORBIDDEN,
        )
    return False


def _managed(tx: Transaction, actor: Actor) -> list[User]:
    """Return the users of whom the actor manages every role; of those without one, as `demand_over` has it."""
    rights = rights_of(tx, actor)
    return [
        user
        for user in users.list_users(tx)
        if all(rights.decide(Act.PEOPLE_MANAGE, place_of_scope(tx, grant.scope)).allowed for grant in user.grants)
        and (user.grants or manages(tx, actor, user))
    ]


@contextmanager
def _administrators_kept(tx: Transaction, actor: Actor, roles: Collection[Role]) -> Iterator[None]:
    """Let roles be taken away in the block, but never the last administrator, and no administrator from the shell."""
    if Role.ADMINISTRATOR in roles:
        _demand_no_shell(tx, actor)
    before = users.administrators(tx, tx.clock.now_us())
    yield
    if before and not users.administrators(tx, tx.clock.now_us()):
        raise Refused("this is the last administrator", hint="make another user administrator first")


def _demand_no_shell(tx: Transaction, actor: Actor) -> None:
    """Raise `Refused` for the shell's user where there is an administrator who can say so (ADR 10)."""
    if actor.kind in UNBOUND and users.administrators(tx, tx.clock.now_us()):
        raise Refused(
            "there is an administrator: only an administrator makes or unmakes administrators",
            hint="give --token-file of an administrator",
            code=FORBIDDEN,
        )


def _user(tx: Transaction, user: User) -> dict[str, Any]:
    now_us = tx.clock.now_us()
    kept = credentials.get_credentials(tx, user.id)
    return {
        "id": user.id,
        "name": user.name,
        "post": user.post,
        "signed_up": kept.password_hash is not None,
        "totp": kept.totp_sealed is not None,
        "totp_reset_asked_by": kept.reset_asked_by,
        "state": "disabled" if user.disabled else "active",
        "roles": [
            {
                "role": grant.role.value,
                "scope": str(grant.scope),
                "expires": None if grant.expires_us is None else rfc3339(grant.expires_us),
                "in_force": grant.in_force(now_us),
            }
            for grant in user.grants
        ],
    }


def _token(row: TokenRow, now_us: int) -> dict[str, Any]:
    expired = "expired" if now_us >= row.expires_us else "active"
    return {
        "id": row.id,
        "user": row.user,
        "label": row.label,
        "scope": str(row.scope),
        "state": expired if row.revoked_us is None else "revoked",
        "issued_by": row.issued_by,
        "created": rfc3339(row.created_us),
        "expires": rfc3339(row.expires_us),
        "last_used": None if row.last_used_us is None else rfc3339(row.last_used_us),
    }
