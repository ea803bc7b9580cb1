"""The search for cameras: multicast, paced knocking on a range, then a closer look at whoever answered.

Promises: only addresses that the caller has checked, at most `PER_SECOND` connections begun in a second and
`AT_ONCE` looks at a time, one attempt with an account per device and protocol, nothing weaker than a digest. What a
device says is data for a person to confirm; nothing is registered here.
"""

from __future__ import annotations

import asyncio
import ipaddress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from camera_gateway.discovery import asking, multicast
from camera_gateway.discovery.asking import Account, Peer
from camera_gateway.discovery.neighbours import mac_addresses
from camera_gateway.discovery.soap import SoapFailed
from camera_gateway.domain.camera import StreamAddress, address_allowed
from camera_gateway.domain.footage import ProbeCause
from camera_gateway.domain.identity import Identity
from camera_gateway.rtsp.errors import RtspRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from camera_gateway.clock import Clock
    from camera_gateway.discovery.onvif import OnvifDevice, Profile
    from camera_gateway.discovery.vendors import Vendor, Vendors

PER_SECOND = 200
KNOCKING = 48
"""Addresses at whose ports is knocked at a time."""
AT_ONCE = 16
RTSP_PORTS = (554, 8554)
ONVIF_PORTS = (80, 8080, 8000, 2020, 8899)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is looked for, and how long each step may take."""

    networks: tuple[str, ...]
    addresses: tuple[str, ...]
    account: Account | None = None
    vendor: Vendor | None = None
    rtsp_ports: tuple[int, ...] = RTSP_PORTS
    onvif_ports: tuple[int, ...] = ONVIF_PORTS
    multicast: bool = True
    listen_s: float = 3.0
    knock_s: float = 1.0
    answer_s: float = 4.0


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream that was found. `address` None: refused, for the cause in `refused`."""

    name: str
    codec: str | None
    width: int | None
    height: int | None
    fps: float | None
    address: StreamAddress | None
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """One device. `trouble` says what kept us from seeing more, for example auth-missing."""

    ip: str
    identity: Identity
    onvif_port: int | None = None
    rtsp_port: int | None = None
    vendor: str | None = None
    """The id of the vendor's entry, where one is known."""
    streams: tuple[Stream, ...] = ()
    trouble: str | None = None
    clock_offset_s: float | None = None


@dataclass(slots=True)
class _Heard:
    """What is known of an address before the closer look."""

    open_ports: set[int] = field(default_factory=set)
    onvif_port: int | None = None
    words: tuple[str | None, ...] = ()


async def search(
    wish: Wish, vendors: Vendors, clock: Clock, progress: Callable[[int, int], None] = lambda _done, _all: None
) -> list[Found]:
    """Return the devices that were found, by address. `progress` is told looked-at and all addresses."""
    heard: dict[str, _Heard] = {}
    for answered in await multicast.listen(
        wish.networks,
        wish.addresses,
        clock,
        multicast=wish.multicast,
        wait_s=wish.listen_s,
        per_second=PER_SECOND,
    ):
        heard[answered.ip] = _Heard(onvif_port=answered.onvif_port, words=(answered.name, answered.hardware))
    knocked = dict.fromkeys((*wish.addresses, *heard))
    done, total = 0, len(knocked) * 2

    def step() -> None:
        nonlocal done
        done += 1
        progress(done, total)

    await _knock(wish, list(knocked), heard, clock, step)
    total = len(knocked) + len(heard)
    macs = mac_addresses()
    turn = asyncio.Semaphore(AT_ONCE)

    async def look(ip: str, known: _Heard) -> Found | None:
        async with turn:
            found = await _look(wish, vendors, clock, ip, known)
            step()
            if found is None or found.identity.mac is not None or ip not in macs:
                return found
            return replace(found, identity=replace(found.identity, mac=macs[ip]))

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(look(ip, known)) for ip, known in heard.items()]
    results = [task.result() for task in tasks]
    return sorted((each for each in results if each is not None), key=lambda each: ipaddress.ip_address(each.ip))


