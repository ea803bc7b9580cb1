"""Looking at the picture of a camera and keeping what came of it: the look, impairments, a proposal for the night.

Promises that a look that fails is kept with its cause, that impairments begin and end as `health.impairing` says, in
the transaction that keeps the look, and that nothing is judged here: an impairment never ends coverage (C4).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from camera_gateway.catalogue import looks, night_pictures, passports, registry, segments
from camera_gateway.clock import US
from camera_gateway.domain.camera import RESTRICTED_ZONES
from camera_gateway.domain.footage import RECORDED
from camera_gateway.domain.people import SYSTEM
from camera_gateway.domain.picture import LOOKED, Light, Look, Verdict
from camera_gateway.errors import NotFound, Unavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.catalogue.night_pictures import NightPicture
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.catalogue.segments import SegmentRow
    from camera_gateway.domain.ids import CameraId
    from camera_gateway.domain.passport import Picture
    from camera_gateway.health.looking import Looker, Reference, Seen

PERIOD_US = 600 * US
"""Each camera is looked at once in so long."""
FRESH_US = 900 * US
"""A newest segment that ended longer ago shows nothing of now; a segment lasts ten minutes at most."""
NO_FOOTAGE = "no-footage"
NIGHT_WIDTH = 640


@dataclass(frozen=True, slots=True)
class References:
    """The approved pictures of a camera: by day, and by night where one was approved beside that of the day."""

    day: Picture | None
    night: NightPicture | None
    proposed: NightPicture | None


def references_of(tx: Transaction, camera: CameraId) -> References:
    """Return the references that count now.

    A picture of the night counts as long as the day's is the one beside which it was approved: who approves another
    view by day has not seen that view by night.
    """
    day = next((each for each in passports.list_pictures(tx, camera) if each.approved_us is not None), None)
    night, proposed = night_pictures.night_pictures_of(tx, camera)
    since_us = 0 if day is None or day.approved_us is None else day.approved_us
    if night is not None and (night.approved_us or 0) < since_us:
        night = None
    if proposed is not None and proposed.taken_us < since_us:
        proposed = None
    return References(day, night, proposed)


async def look_at(gateway: Gateway, camera: CameraId) -> Look:
    """Look at the newest picture of a camera and keep what came of it. `Unavailable` where nobody can look."""
    looker = gateway.looker
    if looker is None:
        raise Unavailable("no service runs that looks at pictures", hint="start: camera-gateway run")
    now_us = gateway.clock.now_us()

    def prepare(tx: Transaction) -> tuple[SegmentRow | None, list[Reference], References]:
        registry.get_camera(tx, camera)
        found = references_of(tx, camera)
        return segments.last_segment(tx, camera), _with_bytes(tx, camera, found, looker), found

    row, references, approved = await gateway.read(prepare)
    if row is None or row.state.value not in RECORDED or now_us - row.sidecar.end_us > FRESH_US:
        look, seen = Look(camera, now_us, None, NO_FOOTAGE, {}), None
    else:
        seen = await gateway.waiting(looker.look, row, references)
        measured = {**seen.measured, "picture_at_us": row.sidecar.start_us}
        look = Look(camera, now_us, row.sidecar.segment, seen.outcome, measured)
    night = None if seen is None else await _picture_of_the_night(gateway, look, seen, approved)

    def keep(tx: Transaction) -> None:
        looks.keep_look(tx, look)
        if look.outcome == LOOKED:
            _impair(tx, look)
        if night is not None and registry.get_camera(tx, camera).zone not in RESTRICTED_ZONES:
            sha256 = hashlib.sha256(night).hexdigest()
            width, height = int(look.measured["width"]), int(look.measured["height"])
            shown = min(width, NIGHT_WIDTH), min(width, NIGHT_WIDTH) * height // width
            night_pictures.propose_night(tx, camera, night, sha256, shown, look.segment or "")

    await gateway.write(SYSTEM, keep)
    return look


def _with_bytes(tx: Transaction, camera: CameraId, found: References, looker: Looker) -> list[Reference]:
    from camera_gateway.health.looking import Reference  # noqa: PLC0415 - loads OpenCV, which no command needs

    references = []
    for picture in (found.day, found.night):
        if picture is None:
            continue
        image = b""
        if not looker.knows(picture.sha256):
            try:
                if picture is found.day:
                    image = passports.get_image(tx, camera, proposed=False)[1]
                else:
                    image = night_pictures.night_image(tx, camera, picture.sha256)
            except NotFound:
                continue
        references.append(Reference(picture.sha256, image))
    return references


def _impair(tx: Transaction, look: Look) -> None:
    from camera_gateway.health import impairing  # noqa: PLC0415 - likewise

    opened = {each.kind: each for each in looks.open_impairments(tx, [look.camera])}
    history = looks.latest_looks(tx, look.camera, impairing.HISTORY)
    for change in impairing.changes_of(history, opened, PERIOD_US):
        match change:
            case impairing.Begun(kind, first, precision_us):
                evidence = {"segment": first.segment, "looked_us": first.at_us, "measured": dict(look.measured)}
                looks.open_impairment(tx, look.camera, kind, first.at_us, look.at_us, precision_us, evidence)
            case impairing.SeenAgain(kind):
                looks.see_impairment(tx, opened[kind].number, look.at_us)
            case impairing.Ended(kind, at_us):
                looks.end_impairment(tx, opened[kind], at_us)


async def _picture_of_the_night(gateway: Gateway, look: Look, seen: Seen, approved: References) -> bytes | None:
    """Return a JPEG that can be proposed as reference of the night, where there is none and this look is good."""
    from camera_gateway.health.looking import picture_for_people  # noqa: PLC0415 - likewise

    wanted = (
        look.outcome == LOOKED
        and not look.bad
        and look.measured["light"] == Light.INFRARED
        and look.verdicts["dark"] == Verdict.FINE
        and approved.day is not None
        and approved.night is None
        and approved.proposed is None
        and _taken_in_colour(look.measured["beside"])
    )
    if not wanted or seen.keyframe is None:
        return None
    return await gateway.waiting(picture_for_people, seen.keyframe, NIGHT_WIDTH)


def _taken_in_colour(besides: Sequence[dict[str, Any]]) -> bool:
    """Whether the day's reference has colour: else one reference is for both, and none is missing."""
    return bool(besides) and all(beside["light"] == Light.COLOUR for beside in besides)
