"""The boxes of the ONVIF Export File Format that a derivative carries: who exported what, and when it really began.

Layouts after onvif/specs doc/ExportFileFormat.xml, "Required Side Information" (`suep`, version 1) and "Timing"
(`cstb`); around them a `meta` box of ISO/IEC 14496-12 8.11. Appended to a file, so that no offset in it moves. The
standard's own signature (`ipro`, RSA over the file) is not made: the package is signed as a whole. Pure.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from camera_gateway.media.boxes import box, full_box

MAC_EPOCH_S: Final = 2_082_844_800
"""Seconds from 1904 (times of ISO/IEC 14496-12) to 1970."""
FILETIME_EPOCH_US: Final = 11_644_473_600_000_000
"""Microseconds from 1601 to 1970."""
_HANDLER: Final = b"null"
"""No handler of ours: the `meta` box only holds the two (8.11.1)."""


@dataclass(frozen=True, slots=True)
class Source:
    """A track and where it comes from; what is not known is empty."""

    track_id: int
    name: str
    url: str
    mac: str
    line: str = ""


@dataclass(frozen=True, slots=True)
class ExportFacts:
    """Who exported and when; times in µs UTC. `start_us` is the wall time at which the movie's time is 0."""

    unit_name: str
    unit_url: str
    unit_mac: str
    exported_us: int
    operator: str
    start_us: int
    sources: tuple[Source, ...]


def export_meta(facts: ExportFacts) -> bytes:
    """Return the file-level `meta` box with `suep` and `cstb`."""
    handler = full_box(b"hdlr", 0, 0, struct.pack(">I4s12x", 0, _HANDLER), b"\x00")
    return full_box(b"meta", 0, 0, handler, surveillance_export(facts), correct_start_time(facts))


def surveillance_export(facts: ExportFacts) -> bytes:
    """Return `suep`."""
    sources = b"".join(
        struct.pack(">H", source.track_id)
        + b"".join(_text(part) for part in (source.name, source.url, source.mac, source.line))
        for source in facts.sources
    )
    return full_box(
        b"suep",
        1,
        0,
        *(_text(part) for part in (facts.unit_name, facts.unit_url, facts.unit_mac)),
        struct.pack(">Q", facts.exported_us // 1_000_000 + MAC_EPOCH_S),
        _text(facts.operator),
        struct.pack(">I", len(facts.sources)),
        sources,
    )


def correct_start_time(facts: ExportFacts) -> bytes:
    """Return `cstb`: 100 ns since 1601, for each track."""
    start = (facts.start_us + FILETIME_EPOCH_US) * 10
    return box(
        b"cstb",
        struct.pack(">I", len(facts.sources)),
        *(struct.pack(">IQ", source.track_id, start) for source in facts.sources),
    )


def _text(value: str) -> bytes:
    return value.replace("\x00", "").encode() + b"\x00"
