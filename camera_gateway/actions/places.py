"""What a verb's arguments touch, as places that rights are asked for.

Functions from parsed arguments to places, named in the table of verbs. An empty answer is not possible: a verb that
touches nothing in particular touches the installation, or says `ANYWHERE` and has each row of its answer asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from camera_gateway.access.rights import place_of_camera, place_of_institution
from camera_gateway.domain.camera import Zone
from camera_gateway.domain.ids import SLUG, CameraId, InstitutionId
from camera_gateway.domain.people import INSTALLATION, Place
from camera_gateway.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from camera_gateway.catalogue.opening import Transaction

Places = tuple[Place | None, ...]

ANYWHERE: Places = (None,)
"""For a list: whoever has the right somewhere may ask; `perform` then leaves out the rows of other places."""


def whole(_tx: Transaction, _args: Any) -> Places:  # noqa: ANN401 - any verb's arguments
    """Return the installation: only a grant for all of it is enough."""
    return (INSTALLATION,)


def anywhere(_tx: Transaction, _args: Any) -> Places:  # noqa: ANN401 - any verb's arguments
    """Return `ANYWHERE`."""
    return ANYWHERE


def camera(tx: Transaction, args: Any) -> Places:  # noqa: ANN401 - arguments with `camera`
    """Return the camera that `args.camera` names."""
    return (_camera(tx, args.camera),)


def cameras(tx: Transaction, args: Any) -> Places:  # noqa: ANN401 - arguments with `cameras`
    """Return each camera that `args.cameras` names; the installation when there is none."""
    return tuple(_camera(tx, name) for name in args.cameras) or (INSTALLATION,)


def institution(tx: Transaction, args: Any) -> Places:  # noqa: ANN401 - arguments with `institution`
    """Return the institution that `args.institution` names."""
    return (place_of_institution(tx, InstitutionId(args.institution)),)


def new_institution(_tx: Transaction, args: Any) -> Places:  # noqa: ANN401 - arguments with `region`
    """Return the region in which an institution is to be; without one, the installation."""
    region = args.region.strip()
    return (Place(region, None, None) if region else INSTALLATION,)


def new_camera(tx: Transaction, args: Any) -> Places:  # noqa: ANN401 - arguments with `institution` and `zone`
    """Return the place at which a camera is to be."""
    owner = place_of_institution(tx, InstitutionId(args.institution))
    known = args.zone in {zone.value for zone in Zone}
    return (Place(owner.region, owner.institution, Zone(args.zone) if known else None),)


def probed(tx: Transaction, args: Any) -> Places:  # noqa: ANN401 - arguments of a probe
    """Return the camera that is probed, or the institution whose networks are, or all networks."""
    if args.camera is not None:
        return camera(tx, args)
    return (INSTALLATION,) if args.institution is None else institution(tx, args)


def row_of_camera(tx: Transaction, row: Mapping[str, Any]) -> Place:
    """Return the place of a row that tells of a camera: keys `institution` and `zone`."""
    owner = place_of_institution(tx, InstitutionId(row["institution"]))
    return Place(owner.region, owner.institution, Zone(row["zone"]))


def row_in_institution(tx: Transaction, row: Mapping[str, Any]) -> Place:
    """Return the place of a row that names its `institution`."""
    return place_of_institution(tx, InstitutionId(row["institution"]))


def row_of_institution(_tx: Transaction, row: Mapping[str, Any]) -> Place:
    """Return the place of a row that tells of an institution: keys `id` and `region`."""
    return Place(row["region"], InstitutionId(row["id"]), None)


def _camera(tx: Transaction, name: str) -> Place:
    """Return a camera's place; what is no id is not repeated, it may be a URL with a password."""
    if SLUG.fullmatch(name) is None:
        raise NotFound("no such camera: what was given is no camera's id", hint="run: camera-gateway camera list")
    return place_of_camera(tx, CameraId(name))
