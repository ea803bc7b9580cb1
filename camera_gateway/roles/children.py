"""Child processes of the small parent: started, restarted in about a second, taken along when it dies.

A child gets SIGKILL from the kernel when its parent dies (PR_SET_PDEATHSIG, prctl(2)), so that no recorder or
store survives unseen. A child that ends is started again for ever, with a growing pause when it ends at once.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from camera_gateway.clock import Clock
    from camera_gateway.supervision import Stop

PR_SET_PDEATHSIG = 1
RESTART_S = 0.5
RESTART_MAX_S = 5.0
STEADY_US = 20_000_000
"""A child that lived this long was healthy: its next restart is quick again."""
STOP_S = 20.0


def die_with_parent(parent: int) -> Callable[[], None]:
    """Return what a child runs between fork and exec: the kernel ends it when `parent` is gone."""
    libc = ctypes.CDLL(None, use_errno=True)

    def prepare() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it died between fork and prctl
            os._exit(1)

    return prepare


@dataclass(slots=True)
class Child:
    """One program that must run: its name, its command, its environment, where its output goes.

    With a `pid_file`, a program that survived its parent is recognised by its command line and taken over instead of
    being started twice.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] | None = None
    output: Path | None = None
    pid_file: Path | None = None
    restarts: int = 0
    pid: int | None = None
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start it, or take over the survivor; the parent-death signal is set before the program runs."""
        self._process = None
        self.pid = self._survivor()
        if self.pid is not None:
            return
        output = None if self.output is None else self.output.open("ab")
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own command lines, never from outside
                list(self.command),
                env=None if self.environment is None else dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                preexec_fn=die_with_parent(os.getpid()),  # noqa: PLW1509 - two system calls that wait for no thread
            )
        finally:
            if output is not None:
                output.close()
        self.pid = self._process.pid
        if self.pid_file is not None:
            self.pid_file.write_text(str(self.pid))

    def _survivor(self) -> int | None:
        """Return the process of an earlier life that still runs this very command."""
        if self.pid_file is None:
            return None
        try:
            pid = int(self.pid_file.read_text())
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[:-1]
        except (OSError, ValueError):
            return None
        return pid if words == [os.fsencode(word) for word in self.command] else None

    async def ended(self) -> int:
        """Wait until it ends and return its code."""
        while (code := self.finished()) is None:  # noqa: ASYNC110 - a process is no event; waitpid is polled
            await asyncio.sleep(0.1)
        return code

    def finished(self) -> int | None:
        """Return its code when it has ended, negative for a signal; a survivor's is not known (-1)."""
        if self._process is not None:
            return self._process.poll()
        return None if self._alive() else -1

    def _alive(self) -> bool:
        if self.pid is None:
            return False
        try:
            os.kill(self.pid, 0)
        except OSError:
            return False
        return True

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to it, if it still runs."""
        if self.pid is not None and self.finished() is None:
            os.kill(self.pid, number)


async def keep_running(child: Child, stop: Stop, clock: Clock) -> None:
    """Start `child` whenever it is not running, until `stop`; then end it in good order."""
    log = structlog.get_logger("run")
    pause_s = RESTART_S
    try:
        while not stop.requested:
            began_us = clock.monotonic_us()
            child.start()
            log.info("started", child=child.name, pid=child.pid)
            code = await _until(child, stop)
            if code is None:
                break
            child.restarts += 1
            if clock.monotonic_us() - began_us > STEADY_US:
                pause_s = RESTART_S
            log.warning("ended", child=child.name, code=code, restart_in_s=pause_s)
            if await stop.within(pause_s):
                break
            pause_s = min(pause_s * 2, RESTART_MAX_S)
    finally:
        await _end(child)


async def _until(child: Child, stop: Stop) -> int | None:
    """Wait for the child's end and return its code, or None when the stop came first."""
    while not await stop.within(0.1):
        if (code := child.finished()) is not None:
            return code
    return None


async def _end(child: Child) -> None:
    child.signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(child.ended(), STOP_S)
    except TimeoutError:
        child.signal(signal.SIGKILL)
        await child.ended()
