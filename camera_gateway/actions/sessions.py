"""Signing in and out, and the sessions of the one who asks.

Promises that each attempt, let in or refused, leaves an audit row without a secret; that a refusal does not tell
whether there is such a user, in words or in time; and that whoever has no second factor yet gets a session in which
nothing but setting one up is possible. HTTP translates; cookies are not known here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from camera_gateway.access.secret_texts import digest_of
from camera_gateway.access.sessions import Opened, begin, check_session, has_ended
from camera_gateway.actions.attempts import let_in, refusal, user_of
from camera_gateway.actions.second_factor import demand_code
from camera_gateway.catalogue import credentials, sessions, users
from camera_gateway.catalogue.sessions import Stage
from camera_gateway.clock import rfc3339
from camera_gateway.domain.people import Actor
from camera_gateway.errors import NotFound, Refused

if TYPE_CHECKING:
    from camera_gateway.access.sessions import CheckedSession, Visitor
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.catalogue.credentials import Credentials
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.catalogue.sessions import SessionRow
    from camera_gateway.domain.people import UserId

CREDENTIALS = "credentials"
PASSWORD_WRONG = "password-wrong"  # noqa: S105 - the code of a refusal
LONGEST_USER = 100


class SignIn(BaseModel):
    """What signing in takes; `code` is of the second factor, or a recovery code."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    user: str = Field(max_length=1_000)
    password: SecretStr = Field(max_length=1_000)
    code: SecretStr | None = Field(None, max_length=100)


async def sign_in(gateway: Gateway, visitor: Visitor, args: SignIn, old_secret: str | None = None) -> Opened:
    """Begin a session for who shows password and second factor; one that the browser still had ends.

    `Refused` with code "credentials" (whatever of user and password is wrong), "totp-needed" (both are right),
    "totp-wrong", or "slower" (`Slower`: too early). `Unavailable` (code "busy") when too many try at once.
    """
    name = args.user.strip().casefold()[:LONGEST_USER]
    password = args.password.get_secret_value()
    kept = await _password_shown(gateway, visitor, name, password, CREDENTIALS)
    if kept.totp_sealed is not None:
        await demand_code(gateway, visitor, kept.user, args.code)
    if kept.password_hash is not None and gateway.door.passwords.outdated(kept.password_hash):
        renewed = await gateway.door.passwords.hash(password)
        await gateway.write(visitor.actor, lambda tx: credentials.renew_hash(tx, kept.user, renewed))
    stage, how = (Stage.ENROL, "password") if kept.totp_sealed is None else (Stage.FULL, "password and code")

    def work(tx: Transaction) -> Opened:
        still = credentials.get_credentials(tx, kept.user)
        changed = (still.password_us, still.totp_us) != (kept.password_us, kept.totp_us)
        if changed or users.get_user(tx, kept.user).disabled:
            raise Refused("the account has just changed", hint="sign in again", code=CREDENTIALS)
        end_old(tx, kept.user, old_secret)
        return begin(tx, kept.user, visitor, gateway.settings.access, stage, how)

    return await gateway.write(Actor("session", kept.user), work)


async def demand_password(gateway: Gateway, visitor: Visitor, user: UserId, password: str) -> Credentials:
    """Return what is kept of a user who shows the present password once more; `Refused` (code "password-wrong")."""
    return await _password_shown(gateway, visitor, user, password, PASSWORD_WRONG)


async def _password_shown(gateway: Gateway, visitor: Visitor, name: str, password: str, code: str) -> Credentials:
    """Return what is kept of the user whose password this is; otherwise `Refused`, after just as long."""
    attempt = await let_in(gateway, gateway.door.attempts, name, visitor)
    decided = False
    try:
        kept = await gateway.read(lambda tx: _kept_of_living(tx, name))
        right = await gateway.door.passwords.verify(None if kept is None else kept.password_hash, password)
        decided = True
    finally:
        if not decided:  # busy, or the visitor has gone: nothing was guessed
            attempt.void()
    if kept is None or not right:
        await refusal(gateway, visitor, None if kept is None else kept.user, "password")
        raise Refused("user or password is wrong", hint="check both, and the keyboard's language", code=code)
    attempt.passed()
    return kept


async def session_of(gateway: Gateway, secret: str, *, quietly: bool = False) -> CheckedSession:
    """Return the living session of a cookie; `Refused` (code "session-ended") otherwise.

    `quietly`: a page asks by itself and nobody has touched it, so the session does not count as used.
    """
    limits = gateway.settings.access
    checked = await gateway.read(lambda tx: check_session(tx, secret, limits))
    if checked.newly_ended:
        await gateway.write(checked.actor, lambda tx: sessions.end_session(tx, checked.row.id, checked.why_ended))
    if checked.why_ended:
        raise has_ended(checked.why_ended)
    if checked.use_is_new and not quietly:
        await gateway.write(checked.actor, lambda tx: sessions.note_seen(tx, checked.row.id))
    return checked


async def sign_out(gateway: Gateway, actor: Actor, session: SessionRow) -> None:
    """End the session that asks."""
    await gateway.write(actor, lambda tx: sessions.end_session(tx, session.id, "signed out"))


async def list_own(gateway: Gateway, actor: Actor, present: SessionRow | None) -> list[dict[str, Any]]:
    """List the living sessions of the one who asks, the newest first."""
    user = user_of(actor)
    limits = gateway.settings.access
    now_us = gateway.clock.now_us()
    return [
        {
            "id": row.id,
            "address": row.address,
            "agent": row.agent,
            "created": rfc3339(row.created_us),
            "last_used": rfc3339(row.seen_us),
            "expires": rfc3339(row.expires_us),
            "this_one": present is not None and row.id == present.id,
        }
        for row in reversed(await gateway.read(lambda tx: sessions.living_sessions(tx, user)))
        if now_us < row.expires_us and now_us - row.seen_us < limits.session_idle_us
    ]


async def end_own(gateway: Gateway, actor: Actor, session: str) -> dict[str, Any]:
    """End one of the sessions of the one who asks; `NotFound` for anybody else's."""
    user = user_of(actor)

    def work(tx: Transaction) -> None:
        if session not in {row.id for row in sessions.living_sessions(tx, user)}:
            raise NotFound("you have no such session", hint="see the list of your sessions")
        sessions.end_session(tx, session, "ended by its user")

    await gateway.write(actor, work)
    return {"id": session, "state": "ended"}


def end_old(tx: Transaction, user: UserId, old_secret: str | None) -> None:
    """End the session that a browser had before, if it was this person's."""
    row = sessions.session_of_digest(tx, digest_of(old_secret)) if old_secret else None
    if row is not None and row.user == user:
        sessions.end_session(tx, row.id, "signed in again")


def _kept_of_living(tx: Transaction, name: str) -> Credentials | None:
    try:
        user = users.get_user(tx, name)
    except NotFound:
        return None
    return None if user.disabled else credentials.get_credentials(tx, user.id)
