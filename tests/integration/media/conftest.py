"""ffmpeg as a second judge: there on a development machine and in CI, else these tests say why not."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Ffmpeg:
    def complaints(self, path: Path) -> str:
        """What `ffmpeg -v error` says when it decodes the whole file; an error code counts too."""
        done = self._run("ffmpeg", "-v", "error", "-i", str(path), "-map", "0", "-f", "null", "-")
        return done.stderr + (f"exit {done.returncode}" if done.returncode else "")

    def packets(self, path: Path, stream: str, fields: str = "pts") -> list[str]:
        """One line per packet of a stream (v:0, a:0), the fields joined by commas."""
        done = self._run(
            "ffprobe", "-v", "error", "-select_streams", stream, "-show_entries", f"packet={fields}",
            "-of", "csv=p=0", str(path),
        )  # fmt: skip
        assert done.stderr == ""
        return [line.strip(",") for line in done.stdout.split()]

    def shows(self, path: Path, entries: str) -> list[str]:
        done = self._run("ffprobe", "-v", "error", "-show_entries", entries, "-of", "default=nk=1:nw=1", str(path))
        assert done.stderr == ""
        return done.stdout.split()

    @staticmethod
    def _run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture
def ffmpeg() -> Ffmpeg:
    if shutil.which("ffmpeg") is None or shutil.which("ffprobe") is None:
        if os.environ.get("CI"):
            pytest.fail("ffmpeg and ffprobe are missing; scripts/test installs them as root")
        pytest.skip("ffmpeg and ffprobe are not installed")
    return Ffmpeg()
