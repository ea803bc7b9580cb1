"""The verbs of watching: what a playlist lists, one segment, one still, the live edge. They find; streams read.

Promises: the right is asked for each time (Z1, Z3), a purpose for whatever was recorded (Z2), and the register's line
comes first (S3). What they return says where bytes are; only the HTTP interface's streams read them.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from camera_gateway.access.rights import SECOND, place_of_camera
from camera_gateway.actions.admission import Watcher, moments_open_to, note
from camera_gateway.catalogue import registry, segments
from camera_gateway.catalogue.fragment_indexes import indexes_of, keep_indexes
from camera_gateway.domain.footage import RECORDED
from camera_gateway.domain.ids import CameraId, SegmentId
from camera_gateway.domain.intervals import clip
from camera_gateway.domain.people import SYSTEM
from camera_gateway.errors import InvalidInput, NotFound, Refused
from camera_gateway.footage.indexing import make_index
from camera_gateway.footage.playlist import SLICE_US
from camera_gateway.footage.reader import Reader
from camera_gateway.handover.status_file import read_statuses
from camera_gateway.media.fragment_index import parse_index, slices

if TYPE_CHECKING:
    from collections.abc import Sequence

    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.catalogue.segments import SegmentRow
    from camera_gateway.domain.intervals import Interval
    from camera_gateway.domain.people import Actor, Place
    from camera_gateway.media.fragment_index import FragmentIndex

US = 1_000_000
LONGEST_US = 6 * 3_600 * US
"""A playlist spans six hours at most: 10,800 entries."""
INDEXED_AT_ONCE = 40
"""So many segments without an index are looked into for one playlist; who reads it again finds those after them."""


class Watch(Watcher):
    """A span to be watched, µs UTC."""

    from_us: int
    to_us: int


class WatchSegment(Watcher):
    """A part of a segment: bytes `start` up to `stop` (None: to its end), or fragments `first` up to `after`."""

    segment: str
    start: int = 0
    stop: int | None = None
    first: int | None = None
    after: int | None = None


class OneSegment(BaseModel):
    """Names a segment, of whichever camera."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    segment: str


class WatchStill(Watcher):
    """A moment, µs UTC."""

    at_us: int


async def watch(gateway: Gateway, actor: Actor, args: Watch) -> dict[str, Any]:
    """Return the segments of a span with their indexes, and the parts of the span that the actor may see.

    `more`: the indexes of later segments are still to be made; who asks again is told of more.
    """
    if args.to_us <= args.from_us:
        raise InvalidInput("the span is empty: from is not before to")
    if args.to_us - args.from_us > LONGEST_US:
        raise InvalidInput("a playlist spans six hours at most", hint="ask for a part of it")

    def work(tx: Transaction) -> tuple[list[Interval], list[SegmentRow], dict[SegmentId, str]]:
        moments = moments_open_to(tx, actor, args.camera, args.from_us, args.to_us)
        found = segments.in_span(tx, CameraId(args.camera), moments[0][0], moments[-1][1])
        rows = [row for row in found if row.state in RECORDED]
        return moments, rows, indexes_of(tx, [row.sidecar.segment for row in rows], with_empty=True)

    moments, rows, known = await gateway.read(work)
    await note(gateway, actor, args, "archive", (moments[0][0], moments[0][0] + 1))
    # what could not be indexed is tried again, after what was never looked at: it must not keep others waiting
    fresh = [row for row in rows if row.sidecar.segment not in known]
    failed = [row for row in rows if known.get(row.sidecar.segment) == ""]
    looked_at = [*fresh, *failed][:INDEXED_AT_ONCE]
    if looked_at:
        known |= await index_segments(gateway, looked_at)
    rest = fresh[INDEXED_AT_ONCE:]
    while rest and not any(known.get(row.sidecar.segment) for row in rows[: rows.index(rest[0])]):
        known |= await index_segments(gateway, rest[:INDEXED_AT_ONCE])  # an empty playlist would be taken for a gap
        rest = rest[INDEXED_AT_ONCE:]
    if rest:
        rows = rows[: rows.index(rest[0])]
    return {
        "moments": moments,
        "more": bool(rest),
        "segments": [_located(row, known[row.sidecar.segment]) for row in rows if known.get(row.sidecar.segment)],
    }


def place_of_segment(tx: Transaction, args: OneSegment) -> tuple[Place]:
    """Return where the camera is whose segment it is."""
    return (place_of_camera(tx, segments.get_segment(tx, SegmentId(args.segment)).sidecar.camera),)


async def camera_of_segment(gateway: Gateway, _actor: Actor, args: OneSegment) -> dict[str, str]:
    """Say whose segment it is; nothing of it is shown, so nothing is noted."""
    row = await gateway.read(lambda tx: segments.get_segment(tx, SegmentId(args.segment)))
    return {"camera": row.sidecar.camera}


