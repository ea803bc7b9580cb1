"""The inspection pack of an institution and the report for a monitoring group. Pure.

Promises that a pack holds everything that an inspector asks for at the door, findings before explanations, and that a
group's report shows unknowns beside passes, no single score, and what has changed since the report before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from camera_gateway.compliance.documents.findings import (
    any_fails,
    changes,
    finding_sections,
    institution_tables,
    region_facts,
    remembered,
)
from camera_gateway.compliance.documents.gaps import coverage_table, gap_sections
from camera_gateway.compliance.documents.keeping import retention_sections
from camera_gateway.compliance.documents.material import about_institution, at, share_ppm
from camera_gateway.compliance.documents.model import Column, Document, Fact, Kind, Paragraph, Table, Type
from camera_gateway.compliance.documents.registers import access_table
from camera_gateway.domain.intervals import intersect, normalise, total

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from camera_gateway.compliance.documents.keeping import Keeping
    from camera_gateway.compliance.documents.material import Frame, Judged, Listed, Registered, Subject, Watched
    from camera_gateway.compliance.documents.model import Section, Value

Earlier = tuple[str, str, "Mapping[str, Any]"]
"""The report before: its id, when it was made (RFC 3339), and what it remembers."""


def inspection_pack(
    frame: Frame,
    subject: Subject,
    judged: Sequence[Judged],
    watched: Sequence[Watched],
    registered: Sequence[Registered],
    listed: Listed,
    kept: tuple[Sequence[Keeping], date, tuple[str, str]] | None,
    earlier: Earlier | None,
) -> Document:
    """Return everything on an institution; `kept` None where the archive could not be looked at."""
    head = about_institution(
        frame,
        subject,
        Fact("cameras", len(registered), Type.COUNT),
        Fact("living", sum(camera.living for camera in registered), Type.COUNT),
    )
    sections: list[Section] = [head, Paragraph("findings-read"), *finding_sections(judged)]
    sections += changed_sections(judged, earlier)
    sections += [camera_table(registered), coverage_table(watched), zone_table(watched, registered)]
    if kept is not None:
        sections += retention_sections(*kept)
    sections += [clock_table(registered), *gap_sections(watched), *listed_tables(listed)]
    return Document(
        kind=Kind.INSPECTION_PACK,
        start_us=frame.start_us,
        end_us=frame.end_us,
        made_us=frame.made_us,
        made_by=frame.made_by,
        time_zone=frame.time_zone,
        institutions=(subject.id,),
        institution=subject.id,
        installation=frame.installation,
        signatures=("inspector", "responsible", "head"),
        sections=tuple(sections),
        restricted=True,
        failed=any_fails(judged),
        remembered=remembered(judged),
    )


def monthly_report(
    frame: Frame,
    region: str | None,
    subjects: Sequence[Subject],
    judged: Sequence[Judged],
    watched: Mapping[str, Sequence[Watched]],
    earlier: Earlier | None,
) -> Document:
    """Return how the institutions of a group stand, and what has changed; `watched` is by institution."""
    sections: list[Section] = [
        region_facts(frame, region, subjects, None if earlier is None else earlier[0]),
        Paragraph("findings-read"),
        *institution_tables(judged),
        *changed_sections(judged, earlier),
        _institution_coverage(subjects, watched),
        *(
            Paragraph("not-judged", {"standard": f"{one.subject.id}, {one.standard}", "why": one.why})
            for one in judged
            if not one.found
        ),
    ]
    return Document(
        kind=Kind.MONTHLY,
        start_us=frame.start_us,
        end_us=frame.end_us,
        made_us=frame.made_us,
        made_by=frame.made_by,
        time_zone=frame.time_zone,
        institutions=tuple(subject.id for subject in subjects),
        region=region,
        installation=frame.installation,
        signatures=("group", "member", "member"),
        sections=tuple(sections),
        failed=any_fails(judged),
        remembered=remembered(judged),
    )


def changed_sections(judged: Sequence[Judged], earlier: Earlier | None) -> list[Section]:
    """Return what has changed since the report before, or that there is none."""
    if earlier is None:
        return [Paragraph("no-previous")]
    identity, made, then = earlier
    return [Paragraph("compared", {"previous": identity, "made": made[:10]}), *changes(judged, then)]


def camera_table(registered: Sequence[Registered]) -> Table:
    """Return the register of cameras."""
    columns = (
        Column("camera", width=3),
        Column("camera-name", width=4),
        Column("zone", Type.CODE, "zone", 3),
        Column("role", Type.CODE, "camera-role", 3),
        Column("device", width=3),
        Column("serial", width=3),
        Column("mounted-on", Type.DATE),
        Column("reference", Type.TIME, width=3),
        Column("approved-by", width=3),
        Column("living", Type.YES),
    )
    rows = tuple(
        (
            camera.id,
            f"{camera.name}; {camera.place}" if camera.place else camera.name,
            camera.zone,
            camera.role,
            camera.device or None,
            camera.serial or None,
            camera.mounted_on,
            at(camera.picture_us),
            camera.picture_by,
            int(camera.living),
        )
        for camera in registered
    )
    return Table("cameras", columns, rows)


def zone_table(watched: Sequence[Watched], registered: Sequence[Registered]) -> Table:
    """Return for each zone its cameras, those that record now, and for how long none of them did in the span."""
    columns = (
        Column("zone", Type.CODE, "zone", 3),
        Column("registered", Type.COUNT),
        Column("living", Type.COUNT),
        Column("expected", Type.DURATION),
        Column("unseen", Type.DURATION),
    )
    rows: list[tuple[Value, ...]] = []
    for zone in sorted({camera.zone for camera in registered}):
        there = [camera for camera in registered if camera.zone == zone]
        covers = [camera.coverage for camera in watched if camera.zone == zone]
        dark = [normalise((g.start_us, g.end_us) for g in cover.gaps if g.required) for cover in covers]
        common = dark[0] if dark else []
        for spans in dark[1:]:
            common = intersect(common, spans)
        expected_us = max((cover.expected_us for cover in covers), default=None)
        rows.append((zone, len(there), sum(camera.living for camera in there), expected_us, total(common)))
    return Table("zones", columns, tuple(rows), note="zones-method")


def clock_table(registered: Sequence[Registered]) -> Table:
    """Return how far each camera's clock is from ours."""
    columns = (
        Column("camera", width=3),
        Column("camera-name", width=4),
        Column("offset", Type.DURATION),
        Column("seen-at", Type.TIME, width=3),
    )
    rows = tuple((camera.id, camera.name, camera.offset_us, at(camera.offset_at_us)) for camera in registered)
    return Table("clocks", columns, rows, note="clock-method")


