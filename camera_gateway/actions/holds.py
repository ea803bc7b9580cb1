"""Verbs on legal holds: what one would do, placing, listing, lifting, and holding the store to the catalogue.

Promises that a hold is in force in the store for every stored segment before `place` answers, that the answer names
the seconds that were gone already, and that lifting takes two people and a reason.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, SecretStr

from camera_gateway.access.permissions import Act
from camera_gateway.access.rights import SECOND, demand, demand_second, place_of_camera, place_of_institution
from camera_gateway.actions.institutions import printable
from camera_gateway.actions.second import second_person
from camera_gateway.catalogue import audit_log, tombstones
from camera_gateway.catalogue import holds as hold_rows
from camera_gateway.catalogue.kept import kept_in_span
from camera_gateway.catalogue.registry import get_camera, get_institution
from camera_gateway.clock import US, rfc3339
from camera_gateway.domain.footage import STORED
from camera_gateway.domain.ids import CameraId, InstitutionId
from camera_gateway.domain.people import written_actor
from camera_gateway.domain.retention import DAY_US, Hold, parse_hold_id
from camera_gateway.errors import InvalidInput, Refused, Unavailable
from camera_gateway.footage.books import Books
from camera_gateway.retention.decide import decide
from camera_gateway.retention.holding import EVER_US, HoldKeeper, InForce, cameras_of
from camera_gateway.retention.planning import read_world
from storage.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.actions.places import Places
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.audit import AuditRow
    from camera_gateway.domain.people import Actor, Place
    from camera_gateway.domain.retention import Kept
    from camera_gateway.footage.findings import Finding

LIFT_ASKED = "hold.lift-asked"
GB = 1_000_000_000
MONTH_DAYS = 30


class PlaceHold(BaseModel):
    """What `hold place` takes: cameras of one institution, or a whole institution. `to_us` None: open-ended."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cameras: tuple[str, ...] = ()
    institution: str | None = None
    from_us: int
    to_us: int | None = None
    reason: str
    case: str = ""
    dry_run: bool = False


class ListHolds(BaseModel):
    """What `hold list` takes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lifted: bool = False


class LiftHold(BaseModel):
    """What `hold lift` takes; `second` is the token of who approves.

    A user without one asks, and the hold is lifted when another user asks too, within a day.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    hold: str
    reason: str
    second: SecretStr | None = None


