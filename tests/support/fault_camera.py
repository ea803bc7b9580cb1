"""A camera that misbehaves in one scripted way per instance.

Speaks just enough RTSP to get to its fault. It counts connections and remembers
requests and access units, so that a test can say what the client did and what it
was really given. Shares no code with the client.
"""

from __future__ import annotations

import asyncio
import itertools
import socket
import struct
import tempfile
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self, get_args

from fakecam.demux import SourceTrack, read_clip
from fakecam.encode import ClipSpec, encode
from fakecam.footage import drawn
from fakecam.packetise import payloads

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

DialogueFault = Literal[
    "auth-wrong",  # 401 whatever the credentials
    "path-not-found",
    "http",  # an HTTP server answers
    "garbage",  # bytes that are no protocol at all
    "silent",  # accepts, never answers
    "drip",  # an answer of one byte per `drip_s`, without end
    "endless-headers",
    "redirect",  # 302 to `location`, to itself when that is empty
    "refused-sessions",  # 453 to SETUP
    "udp-only",  # 461 to SETUP over TCP
    "close-on-setup",
    "av1",
    "mjpeg",
    "no-video",  # audio only
    "huge-sdp",  # one line of 1 MB
    "many-tracks",  # 500
    "traversal",  # control attributes with ../ in them
]
StreamFault = Literal[
    "none",
    "stall",  # nothing more after `after` frames, TCP stays open
    "drip-rtcp",  # the same, but RTCP goes on
    "drop",  # FIN after `after` frames
    "reset",  # RST
    "bye",  # RTCP BYE, then nothing
    "lost",  # every 7th RTP packet is missing
    "duplicated",  # every 7th comes twice
    "swapped",  # every 7th changes places with its successor
    "ssrc-change",
    "sps-change",  # another resolution
    "time-forward",  # RTP time jumps by `jump_s`
    "time-backward",
    "time-wrap",  # RTP time wraps after `after` frames
    "sr-1970",  # sender reports count from 1970 as if it were now
    "sr-jump",  # their NTP time jumps by `jump_s`
    "garbage-between",  # bytes that are no interleaved frame
    "huge-nal",  # one of 20 MB
    "empty-nal",  # payloads without content
    "many-sei",  # 10,000 in one access unit
    "no-keyframe",
    "no-marker",
]
Fault = DialogueFault | StreamFault
DIALOGUE_FAULTS: tuple[DialogueFault, ...] = get_args(DialogueFault)
STREAM_FAULTS: tuple[StreamFault, ...] = get_args(StreamFault)

_EVERY = 7
_FPS = 25
_IDR = 5
_TICKS = 90_000 // _FPS
_HUGE_NAL_BYTES = 20 << 20
_NTP_UNIX_S = 2_208_988_800
#: The SDP's first lines.
_SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=fault\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\na=control:*\r\n"
_OTHER_MEDIA = {
    "av1": "m=video 0 RTP/AVP 96\r\na=rtpmap:96 AV1/90000\r\na=control:trackID=0\r\n",
    "mjpeg": "m=video 0 RTP/AVP 26\r\na=rtpmap:26 JPEG/90000\r\na=control:trackID=0\r\n",
    "no-video": "m=audio 0 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=control:trackID=0\r\n",
}


