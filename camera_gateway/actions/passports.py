"""Verbs on a camera's passport: where it hangs, what it is there for, its reference picture, which apparatus it is.

Promises that a reference picture is taken by one act and approved by another, that a picture of a viewpoint leaves an
audit row, and that a changed apparatus is settled by a person with a reason.
"""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from camera_gateway.actions import cameras, identifying, picturing
from camera_gateway.actions.institutions import printable
from camera_gateway.actions.passport_words import described, picture_words
from camera_gateway.catalogue import identities, registry
from camera_gateway.catalogue import passports as rows
from camera_gateway.clock import rfc3339
from camera_gateway.discovery.picture import PictureFailed
from camera_gateway.discovery.probe import probe
from camera_gateway.domain.ids import DeviceId
from camera_gateway.domain.passport import LONGEST_PLACE, date_of, role_of
from camera_gateway.errors import InvalidInput, Refused, WrongFound

if TYPE_CHECKING:
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.camera import Device
    from camera_gateway.domain.passport import Picture
    from camera_gateway.domain.people import Actor

PICTURE_S = 5.0
"""A third of how long a keyframe is waited for: some cameras send one in ten seconds."""


class OneCamera(BaseModel):
    """Names one camera."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    camera: str


class SetPassport(BaseModel):
    """What `camera passport set` takes; None leaves as it is, an empty text empties."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    camera: str
    place: str | None = None
    role: str | None = None
    mounted_on: str | None = None
    note: str | None = None
    onvif_port: int | None = Field(None, ge=1, le=65_535)
    """Where the device's ONVIF service is; it is asked at once."""


class ApprovePicture(BaseModel):
    """Names the proposed picture by its hash: what was seen is what is approved."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    camera: str
    sha256: str = Field(pattern=r"^[0-9A-Fa-f]{64}$")


class GetPicture(BaseModel):
    """Names a camera's reference picture, or the proposed one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    camera: str
    proposed: bool = False


class SettleDevice(BaseModel):
    """Says what a change of the apparatus is: another one that was mounted (replaced), or the same after all."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    camera: str
    settled_as: Literal["replaced", "same"]
    reason: str


async def show(gateway: Gateway, _actor: Actor, args: OneCamera) -> dict[str, Any]:
    """Show a camera's passport with every device that has served it."""

    def work(tx: Transaction) -> dict[str, Any]:
        camera = registry.get_camera(tx, cameras.camera_id(args.camera))
        return {
            "camera": camera.id,
            "name": camera.name,
            "institution": camera.institution,
            "zone": camera.zone.value,
            **described(tx, camera.id),
            "identity": identifying.shown(tx, camera.id),
            "devices": [_device(device) for device in registry.list_devices(tx, camera.id)],
        }

    return await gateway.read(work)


def _device(device: Device) -> dict[str, Any]:
    return {
        "id": device.id,
        "serial": device.serial,
        "mac": device.mac,
        "model": device.model,
        "firmware": device.firmware,
        "from": rfc3339(device.from_us),
        "to": None if device.to_us is None else rfc3339(device.to_us),
    }


async def set_(gateway: Gateway, actor: Actor, args: SetPassport) -> dict[str, Any]:
    """Write what is given; ask the device by ONVIF when its port is told."""
    if all(getattr(args, key) is None for key in ("place", "role", "mounted_on", "note", "onvif_port")):
        raise InvalidInput("nothing was given to write", hint="see camera-gateway camera passport set --help")
    identity = cameras.camera_id(args.camera)
    place = None if args.place is None else _text(args.place, "the place")
    note = None if args.note is None else _text(args.note, "the note")
    role = None if not args.role else role_of(args.role)
    mounted_on = None if not args.mounted_on else date_of(args.mounted_on)

    def work(tx: Transaction) -> dict[str, Any]:
        known = rows.get_passport(tx, identity)
        wanted = replace(
            known,
            place=known.place if place is None else place,
            note=known.note if note is None else note,
            role=known.role if args.role is None else role,
            mounted_on=known.mounted_on if args.mounted_on is None else mounted_on,
        )
        return rows.set_passport(tx, wanted)

    changed = await gateway.write(actor, work)
    if args.onvif_port is not None:
        await identifying.noted(gateway, identity, onvif_port=args.onvif_port)
    return {**await show(gateway, actor, OneCamera(camera=args.camera)), "changed": changed}


