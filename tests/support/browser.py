"""Real Chromium for tests of pages: one browser per test file, a fresh context per test, and what must never happen.

A test fails when a page logs an error, throws, or asks another origin for anything; what a test provokes on purpose it
names with `expect`. Playwright's synchronous interface keeps an event loop on the thread that started it, so a file
that uses it has no asynchronous tests of its own: servers run on a thread of theirs (`portal_house`).
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # footage starts by itself once the page is open, as a test has no finger to touch it with
    "--autoplay-policy=no-user-gesture-required",
    # nothing leaves the machine, whatever a page or the browser would like
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)
TIMEOUT_MS = 30_000
"""Patience, not a promise: what must be quick is measured where it is promised."""
HARMLESS_SCHEMES = frozenset({"data", "blob", "about"})


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Debian's Chromium; skips the test where it is not installed."""
    if not CHROMIUM.exists():
        pytest.skip("chromium is not installed (scripts/test installs it when root)")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only where a browser is

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


AHEAD = """{
  const real = Date, ahead = %d, now = () => real.now() + ahead;
  globalThis.Date = class Date extends real {
    constructor(...parts) { parts.length ? super(...parts) : super(now()); }
    static now() { return now(); }
  };
}"""
"""What sets a page's clock ahead, by ms, and leaves timers and `performance` alone."""


class Visit:
    """One test's visitors: contexts of their own, watched together.

    `address` is the origin, without a path; every page has it as its base URL. `ahead_s` is how far their computers'
    clocks are ahead of this machine's, in seconds: they agree with a house whose clock does not agree with ours.
    """

    def __init__(self, browser: Browser, address: str, ahead_s: float = 0) -> None:
        self.address = address.rstrip("/")
        self._browser = browser
        self._ahead_s = ahead_s
        self._contexts: list[BrowserContext] = []
        self._expected: list[re.Pattern[str]] = []
        self._wrong: list[str] = []

    def page(self, **options: Any) -> Page:  # noqa: ANN401 - Playwright's own names
        """Open a blank page of a new visitor; options are Playwright's (locale, color_scheme, viewport …)."""
        context = self._browser.new_context(base_url=self.address, **options)
        context.set_default_timeout(TIMEOUT_MS)
        if self._ahead_s:
            context.add_init_script(AHEAD % (1_000 * self._ahead_s))
        context.on("console", self._console)
        context.on("weberror", lambda error: self._wrong.append(f"page error: {error.error}"))
        context.on("request", self._request)
        self._contexts.append(context)
        return context.new_page()

    def expect(self, pattern: str) -> None:
        """Let console errors pass that match, for example of a request that the test knows to be refused."""
        self._expected.append(re.compile(pattern))

    def wrong(self) -> list[str]:
        """Return what has gone wrong so far."""
        return [each for each in self._wrong if not any(pattern.search(each) for pattern in self._expected)]

    def close(self) -> None:
        """Close the contexts; raises AssertionError for everything that went wrong."""
        for context in self._contexts:
            context.close()
        self._contexts.clear()
        assert not self.wrong(), "\n".join(self.wrong())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        if failure[0] is None:
            self.close()
        else:  # the test's own failure is the one to be told
            for context in self._contexts:
                context.close()

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._wrong.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in HARMLESS_SCHEMES and f"{parts.scheme}://{parts.netloc}" != self.address:
            self._wrong.append(f"a request left the origin: {request.url}")


def axe(page: Page, within: str | None = None) -> list[str]:
    """Return what axe finds against WCAG 2.2 A and AA and its best practice: a line per element, none when good."""
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415 - only where a browser is

    found = Axe().run(page, context=within)
    return [
        f"{violation['id']} ({violation['impact']}): {violation['help']}: {node['html'][:160]}"
        for violation in found.response["violations"]
        for node in violation["nodes"]
    ]


def until(page: Page, condition: str, arg: object = None, *, seconds: float = 60.0) -> None:
    """Wait until a JavaScript function of `arg` says true; looks from within the page.

    Instead of Playwright's wait_for_function, which needs `unsafe-eval` in the page's own policy.
    """
    script = f"""async ([arg, ms]) => {{
      const told = {condition};
      const end = performance.now() + ms;
      while (!told(arg)) {{
        if (performance.now() > end) return false;
        await new Promise((done) => setTimeout(done, 25));
      }}
      return true;
    }}"""
    assert page.evaluate(script, [arg, seconds * 1000]), f"it did not happen within {seconds} s: {condition}"
