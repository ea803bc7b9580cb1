"""The commands as people type them: ask, approve with another's token, export, verify; report an incident."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.command_line import Directory

if TYPE_CHECKING:
    from pathlib import Path

ASKING = ("--requester", "А. Серік", "--body", "Полиция", "--legal-ground", "УПК", "--case", "26/4")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Directory:
    made = Directory(tmp_path / "i", here=True)
    monkeypatch.chdir(made.root)  # names of files are typed as in a shell
    made.add_institution()
    made.json(*made.camera_words("rtsp://127.0.0.1:9/x"), "--no-probe")
    return made


def test_a_span_without_footage_becomes_a_certificate_that_verifies(here: Directory) -> None:
    with here.serving():
        ask_and_export(here)


def ask_and_export(here: Directory) -> None:
    asked = here.json("evidence", "request", *ASKING, "--camera", "yard", "--from", "-3h", "--to", "-2h")
    request = asked["request"]["id"]
    assert asked["hold"]["confirmed"]
    assert here.run("evidence", "export", request).code == 4
    assert here.run("evidence", "approve", request).code == 4, "a shell is no second person"
    here.json("user", "add", "--name", "Berik", "--id", "berik", "--role", "administrator")
    here.json("token", "create", "berik", "--out", "berik.token")
    assert here.json("evidence", "approve", request, "--token-file", "berik.token")["approved_by"] == "token:berik"
    # nothing at all, says the code; the certificate is there all the same
    made = here.json("evidence", "export", request, "-o", "p.zip", code=3)
    assert made["nothing"]
    assert here.json("evidence", "verify", "p.zip")["ok"]
    assert here.run("evidence", "export", request, "-o", "p.zip").code == 2, "nothing is overwritten"
    (listed,) = here.json("evidence", "list")
    assert listed["packages"][0]["export_sha256"] == made["export_sha256"]


@pytest.mark.parametrize(
    "words",
    [
        ("--camera", "yard", "--from", "-2h", "--to", "-3h"),
        ("--from", "-3h", "--to", "-2h"),
        ("--camera", "yard", "--zone", "yard", "--from", "-3h", "--to", "-2h"),
        ("--camera", "yard", "--from", "-3h", "--to", "-2h", "--margin", "long"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused_and_holds_nothing(here: Directory, words: tuple[str]) -> None:
    assert here.run("evidence", "request", *ASKING, *words).code == 2
    assert here.json("hold", "list") == []


def test_an_incident_leaves_four_notices_and_a_hold(here: Directory) -> None:
    words = ("incident", "report", "kg-12", "--camera", "yard", "--at", "-5m", "--text", "Упал ребёнок", "-o", "n")
    found = here.json(*words)
    assert sorted(path.name for path in (here.root / "n").iterdir()) == sorted(found["notices"])
    assert len(here.json("hold", "list")) == 1
    assert here.run("incident", "report", "kg-12", "--at", "+5m", "--text", "x").code == 2
