"""What an ONVIF device says of itself: maker, serial, MAC, profiles and their stream addresses. The one door to onveef.

Only the library's writer and reader of messages are used; the network is ours (`soap`), so that time, bytes, address
and redirects are bounded. XML with a DOCTYPE, too deep or with too many elements is refused before anything looks into
it. A stream address on another host is refused and reported, never followed (threat model, M1). ONVIF Core and Media
service specifications; WS-UsernameToken digest, never the password in the clear.
"""

from __future__ import annotations

import ipaddress
import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from onveef import envelopes, parsers, wsdiscovery

from camera_gateway.clock import US, from_datetime
from camera_gateway.discovery.soap import SoapFailed, post
from camera_gateway.domain.camera import RTSP_PORT, StreamAddress
from camera_gateway.domain.identity import Identity, mac_of, serial_of, told

if TYPE_CHECKING:
    from collections.abc import Callable

    from camera_gateway.clock import Clock
    from camera_gateway.discovery.asking import Account, Peer

DISCOVERY_GROUP = wsdiscovery.WS_DISCOVERY_ADDRESS
DISCOVERY_PORT = wsdiscovery.WS_DISCOVERY_PORT
DEVICE_PATH = "/onvif/device_service"
"""ONVIF Core specification 5.1: where the device service is."""
MOST_PROFILES = 8
MOST_ELEMENTS = 5_000
DEEPEST = 32
_CODECS = {"H264": "h264", "H265": "h265", "HEVC": "h265", "JPEG": "mjpeg", "MPEG4": "mpeg4"}


@dataclass(frozen=True, slots=True)
class Profile:
    """One media profile. `address` None: refused, for the reason in `refused`."""

    token: str
    name: str
    codec: str | None
    width: int | None
    height: int | None
    fps: int | None
    address: StreamAddress | None
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class OnvifDevice:
    """A device that speaks ONVIF; `identity` is empty and `trouble` says why where the account was not enough."""

    port: int
    identity: Identity
    profiles: tuple[Profile, ...]
    clock_offset_s: float | None
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """One ProbeMatch: the service addresses and the scopes' words, as the device tells them."""

    xaddrs: tuple[str, ...]
    name: str | None
    hardware: str | None


def discovery_question() -> bytes:
    """Return a WS-Discovery Probe for devices of ONVIF, with an id of its own."""
    return wsdiscovery.build_probe(message_id=f"urn:uuid:{uuid.uuid4()}").encode()


def discovery_matches(data: bytes) -> list[Match]:
    """Read the ProbeMatches of a datagram; none for what is none."""
    text = data.decode("utf-8", "replace")
    if "<!doctype" in text.lower() or "<!entity" in text.lower():
        return []
    return [
        Match(tuple(each.xaddrs), told(_plain(each.name)), told(_plain(each.hardware)))
        for each in wsdiscovery.parse_probe_matches(text)
    ]


def _plain(text: str) -> str:
    """Decode the percent signs of a scope (RFC 3986)."""
    octets = re.sub(rb"%([0-9A-Fa-f]{2})", lambda found: bytes([int(found[1], 16)]), text.encode())
    return octets.decode("utf-8", "replace")


async def describe(peer: Peer, account: Account | None, clock: Clock, *, wait_s: float) -> OnvifDevice:
    """Ask a device all that registering needs; raises `SoapFailed` when it is no ONVIF device, or a hostile one.

    `wait_s` bounds each question; there are at most `MOST_PROFILES` + 5 of them.
    """
    line = _Line(peer, account, wait_s)
    offset_s = _offset(
        parsers.parse_system_datetime(await line.ask_openly(envelopes.device_get_system_date_time())), clock
    )
    line.offset_s = offset_s or 0.0
    try:
        info = parsers.parse_device_information(await line.ask(DEVICE_PATH, envelopes.device_get_information()))
    except SoapFailed as failed:
        if failed.cause not in {"auth-missing", "auth-wrong"}:
            raise
        return OnvifDevice(peer.port, Identity(), (), offset_s, failed.cause)
    identity = Identity(
        vendor=told(info.get("Manufacturer")),
        model=told(info.get("Model")),
        firmware=told(info.get("FirmwareVersion")),
        serial=serial_of(info.get("SerialNumber")),
        mac=await _mac(line),
    )
    profiles, trouble = await _profiles(line)
    return OnvifDevice(peer.port, identity, profiles, offset_s, trouble)


