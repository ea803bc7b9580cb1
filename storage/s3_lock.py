"""Object lock: making a bucket that has it, and the canary that proves what a store enforces (R4).

The canary believes no configuration: it puts a blob of its own under `canary/` with a lock of one
day and tries what must be refused. It speaks BlobStore, so that the same questions are put to every
store, and each answer is one Property. It never touches another key.
"""

from __future__ import annotations

import contextlib
import os
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from storage.blobs import CANARY_PREFIX, SECOND_US, BlobInfo, BlobStore, Lock
from storage.checksum import sha256_of
from storage.errors import Corrupt, Denied, Exists, Locked, Missing, Permanent, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from storage.s3_answers import Call

State = Literal["proven", "absent", "failed"]

DAY_US = 86_400 * SECOND_US
MAX_SKEW_US = 5 * 60 * SECOND_US
"""How far our clock and the store's may differ: the reaper trusts neither beyond that (R7)."""

_REFUSED = (Locked, Denied)


@dataclass(frozen=True, slots=True)
class Property:
    """One answer. *proven* was seen, *absent* the store does not do it, *failed* it misbehaves.

    Names are stable: versioning, object-lock, lock-delete-refused, lock-shorten-refused,
    checksum-enforced, checksum-on-head, conditional-put, range-get, clock.
    """

    name: str
    state: State
    detail: str


