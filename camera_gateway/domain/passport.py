"""The passport of a camera: where exactly it hangs, what it is there for, since when, and how its picture should look.

Belongs to the viewpoint and survives the apparatus (docs/glossary.md). Pure.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from camera_gateway.errors import InvalidInput

if TYPE_CHECKING:
    from camera_gateway.domain.ids import CameraId

LONGEST_PLACE = 500


class CameraRole(StrEnum):
    """What a camera is there for; what a picture must show follows from it."""

    OVERVIEW = "overview"
    FACE = "face"
    ENTRANCE = "entrance"
    EXIT = "exit"
    PASSAGE = "passage"
    PERIMETER = "perimeter"
    VEHICLES = "vehicles"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Passport:
    """What people wrote of a viewpoint; empty or None where nobody did."""

    camera: CameraId
    place: str = ""
    role: CameraRole | None = None
    mounted_on: str | None = None
    """A local date, YYYY-MM-DD."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of how a viewpoint looks: `approved_us` None means that it is a proposal. JPEG."""

    number: int
    camera: CameraId
    taken_us: int
    taken_by: str
    sha256: str
    width: int
    height: int
    size_bytes: int
    approved_us: int | None
    approved_by: str | None


def role_of(text: str) -> CameraRole:
    """Return the role, or say which there are."""
    try:
        return CameraRole(text.strip().lower())
    except ValueError as error:
        known = ", ".join(role.value for role in CameraRole)
        raise InvalidInput(f"role {text[:40]!r} is not known", hint=f"use one of: {known}") from error


def date_of(text: str) -> str:
    """Return a date as YYYY-MM-DD; also reads DD.MM.YYYY, as sheets here have it."""
    words = text.strip()
    for form in ("%Y-%m-%d", "%d.%m.%Y"):
        try:
            found = dt.datetime.strptime(words, form).replace(tzinfo=dt.UTC).date()
        except ValueError:
            continue
        if found.year >= 1990:  # noqa: PLR2004 - before there were cameras of this kind
            return found.isoformat()
    raise InvalidInput(f"date {words[:20]!r} is not valid", hint="write YYYY-MM-DD or DD.MM.YYYY")
