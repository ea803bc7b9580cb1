"""Questions to a device's RTSP port that open no session: who it is (OPTIONS), and what a path holds (DESCRIBE).

Used where the device is a stranger: the password goes out only as a digest (RFC 7616), never as Basic, which anybody
in the network could ask for; a wrong password is tried once, because many devices lock an account after a few. The
caller has checked the address; only that address is dialled, redirects are refused.
"""

from __future__ import annotations

import asyncio
import hashlib
import socket
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from camera_gateway.domain.camera import address_allowed
from camera_gateway.domain.footage import ProbeCause
from camera_gateway.domain.identity import Identity, told
from camera_gateway.media.formats import ParameterSetError, VideoFormat
from camera_gateway.media.h264_sps import parse_sps as parse_h264
from camera_gateway.media.h265_sps import parse_sps as parse_h265
from camera_gateway.media.parameter_sets import ordered_sets, video_format
from camera_gateway.rtsp import refusals, sdp
from camera_gateway.rtsp.digest import Authenticator, parse_challenges
from camera_gateway.rtsp.errors import RtspError, RtspRefused
from camera_gateway.rtsp.messages import Response, read_message, write_request
from camera_gateway.rtsp.selection import choose
from camera_gateway.rtsp.url import Target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from camera_gateway.domain.camera import StreamAddress

READ_BYTES = 1 << 14
MOST_BYTES = 1 << 19
"""What a device may say in answer to one question."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A device's port: the one address to dial, and the host name that its URL has."""

    ip: str
    port: int
    host: str

    def at(self, port: int) -> Peer:
        """Return another port of the same device."""
        return Peer(self.ip, port, self.host)


@dataclass(frozen=True, slots=True)
class Account:
    """A user of a device; the password never shows."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Described:
    """What a path holds: the codec, the picture as promised by the SDP (None: not told), who serves it."""

    path: str
    codec: str
    picture: VideoFormat | None
    server: str | None
    sps: str | None

    @property
    def identity(self) -> Identity:
        """What this says of the apparatus."""
        return Identity(server=self.server, sps=self.sps)


@dataclass(frozen=True, slots=True)
class Greeting:
    """An RTSP server's answer to OPTIONS."""

    server: str | None
    wants_account: bool


async def peer_of(address: StreamAddress, networks: tuple[str, ...], *, wait_s: float) -> Peer:
    """Resolve once and keep the one address that is allowed; raises `RtspRefused`."""
    try:
        async with asyncio.timeout(wait_s):
            infos = await asyncio.get_running_loop().getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise RtspRefused(
            ProbeCause.RESOLVE_FAILED, f"no address is known for {address.host}", hint="check the host name"
        ) from None
    ip = next((str(info[4][0]) for info in infos if address_allowed(str(info[4][0]), networks)), None)
    if ip is None:
        raise RtspRefused(
            ProbeCause.ADDRESS_NOT_ALLOWED,
            f"{address.host} is not in the site's allowed networks",
            hint="an administrator allows networks: institution change --allow",
        )
    return Peer(ip, address.port, address.host)


async def greet(peer: Peer, *, wait_s: float) -> Greeting:
    """Ask who answers; raises `RtspRefused` (not-rtsp, port-closed, no-answer)."""
    async with _Line(peer, wait_s) as line:
        answer = await line.ask("OPTIONS", Target(peer.host, peer.port, "/").url, ())
        return Greeting(told(answer.headers.get("Server")), answer.status == refusals.UNAUTHORISED)


async def describe(
    peer: Peer, path: str, account: Account | None, *, wait_s: float, stranger: bool = True
) -> Described:
    """Ask what `path` holds; raises `RtspRefused` with the cause. No session is opened.

    A `stranger` gets a digest only; a registered device may be signed in to as it wants, as the recorder does.
    """
    url = Target(peer.host, peer.port, path).url
    headers = (("Accept", "application/sdp"),)
    async with _Line(peer, wait_s) as line:
        answer = await line.ask("DESCRIBE", url, headers)
        server = told(answer.headers.get("Server"))
        if answer.status == refusals.UNAUTHORISED:
            signed = _sign(answer, url, account, stranger=stranger)
            answer = await line.ask("DESCRIBE", url, (*headers, ("Authorization", signed)))
            if answer.status == refusals.UNAUTHORISED:
                raise refusals.auth_wrong("digest")
    if not refusals.is_success(answer):
        raise refusals.refusal("DESCRIBE", answer)
    server = told(answer.headers.get("Server")) or server
    try:
        wanted, _ = choose(sdp.parse(answer.body), path, want_audio=False)
    except RtspRefused:
        raise
    except RtspError as error:
        raise refusals.not_rtsp(error.message) from None
    opened = wanted[0].opened
    return Described(path, opened.codec, *_picture(opened.codec, opened.parameter_sets, server))


