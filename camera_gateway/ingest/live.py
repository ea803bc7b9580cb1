"""A playing session: its bytes become access units, these become commands for the writer.

The sink that the reader calls for each read of one camera's socket; runs on the event loop and never waits. Tells
its recorder once how it ended. Must not know plans, schedules or gaps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from camera_gateway.clock import both_us
from camera_gateway.domain.footage import GapCause, RunEnd
from camera_gateway.domain.ids import new_run_id
from camera_gateway.ingest.gapbook import CAUSE_OF_END
from camera_gateway.ingest.segmenter import Segmenter
from camera_gateway.ingest.tracks import audio_track, video_source
from camera_gateway.rtsp.errors import CodecRefused, RtspError, RtspRefused

if TYPE_CHECKING:
    from collections.abc import Callable

    from camera_gateway.clock import Clock
    from camera_gateway.domain.ids import CameraId
    from camera_gateway.ingest.commands import Command
    from camera_gateway.ingest.reading import Reader, Reading
    from camera_gateway.ingest.session import Limits, Session
    from camera_gateway.rtsp.receive import Receiver

US = 1_000_000
QUICK_US = 2 * US
"""How long a new session is read at the quick pace: its run's wall time is fixed by the least delayed picture."""
KEYFRAME_US = 60 * US
"""Without a keyframe for this long a session is begun anew: most cameras begin one with a keyframe."""
KEYFRAME_DOUBT_US = 10 * US
KEEPALIVE_SHARE = 2
MIN_KEEPALIVE_US = 5 * US


