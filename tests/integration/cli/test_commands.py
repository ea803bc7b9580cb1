"""The command line as the outside relies on it: names, options, exit codes, keys. Real processes, no service."""

from __future__ import annotations

import fcntl
import json
from typing import TYPE_CHECKING

import click
import pytest
from support.command_line import INSTITUTION, Directory

from camera_gateway.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

COMMANDS = """
init run record serve doctor check migrate
institution add|list|show
camera add|list|show|probe|pause|resume|retire
footage list|coverage|fetch
compliance check
standard list
"""


def paths() -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for line in COMMANDS.strip().splitlines():
        words = line.split()
        if "|" in words[-1] or words[0] in {"compliance", "standard"}:
            found += [(words[0], verb) for verb in words[-1].split("|")]
        else:
            found += [(word,) for word in words]
    return found


@pytest.mark.parametrize("path", paths(), ids=" ".join)
def test_every_command_of_the_contract_exists_and_takes_config_and_json(path: tuple[str, ...]) -> None:
    command: click.Command = main
    for word in path:
        assert isinstance(command, click.Group)
        command = command.commands[word]
    assert not isinstance(command, click.Group)
    options = {option for parameter in command.params for option in parameter.opts}
    assert {"--config", "--json"} <= options
    assert command.help
    assert {"--config", "--json"} <= {option for parameter in main.params for option in parameter.opts}


def test_config_and_json_stand_before_or_behind_the_command(made: Directory) -> None:
    config = ["--config", str(made.config)]
    answers = [
        made.run(*words, config=False)
        for words in (
            [*config, "--json", "camera", "list"],
            ["camera", "list", *config, "--json"],
            ["--json", "camera", "list", *config],
        )
    ]
    assert all(done.code == 0 for done in answers)
    assert answers[0].document == answers[1].document == answers[2].document != []
    assert made.run("camera", "list", "--json", config=False).document == answers[0].document  # found in the folder


def test_the_keys_that_scripts_rely_on_are_there(made: Directory) -> None:
    (camera,) = made.json("camera", "list")
    assert {"id", "name", "institution", "zone", "state", "cause", "last_packet_at"} <= set(camera)
    assert (camera["id"], camera["name"], camera["state"]) == ("yard", "Двор", "down")
    coverage = made.json("footage", "coverage", "yard", "--from", "-1h", "--to", "now")
    totals = {"camera", "from", "to", "expected_s", "recorded_s", "put_s", "stored_s", "locked_s", "gaps"}
    assert totals | {"verified_s"} <= set(coverage)
    assert any(finding.startswith("off-site: absent") for finding in coverage["findings"])
    assert coverage["gaps"]
    assert {"from", "to", "cause"} <= set(coverage["gaps"][0])
    assert made.json("footage", "list", "yard") == []
    doctor = made.json("doctor", code=1)  # no recorder runs
    assert {"ok", "properties"} <= set(doctor)
    assert {"name", "state", "detail"} <= set(doctor["properties"][0])
    assert {p["state"] for p in doctor["properties"]} <= {"proven", "absent", "failed"}
    check = made.json("check", "--depth", "hash")
    assert (check["ok"], check["findings"]) == (True, [])
    compliance = made.json("compliance", "check", INSTITUTION, "--standard", "house-baseline", code=1)
    assert {"standard", "edition", "findings"} <= set(compliance)
    finding = {"rule", "clause", "scope", "result", "required", "measured", "verified", "evidence"}
    assert all(finding <= set(row) for row in compliance["findings"])
    assert {"id", "basis"} <= set(made.json("standard", "list")[0])
    shown = made.json("institution", "show", INSTITUTION)
    assert shown["sites"][0]["allowed_networks"] == ["127.0.0.0/8"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["camera", "show", "nobody"], 3),
        (["footage", "coverage", "nobody"], 3),
        (["footage", "fetch", "yard"], 3),
        (["institution", "show", "nobody"], 3),
        (["compliance", "check", INSTITUTION, "--standard", "nothing"], 3),
        (["camera", "probe", "yard"], 5),
        (["camera", "probe", "rtsp://127.0.0.1:9/x", "--institution", "nobody"], 3),
        (["footage", "coverage", "yard", "--from", "now", "--to", "-1h"], 2),
        (["institution", "add", "--name", "Тест", "--id", "UPPER"], 2),
        (["institution", "add", "--name", "Тест", "--time-zone", "Mars/Olympus"], 2),
        (["institution", "add", "--name", "Тест", "--allow", "10.0.0.0/99"], 2),
        (["institution", "add", "--name", "Тест", "--upload-window", "always"], 2),
        (["institution", "add", "--name", "Тест", "--holiday", "tomorrow"], 2),
        (["institution", "add", "--name", "Тест", "--kind", "casino"], 2),
        (["institution", "add", "--name", "\x1b[2J"], 2),
        (["institution", "add", "--name", "Ещё раз", "--id", INSTITUTION], 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_errors_are_one_document_with_code_message_hint_and_the_exit_code_of_the_contract(
    made: Directory, words: list[str], code: int
) -> None:
    found = made.json(*words, code=code)
    error = found.get("error")
    if error is None:  # a probe's answer is its result, good or bad
        assert words[1] == "probe"
        return
    assert set(error) == {"code", "message", "hint"}
    assert error["message"]
    assert "\n" not in error["message"]
    assert "\x1b" not in error["message"]


@pytest.mark.parametrize(
    "words",
    [
        ["nonsense"],
        ["camera", "nonsense"],
        ["camera", "show"],
        ["camera", "add", "--name", "x"],
        ["check", "--depth", "deep"],
        ["footage", "coverage", "yard", "--from", "yesterday"],
        ["footage", "coverage", "yard", "--from", "2026-01-01T00:00:00"],
        ["run", "--port", "99999"],
        ["camera", "list", "--frobnicate"],
    ],
    ids=" ".join,
)
def test_usage_errors_are_one_line_and_exit_2(made: Directory, words: list[str]) -> None:
    plain = made.run(*words)
    assert plain.code == 2
    assert plain.line.startswith("camera-gateway: ")
    told = made.run(*words, "--json")
    assert told.code == 2
    assert told.document["error"]["code"] == "invalid-input"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("\n[recorder]\nsegment_sec = 30\n", ["gateway.toml:14", "segment_sec", "segment_s"]),
        ("\n[recoder]\nsegment_s = 30\n", ["gateway.toml:13", "recoder", "[recorder]"]),
        ("\n[recorder]\nsegment_s = 1\n", ["gateway.toml:14", "segment_s"]),
        ("\n[recorder\n", ["gateway.toml"]),
    ],
)
def test_a_wrong_setting_is_named_with_file_line_and_what_was_meant(
    tmp_path: Path, more: str, words: list[str]
) -> None:
    directory = Directory(tmp_path, more=more, init=False, here=True)
    done = directory.run("camera", "list")
    assert done.code == 2
    assert all(word in done.line for word in words), done.line


