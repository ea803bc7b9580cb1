"""The Dockerfile, held to the scripts where no Docker engine is at hand: parsed, instruction by instruction."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass

import pytest
from support.tree import ROOT, pyproject


@dataclass(frozen=True, slots=True)
class Instruction:
    stage: int
    word: str
    rest: str


def parse(text: str) -> list[Instruction]:
    """Instructions in order; comments dropped, continued lines joined, stages counted from 0."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n", " ", "\n".join(lines))
    found = []
    stage = -1
    for line in filter(None, map(str.strip, joined.splitlines())):
        word, _, rest = line.partition(" ")
        stage += word.upper() == "FROM"
        found.append(Instruction(stage, word.upper(), rest.strip()))
    return found


@pytest.fixture(scope="module")
def instructions() -> list[Instruction]:
    return parse((ROOT / "Dockerfile").read_text())


def of(instructions: list[Instruction], word: str, stage: int | None = None) -> list[str]:
    return [i.rest for i in instructions if i.word == word and stage in (None, i.stage)]


def test_it_builds_in_one_stage_and_runs_in_another(instructions: list[Instruction]) -> None:
    images = [rest.split()[0] for rest in of(instructions, "FROM")]
    assert len(images) == 2
    assert len(set(images)) == 1, "the venv of the build must find the same Python at run time"
    assert of(instructions, "COPY", 1) == ["--from=build /opt/camera-gateway /opt/camera-gateway"]


def test_the_base_image_has_a_python_that_we_support_and_no_registry(instructions: list[Instruction]) -> None:
    low, high = re.findall(r"3\.(\d+)", pyproject()["project"]["requires-python"])
    for rest in of(instructions, "FROM"):
        image = rest.split()[0]
        version = re.fullmatch(r"python:3\.(\d+)-slim-[a-z]+", image)
        assert version, f"{image}: by name only, a slim Python"
        assert int(low) <= int(version[1]) < int(high)


def test_it_installs_the_lock_as_the_set_up_does(instructions: list[Instruction]) -> None:
    set_up = (ROOT / "scripts" / "environment.sh").read_text()
    installs = [rest for rest in of(instructions, "RUN", 0) if "-r requirements.lock" in rest]
    assert len(installs) == 1
    for option in ("--require-hashes", "--only-binary :all:"):
        assert option in installs[0]
        assert option in set_up


def test_everything_else_is_installed_without_index(instructions: list[Instruction]) -> None:
    for rest in of(instructions, "RUN"):
        for command in rest.split("&&"):
            if "pip install" in command and "-r requirements.lock" not in command:
                assert {"--no-deps", "--no-index"} <= set(shlex.split(command))


def test_whatever_the_wheel_needs_is_copied_and_passes_dockerignore(instructions: list[Instruction]) -> None:
    copied = {source for rest in of(instructions, "COPY", 0) for source in rest.split()[:-1]}
    ignore = (ROOT / ".dockerignore").read_text().splitlines()
    admitted = {line[1:] for line in ignore if line.startswith("!")}
    assert "*" in ignore
    assert copied == admitted
    wheel = pyproject()["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert {*wheel["packages"], *wheel["force-include"], "pyproject.toml", "README.md", "LICENSE"} <= copied
    assert all((ROOT / source).exists() for source in copied)


def test_it_runs_as_an_ordinary_user_who_owns_the_data(instructions: list[Instruction]) -> None:
    (user,) = of(instructions, "USER", 1)
    assert user not in ("root", "0")
    (volume,) = of(instructions, "VOLUME", 1)
    created = " ".join(of(instructions, "RUN", 1))
    assert f"install -d -o {user} -g {user} -m 0700 {volume}" in created
    data_dirs = [rest for rest in of(instructions, "ENV", 1) if f"CAMERA_GATEWAY_SITE__DATA_DIR={volume}" in rest]
    assert len(data_dirs) == 1


def test_the_health_check_asks_healthz_with_the_standard_library(instructions: list[Instruction]) -> None:
    (check,) = of(instructions, "HEALTHCHECK", 1)
    command = json.loads(check.partition("CMD")[2])
    assert command[:2] == ["python", "-c"]
    compile(command[2], "health check", "exec")
    assert any(rest.startswith("HEALTH_URL=") and rest.endswith("/healthz") for rest in of(instructions, "ENV", 1))


def test_it_starts_the_console_script(instructions: list[Instruction]) -> None:
    assert json.loads(of(instructions, "ENTRYPOINT", 1)[0]) == list(pyproject()["project"]["scripts"])
    assert json.loads(of(instructions, "CMD", 1)[0]) == ["run"]


def test_nothing_comes_from_an_address_and_no_secret_is_baked_in(instructions: list[Instruction]) -> None:
    assert of(instructions, "ADD") == []
    for instruction in instructions:
        if not instruction.rest.startswith("HEALTH_URL=http://127.0.0.1:"):
            assert "://" not in instruction.rest
        if instruction.word in ("ENV", "ARG"):
            assert not re.search(r"(?i)password|secret|token|access_?key", instruction.rest)
