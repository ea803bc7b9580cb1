"""One RTSP session of one camera: from the name to PLAY, then keepalives, at last TEARDOWN.

Promises: one name look-up, an address that the site allows and that stays the same, time limits on everything, no
redirect followed, and every failure as a cause of the closed list. The password is used and never told.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from camera_gateway.domain.camera import address_allowed
from camera_gateway.domain.footage import ProbeCause
from camera_gateway.rtsp.conversation import Conversation
from camera_gateway.rtsp.errors import RtspRefused
from camera_gateway.rtsp.url import Target

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from camera_gateway.domain.plan import CameraPlan

HANDSHAKE_STEPS = 4
"""The whole handshake may take this many times the time of one answer."""
READ_BYTES = 64 * 1024
MAX_UNSENT_BYTES = 64 * 1024


@dataclass(slots=True)
class Limits:
    """How long a session waits."""

    connect_s: float = 5.0
    stall_s: float = 10.0
    audio: bool = True


class Session:
    """A session that plays: its socket and its conversation."""

    __slots__ = ("_unsent", "conversation", "sock")

    def __init__(self, sock: socket.socket, conversation: Conversation) -> None:
        self.sock = sock
        self.conversation = conversation
        self._unsent = b""

    def may_stay(self, networks: tuple[str, ...]) -> bool:
        """Whether the address that it is connected to is allowed; one that is gone ends by itself."""
        try:
            return address_allowed(str(self.sock.getpeername()[0]), networks)
        except OSError:
            return True

    def send(self, data: bytes) -> None:
        """Send what the socket takes at once and keep the rest; raises OSError when the connection is gone."""
        data = self._unsent + data
        self._unsent = b""
        if not data:
            return
        try:
            sent = self.sock.send(data)
        except (BlockingIOError, InterruptedError):
            sent = 0
        self._unsent = data[sent:]
        if len(self._unsent) > MAX_UNSENT_BYTES:
            raise ConnectionError("the camera does not read what it is told")

    def close(self, *, farewell: bool = True) -> None:
        """Say TEARDOWN, if wanted, and close. Harmless to repeat."""
        if farewell:
            with contextlib.suppress(OSError):
                self.send(self.conversation.teardown())
        with contextlib.suppress(OSError):
            self.sock.close()


async def open_session(plan: CameraPlan, password: str | None, limits: Limits, resolver: Executor) -> Session:
    """Connect and talk until the stream plays. Raises RtspRefused with its cause, never anything else expected."""
    address = plan.address
    ip, family = await _pinned(address.host, address.port, plan.allowed_networks, limits.connect_s, resolver)
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(0)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await _connected(sock, ip, address.port, limits.connect_s)
        target = Target(address.host, address.port, address.path, plan.username, password)
        conversation = Conversation(target, want_audio=limits.audio)
        await _played(sock, conversation, limits.connect_s)
    except BaseException:
        sock.close()
        raise
    return Session(sock, conversation)


async def _pinned(
    host: str, port: int, networks: tuple[str, ...], limit_s: float, resolver: Executor
) -> tuple[str, socket.AddressFamily]:
    """Return the one address of this session: the first that the host has and the site allows."""
    try:
        literal = ipaddress.ip_address(host)
        found = [str(literal)]
    except ValueError:
        found = await _looked_up(host, port, limit_s, resolver)
    for ip in found:
        if address_allowed(ip, networks):
            return ip, socket.AF_INET6 if ":" in ip else socket.AF_INET
    raise RtspRefused(
        ProbeCause.ADDRESS_NOT_ALLOWED,
        f"{found[0]} is not in the site's allowed networks",
        hint="an administrator allows networks per site; loopback and metadata addresses only by name",
    )


async def _looked_up(host: str, port: int, limit_s: float, resolver: Executor) -> list[str]:
    loop = asyncio.get_running_loop()

    def ask() -> list[str]:
        return [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]

    try:
        async with asyncio.timeout(limit_s):
            found = await loop.run_in_executor(resolver, ask)
    except (OSError, UnicodeError, TimeoutError):
        found = []
    if not found:
        raise RtspRefused(
            ProbeCause.RESOLVE_FAILED, f"no address is known for {host}", hint="check the host name and the DNS server"
        )
    return found


async def _connected(sock: socket.socket, ip: str, port: int, limit_s: float) -> None:
    try:
        async with asyncio.timeout(limit_s):
            await asyncio.get_running_loop().sock_connect(sock, (ip, port))
    except TimeoutError:
        told = f"{ip} port {port} does not answer"
        raise RtspRefused(ProbeCause.NO_ANSWER, told, hint="check power, cable and address") from None
    except ConnectionRefusedError:
        told = f"{ip} refuses port {port}"
        hint = "check the port; is RTSP switched on in the camera?"
        raise RtspRefused(ProbeCause.PORT_CLOSED, told, hint=hint) from None
    except OSError as error:
        told = f"{ip} cannot be reached: {error.strerror or type(error).__name__}"
        raise RtspRefused(ProbeCause.NO_ANSWER, told, hint="check power, cable and address") from None


async def _played(sock: socket.socket, conversation: Conversation, answer_s: float) -> None:
    """Talk until the stream plays."""
    loop = asyncio.get_running_loop()
    heard = False
    try:
        async with asyncio.timeout(answer_s * HANDSHAKE_STEPS):
            await loop.sock_sendall(sock, conversation.start())
            while conversation.state != "playing":
                async with asyncio.timeout(answer_s):
                    data = await loop.sock_recv(sock, READ_BYTES)
                if not data:
                    raise _hung_up(heard=heard)
                heard = True
                answer = conversation.receive(data)
                if answer:
                    await loop.sock_sendall(sock, answer)
    except TimeoutError:
        raise RtspRefused(
            ProbeCause.NO_ANSWER,
            "the camera accepts the connection but does not finish its answers",
            hint="restart it; if it stays so, check that the port is its RTSP port",
        ) from None
    except OSError:
        raise _hung_up(heard=heard) from None


def _hung_up(*, heard: bool) -> RtspRefused:
    if heard:
        hint = "look at its number of sessions, then at its own log"
        return RtspRefused(ProbeCause.NO_ANSWER, "the camera hung up during the handshake", hint=hint)
    return RtspRefused(ProbeCause.NOT_RTSP, "the port hung up without a word", hint="check port and protocol")


def connection_of(plan: CameraPlan) -> tuple[object, ...]:
    """Return what a session depends on, beside the networks that must hold its address."""
    return plan.address, plan.username, plan.password_sealed, plan.segment_s, plan.institution
