"""Verbs on outages: list them with all their moments, and enter that one was reported upward.

Promises that an outage is made and ended by what was seen alone; what a person adds is whom they told, and when.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from camera_gateway.access.rights import place_of_institution
from camera_gateway.actions.institutions import printable
from camera_gateway.actions.numbers import Number  # noqa: TC001 - pydantic reads the annotations
from camera_gateway.catalogue import outages as rows
from camera_gateway.clock import US, rfc3339
from camera_gateway.domain.ids import InstitutionId
from camera_gateway.errors import InvalidInput

if TYPE_CHECKING:
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.actions.places import Places
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.people import Actor

SHOWN_US = 31 * 86_400 * US
"""A list goes back so far when nothing else is said."""


class ListOutages(BaseModel):
    """What `outage list` takes; by default the last 31 days."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    institution: str | None = None
    from_us: int | None = None
    to_us: int | None = None
    open: bool = False


class ReportOutage(BaseModel):
    """What `outage report` takes: to whom it was reported, and when (now, if nothing is said)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    number: Number
    to: str
    at_us: int | None = None


def places_of_outage(tx: Transaction, args: ReportOutage) -> Places:
    """Return the institution of an outage, for the table of verbs."""
    return (place_of_institution(tx, InstitutionId(rows.get(tx, args.number).institution)),)


async def list_(gateway: Gateway, _actor: Actor, args: ListOutages) -> list[dict[str, Any]]:
    """List the outages that touch a span, the newest first."""
    now_us = gateway.clock.now_us()
    end_us = now_us + 1 if args.to_us is None else args.to_us
    start_us = end_us - SHOWN_US if args.from_us is None else args.from_us
    if start_us >= end_us:
        raise InvalidInput("the span is empty: --from is not before --to", hint="times are RFC 3339 or such as -2h")
    found = await gateway.read(lambda tx: rows.outages_in_span(tx, args.institution, start_us, end_us))
    return [_described(each, now_us) for each in reversed(found) if not args.open or each.end_us is None]


async def report(gateway: Gateway, actor: Actor, args: ReportOutage) -> dict[str, Any]:
    """Enter that an outage was reported upward."""
    told = printable(args.to, "whom it was reported to")
    now_us = gateway.clock.now_us()
    at_us = now_us if args.at_us is None else args.at_us
    outage = await gateway.write(actor, lambda tx: rows.report(tx, args.number, to=told, at_us=at_us))
    return _described(outage, now_us)


def _described(outage: rows.Outage, now_us: int) -> dict[str, Any]:
    def at(us: int | None) -> str | None:
        return None if us is None else rfc3339(us)

    def after_s(us: int | None) -> float | None:
        return None if us is None else (us - outage.start_us) / US

    return {
        "number": outage.number,
        "id": outage.id,
        "institution": outage.institution,
        "site": outage.site,
        "cameras": list(outage.cameras),
        "kind": outage.kind,
        "cause": outage.cause,
        "start": rfc3339(outage.start_us),
        "detected_at": rfc3339(outage.detected_us),
        "notified_at": at(outage.notified_us),
        "end": at(outage.end_us),
        "reported_at": at(outage.reported_us),
        "reported_by": outage.reported_by,
        "reported_to": outage.reported_to,
        "lasted_s": ((now_us if outage.end_us is None else outage.end_us) - outage.start_us) / US,
        "delays_s": {
            "detection": after_s(outage.detected_us),
            "notice": after_s(outage.notified_us),
            "repair": after_s(outage.end_us),
            "report": after_s(outage.reported_us),
        },
    }
