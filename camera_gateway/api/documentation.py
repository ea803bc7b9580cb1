"""The interface's own description, served: the OpenAPI document and the page that shows it, made once at the start.

Made once, when first asked for. Public: it says what there is to ask for, not what is there.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from aiohttp import web

from camera_gateway.actions.system import software
from camera_gateway.api.browsable import POLICY, STYLE, STYLE_NAME, page
from camera_gateway.api.negotiation import known_already, rendered, tag_of
from camera_gateway.api.openapi import document

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from camera_gateway.api.routes.table import Route


def add_documentation(app: web.Application, routes: Sequence[Route]) -> None:
    """Serve /api/v1/openapi.json and /api/v1/docs."""

    @cache
    def described() -> dict[str, Any]:
        return document(routes, software())

    for name, kind, make in (
        ("openapi.json", "application/json", lambda: rendered(described())),
        ("docs", "text/html", lambda: page(described()).encode()),
        (STYLE_NAME, "text/css", STYLE.encode),
    ):
        app.router.add_get(f"/api/v1/{name}", _file(cache(make), kind))


def _file(made: Callable[[], bytes], kind: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def file(request: web.Request) -> web.Response:
        body = made()
        headers = {"ETag": tag_of(body), "Cache-Control": "no-cache", "Content-Security-Policy": POLICY}
        if known_already(request.headers.get("If-None-Match"), headers["ETag"]):
            return web.Response(status=304, headers=headers)
        return web.Response(body=body, headers={**headers, "Content-Type": f"{kind}; charset=utf-8"})

    return file
