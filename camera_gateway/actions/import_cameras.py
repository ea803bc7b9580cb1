"""The import of cameras: each row parsed, held against the catalogue and the file itself, visited, and then created.

Promises: at most `AT_ONCE` visits at a time and a few per device; an account that a device has refused is not
tried on it again; only addresses of the site's allowed networks are visited; a password is sealed for its camera
before the row is looked at any further, and then forgotten.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from camera_gateway.access.permissions import Act
from camera_gateway.access.rights import rights_of
from camera_gateway.actions.import_camera_rows import CameraRow, parse
from camera_gateway.actions.import_rows import Tried, share
from camera_gateway.catalogue import identities, passports, registry
from camera_gateway.discovery import asking
from camera_gateway.discovery.probe import ProbeTarget, probe
from camera_gateway.discovery.vendors import load_vendors
from camera_gateway.domain.camera import Camera, CameraState, Device, StreamAddress, Zone
from camera_gateway.domain.footage import ProbeCause
from camera_gateway.domain.identity import Identity, mac_of, told
from camera_gateway.domain.ids import CameraId, DeviceId, InstitutionId, SiteId
from camera_gateway.domain.passport import CameraRole, Passport, date_of, role_of
from camera_gateway.domain.people import Place
from camera_gateway.errors import InvalidInput, NotFound
from camera_gateway.rtsp.errors import RtspRefused
from camera_gateway.settings.locate import config_directory

if TYPE_CHECKING:
    from collections.abc import Callable

    from camera_gateway.access.rights import Rights
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.discovery.columns import Entry, Fault
    from camera_gateway.domain.people import Actor

AT_ONCE = 16
AT_ONCE_PER_DEVICE = 4
"""A recorder has many cameras behind one address, and not many sessions."""
PROBE_S = 2.0
WAIT_S = 4.0
_REFUSED = frozenset({ProbeCause.AUTH_WRONG.value, ProbeCause.AUTH_MISSING.value, ProbeCause.AUTH_SCHEME.value})
_COLUMN_OF_CAUSE = {
    ProbeCause.AUTH_WRONG.value: "password",
    ProbeCause.AUTH_MISSING.value: "username",
    ProbeCause.AUTH_SCHEME.value: "username",
    ProbeCause.CODEC_REFUSED.value: None,
    ProbeCause.NO_VIDEO.value: None,
}


async def try_rows(
    gateway: Gateway,
    actor: Actor,
    entries: list[Entry],
    faults: list[Fault],
    *,
    default: InstitutionId | None,
    probing: bool,
) -> Tried:
    """Try every row; nothing is created."""
    vendors = await gateway.waiting(lambda: load_vendors(config_directory()))
    rows = [CameraRow(entry) for entry in entries]
    rest = share(faults, list(rows))
    for row in rows:
        parse(gateway, row, vendors, default)
    await gateway.read(lambda tx: _hold_against(tx, rights_of(tx, actor), rows))
    if probing:
        await _visit_all(gateway, rows)
        _find_twins(rows)
    results = [
        row.result(
            id=row.planned.get("id"),
            name=row.get("name"),
            institution=row.institution,
            zone=row.get("zone"),
            url=row.url,
        )
        for row in rows
    ]
    return Tried(results, [_plan(row) for row in rows], rest)


def _hold_against(tx: Transaction, rights: Rights, rows: list[CameraRow]) -> None:
    """Look for what the asker may not do, then for what the catalogue or another row has already.

    A row of a place where the asker may not register is looked at no further, and a camera that they may not see is
    not named: else a table would tell what cameras there are.
    """
    cameras = registry.list_cameras(tx)
    regions = {institution.id: institution.region for institution in registry.list_institutions(tx)}
    seen = {
        camera.id
        for camera in cameras
        if rights.decide(Act.REGISTRY_SEE, Place(regions[camera.institution], camera.institution, camera.zone)).allowed
    }
    ids = {str(camera.id): "is registered" for camera in cameras}
    names = {
        (str(camera.institution), camera.name.casefold()): f"camera {camera.id}" if camera.id in seen else "a camera"
        for camera in cameras
        if camera.state is not CameraState.RETIRED
    }
    owners = {camera.id: camera.institution for camera in cameras}
    addresses = {str(device.address): device.camera for device in registry.current_devices(tx).values()}
    in_file: dict[str, str] = {}
    for row in rows:
        if not _hold_place(tx, rights, row):
            continue
        number = f"row {row.entry.row}"
        identity = row.planned.get("id")
        if identity in ids:
            row.fault("id", "exists", f"camera {identity} {ids[identity]}", "choose another id: none is used twice")
        elif identity is not None:
            ids[identity] = f"is in {number} too"
        name = (str(row.institution), (row.get("name") or "").casefold())
        if name in names:
            row.fault("name", "name-taken", f"{names[name]} of this institution has this name", "choose another")
        names.setdefault(name, number)
        if row.url is None:
            continue
        other, whose = addresses.get(row.url), in_file.get(row.url)
        if other is not None and owners[other] != row.institution:
            whose = "a camera of another institution"
        elif other is not None:
            whose = f"camera {other}" if other in seen else "a camera of this institution"
        if whose is not None:
            row.fault("url", "address-taken", f"{whose} has this address", "is it the same camera?")
        in_file.setdefault(row.url, number)


def _hold_place(tx: Transaction, rights: Rights, row: CameraRow) -> bool:
    """Return whether the asker may register in the row's place; note it where not."""
    if row.institution is None:
        return False
    unknown = f"there is no institution {row.institution[:60]!r} in which you may register"
    hint = "see: camera-gateway institution list"
    try:
        owner = registry.get_institution(tx, row.institution)
        site = registry.get_site(tx, SiteId(row.institution))
    except NotFound:
        row.fault("institution", "not-found", unknown, hint)
        return False
    zone = row.get("zone")
    known = zone is not None and zone.lower() in {each.value for each in Zone}
    place = Place(owner.region, owner.id, Zone(zone.lower()) if known and zone is not None else None)
    if not rights.decide(Act.CAMERA_MANAGE, place).allowed:
        row.fault("institution", "not-found", unknown, hint)
        return False
    row.networks = site.allowed_networks
    return True


