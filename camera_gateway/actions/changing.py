"""Verbs that change what is registered: a camera's words, schedule, address, account; its device; an institution.

Promises that a camera whose address or account changes is tried first, that nothing is written when nothing changed,
that a kept password never goes to another address, and that no answer and no audit row holds one. What is recorded
stays as it is (invariant R8); what would open it, or let it go earlier, takes two people (`rezoning`).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, SecretStr

from camera_gateway.access.permissions import Act
from camera_gateway.access.rights import SECOND, demand
from camera_gateway.actions import cameras, identifying, institutions, rezoning
from camera_gateway.actions.institutions import printable
from camera_gateway.catalogue import changes, registry
from camera_gateway.discovery.probe import Probe, ProbeTarget, probe
from camera_gateway.domain.camera import Camera, Device, parse_networks
from camera_gateway.domain.ids import DeviceId, InstitutionId, SiteId
from camera_gateway.domain.people import INSTALLATION, Place
from camera_gateway.domain.schedule import parse_schedule, zone
from camera_gateway.errors import GatewayError, InvalidInput, Refused

if TYPE_CHECKING:
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.ids import CameraId
    from camera_gateway.domain.people import Actor

_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
PROBE_S = 3.0
PASSWORD_NEEDED = "password-needed"  # noqa: S105 - the code of a refusal
_NOTHING = (None, False)


class ChangeCamera(BaseModel):
    """What `camera change` takes; None leaves as it is, an empty schedule is the installation's.

    `no_password` takes the account away. `second` is the token of who approves a change of zone that takes two people;
    a user without one asks, and it is done when another user asks for the same within a day.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    camera: str
    name: str | None = None
    zone: str | None = None
    url: str | None = None
    username: str | None = None
    password: SecretStr | None = None
    no_password: bool = False
    schedule: tuple[str, ...] | None = None
    probe: bool = True
    second: SecretStr | None = None


class ReplaceDevice(BaseModel):
    """What `camera replace` takes: the new device, whole."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    camera: str
    url: str
    username: str | None = None
    password: SecretStr | None = None
    serial: str | None = None
    mac: str | None = None
    model: str | None = None
    firmware: str | None = None
    probe: bool = True


class ChangeInstitution(BaseModel):
    """What `institution change` takes; None leaves as it is, empty windows are the installation's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    institution: str
    name: str | None = None
    region: str | None = None
    kind: str | None = None
    time_zone: str | None = None
    allowed_networks: tuple[str, ...] | None = None
    upload_windows: tuple[str, ...] | None = None
    holidays: tuple[str, ...] | None = None


async def change_camera(gateway: Gateway, actor: Actor, args: ChangeCamera) -> dict[str, Any]:
    """Change a camera where it is; footage, gaps and the recording of other cameras stay untouched."""
    _demand_something(args, "camera")
    identity = cameras.camera_id(args.camera)

    defaults = gateway.settings.retention.defaults()

    def wanted(tx: Transaction) -> tuple[rezoning.Move, Device, Device]:
        known, device = _serving(tx, identity)
        move = rezoning.move_of(tx, known, _changed_camera(known, args), defaults)
        return move, device, _changed_device(gateway, device, args)

    def before(tx: Transaction) -> tuple[rezoning.Move, Device, Device, tuple[str, ...]]:
        move, old, new = wanted(tx)
        rezoning.demand_rights(tx, actor, move)
        return move, old, new, registry.get_site(tx, move.known.site).allowed_networks

    move, old, new, networks = await gateway.read(before)
    second = await rezoning.shown_second(gateway, actor, args.second, move)
    found = None
    if args.probe and _account_of(old) != _account_of(new):
        found = await _tried(gateway, new, networks)

    def work(tx: Transaction) -> dict[str, Any] | None:
        now, _, device = wanted(tx)
        # what was approved is what was looked at: another change meanwhile is asked for anew
        approved_by = second if now.acts == move.acts else None
        if now.acts and approved_by is None:
            approved_by = rezoning.agreed(tx, actor, now)
            if approved_by is None:
                return None
        return changes.change_camera(tx, now.wanted, device, approved_by)

    changed = await gateway.write(actor, work)
    if changed is None:
        raise Refused(
            f"camera {identity} stays in its zone: leaving it takes two people, and you are the first to ask",
            hint="another user does the same within a day, or give --second-token-file",
            code=SECOND,
        )
    if changed:
        gateway.registry_changed()
    if found is not None:
        await identifying.noted(gateway, identity, found)
    return await _shown(gateway, actor, identity, found, changed)


