"""The nightly pass that keeps each lock ahead of the rules: extended, never shortened (invariant R2).

Promises the store first and the row after it, so that no row promises more than the store has; a pass that was cut
short is repeated by the next one. Synchronous.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from camera_gateway.catalogue.kept import mark_extended
from camera_gateway.domain.footage import STORED
from camera_gateway.footage.findings import Finding
from camera_gateway.retention.decide import Verdict
from camera_gateway.retention.planning import decisions, read_world
from storage.blobs import Lock
from storage.errors import Locked, Missing

if TYPE_CHECKING:
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.retention import Defaults
    from camera_gateway.footage.books import Books
    from camera_gateway.retention.decide import Decision
    from storage.blobs import BlobStore, LockMode

BATCH = 100


@dataclass(slots=True)
class Extended:
    """What a pass did."""

    segments: int = 0
    findings: list[Finding] = field(default_factory=list)


def extend_all(books: Books, store: BlobStore, defaults: Defaults, now_us: int) -> Extended:
    """Extend every lock that is shorter than the rules of its time or of now. Raises `StoreError`s."""
    result = Extended()
    world = books.read(partial(read_world, defaults))
    done: list[Decision] = []
    for decision in decisions(books, world, now_us):
        if decision.verdict is Verdict.EXTEND and _extend(store, decision, result):
            done.append(decision)
        if len(done) >= BATCH:
            books.write(partial(_note, done, result))
            done = []
    if done:
        books.write(partial(_note, done, result))
    return result


def _extend(store: BlobStore, decision: Decision, result: Extended) -> bool:
    segment = decision.segment
    if segment.state.value not in STORED or segment.key is None or segment.version_id is None:
        return False  # what is on its way is read back as intended first (U3)
    mode: LockMode = "compliance" if segment.lock_mode == "compliance" else "governance"
    try:
        store.extend_lock(segment.key, segment.version_id, Lock.until(mode, decision.until_us))
    except Locked:
        result.findings.append(Finding("R2", "the store's lock is longer than its row says", segment.key))
        return False
    except Missing:
        result.findings.append(Finding("C2", "the object is not in the store", segment.key))
        return False
    return True


def _note(done: list[Decision], result: Extended, tx: Transaction) -> None:
    number = sum(mark_extended(tx, d.segment.segment, d.until_us, d.policy) for d in done)
    tx.audit("retention.extend", "segments", segments=number, first=done[0].segment.segment)
    result.segments += number
