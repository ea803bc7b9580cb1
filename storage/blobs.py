"""The contract of a blob store, in words, and the values it speaks in.

A blob is bytes under a key, written once and never changed; the store keeps versions, locks and
holds. Every store in this package fulfils `BlobStore`, and one test suite
(tests/contract/test_blob_store_contract.py) holds all of them to it. Knows no vendor, no camera.

Words: a *version* is one write under a key, a *delete marker* hides the versions of a key without
removing them, a *lock* forbids deleting a version until a time, a *hold* until it is lifted.
All times are integer microseconds of UTC since 1970 (`_us`). All hashes are SHA-256 in hex.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, Self
from urllib.parse import quote, unquote

from storage.errors import Locked, Transient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

LockMode = Literal["governance", "compliance"]

SECOND_US = 1_000_000
KEY_MAX_BYTES = 1024
"""Amazon S3: a key is at most 1,024 bytes of UTF-8; ours are ASCII."""
METADATA_MAX_BYTES = 2048
"""Amazon S3: names and values of user metadata together."""

_KEY_PART = re.compile(r"[A-Za-z0-9._=-]+")
_METADATA_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")
_EMPTY = "%"
_METADATA_SAFE = "!#$&'()*+,-./:;<=>?@[]^_`{|}~\""


@dataclass(frozen=True, slots=True)
class Lock:
    """Nobody deletes the version before `retain_until_us`.

    *governance* can be undone by a principal with the bypass permission (this software never uses
    it), *compliance* by nobody. Stores keep whole seconds, so a lock has none in between: what is
    read back is then equal to what was asked for.
    """

    mode: LockMode
    retain_until_us: int

    def __post_init__(self) -> None:
        if self.retain_until_us % SECOND_US:
            raise ValueError("a lock ends at a whole second: use Lock.until")

    @classmethod
    def until(cls, mode: LockMode, retain_until_us: int) -> Lock:
        """Make a lock that ends at the next whole second, never earlier than asked."""
        return cls(mode, -(-retain_until_us // SECOND_US) * SECOND_US)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the store answered to a put. Not yet believed: read back first (U3).

    `sha256` is what the store says it computed, None when it says nothing; `lock` is what was
    asked for, or what was found when the answer had to be looked up (U5).
    """

    key: str
    version_id: str
    size: int
    sha256: str | None
    lock: Lock | None


@dataclass(frozen=True, slots=True)
class BlobInfo:
    """What HEAD says of one version. `sha256` is the store's own, None where it computes none."""

    key: str
    version_id: str
    size: int
    sha256: str | None
    metadata: Mapping[str, str]
    lock: Lock | None
    hold: bool
    modified_us: int


@dataclass(frozen=True, slots=True)
class ListedBlob:
    """One line of a listing: the latest version of a key."""

    key: str
    size: int
    modified_us: int