def _sign(answer: Response, url: str, account: Account | None, *, stranger: bool) -> str:
    challenges = parse_challenges(answer.headers.get_all("WWW-Authenticate"))
    if account is None:
        raise refusals.auth_missing()
    authenticator = Authenticator(account.username, account.password)
    if not authenticator.take(c for c in challenges if c.scheme == "digest" or not stranger):
        raise RtspRefused(
            ProbeCause.AUTH_SCHEME,
            f"the device offers {', '.join(sorted({c.scheme for c in challenges})) or 'no way to sign in'}, not Digest",
            hint="a stranger gets no password in the clear: enable Digest on it, or register it by camera add",
        )
    return authenticator.header("DESCRIBE", url) or ""


def _picture(
    codec: str, sets: tuple[bytes, ...], server: str | None
) -> tuple[VideoFormat | None, str | None, str | None]:
    try:
        form = video_format("h265" if codec == "h265" else "h264", sets)
    except ParameterSetError:
        return None, server, None
    return form, server, fingerprint(codec, sets)


def fingerprint(codec: str, sets: tuple[bytes, ...]) -> str | None:
    """Return a digest of the sequence parameter set as a decoder sees it; None when there is none that can be read.

    Display and timing stay out: cameras vary them from keyframe to keyframe.
    """
    try:
        if codec == "h265":
            decoding = parse_h265(ordered_sets("h265", sets).sps[0]).decoding
        else:
            decoding = parse_h264(ordered_sets("h264", sets).sps[0]).decoding
    except ParameterSetError:
        return None
    return hashlib.sha256(f"{codec}:{decoding}".encode()).hexdigest()[:16]


async def find_path(peer: Peer, paths: Sequence[str], account: Account | None, *, wait_s: float) -> Described:
    """Try paths in order; return the first that holds video. Raises `RtspRefused` of the last, or of the account.

    A refused account ends the search at once: the next path would be a further attempt towards a lock-out.
    """
    last: RtspRefused | None = None
    for path in paths:
        try:
            return await describe(peer, path, account, wait_s=wait_s)
        except RtspRefused as refused:
            if refused.cause not in {ProbeCause.PATH_NOT_FOUND, ProbeCause.NO_VIDEO, ProbeCause.CODEC_REFUSED}:
                raise
            last = refused
    raise last or RtspRefused(ProbeCause.PATH_NOT_FOUND, "no path is known", hint="give the URL")


class _Line:
    """One connection to a device, for a few questions in turn; every wait is bounded."""

    def __init__(self, peer: Peer, wait_s: float) -> None:
        self._peer = peer
        self._wait_s = wait_s
        self._cseq = 0
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await connect(self._peer, self._wait_s)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._writer is not None:
            self._writer.transport.abort()
            with suppress(OSError):
                await self._writer.wait_closed()

    async def ask(self, method: str, url: str, headers: tuple[tuple[str, str], ...]) -> Response:
        """Send one request and return its answer."""
        if self._reader is None or self._writer is None:
            msg = "the line is not open"
            raise RuntimeError(msg)
        self._cseq += 1
        try:
            async with asyncio.timeout(self._wait_s):
                self._writer.write(write_request(method, url, self._cseq, (("User-Agent", "camera-gateway"), *headers)))
                return await self._answer(self._reader)
        except TimeoutError:
            raise RtspRefused(ProbeCause.NO_ANSWER, "the device does not answer", hint="restart it") from None
        except OSError:
            raise RtspRefused(ProbeCause.NO_ANSWER, "the device hung up", hint="try again later") from None
        except RtspRefused:
            raise
        except RtspError as error:
            raise refusals.not_rtsp(error.message) from None

    async def _answer(self, reader: asyncio.StreamReader) -> Response:
        held, taken = bytearray(), 0
        while True:
            data = await reader.read(READ_BYTES)
            if not data:
                raise refusals.not_rtsp("the port hung up without an answer")
            taken += len(data)
            if taken > MOST_BYTES:
                raise refusals.not_rtsp("the device talks without end")
            held += data
            while (found := read_message(held, 0, len(held))) is not None:
                message, end = found
                del held[:end]
                if isinstance(message, Response) and message.status >= 200:  # noqa: PLR2004 - not provisional
                    return message


async def connect(peer: Peer, wait_s: float) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Dial the one address; raises `RtspRefused` (port-closed, no-answer)."""
    try:
        async with asyncio.timeout(wait_s):
            return await asyncio.open_connection(peer.ip, peer.port)
    except ConnectionRefusedError:
        raise RtspRefused(
            ProbeCause.PORT_CLOSED, f"{peer.ip} refuses port {peer.port}", hint="check the port"
        ) from None
    except OSError:  # TimeoutError is one
        raise RtspRefused(
            ProbeCause.NO_ANSWER, f"{peer.ip} port {peer.port} does not answer", hint="check power, cable and address"
        ) from None
