"""The hot path compiled: what the source's unit tests say holds for it, and only while it is of these sources."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from compile_hot_path import HOT
from support.tree import ROOT

UNIT_TESTS = (
    "tests/unit/rtsp",
    "tests/unit/ingest",
    "tests/unit/media/test_fmp4.py",
    "tests/unit/media/test_reorder.py",
)
COMPILED = ROOT / "var" / "compiled"


def compiler() -> str | None:
    """Say why nothing can be compiled here; None when it can."""
    if not any(map(shutil.which, ("cc", "gcc", "clang"))):
        return "no C compiler"
    if not (Path(sysconfig.get_path("include")) / "Python.h").exists():
        return "no headers of Python"
    return None


@pytest.mark.skipif(compiler() is not None, reason=str(compiler()))
@pytest.mark.timeout(400)
def test_the_unit_tests_of_the_source_hold_for_what_is_compiled() -> None:
    subprocess.run([ROOT / "scripts" / "compile-hot-path"], check=True)
    environment = {**os.environ, "PYTHONPATH": str(COMPILED)}
    code = "\n".join(
        [
            "import importlib, sys",
            *(f"assert importlib.import_module({name!r}).__file__.endswith('.so'), {name!r}" for name in names()),
        ]
    )
    subprocess.run([sys.executable, "-P", "-c", code], check=True, cwd=ROOT, env=environment)
    # not `python -m pytest`, which would put the sources first
    command = [Path(sys.executable).with_name("pytest"), "-q", "-p", "no:cacheprovider", "-n0", *UNIT_TESTS]
    found = subprocess.run(command, check=False, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout[-3_000:]
    assert "passed" in found.stdout


def names() -> list[str]:
    """Return the modules that are compiled."""
    return [path.removesuffix(".py").replace("/", ".") for path in HOT]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the sources with our virtual environment, in which nothing is compiled."""
    for name in ("camera_gateway", "storage", "config", "scripts"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("requirements.lock", "requirements-test.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / ".venv").symlink_to(Path(sys.prefix))
    (tmp_path / "var" / "compiled").mkdir(parents=True)
    return tmp_path


def bash(tree: Path, script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", "-c", script], check=False, cwd=tree, capture_output=True, text=True)


def test_what_is_compiled_is_used_only_while_the_sources_are_the_same(tree: Path) -> None:
    def current() -> bool:
        return bash(tree, "scripts/compile-hot-path --check").returncode == 0

    assert not current()
    assert bash(tree, ". scripts/environment.sh; compiled_stamp > var/compiled/stamp").returncode == 0
    assert current()
    changed = tree / HOT[0]
    before = changed.read_text()
    changed.write_text(before + "\n")
    assert not current()
    changed.write_text(before)
    assert current()
    (tree / "config" / "new.toml").write_text("")
    assert not current()


@pytest.mark.parametrize(
    ("stamp", "words", "used"),
    [
        ("compiled_stamp", "--port 8080", "var/compiled/"),
        ("compiled_stamp", "--demo", ""),
        ("echo other", "--port 8080", ""),
    ],
)
def test_the_service_runs_from_what_is_compiled_and_the_demo_from_the_sources(
    tree: Path, stamp: str, words: str, used: str
) -> None:
    found = bash(
        tree,
        f". scripts/environment.sh; copied_sources var/compiled; {stamp} > var/compiled/stamp; use_compiled {words};"
        """ "$venv/bin/python" -c 'import camera_gateway.rtsp.receive as found; print(found.__file__)'""",
    )
    assert found.stdout.strip() == str(tree / f"{used}camera_gateway/rtsp/receive.py"), found.stderr


@pytest.mark.parametrize("words", ["--chek", "somewhere"])
def test_an_unknown_word_compiles_nothing(tree: Path, words: str) -> None:
    found = bash(tree, f"scripts/compile-hot-path {words}")
    assert (found.returncode, found.stderr) == (2, f"compile-hot-path: unknown option {words}; see --help\n")
