"""People who sign in: an installation of people served over HTTP in this process, and browsers that ask it.

Promises the real application and the real hashing at a cost of a millisecond; the clock is held. A browser here keeps
our two cookies and sends what a real one sends of its own accord: cookies, Origin and Sec-Fetch-Site.
"""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any

import pyotp
from aiohttp import ClientSession, DummyCookieJar
from support.command_line import free_port
from support.people import SHELL, installation_of_people

from camera_gateway.access.door import Door
from camera_gateway.access.passwords import Cost
from camera_gateway.api.http import HttpService, application
from camera_gateway.clock import US

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from support.people import People

    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.domain.people import Actor

CHEAP = Cost(memory_kib=64, passes=1)
PASSWORD = "vier Fähren treiben still"
COOKIE = "__Host-session"
DEVICE = "__Host-device"


@dataclass
class Answered:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    set_cookie: list[str]

    @property
    def json(self) -> Any:  # noqa: ANN401 - JSON
        return json.loads(self.body) if self.body else None

    @property
    def code(self) -> str:
        return "" if self.status < 400 else str(self.json["code"])


@dataclass
class Browser:
    """One person's browser."""

    house: House
    cookie: str | None = None
    device: str | None = None
    csrf: str | None = None
    totp: str | None = None
    recovery: list[str] = field(default_factory=list)
    address: str = ""

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,  # noqa: ANN401 - JSON
        headers: Mapping[str, str] | None = None,
        *,
        own: bool = True,
    ) -> Answered:
        """Ask under /api/v1 as one of our pages does; with `own` False nothing is sent but what is given."""
        sent = {"Content-Type": "application/json"} if body is not None else {}
        kept = {COOKIE: self.cookie, DEVICE: self.device}
        if any(kept.values()):
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in kept.items() if value)
        if own:
            sent |= {"Origin": self.house.address.rstrip("/"), "Sec-Fetch-Site": "same-origin"}
            if self.csrf is not None:
                sent["X-CSRF-Token"] = self.csrf
        data = None if body is None else json.dumps(body).encode()
        async with self.house.client.request(
            method, f"{self.house.address}api/v1/{path}", data=data, headers={**sent, **(headers or {})}
        ) as answer:
            found = Answered(
                answer.status, answer.headers, await answer.read(), answer.headers.getall("Set-Cookie", [])
            )
        for line in found.set_cookie:
            for name, morsel in SimpleCookie(line).items():
                if name == COOKIE:
                    self.cookie = morsel.value or None
                elif name == DEVICE:
                    self.device = morsel.value
        if found.status < 400 and found.body and isinstance(found.json, dict) and found.json.get("csrf"):
            self.csrf = found.json["csrf"]
        return found

    async def welcome(self, token: str, password: str = PASSWORD, **more: Any) -> Answered:  # noqa: ANN401 - JSON
        return await self.ask("POST", "welcome", {"token": token, "password": password, **more})

    async def sign_in(self, user: str, password: str = PASSWORD, code: str | None = None) -> Answered:
        body = {"user": user, "password": password, **({} if code is None else {"code": code})}
        return await self.ask("POST", "session", body)

    def code(self) -> str:
        """The code of this person's app now."""
        assert self.totp is not None
        return pyotp.TOTP(self.totp).at(self.house.clock_us() // US)

    async def enrol(self) -> Answered:
        """Set up the second factor."""
        begun = await self.ask("POST", "me/totp", {})
        assert begun.status == 200, begun.body
        self.totp = begun.json["secret"]
        confirmed = await self.ask("POST", "me/totp/confirm", {"code": self.code()})
        if confirmed.status == 200:
            self.recovery = confirmed.json["recovery_codes"]
        return confirmed


@dataclass
class House:
    """The service and the people who ask it."""

    people: People
    gateway: Gateway
    address: str
    client: ClientSession

    def clock_us(self) -> int:
        return self.people.clock.now_us()

    def browser(self) -> Browser:
        return Browser(self)

    @property
    def hashes(self) -> int:
        return self.gateway.door.passwords.computed

    async def do(self, actor: Actor, verb: str, /, **arguments: Any) -> Any:  # noqa: ANN401 - JSON
        return await self.people.do(actor, verb, **arguments)

    async def invite(self, user: str | None = None, actor: Actor = SHELL) -> str:
        """Return the secret of a link."""
        return str((await self.do(actor, "user.invite", user=user))["token"])

    async def member(self, name: str, *grants: tuple[str, str]) -> Browser:
        """Make a user and let them sign up by a link; return their browser, signed in with both factors."""
        self.people.user(name, *grants)
        return await self.sign_up(name)

    async def sign_up(self, name: str) -> Browser:
        """Let a user sign up by a link that is made past all checks."""
        from camera_gateway.access.links import make_link  # noqa: PLC0415 - of this one place
        from camera_gateway.domain.people import SYSTEM, UserId  # noqa: PLC0415 - likewise

        with self.gateway.catalogue.write(SYSTEM) as tx:
            secret = make_link(tx, UserId(name), 3_600 * US)[1]
        browser = self.browser()
        assert (await browser.welcome(secret)).status == 200
        assert (await browser.enrol()).status == 200
        return browser

    async def later(self, seconds: float) -> None:
        await self.people.clock.advance(seconds)

    def told(self, action: str) -> list[tuple[str, str, dict[str, Any]]]:
        """Audit rows of one action: who, what about, details."""
        return [(row.actor, row.object, dict(row.details)) for row in self.people.audit() if row.action == action]


@asynccontextmanager
async def house(directory: Path) -> AsyncIterator[House]:
    """Serve an installation of people whose door is real and cheap."""

    async def ready() -> dict[str, str]:
        return {}

    with installation_of_people(directory) as people:
        door = Door.build(people.gateway.vault, people.clock, CHEAP)
        gateway = replace(people.gateway, door=door)
        service = HttpService(application(lambda: b"", ready, gateway), "127.0.0.1", free_port(), None)
        address = await service.open()
        try:
            async with ClientSession(cookie_jar=DummyCookieJar()) as client:
                yield House(replace(people, gateway=gateway), gateway, address, client)
        finally:
            await service.close()
            door.close()
