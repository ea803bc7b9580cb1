"""Progress of a job as server-sent events (HTML Living Standard, 9.2), for a page that was just reloaded too.

Each event is the whole state of the job and its id is the job's version, so a reader that comes back with
Last-Event-ID misses nothing. Promises to look at the reader's rights again while it lasts.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

from camera_gateway.actions.jobs import ENDED, OneJob, visible
from camera_gateway.actions.verbs import perform
from camera_gateway.api.negotiation import rendered
from camera_gateway.errors import GatewayError, Unavailable

if TYPE_CHECKING:
    from camera_gateway.actions.jobs import Job
    from camera_gateway.api.routes.table import Call

ALIVE_S = 15.0
"""So often something is sent, that proxies keep the connection and a gone reader is noticed; rights are asked again."""
NOT_MORE_OFTEN_S = 0.2
WRITTEN_WITHIN_S = 30.0


async def job_events(call: Call) -> web.StreamResponse:
    """Send each change of a job until it has ended."""
    actor, jobs = call.actor, call.gateway.jobs
    if actor is None or jobs is None:
        raise Unavailable("no service runs, so there are no jobs", hint="start: camera-gateway run")
    asked: OneJob = call.arguments
    await perform(call.gateway, actor, "job.show", asked.model_dump())
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no"}
    )
    response.enable_chunked_encoding()
    await response.prepare(call.request)
    seen = _last_seen(call.request)
    while True:
        try:
            async with asyncio.timeout(ALIVE_S):
                job = await jobs.changed(asked.job, seen)
        except TimeoutError:
            await _send(response, b": alive\n\n")
        else:
            await _send(response, _event(job))
            seen = job.version
            if job.state in ENDED:
                return response
            await asyncio.sleep(NOT_MORE_OFTEN_S)
            continue
        try:
            await visible(call.gateway, actor, asked.job)
        except GatewayError:
            return response


def _last_seen(request: web.Request) -> int:
    text = request.headers.get("Last-Event-ID", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < len("9" * 16) else 0


def _event(job: Job) -> bytes:
    return b"id: %d\nevent: job\ndata: %b\n\n" % (job.version, rendered(job.as_json(whole=False)))


async def _send(response: web.StreamResponse, data: bytes) -> None:
    try:
        async with asyncio.timeout(WRITTEN_WITHIN_S):
            await response.write(data)
    except TimeoutError:
        raise ConnectionResetError from None
