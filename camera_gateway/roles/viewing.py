"""Watching in `serve`: what the HTTP interface is given for it, and the service that looks ahead for players.

The service makes the fragment index of each new segment while its file is still in the spool, so that footage in the
bucket plays as fast as footage at hand; it finds its work by looking (nobody is told), and a backlog of old segments is
walked through once, a few at a time.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import structlog

from camera_gateway.actions.watching import index_segments
from camera_gateway.api.watching_service import Watching
from camera_gateway.catalogue.fragment_indexes import newest_without, without_after
from camera_gateway.errors import Unavailable
from camera_gateway.footage.reader import Reader
from camera_gateway.media.workshop import Workshop

if TYPE_CHECKING:
    from contextlib import AsyncExitStack

    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.supervision import Services, Stop

CHILDREN = 1
"""Decoders at work at once: a gateway has two cores, and recording comes first."""
WAITING = 6
THREADS = CHILDREN + 1
"""One reads what the next job needs while another decodes; the line before them is counted in `api`."""
EVERY_S = 5.0
NEWEST = 100
BACKLOG = 200


def make_watching(gateway: Gateway, held: AsyncExitStack) -> Watching:
    """Return the long-lived half of watching; `held` ends it."""
    workshop = Workshop(CHILDREN, WAITING)
    threads = held.enter_context(ThreadPoolExecutor(THREADS, "decode"))
    held.callback(workshop.close)
    spool = gateway.data_dir / "spool"
    return Watching(Reader(spool, gateway.store), workshop, threads, spool, gateway.clock)


def start_viewing(running: Services, gateway: Gateway, watching: Watching | None, stop: Stop) -> None:
    """Start the service."""
    running.start(look_ahead(gateway, watching, stop), name="viewing")


async def look_ahead(gateway: Gateway, watching: Watching | None, stop: Stop) -> None:
    """Index what is new, walk through what is old, and let idle decoders go."""
    after: str | None = ""
    while not stop.requested:
        try:
            after = await index_once(gateway, after)
        except Unavailable as error:
            structlog.get_logger("viewing").info("indexing waits", reason=error.message)
        if watching is not None:
            await gateway.waiting(watching.tidy)
        await stop.within(EVERY_S)


async def index_once(gateway: Gateway, after: str | None) -> str | None:
    """Index the newest segments, and of the old ones those behind the id `after`; where to go on (None: nowhere)."""
    rows = await gateway.read(partial(newest_without, limit=NEWEST))
    if after is not None:
        old, after = await gateway.read(partial(without_after, after=after, limit=BACKLOG))
        known = {row.sidecar.segment for row in rows}
        rows += [row for row in old if row.sidecar.segment not in known]
    if rows:
        await index_segments(gateway, rows)
    return after
