"""The streams of watching: playlists, pieces of segments, stills, renditions, the live edge.

Promises that each asks a verb for the right, the purpose and the register's line before a byte of footage moves;
that memory does not grow with a segment; that a whole segment is hashed as it passes and cut off when it is not what
was sealed. Knows HTTP; where bytes are and what is in them is told by `actions` and `footage`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal

import structlog
from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from camera_gateway.access.purposes import HEADER
from camera_gateway.actions.verbs import perform
from camera_gateway.api.identity import IDENTITY
from camera_gateway.api.pieces import Pieces
from camera_gateway.api.problems import problem_of_status
from camera_gateway.api.ranges import NotSatisfiable, asked_range, claimed_range
from camera_gateway.api.watching_service import Asker, told
from camera_gateway.clock import rfc3339
from camera_gateway.domain.footage import Sidecar, parse_sidecar_values
from camera_gateway.errors import GatewayError, InvalidInput, NotFound, Unavailable
from camera_gateway.footage.live import live_playlist
from camera_gateway.footage.playlist import MEDIA_TYPE, Stretch, media_playlist
from camera_gateway.footage.reader import IntegrityFailed
from camera_gateway.media.fragment_index import FragmentIndex, parse_index

if TYPE_CHECKING:
    from camera_gateway.actions.watching import OneSegment
    from camera_gateway.api.routes.table import Call
    from camera_gateway.api.watching_service import Watching

VIDEO_TYPE = "video/mp4"
TAKEN_WITHIN_S = 60.0
"""A piece that the other side has not taken by then ends the answer: it holds a place that others wait for."""
WIDEST_STILL = 1920
STILL_WIDTH = 640


class OneCamera(BaseModel):
    """Names a camera."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    camera: str


class PlaylistOf(OneCamera):
    """A span of at most six hours. `codec=h264` asks for what every browser plays, made on demand."""

    from_us: int
    to_us: int
    codec: Literal["h264"] | None = None


class SegmentOf(OneCamera):
    """Names a segment of a camera."""

    segment: str


class SliceOf(SegmentOf):
    """Names fragments of a segment, as "first-stop"; stop is not among them."""

    slice: str = Field(pattern=r"^\d{1,5}-\d{1,5}$")


class StillOf(OneCamera):
    """A moment; `width` in pixels at most."""

    at_us: int
    width: int = Field(STILL_WIDTH, ge=16, le=WIDEST_STILL)


class LiveOf(OneCamera):
    """The live edge; `codec=h264` asks for what every browser plays."""

    codec: Literal["h264"] | None = None


class LivePieceOf(SegmentOf):
    """Names a fragment of the live edge by where it begins in its segment."""

    offset: int = Field(ge=0, le=1 << 40)


@dataclass(frozen=True, slots=True)
class _Found:
    """A segment as a verb has told of it; what `footage.reader.Located` asks for."""

    sidecar: Sidecar
    spool_path: str | None
    key: str | None
    version_id: str | None
    index: FragmentIndex


async def playlist(call: Call) -> web.StreamResponse:
    """Send the playlist of a span."""
    asked: PlaylistOf = call.arguments
    told_of = await _ask(call, "footage.watch", from_us=asked.from_us, to_us=asked.to_us)
    stretches = [Stretch(found.sidecar, found.index) for found in map(_found, told_of["segments"])]
    text = media_playlist(stretches, told_of["moments"], h264=asked.codec == "h264", more=told_of["more"])
    if not text:
        raise NotFound("there is no sealed footage in this span", hint="the timeline tells why", code="no-footage")
    return web.Response(body=text.encode(), headers={"Content-Type": MEDIA_TYPE})


async def init(call: Call) -> web.StreamResponse:
    """Send `ftyp moov` of a segment."""
    found = await _segment(call, start=0, stop=0)
    with told():  # a small read: it does not wait for decoders
        return _answer(await call.gateway.waiting(_watching(call).playback.init, found, found.index))