async def identify(peer: Peer, account: Account | None, clock: Clock, *, wait_s: float) -> Identity:
    """Ask a device only who it is; raises `SoapFailed`."""
    line = _Line(peer, account, wait_s)
    when = parsers.parse_system_datetime(await line.ask_openly(envelopes.device_get_system_date_time()))
    line.offset_s = _offset(when, clock) or 0.0
    info = parsers.parse_device_information(await line.ask(DEVICE_PATH, envelopes.device_get_information()))
    return Identity(
        vendor=told(info.get("Manufacturer")),
        model=told(info.get("Model")),
        firmware=told(info.get("FirmwareVersion")),
        serial=serial_of(info.get("SerialNumber")),
        mac=await _mac(line),
    )


class _Line:
    """Questions to one device with one account, at the device's own time."""

    def __init__(self, peer: Peer, account: Account | None, wait_s: float) -> None:
        self.peer = peer
        self.account = account
        self.offset_s = 0.0
        self._wait_s = wait_s

    async def ask_openly(self, body: str) -> str:
        """Ask what needs no account; what does not answer in SOAP is no ONVIF device."""
        answer = await post(self.peer, DEVICE_PATH, envelopes.build_envelope(body), None, wait_s=self._wait_s)
        _demand_sound(answer.text)
        return answer.text

    async def ask(self, path: str, body: str) -> str:
        """Ask with the account; raises `SoapFailed` for a refusal."""
        user, password = ("", "") if self.account is None else (self.account.username, self.account.password)
        envelope = envelopes.build_envelope(body, username=user, password=password, clock_offset_s=self.offset_s)
        answer = await post(self.peer, path, envelope, self.account, wait_s=self._wait_s)
        lower = answer.text.lower()
        if answer.status == 401 or "notauthorized" in lower or "not authorized" in lower:  # noqa: PLR2004 - HTTP
            raise SoapFailed("auth-missing" if self.account is None else "auth-wrong", "the device refuses the account")
        _demand_sound(answer.text)
        if parsers.has_soap_fault(answer.text):
            raise SoapFailed("refused", told(parsers.parse_fault(answer.text)) or "refused")
        return answer.text


def _demand_sound(text: str) -> None:
    """Refuse what is no small SOAP document: `SoapFailed` with "hostile-xml" or "not-onvif"."""
    if "<!doctype" in text.lower() or "<!entity" in text.lower():
        raise SoapFailed("hostile-xml", "the answer defines entities of its own")
    if text.count("<") > 2 * MOST_ELEMENTS:
        raise SoapFailed("hostile-xml", f"the answer has more than {MOST_ELEMENTS} elements")
    root = parsers.parse_xml(text.encode())
    if root is None or not root.tag.endswith("}Envelope"):
        raise SoapFailed("not-onvif", "the answer is no SOAP message")
    level, depth = [root], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            raise SoapFailed("hostile-xml", f"the answer is nested more than {DEEPEST} deep")
        level = [child for each in level for child in each]


def _offset(found: dict[str, Any], clock: Clock) -> float | None:
    """Return how far the device's clock is ahead, in seconds; None when it does not tell."""
    when = found.get("UTCDateTime")
    if not when:
        return None
    try:
        return (from_datetime(datetime(**when, tzinfo=UTC)) - clock.now_us()) / US
    except (ValueError, OverflowError):  # a 30th of February, or the year 0
        return None


async def _mac(line: _Line) -> str | None:
    """Return the MAC of the interface that has the dialled address, else the first one's; None when not told."""
    try:
        found = parsers.parse_network_interfaces(await line.ask(DEVICE_PATH, envelopes.device_get_network_interfaces()))
    except SoapFailed:  # many devices tell it to administrators only
        return None
    ours = [each for each in found if line.peer.ip in each["addresses"]]
    return next((mac for each in (*ours, *found) if (mac := mac_of(each["hardware_address"])) is not None), None)


