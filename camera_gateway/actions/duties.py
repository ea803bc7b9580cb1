"""Which losses the standards want reported upward, and how far a camera's clock may be off: read from the rule books.

Nothing of it is a figure of this program: without a standard that asks, nothing is asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from camera_gateway.clock import US
from camera_gateway.compliance.standards import load_directory
from camera_gateway.errors import GatewayError
from camera_gateway.health.conditions import Duty
from camera_gateway.settings.locate import config_directory

if TYPE_CHECKING:
    from collections.abc import Iterable

    from camera_gateway.domain.camera import Institution
    from camera_gateway.domain.standard import Rule, Standard
    from camera_gateway.settings.schema import StandardsSettings

CAMERA_DOWN = "camera_down"
CLOCK = "time.offset_abs"
_SPAN = re.compile(r"(?P<number>\d+(\.\d+)?)\s*(?P<unit>s|min|m|h|d)")
_SECONDS = {"s": 1, "min": 60, "m": 60, "h": 3_600, "d": 86_400}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the standards ask for, of which kinds of institution ("*": of all)."""

    duties: tuple[tuple[frozenset[str], Duty], ...] = ()
    clock_limits: tuple[tuple[frozenset[str], int], ...] = field(default=())

    def duties_of(self, institution: Institution) -> tuple[Duty, ...]:
        """Return the duties to report of an institution."""
        return tuple(duty for kinds, duty in self.duties if kinds & {"*", institution.kind.value})

    def clock_limit_us(self, institution: Institution) -> int | None:
        """Return how far a camera's clock may be off, the strictest; None: no standard says."""
        found = [limit for kinds, limit in self.clock_limits if kinds & {"*", institution.kind.value}]
        return min(found, default=None)


def asked(chosen: StandardsSettings) -> Asked:
    """Read the standards that are shipped and the installation's own; one that cannot be read asks for nothing."""
    standards: list[Standard] = []
    for directory in (config_directory() / "standards", chosen.directory):
        try:
            standards += [] if directory is None else load_directory(directory)
        except GatewayError:  # the verbs on standards tell of it
            continue
    wanted = [s for s in standards if not chosen.enabled or s.id in chosen.enabled]
    return Asked(
        tuple((frozenset(s.institutions), duty) for s in wanted for duty in _duties(s)),
        tuple((frozenset(s.institutions), limit) for s in wanted for limit in _limits(s.rules)),
    )


def span_us(text: object) -> int | None:
    """Return a span such as "4h" or "30min" in µs; None when it is none."""
    match = _SPAN.fullmatch(text.strip()) if isinstance(text, str) else None
    return None if match is None else round(float(match["number"]) * _SECONDS[match["unit"]] * US)


def _duties(standard: Standard) -> Iterable[Duty]:
    for rule in standard.rules:
        raw: Any = rule.raw
        threshold_us, deadline_us = span_us(raw.get("threshold")), span_us(raw.get("deadline"))
        if raw.get("trigger") == CAMERA_DOWN and deadline_us is not None:
            yield Duty(standard.id, rule.id, threshold_us or 0, deadline_us)


def _limits(rules: Iterable[Rule]) -> Iterable[int]:
    for rule in rules:
        if rule.metric == CLOCK and rule.op == "<=" and isinstance(rule.value, int | float):
            yield round(rule.value * US)