def _text(text: str, what: str) -> str:
    """Return words of a person; they may be empty."""
    words = text.strip()
    if len(words) > LONGEST_PLACE or not words.isprintable():
        raise InvalidInput(
            f"{what} is too long or has control characters", hint=f"use up to {LONGEST_PLACE} characters"
        )
    return words


async def picture(gateway: Gateway, actor: Actor, args: OneCamera) -> dict[str, Any]:
    """Take a picture and keep it as the proposal for a reference; nobody has approved it yet."""
    identity = cameras.camera_id(args.camera)
    target = await gateway.read(lambda tx: cameras.registered_target(gateway, tx, identity))
    found = await probe(target, gateway.clock, seconds=PICTURE_S, only_picture=True)
    cameras.require_usable(found)
    try:
        taken = await picturing.take(gateway, found)
    except PictureFailed as failed:
        raise WrongFound(f"no picture came out: {failed.cause}", hint="try again", code=failed.cause) from None
    kept = await gateway.write(
        actor,
        lambda tx: rows.propose_picture(tx, identity, taken.jpeg, taken.sha256, taken.width, taken.height),
    )
    return {**picture_words(kept), "camera": identity, "jpeg": picturing.taken_json(taken)["jpeg"]}


async def approve(gateway: Gateway, actor: Actor, args: ApprovePicture) -> dict[str, Any]:
    """Make the proposed picture the reference, in the name of who asks."""
    identity = cameras.camera_id(args.camera)
    approved = await gateway.write(actor, lambda tx: rows.approve_picture(tx, identity, args.sha256.strip().lower()))
    return {"camera": identity, **picture_words(approved)}


async def reference(gateway: Gateway, actor: Actor, args: GetPicture) -> dict[str, Any]:
    """Return the reference picture, or the proposed one, with its bytes; leaves an audit row."""
    identity = cameras.camera_id(args.camera)

    def work(tx: Transaction) -> tuple[Picture, bytes]:
        registry.get_camera(tx, identity)
        found, image = rows.get_image(tx, identity, proposed=args.proposed)
        tx.audit("passport.see", f"camera:{identity}", sha256=found.sha256)
        return found, image

    found, image = await gateway.write(actor, work)
    return {"camera": identity, **picture_words(found), "jpeg": base64.b64encode(image).decode()}


async def settle(gateway: Gateway, actor: Actor, args: SettleDevice) -> dict[str, Any]:
    """Settle a noticed change: as another apparatus from now on, or as the same one that says other things now."""
    identity = cameras.camera_id(args.camera)
    reason = printable(args.reason, "the reason")

    def work(tx: Transaction) -> None:
        device = registry.current_device(tx, identity)
        if device is None:
            registry.get_camera(tx, identity)
            raise Refused(f"camera {identity} is retired")
        change = identities.settle(tx, device, args.settled_as, reason)
        noted = identities.get_noted(tx, device.id)
        port = None if noted is None else noted.onvif_port
        now = change.found
        if args.settled_as == identities.SAME and noted is not None:
            now = now.over(noted.identity)
        if args.settled_as == identities.REPLACED:
            number = len(registry.list_devices(tx, identity)) + 1
            device = replace(
                device,
                id=DeviceId(f"{identity}-{number}"),
                serial=now.serial,
                mac=now.mac,
                model=now.model,
                firmware=now.firmware,
                from_us=tx.clock.now_us(),
            )
            registry.replace_device(tx, identity, device)
        identities.note(tx, device, now, port)

    await gateway.write(actor, work)
    gateway.registry_changed()
    return await show(gateway, actor, OneCamera(camera=args.camera))