def test_a_settings_file_that_is_not_there_is_told(made: Directory) -> None:
    done = made.run("camera", "list", "--config", "nothing.toml", config=False)
    assert (done.code, "nothing.toml" in done.line) == (2, True)


def test_before_init_every_command_says_what_to_do(tmp_path: Path) -> None:
    directory = Directory(tmp_path, init=False, here=True)
    for words in (["camera", "list"], ["serve"], ["doctor"], ["migrate"]):
        done = directory.run(*words)
        assert done.code in {3, 5}, (words, done)
        assert "init" in done.line


def test_init_refuses_a_directory_in_use(tmp_path: Path) -> None:
    directory = Directory(tmp_path)
    done = directory.run("init")
    assert (done.code, "in use" in done.line) == (4, True)
    fresh = directory.run("init", "--data-dir", str(tmp_path / "other"), "--json", config=False)
    assert fresh.code == 0
    assert (tmp_path / "other" / "keys" / "credentials.key").stat().st_mode & 0o777 == 0o600
    again = directory.run("init", "--data-dir", str(tmp_path / "other"), config=False)
    assert again.code == 4


def test_a_catalogue_that_somebody_holds_without_serving_is_refused(made: Directory) -> None:
    with (made.data / "catalogue.lock").open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        error = made.json("camera", "list", code=4)["error"]
    assert "another process owns the catalogue" in error["message"]


def test_names_are_kept_in_every_language_and_are_no_markup(tmp_path: Path) -> None:
    directory = Directory(tmp_path, here=True)
    name = "Қазақстан: «Ұлпан» балабақшасы, №1 [hall] :door: [/red]"
    made = directory.json("institution", "add", "--name", name, "--kind", "kindergarten", "--region", "Шығыс")
    assert made["name"] == name
    assert made["id"] == "qazaqstan-ulpan-balabaqshasy-1-hall-door-"[:41].rstrip("-")
    camera = ["camera", "add", "--institution", made["id"], "--zone", "hall", "--url", "rtsp://127.0.0.1:9/x"]
    first = directory.json(*camera, "--name", "Әжетхана жанындағы дәліз", "--no-probe")
    assert first["id"] == "azhetkhana-zhanyndagy-daliz"
    shown = directory.run("institution", "list")
    assert name in shown.out
    assert directory.json(*camera, "--name", "★★★", "--no-probe", code=2)["error"]["hint"]


def test_a_camera_is_paused_resumed_and_retired_and_its_id_is_never_used_again(tmp_path: Path) -> None:
    directory = Directory(tmp_path, here=True)
    directory.add_institution()
    words = directory.camera_words("rtsp://127.0.0.1:9/x", "gate", "--no-probe")
    directory.json(*words)
    paused = directory.json("camera", "pause", "gate")
    assert (paused["state"], paused["cause"]) == ("paused", "operator-disabled")
    assert directory.json("camera", "resume", "gate")["state"] == "down"
    assert directory.json("camera", "retire", "gate")["state"] == "retired"
    assert directory.json("camera", "retire", "gate")["state"] == "retired"  # once more changes nothing
    assert directory.json("camera", "list") == []
    assert [c["id"] for c in directory.json("camera", "list", "--retired")] == ["gate"]
    assert directory.json(*words, code=2)["error"]["code"] == "exists"
    assert directory.json("camera", "resume", "gate", code=4)["error"]["code"] == "refused"
    assert directory.json("camera", "probe", "gate", code=4)["error"]["code"] == "refused"
    actions = [json.loads(line)["action"] for line in audit_lines(directory)]
    assert [a for a in actions if a.startswith("camera")] == [
        "camera.add",
        "camera.pause",
        "camera.resume",
        "camera.retire",
    ]


def audit_lines(directory: Directory) -> list[str]:
    import sqlite3  # noqa: PLC0415 - only here
    from contextlib import closing  # noqa: PLC0415 - only here

    with closing(sqlite3.connect(directory.data / "catalogue.sqlite")) as connection:
        rows = connection.execute("SELECT action, actor FROM audit ORDER BY number").fetchall()
    return [json.dumps({"action": action, "actor": actor}) for action, actor in rows]
