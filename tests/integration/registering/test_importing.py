"""Tables of cameras and institutions: tried whole, created whole by digest, and what a table can never do."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from fakecam.server import FakeCameras
from fakecam.settings import CameraSettings
from support.fault_camera import FaultCamera
from support.people import SHELL, installation_of_people

from camera_gateway.actions import import_cameras, importing
from camera_gateway.catalogue import identities, passports, registry
from camera_gateway.catalogue.import_runs import LIFE_US
from camera_gateway.clock import SystemClock
from camera_gateway.discovery.columns import read_entries
from camera_gateway.domain.camera import Institution, InstitutionKind, Site
from camera_gateway.domain.ids import CameraId, InstitutionId, SiteId
from camera_gateway.domain.people import SYSTEM, parse_scope
from camera_gateway.errors import InvalidInput, NotFound, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.people import People

    from camera_gateway.domain.people import Actor

SECRET = "canary=Пароль;7"


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    with installation_of_people(tmp_path) as found:
        found.gateway.catalogue._clock = SystemClock()  # devices answer in real time
        yield replace(found, gateway=replace(found.gateway, clock=SystemClock()))


@pytest.fixture(autouse=True)
def short_visits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_cameras, "PROBE_S", 0.7)


def table(*rows: str, head: str = "institution;id;name;zone;url;username;password;place;role;serial") -> str:
    return base64.b64encode("\r\n".join([head, *rows]).encode("utf-8-sig")).decode()


async def tried(people: People, *rows: str, actor: Actor = SHELL, **more: Any) -> Any:  # noqa: ANN401 - JSON
    head = {"head": more.pop("head")} if "head" in more else {}
    content = table(*rows, **head)
    return await people.do(actor, "camera.import", file="c.csv", content=content, dry_run=True, **more)


def codes(found: dict[str, Any], row: int) -> set[tuple[str | None, str]]:
    [one] = [each for each in found["rows"] if each["row"] == row]
    return {(fault["column"], fault["code"]) for fault in one["faults"]}


def cameras(people: People) -> set[str]:
    with people.gateway.catalogue.read() as tx:
        return {str(camera.id) for camera in registry.list_cameras(tx)}


def farm_of(clips: dict[str, Path], *paths: str, password: str = SECRET) -> FakeCameras:
    return FakeCameras(
        [CameraSettings(path, clips["h264"], auth="digest", user="operator", password=password) for path in paths]
    )


async def test_a_good_table_is_tried_and_then_created_whole_by_its_digest(
    people: People, clips: dict[str, Path]
) -> None:
    before = cameras(people)
    async with farm_of(clips, "/one", "/two") as farm:
        found = await tried(
            people,
            f'kg-12;one;Вход;entrance;{farm.url(0)};operator;"{SECRET}";1 этаж;face;SN-1',
            f'kg-12;two;Холл;hall;{farm.url(1)};operator;"{SECRET}";;;',
        )
    assert found["ok"]
    assert found["counts"] == {"rows": 2, "good": 2, "faults": 0}
    assert [(row["probe"]["video"]["codec"], row["probe"]["auth"]) for row in found["rows"]] == [
        ("h264", "digest-md5")
    ] * 2
    assert cameras(people) == before
    made = await people.do(SHELL, "camera.import", digest=found["digest"])
    assert made["created"] == ["one", "two"]
    assert cameras(people) == before | {"one", "two"}
    with people.gateway.catalogue.read() as tx:
        device = registry.current_device(tx, CameraId("one"))
        passport = passports.get_passport(tx, CameraId("one"))
        assert device is not None
        noted = identities.get_noted(tx, device.id)
    assert device.password_sealed is not None
    assert people.gateway.vault.open(device.password_sealed, camera=CameraId("one")) == SECRET
    assert (device.serial, passport.place, passport.role) == ("SN-1", "1 этаж", "face")
    assert noted is not None
    assert noted.identity.sps is not None
    actions = [row.action for row in people.audit()][-6:]
    assert actions[-1] == "camera.import"
    assert "camera.add" in actions


async def test_a_password_is_nowhere_but_sealed(people: People, clips: dict[str, Path], tmp_path: Path) -> None:
    async with farm_of(clips, "/one") as farm:
        found = await tried(people, f'kg-12;one;Вход;entrance;{farm.url(0)};operator;"{SECRET}";;;')
        bad = await tried(people, f'kg-12;one;Вход;nowhere;rtsp://u:{SECRET}@127.0.0.1/x;operator;"{SECRET}";;;')
    for told in (found, bad):
        assert SECRET not in json.dumps(told, ensure_ascii=False)
    kept = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}  # noqa: ASYNC240 - a few files
    assert [path for path, data in kept.items() if SECRET.encode() in data] == []
    await people.do(SHELL, "camera.import", digest=found["digest"])
    with people.gateway.catalogue.read() as tx:
        planned = tx.connection.exec_driver_sql("SELECT planned FROM import_runs WHERE planned IS NOT NULL").all()
    assert planned == [], "what was created, or never will be, is forgotten"


async def test_one_bad_row_keeps_the_good_ones_from_being_created(people: People, clips: dict[str, Path]) -> None:
    before = cameras(people)
    async with farm_of(clips, "/one") as farm:
        found = await tried(
            people,
            f'kg-12;one;Вход;entrance;{farm.url(0)};operator;"{SECRET}";;;',
            "kg-12;two;Холл;hall;rtsp://127.0.0.1:9/x;;;;;",
        )
    assert not found["ok"]
    assert codes(found, 2) == set()
    assert codes(found, 3) == {("url", "port-closed")}
    with pytest.raises(Refused, match="faults"):
        await people.do(SHELL, "camera.import", digest=found["digest"])
    assert cameras(people) == before


async def test_each_fault_names_its_row_and_column(people: People) -> None:
    found = await tried(
        people,
        "kg-12;kg-hall;Вход;entrance;rtsp://127.0.0.1/a;;;;;",
        "kg-12;BAD ID;Вход;nowhere;http://127.0.0.1/a;;pw;;king;",
        "nobody;;;hall;rtsp://127.0.0.1/b;;;;;",
        "school-7;x1;Camera kg-hall;hall;rtsp://192.168.10.5:554/stream?user=root&password=in-the-path;;;;;",
        "kg-12;x2;Camera kg-hall;hall;rtsp://127.0.0.1/c;;;;;",
        "kg-12;x3;Same;hall;rtsp://127.0.0.1/c;;;;;",
        probe=False,
    )
    assert codes(found, 2) == {("id", "exists")}
    assert codes(found, 3) == {
        ("id", "invalid-input"),
        ("name", "name-taken"),
        ("zone", "invalid-input"),
        ("url", "invalid-input"),
        ("username", "missing"),
        ("role", "invalid-input"),
    }
    assert codes(found, 4) == {("name", "missing"), ("institution", "not-found")}
    assert codes(found, 5) == {("url", "address-taken")}
    assert codes(found, 6) == {("name", "name-taken")}
    assert codes(found, 7) == {("url", "address-taken")}


async def test_words_that_are_too_long_are_a_fault_and_not_cut(people: People) -> None:
    found = await tried(people, f"kg-12;x1;Вход;entrance;rtsp://127.0.0.1/a;;;{'x' * 201};;SN\x1b[2J", probe=False)
    assert codes(found, 2) == {("place", "invalid-input"), ("serial", "invalid-input")}


async def test_a_camera_of_another_institution_is_not_named(people: People) -> None:
    address = "rtsp://192.168.10.5:554/stream?user=root&password=in-the-path"
    with people.gateway.catalogue.write(SYSTEM) as tx:
        owner = InstitutionId("third")
        registry.add_institution(tx, Institution(owner, "Third", InstitutionKind.SCHOOL, "", 1_000))
        registry.add_site(tx, Site(SiteId("third"), owner, "Third", "Asia/Almaty", ("127.0.0.0/8",), (), ()))
    found = await tried(people, f"third;x1;Вход;hall;{address};;;;;", probe=False)
    text = json.dumps(found["rows"][0]["faults"])
    assert "another institution" in text
    assert not any(name in text for name in ("kg-hall", "kg-bedroom", "school-yard"))


async def test_files_are_read_beside_the_event_loop_and_one_at_a_time(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    inside, let_go, begun = threading.Semaphore(1), threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def read(*given: Any) -> Any:  # noqa: ANN401 - passed on untouched
        assert inside.acquire(blocking=False), "two at a time"
        seen.append(threading.current_thread().name)
        loop.call_soon_threadsafe(begun.set)
        assert let_go.wait(10), "the loop waits for a file"
        inside.release()
        return read_entries(*given)

    monkeypatch.setattr(importing, "read_entries", read)
    row = "kg-12;x1;Вход;entrance;rtsp://127.0.0.1/x;;;;;"
    with ThreadPoolExecutor(4, "store") as threads:
        beside = replace(people, gateway=replace(people.gateway, store_threads=threads))
        async with asyncio.TaskGroup() as group:
            tries = [group.create_task(tried(beside, row, probe=False)) for _ in range(3)]
            await begun.wait()  # only a free event loop goes on here
            let_go.set()
    assert [name.partition("_")[0] for name in seen] == ["store"] * 3
    assert all(one.result()["ok"] for one in tries)


async def test_a_row_for_a_foreign_place_tells_nothing_of_what_is_there(people: People) -> None:
    away = people.user("away", ("it", "institution:school-7"))
    address = "rtsp://192.168.10.5:554/stream?user=root&password=in-the-path"
    found = await tried(
        people,
        f"kg-12;x1;Camera kg-hall;hall;{address};;;;;",
        "kg-12;kg-hall;New;hall;rtsp://127.0.0.1/a;;;;;",
        f";x2;New;hall;{address};;;;;",
        "kg-12;x1;Camera kg-hall;hall;rtsp://127.0.0.1/a;;;;;",
        actor=away,
        probe=False,
    )
    assert codes(found, 2) == codes(found, 3) == codes(found, 5) == {("institution", "not-found")}
    assert codes(found, 4) == {("institution", "missing")}


async def test_a_conflict_with_a_camera_that_the_asker_may_not_see_is_told_without_naming_it(people: People) -> None:
    address = "rtsp://192.168.10.5:554/stream?user=root&password=in-the-path"
    within = replace(people.user("near", ("it", "institution:kg-12")), within=parse_scope("zone:entrance"))
    rows = (f"kg-12;x1;Camera kg-hall;entrance;{address};;;;;",)
    for actor, named in ((within, False), (SHELL, True)):
        found = await tried(people, *rows, actor=actor, probe=False)
        assert codes(found, 2) == {("name", "name-taken"), ("url", "address-taken")}
        text = json.dumps(found["rows"][0]["faults"])
        assert ("camera kg-" in text) is named


async def test_a_confirmation_does_not_name_the_camera_that_took_an_address_meanwhile(people: People) -> None:
    address = "rtsp://127.0.0.1:554/secret-place"
    found = await tried(people, f"kg-12;x1;Вход;entrance;{address};;;;;", probe=False)
    words = {"institution": "school-7", "id": "foreign", "name": "F", "zone": "yard", "url": address, "probe": False}
    await people.do(SHELL, "camera.add", **words)
    with pytest.raises(InvalidInput, match="meanwhile") as caught:
        await people.do(SHELL, "camera.import", digest=found["digest"])
    assert "foreign" not in str(caught.value.message)


async def test_an_institution_for_a_foreign_region_tells_nothing_of_its_id(people: People) -> None:
    away = people.user("away", ("it", "region:Алматы"))
    content = table("school-7;New;Абай", head="id;name;region")
    found = await people.do(away, "institution.import", file="i.csv", content=content, dry_run=True)
    assert codes(found, 2) == {("region", "forbidden")}


async def test_a_camera_outside_the_allowed_networks_is_not_visited(people: People) -> None:
    found = await tried(people, "kg-12;x1;Вход;entrance;rtsp://169.254.169.254/x;;;;;")
    assert codes(found, 2) == {("url", "address-not-allowed")}


async def test_a_refused_account_is_tried_once_per_device(people: People, clips: dict[str, Path]) -> None:
    async with farm_of(clips, "/one", "/two", "/three") as farm:
        rows = [f"kg-12;c{n};Камера {n};hall;{farm.url(n)};operator;wrong;;;" for n in range(3)]
        found = await tried(people, *rows)
        assert farm.connections_seen == 1
    assert [codes(found, row) for row in (2, 3, 4)] == [{("password", "auth-wrong")}] * 3


async def test_visits_are_bounded_and_devices_in_parallel(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    now, most = 0, 0
    everybody = asyncio.Event()

    async def visit(_gateway: object, _row: object) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        if now == import_cameras.AT_ONCE:
            everybody.set()
        async with asyncio.timeout(5):
            await everybody.wait()
        now -= 1

    monkeypatch.setattr(import_cameras, "_visit", visit)
    told: list[tuple[int, int | None, str]] = []
    watched = replace(people, gateway=replace(people.gateway, progress=lambda *word: told.append(word)))
    rows = [f"kg-12;c{n};Камера {n};hall;rtsp://127.0.0.{n + 1}/x;;;;;" for n in range(40)]
    await tried(watched, *rows)
    assert most == import_cameras.AT_ONCE == 16
    assert told[-1] == (40, 40, "probe")


async def test_a_vendor_instead_of_a_url_finds_the_path(people: People, clips: dict[str, Path]) -> None:
    async with farm_of(clips, "/Streaming/Channels/201") as farm:
        head = "institution;name;zone;address;port;vendor;channel;username;password"
        found = await tried(
            people, f'kg-12;Вход;entrance;127.0.0.1;{farm.port};Hikvision;2;operator;"{SECRET}"', head=head
        )
        assert found["ok"], found["rows"]
        assert found["rows"][0]["url"] == farm.url(0)
        made = await people.do(SHELL, "camera.import", digest=found["digest"])
    assert made["created"] == ["vkhod"]


async def test_a_digest_is_confirmed_once_within_a_day_and_by_what_was_tried(people: People) -> None:
    row = "kg-12;x1;Вход;entrance;rtsp://127.0.0.1/x;;;;;"
    first = await tried(people, row, probe=False)
    second = await tried(people, row, probe=False)
    assert first["digest"] != second["digest"]
    with pytest.raises(NotFound):
        await people.do(SHELL, "camera.import", digest="0" * 64)
    with pytest.raises(NotFound):
        await people.do(SHELL, "institution.import", digest=first["digest"])
    await people.do(SHELL, "camera.import", digest=first["digest"])
    with pytest.raises(Refused, match="confirmed already"):
        await people.do(SHELL, "camera.import", digest=first["digest"])
    with pytest.raises(InvalidInput, match="exists already"):
        await people.do(SHELL, "camera.import", digest=second["digest"])


async def test_a_dry_run_of_yesterday_creates_nothing(tmp_path: Path) -> None:
    with installation_of_people(tmp_path) as people:
        found = await tried(people, "kg-12;x1;Вход;entrance;rtsp://127.0.0.1/x;;;;;", probe=False)
        await people.clock.advance(LIFE_US / 1_000_000 + 1)
        with pytest.raises(Refused, match="more than a day"):
            await people.do(SHELL, "camera.import", digest=found["digest"])
        assert "x1" not in cameras(people)


async def test_a_file_is_never_created_without_a_dry_run(people: People) -> None:
    content = table("kg-12;x1;Вход;entrance;rtsp://127.0.0.1/x;;;;;")
    with pytest.raises(InvalidInput, match="tried first"):
        await people.do(SHELL, "camera.import", file="c.csv", content=content)
    with pytest.raises(InvalidInput, match="neither a file nor"):
        await people.do(SHELL, "camera.import")


async def test_rights_are_asked_for_row_by_row_when_tried_and_when_created(people: People) -> None:
    mine = people.user("ali", ("it", "institution:kg-12"))
    rows = ("kg-12;x1;Вход;entrance;rtsp://127.0.0.1/x;;;;;", "school-7;x2;Вход;entrance;rtsp://127.0.0.1/y;;;;;")
    found = await tried(people, *rows, actor=mine, probe=False)
    assert (codes(found, 2), codes(found, 3)) == (set(), {("institution", "not-found")})
    whole = await tried(people, *rows, probe=False)
    with pytest.raises(Refused) as caught:
        await people.do(mine, "camera.import", digest=whole["digest"])
    assert caught.value.code == "forbidden"
    assert not cameras(people) & {"x1", "x2"}
    viewer = people.user("view", ("viewer", "all"))
    with pytest.raises(Refused):
        await tried(people, rows[0], actor=viewer, probe=False)


async def test_a_camera_that_sends_what_is_not_recorded_is_a_fault(people: People) -> None:
    async with FaultCamera("mjpeg") as camera:
        found = await tried(people, f"kg-12;x1;Вход;entrance;{camera.url};;;;;")
    assert codes(found, 2) == {(None, "codec-refused")}


async def test_institutions_are_tried_and_created_with_their_sites(people: People) -> None:
    text = (
        "Название\tИдентификатор\tВид\tРегион\tСети камер\tЧасовой пояс\r\n"
        "Школа № 9\t\tschool\tАбай\t10.9.0.0/16 10.10.0.0/16\tAsia/Almaty\r\n"
        "Садик\tkg-12\tkindergarten\t\t\t\r\n"
    )
    content = base64.b64encode(text.encode("cp1251")).decode()
    found = await people.do(SHELL, "institution.import", file="i.txt", content=content, dry_run=True)
    assert codes(found, 2) == set()
    assert codes(found, 3) == {("id", "exists")}
    content = base64.b64encode("\r\n".join(text.splitlines()[:2]).encode("cp1251")).decode()
    found = await people.do(SHELL, "institution.import", file="i.txt", content=content, dry_run=True)
    made = await people.do(SHELL, "institution.import", digest=found["digest"])
    [identity] = made["created"]
    shown = await people.do(SHELL, "institution.show", institution=identity)
    assert shown["sites"][0]["allowed_networks"] == ["10.9.0.0/16", "10.10.0.0/16"]


async def test_institutions_are_imported_only_where_one_may_register(people: People) -> None:
    regional = people.user("reg", ("it", "region:Абай"))
    text = "name;id;region\r\nOne;n-1;Абай\r\nTwo;n-2;Алматы\r\n"
    content = base64.b64encode(text.encode()).decode()
    found = await people.do(regional, "institution.import", file="i.csv", content=content, dry_run=True)
    assert codes(found, 2) == set()
    assert codes(found, 3) == {("region", "forbidden")}
