"""A package over HTTP is the package of the command: whole, signed, verified; or cut off, and told."""

from __future__ import annotations

import asyncio
import gc
import threading
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientPayloadError
from support.api_rig import serving_people
from support.evidence_house import ASKING, evidence_house

from camera_gateway.api import packages
from camera_gateway.clock import US
from camera_gateway.domain.ids import CameraId
from camera_gateway.errors import Unavailable
from camera_gateway.evidence import verifier
from camera_gateway.roles.closing import close_what_has_ended

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from support.api_rig import Api
    from support.evidence_house import House

HALL = CameraId("kg-hall")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with evidence_house(tmp_path) as made:
        yield made


@pytest.fixture
async def api(house: House) -> AsyncIterator[Api]:
    async with serving_people(house.people) as made:
        for name in ("alia", "berik"):
            made.tokens[name] = house.people.token(name, life_us=30 * 86_400 * US)[1]
        yield made


def actions(house: House) -> list[str]:
    return [row.action for row in house.people.audit() if row.action.startswith("evidence.")]


async def test_a_package_comes_whole_verifies_and_leaves_no_copy(house: House, api: Api, tmp_path: Path) -> None:
    sealed = house.record(HALL)
    await house.seal()
    request = await house.ask()
    answer = await api.ask("GET", f"evidence/packages/{request}", "alia")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="package-1.zip"'
    assert answer.headers["Cache-Control"] == "no-store, private"
    assert "ETag" not in answer.headers
    target = tmp_path / "p.zip"
    target.write_bytes(answer.body)
    found = verifier.verify(target)
    assert found.failures == []
    assert found.counts["segments"] == len(sealed)
    assert actions(house)[-2:] == ["evidence.export", "evidence.exported"]
    work = house.people.gateway.data_dir / packages.WORK_DIRECTORY
    assert list(work.iterdir()) == []
    again = await api.ask("GET", "evidence/packages/package-1", "berik")
    assert again.headers["X-Package"] == "package-2"
    shown = await api.ask("GET", f"evidence/requests/{request}", "alia")
    assert [row["exported_by"] for row in shown.json["packages"]] == ["token:alia", "token:berik"]
    assert all(row["export_sha256"] for row in shown.json["packages"])


async def test_each_package_is_a_line_of_the_register_for_each_camera_that_it_shows(house: House, api: Api) -> None:
    house.record(HALL)
    request = await house.ask()
    for user in ("alia", "berik", "berik"):
        assert (await api.ask("GET", f"evidence/packages/{request}", user)).status == 200
    shown = (await api.ask("GET", f"evidence/requests/{request}", "alia")).json
    rows = (await api.ask("GET", "audit/viewings", "alia")).json["items"]
    assert [row["actor"] for row in rows] == ["token:berik", "token:berik", "token:alia"], "the newest first"
    for row in rows:
        assert (row["action"], row["camera"], row["watched_s"]) == ("export", HALL, 0)
        assert (row["from"], row["to"]) == (shown["from"], shown["to"])
        assert (row["purpose"], row["case"], row["address"]) == ("request", ASKING["case"], "127.0.0.1")
    begun = [row for row in house.people.audit() if row.action == "viewing.begin"]
    assert [row.details["kind"] for row in begun] == ["export"] * 3
    await close_what_has_ended(house.people.gateway)
    assert house.people.last().action != "viewing.end"


async def test_where_nothing_exists_the_package_is_its_certificate(house: House, api: Api, tmp_path: Path) -> None:
    request = await house.ask()
    answer = await api.ask("GET", f"evidence/packages/{request}", "alia")
    target = tmp_path / "p.zip"
    target.write_bytes(answer.body)
    with zipfile.ZipFile(target) as archive:
        assert not any(name.endswith(".mp4") for name in archive.namelist())
        assert b"no recording exists" in archive.read("EXPORT.txt")
    assert (await api.ask("GET", "audit/viewings", "alia")).json["items"] == [], "no footage has left"


async def test_what_nobody_has_approved_or_what_is_not_there_is_no_package(house: House, api: Api) -> None:
    house.record(HALL)
    span = {"from": "2023-11-14T20:00:00Z", "to": "2023-11-14T21:00:00Z"}
    asked = {"cameras": [HALL], **span, "requester": "a", "body": "b", "legal_ground": "c", "case": "d"}
    made = await api.ask("POST", "evidence/requests", "alia", asked)
    assert made.status == 201
    answer = await api.ask("GET", f"evidence/packages/{made.json['request']['id']}", "alia")
    assert (answer.status, answer.code) == (409, "not-approved")
    for none in ("request-9", "package-9", "nonsense"):
        assert (await api.ask("GET", f"evidence/packages/{none}", "alia")).status in {400, 404}
    own = await api.ask("POST", f"evidence/requests/{made.json['request']['id']}/approve", "alia")
    assert (own.status, own.code) == (403, "second-person")
    head = await api.ask("HEAD", f"evidence/packages/{made.json['request']['id']}", "alia")
    assert head.status == 405, "a look must not begin an export"


async def test_a_reader_who_goes_ends_the_writing_and_is_written_down(
    house: House, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.record(HALL)
    request = await house.ask()
    gate, original = threading.Event(), packages._Writing.files

    def held(self: Any) -> Any:  # noqa: ANN401 - as the original
        assert gate.wait(20)
        return original(self)

    monkeypatch.setattr(packages._Writing, "files", held)
    monkeypatch.setattr(packages, "CHUNK_BYTES", 1_000)
    headers = {"Authorization": f"Bearer {api.tokens['alia']}"}
    async with api.session.get(f"{api.address}api/v1/evidence/packages/{request}", headers=headers) as answer:
        assert answer.status == 200
        assert answer.connection is not None
        assert answer.connection.transport is not None
        answer.connection.transport.abort()
    await asyncio.sleep(0)
    gate.set()
    await until(lambda: api.exports.running == 0 and actions(house)[-1] == "evidence.export-broken")
    row = house.people.last()
    assert row.details["package"] == "package-1"
    assert row.details["reason"] == "the other side has gone"
    monkeypatch.setattr(packages._Writing, "files", original)
    gc.collect()  # a zip that nobody closed would write its end now, to nobody
    assert (await api.ask("GET", f"evidence/packages/{request}", "alia")).status == 200


async def test_half_a_package_is_never_taken_for_a_whole_one(
    house: House, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.record(HALL)
    request = await house.ask()

    def away(_self: object) -> None:
        raise Unavailable("the store cannot be read")

    monkeypatch.setattr(packages._Writing, "files", away)
    with pytest.raises((ClientPayloadError, ConnectionError)):
        await api.ask("GET", f"evidence/packages/{request}", "alia")
    await until(lambda: api.exports.running == 0)
    assert house.people.last().action == "evidence.export-broken"
    assert "store cannot be read" in house.people.last().details["reason"]


async def test_only_so_many_are_written_at_once(house: House, api: Api) -> None:
    request = await house.ask()
    api.exports.running = packages.AT_ONCE
    answer = await api.ask("GET", f"evidence/packages/{request}", "alia")
    assert (answer.status, answer.code) == (503, "busy")
    assert "Retry-After" in answer.headers


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what is awaited happens on a thread of the service
            await asyncio.sleep(0.01)
