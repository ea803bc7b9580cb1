"""Verbs on picture health: what looks have found, a look at once, and the reference picture of the night.

Promises that figures and verdicts are told without a picture, and that a picture of the night, like that of the day,
is approved by who has seen it, by its hash, and leaves an audit row when it is seen.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from camera_gateway.actions.cameras import camera_id
from camera_gateway.actions.footage import Span, check_span
from camera_gateway.actions.looking import look_at, references_of
from camera_gateway.catalogue import looks, night_pictures, registry
from camera_gateway.clock import US, rfc3339
from camera_gateway.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from camera_gateway.actions.cameras import OneCamera
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.catalogue.night_pictures import NightPicture
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.people import Actor
    from camera_gateway.domain.picture import Impairment, Look

LONGEST_US = 62 * 86_400 * US
MOST = 1_500
"""Looks of ten days; of a longer span the latest are told."""
FIGURES = ("agreement", "displaced", "flat", "layout", "shift_x", "shift_y")


class NightPictureOf(BaseModel):
    """Names a camera's reference picture of the night, or the proposed one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    camera: str
    proposed: bool = False


class ApproveNight(BaseModel):
    """Names the proposed picture of the night by its hash: what was seen is what is approved."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    camera: str
    sha256: str = Field(pattern=r"^[0-9A-Fa-f]{64}$")


async def list_looks(gateway: Gateway, _actor: Actor, args: Span) -> dict[str, Any]:
    """Tell what the looks of a span have found, and the impairments that touch it."""
    check_span(args)
    if args.to_us - args.from_us > LONGEST_US:
        raise InvalidInput("looks are told of 62 days at most", hint="ask for a part of it")
    camera = camera_id(args.camera)

    def work(tx: Transaction) -> dict[str, Any]:
        registry.get_camera(tx, camera)
        found = looks.looks_in_span(tx, camera, args.from_us, args.to_us, MOST + 1)
        references = references_of(tx, camera)
        day = references.day
        return {
            "camera": camera,
            "from": rfc3339(args.from_us),
            "to": rfc3339(args.to_us),
            "reference": None
            if day is None or day.approved_us is None
            else {"sha256": day.sha256, "approved_at": rfc3339(day.approved_us)},
            "night": _night(references.night),
            "night_proposed": _night(references.proposed),
            "looks": [look_json(look) for look in found[-MOST:]],
            "left_out": len(found) > MOST,
            "impairments": [
                impairment_json(each) for each in looks.impairments_in_span(tx, camera, args.from_us, args.to_us)
            ],
        }

    return await gateway.read(work)


async def look_now(gateway: Gateway, _actor: Actor, args: OneCamera) -> dict[str, Any]:
    """Look at the newest picture of a camera at once, and keep it as any look is kept."""
    return look_json(await look_at(gateway, camera_id(args.camera)))


async def night(gateway: Gateway, actor: Actor, args: NightPictureOf) -> dict[str, Any]:
    """Return the reference picture of the night, or the proposed one, with its bytes; leaves an audit row."""
    camera = camera_id(args.camera)

    def work(tx: Transaction) -> dict[str, Any]:
        registry.get_camera(tx, camera)
        references = references_of(tx, camera)
        found = references.proposed if args.proposed else references.night
        if found is None:
            raise NotFound(
                f"camera {camera} has no {'proposed' if args.proposed else 'approved'} picture of the night",
                hint="one is proposed by the first good look without colour; see: camera-gateway camera looks",
            )
        image = night_pictures.night_image(tx, camera, found.sha256)
        tx.audit("picture.night-seen", f"camera:{camera}", sha256=found.sha256)
        return {"camera": camera, **(_night(found) or {}), "jpeg": base64.b64encode(image).decode()}

    return await gateway.write(actor, work)


async def approve_night(gateway: Gateway, actor: Actor, args: ApproveNight) -> dict[str, Any]:
    """Make the proposed picture of the night the reference, in the name of who asks."""
    camera = camera_id(args.camera)

    def work(tx: Transaction) -> dict[str, Any]:
        registry.get_camera(tx, camera)
        return {"camera": camera, **(_night(night_pictures.approve_night(tx, camera, args.sha256.lower())) or {})}

    return await gateway.write(actor, work)


def look_json(look: Look) -> dict[str, Any]:
    """Return a look as answers have it: `verdicts` are the kinds that are bad, `unknown` those that cannot be told."""
    measured = {name: value for name, value in look.measured.items() if isinstance(value, int | float | str)}
    picture_us = measured.pop("picture_at_us", None)
    beside = _nearest(look)
    measured |= {name: beside[name] for name in FIGURES if name in beside}
    return {
        "camera": look.camera,
        "at": rfc3339(look.at_us),
        "picture_at": None if picture_us is None else rfc3339(int(picture_us)),
        "segment": look.segment,
        "outcome": look.outcome,
        "verdicts": look.bad,
        "unknown": sorted(kind for kind, verdict in look.verdicts.items() if verdict == "unknown"),
        "measured": measured,
        "beside": list(look.measured.get("beside", [])),
    }


def impairment_json(impairment: Impairment) -> dict[str, Any]:
    """Return an impairment as answers have it."""
    return {
        "number": impairment.number,
        "camera": impairment.camera,
        "kind": impairment.kind,
        "from": rfc3339(impairment.start_us),
        "to": None if impairment.end_us is None else rfc3339(impairment.end_us),
        "last_seen_at": rfc3339(impairment.last_seen_us),
        "precision_s": impairment.precision_us / US,
        "evidence": f"segment {impairment.evidence.get('segment')}",
        "measured": impairment.evidence.get("measured", {}),
    }


def _nearest(look: Look) -> dict[str, Any]:
    """Return the comparison that says most: with the reference by the same light, else the first."""
    besides: list[dict[str, Any]] = list(look.measured.get("beside", []))
    light = look.measured.get("light")
    return next((each for each in besides if each["light"] == light), besides[0] if besides else {})


def _night(picture: NightPicture | None) -> dict[str, Any] | None:
    if picture is None:
        return None
    return {
        "sha256": picture.sha256,
        "width": picture.width,
        "height": picture.height,
        "taken_at": rfc3339(picture.taken_us),
        "segment": picture.segment,
        "approved_at": None if picture.approved_us is None else rfc3339(picture.approved_us),
        "approved_by": picture.approved_by,
    }
