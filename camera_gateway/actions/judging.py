"""Verbs on judgements that are kept: the overview of all institutions, one institution on a day, and how it went.

Each night every institution is judged by every standard that binds it, for the day that ended; where no night has
passed yet, the overview judges at once and keeps nothing.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from camera_gateway.access.permissions import Act
from camera_gateway.access.rights import place_of_institution, rights_of
from camera_gateway.actions.compliance import depth_days, described, heading, summary
from camera_gateway.actions.daybooks import keep_books
from camera_gateway.actions.gathering import gather, list_camera
from camera_gateway.actions.health import findings as installation_findings
from camera_gateway.actions.standards import offered, today
from camera_gateway.catalogue import judgements, registry
from camera_gateway.clock import US, rfc3339, to_datetime
from camera_gateway.compliance import editions
from camera_gateway.compliance.documents.spoken import spoken_finding, spoken_standard
from camera_gateway.compliance.evaluate import evaluate
from camera_gateway.compliance.measure import Period
from camera_gateway.domain.camera import CameraState
from camera_gateway.domain.finding import verdict, worst
from camera_gateway.domain.ids import InstitutionId
from camera_gateway.domain.people import SYSTEM
from camera_gateway.domain.schedule import zone
from camera_gateway.domain.standard import Basis, Result
from camera_gateway.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.catalogue.judgements import Judgement
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.camera import Camera, Institution
    from camera_gateway.domain.people import Actor
    from camera_gateway.domain.standard import Rule, Standard

SETTLE_US = 30 * 60 * US
"""So long after midnight a day's last segments may still be on their way into the store."""


class Overview(BaseModel):
    """What `compliance overview` takes; without a day, the latest judgements."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    day: str | None = None


class OnDay(BaseModel):
    """An institution, a standard, and a day (YYYY-MM-DD; without it the latest that was judged)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    institution: str
    standard: str
    day: str | None = None


class Trend(BaseModel):
    """What `compliance trend` takes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    institution: str
    standard: str
    days: int = Field(31, ge=1, le=400)


def binding(standards: Sequence[Standard], kind: str, day: date) -> list[Standard]:
    """Return the editions of a day that bind institutions of a kind; what is optional or a reference binds nobody."""
    found = [editions.on_day(standards, identity, day) for identity in dict.fromkeys(s.id for s in standards)]
    return [s for s in found if s.binds(kind) and not s.optional and s.basis is not Basis.REFERENCE]


def day_of(text: str) -> date:
    """Return a day as it was written."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(f"day: {error}", hint="write YYYY-MM-DD") from error


async def judge_day(gateway: Gateway, institution: Institution, day: date, standards: Sequence[Standard]) -> int:
    """Judge an institution's local day by every standard that binds it, and keep that; return how many there were.

    A day that has not ended is judged so far, until its night judges it whole.
    """
    bound = binding(standards, institution.kind.value, day)
    tz = zone(await _time_zone(gateway, institution))
    now_us = gateway.clock.now_us()
    start_us, end_us = editions.midnight(day, tz), min(now_us, editions.midnight(day + timedelta(days=1), tz))
    if not bound or end_us <= start_us:
        return 0
    await _look_into_the_bucket(gateway, institution)
    depth = depth_days(standards, [s.id for s in bound])
    record = await gather(gateway, institution.id, start_us, end_us, depth, fresh=False)
    judged = []
    for standard in bound:
        found = evaluate(standards, standard.id, record, Period(start_us, end_us, record.at_us))
        judged.append((standard, [described(finding) for finding in found]))

    def work(tx: Transaction) -> None:
        for standard, findings in judged:
            judgements.keep_judgement(
                tx,
                institution=institution.id,
                standard=standard.id,
                edition=standard.edition,
                day=day.isoformat(),
                counts=summary(findings)["counts"],
                findings=findings,
            )

    await gateway.write(SYSTEM, work)
    return len(judged)


async def _look_into_the_bucket(gateway: Gateway, institution: Institution) -> None:
    """List what the bucket has of each camera, and sum up the days that have ended: reports then are ready at once."""

    def work(tx: Transaction) -> list[tuple[Camera, str]]:
        zones = {site.id: site.time_zone for site in registry.list_sites(tx, institution.id)}
        cameras = registry.list_cameras(tx, institution=institution.id)
        return [(c, zones[c.site]) for c in cameras if c.state is not CameraState.RETIRED]

    for camera, time_zone in await gateway.read(work):
        await keep_books(gateway, camera, time_zone, await list_camera(gateway, camera))


async def _time_zone(gateway: Gateway, institution: Institution) -> str:
    sites = await gateway.read(lambda tx: registry.list_sites(tx, institution.id))
    return sites[0].time_zone if sites else gateway.settings.site.time_zone


async def overview(gateway: Gateway, actor: Actor, args: Overview) -> dict[str, Any]:
    """Show every institution that the asker may see, by every standard that binds it."""
    standards = offered(gateway)
    day = today(gateway) if args.day is None else day_of(args.day)
    seen = await gateway.read(partial(_visible, actor))
    latest = await _latest(gateway, day)
    if args.day is None:
        unjudged = [i for i in seen if not any(owner == i.id for owner, _ in latest)]
        for institution in unjudged:
            await judge_day(gateway, institution, day, standards)
        if unjudged:
            latest = await _latest(gateway, day)
    shown = [(i, [j for (owner, _), j in sorted(latest.items()) if owner == i.id]) for i in seen]
    used = {(j.standard, j.edition) for _, found in shown for j in found}
    return {
        "day": day.isoformat(),
        "standards": [
            {**heading(s), "id": s.id, "rules": [_rule(rule) for rule in s.rules]}
            for s in standards
            if (s.id, s.edition) in used
        ],
        "institutions": [
            {
                "id": institution.id,
                "name": institution.name,
                "kind": institution.kind.value,
                "region": institution.region,
                "standards": [_line(judgement) for judgement in found],
            }
            for institution, found in shown
        ],
    }


