"""What the one who asks is told of themself, and chooses for themself: rights, language, the purpose of viewing.

Promises that a purpose is one of the closed list (invariant Z2), stated once per case and session, and that opening
one leaves an audit row. That none is shown without is `actions/admission`'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from camera_gateway.access import purposes as stating
from camera_gateway.access.permissions import ACTIONS, Act, Second
from camera_gateway.access.rights import rights_of
from camera_gateway.actions.attempts import user_of
from camera_gateway.catalogue import credentials, purposes, sessions, users
from camera_gateway.catalogue.sessions import Stage
from camera_gateway.clock import rfc3339
from camera_gateway.errors import InvalidInput

if TYPE_CHECKING:
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.catalogue.purposes import PurposeRow
    from camera_gateway.catalogue.sessions import SessionRow
    from camera_gateway.domain.people import Actor

LANGUAGES = ("kk", "ru", "en")


class ChooseLanguage(BaseModel):
    """What a person reads."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: str


class StatePurpose(BaseModel):
    """Why recorded footage is looked at."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str
    case: str = ""
    text: str = ""


async def me(gateway: Gateway, actor: Actor, session: SessionRow | None, csrf: str | None) -> dict[str, Any]:
    """Tell who asks, and what they may do anywhere at all: "yes", or "second" where it always takes two."""
    user_id = user_of(actor)

    def work(tx: Transaction) -> dict[str, Any]:
        user = users.get_user(tx, user_id)
        kept = credentials.get_credentials(tx, user_id)
        rights = rights_of(tx, actor)
        open_ = None if session is None or session.purpose is None else purposes.get_purpose(tx, session.purpose)
        enrolling = session is not None and session.stage is Stage.ENROL
        now_us = tx.clock.now_us()
        return {
            "user": user.id,
            "name": user.name,
            "post": user.post,
            "roles": [
                {
                    "role": grant.role.value,
                    "scope": str(grant.scope),
                    "expires": None if grant.expires_us is None else rfc3339(grant.expires_us),
                }
                for grant in user.grants
                if grant.in_force(now_us)
            ],
            "acts": {}
            if enrolling
            else {
                act.value: "second" if ACTIONS[act].second is Second.ALWAYS else "yes"
                for act in Act
                if rights.decide(act, None).allowed
            },
            "csrf": csrf,
            "language": user.language or None,
            "purpose": None if open_ is None else _purpose(open_),
            "totp": kept.totp_sealed is not None,
            "recovery_codes_left": credentials.recovery_codes_left(tx, user_id),
            "session": None
            if session is None
            else {
                "id": session.id,
                "stage": session.stage.value,
                "expires": rfc3339(session.expires_us),
                "idle_s": gateway.settings.access.session_idle_minutes * 60,
            },
        }

    return await gateway.read(work)


async def choose_language(gateway: Gateway, actor: Actor, args: ChooseLanguage) -> dict[str, Any]:
    """Keep the language that a user reads."""
    if args.language not in LANGUAGES:
        raise InvalidInput(
            f"language {args.language[:10]!r} is not offered", hint=f"use one of: {', '.join(LANGUAGES)}"
        )
    user = user_of(actor)
    await gateway.write(actor, lambda tx: users.set_language(tx, user, args.language))
    return {"language": args.language}


async def open_purpose(gateway: Gateway, actor: Actor, session: SessionRow, args: StatePurpose) -> dict[str, Any]:
    """State why footage is looked at in this session from here on; a purpose that was open is closed."""
    said = stating.stated(args.code, args.case, args.text)

    def work(tx: Transaction) -> PurposeRow:
        if session.purpose is not None:
            purposes.close_purpose(tx, session.purpose)
        opened = purposes.open_purpose(tx, said.code.value, said.case, said.text)
        sessions.set_purpose(tx, session.id, opened.number)
        return opened

    return _purpose(await gateway.write(actor, work))


async def close_purpose(gateway: Gateway, actor: Actor, session: SessionRow) -> None:
    """Close the session's purpose; the next look at footage asks for one."""
    number = session.purpose
    if number is None:
        return

    def work(tx: Transaction) -> None:
        purposes.close_purpose(tx, number)
        sessions.set_purpose(tx, session.id, None)

    await gateway.write(actor, work)


def list_purposes() -> list[dict[str, Any]]:
    """Return the closed list with its names by language."""
    return [
        {"code": kind.code.value, "names": dict(kind.names), "needs_case": kind.needs_case}
        for kind in stating.KINDS.values()
    ]


def _purpose(row: PurposeRow) -> dict[str, Any]:
    return {
        "number": row.number,
        "code": row.code,
        "case": row.case,
        "text": row.text,
        "opened": rfc3339(row.opened_us),
    }
