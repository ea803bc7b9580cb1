"""The wheel: both packages, `config/` as data inside, one console script; built offline from what is locked."""

from __future__ import annotations

import configparser
import shutil
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest
from support.tree import ROOT

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tree = tmp_path_factory.mktemp("wheel")
    for folder in ("camera_gateway", "storage", "config"):
        shutil.copytree(ROOT / folder, tree / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree / name)
    result = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tree / "dist"],
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    (built,) = (tree / "dist").glob("*.whl")
    return built


def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_configuration_travels_inside_the_wheel(wheel: Path) -> None:
    expected = {
        f"camera_gateway/_config/{path.relative_to(ROOT / 'config').as_posix()}"
        for path in (ROOT / "config").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert expected
    assert {name for name in names(wheel) if name.startswith("camera_gateway/_config/")} == expected


def test_only_our_two_packages_are_installed(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in names(wheel)}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"camera_gateway", "storage"}


def test_every_module_is_in_the_wheel(wheel: Path) -> None:
    for package in ("camera_gateway", "storage"):
        for path in (ROOT / package).rglob("*.py"):
            assert path.relative_to(ROOT).as_posix() in names(wheel)


def test_every_file_of_the_portal_is_in_the_wheel(wheel: Path) -> None:
    portal = ROOT / "camera_gateway" / "portal"
    files = {path.relative_to(ROOT).as_posix() for path in portal.rglob("*") if path.is_file()}
    assert len(files) > 10
    assert files <= names(wheel)


def test_the_console_script_starts_the_command_line(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (entry,) = (name for name in archive.namelist() if name.endswith("entry_points.txt"))
        points = configparser.ConfigParser()
        points.read_string(archive.read(entry).decode())
    assert dict(points["console_scripts"]) == {"camera-gateway": "camera_gateway.cli.main:main"}


def test_the_wheel_installs_and_answers_outside_the_tree(wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    result = subprocess.run(
        [sys.executable, "-P", "-m", "camera_gateway", "--help"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(target), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "footage" in result.stdout
