"""What every answer says of itself: nothing to cache (Z3), nothing to run, no banner; and what is never listened to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.api_rig import serving

from camera_gateway.api import http

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from support.api_rig import Answered, Api


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    async with serving(tmp_path) as made:
        made.enrol("alia", ("administrator", "all"))
        yield made


def told(answer: Answered) -> str:
    return f"{answer.status} {dict(answer.headers)} {answer.body[:300]!r}"


async def test_every_answer_forbids_caching_and_running_and_has_no_banner(api: Api) -> None:
    asked = [
        ("GET", "cameras", "alia"),
        ("GET", "cameras", None),
        ("GET", "cameras/none", "alia"),
        ("GET", "nothing", "alia"),
        ("PUT", "cameras", "alia"),
        ("POST", "institutions", "alia"),
        ("GET", "jobs/none/events", "alia"),
        ("GET", "evidence/packages/request-1", "alia"),
        ("GET", "openapi.json", None),
        ("GET", "docs", None),
    ]
    for method, path, user in asked:
        answer = await api.ask(method, path, user)
        headers = answer.headers
        assert headers["Server"] == "camera-gateway", told(answer)
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "Access-Control-Allow-Origin" not in headers
        assert "Set-Cookie" not in headers
        if path not in {"openapi.json", "docs"}:
            assert headers["Cache-Control"] == "no-store, private", told(answer)
        if answer.status >= 400:
            assert set(answer.json) == {"type", "title", "status", "code", "detail", "hint"}, told(answer)
            assert answer.json["status"] == answer.status


async def test_other_origins_are_told_nothing(api: Api) -> None:
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    answer = await api.ask("OPTIONS", "cameras", None, headers=asked)
    assert answer.status == 405
    assert not any(name.lower().startswith("access-control") for name in answer.headers)


@pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"])
async def test_a_method_is_what_the_request_line_says(api: Api, name: str) -> None:
    made = await api.ask("POST", "cameras/kg-hall/pause", "alia", headers={name: "GET"})
    assert made.json["id"] == "kg-hall"
    shown = await api.ask("GET", "cameras/kg-hall", "alia", headers={name: "DELETE"}, query={"_method": "DELETE"})
    assert (shown.status, shown.code) == (400, "invalid-input")  # and the query knows no such field either
    assert (await api.ask("GET", "cameras/kg-hall", "alia", headers={name: "DELETE"})).json["state"] == "paused"


async def test_nobody_is_told_how_to_say_who_they_are(api: Api) -> None:
    answer = await api.ask("GET", "cameras", None)
    assert (answer.status, answer.code) == (401, "no-identity")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    wrong = await api.ask("GET", "cameras", None, headers={"Authorization": "Bearer cgw_" + "x" * 43})
    assert (wrong.status, wrong.code) == (401, "token-refused")
    assert "xxx" not in wrong.body.decode()


async def test_the_document_and_its_page_are_public_kept_by_their_tag_and_run_nothing(api: Api) -> None:
    for path in ("openapi.json", "docs", "docs.css"):
        first = await api.ask("GET", path)
        again = await api.ask("GET", path, headers={"If-None-Match": first.headers["ETag"]})
        assert (first.status, again.status, again.body) == (200, 304, b"")
    text = (await api.ask("GET", "docs")).body.decode()
    assert "<script" not in text
    assert "style=" not in text
    assert "http://" not in text
    assert "https://" not in text


async def test_metrics_name_cameras_and_are_for_this_host_or_for_a_token(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await api.ask("GET", "/metrics")).status == 200
    monkeypatch.setattr(http, "is_this_host", lambda _address: False)
    api.enrol("vera", ("viewer", "all"))
    assert (await api.ask("GET", "/metrics")).code == "no-identity"
    assert (await api.ask("GET", "/metrics", "vera")).code == "forbidden"
    assert (await api.ask("GET", "/metrics", "alia")).status == 200
    assert (await api.ask("GET", "/healthz")).status == 200


@pytest.mark.parametrize(
    ("address", "here"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("192.168.1.5", False), ("", False), (None, False)],
)
def test_this_host_is_loopback(address: str | None, here: bool) -> None:  # noqa: FBT001 - a parameter
    assert http.is_this_host(address) == here
