"""Verbs on cameras: register, see, probe, pause, resume, retire.

Promises that no answer holds a password, and that what a camera *does* is told apart from what was ordered of it.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from camera_gateway.actions import identifying, ongoing, picturing
from camera_gateway.actions.institutions import printable
from camera_gateway.actions.passport_words import described
from camera_gateway.catalogue import registry
from camera_gateway.clock import rfc3339
from camera_gateway.discovery.probe import CANNOT_REACH, Probe, ProbeTarget, probe
from camera_gateway.domain.camera import Camera, CameraState, Device, StreamAddress, Zone, parse_stream_url
from camera_gateway.domain.footage import GapCause
from camera_gateway.domain.ids import SLUG, CameraId, DeviceId, InstitutionId, SiteId, parse_slug, slug_of
from camera_gateway.domain.schedule import parse_schedule
from camera_gateway.errors import InvalidInput, NotFound, Refused, Unavailable, WrongFound
from camera_gateway.handover.status_file import CameraStatus, read_statuses

if TYPE_CHECKING:
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.people import Actor


class AddCamera(BaseModel):
    """What `camera add` takes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    institution: str
    site: str | None = None
    name: str
    id: str | None = None
    zone: str
    url: str
    username: str | None = None
    password: SecretStr | None = None
    schedule: tuple[str, ...] = ()
    probe: bool = True


class OneCamera(BaseModel):
    """Names one camera."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    camera: str


class ListCameras(BaseModel):
    """What `camera list` takes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    institution: str | None = None
    retired: bool = False


class ProbeCamera(BaseModel):
    """What `camera probe` takes: a registered camera, or a URL with an account."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    camera: str | None = None
    url: str | None = None
    institution: str | None = None
    username: str | None = None
    password: SecretStr | None = None
    seconds: float = Field(5.0, ge=0.1, le=60, allow_inf_nan=False)
    picture: bool = False
    """Also return one keyframe as JPEG."""


def account_of(
    url: str, username: str | None, password: SecretStr | None
) -> tuple[StreamAddress, str | None, str | None]:
    """Take the account out of the URL, where people put it, or from the fields; both is an error."""
    hint = "leave user and password out of the URL; give --username and --password-file"
    # an account with '/', '?' or '#' in it is cut into other parts of a URL, where it would be kept in the clear
    if "@" in url or "#" in url:
        raise InvalidInput("the camera's URL holds an account, or an '@' or '#' that is not encoded", hint=hint)
    address, url_user, url_password = parse_stream_url(url)
    if url_user is not None or url_password is not None:
        raise InvalidInput("the camera's URL holds an account", hint=hint)
    if password is not None and not username:
        raise InvalidInput("a password is given without a user name", hint="give --username too")
    return address, username, None if password is None else password.get_secret_value()


def camera_id(text: str) -> CameraId:
    """Return the id, or say that there is none without repeating what may be a URL with a password."""
    if SLUG.fullmatch(text) is None:
        raise NotFound("no such camera: what was given is no camera's id", hint="run: camera-gateway camera list")
    return CameraId(text)


def zone_of(text: str) -> Zone:
    """Return the zone, or say which there are."""
    try:
        return Zone(text)
    except ValueError as error:
        known = ", ".join(z.value for z in Zone)
        raise InvalidInput(f"zone {text!r} is not known", hint=f"use one of: {known}") from error


def _default_site(tx: Transaction, institution: InstitutionId) -> SiteId:
    """Return the site that was made with the institution: it has the institution's id."""
    registry.get_institution(tx, institution)
    return SiteId(institution)


