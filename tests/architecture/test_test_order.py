"""The order of the gate: end-to-end tests first, one after another on one worker, then the files with long tests."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from support.tree import ROOT

if TYPE_CHECKING:
    from pathlib import Path

ENDINGS = ("one", "two", "three", "four", "five", "six")
ENDING = """
import pytest
pytestmark = [pytest.mark.xdist_group({group!r})]
@pytest.mark.parametrize("n", range(2))
def test_ending(n): pass
"""
OTHERS = """
import pytest
{long}
@pytest.mark.parametrize("n", range(3))
def test_other(n): pass
"""
LONG = {2, 5}


def test_end_to_end_tests_run_first_and_on_one_worker_and_long_files_before_short_ones(tmp_path: Path) -> None:
    tests = tmp_path / "tests"
    (tests / "e2e").mkdir(parents=True)
    shutil.copy(ROOT / "tests" / "conftest.py", tests)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for number in range(6):
        long = "pytestmark = pytest.mark.slow" if number in LONG else ""
        (tests / f"test_aa_{number}.py").write_text(OTHERS.format(long=long))
    for group in ENDINGS:
        (tests / "e2e" / f"test_{group}.py").write_text(ENDING.format(group=group))
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-v", "-n", "2", "tests"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    ran = re.findall(r"\[(gw\d)\] .* PASSED tests/(\S+)::", result.stdout)
    assert len(ran) == 6 * 3 + len(ENDINGS) * 2
    files = {name for _, name in ran}
    assert [name for name in files if len({worker for worker, other in ran if other == name}) > 1] == []
    assert len({worker for worker, name in ran if name.startswith("e2e/")}) == 1
    worker = next(w for w, n in ran if n.startswith("e2e/"))
    own = [name for w, name in ran if w == worker]
    assert all(name.startswith("e2e/") for name in own[: 2 * len(ENDINGS)]), "first of all on their worker"
    long = {f"test_aa_{n}.py" for n in LONG}
    for w in {w for w, _ in ran}:
        others = [
            name in {f"test_aa_{n}.py" for n in LONG} for at, name in ran if at == w and not name.startswith("e2e/")
        ]
        assert others == sorted(others, reverse=True), "files with long tests first"
