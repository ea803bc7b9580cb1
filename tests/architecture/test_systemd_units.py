"""The systemd units start commands that exist, as an ordinary user, with a state directory and without privileges."""

from __future__ import annotations

import configparser
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from support.tree import ROOT

if TYPE_CHECKING:
    from pathlib import Path

UNITS = sorted((ROOT / "config" / "systemd").glob("*.service"))
ROLES = {"camera-gateway": "run", "camera-gateway-record": "record", "camera-gateway-serve": "serve"}


def service(unit: Path) -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # systemd's keys have capitals
    parser.read(unit)
    return parser["Service"]


def test_there_is_a_unit_for_each_way_to_run() -> None:
    assert {unit.stem for unit in UNITS} == set(ROLES)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_starts_its_role_without_privileges(unit: Path) -> None:
    section = service(unit)
    assert section["ExecStart"].split()[-1] == ROLES[unit.stem]
    assert section["User"] != "root"
    assert section["NoNewPrivileges"] == "yes"
    assert section["CapabilityBoundingSet"] == ""
    assert section["ProtectSystem"] == "strict"
    assert f"=/var/lib/{section['StateDirectory']}" in section["Environment"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_understands_every_line(unit: Path, tmp_path: Path) -> None:
    text = unit.read_text().replace("/opt/camera-gateway/bin/camera-gateway", "/bin/true")
    (tmp_path / unit.name).write_text(text)
    result = subprocess.run(
        ["systemd-analyze", "verify", tmp_path / unit.name], capture_output=True, text=True, check=False
    )
    complaints = [line for line in result.stderr.splitlines() if unit.name in line]
    assert complaints == []
