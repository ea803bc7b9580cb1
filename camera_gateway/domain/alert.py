"""Alerts as values: the closed list of what deserves one, how grave it is, and who is to hear of it how. Pure.

Must not know how a condition is noticed, where an alert is kept or how a message travels.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class Severity(StrEnum):
    """How grave; only what is critical passes through quiet hours."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Greater is graver."""
        return list(Severity).index(self)


class Audience(StrEnum):
    """Whose affair it is; the roles of the contract that act on alerts."""

    IT = "it"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"


class NoticeKind(StrEnum):
    """Why a message is sent."""

    OPENED = "opened"
    ESCALATED = "escalated"
    REMINDER = "reminder"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Kind:
    """One code. `latched`: an event, which is over when a person has acknowledged it, and is never told anew."""

    severity: Severity
    audience: frozenset[Audience]
    latched: bool = False


_IT = frozenset({Audience.IT})
_HOUSE = frozenset({Audience.IT, Audience.ADMINISTRATOR})
_HEADS = frozenset({Audience.ADMINISTRATOR, Audience.AUDITOR})
_PROOF = frozenset({Audience.IT, Audience.AUDITOR})
_ALL = frozenset(Audience)

CODES: Mapping[str, Kind] = {
    "camera-down": Kind(Severity.WARNING, _HOUSE),
    "network-down": Kind(Severity.CRITICAL, _HOUSE),
    "gateway-down": Kind(Severity.CRITICAL, _HOUSE),
    "gateway-was-down": Kind(Severity.WARNING, _HOUSE, latched=True),
    "store-unreachable": Kind(Severity.WARNING, _IT),
    "camera-flapping": Kind(Severity.INFO, _IT),
    "camera-clock": Kind(Severity.INFO, _IT),
    "picture-impaired": Kind(Severity.WARNING, _HOUSE),
    "device-changed": Kind(Severity.CRITICAL, _HOUSE),
    "outage-to-report": Kind(Severity.WARNING, frozenset({Audience.ADMINISTRATOR})),
    "outage-report-overdue": Kind(Severity.CRITICAL, _HEADS),
    "incident-entered": Kind(Severity.CRITICAL, _HEADS, latched=True),
    "spool-horizon": Kind(Severity.WARNING, _IT),
    "spool-loss-near": Kind(Severity.CRITICAL, _HOUSE),
    "disk-low": Kind(Severity.CRITICAL, _IT),
    "store-property-failed": Kind(Severity.WARNING, _PROOF),
    "audit-head-old": Kind(Severity.WARNING, _PROOF),
    "seal-missing": Kind(Severity.WARNING, _PROOF),
    "witness-waiting": Kind(Severity.WARNING, _PROOF),
    "drill-failed": Kind(Severity.CRITICAL, _PROOF),
    "clock-differs": Kind(Severity.CRITICAL, _IT),
    "certificate-ends": Kind(Severity.WARNING, _IT),
    "certificate-ends-now": Kind(Severity.CRITICAL, _HOUSE),
    "notices-failing": Kind(Severity.WARNING, _ALL),
}


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that is not as it should be. `subject` tells two of one code apart; `institution` None: all of them.

    `detail` are its numbers and ids, never a name of a person and never a secret.
    """

    code: str
    subject: str
    institution: str | None
    since_us: int
    detail: Mapping[str, Any] = field(default_factory=dict)
    outage: int | None = None


@dataclass(frozen=True, slots=True)
class Channel:
    """One way to reach somebody. `level` 0 is told at once, a higher one when nobody has acknowledged meanwhile."""

    name: str
    audience: Audience
    level: int
    min_severity: Severity
    institutions: frozenset[str]
    """Empty: of all, and of the installation as a whole."""
    language: str

    def hears(self, code: str, institution: str | None) -> bool:
        """Whether alerts of this code and place are its affair."""
        kind = CODES[code]
        if self.audience not in kind.audience or kind.severity.rank < self.min_severity.rank:
            return False
        return not self.institutions or institution in self.institutions
