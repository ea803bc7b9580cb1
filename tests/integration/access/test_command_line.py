"""People at the real command line: with `serve` behind the control socket, and without it, it is all the same."""

from __future__ import annotations

import json
import os
import socket
import stat
from typing import TYPE_CHECKING, Any

import pytest
from support.command_line import INSTITUTION, Directory

from camera_gateway.roles.local import shell_user

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Directory:
    """Make an installation in which files are named as in a shell."""
    monkeypatch.chdir(tmp_path)
    return Directory(tmp_path, here=True)


@pytest.fixture(params=["serve", "alone"])
def directory(here: Directory, request: pytest.FixtureRequest) -> Iterator[Directory]:
    if request.param == "alone":
        yield here
        return
    with here.serving():
        yield here


def test_people_and_tokens_from_the_first_administrator_on(directory: Directory) -> None:
    root = directory.root
    directory.add_institution()
    directory.json(*directory.camera_words("rtsp://127.0.0.1:9/1", "yard", "--no-probe"))
    first = directory.json("user", "add", "--name", "Алия", "--role", "administrator")
    assert (first["id"], first["state"]) == ("aliya", "active")
    again = directory.run("user", "add", "--name", "Second", "--role", "administrator")
    assert again.code == 4
    assert again.line.startswith("camera-gateway: there is an administrator: only an administrator makes")
    assert again.line.endswith(" – give --token-file of an administrator")

    made = directory.json("token", "create", "aliya", "--out", "aliya.token")
    assert made["file"] == "aliya.token"
    assert "token" not in made
    assert stat.S_IMODE((root / "aliya.token").stat().st_mode) == 0o600
    kept = (root / "aliya.token").read_text()
    taken = directory.run("token", "create", "aliya", "--out", "aliya.token")
    assert (taken.code, (root / "aliya.token").read_text()) == (2, kept)

    # before the verb, and after it
    aliya = ("--token-file", "aliya.token")
    viewer = ("user", "add", "--name", "Berik", "--role", "viewer", "--scope", f"institution:{INSTITUTION}")
    assert directory.json(*aliya, *viewer)["id"] == "berik"
    shown = directory.run("token", "create", "berik", *aliya)
    assert shown.code == 0
    (root / "berik.token").write_text(shown.out)
    berik = ("--token-file", "berik.token")

    assert [row["id"] for row in directory.json("camera", "list", *berik)] == ["yard"]
    for words in (("camera", "pause", "yard"), ("user", "list")):
        refused = directory.run(*words, *berik)
        assert refused.code == 4, words
        assert refused.line.startswith("camera-gateway: berik may not do this: "), refused.line
    assert directory.json("camera", "list", *berik)[0]["state"] != "paused"
    directory.json("camera", "pause", "yard", *aliya)

    rows = directory.json("audit", "list", "--action", "camera", *aliya)
    assert [(row["actor"], row["action"]) for row in rows] == [
        (f"shell:{shell_user()}", "camera.add"),
        ("token:aliya", "camera.pause"),
    ]
    denied = directory.json("audit", "list", "--actor", "berik", "--from", "-1h", *aliya)
    assert [row["object"] for row in denied] == ["verb:camera.pause", "verb:user.list"]

    (token,) = directory.json("token", "list", "--user", "berik")
    assert (token["state"], token["issued_by"]) == ("active", "token:aliya")
    assert token["last_used"] is not None
    directory.json("token", "revoke", token["id"], *aliya)
    refused = directory.run("camera", "list", *berik)
    assert (refused.code, refused.line.split(" – ")[0]) == (4, f"camera-gateway: token {token['id']} has been revoked")
    directory.json("user", "role", "berik", "--revoke", "viewer", "--scope", f"institution:{INSTITUTION}", *aliya)
    directory.json("user", "disable", "berik", *aliya)
    people = {row["id"]: (row["state"], len(row["roles"])) for row in directory.json("user", "list")}
    assert people == {"aliya": ("active", 1), "berik": ("disabled", 0)}
    assert directory.json("audit", "verify")["ok"]


def test_the_tables_for_people_say_the_same(here: Directory) -> None:
    assert "no user yet" in here.run("user", "list").out
    assert "no token yet" in here.run("token", "list").out
    added = here.run("user", "add", "--name", "[b]Ali[/b]", "--id", "ali", "--role", "it", "--expires", "+30d")
    assert "user ali is added: it in all until 20" in added.out
    created = here.run("token", "create", "ali", "--label", "rack")
    assert created.out.startswith("cgw_")
    assert len(created.out.split()) == 1, "nothing but the token on standard output"
    assert "it is not shown again" in created.err
    listed = here.run("user", "list").out
    assert "[b]Ali[/b]" in listed
    assert "it in all until" in listed
    assert "rack" in here.run("token", "list").out
    assert "user ali: no role" in here.run("user", "role", "ali", "--revoke", "it").out
    rows = here.run("audit", "list", "--limit", "2").out.splitlines()
    assert [row.split()[3] for row in rows[1:]] == ["token.create", "user.revoke"]
    assert "each follows from the one before it" in here.run("audit", "verify").out


def test_a_token_file_that_holds_no_token_never_means_the_shell(tmp_path: Path, here: Directory) -> None:
    contents = {"empty": "", "blank": " \n", "two": "cgw_a cgw_b\n", "latin": "ключ", "unknown": "cgw_" + "B" * 43}
    codes = {}
    for name, text in contents.items():
        (tmp_path / name).write_text(text)
        done = here.run("user", "list", "--token-file", name)
        codes[name] = done.code
        assert not text.strip() or text.strip() not in done.out + done.line
    (tmp_path / "unreadable").mkdir()
    for name in ("absent", "unreadable"):
        codes[name] = here.run("user", "list", "--token-file", name).code
    assert codes == {"empty": 2, "blank": 2, "two": 2, "latin": 2, "unknown": 4, "absent": 2, "unreadable": 2}


def test_the_socket_takes_no_token_that_is_no_text_for_the_shell(here: Directory) -> None:
    with here.serving():
        for token in (5, [], {}, False, ""):
            answer = asked(here.data / "control.sock", {"verb": "user.list", "token": token})
            assert answer["exit"] in {2, 4}, token
        assert asked(here.data / "control.sock", {"verb": "user.list", "token": None})["result"] == []


def asked(path: Path, request: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(30)
        connection.connect(str(path))
        connection.sendall(json.dumps(request).encode() + b"\n")
        answer = b""
        while piece := connection.recv(1 << 16):
            answer += piece
    return json.loads(answer)


def test_a_token_that_cannot_be_kept_is_not_made(tmp_path: Path, here: Directory) -> None:
    here.json("user", "add", "--name", "Ali")
    nowhere = os.path.join("absent", "ali.token")  # noqa: PTH118 - a relative path as typed
    assert here.run("token", "create", "ali", "--out", nowhere).code == 2
    assert here.run("token", "create", "nobody", "--out", "nobody.token").code == 3
    assert not (tmp_path / "nobody.token").exists()
    assert here.json("token", "list") == []
