"""Keeps a store's traffic under a bandwidth that may change at any moment.

Uploads and downloads have a bucket of tokens each, so that a closed upload window does not keep an
auditor from watching. A rate is in bits per second: None is no limit, 0 is a pause, in which every
transfer, begun or not, ends with Paused instead of holding a thread. Knows no timetable.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from storage.errors import Paused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from storage.blobs import (
        BlobInfo,
        BlobStore,
        Capabilities,
        Chunks,
        ListedBlob,
        Lock,
        Receipt,
        VersionInfo,
    )

_BURST_S = 0.25
_NAP_S = 0.25
_BITS = 8


class TokenBucket:
    """Lets bytes pass at `rate_bps` bits per second on average, in bursts of a quarter second.

    A piece larger than what is there passes and leaves a debt: no piece is ever too large.
    """

    def __init__(
        self,
        rate_bps: int | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._mutex = threading.Lock()
        self._clock = clock
        self._sleep = sleep
        self._rate_bps = _checked(rate_bps)
        self._bits = (rate_bps or 0) * _BURST_S
        self._at_s = clock()

    def set_rate_bps(self, rate_bps: int | None) -> None:
        """Change the rate from now on, also for those who wait."""
        _checked(rate_bps)
        with self._mutex:
            self._refill()
            self._rate_bps = rate_bps
            if rate_bps is not None:
                self._bits = min(self._bits, rate_bps * _BURST_S)

    def take(self, size: int) -> None:
        """Wait until `size` bytes may pass; raises Paused when the rate is 0."""
        while True:
            with self._mutex:
                self._refill()
                if self._rate_bps is None:
                    return
                if self._rate_bps == 0:
                    raise Paused("the bandwidth is set to 0")
                if self._bits > 0:
                    self._bits -= size * _BITS
                    return
                missing_s = (1 - self._bits) / self._rate_bps
            self._sleep(min(missing_s, _NAP_S))

    def check(self) -> None:
        """Raise Paused when the rate is 0."""
        with self._mutex:
            if self._rate_bps == 0:
                raise Paused("the bandwidth is set to 0")

    def _refill(self) -> None:
        now_s = self._clock()
        if self._rate_bps is None:
            self._bits = 0
        else:
            gained = (now_s - self._at_s) * self._rate_bps
            self._bits = min(self._bits + gained, self._rate_bps * _BURST_S)
        self._at_s = now_s


class Limited:
    """See BlobStore; put and get pass their token buckets, everything else passes freely."""

    def __init__(self, store: BlobStore, *, upload: TokenBucket, download: TokenBucket) -> None:
        self._store = store
        self._upload = upload
        self._download = download

    def set_rate_bps(self, rate_bps: int | None) -> None:
        """Change the bandwidth of uploads; None is no limit, 0 pauses."""
        self._upload.set_rate_bps(rate_bps)

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
        """See BlobStore. Raises Paused."""
        self._upload.check()
        return self._store.put(
            key,
            source,
            sha256=sha256,
            metadata=metadata,
            lock=lock,
            content_type=content_type,
            pace=_both(self._upload.take, pace),
        )

    def head(self, key: str, version_id: str | None = None) -> BlobInfo:
        """See BlobStore."""
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
        """See BlobStore. Raises Paused."""
        self._download.check()
        return self._store.get(
            key,
            version_id=version_id,
            start=start,
            length=length,
            pace=_both(self._download.take, pace),
        )

    def list(self, prefix: str, after: str | None = None) -> Iterator[ListedBlob]:
        """See BlobStore."""
        return self._store.list(prefix, after)

    def list_versions(self, prefix: str, after: str | None = None) -> Iterator[VersionInfo]:
        """See BlobStore."""
        return self._store.list_versions(prefix, after)

    def delete_version(self, key: str, version_id: str) -> None:
        """See BlobStore."""
        self._store.delete_version(key, version_id)

    def extend_lock(self, key: str, version_id: str, lock: Lock) -> None:
        """See BlobStore."""
        self._store.extend_lock(key, version_id, lock)

    def place_hold(self, key: str, version_id: str) -> None:
        """See BlobStore."""
        self._store.place_hold(key, version_id)

    def lift_hold(self, key: str, version_id: str) -> None:
        """See BlobStore."""
        self._store.lift_hold(key, version_id)

    def try_delete(self, key: str, version_id: str) -> None:
        """See BlobStore."""
        self._store.try_delete(key, version_id)

    def try_shorten_lock(self, key: str, version_id: str, lock: Lock) -> None:
        """See BlobStore."""
        self._store.try_shorten_lock(key, version_id, lock)

    def abort_stale_uploads(self, older_than_us: int) -> int:
        """See BlobStore."""
        return self._store.abort_stale_uploads(older_than_us)

    def versioning(self) -> bool:
        """See BlobStore."""
        return self._store.versioning()

    def server_time_us(self) -> int:
        """See BlobStore."""
        return self._store.server_time_us()

    def close(self) -> None:
        """See BlobStore."""
        self._store.close()


def _checked(rate_bps: int | None) -> int | None:
    if rate_bps is not None and rate_bps < 0:
        raise ValueError("a bandwidth is not negative")
    return rate_bps


def _both(first: Callable[[int], None], second: Callable[[int], None] | None) -> Callable[[int], None]:
    if second is None:
        return first

    def pace(size: int) -> None:
        first(size)
        second(size)

    return pace
