"""A track that was set up: what it carries, on which channels, and who takes its packets apart. Pure.

A track's index counts the set-up tracks from 0 and is what access units name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from camera_gateway.rtsp.access_unit import AccessUnit
    from camera_gateway.rtsp.sdp import Media

Codec = Literal["h264", "h265", "aac", "pcma", "pcmu"]


class Depacketiser(Protocol):
    """Payloads in, access units out. Times are on the track's 64-bit scale, arrivals monotonic µs."""

    dropped: int
    """NAL units or frames left out whole because of loss."""
    ignored: int
    """Packets that carried nothing for us."""
    epoch: int

    def push(
        self, payload: bytes, rtp_time: int, arrival_us: int, *, marker: bool, lost: bool, out: list[AccessUnit]
    ) -> None:
        """Take the next payload. Raises StreamCorrupt or CodecRefused."""
        ...

    def flush(self, out: list[AccessUnit]) -> None:
        """End what is held back."""
        ...

    def check_limits(self) -> None:
        """Raise StreamLimitExceeded when what is held back passed a limit."""
        ...


@dataclass(frozen=True, slots=True)
class Opened:
    """A media section that can be recorded, and how."""

    codec: Codec
    payload_type: int
    clock_rate: int
    channels: int
    depacketiser: Depacketiser = field(repr=False, compare=False)
    parameter_sets: tuple[bytes, ...] = ()
    """From the SDP, NAL units without prefix; empty when absent or unusable."""
    codec_config: bytes = b""
    """AAC: the AudioSpecificConfig."""
    sample_rate: int = 0
    """Audio: samples per second as the codec says; video 0."""


@dataclass(frozen=True, slots=True)
class TrackSetup:
    """One set-up track. `index` counts from 0 in the order of SETUP: video, then audio."""

    index: int
    kind: Literal["video", "audio"]
    codec: Codec
    payload_type: int
    clock_rate: int
    channels: int
    rtp_channel: int
    rtcp_channel: int
    media: Media = field(repr=False)
    depacketiser: Depacketiser = field(repr=False, compare=False)
    parameter_sets: tuple[bytes, ...] = field(default=(), repr=False)
    codec_config: bytes = b""
    sample_rate: int = 0
    ssrc: int | None = None
    """As announced in the Transport header, None when it was not."""
    control_path: str = ""

    @property
    def framerate(self) -> float | None:
        """Frames per second as promised in the SDP; None when not promised."""
        return self.media.framerate
