"""Verbs on requests for footage: ask (the hold comes first), approve by another person, list.

Promises that a request's footage is on hold from the same moment on in which the request exists, before anybody has
approved anything; that who asked never approves. What is packed, and how, is in actions/evidence_export.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from camera_gateway.access.rights import demand_second, place_of_camera, place_of_institution
from camera_gateway.actions.holds import placed_now
from camera_gateway.actions.institutions import printable
from camera_gateway.catalogue import holds as hold_rows
from camera_gateway.catalogue import requests as request_rows
from camera_gateway.catalogue.registry import get_camera, list_cameras
from camera_gateway.clock import US, rfc3339
from camera_gateway.domain.camera import Zone
from camera_gateway.domain.ids import CameraId, InstitutionId
from camera_gateway.domain.people import Place
from camera_gateway.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.actions.institutions import Nothing
    from camera_gateway.actions.places import Places
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.catalogue.requests import Request
    from camera_gateway.domain.camera import Camera
    from camera_gateway.domain.people import Actor
    from camera_gateway.domain.retention import Hold

LONGEST_MARGIN_US = 30 * 86_400 * US


class AskForEvidence(BaseModel):
    """What `evidence request` takes: cameras of one institution, one of its zones, or all of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    requester: str
    body: str
    legal_ground: str
    case: str
    cameras: tuple[str, ...] = ()
    institution: str | None = None
    zone: str | None = None
    from_us: int
    to_us: int
    margin_us: int = Field(3_600 * US, ge=0, le=LONGEST_MARGIN_US)


class OneRequest(BaseModel):
    """Names a request."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    request: str


def places_of_question(tx: Transaction, args: AskForEvidence) -> Places:
    """Return what a request is to be about, for the table of verbs."""
    if args.institution is None:
        return tuple(place_of_camera(tx, CameraId(camera)) for camera in args.cameras) or (None,)
    owner = place_of_institution(tx, InstitutionId(args.institution))
    return (owner,) if args.zone is None else (Place(owner.region, owner.institution, _zone(args.zone)),)


def places_of_request(tx: Transaction, args: OneRequest) -> Places:
    """Return the cameras of a request."""
    request = request_rows.get_request(tx, request_rows.parse_id(args.request, "request"))
    return tuple(place_of_camera(tx, CameraId(camera)) for camera in request.new.cameras)


def row_of_request(tx: Transaction, row: Mapping[str, Any]) -> Place:
    """Return the place of a row of `evidence list`: the zone too, where it is one zone."""
    owner = place_of_institution(tx, InstitutionId(row["institution"]))
    zones = {get_camera(tx, CameraId(camera)).zone for camera in row["cameras"]}
    return Place(owner.region, owner.institution, zones.pop() if len(zones) == 1 else None)


async def request(gateway: Gateway, actor: Actor, args: AskForEvidence) -> dict[str, Any]:
    """Place the hold and keep the request; the answer says what the hold came to and what was gone already."""
    if args.to_us <= args.from_us:
        raise InvalidInput("the span is empty: --from is not before --to")
    texts = {
        name: printable(value, what)
        for name, value, what in (
            ("requester", args.requester, "the requester"),
            ("body", args.body, "the body"),
            ("legal_ground", args.legal_ground, "the legal ground"),
            ("case", args.case, "the case"),
        )
    }

    def work(tx: Transaction) -> tuple[Request, Hold]:
        cameras = _chosen(tx, args)
        hold = hold_rows.add_hold(
            tx,
            institution=None,
            cameras=tuple(camera.id for camera in cameras),
            start_us=args.from_us - args.margin_us,
            end_us=args.to_us + args.margin_us,
            reason=f"request for footage by {texts['body']}",
            case=texts["case"],
        )
        new = request_rows.NewRequest(
            institution=cameras[0].institution,
            zone=args.zone,
            cameras=tuple(camera.id for camera in cameras),
            start_us=args.from_us,
            end_us=args.to_us,
            margin_us=args.margin_us,
            **texts,
        )
        return request_rows.add_request(tx, new, hold.number), hold

    made, hold = await gateway.write(actor, work)
    in_force = await placed_now(gateway, hold)
    shown = await gateway.read(partial(_described, made.number))
    return {"request": shown, "hold": in_force}


async def approve(gateway: Gateway, actor: Actor, args: OneRequest) -> dict[str, Any]:
    """Approve a request, as another person than the one who asked."""
    number = request_rows.parse_id(args.request, "request")

    def work(tx: Transaction) -> None:
        demand_second(tx, actor, request_rows.get_request(tx, number).asked_by)
        request_rows.approve_request(tx, number)

    await gateway.write(actor, work)
    return await gateway.read(partial(_described, number))


async def list_(gateway: Gateway, _actor: Actor, _args: Nothing) -> list[dict[str, Any]]:
    """List requests with their packages."""

    def work(tx: Transaction) -> list[dict[str, Any]]:
        return [_described(found.number, tx) for found in request_rows.list_requests(tx)]

    return await gateway.read(work)


def _chosen(tx: Transaction, args: AskForEvidence) -> list[Camera]:
    """Return the cameras that a request is about; retired ones too, their footage may still be there."""
    if bool(args.cameras) == (args.institution is not None):
        raise InvalidInput("name either cameras or an institution", hint="--camera C, or --institution I [--zone Z]")
    if args.institution is None:
        if args.zone is not None:
            raise InvalidInput("a zone is a zone of an institution", hint="--institution I --zone Z")
        cameras = [get_camera(tx, CameraId(camera)) for camera in sorted(set(args.cameras))]
        owners = sorted({camera.institution for camera in cameras})
        if len(owners) > 1:
            raise InvalidInput(
                f"these cameras belong to several institutions: {', '.join(owners)}", hint="make a request for each"
            )
        return cameras
    zone = None if args.zone is None else _zone(args.zone)
    cameras = [c for c in list_cameras(tx, InstitutionId(args.institution)) if zone is None or c.zone is zone]
    if not cameras:
        raise NotFound(f"no camera of {args.institution} is there", hint="run: camera-gateway camera list")
    return cameras


def _zone(text: str) -> Zone:
    try:
        return Zone(text)
    except ValueError:
        hint = f"use one of: {', '.join(zone.value for zone in Zone)}"
        raise InvalidInput(f"zone {text!r} is not known", hint=hint) from None


def _described(number: int, tx: Transaction) -> dict[str, Any]:
    found = request_rows.get_request(tx, number)
    new, hold = found.new, hold_rows.get_hold(tx, found.hold)
    return {
        "id": found.id,
        "institution": new.institution,
        "zone": new.zone,
        "cameras": list(new.cameras),
        "from": rfc3339(new.start_us),
        "to": rfc3339(new.end_us),
        "margin_s": new.margin_us / US,
        "requester": new.requester,
        "body": new.body,
        "legal_ground": new.legal_ground,
        "case": new.case,
        "hold": hold.id,
        "hold_in_force_at": None if hold.in_force_us is None else rfc3339(hold.in_force_us),
        "asked_by": found.asked_by,
        "asked_at": rfc3339(found.asked_us),
        "approved_by": found.approved_by,
        "approved_at": None if found.approved_us is None else rfc3339(found.approved_us),
        "packages": [
            {
                "id": package.id,
                "exported_by": package.exported_by,
                "started_at": rfc3339(package.started_us),
                "finished_at": None if package.finished_us is None else rfc3339(package.finished_us),
                "export_sha256": package.export_sha256,
                "segments": package.segments,
            }
            for package in request_rows.packages_of(tx, found.number)
        ],
    }
