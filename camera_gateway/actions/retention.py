"""Verbs on retention: the plan of what goes, the sweep that carries it out, its certificate, what is overdue.

Promises that nothing is deleted but by the digest of a plan that still holds, within the brake or with a second person.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from camera_gateway.access.permissions import Act
from camera_gateway.actions.seals import signing_key
from camera_gateway.actions.second import second_person
from camera_gateway.catalogue import tombstones
from camera_gateway.clock import rfc3339
from camera_gateway.domain.people import INSTALLATION
from camera_gateway.errors import Refused, Unavailable
from camera_gateway.footage.books import Books
from camera_gateway.retention.certificate import certificate, digest_of
from camera_gateway.retention.decide import Verdict
from camera_gateway.retention.plan import BrakeRules, Plan, brake, make_plan
from camera_gateway.retention.planning import decisions, plan_of, read_lately, read_world
from camera_gateway.retention.sweeping import Sweeper, Swept
from camera_gateway.retention.times import TwoClocks
from storage.errors import SpoolError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.actions.institutions import Nothing
    from camera_gateway.domain.people import Actor
    from camera_gateway.retention.decide import Decision
    from camera_gateway.retention.plan import Lately

PLAN_LIVES_US = 24 * 3_600_000_000
"""An older plan is made anew: what it shows is no longer what somebody looked at."""


class MakePlan(BaseModel):
    """What `retention plan` takes. `due`: only what is not simply kept."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cameras: tuple[str, ...] = ()
    due: bool = False


class Sweep(BaseModel):
    """What `retention sweep` takes; `second` is the token of who confirms what the brake has stopped."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    digest: str = Field(pattern=r"[0-9a-f]{64}")
    dry_run: bool = False
    confirm_brake: bool = False
    second: SecretStr | None = None


class OnePlan(BaseModel):
    """Names a plan by its digest."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    digest: str = Field(pattern=r"[0-9a-f]{64}")


def clocks_of(gateway: Gateway) -> TwoClocks:
    """Return the watched clocks of the service, or new ones in a lone command."""
    return gateway.clocks or TwoClocks(gateway.clock, gateway.store)


def sweeper_of(gateway: Gateway, books: Books, clocks: TwoClocks) -> Sweeper:
    """Return what deletes in this installation."""
    return Sweeper(
        books=books,
        spool=gateway.spool,
        store=gateway.store,
        clocks=clocks,
        defaults=gateway.settings.retention.defaults(),
        busy=gateway.uploading,
    )


def brake_rules(gateway: Gateway) -> BrakeRules:
    """Return the settings of the brake."""
    retention = gateway.settings.retention
    return BrakeRules(retention.brake_objects, retention.brake_percent / 100)


async def plan(gateway: Gateway, actor: Actor, args: MakePlan) -> dict[str, Any]:
    """Say of every segment what is to become of it, and give the digest of what would go.

    The digest is of the whole installation, whatever is shown.
    """
    defaults = gateway.settings.retention.defaults()
    books = Books(gateway.catalogue, gateway.catalogue_thread)
    counts: Counter[str] = Counter()
    shown: list[dict[str, Any]] = []

    def looked_at(found: Iterator[Decision]) -> Iterator[Decision]:
        for decision in found:
            counts[decision.verdict.value] += 1
            wanted = not args.cameras or decision.segment.place.camera in args.cameras
            if wanted and not (args.due and decision.verdict is Verdict.KEEP):
                shown.append(_decision(decision))
            yield decision

    def work() -> tuple[Plan, Lately]:
        now_us = clocks_of(gateway).now_us()
        world = books.read(partial(read_world, defaults))
        made = make_plan(now_us, looked_at(decisions(books, world, now_us)))
        return made, books.read(partial(read_lately, now_us))

    made, lately = await gateway.waiting(work)
    going = len(made.going)
    await gateway.write(
        actor, lambda tx: tombstones.remember_plan(tx, made.digest, made.as_of_us, going, made.size_bytes)
    )
    return {
        "digest": made.digest,
        "as_of": rfc3339(made.as_of_us),
        "going": {"segments": going, "bytes": made.size_bytes},
        "counts": {verdict.value: counts[verdict.value] for verdict in Verdict},
        "brake": brake(made, brake_rules(gateway), lately),
        "decisions": shown,
    }