class FaultCamera:
    """`async with FaultCamera("stall", after=10) as camera: camera.url`.

    `after` counts video frames sent in good order before a stream fault; `frame_s` is the pause
    between frames (0.04 is real time); `utc_s` gives the time of sender reports; `before_keyframes` are NAL units
    that stand before the slices of each keyframe.
    """

    def __init__(
        self,
        fault: Fault,
        *,
        after: int = 30,
        frame_s: float = 0.04,
        drip_s: float = 1.0,
        jump_s: int = 3600,
        location: str = "",
        utc_s: Callable[[], float] = lambda: 1_800_000_000.0,
        before_keyframes: tuple[bytes, ...] = (),
    ) -> None:
        self.fault: str = fault
        self.after, self.frame_s, self.drip_s = after, frame_s, drip_s
        self.jump_s, self.location, self._utc_s = jump_s, location, utc_s
        self._before_keyframes = before_keyframes
        self.connections = 0
        #: (method, uri, headers in lower case) of every request of every connection
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        #: NAL units of every access unit that was put on the wire whole, in order
        self.units: list[tuple[bytes, ...]] = []
        self.playing = asyncio.Event()
        #: set when the fault itself has happened
        self.struck = asyncio.Event()
        self._tracks: list[SourceTrack] = []
        self._writers: set[asyncio.StreamWriter] = set()
        self._idle = asyncio.Event()
        self._idle.set()

    async def __aenter__(self) -> Self:
        self._tracks = [_media(320, 180), _media(480, 272)]
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        await self._idle.wait()
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        """Its address, without credentials."""
        return f"rtsp://127.0.0.1:{self.port}/stream"

    # ---- the dialogue

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        self._idle.clear()
        try:
            async with asyncio.TaskGroup() as children:
                streaming: asyncio.Task[None] | None = None
                async for method, uri, headers in _requests(reader):
                    self.requests.append((method, uri, headers))
                    await self._answer(reader, writer, method, headers.get("cseq", "0"))
                    if method == "PLAY" and streaming is None:
                        streaming = children.create_task(self._stream(writer))
                if streaming is not None:
                    streaming.cancel()
        except* ConnectionError:
            pass  # the client left, as it may
        finally:
            writer.transport.abort()
            self._writers.discard(writer)
            if not self._writers:
                self._idle.set()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, method: str, cseq: str) -> None:
        if (raw := self._raw()) is not None:
            self.struck.set()
            await raw(reader, writer)
            return
        status, headers, body = self._decide(method)
        lines = [f"RTSP/1.0 {status} Whatever", f"CSeq: {cseq}", *headers]
        if body:
            lines += ["Content-Type: application/sdp", f"Content-Length: {len(body)}"]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode() + body)
        if self.fault == "close-on-setup" and method == "SETUP":
            self.struck.set()
            writer.close()

    def _decide(self, method: str) -> tuple[int, list[str], bytes]:
        if method == "OPTIONS":
            return 200, ["Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER"], b""
        refusals = {
            "auth-wrong": ("DESCRIBE", 401, ['WWW-Authenticate: Digest realm="x", nonce="y"']),
            "path-not-found": ("DESCRIBE", 404, []),
            "redirect": ("DESCRIBE", 302, [f"Location: {self.location or self.url}"]),
            "refused-sessions": ("SETUP", 453, []),
            "udp-only": ("SETUP", 461, []),
        }
        where, status, headers = refusals.get(self.fault, ("", 0, []))
        if where == method:
            self.struck.set()
            return status, headers, b""
        if method == "DESCRIBE":
            return 200, [f"Content-Base: {self.url}/"], self._sdp()
        if method == "SETUP":
            transport = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1"
            return 200, ["Session: 1;timeout=60", transport], b""
        if method == "PLAY":
            return 200, ["Session: 1"], b""
        return 200, [], b""

    def _sdp(self) -> bytes:
        sets = ",".join(b64encode(s).decode() for s in self._tracks[0].parameter_sets)
        media = (
            "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
            f"a=fmtp:96 packetization-mode=1;sprop-parameter-sets={sets}\r\n"
        )
        good = f"{media}a=control:trackID=0\r\n"
        texts = {
            **_OTHER_MEDIA,
            "huge-sdp": f"a=x:{'y' * 1_000_000}\r\n{good}",
            "many-tracks": "".join(f"{media}a=control:trackID={n}\r\n" for n in range(500)),
            "traversal": f"{media}a=control:../../../etc/passwd\r\n",
        }
        if self.fault in texts:
            self.struck.set()
        return (_SDP + texts.get(self.fault, good)).encode()

    def _raw(
        self,
    ) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]] | None:
        """Answers that are no RTSP, where the fault is one."""
        fixed = {
            "http": b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nServer: nginx\r\n\r\n",
            "garbage": bytes(range(256)) * 4,
            "silent": b"",
        }
        endless = {
            "drip": (b"R", self.drip_s),
            "endless-headers": (b"X-More: and more\r\n" * 500, 0.001),
        }

        async def once(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(fixed[self.fault])
            await writer.drain()

        async def for_ever(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            piece, pause_s = endless[self.fault]
            if self.fault == "endless-headers":
                writer.write(b"RTSP/1.0 200 OK\r\n")
            while not (reader.at_eof() or writer.transport.is_closing()):
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(pause_s)

        if self.fault in fixed:
            return once
        return for_ever if self.fault in endless else None

    # ---- the stream

    async def _stream(self, writer: asyncio.StreamWriter) -> None:
        self.playing.set()
        wire = _Wire(self)
        try:
            for number in itertools.count():
                if number == self.after and self.fault in ("stall", "drip-rtcp", "bye", "drop"):
                    self.struck.set()
                    await self._end(writer, wire)
                    return
                if number == self.after and self.fault == "reset":
                    self.struck.set()
                    _reset(writer)
                    return
                nals = self._unit(number)
                writer.write(wire.frames(number, nals))
                await writer.drain()
                self.units.append(nals)
                if number >= self.after:
                    self.struck.set()
                await asyncio.sleep(self.frame_s)
        except ConnectionError:
            return  # the client left, as it may

    def _unit(self, number: int) -> tuple[bytes, ...]:
        changed = self.fault == "sps-change" and number >= self.after
        units = self._tracks[changed].units
        # another resolution begins with its own keyframe
        nals = units[(number - self.after if changed else number) % len(units)].nals
        if self.fault == "no-keyframe":
            return units[1 + number % (len(units) - 1)].nals
        if number == self.after and self.fault == "huge-nal":
            return (b"\x41" + b"\x9a" * (_HUGE_NAL_BYTES - 1),)
        if number == self.after and self.fault == "many-sei":
            return (*(b"\x06\x05\x01\x00\x80" for _ in range(10_000)), *nals)
        first = next((at for at, nal in enumerate(nals) if nal[0] & 31 == _IDR), None)
        return nals if first is None else (*nals[:first], *self._before_keyframes, *nals[first:])

    async def _end(self, writer: asyncio.StreamWriter, wire: _Wire) -> None:
        if self.fault == "drop":
            writer.close()
        elif self.fault == "bye":
            writer.write(_interleaved(1, struct.pack(">BBHI", 0x81, 203, 1, wire.ssrc)))
        while self.fault == "drip-rtcp" and not writer.transport.is_closing():
            writer.write(wire.report(self.after))
            await writer.drain()
            await asyncio.sleep(self.frame_s)


class _Wire:
    """Turns access units into interleaved frames, with the camera's fault in them."""

    def __init__(self, camera: FaultCamera) -> None:
        self._camera = camera
        self.ssrc = 0x1234_5678
        self._seq = 1000
        self._first = (1 << 32) - camera.after * _TICKS if camera.fault == "time-wrap" else 1 << 30
        self._packets = 0
        self._held = b""

    def frames(self, number: int, nals: tuple[bytes, ...]) -> bytes:
        camera, after = self._camera, number >= self._camera.after
        stamp = self._first + number * _TICKS
        jump = camera.jump_s * 90_000
        if after and camera.fault in ("time-forward", "time-backward"):
            stamp += jump if camera.fault == "time-forward" else -jump
        if after and camera.fault == "ssrc-change":
            self.ssrc = 0x0BAD_CAFE
        parts = payloads("h264", nals)
        if after and camera.fault == "empty-nal":
            parts = [b"", b"\x18", b"\x18\x00\x00", b"\x1c\x85", *parts]
        out = [self.report(number)] if number % _FPS == 1 else []
        packets = [self._packet(part, stamp, last=n == len(parts) - 1) for n, part in enumerate(parts)]
        out += [_interleaved(0, packet) for packet in self._disorder(packets, after=after)]
        if after and camera.fault == "garbage-between":
            out.insert(0, b"\x00\xffnot a frame\r\n" * 3)
        return b"".join(out)

    def _packet(self, payload: bytes, stamp: int, *, last: bool) -> bytes:
        marker = 0x80 if last and self._camera.fault != "no-marker" else 0
        seq, self._seq = self._seq, (self._seq + 1) & 0xFFFF
        self._packets += 1
        head = (0x80, marker | 96, seq, stamp & 0xFFFF_FFFF, self.ssrc)
        return struct.pack(">BBHII", *head) + payload

    def _disorder(self, packets: list[bytes], *, after: bool) -> Iterator[bytes]:
        fault = self._camera.fault
        for packet in packets:
            chosen = after and int.from_bytes(packet[2:4], "big") % _EVERY == 0
            if chosen and fault == "lost":
                continue
            if chosen and fault == "swapped":
                self._held = packet
                continue
            yield packet
            if chosen and fault == "duplicated":
                yield packet
            if self._held:
                yield self._held
                self._held = b""

    def report(self, number: int) -> bytes:
        """A sender report for the time of frame `number`."""
        camera = self._camera
        utc_s = camera._utc_s() + number / _FPS
        if camera.fault == "sr-1970":
            utc_s = number / _FPS
        elif camera.fault == "sr-jump" and number >= camera.after:
            utc_s += camera.jump_s
        ntp = round((utc_s + _NTP_UNIX_S) * (1 << 32)) & 0xFFFF_FFFF_FFFF_FFFF
        stamp = (self._first + number * _TICKS) & 0xFFFF_FFFF
        fields = (0x80, 200, 6, self.ssrc, ntp, stamp, self._packets, 0)
        return _interleaved(1, struct.pack(">BBHIQIII", *fields))


def _interleaved(channel: int, packet: bytes) -> bytes:
    return struct.pack(">BBH", 0x24, channel, len(packet)) + packet


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST: lingering for zero seconds."""
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def _media(width: int, height: int) -> SourceTrack:
    """One second of drawn pictures, encoded: a keyframe and 24 others."""
    spec = ClipSpec(
        file="fault.mp4",
        name="FAULT",
        codec="h264",
        width=width,
        height=height,
        fps=_FPS,
        length_s=1,
        gop_s=1,
        bitrate_bps=400_000,
        profile="main",
        preset="ultrafast",
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / spec.file
        encode(path, spec, itertools.islice(drawn(width, height), spec.frames))
        return read_clip(path)[0]


async def _requests(
    reader: asyncio.StreamReader,
) -> AsyncIterator[tuple[str, str, dict[str, str]]]:
    """Requests of one client until it leaves; its RTCP is skipped."""
    try:
        while True:
            first = await reader.readexactly(1)
            if first == b"$":
                size = int.from_bytes((await reader.readexactly(3))[1:], "big")
                await reader.readexactly(size)
                continue
            head = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            line, *rest = head.strip().split("\r\n")
            method, uri, *_ = [*line.split(" "), "", ""]
            pairs = (text.partition(":") for text in rest)
            headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
            await reader.readexactly(int(headers.get("content-length", "0")))
            yield method, uri, headers
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
        return
