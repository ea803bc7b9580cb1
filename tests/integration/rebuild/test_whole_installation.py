"""An installation whose catalogue is gone comes back from its bucket as it was, and goes on sealing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from support.clips import WALL_US
from support.evidence_house import CAMERAS, KG, House, evidence_house, open_house

from camera_gateway.catalogue import policies, registry
from camera_gateway.catalogue import tombstones as tombstone_rows
from camera_gateway.catalogue.gaps import gaps_in_span
from camera_gateway.clock import US
from camera_gateway.domain.ids import CameraId
from camera_gateway.roles.rebuilding import rebuild

if TYPE_CHECKING:
    from pathlib import Path

HALL, YARD = CAMERAS
SPAN = (WALL_US, WALL_US + 6 * US)


async def known(house: House) -> dict[str, Any]:
    """Everything that the bucket is promised to give back, as people see it."""
    do, alia = house.people.do, house.alia
    span = {"from_us": SPAN[0], "to_us": SPAN[1]}
    read, store = house.books.read, house.people.gateway.store
    covered = [await do(alia, "footage.coverage", camera=camera, **span) for camera in CAMERAS]
    stones = [read(lambda tx, c=camera: tombstone_rows.in_span(tx, c, *SPAN)) for camera in CAMERAS]  # type: ignore[misc]
    return {
        "coverage": [{k: v for k, v in one.items() if k.endswith("_s") or k == "gaps"} for one in covered],
        "gaps": [read(lambda tx, c=camera: gaps_in_span(tx, CameraId(c), *SPAN)) for camera in CAMERAS],  # type: ignore[misc]
        "tombstones": [
            (stone.segment, stone.sha256, stone.policy, stone.confirmed_us) for each in stones for stone in each
        ],
        "institution": read(lambda tx: registry.get_institution(tx, KG)),
        "sites": read(registry.list_sites),
        "cameras": [
            (camera.id, camera.name, camera.zone, camera.schedule, camera.site, camera.created_us)
            for camera in read(registry.list_cameras)
        ],
        "rules": read(policies.rule_rows),
        "held": sorted(blob.key for blob in store.list("v1/") if store.head(blob.key).hold),
    }


async def test_names_zones_rules_coverage_gaps_tombstones_and_holds_are_as_before(tmp_path: Path) -> None:
    with evidence_house(tmp_path, more="[retention]\nfloor_days = 1\nmargin_days = 1\n") as house:
        house.record(HALL)
        house.gap(YARD, 0, 6)
        house.record(YARD, 2)
        rule = {"floor_days": 2, "ceiling_days": 9, "reason": "the law", "camera": YARD, "name": "law"}
        house.people.user("dana", ("administrator", "all"))
        _, second = house.people.token("dana")
        await house.people.do(house.alia, "retention.policy-set", **rule, second=second)
        await house.people.do(house.alia, "hold.place", cameras=[HALL], from_us=SPAN[0], to_us=SPAN[1], reason="x")
        await house.seal()
        house.clock.step_wall(4 * 86_400 * US)
        # a lone command, which has seen no jump of the clock
        alone = replace(house.people, gateway=replace(house.people.gateway, clocks=None))
        plan = await alone.do(house.alia, "retention.plan")
        _, second = house.people.token("dana", life_us=90 * 86_400 * US)
        swept = await alone.do(house.alia, "retention.sweep", digest=plan["digest"], confirm_brake=True, second=second)
        assert swept["deleted"]["confirmed"] == 1
        await house.seal()
        before, loaded, clock = await known(house), house.loaded, house.clock
        sealed = {blob.key for blob in house.people.gateway.store.list("v1/kg-12/seals/")}
    assert before["tombstones"]
    assert before["rules"]
    assert before["held"]
    for path in loaded.settings.site.data_dir.glob("catalogue.sqlite*"):
        path.unlink()
    found = rebuild(loaded, clock, lambda _stage, _done: None)
    assert (found["findings"], found["registered"], found["tombstones"]) == ([], 2, 1)
    with open_house(loaded, clock) as again:
        assert await known(again) == before
        assert {camera.state.value for camera in again.books.read(registry.list_cameras)} == {"paused"}
        # nothing is sealed twice; the days that come follow the last seal of before
        made = await again.people.do(again.alia, "seal.make")
        assert made["findings"] == []
        assert {blob.key for blob in again.people.gateway.store.list("v1/kg-12/seals/")} == sealed
        clock.step_wall(86_400 * US)
        made = await again.people.do(again.alia, "seal.make")
        assert (made["findings"], len(made["sealed"])) == ([], 1)
        checked = await again.people.do(again.alia, "seal.verify")
        assert checked["ok"], checked["failures"]
