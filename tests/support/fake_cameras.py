"""`scripts/fake-cameras` as a process of its own, for tests that want real cameras at real cost.

Works as a context manager and as an async one. Knows its ledger.
"""

from __future__ import annotations

import asyncio
import json
import select
import signal
import subprocess
from pathlib import Path
from typing import Any, Self

_SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "fake-cameras"
_READY_TIMEOUT_S = 60.0
_STOP_TIMEOUT_S = 10.0


class FakeCameraProcess:
    """`with FakeCameraProcess("--clips", …, "--count", "10") as farm: farm.urls`.

    Takes the script's arguments; chooses a free port unless `--port` is among them.
    """

    def __init__(self, *arguments: str, ledger: Path | None = None) -> None:
        self._command = [str(_SCRIPT), *arguments]
        if "--port" not in arguments:
            self._command += ["--port", "0"]
        self.ledger = ledger
        if ledger is not None:
            self._command += ["--ledger", str(ledger)]
        self._process: subprocess.Popen[str] | None = None
        self.port = 0
        self.cameras: list[dict[str, Any]] = []

    @property
    def urls(self) -> list[str]:
        """Addresses in order, without credentials."""
        return [camera["url"] for camera in self.cameras]

    @property
    def pid(self) -> int:
        """Process id, to measure or to kill."""
        assert self._process is not None
        return self._process.pid

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        out = self._process.stdout
        assert out is not None
        readable, _, _ = select.select([out], [], [], _READY_TIMEOUT_S)
        line = out.readline() if readable else ""
        if not line:
            self.stop()
            raise RuntimeError("fake-cameras did not start")
        ready = json.loads(line)
        self.port, self.cameras = ready["port"], ready["cameras"]
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        return await asyncio.to_thread(self.__enter__)

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self.stop)

    def stop(self) -> int:
        """SIGTERM, so that the ledger is whole; returns the exit code."""
        process, self._process = self._process, None
        if process is None:
            return 0
        process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        if process.stdout is not None:
            process.stdout.close()
        return code


def read_ledger(path: Path) -> list[dict[str, Any]]:
    """Every line of a ledger, in order."""
    return [json.loads(line) for line in path.read_text().splitlines()]
