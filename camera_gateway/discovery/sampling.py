"""What comes of a camera's stream in a few seconds: access units without their bytes, and one keyframe with them.

Promises to end in time, whatever the camera does. Part of `probe`; opens nothing and decodes nothing.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from camera_gateway.clock import US

if TYPE_CHECKING:
    from camera_gateway.clock import Clock
    from camera_gateway.rtsp.access_unit import AccessUnit
    from camera_gateway.rtsp.conversation import Conversation
    from camera_gateway.rtsp.receive import Receiver

READ_BYTES = 1 << 16
_LENGTH_BYTES = 4


@dataclass(frozen=True, slots=True)
class Keyframe:
    """A picture as the camera coded it: parameter sets and NAL units behind start codes (ITU-T H.264, annex B)."""

    codec: str
    data: bytes = field(repr=False)


@dataclass(slots=True)
class Sample:
    """What came while we watched."""

    units: list[AccessUnit] = field(default_factory=list)
    """Video only, without their bytes."""
    parameter_sets: tuple[bytes, ...] = ()
    audio_units: int = 0
    total_bytes: int = 0
    clock_offset_us: int | None = None
    wants_picture: bool = False
    only_picture: bool = False
    """The first whole keyframe is enough."""
    keyframe: tuple[tuple[bytes, ...], bytes] | None = None
    """Parameter sets, and NAL units each behind its length in 4 bytes."""

    def keyframe_of(self, codec: str, promised: tuple[bytes, ...]) -> Keyframe | None:
        """Return the keyframe behind start codes, with the sets that it needs in front; None when none came whole.

        `promised` are the parameter sets of the SDP, for a stream that has none of its own.
        """
        if self.keyframe is None:
            return None
        sets, unit = self.keyframe
        nals, at = [], 0
        while at + _LENGTH_BYTES <= len(unit):
            start = at + _LENGTH_BYTES
            at = start + int.from_bytes(unit[at:start], "big")
            nals.append(unit[start:at])
        return Keyframe(codec, b"".join(b"\0\0\0\1" + nal for nal in (*(sets or promised), *nals)))


async def watch(
    conversation: Conversation, reader: asyncio.StreamReader, clock: Clock, seconds: float, sample: Sample
) -> Sample:
    """Receive for `seconds`, longer (up to three times) while no second keyframe came."""
    receiver = conversation.receiver
    if receiver is None:  # the handshake ended in "playing", so there is one
        return sample
    pending = bytearray(conversation.leftover)
    started_us = clock.monotonic_us()
    while True:
        elapsed_s = (clock.monotonic_us() - started_us) / US
        if sample.only_picture and sample.keyframe is not None:
            return sample
        keyframes = sum(u.keyframe for u in sample.units)
        if elapsed_s >= seconds and (keyframes > 1 or elapsed_s >= 3 * seconds):
            return sample
        try:
            async with asyncio.timeout(max(0.05, 3 * seconds - elapsed_s)):
                data = await reader.read(READ_BYTES)
        except OSError:  # silence, or a reset: what came before it was seen
            return sample
        if not data:
            return sample
        pending += data
        consumed = receiver.feed(pending, len(pending), clock.monotonic_us())
        del pending[:consumed]
        _collect(receiver, sample, clock)


def _collect(receiver: Receiver, sample: Sample, clock: Clock) -> None:
    units, receiver.units = receiver.units, []
    for unit in units:
        sample.total_bytes += unit.size
        if unit.track:
            sample.audio_units += 1
            continue
        if unit.parameter_sets:
            sample.parameter_sets = unit.parameter_sets
        if sample.wants_picture and sample.keyframe is None and unit.keyframe and not unit.damaged:
            sample.keyframe = sample.parameter_sets, unit.data
        unit.pieces = []
        sample.units.append(unit)
    reports, receiver.sender_reports = receiver.sender_reports, []
    for report in reports:
        if report.track == 0 and report.ntp_us is not None:
            shift = clock.now_us() - clock.monotonic_us()
            sample.clock_offset_us = report.ntp_us - (report.arrival_us + shift)
