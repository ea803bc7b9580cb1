"""From the table of routes to handlers: identity, arguments, the verb or stream, the answer.

Promises that a verb is only ever reached through `actions.verbs.perform`, which asks for the right to it, and that an
expected failure becomes a problem document (RFC 9457) with the failure's stable code.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aiohttp import web
from pydantic import ValidationError

from camera_gateway.actions.access import identify
from camera_gateway.actions.verbs import perform
from camera_gateway.api.routes.table import Call, Route
from camera_gateway.errors import GatewayError, InvalidInput, NotFound, Refused, Unavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.api.services import Services
    from camera_gateway.domain.people import Actor

    Who = Callable[[Gateway, web.Request], Awaitable[Actor | None]]

NO_IDENTITY = "no-identity"


def install(app: web.Application, routes: Iterable[Route], gateway: Gateway, services: Services, who: Who) -> None:
    """Add every route to the application."""
    for route in routes:
        app.router.add_route(route.method, route.path, _handler(route, gateway, services, who))


async def bearer(gateway: Gateway, request: web.Request) -> Actor | None:
    """Return the user whose token the request carries (RFC 6750); None without one."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        return None
    return await identify(gateway, token.strip())


def _handler(
    route: Route, gateway: Gateway, services: Services, who: Who
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            actor = await who(gateway, request)
            if actor is None:
                raise Refused("nobody has signed in", hint="send a token or sign in", code=NO_IDENTITY)
            raw = await _raw_arguments(route, request)
            if route.stream is not None:
                arguments = raw if route.arguments is None else route.arguments.model_validate(raw)
                return await route.stream(Call(request, gateway, actor, arguments, services, route))
            if route.verb is None:
                raise NotFound("this route leads nowhere")
            result = await perform(gateway, actor, route.verb, raw)
            return web.json_response(result, status=route.status)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            field = ".".join(str(part) for part in first["loc"])
            return problem(InvalidInput(f"{field}: {first['msg']}"))
        except GatewayError as error:
            return problem(error)

    return handle


async def _raw_arguments(route: Route, request: web.Request) -> dict[str, Any]:
    raw: dict[str, Any] = {}
    if route.method in {"GET", "HEAD", "DELETE"}:
        raw.update(request.query)
    elif request.can_read_body:
        try:
            body = await request.json()
        except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
            raise InvalidInput("the body is not JSON") from None
        if not isinstance(body, dict):
            raise InvalidInput("the body is not a JSON object")
        raw.update(body)
    return {**raw, **request.match_info, **route.fixed}


def problem(error: GatewayError) -> web.Response:
    """Return an error as a problem document (RFC 9457)."""
    status = status_of(error)
    body = {
        "type": "about:blank",
        "title": error.message,
        "status": status,
        "code": error.code,
        "detail": error.message,
        "hint": error.hint,
    }
    return web.json_response(body, status=status, content_type="application/problem+json")


def status_of(error: GatewayError) -> int:
    """Return the HTTP status that says what a failure is."""
    if isinstance(error, Refused):
        return 401 if error.code in {NO_IDENTITY, "token-refused"} else 403
    for kind, status in ((InvalidInput, 400), (NotFound, 404), (Unavailable, 503)):
        if isinstance(error, kind):
            return status
    return 409
