"""Verbs on waivers: two people let a rule of a standard pass for an institution or a camera, for a while.

Promises that a waiver never changes a measurement and never outlasts a year, and that two people granted it.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from camera_gateway.access.permissions import Act
from camera_gateway.access.rights import SECOND, demand, demand_second
from camera_gateway.actions.declaring import demand_own_camera, places_of_subject
from camera_gateway.actions.institutions import printable
from camera_gateway.actions.second import second_person
from camera_gateway.actions.standards import installed
from camera_gateway.catalogue import audit_log, waivers
from camera_gateway.clock import US, rfc3339
from camera_gateway.compliance import editions
from camera_gateway.domain.people import written_actor
from camera_gateway.errors import InvalidInput, NotFound, Refused

if TYPE_CHECKING:
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.actions.places import Places
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.catalogue.waivers import WaiverRow
    from camera_gateway.domain.audit import AuditRow
    from camera_gateway.domain.people import Actor

ASKED = "waiver.asked"
DAY_US = 86_400 * US
LONGEST_US = 366 * DAY_US


class GrantWaiver(BaseModel):
    """What `waiver grant` takes; `second` is the token of who approves.

    A user without one asks, and the waiver is granted when another user asks for the same within a day.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    institution: str
    camera: str | None = None
    standard: str
    rule: str
    reason: str
    until_us: int
    second: SecretStr | None = None


class ListWaivers(BaseModel):
    """What `waiver list` takes; `withdrawn`: also what was withdrawn."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    institution: str | None = None
    withdrawn: bool = False


class OneWaiver(BaseModel):
    """A waiver, by its number."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    number: int = Field(ge=1, le=1 << 62)


def places_of_waiver(tx: Transaction, args: OneWaiver) -> Places:
    """Return what a waiver is about."""
    return places_of_subject(tx, waivers.get_waiver(tx, args.number))


async def grant(gateway: Gateway, actor: Actor, args: GrantWaiver) -> dict[str, Any]:
    """Let a rule pass until a moment, by two people."""
    reason = printable(args.reason, "the reason")
    now_us = gateway.clock.now_us()
    if not now_us < args.until_us <= now_us + LONGEST_US:
        raise InvalidInput("a waiver ends in the future, within a year", hint="give --until, for example +90d")
    _demand_rule(gateway, args)
    touched = await gateway.read(partial(_touched, args))
    if args.second is None and actor.user is not None:
        row = await gateway.write(actor, partial(_grant_or_ask, actor, args, reason, touched))
        if row is None:
            raise Refused(
                "a waiver takes two people, and you are the first to ask",
                hint="another user asks for the same within a day, or give --second-token-file",
                code=SECOND,
            )
    else:
        second = await second_person(gateway, actor, args.second, Act.WAIVER_GRANT, touched)
        row = await gateway.write(actor, lambda tx: _granted(tx, args, reason, str(second)))
    return described(row, gateway.clock.now_us())


async def list_(gateway: Gateway, _actor: Actor, args: ListWaivers) -> list[dict[str, Any]]:
    """List waivers."""
    rows = await gateway.read(lambda tx: waivers.list_waivers(tx, args.institution, withdrawn=args.withdrawn))
    now_us = gateway.clock.now_us()
    return [described(row, now_us) for row in rows]


async def withdraw(gateway: Gateway, actor: Actor, args: OneWaiver) -> dict[str, Any]:
    """End a waiver before its time: the rule is judged again as it stands."""
    row = await gateway.write(actor, lambda tx: waivers.withdraw_waiver(tx, args.number))
    return described(row, gateway.clock.now_us())


def _demand_rule(gateway: Gateway, args: GrantWaiver) -> None:
    """Raise `NotFound` for a rule that no edition of the standard has; one of an included standard has a path."""
    known = installed(gateway)
    first, _, rest = args.rule.partition("/")
    rules = [rule for edition in editions.lineage(known, args.standard) for rule in edition.rules]
    found = [rule for rule in rules if rule.id == first]
    if not found or (rest and not any(rule.include for rule in found)):
        names = ", ".join(dict.fromkeys(rule.id for rule in rules))
        raise NotFound(f"{args.standard} has no rule {args.rule[:80]!r}", hint=f"its rules: {names}")


def _touched(args: GrantWaiver, tx: Transaction) -> Places:
    demand_own_camera(tx, args.institution, args.camera)
    return places_of_subject(tx, args)


def _granted(tx: Transaction, args: GrantWaiver, reason: str, approved_by: str) -> WaiverRow:
    return waivers.grant_waiver(
        tx,
        institution=args.institution,
        camera=args.camera,
        standard=args.standard,
        rule=args.rule,
        reason=reason,
        until_us=args.until_us,
        approved_by=approved_by,
    )


def _grant_or_ask(actor: Actor, args: GrantWaiver, reason: str, touched: Places, tx: Transaction) -> WaiverRow | None:
    """Grant when another user, who still may, has asked for the same lately; else write down who asks now."""
    name = f"waiver:{args.institution}/{args.camera or '-'}/{args.standard}/{args.rule}"
    asked = _asked(tx, name)
    if asked is not None and asked.details.get("until") == rfc3339(args.until_us):
        first = written_actor(asked.actor)
        with suppress(Refused):
            demand_second(tx, actor, first)
            for place in touched:
                demand(tx, first, Act.WAIVER_GRANT, place)
            return _granted(tx, args, str(asked.details.get("reason", reason)), asked.actor)
    tx.audit(ASKED, name, reason=reason, until=rfc3339(args.until_us))
    return None


def _asked(tx: Transaction, name: str) -> AuditRow | None:
    rows = [row for row in audit_log.of_objects(tx, (name,)) if row.action == ASKED]
    return rows[-1] if rows and tx.clock.now_us() - rows[-1].at_us < DAY_US else None


def described(row: WaiverRow, now_us: int) -> dict[str, Any]:
    """Return a waiver as JSON can hold it."""
    return {
        "number": row.number,
        "id": row.id,
        "institution": row.institution,
        "camera": row.camera,
        "standard": row.standard,
        "rule": row.rule,
        "reason": row.reason,
        "waived_by": row.waived_by,
        "approved_by": row.approved_by,
        "waived_at": rfc3339(row.waived_us),
        "until": rfc3339(row.until_us),
        "state": "withdrawn" if row.withdrawn_us is not None else "ended" if row.until_us <= now_us else "holds",
        "withdrawn_by": row.withdrawn_by,
        "withdrawn_at": None if row.withdrawn_us is None else rfc3339(row.withdrawn_us),
    }
