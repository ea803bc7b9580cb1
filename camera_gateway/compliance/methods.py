"""How a figure was come by: a closed list of methods, each with its sentence. Pure.

The code is stable and stands in findings as `method_code`, so that a report can say the sentence in its language.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class Method(StrEnum):
    """The closed list."""

    PARAMETER_SETS = "parameter-sets"
    FRAMES = "frames-by-minute"
    BITSTREAM = "bitstream"
    BITRATE = "bitrate"
    LISTED_RATIO = "listed-ratio"
    LISTED_GAPS = "listed-gaps"
    LISTED_DAYS = "listed-days"
    LISTED_OLDEST = "listed-oldest"
    DRILLS = "drills"
    UPTIME = "uptime-by-gaps"
    OUTAGES = "outage-register"
    SENDER_REPORTS = "sender-reports"
    CLOCK_BY_HAND = "clock-by-hand"
    SCENE = "frame-over-scene"
    LOOKS = "looks"
    ZONES = "living-cameras"
    DECLARED = "declared"
    REGISTER = "process-register"
    LOSSES = "losses-and-reports"
    HOLDS = "holds"
    CANARY = "store-canary"
    TEXT_NEEDED = "text-needed"
    NOT_APPLICABLE = "not-applicable"
    NOBODY = "nobody-measures"


SENTENCES: Mapping[Method, str] = {
    Method.PARAMETER_SETS: "the smallest picture in the recorded stream's parameter sets; says nothing of the lens",
    Method.FRAMES: "frames delivered over media time, by the minute, as recorded",
    Method.BITSTREAM: "as it stands in the recorded stream",
    Method.BITRATE: "bytes stored over media time; a static scene needs few",
    Method.LISTED_RATIO: "time that is stored and was seen in the bucket's listing, over the time that was scheduled",
    Method.LISTED_GAPS: "holes of the scheduled time in what was seen in the bucket's listing, longer than one GOP",
    Method.LISTED_DAYS: "local days from yesterday back, each whole by the day rule, seen in the bucket's listing",
    Method.LISTED_OLDEST: "the oldest object in the bucket's listing that no hold keeps",
    Method.DRILLS: "segments drawn by lot from the whole installation, fetched, hashed and decoded",
    Method.UPTIME: "time without a gap that is the camera's, over the time in which the gateway could watch",
    Method.OUTAGES: "the register of outages: when each began, was seen, was told, ended and was reported",
    Method.SENDER_REPORTS: "RTCP sender reports against the gateway's clock, the largest of the period",
    Method.CLOCK_BY_HAND: "the camera's clock, compared by hand and declared",
    Method.SCENE: "width of the recorded picture over the declared width of the scene",
    Method.LOOKS: "pictures taken from the recorded stream, looked at by program",
    Method.ZONES: "the register of cameras, and which of them deliver a picture",
    Method.DECLARED: "declared by a person, with evidence",
    Method.REGISTER: "the register of processes, as people keep it",
    Method.LOSSES: "losses as the gaps tell them, against the register of outages",
    Method.HOLDS: "the holds in force, against what is stored",
    Method.CANARY: "tried on the store by the canary",
    Method.TEXT_NEEDED: "nobody has read the figure in the original",
    Method.NOT_APPLICABLE: "the rule asks nothing here",
    Method.NOBODY: "nothing here measures it",
}


@dataclass(frozen=True, slots=True)
class Measured:
    """One figure: `value` None could not be had, and `words` say why. `data` is for programs."""

    value: Any
    words: str
    method: Method
    evidence: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
