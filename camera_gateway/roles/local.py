"""A gateway inside a command's own process, for the times when no `serve` runs.

Promises the same answers as a running `serve`: it takes in what was sealed since, and takes the catalogue's lock.
"""

from __future__ import annotations

import os
import pwd
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from camera_gateway.catalogue.opening import Catalogue
from camera_gateway.clock import SystemClock
from camera_gateway.errors import Unavailable
from camera_gateway.footage.books import Books
from camera_gateway.intake.taking import Intake
from camera_gateway.metrics import Metrics
from camera_gateway.roles.gap_seconds import GapSeconds
from camera_gateway.roles.observers import IntakeEar
from camera_gateway.roles.opening import gateway_of
from camera_gateway.roles.stores import open_configured
from storage.errors import SpoolError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.roles.loading import Loaded


def shell_user() -> str:
    """Return the name of the user who runs this process, as the kernel knows it."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid-{os.getuid()}"


@asynccontextmanager
async def local_gateway(loaded: Loaded) -> AsyncIterator[Gateway]:
    """Open catalogue and store for one command; `Refused` when another process owns the catalogue."""
    clock = SystemClock()
    with ExitStack() as held:
        settings = loaded.settings
        catalogue = held.enter_context(Catalogue.open(settings.catalogue.url, settings.site.data_dir, clock))
        opened = open_configured(settings, clock, lambda _observation: None)
        held.callback(opened.close)
        catalogue_thread = held.enter_context(ThreadPoolExecutor(1, "catalogue"))
        store_threads = held.enter_context(ThreadPoolExecutor(4, "store"))
        gateway = gateway_of(loaded, clock, catalogue, opened.store, catalogue_thread, store_threads, lambda: None)
        held.callback(gateway.door.close)
        await _take_in(gateway)
        yield gateway


async def _take_in(gateway: Gateway) -> None:
    """Take into the catalogue what was sealed since `serve` ended, so that the answer knows of it."""
    books = Books(gateway.catalogue, gateway.catalogue_thread)
    intake = Intake(books, gateway.spool, gateway.clock, IntakeEar(GapSeconds(Metrics(), gateway.clock.now_us())))
    try:
        await gateway.waiting(partial(intake.take, full=True))
    except SpoolError as error:
        raise Unavailable(f"the spool cannot be read: {error}", hint="check the disk; see doctor") from error