async def add(gateway: Gateway, actor: Actor, args: AddCamera) -> dict[str, Any]:
    """Register a camera; it is probed first, so that a wrong address or password is told at once."""
    place = zone_of(args.zone)
    name = printable(args.name, "the camera's name")
    identity = CameraId(parse_slug(args.id or slug_of(name), "camera"))
    address, username, password = account_of(args.url, args.username, args.password)
    parse_schedule(args.schedule)

    def find_site(tx: Transaction) -> tuple[SiteId, tuple[str, ...]]:
        default = _default_site(tx, InstitutionId(args.institution))
        # one answer for a site of elsewhere and one that is none: sites have the ids of institutions
        sites = {site.id: site for site in registry.list_sites(tx, InstitutionId(args.institution))}
        site = sites.get(default if args.site is None else SiteId(args.site))
        if site is None:
            raise InvalidInput(
                f"institution {args.institution} has no such site", hint="see: camera-gateway institution show"
            )
        _demand_free(tx, identity)
        return site.id, site.allowed_networks

    site, networks = await gateway.read(find_site)
    found: Probe | None = None
    if args.probe:
        found = await probe(ProbeTarget(address, username, password, networks), gateway.clock, seconds=3.0)
        require_usable(found)
    now_us = gateway.clock.now_us()
    camera = Camera(
        id=identity,
        institution=InstitutionId(args.institution),
        site=site,
        name=name,
        zone=place,
        state=CameraState.ACTIVE,
        schedule=args.schedule,
        created_us=now_us,
        retired_us=None,
    )
    device = Device(
        id=DeviceId(f"{identity}-1"),
        camera=identity,
        address=address,
        username=username,
        password_sealed=None if password is None else gateway.vault.seal(password, camera=identity),
        serial=None,
        mac=None,
        model=None,
        firmware=None,
        from_us=now_us,
        to_us=None,
    )
    await gateway.write(actor, lambda tx: registry.add_camera(tx, camera, device))
    gateway.registry_changed()
    if found is not None:
        await identifying.noted(gateway, identity, found)
    shown = await show(gateway, actor, OneCamera(camera=identity))
    shown["probe"] = None if found is None else found.as_json()
    return shown


def _demand_free(tx: Transaction, identity: CameraId) -> None:
    """Say that an id is taken before the camera is visited, not after."""
    with suppress(NotFound):
        registry.get_camera(tx, identity)
        raise InvalidInput(f"camera {identity} exists already", hint="choose another --id", code="exists")


def require_usable(found: Probe) -> None:
    """Raise what the exit code of a failed probe asks for: 5 when it cannot be reached, else 1."""
    if found.ok or found.cause is None:
        return
    error = Unavailable if found.cause in CANNOT_REACH else WrongFound
    raise error(found.message, hint=found.hint, code=found.cause.value)


async def list_(gateway: Gateway, _actor: Actor, args: ListCameras) -> list[dict[str, Any]]:
    """List cameras with what they do now."""

    def work(tx: Transaction) -> list[Camera]:
        institution = None if args.institution is None else InstitutionId(args.institution)
        if institution is not None:
            registry.get_institution(tx, institution)
        cameras = registry.list_cameras(tx, institution=institution)
        return [c for c in cameras if args.retired or c.state is not CameraState.RETIRED]

    cameras = await gateway.read(work)
    statuses = current_statuses(gateway)
    return [_describe(camera, statuses.get(camera.id)) for camera in cameras]


async def show(gateway: Gateway, _actor: Actor, args: OneCamera) -> dict[str, Any]:
    """Show one camera: its place, its device, its state; never its password."""

    def work(tx: Transaction) -> tuple[Camera, Device | None, dict[str, Any] | None, dict[str, Any]]:
        camera = registry.get_camera(tx, camera_id(args.camera))
        passport = described(tx, camera.id)
        return camera, registry.current_device(tx, camera.id), identifying.shown(tx, camera.id), passport

    camera, device, identity, passport = await gateway.read(work)
    status = current_statuses(gateway).get(camera.id)
    result = _describe(camera, status)
    result["schedule"] = list(camera.schedule or gateway.settings.recorder.schedule)
    result["device"] = (
        None
        if device is None
        else {
            "id": device.id,
            "url": str(device.address),
            "username": device.username,
            "password": None if device.password_sealed is None else "set",
            "serial": device.serial,
            "mac": device.mac,
            "model": device.model,
            "firmware": device.firmware,
            "from": rfc3339(device.from_us),
        }
    )
    result["identity"] = identity
    result["passport"] = passport
    if status is not None:
        result["live"] = {
            "fps": status.fps,
            "bitrate_bps": status.bitrate_bps,
            "clock_offset_s": None if status.clock_offset_us is None else status.clock_offset_us / 1e6,
            "packets_received": status.packets_received,
            "packets_lost": status.packets_lost,
            "reconnects": status.reconnects,
            "video": status.video,
        }
    return result


