"""Outages, conditions that deserve an alert, and who is to hear of them, as values. Pure.

Must not know how any of it is noticed, kept or told.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class OutageKind(StrEnum):
    """What was lost: one camera, the way to several, the gateway, the store."""

    CAMERA = "camera"
    NETWORK = "network"
    GATEWAY = "gateway"
    STORE = "store"


@dataclass(frozen=True, slots=True)
class NewOutage:
    """An outage as it is noticed. `end_us`: it was over before anybody could notice it."""

    institution: str
    site: str
    cameras: tuple[str, ...]
    kind: OutageKind
    cause: str
    start_us: int
    end_us: int | None = None


@dataclass(frozen=True, slots=True)
class OpenOutage:
    """An outage that goes on, as far as decisions need it."""

    number: int
    site: str
    cameras: tuple[str, ...]
    kind: OutageKind
    start_us: int
