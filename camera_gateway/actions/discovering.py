"""The verb that looks for cameras in the networks of an institution, and says which of them are registered already.

Promises that nothing is registered, that only the site's allowed networks are looked at, and that the account goes to
strangers as a digest only. The search leaves an audit row: it knocks at every door of a range.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from camera_gateway.access.rights import place_of_institution
from camera_gateway.catalogue import identities, registry
from camera_gateway.discovery import searching
from camera_gateway.discovery.asking import Account
from camera_gateway.discovery.ranges import addresses_of
from camera_gateway.discovery.searching import ONVIF_PORTS, RTSP_PORTS, Wish
from camera_gateway.discovery.vendors import load_vendors
from camera_gateway.domain.ids import InstitutionId, SiteId
from camera_gateway.domain.people import INSTALLATION
from camera_gateway.errors import InvalidInput
from camera_gateway.settings.locate import config_directory

if TYPE_CHECKING:
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.actions.places import Places
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.discovery.searching import Found
    from camera_gateway.domain.camera import Device, Site
    from camera_gateway.domain.identity import Identity
    from camera_gateway.domain.people import Actor


class Discover(BaseModel):
    """What `camera discover` takes. Without ranges only those are found that answer to a multicast."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    institution: str | None = None
    """Whose networks; without one those of the installation's settings."""
    ranges: tuple[str, ...] = Field((), max_length=64)
    username: str | None = None
    password: SecretStr | None = None
    vendor: str | None = None
    rtsp_ports: tuple[int, ...] = Field(RTSP_PORTS, max_length=8)
    onvif_ports: tuple[int, ...] = Field(ONVIF_PORTS, max_length=8)
    multicast: bool = True
    listen_s: float = Field(3.0, ge=0.1, le=30, allow_inf_nan=False)


def places_of_search(tx: Transaction, args: Discover) -> Places:
    """Return the institution whose networks are searched; without one all of them are."""
    return (INSTALLATION,) if args.institution is None else (place_of_institution(tx, InstitutionId(args.institution)),)


async def discover(gateway: Gateway, actor: Actor, args: Discover) -> dict[str, Any]:
    """Look for cameras; return each device with its streams, and the camera that it is already."""
    if args.password is not None and not args.username:
        raise InvalidInput("a password is given without a user name", hint="give --username too")
    secret = "" if args.password is None else args.password.get_secret_value()
    if not (args.username or "").isprintable() or not secret.isprintable():
        raise InvalidInput("the account has characters that no device takes", hint="use printable characters")
    if any(not 0 < port < 65_536 for port in (*args.rtsp_ports, *args.onvif_ports)):  # noqa: PLR2004 - 16 bits
        raise InvalidInput("a port is from 1 to 65535")
    institution = None if args.institution is None else InstitutionId(args.institution)
    networks = tuple(gateway.settings.site.allowed_networks)
    if institution is not None:
        networks = (await gateway.read(lambda tx: _site(tx, institution))).allowed_networks
    vendors = await gateway.waiting(lambda: load_vendors(config_directory()))
    account = None
    if args.username:
        account = Account(args.username, secret)
    wish = Wish(
        networks=networks,
        addresses=addresses_of(args.ranges, networks),
        account=account,
        vendor=None if args.vendor is None else vendors.get(args.vendor),
        rtsp_ports=args.rtsp_ports,
        onvif_ports=args.onvif_ports,
        multicast=args.multicast,
        listen_s=args.listen_s,
    )
    await gateway.write(
        actor,
        lambda tx: tx.audit(
            "camera.discover",
            "installation" if institution is None else f"institution:{institution}",
            ranges=list(args.ranges),
            addresses=len(wish.addresses),
        ),
    )
    found = await searching.search(
        wish, vendors, gateway.clock, lambda done, total: gateway.progress(done, total, "look")
    )
    return await gateway.read(lambda tx: {"looked_at": len(wish.addresses), "found": _known(tx, institution, found)})


def _site(tx: Transaction, institution: InstitutionId) -> Site:
    registry.get_institution(tx, institution)
    return registry.get_site(tx, SiteId(institution))


def _known(tx: Transaction, institution: InstitutionId | None, found: list[Found]) -> list[dict[str, Any]]:
    """Return what was found as JSON, each with the camera that it serves; cameras of others are not named."""
    ours = {camera.id for camera in registry.list_cameras(tx, institution=institution)}
    devices = [device for device in registry.current_devices(tx).values() if device.camera in ours]
    noted = {device.id: identities.get_noted(tx, device.id) for device in devices}

    def registered(each: Found) -> list[str]:
        return sorted(
            device.camera
            for device in devices
            if device.address.host == each.ip
            or _same(each.identity, device)
            or ((known := noted[device.id]) is not None and _equal(known.identity, each.identity))
        )

    return [_json(each, registered(each)) for each in found]


def _same(identity: Identity, device: Device) -> bool:
    return (identity.serial is not None and identity.serial == device.serial) or (
        identity.mac is not None and identity.mac == device.mac
    )


def _equal(known: Identity, found: Identity) -> bool:
    return any(
        getattr(known, key) is not None and getattr(known, key) == getattr(found, key) for key in ("serial", "mac")
    )


def _json(found: Found, registered: list[str]) -> dict[str, Any]:
    identity = found.identity
    return {
        "address": found.ip,
        "vendor": identity.vendor,
        "vendor_id": found.vendor,
        "model": identity.model,
        "serial": identity.serial,
        "mac": identity.mac,
        "firmware": identity.firmware,
        "server": identity.server,
        "onvif_port": found.onvif_port,
        "rtsp_port": found.rtsp_port,
        "clock_offset_s": found.clock_offset_s,
        "trouble": found.trouble,
        "registered": registered,
        "profiles": [
            {
                "name": stream.name,
                "codec": stream.codec,
                "width": stream.width,
                "height": stream.height,
                "fps": stream.fps,
                "url": None if stream.address is None else str(stream.address),
                "refused": stream.refused,
            }
            for stream in found.streams
        ],
    }