async def _profiles(line: _Line) -> tuple[tuple[Profile, ...], str | None]:
    """Return the profiles with their stream addresses; the trouble where a device keeps them to itself."""
    try:
        url, media2 = await _media_service(line)
        path = _path_of(url)
        found = parsers.parse_profiles(await line.ask(path, envelopes.media_get_profiles(use_media2=media2)))
    except SoapFailed as failed:
        if failed.cause in {"hostile-xml", "too-large", "redirected"}:
            raise
        return (), failed.cause
    profiles = []
    for each in found[:MOST_PROFILES]:
        encoder = each.get("video_encoder")
        if not encoder or not each["token"]:
            continue
        body = envelopes.media_get_stream_uri(profile_token=each["token"], use_media2=media2)
        address, refused = None, None
        try:
            address = stream_address(parsers.parse_stream_uri(await line.ask(path, body)), line.peer)
        except SoapFailed as failed:
            refused = failed.cause
        profiles.append(_profile(each, encoder, address, refused))
    return tuple(profiles), None


def _profile(
    each: dict[str, Any], encoder: dict[str, Any], address: StreamAddress | None, refused: str | None
) -> Profile:
    encoding = (told(encoder.get("encoding")) or "").upper()
    return Profile(
        token=told(each["token"]) or "",
        name=told(each.get("name")) or "",
        codec=_CODECS.get(encoding, encoding.lower() or None),
        width=encoder.get("width"),
        height=encoder.get("height"),
        fps=encoder.get("fps_limit"),
        address=address,
        refused=refused,
    )


async def _media_service(line: _Line) -> tuple[str, bool]:
    """Return the media service's URL as the device has it, and whether it is Media2, where there is no other."""
    asks: tuple[tuple[str, Callable[[str], dict[str, str]]], ...] = (
        (envelopes.device_get_capabilities(), parsers.parse_capabilities),
        (envelopes.device_get_services(), parsers.parse_services),
    )
    last: SoapFailed | None = None
    for body, parse in asks:
        try:
            found = parse(await line.ask(DEVICE_PATH, body))
        except SoapFailed as failed:
            last = failed
            continue
        if "media" in found or "media2" in found:
            return found.get("media") or found["media2"], "media" not in found
    if last is not None:
        raise last
    raise SoapFailed("refused", "the device has no media service")


def _path_of(url: str) -> str:
    """Return path and query of a service's URL: its host is the device's own idea, and not asked (NAT, old leases)."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise SoapFailed("refused", "the media service's address is none") from None
    path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    odd = any(ord(c) <= ord(" ") or ord(c) > 126 for c in path)  # noqa: PLR2004 - ASCII
    if odd or not path.startswith("/") or len(path) > 500:  # noqa: PLR2004 - enough
        raise SoapFailed("refused", "the media service's address is none")
    return path


def stream_address(uri: str, peer: Peer) -> StreamAddress:
    """Return the address of a stream URI on the device that was asked; `SoapFailed` for any other host or scheme.

    An account in the URI is dropped: the one that is sealed will be used.
    """
    try:
        parts = urlsplit(uri.strip())
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        raise SoapFailed("refused", "the stream's address is none") from None
    if parts.scheme.lower() != "rtsp" or not host:
        raise SoapFailed("refused", f"the stream's scheme is {told(parts.scheme) or 'missing'}, not rtsp")
    if not _same_host(host, peer):
        raise SoapFailed("foreign-host", f"the stream is said to be at {told(host)}, which is another host")
    path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    if any(ord(c) <= ord(" ") for c in path) or len(path) > 2_000:  # noqa: PLR2004 - as parse_stream_url has it
        raise SoapFailed("refused", "the stream's path has blanks or no end")
    return StreamAddress(peer.host, port or RTSP_PORT, path)


def _same_host(host: str, peer: Peer) -> bool:
    if host == peer.host:
        return True
    try:
        return ipaddress.ip_address(host) == ipaddress.ip_address(peer.ip)
    except ValueError:
        return False
