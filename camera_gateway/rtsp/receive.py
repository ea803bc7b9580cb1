"""What follows PLAY on an RTSP/TCP connection: RTP, RTCP and RTSP messages, interleaved. Pure.

`Receiver` takes reads as they come and fills lists. Its inner loop is the project's hot path: one `unpack_from`
per packet, one copy per payload, no object per packet, and runs of fragments of one NAL unit taken together; first
and last fragments and whole AAC frames, the other packets that every picture brings, have short routes of their own.
Everything unusual goes the general way, with identical results (a property test holds the two together).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from camera_gateway.rtsp import rtcp, rtp
from camera_gateway.rtsp.depacketise.aac import AacFrames
from camera_gateway.rtsp.depacketise.nal_units import NalAssembler
from camera_gateway.rtsp.errors import StreamCorrupt
from camera_gateway.rtsp.interleaved import DOLLAR, HEADER, read_item
from camera_gateway.rtsp.messages import Response, ServerRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from camera_gateway.rtsp.access_unit import AccessUnit
    from camera_gateway.rtsp.rtcp import SenderReport
    from camera_gateway.rtsp.tracks import Depacketiser, TrackSetup

MAX_MALFORMED_ROW = 64
"""Packets in a row that are no RTP: then the framing must be wrong."""
MAX_FRAGMENT_LAYOUTS = 64
MAX_RUN = 128
"""Packets taken at a stretch: what is looked at and then not taken is looked at again, and that must have a bound."""

_LOW_BYTES = bytes(range(256))
_HEAD = Struct(">BBHBBHIIHB")
"""Interleaved header, RTP fixed header, three bytes of payload."""


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """Something a recorder wants to know: `ssrc-changed`, `sequence-restarted` or `bye`."""

    track: int
    kind: str
    arrival_us: int


class _Layout(NamedTuple):
    """Middle fragments of one size: a row of them with equal headers, and the data of each."""

    pattern: re.Pattern[bytes]
    data: Struct
    data_bytes: int


def _layout_of(size: int, *, wide: bool) -> _Layout:
    """Return the layout of fragments whose RTP packets have `size` bytes; `wide`: three bytes before the data."""
    prefix = 3 if wide else 2
    data = size - 12 - prefix
    # what repeats, the sequence number, what repeats, the fragment's data
    pattern = rb"(.{6})..(.{%d}).{%d}(?:\1..\2.{%d})*" % (8 + prefix, data, data)
    return _Layout(re.compile(pattern, re.DOTALL), Struct(f"{16 + prefix}x{data}s"), data)


def _agreeing(ours: Iterable[tuple[int, int]], wanted: Iterable[tuple[int, int]]) -> int:
    """Return how many of the first pairs agree."""
    return next(n for n, (one, other) in enumerate(zip(ours, wanted, strict=True)) if one != other)


class _Lane:
    """One track while packets flow."""

    __slots__ = ("aac", "depacketiser", "held", "index", "payload_type", "source", "video", "wide")

    def __init__(self, setup: TrackSetup) -> None:
        self.index = setup.index
        self.payload_type = setup.payload_type
        self.source = rtp.Source(setup.ssrc)
        self.depacketiser: Depacketiser = setup.depacketiser
        self.video = setup.depacketiser if isinstance(setup.depacketiser, NalAssembler) else None
        self.aac = setup.depacketiser if isinstance(setup.depacketiser, AacFrames) else None
        self.wide = self.video is not None and self.video.fragment_prefix == 3  # noqa: PLR2004 - H.265
        self.held: bytes | None = None


class Receiver:
    """Turns the bytes of one connection into access units, sender reports and messages.

    The lists are the caller's: take what is there and leave empty lists (`units, receiver.units = receiver.units,
    []`). Tracks must not share their depacketisers with another receiver.
    """

    def __init__(self, tracks: Sequence[TrackSetup], *, fast: bool = True) -> None:
        self.tracks = tuple(tracks)
        self.units: list[AccessUnit] = []
        self.sender_reports: list[SenderReport] = []
        self.responses: list[Response] = []
        self.requests: list[ServerRequest] = []
        self.events: list[StreamEvent] = []
        self.frames_ignored = 0
        """Frames on channels that were not set up."""
        self._fast = fast
        self._lanes = tuple(_Lane(track) for track in self.tracks)
        self._rtp: list[_Lane | None] = [None] * 256
        self._rtcp: list[_Lane | None] = [None] * 256
        for track, lane in reversed(tuple(zip(self.tracks, self._lanes, strict=True))):
            self._rtcp[track.rtcp_channel] = lane
            self._rtp[track.rtp_channel] = lane
        self._fragments: tuple[dict[int, _Layout], dict[int, _Layout]] = ({}, {})

    @property
    def stats(self) -> tuple[rtp.TrackStats, ...]:
        """Counters per track, as values."""
        return tuple(lane.source.stats(lane.depacketiser.dropped) for lane in self._lanes)

    @property
    def packets_received(self) -> int:
        """Packets of all tracks: the sign of life of the stream."""
        return sum(lane.source.received for lane in self._lanes)

    @property
    def packets_lost(self) -> int:
        """Packets of all tracks that did not come."""
        return sum(lane.source.lost for lane in self._lanes)

    def flush(self) -> None:
        """End the stream: units in the making are completed."""
        for lane in self._lanes:
            lane.depacketiser.flush(self.units)

    def feed(self, buffer: bytearray | memoryview | bytes, length: int, arrival_us: int) -> int:
        """Take `buffer[:length]`, read at `arrival_us` (monotonic µs); return the number of bytes consumed.

        The rest is an unfinished frame: the caller keeps it and feeds it again with more behind it (a frame has
        at most 65,539 bytes, a message 320 KiB). Raises StreamCorrupt (framing, limits) or CodecRefused.
        """
        with memoryview(buffer) as view:
            at = self._feed(view, length, arrival_us)
        for lane in self._lanes:
            lane.depacketiser.check_limits()
        return at

    def _feed(  # noqa: C901, PLR0912, PLR0915 - the hot path: a call per packet would double its cost
        self, view: memoryview, end: int, arrival_us: int
    ) -> int:
        at = 0
        # below this offset a whole head can be read at once
        fast_end = end - _HEAD.size if self._fast else -1
        unpack, lanes = _HEAD.unpack_from, self._rtp
        while at < end:
            if at <= fast_end:
                dollar, channel, size, first, second, sequence, time32, ssrc, pair, third = unpack(view, at)
                stop = at + 4 + size
                if dollar == DOLLAR and first == 0x80 and stop <= end:  # noqa: PLR2004 - plain RTP header
                    lane = lanes[channel]
                    if (
                        lane is not None
                        and sequence == (source := lane.source).expected
                        and ssrc == source.ssrc
                        and second & 0x7F == lane.payload_type
                        and size > 16  # noqa: PLR2004 - RTP header, longest prefix of fragment or frame, data
                    ):
                        video = lane.video
                        if video is None:
                            aac = lane.aac
                            if aac is not None and pair == 16 and aac.takes(third, view[at + 19], size - 16):  # noqa: PLR2004 - bits of one header
                                source.expected = (sequence + 1) & 0xFFFF
                                source.received += 1
                                source.bytes += size
                                time = source.time if time32 == source.time32 else source.unwrap(time32)
                                aac.emit(view[at + 20 : stop].tobytes(), time, arrival_us, self.units)
                                at = stop
                                continue
                        else:
                            prefix = pair << 8 | third if lane.wide else pair
                            if time32 == source.time32:
                                if prefix == video.fragment_middle and second == lane.payload_type:
                                    at = self._run(view, at, end, lane, video, arrival_us)
                                    continue
                                if prefix == video.fragment_end:
                                    source.expected = (sequence + 1) & 0xFFFF
                                    source.received += 1
                                    source.bytes += size
                                    data = view[at + (19 if lane.wide else 18) : stop].tobytes()
                                    video.pieces.append(data)
                                    video.open_size += len(data)
                                    video.arrival_us = arrival_us
                                    video.marked = second > 0x7F  # noqa: PLR2004 - the marker is the top bit
                                    video.end_fragments()
                                    at = stop
                                    continue
                            if prefix & video.start_mask == video.start_bits:
                                source.expected = (sequence + 1) & 0xFFFF
                                source.received += 1
                                source.bytes += size
                                video.first_fragment(
                                    prefix,
                                    view[at + (19 if lane.wide else 18) : stop].tobytes(),
                                    source.time if time32 == source.time32 else source.unwrap(time32),
                                    arrival_us,
                                    second > 0x7F,  # noqa: PLR2004 - the marker is the top bit
                                    self.units,
                                )
                                at = stop
                                continue
            if view[at] == DOLLAR:
                if end - at < HEADER.size:
                    return at
                _, channel, size = HEADER.unpack_from(view, at)
                stop = at + HEADER.size + size
                if stop > end:
                    return at
                self._frame(view, channel, at + HEADER.size, stop, arrival_us)
                at = stop
                continue
            item, at = read_item(view, at, end)
            if item is None:
                return at
            if isinstance(item, Response):
                self.responses.append(item)
            elif isinstance(item, ServerRequest):
                self.requests.append(item)
            else:
                self._frame(view, item.channel, item.start, item.end, arrival_us)
        return at

    def _run(self, view: memoryview, at: int, end: int, lane: _Lane, video: NalAssembler, arrival_us: int) -> int:
        """Take the middle fragments of equal size that follow each other from `at`; return the offset behind."""
        size = view[at + 2] << 8 | view[at + 3]
        stride = size + 4
        layouts = self._fragments[lane.wide]
        layout = layouts.get(size)
        if layout is None:
            if len(layouts) >= MAX_FRAGMENT_LAYOUTS:
                layouts.clear()
            layout = layouts[size] = _layout_of(size, wide=lane.wide)
        low = view[at + 7]
        found = layout.pattern.match(view, at, min(end, at + min(MAX_RUN, 256 - low) * stride))
        stop = found.end() if found is not None else at + stride
        count = (stop - at) // stride
        # no low byte wraps within the run, so the high bytes are all the same
        lows, highs = view[at + 7 : stop : stride].tobytes(), view[at + 6 : stop : stride].tobytes()
        wanted = _LOW_BYTES[low : low + count]
        if lows != wanted or highs.count(highs[:1]) != count:
            count = _agreeing(zip(highs, lows, strict=True), zip(highs[:1] * count, wanted, strict=True))
            stop = at + count * stride
        video.pieces.extend(chain.from_iterable(layout.data.iter_unpack(view[at:stop])))
        source = lane.source
        source.expected = (source.expected + count) & 0xFFFF
        source.received += count
        source.bytes += count * size
        video.open_size += count * layout.data_bytes
        video.arrival_us = arrival_us
        video.marked = False
        return stop

    def _frame(self, view: memoryview, channel: int, start: int, end: int, arrival_us: int) -> None:
        lane = self._rtp[channel]
        if lane is not None:
            self._packet(lane, view, start, end, arrival_us)
            return
        lane = self._rtcp[channel]
        if lane is not None:
            self._control(lane, view[start:end].tobytes(), arrival_us)
            return
        self.frames_ignored += 1

    def _packet(self, lane: _Lane, view: memoryview | bytes, start: int, end: int, arrival_us: int) -> None:
        """Take one RTP packet the general way."""
        source = lane.source
        packet = rtp.parse(view, start, end)
        if packet is None:
            source.malformed += 1
            source.malformed_row = source.malformed_row + 1 if source.malformed_at == source.received else 1
            source.malformed_at = source.received
            if source.malformed_row >= MAX_MALFORMED_ROW:
                raise StreamCorrupt(f"{MAX_MALFORMED_ROW} packets in a row are no RTP")
            return
        marker, payload_type, sequence, time32, ssrc, payload_start, payload_end = packet
        if payload_type != lane.payload_type:
            source.foreign += 1
            return
        verdict = source.accept(ssrc, sequence)
        lost = False
        if verdict != rtp.ACCEPTED:
            if verdict == rtp.REFUSED:
                return
            if verdict == rtp.HELD:
                lane.held = bytes(view[start:end])
                return
            lost = self._resume(lane, verdict, packet, arrival_us)
        source.bytes += end - start
        rtp_time = source.time if time32 == source.time32 else source.unwrap(time32)
        lane.depacketiser.push(
            bytes(view[payload_start:payload_end]),
            rtp_time,
            arrival_us,
            marker=marker,
            lost=lost,
            out=self.units,
        )

    def _resume(self, lane: _Lane, verdict: int, packet: rtp.Packet, arrival_us: int) -> bool:
        """After loss, a new SSRC or a restart: tell the depacketiser; return whether `lost` is still to be said."""
        held, lane.held = lane.held, None
        if verdict == rtp.ACCEPTED_AFTER_LOSS:
            return True
        depacketiser = lane.depacketiser
        depacketiser.flush(self.units)
        if verdict == rtp.ACCEPTED_NEW_SSRC:
            depacketiser.epoch += 1
            self.events.append(StreamEvent(lane.index, "ssrc-changed", arrival_us))
        else:
            self.events.append(StreamEvent(lane.index, "sequence-restarted", arrival_us))
        first = rtp.parse(held, 0, len(held)) if held is not None else None
        if held is None or first is None or first.ssrc != packet.ssrc:
            return True
        lane.source.bytes += len(held)
        depacketiser.push(
            held[first.payload_start : first.payload_end],
            lane.source.unwrap(first.time32),
            arrival_us,
            marker=first.marker,
            lost=True,
            out=self.units,
        )
        return False

    def _control(self, lane: _Lane, data: bytes, arrival_us: int) -> None:
        source = lane.source
        for part in rtcp.parse(data):
            if isinstance(part, rtcp.Report):
                if source.ssrc in {-1, part.ssrc}:
                    self.sender_reports.append(
                        rtcp.SenderReport(
                            lane.index,
                            part.ntp_us,
                            source.on_scale(part.rtp_time32),
                            arrival_us,
                            lane.depacketiser.epoch,
                        )
                    )
            elif source.ssrc in part.ssrcs:
                self.events.append(StreamEvent(lane.index, "bye", arrival_us))
