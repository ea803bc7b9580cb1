"""The register of access and the report on destroyed footage. Pure.

Promises that the one has the columns of a paper register, with room for the signatures, and that the other counts what
was deleted by its tombstones and compares each of them with every hold that was in force at that moment.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from camera_gateway.clock import rfc3339
from camera_gateway.compliance.documents.material import about_institution, at
from camera_gateway.compliance.documents.model import Column, Document, Fact, Facts, Kind, Paragraph, Table, Type

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from camera_gateway.compliance.documents.material import Frame, Subject
    from camera_gateway.compliance.documents.model import Section, Value


@dataclass(frozen=True, slots=True)
class Gone:
    """A deleted segment: its footage, its rule, who ordered it, and what became of the deletion. Times in µs UTC."""

    camera: str
    start_us: int
    end_us: int
    size_bytes: int
    rule: str
    plan: str
    ordered_by: str
    approved_by: str | None
    ordered_us: int
    confirmed: bool
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class Held:
    """A hold. `cameras` empty: of the whole institution; `end_us`, `lifted_us` None: not yet."""

    id: str
    cameras: tuple[str, ...]
    start_us: int
    end_us: int | None
    placed_us: int
    lifted_us: int | None
    case: str


@dataclass(frozen=True, slots=True)
class Late:
    """What of a camera is kept longer than its ceiling allows."""

    camera: str
    segments: int
    size_bytes: int
    oldest_us: int
    rule: str


@dataclass(slots=True)
class _Batch:
    """Segments of one camera that one plan deleted by one rule."""

    first: Gone
    segments: int = 0
    size_bytes: int = 0
    start_us: int = 0
    end_us: int = 0
    confirmed: int = 0
    approved: set[str] = field(default_factory=set)

    def add(self, gone: Gone) -> None:
        self.start_us = min(self.start_us, gone.start_us) if self.segments else gone.start_us
        self.end_us = max(self.end_us, gone.end_us)
        self.segments += 1
        self.size_bytes += gone.size_bytes
        self.confirmed += gone.confirmed
        if gone.approved_by:
            self.approved.add(gone.approved_by)


def touched(gone: Gone, holds: Sequence[Held]) -> list[str]:
    """Return the holds that were in force on a segment when it was deleted: there must never be one."""
    if gone.withdrawn:
        return []
    return [
        hold.id
        for hold in holds
        if (not hold.cameras or gone.camera in hold.cameras)
        and hold.placed_us <= gone.ordered_us
        and (hold.lifted_us is None or hold.lifted_us > gone.ordered_us)
        and hold.start_us < gone.end_us
        and (hold.end_us is None or hold.end_us > gone.start_us)
    ]


def destruction_report(
    frame: Frame, subject: Subject, deleted: Sequence[Gone], holds: Sequence[Held], late: Sequence[Late]
) -> Document:
    """Return what was deleted in the span, by which rule, beside the holds and the ceilings."""
    wrong: dict[str, int] = {}
    for gone in deleted:
        for hold in touched(gone, holds):
            wrong[hold] = wrong.get(hold, 0) + 1
    done = [gone for gone in deleted if not gone.withdrawn]
    return Document(
        kind=Kind.DESTRUCTION,
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
            about_institution(frame, subject),
            Facts(
                "totals",
                (
                    Fact("segments", len(done), Type.COUNT),
                    Fact("bytes", sum(gone.size_bytes for gone in done), Type.BYTES),
                    Fact("confirmed", sum(gone.confirmed for gone in done), Type.COUNT),
                    Fact("waiting", sum(not gone.confirmed for gone in done), Type.COUNT),
                    Fact("withdrawn", len(deleted) - len(done), Type.COUNT),
                    Fact("holds", sum(hold.lifted_us is None for hold in holds), Type.COUNT),
                    Fact("touched", sum(wrong.values()), Type.COUNT),
                ),
            ),
            Paragraph("destruction-proof"),
            _deleted(done),
            _holds(holds, wrong),
            _late(late),
        ),
        failed=bool(wrong) or bool(late),
    )


def _deleted(deleted: Sequence[Gone]) -> Table:
    batches: dict[tuple[str, str, str], _Batch] = {}
    for gone in deleted:
        batches.setdefault((gone.plan, gone.camera, gone.rule), _Batch(gone)).add(gone)
    columns = (
        Column("camera", width=3),
        Column("from", Type.TIME),
        Column("to", Type.TIME),
        Column("segments", Type.COUNT),
        Column("bytes", Type.BYTES),
        Column("rule", width=3),
        Column("plan", width=3),
        Column("ordered-at", Type.TIME),
        Column("ordered-by", width=2),
        Column("approved-by", width=2),
        Column("confirmed", Type.COUNT),
    )
    ordered = sorted(batches.values(), key=lambda one: (one.first.ordered_us, one.first.camera, one.first.rule))
    return Table("deleted", columns, tuple(_batch(batch) for batch in ordered))


def _batch(batch: _Batch) -> tuple[Value, ...]:
    first = batch.first
    return (
        first.camera,
        rfc3339(batch.start_us),
        rfc3339(batch.end_us),
        batch.segments,
        batch.size_bytes,
        first.rule,
        first.plan[:16],
        rfc3339(first.ordered_us),
        first.ordered_by,
        ", ".join(sorted(batch.approved)) or None,
        batch.confirmed,
    )


def _holds(holds: Sequence[Held], wrong: Mapping[str, int]) -> Table:
    columns = (
        Column("hold", width=2),
        Column("camera", width=4),
        Column("case", width=3),
        Column("from", Type.TIME),
        Column("to", Type.TIME),
        Column("placed-at", Type.TIME),
        Column("lifted-at", Type.TIME),
        Column("touched", Type.COUNT),
    )
    rows = tuple(
        (
            hold.id,
            ", ".join(hold.cameras) or None,
            hold.case or None,
            rfc3339(hold.start_us),
            at(hold.end_us),
            rfc3339(hold.placed_us),
            at(hold.lifted_us),
            wrong.get(hold.id, 0),
        )
        for hold in holds
    )
    return Table("holds", columns, rows)


def _late(late: Sequence[Late]) -> Table:
    columns = (
        Column("camera", width=3),
        Column("segments", Type.COUNT),
        Column("bytes", Type.BYTES),
        Column("oldest", Type.TIME),
        Column("rule", width=3),
    )
    return Table(
        "overdue",
        columns,
        tuple((one.camera, one.segments, one.size_bytes, rfc3339(one.oldest_us), one.rule) for one in late),
    )


def access_register(
    frame: Frame, subject: Subject, camera: str | None, viewings: Sequence[Mapping[str, Any]]
) -> Document:
    """Return the register of who watched what; `viewings` are the rows of `audit.viewings`."""
    return Document(
        kind=Kind.ACCESS_REGISTER,
        start_us=frame.start_us,
        end_us=frame.end_us,
        made_us=frame.made_us,
        made_by=frame.made_by,
        time_zone=frame.time_zone,
        institutions=(subject.id,),
        institution=subject.id,
        camera=camera,
        installation=frame.installation,
        signatures=("responsible", "head"),
        sections=(
            about_institution(frame, subject, Fact("viewings", len(viewings), Type.COUNT)),
            access_table(viewings),
        ),
    )


def access_table(viewings: Sequence[Mapping[str, Any]]) -> Section:
    """Return the columns of the register: number, when, which camera, what was done, by whom, who answers."""
    columns = (
        Column("number", Type.COUNT, width=2),
        Column("at", Type.TIME, width=3),
        Column("ended", Type.TIME, width=3),
        Column("camera", width=3),
        Column("camera-name", width=4),
        Column("action", Type.CODE, "viewing", 3),
        Column("from", Type.TIME, width=3),
        Column("to", Type.TIME, width=3),
        Column("who", width=4),
        Column("post", width=3),
        Column("purpose", Type.CODE, "purpose", 3),
        Column("case", width=3),
        Column("sign", width=3),
        Column("answers", width=4),
    )
    rows = tuple(
        (
            row["number"],
            row["at"],
            row["ended"],
            row["camera"],
            row["camera_name"],
            row["action"],
            row["from"],
            row["to"],
            row["name"] or row["actor"],
            row["post"] or None,
            row["purpose"] or None,
            row["case"] or None,
            None,
            None,
        )
        for row in viewings
    )
    return Table("access", columns, rows, note="access-method", blank=True)
