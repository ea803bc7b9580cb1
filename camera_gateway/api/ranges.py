"""Byte ranges of HTTP (RFC 9110 section 14): which bytes of something of a known size are asked for. Pure.

One range is honoured; a header that is not understood, of another unit or of several ranges is passed over, as the
RFC allows, and the whole is sent.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_RANGE = re.compile(r"\s*bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.IGNORECASE)


class NotSatisfiable(Exception):
    """There are no such bytes: 416, with the size."""


def asked_range(headers: Mapping[str, str], size: int, tag: str) -> tuple[int, int] | None:
    """Return [start, stop) of the bytes that are asked for; None: the whole.

    `tag` is what If-Range must equal for the range to count. Raises `NotSatisfiable`.
    """
    match = _RANGE.fullmatch(headers.get("Range", ""))
    if match is None or headers.get("If-Range", tag) != tag:
        return None
    first, last = match[1], match[2]
    if first:
        start, stop = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < int(first):
            return None  # not valid, and so as if it were not there
    elif last:
        start, stop = max(0, size - int(last)), size
    else:
        return None
    if start >= stop:
        raise NotSatisfiable
    return start, stop


def claimed_range(headers: Mapping[str, str]) -> tuple[int, int | None]:
    """Return bytes that hold whatever `asked_range` may come to for something of unknown size (None: to its end)."""
    match = _RANGE.fullmatch(headers.get("Range", ""))
    if match is None or not match[1] or "If-Range" in headers:
        return 0, None
    start, stop = int(match[1]), int(match[2]) + 1 if match[2] else None
    return (0, None) if stop is not None and stop <= start else (start, stop)
