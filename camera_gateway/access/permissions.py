"""Who may do what: the contract's table of actions as data, and the one function that answers. Pure.

Everybody who asks for anything by a token is asked through `may` (invariant Z1). The answer has three parts: allowed
or not, whether a second person is needed as well (Z2), and the reason in words for the one who is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from camera_gateway.domain.camera import RESTRICTED_ZONES
from camera_gateway.domain.people import EVERYWHERE, Grant, Place, Role, Scope

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


class Act(StrEnum):
    """The closed list of what a permission is asked for."""

    REGISTRY_SEE = "registry.see"
    CAMERA_MANAGE = "camera.manage"
    HEALTH_SEE = "health.see"
    LIVE_VIEW = "live.view"
    COVERAGE_SEE = "coverage.see"
    FOOTAGE_VIEW = "footage.view"
    EVIDENCE_REQUEST = "evidence.request"
    EVIDENCE_APPROVE = "evidence.approve"
    EVIDENCE_EXPORT = "evidence.export"
    HOLD_PLACE = "hold.place"
    HOLD_LIFT = "hold.lift"
    INCIDENT_REPORT = "incident.report"
    FOOTAGE_DELETE_EARLY = "footage.delete-early"
    RETENTION_SEE = "retention.see"
    RETENTION_SHORTEN = "retention.shorten"
    RETENTION_SWEEP = "retention.sweep"
    SEAL_MAKE = "seal.make"
    SEAL_KEY_CHANGE = "seal.key-change"
    COMPLIANCE_SEE = "compliance.see"
    FACT_DECLARE = "fact.declare"
    REGISTER_KEEP = "register.keep"
    WAIVER_GRANT = "waiver.grant"
    REPORT_MAKE = "report.make"
    AUDIT_SEE = "audit.see"
    PEOPLE_MANAGE = "people.manage"
    FOOTAGE_GRANT_ONESELF = "footage.grant-oneself"
    SETTINGS_CHANGE = "settings.change"
    ACCOUNT_OWN = "account.own"
    SECOND_FACTOR_RESET = "second-factor.reset"


class Second(StrEnum):
    """When an act takes two people."""

    NEVER = "never"
    RESTRICTED_ZONE = "restricted zone"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Action:
    """One row of the table."""

    act: Act
    roles: frozenset[Role]
    second: Second = Second.NEVER


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer of `may`. With `needs_second_person`, allowed means: as one of the two."""

    allowed: bool
    needs_second_person: bool
    reason: str


_EVERYBODY = frozenset(Role)
_OPERATORS = frozenset({Role.IT, Role.ADMINISTRATOR})
_REVIEWERS = frozenset({Role.AUDITOR, Role.ADMINISTRATOR})
_ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})

ACTIONS: Mapping[Act, Action] = {
    action.act: action
    for action in (
        # which cameras there are: what every line below presupposes
        Action(Act.REGISTRY_SEE, _EVERYBODY),
        Action(Act.CAMERA_MANAGE, _OPERATORS),
        Action(Act.HEALTH_SEE, _OPERATORS),
        Action(Act.LIVE_VIEW, _EVERYBODY),
        # what is missing and why is health to one and compliance to the other; it shows no picture
        Action(Act.COVERAGE_SEE, _OPERATORS | _REVIEWERS),
        Action(Act.FOOTAGE_VIEW, _REVIEWERS, Second.RESTRICTED_ZONE),
        Action(Act.EVIDENCE_REQUEST, _REVIEWERS),
        Action(Act.EVIDENCE_APPROVE, _REVIEWERS, Second.ALWAYS),
        # of a request that somebody else has approved: that was the second person
        Action(Act.EVIDENCE_EXPORT, _REVIEWERS),
        Action(Act.HOLD_PLACE, _REVIEWERS),
        Action(Act.HOLD_LIFT, _ADMINISTRATORS, Second.ALWAYS),
        Action(Act.INCIDENT_REPORT, _REVIEWERS),
        Action(Act.FOOTAGE_DELETE_EARLY, _ADMINISTRATORS, Second.ALWAYS),
        Action(Act.RETENTION_SEE, _REVIEWERS),
        Action(Act.RETENTION_SHORTEN, _ADMINISTRATORS, Second.ALWAYS),
        # deletes what the rules say is due, never early
        Action(Act.RETENTION_SWEEP, _ADMINISTRATORS),
        Action(Act.SEAL_MAKE, _REVIEWERS),
        Action(Act.SEAL_KEY_CHANGE, _ADMINISTRATORS, Second.ALWAYS),
        Action(Act.COMPLIANCE_SEE, _REVIEWERS),
        # who answers for the cameras says what nobody can measure; who reviews does not
        Action(Act.FACT_DECLARE, _OPERATORS),
        Action(Act.REGISTER_KEEP, _OPERATORS | _REVIEWERS),
        Action(Act.WAIVER_GRANT, _ADMINISTRATORS, Second.ALWAYS),
        Action(Act.REPORT_MAKE, _REVIEWERS),
        Action(Act.AUDIT_SEE, _REVIEWERS),
        Action(Act.PEOPLE_MANAGE, _ADMINISTRATORS),
        Action(Act.FOOTAGE_GRANT_ONESELF, _ADMINISTRATORS, Second.ALWAYS),
        Action(Act.SETTINGS_CHANGE, _ADMINISTRATORS),
        # one's own tokens; over other people's the verb asks for people.manage
        Action(Act.ACCOUNT_OWN, _EVERYBODY),
        Action(Act.SECOND_FACTOR_RESET, _ADMINISTRATORS, Second.ALWAYS),
    )
}


def may(
    grants: Collection[Grant], act: Act, place: Place | None, *, now_us: int, within: Scope = EVERYWHERE
) -> Decision:
    """Decide whether somebody with `grants` may do `act` to the whole of `place` at `now_us` (µs UTC).

    `within` is the scope that the token in use is narrowed to; it takes away and never gives. `place` None asks
    whether there is any place at all: for lists, of which each row is then asked for by itself.
    """
    action = ACTIONS[act]
    second = _needs_second(action.second, place)
    fitting = [grant for grant in grants if grant.role in action.roles]
    if not fitting:
        return Decision(allowed=False, needs_second_person=second, reason=f"{act} needs a role: {_names(action.roles)}")
    living = [grant for grant in fitting if grant.in_force(now_us)]
    if not living:
        return Decision(allowed=False, needs_second_person=second, reason=f"the role that allows {act} has expired")
    if place is not None and not within.covers(place):
        return Decision(allowed=False, needs_second_person=second, reason=f"the token is narrowed to {within}")
    covering = [grant for grant in living if place is None or grant.scope.covers(place)]
    if not covering:
        scopes = ", ".join(sorted({str(grant.scope) for grant in living}))
        return Decision(allowed=False, needs_second_person=second, reason=f"{act} is granted in {scopes} only")
    best = covering[0]
    return Decision(allowed=True, needs_second_person=second, reason=f"{best.role} in {best.scope}")


def opens_footage(role: Role) -> bool:
    """Whether a role lets its holder see recorded footage."""
    return role in ACTIONS[Act.FOOTAGE_VIEW].roles


def _needs_second(second: Second, place: Place | None) -> bool:
    if second is Second.RESTRICTED_ZONE:
        # several zones at once may hold a restricted one
        return place is None or place.zone is None or place.zone in RESTRICTED_ZONES
    return second is Second.ALWAYS


def _names(roles: frozenset[Role]) -> str:
    return " or ".join(role.value for role in Role if role in roles)
