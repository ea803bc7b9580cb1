"""The drill: stored segments drawn by lot from a published seed, fetched, hashed, and one keyframe of each decoded.

Promises a choice that anybody can make again from the seed and the ids, every byte fetched from the store, and a
segment called lost only when its object is gone or damaged for certain: seen twice, no copy left in the spool, and
the same drill has read at least as many good ones, because a wrong bucket looks the same. A store that is away
changes nothing. Decodes only in the jail. Synchronous.
"""

from __future__ import annotations

import hashlib
import heapq
import math
import tempfile
from dataclasses import dataclass, field
from functools import partial
from typing import IO, TYPE_CHECKING

from camera_gateway.catalogue.drawing import stored_ids
from camera_gateway.catalogue.segments import get_segment, mark_lost
from camera_gateway.domain.footage import STORED, GapCause
from camera_gateway.footage.spooled import file_of
from camera_gateway.media.keyframe import KeyframeError, decode_keyframe
from storage.checksum import sha256_of_file
from storage.errors import Missing, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.catalogue.segments import SegmentRow
    from camera_gateway.domain.ids import SegmentId
    from camera_gateway.footage.books import Books
    from storage.blobs import BlobStore
    from storage.spool import Spool

Z_95 = 1.959963984540054
"""The 97.5 % point of the normal distribution: a two-sided interval of 95 %."""
MISSING, WRONG_SIZE, WRONG_HASH = "missing", "size", "sha256"
GONE = frozenset({MISSING, WRONG_SIZE, WRONG_HASH})
"""Causes that say something of the object; every other one may be the store's or the decoder's affair."""


@dataclass(frozen=True, slots=True)
class Lots:
    """What a drill will look at.

    `population` is how many stored segments there were, `digest` the SHA-256 of their ids, each followed by a line
    feed, in their order.
    """

    seed: str
    population: int
    digest: str
    chosen: tuple[SegmentId, ...]


@dataclass(frozen=True, slots=True)
class Failure:
    """A segment that did not come back as it was stored. `marked`: it is a gap `integrity-failed` now."""

    segment: SegmentId
    camera: str
    key: str
    cause: str
    detail: str
    marked: bool = False


@dataclass(slots=True)
class Drilled:
    """What a drill found. `skipped` were deleted by order while it ran, and count neither way."""

    lots: Lots
    good: int = 0
    size_bytes: int = 0
    skipped: int = 0
    failures: list[Failure] = field(default_factory=list)

    @property
    def checked(self) -> int:
        """How many count."""
        return self.good + len(self.failures)

    @property
    def ratio(self) -> float | None:
        """Share of good ones; None when nothing was there to be looked at."""
        return self.good / self.checked if self.checked else None


def rank(seed: str, segment: str) -> bytes:
    """Return a segment's place in the order of a seed: SHA-256 of "seed:segment"."""
    return hashlib.sha256(f"{seed}:{segment}".encode()).digest()


def choose(seed: str, segments: Iterable[SegmentId], number: int) -> list[SegmentId]:
    """Return the `number` segments of lowest rank, by rank, whatever the order in which they are given."""
    return heapq.nsmallest(number, segments, key=partial(rank, seed))


def wilson(good: int, checked: int, z: float = Z_95) -> tuple[float, float]:
    """Return the Wilson score interval of a share (E. B. Wilson, JASA 22, 1927): (0, 1) of nothing."""
    if checked == 0:
        return 0.0, 1.0
    share, square = good / checked, z * z
    middle = share + square / (2 * checked)
    reach = z * math.sqrt(share * (1 - share) / checked + square / (4 * checked * checked))
    whole = 1 + square / checked
    low, high = (middle - reach) / whole, (middle + reach) / whole
    # at the ends the formula is exact and floating point is not
    return (0.0 if good == 0 else low), (1.0 if good == checked else high)


def draw(books: Books, seed: str, number: int) -> Lots:
    """Draw `number` of all stored segments."""
    chosen: list[SegmentId] = []
    digest, population, after = hashlib.sha256(), 0, ""
    while page := books.read(partial(stored_ids, after=after)):
        digest.update("".join(f"{segment}\n" for segment in page).encode())
        population += len(page)
        chosen = choose(seed, [*chosen, *page], number)
        after = page[-1]
    return Lots(seed, population, digest.hexdigest(), tuple(chosen))


