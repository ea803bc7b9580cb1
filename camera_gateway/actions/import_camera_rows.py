"""One row of a camera import as it stands in the file: its cells as values, and what is wrong with them.

Promises that a password is sealed for the camera that the row names as soon as it is read, and that no fault repeats
it. Visits nothing and knows no catalogue.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from camera_gateway.actions.cameras import account_of, zone_of
from camera_gateway.actions.import_rows import Draft, several
from camera_gateway.actions.institutions import printable
from camera_gateway.discovery.asking import Account
from camera_gateway.domain.camera import RTSP_PORT, StreamAddress
from camera_gateway.domain.identity import Identity, mac_of
from camera_gateway.domain.ids import CameraId, InstitutionId, parse_slug, slug_of
from camera_gateway.domain.passport import date_of, role_of
from camera_gateway.domain.schedule import parse_schedule
from camera_gateway.errors import InvalidInput

if TYPE_CHECKING:
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.discovery.vendors import Vendor, Vendors


@dataclass(slots=True)
class CameraRow(Draft):
    """A camera's row: where it is to be, what is to be visited, with which account."""

    institution: InstitutionId | None = None
    networks: tuple[str, ...] = ()
    host: str = ""
    port: int = RTSP_PORT
    path: str | None = None
    vendor: Vendor | None = None
    channel: int = 1
    account: Account | None = field(default=None, repr=False)
    identity: Identity = field(default_factory=Identity)

    @property
    def url(self) -> str | None:
        """The address as people write it; None while it is not known."""
        return None if self.path is None else str(StreamAddress(self.host, self.port, self.path))


def parse(gateway: Gateway, row: CameraRow, vendors: Vendors, default: InstitutionId | None) -> None:
    """Read a row's cells, note what is wrong with them, and seal its password for its camera."""
    name = row.parsed("name", lambda text: printable(text, "the name"))
    identity = row.parsed("id", lambda text: parse_slug(text, "camera"))
    if identity is None and row.get("id") is None and name is not None:
        identity = slug_of(name) or None
        if identity is None:
            row.fault("id", "missing", "no id can be made of the name", "fill in an id")
    found = row.get("institution") or default
    row.institution = None if found is None else InstitutionId(found)
    if row.institution is None:
        row.fault("institution", "missing", "institution is empty", "fill it in, or give --institution")
    row.parsed("zone", lambda text: zone_of(text.lower()))
    windows = several(row.get("schedule") or "", "|")
    row.parsed("schedule", lambda _text: parse_schedule(windows))
    row.parsed("role", role_of)
    row.parsed("mounted_on", date_of)
    row.parsed("mac", _mac)
    for key in ("place", "serial", "model", "firmware"):
        row.parsed(key, partial(printable, what=f"the {key}"))
    row.parsed("onvif_port", _port)
    _parse_address(row, vendors)
    _parse_account(row)
    row.planned = {
        "id": identity,
        "name": name,
        "schedule": list(windows),
        "password_sealed": None
        if identity is None or row.account is None or not row.account.password
        else gateway.vault.seal(row.account.password, camera=CameraId(identity)),
    }


def _parse_address(row: CameraRow, vendors: Vendors) -> None:
    url, address = row.get("url"), row.get("address")
    row.port = row.parsed("port", _port) or RTSP_PORT
    row.channel = row.parsed("channel", _channel) or 1
    row.vendor = row.parsed("vendor", vendors.get)
    if url is not None:
        found = row.parsed("url", lambda text: account_of(text, None, None))
        if found is not None:
            row.host, row.port, row.path = found[0].host, found[0].port, found[0].path
        if address is not None:
            row.fault("address", "too-much", "both a URL and an address are given", "leave one of them empty")
    elif address is None:
        row.fault("url", "missing", "neither a URL nor an address is given", "fill in one of them")
    elif row.vendor is None and row.get("vendor") is None:
        row.fault("vendor", "missing", "an address without a URL needs a vendor", "fill it in, or write the URL")
    else:
        found = row.parsed("address", lambda text: account_of(f"rtsp://{text}/", None, None))
        if found is not None and (found[0].path != "/" or found[0].port != RTSP_PORT):
            row.fault(
                "address", "invalid-input", "this is no address", "write host or IP only; the port has its column"
            )
        elif found is not None:
            row.host = found[0].host


def _parse_account(row: CameraRow) -> None:
    username, password = row.get("username"), row.get("password")
    if password is not None and username is None:
        row.fault("username", "missing", "there is a password without a user", "fill in the user")
    if username is not None:
        row.account = Account(username, password or "")


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65_536:  # noqa: PLR2004 - 16 bits
        raise InvalidInput(f"{text[:20]!r} is no port", hint="write a number from 1 to 65535")
    return int(text)


def _channel(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 512:  # noqa: PLR2004 - more than recorders have
        raise InvalidInput(f"{text[:20]!r} is no channel", hint="write a number from 1")
    return int(text)


def _mac(text: str) -> str:
    found = mac_of(text)
    if found is None:
        raise InvalidInput("this is no MAC address", hint="write it as 00:11:22:aa:bb:cc")
    return found
