"""The session's cookie and the device's, and whether a request comes from our own pages.

Promises the name prefix `__Host-` (RFC 6265bis 4.1.3: Secure, this host alone, path /), HttpOnly and SameSite=Strict,
over TLS and on loopback alike (ADR 13: browsers take and send it on http://localhost and http://127.0.0.1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from camera_gateway.errors import Refused

if TYPE_CHECKING:
    from aiohttp import web

NAME = "__Host-session"
DEVICE = "__Host-device"
DEVICE_KEPT_S = 365 * 86_400
CSRF_HEADER = "X-CSRF-Token"
CSRF = "csrf"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_OURS = frozenset({"same-origin", "none"})


def shown(request: web.Request) -> str | None:
    """Return the secret of the session that a browser shows; None without one."""
    return request.cookies.get(NAME) or None


def give(response: web.StreamResponse, secret: str) -> None:
    """Let the browser keep a session's secret until it is closed; when the session ends is decided here alone."""
    response.set_cookie(NAME, secret, path="/", secure=True, httponly=True, samesite="Strict")


def take_back(response: web.StreamResponse) -> None:
    """Let the browser forget it."""
    response.del_cookie(NAME, path="/", secure=True, httponly=True, samesite="Strict")


def device(request: web.Request) -> str:
    """Return the mark of a device that was signed in with before; "" without one."""
    return request.cookies.get(DEVICE, "")


def mark(response: web.StreamResponse, text: str) -> None:
    """Let the browser keep its device's mark, for a year."""
    response.set_cookie(DEVICE, text, path="/", secure=True, httponly=True, samesite="Strict", max_age=DEVICE_KEPT_S)


def demand_own_page(request: web.Request) -> None:
    """Raise `Refused` (code "csrf") for a request that a page of somebody else has made.

    Browsers say where a request comes from in `Origin` and `Sec-Fetch-Site`, and no page can change either; a program
    sends neither. The scheme is not compared: a proxy may end TLS before us.
    """
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc.lower() != request.host.lower():
        raise _foreign()
    if request.headers.get("Sec-Fetch-Site", "none") not in _OURS:
        raise _foreign()


def _foreign() -> Refused:
    return Refused("this request was made by a page of another origin", hint="use the portal's own pages", code=CSRF)