def ensure_bucket(call: Call, bucket: str, *, region: str) -> bool:
    """Create the bucket with versions and object lock but no default lock; whether it was absent.

    A bucket that exists is left as it is: object lock cannot always be added, and whether it is
    there is the canary's to say.
    """
    try:
        call("HeadBucket", Bucket=bucket)
    except Missing:
        pass
    else:
        return False
    arguments: dict[str, object] = {"Bucket": bucket, "ObjectLockEnabledForBucket": True}
    if region != "us-east-1":
        arguments["CreateBucketConfiguration"] = {"LocationConstraint": region}
    try:
        call("CreateBucket", **arguments)
    except Exists:
        return False
    call("PutBucketVersioning", Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return True


def canary(store: BlobStore, now_us: Callable[[], int]) -> list[Property]:
    """Prove what the store enforces, in nine properties; leaves one small blob locked for a day.

    Blobs of earlier runs whose day is over are deleted first. A store that cannot be reached
    raises (Transient, Denied, ClockSkewed): nothing is proven then and nothing disproven.
    """
    theirs_us = store.server_time_us()
    found = [_clock(store, theirs_us, now_us()), _versioning(store)]
    _remove_old(store, theirs_us)
    key = f"{CANARY_PREFIX}{theirs_us:016d}-{uuid.uuid4().hex}"
    content = os.urandom(64)
    lock = Lock.until("governance", theirs_us + DAY_US)
    refusal = ""
    try:
        receipt = store.put(key, content, sha256=sha256_of(content), lock=lock)
    except Permanent as error:
        if isinstance(error, Denied):
            raise
        refusal = str(error)
        receipt = store.put(key, content, sha256=sha256_of(content))
    found.append(_checksum_enforced(store, key))
    found.append(_checksum_on_head(store, key, receipt.version_id, content))
    found.append(_conditional_put(store, key))
    found.append(_range_get(store, key, content))
    if refusal:
        found.append(Property("object-lock", "absent", f"a put with a lock is refused: {refusal}"))
        found += [_without_lock(name) for name in ("lock-shorten-refused", "lock-delete-refused")]
    else:  # last, for a store that fails here has deleted the blob
        found += _lock_properties(store, store.head(key, receipt.version_id), lock)
    return found


def _clock(store: BlobStore, theirs_us: int, ours_us: int) -> Property:
    difference_s = (ours_us - theirs_us) / SECOND_US
    detail = f"ours minus the store's: {difference_s:+.1f} s"
    if not store.capabilities.own_clock:
        return Property("clock", "absent", "the store has no clock of its own")
    if abs(ours_us - theirs_us) > MAX_SKEW_US:
        return Property("clock", "failed", detail)
    return Property("clock", "proven", detail)


def _versioning(store: BlobStore) -> Property:
    if store.versioning():
        return Property("versioning", "proven", "every write keeps its version")
    return Property("versioning", "absent", "the bucket keeps no versions")


def _remove_old(store: BlobStore, theirs_us: int) -> None:
    """Delete the blobs of earlier runs; what is still locked or may not be deleted stays."""
    for version in list(store.list_versions(CANARY_PREFIX)):
        if version.modified_us < theirs_us - DAY_US:
            try:
                store.delete_version(version.key, version.version_id)
            except _REFUSED:
                continue


def _lock_properties(store: BlobStore, info: BlobInfo, lock: Lock) -> Iterator[Property]:
    if info.lock != lock:
        yield Property("object-lock", "failed", "the lock read back is not the one that was put")
        yield _without_lock("lock-shorten-refused")
        yield _without_lock("lock-delete-refused")
        return
    if not store.capabilities.locks:
        yield Property("object-lock", "absent", "kept by this program only: binds nobody else")
        yield Property("lock-shorten-refused", "absent", "refused by this program only")
        yield Property("lock-delete-refused", "absent", "refused by this program only")
        return
    yield Property("object-lock", "proven", f"{lock.mode} lock read back as put")
    yield _shorten_refused(store, info, lock)
    yield _delete_refused(store, info)


def _without_lock(name: str) -> Property:
    return Property(name, "absent", "there is no lock to try")


def _delete_refused(store: BlobStore, info: BlobInfo) -> Property:
    name = "lock-delete-refused"
    if not _may_delete(store, info.key):
        return Property(name, "absent", "this principal may not delete at all: ask as the reaper")
    try:
        store.try_delete(info.key, info.version_id)
    except _REFUSED:
        try:
            store.head(info.key, info.version_id)
        except Missing:
            return Property(name, "failed", "refused, and yet the locked version is gone")
        return Property(name, "proven", "deleting a locked version was refused")
    try:
        store.head(info.key, info.version_id)
    except Missing:
        return Property(name, "failed", "a locked version was deleted")
    return Property(name, "failed", "deleting a locked version was answered with success")


def _may_delete(store: BlobStore, locked_key: str) -> bool:
    """Try the control: a refusal says nothing to who cannot delete an unlocked blob either."""
    key = f"{locked_key}-unlocked"
    receipt = store.put(key, b"", sha256=sha256_of(b""))
    try:
        store.try_delete(key, receipt.version_id)
    except _REFUSED:
        return False
    return True


def _shorten_refused(store: BlobStore, info: BlobInfo, lock: Lock) -> Property:
    name = "lock-shorten-refused"
    longer = Lock(lock.mode, lock.retain_until_us + SECOND_US)
    try:
        store.extend_lock(info.key, info.version_id, longer)
    except _REFUSED:
        return Property(name, "absent", "this principal may not change a lock at all")
    try:
        shorter = Lock(lock.mode, lock.retain_until_us - DAY_US // 2)
        store.try_shorten_lock(info.key, info.version_id, shorter)
    except (*_REFUSED, Permanent):
        if store.head(info.key, info.version_id).lock == longer:
            return Property(name, "proven", "shortening a lock was refused")
    return Property(name, "failed", "a lock was shortened")


def _checksum_enforced(store: BlobStore, key: str) -> Property:
    name = "checksum-enforced"
    bad_key = f"{key}-bad"
    try:
        receipt = store.put(bad_key, b"what is sent", sha256=sha256_of(b"what is promised"))
    except Corrupt:
        try:
            store.head(bad_key)
        except Missing:
            if store.capabilities.checksums:
                return Property(name, "proven", "a put with a wrong SHA-256 was refused")
            return Property(name, "absent", "checked by this program only")
        return Property(name, "failed", "a put with a wrong SHA-256 was refused and yet stored")
    try:
        store.try_delete(bad_key, receipt.version_id)
    except StoreError:
        return Property(name, "failed", "a put with a wrong SHA-256 was accepted, and it stays")
    return Property(name, "failed", "a put with a wrong SHA-256 was accepted")


def _checksum_on_head(store: BlobStore, key: str, version_id: str, content: bytes) -> Property:
    name = "checksum-on-head"
    told = store.head(key, version_id).sha256
    if told is None:
        return Property(name, "absent", "HEAD tells no SHA-256: read back whole")
    if told != sha256_of(content):
        return Property(name, "failed", "HEAD tells a SHA-256 that is not the content's")
    return Property(name, "proven", "HEAD tells the SHA-256 of the content")


def _conditional_put(store: BlobStore, locked_key: str) -> Property:
    name = "conditional-put"
    key = f"{locked_key}-once"
    store.put(key, b"first", sha256=sha256_of(b"first"))
    try:
        store.put(key, b"second", sha256=sha256_of(b"second"))
    except Exists:
        versions = list(store.list_versions(key))
        for version in versions:
            with contextlib.suppress(*_REFUSED):
                store.try_delete(key, version.version_id)
        if len(versions) == 1:
            return Property(name, "proven", "a second put to a key was refused")
        return Property(name, "failed", "a second put was refused and yet made a version")
    return Property(name, "failed", "a second put to a key was accepted")


def _range_get(store: BlobStore, key: str, content: bytes) -> Property:
    with store.get(key, start=16, length=32) as chunks:
        read = b"".join(chunks)
    if read == content[16:48]:
        return Property("range-get", "proven", "32 bytes of the middle as put")
    return Property("range-get", "failed", "a range was answered with other bytes")
