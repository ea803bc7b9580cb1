"""From the table of routes to handlers: identity, limits, arguments, the verb or stream, the answer.

Promises that a verb is only ever reached through `actions.verbs.perform`, which asks for the right to it; that a
body is read within its size and time; that equal answers have equal tags. Knows no verb by name.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web
from pydantic import ValidationError

from camera_gateway.actions.verbs import VERBS, begin, perform
from camera_gateway.api.arguments import converted, fields_of, of_body, of_query
from camera_gateway.api.negotiation import known_already, rendered, tag_of, unchanged
from camera_gateway.api.paging import limit_of, page_of, read_cursor
from camera_gateway.api.problems import NO_IDENTITY, problem
from camera_gateway.api.routes.table import Call
from camera_gateway.errors import InvalidInput, Refused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.api.arguments import Field
    from camera_gateway.api.limits import Limits
    from camera_gateway.api.routes.table import Route
    from camera_gateway.api.services import Services
    from camera_gateway.domain.people import Actor

    Who = Callable[[Gateway, web.Request], Awaitable[Actor | None]]

BODY_WITHIN_S = 30.0
PAGE = ("limit", "cursor")
REFUSED_COST = 5.0
"""Who shows what does not hold is slowed down sooner."""


@dataclass(frozen=True, slots=True)
class Door:
    """What stands before every route: who asks, and how much one may ask."""

    who: Who
    by_source: Limits
    by_user: Limits


def install(app: web.Application, routes: Iterable[Route], gateway: Gateway, services: Services, door: Door) -> None:
    """Add every route to the application."""
    served = _Served(gateway, services, door, asyncio.Lock())
    for route in routes:
        handler = _handler(route, _fields(route), served)
        if route.method == "GET" and route.stream is None:
            app.router.add_get(route.path, handler)  # HEAD too
        else:
            app.router.add_route(route.method, route.path, handler)


def _fields(route: Route) -> dict[str, Field]:
    model = route.arguments if route.verb is None else VERBS[route.verb].arguments
    fields = fields_of(model, route.fixed)
    if route.keyset is not None:  # the page's own names stand for these
        for name in ("limit", route.keyset[0]):
            fields.pop(name, None)
    return fields


@dataclass(frozen=True, slots=True)
class _Served:
    gateway: Gateway
    services: Services
    door: Door
    changing: asyncio.Lock
    """Held from a condition's check to the change that it allows."""


