"""The client's half of RTSP 1.0 over one TCP connection (RFC 2326): from OPTIONS to PLAY, then keepalive. Pure.

Bytes in, bytes out: whoever owns the socket sends what comes back and feeds what arrives. The URL that is
sent holds no credentials, another host is never asked, and no error tells the password.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from camera_gateway.rtsp import refusals, sdp
from camera_gateway.rtsp.digest import Authenticator, parse_challenges
from camera_gateway.rtsp.errors import (
    LimitExceeded,
    MalformedDescription,
    RtspRefused,
    StreamCorrupt,
)
from camera_gateway.rtsp.interleaved import Frame, read_item
from camera_gateway.rtsp.messages import Response, ServerRequest, write_answer, write_request
from camera_gateway.rtsp.receive import Receiver
from camera_gateway.rtsp.selection import choose, track_of
from camera_gateway.rtsp.session_headers import parse_rtp_info, parse_session
from camera_gateway.rtsp.url import Target, base_path, join_control

if TYPE_CHECKING:
    from camera_gateway.rtsp.sdp import Description
    from camera_gateway.rtsp.selection import Wanted
    from camera_gateway.rtsp.session_headers import RtpInfo
    from camera_gateway.rtsp.tracks import TrackSetup

State = Literal["connecting", "describing", "setting-up", "playing", "closed"]

DEFAULT_TIMEOUT_S = 60
MAX_ATTEMPTS = 4
"""Times that one request is sent, first without, then with ever fresher nonces."""
MAX_HANDSHAKE_BYTES = 4 * 1024 * 1024
MAX_EARLY_BYTES = 2 * 1024 * 1024
"""Interleaved frames kept that overtake the answer to PLAY."""
MAX_ANSWERS = 64


class Conversation:
    """One conversation with one camera; use it once.

    `receive` raises RtspRefused, and after that the conversation is closed. When `state` turns "playing", feed
    `leftover` and then everything further to `receiver`.
    """

    def __init__(
        self,
        target: Target,
        *,
        want_audio: bool = True,
        user_agent: str = "camera-gateway",
        describe_only: bool = False,
    ) -> None:
        self.target = target
        self.state: State = "connecting"
        self.presentation: Description | None = None
        self.tracks: tuple[TrackSetup, ...] = ()
        self.skipped: tuple[str, ...] = ()
        """Audio tracks left out, each with its reason, for people."""
        self.receiver: Receiver | None = None
        self.leftover = b""
        self.session_timeout_s = DEFAULT_TIMEOUT_S
        self._timeout_named = False
        self.session: str | None = None
        self.rtp_info: tuple[RtpInfo, ...] = ()
        self.server: str = ""
        """What the camera calls itself, for people."""
        self._want_audio = want_audio
        self._user_agent = user_agent
        self._describe_only = describe_only
        self._authenticator = (
            Authenticator(target.username, target.password or "") if target.username is not None else None
        )
        self._buffer = bytearray()
        self._taken = 0
        self._answers = 0
        self._early = bytearray()
        self._cseq = 0
        self._pending: tuple[str, str, tuple[tuple[str, str], ...]] | None = None
        self._pending_cseq = 0
        self._attempts = 0
        self._answered_challenge = False
        self._wanted: list[Wanted] = []
        self._aggregate = target.path
        self._keepalive_method = "OPTIONS"
        self._keepalive_cseqs: set[int] = set()

    @property
    def auth(self) -> str:
        """`none`, `basic`, `digest-md5` or `digest-sha-256`: how we signed in."""
        return self._authenticator.kind if self._authenticator is not None else "none"

    def start(self) -> bytes:
        """Return the first request."""
        return self._ask("OPTIONS", self.target.url)

    def receive(self, data: bytes | bytearray | memoryview) -> bytes:
        """Take bytes of the handshake; return what to send (often nothing). Raises RtspRefused."""
        if self.state in {"playing", "closed"}:
            self.leftover += bytes(data)
            return b""
        self._taken += len(data)
        self._buffer += data
        try:
            return self._receive()
        except RtspRefused:
            self.state = "closed"
            raise
        except StreamCorrupt as error:
            self.state = "closed"
            told = error.message.removeprefix("interleaved framing broke: ")
            raise refusals.not_rtsp(told) from None
        except (LimitExceeded, MalformedDescription) as error:
            self.state = "closed"
            raise refusals.not_rtsp(error.message) from None

    def keepalive(self) -> bytes:
        """Return a request that keeps the session alive; send one at half of `session_timeout_s`."""
        data = self._ask(self._keepalive_method, self.target.at(self._aggregate))
        self._keepalive_cseqs = {*sorted(self._keepalive_cseqs)[-7:], self._cseq}
        return data

    def handle_response(self, response: Response) -> bytes:
        """Take an answer that the receiver saw while playing; return what to send. Raises RtspRefused."""
        if response.status == 454:  # noqa: PLR2004 - Session Not Found
            self.state = "closed"
            raise refusals.session_lost()
        if response.status == refusals.UNAUTHORISED:
            if self._pending is None or response.cseq not in {None, self._pending_cseq}:
                return b""
            return self._sign_in(response)
        ours = response.cseq is None or response.cseq in self._keepalive_cseqs
        if response.cseq is not None:
            self._keepalive_cseqs.discard(response.cseq)
        if ours and response.status >= 400 and self._keepalive_method == "OPTIONS":  # noqa: PLR2004 - refused
            self._keepalive_method = "GET_PARAMETER"
            return self.keepalive()
        return b""

    def handle_request(self, request: ServerRequest) -> bytes:
        """Answer a request of the camera: polite to the harmless, 501 to the rest; nothing is obeyed."""
        if request.method in {"OPTIONS", "GET_PARAMETER", "SET_PARAMETER", "ANNOUNCE"}:
            return write_answer(200, "OK", request)
        return write_answer(501, "Not Implemented", request)

    def teardown(self) -> bytes:
        """Return the farewell (empty when there is no session); the conversation is closed."""
        self.state = "closed"
        if self.session is None:
            return b""
        return self._ask("TEARDOWN", self.target.at(self._aggregate))

    def _receive(self) -> bytes:
        out = bytearray()
        at = 0
        while self.state not in {"playing", "closed"}:
            item, after = read_item(self._buffer, at, len(self._buffer))
            if item is None:
                at = after
                break
            if isinstance(item, Frame):
                self._early_frame(at, after)
            elif isinstance(item, ServerRequest):
                self._count_answer()
                out += self.handle_request(item)
            else:
                out += self._take(item)
            at = after
        rest = bytes(self._buffer[at:])
        self._buffer = bytearray()
        if self.state in {"playing", "closed"}:
            self.leftover = bytes(self._early) + rest
        else:
            self._buffer += rest
            if self._taken > MAX_HANDSHAKE_BYTES:
                raise refusals.not_rtsp("the camera talks without end and does not get to PLAY")
        return bytes(out)

    def _early_frame(self, start: int, end: int) -> None:
        """Keep a frame that overtakes the answer to PLAY; drop those of a session that is not ours."""
        if self._pending is None or self._pending[0] != "PLAY":
            return
        if len(self._early) + end - start <= MAX_EARLY_BYTES:
            self._early += self._buffer[start:end]

    def _take(self, response: Response) -> bytes:
        self._count_answer()
        cseq = response.cseq
        late = cseq is not None and cseq < self._pending_cseq
        if self._pending is None or late or response.status < 200:  # noqa: PLR2004 - provisional
            return b""
        self.server = self.server or (response.headers.get("Server") or "")[:200]
        if response.status == refusals.UNAUTHORISED:
            return self._sign_in(response)
        method = self._pending[0]
        if refusals.is_redirect(response):
            raise refusals.refusal(method, response)
        step = {"DESCRIBE": self._described, "SETUP": self._set_up, "PLAY": self._played}
        return step.get(method, self._greeted)(response)

    def _greeted(self, response: Response) -> bytes:
        """Go on whatever OPTIONS was answered: some cameras refuse it and play."""
        del response
        self.state = "describing"
        return self._ask("DESCRIBE", self.target.url, (("Accept", "application/sdp"),))

    def _count_answer(self) -> None:
        self._answers += 1
        if self._answers > MAX_ANSWERS:
            raise refusals.not_rtsp("the camera answers without end and does not get to PLAY")

    def _ask(self, method: str, url: str, headers: tuple[tuple[str, str], ...] = ()) -> bytes:
        self._pending = (method, url, headers)
        self._attempts = 0
        self._answered_challenge = False
        return self._send()

    def _send(self) -> bytes:
        if self._pending is None:
            return b""
        method, url, headers = self._pending
        self._attempts += 1
        self._cseq += 1
        self._pending_cseq = self._cseq
        own: list[tuple[str, str]] = [("User-Agent", self._user_agent), *headers]
        if self.session is not None:
            own.append(("Session", self.session))
        if self._authenticator is not None:
            answer = self._authenticator.header(method, url)
            if answer is not None:
                own.append(("Authorization", answer))
        return write_request(method, url, self._cseq, tuple(own))

    def _sign_in(self, response: Response) -> bytes:
        """Answer a 401: the first one of a request, and every one that only calls the nonce stale."""
        challenges = parse_challenges(response.headers.get_all("WWW-Authenticate"))
        authenticator = self._authenticator
        if authenticator is None:
            raise refusals.auth_missing()
        kind = authenticator.kind
        stale = any(challenge.stale for challenge in challenges)
        if (self._answered_challenge and not stale) or self._attempts >= MAX_ATTEMPTS:
            raise refusals.auth_wrong(kind)
        if not authenticator.take(challenges):
            raise refusals.auth_scheme(tuple(dict.fromkeys(c.scheme for c in challenges)))
        self._answered_challenge = True
        return self._send()

    def _described(self, response: Response) -> bytes:
        if not refusals.is_success(response):
            raise refusals.refusal("DESCRIBE", response)
        description = sdp.parse(response.body)
        self.presentation = description
        base = base_path(
            self.target,
            response.headers.get("Content-Base"),
            response.headers.get("Content-Location"),
        )
        self._aggregate = join_control(base, description.control)
        self._wanted, self.skipped = choose(description, base, want_audio=self._want_audio)
        if self._describe_only:
            self.state = "closed"
            return b""
        self.state = "setting-up"
        return self._set_up_next()

    def _set_up_next(self) -> bytes:
        number = len(self.tracks)
        channels = f"{2 * number}-{2 * number + 1}"
        return self._ask(
            "SETUP",
            self.target.at(self._wanted[number].path),
            (("Transport", f"RTP/AVP/TCP;unicast;interleaved={channels}"),),
        )

    def _set_up(self, response: Response) -> bytes:
        number = len(self.tracks)
        if not refusals.is_success(response):
            refused = refusals.refusal("SETUP", response)
            if number == 0:
                raise refused
            self.skipped += (f"audio: {refused.message}",)
            del self._wanted[number:]
            return self._play()
        self._note_session(response)
        self.tracks += (track_of(self._wanted[number], number, response.headers.get("Transport")),)
        if len(self.tracks) < len(self._wanted):
            return self._set_up_next()
        return self._play()

    def _note_session(self, response: Response) -> None:
        """Keep the first session id and the shortest time-out."""
        value = response.headers.get("Session")
        if value is None:
            return
        name, seconds = parse_session(value)
        if self.session is None and name:
            self.session = name
        if seconds is not None:
            named = self._timeout_named
            self.session_timeout_s = min(self.session_timeout_s, seconds) if named else seconds
            self._timeout_named = True

    def _play(self, *, with_range: bool = True) -> bytes:
        headers = (("Range", "npt=0.000-"),) if with_range else ()
        return self._ask("PLAY", self.target.at(self._aggregate), headers)

    def _played(self, response: Response) -> bytes:
        if response.status == 457 and self._pending is not None and self._pending[2]:  # noqa: PLR2004 - Invalid Range
            return self._play(with_range=False)
        if not refusals.is_success(response):
            raise refusals.refusal("PLAY", response)
        self._note_session(response)
        self.rtp_info = parse_rtp_info(
            response.headers.get("RTP-Info") or "",
            tuple((track.media.control or "", track.control_path) for track in self.tracks),
        )
        self.receiver = Receiver(self.tracks)
        self._pending = None
        self.state = "playing"
        return b""
