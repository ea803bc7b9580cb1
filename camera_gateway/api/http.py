"""The HTTP service: for now life, readiness and metrics; the portal builds on it.

It refuses to listen beyond loopback without TLS (threats.md M5), sends no version banner, and forbids caching.
"""

from __future__ import annotations

import errno
import ssl
from typing import TYPE_CHECKING

import structlog
from aiohttp import web

from camera_gateway.api.portal import add_portal, load_portal, portal_directory
from camera_gateway.api.routes.all import ROUTES
from camera_gateway.api.server import bearer, install
from camera_gateway.api.services import Services
from camera_gateway.errors import InvalidInput, Unavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from camera_gateway.actions.gateway import Gateway

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
    ReadinessCheck = Callable[[], Awaitable[dict[str, str]]]

HEADERS = {
    "Cache-Control": "no-store, private",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Server": "camera-gateway",
}
REQUEST_LIMIT = 1 << 20
_HINTS = {
    errno.EADDRINUSE: "another program holds it; choose another with [api] port or --port",
    errno.EACCES: "ports below 1024 need a privilege; choose another with [api] port or --port",
}


@web.middleware
async def safe_headers(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Put the safe headers on every answer, errors included."""
    try:
        response = await handler(request)
    except web.HTTPException as error:
        error.headers.update(HEADERS)
        if error.status < 400:  # noqa: PLR2004 - a redirection is no problem, and its headers are what it says
            raise
        response = web.json_response(
            {"type": "about:blank", "title": error.reason, "status": error.status, "code": f"http-{error.status}"},
            status=error.status,
            content_type="application/problem+json",
        )
        if "Allow" in error.headers:
            response.headers["Allow"] = error.headers["Allow"]
    except Exception:  # noqa: BLE001 - the last door: a defect must not answer with a banner or a traceback
        structlog.get_logger("http").exception("request failed", path=request.path)
        response = web.json_response(
            {"type": "about:blank", "title": "Internal Server Error", "status": 500, "code": "internal"},
            status=500,
            content_type="application/problem+json",
        )
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)  # the portal's files say themselves what may be kept and run
    return response


def application(
    render_metrics: Callable[[], bytes],
    readiness: ReadinessCheck,
    gateway: Gateway | None = None,
    services: Services | None = None,
) -> web.Application:
    """Return the application. `readiness` returns what is not ready, by name, with a sentence; empty when all is.

    Without a gateway there are life, readiness and metrics only.
    """

    async def healthz(_request: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def readyz(_request: web.Request) -> web.Response:
        lacking = await readiness()
        body = {"status": "not ready" if lacking else "ready", "lacking": lacking}
        return web.json_response(body, status=503 if lacking else 200)

    async def metrics(_request: web.Request) -> web.Response:
        return web.Response(body=render_metrics(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    app = web.Application(middlewares=[safe_headers], client_max_size=REQUEST_LIMIT)
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", metrics)
    if gateway is not None:
        install(app, ROUTES, gateway, Services() if services is None else services, bearer)
        add_portal(app, load_portal(portal_directory()))
    return app


class HttpService:
    """An application on a port."""

    def __init__(self, app: web.Application, host: str, port: int, tls: tuple[Path, Path] | None) -> None:
        self._runner = web.AppRunner(app, access_log=None)
        self._host = host
        self._port = port
        self._tls = tls

    async def open(self) -> str:
        """Listen and return the address."""
        context = None
        if self._tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            try:
                context.load_cert_chain(*self._tls)
            except (OSError, ssl.SSLError) as error:
                raise InvalidInput(
                    "the certificate or its key cannot be loaded", hint="check [api] tls_cert_file and tls_key_file"
                ) from error
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port, ssl_context=context).start()
        except OSError as error:
            await self._runner.cleanup()
            raise Unavailable(
                f"port {self._port} on {self._host} cannot be used: {error.strerror or error}",
                hint=_HINTS.get(error.errno or 0, "check [api] host: does this machine have that address?"),
            ) from error
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{'http' if context is None else 'https'}://{host}:{self._port}/"

    async def close(self) -> None:
        """Stop listening and end what is under way."""
        await self._runner.cleanup()
