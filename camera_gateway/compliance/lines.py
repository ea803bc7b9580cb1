"""Where things stand in a TOML file of a standard, so that an error can name its line. Pure.

TOML's reader gives values without places; this finds the places again: the n-th `[[rule]]` and the keys below it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_HEADER = re.compile(r"\s*\[{1,2}\s*([A-Za-z0-9_\-.\"']+)\s*\]{1,2}")
_KEY = re.compile(r"\s*([A-Za-z0-9_\-]+)\s*=")


@dataclass(frozen=True, slots=True)
class Block:
    """The lines of one table: its header's line (1: the file's own keys) and where each of its keys stands."""

    line: int
    keys: dict[str, int]

    def line_of(self, key: str | None) -> int:
        """Return the line of a key, or of the block where the key does not stand."""
        return self.line if key is None else self.keys.get(key, self.line)


def blocks_of(text: str) -> dict[tuple[str, int], Block]:
    """Return the blocks of a file by (name of the table, how many of that name stand before it); "" is the top."""
    found: dict[tuple[str, int], Block] = {}
    counts: dict[str, int] = {}
    block = found["", 0] = Block(1, {})
    quoted: str | None = None
    for number, line in enumerate(text.splitlines(), 1):
        if quoted is not None:
            if quoted in line:
                quoted = None
            continue
        header = _HEADER.match(line)
        if header and "=" not in line.partition("#")[0]:
            name = header[1]
            index = counts[name] = counts.get(name, -1) + 1
            block = found[name, index] = Block(number, {})
            continue
        key = _KEY.match(line)
        if key:
            block.keys.setdefault(key[1], number)
        for mark in ('"""', "'''"):
            if line.count(mark) % 2:
                quoted = mark
    return found
