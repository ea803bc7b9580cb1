"""Passwords: the first one, by a sign-in link; a new one, by the old.

Promises that a link works once, for one person, for a limited time; that the link of the first administrator makes
one only while there is none; that whoever has a second factor shows it even with a link; and that a password which is
set for the first time ends the tokens that somebody else has made in this person's name (ADR 13).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from camera_gateway.access.password_rules import demand_good
from camera_gateway.access.secret_texts import digest_of
from camera_gateway.access.sessions import Opened, begin, renew
from camera_gateway.actions.attempts import let_in, refusal, user_of
from camera_gateway.actions.institutions import printable
from camera_gateway.actions.second_factor import demand_code
from camera_gateway.actions.sessions import CREDENTIALS, demand_password, end_old
from camera_gateway.catalogue import credentials, sessions, tokens, users
from camera_gateway.catalogue.sessions import Stage
from camera_gateway.domain.ids import parse_slug, slug_of
from camera_gateway.domain.people import EVERYWHERE, Actor, Grant, Role, UserId, same_person, written_actor
from camera_gateway.errors import Refused

if TYPE_CHECKING:
    from camera_gateway.access.sessions import Visitor
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.catalogue.credentials import Credentials, LinkRow
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.catalogue.sessions import SessionRow

LINK_REFUSED = "link-refused"
FIRST_NAME = "Administrator"
"""Who gives no name; there is no such account before somebody has used the link."""


class LookAtLink(BaseModel):
    """The secret of a link."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    token: SecretStr = Field(max_length=200)


class Welcome(BaseModel):
    """What using a link takes. `name` and `user` (the id; made of the name) are for the first administrator alone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    token: SecretStr = Field(max_length=200)
    password: SecretStr = Field(max_length=1_000)
    code: SecretStr | None = Field(None, max_length=100)
    name: str | None = None
    user: str | None = None


class ChangePassword(BaseModel):
    """The present password and the next, and a code where there is a second factor."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    old: SecretStr = Field(max_length=1_000)
    new: SecretStr = Field(max_length=1_000)
    code: SecretStr | None = Field(None, max_length=100)


async def look_at_link(gateway: Gateway, visitor: Visitor, args: LookAtLink) -> dict[str, Any]:
    """Return whose link this is and what it asks for; `Refused` (code "link-refused") when it is good for nothing."""
    link = await _link(gateway, visitor, args.token)
    if link.user is None:
        return {"first": True, "user": None, "name": None, "code_needed": False}
    user_id = link.user

    def work(tx: Transaction) -> dict[str, Any]:
        kept = credentials.get_credentials(tx, user_id)
        name = users.get_user(tx, user_id).name
        return {"first": False, "user": user_id, "name": name, "code_needed": kept.totp_sealed is not None}

    return await gateway.read(work)


async def welcome(gateway: Gateway, visitor: Visitor, args: Welcome, old_secret: str | None = None) -> Opened:
    """Use a link up: set the password and begin a session, in which the second factor is set up where it is missing."""
    link = await _link(gateway, visitor, args.token)
    user, name = _first_administrator(args) if link.user is None else (link.user, "")
    password = args.password.get_secret_value()
    await _demand_good(gateway, password, user, name or None)
    kept = await gateway.read(lambda tx: credentials.get_credentials(tx, user))
    if link.user is not None and kept.totp_sealed is not None:
        await demand_code(gateway, visitor, user, args.code)
    password_hash = await gateway.door.passwords.hash(password)

    def work(tx: Transaction) -> Opened:
        if link.user is None:
            if users.administrators(tx, tx.clock.now_us()):
                raise _bad_link("there is an administrator by now")
            users.add_user(tx, user, name)
            users.add_grant(tx, user, Grant(Role.ADMINISTRATOR, EVERYWHERE))
        elif users.get_user(tx, user).disabled:
            raise _bad_link("its user is disabled")
        if not credentials.use_link(tx, link.id, user, visitor.address):
            raise _bad_link("it was used before")
        before = _unchanged(tx, kept)
        if before.password_hash is None:
            _end_foreign_tokens(tx, user)
        credentials.set_password(tx, user, password_hash)
        sessions.end_sessions(tx, user, "password changed")
        end_old(tx, user, old_secret)
        stage = Stage.ENROL if before.totp_sealed is None else Stage.FULL
        how = "link" if before.totp_sealed is None else "link and code"
        return begin(tx, user, visitor, gateway.settings.access, stage, how)

    return await gateway.write(Actor("session", user), work)


