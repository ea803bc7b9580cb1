"""A video standard as values: documents in editions, their rules and what each may ask for. Pure.

Must not know how a standard is written down, nor how anything is measured; what is found is in `finding`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

HOUSE = "house"
"""In place of a figure: take the house profile's, and say so in the finding."""
EVERY_INSTITUTION = "*"


class Basis(StrEnum):
    """Where a standard's authority comes from; a report never mixes them in one column."""

    LAW = "law"
    CONTRACT = "contract"
    HOUSE = "house"
    REFERENCE = "reference"


class TextStatus(StrEnum):
    """How well the weakest part of a document was seen."""

    VERBATIM = "verbatim"
    SECONDARY = "secondary"
    UNVERIFIED = "unverified"
    HOUSE = "house"
    MIXED = "mixed"


class Verified(StrEnum):
    """How well the wording of a figure was seen."""

    VERBATIM = "verbatim"
    SECONDARY = "secondary"
    UNVERIFIED = "unverified"


class Severity(StrEnum):
    """How an inspector's check list weighs a violation."""

    MINOR = "minor"
    SIGNIFICANT = "significant"
    GROSS = "gross"


class RuleKind(StrEnum):
    """What kind of demand a rule makes."""

    MEASURED = "measured"
    COVERAGE = "coverage"
    DECLARED = "declared"
    PROCESS = "process"
    HOLD = "hold"
    INCLUDE = "include"


class Result(StrEnum):
    """The outcome of a finding."""

    PASS = "pass"  # noqa: S105 - a result, not a password
    FAIL = "fail"
    UNKNOWN = "unknown"
    ACCRUING = "accruing"
    NOT_APPLICABLE = "not_applicable"
    WAIVED = "waived"
    TEXT_NEEDED = "text_needed"


class Excuse(StrEnum):
    """What a rule lets pass (`except`)."""

    LEGAL_HOLD = "legal_hold"
    PLANNED_MAINTENANCE = "planned_maintenance"
    OBSERVER_DOWN = "observer_down"


class Unit(StrEnum):
    """Units of a length of time, as standards write them: "4h", "30d", "1mo"."""

    SECOND = "s"
    MINUTE = "m"
    HOUR = "h"
    DAY = "d"
    WEEK = "w"
    MONTH = "mo"
    YEAR = "y"


_SECONDS = {
    Unit.SECOND: 1,
    Unit.MINUTE: 60,
    Unit.HOUR: 3_600,
    Unit.DAY: 86_400,
    Unit.WEEK: 7 * 86_400,
    Unit.MONTH: 31 * 86_400,
    Unit.YEAR: 366 * 86_400,
}


@dataclass(frozen=True, slots=True)
class Length:
    """A length of time as it is written. Days and more are counted on the calendar, not in seconds."""

    number: int
    unit: Unit

    def __str__(self) -> str:
        """Return the written form, for example "24h"."""
        return f"{self.number}{self.unit}"

    @property
    def seconds(self) -> int:
        """The longest that this can last, without the calendar."""
        return self.number * _SECONDS[self.unit]

    @property
    def on_calendar(self) -> bool:
        """Whether it is counted in whole local days."""
        return self.unit in {Unit.DAY, Unit.WEEK, Unit.MONTH, Unit.YEAR}


@dataclass(frozen=True, slots=True)
class Source:
    """A source that rules point to."""

    key: str
    url: str


@dataclass(frozen=True, slots=True)
class Condition:
    """What a group asks of one declared fact of the institution ("locality", "headcount")."""

    field: str
    op: str
    value: Any


@dataclass(frozen=True, slots=True)
class Group:
    """A named class of institutions: all of some conditions, or any."""

    id: str
    clause: str
    verified: Verified
    source: tuple[str, ...]
    all: tuple[Condition, ...]
    any: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class When:
    """To what a rule is narrowed; what is empty narrows nothing."""

    groups: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    camera_roles: tuple[str, ...] = ()
    institutions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Aggregate:
    """How many values become one: `fn` over windows of `window_s`, and the worst span of `over` counts."""

    fn: str
    window_s: int
    over: Length | None


