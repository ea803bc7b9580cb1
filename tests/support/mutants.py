"""Safeguards taken out one at a time: the list, and what a test says of a copy of the tree without one.

Promises that the tree itself is never touched. Used by scripts/mutants and by the test of the list.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from support.tree import GENERATED, ROOT

if TYPE_CHECKING:
    from pathlib import Path

LIST = ROOT / "tests" / "mutation" / "mutants.toml"
LONGEST_S = 600
FAILED = 1
"""pytest's exit code for "some tests failed"; any other one is not what a killed mutant looks like."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One safeguard to take out: `old`, which stands once in `file`, becomes `new`, and `test` has to fail."""

    name: str
    invariant: str
    file: str
    old: str
    new: str
    test: str

    @property
    def source(self) -> str:
        """The file without the safeguard; `ValueError` unless `old` stands in it exactly once."""
        text = (ROOT / self.file).read_text()
        if text.count(self.old) != 1:
            msg = f"{self.name}: its text stands {text.count(self.old)} times in {self.file}"
            raise ValueError(msg)
        return text.replace(self.old, self.new)


def mutants() -> list[Mutant]:
    """Return the list."""
    return [Mutant(**row) for row in tomllib.loads(LIST.read_text())["mutant"]]


def copy_of_the_tree(target: Path) -> None:
    """Copy what a test needs into a new directory."""
    shutil.copytree(ROOT, target, ignore=shutil.ignore_patterns(*GENERATED, ".*"), symlinks=True)


def passes(test: str, tree: Path) -> tuple[bool, str]:
    """Whether a test passes in a copy as it is: otherwise it would seem to kill whatever it is given."""
    code, said = _tested(test, tree)
    return code == 0, said


def outcome(mutant: Mutant, tree: Path) -> tuple[bool, str]:
    """Run the mutant's test in a copy of the tree; whether it was killed, and the end of what pytest said."""
    path = tree / mutant.file
    whole = path.read_text()
    path.write_text(mutant.source)
    try:
        code, said = _tested(mutant.test, tree)
        return code == FAILED, said
    finally:
        path.write_text(whole)


def _tested(test: str, tree: Path) -> tuple[int, str]:
    # the copy is found before the installed tree; bytecode of the same second would hide a change
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider", test]
    try:
        done = subprocess.run(
            command, cwd=tree, env=environment, capture_output=True, text=True, check=False, timeout=LONGEST_S
        )
    except subprocess.TimeoutExpired:
        return FAILED, "it never ended"
    return done.returncode, "\n".join(done.stdout.splitlines()[-3:])
