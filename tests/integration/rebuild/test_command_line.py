"""`rebuild` and `drill` as a shell has them: with what is left of an installation whose catalogue is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.clips import fragmented, h264_clip
from support.command_line import Directory
from support.gateway_rig import Rig

from camera_gateway.clock import SystemClock
from storage.local import LocalStore

if TYPE_CHECKING:
    from pathlib import Path

    from camera_gateway.domain.footage import Sidecar

CLIP = fragmented(h264_clip(frames=25)).data


class Lost:
    """An installation with six stored segments and two on their way, whose catalogue was deleted."""

    def __init__(self, root: Path) -> None:
        self.shell = Directory(root, init=False, here=True)
        clock = SystemClock()
        with Rig(self.shell.data, LocalStore(root / "store", clock.now_us), clock, cameras=1) as rig:
            self.camera = rig.cameras[0]
            self.stored = [rig.seal(self.camera, n, CLIP + b"\0\0\0\x0cfree" + bytes([n] * 4)) for n in range(6)]
            rig.take()
            for sidecar in self.stored:
                rig.transfer().advance(sidecar.segment)
            self.identity = rig.catalogue.identity
            for sidecar in self.stored[:4]:
                rig.spool.path_of(self.camera, sidecar.segment, ".mp4").unlink()
                rig.spool.path_of(self.camera, sidecar.segment, ".json").unlink()
            self.coming = [rig.seal(self.camera, n, CLIP + b"\0\0\0\x0cfree" + bytes([n] * 4)) for n in (6, 7)]
        for path in self.shell.data.glob("catalogue.sqlite*"):
            path.unlink()

    def spooled(self) -> set[str]:
        return {path.stem for path in (self.shell.data / "spool" / self.camera).glob("*.mp4")}


def names(sidecars: list[Sidecar]) -> set[str]:
    return {sidecar.segment for sidecar in sidecars}


@pytest.fixture
def lost(tmp_path: Path) -> Lost:
    return Lost(tmp_path / "site")


def test_bucket_and_spool_together_are_the_installation_again(lost: Lost) -> None:
    found = lost.shell.json("rebuild")
    assert found["findings"] == []
    assert (found["segments"], found["catalogue"]) == (6, lost.identity)
    (camera,) = lost.shell.json("camera", "list")
    assert (camera["id"], camera["zone"]) == (lost.camera, "other")
    span = ["--from", "2025-01-01T00:00:00Z", "--to", "now"]
    rows = {row["id"]: row["state"] for row in lost.shell.json("footage", "list", lost.camera, *span)}
    assert {name for name, state in rows.items() if state == "released"} == names(lost.stored[:4])
    assert {name for name, state in rows.items() if state == "stored"} == names(lost.stored[4:])
    assert {name for name, state in rows.items() if state == "spooled"} == names(lost.coming)
    assert lost.spooled() == names([*lost.stored[4:], *lost.coming]), "no copy in the spool was given up"
    assert [row["action"] for row in lost.shell.json("audit", "list", "--action", "catalogue.rebuild")]


def test_what_is_rebuilt_stands_the_check_to_the_last_byte(lost: Lost) -> None:
    lost.shell.json("rebuild")
    assert lost.shell.json("check", "--depth", "hash")["findings"] == []


def test_a_second_rebuild_is_refused(lost: Lost) -> None:
    lost.shell.json("rebuild")
    lost.shell.json("rebuild", code=4)


def test_what_is_rebuilt_passes_a_drill_by_a_seed_that_is_audited(lost: Lost) -> None:
    lost.shell.json("rebuild")
    found = lost.shell.json("drill", "--sample", "4", "--seed", "night-1")
    assert (found["ok"], found["checked"], found["population"], found["seed"]) == (True, 4, 6, "night-1")
    assert lost.shell.json("drill", "--sample", "4", "--seed", "night-1")["chosen"] == found["chosen"]
    begun = lost.shell.json("audit", "list", "--action", "drill.begin")[0]
    assert begun["details"]["seed"] == "night-1"
    assert begun["details"]["population_sha256"] == found["population_sha256"]


def test_a_drill_that_finds_damage_ends_with_1_and_the_gap_shows(lost: Lost) -> None:
    lost.shell.json("rebuild")
    (victim,) = [path for path in (lost.shell.root / "store").rglob("*") if path.is_file() and is_of(path, lost)]
    data = bytearray(victim.read_bytes())
    data[-1] ^= 1
    victim.chmod(0o600)
    victim.write_bytes(data)
    found = lost.shell.json("drill", code=1)
    assert [(f["segment"], f["cause"], f["marked"]) for f in found["failures"]] == [
        (lost.stored[0].segment, "sha256", True)
    ]
    span = ["--from", "2025-01-01T00:00:00Z", "--to", "now"]
    gaps = lost.shell.json("footage", "coverage", lost.camera, *span)["gaps"]
    assert "integrity-failed" in [gap["cause"] for gap in gaps]


def is_of(path: Path, lost: Lost) -> bool:
    return path.read_bytes() == CLIP + b"\0\0\0\x0cfree" + bytes(4) and lost.stored[0].size_bytes == path.stat().st_size
