"""What the services of `serve` have seen a moment ago, for verbs that show it without asking anew.

Plain values; a lone command has seen nothing. Must not know who looks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from storage.s3_lock import Property


@dataclass(frozen=True, slots=True)
class Observed:
    """One look. None and empty: nobody has looked yet."""

    running_since_us: int | None = None
    """When this service has started, µs UTC."""
    store: tuple[Property, ...] = ()
    """The latest word of the canary, property by property."""
    lacking: Mapping[str, str] = field(default_factory=dict)
    """What is not ready, by name, with a word for it; empty when everything is."""
    spool_used_bytes: int | None = None
    spool_until_loss_s: float | None = None
    """Seconds until a full spool loses footage at the present rates; None: no loss is in sight."""
    audit_head_age_s: float | None = None
    """Age of the audit head that was last anchored elsewhere."""
    drill_ok: float | None = None
    """Share of segments that the last drill found good."""
