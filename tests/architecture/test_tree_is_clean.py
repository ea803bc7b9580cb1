"""What must not be in the tree: addresses of package registries, paths of one machine, loose or foreign pins.

The forbidden words are put together at run time, so that this file does not contain them itself.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from support.tree import ROOT, relative, tracked_files

if TYPE_CHECKING:
    from pathlib import Path

DOT = "."
REGISTRIES = tuple(
    DOT.join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("registry", "npmjs", "org"),
        ("registry", "yarnpkg", "com"),
        ("npmjs", "com"),
        ("proxy", "golang", "org"),
        ("crates", "io"),
        ("registry-1", "docker", "io"),
        ("docker", "io"),
        ("ghcr", "io"),
        ("quay", "io"),
        ("deb", "debian", "org"),
        ("archive", "ubuntu", "com"),
    )
)
MACHINE_PATHS = tuple("/" + name for name in ("work/main", "work/shared", "opt/pypi", "opt/wheels"))
BINARY = {".png", ".jpg", ".mp4", ".ico", ".woff2", ".pdf", ".xlsx"}


def forbidden_in(text: str) -> list[str]:
    """Registry hosts and machine paths that `text` names."""
    hosts = [h for h in REGISTRIES if re.search(rf"(?<![\w-]){re.escape(h)}(?![\w-]|\.\w)", text)]
    return hosts + [path for path in MACHINE_PATHS if path in text]


@pytest.mark.parametrize("word", [*REGISTRIES, *MACHINE_PATHS])
def test_the_search_finds_each_forbidden_word(word: str) -> None:
    assert forbidden_in(f"see https://{word}/simple" if word in REGISTRIES else f"in {word}/x") != []


def test_no_file_names_a_registry_or_a_path_of_one_machine() -> None:
    found = {}
    for path in tracked_files():
        if path.suffix in BINARY:
            continue
        words = forbidden_in(path.read_text(errors="replace"))
        if words:
            found[relative(path)] = words
    assert found == {}


@pytest.fixture
def ci(tmp_path: Path) -> Path:
    """A copy of .ci/run whose scripts/test only says that it was reached."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci" / "run")
    for lock in ("requirements.lock", "requirements-test.lock"):
        shutil.copy(ROOT / lock, tmp_path / lock)
    (tmp_path / "scripts").mkdir()
    stand_in = tmp_path / "scripts" / "test"
    stand_in.write_text('#!/bin/sh\necho "tests reached with CI=$CI"\n')
    stand_in.chmod(0o755)
    return tmp_path


def run_ci(tree: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([tree / ".ci" / "run"], capture_output=True, text=True, check=False)


def test_the_gate_accepts_the_lock_files_and_reaches_the_tests(ci: Path) -> None:
    result = run_ci(ci)
    assert (result.returncode, result.stdout) == (0, "tests reached with CI=true\n"), result.stderr


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-test.lock"])
@pytest.mark.parametrize(
    "line",
    [
        "--extra-index-url https://packages.example/simple",
        "--find-links ../wheels",
        "-r other.txt",
        "thing @ https://files.example/thing.whl",
        "thing @ file:../thing",
        "./thing",
        "thing>=1.0",
        "thing==1.0",
    ],
)
def test_the_gate_refuses_a_lock_file_with(ci: Path, lock: str, line: str) -> None:
    with (ci / lock).open("a") as file:
        file.write(line + "\n")
    result = run_ci(ci)
    assert result.returncode == 1
    assert line in result.stdout
    assert "tests reached" not in result.stdout


def test_the_test_lock_contains_the_run_lock() -> None:
    """One environment serves both: `scripts/run` accepts what `scripts/test` has installed."""
    pins = [
        {line.rstrip("\\ ") for line in (ROOT / lock).read_text().splitlines() if re.match(r"[A-Za-z0-9]", line)}
        for lock in ("requirements.lock", "requirements-test.lock")
    ]
    assert len(pins[0]) > 20
    assert pins[0] <= pins[1]


@pytest.mark.parametrize(
    "script", ["run", "test", "check", "lint", "docs", "bench", "soak", "fake-cameras", "compile-hot-path"]
)
def test_each_script_is_executable_and_says_what_it_is(script: str) -> None:
    path = ROOT / "scripts" / script
    assert os.access(path, os.X_OK)
    first, second = path.read_text().splitlines()[:2]
    assert first.startswith("#!/usr/bin/env ")
    assert len(second.strip('#" ')) > 20