async def _knock(
    wish: Wish, ips: Sequence[str], heard: dict[str, _Heard], clock: Clock, step: Callable[[], None]
) -> None:
    """Find the open ports of every address, paced."""
    turn = asyncio.Semaphore(KNOCKING)

    async def one(ip: str) -> None:
        known = heard.get(ip)
        extra = () if known is None or known.onvif_port is None else (known.onvif_port,)
        ports = dict.fromkeys((*wish.rtsp_ports, *wish.onvif_ports, *extra))
        async with asyncio.TaskGroup() as doors:
            tries = {port: doors.create_task(_open(Peer(ip, port, ip), wish.knock_s)) for port in ports}
        found = {port for port, tried in tries.items() if tried.result()}
        if found or known is not None:
            heard.setdefault(ip, _Heard()).open_ports |= found
        step()

    async def guarded(ip: str) -> None:
        async with turn:
            await one(ip)

    most = len(wish.rtsp_ports) + len(wish.onvif_ports)
    async with asyncio.TaskGroup() as group:
        for number, ip in enumerate(ips, 1):
            group.create_task(guarded(ip))
            if number * most % PER_SECOND < most:
                await clock.sleep(1.0 if number < len(ips) else 0)


async def _open(peer: Peer, wait_s: float) -> bool:
    try:
        _, writer = await asking.connect(peer, wait_s)
    except RtspRefused:
        return False
    writer.transport.abort()
    return True


async def _look(wish: Wish, vendors: Vendors, clock: Clock, ip: str, known: _Heard) -> Found | None:
    """Look closely at one device; None when it is no camera."""
    if not address_allowed(ip, wish.networks):
        return None
    device, trouble = await _onvif(wish, clock, ip, known)
    server, port = await _greeted(wish, ip, known)
    if device is None and port is None:
        return None if known.onvif_port is None else Found(ip, Identity(), known.onvif_port, trouble=trouble)
    identity = Identity(server=server) if device is None else replace(device.identity, server=server)
    maker = wish.vendor or vendors.guess((identity.vendor, identity.model, identity.server, *known.words))
    found = Found(
        ip=ip,
        identity=identity,
        onvif_port=None if device is None else device.port,
        rtsp_port=port,
        vendor=None if maker is None else maker.id,
        streams=() if device is None else tuple(_stream(profile) for profile in device.profiles),
        trouble=trouble if device is None else device.trouble,
        clock_offset_s=None if device is None else device.clock_offset_s,
    )
    if any(stream.address for stream in found.streams) or port is None:
        return found
    return await _by_path(wish, found, maker or vendors.other)


def _stream(profile: Profile) -> Stream:
    return Stream(
        profile.name,
        profile.codec,
        profile.width,
        profile.height,
        None if profile.fps is None else float(profile.fps),
        profile.address,
        profile.refused,
    )


async def _onvif(wish: Wish, clock: Clock, ip: str, known: _Heard) -> tuple[OnvifDevice | None, str | None]:
    """Ask the likely ports in order; the first that speaks ONVIF counts, or the last trouble worth telling."""
    from camera_gateway.discovery import onvif  # noqa: PLC0415 - as in `multicast`

    likely = [*([] if known.onvif_port is None else [known.onvif_port]), *wish.onvif_ports]
    trouble = None
    for port in dict.fromkeys(port for port in likely if port in known.open_ports):
        try:
            return await onvif.describe(Peer(ip, port, ip), wish.account, clock, wait_s=wish.answer_s), None
        except SoapFailed as failed:
            if failed.cause not in {"not-http", "not-onvif", "port-closed", "refused"}:
                trouble = failed.cause
    return None, trouble


async def _greeted(wish: Wish, ip: str, known: _Heard) -> tuple[str | None, int | None]:
    """Return the RTSP server's name and port; None where nothing speaks RTSP."""
    for port in wish.rtsp_ports:
        if port in known.open_ports:
            try:
                greeting = await asking.greet(Peer(ip, port, ip), wait_s=wish.answer_s)
            except RtspRefused:
                continue
            return greeting.server, port
    return None, None


async def _by_path(wish: Wish, found: Found, vendor: Vendor) -> Found:
    """Try the vendor's paths on a device that names none by itself."""
    peer = Peer(found.ip, found.rtsp_port or RTSP_PORTS[0], found.ip)
    try:
        described = await asking.find_path(peer, vendor.paths(), wish.account, wait_s=wish.answer_s)
    except RtspRefused as refused:
        trouble = None if refused.cause is ProbeCause.PATH_NOT_FOUND else refused.cause.value
        return replace(found, trouble=found.trouble or trouble)
    form = described.picture
    stream = Stream(
        "main",
        described.codec,
        None if form is None else form.width,
        None if form is None else form.height,
        None if form is None else form.fps,
        StreamAddress(found.ip, peer.port, described.path),
    )
    return replace(found, identity=described.identity.over(found.identity), streams=(*found.streams, stream))