def _visible(actor: Actor, tx: Transaction) -> list[Institution]:
    rights = rights_of(tx, actor)
    return [
        institution
        for institution in registry.list_institutions(tx)
        if rights.decide(Act.COMPLIANCE_SEE, place_of_institution(tx, institution.id)).allowed
    ]


async def _latest(gateway: Gateway, day: date) -> dict[tuple[str, str], Judgement]:
    found = await gateway.read(lambda tx: judgements.latest_of(tx, day.isoformat()))
    return {(judgement.institution, judgement.standard): judgement for judgement in found}


def _rule(rule: Rule) -> dict[str, Any]:
    return {"rule": rule.id, "clause": rule.clause, "title": dict(rule.title), "kind": rule.kind.value}


def _line(judgement: Judgement) -> dict[str, Any]:
    """Return a judgement as one line: each rule by the gravest of its scopes, with how many there are of each."""
    rules: dict[str, dict[Result, int]] = {}
    for finding in judgement.findings:
        numbers = rules.setdefault(str(finding["rule"]).partition("/")[0], {})
        result = Result(finding["result"])
        numbers[result] = numbers.get(result, 0) + 1
    return {
        "standard": judgement.standard,
        "edition": judgement.edition,
        "day": judgement.day,
        "judged_at": rfc3339(judgement.judged_us),
        "counts": dict(judgement.counts),
        "verdict": verdict({Result(name): number for name, number in judgement.counts.items()}),
        "rules": [
            {"rule": rule, "result": gravest.value, "counts": {r.value: n for r, n in numbers.items()}}
            for rule, numbers in rules.items()
            if (gravest := worst(numbers)) is not None
        ],
    }


async def on_day(gateway: Gateway, _actor: Actor, args: OnDay) -> dict[str, Any]:
    """Show the findings of the judgement of a day, or of the latest one."""
    standards = offered(gateway)
    day = today(gateway) if args.day is None else day_of(args.day)

    def work(tx: Transaction) -> tuple[Institution, Judgement | None]:
        institution = registry.get_institution(tx, InstitutionId(args.institution))
        if args.day is not None:
            return institution, judgements.judgement_of(tx, institution.id, args.standard, args.day)
        return institution, judgements.latest_one(tx, institution.id, args.standard, day.isoformat())

    institution, judgement = await gateway.read(work)
    editions.lineage(standards, args.standard)
    if judgement is None:
        raise NotFound(
            f"{institution.id} was not judged by {args.standard} on {args.day or 'any day so far'}",
            hint="each night judges the day that ended; now: compliance check",
        )
    edition = next((s for s in standards if (s.id, s.edition) == (judgement.standard, judgement.edition)), None)
    gone = {"standard": judgement.standard, "edition": judgement.edition}
    named = heading(edition) if edition else spoken_standard(gone)
    time_zone = await _time_zone(gateway, institution)
    tz = zone(time_zone)
    start = editions.midnight(day_of(judgement.day), tz)
    end = editions.midnight(day_of(judgement.day) + timedelta(days=1), tz)
    return {
        **named,
        "institution": institution.id,
        "institution_name": institution.name,
        "institution_kind": institution.kind.value,
        "day": judgement.day,
        "from": rfc3339(start),
        "to": rfc3339(min(end, judgement.judged_us)),
        "checked_at": rfc3339(judgement.judged_us),
        **summary([spoken_finding(finding, time_zone) for finding in judgement.findings]),
        "installation": installation_findings(gateway),
    }


async def trend(gateway: Gateway, _actor: Actor, args: Trend) -> list[dict[str, Any]]:
    """Show how many findings of each result there were, day by day."""
    last = today(gateway)
    first = last - timedelta(days=args.days)

    def work(tx: Transaction) -> list[Judgement]:
        institution = registry.get_institution(tx, InstitutionId(args.institution))
        return judgements.counts_by_day(tx, institution.id, args.standard, first.isoformat(), last.isoformat())

    return [
        {"day": j.day, "edition": j.edition, "counts": dict(j.counts), "judged_at": rfc3339(j.judged_us)}
        for j in await gateway.read(work)
    ]


async def unjudged(gateway: Gateway) -> list[tuple[Institution, date]]:
    """Return the institutions whose last day has ended and was not judged since, with that day."""
    now_us = gateway.clock.now_us()

    def work(tx: Transaction) -> list[tuple[Institution, date]]:
        found = []
        for institution in registry.list_institutions(tx):
            sites = registry.list_sites(tx, institution.id)
            tz = zone(sites[0].time_zone if sites else gateway.settings.site.time_zone)
            day = to_datetime(now_us - SETTLE_US).astimezone(tz).date() - timedelta(days=1)
            end_us = editions.midnight(day + timedelta(days=1), tz)
            if institution.created_us < end_us and not judgements.judged_since(tx, institution.id, str(day), end_us):
                found.append((institution, day))
        return found

    return await gateway.read(work)
