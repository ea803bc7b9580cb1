"""How long footage is kept: dated rules, what they come to for one camera at one moment, and holds. Pure.

A rule says at least (floor) and at most (ceiling) days, from a date on, for everything, an institution, a zone or a
camera. Rules of one name override each other, the most specific and then the newest; rules of different names (a law
and a contract) add up: the longest floor and the shortest ceiling hold. Nothing here decides about a segment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from camera_gateway.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from camera_gateway.domain.footage import SegmentState
    from camera_gateway.domain.ids import SegmentId

DAY_US = 86_400_000_000
SECOND_US = 1_000_000
SLACK_DAYS = 14
"""A ceiling that nobody has set leaves so long for an outage, or a brake that waits for a person."""
RULE_NAME = "policy"
"""The name of rules that are given none, and of the settings' own: so a first rule of an institution overrides them."""


@dataclass(frozen=True, slots=True)
class RetentionPolicy:
    """What all rules in force come to: keep at least `floor_days`, be gone after `ceiling_days` (None: no such rule).

    `margin_days` are added to the floor so that no delay undercuts it, but never past the ceiling. `id` names the
    versions of the rules that it was made of; that text is kept with each segment.
    """

    id: str
    floor_days: int
    margin_days: int
    ceiling_days: int | None = None
    day_us: int = DAY_US

    @property
    def is_contradictory(self) -> bool:
        """Whether the floor is above the ceiling: a person must decide, nothing is picked."""
        return self.ceiling_days is not None and self.floor_days > self.ceiling_days

    def retain_until_us(self, end_us: int) -> int:
        """Return the retain-until of a segment that ends at `end_us`: whole seconds, rounded up.

        Of contradictory rules it is the ceiling: a short lock can still be made longer, a long one never shorter.
        """
        days = self.floor_days + self.margin_days
        if self.ceiling_days is not None:
            days = min(days, self.ceiling_days)
        return -(-(end_us + days * self.day_us) // SECOND_US) * SECOND_US

    def is_shorter_than(self, other: RetentionPolicy) -> bool:
        """Whether something may or must go earlier by these rules than by the others."""
        if self.floor_days < other.floor_days or self.retain_until_us(0) < other.retain_until_us(0):
            return True
        return self.ceiling_days is not None and (other.ceiling_days is None or self.ceiling_days < other.ceiling_days)

    def ceiling_us(self, end_us: int) -> int | None:
        """Return when a segment that ends at `end_us` must be gone; None when no rule says so."""
        return None if self.ceiling_days is None else end_us + self.ceiling_days * self.day_us


@dataclass(frozen=True, slots=True)
class Viewpoint:
    """Where a camera is, as rules see it."""

    institution: str
    zone: str
    camera: str


@dataclass(frozen=True, slots=True)
class RuleScope:
    """What a rule speaks of; everything left out means all. A camera is named alone."""

    institution: str | None = None
    zone: str | None = None
    camera: str | None = None

    @property
    def rank(self) -> int:
        """How specific: a camera above a zone above an institution above everything."""
        return 4 * (self.camera is not None) + 2 * (self.zone is not None) + (self.institution is not None)

    def includes(self, place: Viewpoint) -> bool:
        """Whether the rule speaks of this camera."""
        return (
            self.institution in (None, place.institution)
            and self.zone in (None, place.zone)
            and self.camera in (None, place.camera)
        )

    def __str__(self) -> str:
        """Return the form that pages show, for example "institution kg-12, zone bedroom"."""
        named = (("institution", self.institution), ("zone", self.zone), ("camera", self.camera))
        return ", ".join(f"{what} {value}" for what, value in named if value is not None) or "everything"


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """One version of a rule. A field of None says nothing: the next less specific rule of that name is asked."""

    number: int
    name: str
    scope: RuleScope
    floor_days: int | None
    ceiling_days: int | None
    valid_from_us: int

    @property
    def id(self) -> str:
        """Name this very version, for example "law#4"."""
        return f"{self.name}#{self.number}"


@dataclass(frozen=True, slots=True)
class Defaults:
    """The settings' rule: the least specific one of the name `RULE_NAME`, and the margin of all.

    `ceiling_days` None: where no rule has a ceiling, it is `SLACK_DAYS` after floor and margin. Nothing is for ever.
    """

    floor_days: int
    margin_days: int
    ceiling_days: int | None
    day_us: int = DAY_US
    """How long a day is; tests on a real store scale it to seconds."""

    @property
    def id(self) -> str:
        """Name the content: settings have no versions."""
        return f"settings({self.floor_days}+{self.margin_days}..{self.ceiling_days or ''})"


@dataclass(frozen=True, slots=True)
class Policies:
    """All rules ever made, with the settings beneath them."""

    rules: tuple[PolicyRule, ...]
    defaults: Defaults

    def at(self, place: Viewpoint, at_us: int) -> RetentionPolicy:
        """Return what holds for a camera at a moment."""
        in_force = [rule for rule in self.rules if rule.valid_from_us <= at_us and rule.scope.includes(place)]
        names = sorted({RULE_NAME, *(rule.name for rule in in_force)})
        floors: list[tuple[int, str]] = []
        ceilings: list[tuple[int, str]] = []
        for name in names:
            of_name = sorted(
                (rule for rule in in_force if rule.name == name),
                key=lambda rule: (rule.scope.rank, rule.valid_from_us, rule.number),
                reverse=True,
            )
            newest = _newest_of_each_scope(of_name)
            base = self.defaults if name == RULE_NAME else None
            _add(floors, newest, lambda rule: rule.floor_days, (base.floor_days, base.id) if base else None)
            _add(
                ceilings,
                newest,
                lambda rule: rule.ceiling_days,
                (base.ceiling_days, base.id) if base and base.ceiling_days is not None else None,
            )
        floor, floor_id = max(floors, default=(0, ""))
        automatic = floor + self.defaults.margin_days + SLACK_DAYS
        ceiling, ceiling_id = min(ceilings, default=(automatic, ""))
        ids = dict.fromkeys(text for text in (floor_id, ceiling_id) if text)
        return RetentionPolicy("+".join(ids), floor, self.defaults.margin_days, ceiling, self.defaults.day_us)

    def changes_us(self) -> list[int]:
        """Return the moments at which something changes, ascending."""
        return sorted({rule.valid_from_us for rule in self.rules})

    def least_floor_us(self) -> int:
        """Return the shortest time that anything is kept by any rule, µs: younger footage is never due."""
        days = [rule.floor_days for rule in self.rules if rule.floor_days is not None]
        days += [rule.ceiling_days for rule in self.rules if rule.ceiling_days is not None]
        days += [self.defaults.floor_days]
        if self.defaults.ceiling_days is not None:
            days.append(self.defaults.ceiling_days)
        return min(days) * self.defaults.day_us


def _newest_of_each_scope(rules: Sequence[PolicyRule]) -> list[PolicyRule]:
    """Keep the first rule of each scope of a list that is sorted from the most specific and newest."""
    seen: dict[RuleScope, PolicyRule] = {}
    for rule in rules:
        seen.setdefault(rule.scope, rule)
    return list(seen.values())


def _add(
    found: list[tuple[int, str]],
    rules: Sequence[PolicyRule],
    days_of: Callable[[PolicyRule], int | None],
    base: tuple[int | None, str] | None,
) -> None:
    """Add what the most specific rule that says anything says, else the settings."""
    for rule in rules:
        days = days_of(rule)
        if days is not None:
            found.append((days, rule.id))
            return
    if base is not None and base[0] is not None:
        found.append((base[0], base[1]))


def check_rule(scope: RuleScope, floor_days: int | None, ceiling_days: int | None) -> None:
    """Raise `InvalidInput` for a rule that cannot mean anything."""
    if scope.camera is not None and (scope.institution is not None or scope.zone is not None):
        raise InvalidInput("a rule for a camera names the camera alone", hint="leave out --institution and --zone")
    for what, days in (("floor", floor_days), ("ceiling", ceiling_days)):
        if days is not None and days < 1:
            raise InvalidInput(f"a {what} of {days} days is not possible", hint="give at least 1 day")
    if floor_days is not None and ceiling_days is not None and floor_days > ceiling_days:
        raise InvalidInput(
            f"the floor of {floor_days} days is above the ceiling of {ceiling_days} days",
            hint="keep at least cannot be more than delete by",
        )


@dataclass(frozen=True, slots=True)
class Kept:
    """A segment as retention sees it. `retain_until_us` None: nothing was ever promised to the store."""

    segment: SegmentId
    place: Viewpoint
    site: str
    start_us: int
    end_us: int
    size_bytes: int
    sha256: str
    state: SegmentState
    key: str | None
    version_id: str | None
    spool_path: str | None
    lock_mode: str | None
    retain_until_us: int | None
    policy: str


@dataclass(frozen=True, slots=True)
class Hold:
    """A legal hold: nothing it covers is deleted until it is lifted, whenever that was or will be recorded (R3).

    Either cameras or a whole institution; `end_us` None: open-ended. Times in µs UTC.
    """

    number: int
    institution: str | None
    cameras: tuple[str, ...]
    start_us: int
    end_us: int | None
    reason: str
    case: str
    placed_by: str
    placed_us: int
    in_force_us: int | None = None
    """Since when every stored segment of it is held by the store itself; None: not yet."""
    lifted_us: int | None = None
    lifted_by: str | None = None
    approved_by: str | None = None
    lift_reason: str | None = None
    released_us: int | None = None
    """Since when the store holds nothing for it any more."""

    @property
    def id(self) -> str:
        """Name it as commands do."""
        return f"hold-{self.number}"

    def covers(self, institution: str, camera: str, start_us: int, end_us: int) -> bool:
        """Whether it is not lifted and touches [start, end) of a camera."""
        if self.lifted_us is not None or (self.end_us is not None and start_us >= self.end_us):
            return False
        if max(end_us, start_us + 1) <= self.start_us:
            return False
        return camera in self.cameras or (self.institution is not None and institution == self.institution)


def covering(holds: Iterable[Hold], institution: str, camera: str, start_us: int, end_us: int) -> list[Hold]:
    """Return the holds that cover any of [start, end) of a camera, by number."""
    found = [hold for hold in holds if hold.covers(institution, camera, start_us, end_us)]
    return sorted(found, key=lambda hold: hold.number)


def parse_hold_id(text: str) -> int:
    """Return the number of "hold-3" or "3"; `InvalidInput` else."""
    digits = text.removeprefix("hold-")
    if not digits.isascii() or not digits.isdigit():
        raise InvalidInput(f"{text!r} is no hold's id", hint="run: camera-gateway hold list")
    return int(digits)