async def watch_segment(gateway: Gateway, actor: Actor, args: WatchSegment) -> dict[str, Any]:
    """Return where a segment of the camera is, once the part of it that is asked for may be seen and is noted."""

    def work(tx: Transaction) -> tuple[SegmentRow, str, list[Interval]]:
        row, text = _one(tx, args.camera, args.segment)
        begin_us, end_us = row.sidecar.start_us, row.sidecar.end_us
        # where drift was corrected, the last pictures' times by the segment's start lie beyond its end
        last_us = max(end_us, begin_us + row.sidecar.media_duration_us) + 1
        return row, text, moments_open_to(tx, actor, args.camera, begin_us, last_us)

    row, text, moments = await gateway.read(work)
    text = text or await _indexed(gateway, row)
    index = parse_index(text)
    shown = _shown(row, index, args)
    if shown is not None:
        _demand_open(moments, row, index, shown)
        await note(gateway, actor, args, "archive", shown)
    return _located(row, text)


async def watch_still(gateway: Gateway, actor: Actor, args: WatchStill) -> dict[str, Any]:
    """Return the segment that holds a moment; `NotFound` where there is none."""

    def work(tx: Transaction) -> tuple[SegmentRow, str]:
        camera = registry.get_camera(tx, CameraId(args.camera))
        moments_open_to(tx, actor, args.camera, args.at_us, args.at_us + 1)
        for row in segments.in_span(tx, camera.id, args.at_us, args.at_us + 1):
            if row.state in RECORDED:
                return _one(tx, camera.id, row.sidecar.segment)
        raise NotFound("there is no sealed footage of this moment", hint="the timeline tells why", code="no-footage")

    row, text = await gateway.read(work)
    await note(gateway, actor, args, "still", (args.at_us, args.at_us + 1))
    return _located(row, text or await _indexed(gateway, row))


async def watch_live(gateway: Gateway, actor: Actor, args: Watcher) -> dict[str, Any]:
    """Say that the camera may be watched live, and note it: one line per person, session and camera, lengthened."""
    camera = await gateway.read(lambda tx: registry.get_camera(tx, CameraId(args.camera)))
    await note(gateway, actor, args, "live", None)
    reports = await gateway.waiting(read_statuses, gateway.data_dir / "status")
    statuses = [s for report in reports for s in report.cameras if s.camera == camera.id]
    detail = next((s.detail or s.state for s in statuses if s.state != "recording"), "")
    return {"camera": camera.id, "detail": detail}


async def index_segments(gateway: Gateway, rows: Sequence[SegmentRow]) -> dict[SegmentId, str]:
    """Make and keep the indexes of segments; an empty text for one that cannot have one."""
    reader = Reader(gateway.data_dir / "spool", gateway.store)
    made = await asyncio.gather(*(gateway.waiting(make_index, reader, row) for row in rows))
    found = {
        row.sidecar.segment: "" if index is None else index.to_text() for row, index in zip(rows, made, strict=True)
    }
    await gateway.write(SYSTEM, lambda tx: keep_indexes(tx, found))
    return found


def _one(tx: Transaction, camera: str, segment: str) -> tuple[SegmentRow, str]:
    """Return a segment of this very camera and its index, '' where it has none yet."""
    gone = NotFound("no such segment of this camera", code="no-footage")
    try:
        row = segments.get_segment(tx, SegmentId(segment))
    except NotFound:
        raise gone from None
    if row.sidecar.camera != camera or row.state not in RECORDED:
        raise gone
    return row, indexes_of(tx, [row.sidecar.segment]).get(row.sidecar.segment, "")


async def _indexed(gateway: Gateway, row: SegmentRow) -> str:
    text = (await index_segments(gateway, [row]))[row.sidecar.segment]
    if not text:
        raise NotFound("this segment is damaged and cannot be played", hint="see: camera-gateway check", code="damaged")
    return text


def _shown(row: SegmentRow, index: FragmentIndex, args: WatchSegment) -> Interval | None:
    """Return the wall times of the pictures that are asked for; None when there are none among the bytes."""
    parts = index.fragments
    if args.first is not None and args.after is not None:
        shown = parts[max(0, args.first) : max(0, args.after)]
    else:
        stop = row.sidecar.size_bytes if args.stop is None else args.stop
        shown = tuple(part for part in parts if part.offset < stop and part.end > args.start)
    if not shown:
        return None
    start_us, last = row.sidecar.start_us, shown[-1]
    end_us = start_us + index.since_start_us(last) + index.ticks_us(last.duration)
    return start_us + index.since_start_us(shown[0]), end_us


def _demand_open(moments: Sequence[Interval], row: SegmentRow, index: FragmentIndex, shown: Interval) -> None:
    """Raise `Refused` unless every playlist entry that is asked for touches a moment that is open to the actor."""
    begin_us = row.sidecar.start_us
    for piece in slices(index, SLICE_US):
        start_us, end_us = begin_us + piece.since_start_us, begin_us + piece.since_start_us + piece.duration_us
        if start_us < shown[1] and end_us > shown[0] and not clip(moments, start_us, end_us):
            raise Refused(
                "this part of the segment is not among what was approved",
                hint="request evidence of this span, and let another user approve it",
                code=SECOND,
            )


def _located(row: SegmentRow, index: str) -> dict[str, Any]:
    return {
        "sidecar": row.sidecar.as_json(),
        "spool_path": row.spool_path,
        "key": row.key,
        "version_id": row.version_id,
        "index": index,
    }
