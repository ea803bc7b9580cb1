"""When an impairment begins and ends, from the looks so far. Pure.

Promises that one odd look changes nothing: a kind has to be bad in `IN_A_ROW` looks that could tell, or fine in as
many. A look that cannot tell counts for neither, and of
several looks at one segment the last alone; what began is said to have begun at the first bad look, at most
`precision_us` later than it did.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from camera_gateway.domain.picture import KINDS, Verdict
from camera_gateway.health.verdicts import COMPARISONS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from camera_gateway.domain.picture import Look

IN_A_ROW = 2
FROZEN = "frozen"
"""Is said only after several looks were compared, so that one word is enough; it began with the first of those."""
HISTORY = 12
"""Looks that are enough to decide: of a kind that cannot be told for two hours nothing begins or ends."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A kind that is bad from now on; `first` is the look that showed it first."""

    kind: str
    first: Look
    precision_us: int


@dataclass(frozen=True, slots=True)
class Ended:
    """A kind that was fine again at `at_us`."""

    kind: str
    at_us: int


@dataclass(frozen=True, slots=True)
class SeenAgain:
    """A kind that is open, and bad in the latest look."""

    kind: str


Change = Begun | Ended | SeenAgain


def changes_of(looks: Sequence[Look], open_kinds: Collection[str], period_us: int) -> list[Change]:
    """Return what the latest of `looks` (by time, all of one camera, that have seen a picture) changes."""
    by_segment = {look.segment: look for look in looks}
    different = sorted(by_segment.values(), key=lambda look: look.at_us)
    if not different:
        return []
    found: list[Change] = []
    for kind in KINDS:
        change = _change_of(kind, different, kind in open_kinds, period_us)
        if change is not None:
            found.append(change)
    return found


def _change_of(kind: str, looks: Sequence[Look], is_open: bool, period_us: int) -> Change | None:  # noqa: FBT001 - a fact
    if looks[-1].verdicts.get(kind) not in {Verdict.BAD, Verdict.FINE}:
        return None
    told = [look for look in looks if look.verdicts.get(kind) in {Verdict.BAD, Verdict.FINE}]
    latest = told[-1].verdicts[kind]
    run = []
    for look in reversed(told):
        if look.verdicts[kind] != latest:
            break
        run.append(look)
    first = run[-1]
    enough = len(run) >= (1 if kind == FROZEN else IN_A_ROW)
    if latest == Verdict.BAD and is_open:
        return SeenAgain(kind)
    if latest == Verdict.BAD and enough:
        return _begun(kind, looks, first, period_us)
    if latest == Verdict.FINE and is_open and enough:
        return Ended(kind, first.at_us)
    return None


def _begun(kind: str, looks: Sequence[Look], first: Look, period_us: int) -> Begun:
    at = next(number for number, look in enumerate(looks) if look.at_us == first.at_us)
    if kind == FROZEN:
        # the picture that it stands still at was seen some looks ago
        at = max(0, at - COMPARISONS)
    before = [look for look in looks[:at] if look.verdicts.get(kind) == Verdict.FINE]
    begin = looks[at]
    return Begun(kind, begin, begin.at_us - before[-1].at_us if before else period_us)
