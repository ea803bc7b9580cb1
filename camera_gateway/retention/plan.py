"""A deletion plan as a text with a digest, and the brake that stops one that is too large. Pure.

Promises that the digest is the SHA-256 of the plan's text, that the text lists every segment that would go, with hash,
version and rule, and nothing that changes while nothing is due: the same world at the same moment has the same digest.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from camera_gateway.clock import rfc3339
from camera_gateway.retention.decide import GOING, Decision

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SHARE_FROM = 100
"""A share of fewer objects says nothing: a camera's last day would always be too much of it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What would go at `as_of_us`, by camera and start. Decisions to keep are not part of it."""

    as_of_us: int
    going: tuple[Decision, ...]

    @property
    def size_bytes(self) -> int:
        """Return how many bytes would go."""
        return sum(decision.segment.size_bytes for decision in self.going)

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the text in hex."""
        return hashlib.sha256(self.text().encode()).hexdigest()

    def text(self) -> str:
        """Return the canonical text: a head, then a line per segment, its fields parted by tabs."""
        lines = ["retention-plan: 1", f"as-of: {rfc3339(self.as_of_us)}", f"segments: {len(self.going)}", "---"]
        lines += ["\t".join(_fields(decision)) for decision in self.going]
        return "\n".join(lines) + "\n"


def make_plan(as_of_us: int, decisions: Iterable[Decision]) -> Plan:
    """Return the plan of what goes among these decisions."""
    going = [decision for decision in decisions if decision.verdict in GOING]
    going.sort(key=lambda d: (d.segment.place.camera, d.segment.start_us, d.segment.segment))
    return Plan(as_of_us, tuple(going))


@dataclass(frozen=True, slots=True)
class BrakeRules:
    """`objects` per hour, `share` of a site's objects in one plan (0 to 1)."""

    objects: int
    share: float


@dataclass(frozen=True, slots=True)
class Lately:
    """What the brake measures a plan by: how many objects each site has, and what was deleted before."""

    kept_by_site: Mapping[str, int]
    deleted_by_site: Mapping[str, int]
    """In the last 30 days: so that the last footage of a closed site is not suddenly all of it."""
    deleted_last_hour: int


def brake(plan: Plan, rules: BrakeRules, lately: Lately) -> list[str]:
    """Return why a plan is too large to be done without a second person; empty: it is not (invariant R7)."""
    reasons = []
    number = len(plan.going)
    if number and number + lately.deleted_last_hour > rules.objects:
        reasons.append(
            f"{number} objects, with {lately.deleted_last_hour} in the last hour, are more than {rules.objects} an hour"
        )
    for site, going in sorted(Counter(decision.segment.site for decision in plan.going).items()):
        whole = lately.kept_by_site.get(site, 0) + lately.deleted_by_site.get(site, 0)
        if going >= SHARE_FROM and going > rules.share * whole:
            reasons.append(f"{going} of {whole} objects of site {site} are more than {rules.share:.0%}")
    return reasons


def _fields(decision: Decision) -> list[str]:
    segment = decision.segment
    until = "-" if segment.retain_until_us is None else rfc3339(segment.retain_until_us)
    return [
        str(decision.verdict),
        segment.segment,
        segment.place.camera,
        rfc3339(segment.start_us),
        rfc3339(segment.end_us),
        segment.sha256,
        segment.key or "-",
        segment.version_id or "-",
        until,
        decision.policy,
    ]
