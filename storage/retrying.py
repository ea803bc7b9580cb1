"""Tries again what may succeed later: the only place that does so for a store.

Only Transient is tried again, after a capped exponential pause with full jitter; Paused is not. A
put whose fate is unknown is looked up with HEAD before it is sent again (U5), and a put that finds
the key taken after such an attempt is looked up too: it may be our own. Knows no vendor.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from storage.blobs import BlobInfo, BlobStore, Capabilities, Chunks, Receipt
from storage.errors import Exists, Missing, Paused, Transient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from storage.blobs import ListedBlob, Lock, VersionInfo

T = TypeVar("T")

SHA256_METADATA = "sha256"
"""User metadata that says a blob's hash where the store itself tells none."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How often, and how long between: attempt n waits up to min(cap_s, first_s * 2**n)."""

    attempts: int = 5
    first_s: float = 0.5
    cap_s: float = 30.0


class Retrying:
    """See BlobStore. `sleep` and `rng` are there for tests to hold."""

    def __init__(
        self,
        store: BlobStore,
        patience: Patience | None = None,
        *,
        sleep: Callable[[float], None] = time.sleep,
        rng: random.Random | None = None,
    ) -> None:
        self._store = store
        self._patience = patience or Patience()
        self._sleep = sleep
        self._rng = rng or random.SystemRandom()

    @property
    def capabilities(self) -> Capabilities:
        """See BlobStore."""
        return self._store.capabilities

    def put(
        self,
        key: str,
        source: Path | bytes,
        *,
        sha256: str,
        metadata: Mapping[str, str] | None = None,
        lock: Lock | None = None,
        content_type: str = "application/octet-stream",
        pace: Callable[[int], None] | None = None,
    ) -> Receipt:
        """See BlobStore; asks HEAD after every attempt whose fate is unknown."""
        unsure = False

        def attempt() -> Receipt:
            nonlocal unsure
            if unsure:
                ours = self._look_up(key, source, sha256)
                if ours is not None:
                    return ours
            try:
                return self._store.put(
                    key,
                    source,
                    sha256=sha256,
                    metadata=metadata,
                    lock=lock,
                    content_type=content_type,
                    pace=pace,
                )
            except Transient as error:
                unsure = unsure or error.ambiguous
                raise
            except Exists:
                ours = self._look_up(key, source, sha256) if unsure else None
                if ours is None:
                    raise
                return ours

        return self._again(attempt)

    def head(self, key: str, version_id: str | None = None) -> BlobInfo:
        """See BlobStore."""
        return self._again(lambda: self._store.head(key, version_id))

    def get(
        self,
        key: str,
        *,
        version_id: str | None = None,
        start: int = 0,
        length: int | None = None,
        pace: Callable[[int], None] | None = None,
    ) -> Chunks:
        """See BlobStore; an answer that breaks off is taken up where it ended, same version."""
        if version_id is None:
            version_id = self.head(key).version_id

        def begin(start: int, length: int | None) -> Chunks:
            return self._again(
                lambda: self._store.get(key, version_id=version_id, start=start, length=length, pace=pace)
            )

        first = begin(start, length)
        reading = _Reading(first)

        def pieces() -> Iterator[bytes]:
            got, failures = 0, 0
            while True:
                try:
                    for piece in reading.chunks:
                        if piece:
                            got += len(piece)
                            failures = 0
                            yield piece
                except Transient as error:
                    failures += 1
                    if isinstance(error, Paused) or failures >= self._patience.attempts:
                        raise
                    self._pause(failures)
                    reading.chunks = begin(start + got, first.length - got)
                else:
                    return

        return Chunks(pieces(), length=first.length, close=reading.close)

    def list(self, prefix: str, after: str | None = None) -> Iterator[ListedBlob]:
        """See BlobStore; a listing that breaks off goes on behind its last key."""
        failures = 0
        while True:
            try:
                for blob in self._store.list(prefix, after):
                    failures = 0
                    after = blob.key
                    yield blob
            except Transient:
                failures += 1
                if failures >= self._patience.attempts:
                    raise
                self._pause(failures)
            else:
                return

    def list_versions(self, prefix: str, after: str | None = None) -> Iterator[VersionInfo]:
        """See BlobStore; a listing that breaks off goes on behind the last key told whole."""
        failures = 0
        while True:
            same_key: list[VersionInfo] = []
            try:
                for version in self._store.list_versions(prefix, after):
                    failures = 0
                    if same_key and same_key[0].key != version.key:
                        after = same_key[0].key
                        yield from same_key
                        same_key = []
                    same_key.append(version)
            except Transient:
                failures += 1
                if failures >= self._patience.attempts:
                    raise
                self._pause(failures)
            else:
                yield from same_key
                return

    def delete_version(self, key: str, version_id: str) -> None:
        """See BlobStore; harmless to repeat."""
        self._again(lambda: self._store.delete_version(key, version_id))

    def extend_lock(self, key: str, version_id: str, lock: Lock) -> None:
        """See BlobStore; harmless to repeat."""
        self._again(lambda: self._store.extend_lock(key, version_id, lock))

    def place_hold(self, key: str, version_id: str) -> None:
        """See BlobStore; harmless to repeat."""
        self._again(lambda: self._store.place_hold(key, version_id))

    def lift_hold(self, key: str, version_id: str) -> None:
        """See BlobStore; harmless to repeat."""
        self._again(lambda: self._store.lift_hold(key, version_id))

    def try_delete(self, key: str, version_id: str) -> None:
        """See BlobStore."""
        self._again(lambda: self._store.try_delete(key, version_id))

    def try_shorten_lock(self, key: str, version_id: str, lock: Lock) -> None:
        """See BlobStore."""
        self._again(lambda: self._store.try_shorten_lock(key, version_id, lock))

    def abort_stale_uploads(self, older_than_us: int) -> int:
        """See BlobStore; counts those of the last attempt."""
        return self._again(lambda: self._store.abort_stale_uploads(older_than_us))

    def versioning(self) -> bool:
        """See BlobStore."""
        return self._again(self._store.versioning)

    def server_time_us(self) -> int:
        """See BlobStore."""
        return self._again(self._store.server_time_us)

    def close(self) -> None:
        """See BlobStore."""
        self._store.close()

    def _again(self, attempt: Callable[[], T]) -> T:
        failures = 0
        while True:
            try:
                return attempt()
            except Paused:
                raise
            except Transient:
                failures += 1
                if failures >= self._patience.attempts:
                    raise
            self._pause(failures)

    def _pause(self, failures: int) -> None:
        longest_s = min(self._patience.cap_s, self._patience.first_s * 2 ** (failures - 1))
        self._sleep(self._rng.uniform(0, longest_s))

    def _look_up(self, key: str, source: Path | bytes, sha256: str) -> Receipt | None:
        """Give the receipt of what an earlier attempt stored after all; None when nothing is there.

        Raises Exists when something else is there. What HEAD cannot tell apart (a store without
        checksums, no hash in the metadata) is told apart by its size alone, since a key is never
        given to two contents (U1); the reading back that follows every put compares the bytes.
        """
        try:
            info = self._store.head(key)
        except Missing:
            return None
        size = len(source) if isinstance(source, bytes) else source.stat().st_size
        told = info.sha256 or info.metadata.get(SHA256_METADATA, sha256)
        if info.size != size or told != sha256:
            raise Exists("put: the key is taken by other bytes")
        return Receipt(key, info.version_id, info.size, info.sha256, info.lock)


class _Reading:
    """The chunks that are being read now: they change when an answer breaks off."""

    __slots__ = ("chunks",)

    def __init__(self, chunks: Chunks) -> None:
        self.chunks = chunks

    def close(self) -> None:
        self.chunks.close()
