"""What the HTTP interface is given beside the gateway: threads and helpers of its own.

Promises that they are made and ended with `serve`, and that long streams take no thread of uploads. Knows no route.
"""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from camera_gateway.api.packages import AT_ONCE, WORK_DIRECTORY, Exports
from camera_gateway.api.services import Services
from camera_gateway.discovery.picture import Pictures
from camera_gateway.roles.viewing import make_watching

if TYPE_CHECKING:
    from contextlib import AsyncExitStack

    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.api.watching_service import Watching


def services_of(gateway: Gateway, held: AsyncExitStack) -> Services:
    """Return the helpers; `held` ends them."""
    shutil.rmtree(gateway.data_dir / WORK_DIRECTORY, ignore_errors=True)  # what a crash left of exports
    return Services(
        exports=Exports(held.enter_context(ThreadPoolExecutor(AT_ONCE, "export"))),
        watching=make_watching(gateway, held),
    )


def pictures_of(watching: Watching | None, held: AsyncExitStack) -> Pictures | None:
    """Return where pictures of cameras are decoded: by those who decode for watching; `held` ends the thread."""
    if watching is None:
        return None
    return Pictures(watching.workshop, held.enter_context(ThreadPoolExecutor(1, "picture")))
