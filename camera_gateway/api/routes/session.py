"""Signing in, welcome by a link, and one's own account, as routes.

Each handler translates: cookies and bodies in, one action, cookies and JSON out. Promises that no answer but the
cookie itself carries a session's secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from camera_gateway.access.devices import count_of, new_mark
from camera_gateway.access.permissions import Act
from camera_gateway.access.secret_texts import csrf_of
from camera_gateway.actions import oneself, second_factor, sessions, welcome
from camera_gateway.actions.attempts import user_of
from camera_gateway.api import cookies
from camera_gateway.api.account_answers import (
    Language,
    Link,
    LinkShown,
    Me,
    OwnSessions,
    Purpose,
    PurposeKinds,
    RecoveryCodes,
    SessionBegun,
    SessionEnded,
    TotpBegun,
    TotpConfirmed,
    TotpReset,
    ViewingRow,
)
from camera_gateway.api.identity import IDENTITY, signed_in, visitor_of
from camera_gateway.api.negotiation import rendered
from camera_gateway.api.routes.table import Call, Route
from camera_gateway.catalogue.sessions import Stage

if TYPE_CHECKING:
    from camera_gateway.access.sessions import Opened
    from camera_gateway.domain.people import Actor

_ME = "/api/v1/me"


async def _sign_in(call: Call) -> web.Response:
    cookies.demand_own_page(call.request)
    old = cookies.shown(call.request)
    opened = await sessions.sign_in(call.gateway, visitor_of(call.request), call.arguments, old)
    return _begun(call, opened)


async def _sign_out(call: Call) -> web.Response:
    actor, session = signed_in(call.request)
    await sessions.sign_out(call.gateway, actor, session)
    response = web.Response(status=204)
    cookies.take_back(response)
    return response


async def _look(call: Call) -> web.Response:
    cookies.demand_own_page(call.request)
    return _json(await welcome.look_at_link(call.gateway, visitor_of(call.request), call.arguments))


async def _welcome(call: Call) -> web.Response:
    cookies.demand_own_page(call.request)
    old = cookies.shown(call.request)
    return _begun(call, await welcome.welcome(call.gateway, visitor_of(call.request), call.arguments, old))


async def _me(call: Call) -> web.Response:
    identity = call.request[IDENTITY]
    return _json(await oneself.me(call.gateway, identity.actor, identity.row, identity.csrf))


async def _language(call: Call) -> web.Response:
    return _json(await oneself.choose_language(call.gateway, _actor(call), call.arguments))


async def _password(call: Call) -> web.Response:
    actor, session = signed_in(call.request)
    visitor = visitor_of(call.request)
    return _begun(call, await welcome.change_password(call.gateway, visitor, actor, session, call.arguments))


async def _begin_totp(call: Call) -> web.Response:
    actor, _ = signed_in(call.request)
    return _json(await second_factor.begin_totp(call.gateway, visitor_of(call.request), actor, call.arguments))


async def _confirm_totp(call: Call) -> web.Response:
    actor, session = signed_in(call.request)
    visitor = visitor_of(call.request)
    opened, codes = await second_factor.confirm_totp(call.gateway, visitor, actor, session, call.arguments)
    return _begun(call, opened, recovery_codes=codes)


async def _recovery_codes(call: Call) -> web.Response:
    actor, _ = signed_in(call.request)
    visitor = visitor_of(call.request)
    codes = await second_factor.new_recovery_codes(call.gateway, visitor, actor, call.arguments)
    return _json({"recovery_codes": codes})


async def _sessions(call: Call) -> web.Response:
    identity = call.request[IDENTITY]
    rows = await sessions.list_own(call.gateway, identity.actor, identity.row)
    return _json({"items": rows, "next": None})


async def _end_session(call: Call) -> web.Response:
    return _json(await sessions.end_own(call.gateway, _actor(call), call.request.match_info["session"]))


async def _open_purpose(call: Call) -> web.Response:
    actor, session = signed_in(call.request)
    return _json(await oneself.open_purpose(call.gateway, actor, session, call.arguments))


async def _close_purpose(call: Call) -> web.Response:
    actor, session = signed_in(call.request)
    await oneself.close_purpose(call.gateway, actor, session)
    return web.Response(status=204)


async def _purposes(_call: Call) -> web.Response:
    return _json({"items": oneself.list_purposes(), "next": None})


def _actor(call: Call) -> Actor:
    actor = call.request[IDENTITY].actor
    user_of(actor)
    return actor


def _begun(call: Call, opened: Opened, **more: Any) -> web.Response:  # noqa: ANN401 - JSON
    user, stage = opened.row.user, opened.row.stage
    response = _json({"user": user, "stage": stage.value, "csrf": csrf_of(opened.secret), **more})
    cookies.give(response, opened.secret)
    vault = call.gateway.vault
    if stage is Stage.FULL and count_of(vault, user, cookies.device(call.request)) is None:
        cookies.mark(response, new_mark(vault, user))
    return response


def _json(value: Any) -> web.Response:  # noqa: ANN401 - JSON
    return web.Response(body=rendered(value), headers={"Content-Type": "application/json; charset=utf-8"})


SESSION: tuple[Route, ...] = (
    Route(
        "POST",
        "/api/v1/session",
        "session.begin",
        "Sign in by password and code; the session's cookie comes with the answer",
        stream=_sign_in,
        arguments=sessions.SignIn,
        answer=SessionBegun,
        public=True,
    ),
    Route("DELETE", "/api/v1/session", "session.end", "Sign out", stream=_sign_out, act=Act.ACCOUNT_OWN, status=204),
    Route(
        "POST",
        "/api/v1/welcome/look",
        "welcome.look",
        "Whose sign-in link this is, and what it asks for; it is not used up",
        stream=_look,
        arguments=welcome.LookAtLink,
        answer=LinkShown,
        public=True,
    ),
    Route(
        "POST",
        "/api/v1/welcome",
        "welcome.use",
        "Use a sign-in link: set the password and begin a session",
        stream=_welcome,
        arguments=welcome.Welcome,
        answer=SessionBegun,
        public=True,
    ),
    Route("GET", _ME, "me.show", "Who you are and what you may do", stream=_me, answer=Me, act=Act.ACCOUNT_OWN),
    Route(
        "PATCH",
        _ME,
        "me.change",
        "The language that you read",
        stream=_language,
        arguments=oneself.ChooseLanguage,
        answer=Language,
        act=Act.ACCOUNT_OWN,
    ),
    Route(
        "POST",
        f"{_ME}/password",
        "me.password",
        "Change your password; your other sessions end",
        stream=_password,
        arguments=welcome.ChangePassword,
        answer=SessionBegun,
        act=Act.ACCOUNT_OWN,
    ),
    Route(
        "POST",
        f"{_ME}/totp",
        "me.totp",
        "Begin to set up the second factor: its secret, and a picture of it (an SVG as a data: address)",
        stream=_begin_totp,
        arguments=second_factor.MaybeCode,
        answer=TotpBegun,
        act=Act.ACCOUNT_OWN,
    ),
    Route(
        "POST",
        f"{_ME}/totp/confirm",
        "me.totp-confirm",
        "Set up the second factor by a code of it; the recovery codes are in this answer and nowhere else",
        stream=_confirm_totp,
        arguments=second_factor.OneCode,
        answer=TotpConfirmed,
        act=Act.ACCOUNT_OWN,
    ),
    Route(
        "POST",
        f"{_ME}/recovery-codes",
        "me.recovery-codes",
        "New recovery codes; the old ones are void",
        stream=_recovery_codes,
        arguments=second_factor.OneCode,
        answer=RecoveryCodes,
        act=Act.ACCOUNT_OWN,
    ),
    Route(
        "GET",
        f"{_ME}/sessions",
        "me.sessions",
        "Where you are signed in",
        stream=_sessions,
        answer=OwnSessions,
        act=Act.ACCOUNT_OWN,
    ),
    Route(
        "DELETE",
        f"{_ME}/sessions/{{session}}",
        "me.end-session",
        "End one of your sessions",
        stream=_end_session,
        answer=SessionEnded,
        act=Act.ACCOUNT_OWN,
    ),
    Route(
        "POST",
        f"{_ME}/purpose",
        "me.purpose-open",
        "State what footage is looked at for, once for this session and case",
        stream=_open_purpose,
        arguments=oneself.StatePurpose,
        answer=Purpose,
        act=Act.ACCOUNT_OWN,
    ),
    Route(
        "DELETE",
        f"{_ME}/purpose",
        "me.purpose-close",
        "End the purpose",
        stream=_close_purpose,
        act=Act.ACCOUNT_OWN,
        status=204,
    ),
    Route(
        "GET",
        "/api/v1/purposes",
        "purpose.list",
        "The purposes that there are, by language",
        stream=_purposes,
        answer=PurposeKinds,
        act=Act.ACCOUNT_OWN,
    ),
    Route(
        "POST",
        "/api/v1/users/{user}/invite",
        "user.invite",
        "Make a one-time sign-in link for a user; it is in this answer and nowhere else",
        "user.invite",
        answer=Link,
        status=201,
    ),
    Route(
        "POST",
        "/api/v1/users/{user}/totp-reset",
        "user.totp-reset",
        "Take a lost second factor away: one administrator asks, another does the same within a day",
        "user.totp-reset",
        answer=TotpReset,
    ),
    Route(
        "GET",
        "/api/v1/audit/viewings",
        "audit.viewings",
        "The register of viewings, the newest first: who watched what, when, why",
        "audit.viewings",
        paged=True,
        keyset=("before", "number"),
        answer=ViewingRow,
    ),
)
