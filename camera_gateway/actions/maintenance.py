"""Verbs on planned maintenance: plan it ahead, list it, cancel it.

Promises that nothing that has begun or passed can be planned or taken back: what was an outage stays one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from camera_gateway.access.rights import place_of_camera, place_of_institution
from camera_gateway.actions.institutions import printable
from camera_gateway.actions.numbers import Number  # noqa: TC001 - pydantic reads the annotations
from camera_gateway.catalogue import maintenance as rows
from camera_gateway.catalogue import registry
from camera_gateway.clock import US, rfc3339
from camera_gateway.domain.ids import CameraId, InstitutionId
from camera_gateway.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.actions.places import Places
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.people import Actor

LONGEST_US = 31 * 86_400 * US
SHOWN_US = 365 * 86_400 * US
"""A list goes back so far when nothing else is said."""


class PlanMaintenance(BaseModel):
    """What `maintenance plan` takes: of a camera, of a site, or of the whole institution."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    institution: str
    site: str | None = None
    camera: str | None = None
    from_us: int
    to_us: int
    reason: str


class ListMaintenance(BaseModel):
    """What `maintenance list` takes; by default the last year and all that is to come."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    institution: str | None = None
    from_us: int | None = None
    to_us: int | None = None


class OneMaintenance(BaseModel):
    """The number of a piece of work."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    number: Number


def places_of_plan(tx: Transaction, args: PlanMaintenance) -> Places:
    """Return what is to be worked on, for the table of verbs."""
    if args.camera is not None:
        # in the words for what there is not: a camera of others is none of theirs
        if args.camera not in _cameras(tx, args):
            raise NotFound(f"no camera {args.camera} there", hint="run: camera-gateway camera list")
        return (place_of_camera(tx, CameraId(args.camera)),)
    return (place_of_institution(tx, InstitutionId(args.institution)),)


def places_of_work(tx: Transaction, args: OneMaintenance) -> Places:
    """Return the institution that a piece of work is in."""
    return (place_of_institution(tx, InstitutionId(rows.get(tx, args.number).institution)),)


async def plan(gateway: Gateway, actor: Actor, args: PlanMaintenance) -> dict[str, Any]:
    """Enter work that is to come."""
    reason = printable(args.reason, "the reason")
    if args.to_us <= args.from_us:
        raise InvalidInput("the work ends before it begins", hint="give --from and --to in this order")
    if args.to_us - args.from_us > LONGEST_US:
        raise InvalidInput("work of more than 31 days is no maintenance", hint="pause or retire the cameras instead")

    def work(tx: Transaction) -> rows.Maintenance:
        owner = registry.get_institution(tx, InstitutionId(args.institution))
        if args.site not in {None, *(site.id for site in registry.list_sites(tx, owner.id))}:
            raise NotFound(f"no site {args.site} of {owner.id}", hint="run: camera-gateway institution show")
        if args.camera is not None and args.camera not in _cameras(tx, args):
            raise NotFound(f"no camera {args.camera} there", hint="run: camera-gateway camera list")
        return rows.plan(
            tx,
            institution=owner.id,
            site=args.site,
            camera=args.camera,
            start_us=args.from_us,
            end_us=args.to_us,
            reason=reason,
        )

    return _described(await gateway.write(actor, work))


async def list_(gateway: Gateway, _actor: Actor, args: ListMaintenance) -> list[dict[str, Any]]:
    """List planned work by start, cancelled work too."""
    start_us = gateway.clock.now_us() - SHOWN_US if args.from_us is None else args.from_us
    found = await gateway.read(lambda tx: rows.between(tx, start_us, args.to_us))
    return [_described(each) for each in found if args.institution in (None, each.institution)]


async def cancel(gateway: Gateway, actor: Actor, args: OneMaintenance) -> dict[str, Any]:
    """Cancel work that is to come, or end it here and now."""
    return _described(await gateway.write(actor, lambda tx: rows.cancel(tx, args.number)))


def _cameras(tx: Transaction, args: PlanMaintenance) -> set[str]:
    """Return the cameras that the work may be at."""
    cameras = registry.list_cameras(tx, InstitutionId(args.institution))
    return {camera.id for camera in cameras if args.site in (None, camera.site)}


def _described(work: rows.Maintenance) -> dict[str, Any]:
    return {
        "number": work.number,
        "id": work.id,
        "institution": work.institution,
        "site": work.site,
        "camera": work.camera,
        "from": rfc3339(work.start_us),
        "to": rfc3339(work.end_us),
        "reason": work.reason,
        "planned_by": work.planned_by,
        "planned_at": rfc3339(work.planned_us),
        "cancelled_by": work.cancelled_by,
        "cancelled_at": None if work.cancelled_us is None else rfc3339(work.cancelled_us),
    }
