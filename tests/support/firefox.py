"""Real Firefox for the main journeys: Debian's, over WebDriver BiDi, which it speaks by itself; no driver in between.

Clicks and keys go through the browser's own input, so that what is not visible cannot be used. Synchronous to its
caller; console errors are kept for the test to look at.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from aiohttp import ClientSession

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

    from aiohttp import ClientWebSocketResponse

FIREFOX = Path("/usr/bin/firefox-esr")
LISTENING = re.compile(r"WebDriver BiDi listening on (ws://\S+)")
START_S, ANSWER_S = 60.0, 60.0
PREFERENCES = {
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "media.autoplay.default": 0,
    "network.proxy.type": 1,
    # nothing leaves the machine: a proxy that does not exist, but for loopback
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": 9,
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": 9,
    "network.proxy.no_proxies_on": "127.0.0.1, localhost",
    "network.proxy.allow_hijacking_localhost": False,
    "toolkit.telemetry.enabled": False,
}
FOUND = """([selector, text]) => [...document.querySelectorAll(selector)].find(
  (one) => one.checkVisibility() && (!text || one.textContent.trim() === text))"""
"""The first element of a selector that is to be seen, and says just this."""
T = TypeVar("T")


class Firefox:
    """One browser with one tab."""

    def __init__(self, runner: asyncio.Runner, socket: ClientWebSocketResponse) -> None:
        self.errors: list[str] = []
        self._runner = runner
        self._socket = socket
        self._numbers = itertools.count(1)
        self._context = ""

    def open_tab(self) -> None:
        self._ask("session.new", capabilities={})
        self._ask("session.subscribe", events=["log.entryAdded"])
        self._context = self._ask("browsingContext.create", type="tab")["context"]

    def goto(self, address: str) -> None:
        self._ask("browsingContext.navigate", context=self._context, url=address, wait="complete")

    def evaluate(self, function: str, argument: object = None) -> Any:  # noqa: ANN401 - JSON
        """Call a JavaScript function with a JSON value; what it gives (a promise is awaited) comes back as JSON."""
        answer = self._ask(
            "script.evaluate",
            expression=f"Promise.resolve(({function})({json.dumps(argument)})).then((v) => JSON.stringify(v ?? null))",
            target={"context": self._context},
            awaitPromise=True,
        )
        if answer["type"] != "success":
            raise AssertionError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"]["value"])

    def until(self, condition: str, argument: object = None, *, seconds: float = 60.0) -> None:
        """Wait until a JavaScript function of the argument says true."""
        deadline = time.monotonic() + seconds
        while not self.evaluate(condition, argument):
            assert time.monotonic() < deadline, f"it did not happen within {seconds} s: {condition}"

    def click(self, selector: str, text: str = "") -> None:
        """Press the middle of the first element that matches and says `text`, if that is given, once it is there."""
        self.until(f"(wanted) => Boolean(({FOUND})(wanted))", [selector, text])
        place = self.evaluate(
            f"""(wanted) => {{
              const element = ({FOUND})(wanted);"""
            """
              element.scrollIntoView({ block: "center" });
              const box = element.getBoundingClientRect();
              return { x: Math.round(box.x + box.width / 2), y: Math.round(box.y + box.height / 2) };
            }""",
            [selector, text],
        )
        steps = [
            {"type": "pointerMove", **place},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        self._ask(
            "input.performActions",
            context=self._context,
            actions=[{"type": "pointer", "id": "mouse", "actions": steps}],
        )

    def type(self, text: str) -> None:
        """Press keys, one after the other."""
        steps = [{"type": way, "value": key} for key in text for way in ("keyDown", "keyUp")]
        self._ask(
            "input.performActions", context=self._context, actions=[{"type": "key", "id": "keys", "actions": steps}]
        )

    def cookie(self, name: str, value: str) -> None:
        """Let the browser have a cookie of 127.0.0.1, as the portal sets it."""
        cookie = {"name": name, "value": {"type": "string", "value": value}, "domain": "127.0.0.1", "path": "/"}
        self._ask("storage.setCookie", cookie={**cookie, "secure": True, "httpOnly": True, "sameSite": "strict"})

    def _ask(self, method: str, **params: Any) -> Any:  # noqa: ANN401 - JSON
        return self._runner.run(self._exchange(method, params))

    async def _exchange(self, method: str, params: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": params})
        while True:
            message = await self._socket.receive_json(timeout=ANSWER_S)
            if message.get("method") == "log.entryAdded" and message["params"]["level"] == "error":
                self.errors.append(str(message["params"]["text"]))
            if message.get("id") == number:
                if message["type"] == "error":
                    raise AssertionError(f"{method}: {message['error']}: {message['message']}")
                return message["result"]


@contextmanager
def firefox(profile: Path) -> Iterator[Firefox]:
    """Start one with an empty profile; skips the test where Firefox is not installed."""
    if not FIREFOX.exists():
        pytest.skip("firefox-esr is not installed (scripts/test installs it when root)")
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in PREFERENCES.items()]
    (profile / "user.js").write_text("\n".join(lines))
    log = profile / "firefox.log"
    command = [str(FIREFOX), "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"]
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        address = _address(process, log)
        with asyncio.Runner() as runner:
            session = runner.run(_made(ClientSession))
            try:
                socket = runner.run(_connected(session, address))
                browser = Firefox(runner, socket)
                browser.open_tab()
                yield browser
                runner.run(_closed(socket.close()))
            finally:
                runner.run(_closed(session.close()))
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        found = LISTENING.search(log.read_text(errors="replace"))
        if found:
            return found[1]
        time.sleep(0.05)
    raise AssertionError(f"firefox did not start:\n{log.read_text(errors='replace')[-2000:]}")


async def _made(kind: type[T]) -> T:
    return kind()


async def _connected(session: ClientSession, address: str) -> ClientWebSocketResponse:
    return await session.ws_connect(f"{address}/session", max_msg_size=0)


async def _closed(closing: Coroutine[Any, Any, object]) -> None:
    await closing
