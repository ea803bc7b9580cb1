"""Ports and clips for whole installations; each test module has its own installation."""

from __future__ import annotations

import random
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _free(ports: list[int]) -> bool:
    with ExitStack() as held:
        for port in ports:
            listener = held.enter_context(socket.socket())
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


@pytest.fixture(scope="module")
def ports() -> dict[str, int]:
    """An HTTP port, and the first of the embedded store's block."""
    chosen = random.SystemRandom()
    while True:
        first = chosen.randrange(23_000, 31_000, 10)
        if _free([*range(first, first + 5), *range(first + 10_000, first + 10_005), first + 7]):
            return {"port": first + 7, "store_port": first}


@pytest.fixture(scope="session")
def clips() -> Path:
    """The demo's clips, built where they are missing (seconds), kept for the next time."""
    subprocess.run([sys.executable, str(ROOT / "scripts" / "make-clips")], check=True, capture_output=True)
    return ROOT / "var" / "clips"