@dataclass(frozen=True, slots=True)
class DayRule:
    """What makes a day complete: a figure, the word "house", or None where the text sets no such condition."""

    min_recorded_ratio: float | str | None
    max_gap_s: float | str | None


@dataclass(frozen=True, slots=True)
class Duty:
    """The hours in which recording is owed, local to `tz`; `until` may be "event:NAME", then at most `max_until`.

    `on`: "daily", days of the week as schedules have them, or the name of a declared list of dates.
    """

    tz: str
    start: str
    until: str
    max_until: str | None
    on: str


@dataclass(frozen=True, slots=True)
class RequiredZone:
    """A zone that must be seen; `each`: every such place by a camera of its own."""

    zone: str
    min_cameras: int
    each: bool


@dataclass(frozen=True, slots=True)
class Process:
    """What people must do: after a trigger, within a deadline; or again and again.

    `deadline` None with `unstated` False: no deadline belongs to it. `register` names the register of processes.
    """

    register: str
    trigger: str | None
    threshold_s: int | None
    deadline_s: int | None
    unstated: bool
    every: Length | None
    also_every: Mapping[str, Length]
    report_within_s: int | None


@dataclass(frozen=True, slots=True)
class HoldWindow:
    """What must be preserved: local days, the last included, until `until` says otherwise."""

    first: date
    last: date
    until: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One demand. `value` None is legal only with `text_needed`, with a `table`, or where the kind has no figure."""

    id: str
    clause: str
    title: Mapping[str, str]
    kind: RuleKind
    verified: Verified
    scope: str
    """"camera" or "institution"."""
    metric: str | None = None
    op: str | None = None
    value: Any = None
    unit: str | None = None
    text_needed: bool = False
    severity: Severity | None = None
    note: str = ""
    source: tuple[str, ...] = ()
    source_url: str = ""
    in_force_from: date | None = None
    in_force_to: date | None = None
    """The last day."""
    supersedes: tuple[str, ...] = ()
    when: When = field(default_factory=When)
    by: str | None = None
    table: Mapping[str, float] = field(default_factory=dict)
    aggregate: Aggregate | None = None
    day: DayRule | None = None
    duty: Duty | None = None
    accruing: Length | None = None
    """So long after its registration a camera may still be filling its archive."""
    excuses: frozenset[Excuse] = frozenset()
    required_zones: tuple[RequiredZone, ...] = ()
    forbidden_zones: tuple[str, ...] = ()
    process: Process | None = None
    hold: HoldWindow | None = None
    include: str | None = None
    evidence: tuple[str, ...] = ()
    probe: tuple[str, ...] = ()
    modelled_on: tuple[str, ...] = ()
    model_verified: Verified | None = None


@dataclass(frozen=True, slots=True)
class Standard:
    """One document in one edition."""

    id: str
    title: Mapping[str, str]
    jurisdiction: str
    authority: str
    number: str
    adopted: date | None
    registered: Mapping[str, str]
    url: str
    edition: str
    basis: Basis
    text_status: TextStatus
    in_force_from: date | None
    in_force_to: date | None
    """The last day."""
    supersedes: tuple[str, ...]
    institutions: tuple[str, ...]
    optional: bool
    sources: tuple[Source, ...]
    groups: tuple[Group, ...]
    rules: tuple[Rule, ...]
    file: str
    """The file's name."""

    def in_force_on(self, day: date) -> bool:
        """Whether this edition is in force on a local day."""
        return (self.in_force_from is None or self.in_force_from <= day) and (
            self.in_force_to is None or day <= self.in_force_to
        )

    def binds(self, kind: str) -> bool:
        """Whether it is written for institutions of this kind."""
        return EVERY_INSTITUTION in self.institutions or kind in self.institutions