async def media(call: Call) -> web.StreamResponse:
    """Send a whole segment, or a range of its bytes."""
    asked: SegmentOf = call.arguments
    begin, end = claimed_range(call.request.headers)
    found = await _segment(call, start=begin, stop=end)
    size, tag = found.sidecar.size_bytes, f'"{found.sidecar.sha256}"'
    headers = {"Accept-Ranges": "bytes", "ETag": tag}
    try:
        part = asked_range(call.request.headers, size, tag)
    except NotSatisfiable:
        return problem_of_status(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, {"Content-Range": f"bytes */{size}"})
    start, stop = (0, size) if part is None else part
    if part is not None:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    headers |= {"Content-Type": VIDEO_TYPE, "Content-Length": str(stop - start)}
    response = web.StreamResponse(status=200 if part is None else 206, headers=headers)
    with _watching(call).streaming(_asker(call).user, stop - start):
        source = _watching(call).playback.reader.chunks(found, start, stop - start)
        pieces = Pieces(call.gateway, source, stop - start)
        try:
            # before the first byte of the answer, so that what cannot be read is still a problem document
            piece = await pieces.next()
            async with asyncio.timeout(TAKEN_WITHIN_S):
                await response.prepare(call.request)
            while piece:
                following = await pieces.next()
                if not following and part is None:
                    pieces.demand(found.sidecar)
                async with asyncio.timeout(TAKEN_WITHIN_S):
                    await response.write(piece)
                piece = following
            async with asyncio.timeout(TAKEN_WITHIN_S):
                await response.write_eof()
        except (IntegrityFailed, Unavailable, TimeoutError) as error:
            if not response.prepared and not isinstance(error, TimeoutError):
                raise _gone(error) from error
            structlog.get_logger("http").warning(
                "segment broken off", segment=asked.segment, reason=str(error) or "not taken"
            )
            if call.request.transport is not None:
                call.request.transport.abort()  # so that what was sent is not taken for all of it
            raise ConnectionResetError from error
        finally:
            await pieces.close()
    return response


def _gone(error: IntegrityFailed | Unavailable) -> GatewayError:
    if isinstance(error, Unavailable):
        return error
    return NotFound(f"this footage is gone or damaged ({error.detail})", code="damaged")


async def segment(call: Call) -> web.StreamResponse:
    """Send a whole segment, or a range of its bytes, to who knows its id and not its camera."""
    if call.actor is None:
        raise Unavailable("nobody has signed in")
    asked: OneSegment = call.arguments
    told_of = await perform(call.gateway, call.actor, "footage.segment", {"segment": asked.segment})
    return await media(replace(call, arguments=SegmentOf(camera=told_of["camera"], segment=asked.segment)))


async def rendition_init(call: Call) -> web.StreamResponse:
    """Send the init segment of what is made of a segment for every browser."""
    found = await _segment(call, start=0, stop=0)
    watching = _watching(call)
    known = watching.playback.known_rendition_init(found)
    if known is None:
        known = await watching.decoded(_asker(call), watching.playback.rendition_init, found, found.index)
    return _answer(known)


async def rendition(call: Call) -> web.StreamResponse:
    """Send a slice as every browser plays it."""
    asked: SliceOf = call.arguments
    first, stop = (int(number) for number in asked.slice.split("-"))
    if not first < stop:
        raise InvalidInput("slice: the first fragment comes before the last")
    found = await _segment(call, first=first, after=stop)
    watching = _watching(call)
    made = await watching.decoded(_asker(call), watching.playback.rendition, found, found.index, first, stop)
    return _answer(made.media)


async def still(call: Call) -> web.StreamResponse:
    """Send the nearest picture at or before a moment that can be decoded by itself."""
    asked: StillOf = call.arguments
    found = _found(await _ask(call, "footage.still", at_us=asked.at_us))
    since_us = asked.at_us - found.sidecar.start_us
    watching = _watching(call)
    shown = await watching.decoded(_asker(call), watching.playback.still, found, found.index, since_us, asked.width)
    headers = {"Content-Type": "image/jpeg", "X-Picture-At": rfc3339(shown.at_us)}
    return web.Response(body=shown.still.jpeg, headers=headers)