async def probe_(gateway: Gateway, actor: Actor, args: ProbeCamera) -> dict[str, Any]:
    """Say what a camera really sends, or why it cannot be used; `exit` tells the shell."""
    if (args.camera is None) == (args.url is None):
        raise InvalidInput("give either a camera or a URL", hint="camera probe CAMERA, or camera probe rtsp://…")
    if args.camera is not None and (args.institution or args.username or args.password):
        raise InvalidInput(
            "a registered camera is tried with its own account", hint="give its URL to try another account"
        )
    if args.url is not None:
        address, username, password = account_of(args.url, args.username, args.password)
        networks = tuple(gateway.settings.site.allowed_networks)
        if args.institution is not None:
            institution = InstitutionId(args.institution)
            site = await gateway.read(lambda tx: registry.get_site(tx, _default_site(tx, institution)))
            networks = site.allowed_networks
        target = ProbeTarget(address, username, password, networks)
    else:
        target = await gateway.read(lambda tx: registered_target(gateway, tx, camera_id(args.camera or "")))
    found = await probe(target, gateway.clock, seconds=args.seconds, picture=args.picture)
    if args.camera is not None:
        await identifying.noted(gateway, camera_id(args.camera), found)
    result = found.as_json()
    if args.picture:
        result["picture"] = await picturing.picture_json(gateway, found)
        if args.camera is not None:
            seen = camera_id(args.camera)
            await gateway.write(actor, lambda tx: tx.audit("camera.picture", f"camera:{seen}"))
    result["exit"] = 0 if found.ok else (5 if found.cause in CANNOT_REACH else 1)
    return result


def registered_target(gateway: Gateway, tx: Transaction, identity: CameraId) -> ProbeTarget:
    """Return where a registered camera is and with which account; `Refused` for a retired one."""
    camera = registry.get_camera(tx, identity)
    device = registry.current_device(tx, camera.id)
    if device is None:
        raise Refused(f"camera {identity} is retired", hint="probe its URL instead")
    site = registry.get_site(tx, camera.site)
    password = device.password_sealed
    clear = None if password is None else gateway.vault.open(password, camera=camera.id)
    return ProbeTarget(device.address, device.username, clear, site.allowed_networks)


async def pause(gateway: Gateway, actor: Actor, args: OneCamera) -> dict[str, Any]:
    """Stop recording a camera by order; the gap says so (`operator-disabled`)."""
    return await _change(gateway, actor, args, CameraState.PAUSED)


async def resume(gateway: Gateway, actor: Actor, args: OneCamera) -> dict[str, Any]:
    """Record a paused camera again."""
    return await _change(gateway, actor, args, CameraState.ACTIVE)


async def retire(gateway: Gateway, actor: Actor, args: OneCamera) -> dict[str, Any]:
    """End a camera's life; its footage stays as long as the rules say, its id is never used again."""
    return await _change(gateway, actor, args, CameraState.RETIRED)


async def _change(gateway: Gateway, actor: Actor, args: OneCamera, state: CameraState) -> dict[str, Any]:
    await gateway.write(actor, lambda tx: registry.set_camera_state(tx, camera_id(args.camera), state))
    gateway.registry_changed()
    return await show(gateway, actor, args)


def current_statuses(gateway: Gateway) -> dict[CameraId, CameraStatus]:
    """Return what living recorders say of their cameras; a stale status says nothing."""
    now_us = gateway.clock.now_us()
    return {
        status.camera: status
        for recorder in read_statuses(gateway.data_dir / "status")
        if now_us - recorder.written_us < ongoing.STALE_US
        for status in recorder.cameras
    }


def _describe(camera: Camera, status: CameraStatus | None) -> dict[str, Any]:
    state, cause, last = _state_now(camera, status)
    return {
        "id": camera.id,
        "name": camera.name,
        "institution": camera.institution,
        "site": camera.site,
        "zone": camera.zone.value,
        "state": state,
        "cause": cause,
        "detail": "" if status is None else status.detail,
        "last_packet_at": None if last is None else rfc3339(last),
        "registered_at": rfc3339(camera.created_us),
    }


def _state_now(camera: Camera, status: CameraStatus | None) -> tuple[str, str | None, int | None]:
    """Return state, cause and time of the last packet: what is, not what was ordered."""
    if camera.state is CameraState.RETIRED:
        return "retired", None, None
    if status is None and camera.state is CameraState.PAUSED:
        return "paused", GapCause.OPERATOR_DISABLED.value, None
    if status is None:
        return "down", GapCause.GATEWAY_DOWN.value, None
    cause = status.probe_cause or status.cause
    return status.state, None if cause is None else cause.value, status.last_packet_us
