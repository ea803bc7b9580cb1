"""A type per identifier, and the one rule for ids that people choose (docs/glossary.md).

Promises that an id chosen by a person fits into an object key and a file name. Pure.
"""

from __future__ import annotations

import re
import secrets
from typing import NewType

from camera_gateway.errors import InvalidInput

InstitutionId = NewType("InstitutionId", str)
SiteId = NewType("SiteId", str)
CameraId = NewType("CameraId", str)
DeviceId = NewType("DeviceId", str)
RunId = NewType("RunId", str)
SegmentId = NewType("SegmentId", str)

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{1,40}")

_FROM = "абвгдеёжзийклмнопрстуфхцчшщъыьэюяәғқңөұүһі"
_TO = "a b v g d e yo zh z i y k l m n o p r s t u f kh ts ch sh shch _ y _ e yu ya a g q n o u u h i"
_CYRILLIC = dict(zip(_FROM, _TO.split(" "), strict=True))


def parse_slug(text: str, what: str) -> str:
    """Return `text` when it is a valid id for `what`, else raise `InvalidInput`."""
    if SLUG.fullmatch(text) is None:
        raise InvalidInput(
            f"{what} id {text!r} is not valid",
            hint="use 2 to 41 characters: a-z, 0-9 and '-', starting with a letter or digit",
        )
    return text


def slug_of(name: str) -> str:
    """Propose an id for a name in Kazakh, Russian or English; '' when nothing usable is left.

    Transliterates Cyrillic letter by letter; every other run of characters becomes one '-'.
    """
    latin = "".join(_CYRILLIC.get(c, c) for c in name.lower()).replace("_", "")
    slug = re.sub(r"[^a-z0-9]+", "-", latin).strip("-")[:41].rstrip("-")
    return slug if SLUG.fullmatch(slug) else ""


def new_run_id() -> RunId:
    """Return a fresh random run id: 16 hex digits."""
    return RunId(secrets.token_hex(8))


def segment_id(run: RunId, number: int) -> SegmentId:
    """Name the `number`-th segment (from 0) of a run."""
    return SegmentId(f"{run}-{number:06d}")
