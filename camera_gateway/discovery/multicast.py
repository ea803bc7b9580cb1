"""Who is there: WS-Discovery by multicast and, paced, to each address of a range (OASIS WS-Discovery 1.0, ONVIF 7.3).

Promises that only senders inside the allowed networks count, that an address inside an answer is believed only when it
is the sender's own, and that a flood of answers is cut off. UDP 3702; listens for a bounded time.
"""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from camera_gateway.domain.camera import address_allowed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from camera_gateway.clock import Clock

MOST_ANSWERS = 8_192
MOST_BYTES = 16_384
HOPS = 2


@dataclass(frozen=True, slots=True)
class Answered:
    """A device that answered: from which address, on which HTTP port, and its scopes' words."""

    ip: str
    onvif_port: int | None
    name: str | None
    hardware: str | None


class _Ear(asyncio.DatagramProtocol):
    def __init__(self, networks: tuple[str, ...]) -> None:
        self._networks = networks
        self._answers = 0
        self.heard: dict[str, Answered] = {}

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Take one answer; what is no ProbeMatch of an allowed sender is nothing."""
        from camera_gateway.discovery.onvif import discovery_matches  # noqa: PLC0415 - loaded by `listen`

        self._answers += 1
        if self._answers > MOST_ANSWERS or len(data) > MOST_BYTES or not address_allowed(addr[0], self._networks):
            return
        for match in discovery_matches(data):
            self.heard[addr[0]] = Answered(addr[0], _own_port(match.xaddrs, addr[0]), match.name, match.hardware)


def _own_port(xaddrs: Sequence[str], ip: str) -> int | None:
    """Return the HTTP port of the first service address that is on the sender itself."""
    for xaddr in xaddrs:
        try:
            parts = urlsplit(xaddr)
            port = parts.port
        except ValueError:
            continue
        if parts.scheme == "http" and parts.hostname == ip:
            return port or 80
    return None


async def listen(
    networks: tuple[str, ...],
    addresses: Sequence[str],
    clock: Clock,
    *,
    multicast: bool,
    wait_s: float,
    per_second: int,
    port: int | None = None,
) -> list[Answered]:
    """Ask the group and every one of `addresses`, `per_second` at most, then listen on for `wait_s`; by address.

    `port` None: the one of WS-Discovery.
    """
    from camera_gateway.discovery import onvif  # noqa: PLC0415 - and an HTTP client with it, which only a search needs

    loop = asyncio.get_running_loop()
    anywhere = ("0.0.0.0", 0)  # noqa: S104 - the kernel chooses by the route; answers are looked at by their sender
    transport, ear = await loop.create_datagram_endpoint(lambda: _Ear(networks), local_addr=anywhere)
    try:
        raw = transport.get_extra_info("socket")
        raw.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, HOPS)
        targets = [*([onvif.DISCOVERY_GROUP] * 2 if multicast else []), *addresses]
        for number, target in enumerate(targets, 1):
            transport.sendto(onvif.discovery_question(), (target, port or onvif.DISCOVERY_PORT))
            if number % max(1, per_second // 10) == 0:
                await clock.sleep(0.1)
        await clock.sleep(wait_s)
    finally:
        transport.close()
    return [ear.heard[ip] for ip in sorted(ear.heard)]