def listed_tables(listed: Listed) -> list[Section]:
    """Return the registers that people keep, and who watched."""
    return [
        _listed("facts", listed.facts, _FACTS),
        _listed("waivers", listed.waivers, _WAIVERS),
        _listed("processes", listed.processes, _PROCESSES),
        _listed("outages", listed.outages, _OUTAGES),
        access_table(listed.viewings),
    ]


_Keyed = tuple[tuple[Column, str], ...]
_FACTS: _Keyed = (
    (Column("camera", width=3), "camera"),
    (Column("fact", Type.WORDS, width=4), "fact"),
    (Column("value", width=3), "value"),
    (Column("evidence", width=5), "evidence"),
    (Column("declared-by", width=2), "declared_by"),
    (Column("declared-at", Type.TIME), "declared_at"),
    (Column("valid-until", Type.TIME), "valid_until"),
)
_WAIVERS: _Keyed = (
    (Column("camera", width=3), "camera"),
    (Column("standard", width=3), "standard"),
    (Column("rule", width=3), "rule"),
    (Column("reason", width=5), "reason"),
    (Column("granted-by", width=2), "waived_by"),
    (Column("approved-by", width=2), "approved_by"),
    (Column("until", Type.TIME), "until"),
)
_PROCESSES: _Keyed = (
    (Column("camera", width=3), "camera"),
    (Column("process", width=3), "process"),
    (Column("at", Type.TIME), "at"),
    (Column("done", Type.TIME), "done_at"),
    (Column("evidence", width=5), "evidence"),
    (Column("noted-by", width=2), "noted_by"),
)
_OUTAGES: _Keyed = (
    (Column("number", Type.COUNT, width=1), "number"),
    (Column("kind", Type.CODE, "outage"), "kind"),
    (Column("camera", width=4), "cameras"),
    (Column("cause", Type.CODE, "cause", 3), "cause"),
    (Column("from", Type.TIME), "start"),
    (Column("detected", Type.TIME), "detected_at"),
    (Column("notified", Type.TIME), "notified_at"),
    (Column("to", Type.TIME), "end"),
    (Column("reported", Type.TIME), "reported_at"),
)


def _listed(title: str, rows: Sequence[Mapping[str, Any]], keyed: _Keyed) -> Table:
    cells = tuple(tuple(_plain(row.get(key)) for _, key in keyed) for row in rows)
    return Table(title, tuple(column for column, _ in keyed), cells)


def _plain(value: Any) -> Value:  # noqa: ANN401 - a cell of another verb's answer
    if value is None or isinstance(value, int | str | dict | list):
        return value or None if isinstance(value, str | list | dict) else value
    return str(value)


def _institution_coverage(subjects: Sequence[Subject], watched: Mapping[str, Sequence[Watched]]) -> Table:
    columns = (
        Column("institution", width=3),
        Column("institution-name", width=5),
        Column("cameras", Type.COUNT),
        Column("expected", Type.DURATION, width=3),
        Column("recorded", Type.DURATION, width=3),
        Column("recorded-share", Type.SHARE),
        Column("gap-count", Type.COUNT),
        Column("max-gap", Type.DURATION, width=3),
    )
    rows: list[tuple[Value, ...]] = []
    for subject in subjects:
        covers = [camera.coverage for camera in watched.get(subject.id, ())]
        gaps = [gap.end_us - gap.start_us for cover in covers for gap in cover.gaps if gap.required]
        expected, recorded = (sum(getattr(c, name) for c in covers) for name in ("expected_us", "recorded_us"))
        share = share_ppm(recorded, expected)
        rows.append((subject.id, subject.name, len(covers), expected, recorded, share, len(gaps), max(gaps, default=0)))
    return Table("institution-coverage", columns, tuple(rows))