async def change_password(
    gateway: Gateway, visitor: Visitor, actor: Actor, session: SessionRow, args: ChangePassword
) -> Opened:
    """Set a new password by the present one; every other session ends, and this one gets a new secret."""
    user = user_of(actor)
    new = args.new.get_secret_value()
    await _demand_good(gateway, new, user, None)
    kept = await demand_password(gateway, visitor, user, args.old.get_secret_value())
    if kept.totp_sealed is not None:
        await demand_code(gateway, visitor, user, args.code)
    password_hash = await gateway.door.passwords.hash(new)

    def work(tx: Transaction) -> Opened:
        _unchanged(tx, kept)
        credentials.set_password(tx, user, password_hash)
        sessions.end_sessions(tx, user, "password changed", keep=session.id)
        return renew(tx, session, visitor, session.stage, "password changed")

    return await gateway.write(actor, work)


async def _link(gateway: Gateway, visitor: Visitor, token: SecretStr) -> LinkRow:
    """Return the link of a secret, if it is good now."""
    attempt = await let_in(gateway, gateway.door.attempts, f"link:{visitor.address}", visitor)
    digest = digest_of(token.get_secret_value())

    def work(tx: Transaction) -> tuple[LinkRow | None, str]:
        found = credentials.link_of_digest(tx, digest)
        if found is None:
            return None, "it is not known here"
        if found.used_us is not None:
            return found, "it was used before"
        if found.revoked_us is not None:
            return found, "a newer one has taken its place"
        return found, "it has expired" if tx.clock.now_us() >= found.expires_us else ""

    link, wrong = await gateway.read(work)
    if link is None or wrong:
        await refusal(gateway, visitor, None if link is None else link.user, f"link: {wrong}")
        raise _bad_link(wrong)
    attempt.passed()
    return link


async def _demand_good(gateway: Gateway, password: str, user: UserId, name: str | None) -> None:
    known = name if name is not None else await gateway.read(lambda tx: users.get_user(tx, user).name)
    personal = (user, known, gateway.settings.site.id, "camera gateway")
    await gateway.waiting(demand_good, password, personal, gateway.settings.access.blocklist_file)


def _first_administrator(args: Welcome) -> tuple[UserId, str]:
    name = printable(args.name, "the user's name") if args.name and args.name.strip() else FIRST_NAME
    return UserId(parse_slug((args.user or "").strip() or slug_of(name), "user")), name


def _unchanged(tx: Transaction, kept: Credentials) -> Credentials:
    """Return what is kept now; `Refused` when it is not what password and code were held to a moment ago."""
    still = credentials.get_credentials(tx, kept.user)
    if (still.password_us, still.totp_us) != (kept.password_us, kept.totp_us):
        raise Refused("the account has just changed", hint="begin again", code=CREDENTIALS)
    return still


def _end_foreign_tokens(tx: Transaction, user: UserId) -> None:
    """Revoke the tokens that others have made for somebody who can make their own from here on."""
    for token in tokens.list_tokens(tx, user):
        own = same_person(written_actor(token.issued_by), Actor("session", user))
        if token.revoked_us is None and not own:
            tokens.revoke_token(tx, token.id)


def _bad_link(why: str) -> Refused:
    return Refused(f"this sign-in link is good for nothing: {why}", hint="ask for a new one", code=LINK_REFUSED)
