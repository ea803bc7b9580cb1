"""The small parent: record, serve and the embedded store, each restarted when it ends.

It holds no camera, no catalogue and no key in memory longer than a child needs to start; what it can do wrong is
little, which is why the others may die.
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING

from camera_gateway.errors import GatewayError, Unavailable
from camera_gateway.roles import embedded_store
from camera_gateway.roles.children import Child, keep_running
from camera_gateway.roles.stores import create_bucket
from camera_gateway.supervision import Stop, services, stop_on_signals

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from camera_gateway.clock import Clock
    from camera_gateway.roles.loading import Loaded

STORE_READY_S = 60.0


def recorder_command(config: Path | None) -> list[str]:
    """Return the command line of the recorder, which loads nothing but what recording needs."""
    command = [sys.executable, "-m", "camera_gateway.roles.record"]
    return command if config is None else [*command, "--config", str(config)]


def recorder(config: Path | None) -> Child:
    """Return the child that records."""
    return Child("record", recorder_command(config))


def server(config: Path | None, port: int | None) -> Child:
    """Return the child that does the rest."""
    command = [sys.executable, "-m", "camera_gateway"]
    if config is not None:
        command += ["--config", str(config)]
    environment = dict(os.environ)
    if port is not None:
        environment["CAMERA_GATEWAY_API__PORT"] = str(port)
    return Child("serve", [*command, "serve"], environment)


async def run_all(
    loaded: Loaded,
    clock: Clock,
    *,
    port: int | None = None,
    extra: Sequence[Child] = (),
    watch: Callable[[Stop], Awaitable[None]] | None = None,
    seconds: float | None = None,
    log_dir: Path | None = None,
) -> None:
    """Run until a signal, or for `seconds`.

    `extra` children run beside, `watch` tells a terminal how it goes; with `log_dir` the roles write their logs there
    and leave the terminal to it.
    """
    stop = Stop()
    stop_on_signals(stop)
    async with services() as children:
        if seconds is not None:
            children.start(_end_after(stop, seconds), name="end")
        serve = server(loaded.file, port)
        parts = [*extra, recorder(loaded.file)]
        if log_dir is not None:
            for child in (serve, parts[-1]):
                child.output = log_dir / f"{child.name}.log"
        tasks = [children.start(keep_running(child, stop, clock), name=child.name) for child in parts]
        if loaded.settings.store.kind == "embedded":
            tasks.append(await _start_store(loaded, clock, stop, children.start))
        tasks.append(children.start(keep_running(serve, stop, clock), name="serve"))
        if watch is not None:
            children.start(_watch(watch, stop), name="watch")
        await stop.wait()
        await asyncio.wait(tasks)


async def _start_store(
    loaded: Loaded,
    clock: Clock,
    stop: Stop,
    start: Callable[..., asyncio.Task[None]],
) -> asyncio.Task[None]:
    """Start the embedded store, wait until it answers, and make its bucket."""
    settings = loaded.settings
    store = embedded_store.prepare(settings.site.data_dir, settings.store.bucket, settings.store.port)
    task = start(keep_running(embedded_store.child(store), stop, clock), name="store")
    deadline_us = clock.monotonic_us() + round(STORE_READY_S * 1e6)
    loop = asyncio.get_running_loop()
    while not stop.requested:
        if await loop.run_in_executor(None, store.healthy):
            try:
                await loop.run_in_executor(None, create_bucket, loaded.settings, clock)
            except GatewayError:
                if clock.monotonic_us() > deadline_us:
                    raise
            else:
                break
        if clock.monotonic_us() > deadline_us:
            raise Unavailable(
                "the embedded store does not start", hint=f"see {store.directory / 'weed.log'}; is the disk full?"
            )
        await stop.within(0.2)
    return task


async def _end_after(stop: Stop, seconds: float) -> None:
    await stop.within(seconds)
    stop.request()


async def _watch(watch: Callable[[Stop], Awaitable[None]], stop: Stop) -> None:
    await watch(stop)
