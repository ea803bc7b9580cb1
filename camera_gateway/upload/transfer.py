"""One segment's way from the spool into the store, step by step.

Promises that a crash between any two steps, an ambiguous answer or a lying store never makes a second version, never
a `stored` that is not (U1 to U5), and never loses bytes that somebody still has. Synchronous: runs on a transfer
thread. Must not decide about windows, bandwidth or order, and retries nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Protocol

from camera_gateway.catalogue.segments import (
    get_segment,
    mark_failed,
    mark_intended,
    mark_lost,
    mark_put,
    mark_stored,
)
from camera_gateway.domain.footage import GapCause
from camera_gateway.domain.naming import segment_key
from camera_gateway.errors import NotFound, Refused
from camera_gateway.footage.spooled import entry_at, file_of
from camera_gateway.upload.policy import SEGMENT_AGAIN, SEGMENT_REFUSED, Step, next_step
from camera_gateway.upload.verify import Expected, StoreProofs, read_back
from storage.blobs import Lock
from storage.checksum import sha256_of_file
from storage.errors import ClockSkewed, Corrupt, Exists, Missing, Paused, Permanent, SpoolError, StoreError, Transient

if TYPE_CHECKING:
    from collections.abc import Callable

    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.catalogue.segments import SegmentRow
    from camera_gateway.clock import Clock
    from camera_gateway.domain.footage import Sidecar
    from camera_gateway.domain.ids import CameraId, SegmentId
    from camera_gateway.domain.retention import RetentionPolicy
    from camera_gateway.footage.books import Books
    from storage.blobs import BlobInfo, BlobStore, LockMode
    from storage.spool import Spool

CONTENT_TYPE = "video/mp4"


class Outcome(StrEnum):
    """How an attempt ended, as far as the next one is concerned."""

    STORED = "stored"
    LOST = "lost"
    """The bytes were gone or damaged before they were sent."""
    GONE = "gone"
    """Nothing is left to do for this segment: somebody else moved it on."""
    PAUSED = "paused"
    """The window closed or the service is ending; nothing is wrong."""
    AGAIN = "again"
    """This segment has a difficulty of its own."""
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    """The store refuses us: credentials, policy, no such bucket."""
    SKEWED = "skewed"
    """The store refuses our clock (U6)."""


@dataclass(frozen=True, slots=True)
class Result:
    """An outcome with what there is to say: a stable word, and the skew in µs where it is known."""

    outcome: Outcome
    error_class: str = ""
    skew_us: int | None = None


class TransferObserver(Protocol):
    """Who wants to know: metrics, log, alarms. Called on transfer threads."""

    def stored(self, camera: CameraId, size_bytes: int) -> None:
        """Count a segment that was read back as intended."""
        ...

    def failed(self, error_class: str) -> None:
        """Count an attempt that failed, by a stable word."""
        ...

    def alarm(self, what: str, segment: SegmentId, detail: str) -> None:
        """Tell a person: what the store has is not what we gave, or bytes were lost."""
        ...


class Transfer:
    """Moves segments on. May be used by several threads at once, each with another segment."""

    def __init__(
        self,
        *,
        books: Books,
        spool: Spool,
        store: BlobStore,
        proofs: StoreProofs,
        policy_for: Callable[[CameraId, int], RetentionPolicy],
        lock_mode: LockMode | None,
        clock: Clock,
        observer: TransferObserver,
        is_held: Callable[[Sidecar], bool] = lambda _sidecar: False,
    ) -> None:
        """`policy_for(camera, at_us)`: the rules for footage of that moment; `is_held`: whether a hold covers it."""
        self._books = books
        self._spool = spool
        self._store = store
        self._proofs = proofs
        self._policy_for = policy_for
        self._is_held = is_held
        self._lock_mode = lock_mode
        self._clock = clock
        self._observer = observer

    def advance(self, segment: SegmentId, pace: Callable[[int], None] | None = None) -> Result:
        """Take a segment as far as it goes now. `pace(n)` is called before each n bytes are sent.

        Raises `Unavailable` when the catalogue cannot be used; everything else is a result.
        """
        try:
            row = self._books.read(partial(_row, segment))
            try:
                return self._step(row, pace)
            except StoreError as error:
                return self._failed(row, error)
            except SpoolError as error:
                return self._again(row, error.code)
            except FileNotFoundError:
                return self._lose(row, "the file is not in the spool")
            except OSError:
                return self._again(row, "disk-error")
        except (Refused, NotFound):
            return Result(Outcome.GONE)

    def _step(self, row: SegmentRow, pace: Callable[[int], None] | None) -> Result:
        match next_step(row.state):
            case Step.PUT:
                return self._put(row, pace)
            case Step.ASK:
                return self._ask(row, pace)
            case Step.READ_BACK:
                try:
                    return self._believe(row, _expected(row, row.version_id))
                except Missing:  # the store has lost what it had acknowledged
                    return self._put_if_nothing_is_there(row, pace)
            case Step.NOTHING:
                return Result(Outcome.GONE)

    def _put(self, row: SegmentRow, pace: Callable[[int], None] | None) -> Result:
        sidecar = row.sidecar
        path = file_of(self._spool, row.spool_path or "")
        if sha256_of_file(path) != sidecar.sha256:
            return self._lose(row, "the file's SHA-256 is not the one that was sealed")
        if row.key is None:
            key = segment_key(sidecar.institution, sidecar.camera, sidecar.start_us, sidecar.sha256)
            found = self._policy_for(sidecar.camera, sidecar.end_us)
            lock = self._lock_mode and Lock(self._lock_mode, found.retain_until_us(sidecar.end_us))
            policy = found.id
        else:  # an earlier attempt has decided; a changed policy must not make two intents
            key, lock, policy = row.key, _lock(row), row.policy
        mode, until = (lock.mode, lock.retain_until_us) if lock else (None, None)
        self._books.write(lambda tx: mark_intended(tx, sidecar.segment, key, mode, until, policy))
        expected = Expected(key, None, sidecar.size_bytes, sidecar.sha256, lock or None)
        try:
            receipt = self._store.put(
                key,
                path,
                sha256=sidecar.sha256,
                metadata=sidecar.to_metadata(),
                lock=lock or None,
                content_type=CONTENT_TYPE,
                pace=pace,
            )
        except Exists:
            return self._adopt(row, expected, self._store.head(key))
        except Corrupt:
            if sha256_of_file(path) != sidecar.sha256:
                return self._lose(row, "the file changed while it was sent")
            raise
        return self._put_answered(row, expected, receipt.version_id)

    def _ask(self, row: SegmentRow, pace: Callable[[int], None] | None) -> Result:
        """Look first: the attempt before this one may have had its effect (U5)."""
        expected = _expected(row, None)
        try:
            info = self._store.head(expected.key)
        except Missing:
            return self._put_if_nothing_is_there(row, pace)
        return self._adopt(row, expected, info)

    def _adopt(self, row: SegmentRow, expected: Expected, info: BlobInfo) -> Result:
        """Take a version under our key for ours when it can be; reading it back decides."""
        if info.size != expected.size_bytes or info.sha256 not in (None, expected.sha256):
            return self._wrong(row, "foreign-object", "the key holds other bytes than ours")
        return self._put_answered(row, expected, info.version_id)

    def _put_answered(self, row: SegmentRow, expected: Expected, version_id: str) -> Result:
        segment = row.sidecar.segment
        self._books.write(lambda tx: mark_put(tx, segment, version_id))
        expected = Expected(expected.key, version_id, expected.size_bytes, expected.sha256, expected.lock)
        try:
            return self._believe(row, expected)
        except Missing:
            return self._wrong(row, "readback-missing", "the store does not have what it has just taken")

    def _believe(self, row: SegmentRow, expected: Expected) -> Result:
        sidecar = row.sidecar
        found = read_back(self._store, expected, trust_head=self._proofs.checksum_on_head)
        if found.differences:
            fields = ", ".join(found.differences)
            return self._wrong(row, f"readback-{found.differences[0]}", f"not as intended: {fields}")
        # asked after `put` is committed: a hold placed before that is seen here, one placed later sees the row (R3)
        if self._is_held(sidecar):
            self._store.place_hold(expected.key, found.version_id)
        locked = expected.lock is not None and self._proofs.lock_proven
        self._books.write(lambda tx: mark_stored(tx, sidecar.segment, found.version_id, locked))
        self._observer.stored(sidecar.camera, sidecar.size_bytes)
        return Result(Outcome.STORED)

    def _put_if_nothing_is_there(self, row: SegmentRow, pace: Callable[[int], None] | None) -> Result:
        """Send only when no version and no delete marker is under the key (U2): never a second version."""
        key = row.key or ""
        if any(version.key == key for version in self._store.list_versions(key)):
            return self._wrong(row, "delete-marker", "somebody has deleted or replaced the object")
        return self._put(row, pace)

    def _lose(self, row: SegmentRow, detail: str) -> Result:
        segment, spool_path = row.sidecar.segment, row.spool_path
        if spool_path is not None and file_of(self._spool, spool_path).exists():
            self._spool.quarantine(entry_at(self._spool, spool_path), detail)
        self._books.write(lambda tx: mark_lost(tx, segment, GapCause.INTEGRITY_FAILED, detail))
        self._observer.alarm("segment-lost", segment, detail)
        return Result(Outcome.LOST, "integrity-failed")

    def _wrong(self, row: SegmentRow, error_class: str, detail: str) -> Result:
        """Believe nothing, repair nothing: the state stays, the file stays, a person is told once."""
        if row.error_class != error_class:
            self._observer.alarm(error_class, row.sidecar.segment, detail)
            self._books.write(partial(_audit_wrong, row, error_class, detail))
        return self._again(row, error_class)

    def _failed(self, row: SegmentRow, error: StoreError) -> Result:
        segment, now_us = row.sidecar.segment, self._clock.now_us()
        if isinstance(error, Paused):
            return Result(Outcome.PAUSED)
        if not isinstance(error, ClockSkewed | Transient | Permanent):
            return self._again(row, error.code)
        self._observer.failed(error.code)
        again_us = now_us + SEGMENT_AGAIN.delay_us(row.attempts + 1, segment)
        self._books.write(lambda tx: mark_failed(tx, segment, error.code, again_us))
        if isinstance(error, ClockSkewed):
            return Result(Outcome.SKEWED, error.code, error.skew_us)
        outcome = Outcome.UNREACHABLE if isinstance(error, Transient) else Outcome.REFUSED
        return Result(outcome, error.code)

    def _again(self, row: SegmentRow, error_class: str) -> Result:
        segment = row.sidecar.segment
        self._observer.failed(error_class)
        again_us = self._clock.now_us() + SEGMENT_REFUSED.delay_us(row.attempts + 1, segment)
        self._books.write(lambda tx: mark_failed(tx, segment, error_class, again_us))
        return Result(Outcome.AGAIN, error_class)


def _row(segment: SegmentId, tx: Transaction) -> SegmentRow:
    return get_segment(tx, segment)


def _lock(row: SegmentRow) -> Lock | None:
    if row.lock_mode is None or row.retain_until_us is None:
        return None
    return Lock("compliance" if row.lock_mode == "compliance" else "governance", row.retain_until_us)


def _expected(row: SegmentRow, version_id: str | None) -> Expected:
    return Expected(row.key or "", version_id, row.sidecar.size_bytes, row.sidecar.sha256, _lock(row))


def _audit_wrong(row: SegmentRow, error_class: str, detail: str, tx: Transaction) -> None:
    tx.audit("segment.not-as-intended", f"segment:{row.sidecar.segment}", error_class=error_class, detail=detail)
