"""One track while packets flow: where its numbers stand, and the layouts that its packets have. Pure.

Plain attributes: the receiver's inner loop works on them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from camera_gateway.rtsp import rtp
from camera_gateway.rtsp.depacketise.aac import AacFrames
from camera_gateway.rtsp.depacketise.nal_units import NalAssembler
from camera_gateway.rtsp.fragment_rows import KEPT_ROWS, Rows, rows_of
from camera_gateway.rtsp.interleaved import DOLLAR

if TYPE_CHECKING:
    from camera_gateway.rtsp.tracks import Depacketiser, TrackSetup


class Lane:
    """One track of a connection."""

    __slots__ = (
        "aac",
        "depacketiser",
        "frame",
        "held",
        "index",
        "payload_type",
        "plain",
        "rows",
        "shift",
        "source",
        "video",
    )

    def __init__(self, setup: TrackSetup) -> None:
        self.index = setup.index
        self.payload_type = setup.payload_type
        self.frame = DOLLAR << 8 | setup.rtp_channel
        self.plain = rtp.PLAIN | setup.payload_type
        """The first two bytes of a packet of this track without padding, extension, CSRC and marker."""
        self.source = rtp.Source(setup.ssrc)
        self.depacketiser: Depacketiser = setup.depacketiser
        self.video = setup.depacketiser if isinstance(setup.depacketiser, NalAssembler) else None
        self.aac = setup.depacketiser if isinstance(setup.depacketiser, AacFrames) else None
        self.held: bytes | None = None
        self.rows: dict[int, Rows] = {}
        """By size and first bytes of the payload."""
        self.shift = 0 if self.video is None else 32 - 8 * self.video.fragment_prefix
        """What of four bytes of payload is not before a fragment's data, bits."""

    @property
    def has_short_routes(self) -> bool:
        """Whether some of its packets need not go the general way."""
        return self.video is not None or (self.aac is not None and self.aac.usual)

    def new_rows(self, size: int, prefix: int, video: NalAssembler) -> Rows | None:
        """Return the rows of packets of `size` bytes whose first one's payload begins with `prefix`; None: no row."""
        opening = video.openings.get(prefix)
        if opening is None and prefix != video.fragment_middle:
            return None
        if len(self.rows) >= KEPT_ROWS:
            self.rows.clear()
        middle, last = (opening.middle, opening.end) if opening is not None else (prefix, video.fragment_end)
        width = video.fragment_prefix
        rows = rows_of(
            self.frame, size, self.plain, opening, *(kind.to_bytes(width) for kind in (prefix, middle, last))
        )
        self.rows[size << 24 | prefix] = rows
        return rows
