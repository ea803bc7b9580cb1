"""The plan: what the recorder is to record, from where, when. Pure values.

`serve` writes it, `record` reads it; it is the only word that passes from one to the other. Passwords travel
as ciphertext.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from camera_gateway.domain.camera import StreamAddress
    from camera_gateway.domain.ids import CameraId, InstitutionId, SiteId

PLAN_VERSION = 1


@dataclass(frozen=True, slots=True)
class CameraPlan:
    """One camera's part of the plan. `active` False means: paused by the operator, keep the gap's cause."""

    camera: CameraId
    institution: InstitutionId
    site: SiteId
    active: bool
    address: StreamAddress
    allowed_networks: tuple[str, ...]
    username: str | None
    password_sealed: str | None
    time_zone: str
    schedule: tuple[str, ...]
    holidays: tuple[str, ...]
    registered_us: int
    """Recording is expected from here on."""
    segment_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole plan. `generation` grows with every change; `owner` names the catalogue that wrote it."""

    generation: int
    owner: str
    written_us: int
    cameras: tuple[CameraPlan, ...]