async def live(call: Call) -> web.StreamResponse:
    """Send the playlist of the live edge."""
    asked: LiveOf = call.arguments
    state = await _ask(call, "footage.live")
    watching = _watching(call)
    pieces = await call.gateway.waiting(watching.feed(asked.camera).look, call.gateway.clock.now_us())
    if not pieces:
        detail = state["detail"] or "nothing is being recorded"
        raise NotFound(f"the camera is not live now: {detail}", hint="see the camera's state", code="not-live")
    text = live_playlist(pieces, h264=asked.codec == "h264")
    return web.Response(body=text.encode(), headers={"Content-Type": MEDIA_TYPE})


async def live_init(call: Call) -> web.StreamResponse:
    """Send `ftyp moov` of the live edge."""
    asked: SegmentOf = call.arguments
    await _ask(call, "footage.live")
    return _live_answer(await call.gateway.waiting(_watching(call).feed(asked.camera).init, asked.segment))


async def live_media(call: Call) -> web.StreamResponse:
    """Send one fragment of the live edge."""
    asked: LivePieceOf = call.arguments
    await _ask(call, "footage.live")
    feed = _watching(call).feed(asked.camera)
    return _live_answer(await call.gateway.waiting(feed.media, asked.segment, asked.offset))


async def live_rendition_init(call: Call) -> web.StreamResponse:
    """Send the init segment of what is made of the live edge for every browser."""
    asked: SegmentOf = call.arguments
    await _ask(call, "footage.live")
    watching = _watching(call)
    feed = watching.feed(asked.camera)
    made = await watching.decoded(_asker(call), feed.rendition_init, watching.workshop, asked.camera, asked.segment)
    return _live_answer(made)


async def live_rendition(call: Call) -> web.StreamResponse:
    """Send one fragment of the live edge as every browser plays it."""
    asked: LivePieceOf = call.arguments
    await _ask(call, "footage.live")
    watching = _watching(call)
    feed = watching.feed(asked.camera)
    made = await watching.decoded(
        _asker(call), feed.rendition, watching.workshop, asked.camera, asked.segment, asked.offset
    )
    return _live_answer(None if made is None else made.media)


def _answer(data: bytes) -> web.Response:
    return web.Response(body=data, headers={"Content-Type": VIDEO_TYPE})


def _live_answer(data: bytes | None) -> web.Response:
    if data is None:
        raise NotFound("this is not part of the live edge any more", hint="read the playlist again", code="no-footage")
    return _answer(data)


def _watching(call: Call) -> Watching:
    if call.services.watching is None:
        raise Unavailable("no service runs that shows footage", hint="start: camera-gateway run")
    return call.services.watching


def _asker(call: Call) -> Asker:
    return Asker("" if call.actor is None else call.actor.name, lambda: call.request.transport is None)


async def _segment(call: Call, **part: int | None) -> _Found:
    asked: SegmentOf = call.arguments
    return _found(await _ask(call, "footage.watch-segment", segment=asked.segment, **part))


async def _ask(call: Call, verb: str, **more: Any) -> Any:  # noqa: ANN401 - JSON
    """Ask a verb in the name of who asks, with what the register is to say of them."""
    if call.actor is None:
        raise Unavailable("nobody has signed in")
    who = call.request.get(IDENTITY)
    raw = {
        "camera": call.arguments.camera,
        "purpose": call.request.headers.get(HEADER, ""),
        "purpose_number": None if who is None else who.purpose,
        "session": None if who is None else who.session,
        "address": call.request.remote or "",
    }
    return await perform(call.gateway, call.actor, verb, {**raw, **more})


def _found(row: dict[str, Any]) -> _Found:
    sidecar = parse_sidecar_values(row["sidecar"])
    return _Found(sidecar, row["spool_path"], row["key"], row["version_id"], parse_index(row["index"]))