async def _visit_all(gateway: Gateway, rows: list[CameraRow]) -> None:
    """Visit what is without a fault: of each device one row first, and the rest when it has taken the account."""
    groups: dict[tuple[str, str, str], list[CameraRow]] = defaultdict(list)
    for row in rows:
        if row.ok:
            account = ("", "") if row.account is None else (row.account.username, row.account.password)
            groups[row.host, *account].append(row)
    total, done = sum(map(len, groups.values())), 0
    gateway.progress(0, total, "probe")
    turn = asyncio.Semaphore(AT_ONCE)

    async def visit(row: CameraRow, device: asyncio.Semaphore) -> None:
        nonlocal done
        async with device, turn:
            await _visit(gateway, row)
        done += 1
        gateway.progress(done, total, "probe")

    async def visit_device(there: list[CameraRow]) -> None:
        nonlocal done
        device = asyncio.Semaphore(AT_ONCE_PER_DEVICE)
        await visit(there[0], device)
        if not any(fault.code in _REFUSED for fault in there[0].faults):
            async with asyncio.TaskGroup() as group:
                for row in there[1:]:
                    group.create_task(visit(row, device))
            return
        for row in there[1:]:
            _failed(
                row,
                ProbeCause.AUTH_WRONG.value,
                f"this device has refused the account in row {there[0].entry.row}",
                "not tried again, so that it locks nobody out",
            )
        done += len(there) - 1
        gateway.progress(done, total, "probe")

    async with asyncio.TaskGroup() as group:
        for there in groups.values():
            group.create_task(visit_device(there))


async def _visit(gateway: Gateway, row: CameraRow) -> None:
    try:
        if row.path is None:
            await _find_path(row)
    except RtspRefused as refused:
        _failed(row, str(refused.cause), refused.message, refused.hint)
        return
    username, password = (None, None) if row.account is None else (row.account.username, row.account.password)
    target = ProbeTarget(StreamAddress(row.host, row.port, row.path or "/"), username, password, row.networks)
    found = await probe(target, gateway.clock, seconds=PROBE_S)
    row.probe = found.as_json()
    row.identity = found.identity
    if not found.ok and found.cause is not None:
        _failed(row, found.cause.value, found.message, found.hint)


