"""Export out of a real S3 store: cameras of two sites, sealed, fetched once, checked with and without our software."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

from support.catalogue_rows import camera_value, device_value
from support.clips import WALL_US
from support.evidence_house import CAMERAS, KG, evidence_house, on_server
from support.seaweed import Seaweed

from camera_gateway.catalogue import registry
from camera_gateway.clock import US
from camera_gateway.domain.camera import Site, Zone
from camera_gateway.domain.ids import CameraId, SiteId
from camera_gateway.domain.people import SYSTEM
from camera_gateway.evidence import verifier

if TYPE_CHECKING:
    from pathlib import Path

    from support.evidence_house import House

ANNEX = CameraId("kg-annex")


def add_annex(house: House) -> None:
    """Build another house of the kindergarten, with a camera of its own."""
    camera = replace(
        camera_value(ANNEX), institution=KG, site=SiteId("annex"), zone=Zone.HALL, created_us=WALL_US - 3_600 * US
    )
    with house.people.gateway.catalogue.write(SYSTEM) as tx:
        registry.add_site(tx, Site(SiteId("annex"), KG, "Флигель", "Asia/Almaty", ("127.0.0.0/8",), (), ()))
        registry.add_camera(tx, camera, device_value(ANNEX))


def assert_sound_by_shell(package: Path) -> None:
    done = subprocess.run(["sh", "verify.sh", "."], cwd=package, capture_output=True, text=True, check=False)
    assert (done.returncode, "FAIL" in done.stdout) == (0, False), done.stdout


async def test_cameras_of_two_sites_come_out_of_a_real_store_in_one_package(tmp_path: Path) -> None:
    with Seaweed(tmp_path / "weed") as server:
        settings = on_server(server, tmp_path / "site", "two-sites", "none")
        with evidence_house(tmp_path / "site", settings) as house:
            add_annex(house)
            sealed = [house.record(camera) for camera in (CAMERAS[0], ANNEX)]
            await house.seal()
            for segments in sealed:
                for sidecar in segments:  # nothing but the store has them
                    house.people.gateway.spool.path_of(sidecar.camera, sidecar.segment, ".mp4").unlink()
            request = await house.ask(cameras=[CAMERAS[0], ANNEX])
            report = await house.export(request, tmp_path / "d")
            zipped = await house.export(request, tmp_path / "p.zip")
    assert (report["findings"], report["segments"], report["unsealed_days"]) == ([], 6, [])
    assert zipped["findings"] == []
    for package in (tmp_path / "d", tmp_path / "p.zip"):
        found = verifier.verify(package)
        assert (found.failures, found.counts["segments"], found.counts["seals"]) == ([], 6, 2)
    assert {path.name for path in (tmp_path / "d").iterdir() if path.is_dir()} == {"annex", KG}
    for camera in (CAMERAS[0], ANNEX):
        assert (tmp_path / "d" / f"DERIVATIVE.{camera}.mp4").stat().st_size > 0
    assert_sound_by_shell(tmp_path / "d")
    victim = next((tmp_path / "d" / "annex").glob("1*.mp4"))
    victim.write_bytes(victim.read_bytes()[:-1])
    assert [name for name, _ in verifier.verify(tmp_path / "d").failures] == [f"annex/{victim.name}"]
