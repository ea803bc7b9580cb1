"""Requests that are big, slow, half or strange: each gets its answer, and the next one is served."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest
from support.api_rig import serving

from camera_gateway.api import connection, server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from support.api_rig import Api


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    async with serving(tmp_path) as made:
        made.enrol("alia", ("administrator", "all"))
        yield made


async def spoken(api: Api, request: bytes, *, wait_s: float = 10) -> bytes:
    """What comes back for these bytes, until the other side closes."""
    port = int(api.address.rsplit(":", 1)[1].rstrip("/"))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    try:
        async with asyncio.timeout(wait_s):
            return await reader.read()
    finally:
        writer.transport.abort()


def problem_in(answer: bytes) -> dict[str, object]:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"\r\nServer: camera-gateway\r\n" in head + b"\r\n", head
    assert b"\r\nCache-Control: no-store, private\r\n" in head + b"\r\n"
    assert b"application/problem+json" in head
    found: dict[str, object] = json.loads(body)
    return found


@pytest.mark.parametrize(
    "request_",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /api/v1/cameras HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 20_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: 1\r\n" % n for n in range(500)) + b"\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    ],
)
async def test_what_is_no_request_gets_a_problem_without_a_banner(api: Api, request_: bytes) -> None:
    found = problem_in(await spoken(api, request_))
    assert (found["status"], found["code"]) == (400, "bad-request")
    assert "yyy" not in str(found)
    assert (await api.ask("GET", "cameras", "alia")).status == 200


async def test_headers_drop_by_drop_do_not_hold_a_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEADERS_WITHIN_S", 0.3)
    async with serving(tmp_path) as api:
        for begun in (b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-A"):
            assert await spoken(api, begun) == b""


async def test_a_body_that_does_not_come_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "BODY_WITHIN_S", 0.3)
    monkeypatch.setattr(connection, "REST_WITHIN_S", 0.2)
    async with serving(tmp_path) as api:
        token = api.tokens[api.enrol("alia", ("administrator", "all"))]
        head = f"POST /api/v1/institutions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
        head += "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
        found = problem_in(await spoken(api, head.encode()))
        assert (found["status"], found["code"]) == (408, "too-slow")


async def test_a_body_beyond_the_limit_is_refused_and_not_read(api: Api) -> None:
    answer = await api.ask("POST", "institutions", "alia", {"name": "x" * 1_100_000})
    assert (answer.status, answer.code) == (413, "too-large")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b"null", "application/json"),
        (b'{"name": NaN}', "application/json"),
        (b'{"name": "a", "name": "b"}', "application/json"),
        (b'{"name": "\\ud800"}', "application/json"),
        (b"\xff\xfe{}", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b'{"floor_days": ' + b"9" * 5_000 + b"}", "application/json"),
        (b'{"name": "secret-canary", "nonsense": 1}', "application/json"),
    ],
)
async def test_a_body_that_is_not_what_it_should_be_is_told_and_not_repeated(api: Api, body: bytes, kind: str) -> None:
    headers = {"Authorization": f"Bearer {api.tokens['alia']}", "Content-Type": kind}
    address = f"{api.address}api/v1/institutions"
    async with api.session.post(address, data=body, headers=headers) as answer:
        assert answer.status == 400
        found = await answer.json(content_type=None)
    assert found["code"] == "invalid-input"
    assert "canary" not in str(found)


async def test_a_body_of_another_kind_is_no_json(api: Api) -> None:
    headers = {"Authorization": f"Bearer {api.tokens['alia']}", "Content-Type": "text/plain"}
    async with api.session.post(f"{api.address}api/v1/institutions", data=b"{}", headers=headers) as answer:
        assert (answer.status, (await answer.json(content_type=None))["code"]) == (415, "not-json")


@pytest.mark.parametrize(
    "query",
    [
        "?from=yesterday",
        "?from=2023-11-14T20:00:00Z&from=2023-11-14T20:00:00Z&to=2023-11-14T21:00:00Z",
        "?from_us=1&to_us=2",
        "?from=2023-11-14T20:00:00Z&to=2023-11-14T21:00:00Z&camera=school-yard",
        "?from=2023-11-14T20:00:00&to=2023-11-14T21:00:00Z",
        "?from=2023-13-14T20:00:00Z&to=2023-11-14T21:00:00Z",
        "?from=9999-12-31T23:59:59%2B23:59&to=0001-01-01T00:00:00-23:59",
    ],
)
async def test_an_address_that_does_not_fit_is_told(api: Api, query: str) -> None:
    answer = await api.ask("GET", f"cameras/kg-hall/coverage{query}", "alia")
    assert (answer.status, answer.code) == (400, "invalid-input")


async def test_a_secret_is_not_taken_from_an_address(api: Api) -> None:
    answer = await api.ask("DELETE", "holds/hold-1?reason=x&second=cgw_canary", "alia")
    assert answer.status == 400
    assert "canary" not in answer.body.decode()
    assert "JSON body" in answer.json["hint"]


async def test_who_asks_too_much_is_told_when_to_come_back_and_others_are_not_hindered(tmp_path: Path) -> None:
    async with serving(tmp_path, pause_s=0) as api:
        for name in ("alia", "berik"):
            api.enrol(name, ("administrator", "all"))
        dear = f"retention/certificates/{'0' * 64}"  # counts for ten
        found = [await api.ask("GET", dear, "alia") for _ in range(52)]
        assert [answer.status for answer in found[:50]] == [404] * 50
        last = found[-1]
        assert (last.status, last.code) == (429, "too-many-requests")
        assert int(last.headers["Retry-After"]) >= 1
        assert (await api.ask("GET", dear, "berik")).status == 404
        await api.people.clock.advance(int(last.headers["Retry-After"]))
        assert (await api.ask("GET", dear, "alia")).status == 404


async def test_who_guesses_tokens_is_slowed_down_before_the_catalogue_is_asked(tmp_path: Path) -> None:
    async with serving(tmp_path, pause_s=0) as api:
        wrong = {"Authorization": "Bearer cgw_" + "x" * 43}
        found = [(await api.ask("GET", "cameras", headers=wrong)).status for _ in range(200)]
        assert found[:150] == [401] * 150
        assert found[-20:] == [429] * 20


async def test_a_rule_for_a_zone_that_is_none_is_told_and_no_defect(api: Api) -> None:
    answer = await api.ask(
        "POST",
        "retention/rules",
        "alia",
        {"name": "halls", "floor_days": 30, "ceiling_days": 40, "reason": "x", "institution": "kg-12", "zone": "moon"},
    )
    assert answer.status == 400
    assert "moon" in answer.json["detail"]
