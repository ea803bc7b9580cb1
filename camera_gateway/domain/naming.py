"""Object keys (docs/formats/bucket.md). Pure; the one place where keys are made and parsed.

Promises that two different contents never share a key (invariant U1).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from camera_gateway.clock import EPOCH, to_datetime

DAY_US = 86_400_000_000

_SEGMENT = re.compile(
    r"v1/(?P<institution>[a-z0-9][a-z0-9-]{1,40})/(?P<camera>[a-z0-9][a-z0-9-]{1,40})/"
    r"(?P<day>\d{4}/\d{2}/\d{2})/(?P<start>\d{16})-(?P<sha>[0-9a-f]{16})\.mp4"
)
_SEAL = re.compile(
    r"v1/(?P<institution>[a-z0-9][a-z0-9-]{1,40})/seals/(?P<site>[a-z0-9][a-z0-9-]{1,40})/"
    r"(?P<day>\d{4}-\d{2}-\d{2})/SEAL\.(?P=day)(?:\.a(?P<addendum>[1-9]\d{0,3}))?\.txt"
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


class ManifestKind(StrEnum):
    """The three files of a camera-day, by the end of their names."""

    SHA256SUMS = "SHA256SUMS"
    INDEX = "INDEX.jsonl"
    GAPS = "GAPS.tsv"


@dataclass(frozen=True, slots=True)
class SealKey:
    """What the key of a seal's text says; addendum 0 is the seal itself."""

    institution: str
    site: str
    day: date
    addendum: int


def utc_day(at_us: int) -> date:
    """Return the UTC day in which `at_us` lies: the day of a key."""
    return to_datetime(at_us).date()


def day_span_us(day: date) -> tuple[int, int]:
    """Return start and end of a UTC day in µs since 1970."""
    start_us = (day - EPOCH.date()).days * DAY_US
    return start_us, start_us + DAY_US


def object_name(key: str) -> str:
    """Return the last part of a key: how manifests name an object."""
    return key.rpartition("/")[2]


def manifest_name(camera: str, day: date, kind: ManifestKind, addendum: int = 0) -> str:
    """Return the name of a camera-day's file; addenda (from 1) are called a1, a2 and so on."""
    return f"{camera}.{day.isoformat()}{_added(addendum)}.{kind}"


def manifest_key(institution: str, camera: str, day: date, kind: ManifestKind, addendum: int = 0) -> str:
    """Return the key of a camera-day's file, beside the segments that it lists."""
    folder = camera_prefix(institution, camera) + day.strftime("%Y/%m/%d/manifest/")
    return folder + manifest_name(camera, day, kind, addendum)


def seal_name(day: date, suffix: str, addendum: int = 0) -> str:
    """Return the name of a site-day's seal (`txt`) or of what belongs to it (`sig`)."""
    return f"SEAL.{day.isoformat()}{_added(addendum)}.{suffix}"


def tombstones_name(day: date) -> str:
    """Return the name of the list of what was deleted on a site-day."""
    return f"TOMBSTONES.{day.isoformat()}.tsv"


def seal_prefix(institution: str, site: str) -> str:
    """Return the prefix of all seals of a site."""
    return f"v1/{institution}/seals/{site}/"


def key_name(day: date) -> str:
    """Return the name of the public key that the seal of a day announces."""
    return f"KEY.{day.isoformat()}.pub"


def audit_prefix(institution: str) -> str:
    """Return the prefix of the anchored heads of the audit log."""
    return f"v1/{institution}/audit/"


def seal_key(institution: str, site: str, day: date, name: str) -> str:
    """Return the key of a file of a site-day by its name."""
    return f"{seal_prefix(institution, site)}{day.isoformat()}/{name}"


def parse_seal_key(key: str) -> SealKey | None:
    """Return what the key of a seal's text says, None for every other key."""
    match = _SEAL.fullmatch(key)
    if match is None:
        return None
    try:
        day = date.fromisoformat(match["day"])
    except ValueError:
        return None
    return SealKey(match["institution"], match["site"], day, int(match["addendum"] or 0))


def _added(addendum: int) -> str:
    return f".a{addendum}" if addendum else ""
