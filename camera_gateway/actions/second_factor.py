"""The second factor of the one who asks: setting it up, showing a code, recovery codes.

Promises that a new secret is good for nothing before a code of it has been shown, that no code works twice, and that
who has a second factor shows it before it is replaced.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from camera_gateway.access import totp
from camera_gateway.access.sessions import Opened, renew
from camera_gateway.actions.attempts import let_in, refusal, user_of
from camera_gateway.catalogue import credentials, sessions
from camera_gateway.catalogue.sessions import Stage
from camera_gateway.errors import Refused

if TYPE_CHECKING:
    from camera_gateway.access.sessions import Visitor
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.catalogue.sessions import SessionRow
    from camera_gateway.domain.people import Actor, UserId

CODE_NEEDED = "totp-needed"
CODE_WRONG = "totp-wrong"
ISSUER = "Camera Gateway"


class OneCode(BaseModel):
    """A code of the second factor, or a recovery code."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: SecretStr = Field(max_length=100)


class MaybeCode(BaseModel):
    """A code of the second factor, where there is one already."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: SecretStr | None = Field(None, max_length=100)


async def demand_code(gateway: Gateway, visitor: Visitor, user: UserId, code: SecretStr | None) -> None:
    """Use up a code of a user's second factor, or a recovery code; `Refused` unless it is right and unused.

    For who has shown the password already: codes have their own, slower counting.
    """
    if code is None or not code.get_secret_value().strip():
        raise Refused("a code is needed as well", hint="open your authenticator app", code=CODE_NEEDED)
    given = code.get_secret_value()
    attempt = await let_in(gateway, gateway.door.codes, user, visitor)
    recovery = totp.recovery_digest(gateway.vault, user, given)

    def work(tx: Transaction) -> bool:
        kept = credentials.get_credentials(tx, user)
        if kept.totp_sealed is None:
            return False
        step = totp.step_of(gateway.vault.open_for_user(kept.totp_sealed, user), given, tx.clock.now_us())
        if step is not None:
            return credentials.use_totp_step(tx, user, step)
        return recovery is not None and credentials.use_recovery_code(tx, user, recovery)

    if not await gateway.write(visitor.actor, work):
        await refusal(gateway, visitor, user, "code")
        raise Refused(
            "this code is wrong, or was used before", hint="wait for the next code of your app", code=CODE_WRONG
        )
    attempt.passed()


async def begin_totp(gateway: Gateway, visitor: Visitor, actor: Actor, args: MaybeCode) -> dict[str, Any]:
    """Draw a new secret; it is good for nothing until `confirm_totp`. Who has a second factor shows a code of it."""
    user = user_of(actor)
    kept = await gateway.read(lambda tx: credentials.get_credentials(tx, user))
    if kept.totp_sealed is not None:
        await demand_code(gateway, visitor, user, args.code)
    secret = totp.new_secret()
    sealed = gateway.vault.seal_for_user(secret, user)
    await gateway.write(actor, lambda tx: credentials.set_pending_totp(tx, user, sealed))
    address = totp.address_of(secret, user, f"{ISSUER} ({gateway.settings.site.id})")
    return {"secret": secret, "address": address, "qr": totp.picture_of(address)}


async def confirm_totp(
    gateway: Gateway, visitor: Visitor, actor: Actor, session: SessionRow, args: OneCode
) -> tuple[Opened, list[str]]:
    """Make the new secret the user's second factor, by a code of it.

    Returns the session that goes on in the place of this one, and recovery codes; every other session ends.
    """
    user = user_of(actor)
    kept = await gateway.read(lambda tx: credentials.get_credentials(tx, user))
    if kept.pending_sealed is None:
        raise Refused("no second factor has been begun", hint="begin again")
    sealed = kept.pending_sealed
    attempt = await let_in(gateway, gateway.door.codes, f"new:{user}", visitor)
    secret = gateway.vault.open_for_user(sealed, user)
    step = totp.step_of(secret, args.code.get_secret_value(), gateway.clock.now_us())
    if step is None:
        await refusal(gateway, visitor, user, "code of a new second factor")
        raise Refused("this code is wrong", hint="is the clock of your telephone right?", code=CODE_WRONG)
    attempt.passed()
    codes = totp.new_recovery_codes()
    digests = _digests(gateway, user, codes)

    def work(tx: Transaction) -> Opened:
        if credentials.get_credentials(tx, user).pending_sealed != sealed:
            raise Refused("the second factor was begun anew meanwhile", hint="use the newest picture")
        credentials.confirm_totp(tx, user, sealed, step, digests)
        sessions.end_sessions(tx, user, "second factor changed", keep=session.id)
        return renew(tx, session, visitor, Stage.FULL, "second factor set up")

    return await gateway.write(actor, work), codes


async def new_recovery_codes(gateway: Gateway, visitor: Visitor, actor: Actor, args: OneCode) -> list[str]:
    """Return new recovery codes, by a code of the second factor; the old ones are void."""
    user = user_of(actor)
    await demand_code(gateway, visitor, user, args.code)
    codes = totp.new_recovery_codes()
    digests = _digests(gateway, user, codes)
    await gateway.write(actor, lambda tx: credentials.renew_recovery_codes(tx, user, digests))
    return codes


def _digests(gateway: Gateway, user: UserId, codes: list[str]) -> list[str]:
    found = (totp.recovery_digest(gateway.vault, user, code) for code in codes)
    return [digest for digest in found if digest is not None]
