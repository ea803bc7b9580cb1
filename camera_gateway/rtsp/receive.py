"""What follows PLAY on an RTSP/TCP connection: RTP, RTCP and RTSP messages, interleaved. Pure.

`Receiver` takes reads as they come and fills lists. Its inner loop is the project's hot path: one `unpack_from`
per head that is looked at, one copy per payload, and the fragments of a NAL unit taken together as a row with the last
one behind it (`fragment_rows`); whole AAC frames have a short route of their own. Everything unusual goes the general
way, with identical results (a property test holds the two together).
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import TYPE_CHECKING

from camera_gateway.rtsp import rtcp, rtp
from camera_gateway.rtsp.errors import StreamCorrupt
from camera_gateway.rtsp.interleaved import DOLLAR, HEADER, read_item
from camera_gateway.rtsp.lane import Lane
from camera_gateway.rtsp.messages import Response, ServerRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from camera_gateway.rtsp.access_unit import AccessUnit
    from camera_gateway.rtsp.depacketise.nal_units import NalAssembler
    from camera_gateway.rtsp.fragment_rows import Rows
    from camera_gateway.rtsp.rtcp import SenderReport
    from camera_gateway.rtsp.tracks import TrackSetup

MAX_MALFORMED_ROW = 64
"""Packets in a row that are no RTP: then the framing must be wrong."""

_HEAD = Struct(">HHHHIIHH")
"""Dollar and channel, size, RTP fixed header, four bytes of payload."""
_LAST = Struct(">2xHxB")
"""Of the last fragment: size, and marker with payload type."""
_UNMARKED = ~rtp.MARKER
SHORTEST = 16
"""Bytes of an RTP packet that are in its head: what is not longer goes the general way."""
ONE_FRAME = 16
"""Bits of one header of AAC."""
HEADER_BYTES = HEADER.size


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """Something a recorder wants to know: `ssrc-changed`, `sequence-restarted` or `bye`."""

    track: int
    kind: str
    arrival_us: int


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
        self._lanes = tuple(Lane(track) for track in self.tracks)
        self._rtp: list[Lane | None] = [None] * 256
        self._rtcp: list[Lane | None] = [None] * 256
        for track, lane in reversed(tuple(zip(self.tracks, self._lanes, strict=True))):
            self._rtcp[track.rtcp_channel] = lane
            self._rtp[track.rtp_channel] = lane
        self._fast_lanes = {lane.frame: lane for lane in self._rtp if lane is not None and lane.has_short_routes}
        """By the first two bytes of a frame."""

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

    def _feed(  # noqa: C901, PLR0912 - the hot path: a call per packet would double its cost
        self, view: memoryview, end: int, arrival_us: int
    ) -> int:
        at = 0
        # up to this offset a whole head can be read at once
        fast_end = end - _HEAD.size if self._fast else -1
        unpack, lane_of = _HEAD.unpack_from, self._fast_lanes.get
        while at < end:
            if at <= fast_end:
                frame, size, flags, sequence, time32, ssrc, first, second = unpack(view, at)
                lane = lane_of(frame)
                if (
                    lane is not None
                    and sequence == (source := lane.source).expected
                    and ssrc == source.ssrc
                    and size > SHORTEST
                    and (stop := at + HEADER_BYTES + size) <= end
                ):
                    if (video := lane.video) is not None:
                        if flags == lane.plain:
                            prefix = (first << 16 | second) >> lane.shift
                            rows = lane.rows.get(size << 24 | prefix) or lane.new_rows(size, prefix, video)
                            if rows is not None and (
                                rows.opening is not None
                                or (prefix == video.fragment_middle and time32 == source.time32)
                            ):
                                at = self._row(view, at, end, lane, video, rows, sequence, time32, arrival_us)
                                continue
                    elif (
                        first == ONE_FRAME
                        and second == size - 16 << 3
                        and flags & _UNMARKED == lane.plain
                        and (aac := lane.aac) is not None
                        and not aac.wanted
                    ):
                        source.expected = sequence + 1 & 0xFFFF
                        source.received += 1
                        source.bytes += size
                        aac.emit(view[at + 20 : stop].tobytes(), source.unwrap(time32), arrival_us, self.units)
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

    def _row(
        self,
        view: memoryview,
        at: int,
        end: int,
        lane: Lane,
        video: NalAssembler,
        rows: Rows,
        sequence: int,
        time32: int,
        arrival_us: int,
    ) -> int:
        """Take the row of fragments at `at`, whose head is known to be good, and, if it is there, the last one behind.

        Returns the offset behind them.
        """
        data, last = rows.take(view, at, end, sequence & 0xFF)
        packets, source, opening = len(data), lane.source, rows.opening
        stop, marked = at + packets * rows.stride, False
        if last >= 0:
            size, mark = _LAST.unpack_from(view, last)
            if size > SHORTEST and last + HEADER_BYTES + size <= end:
                packets += 1
                stop, marked = last + HEADER_BYTES + size, mark >= rtp.MARKER
            else:
                last = -1
        source.expected = sequence + packets & 0xFFFF
        source.received += packets
        source.bytes += stop - at - packets * HEADER_BYTES
        if opening is not None:
            time = source.time if time32 == source.time32 else source.unwrap(time32)
            if last >= 0 and not opening.sei:
                size = stop - at - packets * rows.lead + rows.header_bytes
                rest = view[last + rows.lead : stop]
                video.take_fragments(opening, data, rest, size, time, arrival_us, marked, self.units)
                return stop
            video.begin(opening, data, len(data) * rows.data_bytes, time, arrival_us, self.units)
        else:
            video.go_on(data, len(data) * rows.data_bytes, arrival_us)
        if last >= 0:
            video.finish(view[last + rows.lead : stop].tobytes(), arrival_us, marked)
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

    def _packet(self, lane: Lane, view: memoryview | bytes, start: int, end: int, arrival_us: int) -> None:
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

    def _resume(self, lane: Lane, verdict: int, packet: rtp.Packet, arrival_us: int) -> bool:
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

    def _control(self, lane: Lane, data: bytes, arrival_us: int) -> None:
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
