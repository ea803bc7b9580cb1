"""A camera's password goes in once and comes out nowhere but at the camera (threat model, M14, invariant S4)."""

from __future__ import annotations

import shutil
import sqlite3
import time
from base64 import b64encode
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from support.command_line import Directory

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "kingfisher-Көл%7 @:/?#"
FORMS = (SECRET.encode(), quote(SECRET, safe="").encode(), b64encode(SECRET.encode()), b"kingfisher")
URL = "rtsp://127.0.0.1:9/main"


def account(directory: Directory, identity: str) -> list[str]:
    return directory.camera_words(URL, identity, "--username", "operator", "--password-file", "-", "--no-probe")


@pytest.fixture
def directory(tmp_path: Path) -> Directory:
    made = Directory(tmp_path / "one", here=True)
    made.add_institution()
    return made


def test_no_byte_of_a_password_lies_anywhere_while_and_after_a_service_ran(directory: Directory) -> None:
    plan = directory.data / "plan.json"
    with directory.serving():
        directory.json(*account(directory, "yard"), stdin=SECRET)
        deadline = time.monotonic() + 20
        while b"yard" not in (plan.read_bytes() if plan.exists() else b""):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert plan.stat().st_mode & 0o777 == 0o600
        directory.json("camera", "probe", "yard", code=5)
        directory.json("camera", "show", "yard")
        while_it_ran = dict(directory.everything())
    afterwards = dict(directory.everything())
    for found in (while_it_ran, afterwards):
        assert any(b"operator" in data for where, data in found.items() if "catalogue" in where), "the search is blind"
        assert not [where for where, data in found.items() for form in FORMS if form in data]
    assert b"operator" in while_it_ran["data/plan.json"]


def test_a_copy_of_everything_but_the_key_opens_no_password(directory: Directory, tmp_path: Path) -> None:
    directory.json(*account(directory, "yard"), stdin=SECRET)
    other = Directory(tmp_path / "thief", here=True)
    key = (other.data / "keys" / "credentials.key").read_bytes()
    shutil.copytree(directory.data, other.data, dirs_exist_ok=True)
    (other.data / "keys" / "credentials.key").write_bytes(key)
    done = other.run("camera", "probe", "yard")
    assert done.code != 0
    assert "kingfisher" not in done.out + done.err


def test_a_sealed_password_that_is_moved_to_another_camera_does_not_open(directory: Directory) -> None:
    directory.json(*account(directory, "yard"), stdin=SECRET)
    directory.json(*account(directory, "gate"), stdin="another")
    with closing(sqlite3.connect(directory.data / "catalogue.sqlite")) as connection, connection:
        connection.execute(
            "UPDATE devices SET password_sealed ="
            " (SELECT password_sealed FROM devices WHERE camera = 'yard') WHERE camera = 'gate'"
        )
    done = directory.run("camera", "probe", "gate")
    assert done.code not in {0, 5}, "the password of the yard was sent to the gate's camera"
    assert len(done.line) > 20


def test_keys_and_state_are_readable_by_their_owner_only(directory: Directory) -> None:
    assert (directory.data / "keys").stat().st_mode & 0o777 == 0o700
    assert (directory.data / "keys" / "credentials.key").stat().st_mode & 0o777 == 0o600
    assert (directory.data / "status").stat().st_mode & 0o777 == 0o700


def test_a_key_that_others_may_read_is_refused(directory: Directory) -> None:
    (directory.data / "keys" / "credentials.key").chmod(0o644)
    done = directory.run("camera", "list")
    assert done.code != 0
    assert "credentials.key" in done.line
