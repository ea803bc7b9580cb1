"""G.711 from RTP, A-law and µ-law (RFC 3551 section 4.5.14): one packet, one unit, one byte a sample. Pure.

Promises the bytes as they came; must not know how a file holds them.
"""

from __future__ import annotations

from camera_gateway.rtsp.access_unit import AccessUnit


class G711Frames:
    """Payloads of one G.711 track in, access units out; `channels` bytes make one sample time."""

    __slots__ = ("_channels", "_track", "dropped", "epoch", "ignored")

    def __init__(self, track: int, channels: int = 1) -> None:
        self._track = track
        self._channels = max(1, channels)
        self.dropped = 0
        self.ignored = 0
        self.epoch = 0

    def push(
        self, payload: bytes, rtp_time: int, arrival_us: int, *, marker: bool, lost: bool, out: list[AccessUnit]
    ) -> None:
        """Take the payload of the next packet; `lost` says that packets are missing before it."""
        del marker  # marks the start of a talk spurt; cameras do not stop talking
        size = len(payload)
        if size:
            samples = size // self._channels
            out.append(
                AccessUnit(
                    self._track,
                    rtp_time,
                    arrival_us,
                    [payload],
                    size,
                    damaged=lost,
                    samples=samples,
                    epoch=self.epoch,
                )
            )

    def flush(self, out: list[AccessUnit]) -> None:
        """Nothing is held back."""

    def check_limits(self) -> None:
        """Nothing is held back."""
