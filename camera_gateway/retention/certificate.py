"""The certificate of a deletion: a text that says what is gone, by whose order and by which rule.

Promises one text for one set of tombstones and one key, whose SHA-256 is its digest. It lists only what was confirmed
by listing as absent; the rest is counted as not confirmed. Names the key that signs it, and signs nothing. No I/O.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from camera_gateway.clock import rfc3339

if TYPE_CHECKING:
    from collections.abc import Sequence

    from camera_gateway.catalogue.tombstones import Tombstone


def certificate(digest: str, tombstones: Sequence[Tombstone], key: str) -> str:
    """Return the text for the tombstones that a plan ordered; `key` is the fingerprint of the seal key."""
    gone = [t for t in tombstones if t.confirmed_us is not None and t.withdrawn_us is None]
    waiting = sum(t.confirmed_us is None and t.withdrawn_us is None for t in tombstones)
    kept = sum(t.withdrawn_us is not None for t in tombstones)
    lines = [
        "deletion-certificate: 1",
        f"plan-sha256: {digest}",
        f"ordered-by: {', '.join(sorted({t.ordered_by for t in tombstones})) or '-'}",
        f"approved-by: {', '.join(sorted({t.approved_by for t in tombstones if t.approved_by})) or '-'}",
        f"gone: {len(gone)} segments, {sum(t.size_bytes for t in gone)} bytes",
        f"not-confirmed: {waiting}",
        f"kept-after-all: {kept}",
        f"key: ed25519 {key}",
        "columns: camera start end bytes sha256 key rule ordered confirmed",
        "---",
    ]
    lines += ["\t".join(_fields(tombstone)) for tombstone in sorted(gone, key=lambda t: (t.camera, t.start_us))]
    return "\n".join(lines) + "\n"


def digest_of(text: str) -> str:
    """Return the SHA-256 of a certificate in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def _fields(tombstone: Tombstone) -> list[str]:
    return [
        tombstone.camera,
        rfc3339(tombstone.start_us),
        rfc3339(tombstone.end_us),
        str(tombstone.size_bytes),
        tombstone.sha256,
        tombstone.key or "-",
        tombstone.policy,
        rfc3339(tombstone.at_us),
        rfc3339(tombstone.confirmed_us or 0),
    ]
