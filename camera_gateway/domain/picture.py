"""What can be wrong with a picture, and the form in which pictures are looked at. Pure values.

Kinds are impairments of a picture and say nothing of whether there is footage: a frozen or black picture does not end
coverage (invariant C4).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from camera_gateway.domain.ids import CameraId

KINDS = ("black", "dark", "frozen", "blurred", "covered", "moved", "over-exposed")
"""The closed list of impairments."""

WIDTH, HEIGHT = 640, 360
"""Every picture is looked at in this size, whatever its shape: what is compared was squeezed in the same way."""
LUMA_BYTES = WIDTH * HEIGHT
PICTURE_BYTES = LUMA_BYTES * 3 // 2
"""Luma, then the two planes of colour at half the size; full range."""


class Verdict(StrEnum):
    """What a look says of one kind. What cannot be told is unknown: neither passed nor failed."""

    FINE = "fine"
    BAD = "bad"
    UNKNOWN = "unknown"


class Light(StrEnum):
    """By what light a picture was taken: cameras have no colour by infrared."""

    COLOUR = "colour"
    INFRARED = "infrared"


LOOKED = "looked"
"""The outcome of a look that has seen a picture; any other outcome is the cause why it has not."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look, at `at_us`. `measured` holds what came out, with `verdicts`: which kinds are bad, fine or unknown."""

    camera: CameraId
    at_us: int
    segment: str | None
    outcome: str
    measured: Mapping[str, Any]

    @property
    def verdicts(self) -> dict[str, str]:
        """Return "bad", "fine" or "unknown" by kind; of a look that has seen nothing, nothing."""
        return dict(self.measured.get("verdicts", {}))

    @property
    def bad(self) -> list[str]:
        """Return the kinds that are bad, in the order of `KINDS`."""
        found = self.verdicts
        return [kind for kind in KINDS if found.get(kind) == "bad"]


@dataclass(frozen=True, slots=True)
class Impairment:
    """A picture that was not fit to be seen: `kind` is one of `KINDS`, `end_us` None while it lasts.

    It began up to `precision_us` before `start_us`: between the last look that was fine and the first that was not.
    `evidence` names the segment of the first bad look and what was measured there.
    """

    number: int
    camera: CameraId
    kind: str
    start_us: int
    last_seen_us: int
    end_us: int | None
    precision_us: int
    evidence: Mapping[str, Any]
