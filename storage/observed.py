"""Tells an observer of every operation on a store: how long, how much, how it ended.

The observer is for metrics and logs: it gets no key, no content, and its class of error only. An
operation that gives an iterator is told of once, when the iterator ends or is closed.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from storage.blobs import Chunks
from storage.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from storage.blobs import BlobInfo, BlobStore, Capabilities, ListedBlob, Lock, Receipt, VersionInfo

    Observer = Callable[["Observation"], None]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Observation:
    """One operation. `error` is the code of storage.errors, "other" for other errors, or None."""

    operation: str
    seconds: float
    bytes: int
    error: str | None


class Observed:
    """See BlobStore."""

    def __init__(
        self,
        store: BlobStore,
        observer: Observer,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._observer = observer
        self._clock = clock

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
        """See BlobStore; the bytes are those of a put that succeeded."""
        with self._watching("put") as watch:
            receipt = self._store.put(
                key,
                source,
                sha256=sha256,
                metadata=metadata,
                lock=lock,
                content_type=content_type,
                pace=pace,
            )
            watch.bytes = receipt.size
            return receipt

    def head(self, key: str, version_id: str | None = None) -> BlobInfo:
        """See BlobStore."""
        with self._watching("head"):
            return self._store.head(key, version_id)

    def get(
        self,
        key: str,
        *,
        version_id: str | None = None,
        start: int = 0,
        length: int | None = None,
        pace: Callable[[int], None] | None = None,
    ) -> Chunks:
        """See BlobStore; the bytes are those that were read."""
        watch = _Watch("get", self._observer, self._clock)
        try:
            inner = self._store.get(key, version_id=version_id, start=start, length=length, pace=pace)
        except BaseException as error:
            watch.end(error)
            raise

        def pieces() -> Iterator[bytes]:
            try:
                for piece in inner:
                    watch.bytes += len(piece)
                    yield piece
            except Exception as error:
                watch.end(error)
                raise

        def close() -> None:
            inner.close()
            watch.end(None)

        return Chunks(pieces(), length=inner.length, close=close)

    def list(self, prefix: str, after: str | None = None) -> Iterator[ListedBlob]:
        """See BlobStore."""
        with self._watching("list"):
            yield from self._store.list(prefix, after)

    def list_versions(self, prefix: str, after: str | None = None) -> Iterator[VersionInfo]:
        """See BlobStore."""
        with self._watching("list-versions"):
            yield from self._store.list_versions(prefix, after)

    def delete_version(self, key: str, version_id: str) -> None:
        """See BlobStore."""
        with self._watching("delete"):
            self._store.delete_version(key, version_id)

    def extend_lock(self, key: str, version_id: str, lock: Lock) -> None:
        """See BlobStore."""
        with self._watching("extend-lock"):
            self._store.extend_lock(key, version_id, lock)

    def place_hold(self, key: str, version_id: str) -> None:
        """See BlobStore."""
        with self._watching("place-hold"):
            self._store.place_hold(key, version_id)

    def lift_hold(self, key: str, version_id: str) -> None:
        """See BlobStore."""
        with self._watching("lift-hold"):
            self._store.lift_hold(key, version_id)

    def try_delete(self, key: str, version_id: str) -> None:
        """See BlobStore."""
        with self._watching("try-delete"):
            self._store.try_delete(key, version_id)

    def try_shorten_lock(self, key: str, version_id: str, lock: Lock) -> None:
        """See BlobStore."""
        with self._watching("try-shorten-lock"):
            self._store.try_shorten_lock(key, version_id, lock)

    def abort_stale_uploads(self, older_than_us: int) -> int:
        """See BlobStore."""
        with self._watching("abort-stale-uploads"):
            return self._store.abort_stale_uploads(older_than_us)

    def versioning(self) -> bool:
        """See BlobStore."""
        with self._watching("versioning"):
            return self._store.versioning()

    def server_time_us(self) -> int:
        """See BlobStore."""
        with self._watching("server-time"):
            return self._store.server_time_us()

    def close(self) -> None:
        """See BlobStore."""
        self._store.close()

    @contextlib.contextmanager
    def _watching(self, operation: str) -> Iterator[_Watch]:
        watch = _Watch(operation, self._observer, self._clock)
        try:
            yield watch
        except Exception as error:
            watch.end(error)
            raise
        finally:
            watch.end(None)


class _Watch:
    """One operation under way; it is told of once, at the first `end`."""

    def __init__(self, operation: str, observer: Observer, clock: Callable[[], float]) -> None:
        self._operation = operation
        self._observer = observer
        self._clock = clock
        self._began_s = clock()
        self._ended = False
        self.bytes = 0

    def end(self, error: BaseException | None) -> None:
        """Tell the observer; later calls say nothing."""
        if self._ended:
            return
        self._ended = True
        code = None if error is None else "other"
        if isinstance(error, StoreError):
            code = error.code
        seconds = self._clock() - self._began_s
        self._observer(Observation(self._operation, seconds, self.bytes, code))
