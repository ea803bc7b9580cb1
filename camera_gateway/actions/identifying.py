"""Who answers at a camera's address: noted when it is tried, looked at again when it comes back, changes kept open.

Promises that a look opens no RTSP session and takes the account at most once per protocol, that a failed look is no
change, and that what is noticed is a state with a cause that `camera show` and `today` tell (threat model, M4).
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from camera_gateway.catalogue import identities, registry
from camera_gateway.clock import rfc3339
from camera_gateway.discovery import asking
from camera_gateway.discovery.asking import Account, Peer
from camera_gateway.discovery.neighbours import mac_addresses
from camera_gateway.discovery.soap import SoapFailed
from camera_gateway.domain.identity import Identity
from camera_gateway.domain.people import SYSTEM
from camera_gateway.errors import GatewayError, NotFound
from camera_gateway.rtsp.errors import RtspRefused

if TYPE_CHECKING:
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.catalogue.identities import Change
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.discovery.probe import Probe
    from camera_gateway.domain.camera import Device
    from camera_gateway.domain.ids import CameraId

WAIT_S = 3.0
LIKELY_PORTS = (80, 8000, 2020)
"""Where an ONVIF service usually is, for a device of which nobody has said."""


async def noted(gateway: Gateway, camera: CameraId, found: Probe | None = None, onvif_port: int | None = None) -> None:
    """Look at a registered camera's device, together with what a probe has just seen, and keep what it says."""
    seen = Identity() if found is None else found.identity
    if found is not None and not found.ok:
        return
    identity, port = await look(gateway, camera, seen, onvif_port)
    await gateway.write(SYSTEM, lambda tx: _observe(tx, camera, identity, port))


async def recheck(gateway: Gateway, camera: CameraId) -> Change | None:
    """Look again without a session; return the change that is open after it. A device that does not answer is none."""
    identity, port = await look(gateway, camera, None, None)
    return await gateway.write(SYSTEM, lambda tx: _observe(tx, camera, identity, port))


def _observe(tx: Transaction, camera: CameraId, identity: Identity, port: int | None) -> Change | None:
    device = registry.current_device(tx, camera)
    return None if device is None else identities.observe(tx, device, identity, port)


async def look(
    gateway: Gateway, camera: CameraId, seen: Identity | None, onvif_port: int | None
) -> tuple[Identity, int | None]:
    """Return what the device says of itself now, and where its ONVIF service is.

    `seen` is what a visit has told already; None asks the RTSP port as well.
    """

    def known(tx: Transaction) -> tuple[Device, tuple[str, ...], int | None]:
        device = registry.current_device(tx, camera)
        if device is None:
            raise NotFound(f"camera {camera} has no device")
        before = identities.get_noted(tx, device.id)
        site = registry.get_site(tx, registry.get_camera(tx, camera).site)
        return device, site.allowed_networks, None if before is None else before.onvif_port

    device, networks, port_before = await gateway.read(known)
    try:
        peer = await asking.peer_of(device.address, networks, wait_s=WAIT_S)
    except RtspRefused:
        return seen or Identity(), None
    account = _account(gateway, device)
    found = seen or await _described(peer, device, account)
    port = onvif_port or port_before
    told, answered = await _onvif(gateway, peer, account, port)
    mac = await gateway.waiting(lambda: mac_addresses().get(peer.ip))
    return told.over(found).over(Identity(mac=mac)), answered or port


def _account(gateway: Gateway, device: Device) -> Account | None:
    if device.username is None or device.password_sealed is None:
        return None
    try:
        return Account(device.username, gateway.vault.open(device.password_sealed, camera=device.camera))
    except GatewayError:  # sealed with a key that is lost: the recorder says so
        return None


async def _described(peer: Peer, device: Device, account: Account | None) -> Identity:
    try:
        path = device.address.path
        return (await asking.describe(peer, path, account, wait_s=WAIT_S, stranger=False)).identity
    except RtspRefused:
        return Identity()


async def _onvif(
    gateway: Gateway, peer: Peer, account: Account | None, port: int | None
) -> tuple[Identity, int | None]:
    """Ask the known ONVIF port, or the likely ones of a device that is on a network of its own."""
    from camera_gateway.discovery import onvif  # noqa: PLC0415 - and an HTTP client with it: not at every start

    ports = (port,) if port is not None else () if ipaddress.ip_address(peer.ip).is_loopback else LIKELY_PORTS
    for each in ports:
        try:
            return await onvif.identify(peer.at(each), account, gateway.clock, wait_s=WAIT_S), each
        except SoapFailed as failed:
            if failed.cause in {"auth-wrong", "auth-missing"}:
                return Identity(), each
    return Identity(), None


def shown(tx: Transaction, camera: CameraId) -> dict[str, Any] | None:
    """Return the state of a camera's identity as `camera show` tells it; None for a retired camera."""
    device = registry.current_device(tx, camera)
    if device is None:
        return None
    known = identities.get_noted(tx, device.id)
    change = identities.open_change(tx, device.id)
    return {
        "state": "changed" if change is not None else "unknown" if known is None else "same",
        "cause": None if change is None else change.cause.value,
        "before": None if change is None else change.before,
        "after": None if change is None else change.after,
        "noticed_at": None if change is None else rfc3339(change.noticed_us),
        "checked_at": None if known is None else rfc3339(known.checked_us),
        "vendor": None if known is None else known.identity.vendor,
        "server": None if known is None else known.identity.server,
        "onvif_port": None if known is None else known.onvif_port,
    }
