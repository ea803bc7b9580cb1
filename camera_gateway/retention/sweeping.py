"""Carrying out a plan: tombstone, deletion, confirmation, and again from any of them after a crash.

Promises R1, R5 and R6: each segment is decided anew in the transaction that writes its tombstone, which comes before
anything is deleted; a hold that comes later and finds the object still there wins; what the store refuses is a
finding and the footage stays in the catalogue. Synchronous. Must not decide when to sweep, or whether it may.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from camera_gateway.catalogue import tombstones as tombstone_rows
from camera_gateway.catalogue.gaps import insert_gap
from camera_gateway.catalogue.holds import active_holds
from camera_gateway.catalogue.kept import get_kept, mark_extended
from camera_gateway.domain.footage import GapCause, GapRecord
from camera_gateway.domain.ids import CameraId, InstitutionId
from camera_gateway.domain.people import SYSTEM
from camera_gateway.domain.retention import covering
from camera_gateway.footage.findings import Finding
from camera_gateway.footage.spooled import drain_garbage
from camera_gateway.retention.decide import GOING, decide
from camera_gateway.retention.holding import take_back
from camera_gateway.retention.planning import read_world
from storage.errors import Locked, Missing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.catalogue.tombstones import Tombstone
    from camera_gateway.domain.ids import SegmentId
    from camera_gateway.domain.people import Actor
    from camera_gateway.domain.retention import Defaults, Kept
    from camera_gateway.footage.books import Books
    from camera_gateway.retention.decide import Decision
    from camera_gateway.retention.plan import Plan
    from camera_gateway.retention.times import TwoClocks
    from storage.blobs import BlobStore
    from storage.spool import Spool

BATCH = 100
"""Tombstones in one transaction."""
STALE_UPLOAD_US = 18 * 3_600_000_000


@dataclass(slots=True)
class Swept:
    """What a sweep did. `skipped` says of each segment that did not go after all, why."""

    segments: int = 0
    size_bytes: int = 0
    confirmed: int = 0
    taken_back: int = 0
    uploads_aborted: int = 0
    skipped: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


class Sweeper:
    """Deletes. For one thread at a time."""

    def __init__(
        self,
        *,
        books: Books,
        spool: Spool,
        store: BlobStore,
        clocks: TwoClocks,
        defaults: Defaults,
        busy: Callable[[], frozenset[SegmentId]] = frozenset,
    ) -> None:
        """`busy`: what is being uploaded right now, and is left for the next sweep."""
        self._books = books
        self._spool = spool
        self._store = store
        self._clocks = clocks
        self._defaults = defaults
        self._busy = busy

    def sweep(
        self,
        plan: Plan,
        actor: Actor,
        approved_by: str | None = None,
        progress: Callable[[int], None] = lambda _done: None,
    ) -> Swept:
        """Delete what a plan lists and nothing else; first what an earlier sweep has left half done.

        Raises `Refused` (code "clock"), `Unavailable`, `StoreError`s, `SpoolError`s; calling again goes on from there.
        """
        swept = Swept()
        self._finish(swept)
        for at in range(0, len(plan.going), BATCH):
            now_us = self._clocks.now_us()
            batch = plan.going[at : at + BATCH]
            self._books.write(partial(self._order, batch, plan.digest, approved_by, now_us, swept), actor)
            self._finish(swept)
            progress(at + len(batch))
        swept.uploads_aborted = self._store.abort_stale_uploads(self._clocks.now_us() - STALE_UPLOAD_US)
        self._books.write(lambda tx: tombstone_rows.mark_swept(tx, plan.digest, approved_by), actor)
        return swept

    def finish(self) -> Swept:
        """Complete what an earlier sweep has left half done. Raises as `sweep`."""
        self._clocks.now_us()
        swept = Swept()
        self._finish(swept)
        return swept

    def _order(
        self,
        batch: Sequence[Decision],
        digest: str,
        approved_by: str | None,
        now_us: int,
        swept: Swept,
        tx: Transaction,
    ) -> None:
        """Decide once more, with everything as it is now, and write the tombstones of what still goes."""
        world, busy = read_world(self._defaults, tx), self._busy()
        gone: list[Kept] = []
        for planned in batch:
            segment = planned.segment.segment
            kept = get_kept(tx, segment)
            if kept is None:
                swept.skipped[segment] = "it has gone already"
                continue
            if segment in busy:
                swept.skipped[segment] = "it is being uploaded"
                continue
            decision = decide(kept, world.policies, world.holds, now_us)
            if decision.verdict not in GOING:
                swept.skipped[segment] = decision.reasons[0]
                continue
            if tombstone_rows.expire(
                tx, kept, policy=decision.policy, reasons=decision.reasons, plan=digest, approved_by=approved_by
            ):
                gone.append(kept)
        for record in _gaps(gone, digest):
            insert_gap(tx, record)
        if gone:
            size_bytes = sum(kept.size_bytes for kept in gone)
            tx.audit(
                "retention.delete", f"plan:{digest}", segments=len(gone), bytes=size_bytes, approved_by=approved_by
            )
            swept.segments += len(gone)
            swept.size_bytes += size_bytes

    def _finish(self, swept: Swept) -> None:
        drain_garbage(self._books, self._spool)
        after = 0
        while waiting := self._books.read(partial(_unconfirmed, after)):
            absent = [tombstone.number for tombstone in waiting if self._delete(tombstone, swept)]
            if absent:
                self._books.write(partial(_confirm, absent))
                swept.confirmed += len(absent)
            after = waiting[-1].number

    def _delete(self, tombstone: Tombstone, swept: Swept) -> bool:
        """Delete every version and marker of a segment; whether a listing shows that nothing is left."""
        key = tombstone.key
        if key is None:
            return True
        if self._books.read(partial(_is_held, tombstone)) and take_back(self._books, self._store, tombstone, "held"):
            swept.taken_back += 1
            return False
        for version in list(self._store.list_versions(key)):
            if version.key != key:
                continue
            try:
                self._store.delete_version(key, version.version_id)
            except Locked as error:
                self._refused(tombstone, version.version_id, str(error), swept)
                return False
        return not any(version.key == key for version in self._store.list_versions(key))

    def _refused(self, tombstone: Tombstone, version_id: str, why: str, swept: Swept) -> None:
        """Believe the store: the footage is still there, and the catalogue says so again."""
        if self._books.read(partial(_is_held, tombstone)):
            if take_back(self._books, self._store, tombstone, "held"):
                swept.taken_back += 1
            return
        key = tombstone.key or ""
        swept.findings.append(Finding("R1", f"the store refuses the deletion: {why}", key))
        if tombstone.version_id not in (None, version_id):
            return  # somebody else's version: ours is gone, and the tombstone waits
        try:
            lock = self._store.head(key, version_id).lock
        except Missing:
            return
        until_us = 0 if lock is None else lock.retain_until_us

        def work(tx: Transaction) -> None:
            if tombstone_rows.withdraw(tx, tombstone, version_id, f"the store refuses: {why}"):
                mark_extended(tx, tombstone.segment, until_us, tombstone.policy)

        self._books.write(work, SYSTEM)


def _gaps(gone: Sequence[Kept], digest: str) -> list[GapRecord]:
    """Return a gap record for each stretch of footage that goes, so that its seconds stay explained (C3)."""
    records: list[GapRecord] = []
    for kept in gone:
        last = records[-1] if records else None
        if last is not None and last.camera == kept.place.camera and last.end_us == kept.start_us:
            records[-1] = _gap(kept, digest, last.gap, last.start_us)
        else:
            records.append(_gap(kept, digest, f"expired-{digest[:12]}-{kept.segment}", kept.start_us))
    return records


def _gap(kept: Kept, digest: str, name: str, start_us: int) -> GapRecord:
    return GapRecord(
        gap=name,
        camera=CameraId(kept.place.camera),
        institution=InstitutionId(kept.place.institution),
        start_us=start_us,
        end_us=kept.end_us,
        cause=GapCause.EXPIRED,
        detail=f"its time was over; deleted by plan {digest[:12]}",
        observed_by="serve",
        precision_us=0,
    )


def _unconfirmed(after: int, tx: Transaction) -> list[Tombstone]:
    return tombstone_rows.unconfirmed(tx, BATCH, after)


def _confirm(numbers: list[int], tx: Transaction) -> None:
    tombstone_rows.confirm(tx, numbers)


def _is_held(tombstone: Tombstone, tx: Transaction) -> bool:
    holds = active_holds(tx)
    return bool(covering(holds, tombstone.institution, tombstone.camera, tombstone.start_us, tombstone.end_us))