class Live:
    """One session from PLAY to its end."""

    def __init__(
        self,
        session: Session,
        camera: CameraId,
        limits: Limits,
        *,
        segment_us: int,
        floor_us: int,
        clock: Clock,
        reader: Reader,
        take: Callable[[list[Command]], None],
        over: Callable[[Live], None],
    ) -> None:
        """`take` gets commands as they come; `over` hears once that the camera or the network ended it."""
        conversation = session.conversation
        if conversation.receiver is None:
            msg = "a session that does not play"
            raise ValueError(msg)
        self.receiver: Receiver = conversation.receiver
        self.session = session
        self.reason = RunEnd.CAMERA_CLOSED
        self.cause = GapCause.CAMERA_UNREACHABLE
        self.detail = ""
        self.failed = False
        self._camera = camera
        self._clock = clock
        self._reader = reader
        self._limits = limits
        self._take = take
        self._over = over
        self._reading: Reading | None = None
        now_us = clock.monotonic_us()
        self.begun_us = now_us
        self.last_packet_us: int | None = None
        self._heard_us = now_us
        self._packets = 0
        self._keepalive_us = now_us
        wall_us, mono_us = both_us(clock)
        setups = conversation.tracks
        audio = audio_track(setups[1]) if len(setups) > 1 else None
        info = conversation.rtp_info
        hint = None
        if audio is not None and len(info) > 1:
            video_time, audio_time = info[0].rtp_time32, info[1].rtp_time32
            if video_time is not None and audio_time is not None:
                hint = (video_time, audio_time)
        self.segmenter = Segmenter(
            camera,
            video_source(setups[0]),
            audio,
            segment_us=segment_us,
            new_run=new_run_id,
            loss=self.loss,
            wall_offset_us=wall_us - mono_us,
            floor_us=floor_us,
            hint=hint,
            known_within_us=reader.quick_us,
        )

    def begin(self) -> None:
        """Feed what came with the handshake, then have the socket read."""
        rest = self.session.conversation.leftover
        if rest:
            consumed = self.received(bytearray(rest), len(rest), self._clock.monotonic_us())
            rest = rest[consumed:]
        if not self.failed:
            self._reading = self._reader.add(self.session.sock, self, rest=rest, quick=True)

    def loss(self) -> tuple[int, int]:
        """Return packets received and lost so far, all tracks."""
        return self.receiver.packets_received, self.receiver.packets_lost

    # ---- called by the reader

    def received(self, buffer: bytearray, length: int, arrival_us: int) -> int:
        """See `reading.Sink`."""
        receiver = self.receiver
        try:
            consumed = receiver.feed(buffer, length, arrival_us)
            self._heard_us = arrival_us
            self._pass_on()
        except RtspError as error:
            self._pass_on()
            self._corrupt(error)
            return length
        except Exception:  # noqa: BLE001 - what one camera sends must never end the recording of the others (threat model, M2, M3)
            structlog.get_logger("record").exception("a session failed unexpectedly", camera=self._camera)
            told = "the gateway could not take what the camera sent"
            self._fail(RunEnd.STREAM_CORRUPT, GapCause.STREAM_CORRUPT, told)
            return length
        if receiver.responses or receiver.requests:
            self._answer()
        if receiver.events:
            self._events()
        return consumed

    def closed(self, reason: str) -> None:
        """See `reading.Sink`."""
        self._fail(RunEnd.CAMERA_CLOSED, GapCause.CAMERA_UNREACHABLE, reason)

    # ---- called by the recorder

    def second(self, now_us: int, wall_offset_us: int) -> None:
        """Look after the session once a second: silence, keepalive, the reading pace. `now_us` is monotonic."""
        segmenter = self.segmenter
        segmenter.wall_offset(wall_offset_us)
        if self._reading is not None:
            segmenter.known_within(self._reader.known_within_us(self._reading))
        packets = self.receiver.packets_received
        if packets != self._packets:
            # packets are the sign of life: a GOP may last minutes, and RTCP alone is none
            self._packets = packets
            self.last_packet_us = self._heard_us
        silent_us = now_us - (self.last_packet_us or self.begun_us)
        if silent_us > self._limits.stall_s * US:
            told = f"no packet for {silent_us // US} s"
            self._fail(RunEnd.STREAM_STALLED, GapCause.STREAM_STALLED, told)
            return
        if not segmenter.recording and now_us - self.begun_us > KEYFRAME_US:
            cause, told = self.waiting_for()
            self._fail(RunEnd.STREAM_CORRUPT, cause, told)
            return
        if (
            self._reading is not None
            and self._reading.quick
            and segmenter.settled
            and now_us - self.begun_us > QUICK_US
        ):
            self._reader.quicken(self._reading, quick=False)
        timeout_us = self.session.conversation.session_timeout_s * US
        if now_us - self._keepalive_us >= max(timeout_us // KEEPALIVE_SHARE - US, MIN_KEEPALIVE_US):
            self._keepalive_us = now_us
            self._send(self.session.conversation.keepalive())
        else:
            self._send(b"")

    def waiting_for(self) -> tuple[GapCause, str]:
        """Say why a session that plays does not record."""
        if self.segmenter.unreadable:
            return GapCause.CODEC_REFUSED, "the camera's parameter sets cannot be read"
        return GapCause.STREAM_CORRUPT, "the camera sends no keyframe"

    def end(self, reason: RunEnd, *, farewell: bool = True) -> None:
        """End run and session with everything that was received."""
        self.stop_reading()
        self.receiver.flush()
        self._pass_on()
        self.segmenter.end(reason)
        self._hand_over()
        self.session.close(farewell=farewell and not self.failed)

    def stop_reading(self) -> None:
        """Let the reader forget the socket. Harmless to repeat."""
        if self._reading is not None:
            self._reader.remove(self._reading)
            self._reading = None

    # ---- inside

    def _pass_on(self) -> None:
        receiver = self.receiver
        if receiver.sender_reports:
            reports, receiver.sender_reports = receiver.sender_reports, []
        else:
            reports = None
        units = receiver.units
        if units:
            receiver.units = []
            self.segmenter.push(units)
        if reports:
            self.segmenter.reports(reports)
        if self.segmenter.out:
            self._hand_over()

    def _hand_over(self) -> None:
        commands, self.segmenter.out = self.segmenter.out, []
        if commands:
            self._take(commands)

    def _answer(self) -> None:
        receiver, conversation = self.receiver, self.session.conversation
        responses, receiver.responses = receiver.responses, []
        requests, receiver.requests = receiver.requests, []
        try:
            for response in responses:
                self._send(conversation.handle_response(response))
            for request in requests:
                self._send(conversation.handle_request(request))
        except RtspRefused as error:
            self._fail(RunEnd.CAMERA_CLOSED, error.gap_cause, error.message)

    def _events(self) -> None:
        events, self.receiver.events = self.receiver.events, []
        for event in events:
            if event.kind == "bye" and event.track == 0:
                self._fail(RunEnd.CAMERA_CLOSED, GapCause.CAMERA_UNREACHABLE, "the camera said goodbye (RTCP BYE)")

    def _send(self, data: bytes) -> None:
        try:
            self.session.send(data)
        except OSError as error:
            self.closed(error.strerror or str(error))

    def _corrupt(self, error: RtspError) -> None:
        if isinstance(error, CodecRefused):
            self._fail(RunEnd.STREAM_CORRUPT, GapCause.CODEC_REFUSED, error.message)
        else:
            self._fail(RunEnd.STREAM_CORRUPT, GapCause.STREAM_CORRUPT, error.message)

    def _fail(self, reason: RunEnd, cause: GapCause, detail: str) -> None:
        """Tell once that the session is over; the recorder then calls `end`."""
        if self.failed:
            return
        self.failed = True
        self.reason, self.cause, self.detail = reason, cause or CAUSE_OF_END[reason], detail
        self.stop_reading()
        self._over(self)
