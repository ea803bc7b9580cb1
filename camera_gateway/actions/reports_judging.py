"""What a report says of an institution by the standards: judged over its span, with the archive as the bucket lists it.

One record of an institution serves every standard and every table, so that its segments are read once. Where the bucket
cannot be listed nothing is judged, and the report says why.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from camera_gateway.actions.compliance import depth_days, described, heading, summary
from camera_gateway.actions.gathering import gather
from camera_gateway.actions.judging import binding
from camera_gateway.actions.standards import installed, offered
from camera_gateway.catalogue import policies, processes
from camera_gateway.clock import to_datetime
from camera_gateway.compliance import editions
from camera_gateway.compliance.documents.keeping import Keeping, KeptDay
from camera_gateway.compliance.documents.material import Explained, Judged, Watched
from camera_gateway.compliance.evaluate import HOUSE_PROFILE, evaluate
from camera_gateway.compliance.measure import Period, days_back, is_complete
from camera_gateway.compliance.strictest import strictest
from camera_gateway.domain.coverage import Coverage, Gap
from camera_gateway.domain.intervals import clip, intersect, total
from camera_gateway.domain.retention import Policies, Viewpoint
from camera_gateway.domain.schedule import zone
from camera_gateway.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.actions.reports_subject import Asked
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.compliance.documents.material import Subject
    from camera_gateway.domain.measured import CameraRecord, InstitutionRecord
    from camera_gateway.domain.retention import RetentionPolicy
    from camera_gateway.domain.standard import Standard

ARCHIVE = "archive.complete_days"
RATIO, GAP_S = 0.99, 300.0
"""What makes a day complete where no house profile is installed."""


@dataclass(frozen=True, slots=True)
class Stand:
    """How an institution stands; `record` None: the bucket could not be listed, and nothing was judged."""

    subject: Subject
    judged: tuple[Judged, ...]
    record: InstitutionRecord | None
    why: str = ""


async def stand_of(gateway: Gateway, subject: Subject, asked: Asked, standard: str | None) -> Stand:
    """Judge an institution by one standard, or by every one that binds it on the last day of the span."""
    known = installed(gateway)
    day = to_datetime(asked.end_us - 1).astimezone(zone(asked.time_zone)).date()
    if standard is None:
        names = [one.id for one in binding(offered(gateway), subject.kind, day)]
    else:
        names = [editions.lineage(offered(gateway), standard)[-1].id]
    try:
        depth = depth_days(known, [one.id for one in known])
        record = await gather(gateway, subject.id, asked.start_us, asked.end_us, depth, fresh=False)
    except Unavailable as error:
        return Stand(subject, tuple(Judged(subject, name, why=error.message) for name in names), None, error.message)
    period = Period(asked.start_us, asked.end_us, record.at_us)
    judged = [Judged(subject, name, _check(known, name, record, period)) for name in names]
    return Stand(subject, tuple(judged), record)


def _check(known: Sequence[Standard], name: str, record: InstitutionRecord, period: Period) -> dict[str, Any]:
    edition = editions.parts(known, name, record.time_zone, period)[-1][0]
    findings = [described(finding) for finding in evaluate(known, name, record, period)]
    return {**heading(edition), **summary(findings)}


async def watched_of(gateway: Gateway, record: InstitutionRecord, asked: Asked) -> list[Watched]:
    """Return the coverage of each camera in the span, out of the record, with what people said of its gaps."""

    def work(tx: Transaction) -> dict[str, tuple[Explained, ...]]:
        return {camera.id: explained(tx, camera.id, asked.start_us, asked.end_us) for camera in record.cameras}

    words = await gateway.read(work)
    return [
        Watched(
            camera.id, camera.name, camera.zone, coverage_of(camera, asked.start_us, asked.end_us), words[camera.id]
        )
        for camera in record.cameras
    ]


def explained(tx: Transaction, camera: Any, start_us: int, end_us: int) -> tuple[Explained, ...]:  # noqa: ANN401 - an id
    """Return what people said of a camera's gaps in a span."""
    return tuple(
        Explained(one.start_us, one.end_us, one.words, one.explained_by, one.explained_us)
        for one in processes.explanations_in_span(tx, camera, start_us, end_us)
    )


