"""The rig notices what it promises to notice."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from support.browser import Visit, axe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

PAGE = '<!doctype html><html lang="en"><title>t</title><main><h1>Good</h1>{}</main>'


class Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(404 if self.path == "/none" else 200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(PAGE.format("").encode())

    def log_message(self, *_: object) -> None:  # type: ignore[override]
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_good_page_passes(browser: Browser, address: str) -> None:
    with Visit(browser, address) as visit:
        page = visit.page(locale="kk")
        page.goto("/")
        assert page.evaluate("navigator.language") == "kk"
        assert axe(page) == []


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("console.error('no good')", "console: no good"),
        ("setTimeout(() => { throw new Error('thrown') })", "page error: thrown"),
        ("fetch('/none')", "404"),
        ("fetch('http://example.org/x').catch(() => 0)", "left the origin: http://example.org/x"),
        ("fetch('http://localhost:1/').catch(() => 0)", "left the origin"),
    ],
)
def test_errors_and_foreign_requests_are_told(browser: Browser, address: str, script: str, told: str) -> None:
    visit = Visit(browser, address)
    page = visit.page()
    page.goto("/")
    page.evaluate(f"() => {{ {script} }}")
    for _ in range(200):  # until the browser has told of it; on a busy machine that takes its time
        if visit.wrong():
            break
        page.wait_for_timeout(50)
    with pytest.raises(AssertionError, match=told):
        visit.close()


def test_what_a_test_expects_passes(browser: Browser, address: str) -> None:
    with Visit(browser, address) as visit:
        visit.expect("404")
        visit.page().goto("/none")


def test_axe_finds_a_picture_without_a_name(browser: Browser, address: str) -> None:
    with Visit(browser, address) as visit:
        page = visit.page()
        page.goto("/")
        page.evaluate("() => document.querySelector('main').append(new Image())")
        assert any("image-alt" in line for line in axe(page))
