"""TOMBSTONES.tsv: what was deleted on a site's day, why, and by whose order (docs/formats/manifest.md).

Promises the same bytes for the same tombstones whatever their order, with every field that the catalogue has, so that
whoever has the bucket can have the rows back. Only deletions that a listing has confirmed are written down.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from camera_gateway.evidence.manifest import escaped, instant

if TYPE_CHECKING:
    from collections.abc import Iterable

    from camera_gateway.catalogue.tombstones import Tombstone

COLUMNS = (
    "sha256",
    "camera",
    "from",
    "to",
    "bytes",
    "key",
    "version_id",
    "segment",
    "before",
    "policy",
    "reasons",
    "plan",
    "ordered_by",
    "approved_by",
    "ordered_at",
    "gone_at",
)


def tombstone_list(tombstones: Iterable[Tombstone]) -> bytes:
    """Return the table: a header, then a line per deleted segment, by camera and start."""
    ordered = sorted(tombstones, key=lambda stone: (stone.camera, stone.start_us, stone.segment))
    return ("\t".join(COLUMNS) + "\n" + "".join(_line(stone) for stone in ordered)).encode()


def _line(stone: Tombstone) -> str:
    cells = (
        stone.sha256,
        stone.camera,
        instant(stone.start_us),
        instant(stone.end_us),
        str(stone.size_bytes),
        stone.key or "",
        stone.version_id or "",
        stone.segment,
        stone.before.value,
        stone.policy,
        json.dumps(list(stone.reasons), ensure_ascii=False),
        stone.plan,
        stone.ordered_by,
        stone.approved_by or "",
        instant(stone.at_us),
        "" if stone.confirmed_us is None else instant(stone.confirmed_us),
    )
    return "\t".join(escaped(cell) for cell in cells) + "\n"