async def replace_device(gateway: Gateway, actor: Actor, args: ReplaceDevice) -> dict[str, Any]:
    """Let another device serve a camera from now on: its footage follows the place (docs/glossary.md)."""
    identity = cameras.camera_id(args.camera)
    address, username, password = cameras.account_of(args.url, args.username, args.password)
    words = {key: _word(getattr(args, key), f"the device's {key}") for key in ("serial", "model", "firmware")}
    mac = None if args.mac is None else args.mac.strip().lower().replace("-", ":")
    if mac is not None and _MAC.fullmatch(mac) is None:
        raise InvalidInput("this is no MAC address", hint="write it as 00:11:22:aa:bb:cc")
    sealed = None if password is None else gateway.vault.seal(password, camera=identity)

    def device_of(tx: Transaction) -> tuple[Device, tuple[str, ...]]:
        camera, _ = _serving(tx, identity)
        number = len(registry.list_devices(tx, identity)) + 1
        device = Device(
            id=DeviceId(f"{identity}-{number}"),
            camera=identity,
            address=address,
            username=username,
            password_sealed=sealed,
            serial=words["serial"],
            mac=mac,
            model=words["model"],
            firmware=words["firmware"],
            from_us=tx.clock.now_us(),
            to_us=None,
        )
        return device, registry.get_site(tx, camera.site).allowed_networks

    device, networks = await gateway.read(device_of)
    found = await _tried(gateway, device, networks) if args.probe else None

    def work(tx: Transaction) -> dict[str, Any]:
        before = registry.current_device(tx, identity)
        device, _ = device_of(tx)
        registry.replace_device(tx, identity, device)
        return {"device": {"from": None if before is None else before.id, "to": device.id}}

    changed = await gateway.write(actor, work)
    gateway.registry_changed()
    if found is not None:
        await identifying.noted(gateway, identity, found)
    return await _shown(gateway, actor, identity, found, changed)


async def change_institution(gateway: Gateway, actor: Actor, args: ChangeInstitution) -> dict[str, Any]:
    """Change an institution and its default site; both in one transaction."""
    _demand_something(args, "institution")
    name = None if args.name is None else printable(args.name, "the institution's name")
    kind = None if args.kind is None else institutions.kind_of(args.kind)
    region = None if args.region is None else institutions.region_of(args.region)
    networks = None if args.allowed_networks is None else parse_networks(args.allowed_networks)
    if networks == ():
        raise InvalidInput("no network is left in which a camera may be", hint="give --allow CIDR")
    if args.time_zone is not None:
        zone(args.time_zone)
    parse_schedule(args.upload_windows or (), args.holidays or ())

    def work(tx: Transaction) -> bool:
        known = registry.get_institution(tx, InstitutionId(args.institution))
        if region not in (None, known.region):  # whoever has rights there gets them over all cameras of this one
            demand(tx, actor, Act.CAMERA_MANAGE, Place(region, None, None) if region else INSTALLATION)
        site = registry.get_site(tx, SiteId(known.id))
        before = registry.generation(tx)
        changed = replace(
            known,
            name=known.name if name is None else name,
            kind=known.kind if kind is None else kind,
            region=known.region if region is None else region,
        )
        changes.change_institution(tx, changed)
        settled = replace(
            site,
            name=changed.name if site.name == known.name else site.name,
            time_zone=args.time_zone or site.time_zone,
            allowed_networks=site.allowed_networks if networks is None else networks,
            upload_windows=site.upload_windows if args.upload_windows is None else args.upload_windows,
            holidays=site.holidays if args.holidays is None else args.holidays,
        )
        registry.update_site(tx, settled)
        return registry.generation(tx) != before

    if await gateway.write(actor, work):
        gateway.registry_changed()
    return await institutions.show(gateway, actor, institutions.OneInstitution(institution=args.institution))


