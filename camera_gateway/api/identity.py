"""Who asks, from an HTTP request: a bearer token, or the cookie of a session with its CSRF token.

Promises that what is shown and does not hold is refused and never treated as nobody; that a change by cookie comes
from our own pages; that a session without a second factor reaches nothing but setting one up; and that neither token
nor cookie is repeated or logged. Knows no handler.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp import web

from camera_gateway.access.secret_texts import csrf_of, is_csrf_of
from camera_gateway.access.sessions import Visitor
from camera_gateway.actions.access import identify
from camera_gateway.actions.sessions import session_of
from camera_gateway.api import cookies
from camera_gateway.catalogue.sessions import SessionRow, Stage
from camera_gateway.errors import Refused

if TYPE_CHECKING:
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.domain.people import Actor

QUIETLY = "X-Background"
"""A page that asks by itself, untouched, sends this; such a request does not keep its session alive."""
ENROL = "totp-enrol"
ENROLLING = frozenset(
    {
        ("GET", "/api/v1/me"),
        ("HEAD", "/api/v1/me"),
        ("PATCH", "/api/v1/me"),
        ("POST", "/api/v1/me/totp"),
        ("POST", "/api/v1/me/totp/confirm"),
        ("DELETE", "/api/v1/session"),
    }
)
"""All that a session can reach while its user has no second factor."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks, and from where (`address`: the peer's IP). By token `row` and `secret` are None."""

    actor: Actor
    address: str
    row: SessionRow | None = None
    secret: str | None = field(default=None, repr=False)

    @property
    def session(self) -> str | None:
        """The session's id; None by token."""
        return None if self.row is None else self.row.id

    @property
    def purpose(self) -> int | None:
        """The number of the purpose that the session has open."""
        return None if self.row is None else self.row.purpose

    @property
    def csrf(self) -> str | None:
        """The session's CSRF token; None by token."""
        return None if self.secret is None else csrf_of(self.secret)


IDENTITY = web.RequestKey("identity", Identity)


async def who(gateway: Gateway, request: web.Request) -> Actor | None:
    """Return who asks, None when the request shows nothing; keep the whole `Identity` in `request[IDENTITY]`.

    `Refused` with a code that is a 401 ("token-refused", "session-ended") or a 403 ("csrf", "totp-enrol").
    """
    scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
    if scheme:
        if scheme.lower() != "bearer":
            raise Refused("only bearer tokens are taken here", hint="send Authorization: Bearer", code="token-refused")
        actor = await identify(gateway, shown.strip())
        request[IDENTITY] = Identity(actor, request.remote or "")
        return actor
    secret = cookies.shown(request)
    if secret is None:
        return None
    if request.method not in cookies.SAFE:
        cookies.demand_own_page(request)
        if not is_csrf_of(secret, request.headers.get(cookies.CSRF_HEADER, "")):
            hint = f"send {cookies.CSRF_HEADER} as /api/v1/me gives it"
            raise Refused("the CSRF token is missing or wrong", hint=hint, code=cookies.CSRF)
    checked = await session_of(gateway, secret, quietly=QUIETLY in request.headers)
    if checked.row.stage is Stage.ENROL and (request.method, request.path) not in ENROLLING:
        raise Refused("set up the second factor first", hint="open the page that shows its picture", code=ENROL)
    request[IDENTITY] = Identity(checked.actor, request.remote or "", checked.row, secret)
    return checked.actor


def visitor_of(request: web.Request) -> Visitor:
    """Return where an attempt comes from."""
    return Visitor(request.remote or "", request.headers.get("User-Agent", ""), cookies.device(request))


def signed_in(request: web.Request) -> tuple[Actor, SessionRow]:
    """Return who asks and their session; `Refused` for a token: this is done by a person at a browser."""
    identity = request.get(IDENTITY)
    if identity is None or identity.row is None:
        raise Refused("this takes a session", hint="sign in", code="session-needed")
    return identity.actor, identity.row
