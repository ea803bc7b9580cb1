"""Verbs on video standards: which there are, and what one asks for. And the standards of an installation for others.

A standard is files; a person edits them, no verb does.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from camera_gateway.clock import to_datetime
from camera_gateway.compliance import editions
from camera_gateway.compliance.context import required_of
from camera_gateway.compliance.documents.spoken import spoken_rule, spoken_standard
from camera_gateway.compliance.standards import check_together, chosen, load_directory
from camera_gateway.domain.schedule import zone
from camera_gateway.errors import InvalidInput
from camera_gateway.settings.locate import config_directory

if TYPE_CHECKING:
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.actions.institutions import Nothing
    from camera_gateway.domain.people import Actor
    from camera_gateway.domain.standard import Rule, Standard


class ShowStandard(BaseModel):
    """What `standard show` takes; `on` is a local day (YYYY-MM-DD), by default today."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    standard: str
    on: str | None = None


def installed(gateway: Gateway) -> list[Standard]:
    """Return the shipped standards and the installation's own, every edition of them."""
    found = load_directory(config_directory() / "standards")
    if gateway.settings.standards.directory is not None:
        found += load_directory(gateway.settings.standards.directory)
    check_together(found)
    return found


def offered(gateway: Gateway) -> list[Standard]:
    """Return the installed standards, narrowed to what `[standards] enabled` names."""
    return chosen(installed(gateway), gateway.settings.standards.enabled)


def today(gateway: Gateway) -> date:
    """Return the local day of the installation."""
    return to_datetime(gateway.clock.now_us()).astimezone(zone(gateway.settings.site.time_zone)).date()


async def list_(gateway: Gateway, _actor: Actor, _args: Nothing) -> list[dict[str, Any]]:
    """List the standards of this installation, each in the edition of today."""
    known = offered(gateway)
    day = today(gateway)
    found = [editions.on_day(known, identity, day) for identity in dict.fromkeys(s.id for s in known)]
    return [
        spoken_standard(
            {
                "id": s.id,
                "title": dict(s.title),
                "basis": s.basis.value,
                "jurisdiction": s.jurisdiction,
                "edition": s.edition,
                "editions": [e.edition for e in editions.lineage(known, s.id)],
                "text_status": s.text_status.value,
                "institutions": list(s.institutions),
                "optional": s.optional,
                "rules": len(s.rules),
                "text_needed": sum(r.text_needed for r in s.rules),
            }
        )
        for s in found
    ]


async def show(gateway: Gateway, _actor: Actor, args: ShowStandard) -> dict[str, Any]:
    """Show a standard with its rules, as it is or was on a day."""
    try:
        day = today(gateway) if args.on is None else date.fromisoformat(args.on)
    except ValueError as error:
        raise InvalidInput(f"on: {error}", hint="write YYYY-MM-DD") from error
    known = offered(gateway)
    found = described(editions.on_day(known, args.standard, day), editions.lineage(known, args.standard))
    time_zone = gateway.settings.site.time_zone
    return {
        **spoken_standard(found),
        "editions": [spoken_standard(edition) for edition in found["editions"]],
        "rules": [spoken_rule(rule, time_zone) for rule in found["rules"]],
    }


def described(standard: Standard, lineage: list[Standard]) -> dict[str, Any]:
    """Return a standard as JSON can hold it."""
    return {
        "id": standard.id,
        "title": dict(standard.title),
        "edition": standard.edition,
        "editions": [
            {
                "edition": e.edition,
                "in_force_from": _day(e.in_force_from),
                "in_force_to": _day(e.in_force_to),
                "file": e.file,
            }
            for e in lineage
        ],
        "basis": standard.basis.value,
        "text_status": standard.text_status.value,
        "jurisdiction": standard.jurisdiction,
        "authority": standard.authority,
        "number": standard.number,
        "date": _day(standard.adopted),
        "registered": dict(standard.registered),
        "url": standard.url,
        "in_force_from": _day(standard.in_force_from),
        "in_force_to": _day(standard.in_force_to),
        "supersedes": list(standard.supersedes),
        "institutions": list(standard.institutions),
        "optional": standard.optional,
        "sources": [{"key": s.key, "url": s.url} for s in standard.sources],
        "groups": [
            {"id": g.id, "clause": g.clause, "verified": g.verified.value, "source": list(g.source)}
            for g in standard.groups
        ],
        "rules": [_rule(rule) for rule in standard.rules],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "clause": rule.clause,
        "title": dict(rule.title),
        "kind": rule.kind.value,
        "scope": rule.scope,
        "metric": rule.metric,
        "op": rule.op,
        "value": rule.value,
        "unit": rule.unit,
        "by": rule.by,
        "table": dict(rule.table),
        "required": required_of(rule),
        "verified": rule.verified.value,
        "model_verified": None if rule.model_verified is None else rule.model_verified.value,
        "modelled_on": list(rule.modelled_on),
        "source": [*rule.source, *([rule.source_url] if rule.source_url else [])],
        "text_needed": rule.text_needed,
        "severity": None if rule.severity is None else rule.severity.value,
        "note": rule.note,
        "evidence": list(rule.evidence),
        "in_force_from": _day(rule.in_force_from),
        "in_force_to": _day(rule.in_force_to),
        "include": rule.include,
    }


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
