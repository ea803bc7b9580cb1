"""Entity tags and the conditions on them (RFC 9110, 8.8.3 and 13.1): the same bytes need not be sent twice.

A tag is the SHA-256 of the body, so it is strong: equal tags, equal bytes. Knows no verb.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

_TAG = re.compile(r'\s*(?P<weak>W/)?"(?P<tag>[\x21\x23-\x7e\x80-\xff]*)"\s*(?:,|$)')
_CHARACTERS = 32


def rendered(value: Any) -> bytes:  # noqa: ANN401 - JSON
    """Return JSON as it goes out: UTF-8, no blanks; NaN is a defect and raises ValueError."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def tag_of(body: bytes) -> str:
    """Return the strong tag of a body, with its quotes."""
    return f'"{hashlib.sha256(body).hexdigest()[:_CHARACTERS]}"'


def known_already(condition: str | None, tag: str) -> bool:
    """Whether If-None-Match names the tag (weak comparison), so that 304 is the answer."""
    return condition is not None and (condition.strip() == "*" or tag in _tags(condition, weak=True))


def unchanged(condition: str | None, tag: str) -> bool:
    """Whether If-Match allows a change of what has this tag (strong comparison); without one it does."""
    return condition is None or condition.strip() == "*" or tag in _tags(condition, weak=False)


def _tags(text: str, *, weak: bool) -> set[str]:
    """Return the tags of a condition; what is no list of tags has none."""
    found, position = set(), 0
    while position < len(text):
        match = _TAG.match(text, position)
        if match is None:
            return set()
        if weak or not match["weak"]:
            found.add(f'"{match["tag"]}"')
        position = match.end()
    return found
