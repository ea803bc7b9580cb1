"""Changing what is registered: only what was given changes, the plan is rung for only when something did."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr
from support.gateway_rig import INSTITUTION, MINUTE_US, START_US, Rig

from camera_gateway.access.door import Door
from camera_gateway.actions.changing import (
    ChangeCamera,
    ChangeInstitution,
    ReplaceDevice,
    change_camera,
    change_institution,
    replace_device,
)
from camera_gateway.actions.footage import Span, coverage_
from camera_gateway.actions.gateway import Gateway
from camera_gateway.actions.planning import make_plan
from camera_gateway.catalogue import registry
from camera_gateway.clock import rfc3339
from camera_gateway.domain.people import Actor
from camera_gateway.errors import InvalidInput
from camera_gateway.settings.schema import Settings
from camera_gateway.settings.vault import Vault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from camera_gateway.domain.camera import Device
    from camera_gateway.domain.plan import Plan

ALIA = Actor("shell", "alia")


class Scene:
    def __init__(self, rig: Rig, key_file: Path, threads: tuple[ThreadPoolExecutor, ThreadPoolExecutor]) -> None:
        self.rig, self.rings = rig, 0
        self.camera, self.other = rig.cameras
        self.gateway = Gateway(
            settings=Settings(),
            config_file=None,
            data_dir=rig.data_dir,
            clock=rig.clock,
            catalogue=rig.catalogue,
            vault=Vault.load(key_file),
            spool=rig.spool,
            store=rig.store,
            catalogue_thread=threads[0],
            store_threads=threads[1],
            door=Door.build(Vault.load(key_file), rig.clock),
            registry_changed=self.ring,
        )

    def ring(self) -> None:
        self.rings += 1

    def device(self) -> Device:
        found = self.rig.books.read(lambda tx: registry.current_device(tx, self.camera))
        assert found is not None
        return found

    def plan(self) -> Plan:
        return self.rig.books.read(lambda tx: make_plan(tx, self.gateway.settings, "owner"))


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    (tmp_path / "keys").mkdir(mode=0o700)
    key_file = tmp_path / "keys" / "credentials.key"
    Vault.create(key_file)
    with Rig(tmp_path) as rig, ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as other:
        yield Scene(rig, key_file, (one, other))


async def test_the_plan_is_rung_for_when_something_changed_and_only_that_camera_differs(scene: Scene) -> None:
    before = scene.plan()
    args = ChangeCamera(camera=scene.camera, schedule=("daily 22:00-06:00",), name="Ворота")
    assert set((await change_camera(scene.gateway, ALIA, args))["changed"]) == {"name", "schedule"}
    assert scene.rings == 1
    assert (await change_camera(scene.gateway, ALIA, args))["changed"] == {}
    assert scene.rings == 1
    after = scene.plan()
    assert after.generation == before.generation + 1
    assert after.cameras[1] == before.cameras[1]
    assert after.cameras[0] == replace(before.cameras[0], schedule=("daily 22:00-06:00",))


async def test_each_part_of_an_account_changes_alone(scene: Scene) -> None:
    def given(**words: str) -> ChangeCamera:
        return ChangeCamera.model_validate({"camera": scene.camera, "probe": False, **words})

    with pytest.raises(InvalidInput, match="without a user name"):
        await change_camera(scene.gateway, ALIA, given(password="first"))
    await change_camera(scene.gateway, ALIA, given(username="op", password="first"))
    sealed = scene.device().password_sealed
    assert sealed is not None
    await change_camera(scene.gateway, ALIA, given(username="viewer"))
    assert (scene.device().username, scene.device().password_sealed) == ("viewer", sealed)
    await change_camera(scene.gateway, ALIA, given(url="rtsp://127.0.0.1/2"))
    assert (scene.device().username, str(scene.device().address)) == ("viewer", "rtsp://127.0.0.1:554/2")
    await change_camera(scene.gateway, ALIA, given(password="second"))
    device = scene.device()
    assert scene.gateway.vault.open(device.password_sealed or "", camera=scene.camera) == "second"
    assert (device.id, device.from_us) == ("dev-cam-01", START_US)


async def test_a_password_sealed_with_a_lost_key_is_simply_given_anew(scene: Scene, tmp_path: Path) -> None:
    first = ChangeCamera(camera=scene.camera, username="op", password=SecretStr("x"), probe=False)
    await change_camera(scene.gateway, ALIA, first)
    Vault.create(tmp_path / "other.key")
    object.__setattr__(scene.gateway, "vault", Vault.load(tmp_path / "other.key"))
    made = await change_camera(scene.gateway, ALIA, first)
    assert made["changed"] == {"password": "changed"}
    assert scene.gateway.vault.open(scene.device().password_sealed or "", camera=scene.camera) == "x"


async def test_a_replacement_takes_over_now_and_footage_stays_with_the_place(scene: Scene) -> None:
    scene.rig.seal(scene.camera, 0)
    scene.rig.take()
    span = Span(camera=scene.camera, from_us=START_US, to_us=START_US + MINUTE_US)
    before = (await coverage_(scene.gateway, ALIA, span))["recorded_s"]
    await replace_device(
        scene.gateway, ALIA, ReplaceDevice(camera=scene.camera, url="rtsp://10.0.0.7/new", probe=False)
    )
    assert (scene.device().id, scene.device().from_us) == ("cam-01-2", scene.rig.clock.now_us())
    assert scene.rings == 1
    assert (await coverage_(scene.gateway, ALIA, span))["recorded_s"] == before == 60


async def test_a_changed_schedule_leaves_what_was_recorded_and_what_was_required(scene: Scene) -> None:
    scene.rig.seal(scene.camera, 0)
    scene.rig.put_gap(scene.camera, "gap-1", START_US + MINUTE_US, START_US + 60 * MINUTE_US)
    scene.rig.take()
    span = Span(camera=scene.camera, from_us=START_US, to_us=START_US + 60 * MINUTE_US)
    before = await coverage_(scene.gateway, ALIA, span)
    args = ChangeCamera(camera=scene.camera, schedule=("mon 00:00-00:01",))
    await change_camera(scene.gateway, ALIA, args)
    assert await coverage_(scene.gateway, ALIA, span) == before
    assert before["expected_s"] == 3600


async def test_a_site_with_a_name_of_its_own_keeps_it_and_nothing_given_is_refused(scene: Scene) -> None:
    before = scene.plan().generation
    made = await change_institution(scene.gateway, ALIA, ChangeInstitution(institution=INSTITUTION, name="Ясли"))
    assert {site["id"]: site["name"] for site in made["sites"]} == {"kg-12": "kg-12", "kg-12-annex": "kg-12-annex"}
    assert (scene.rings, scene.plan().generation) == (1, before + 1)
    await change_institution(scene.gateway, ALIA, ChangeInstitution(institution=INSTITUTION, name="Ясли"))
    assert (scene.rings, scene.plan().generation) == (1, before + 1)
    for empty in (ChangeInstitution(institution=INSTITUTION), ChangeInstitution(institution=INSTITUTION, name=None)):
        with pytest.raises(InvalidInput, match="nothing was given"):
            await change_institution(scene.gateway, ALIA, empty)
    with pytest.raises(InvalidInput, match="no network"):
        await change_institution(scene.gateway, ALIA, ChangeInstitution(institution=INSTITUTION, allowed_networks=()))


async def test_what_waits_arrives_when_the_measured_uplink_has_carried_it(scene: Scene) -> None:
    scene.rig.seal(scene.camera, 0, bytes(1_000_000))
    scene.rig.take()
    span = Span(camera=scene.camera, from_us=START_US, to_us=START_US + MINUTE_US)
    object.__setattr__(scene.gateway, "uplink_bps", lambda: 80_000)
    found = await coverage_(scene.gateway, ALIA, span)
    assert found["not_yet_stored"]["eta"] == rfc3339(scene.rig.clock.now_us() + 100_000_000)