class CheckHolds(BaseModel):
    """What `hold check` takes; `everything`: also where there never was a hold."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    everything: bool = False


def places_of_order(tx: Transaction, args: PlaceHold) -> Places:
    """Return what a hold is to be about, for the table of verbs."""
    if args.institution is not None:
        return (place_of_institution(tx, InstitutionId(args.institution)),)
    return tuple(place_of_camera(tx, CameraId(camera)) for camera in args.cameras) or (None,)


def places_of_hold(tx: Transaction, args: LiftHold) -> Places:
    """Return what a hold that is to be lifted is about."""
    hold = hold_rows.get_hold(tx, parse_hold_id(args.hold))
    if hold.institution is not None:
        return (place_of_institution(tx, InstitutionId(hold.institution)),)
    return tuple(place_of_camera(tx, CameraId(camera)) for camera in hold.cameras)


def row_of_hold(tx: Transaction, row: Mapping[str, Any]) -> Place:
    """Return the institution of a row of `hold list`."""
    return place_of_institution(tx, InstitutionId(row["owner"]))


async def place(gateway: Gateway, actor: Actor, args: PlaceHold) -> dict[str, Any]:
    """Say what a hold does, and unless it is only to be said, place it: in force in the store when this returns."""
    reason = printable(args.reason, "the reason")
    case = printable(args.case, "the case") if args.case.strip() else ""
    if bool(args.cameras) == (args.institution is not None):
        raise InvalidInput("name either cameras or an institution", hint="--camera C, or --institution I")
    if args.to_us is not None and args.to_us <= args.from_us:
        raise InvalidInput("the span is empty: --from is not before --to")
    cameras = tuple(sorted(set(args.cameras)))
    await gateway.read(partial(_demand_one_owner, cameras, args.institution))
    wanted = Hold(
        0, args.institution, cameras, args.from_us, args.to_us, reason, case, str(actor), gateway.clock.now_us()
    )
    impact = await _impact(gateway, wanted)
    if args.dry_run:
        return {"hold": None, "impact": impact}

    def work(tx: Transaction) -> Hold:
        return hold_rows.add_hold(
            tx,
            institution=args.institution,
            cameras=cameras,
            start_us=args.from_us,
            end_us=args.to_us,
            reason=reason,
            case=case,
        )

    hold = await gateway.write(actor, work)
    keeper = _keeper(gateway)
    try:
        done = await gateway.waiting(keeper.put_in_force, hold)
    except StoreError as error:
        raise Unavailable(
            f"{hold.id} is placed and nothing of it will be deleted, but the store has not confirmed all of it"
            f" ({error.code})",
            hint="it is completed by itself; see: camera-gateway hold list",
        ) from error
    placed = await gateway.read(lambda tx: _described(tx, hold_rows.get_hold(tx, hold.number)))
    return {"hold": placed, "impact": impact, "in_force": _in_force(done)}


async def placed_now(gateway: Gateway, hold: Hold) -> dict[str, Any]:
    """Let the store hold what a hold covers that is in the catalogue already; say what it came to, confirmed or not.

    For verbs whose first step is a hold: it counts from its row on, so that an absent store does not stop them.
    """
    try:
        done = await gateway.waiting(_keeper(gateway).put_in_force, hold)
    except StoreError as error:
        return {"id": hold.id, "confirmed": False, "why": f"the store has not confirmed all of it ({error.code})"}
    return {"id": hold.id, "confirmed": True, "why": "", **_in_force(done)}


async def list_(gateway: Gateway, _actor: Actor, args: ListHolds) -> list[dict[str, Any]]:
    """List the holds; lifted ones only when asked for."""

    def work(tx: Transaction) -> list[dict[str, Any]]:
        return [_described(tx, hold) for hold in hold_rows.list_holds(tx) if args.lifted or hold.lifted_us is None]

    return await gateway.read(work)


async def lift(gateway: Gateway, actor: Actor, args: LiftHold) -> dict[str, Any]:
    """Lift a hold, by two people; what no other hold covers is then under its rules again."""
    reason = printable(args.reason, "the reason")
    number = parse_hold_id(args.hold)
    touched = await gateway.read(lambda tx: places_of_hold(tx, args))
    if args.second is None and actor.user is not None:
        hold = await gateway.write(actor, partial(_lift_or_ask, actor, number, reason, touched))
        if hold.lifted_us is None:
            raise Refused(
                f"{hold.id} stays: lifting it takes two people, and you are the first to ask",
                hint="another user lifts it in the same way within a day, or give --second-token-file",
                code=SECOND,
            )
    else:
        second = await second_person(gateway, actor, args.second, Act.HOLD_LIFT, touched)
        hold = await gateway.write(
            actor, lambda tx: hold_rows.lift_hold(tx, number, reason=reason, approved_by=str(second))
        )
    try:
        released = await gateway.waiting(_keeper(gateway).take_off, hold)
    except StoreError as error:
        raise Unavailable(
            f"{hold.id} is lifted, but the store has not released all of it ({error.code})",
            hint="it is completed by itself; see: camera-gateway hold check",
        ) from error
    shown = await gateway.read(lambda tx: _described(tx, hold_rows.get_hold(tx, number)))
    return {"hold": shown, "released_segments": released}


def _lift_or_ask(actor: Actor, number: int, reason: str, touched: Places, tx: Transaction) -> Hold:
    """Lift the hold when another user, who may still do so, has asked for it lately; else write down who asks now."""
    hold = hold_rows.get_hold(tx, number)
    asked = _asked_to_lift(tx, hold)
    if asked is not None:
        first = written_actor(asked.actor)
        with suppress(Refused):
            demand_second(tx, actor, first)
            for place in touched:
                demand(tx, first, Act.HOLD_LIFT, place)
            return hold_rows.lift_hold(tx, number, reason=reason, approved_by=asked.actor)
    if hold.lifted_us is not None:
        raise Refused(f"{hold.id} is lifted already", hint="see: camera-gateway hold list --lifted")
    tx.audit(LIFT_ASKED, f"hold:{hold.id}", reason=reason)
    return hold


def _asked_to_lift(tx: Transaction, hold: Hold) -> AuditRow | None:
    """Return the latest row in which a user asks for a hold to be lifted; None when it is older than a day."""
    rows = [row for row in audit_log.of_objects(tx, (f"hold:{hold.id}",)) if row.action == LIFT_ASKED]
    return rows[-1] if rows and tx.clock.now_us() - rows[-1].at_us < DAY_US else None


async def check(gateway: Gateway, _actor: Actor, args: CheckHolds) -> dict[str, Any]:
    """Hold the store to the catalogue: what was cut short is completed, what is missing is placed again and told."""
    keeper = _keeper(gateway)

    def work() -> list[Finding]:
        return [*keeper.finish(), *keeper.drift(everything=args.everything)]

    try:
        found = await gateway.waiting(work)
    except StoreError as error:
        raise Unavailable(f"the store cannot be asked ({error.code})", hint="see: camera-gateway doctor") from error
    return {"ok": not found, "findings": [_finding(f) for f in found]}


def _keeper(gateway: Gateway) -> HoldKeeper:
    return HoldKeeper(Books(gateway.catalogue, gateway.catalogue_thread), gateway.store)


def _demand_one_owner(cameras: tuple[str, ...], institution: str | None, tx: Transaction) -> None:
    """Raise `NotFound` for what does not exist; a hold is about one institution, so that somebody answers for it."""
    if institution is not None:
        get_institution(tx, InstitutionId(institution))
    owners = {get_camera(tx, CameraId(camera)).institution for camera in cameras}
    if len(owners) > 1:
        raise InvalidInput(
            f"these cameras belong to several institutions: {', '.join(sorted(owners))}", hint="place a hold for each"
        )


async def _impact(gateway: Gateway, hold: Hold) -> dict[str, Any]:
    """Say what a hold keeps, from when on it costs, and what it does to the spool."""
    defaults = gateway.settings.retention.defaults()
    now_us = gateway.clock.now_us()

    def work(tx: Transaction) -> dict[str, Any]:
        world = read_world(defaults, tx)
        end_us = EVER_US if hold.end_us is None else hold.end_us
        kept: list[Kept] = []
        gone_us = 0
        for camera in cameras_of(hold, tx):
            kept += kept_in_span(tx, camera, hold.start_us, end_us)
            gone_us += sum(
                min(t.end_us, end_us) - max(t.start_us, hold.start_us)
                for t in tombstones.in_span(tx, camera, hold.start_us, end_us)
            )
        untils = [decide(each, world.policies, (), now_us).until_us for each in kept]
        size_bytes = sum(each.size_bytes for each in kept)
        due_month_us = now_us + MONTH_DAYS * DAY_US
        longer = sum(each.size_bytes for each, until in zip(kept, untils, strict=True) if until < due_month_us)
        price = gateway.settings.retention.price_per_gb_month
        waiting = [each for each in kept if each.state.value not in STORED and each.spool_path is not None]
        return {
            "cameras": cameras_of(hold, tx),
            "segments": len(kept),
            "bytes": size_bytes,
            "would_go_first_at": rfc3339(min(untils)) if untils else None,
            "kept_longer_within_30_days_bytes": longer,
            "cost_per_month": round(size_bytes / GB * price, 2) if price else None,
            "spool": {
                "segments": len(waiting),
                "bytes": sum(each.size_bytes for each in waiting),
                "effect": "a full spool may not drop these before they are stored" if waiting else "none",
            },
            "gone_already_s": gone_us / US,
        }

    return await gateway.read(work)


def _described(tx: Transaction, hold: Hold) -> dict[str, Any]:
    owner = hold.institution or get_camera(tx, CameraId(hold.cameras[0])).institution
    asked = None if hold.lifted_us is not None else _asked_to_lift(tx, hold)
    return {
        "id": hold.id,
        "owner": owner,
        "institution": hold.institution,
        "cameras": list(hold.cameras),
        "from": rfc3339(hold.start_us),
        "to": None if hold.end_us is None else rfc3339(hold.end_us),
        "reason": hold.reason,
        "case": hold.case,
        "placed_by": hold.placed_by,
        "placed_at": rfc3339(hold.placed_us),
        "in_force_at": None if hold.in_force_us is None else rfc3339(hold.in_force_us),
        "lifted_at": None if hold.lifted_us is None else rfc3339(hold.lifted_us),
        "lifted_by": hold.lifted_by,
        "approved_by": hold.approved_by,
        "lift_reason": hold.lift_reason,
        "lift_asked_by": None if asked is None else asked.actor,
        "lift_asked_reason": None if asked is None else asked.details["reason"],
    }


def _in_force(done: InForce) -> dict[str, Any]:
    return {
        "segments": done.segments,
        "bytes": done.size_bytes,
        "taken_back": done.taken_back,
        "gone_s": done.gone_us / US,
        "gone": [
            {"camera": camera, "from": rfc3339(start), "to": rfc3339(end)}
            for camera, spans in sorted(done.gone.items())
            for start, end in spans
        ],
        "findings": [_finding(f) for f in done.findings],
    }


def _finding(finding: Finding) -> dict[str, str]:
    return {"invariant": finding.invariant, "what": finding.what, "where": finding.where}
