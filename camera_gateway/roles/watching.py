"""What the terminal of `run` shows: the address, ways in for who has none, and how it goes when that changes.

Asks over the control socket like any command; it can fail without harm to what it watches. Sign-in links go to the
terminal alone, never to a log.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from camera_gateway.api.control_client import SOCKET_NAME, ask
from camera_gateway.errors import GatewayError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from camera_gateway.clock import Clock
    from camera_gateway.roles.loading import Loaded
    from camera_gateway.supervision import Stop

EVERY_S = 2.0
AT_LEAST_EVERY_US = 60_000_000


class Watch:
    """Asks `serve` how it goes and tells the terminal."""

    def __init__(
        self,
        loaded: Loaded,
        clock: Clock,
        say: Callable[[str], None],
        port: int | None,
        people: Collection[str] = (),
    ) -> None:
        """Tell `say`; `people` are users who get a link as long as they have not signed in."""
        self._people = people
        self._loaded = loaded
        self._clock = clock
        self._say = say
        self._port = port
        self._told = ""
        self._told_us = 0

    async def follow(self, stop: Stop) -> None:
        """Tell until the end."""
        path = self._loaded.settings.site.data_dir / SOCKET_NAME
        loop = asyncio.get_running_loop()
        while not await stop.within(EVERY_S):
            try:
                found = await loop.run_in_executor(None, lambda: ask(path, "status", {}, answer_s=10))
            except GatewayError:
                continue  # serve is starting, or being restarted; the log says so
            if not self._told:
                api = self._loaded.settings.api
                scheme = "https" if api.tls else "http"
                self._say(f"listening on {scheme}://{api.host}:{self._port or api.port}/  (/healthz /readyz /metrics)")
                await loop.run_in_executor(None, self._welcome, path)
                self._say("stop with Ctrl-C")
            self._tell(found)

    def _welcome(self, path: Path) -> None:
        """Print a way in for the first administrator, or for those who have not used theirs yet."""
        try:
            users = ask(path, "user.list", {}, answer_s=10)
            if not any(_administers(user) for user in users):
                self._say_link("the first administrator", ask(path, "user.invite", {}, answer_s=10))
            for user in users:
                wanted = user["id"] in self._people or _administers(user)
                if wanted and not user["signed_up"] and user["state"] == "active":
                    self._say_link(user["id"], ask(path, "user.invite", {"user": user["id"]}, answer_s=10))
        except GatewayError as error:
            self._say(f"no sign-in link: {error.message}; {error.hint}")

    def _say_link(self, whom: str, made: dict[str, Any]) -> None:
        self._say(f"sign-in link of {whom}, good once and until {made['expires']}:")
        self._say(f"  {made['link']}")

    def _tell(self, found: dict[str, Any]) -> None:
        sentence = describe(found)
        now_us = self._clock.monotonic_us()
        if sentence != self._told or now_us - self._told_us > AT_LEAST_EVERY_US:
            self._told, self._told_us = sentence, now_us
            self._say(f"{found['at'][11:19]}  {sentence}")


def _administers(user: dict[str, Any]) -> bool:
    held = (role for role in user["roles"] if role["in_force"] and role["scope"] == "all")
    return user["state"] == "active" and any(role["role"] == "administrator" for role in held)


def describe(found: dict[str, Any]) -> str:
    """Return the state of the installation in one sentence."""
    kept = found["segments"].get("stored", 0) + found["segments"].get("released", 0)
    parts = [f"{found['recording']} of {found['cameras']} cameras recording", f"{kept} segments stored"]
    if found["backlog_segments"]:
        parts.append(f"{found['backlog_segments']} waiting")
    faulty = ", ".join(f"{camera} ({cause})" for camera, cause in found["faulty"].items())
    if faulty:
        parts.append(f"needs a look: {faulty}")
    return " · ".join(parts)
