"""Who sees what: rights by place, a purpose for what was recorded, two people for a bedroom, and a line for each."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from support.watching_rig import US, Theatre

from camera_gateway.access.sessions import Visitor, begin
from camera_gateway.catalogue import purposes, sessions, viewings
from camera_gateway.catalogue.sessions import Stage
from camera_gateway.clock import rfc3339
from camera_gateway.domain.people import SYSTEM, Actor, UserId

if TYPE_CHECKING:
    from camera_gateway.catalogue.viewings import Viewing
    from camera_gateway.domain.audit import AuditRow


def span(house: Theatre, from_s: int = 0, to_s: int = 60) -> dict[str, str | int]:
    return {"from": rfc3339(house.begin_us + from_s * US), "to": rfc3339(house.begin_us + to_s * US)}


def code(body: bytes) -> str:
    return str(json.loads(body)["code"])


def register(house: Theatre) -> list[Viewing]:
    with house.gateway.catalogue.read() as tx:
        return viewings.list_viewings(tx, 100)


def audited(house: Theatre, action: str) -> list[AuditRow]:
    return [row for row in house.people.audit() if row.action == action]


def paths_of(house: Theatre, segment: str) -> list[tuple[str, dict[str, Any]]]:
    camera = "kg-hall"
    return [
        (f"{camera}/playlist.m3u8", span(house)),
        (f"{camera}/segments/{segment}/media.mp4", {}),
        (f"{camera}/segments/{segment}/h264/0-1.m4s", {}),
        (f"{camera}/still", {"at": rfc3339(house.begin_us + US)}),
    ]


async def test_recorded_footage_is_shown_for_a_purpose_only(house: Theatre) -> None:
    (only, *_) = house.footage(seconds=10)
    for path, query in paths_of(house, only.sidecar.segment):
        got = await house.get("aigul", path, purpose=False, **query)
        assert (got.status, code(got.body)) == (403, "purpose-needed"), path
        vague = await house.get("aigul", path, {"X-Access-Purpose": "inspection"}, **query)
        assert (vague.status, code(vague.body)) == (400, "purpose-invalid"), path
    assert register(house) == []


@pytest.mark.parametrize(
    "grant", [("it", "all"), ("viewer", "all"), ("auditor", "institution:school-7"), ("auditor", "zone:yard")], ids=str
)
async def test_who_has_no_right_to_the_camera_gets_no_byte_of_it(house: Theatre, grant: tuple[str, str]) -> None:
    house.enrol("stranger", grant)
    (only, *_) = house.footage(seconds=10)
    for path, query in [
        *paths_of(house, only.sidecar.segment),
        (f"kg-hall/segments/{only.sidecar.segment}/init.mp4", {}),
    ]:
        got = await house.get("stranger", path, **query)
        told = (403, "forbidden") if grant[1] == "all" else (404, "not-found")
        assert (got.status, code(got.body)) == told, path
    assert register(house) == []


async def test_a_right_that_is_taken_away_ends_a_viewing_under_way(house: Theatre) -> None:
    house.people.user("guest", ("auditor", "all", house.people.clock.now_us() + 60 * US))
    house.tokens["guest"] = house.people.token("guest")[1]
    (only, *_) = house.footage(seconds=10)
    path = f"kg-hall/segments/{only.sidecar.segment}/media.mp4"
    assert (await house.get("guest", path)).status == 200
    await house.people.clock.advance(61)
    assert (await house.get("guest", path)).status == 404


async def approved_request(house: Theatre, asker: str, approver: str, from_s: int, to_s: int) -> None:
    made = await house.people.do(
        Actor("token", asker),
        "evidence.request",
        requester="Прокуратура",
        body="Прокуратура",
        legal_ground="ст. 1",
        case="2026-17",
        cameras=["kg-bedroom"],
        from_us=house.begin_us + from_s * US,
        to_us=house.begin_us + to_s * US,
    )
    await house.people.do(Actor("token", approver), "evidence.approve", request=made["request"]["id"])


async def test_a_bedroom_takes_two_people_and_opens_for_the_span_that_was_approved(house: Theatre) -> None:
    for name in ("beket", "third"):
        house.enrol(name, ("auditor", "all"))
    first, second = house.footage("kg-bedroom", seconds=20)
    path = "kg-bedroom/playlist.m3u8"
    alone = await house.get("aigul", path, **span(house))
    assert (alone.status, code(alone.body)) == (403, "second-person")
    assert "request evidence" in json.loads(alone.body)["hint"]
    assert (await house.get("aigul", f"kg-bedroom/segments/{first.sidecar.segment}/media.mp4")).status == 403
    assert (await house.get("aigul", "kg-bedroom/still", at=rfc3339(house.begin_us + US))).status == 403
    await approved_request(house, "aigul", "beket", 4, 12)
    for name in ("aigul", "beket"):
        entries = await house.playlist(name, "kg-bedroom", house.begin_us, house.begin_us + 60 * US)
        assert [e.start_us - house.begin_us for e in entries] == [s * US for s in (4, 6, 8, 10)]
        for entry in entries:
            assert await house.bytes_of(name, entry)
    before = entries[0].range
    assert before is not None
    beyond = await house.get("aigul", entries[0].url, {"Range": f"bytes=0-{before[0]}"})
    assert (beyond.status, code(beyond.body)) == (403, "second-person")
    assert (await house.get("aigul", f"kg-bedroom/segments/{second.sidecar.segment}/h264/4-6.m4s")).status == 403
    assert (await house.get("aigul", "kg-bedroom/still", at=rfc3339(house.begin_us + 5 * US))).status == 200
    assert (await house.get("aigul", "kg-bedroom/still", at=rfc3339(house.begin_us + 3 * US))).status == 403
    assert (await house.get("third", path, **span(house))).status == 403


async def test_a_viewing_is_one_line_that_grows_and_two_audit_rows(house: Theatre) -> None:
    house.footage(seconds=40)
    entries = await house.playlist("aigul", "kg-hall", house.begin_us, house.begin_us + 60 * US)
    for entry in entries:
        await house.bytes_of("aigul", entry)
        await house.people.clock.advance(2)
    (line,) = register(house)
    assert (line.actor, line.camera, line.kind, line.code, line.case) == (
        "token:aigul",
        "kg-hall",
        "archive",
        "inspection",
        "2026-17",
    )
    assert (line.from_us, line.to_us) == (house_begin(house), house_begin(house) + 40 * US)
    assert 20 * US <= line.watched_us <= 40 * US
    (begun,) = audited(house, "viewing.begin")
    assert begun.details["camera"] == "kg-hall"
    assert len(audited(house, "purpose.open")) == 1
    await house.people.clock.advance(301)
    with house.gateway.catalogue.write(SYSTEM) as tx:
        assert viewings.close_ended(tx) == 1
    assert len(audited(house, "viewing.end")) == 1


def house_begin(house: Theatre) -> int:
    """When the footage began, whatever the clock says by now."""
    with house.gateway.catalogue.read() as tx:
        return int(tx.connection.exec_driver_sql("SELECT min(start_us) FROM segments").scalar_one())


async def test_the_purpose_that_a_session_has_open_is_enough_until_it_is_closed(house: Theatre) -> None:
    (only, *_) = house.footage(seconds=10)
    house.people.user("berik", ("auditor", "all"))
    with house.gateway.catalogue.write(SYSTEM) as tx:
        visitor = Visitor("127.0.0.1", "test")
        opened = begin(tx, UserId("berik"), visitor, house.gateway.settings.access, Stage.FULL, "test")
        own = replace(tx, actor=Actor("session", "berik"))
        stated = purposes.open_purpose(own, "incident", "случай 7", "")
        sessions.set_purpose(own, opened.row.id, stated.number)

    async def ask(path: str, query: dict[str, Any]) -> int:
        shown = {"Cookie": f"__Host-session={opened.secret}"}
        address = f"{house.address}api/v1/cameras/{path}"
        async with house.session.get(address, headers=shown, params=query) as answer:
            return answer.status

    for path, query in paths_of(house, only.sidecar.segment):
        assert await ask(path, query) == 200, path
    assert {(v.actor, v.session, v.code, v.case) for v in register(house)} == {
        ("session:berik", opened.row.id, "incident", "случай 7")
    }
    with house.gateway.catalogue.write(SYSTEM) as tx:
        purposes.close_purpose(tx, stated.number)
    for path, query in paths_of(house, only.sidecar.segment):
        assert await ask(path, query) == 403, path


async def test_footage_far_from_what_was_watched_is_a_line_of_its_own(house: Theatre) -> None:
    house.footage(seconds=10)
    house.footage(start_us=house.begin_us + 200 * US, seconds=10, run="later")
    entries = await house.playlist("aigul", "kg-hall", house.begin_us, house.begin_us + 300 * US)
    for entry in (entries[0], entries[-1]):
        await house.bytes_of("aigul", entry)
    spans = [(line.from_us, line.to_us) for line in register(house)]
    begin = house.begin_us
    assert spans == [(begin, begin + 10 * US), (begin + 200 * US, begin + 210 * US)]


async def test_what_cannot_be_noted_is_not_shown(house: Theatre) -> None:
    (only, *_) = house.footage(seconds=10)
    with house.gateway.catalogue.write(SYSTEM) as tx:
        tx.connection.exec_driver_sql("ALTER TABLE audit RENAME TO elsewhere")
    for path, query in paths_of(house, only.sidecar.segment):
        got = await house.get("aigul", path, **query)
        assert got.status >= 500, path
        assert only.data[2000:2100] not in got.body
        assert not got.body.startswith((b"#EXTM3U", b"\xff\xd8"))


async def test_live_needs_no_purpose_and_is_noted_once(house: Theatre) -> None:
    house.enrol("dana", ("viewer", "institution:kg-12"))
    for _ in range(3):
        got = await house.get("dana", "kg-hall/live.m3u8", purpose=False)
        assert (got.status, code(got.body)) == (404, "not-live")
    (line,) = register(house)
    assert (line.actor, line.kind, line.purpose) == ("token:dana", "live", None)
    assert len(audited(house, "viewing.begin")) == 1
    elsewhere = await house.get("dana", "school-yard/live.m3u8", purpose=False)
    assert (elsewhere.status, code(elsewhere.body)) == (404, "not-found")


async def test_a_timeline_tells_holds_and_incidents_only_to_who_may_list_them(house: Theatre) -> None:
    house.enrol("marat", ("it", "all"))
    house.footage(seconds=10)
    await house.people.do(
        Actor("token", "aigul"),
        "incident.report",
        institution="kg-12",
        cameras=["kg-hall"],
        at_us=house.begin_us + 5 * US,
        text="Упал ребёнок",
    )
    seen = {}
    for name in ("aigul", "marat"):
        got = await house.get(name, "kg-hall/timeline", purpose=False, **span(house))
        assert got.status == 200, got.text
        seen[name] = json.loads(got.body)
    assert [one["text"] for one in seen["aigul"]["incidents"]] == ["Упал ребёнок"]
    assert len(seen["aigul"]["holds"]) == 1
    assert (seen["marat"]["incidents"], seen["marat"]["holds"]) == ([], [])
