"""An evidence package as an answer: a zip that is written while it is read, from spool and store, with no copy of it.

Promises memory that does not grow with the package; that an answer which ends in good order is whole and signed, and
any other is cut off; that both are in the chain of custody. What goes in is decided by the verbs of an export.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import CancelledError as FutureCancelledError
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import structlog
from aiohttp import web
from pydantic import BaseModel, ConfigDict

from camera_gateway.actions.evidence_export import broken_off
from camera_gateway.actions.verbs import perform
from camera_gateway.api.identity import IDENTITY
from camera_gateway.errors import GatewayError, NotFound, Unavailable
from camera_gateway.evidence.export import Exporter
from camera_gateway.evidence.export_plan import parse_plan, room_needed_bytes
from camera_gateway.evidence.packing import ZipSink
from camera_gateway.footage.reader import Reader
from storage.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import Executor, Future

    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.api.routes.table import Call
    from camera_gateway.domain.people import Actor

AT_ONCE = 2
WORK_DIRECTORY = "exports"
"""Below the data directory: playable copies are assembled there. What a crash left is removed at the next start."""
CHUNK_BYTES = 256 * 1024
TAKEN_WITHIN_S = 60.0
"""A reader that takes nothing for this long is gone."""


class OnePackage(BaseModel):
    """Names a request, which is packed, or an earlier package, whose request is packed anew."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    package: str


class Exports:
    """The threads that write packages, and how many of them do."""

    def __init__(self, threads: Executor) -> None:
        self.threads = threads
        self.running = 0


async def package(call: Call) -> web.StreamResponse:
    """Plan the package in the name of who asks, and send it."""
    actor, exports = call.actor, call.services.exports
    if actor is None or exports is None:
        raise Unavailable("no service runs that writes packages", hint="start: camera-gateway run")
    if exports.running >= AT_ONCE:
        raise Unavailable("other packages are being written", hint="try again in a minute", code="busy")
    exports.running += 1
    try:
        return await _sent(call, actor, exports)
    finally:
        exports.running -= 1


async def _sent(call: Call, actor: Actor, exports: Exports) -> web.StreamResponse:
    gateway = call.gateway
    asked: OnePackage = call.arguments
    request = await _request_of(gateway, actor, asked.package)
    who = call.request.get(IDENTITY)
    noted = {"address": call.request.remote or "", "session": None if who is None else who.session}
    plan: Mapping[str, Any] = await perform(gateway, actor, "evidence.export-plan", {"request": request, **noted})
    response = web.StreamResponse(
        headers={
            "Content-Type": "application/zip",
            "Content-Disposition": f'attachment; filename="{plan["package"]}.zip"',
            "Accept-Ranges": "none",
            "X-Package": plan["package"],
        }
    )
    response.enable_chunked_encoding()
    pipe = _Pipe(response, asyncio.get_running_loop())
    whole, reason = False, "the service ended"
    try:
        writing = _Writing(gateway, plan, pipe)
        await response.prepare(call.request)
        loop = asyncio.get_running_loop()
        packed = await loop.run_in_executor(exports.threads, writing.files)
        signed = await perform(gateway, actor, "evidence.export-finish", packed)
        await loop.run_in_executor(exports.threads, writing.end, signed)
        await response.write_eof()
        whole = True
    except (ConnectionError, TimeoutError, FutureCancelledError) as error:
        reason = "the other side has gone"
        raise ConnectionResetError from error
    except (GatewayError, StoreError, OSError) as error:
        reason = str(error)
        if not response.prepared:
            raise
        structlog.get_logger("http").warning("package broken off", package=plan["package"], reason=reason)
        raise ConnectionResetError from error
    finally:
        pipe.close()
        if not whole:
            if call.request.transport is not None:
                call.request.transport.abort()  # so that half of it is not taken for all of it
            await asyncio.shield(broken_off(gateway, actor, plan["package"], pipe.sent_bytes, reason))
    return response


