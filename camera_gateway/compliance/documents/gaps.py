"""The coverage certificate of a camera's day and the register of gaps. Pure.

Promises that a gap stands as it was computed, with what people said of it beside it: an explanation changes neither its
ends nor its cause.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from camera_gateway.clock import rfc3339
from camera_gateway.compliance.documents.material import about_institution, share_ppm
from camera_gateway.compliance.documents.model import Column, Document, Fact, Facts, Kind, Paragraph, Table, Type

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from camera_gateway.compliance.documents.material import Explained, Frame, Subject, Watched
    from camera_gateway.compliance.documents.model import Section, Value
    from camera_gateway.domain.coverage import Gap
    from camera_gateway.domain.footage import GapCause

MOST_GAPS = 5_000
"""What a register shows at most: the longest. It says so, and counts all."""

_GAP = (
    Column("from", Type.TIME, width=3),
    Column("to", Type.TIME, width=3),
    Column("length", Type.DURATION),
    Column("cause", Type.CODE, "cause", 4),
    Column("detail", width=4),
)


def certificate(
    frame: Frame, subject: Subject, watched: Watched, day: tuple[date, int], seals: Sequence[tuple[str, str, int]]
) -> Document:
    """Return the certificate of one local day; `seals` are (name, SHA-256, sealed at) of the days that it touches.

    `day` is the date with the moment at which it ends (µs UTC).
    """
    found = watched.coverage
    gaps = [gap for gap in found.gaps if gap.required]
    sections: list[Section] = [
        about_institution(
            frame,
            subject,
            Fact("camera", watched.name),
            Fact("camera-id", watched.id),
            Fact("zone", watched.zone, Type.CODE, "zone"),
            Fact("day", day[0].isoformat(), Type.DATE),
        ),
        Facts(
            "totals",
            (
                Fact("expected", found.expected_us, Type.DURATION),
                Fact("recorded", found.recorded_us, Type.DURATION),
                Fact("put", found.put_us, Type.DURATION),
                Fact("stored", found.stored_us, Type.DURATION),
                Fact("locked", found.locked_us, Type.DURATION),
                Fact("recorded-share", share_ppm(found.recorded_us, found.expected_us), Type.SHARE),
                Fact("stored-share", share_ppm(found.stored_us, found.expected_us), Type.SHARE),
                Fact("gap-count", len(gaps), Type.COUNT),
                Fact("unexplained", found.unknown_us, Type.DURATION),
            ),
        ),
        Paragraph("certificate-says"),
    ]
    if found.end_us < day[1]:
        sections.append(Paragraph("not-over"))
    sections.append(Table("gaps", _GAP, tuple(_gap(gap) for gap in gaps)))
    columns = (Column("seal", width=2), Column("sha256", width=5), Column("sealed-at", Type.TIME, width=2))
    sections.append(Table("seals", columns, tuple((name, digest, rfc3339(at_us)) for name, digest, at_us in seals)))
    return Document(
        kind=Kind.COVERAGE_CERTIFICATE,
        start_us=frame.start_us,
        end_us=found.end_us,
        made_us=frame.made_us,
        made_by=frame.made_by,
        time_zone=frame.time_zone,
        institutions=(subject.id,),
        institution=subject.id,
        camera=watched.id,
        installation=frame.installation,
        signatures=("responsible",),
        sections=tuple(sections),
        failed=found.unknown_us > 0,
    )


def gap_register(frame: Frame, subject: Subject, cameras: Sequence[Watched]) -> Document:
    """Return the register of an institution's gaps, or of the cameras that are given."""
    return Document(
        kind=Kind.GAP_REGISTER,
        start_us=frame.start_us,
        end_us=frame.end_us,
        made_us=frame.made_us,
        made_by=frame.made_by,
        time_zone=frame.time_zone,
        institutions=(subject.id,),
        institution=subject.id,
        camera=cameras[0].id if len(cameras) == 1 else None,
        installation=frame.installation,
        signatures=("responsible", "head"),
        sections=(
            about_institution(frame, subject, Fact("cameras", len(cameras), Type.COUNT)),
            *gap_sections(cameras),
        ),
    )