@dataclass(frozen=True, slots=True)
class VersionInfo:
    """One version or delete marker of a key. A marker has no bytes: size 0."""

    key: str
    version_id: str
    size: int
    modified_us: int
    is_latest: bool
    is_delete_marker: bool


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a kind of store can do at best; the canary proves what this one really does.

    `locks` somebody other than this process enforces locks and holds; `checksums` the store itself
    computes SHA-256 and refuses a wrong one; `own_clock` its time is independent of ours.
    """

    locks: bool
    checksums: bool
    own_clock: bool


class Chunks:
    """An iterator of bytes that knows how to let go of its connection.

    Use it in a `with`, or read it to the end: both close it. Raises Transient when the store sends
    fewer bytes than it promised.
    """

    __slots__ = ("_close", "_left", "_source", "length")

    def __init__(self, source: Iterable[bytes], *, length: int, close: Callable[[], None] | None = None) -> None:
        self._source = iter(source)
        self._close = close
        self._left = length
        self.length = length

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        try:
            chunk = next(self._source)
        except StopIteration:
            self.close()
            if self._left > 0:
                raise Transient("the answer ended early") from None
            raise
        except BaseException:
            self.close()
            raise
        self._left -= len(chunk)
        return chunk

    def close(self) -> None:
        """Give the connection back; harmless to repeat."""
        closing, self._close = self._close, None
        if closing is not None:
            closing()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class BlobStore(Protocol):
    """Bytes under keys, put once.

    Every method may raise Transient, Permanent, Denied or ClockSkewed; what else is named. Methods
    are synchronous and may be called from several threads at once. A key is 1 to 1,024 characters
    of `[A-Za-z0-9._=/-]` without an empty, `.` or `..` part (ValueError). No key may be the folder of
    another (`a` beside `a/b`): SeaweedFS takes the first for a directory and calls it taken.
    """

    @property
    def capabilities(self) -> Capabilities:
        """What this kind of store can do at best."""
        ...

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
        """Store a whole file or bytes under a key that has no version yet (put-if-absent).

        On return the store has acknowledged all bytes; on any error nothing half is ever visible
        under the key. Of many concurrent puts to one key at most one succeeds. The store is asked
        to check `sha256`, the hash of the whole content. Metadata names are `[a-z][a-z0-9-]*`,
        values any text; together at most 2,048 bytes as encoded by `encode_metadata`.
        `pace(n)` is called before each n bytes are sent and may block.
        Raises Exists, Corrupt (the bytes are not those of `sha256`), ValueError, OSError (source).
        """
        ...

    def head(self, key: str, version_id: str | None = None) -> BlobInfo:
        """Facts of one version, by default the latest. Raises Missing, also under a marker."""
        ...

    def get(
        self,
        key: str,
        *,
        version_id: str | None = None,
        start: int = 0,
        length: int | None = None,
        pace: Callable[[int], None] | None = None,
    ) -> Chunks:
        """Bytes `start` to `start + length` (to the end when None), fewer where the blob ends.

        The request is made here, so Missing is raised here; reading may raise Transient. An empty
        range gives no chunks. `pace(n)` is called after each n bytes were received.
        """
        ...

    def list(self, prefix: str, after: str | None = None) -> Iterator[ListedBlob]:
        """Latest versions under a prefix in the order of their keys, those after `after` only."""
        ...

    def list_versions(self, prefix: str, after: str | None = None) -> Iterator[VersionInfo]:
        """All versions and delete markers under a prefix by key, newest first; keys after `after`.

        What is put or deleted meanwhile may be told or not.
        """
        ...

    def delete_version(self, key: str, version_id: str) -> None:
        """Remove one version for good; a version that is gone already is no error.

        Lock and hold are looked at here before the store is asked (R1), and the governance bypass
        is never used. Raises Locked.
        """
        ...

    def extend_lock(self, key: str, version_id: str, lock: Lock) -> None:
        """Lock until a later time; the same lock again is no error.

        Never shortens and never goes from compliance to governance (R2): raises Locked, before the
        store is asked. Raises Missing.
        """
        ...

    def place_hold(self, key: str, version_id: str) -> None:
        """Forbid deleting until the hold is lifted; harmless to repeat. Raises Missing."""
        ...

    def lift_hold(self, key: str, version_id: str) -> None:
        """Lift the hold; harmless to repeat. A lock stays in force. Raises Missing."""
        ...

    def try_delete(self, key: str, version_id: str) -> None:
        """Ask the store itself to delete, without our own look at the lock: for the canary (R4).

        A sound store raises Locked, or Denied, for a locked version. ValueError outside `canary/`.
        """
        ...

    def try_shorten_lock(self, key: str, version_id: str, lock: Lock) -> None:
        """Ask the store itself to replace a lock by an earlier one: for the canary (R4).

        A sound store raises Locked or Denied. ValueError outside `canary/`.
        """
        ...

    def abort_stale_uploads(self, older_than_us: int) -> int:
        """Abort multipart uploads begun before this time (U8); how many there were."""
        ...

    def versioning(self) -> bool:
        """Whether the store keeps versions here, as its configuration says."""
        ...

    def server_time_us(self) -> int:
        """Give the store's own time; precise to a second where it comes from an HTTP Date."""
        ...

    def close(self) -> None:
        """Let go of connections; harmless to repeat."""
        ...


CANARY_PREFIX = "canary/"
"""Where the canary writes: never a footage key."""


def check_key(key: str) -> str:
    """Give `key` back if it is one that every store can keep, else raise ValueError."""
    if len(key) > KEY_MAX_BYTES:
        raise ValueError("a key has at most 1024 characters")
    for part in key.split("/"):
        if not _KEY_PART.fullmatch(part) or part in {".", ".."}:
            raise ValueError("a key is made of non-empty parts of [A-Za-z0-9._=-] between slashes")
    return key


def check_canary_key(key: str) -> str:
    """Give `key` back if it belongs to the canary, else raise ValueError."""
    if not check_key(key).startswith(CANARY_PREFIX):
        raise ValueError("only the canary's own blobs are tried")
    return key


def check_deletion(lock: Lock | None, *, hold: bool, now_us: int) -> None:
    """Raise Locked while a lock or hold is in force (R1)."""
    if hold:
        raise Locked("a hold is in force")
    if lock is not None and lock.retain_until_us > now_us:
        raise Locked("the lock has not ended")


def check_extension(present: Lock | None, wanted: Lock) -> bool:
    """Whether `wanted` changes anything; raise Locked when it would weaken `present` (R2)."""
    if present is None:
        return True
    if wanted.retain_until_us < present.retain_until_us:
        raise Locked("a lock is never shortened")
    if present.mode == "compliance" and wanted.mode == "governance":
        raise Locked("a compliance lock never becomes a governance lock")
    return present != wanted


def encode_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    """Make HTTP-safe metadata: values percent-encoded as UTF-8 (RFC 3986, section 2.1).

    Printable ASCII but space, `%` and backslash stays readable; no text at all is a lone `%`, for
    some stores drop an empty value. Raises ValueError for a bad name
    or for more than 2,048 bytes together.
    """
    encoded = {}
    for name, value in metadata.items():
        if not _METADATA_NAME.fullmatch(name):
            raise ValueError("a metadata name is [a-z][a-z0-9-]* of at most 63 characters")
        encoded[name] = quote(value, safe=_METADATA_SAFE) or _EMPTY
    if sum(len(name) + len(value) for name, value in encoded.items()) > METADATA_MAX_BYTES:
        raise ValueError(f"metadata is more than {METADATA_MAX_BYTES} bytes when encoded")
    return encoded


def decode_metadata(encoded: Mapping[str, str]) -> dict[str, str]:
    """Undo encode_metadata; names come back in lower case, as HTTP gives them in any."""
    return {name.lower(): "" if value == _EMPTY else unquote(value) for name, value in encoded.items()}
