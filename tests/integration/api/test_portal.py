"""The portal over HTTP: what may be kept and for how long, what a browser may run, and what is not there."""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientSession
from support.people import installation_of_people

from camera_gateway.api.http import HttpService, application
from camera_gateway.api.portal import PAGES, POLICY

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def portal(tmp_path: Path) -> AsyncIterator[ClientSession]:
    """A client whose addresses begin at the portal, and which unpacks nothing by itself."""

    async def ready() -> dict[str, str]:
        return {}

    with installation_of_people(tmp_path) as people:
        service = HttpService(application(lambda: b"", ready, people.gateway), "127.0.0.1", 0, None)
        await service.open()
        port = service._runner.addresses[0][1]
        try:
            async with ClientSession(f"http://127.0.0.1:{port}", auto_decompress=False) as client:
                yield client
        finally:
            await service.close()


async def page(portal: ClientSession, path: str = "/", **headers: str) -> str:
    async with portal.get(path, headers=headers) as answer:
        assert answer.status == 200
        return await answer.text()


async def test_each_address_of_the_portal_is_the_same_page_which_nobody_stores(portal: ClientSession) -> None:
    first = await page(portal)
    for path in (*(f"/{name}" for name in PAGES), "/cameras/hall-1", "/cameras/import", "/evidence/request-7"):
        async with portal.get(path) as answer:
            assert await answer.text() == first
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


async def test_a_browser_may_run_nothing_but_our_own_files(portal: ClientSession) -> None:
    async with portal.get("/today") as answer:
        headers = answer.headers
    assert headers["Content-Security-Policy"] == POLICY
    directives = dict(part.split(" ", 1) for part in POLICY.split("; "))
    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == directives["style-src"] == directives["connect-src"] == "'self'"
    assert "unsafe" not in POLICY
    assert "*" not in POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]


async def test_assets_are_kept_for_ever_under_an_address_that_changes_with_them(portal: ClientSession) -> None:
    index = await page(portal)
    addresses = re.findall(r'(?:src|href)="(/static/[^"]+)"', index)
    assert len(addresses) >= 5
    for address in addresses:
        async with portal.get(address) as answer:
            assert answer.status == 200
            assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            assert answer.headers["Vary"] == "Accept-Encoding"
            assert answer.headers["Content-Security-Policy"] == POLICY
            kind = answer.headers["Content-Type"].partition(";")[0]
            assert (
                kind == {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}[address.rpartition(".")[2]]
            )
    async with portal.get(re.sub(r"/static/\w+/", "/static/0123456789abcdef/", addresses[0])) as answer:
        assert answer.status == 404, "an older or newer release"


async def test_what_packs_well_is_sent_packed_to_who_takes_it(portal: ClientSession) -> None:
    address = re.search(r'src="(/static/[^"]+main\.js)"', await page(portal))
    assert address
    async with portal.get(address[1], headers={"Accept-Encoding": "gzip, br"}) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        packed = await answer.read()
    async with portal.get(address[1], headers={"Accept-Encoding": "identity"}) as answer:
        assert "Content-Encoding" not in answer.headers
        plain = await answer.read()
    assert gzip.decompress(packed) == plain
    assert len(packed) < len(plain) / 2


@pytest.mark.parametrize(
    "path",
    ["/index.html", "/static/", "/nothing", "/../etc/passwd", "/api/v2/me", "/.git/config", "/portal/js/main.js"],
)
async def test_what_is_not_the_portals_is_not_there(portal: ClientSession, path: str) -> None:
    async with portal.get(path) as answer:
        assert answer.status == 404
        assert "html" not in answer.headers["Content-Type"]


async def test_no_name_leads_out_of_the_portals_files(portal: ClientSession) -> None:
    version = re.search(r"/static/(\w+)/", await page(portal))
    assert version
    for name in ("../api/portal.py", "..%2f..%2fpyproject.toml", "js/../../api/portal.py", "index.html", ""):
        async with portal.get(f"/static/{version[1]}/{name}") as answer:
            assert answer.status == 404, name


async def test_the_page_says_whether_a_session_was_shown_and_nothing_more(portal: ClientSession) -> None:
    assert 'data-session="none"' in await page(portal)
    shown = await page(portal, "/today", Cookie="__Host-session=s-1234.secret")
    assert 'data-session="shown"' in shown
    assert "secret" not in shown
