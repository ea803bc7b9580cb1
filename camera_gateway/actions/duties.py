"""Which losses the standards want reported upward, and how far a camera's clock may be off: read from the rule books.

Nothing of it is a figure of this program: without a standard in force that asks, nothing is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from camera_gateway.clock import US
from camera_gateway.compliance.editions import in_force
from camera_gateway.compliance.standards import chosen, load_directory
from camera_gateway.errors import GatewayError
from camera_gateway.health.conditions import Duty
from camera_gateway.settings.locate import config_directory

if TYPE_CHECKING:
    from collections.abc import Iterable

    from camera_gateway.domain.camera import Institution
    from camera_gateway.domain.standard import Standard
    from camera_gateway.settings.schema import StandardsSettings

CAMERA_DOWN = "camera_down"
CLOCK = "time.offset_abs"


@dataclass(frozen=True, slots=True)
class Asked:
    """The standards that are in force."""

    standards: tuple[Standard, ...] = ()

    def duties_of(self, institution: Institution) -> tuple[Duty, ...]:
        """Return the duties of an institution to report losses."""
        return tuple(duty for standard in self._binding(institution) for duty in _duties(standard))

    def clock_limit_us(self, institution: Institution) -> int | None:
        """Return how far a camera's clock may be off, the strictest; None: no standard says."""
        limits = [
            round(rule.value * US)
            for standard in self._binding(institution)
            for rule in standard.rules
            if rule.metric == CLOCK and rule.op == "<=" and isinstance(rule.value, int | float)
        ]
        return min(limits, default=None)

    def _binding(self, institution: Institution) -> list[Standard]:
        return [standard for standard in self.standards if standard.binds(institution.kind.value)]


def asked(settings: StandardsSettings, time_zone: str, now_us: int) -> Asked:
    """Read the standards that are shipped and the installation's own; what cannot be read asks for nothing."""
    found: list[Standard] = []
    for directory in (config_directory() / "standards", settings.directory):
        try:
            found += [] if directory is None else load_directory(directory)
        except GatewayError:  # the verbs on standards tell of it
            continue
    try:
        return Asked(tuple(in_force(chosen(found, settings.enabled), time_zone, now_us).values()))
    except GatewayError:  # as above
        return Asked()


def _duties(standard: Standard) -> Iterable[Duty]:
    for rule in standard.rules:
        process = rule.process
        if process is not None and process.trigger == CAMERA_DOWN and process.deadline_s is not None:
            yield Duty(standard.id, rule.id, (process.threshold_s or 0) * US, process.deadline_s * US)
