"""A blob store in memory: the model that tests compare the real ones with.

Fulfils BlobStore to the letter, with versions, delete markers, locks and holds, at a time that the
test decides. Keeps nothing and is never opened for real use.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from storage.blobs import (
    BlobInfo,
    Capabilities,
    Chunks,
    ListedBlob,
    Lock,
    Receipt,
    VersionInfo,
    check_canary_key,
    check_deletion,
    check_extension,
    check_key,
    encode_metadata,
)
from storage.checksum import check_hex, sha256_of
from storage.errors import Corrupt, Exists, Missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

CHUNK_BYTES = 1 << 18


@dataclass(frozen=True, slots=True)
class _Version:
    version_id: str
    data: bytes
    metadata: Mapping[str, str]
    lock: Lock | None
    hold: bool
    modified_us: int
    is_marker: bool = False


class MemoryStore:
    """See BlobStore. `now_us` is the store's clock."""

    def __init__(self, now_us: Callable[[], int]) -> None:
        self._now_us = now_us
        self._mutex = threading.Lock()
        self._keys: dict[str, list[_Version]] = {}
        self._count = 0

    @property
    def capabilities(self) -> Capabilities:
        """A model of the best store there is."""
        return Capabilities(locks=True, checksums=True, own_clock=True)

    def put(
        self,
        key: str,
        source: Path | bytes,
        *,
        sha256: str,
        metadata: Mapping[str, str] | None = None,
        lock: Lock | None = None,
        content_type: str = "application/octet-stream",  # noqa: ARG002 -- part of the contract
        pace: Callable[[int], None] | None = None,
    ) -> Receipt:
        """See BlobStore."""
        check_key(key)
        check_hex(sha256)
        encode_metadata(metadata or {})
        data = source.read_bytes() if isinstance(source, Path) else source
        if pace is not None:
            pace(len(data))
        if sha256_of(data) != sha256:
            raise Corrupt("put: the checksum does not match")
        with self._mutex:
            if self._latest(key) is not None:
                raise Exists("put: the key is taken")
            version = _Version(
                self._next_id(), data, dict(metadata or {}), lock, hold=False, modified_us=self._now_us()
            )
            self._keys.setdefault(key, []).append(version)
        return Receipt(key, version.version_id, len(data), sha256, lock)

    def head(self, key: str, version_id: str | None = None) -> BlobInfo:
        """See BlobStore."""
        version = self._find(key, version_id)
        return BlobInfo(
            key=key,
            version_id=version.version_id,
            size=len(version.data),
            sha256=sha256_of(version.data),
            metadata=dict(version.metadata),
            lock=version.lock,
            hold=version.hold,
            modified_us=version.modified_us,
        )

    def get(
        self,
        key: str,
        *,
        version_id: str | None = None,
        start: int = 0,
        length: int | None = None,
        pace: Callable[[int], None] | None = None,
    ) -> Chunks:
        """See BlobStore."""
        data = self._find(key, version_id).data
        end = len(data) if length is None else min(len(data), start + length)
        wanted = data[start:end]

        def pieces() -> Iterator[bytes]:
            for at in range(0, len(wanted), CHUNK_BYTES):
                piece = wanted[at : at + CHUNK_BYTES]
                if pace is not None:
                    pace(len(piece))
                yield piece

        return Chunks(pieces(), length=len(wanted))

    def list(self, prefix: str, after: str | None = None) -> Iterator[ListedBlob]:
        """See BlobStore."""
        with self._mutex:
            keys = sorted(key for key in self._keys if key.startswith(prefix))
            found = [(key, self._latest(key)) for key in keys if after is None or key > after]
        for key, version in found:
            if version is not None:
                yield ListedBlob(key, len(version.data), version.modified_us)

    def list_versions(self, prefix: str, after: str | None = None) -> Iterator[VersionInfo]:
        """See BlobStore."""
        with self._mutex:
            found = [
                VersionInfo(
                    key=key,
                    version_id=version.version_id,
                    size=len(version.data),
                    modified_us=version.modified_us,
                    is_latest=version is versions[-1],
                    is_delete_marker=version.is_marker,
                )
                for key, versions in sorted(self._keys.items())
                if key.startswith(prefix) and (after is None or key > after)
                for version in reversed(versions)
            ]
        yield from found

    def delete_version(self, key: str, version_id: str) -> None:
        """See BlobStore."""
        check_key(key)
        with self._mutex:
            versions = self._keys.get(key, [])
            for version in versions:
                if version.version_id == version_id:
                    check_deletion(version.lock, hold=version.hold, now_us=self._now_us())
                    versions.remove(version)
                    break
            if not versions:
                self._keys.pop(key, None)

    def extend_lock(self, key: str, version_id: str, lock: Lock) -> None:
        """See BlobStore."""
        self._change(key, version_id, lambda v: replace(v, lock=lock) if check_extension(v.lock, lock) else v)

    def place_hold(self, key: str, version_id: str) -> None:
        """See BlobStore."""
        self._change(key, version_id, lambda version: replace(version, hold=True))

    def lift_hold(self, key: str, version_id: str) -> None:
        """See BlobStore."""
        self._change(key, version_id, lambda version: replace(version, hold=False))

    def try_delete(self, key: str, version_id: str) -> None:
        """See BlobStore."""
        self.delete_version(check_canary_key(key), version_id)

    def try_shorten_lock(self, key: str, version_id: str, lock: Lock) -> None:
        """See BlobStore."""
        self.extend_lock(check_canary_key(key), version_id, lock)

    def abort_stale_uploads(self, older_than_us: int) -> int:  # noqa: ARG002 -- there are none
        """See BlobStore: a put here is one step."""
        return 0

    def versioning(self) -> bool:
        """See BlobStore."""
        return True

    def server_time_us(self) -> int:
        """See BlobStore."""
        return self._now_us()

    def close(self) -> None:
        """See BlobStore."""

    def add_delete_marker(self, key: str) -> None:
        """Hide a key as a stranger's plain DELETE would: what U2 must notice."""
        with self._mutex:
            marker = _Version(self._next_id(), b"", {}, None, hold=False, modified_us=self._now_us(), is_marker=True)
            self._keys.setdefault(key, []).append(marker)

    def damage(self, key: str, data: bytes) -> None:
        """Change the latest version's bytes behind everybody's back, as a failing disk would."""
        with self._mutex:
            self._keys[key][-1] = replace(self._keys[key][-1], data=data)

    def _next_id(self) -> str:
        self._count += 1
        return f"m{self._count:08d}"

    def _latest(self, key: str) -> _Version | None:
        versions = self._keys.get(key)
        return versions[-1] if versions and not versions[-1].is_marker else None

    def _find(self, key: str, version_id: str | None) -> _Version:
        check_key(key)
        with self._mutex:
            if version_id is None:
                found = self._latest(key)
            else:
                versions = self._keys.get(key, [])
                found = next((v for v in versions if v.version_id == version_id), None)
        if found is None or found.is_marker:
            raise Missing("no such blob")
        return found

    def _change(self, key: str, version_id: str, change: Callable[[_Version], _Version]) -> None:
        self._find(key, version_id)
        with self._mutex:
            versions = self._keys.get(key, [])
            for at, version in enumerate(versions):
                if version.version_id == version_id:
                    versions[at] = change(version)
