"""What lies in a spool: the kinds of entries, and the file names that tell them apart.

Promises nothing about the disk: values, and how a name is spelt. A name that is not plain is refused, so that no
queue and no entry can point outside the spool. Knows neither media formats nor the catalogue.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PART, DATA, SIDECAR, RECORD = ".part", ".mp4", ".json", ".record.json"
JOURNAL, DRAFT, REASON = ".journal", ".tmp", ".reason.json"

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,159}")
_RESERVED_ENDS = (PART, DATA, SIDECAR, JOURNAL, DRAFT, ".record")

OrphanKind = Literal["data-without-sidecar", "sidecar-without-data", "draft", "journal", "unknown"]
ORPHAN_KINDS: Mapping[str, OrphanKind] = MappingProxyType(
    {SIDECAR: "sidecar-without-data", JOURNAL: "journal", DRAFT: "draft"}
)
"""What a file is that stands alone, by its ending."""


@dataclass(frozen=True, slots=True)
class PartFacts:
    """What a sidecar needs to know of the bytes that it describes."""

    queue: str
    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Segment:
    """A sealed file and its sidecar. `bytes` is the size of the data alone."""

    queue: str
    name: str
    path: Path
    sidecar_path: Path
    bytes: int
    modified_us: int


@dataclass(frozen=True, slots=True)
class Sealed(Segment):
    """A segment whose hash is known because it has just been sealed."""

    sha256: str


@dataclass(frozen=True, slots=True)
class Record:
    """A small durable record, read with `path.read_bytes()`."""

    queue: str
    name: str
    path: Path
    bytes: int
    modified_us: int


@dataclass(frozen=True, slots=True)
class PartFile:
    """A part that is growing, or that a crash has left behind."""

    queue: str
    name: str
    path: Path
    bytes: int
    modified_us: int


@dataclass(frozen=True, slots=True)
class Orphan:
    """A file that was never acknowledged as whole, or is left from a release cut short.

    While a recorder is running, a young orphan may be half of a seal in progress: look at
    `modified_us`, or judge only when the spool is held exclusively.
    """

    queue: str
    name: str
    path: Path
    bytes: int
    modified_us: int
    kind: OrphanKind


Entry = Segment | Record | PartFile | Orphan


@dataclass(frozen=True, slots=True)
class Usage:
    """What lies in the spool, or in one queue of it; quarantine is not counted."""

    bytes: int
    files: int
    segments: int
    oldest_modified_us: int | None


def is_plain(name: str) -> bool:
    """Whether a queue or an entry may be called so."""
    return _NAME.fullmatch(name) is not None


def checked(name: str) -> str:
    """Return a plain name as it is; ValueError otherwise."""
    if not is_plain(name):
        raise ValueError("a spool name is 1 to 160 of [A-Za-z0-9._-] and does not begin with a dot")
    return name


def file_name(name: str, suffix: str) -> str:
    """Return the name of one file of an entry; ValueError unless the entry's name is plain and of no other kind."""
    if name.endswith(_RESERVED_ENDS):
        raise ValueError(f"an entry's name does not end in {', '.join(_RESERVED_ENDS)}")
    return checked(name) + suffix


def kind_of(file_name: str) -> tuple[str, str]:
    """Split a file name into the entry's name and its ending; DRAFT and '' name no entry."""
    for suffix in (DRAFT, JOURNAL, RECORD, SIDECAR, PART, DATA):
        if file_name.endswith(suffix):
            stem = file_name.removesuffix(suffix)
            if suffix == JOURNAL:
                stem = stem.removesuffix(DATA)
            return (stem, suffix) if is_plain(stem) else (file_name, "")
    return file_name, ""


def paths_of(entry: Entry) -> list[Path]:
    """Return every file that goes with an entry, data first; some may be absent."""
    if isinstance(entry, Segment):
        journal = entry.path.with_name(entry.path.name + JOURNAL)
        return [entry.path, entry.sidecar_path, journal]
    return [entry.path]
