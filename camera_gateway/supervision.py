"""The one supervisor primitive: long-running services under one task group.

What is opened first stops last. An expected failure is a value or a state inside a service; an unexpected one
ends every service of the group and reaches the caller, so that the role ends and its parent restarts it.
"""

from __future__ import annotations

import asyncio
import signal
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine


class Stop:
    """A request to end in good order, awaited by services and set by a signal or a test."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def request(self) -> None:
        """Ask everybody who waits to end."""
        self._event.set()

    @property
    def requested(self) -> bool:
        """Whether somebody has asked to end."""
        return self._event.is_set()

    async def wait(self) -> None:
        """Wait until the end is requested."""
        await self._event.wait()

    async def within(self, seconds: float) -> bool:
        """Wait at most `seconds`; True when the end was requested."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._event.wait(), seconds)
        return self._event.is_set()


class Services:
    """Starts children inside a task group; they are cancelled, last first, when the block ends."""

    def __init__(self, group: asyncio.TaskGroup) -> None:
        self._group = group
        self._tasks: list[asyncio.Task[Any]] = []

    def start(self, work: Coroutine[Any, Any, Any], *, name: str) -> asyncio.Task[Any]:
        """Start a child; its unexpected exception ends the group."""
        task = self._group.create_task(work, name=name)
        self._tasks.append(task)
        task.add_done_callback(self._forget)
        return task

    def _forget(self, task: asyncio.Task[Any]) -> None:
        with suppress(ValueError):
            self._tasks.remove(task)

    async def close(self) -> None:
        """Cancel the children, the last started first, and wait for each."""
        for task in reversed(self._tasks.copy()):
            task.cancel()
            await asyncio.wait([task])


@asynccontextmanager
async def services() -> AsyncIterator[Services]:
    """Run services for the length of a block; see the module's promise."""
    async with asyncio.TaskGroup() as group:
        children = Services(group)
        try:
            yield children
        finally:
            await children.close()


def stop_on_signals(stop: Stop) -> None:
    """Let SIGTERM and SIGINT request the end instead of killing the process in the middle of a write."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.request)
