"""The tree under test as the architecture tests see it: its root, its modules, its tracked files."""

from __future__ import annotations

import subprocess
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("camera_gateway", "storage")
GENERATED = {".git", ".venv", "var", "__pycache__", "dist", "build", "node_modules"}


@cache
def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def modules() -> list[Path]:
    """Every Python file of the two packages."""
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def our_python() -> list[Path]:
    """Every Python file that is ours: packages, scripts, tests."""
    folders = [ROOT / name for name in (*PACKAGES, "scripts", "tests")]
    found = {path for folder in folders for path in folder.rglob("*.py")}
    found |= {
        p for p in (ROOT / "scripts").iterdir() if p.is_file() and p.read_bytes().splitlines()[0].endswith(b"python3")
    }
    return sorted(path for path in found if not GENERATED & set(path.parts))


def tracked_files() -> list[Path]:
    """What a clone contains; in an export without git, everything that is not generated."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode == 0 and listed.stdout:
        paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
        return [path for path in paths if path.is_file()]
    return [p for p in ROOT.rglob("*") if p.is_file() and not GENERATED & set(p.relative_to(ROOT).parts)]


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()
