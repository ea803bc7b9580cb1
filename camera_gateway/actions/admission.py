"""Who may see which moments of a camera, for what purpose, and the line in the register without which nobody does.

Promises (Z2, S3): recorded footage needs a purpose; a restricted zone needs a request that a second person approved,
and is open for its span, to the two of them; the register's line is committed before a picture leaves. Not one line
per request: a viewing is lengthened, in steps of ten seconds.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from camera_gateway.access.permissions import Act
from camera_gateway.access.purposes import NEEDED, parse_header
from camera_gateway.access.rights import SECOND, UNBOUND, place_of, rights_of
from camera_gateway.catalogue import purposes, registry, viewings
from camera_gateway.catalogue.requests import list_requests
from camera_gateway.catalogue.viewings_noted import is_noted
from camera_gateway.clock import US
from camera_gateway.domain.ids import CameraId
from camera_gateway.domain.intervals import Interval, clip
from camera_gateway.domain.people import same_person, written_actor
from camera_gateway.errors import NotFound, Refused

if TYPE_CHECKING:
    from camera_gateway.access.purposes import Stated
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.people import Actor

STEP_US = 10 * US
STATED_LASTS_US = 12 * 3_600 * US
"""A purpose that a header states is the same one for so long."""


class Watcher(BaseModel):
    """What every verb of watching takes beside its own: the camera, and what is known of who asks.

    `purpose` is what X-Access-Purpose says; `purpose_number` the one that the session has open, which a stated one
    outranks. `address` and `session` are for the register.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    camera: str
    purpose: str = ""
    purpose_number: int | None = None
    address: str = ""
    session: str | None = None


def moments_open_to(tx: Transaction, actor: Actor, camera: str, from_us: int, to_us: int) -> list[Interval]:
    """Return the parts of [from, to) that the actor may see recorded footage of; whoever asks has the right to view.

    Raises `Refused` (code "second-person") when a restricted zone leaves nothing.
    """
    place = place_of(tx, registry.get_camera(tx, CameraId(camera)))
    if not rights_of(tx, actor).decide(Act.FOOTAGE_VIEW, place).needs_second_person:
        return [(from_us, to_us)]
    approved = [
        (request.new.start_us, request.new.end_us)
        for request in list_requests(tx)
        if request.approved_by is not None
        and camera in request.new.cameras
        and any(same_person(actor, written_actor(who)) for who in (request.asked_by, request.approved_by))
    ]
    found = clip(approved, from_us, to_us)
    if not found:
        raise Refused(
            "footage of a restricted zone takes two people",
            hint="request evidence of this span, and let another user approve it",
            code=SECOND,
        )
    return found


async def note(gateway: Gateway, actor: Actor, args: Watcher, kind: str, span_us: Interval | None) -> None:
    """See to it that the register tells of this viewing before anything is shown; its audit row comes with its begin.

    Recorded footage needs a purpose: `Refused` (code "purpose-needed") without one. `kind` as `viewings.KINDS` has it.
    """
    needed = span_us is not None and actor.kind not in UNBOUND
    given = parse_header(args.purpose) if args.purpose and span_us is not None else None
    if span_us is not None:
        span_us = (span_us[0] // STEP_US * STEP_US, -(-span_us[1] // STEP_US) * STEP_US)

    def noted(tx: Transaction) -> bool:
        purpose = _purpose(replace(tx, actor=actor), args, given, needed=needed and given is None)
        return (purpose is not None or given is None) and is_noted(
            tx,
            str(actor),
            args.camera,
            kind,
            span_us=span_us,
            purpose=purpose,
            address=args.address,
            session=args.session,
        )

    if await gateway.read(noted):
        return

    def work(tx: Transaction) -> None:
        purpose = _purpose(tx, args, given, needed=needed and given is None)
        if purpose is None and given is not None:
            purpose = purposes.open_purpose(tx, given.code.value, given.case, given.text).number
        viewings.note_viewing(
            tx,
            args.camera,
            kind,
            span_us=span_us,
            purpose=purpose,
            address=args.address,
            session=args.session,
        )

    await gateway.write(actor, work)


def _purpose(tx: Transaction, args: Watcher, given: Stated | None, *, needed: bool) -> int | None:
    """Return the number of the purpose of `tx.actor`; None where a stated one has none yet, or none is needed."""
    if given is not None:
        known = purposes.open_like(tx, given.code.value, given.case, tx.clock.now_us() - STATED_LASTS_US)
        return None if known is None else known.number
    if args.purpose_number is not None:
        try:
            row = purposes.get_purpose(tx, args.purpose_number)
        except NotFound:
            row = None
        if row is not None and row.closed_us is None and row.actor == str(tx.actor):
            return row.number
    if needed:
        raise Refused(
            "recorded footage is shown for a stated purpose only",
            hint="open a purpose, or send X-Access-Purpose: inspection; case=2026-17",
            code=NEEDED,
        )
    return None
