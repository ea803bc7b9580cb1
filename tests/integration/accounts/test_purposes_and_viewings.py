"""Why somebody looks, and the register of who looked at what, when, for how long (invariant S3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.people import SHELL

from camera_gateway.catalogue import viewings
from camera_gateway.catalogue.viewings import note_viewing
from camera_gateway.clock import US
from camera_gateway.domain.people import SYSTEM, Actor
from camera_gateway.roles.closing import close_what_has_ended

if TYPE_CHECKING:
    from support.accounts import House

ALIA = Actor("session", "alia")
T = 1_690_000_000 * US
MINUTE = 60 * US


def look(
    house: House, camera: str, from_us: int, to_us: int, *, purpose: int | None = None, kind: str = "archive"
) -> int:
    with house.gateway.catalogue.write(ALIA) as tx:
        return note_viewing(tx, camera, kind, span_us=(from_us, to_us), purpose=purpose, address="10.0.0.5")


async def test_a_purpose_is_asked_for_once_and_ends_with_its_session(house: House) -> None:
    alia = await house.member("alia", ("auditor", "all"))
    assert (await alia.ask("GET", "me")).json["purpose"] is None
    opened = await alia.ask("POST", "me/purpose", {"code": "complaint", "case": " Дело  12 ", "text": "шум ночью"})
    assert (opened.json["code"], opened.json["case"], opened.json["text"]) == ("complaint", "Дело 12", "шум ночью")
    assert (await alia.ask("GET", "me")).json["purpose"] == opened.json
    other = await alia.ask("POST", "me/purpose", {"code": "safety"})
    assert [about for _, about, _ in house.told("purpose.close")] == [f"purpose:{opened.json['number']}"]
    assert (await alia.ask("DELETE", "me/purpose")).status == 204
    assert (await alia.ask("DELETE", "me/purpose")).status == 204
    assert (await alia.ask("GET", "me")).json["purpose"] is None
    await alia.ask("POST", "me/purpose", {"code": "incident", "case": "7"})
    await alia.ask("DELETE", "session")
    assert [about for _, about, _ in house.told("purpose.close")][1:] == [
        f"purpose:{other.json['number']}",
        f"purpose:{other.json['number'] + 1}",
    ]


async def test_a_purpose_goes_on_when_the_session_gets_a_new_secret(house: House) -> None:
    alia = await house.member("alia", ("auditor", "all"))
    opened = (await alia.ask("POST", "me/purpose", {"code": "incident", "case": "7"})).json
    await house.later(30)
    begun = await alia.ask("POST", "me/totp", {"code": alia.code()})
    alia.totp = begun.json["secret"]
    assert (await alia.ask("POST", "me/totp/confirm", {"code": alia.code()})).status == 200
    assert (await alia.ask("GET", "me")).json["purpose"] == opened


async def test_what_states_no_purpose_opens_none(house: House) -> None:
    alia = await house.member("alia", ("auditor", "all"))
    for body in ({"code": "curiosity", "case": "1"}, {"code": "incident"}, {"code": "incident", "case": "  "}, {}):
        assert (await alia.ask("POST", "me/purpose", body)).status == 400, body
    kinds = (await alia.ask("GET", "purposes")).json["items"]
    assert {kind["code"]: kind["needs_case"] for kind in kinds}["incident"]
    assert all(kind["names"]["kk"] for kind in kinds)


async def test_a_viewing_is_one_line_while_somebody_goes_on_watching(house: House) -> None:
    house.people.user("alia", ("auditor", "all"))
    first = look(house, "kg-hall", T, T + MINUTE)
    for number in range(1, 10):
        await house.later(10)
        assert look(house, "kg-hall", T + number * MINUTE, T + (number + 1) * MINUTE) == first
    (row,) = await house.do(SHELL, "audit.viewings")
    assert (row["camera"], row["action"], row["institution"], row["zone"]) == ("kg-hall", "archive", "kg-12", "hall")
    assert (row["from"], row["to"]) == ("2023-07-22T04:26:40Z", "2023-07-22T04:36:40Z")
    assert (row["watched_s"], row["name"], row["address"]) == (90, "Alia", "10.0.0.5")
    assert len(house.told("viewing.begin")) == 1, "one audit row where it begins"
    await house.later(301)
    await close_what_has_ended(house.gateway)
    ((actor, about, details),) = house.told("viewing.end")
    assert (actor, about) == ("system:gateway", f"viewing:{first}")
    assert (details["who"], details["watched_s"]) == ("session:alia", 90)
    assert details["footage"] == "2023-07-22T04:26:40Z/2023-07-22T04:36:40Z"
    assert look(house, "kg-hall", T, T + MINUTE) != first


async def test_another_camera_time_purpose_or_pause_is_another_line(house: House) -> None:
    house.people.user("alia", ("auditor", "all"))
    with house.gateway.catalogue.write(ALIA) as tx:
        from camera_gateway.catalogue.purposes import open_purpose  # noqa: PLC0415 - of this one place

        purpose = open_purpose(tx, "incident", "7", "").number
    numbers = [
        look(house, "kg-hall", T, T + MINUTE),
        look(house, "school-yard", T, T + MINUTE),
        look(house, "kg-hall", T + 10 * MINUTE, T + 11 * MINUTE),
        look(house, "kg-hall", T, T + MINUTE, purpose=purpose),
        look(house, "kg-hall", T, T + MINUTE, kind="still"),
    ]
    assert len(set(numbers)) == 5
    assert look(house, "kg-hall", T + MINUTE, T + 2 * MINUTE) == numbers[0]
    await house.later(120)
    look(house, "kg-hall", T, T + MINUTE)
    rows = {row["number"]: row for row in await house.do(SHELL, "audit.viewings")}
    assert rows[numbers[0]]["watched_s"] == 0, "a pause of two minutes is no watching"
    assert (rows[numbers[3]]["purpose"], rows[numbers[3]]["case"]) == ("incident", "7")


async def test_the_register_is_shown_to_who_answers_for_the_camera_page_by_page(house: House) -> None:
    house.people.user("alia", ("auditor", "all"))
    for number in range(5):
        look(house, "kg-hall", T + number * 10 * MINUTE, T + (number * 10 + 1) * MINUTE)
    look(house, "school-yard", T, T + MINUTE)
    alia = await house.sign_up("alia")
    local = await house.member("local", ("auditor", "institution:kg-12"))
    page = (await alia.ask("GET", "audit/viewings?limit=4")).json
    assert [row["number"] for row in page["items"]] == [6, 5, 4, 3]
    rest = (await alia.ask("GET", f"audit/viewings?limit=4&cursor={page['next']}")).json
    assert ([row["number"] for row in rest["items"]], rest["next"]) == ([2, 1], None)
    assert {row["camera"] for row in (await local.ask("GET", "audit/viewings")).json["items"]} == {"kg-hall"}
    assert (await alia.ask("GET", "audit/viewings?user=nobody")).json["items"] == []
    assert len((await alia.ask("GET", "audit/viewings?user=alia&camera=school-yard")).json["items"]) == 1
    technician = await house.member("technician", ("it", "all"))
    assert (await technician.ask("GET", "audit/viewings")).status == 403


async def test_a_page_of_the_register_is_full_whatever_was_watched_elsewhere(house: House) -> None:
    house.people.user("alia", ("auditor", "all"))
    mine = [look(house, "kg-hall", T + number * 10 * MINUTE, T + (number * 10 + 1) * MINUTE) for number in range(3)]
    for number in range(5):
        look(house, "school-yard", T + number * 10 * MINUTE, T + (number * 10 + 1) * MINUTE)
    look(house, "kg-bedroom", T, T + MINUTE)
    local = await house.member("local", ("auditor", "institution:kg-12"), ("viewer", "all"))
    hall = await house.member("hall", ("auditor", "zone:hall"))
    page = (await hall.ask("GET", "audit/viewings?limit=2")).json
    assert [row["number"] for row in page["items"]] == mine[:0:-1]
    rest = (await hall.ask("GET", f"audit/viewings?limit=2&cursor={page['next']}")).json
    assert ([row["number"] for row in rest["items"]], rest["next"]) == (mine[:1], None)
    assert [row["camera"] for row in (await local.ask("GET", "audit/viewings?limit=2")).json["items"]] == [
        "kg-bedroom",
        "kg-hall",
    ]
    assert (await local.ask("GET", "audit/viewings?camera=school-yard")).json["items"] == []
    nowhere = await house.member("nowhere", ("auditor", "zone:gym"))
    assert (await nowhere.ask("GET", "audit/viewings")).json == {"items": [], "next": None}


async def test_live_has_no_span_and_no_end_but_the_last_look(house: House) -> None:
    house.people.user("alia", ("viewer", "all"))
    for _ in range(3):
        with house.gateway.catalogue.write(ALIA) as tx:
            note_viewing(tx, "kg-hall", "live", address="10.0.0.5")
        await house.later(20)
    (row,) = await house.do(SHELL, "audit.viewings")
    assert (row["from"], row["to"], row["action"], row["watched_s"]) == (None, None, "live", 40)
    with house.gateway.catalogue.write(SYSTEM) as tx:
        assert not viewings.any_ended(tx)
