"""Institutions, sites, cameras (viewpoints) and the devices that serve them. Pure values.

A camera is a place on the wall; a device is the apparatus that serves it from one time to another, so that
footage follows the place (docs/glossary.md).
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from camera_gateway.errors import InvalidInput

if TYPE_CHECKING:
    from camera_gateway.domain.ids import CameraId, DeviceId, InstitutionId, SiteId

RTSP_PORT = 554
_MAX_PORT = 65_535
_MAX_PATH = 2_000


class Zone(StrEnum):
    """What a camera looks at; the standards name the required ones (docs/reference/zones)."""

    PERIMETER = "perimeter"
    ENTRANCE = "entrance"
    ENTRANCE_EMERGENCY = "entrance_emergency"
    CORRIDOR = "corridor"
    HALL = "hall"
    DINING = "dining"
    LOBBY = "lobby"
    CLOAKROOM = "cloakroom"
    PLAYGROUND = "playground"
    CLASSROOM = "classroom"
    PLAYROOM = "playroom"
    BEDROOM = "bedroom"
    MEDICAL = "medical"
    KITCHEN = "kitchen"
    OFFICE = "office"
    STAIRS = "stairs"
    YARD = "yard"
    GYM = "gym"
    COMMON_ROOM = "common_room"
    TOILET = "toilet"
    SHOWER = "shower"
    OTHER = "other"


RESTRICTED_ZONES = frozenset({Zone.BEDROOM, Zone.MEDICAL, Zone.TOILET, Zone.SHOWER})
"""Toilets and showers may not be filmed at all: a camera there must be possible to name, so that it can be found."""


class InstitutionKind(StrEnum):
    """Kinds of institutions that the standards tell apart."""

    KINDERGARTEN = "kindergarten"
    SCHOOL = "school"
    BOARDING_SCHOOL = "boarding_school"
    CHILDRENS_HOME = "childrens_home"
    BABY_HOME = "baby_home"
    SOCIAL_CENTRE = "social_centre"
    MEDICAL = "medical"
    OTHER = "other"


class CameraState(StrEnum):
    """What the operator wants of a camera; what it does is in its status."""

    ACTIVE = "active"
    PAUSED = "paused"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class StreamAddress:
    """Where a stream is: never with credentials. `path` keeps its leading '/' and its query."""

    host: str
    port: int
    path: str

    def __str__(self) -> str:
        """Return the rtsp:// URL, which holds no credentials."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"rtsp://{host}:{self.port}{self.path}"


@dataclass(frozen=True, slots=True)
class Institution:
    """The owner of cameras."""

    id: InstitutionId
    name: str
    kind: InstitutionKind
    region: str
    created_us: int


@dataclass(frozen=True, slots=True)
class Site:
    """A place of an institution: schedules, allowed networks and the time zone belong to it."""

    id: SiteId
    institution: InstitutionId
    name: str
    time_zone: str
    allowed_networks: tuple[str, ...]
    upload_windows: tuple[str, ...]
    """Empty: the installation's `[upload] windows` hold."""
    holidays: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Device:
    """The apparatus that serves a camera from `from_us` until `to_us` (None: until now)."""

    id: DeviceId
    camera: CameraId
    address: StreamAddress
    username: str | None
    password_sealed: str | None
    """AES-GCM ciphertext (AAD: camera id), base64; never the password."""
    serial: str | None
    mac: str | None
    model: str | None
    firmware: str | None
    from_us: int
    to_us: int | None


@dataclass(frozen=True, slots=True)
class Camera:
    """A viewpoint."""

    id: CameraId
    institution: InstitutionId
    site: SiteId
    name: str
    zone: Zone
    state: CameraState
    schedule: tuple[str, ...]
    """Weekly recording windows; empty: the installation's `[recorder] schedule` holds."""
    created_us: int
    retired_us: int | None


def parse_stream_url(url: str) -> tuple[StreamAddress, str | None, str | None]:
    """Split an rtsp URL into address, user name and password; raise `InvalidInput` without echoing secrets."""
    hint = "write rtsp://host[:port]/path and give the account by --username and --password-file"
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError as error:
        raise InvalidInput("the camera's URL is not valid", hint=hint) from error
    if parts.scheme.lower() != "rtsp":
        raise InvalidInput(f"scheme {parts.scheme or '(none)'!r} is not supported", hint=hint)
    if not parts.hostname or (port is not None and not 0 < port <= _MAX_PORT):
        raise InvalidInput("the camera's URL has no valid host or port", hint=hint)
    path = parts.path or "/"
    if parts.query:
        path += "?" + parts.query
    if len(path) > _MAX_PATH or any(ord(c) <= ord(" ") for c in path):
        raise InvalidInput("the camera's path is too long or has blanks in it", hint=hint)
    address = StreamAddress(parts.hostname, port or RTSP_PORT, path)
    return address, parts.username, parts.password


def parse_networks(texts: tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """Check and normalise CIDR networks; raise `InvalidInput` naming the wrong one."""
    result = []
    for text in texts:
        try:
            result.append(str(ipaddress.ip_network(text.strip(), strict=False)))
        except ValueError as error:
            raise InvalidInput(
                f"network {text!r} is not valid", hint="write CIDR, for example 192.168.10.0/24"
            ) from error
    return tuple(result)


ALWAYS_DENIED = ("169.254.0.0/16", "fe80::/10", "0.0.0.0/8", "224.0.0.0/4", "ff00::/8", "::/128")
METADATA_ADDRESSES = frozenset({"169.254.169.254", "fd00:ec2::254", "100.100.100.200"})


def address_allowed(ip: str, networks: tuple[str, ...]) -> bool:
    """Whether a camera may be at `ip` (threat model, M1).

    Link-local, multicast, unspecified and metadata addresses never are. Loopback only when a listed network lies
    inside the loopback range: a wide network such as 0.0.0.0/0 does not open it.
    """
    address = ipaddress.ip_address(ip)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if str(address) in METADATA_ADDRESSES:
        return False
    for denied in ALWAYS_DENIED:
        network = ipaddress.ip_network(denied)
        if address.version == network.version and address in network:
            return False
    for text in networks:
        network = ipaddress.ip_network(text)
        if address.version != network.version or address not in network:
            continue
        if address.is_loopback and not network.network_address.is_loopback:
            continue
        return True
    return False
