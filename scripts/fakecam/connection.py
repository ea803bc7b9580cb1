"""One client's RTSP connection: the dialogue, and the bytes of its session.

Behaves as cameras do: TCP interleaved only, one session per connection, which is
dropped when the client neither keeps it alive nor reads. Its server calls `tick`.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import deque
from typing import TYPE_CHECKING

from fakecam import sdp
from fakecam.auth import Gate
from fakecam.ledger import unit_head
from fakecam.messages import Interleaved, NotRtspError, Request, Requests, answer
from fakecam.play import Cursor, Made, Player
from fakecam.wallclock import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from fakecam.server import Camera, FakeCameras

_log = logging.getLogger("fakecam")
_METHODS = "OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, SET_PARAMETER, TEARDOWN"


class Connection(asyncio.Protocol):
    """The protocol object of one accepted socket."""

    def __init__(self, server: FakeCameras) -> None:
        self._server = server
        self._requests = Requests()
        self._transport: asyncio.Transport | None = None
        self._gates: dict[str, Gate] = {}
        self._written = 0
        self._camera: Camera | None = None
        self._session = ""
        self._cursors: dict[int, Cursor] = {}
        self._player: Player | None = None
        self._heads: dict[int, str] = {}
        self._listed = ""
        self._pending: deque[Made] = deque()
        self._alive_ns = self._started_ns = 0
        self._leaving = ""

    # ---- asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the socket."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - narrows the type
        self._transport = transport
        self._server.connected(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """End the session, whatever of it was not handed over is lost."""
        self._finish(self._leaving or ("reset" if exc else "closed"))
        self._server.disconnected(self)
        self._transport = None

    def data_received(self, data: bytes) -> None:
        """Take requests and receiver reports."""
        try:
            for item in self._requests.feed(data):
                if isinstance(item, Interleaved):
                    if self._camera and self._camera.settings.rtcp_is_keepalive:
                        self._alive_ns = self._server.now_ns()
                else:
                    self._alive_ns = self._server.now_ns()
                    self._handle(item)
        except NotRtspError as error:
            _log.info("client speaks no RTSP: %s", error)
            self._write(answer(400, "0", {}))
            self._close("not-rtsp")

    # ---- the server's side

    @property
    def playing(self) -> bool:
        """Whether ticks are wanted."""
        return self._player is not None or bool(self._pending)

    @property
    def camera_path(self) -> str:
        """The camera of the session, empty before SETUP."""
        return self._camera.settings.path if self._camera else ""

    def abort(self, reason: str) -> None:
        """Cut the connection; what the kernel has not taken is lost."""
        self._leaving = reason
        if self._transport is not None:
            self._transport.abort()

    def tick(self, now_ns: int) -> None:
        """Send what is due, settle the ledger, enforce the camera's limits."""
        self._settle(now_ns)
        if self._player is None or self._camera is None or self._transport is None:
            return
        settings = self._camera.settings
        faults, age_ns = settings.faults, now_ns - self._started_ns
        if now_ns - self._alive_ns > settings.session_timeout_s * NS_PER_S:
            _log.info("%s: session %s: no keepalive", settings.path, self._session)
            self.abort("timeout")
        elif faults.drop_after_s is not None and age_ns >= faults.drop_after_s * NS_PER_S:
            self.abort("fault-drop")
        elif faults.stall_after_s is not None and age_ns >= faults.stall_after_s * NS_PER_S:
            return
        elif self._transport.get_write_buffer_size() > self._server.max_buffer_bytes:
            _log.warning("%s: session %s: client reads too slowly", settings.path, self._session)
            self.abort("slow-client")
        else:
            made: list[Made] = []
            out = self._player.make(now_ns, made, self._written)
            if out:
                self._write(out)
                if self._server.ledger.wanted:
                    self._pending.extend(made)
                    self._settle(now_ns)

    def _settle(self, now_ns: int) -> None:
        """List every unit whose last byte the kernel has taken."""
        if self._pending and self._transport is not None:
            handed = self._written - self._transport.get_write_buffer_size()
            ledger, heads, now_us = self._server.ledger, self._heads, now_ns // 1000
            while self._pending and self._pending[0].end <= handed:
                one = self._pending.popleft()
                ledger.sent(heads[one.track], one.index, one.unit, one.rtp, now_us)
        if self._leaving and not self._pending:
            self._finish(self._leaving)

    def _finish(self, reason: str) -> None:
        """Write the session's end once, and forget the session."""
        if self._heads and self._camera is not None:
            self._server.ledger.session_ended(
                self._camera.settings.path,
                self._listed,
                self._server.now_ns() // 1000,
                reason=reason,
                unsent=len(self._pending),
            )
        self._heads = {}
        self._pending.clear()
        self._forget()
        self._leaving = ""

    def _forget(self) -> None:
        if self._camera is not None and self._session:
            self._camera.sessions.discard(self._session)
        self._player, self._session, self._cursors = None, "", {}

    def _close(self, reason: str) -> None:
        self._leaving = reason
        if self._transport is not None:
            self._transport.close()

    def _write(self, data: bytes | bytearray) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)
            self._written += len(data)

    # ---- the dialogue

    def _reply(
        self,
        request: Request,
        status: int,
        headers: dict[str, str | list[str]] | None = None,
        body: bytes = b"",
    ) -> None:
        self._write(answer(status, request.headers.get("cseq", "0"), headers or {}, body))

    def _handle(self, request: Request) -> None:
        handlers: dict[str, Callable[[Request, Camera], None]] = {
            "DESCRIBE": self._describe,
            "SETUP": self._setup,
            "PLAY": self._play,
            "GET_PARAMETER": self._parameter,
            "SET_PARAMETER": self._parameter,
            "TEARDOWN": self._teardown,
        }
        if request.method == "OPTIONS":
            # answered without credentials, as most cameras do
            self._reply(request, 200, {"Public": _METHODS})
            return
        camera = self._server.find(request.path)
        handler = handlers.get(request.method)
        if handler is None:
            self._reply(request, 501)
        elif camera is None:
            self._reply(request, 404)
        elif not self._gate(camera).admits(request):
            self._reply(request, 401, {"WWW-Authenticate": self._gate(camera).challenges()})
        else:
            handler(request, camera)

    def _gate(self, camera: Camera) -> Gate:
        settings = camera.settings
        schemes = tuple(settings.auth.split("+"))
        new = Gate(schemes, "fake camera", settings.user, settings.password)
        return self._gates.setdefault(settings.path, new)

    def _describe(self, request: Request, camera: Camera) -> None:
        if camera.settings.faults.answer_status is not None:
            self._reply(request, camera.settings.faults.answer_status)
            return
        base = request.uri.split("?", 1)[0].rstrip("/") + "/"
        headers: dict[str, str | list[str]] = {
            "Content-Type": "application/sdp",
            "Content-Base": base,
        }
        self._reply(request, 200, headers, sdp.describe(camera.clip, camera.settings.name))

    def _setup(self, request: Request, camera: Camera) -> None:
        number = _track_number(request.path)
        tracks = camera.clip.tracks
        channel = _interleaved(request.headers.get("transport", ""), number)
        settings = camera.settings
        if number is None or number >= len(tracks):
            self._reply(request, 404)
        elif channel is None:
            self._reply(request, 461)
        elif self._player is not None or (self._session and self._camera is not camera):
            self._reply(request, 455)
        elif self._session != request.headers.get("session", "").partition(";")[0]:
            self._reply(request, 454)
        elif not self._session and _full(camera):
            self._reply(request, 453)
        else:
            self._camera = camera
            self._session = self._session or secrets.token_hex(8)
            camera.sessions.add(self._session)
            cursor = Cursor(tracks[number], channel, near_wrap=settings.near_wrap)
            self._cursors[number] = cursor
            self._reply(
                request,
                200,
                {
                    "Session": f"{self._session};timeout={settings.session_timeout_s}",
                    "Transport": f"RTP/AVP/TCP;unicast;interleaved={channel}-{channel + 1};ssrc={cursor.ssrc:08X}",
                },
            )

    def _has_session(self, request: Request) -> bool:
        given = request.headers.get("session", "").partition(";")[0]
        return bool(self._session) and given == self._session

    def _play(self, request: Request, camera: Camera) -> None:
        if not self._has_session(request):
            self._reply(request, 454)
            return
        now_ns = self._server.now_ns()
        started = self._player is None
        if self._player is None:
            self._player = Player(camera.settings, list(self._cursors.values()), now_ns)
            self._started_ns = now_ns
        base = request.uri.split("?", 1)[0].rstrip("/")
        info = ",".join(
            f"url={base}/trackID={c.track.number};seq={c.seq};rtptime={c.next_rtp}" for c in self._player.cursors
        )
        self._reply(request, 200, {"Session": self._session, "Range": "npt=0.000-", "RTP-Info": info})
        if started:
            kinds = {c.track.number: c.track.kind for c in self._player.cursors}
            path = camera.settings.path
            self._listed = self._session
            self._heads = {n: unit_head(path, self._session, kind) for n, kind in kinds.items()}
            self._server.ledger.session_started(path, self._session, list(kinds.values()), now_ns // 1000)
            self._server.playing(self)

    def _parameter(self, request: Request, _: Camera) -> None:
        if "session" in request.headers and not self._has_session(request):
            self._reply(request, 454)
        else:
            self._reply(request, 200, {"Session": self._session} if self._session else None)

    def _teardown(self, request: Request, _: Camera) -> None:
        if not self._has_session(request):
            self._reply(request, 454)
            return
        self._reply(request, 200)
        self._leaving = "teardown"
        self._forget()
        self._settle(self._server.now_ns())


def _full(camera: Camera) -> bool:
    limit = camera.settings.max_sessions
    return limit is not None and len(camera.sessions) >= limit


def _track_number(path: str) -> int | None:
    _, found, number = path.rpartition("/trackID=")
    return int(number) if found and number.isdigit() else None


def _interleaved(transports: str, number: int | None) -> int | None:
    """Find the RTP channel of the first transport offered that is TCP; None when there is none."""
    for transport in transports.split(","):
        kind, *options = (part.strip() for part in transport.split(";"))
        if kind.upper() != "RTP/AVP/TCP":
            continue
        for option in options:
            name, _, value = option.partition("=")
            first = value.partition("-")[0]
            if name.lower() == "interleaved" and first.isdigit() and int(first) < 255:  # noqa: PLR2004 - a byte, and its neighbour
                return int(first)
        return (number or 0) * 2
    return None
