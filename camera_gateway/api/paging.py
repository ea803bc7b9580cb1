"""Pages of lists by opaque cursors.

A cursor names the last row that was given, so that rows which come or go in between neither repeat nor hide others.
Knows lists of JSON objects; which rows somebody may see was decided before.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any

from camera_gateway.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DEFAULT = 100
LARGEST = 500
LONGEST_CURSOR = 512


def page_of(rows: Sequence[Mapping[str, Any]], key: str, limit: int, cursor: str | None) -> dict[str, Any]:
    """Return `{"items", "next"}`: at most `limit` rows behind the cursor; `next` None on the last page."""
    start = 0 if cursor is None else _behind(rows, key, *read_cursor(cursor))
    items = list(rows[start : start + limit])
    more = start + limit < len(rows)
    return {"items": items, "next": make_cursor(start + limit, items[-1][key]) if more and items else None}


def _behind(rows: Sequence[Mapping[str, Any]], key: str, position: int, last: str | int) -> int:
    """Return where the row behind `last` is; where that one is gone, the position that it had."""
    # rows move little: the place where it was is looked at first
    if 0 < position <= len(rows) and rows[position - 1][key] == last:
        return position
    for index, row in enumerate(rows):
        if row[key] == last:
            return index + 1
    return min(position, len(rows))


def make_cursor(position: int, last: str | int) -> str:
    """Return a cursor that means: behind `last`, which was the row before `position`."""
    return base64.urlsafe_b64encode(json.dumps([position, last]).encode()).decode().rstrip("=")


def read_cursor(text: str) -> tuple[int, str | int]:
    """Return what `make_cursor` was given; `InvalidInput` for anything else."""
    wrong = InvalidInput("cursor: not one that this service has given", hint="begin anew, without a cursor")
    if len(text) > LONGEST_CURSOR:
        raise wrong
    try:
        position, last = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True))
    except (binascii.Error, ValueError, TypeError, RecursionError):
        raise wrong from None
    if type(position) is not int or type(last) not in {int, str} or not 0 <= position < 1 << 53:
        raise wrong
    return position, last


def limit_of(text: str | None) -> int:
    """Return how many rows a page is to have."""
    if text is None:
        return DEFAULT
    if not text.isascii() or not text.isdigit() or len(text) > len(str(LARGEST)) or not 1 <= int(text) <= LARGEST:
        raise InvalidInput(f"limit: not a number from 1 to {LARGEST}")
    return int(text)
