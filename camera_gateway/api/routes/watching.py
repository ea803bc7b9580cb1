"""Watching, as routes: the timeline, and the streams of pictures.

A table: it promises what each route is and needs, and knows nothing of how it is served.
"""

from __future__ import annotations

from camera_gateway.access.permissions import Act
from camera_gateway.actions.watching import OneSegment
from camera_gateway.api import watching
from camera_gateway.api.routes.table import Route
from camera_gateway.footage.playlist import MEDIA_TYPE

_CAMERA = "/api/v1/cameras/{camera}"
_SEGMENT = f"{_CAMERA}/segments/{{segment}}"
_LIVE = f"{_CAMERA}/live/{{segment}}"
PIECE_COST = 0.2
"""A player asks for a piece every second or two, for four cameras, at up to sixteen times the speed."""

WATCHING: tuple[Route, ...] = (
    Route(
        "GET",
        f"{_CAMERA}/timeline",
        "footage.timeline",
        "Footage, gaps with causes, holds, incidents and activity of a span; for more than two days with sums per hour",
        "footage.timeline",
    ),
    Route(
        "GET",
        f"{_CAMERA}/playlist.m3u8",
        "footage.playlist",
        "An HLS playlist (RFC 8216) of recorded footage, with wall times",
        stream=watching.playlist,
        arguments=watching.PlaylistOf,
        act=Act.FOOTAGE_VIEW,
        purpose=True,
        content=MEDIA_TYPE,
    ),
    Route(
        "GET",
        f"{_SEGMENT}/init.mp4",
        "footage.init",
        "The init segment of a segment",
        stream=watching.init,
        arguments=watching.SegmentOf,
        act=Act.FOOTAGE_VIEW,
        purpose=True,
        content=watching.VIDEO_TYPE,
        cost=PIECE_COST,
    ),
    Route(
        "GET",
        f"{_SEGMENT}/media.mp4",
        "footage.media",
        "A segment as it was sealed, or a range of its bytes",
        stream=watching.media,
        arguments=watching.SegmentOf,
        act=Act.FOOTAGE_VIEW,
        purpose=True,
        content=watching.VIDEO_TYPE,
        cost=PIECE_COST,
    ),
    Route(
        "GET",
        "/api/v1/segments/{segment}",
        "footage.by-segment",
        "The same by the segment's id alone, as lists and sidecars name it",
        stream=watching.segment,
        arguments=OneSegment,
        act=Act.FOOTAGE_VIEW,
        purpose=True,
        content=watching.VIDEO_TYPE,
        cost=PIECE_COST,
    ),
    Route(
        "GET",
        f"{_SEGMENT}/h264/init.mp4",
        "footage.rendition-init",
        "The init segment of what is made of a segment for every browser",
        stream=watching.rendition_init,
        arguments=watching.SegmentOf,
        act=Act.FOOTAGE_VIEW,
        purpose=True,
        content=watching.VIDEO_TYPE,
        cost=PIECE_COST,
    ),
    Route(
        "GET",
        f"{_SEGMENT}/h264/{{slice}}.m4s",
        "footage.rendition",
        "Some fragments of a segment as every browser plays them: H.264 and AAC, times kept",
        stream=watching.rendition,
        arguments=watching.SliceOf,
        act=Act.FOOTAGE_VIEW,
        purpose=True,
        content=watching.VIDEO_TYPE,
    ),
    Route(
        "GET",
        f"{_CAMERA}/still",
        "footage.still",
        "The last keyframe at or before a moment, as JPEG",
        stream=watching.still,
        arguments=watching.StillOf,
        act=Act.FOOTAGE_VIEW,
        purpose=True,
        content="image/jpeg",
    ),
    Route(
        "GET",
        f"{_CAMERA}/live.m3u8",
        "live.playlist",
        "An HLS playlist of the live edge: one entry per fragment, a second long at most",
        stream=watching.live,
        arguments=watching.LiveOf,
        act=Act.LIVE_VIEW,
        content=MEDIA_TYPE,
        cost=PIECE_COST,
    ),
    Route(
        "GET",
        f"{_CAMERA}/live",
        "live.edge",
        "The same playlist, at an address without an ending",
        stream=watching.live,
        arguments=watching.LiveOf,
        act=Act.LIVE_VIEW,
        content=MEDIA_TYPE,
        cost=PIECE_COST,
    ),
    Route(
        "GET",
        f"{_LIVE}/init.mp4",
        "live.init",
        "The init segment of the live edge",
        stream=watching.live_init,
        arguments=watching.SegmentOf,
        act=Act.LIVE_VIEW,
        content=watching.VIDEO_TYPE,
        cost=PIECE_COST,
    ),
    Route(
        "GET",
        f"{_LIVE}/{{offset}}.m4s",
        "live.media",
        "A fragment of the live edge",
        stream=watching.live_media,
        arguments=watching.LivePieceOf,
        act=Act.LIVE_VIEW,
        content=watching.VIDEO_TYPE,
        cost=PIECE_COST,
    ),
    Route(
        "GET",
        f"{_LIVE}/h264/init.mp4",
        "live.rendition-init",
        "The init segment of what is made of the live edge for every browser",
        stream=watching.live_rendition_init,
        arguments=watching.SegmentOf,
        act=Act.LIVE_VIEW,
        content=watching.VIDEO_TYPE,
        cost=PIECE_COST,
    ),
    Route(
        "GET",
        f"{_LIVE}/h264/{{offset}}.m4s",
        "live.rendition",
        "A fragment of the live edge as every browser plays it",
        stream=watching.live_rendition,
        arguments=watching.LivePieceOf,
        act=Act.LIVE_VIEW,
        content=watching.VIDEO_TYPE,
    ),
)
