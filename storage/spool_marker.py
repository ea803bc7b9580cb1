"""SPOOL.json: whose a spool is, and which one (invariant D8).

Promises that another owner's directory, an unmounted one, a strange one and an older copy are told from ours before
anything is written there. Raises SpoolForeign; an OSError is the caller's to translate.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from storage.errors import SpoolForeign
from storage.spool_entries import DRAFT

if TYPE_CHECKING:
    from pathlib import Path

    from storage.files import Files

MARKER = "SPOOL.json"
LOCK_FILE = "SPOOL.lock"


@dataclass(frozen=True, slots=True)
class Marker:
    """What SPOOL.json says; `open_number` grows with each recorder that takes the spool."""

    uuid: str
    owner: str
    open_number: int

    def encoded(self) -> bytes:
        """Return the file's bytes."""
        fields = {
            "version": 1,
            "uuid": self.uuid,
            "owner": self.owner,
            "open_number": self.open_number,
        }
        return (json.dumps(fields, indent=1) + "\n").encode()


def read_marker(files: Files, root: Path) -> Marker | None:
    """Return the marker of a directory, None where there is none."""
    try:
        data = files.read(root / MARKER)
    except FileNotFoundError:
        return None
    try:
        fields = json.loads(data)
        marker = Marker(str(fields["uuid"]), str(fields["owner"]), int(fields["open_number"]))
        known = fields["version"] == 1
    except (ValueError, KeyError, TypeError) as error:
        raise SpoolForeign(f"{MARKER} cannot be read") from error
    if not known:
        raise SpoolForeign(f"{MARKER} is of a newer version")
    return marker


def check_marker(marker: Marker, owner: str, expect_uuid: str | None, at_least: int) -> None:
    """Refuse a spool that is not the one that is expected."""
    if marker.owner != owner:
        raise SpoolForeign("the spool belongs to another owner")
    if expect_uuid is not None and marker.uuid != expect_uuid:
        raise SpoolForeign("this is not the spool that the catalogue knows")
    if marker.open_number < at_least:
        raise SpoolForeign("the spool is an older copy than the catalogue knows")


def refuse_strange_directory(files: Files, root: Path, expect_uuid: str | None) -> None:
    """Refuse to make a spool where one is expected to be, or among files of others."""
    if expect_uuid is not None:
        raise SpoolForeign(f"{MARKER} is absent: is the spool mounted?")
    strange = set(files.names(root)) - {LOCK_FILE, MARKER, MARKER + DRAFT, "lost+found"}
    if strange:
        raise SpoolForeign(f"the directory is not empty and has no {MARKER}")
