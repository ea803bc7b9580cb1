"""What is known of an institution and its cameras when they are judged: records, without any judgement. Pure values.

Times are µs UTC, sets of seconds are normalised intervals. *Present* means stored and seen in the bucket's own listing,
not only in the catalogue. What nobody has looked at is None, never a good word.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from camera_gateway.domain.coverage import Gap
    from camera_gateway.domain.facts import FactValue
    from camera_gateway.domain.intervals import Interval

WINDOW_US = 60_000_000
"""Frames are counted by the minute of UTC."""


def no_rates() -> array[int]:
    """Return the rates of a day of which none is known."""
    return array("H")


@dataclass(frozen=True, slots=True)
class DayBook:
    """The segments of a camera that start on a local day, or on a part of it; no microsecond of what is kept is lost.

    Of lost and expired segments nothing counts. `rates` has, for each minute of UTC that the span touches, hundredths
    of a frame per second of the segments that start in it, 0 where there are too few seconds to say.
    """

    day: date
    start_us: int
    end_us: int
    recorded: tuple[Interval, ...] = ()
    put: tuple[Interval, ...] = ()
    stored: tuple[Interval, ...] = ()
    locked: tuple[Interval, ...] = ()
    present: tuple[Interval, ...] = ()
    unseen: int = 0
    """Segments that are stored by the catalogue's word and that the listing did not show."""
    listed_us: int | None = None
    """When the bucket was listed; None: it was not."""
    segments: int = 0
    size_bytes: int = 0
    media_us: int = 0
    sizes: Mapping[tuple[int, int], int] = field(default_factory=dict)
    """µs of media by width and height."""
    codecs: Mapping[str, int] = field(default_factory=dict)
    """µs of media by the codec's string."""
    audio: Mapping[str, int] = field(default_factory=dict)
    """µs of media by the codec of the sound; "" is silence."""
    gop_max_us: int = 0
    offset_min_us: int | None = None
    offset_max_us: int | None = None
    offsets: int = 0
    """Segments whose camera told its clock."""
    rates: array[int] = field(default_factory=no_rates)


@dataclass(frozen=True, slots=True)
class Declared:
    """A fact as somebody declared it. `until_us` None: for good."""

    number: int
    fact: str
    value: FactValue
    evidence: str
    declared_by: str
    declared_us: int
    until_us: int | None


@dataclass(frozen=True, slots=True)
class Waiver:
    """Two people let a rule of a standard pass, for an institution or one of its cameras, until a moment."""

    number: int
    camera: str | None
    standard: str
    rule: str
    reason: str
    waived_by: str
    approved_by: str
    waived_us: int
    until_us: int


@dataclass(frozen=True, slots=True)
class ProcessEvent:
    """An entry of the register of processes: it happened, and was dealt with (`done_us` None: not yet)."""

    number: int
    process: str
    camera: str | None
    at_us: int
    done_us: int | None
    evidence: str
    noted_by: str


@dataclass(frozen=True, slots=True)
class Outage:
    """A loss as the alarms saw it: begun, seen, told, ended, reported upward."""

    number: int
    cameras: tuple[str, ...]
    kind: str
    cause: str
    start_us: int
    detected_us: int
    notified_us: int | None
    end_us: int | None
    reported_us: int | None


@dataclass(frozen=True, slots=True)
class Impaired:
    """A picture that was bad from one look to another: black, dark, frozen, blurred, covered, moved, over-exposed."""

    kind: str
    start_us: int
    end_us: int | None
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Looks:
    """How often a camera's picture was looked at in the period, and what was seen. None in a record: never."""

    taken: int
    failed: int
    compared: int
    """Looks that had an approved reference to compare with."""
    at_night: int = 0
    """Looks between 22:00 and 05:00 of the site."""
    bad_at_night: int = 0
    """… that saw nothing but black."""


DRILL_SAMPLE = 50
"""So many are drawn when nobody says otherwise: of none failing, at least 92.9 % are retrievable (Wilson, 95 %)."""


@dataclass(frozen=True, slots=True)
class Drills:
    """What drills of the whole installation have drawn and found good; `at_us` is the latest one's end."""

    checked: int
    good: int
    drills: int
    at_us: int
    seed: str


@dataclass(frozen=True, slots=True)
class Held:
    """A hold in force, as far as it touches a camera; `end_us` None: open-ended."""

    id: str
    start_us: int
    end_us: int | None


@dataclass(frozen=True, slots=True)
class CameraRecord:
    """One camera. The sets of seconds and `gaps` reach from `from_us` to `to_us`; later nothing is settled yet."""

    id: str
    name: str
    zone: str
    role: str | None
    time_zone: str
    created_us: int
    retired_us: int | None
    from_us: int
    to_us: int
    scheduled: list[Interval]
    """When recording was asked for, within the camera's life."""
    recorded: list[Interval]
    put: list[Interval]
    stored: list[Interval]
    locked: list[Interval]
    present: list[Interval]
    gaps: tuple[Gap, ...]
    books: tuple[DayBook, ...]
    listed_us: int | None
    """When the oldest of the listings was made that `present` rests on."""
    oldest_us: int | None
    """Start of the oldest object in the bucket that no hold keeps."""
    living: bool | None
    """Whether it delivers now; None: no recorder says."""
    place: str = ""
    facts: Mapping[str, Declared] = field(default_factory=dict)
    held: tuple[Held, ...] = ()
    impaired: tuple[Impaired, ...] = ()
    looks: Looks | None = None


@dataclass(frozen=True, slots=True)
class InstitutionRecord:
    """An institution with everything that it is judged by. `at_us` is the moment of judging."""

    id: str
    name: str
    kind: str
    time_zone: str
    at_us: int
    cameras: tuple[CameraRecord, ...]
    facts: Mapping[str, Declared] = field(default_factory=dict)
    waivers: tuple[Waiver, ...] = ()
    events: tuple[ProcessEvent, ...] = ()
    outages: tuple[Outage, ...] = ()
    drills: Drills | None = None
    store: Mapping[str, str] = field(default_factory=dict)
    """Properties of the store as the canary saw them: "proven", "absent", "failed"."""
    installation: tuple[str, ...] = ()
    """What is to be said of the installation in every report."""
    clock: Mapping[str, Any] = field(default_factory=dict)
    """What is known of the gateway's own clock."""
