"""Several standards at once: the strictest verified floor and ceiling of each camera, and where they contradict. Pure.

Each standard is judged by itself; this only says what they ask together. Figures that nobody has read anywhere, and
references that bind nobody, do not count. A contradiction is reported, never settled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from camera_gateway.compliance.context import written
from camera_gateway.compliance.lengths import days_in
from camera_gateway.domain.standard import Basis, RuleKind, Verified

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from camera_gateway.domain.measured import CameraRecord
    from camera_gateway.domain.standard import Rule, Standard

SAME_THING = {"archive.oldest_age": "archive.complete_days"}
"""A ceiling of the one is a ceiling of the other: what may not be kept cannot be asked for."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A figure with whose it is."""

    value: float
    unit: str | None
    standard: str
    rule: str
    clause: str
    basis: Basis
    verified: Verified


@dataclass(frozen=True, slots=True)
class Together:
    """What several standards ask of one metric of a camera."""

    camera: str
    metric: str
    floor: Bound | None
    ceiling: Bound | None

    @property
    def conflict(self) -> bool:
        """Whether no value can meet both."""
        return self.floor is not None and self.ceiling is not None and self.floor.value > self.ceiling.value


def strictest(standards: Iterable[Standard], kind: str, cameras: Sequence[CameraRecord], today: date) -> list[Together]:
    """Return, for each camera and metric, the strictest verified bounds of the standards that bind institutions."""
    binding = [s for s in standards if s.binds(kind) and not s.optional and s.basis is not Basis.REFERENCE]
    found = []
    for camera in cameras:
        floors: dict[str, Bound] = {}
        ceilings: dict[str, Bound] = {}
        for standard in binding:
            for rule in standard.rules:
                bound = _bound(standard, rule, camera, today)
                if bound is None:
                    continue
                metric = SAME_THING.get(rule.metric or "", rule.metric or "")
                if rule.op == ">=" and (metric not in floors or bound.value > floors[metric].value):
                    floors[metric] = bound
                if rule.op == "<=" and (metric not in ceilings or bound.value < ceilings[metric].value):
                    ceilings[metric] = bound
        metrics = sorted(floors.keys() | ceilings.keys())
        found += [Together(camera.id, m, floors.get(m), ceilings.get(m)) for m in metrics]
    return found


def _bound(standard: Standard, rule: Rule, camera: CameraRecord, today: date) -> Bound | None:
    in_force = (rule.in_force_from is None or rule.in_force_from <= today) and (
        rule.in_force_to is None or today <= rule.in_force_to
    )
    if rule.kind is not RuleKind.MEASURED or rule.verified is Verified.UNVERIFIED or not in_force:
        return None
    value = rule.value
    if rule.table:
        role = camera.facts.get("camera.role")
        value = rule.table.get(str(camera.role if role is None else role.value))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    figure, unit = float(value), rule.unit
    if rule.metric == "archive.oldest_age":
        figure, unit = days_in(figure, rule.unit or "d", today), "d"
    return Bound(figure, unit, standard.id, rule.id, rule.clause, standard.basis, rule.verified)


def in_words(bound: Bound) -> str:
    """Return a bound in a few words."""
    return f"{written(bound.value, bound.unit)} ({bound.standard} {bound.clause}, {bound.verified})"
