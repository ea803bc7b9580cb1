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


def test_what_is_compiled_is_used_only_while_the_sources_are_the_same(tmp_path: Path) -> None:
    for name in ("camera_gateway", "storage", "config", "scripts"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("requirements.lock", "requirements-test.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / ".venv").symlink_to(Path(sys.prefix))
    (tmp_path / "var" / "compiled").mkdir(parents=True)

    def bash(script: str) -> int:
        return subprocess.run(["bash", "-c", script], check=False, cwd=tmp_path, capture_output=True).returncode

    assert bash("scripts/compile-hot-path --check") == 1
    assert bash(". scripts/environment.sh; compiled_stamp > var/compiled/stamp") == 0
    assert bash("scripts/compile-hot-path --check") == 0
    changed = tmp_path / HOT[0]
    before = changed.read_text()
    changed.write_text(before + "\n")
    assert bash("scripts/compile-hot-path --check") == 1
    changed.write_text(before)
    assert bash("scripts/compile-hot-path --check") == 0
    (tmp_path / "config" / "new.toml").write_text("")
    assert bash("scripts/compile-hot-path --check") == 1
