"""The headers that every answer has, whatever it is.

Promises that nothing is cached, framed, sniffed or referred unless its route says otherwise. Knows no route.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiohttp import web

HEADERS = {
    "Cache-Control": "no-store, private",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Server": "camera-gateway",
}


async def safe_headers(request: web.BaseRequest, response: web.StreamResponse) -> None:
    """Put them on an answer before its first byte; what an answer says itself stays, as the portal's files do."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["Server"] = HEADERS["Server"]  # aiohttp's own banner is there before us
    if request.secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
