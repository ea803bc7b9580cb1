"""Legal holds in the store: put in force, taken off, and held to the catalogue (invariant R3).

Promises that a hold counts from its row's commit; that every stored segment of it is held by the store before
`put_in_force` returns; that a segment whose deletion has begun and whose object is still there is taken back; that two
holds on one segment never undo each other. Every step may be repeated after a crash. Synchronous.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from camera_gateway.catalogue import holds as hold_rows
from camera_gateway.catalogue import tombstones as tombstone_rows
from camera_gateway.catalogue.kept import get_kept, kept_in_span
from camera_gateway.catalogue.registry import list_cameras
from camera_gateway.domain.footage import PUT
from camera_gateway.domain.ids import InstitutionId
from camera_gateway.domain.intervals import clip, normalise
from camera_gateway.domain.retention import covering
from camera_gateway.footage.findings import Finding
from storage.errors import Missing

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.catalogue.tombstones import Tombstone
    from camera_gateway.domain.footage import Sidecar
    from camera_gateway.domain.intervals import Interval
    from camera_gateway.domain.retention import Hold, Kept
    from camera_gateway.footage.books import Books
    from storage.blobs import BlobStore

EVER_US = 1 << 62
"""The end of a hold without one."""
STORE_THREADS = 8
"""Segments that the store is asked about at a time: a hold of a month is 43,000 of them per camera."""


@dataclass(slots=True)
class InForce:
    """What putting a hold in force came to. `gone` are the spans that were deleted before it came, by camera."""

    segments: int = 0
    size_bytes: int = 0
    taken_back: int = 0
    gone: dict[str, list[Interval]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def gone_us(self) -> int:
        """Return how much of the held time was gone already, µs."""
        return sum(end - start for spans in self.gone.values() for start, end in spans)


def is_held(books: Books, sidecar: Sidecar) -> bool:
    """Whether a hold covers a segment now: asked by the uploader after each put, and by the quota before a drop."""

    def work(tx: Transaction) -> bool:
        holds = hold_rows.active_holds(tx)
        return bool(covering(holds, sidecar.institution, sidecar.camera, sidecar.start_us, sidecar.end_us))

    return books.read(work)


def cameras_of(hold: Hold, tx: Transaction) -> list[str]:
    """Return the cameras that a hold is about today."""
    if hold.institution is None:
        return sorted(hold.cameras)
    return [camera.id for camera in list_cameras(tx, InstitutionId(hold.institution))]


class HoldKeeper:
    """Makes the store's holds what the catalogue's are. May be used from several threads."""

    def __init__(self, books: Books, store: BlobStore) -> None:
        self._books = books
        self._store = store

    def put_in_force(self, hold: Hold, progress: Callable[[int], None] = lambda _done: None) -> InForce:
        """Let the store hold every stored segment of a placed hold. Raises `StoreError`s; repeat it then."""
        found = InForce()
        with _threads() as threads:
            for camera in self._books.read(partial(cameras_of, hold)):
                self._take_back(hold, camera, found)
                stored = [kept for kept in self._books.read(partial(_in_span, hold, camera)) if _is_put(kept)]
                for kept, placed in zip(stored, threads.map(self._place, stored), strict=True):
                    self._count(kept, found, placed=placed)
                    progress(found.segments)
        self._books.write(lambda tx: hold_rows.mark_in_force(tx, hold.number))
        return found

    def take_off(self, hold: Hold) -> int:
        """Let the store release what no other hold covers of a lifted hold; how many. Raises `StoreError`s."""
        count = 0
        for camera in self._books.read(partial(cameras_of, hold)):
            for kept in self._books.read(partial(_in_span, hold, camera)):
                count += self._release(kept)
        self._books.write(lambda tx: hold_rows.mark_released(tx, hold.number))
        return count

    def finish(self) -> list[Finding]:
        """Complete what a crash or an absent store has cut short; what was wrong. Raises `StoreError`s."""
        findings = []
        for hold in self._books.read(hold_rows.unfinished_holds):
            if hold.lifted_us is None:
                findings += self.put_in_force(hold).findings
            else:
                self.take_off(hold)
        return findings

    def drift(self, *, everything: bool = False) -> Iterator[Finding]:
        """Yield where the store's holds are not the catalogue's; a missing one is placed again at once.

        Looks where there is or was a hold, or at every stored segment. A hold in the store that nobody ordered here is
        only told: somebody else may have placed it. Raises `StoreError`s.
        """
        with _threads() as threads:
            for camera, spans in sorted(self._books.read(partial(_spans, everything)).items()):
                for start_us, end_us in spans:
                    between = self._books.read(partial(_between, camera, start_us, end_us))
                    stored = [kept for kept in between if _is_put(kept)]
                    for kept, there in zip(stored, threads.map(self._there, stored), strict=True):
                        finding = self._drift_of(kept, there)
                        if finding is not None:
                            yield finding

    def _there(self, kept: Kept) -> bool | None:
        """Whether the store holds a segment; None when it has no such object."""
        try:
            return self._store.head(kept.key or "", kept.version_id).hold
        except Missing:
            return None

    def _drift_of(self, kept: Kept, there: bool | None) -> Finding | None:  # noqa: FBT001 - what `_there` returned
        key = kept.key or ""
        if there is None:
            still = self._books.read(partial(_still, kept))
            return Finding("C2", "the object is not in the store", key) if still else None
        should = self._books.read(partial(_covered, kept))
        if should and not there:
            self._place(kept)
            return Finding("R3", "the store had no hold where the catalogue has one; it was placed again", key)
        if there and not should:
            return Finding("R3", "the store holds what no hold in the catalogue covers", key)
        return None

    def _place(self, kept: Kept) -> bool:
        """Let the store hold a segment; False when it has no such object."""
        try:
            self._store.place_hold(kept.key or "", kept.version_id or "")
        except Missing:
            return False
        return True

    def _count(self, kept: Kept, found: InForce, *, placed: bool) -> None:
        if placed:
            found.segments += 1
            found.size_bytes += kept.size_bytes
        elif self._books.read(partial(_still, kept)):
            found.findings.append(Finding("R3", "held, but its object is not in the store", kept.key or ""))

    def _take_back(self, hold: Hold, camera: str, found: InForce) -> None:
        """Hold what is being deleted: if its object is still there, the hold was first after all."""
        end_us = EVER_US if hold.end_us is None else hold.end_us
        gone: list[Interval] = []
        for tombstone in self._books.read(lambda tx: tombstone_rows.in_span(tx, camera, hold.start_us, end_us)):
            if tombstone.confirmed_us is None and take_back(self._books, self._store, tombstone, hold.id):
                found.taken_back += 1
            else:
                gone.append((tombstone.start_us, tombstone.end_us))
        spans = clip(gone, hold.start_us, end_us)
        if spans:
            found.gone[camera] = spans

    def _release(self, kept: Kept) -> int:
        key, version_id = kept.key or "", kept.version_id or ""
        if not _is_put(kept) or self._books.read(partial(_covered, kept)):
            return 0
        try:
            self._store.lift_hold(key, version_id)
        except Missing:
            return 0
        # a hold that was placed between the question and the act finds its segments held again
        if self._books.read(partial(_covered, kept)):
            self._store.place_hold(key, version_id)
            return 0
        return 1


def take_back(books: Books, store: BlobStore, tombstone: Tombstone, why: str) -> bool:
    """Hold the object of an unconfirmed tombstone and withdraw the tombstone; False when the object is gone."""
    if tombstone.key is None:
        return False
    for version in list(store.list_versions(tombstone.key)):
        ours = tombstone.version_id in (None, version.version_id)
        if version.key != tombstone.key or version.is_delete_marker or not ours:
            continue
        try:
            store.place_hold(version.key, version.version_id)
        except Missing:
            return False
        books.write(partial(_withdraw, tombstone, version.version_id, why))
        return True
    return False


@contextmanager
def _threads() -> Generator[ThreadPoolExecutor]:
    """Give the threads that ask the store; what they have not begun is dropped at an error."""
    threads = ThreadPoolExecutor(STORE_THREADS, "hold")
    try:
        yield threads
    finally:
        threads.shutdown(cancel_futures=True)


def _is_put(kept: Kept) -> bool:
    return kept.key is not None and kept.version_id is not None and kept.state.value in PUT


def _withdraw(tombstone: Tombstone, version_id: str, why: str, tx: Transaction) -> None:
    tombstone_rows.withdraw(tx, tombstone, version_id, why)


def _spans(everything: bool, tx: Transaction) -> dict[str, list[Interval]]:  # noqa: FBT001 - bound by partial
    if everything:
        return {camera.id: [(0, EVER_US)] for camera in list_cameras(tx)}
    found: dict[str, list[Interval]] = {}
    for hold in hold_rows.list_holds(tx):
        end_us = EVER_US if hold.end_us is None else hold.end_us
        for camera in cameras_of(hold, tx):
            found[camera] = normalise([*found.get(camera, []), (hold.start_us, end_us)])
    return found


def _between(camera: str, start_us: int, end_us: int, tx: Transaction) -> list[Kept]:
    return kept_in_span(tx, camera, start_us, end_us)


def _in_span(hold: Hold, camera: str, tx: Transaction) -> list[Kept]:
    return kept_in_span(tx, camera, hold.start_us, EVER_US if hold.end_us is None else hold.end_us)


def _covered(kept: Kept, tx: Transaction) -> bool:
    place = kept.place
    return bool(covering(hold_rows.active_holds(tx), place.institution, place.camera, kept.start_us, kept.end_us))


def _still(kept: Kept, tx: Transaction) -> bool:
    """Whether the catalogue still claims the object."""
    now = get_kept(tx, kept.segment)
    return now is not None and now.state.value in PUT