async def _find_path(row: CameraRow) -> None:
    """Find the path of a row that names a vendor only."""
    if row.vendor is None:
        return
    address = StreamAddress(row.host, row.port, "/")
    peer = await asking.peer_of(address, row.networks, wait_s=WAIT_S)
    described = await asking.find_path(peer, row.vendor.paths(row.channel), row.account, wait_s=WAIT_S)
    row.path = described.path


def _failed(row: CameraRow, cause: str, message: str, hint: str) -> None:
    column = _COLUMN_OF_CAUSE.get(cause, "url" if row.get("url") is not None else "address")
    row.fault(column, cause, message, hint)


def _find_twins(rows: list[CameraRow]) -> None:
    """Look again for equal addresses, now that paths have been found."""
    seen: dict[str, int] = {}
    for row in rows:
        if row.url is None or row.get("url") is not None or not row.ok:
            continue
        if row.url in seen:
            row.fault("address", "address-taken", f"row {seen[row.url]} has this address", "is it the same camera?")
        seen.setdefault(row.url, row.entry.row)


def _plan(row: CameraRow) -> dict[str, Any]:
    """Return all that creating takes; never a password."""
    role, mounted, mac = row.get("role"), row.get("mounted_on"), row.get("mac")
    if not row.ok:
        return {}
    return {
        **row.planned,
        "institution": row.institution,
        "zone": (row.get("zone") or "").lower(),
        "host": row.host,
        "port": row.port,
        "path": row.path,
        "username": None if row.account is None else row.account.username,
        "place": told(row.get("place")) or "",
        "role": None if role is None else role_of(role).value,
        "mounted_on": None if mounted is None else date_of(mounted),
        "serial": told(row.get("serial")),
        "mac": None if mac is None else mac_of(mac),
        "model": told(row.get("model")),
        "firmware": told(row.get("firmware")),
        "onvif_port": None if row.get("onvif_port") is None else int(row.get("onvif_port") or 0),
        "server": row.identity.server,
        "sps": row.identity.sps,
    }


def create(tx: Transaction, planned: dict[str, Any], demand: Callable[[Place], None]) -> str:
    """Create one camera with device and passport; `demand` refuses where the asker may not."""
    identity, institution = CameraId(planned["id"]), InstitutionId(planned["institution"])
    owner = registry.get_institution(tx, institution)
    zone = Zone(planned["zone"])
    demand(Place(owner.region, institution, zone))
    if planned["path"] is None:
        raise InvalidInput(f"camera {identity} has no path", hint="write the URL, or try it with a probe")
    address = StreamAddress(planned["host"], planned["port"], planned["path"])
    taken = next((d.camera for d in registry.current_devices(tx).values() if d.address == address), None)
    if taken is not None and taken != identity:
        # not named: it may be one that the asker may not see; a new trial tells as much as they may know
        raise InvalidInput(
            f"another camera has the address of {identity} meanwhile", hint="try the file again", code="exists"
        )
    now_us = tx.clock.now_us()
    camera = Camera(
        id=identity,
        institution=institution,
        site=SiteId(institution),
        name=planned["name"],
        zone=zone,
        state=CameraState.ACTIVE,
        schedule=tuple(planned["schedule"]),
        created_us=now_us,
        retired_us=None,
    )
    device = Device(
        id=DeviceId(f"{identity}-1"),
        camera=identity,
        address=address,
        username=planned["username"],
        password_sealed=planned["password_sealed"],
        serial=planned["serial"],
        mac=planned["mac"],
        model=planned["model"],
        firmware=planned["firmware"],
        from_us=now_us,
        to_us=None,
    )
    registry.add_camera(tx, camera, device)
    role = None if planned["role"] is None else CameraRole(planned["role"])
    passports.set_passport(tx, Passport(identity, planned["place"], role, planned["mounted_on"]))
    seen = Identity(
        server=planned["server"], sps=planned["sps"], serial=device.serial, mac=device.mac, model=device.model
    )
    if seen.known:
        identities.note(tx, device, seen, planned["onvif_port"])
    return str(identity)
