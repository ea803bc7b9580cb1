"""On which line of a TOML text a key stands.

tomllib tells values, not places; errors want a line. This walks over a text that tomllib has accepted, so it only
needs to know what can hide a line's meaning: strings, comments and brackets. Pure.
"""

from __future__ import annotations

import re
import tomllib

_KEY = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')"""
_KEYS = rf"{_KEY}(?:[ \t]*\.[ \t]*{_KEY})*"
_HEADER = re.compile(rf"[ \t]*\[\[?[ \t]*({_KEYS})[ \t]*\]\]?")
_ASSIGNMENT = re.compile(rf"[ \t]*({_KEYS})[ \t]*=")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}' r"|'''.*?'{3,5}" r'|"(?:[^"\\\n]|\\.)*"' r"|'[^'\n]*'",
    re.DOTALL,
)

Place = tuple[str, ...]


def lines_of_keys(text: str) -> dict[Place, int]:
    """Return the line (from 1) of each table header and key of a valid TOML text, by its full dotted path.

    Keys inside an inline table are not told apart: ask for their parent.
    """
    result: dict[Place, int] = {}
    table: Place = ()
    at = 0
    while at < len(text):
        line = text.count("\n", 0, at) + 1
        header = _HEADER.match(text, at)
        if header is not None:
            table = _parts(header[1])
            result.setdefault(table, line)
            at = _next_line(text, header.end())
            continue
        assignment = _ASSIGNMENT.match(text, at)
        if assignment is not None:
            place = table + _parts(assignment[1])
            for length in range(len(table) + 1, len(place) + 1):
                result.setdefault(place[:length], line)
            at = _end_of_value(text, assignment.end())
            continue
        at = _next_line(text, at)
    return result


def line_of(text: str, place: Place) -> int | None:
    """Return the line of a key, or of the nearest enclosing one that has a line; None when even that has none."""
    lines = lines_of_keys(text)
    for length in range(len(place), 0, -1):
        if place[:length] in lines:
            return lines[place[:length]]
    return None


def _parts(dotted: str) -> Place:
    parsed: object = tomllib.loads(f"{dotted} = 0")
    parts = []
    while isinstance(parsed, dict):
        name, parsed = next(iter(parsed.items()))
        parts.append(name)
    return tuple(parts)


def _next_line(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1


def _end_of_value(text: str, at: int) -> int:
    """Return where the line after a value begins; brackets and strings may span lines."""
    depth = 0
    while at < len(text):
        character = text[at]
        string = _STRING.match(text, at) if character in "\"'" else None
        if string is not None:
            at = string.end()
            continue
        if character == "#":
            at = _next_line(text, at) - 1
            if at < 0 or text[at] != "\n":
                return len(text)
            continue
        if character == "\n" and depth == 0:
            return at + 1
        depth += (character in "[{") - (character in "]}")
        at += 1
    return at
