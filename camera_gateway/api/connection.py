"""Connections below the routes: what is no HTTP gets the same problem document and headers as everything else.

Promises that a request which the parser turns away is answered without a banner, and that a connection which sends
nothing, or its headers drop by drop, is closed. Knows no route.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aiohttp import web

from camera_gateway.api.problems import problem_of_status
from camera_gateway.api.safe_headers import HEADERS

if TYPE_CHECKING:
    import ssl

HEADERS_WITHIN_S = 30.0
"""For the headers of a request to come, and between two requests of a connection."""
REST_WITHIN_S = 5.0
"""For the rest of a body that nobody wanted."""


class QuietHandler(web.RequestHandler):
    """aiohttp's connection, but for what it says of errors outside of an application."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Return a problem document that ends the connection; `message` may repeat the input, so it is left out."""
        del request, message
        # who seeks ends the request before; that is no failure of ours
        if status >= 500 and not isinstance(exc, ConnectionError):  # noqa: PLR2004 - ours, not the other side's
            self.log_exception("answer failed", exc_info=exc)
        answer = problem_of_status(status)
        for name, value in HEADERS.items():
            answer.headers.setdefault(name, value)
        answer.force_close()
        return answer


class QuietSite(web.BaseSite):
    """Listens on a port with quiet connections."""

    def __init__(self, runner: web.BaseRunner, host: str, port: int, context: ssl.SSLContext | None) -> None:
        super().__init__(runner, ssl_context=context)
        self._host = host
        self._port = port

    @property
    def name(self) -> str:
        """Where it listens."""
        return f"{self._host}:{self._port}"

    async def start(self) -> None:
        """Listen. Raises OSError when the port cannot be had."""
        await super().start()
        loop = asyncio.get_running_loop()
        server = self._runner.server
        options: dict[str, Any] = {
            "access_log": None,
            "keepalive_timeout": HEADERS_WITHIN_S,
            "lingering_time": REST_WITHIN_S,
        }
        self._server = await loop.create_server(
            lambda: QuietHandler(server, loop=loop, **options),  # type: ignore[arg-type]  # set up before
            self._host,
            self._port,
            ssl=self._ssl_context,
        )
