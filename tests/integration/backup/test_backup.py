"""A backup at the command line: made beside a running service, verified, damaged, and put back."""

from __future__ import annotations

import json
import stat
import subprocess
from typing import TYPE_CHECKING

import pytest
from support.command_line import Directory

from camera_gateway.catalogue.opening import Catalogue
from camera_gateway.catalogue.registry import list_institutions
from camera_gateway.clock import SystemClock

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def shell(tmp_path: Path) -> Directory:
    made = Directory(tmp_path / "site", here=True)
    made.add_institution()
    return made


def unpack(file: Path, where: Path) -> Path:
    where.mkdir()
    subprocess.run(["tar", "-xf", str(file), "-C", str(where)], check=True)
    return where


def test_a_backup_can_be_put_back_and_has_everything_but_the_keys(shell: Directory, tmp_path: Path) -> None:
    file = tmp_path / "b.tar"
    made = shell.json("backup", "-o", str(file))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not made["with_keys"]
    there = unpack(file, tmp_path / "there")
    subprocess.run(["sha256sum", "-c", "--strict", "--quiet", "SHA256SUMS"], cwd=there, check=True)
    assert {path.name for path in there.rglob("*") if path.is_file()} == {
        "catalogue.sqlite",
        "gateway.toml",
        "keys.json",
        "MANIFEST.json",
        "SHA256SUMS",
    }
    assert "keys/credentials.key" in [key["name"] for key in json.loads((there / "keys.json").read_text())]
    with (
        Catalogue.open("sqlite:///catalogue.sqlite", there, SystemClock()) as catalogue,
        catalogue.read() as tx,
    ):
        assert [found.id for found in list_institutions(tx)] == [row["id"] for row in shell.json("institution", "list")]
        assert catalogue.identity == json.loads((there / "MANIFEST.json").read_text())["catalogue"]


def test_no_byte_of_a_key_is_in_a_backup_without_keys(shell: Directory, tmp_path: Path) -> None:
    file = tmp_path / "b.tar"
    shell.json("backup", "-o", str(file))
    keys = list(shell.data.rglob("*.key"))
    assert keys
    whole = file.read_bytes()
    assert [path.name for path in keys if path.read_bytes().strip() in whole] == []


def test_keys_go_in_when_they_are_asked_for(shell: Directory, tmp_path: Path) -> None:
    file = tmp_path / "b.tar"
    shell.json("backup", "-o", str(file), "--with-keys")
    there = unpack(file, tmp_path / "there")
    key = there / "keys" / "credentials.key"
    assert key.read_bytes() == (shell.data / "keys" / "credentials.key").read_bytes()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_both_ends_of_a_backup_are_in_the_audit_log(shell: Directory, tmp_path: Path) -> None:
    made = shell.json("backup", "-o", str(tmp_path / "b.tar"))
    rows = shell.json("audit", "list", "--action", "backup")
    assert [row["action"] for row in rows] == ["backup.begin", "backup.made"]
    assert rows[1]["details"]["sha256"] == made["sha256"]


def test_a_backup_is_made_while_the_service_writes(shell: Directory, tmp_path: Path) -> None:
    with shell.serving():
        shell.json("backup", "-o", str(tmp_path / "b.tar"))
        assert shell.json("backup", "--verify", str(tmp_path / "b.tar"))["ok"]


def test_a_backup_is_never_written_over_another(shell: Directory, tmp_path: Path) -> None:
    file = tmp_path / "b.tar"
    file.write_bytes(b"the only copy")
    shell.json("backup", "-o", str(file), code=4)
    assert file.read_bytes() == b"the only copy"


def test_a_backup_says_whether_it_is_whole(shell: Directory, tmp_path: Path) -> None:
    file = tmp_path / "b.tar"
    shell.json("backup", "-o", str(file))
    assert shell.json("backup", "--verify", str(file))["ok"]
    data = bytearray(file.read_bytes())
    data[data.index(b"SQLite format 3") + 4_000] ^= 1
    file.write_bytes(data)
    found = shell.json("backup", "--verify", str(file), code=1)
    assert [line.partition(":")[0] for line in found["failures"]] == ["catalogue.sqlite"]


def test_what_is_no_backup_is_refused(shell: Directory, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"not a tar" * 1_000)
    shell.json("backup", "--verify", str(tmp_path / "x"), code=2)
    shell.json("backup", "--verify", str(tmp_path / "nothing"), code=3)
    shell.json("backup", code=2)
