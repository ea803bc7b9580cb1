"""A blob store in a directory: for trying, for tests, for a disk that somebody carries away.

Bytes and names are durable when `put` returns. Locks and holds are kept and respected by this
program only: whoever can write to the directory can delete, and `capabilities` says so.

On disk: `KEY%/VERSION.data` beside `KEY%/VERSION.json`; a version exists when its json does. `%` is
no letter of a key, so the key `a` and the key `a/b` do not meet. A new file waits in `%new/`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
import uuid
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from storage.blobs import (
    BlobInfo,
    Capabilities,
    Chunks,
    ListedBlob,
    Lock,
    LockMode,
    Receipt,
    VersionInfo,
    check_canary_key,
    check_deletion,
    check_extension,
    check_key,
    encode_metadata,
)
from storage.checksum import check_hex
from storage.errors import Corrupt, Denied, Exists, Missing, Permanent, Transient
from storage.files import RealFiles, atomic_replace, write_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

CHUNK_BYTES = 1 << 18
_WAITING = "%new"
_MUTEX = "%lock"


@dataclass(frozen=True, slots=True)
class _Facts:
    version_id: str
    size: int
    sha256: str
    metadata: dict[str, str]
    mode: LockMode | None
    retain_until_us: int
    hold: bool
    modified_us: int
    content_type: str

    @property
    def lock(self) -> Lock | None:
        return Lock(self.mode, self.retain_until_us) if self.mode else None


class LocalStore:
    """See BlobStore. `now_us` is the only clock there is."""

    def __init__(self, root: Path, now_us: Callable[[], int]) -> None:
        self._root = root
        self._now_us = now_us
        self._files = RealFiles()
        self._mutex = threading.Lock()
        with _translating("open"):
            (root / _WAITING).mkdir(mode=0o700, parents=True, exist_ok=True)

    @property
    def capabilities(self) -> Capabilities:
        """No lock that binds others, no checksum but ours, no clock but ours."""
        return Capabilities(locks=False, checksums=False, own_clock=False)

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
        """See BlobStore."""
        folder = self._folder(check_key(key))
        check_hex(sha256)
        encode_metadata(metadata or {})
        waiting = self._root / _WAITING / uuid.uuid4().hex
        try:
            size, found = self._copy(source, waiting, pace)
            if found != sha256:
                raise Corrupt("put: the checksum does not match")
            with _translating("put"), self._alone():
                if self._versions(folder):
                    raise Exists("put: the key is taken")
                facts = _Facts(
                    version_id=uuid.uuid4().hex,
                    size=size,
                    sha256=found,
                    metadata=dict(metadata or {}),
                    mode=lock.mode if lock else None,
                    retain_until_us=lock.retain_until_us if lock else 0,
                    hold=False,
                    modified_us=self._now_us(),
                    content_type=content_type,
                )
                self._make_folder(folder)
                self._files.rename(waiting, folder / f"{facts.version_id}.data")
                self._save(folder, facts)
        finally:
            waiting.unlink(missing_ok=True)
        return Receipt(key, facts.version_id, size, None, lock)

    def head(self, key: str, version_id: str | None = None) -> BlobInfo:
        """See BlobStore. `sha256` is None: nobody but us has computed one."""
        facts = self._find(key, version_id)
        return BlobInfo(
            key=key,
            version_id=facts.version_id,
            size=facts.size,
            sha256=None,
            metadata=dict(facts.metadata),
            lock=facts.lock,
            hold=facts.hold,
            modified_us=facts.modified_us,
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
        facts = self._find(key, version_id)
        end = facts.size if length is None else min(facts.size, start + length)
        wanted = max(0, end - start)
        with _translating("get"):
            file = (self._folder(key) / f"{facts.version_id}.data").open("rb")
            file.seek(start)

        def pieces() -> Iterator[bytes]:
            left = wanted
            while left:
                with _translating("get"):
                    piece = file.read(min(left, CHUNK_BYTES))
                if not piece:
                    return
                left -= len(piece)
                if pace is not None:
                    pace(len(piece))
                yield piece

        return Chunks(pieces(), length=wanted, close=file.close)

    def list(self, prefix: str, after: str | None = None) -> Iterator[ListedBlob]:
        """See BlobStore."""
        for key in self._keys(prefix):
            if after is None or key > after:
                versions = self._versions(self._folder(key))
                if versions:
                    yield ListedBlob(key, versions[0].size, versions[0].modified_us)

    def list_versions(self, prefix: str, after: str | None = None) -> Iterator[VersionInfo]:
        """See BlobStore."""
        for key in self._keys(prefix):
            if after is not None and key <= after:
                continue
            for at, facts in enumerate(self._versions(self._folder(key))):
                yield VersionInfo(
                    key=key,
                    version_id=facts.version_id,
                    size=facts.size,
                    modified_us=facts.modified_us,
                    is_latest=at == 0,
                    is_delete_marker=False,
                )

    def delete_version(self, key: str, version_id: str) -> None:
        """See BlobStore."""
        folder = self._folder(check_key(key))
        with _translating("delete"), self._alone():
            for facts in self._versions(folder):
                if facts.version_id == version_id:
                    check_deletion(facts.lock, hold=facts.hold, now_us=self._now_us())
                    (folder / f"{version_id}.json").unlink()
                    (folder / f"{version_id}.data").unlink(missing_ok=True)
                    self._files.fsync_directory(folder)

    def extend_lock(self, key: str, version_id: str, lock: Lock) -> None:
        """See BlobStore."""

        def change(facts: _Facts) -> _Facts:
            if not check_extension(facts.lock, lock):
                return facts
            return replace(facts, mode=lock.mode, retain_until_us=lock.retain_until_us)

        self._change(key, version_id, change)

    def place_hold(self, key: str, version_id: str) -> None:
        """See BlobStore."""
        self._change(key, version_id, lambda facts: replace(facts, hold=True))

    def lift_hold(self, key: str, version_id: str) -> None:
        """See BlobStore."""
        self._change(key, version_id, lambda facts: replace(facts, hold=False))

    def try_delete(self, key: str, version_id: str) -> None:
        """See BlobStore; there is no store behind us, so our own check answers."""
        self.delete_version(check_canary_key(key), version_id)

    def try_shorten_lock(self, key: str, version_id: str, lock: Lock) -> None:
        """See BlobStore; there is no store behind us, so our own check answers."""
        self.extend_lock(check_canary_key(key), version_id, lock)

    def abort_stale_uploads(self, older_than_us: int) -> int:
        """See BlobStore: what a crash left half copied."""
        count = 0
        with _translating("abort"):
            for relic in (self._root / _WAITING).iterdir():
                with contextlib.suppress(FileNotFoundError):
                    if self._files.stat(relic).modified_us < older_than_us:
                        relic.unlink()
                        count += 1
        return count

    def versioning(self) -> bool:
        """See BlobStore."""
        return True

    def server_time_us(self) -> int:
        """See BlobStore: our own clock once more."""
        return self._now_us()

    def close(self) -> None:
        """See BlobStore."""

    def _copy(self, source: Path | bytes, target: Path, pace: Callable[[int], None] | None) -> tuple[int, str]:
        running = hashlib.sha256()
        size = 0
        with _translating("put"):
            fd = self._files.create(target)
        try:
            for piece in _pieces(source):
                if pace is not None:
                    pace(len(piece))
                with _translating("put"):
                    write_all(self._files, fd, piece)
                running.update(piece)
                size += len(piece)
            with _translating("put"):
                self._files.fsync(fd)
        finally:
            self._files.close(fd)
        return size, running.hexdigest()

    def _folder(self, key: str) -> Path:
        return self._root / f"{key}%"

    def _make_folder(self, folder: Path) -> None:
        """Create a folder and what is missing above it, each name durable."""
        if folder.is_dir():
            return
        self._make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        self._files.fsync_directory(folder.parent)

    def _save(self, folder: Path, facts: _Facts) -> None:
        text = json.dumps(asdict(facts), ensure_ascii=False, sort_keys=True)
        atomic_replace(folder / f"{facts.version_id}.json", text.encode(), self._files)

    def _versions(self, folder: Path) -> Sequence[_Facts]:
        """Facts of all versions, newest first; those of a folder that is not there are none."""
        found = []
        for path in folder.glob("*.json"):
            with contextlib.suppress(FileNotFoundError):  # deleted meanwhile
                found.append(_parse(path.read_bytes()))
        return sorted(found, key=lambda facts: facts.modified_us, reverse=True)

    def _find(self, key: str, version_id: str | None) -> _Facts:
        with _translating("head"):
            for facts in self._versions(self._folder(check_key(key))):
                if version_id in (None, facts.version_id):
                    return facts
        raise Missing("no such blob")

    def _change(self, key: str, version_id: str, change: Callable[[_Facts], _Facts]) -> None:
        with _translating("change"), self._alone():
            self._save(self._folder(key), change(self._find(key, version_id)))

    def _keys(self, prefix: str) -> Sequence[str]:
        top = self._root / prefix.rpartition("/")[0]
        with _translating("list"):
            keys = [
                folder.relative_to(self._root).as_posix().removesuffix("%")
                for folder in top.rglob("*%")
                if folder.is_dir()
            ]
        return sorted(key for key in keys if key.startswith(prefix))

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """One change at a time, among threads; among processes the second is told to try again."""
        with self._mutex:
            try:
                fd = self._files.lock(self._root / _MUTEX)
            except BlockingIOError as error:
                raise Transient("another process is changing the store") from error
            try:
                yield
            finally:
                self._files.close(fd)


def _pieces(source: Path | bytes) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield source
        return
    with source.open("rb") as file:
        while piece := file.read(CHUNK_BYTES):
            yield piece


def _parse(data: bytes) -> _Facts:
    try:
        facts: _Facts = _Facts(**json.loads(data))
    except (ValueError, TypeError) as error:
        raise Permanent("a version's description cannot be read") from error
    return facts


@contextlib.contextmanager
def _translating(what: str) -> Iterator[None]:
    """Turn the operating system's errors into the store's."""
    try:
        yield
    except FileNotFoundError as error:
        raise Missing(f"{what}: no such file") from error
    except PermissionError as error:
        raise Denied(f"{what}: permission denied") from error
    except OSError as error:
        raise Transient(f"{what}: {error.strerror}", ambiguous=True) from error