async def sweep(gateway: Gateway, actor: Actor, args: Sweep) -> dict[str, Any]:
    """Delete exactly what a plan lists, if the world is still the one that it was made of."""
    row = await gateway.read(lambda tx: tombstones.find_plan(tx, args.digest))
    again = "run: camera-gateway retention plan"
    if row.swept_us is not None:
        raise Refused(f"this plan was carried out at {rfc3339(row.swept_us)}", hint=again, code="plan-done")
    if gateway.clock.now_us() - row.as_of_us > PLAN_LIVES_US:
        raise Refused(f"this plan is of {rfc3339(row.as_of_us)}: too old", hint=again, code="plan-old")
    defaults = gateway.settings.retention.defaults()
    books = Books(gateway.catalogue, gateway.catalogue_thread)
    clocks = clocks_of(gateway)

    def look() -> tuple[Plan, list[str]]:
        now_us = clocks.now_us()
        made = plan_of(books, defaults, row.as_of_us)
        return made, brake(made, brake_rules(gateway), books.read(partial(read_lately, now_us)))

    made, reasons = await gateway.waiting(look)
    if made.digest != args.digest:
        raise Refused("the world has changed since this plan was made", hint=again, code="plan-changed")
    result = {
        "digest": made.digest,
        "as_of": rfc3339(made.as_of_us),
        "going": {"segments": len(made.going), "bytes": made.size_bytes},
        "brake": reasons,
        "dry_run": args.dry_run,
    }
    if args.dry_run:
        return result
    approved_by = None
    if reasons:
        if not args.confirm_brake:
            hint = "look at the plan; then --confirm-brake with --second-token-file of another user"
            raise Refused(f"the brake has stopped this: {'; '.join(reasons)}", hint=hint, code="brake")
        second = await second_person(gateway, actor, args.second, Act.RETENTION_SWEEP, (INSTALLATION,))
        approved_by = str(second)
    swept = await _carried_out(gateway, sweeper_of(gateway, books, clocks), made, actor, approved_by)
    return {**result, **describe_swept(swept), "certificate": await show_certificate(gateway, made.digest)}


async def _carried_out(gateway: Gateway, sweeper: Sweeper, made: Plan, actor: Actor, approved_by: str | None) -> Swept:
    try:
        return await gateway.waiting(sweeper.sweep, made, actor, approved_by)
    except (StoreError, SpoolError) as error:
        raise Unavailable(
            f"the sweep was cut short ({error.code}); what it began is completed by the next one",
            hint="see: camera-gateway doctor",
        ) from error


def describe_swept(swept: Swept) -> dict[str, Any]:
    """Return what a sweep did as JSON."""
    return {
        "deleted": {"segments": swept.segments, "bytes": swept.size_bytes, "confirmed": swept.confirmed},
        "kept_after_all": swept.taken_back,
        "uploads_aborted": swept.uploads_aborted,
        "skipped": [{"segment": segment, "reason": reason} for segment, reason in sorted(swept.skipped.items())],
        "findings": [{"invariant": f.invariant, "what": f.what, "where": f.where} for f in swept.findings],
    }


async def show_certificate(gateway: Gateway, digest: str) -> dict[str, str]:
    """Return the certificate of what a plan has deleted, with its SHA-256 and the seal key's signature in hex."""
    rows = await gateway.read(lambda tx: tombstones.of_plan(tx, digest))
    key = await signing_key(gateway)
    text = certificate(digest, rows, key.public.fingerprint)
    return {"sha256": digest_of(text), "text": text, "signature": key.sign(text.encode()).hex()}


async def certificate_(gateway: Gateway, _actor: Actor, args: OnePlan) -> dict[str, str]:
    """Certify a deletion anew: the same text while nothing more of it was confirmed."""
    await gateway.read(lambda tx: tombstones.find_plan(tx, args.digest))
    return await show_certificate(gateway, args.digest)


async def overdue(gateway: Gateway, _actor: Actor, _args: Nothing) -> dict[str, Any]:
    """List what is kept longer than it may be, and deletions that no listing has confirmed yet."""
    defaults = gateway.settings.retention.defaults()
    books = Books(gateway.catalogue, gateway.catalogue_thread)

    def work() -> Plan:
        return plan_of(books, defaults, gateway.clock.now_us())

    made = await gateway.waiting(work)
    late = [decision for decision in made.going if decision.verdict is Verdict.OVERDUE]
    waiting = await gateway.read(tombstones.unconfirmed)
    return {
        "as_of": rfc3339(made.as_of_us),
        "overdue": [_decision(decision) for decision in late],
        "bytes": sum(decision.segment.size_bytes for decision in late),
        "unconfirmed": [{"segment": t.segment, "camera": t.camera, "ordered_at": rfc3339(t.at_us)} for t in waiting],
    }


def _decision(decision: Decision) -> dict[str, Any]:
    segment = decision.segment
    return {
        "segment": segment.segment,
        "decision": decision.verdict.value,
        "reasons": list(decision.reasons),
        "camera": segment.place.camera,
        "start": rfc3339(segment.start_us),
        "end": rfc3339(segment.end_us),
        "bytes": segment.size_bytes,
        "keep_until": rfc3339(decision.until_us),
        "rules": decision.policy,
    }
