"""The verb `compliance check`: how an institution stands against a video standard over a period.

Gathers the record and lets `compliance.evaluate` judge it, which is pure.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from camera_gateway.actions.gathering import LEAST_DEPTH_DAYS, gather
from camera_gateway.actions.standards import installed, offered
from camera_gateway.clock import rfc3339, to_datetime
from camera_gateway.compliance import editions
from camera_gateway.compliance.documents.spoken import spoken_finding, spoken_standard
from camera_gateway.compliance.evaluate import evaluate
from camera_gateway.compliance.measure import Period
from camera_gateway.compliance.strictest import strictest
from camera_gateway.domain.finding import verdict
from camera_gateway.domain.schedule import zone
from camera_gateway.domain.standard import Result
from camera_gateway.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.domain.finding import Finding
    from camera_gateway.domain.measured import InstitutionRecord
    from camera_gateway.domain.people import Actor
    from camera_gateway.domain.standard import Standard


class CheckCompliance(BaseModel):
    """What `compliance check` takes, times in µs UTC."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    institution: str
    standard: str
    from_us: int
    to_us: int
    fresh: bool = True
    """Whether the bucket is listed now; else what the last night has listed counts."""


async def check(gateway: Gateway, _actor: Actor, args: CheckCompliance) -> dict[str, Any]:
    """Judge an institution by a standard over a period; the archive is judged as it is now."""
    if args.to_us <= args.from_us:
        raise InvalidInput("the period is empty: --from is not before --to")
    now_us = gateway.clock.now_us()
    if args.from_us >= now_us:
        raise InvalidInput("the period lies in the future", hint="give --from and --to as they were")
    editions.lineage(offered(gateway), args.standard)  # what is not offered is not judged by
    known = installed(gateway)
    to_us = min(args.to_us, now_us)
    record = await gather(
        gateway, args.institution, args.from_us, to_us, depth_days(known, [args.standard]), fresh=args.fresh
    )
    found = evaluate(known, args.standard, record, Period(args.from_us, to_us, record.at_us))
    edition = editions.parts(known, args.standard, record.time_zone, Period(args.from_us, to_us, now_us))[-1][0]
    return {
        **heading(edition),
        **about(record),
        "from": rfc3339(args.from_us),
        "to": rfc3339(args.to_us),
        "checked_at": rfc3339(record.at_us),
        **summary([spoken_finding(described(finding), record.time_zone) for finding in found]),
        "together": together(offered(gateway), record),
        "installation": list(record.installation),
    }


def heading(standard: Standard) -> dict[str, Any]:
    """Return which standard judges, in which edition, and whose demand it is."""
    return spoken_standard(
        {
            "standard": standard.id,
            "title": dict(standard.title),
            "edition": standard.edition,
            "basis": standard.basis.value,
            "text_status": standard.text_status.value,
        }
    )


def about(record: InstitutionRecord) -> dict[str, Any]:
    """Return who is judged."""
    return {
        "institution": record.id,
        "institution_name": record.name,
        "institution_kind": record.kind,
        "time_zone": record.time_zone,
        "cameras": {camera.id: {"name": camera.name, "zone": camera.zone} for camera in record.cameras},
    }


def together(standards: Sequence[Standard], record: InstitutionRecord) -> list[dict[str, Any]]:
    """Return what all standards ask of each camera at once: the strictest verified floor and ceiling."""
    day = to_datetime(record.at_us).astimezone(zone(record.time_zone)).date()
    known = [editions.on_day(standards, identity, day) for identity in dict.fromkeys(s.id for s in standards)]
    return [
        {
            "camera": each.camera,
            "metric": each.metric,
            "floor": None if each.floor is None else asdict(each.floor),
            "ceiling": None if each.ceiling is None else asdict(each.ceiling),
            "conflict": each.conflict,
        }
        for each in strictest(known, record.kind, record.cameras, day)
    ]


def summary(findings: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the verdict, how many findings there are of each result, and the findings."""
    numbers = {result.value: sum(f["result"] == result for f in findings) for result in Result}
    return {
        "verdict": verdict({Result(name): number for name, number in numbers.items()}),
        "counts": numbers,
        "findings": list(findings),
    }


def described(finding: Finding) -> dict[str, Any]:
    """Return a finding as JSON can hold it."""
    values = asdict(finding)
    waiver = finding.waiver
    return {
        **values,
        "title": dict(finding.title),
        "data": dict(finding.data),
        "waiver": None
        if waiver is None
        else {
            "number": waiver.number,
            "waived_by": waiver.waived_by,
            "approved_by": waiver.approved_by,
            "reason": waiver.reason,
            "until": rfc3339(waiver.until_us),
            "result": waiver.result.value,
        },
    }


def depth_days(standards: Sequence[Standard], identities: Iterable[str], seen: frozenset[str] = frozenset()) -> int:
    """Return how many days back the archive must be looked at for some standards and what they include."""
    depth = LEAST_DEPTH_DAYS
    for identity in identities:
        for rule in (rule for standard in editions.lineage(standards, identity) for rule in standard.rules):
            if rule.metric == "archive.complete_days" and isinstance(rule.value, int | float):
                depth = max(depth, int(rule.value) + 2)
            other = rule.include
            if other and other not in seen and any(s.id == other for s in standards):
                depth = max(depth, depth_days(standards, [other], seen | {identity}))
    return depth
