"""Verbs on the rules of retention: which there are, what a new one would do, and making it.

Promises that the effect is computed before a rule is made, that whoever shortens one is two people, and that no rule
is made whose floor would be above a ceiling.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from camera_gateway.access.permissions import Act
from camera_gateway.access.rights import place_of_camera, place_of_institution
from camera_gateway.actions.institutions import printable
from camera_gateway.actions.second import second_person
from camera_gateway.actions.standards import offered, today
from camera_gateway.catalogue.kept import kept_before
from camera_gateway.catalogue.policies import add_rule, list_rules, who_made
from camera_gateway.catalogue.registry import get_institution, list_cameras
from camera_gateway.clock import rfc3339
from camera_gateway.domain.camera import Zone
from camera_gateway.domain.ids import CameraId, InstitutionId, parse_slug
from camera_gateway.domain.people import INSTALLATION, Place
from camera_gateway.domain.retention import RULE_NAME, Policies, PolicyRule, RuleScope, Viewpoint, check_rule
from camera_gateway.errors import InvalidInput
from camera_gateway.footage.books import Books
from camera_gateway.retention.effect import Effect, effect_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.actions.institutions import Nothing
    from camera_gateway.actions.places import Places
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.people import Actor
    from camera_gateway.domain.retention import Kept

KEEPS = "archive.complete_days"
"""The metric by which a standard says how many days are kept."""


class SetRule(BaseModel):
    """What `retention policy set` takes. Without a floor and a ceiling the rule ends."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = RULE_NAME
    institution: str | None = None
    zone: str | None = None
    camera: str | None = None
    floor_days: int | None = Field(None, ge=1, le=36_500)
    ceiling_days: int | None = Field(None, ge=1, le=36_500)
    valid_from_us: int | None = None
    reason: str
    dry_run: bool = False
    second: SecretStr | None = None


def places_of_rule(tx: Transaction, args: SetRule) -> Places:
    """Return what a rule touches, for the table of verbs."""
    if args.camera is not None:
        return (place_of_camera(tx, CameraId(args.camera)),)
    if args.institution is not None:
        owner = place_of_institution(tx, InstitutionId(args.institution))
        return (Place(owner.region, owner.institution, None if (zone := _zone(args.zone)) is None else Zone(zone)),)
    return (INSTALLATION,)


async def set_rule(gateway: Gateway, actor: Actor, args: SetRule) -> dict[str, Any]:
    """Show what a new version of a rule would do, and make it; two people where it shortens."""
    scope = RuleScope(args.institution, _zone(args.zone), args.camera)
    check_rule(scope, args.floor_days, args.ceiling_days)
    name = parse_slug(args.name, "rule")
    reason = printable(args.reason, "the reason")
    now_us = gateway.clock.now_us()
    valid_from_us = now_us if args.valid_from_us is None else args.valid_from_us
    if valid_from_us < now_us:
        raise InvalidInput("a rule cannot begin in the past", hint="what is recorded keeps the rule of its time")
    touched = await gateway.read(lambda tx: places_of_rule(tx, args))
    effect = await _effect(gateway, scope, name, args, valid_from_us)
    if effect.contradictions:
        raise InvalidInput(
            f"with this rule the floor would be above the ceiling for: {', '.join(effect.contradictions)}",
            hint="see retention policy list; give --floor-days and --ceiling-days that fit, or change the other rule",
            code="contradiction",
        )
    made: PolicyRule | None = None
    approved_by: str | None = None
    if not args.dry_run:
        if effect.shortens:
            second = await second_person(gateway, actor, args.second, Act.RETENTION_SHORTEN, touched)
            approved_by = str(second)

        def work(tx: Transaction) -> PolicyRule:
            return add_rule(
                tx,
                name=name,
                scope=scope,
                floor_days=args.floor_days,
                ceiling_days=args.ceiling_days,
                valid_from_us=max(valid_from_us, tx.clock.now_us()),
                reason=reason,
                approved_by=approved_by,
            )

        made = await gateway.write(actor, work)
    return {
        "rule": None if made is None else made.id,
        "scope": str(scope),
        "floor_days": args.floor_days,
        "ceiling_days": args.ceiling_days,
        "valid_from": rfc3339(valid_from_us if made is None else made.valid_from_us),
        "approved_by": approved_by,
        "effect": _describe_effect(effect),
    }


