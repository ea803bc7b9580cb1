"""AAC from RTP (RFC 3640, `mpeg4-generic`, modes AAC-hbr and AAC-lbr): several frames a packet, or fragments. Pure.

Field widths come from the SDP. Frames are raw AAC without ADTS, as MP4 wants them. Interleaving (a non-zero
index delta) is not done by cameras and is treated as loss of the frame.
"""

from __future__ import annotations

from dataclasses import dataclass

from camera_gateway.rtsp.access_unit import AccessUnit

MAX_FRAMES_PER_PACKET = 64
MAX_FRAME_BYTES = 65_535


@dataclass(frozen=True, slots=True)
class AacLayout:
    """Widths in bits of the AU header fields, and the duration of a frame in clock_rate units."""

    size_bits: int = 13
    index_bits: int = 3
    delta_bits: int = 3
    frame_samples: int = 1024


class AacFrames:
    """Payloads of one AAC track in, one access unit per AAC frame out."""

    __slots__ = (
        "_damaged",
        "_held",
        "_layout",
        "_time",
        "_track",
        "dropped",
        "epoch",
        "ignored",
        "usual",
        "wanted",
    )

    def __init__(self, track: int, layout: AacLayout) -> None:
        self._track = track
        self._layout = layout
        self.usual = (layout.size_bits, layout.index_bits) == (13, 3)
        """Whether the header is the usual one: then, while nothing is `wanted`, `emit` is all that there is to do for a
        payload with one header that tells just the rest's size."""
        self.dropped = 0
        self.ignored = 0
        self.epoch = 0
        self._damaged = False
        self._held = bytearray()
        self.wanted = 0
        """Size of the frame whose fragments come, bytes."""
        self._time = 0

    def push(
        self, payload: bytes, rtp_time: int, arrival_us: int, *, marker: bool, lost: bool, out: list[AccessUnit]
    ) -> None:
        """Take the payload of the next packet; `lost` says that packets are missing before it."""
        if lost:
            self._damaged = True
            self._drop_held()
        self._general(payload, rtp_time, arrival_us, out, marker=marker)

    def flush(self, out: list[AccessUnit]) -> None:
        """Give up a frame whose fragments did not all come; nothing else is held back."""
        del out
        self._drop_held()

    def check_limits(self) -> None:
        """Nothing can grow: a frame is bounded by its 16-bit size."""

    def _general(self, payload: bytes, rtp_time: int, arrival_us: int, out: list[AccessUnit], *, marker: bool) -> None:
        headers = self._headers(payload)
        if headers is None:
            self.ignored += 1
            self._damaged = True
            self._drop_held()
            return
        sizes, at = headers
        if len(sizes) == 1 and sizes[0] > len(payload) - at:
            self._fragment(payload[at:], sizes[0], rtp_time, arrival_us, out)
            return
        if self.wanted and len(sizes) == 1 and rtp_time == self._time:
            # the last fragment of some senders carries its own length only
            self._fragment(payload[at : at + sizes[0]], self.wanted, rtp_time, arrival_us, out)
            if marker:
                self._drop_held()
            return
        self._drop_held()
        for number, wanted in enumerate(sizes):
            frame = payload[at : at + wanted]
            at += wanted
            if len(frame) < wanted:
                self._damaged = True
                self.dropped += 1
                return
            if frame:
                self.emit(frame, rtp_time + number * self._layout.frame_samples, arrival_us, out)

    def _headers(self, payload: bytes) -> tuple[list[int], int] | None:
        """Return the sizes of the frames and the offset of the first; None when the section is broken."""
        if len(payload) < 2:  # noqa: PLR2004 - the 16-bit length of the header section, in bits
            return None
        bits = payload[0] << 8 | payload[1]
        at = 2 + (bits + 7) // 8
        if at > len(payload):
            return None
        layout = self._layout
        section = int.from_bytes(payload[2:at]) >> (-bits % 8)
        left, width = bits, layout.size_bits + layout.index_bits
        sizes: list[int] = []
        while left >= width > 0 and len(sizes) < MAX_FRAMES_PER_PACKET:
            left -= width
            field = section >> left & ((1 << width) - 1)
            index_bits = layout.delta_bits if sizes else layout.index_bits
            if sizes and field & ((1 << index_bits) - 1):
                return None
            sizes.append(field >> index_bits)
            width = layout.size_bits + layout.delta_bits
        return (sizes, at) if sizes else None

    def _fragment(self, data: bytes, wanted: int, rtp_time: int, arrival_us: int, out: list[AccessUnit]) -> None:
        if self.wanted and (rtp_time != self._time or wanted != self.wanted):
            self._drop_held()
        if not self.wanted:
            self.wanted = wanted
            self._time = rtp_time
        self._held += data
        if len(self._held) == self.wanted:
            frame = bytes(self._held)
            self._held.clear()
            self.wanted = 0
            self.emit(frame, rtp_time, arrival_us, out)
        elif len(self._held) > self.wanted:
            self._drop_held()

    def _drop_held(self) -> None:
        if self.wanted:
            self._held.clear()
            self.wanted = 0
            self._damaged = True
            self.dropped += 1

    def emit(self, frame: bytes, rtp_time: int, arrival_us: int, out: list[AccessUnit]) -> None:
        """Add a whole frame."""
        out.append(
            AccessUnit(
                self._track,
                rtp_time,
                arrival_us,
                [frame],
                len(frame),
                True,  # noqa: FBT003 - a keyframe, by position: keywords cost
                self._damaged,
                None,
                self._layout.frame_samples,
                self.epoch,
                False,  # noqa: FBT003 - not signed
            )
        )
        self._damaged = False