def gap_sections(cameras: Sequence[Watched]) -> tuple[Section, ...]:
    """Return totals, causes and the register itself."""
    lines = [(camera, gap) for camera in cameras for gap in camera.coverage.gaps if gap.required]
    spoken = [explanation_of(camera.explained, gap) for camera, gap in lines]
    whole_us = sum(gap.end_us - gap.start_us for _, gap in lines)
    totals = (
        Fact("gap-count", len(lines), Type.COUNT),
        Fact("gap-length", whole_us, Type.DURATION),
        Fact("explained-count", sum(bool(words) for words in spoken), Type.COUNT),
        Fact("unexplained", sum(camera.coverage.unknown_us for camera in cameras), Type.DURATION),
    )
    sections: list[Section] = [Facts("gap-totals", totals), _causes([gap for _, gap in lines])]
    shown = sorted(zip(lines, spoken, strict=True), key=lambda one: _order(*one[0]))
    if len(shown) > MOST_GAPS:
        sections.append(Paragraph("gaps-cut", {"shown": str(MOST_GAPS), "all": str(len(shown))}))
        longest = sorted(shown, key=lambda one: one[0][1].start_us - one[0][1].end_us)[:MOST_GAPS]
        shown = sorted(longest, key=lambda one: _order(*one[0]))
    rows = tuple(
        (number, camera.id, camera.name, *_gap(gap), *_words(words))
        for number, ((camera, gap), words) in enumerate(shown, 1)
    )
    columns = (
        Column("number", Type.COUNT, width=1),
        Column("camera", width=3),
        Column("camera-name", width=3),
        *(Column(c.name, c.type, c.family, {"detail": 2, "cause": 3}.get(c.name, 2)) for c in _GAP),
        Column("explanation", width=4),
        Column("explained-by"),
        Column("explained-at", Type.TIME),
    )
    return (*sections, Table("gaps", columns, rows, note="gaps-never-edited"))


def coverage_table(cameras: Sequence[Watched]) -> Table:
    """Return the coverage of each camera in the span."""
    columns = (
        Column("camera", width=3),
        Column("camera-name", width=3),
        Column("zone", Type.CODE, "zone"),
        Column("expected", Type.DURATION, width=3),
        Column("recorded", Type.DURATION, width=3),
        Column("stored", Type.DURATION, width=3),
        Column("recorded-share", Type.SHARE),
        Column("gap-count", Type.COUNT),
        Column("max-gap", Type.DURATION),
    )
    return Table("coverage", columns, tuple(_covered(camera) for camera in cameras))


def _covered(camera: Watched) -> tuple[Value, ...]:
    found = camera.coverage
    gaps = [gap.end_us - gap.start_us for gap in found.gaps if gap.required]
    return (
        camera.id,
        camera.name,
        camera.zone,
        found.expected_us,
        found.recorded_us,
        found.stored_us,
        share_ppm(found.recorded_us, found.expected_us),
        len(gaps),
        max(gaps, default=0),
    )


def explanation_of(explained: Sequence[Explained], gap: Gap) -> tuple[Explained, ...]:
    """Return what people said of a gap, in the order in which they said it: an explanation of a span that it meets."""
    meeting = [one for one in explained if one.start_us < gap.end_us and one.end_us > gap.start_us]
    return tuple(sorted(meeting, key=lambda one: one.at_us))


def _words(spoken: tuple[Explained, ...]) -> tuple[Value, Value, Value]:
    if not spoken:
        return None, None, None
    return "; ".join(one.words for one in spoken), ", ".join(one.by for one in spoken), rfc3339(spoken[-1].at_us)


def _causes(gaps: Sequence[Gap]) -> Table:
    counted: Counter[GapCause] = Counter(gap.cause for gap in gaps)
    lengths: Counter[GapCause] = Counter()
    for gap in gaps:
        lengths[gap.cause] += gap.end_us - gap.start_us
    columns = (
        Column("cause", Type.CODE, "cause", 4),
        Column("count", Type.COUNT),
        Column("length", Type.DURATION),
    )
    ordered = sorted(counted, key=lambda cause: (-lengths[cause], cause.value))
    return Table("causes", columns, tuple((cause.value, counted[cause], lengths[cause]) for cause in ordered))


def _order(camera: Watched, gap: Gap) -> tuple[int, str]:
    return gap.start_us, camera.id


def _gap(gap: Gap) -> tuple[Value, ...]:
    length_us = gap.end_us - gap.start_us
    return rfc3339(gap.start_us), rfc3339(gap.end_us), length_us, gap.cause.value, gap.detail or None
