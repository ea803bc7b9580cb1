"""One row per route of the HTTP interface: method, path, the verb or stream behind it, and how it is described.

A table of plain data, so that the router, the OpenAPI document, the reference page and the tests of rights read the
same lines. It promises nothing about rights by itself: a verb is asked for in `actions.verbs.perform`, and a stream
names the act that it demands. It knows no handler of its own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from pydantic import BaseModel

    from camera_gateway.access.permissions import Act
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.api.services import Services
    from camera_gateway.domain.people import Actor


@dataclass(frozen=True, slots=True)
class Call:
    """One request on its way to a stream: who asks, for what, and with what it can be served."""

    request: web.Request
    gateway: Gateway
    actor: Actor | None
    """None on a public route alone."""
    arguments: Any
    """An instance of the route's `arguments`; without a model, a dict of path parameters and query or body."""
    services: Services
    route: Route


Handler = Callable[[Call], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Route:
    """One route. Exactly one of `verb` and `stream` is given.

    A verb's arguments are the path's parameters together with the query (GET, DELETE) or the JSON body. A field
    `x_us` of the verb (µs since 1970) is called `x` here and is RFC 3339. An `act` that a verb has is derived; a
    stream names its own, and calls a verb for the right. `purpose`: the answer shows recorded footage, so the asker
    must have said what for.
    """

    method: str
    path: str
    name: str
    """The operationId: unique, for example "camera.show"."""
    summary: str
    verb: str | None = None
    stream: Handler | None = None
    arguments: type[BaseModel] | None = None
    answer: Any = None
    """What the answer is, for OpenAPI: a pydantic model, a TypedDict or a list of one; None: any JSON."""
    act: Act | None = None
    public: bool = False
    """No identity is needed, and none is looked for."""
    paged: bool = False
    """The verb gives a list: `{"items": […], "next": cursor or null}`, query `limit` (≤ 500) and `cursor`."""
    status: int = 200
    purpose: bool = False
    content: str = "application/json"
    """The media type of a stream's answer, for OpenAPI."""
    fixed: dict[str, Any] = field(default_factory=dict)
    """Arguments of the verb that this route settles and a caller cannot give."""
    request_limit_bytes: int | None = None
    """A stream that takes a larger body than the service's usual 1 MiB says how large."""
    json_body: bool = True
    """Whether a body is JSON whose fields are arguments; a stream that takes another one reads it itself."""
    takes: str | None = None
    """The media type of such another body, for OpenAPI: "text/csv", "multipart/form-data"."""
    job: bool = False
    """The verb is begun as a job: the answer is 202 with the job, and progress is at /api/v1/jobs/{id}."""
    key: str = "id"
    """The field that names a row of a paged list."""
    keyset: tuple[str, str] | None = None
    """The verb pages by itself, newest rows last: its argument for "before", and the field of a row that goes there."""
    guard: str | None = None
    """The verb that shows what a PATCH changes: If-Match is held to its tag."""
    makes: tuple[str, str] | None = None
    """What a success makes: its name in the paths of other routes, and where its id is in the answer (RFC 6901)."""
    cost: float = 1.0
    """How many ordinary requests this one counts for in the limits."""
