"""Child processes: restarted when they end, taken over when they survived, gone when the parent is gone."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from camera_gateway.clock import SystemClock
from camera_gateway.roles.children import Child, keep_running
from camera_gateway.supervision import Stop

if TYPE_CHECKING:
    from collections.abc import Callable

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]


async def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - processes come and go without an event
            await asyncio.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


async def test_a_child_that_is_killed_runs_again_within_a_second_or_so() -> None:
    child, stop = Child("sleeper", SLEEPER), Stop()
    keeping = asyncio.gather(keep_running(child, stop, SystemClock()))
    await until(lambda: child.pid is not None)
    first = child.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    began = asyncio.get_running_loop().time()
    await until(lambda: child.pid not in {None, first})
    assert asyncio.get_running_loop().time() - began < 3
    stop.request()
    await keeping
    assert child.restarts == 1


async def test_a_stop_ends_the_child_in_good_order() -> None:
    child, stop = Child("sleeper", SLEEPER), Stop()
    keeping = asyncio.gather(keep_running(child, stop, SystemClock()))
    await until(lambda: child.pid is not None)
    pid = child.pid
    assert pid is not None
    stop.request()
    await keeping
    assert not alive(pid)


async def test_a_program_that_survived_its_parent_is_taken_over_and_not_started_twice(tmp_path: Path) -> None:
    survivor = subprocess.Popen(SLEEPER)  # noqa: ASYNC220 - starting one takes a millisecond
    try:
        await until(lambda: b"sleep" in Path(f"/proc/{survivor.pid}/cmdline").read_bytes())  # exec is through
        (tmp_path / "pid").write_text(str(survivor.pid))
        child, stop = Child("sleeper", SLEEPER, pid_file=tmp_path / "pid"), Stop()
        keeping = asyncio.gather(keep_running(child, stop, SystemClock()))
        await until(lambda: child.pid is not None)
        assert child.pid == survivor.pid
        survivor.kill()
        survivor.wait()
        await until(lambda: child.pid not in {None, survivor.pid})
        stop.request()
        await keeping
    finally:
        survivor.kill()
        survivor.wait()


async def test_another_program_with_the_remembered_pid_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "pid").write_text(str(os.getpid()))
    child, stop = Child("sleeper", SLEEPER, pid_file=tmp_path / "pid"), Stop()
    keeping = asyncio.gather(keep_running(child, stop, SystemClock()))
    await until(lambda: child.pid is not None)
    assert child.pid != os.getpid()
    stop.request()
    await keeping


PARENT = """
import asyncio, sys
from camera_gateway.clock import SystemClock
from camera_gateway.roles.children import Child
child = Child("sleeper", [sys.executable, "-c", "import time; time.sleep(60)"])
child.start()
print(child.pid, flush=True)
asyncio.run(child.ended())
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_when_the_parent_dies_the_kernel_takes_its_children_along(number: signal.Signals) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE)  # noqa: ASYNC220 - likewise
    assert parent.stdout is not None
    with parent.stdout:
        pid = int(parent.stdout.readline())
        assert alive(pid)
        parent.send_signal(number)
        parent.wait()
        await until(lambda: not alive(pid), 5)
