"""The HTTP interface of an installation of people, in this process, on a real port: each user asks by a token.

Promises the real application with its middlewares, connections and limits, and a job runner beside it.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import TYPE_CHECKING, Any

from aiohttp import ClientSession, ClientTimeout
from support.command_line import free_port
from support.people import installation_of_people

from camera_gateway.actions.jobs import Jobs
from camera_gateway.api.http import HttpService, application
from camera_gateway.api.packages import Exports
from camera_gateway.api.services import Services
from camera_gateway.supervision import Stop, services

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from pathlib import Path

    from support.people import People

    from camera_gateway.actions.gateway import Gateway

PATIENCE = ClientTimeout(total=20)


@dataclass(frozen=True)
class Answered:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 - JSON
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The code of a problem; "" of an answer that is none."""
        return str(self.json["code"]) if "problem+json" in self.headers.get("Content-Type", "") else ""


@dataclass(frozen=True)
class Api:
    """The service and everybody who asks it."""

    people: People
    gateway: Gateway
    address: str
    session: ClientSession
    exports: Exports
    tokens: dict[str, str] = field(default_factory=dict)
    pause_s: float = 1.0
    """So much of the held clock passes before each request: enough for the limits to forget the one before."""
    no_more_jobs: Callable[[], None] = lambda: None
    """Let jobs that are begun from now on wait for ever."""

    def enrol(self, name: str, *grants: tuple[str, str]) -> str:
        """Make a user with grants (role, scope) and a token; return the name, by which requests are made."""
        self.people.user(name, *grants)
        self.tokens[name] = self.people.token(name)[1]
        return name

    async def ask(
        self,
        method: str,
        path: str,
        user: str | None = None,
        body: Any = None,  # noqa: ANN401 - JSON
        headers: Mapping[str, str] | None = None,
        query: Any = None,  # noqa: ANN401 - what aiohttp takes
    ) -> Answered:
        """Ask under /api/v1; `user` None: as nobody."""
        await self.people.clock.advance(self.pause_s)
        shown = {} if user is None else {"Authorization": f"Bearer {self.tokens[user]}"}
        data = None if body is None else BytesIO(json.dumps(body).encode())
        kind = {} if body is None else {"Content-Type": "application/json"}
        address = f"{self.address}{path.removeprefix('/')}" if path.startswith("/") else f"{self.address}api/v1/{path}"
        try:
            async with self.session.request(
                method, address, data=data, headers={**shown, **kind, **(headers or {})}, params=query
            ) as answer:
                return Answered(answer.status, answer.headers, await answer.read())
        except TimeoutError as error:
            raise AssertionError(f"no answer: {method} {path}") from error


@asynccontextmanager
async def serving(directory: Path, *, pause_s: float = 1.0, **changed: Any) -> AsyncIterator[Api]:  # noqa: ANN401 - fields of Gateway
    """Serve an installation of people; `changed` are fields of its gateway."""
    with installation_of_people(directory) as people:
        async with serving_people(people, pause_s=pause_s, **changed) as api:
            yield api


@asynccontextmanager
async def serving_people(people: People, *, pause_s: float = 1.0, **changed: Any) -> AsyncIterator[Api]:  # noqa: ANN401 - fields of Gateway
    """Serve what somebody else has made."""
    stop = Stop()
    with ThreadPoolExecutor(2) as threads:
        jobs = Jobs(people.clock)
        gateway = replace(people.gateway, jobs=jobs, **changed)
        exports = Exports(threads)
        app = application(lambda: b"", _ready, gateway, Services(exports=exports))
        service = HttpService(app, "127.0.0.1", free_port(), None)
        address = await service.open()
        try:
            async with ClientSession(timeout=PATIENCE) as session, services() as running:
                running.start(jobs.run(stop), name="jobs")
                yield Api(people, gateway, address, session, exports, pause_s=pause_s, no_more_jobs=stop.request)
        finally:
            await service.close()


async def _ready() -> dict[str, str]:
    return {}