def coverage_of(camera: CameraRecord, start_us: int, end_us: int) -> Coverage:
    """Return the totals and gaps of a span of a record."""
    start_us, end_us = max(start_us, camera.from_us), min(end_us, camera.to_us)
    expected = clip(camera.scheduled, start_us, end_us)
    gaps = tuple(
        Gap(max(gap.start_us, start_us), min(gap.end_us, end_us), gap.cause, gap.detail, gap.required)
        for gap in camera.gaps
        if gap.end_us > start_us and gap.start_us < end_us
    )
    held = {name: total(intersect(expected, getattr(camera, name))) for name in ("recorded", "put", "stored", "locked")}
    return Coverage(
        start_us,
        end_us,
        total(expected),
        held["recorded"],
        held["put"],
        held["stored"],
        held["locked"],
        gaps,
    )


async def keeping_of(gateway: Gateway, record: InstitutionRecord) -> tuple[list[Keeping], date, tuple[str, str]]:
    """Return each camera's archive beside its goal, the local day of today, and what makes a day complete."""
    today = to_datetime(record.at_us).astimezone(zone(record.time_zone)).date()
    known = offered(gateway)
    present = [editions.on_day(known, identity, today) for identity in dict.fromkeys(s.id for s in known)]
    ratio, gap_s = _day_rule(present)
    goals = {
        one.camera: one.floor
        for one in strictest(present, record.kind, record.cameras, today)
        if one.metric == ARCHIVE and one.floor is not None
    }
    defaults = gateway.settings.retention.defaults()

    def work(tx: Transaction) -> dict[str, RetentionPolicy]:
        rules = Policies(policies.list_rules(tx), defaults)
        return {c.id: rules.at(Viewpoint(record.id, c.zone, c.id), record.at_us) for c in record.cameras}

    rules = await gateway.read(work)
    found = []
    for camera in record.cameras:
        if camera.retired_us is not None:
            continue
        rule, goal = rules[camera.id], goals.get(camera.id)
        listed = None if camera.listed_us is None else days_back(camera, record.at_us)
        days = (
            None
            if listed is None
            else tuple(
                KeptDay(d.date, is_complete(d, ratio, gap_s), d.expected_us, d.kept_us, d.max_gap_us) for d in listed
            )
        )
        kept_days = rule.floor_days + rule.margin_days
        found.append(
            Keeping(
                id=camera.id,
                name=camera.name,
                zone=camera.zone,
                goal_days=rule.floor_days if goal is None else int(goal.value),
                goal_from=rule.id if goal is None else f"{goal.standard} {goal.clause}",
                days=days,
                oldest_us=camera.oldest_us,
                rule_days=kept_days if rule.ceiling_days is None else min(kept_days, rule.ceiling_days),
            )
        )
    return found, today, (f"{ratio * 100:g} %", f"{gap_s:g}")


def _day_rule(standards: Sequence[Standard]) -> tuple[float, float]:
    """Return the house profile's share and longest hole of a complete day."""
    house = next((s for s in standards if s.id == HOUSE_PROFILE), None)
    given = [rule.day for rule in (() if house is None else house.rules) if rule.day is not None]
    ratios = [d.min_recorded_ratio for d in given if isinstance(d.min_recorded_ratio, int | float)]
    gaps = [d.max_gap_s for d in given if isinstance(d.max_gap_s, int | float)]
    return float(next(iter(ratios), RATIO)), float(next(iter(gaps), GAP_S))


def clock_of(camera: CameraRecord, start_us: int) -> tuple[int | None, int | None]:
    """Return the largest offset of a camera's clock since a moment, and the end of the day's book that has it."""
    worst: tuple[int | None, int | None] = (None, None)
    for book in camera.books:
        for offset in (book.offset_min_us, book.offset_max_us):
            if book.end_us > start_us and offset is not None and (worst[0] is None or abs(offset) > abs(worst[0])):
                worst = offset, min(book.end_us, camera.to_us)
    return worst