def _demand_something(args: BaseModel, noun: str) -> None:
    given = args.model_fields_set - {"camera", "institution", "probe", "second"}
    if all(getattr(args, key) in _NOTHING for key in given):
        raise InvalidInput("nothing was given to change", hint=f"see camera-gateway {noun} change --help")


def _serving(tx: Transaction, identity: CameraId) -> tuple[Camera, Device]:
    camera = registry.get_camera(tx, identity)
    device = registry.current_device(tx, identity)
    if device is None:
        raise Refused(f"camera {identity} is retired", hint="add a camera with a new id")
    return camera, device


def _changed_camera(camera: Camera, args: ChangeCamera) -> Camera:
    if args.schedule is not None:
        parse_schedule(args.schedule)
    return replace(
        camera,
        name=camera.name if args.name is None else printable(args.name, "the camera's name"),
        zone=camera.zone if args.zone is None else cameras.zone_of(args.zone),
        schedule=camera.schedule if args.schedule is None else args.schedule,
    )


def _changed_device(gateway: Gateway, device: Device, args: ChangeCamera) -> Device:
    url = str(device.address) if args.url is None else args.url
    address, username, password = cameras.account_of(url, args.username or device.username, args.password)
    sealed = device.password_sealed
    elsewhere = (address.host, address.port) != (device.address.host, device.address.port)
    if args.no_password:
        if args.password is not None or args.username is not None:
            raise InvalidInput("an account is given and taken away at once", hint="leave out --no-password")
        return replace(device, address=address, username=None, password_sealed=None)
    if elsewhere and sealed is not None and password is None:
        raise InvalidInput(
            f"the password of camera {device.camera} was given for another address, and is not sent to this one",
            hint="give the password again with --password-file, or --no-password",
            code=PASSWORD_NEEDED,
        )
    if password is not None and password != _opened(gateway, device):
        sealed = gateway.vault.seal(password, camera=device.camera)
    return replace(device, address=address, username=username, password_sealed=sealed)


def _opened(gateway: Gateway, device: Device) -> str | None:
    """Return the password that is kept; None when there is none, or when it cannot be opened any more."""
    if device.password_sealed is None:
        return None
    try:
        return gateway.vault.open(device.password_sealed, camera=device.camera)
    except GatewayError:  # sealed with a key that is lost: giving it anew is the way out
        return None


def _account_of(device: Device) -> tuple[object, ...]:
    return device.address, device.username, device.password_sealed


async def _tried(gateway: Gateway, device: Device, networks: tuple[str, ...]) -> Probe:
    """Visit the device as the recorder will; raise what makes it unusable."""
    target = ProbeTarget(device.address, device.username, _opened(gateway, device), networks)
    found = await probe(target, gateway.clock, seconds=PROBE_S)
    cameras.require_usable(found)
    return found


async def _shown(
    gateway: Gateway, actor: Actor, identity: CameraId, found: Probe | None, changed: dict[str, Any]
) -> dict[str, Any]:
    shown = await cameras.show(gateway, actor, cameras.OneCamera(camera=identity))
    return {**shown, "probe": None if found is None else found.as_json(), "changed": changed}


def _word(text: str | None, what: str) -> str | None:
    return None if text is None else printable(text, what)
