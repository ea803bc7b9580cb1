"""The retention report: how long footage is to be kept, how much of that is there, and what is to be expected. Pure.

Promises that the oldest file says nothing: what counts are complete days back from yesterday, and thirteen of thirty
days are thirteen. A forecast presumes that nothing more is lost, and is none where nothing was measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from camera_gateway.compliance.documents.material import about_institution, at, share_ppm
from camera_gateway.compliance.documents.model import Column, Document, Fact, Kind, Paragraph, Table, Type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from camera_gateway.compliance.documents.material import Frame, Subject
    from camera_gateway.compliance.documents.model import Section, Value


@dataclass(frozen=True, slots=True)
class KeptDay:
    """One local day of a camera: whether it is complete, how much of it is kept, and the longest hole."""

    date: date
    complete: bool
    expected_us: int
    kept_us: int
    max_gap_us: int


@dataclass(frozen=True, slots=True)
class Keeping:
    """A camera's archive. `days` go from yesterday back, not before its first day; None: nobody could look.

    `goal_days` is the strictest of the standards, and `goal_from` says which clause; `rule_days` is for how long the
    installation's own rules keep footage (None: for ever).
    """

    id: str
    name: str
    zone: str
    goal_days: int
    goal_from: str
    days: tuple[KeptDay, ...] | None
    oldest_us: int | None
    rule_days: int | None


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is to be expected of a goal: held, reached, lost, shorter-rule or unknown, and on which day."""

    code: str
    day: date | None = None


def run_of(days: Sequence[KeptDay]) -> int:
    """Return how many days back from yesterday are complete without a break."""
    return next((at for at, day in enumerate(days) if not day.complete), len(days))


def status_of(keeping: Keeping) -> str:
    """Return pass, fail, accruing or unknown."""
    if keeping.days is None:
        return "unknown"
    run = run_of(keeping.days)
    if run >= keeping.goal_days:
        return "pass"
    return "accruing" if run == len(keeping.days) else "fail"


def outlook(keeping: Keeping, today: date) -> Outlook:
    """Return what is to be expected if the recording goes on without a gap.

    A rule that keeps less than the goal ends it: from the day on which the first day of the run is deleted.
    """
    if keeping.days is None:
        return Outlook("unknown")
    run = run_of(keeping.days)
    too_short = keeping.rule_days is not None and keeping.rule_days < keeping.goal_days
    if run < keeping.goal_days:
        return Outlook("shorter-rule") if too_short else Outlook("reached", today + timedelta(keeping.goal_days - run))
    if too_short and keeping.rule_days is not None:
        return Outlook("lost", today + timedelta(max(1, keeping.rule_days - run + 1)))
    return Outlook("held")


def retention_report(
    frame: Frame, subject: Subject, cameras: Sequence[Keeping], today: date, rule: tuple[str, str]
) -> Document:
    """Return the report. `rule` is what makes a day complete: the share of it, and the longest hole in seconds."""
    return Document(
        kind=Kind.RETENTION,
        start_us=frame.start_us,
        end_us=frame.end_us,
        made_us=frame.made_us,
        made_by=frame.made_by,
        time_zone=frame.time_zone,
        institutions=(subject.id,),
        institution=subject.id,
        installation=frame.installation,
        signatures=("responsible", "head"),
        sections=(
            about_institution(frame, subject, Fact("cameras", len(cameras), Type.COUNT)),
            *retention_sections(cameras, today, rule),
        ),
        failed=any(status_of(camera) == "fail" for camera in cameras),
    )


def retention_sections(cameras: Sequence[Keeping], today: date, rule: tuple[str, str]) -> tuple[Section, ...]:
    """Return how it is counted, each camera's archive, and the days that are missing."""
    columns = (
        Column("camera", width=3),
        Column("camera-name", width=3),
        Column("goal-days", Type.COUNT),
        Column("goal-from", width=4),
        Column("complete-days", Type.COUNT),
        Column("held-days", Type.COUNT),
        Column("oldest", Type.TIME, width=3),
        Column("status", Type.CODE, "result", 3),
        Column("forecast", Type.CODE, "forecast", 3),
        Column("forecast-day", Type.DATE),
    )
    missing = (
        Column("camera", width=3),
        Column("camera-name", width=4),
        Column("day", Type.DATE),
        Column("kept", Type.SHARE),
        Column("max-gap", Type.DURATION),
    )
    return (
        Paragraph("retention-method", {"ratio": rule[0], "gap_s": rule[1]}),
        Table("retention", columns, tuple(_line(camera, today) for camera in cameras), note="forecast-method"),
        Table("missing-days", missing, tuple(row for camera in cameras for row in _missing(camera))),
    )


def _line(keeping: Keeping, today: date) -> tuple[Value, ...]:
    days = keeping.days
    expected = outlook(keeping, today)
    return (
        keeping.id,
        keeping.name,
        keeping.goal_days,
        keeping.goal_from,
        None if days is None else run_of(days),
        None if days is None else sum(day.complete for day in days[: keeping.goal_days]),
        at(keeping.oldest_us),
        status_of(keeping),
        expected.code,
        None if expected.day is None else expected.day.isoformat(),
    )


def _missing(keeping: Keeping) -> list[tuple[Value, ...]]:
    return [
        (keeping.id, keeping.name, day.date.isoformat(), share_ppm(day.kept_us, day.expected_us), day.max_gap_us)
        for day in reversed((keeping.days or ())[: keeping.goal_days])
        if not day.complete
    ]
