"""What is to become of one segment, and why. Pure: no clock, no store, no catalogue.

Promises invariants R1 to R3 and R8 as a function: nothing is deleted before its retain-until, under a hold or by rules
that contradict each other; a retain-until only grows; a later, shorter rule takes nothing from what is recorded.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from camera_gateway.clock import rfc3339
from camera_gateway.domain.retention import covering

if TYPE_CHECKING:
    from collections.abc import Sequence

    from camera_gateway.domain.retention import Hold, Kept, Policies


class Verdict(StrEnum):
    """What is to be done. `OVERDUE` is deleted as well; that it is still there is a violation."""

    KEEP = "keep"
    EXTEND = "extend"
    DELETE = "delete"
    OVERDUE = "overdue"


GOING = frozenset({Verdict.DELETE, Verdict.OVERDUE})


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict with its reasons, in the order in which they counted.

    `until_us` is the moment until which the segment is promised to be kept, holds aside; `policy` names the rules.
    """

    segment: Kept
    verdict: Verdict
    reasons: tuple[str, ...]
    until_us: int
    policy: str


def decide(segment: Kept, policies: Policies, holds: Sequence[Hold], now_us: int) -> Decision:
    """Say what is to become of a segment at `now_us`.

    The rules of the time of recording and those of now are both asked, and the longer floor holds: a rule that was
    made longer reaches back, one that was made shorter does not (R8).
    """
    then = policies.at(segment.place, segment.end_us)
    now = policies.at(segment.place, max(now_us, segment.end_us))
    by_rules_us, policy = max(
        (then.retain_until_us(segment.end_us), then.id),
        (now.retain_until_us(segment.end_us), now.id),
        key=lambda pair: pair[0],
    )
    until_us = max(by_rules_us, segment.retain_until_us or 0)
    ceilings = [us for us in (then.ceiling_us(segment.end_us), now.ceiling_us(segment.end_us)) if us is not None]
    ceiling_us = min(ceilings, default=None)
    reasons = []
    held = covering(holds, segment.place.institution, segment.place.camera, segment.start_us, segment.end_us)
    reasons += [_held(hold) for hold in held]
    if now.is_contradictory:
        reasons.append(
            f"rules {now.id} contradict each other: keep at least {now.floor_days} days, "
            f"be gone after {now.ceiling_days}; a person must decide"
        )
    if until_us > now_us:
        reasons.append(_promised(segment, by_rules_us, policy))
    if reasons:
        if ceiling_us is not None and ceiling_us < min(until_us, now_us):
            reasons.append(f"its ceiling {rfc3339(ceiling_us)} is earlier; what was promised is not shortened")
        promised_us = segment.retain_until_us
        if segment.lock_mode is not None and promised_us is not None and promised_us < by_rules_us:
            reasons.append(f"locked until {rfc3339(promised_us)} only; the rules ask for {rfc3339(by_rules_us)}")
            return Decision(segment, Verdict.EXTEND, tuple(reasons), by_rules_us, policy)
        return Decision(segment, Verdict.KEEP, tuple(reasons), until_us, policy)
    reasons.append(f"was to be kept until {rfc3339(until_us)} by {policy}")
    if ceiling_us is not None and now_us > max(ceiling_us, until_us) + policies.defaults.day_us:  # R6: within 24 h
        reasons.append(f"should have been gone by {rfc3339(max(ceiling_us, until_us))}")
        return Decision(segment, Verdict.OVERDUE, tuple(reasons), until_us, policy)
    return Decision(segment, Verdict.DELETE, tuple(reasons), until_us, policy)


def _held(hold: Hold) -> str:
    case = f", case {hold.case}" if hold.case else ""
    return f"held by {hold.id}{case}"


def _promised(segment: Kept, by_rules_us: int, policy: str) -> str:
    promised_us = segment.retain_until_us or 0
    if promised_us > by_rules_us:
        return f"locked until {rfc3339(promised_us)}"
    return f"kept until {rfc3339(by_rules_us)} by {policy}"
