"""Lists in pages, tags, guarded changes, what a page shows first: the ordinary conversation with the service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.api_rig import serving

from camera_gateway.actions.observed import Observed
from camera_gateway.clock import US
from storage.s3_lock import Property

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from support.api_rig import Api

LOOKED = Observed(
    running_since_us=1_700_000_000 * US,
    store=(Property("object-lock", "failed", "a delete went through"),),
    lacking={"store": "cannot be reached"},
    spool_used_bytes=5,
    spool_until_loss_s=3_600.0,
)


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    async with serving(tmp_path) as made:
        made.enrol("alia", ("administrator", "all"))
        made.enrol("berik", ("administrator", "all"))
        made.enrol("ivan", ("it", "institution:kg-12"))
        made.enrol("vera", ("viewer", "institution:kg-12"))
        yield made


async def every(api: Api, path: str, user: str, limit: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        query = {"limit": limit, **({"cursor": cursor} if cursor else {})}
        answer = await api.ask("GET", path, user, query=query)
        assert answer.status == 200, answer.body
        assert len(answer.json["items"]) <= limit
        rows += answer.json["items"]
        cursor = answer.json["next"]
    return rows


async def test_a_list_is_read_page_by_page_as_far_as_one_may_see(api: Api) -> None:
    whole = (await api.ask("GET", "cameras", "alia")).json["items"]
    assert len(whole) == 3
    assert await every(api, "cameras", "alia", 1) == whole
    assert {row["id"] for row in await every(api, "cameras", "vera", 1)} == {"kg-hall", "kg-bedroom"}


async def test_audit_rows_come_newest_first_and_new_ones_do_not_shift_the_pages(api: Api) -> None:
    for number in range(5):
        await api.ask("POST", "institutions", "alia", {"name": f"Сад {number}", "id": f"sad-{number}"})
    first = (await api.ask("GET", "audit", "alia", query={"limit": 3})).json
    assert [row["number"] for row in first["items"]] == sorted((r["number"] for r in first["items"]), reverse=True)
    await api.ask("POST", "institutions", "alia", {"name": "Сад 9", "id": "sad-9"})
    second = (await api.ask("GET", "audit", "alia", query={"limit": 3, "cursor": first["next"]})).json
    assert second["items"][0]["number"] == first["items"][-1]["number"] - 1
    rows = await every(api, "audit", "alia", 2)
    assert [row["number"] for row in rows] == list(range(rows[0]["number"], 0, -1))
    only = await api.ask("GET", "audit", "alia", query={"action": "institution", "limit": 500})
    assert {row["action"].partition(".")[0] for row in only.json["items"]} == {"institution"}
    assert (await api.ask("GET", "audit/verify", "alia")).json["ok"] is True


async def test_what_is_known_already_is_not_sent_again(api: Api) -> None:
    first = await api.ask("GET", "institutions/kg-12", "alia")
    tag = first.headers["ETag"]
    again = await api.ask("GET", "institutions/kg-12", "alia", headers={"If-None-Match": tag})
    assert (again.status, again.body, again.headers["ETag"]) == (304, b"", tag)
    assert again.headers["Cache-Control"] == "no-store, private"
    await api.ask("PATCH", "institutions/kg-12", "alia", {"name": "Сад"})
    changed = await api.ask("GET", "institutions/kg-12", "alia", headers={"If-None-Match": tag})
    assert (changed.status, changed.json["name"]) == (200, "Сад")
    head = await api.ask("HEAD", "institutions/kg-12", "alia")
    assert (head.status, head.body, head.headers["ETag"]) == (200, b"", changed.headers["ETag"])


async def test_a_change_of_what_somebody_has_changed_meanwhile_is_refused(api: Api) -> None:
    tag = (await api.ask("GET", "institutions/kg-12", "alia")).headers["ETag"]
    guarded = {"If-Match": tag}
    assert (await api.ask("PATCH", "institutions/kg-12", "alia", {"name": "Первое"}, guarded)).status == 200
    late = await api.ask("PATCH", "institutions/kg-12", "berik", {"name": "Второе"}, guarded)
    assert (late.status, late.code) == (412, "changed-meanwhile")
    assert (await api.ask("GET", "institutions/kg-12", "alia")).json["name"] == "Первое"


async def test_a_further_site_takes_cameras(api: Api) -> None:
    site = {"institution": "kg-12", "name": "Второй корпус", "id": "kg-12-b", "time_zone": "Asia/Aqtau"}
    made = await api.ask("POST", "sites", "ivan", site)
    assert (made.status, made.json["time_zone"]) == (201, "Asia/Aqtau")
    camera = {"institution": "kg-12", "site": "kg-12-b", "name": "Вход", "id": "door", "zone": "entrance"}
    added = await api.ask("POST", "cameras", "ivan", {**camera, "url": "rtsp://127.0.0.1/1", "probe": False})
    assert (added.status, added.json["site"]) == (201, "kg-12-b")
    assert {row["id"] for row in await every(api, "sites", "vera", 500)} == {"kg-12", "kg-12-b"}
    assert {row["id"] for row in await every(api, "sites?institution=school-7", "alia", 500)} == {"school-7"}
    foreign = await api.ask("POST", "sites", "ivan", {**site, "institution": "school-7", "id": "x-1"})
    assert (foreign.status, foreign.code) == (404, "not-found")


async def test_a_camera_says_what_it_does_now(api: Api) -> None:
    found = (await api.ask("GET", "cameras/kg-hall/state", "ivan")).json
    assert (found["state"], found["cause"], found["fps"]) == ("down", "gateway-down", None)
    assert found["spool"] == {"segments": 0, "bytes": 0, "oldest": None, "until_loss_s": None}


async def test_a_camera_that_cannot_be_reached_is_the_camera_s_fault_not_the_service_s(api: Api) -> None:
    body = {"url": "rtsp://127.0.0.1:9/x", "institution": "kg-12", "seconds": 0.1}
    tried = await api.ask("POST", "cameras/probe", "ivan", body)
    assert (tried.status, tried.json["ok"], tried.json["cause"]) == (200, False, "port-closed")
    camera = {"institution": "kg-12", "name": "Зал", "zone": "hall", "url": body["url"]}
    added = await api.ask("POST", "cameras", "ivan", camera)
    assert (added.status, added.code) == (422, "port-closed")


async def test_the_roles_are_told_as_the_table_has_them(api: Api) -> None:
    rows = {row["id"]: row["acts"] for row in await every(api, "roles", "vera", 2)}
    assert set(rows) == {"viewer", "it", "auditor", "administrator"}
    assert rows["auditor"]["evidence.approve"] == "two"
    assert rows["auditor"]["footage.view"] == "two in a restricted zone"
    assert "footage.view" not in rows["viewer"]


async def test_today_tells_each_what_needs_them_and_nobody_what_they_may_not_see(tmp_path: Path) -> None:
    async with serving(tmp_path, observed=lambda: LOOKED) as api:
        for name, role, scope in (
            ("alia", "administrator", "all"),
            ("berik", "auditor", "institution:kg-12"),
            ("vera", "viewer", "all"),
            ("ivan", "it", "institution:school-7"),
        ):
            api.enrol(name, (role, scope))
        span = {"from": "2023-11-14T20:00:00Z", "to": "2023-11-14T21:00:00Z"}
        asked = {"cameras": ["kg-hall"], **span, "requester": "a", "body": "b", "legal_ground": "c", "case": "d"}
        assert (await api.ask("POST", "evidence/requests", "alia", asked)).status == 201

        async def codes(user: str) -> dict[str, dict[str, Any]]:
            found = (await api.ask("GET", "today", user)).json["findings"]
            assert [one["gravity"] for one in found] == sorted(one["gravity"] for one in found)
            return {one["code"]: one for one in found}

        alia, berik = await codes("alia"), await codes("berik")
        assert {"cameras-down", "not-ready", "spool-horizon", "store-property-failed"} <= set(alia)
        assert alia["cameras-down"]["count"] == 3
        assert alia["spool-horizon"]["data"] == {"until_loss_s": 3_600}
        assert "requests-to-approve" not in alia, "who asked does not approve"
        assert berik["requests-to-approve"]["data"] == {"requests": ["request-1"]}
        assert berik["cameras-down"]["count"] == 2
        assert not {"not-ready", "spool-horizon", "store-property-failed"} & set(berik)
        assert await codes("vera") == {}
        down = (await codes("ivan"))["cameras-down"]["data"]["cameras"]
        assert [camera["id"] for camera in down] == ["school-yard"]
        assert (await api.ask("POST", "evidence/requests/request-1/approve", "berik")).status == 200
        assert "requests-to-approve" not in await codes("berik")
        assert (await codes("alia"))["requests-to-export"]["page"] == "evidence"
        await api.people.clock.advance(91 * 86_400)
        api.tokens["alia"] = api.people.token("alia")[1]
        assert (await codes("alia"))["holds-to-review"]["data"] == {"holds": ["hold-1"]}


async def test_the_installation_is_on_one_page_without_a_secret(tmp_path: Path) -> None:
    async with serving(tmp_path, observed=lambda: LOOKED) as api:
        api.enrol("alia", ("administrator", "all"))
        found = (await api.ask("GET", "system", "alia")).json
    assert (found["ready"], found["lacking"]) == (False, {"store": "cannot be reached"})
    assert found["store"]["properties"] == [
        {"name": "object-lock", "state": "failed", "detail": "a delete went through"}
    ]
    assert found["disk"]["until_loss_s"] == 3_600
    assert found["seal_key"]["fingerprint"].startswith("SHA256:")
    assert found["witness"]["kind"] == "none"
    assert found["tls"] is None
    assert found["roles"]["serve"]["since"] == "2023-11-14T22:13:20Z"
    assert "BEGIN" not in str(found)


async def test_one_of_a_list_is_what_the_list_says_of_it(api: Api) -> None:
    await api.ask("POST", "holds", "alia", {"cameras": ["kg-hall"], "from": "2023-11-14T20:00:00Z", "reason": "x"})
    incident = {"institution": "kg-12", "at": "2023-11-14T20:00:00Z", "text": "a fall"}
    await api.ask("POST", "incidents", "alia", incident)
    for noun, name in (("holds", "hold-1"), ("incidents", "incident-1"), ("users", "vera")):
        (row,) = [row for row in await every(api, noun, "alia", 500) if row["id"] == name]
        assert (await api.ask("GET", f"{noun}/{name}", "alia")).json == row
        gone = await api.ask("GET", f"{noun}/{name}9", "alia")
        assert gone.status == 404