class Driller:
    """Looks at drawn segments one by one; `work_dir` has room for one segment, in a file without a name."""

    def __init__(self, books: Books, store: BlobStore, spool: Spool, work_dir: Path) -> None:
        self._books = books
        self._store = store
        self._spool = spool
        self._work_dir = work_dir

    def run(self, lots: Lots, progress: Callable[[int, int], None] = lambda _done, _of: None) -> Drilled:
        """Look at each, then say of what is gone that it is. Never raises for what a store or a segment is like."""
        found = Drilled(lots)
        for number, segment in enumerate(lots.chosen, 1):
            row = self._stored(segment)
            failure = None if row is None else self._look(row)
            if failure is not None and self._stored(segment) is None:
                row = None  # deleted by order while we looked
            if row is None:
                found.skipped += 1
            elif failure is not None:
                found.failures.append(failure)
            else:
                found.good += 1
                found.size_bytes += row.sidecar.size_bytes
            progress(number, len(lots.chosen))
        gone = [failure for failure in found.failures if failure.cause in GONE]
        if len(gone) <= found.good:
            found.failures = [self._marked(failure) if failure in gone else failure for failure in found.failures]
        return found

    def _stored(self, segment: SegmentId) -> SegmentRow | None:
        row = self._books.read(lambda tx: get_segment(tx, segment))
        return row if row.state.value in STORED else None

    def _look(self, row: SegmentRow) -> Failure | None:
        """Fetch and judge one segment; what would say that it is gone is looked at twice."""
        failure = self._once(row)
        return self._once(row) if failure is not None and failure.cause in GONE else failure

    def _once(self, row: SegmentRow) -> Failure | None:
        try:
            with tempfile.TemporaryFile(dir=self._work_dir) as copy:
                cause = self._fetch(row, copy)
                if cause is None:
                    copy.flush()
                    decode_keyframe(copy.fileno())
                    return None
            return _failure(row, cause, _WORDS[cause])
        except Missing:
            return _failure(row, MISSING, _WORDS[MISSING])
        except StoreError as error:
            return _failure(row, error.code, f"the store could not be asked: {error}")
        except KeyframeError as error:
            return _failure(row, error.cause, f"the bytes are as stored, but no keyframe was decoded: {error}")
        except OSError as error:
            return _failure(row, "disk", f"no room to look at it: {error.strerror}")

    def _fetch(self, row: SegmentRow, copy: IO[bytes]) -> str | None:
        """Write the object's bytes to `copy`; return what is wrong with them. Raises `StoreError`s."""
        digest, left = hashlib.sha256(), row.sidecar.size_bytes
        with self._store.get(row.key or "", version_id=row.version_id) as chunks:
            for chunk in chunks:
                left -= len(chunk)
                if left < 0:
                    break
                digest.update(chunk)
                copy.write(chunk)
        if left:
            return WRONG_SIZE
        return None if digest.hexdigest() == row.sidecar.sha256 else WRONG_HASH

    def _marked(self, failure: Failure) -> Failure:
        marked = self._books.write(partial(self._mark, failure))
        return Failure(failure.segment, failure.camera, failure.key, failure.cause, failure.detail, marked)

    def _mark(self, failure: Failure, tx: Transaction) -> bool:
        """Make it a gap, unless the spool still has the bytes or it has moved on."""
        row = get_segment(tx, failure.segment)
        if row.state.value not in STORED or self._is_in_spool(row):
            return False
        return mark_lost(tx, failure.segment, GapCause.INTEGRITY_FAILED, f"found by a drill: {failure.detail}")

    def _is_in_spool(self, row: SegmentRow) -> bool:
        if row.spool_path is None:
            return False
        try:
            return sha256_of_file(file_of(self._spool, row.spool_path)) == row.sidecar.sha256
        except FileNotFoundError:
            return False
        except (OSError, ValueError):
            return True  # not known to be gone


_WORDS = {
    MISSING: "the object or its version is not in the bucket",
    WRONG_SIZE: "the object has another size than was stored",
    WRONG_HASH: "the object's SHA-256 is not the one that was stored",
}


def _failure(row: SegmentRow, cause: str, detail: str) -> Failure:
    return Failure(row.sidecar.segment, row.sidecar.camera, row.key or "", cause, detail)
