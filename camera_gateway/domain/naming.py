"""Object keys (contract.md, "Objects in the bucket"). Pure; the one place where keys are made and parsed.

Promises that two different contents never share a key (invariant U1).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from camera_gateway.clock import to_datetime

_SEGMENT = re.compile(
    r"v1/(?P<institution>[a-z0-9][a-z0-9-]{1,40})/(?P<camera>[a-z0-9][a-z0-9-]{1,40})/"
    r"(?P<day>\d{4}/\d{2}/\d{2})/(?P<start>\d{16})-(?P<sha>[0-9a-f]{16})\.mp4"
)


@dataclass(frozen=True, slots=True)
class SegmentKey:
    """What a segment's key says."""

    institution: str
    camera: str
    start_us: int
    sha256_head: str


def segment_key(institution: str, camera: str, start_us: int, sha256: str) -> str:
    """Return the key of a segment: a retry can only ever name the same bytes (invariant U1)."""
    day = to_datetime(start_us).strftime("%Y/%m/%d")
    return f"v1/{institution}/{camera}/{day}/{start_us:016d}-{sha256[:16]}.mp4"


def parse_segment_key(key: str) -> SegmentKey | None:
    """Return what a key says, or None when it is no segment's key."""
    match = _SEGMENT.fullmatch(key)
    if match is None:
        return None
    return SegmentKey(match["institution"], match["camera"], int(match["start"]), match["sha"])


def camera_prefix(institution: str, camera: str) -> str:
    """Return the prefix of everything of a camera."""
    return f"v1/{institution}/{camera}/"


def day_prefix(institution: str, camera: str, day_us: int) -> str:
    """Return the prefix of the UTC day in which `day_us` lies."""
    return camera_prefix(institution, camera) + to_datetime(day_us).strftime("%Y/%m/%d/")
