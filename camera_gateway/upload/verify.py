"""Reading back what a store was given: nothing is `stored` before this says that it is as intended (U3).

Promises a comparison of size, SHA-256, version id, lock mode and retain-until, with the store's own checksum only
where the canary has proven that the store computes it, else with a hash of ours over every byte. Knows no catalogue.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from storage.checksum import sha256_of_chunks

if TYPE_CHECKING:
    from storage.blobs import BlobStore, Lock


class StoreProofs(Protocol):
    """What the canary has proven of the store (invariant R4)."""

    @property
    def checksum_on_head(self) -> bool:
        """Whether the checksum that HEAD tells is computed by the store."""
        ...

    @property
    def lock_proven(self) -> bool:
        """Whether the store was seen to refuse a deletion under lock."""
        ...


@dataclass(frozen=True, slots=True)
class Expected:
    """What was intended for one key. `version_id` None: whichever version is there is meant."""

    key: str
    version_id: str | None
    size_bytes: int
    sha256: str
    lock: Lock | None


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What is there: its version, and the names of the fields that are not as intended."""

    version_id: str
    differences: tuple[str, ...]


def read_back(store: BlobStore, expected: Expected, *, trust_head: bool) -> ReadBack:
    """Compare what the store has with what was intended. Raises `Missing` and other `StoreError`s.

    `trust_head`: HEAD's checksum is proven to be the store's own; without one in the answer every byte is read.
    """
    info = store.head(expected.key, expected.version_id)
    differences = []
    if info.size != expected.size_bytes:
        differences.append("size")
    elif _hash_there(store, expected.key, info.version_id, info.sha256 if trust_head else None) != expected.sha256:
        differences.append("sha256")
    if expected.version_id is not None and info.version_id != expected.version_id:
        differences.append("version-id")
    if (info.lock and info.lock.mode) != (expected.lock and expected.lock.mode):
        differences.append("lock-mode")
    elif info.lock is not None and expected.lock is not None and info.lock != expected.lock:
        differences.append("retain-until")
    return ReadBack(info.version_id, tuple(differences))


def _hash_there(store: BlobStore, key: str, version_id: str, told: str | None) -> str:
    if told is not None:
        return told
    with store.get(key, version_id=version_id) as chunks:
        return sha256_of_chunks(chunks)