async def _request_of(gateway: Gateway, actor: Actor, identity: str) -> str:
    """Return the request that is named, or that an earlier package is of."""
    if not identity.startswith("package-"):
        return identity
    for row in await perform(gateway, actor, "evidence.list", {}):
        if any(known["id"] == identity for known in row["packages"]):
            return str(row["id"])
    raise NotFound("no such package", hint="see the requests and their packages")


class _Writing:
    """What happens on the thread: the files, then, signed, the end of the zip."""

    def __init__(self, gateway: Gateway, plan: Mapping[str, Any], pipe: _Pipe) -> None:
        self._plan = parse_plan(plan)
        needed = room_needed_bytes(self._plan)
        if gateway.spool.free_bytes() - needed < gateway.settings.spool.reserve_bytes:
            raise Unavailable(
                f"playable copies take {needed // 1_000_000} MB of this host's disk, and recording needs that room",
                hint="export shorter spans, or with camera-gateway evidence export on another disk",
                code="disk",
            )
        self._work = gateway.data_dir / WORK_DIRECTORY
        self._pipe = pipe
        self._sink = ZipSink(cast("BinaryIO", pipe), plan["exported_us"])
        reader = Reader(gateway.data_dir / "spool", gateway.store)
        self._exporter = Exporter(reader, gateway.store, self._sink, self._work)
        self._package = plan["package"]

    def files(self) -> dict[str, Any]:
        """Write everything that was planned; return what `evidence.export-finish` takes."""
        self._work.mkdir(mode=0o700, exist_ok=True)
        try:
            done = self._exporter.run(self._plan)
        except BaseException:
            self._abandon()
            raise
        return {"package": self._package, "made": done.made, "changed": done.changed, "absent": done.absent}

    def end(self, signed: Mapping[str, str]) -> None:
        """Add the signature and close."""
        self._exporter.add("EXPORT.txt", signed["text"].encode())
        self._exporter.add("EXPORT.sig", bytes.fromhex(signed["signature"]))
        self._sink.close()
        self._pipe.flush_rest()

    def _abandon(self) -> None:
        """Let go of a zip that is not whole: nothing more of it goes out, not even when it is collected."""
        self._pipe.shut()
        with suppress(ConnectionError, ValueError):
            self._sink.close()


class _Pipe:
    """A file that cannot be sought, from a thread to the answer: what is written waits until it was taken."""

    def __init__(self, response: web.StreamResponse, loop: asyncio.AbstractEventLoop) -> None:
        self._response = response
        self._loop = loop
        self._waiting = bytearray()
        self._under_way: Future[None] | None = None
        self._closed = False
        self.sent_bytes = 0

    def write(self, data: bytes) -> int:
        """Take bytes; give them on in pieces of `CHUNK_BYTES`. Raises ConnectionError when nobody reads any more."""
        self._waiting += data
        while len(self._waiting) >= CHUNK_BYTES:
            piece = bytes(self._waiting[:CHUNK_BYTES])
            del self._waiting[:CHUNK_BYTES]
            self._give(piece)
        return len(data)

    def flush(self) -> None:
        """Do nothing: zip files flush after each member, and small pieces are what is to be avoided."""

    def flush_rest(self) -> None:
        """Give on what is left."""
        self._give(bytes(self._waiting))
        self._waiting.clear()

    def close(self) -> None:
        """Let the thread that writes fail at once, or at its next piece. Called on the loop."""
        self._closed = True
        if self._under_way is not None:
            self._under_way.cancel()

    def shut(self) -> None:
        """Take nothing more. Called on the thread that writes."""
        self._closed = True

    def _give(self, piece: bytes) -> None:
        if self._closed:
            raise ConnectionResetError
        self._under_way = asyncio.run_coroutine_threadsafe(self._send(piece), self._loop)
        self._under_way.result()
        self.sent_bytes += len(piece)

    async def _send(self, piece: bytes) -> None:
        if self._closed:
            raise ConnectionResetError
        async with asyncio.timeout(TAKEN_WITHIN_S):
            await self._response.write(piece)
