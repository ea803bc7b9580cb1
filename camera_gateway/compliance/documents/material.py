"""What reports are made of, before it is a document: plain values that somebody gathered. Pure.

Must not know where they come from; `findings` are those of a check as it answers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from camera_gateway.clock import rfc3339
from camera_gateway.compliance.documents.model import Fact, Facts, Type

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeAlias

    from camera_gateway.domain.coverage import Coverage

    Findings: TypeAlias = Mapping[str, Any]
    """The answer of `compliance.check`: a standard, its edition and basis, findings and counts."""

BASES = ("law", "contract", "house", "reference")
"""In the order in which a report shows them, each by itself."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What every report says of itself. Times in µs UTC; the span is [start, end)."""

    start_us: int
    end_us: int
    made_us: int
    made_by: str
    time_zone: str
    installation: tuple[str, ...] = ()
    seal: tuple[str, str] | None = None
    """Name and SHA-256 of the institution's last seal, to which the report is so tied."""


@dataclass(frozen=True, slots=True)
class Subject:
    """An institution."""

    id: str
    name: str
    kind: str
    region: str


@dataclass(frozen=True, slots=True)
class Explained:
    """Somebody's words on a gap, which change nothing of it."""

    start_us: int
    end_us: int
    words: str
    by: str
    at_us: int


@dataclass(frozen=True, slots=True)
class Watched:
    """A camera with what was recorded of it in the span, and what people said of what was not."""

    id: str
    name: str
    zone: str
    coverage: Coverage
    explained: tuple[Explained, ...] = ()


@dataclass(frozen=True, slots=True)
class Registered:
    """A line of the register of cameras."""

    id: str
    name: str
    zone: str
    place: str = ""
    role: str | None = None
    mounted_on: str | None = None
    device: str = ""
    serial: str = ""
    picture_us: int | None = None
    picture_by: str | None = None
    living: bool = False
    offset_us: int | None = None
    offset_at_us: int | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """Rows of a register that another part of the gateway keeps, as its verb answers: each a mapping."""

    facts: tuple[Mapping[str, Any], ...] = ()
    waivers: tuple[Mapping[str, Any], ...] = ()
    processes: tuple[Mapping[str, Any], ...] = ()
    outages: tuple[Mapping[str, Any], ...] = ()
    viewings: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """An institution by one standard; `why` says why it could not be judged, where it could not."""

    subject: Subject
    standard: str
    found: Findings = field(default_factory=dict)
    why: str = ""


def about(frame: Frame, *facts: Fact) -> Facts:
    """Return the section with which each report begins."""
    names = ("last-seal", "last-seal-sha256")
    tied = () if frame.seal is None else tuple(Fact(name, text) for name, text in zip(names, frame.seal, strict=True))
    return Facts(
        "about",
        (
            *facts,
            Fact("from", rfc3339(frame.start_us), Type.TIME),
            Fact("to", rfc3339(frame.end_us), Type.TIME),
            Fact("time-zone", frame.time_zone),
            Fact("made", rfc3339(frame.made_us), Type.TIME),
            Fact("made-by", frame.made_by),
            *tied,
        ),
    )


def about_institution(frame: Frame, subject: Subject, *facts: Fact) -> Facts:
    """Return the same of an institution."""
    return about(
        frame,
        Fact("institution", subject.name),
        Fact("institution-id", subject.id),
        Fact("institution-kind", subject.kind, Type.CODE, "institution-kind"),
        Fact("region", subject.region or None),
        *facts,
    )


def share_ppm(part: int, whole: int) -> int | None:
    """Return a share in parts of a million, cut and never rounded up to the whole; None of nothing."""
    return None if whole <= 0 else part * 1_000_000 // whole


def at(moment_us: int | None) -> str | None:
    """Return a moment as it stands in a document."""
    return None if moment_us is None else rfc3339(moment_us)