def _handler(
    route: Route, fields: Mapping[str, Field], served: _Served
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        actor, waits_s = await _let_in(route, request, served)
        if waits_s:
            return _too_many(waits_s)
        given, page = await _given(route, fields, request)
        if route.stream is not None:
            return await route.stream(_call(route, fields, given, request, actor, served))
        raw = {**converted(fields, given), **route.fixed}
        return await _verb(route, raw, page, request, actor, served)

    return handle


async def _let_in(route: Route, request: web.Request, served: _Served) -> tuple[Actor | None, float]:
    """Return who asks, and for how long they must wait first (s); `Refused` for nobody, where somebody is needed."""
    source = request.remote or "-"
    waits_s = served.door.by_source.take(source, route.cost)
    if waits_s:
        return None, waits_s
    try:
        actor = None if route.public else await served.door.who(served.gateway, request)
    except Refused:
        served.door.by_source.take(source, REFUSED_COST)
        raise
    if actor is None:
        if not route.public:
            raise Refused("nobody has signed in", hint="sign in, or send a bearer token", code=NO_IDENTITY)
        return None, 0.0
    return actor, served.door.by_user.take(str(actor.user or actor), route.cost)


def _too_many(waits_s: float) -> web.Response:
    after = str(max(1, math.ceil(waits_s)))
    return problem(
        429, "too-many-requests", "too many requests", f"come back in {after} s", headers={"Retry-After": after}
    )


async def _given(
    route: Route, fields: Mapping[str, Field], request: web.Request
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the arguments by their names in HTTP, and the page's own."""
    page = {name: request.query[name] for name in PAGE if route.paged and name in request.query}
    given: dict[str, Any] = {}
    if route.method in {"GET", "DELETE"} or not route.json_body:
        given = of_query(fields, request.query, beside=PAGE if route.paged else ())
    elif request.query:
        given = of_query(fields, request.query)
    if route.method != "GET" and route.json_body and request.can_read_body:
        text = await _body(request)
        if text:
            if request.content_type != "application/json":
                raise web.HTTPUnsupportedMediaType
            body = of_body(fields, text)
            if twice := given.keys() & body.keys():
                raise InvalidInput(f"{min(twice)}: given in the address and in the body")
            given |= body
    names = dict(request.match_info)
    if twice := given.keys() & names.keys():
        raise InvalidInput(f"{min(twice)}: the address names it already")
    return {**given, **names}, page


async def _body(request: web.Request) -> bytes:
    try:
        async with asyncio.timeout(BODY_WITHIN_S):
            return await request.read()
    except TimeoutError:
        raise web.HTTPRequestTimeout from None


def _call(
    route: Route,
    fields: Mapping[str, Field],
    given: Mapping[str, Any],
    request: web.Request,
    actor: Actor | None,
    served: _Served,
) -> Call:
    arguments: Any = dict(given)
    if route.arguments is not None:
        try:
            arguments = route.arguments.model_validate({**converted(fields, given), **route.fixed})
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            field = ".".join(str(part) for part in first["loc"])
            raise InvalidInput(f"{field}: {first['msg']}") from None
    if route.request_limit_bytes is not None:
        request = request.clone(client_max_size=route.request_limit_bytes)
    return Call(request, served.gateway, actor, arguments, served.services, route)


async def _verb(
    route: Route,
    raw: dict[str, Any],
    page: Mapping[str, str],
    request: web.Request,
    actor: Actor | None,
    served: _Served,
) -> web.Response:
    verb = route.verb
    if actor is None or verb is None:
        raise Refused("nobody has signed in", hint="sign in, or send a bearer token", code=NO_IDENTITY)
    if route.job:
        job = await begin(served.gateway, actor, verb, raw)
        return web.Response(
            body=rendered(job.as_json()),
            status=202,
            headers={"Content-Type": "application/json", "Location": f"/api/v1/jobs/{job.id}"},
        )
    condition = request.headers.get("If-Match")
    if route.guard is not None and condition is not None:
        async with served.changing:
            guarded = {name: raw[name] for name in request.match_info}
            now = rendered(await perform(served.gateway, actor, route.guard, guarded))
            if not unchanged(condition, tag_of(now)):
                raise web.HTTPPreconditionFailed
            result = await perform(served.gateway, actor, verb, raw)
    elif route.paged:
        result = await _page(route, verb, raw, page, actor, served)
    else:
        result = await perform(served.gateway, actor, verb, raw)
    return _answer(route, rendered(result), request)


async def _page(
    route: Route, verb: str, raw: dict[str, Any], page: Mapping[str, str], actor: Actor, served: _Served
) -> dict[str, Any]:
    limit, cursor = limit_of(page.get("limit")), page.get("cursor")
    if route.keyset is None:
        rows = await perform(served.gateway, actor, verb, raw)
        return page_of(rows, route.key, limit, cursor)
    argument, key = route.keyset
    if cursor is not None:
        raw = {**raw, argument: read_cursor(cursor)[1]}
    rows = (await perform(served.gateway, actor, verb, {**raw, "limit": limit + 1}))[::-1]
    return page_of(rows, key, limit, None)


def _answer(route: Route, body: bytes, request: web.Request) -> web.Response:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    if route.method == "GET":
        headers["ETag"] = tag_of(body)
        if known_already(request.headers.get("If-None-Match"), headers["ETag"]):
            return web.Response(status=304, headers={"ETag": headers["ETag"]})
    return web.Response(body=body, status=route.status, headers=headers)
