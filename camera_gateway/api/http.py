"""The HTTP service: life, readiness, metrics, the routes of the table, the portal's files.

It refuses to listen beyond loopback without TLS (threat model, M5), sends no version banner, and forbids caching.
"""

from __future__ import annotations

import errno
import ssl
from ipaddress import ip_address
from typing import TYPE_CHECKING

import structlog
from aiohttp import web

from camera_gateway.actions.verbs import perform
from camera_gateway.api.connection import QuietSite
from camera_gateway.api.documentation import add_documentation
from camera_gateway.api.identity import who
from camera_gateway.api.limits import Limits
from camera_gateway.api.portal import add_portal, load_portal, portal_directory
from camera_gateway.api.problems import NO_IDENTITY, problem_of, problem_of_http, problem_of_status
from camera_gateway.api.routes.all import ROUTES
from camera_gateway.api.safe_headers import safe_headers
from camera_gateway.api.server import Door, install
from camera_gateway.api.services import Services
from camera_gateway.errors import GatewayError, InvalidInput, Refused, Unavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from camera_gateway.actions.gateway import Gateway

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
    ReadinessCheck = Callable[[], Awaitable[dict[str, str]]]

REQUEST_LIMIT = 1 << 20
ENDS_WITHIN_S = 2.0
"""Requests under way when the service ends have this long; a download or a stream of events is then cut off."""
SOURCE_PER_S, SOURCE_BURST = 100.0, 1_000.0
USER_PER_S, USER_BURST = 50.0, 500.0
"""A player at 16 times in four windows asks some 20 times a second, a page some 20 times at once."""
_HINTS = {
    errno.EADDRINUSE: "another program holds it; choose another with [api] port or --port",
    errno.EACCES: "ports below 1024 need a privilege; choose another with [api] port or --port",
}


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every failure as a problem document; a defect without banner and traceback."""
    try:
        return await handler(request)
    except GatewayError as error:
        return problem_of(error)
    except web.HTTPException as error:
        if error.status < 400:  # noqa: PLR2004 - a redirection is no problem
            raise
        return problem_of_http(error)
    except ConnectionError:  # the other side has gone; nobody reads an answer
        raise
    except Exception:  # noqa: BLE001 - the last door: a defect must not answer with a banner or a traceback
        structlog.get_logger("http").exception("request failed", path=request.path)
        return problem_of_status(500)


def application(
    render_metrics: Callable[[], bytes],
    readiness: ReadinessCheck,
    gateway: Gateway | None = None,
    services: Services | None = None,
) -> web.Application:
    """Return the application. `readiness` returns what is not ready, by name, with a sentence; empty when all is.

    Metrics name cameras: beyond this host they take a token with the right to see health of the whole installation.
    Without a gateway there are life, readiness and metrics only.
    """

    async def healthz(_request: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def readyz(_request: web.Request) -> web.Response:
        lacking = await readiness()
        body = {"status": "not ready" if lacking else "ready", "lacking": lacking}
        return web.json_response(body, status=503 if lacking else 200)

    async def metrics(request: web.Request) -> web.Response:
        if gateway is not None and not is_this_host(request.remote):
            actor = await who(gateway, request)
            if actor is None:
                raise Refused("metrics are for this host, or for a token", hint="send a bearer token", code=NO_IDENTITY)
            await perform(gateway, actor, "status", {})
        return web.Response(body=render_metrics(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    app = web.Application(middlewares=[problems], client_max_size=REQUEST_LIMIT)
    app.on_response_prepare.append(safe_headers)
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", metrics)
    if gateway is not None:
        door = Door(
            who,
            by_source=Limits(gateway.clock, per_s=SOURCE_PER_S, burst=SOURCE_BURST),
            by_user=Limits(gateway.clock, per_s=USER_PER_S, burst=USER_BURST),
        )
        install(app, ROUTES, gateway, Services() if services is None else services, door)
        add_documentation(app, ROUTES)
        add_portal(app, load_portal(portal_directory()))
    return app


def is_this_host(address: str | None) -> bool:
    """Whether a request comes from loopback, by the peer's address."""
    try:
        return address is not None and ip_address(address).is_loopback
    except ValueError:
        return False


class HttpService:
    """An application on a port."""

    def __init__(self, app: web.Application, host: str, port: int, tls: tuple[Path, Path] | None) -> None:
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=ENDS_WITHIN_S)
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
            await QuietSite(self._runner, self._host, self._port, context).start()
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
