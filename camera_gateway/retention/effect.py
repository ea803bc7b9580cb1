"""What a change of the rules would do, before it is made. Pure.

Promises an answer for the moment from which the change counts and for every later one at which other rules change.
What is recorded already is never shortened (R8): it can only be kept longer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from camera_gateway.domain.retention import Kept, Policies, PolicyRule, Viewpoint


@dataclass(frozen=True, slots=True)
class Effect:
    """The effect of a new rule.

    `segments` and `size_bytes` are of recorded footage that is kept longer by it; `too_short` names cameras whose floor
    would be below what a standard asks for, with both; `contradictions` those whose floor would be above the ceiling.
    `earliest_us`: when the first footage would go that is recorded under it; None: it speaks of no camera.
    """

    cameras: tuple[str, ...]
    shortens: tuple[str, ...]
    segments: int
    size_bytes: int
    too_short: tuple[tuple[str, int, int], ...]
    contradictions: tuple[str, ...]
    earliest_us: int | None
    earliest_before_us: int | None


def effect_of(
    before: Policies,
    rule: PolicyRule,
    places: Iterable[Viewpoint],
    kept: Iterable[Kept],
    required_days: Mapping[str, int],
) -> Effect:
    """Compare the rules with and without `rule`. `required_days`: what standards ask for, by camera."""
    after = replace(before, rules=(*before.rules, rule))
    touched = [place for place in places if rule.scope.includes(place)]
    moments = [rule.valid_from_us, *(us for us in after.changes_us() if us > rule.valid_from_us)]
    shortens, contradictions, too_short = [], [], []
    for place in touched:
        pairs = [(before.at(place, us), after.at(place, us)) for us in moments]
        if any(new.is_shorter_than(old) for old, new in pairs):
            shortens.append(place.camera)
        if any(new.is_contradictory for _old, new in pairs):
            contradictions.append(place.camera)
        least = min(new.floor_days for _old, new in pairs)
        if least < required_days.get(place.camera, 0):
            too_short.append((place.camera, least, required_days[place.camera]))
    names = {place.camera for place in touched}
    longer = [k for k in kept if k.place.camera in names and _until(after, k, rule) > _until(before, k, rule)]
    at_us = rule.valid_from_us
    return Effect(
        cameras=tuple(sorted(names)),
        shortens=tuple(sorted(shortens)),
        segments=len(longer),
        size_bytes=sum(k.size_bytes for k in longer),
        too_short=tuple(sorted(too_short)),
        contradictions=tuple(sorted(contradictions)),
        earliest_us=min((after.at(p, at_us).retain_until_us(at_us) for p in touched), default=None),
        earliest_before_us=min((before.at(p, at_us).retain_until_us(at_us) for p in touched), default=None),
    )


def _until(policies: Policies, kept: Kept, rule: PolicyRule) -> int:
    """Return until when a segment is promised once the rule counts."""
    at_us = max(rule.valid_from_us, kept.end_us)
    then, now = policies.at(kept.place, kept.end_us), policies.at(kept.place, at_us)
    by_rules_us = max(then.retain_until_us(kept.end_us), now.retain_until_us(kept.end_us))
    return max(by_rules_us, kept.retain_until_us or 0)