async def _effect(gateway: Gateway, scope: RuleScope, name: str, args: SetRule, valid_from_us: int) -> Effect:
    books = Books(gateway.catalogue, gateway.catalogue_thread)
    defaults = gateway.settings.retention.defaults()
    rule = PolicyRule(1 << 62, name, scope, args.floor_days, args.ceiling_days, valid_from_us)

    def work() -> Effect:
        before = Policies(books.read(list_rules), defaults)
        cameras = books.read(list_cameras)
        places = [Viewpoint(camera.institution, camera.zone.value, camera.id) for camera in cameras]
        owners = books.read(
            lambda tx: {p.institution: get_institution(tx, InstitutionId(p.institution)) for p in places}
        )
        days = _required_days(gateway, places, {name: owner.kind.value for name, owner in owners.items()})
        kept = _kept(books, [place for place in places if scope.includes(place)])
        return effect_of(before, rule, places, kept, days)

    return await gateway.waiting(work)


def _kept(books: Books, places: list[Viewpoint]) -> Iterator[Kept]:
    for place in places:
        after = (-1, "")
        while page := books.read(partial(_page, place.camera, after)):
            yield from page
            after = (page[-1].start_us, page[-1].segment)


def _page(camera: str, after: tuple[int, str], tx: Transaction) -> list[Kept]:
    return kept_before(tx, camera, 1 << 62, after)


async def list_rules_(gateway: Gateway, _actor: Actor, _args: Nothing) -> dict[str, Any]:
    """List every version of every rule, the settings beneath them, and what they come to for each camera now."""
    defaults = gateway.settings.retention.defaults()
    now_us = gateway.clock.now_us()

    def work(tx: Transaction) -> dict[str, Any]:
        policies, who = Policies(list_rules(tx), defaults), who_made(tx)
        cameras = []
        for camera in list_cameras(tx):
            found = policies.at(Viewpoint(camera.institution, camera.zone.value, camera.id), now_us)
            cameras.append(
                {
                    "camera": camera.id,
                    "rules": found.id,
                    "floor_days": found.floor_days,
                    "margin_days": found.margin_days,
                    "ceiling_days": found.ceiling_days,
                    "contradictory": found.is_contradictory,
                }
            )
        rules = [
            {
                "rule": rule.id,
                "scope": str(rule.scope),
                "floor_days": rule.floor_days,
                "ceiling_days": rule.ceiling_days,
                "valid_from": rfc3339(rule.valid_from_us),
                "made_by": who[rule.number][0],
                "approved_by": who[rule.number][1],
                "reason": who[rule.number][2],
            }
            for rule in policies.rules
        ]
        return {"settings": defaults.id, "rules": rules, "cameras": cameras}

    return await gateway.read(work)


def _zone(name: str | None) -> str | None:
    if name is not None and name not in {zone.value for zone in Zone}:
        known = ", ".join(zone.value for zone in Zone)
        raise InvalidInput(f"zone {name!r} is not known", hint=f"use one of: {known}")
    return name


def _required_days(gateway: Gateway, places: list[Viewpoint], kinds: dict[str, str]) -> dict[str, int]:
    """Return how many days the standards in use ask for, by camera; by which the effect of a rule is judged."""
    days: dict[str, int] = {}
    for standard in offered(gateway):
        if not standard.in_force_on(today(gateway)):
            continue
        values = [int(r.value) for r in standard.rules if r.metric == KEEPS and isinstance(r.value, int | float)]
        for place in places:
            if values and standard.binds(kinds.get(place.institution, "")):
                days[place.camera] = max(days.get(place.camera, 0), *values)
    return days


def _describe_effect(effect: Effect) -> dict[str, Any]:
    return {
        "cameras": list(effect.cameras),
        "shortens": list(effect.shortens),
        "kept_longer": {"segments": effect.segments, "bytes": effect.size_bytes},
        "below_standard": [
            {"camera": camera, "floor_days": floor, "required_days": required}
            for camera, floor, required in effect.too_short
        ],
        "earliest_deletion": None if effect.earliest_us is None else rfc3339(effect.earliest_us),
        "earliest_deletion_before": None if effect.earliest_before_us is None else rfc3339(effect.earliest_before_us),
    }
