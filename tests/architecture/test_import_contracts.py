"""The import contracts hold, and each of them fails when it is broken.

Each contract of pyproject.toml is broken by one import in a copy of the tree, and exactly that one must say so.
A contract without a breaker here is a failure too, so a new contract cannot be one that never bites.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from support.tree import PACKAGES, ROOT, modules, pyproject

if TYPE_CHECKING:
    from pathlib import Path

# name of the contract -> imports, each of which breaks it and nothing else: (module, line)
BREAKERS: dict[str, tuple[tuple[str, str], ...]] = {
    "storage is about bytes and knows no camera": (("storage/errors.py", "import camera_gateway.errors"),),
    "camera_gateway points downwards": (
        ("camera_gateway/clock.py", "import camera_gateway.domain.ids"),
        ("camera_gateway/intake/__init__.py", "import camera_gateway.upload"),
    ),
    "storage has its own layers": (("storage/errors.py", "import storage.checksum"),),
    "domain, rtsp and what is marked pure do no I/O": (
        ("camera_gateway/domain/intervals.py", "import socket"),
        ("camera_gateway/rtsp/__init__.py", "import asyncio"),
        ("camera_gateway/ingest/segmenter.py", "import subprocess"),
        ("camera_gateway/upload/policy.py", "import storage.files"),
    ),
    "the recorder reaches no database, no cloud keys, no HTTP, no vendor decoder": (
        ("camera_gateway/ingest/__init__.py", "import camera_gateway.catalogue"),
    ),
    "one door per vendor: av in media": (("camera_gateway/catalogue/__init__.py", "import av"),),
    "one door per vendor: boto3 in storage.s3, s3_lock and multipart": (
        ("storage/memory.py", "import boto3"),
        ("camera_gateway/upload/__init__.py", "import botocore.exceptions"),
    ),
    "one door per vendor: cv2 in health.checks": (
        ("camera_gateway/catalogue/__init__.py", "import cv2"),
        ("camera_gateway/health/looking.py", "import cv2"),
    ),
    "one door per vendor: apscheduler in timetable": (
        ("camera_gateway/catalogue/__init__.py", "import apscheduler.triggers"),
    ),
    "one door per vendor: aiohttp in api": (("camera_gateway/catalogue/__init__.py", "from aiohttp import web"),),
    "one door per vendor: sqlalchemy in catalogue": (
        ("camera_gateway/discovery/__init__.py", "import sqlalchemy"),
        ("camera_gateway/discovery/__init__.py", "import alembic.config"),
    ),
    "one door per vendor: onveef in discovery.onvif": (
        ("camera_gateway/catalogue/__init__.py", "import onveef"),
        ("camera_gateway/discovery/soap.py", "from onveef import parsers"),
    ),
    "one door per vendor: argon2 and pyotp in access": (
        ("camera_gateway/actions/sessions.py", "import argon2"),
        ("camera_gateway/catalogue/__init__.py", "import pyotp"),
    ),
    "one door per vendor: segno in access and compliance": (
        ("camera_gateway/actions/second_factor.py", "import segno"),
    ),
    "one door per vendor: typst in compliance": (("camera_gateway/catalogue/__init__.py", "import typst"),),
    "one door per vendor: openpyxl in discovery and compliance": (
        ("camera_gateway/catalogue/__init__.py", "from openpyxl import Workbook"),
    ),
    "one door per vendor: apprise in health.delivering": (
        ("camera_gateway/actions/notices.py", "import apprise"),
        ("camera_gateway/health/message.py", "import apprise"),
    ),
}
CONTRACTS = {contract["name"]: contract for contract in pyproject()["tool"]["importlinter"]["contracts"]}

# who may import the vendor of a "one door" contract
DOORS = {
    "one door per vendor: av in media": {"media", "health", "evidence"},
    "one door per vendor: boto3 in storage.s3, s3_lock and multipart": {"s3", "s3_lock", "multipart"},
    "one door per vendor: cv2 in health.checks": {"health"},
    "one door per vendor: apscheduler in timetable": {"timetable"},
    "one door per vendor: aiohttp in api": {"api"},
    "one door per vendor: sqlalchemy in catalogue": {"catalogue"},
    "one door per vendor: onveef in discovery.onvif": {"discovery"},
    "one door per vendor: argon2 and pyotp in access": {"access"},
    "one door per vendor: segno in access and compliance": {"access", "compliance"},
    "one door per vendor: typst in compliance": {"compliance"},
    "one door per vendor: openpyxl in discovery and compliance": {"discovery", "compliance"},
    "one door per vendor: apprise in health.delivering": {"health"},
}
FOUNDATION = {"clock", "errors", "__main__"}  # import nothing of anybody; nothing to gain from listing them


def verdicts(tree: Path) -> dict[str, str]:
    """Run import-linter in `tree`; contract name -> KEPT or BROKEN."""
    result = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as main; main()", "--no-cache"],
        cwd=tree,
        env={**os.environ, "COLUMNS": "400", "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    found = dict(re.findall(r"^(.+?) (KEPT|BROKEN)\b", result.stdout, re.MULTILINE))
    assert set(found) == set(CONTRACTS), result.stdout + result.stderr
    assert (result.returncode == 0) == ("BROKEN" not in found.values())
    return found


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_contract_is_kept() -> None:
    broken = [name for name, verdict in verdicts(ROOT).items() if verdict == "BROKEN"]
    assert broken == []


def test_every_contract_has_a_breaker() -> None:
    assert set(BREAKERS) == set(CONTRACTS)


@pytest.mark.parametrize(
    ("contract", "module", "line"),
    [(name, module, line) for name, breakers in BREAKERS.items() for module, line in breakers],
)
def test_one_offending_import_breaks_its_contract_and_no_other(
    copy: Path, contract: str, module: str, line: str
) -> None:
    target = copy / module
    assert target.is_file(), f"{module} is gone: choose another place to break this contract"
    target.write_text(f"{target.read_text()}\n{line}\n")
    broken = [name for name, verdict in verdicts(copy).items() if verdict == "BROKEN"]
    assert broken == [contract]


def test_a_module_that_no_layer_names_is_refused(copy: Path) -> None:
    (copy / "camera_gateway" / "helpers.py").write_text('"""Nobody knows where it belongs."""\n')
    assert [name for name, verdict in verdicts(copy).items() if verdict == "BROKEN"] == [
        "camera_gateway points downwards"
    ]


def test_a_module_that_calls_itself_pure_is_held_to_it() -> None:
    watched = CONTRACTS["domain, rtsp and what is marked pure do no I/O"]["source_modules"]
    unwatched = []
    for path in modules():
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        says_pure = re.search(r"\bPure[.;:]", ast.get_docstring(ast.parse(path.read_text())) or "")
        if says_pure and not any(name == source or name.startswith(f"{source}.") for source in watched):
            unwatched.append(name)
    assert unwatched == [], "add them to source_modules of the purity contract"


@pytest.mark.parametrize("name", DOORS)
def test_a_vendor_contract_watches_everybody_but_its_door(name: str) -> None:
    watched = {source.removeprefix("camera_gateway.") for source in CONTRACTS[name]["source_modules"]}
    watched = {source.removeprefix("storage.") for source in watched}
    present = {
        path.stem
        for package in PACKAGES
        for path in (ROOT / package).iterdir()
        if (path.suffix == ".py" and path.stem != "__init__") or (path / "__init__.py").is_file()
    }
    whole = {
        module
        for package in PACKAGES
        if package in watched
        for module in present
        if (ROOT / package / module).is_dir() or (ROOT / package / f"{module}.py").is_file()
    }
    unwatched = present - watched - whole - DOORS[name] - FOUNDATION
    assert unwatched == set(), f"add them to source_modules of {name!r}"
