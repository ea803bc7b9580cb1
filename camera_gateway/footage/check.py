"""The fsck of spool, catalogue and bucket: what one says is held to the other two.

Promises findings one by one with the invariant's id (D3, D4, U2, U3, C1, C2, S3), memory that does not grow with the
footage (a camera's day at a time), and no change of anything. While a gateway is at work, what is younger than a
minute or two is left out: it may be on its way. Synchronous.
"""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

from camera_gateway.catalogue import audit_log
from camera_gateway.catalogue.gaps import gaps_in_span, last_gap_end_us
from camera_gateway.catalogue.garbage import pending_garbage
from camera_gateway.catalogue.registry import list_cameras
from camera_gateway.catalogue.segments import get_segment, in_span, kept_spans, last_segment
from camera_gateway.clock import US, rfc3339
from camera_gateway.domain.coverage import SEAM_US, Gap, coverage
from camera_gateway.domain.footage import RECORDED, SegmentState
from camera_gateway.domain.ids import SegmentId
from camera_gateway.errors import NotFound, Unavailable
from camera_gateway.footage.check_bucket import check_bucket
from camera_gateway.footage.findings import Finding
from camera_gateway.footage.spooled import file_of, spool_path_of
from storage.checksum import sha256_of_file
from storage.errors import StoreError
from storage.spool import QUARANTINE, REASON, Orphan, PartFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.catalogue.segments import SegmentRow
    from camera_gateway.clock import Clock
    from camera_gateway.domain.camera import Camera
    from camera_gateway.footage.books import Books
    from storage.blobs import BlobStore
    from storage.spool import Entry, Spool

DAY_US = 86_400_000_000
GRACE_US = 120 * US
"""A file or a gap this young may be on its way through intake."""
PART_GRACE_US = 3_600 * US
"""A part that nobody has written to for so long belongs to nobody."""


class Depth(StrEnum):
    """How deep a check looks; each looks at everything that the one before does."""

    PRESENCE = "presence"
    SIZE = "size"
    HASH = "hash"


def check(
    books: Books,
    spool: Spool,
    store: BlobStore,
    clock: Clock,
    depth: Depth,
    progress: Callable[[str, int], None] = lambda _stage, _done: None,
) -> Iterator[Finding]:
    """Yield what is wrong. `progress(stage, done)` counts files, rows, objects, camera-days and audit rows.

    Raises `SpoolError`, `Unavailable`.
    """
    yield from _spool(books, spool, clock, progress)
    yield from _quarantine(spool)
    yield from _rows(books, spool, clock, depth, progress)
    try:
        size, whole = depth is not Depth.PRESENCE, depth is Depth.HASH
        yield from check_bucket(books, store, clock, size=size, whole=whole, progress=progress)
    except StoreError as error:
        hint = "the spool and the catalogue were checked; see: camera-gateway doctor"
        raise Unavailable(f"the bucket cannot be checked ({error.code})", hint=hint) from error
    yield from _coverage(books, clock, progress)
    yield from _audit(books)


def _spool(books: Books, spool: Spool, clock: Clock, progress: Callable[[str, int], None]) -> Iterator[Finding]:
    """D3: each file has a row, or a garbage row, or is a part that grows."""
    for number, entry in enumerate(spool.scan(), 1):
        progress("spool", number)
        age_us = clock.now_us() - entry.modified_us
        if isinstance(entry, PartFile):
            if age_us > PART_GRACE_US:
                yield Finding("D7", "a part that nobody writes to was left", spool_path_of(entry))
        elif isinstance(entry, Orphan):
            if age_us > GRACE_US and not books.read(partial(_is_garbage, entry)):
                yield Finding("D3", f"a file without its other half ({entry.kind})", spool_path_of(entry))
        elif age_us > GRACE_US and not books.read(partial(_is_known, entry)):
            yield Finding("D3", "a file that the catalogue does not know", spool_path_of(entry))


def _is_known(entry: Entry, tx: Transaction) -> bool:
    try:
        return get_segment(tx, SegmentId(entry.name)).spool_path == spool_path_of(entry) or _is_garbage(entry, tx)
    except NotFound:
        return _is_garbage(entry, tx)


def _is_garbage(entry: Entry, tx: Transaction) -> bool:
    stem = f"{entry.queue}/{entry.name}."
    return any(path.startswith(stem) for path in pending_garbage(tx))


def _quarantine(spool: Spool) -> Iterator[Finding]:
    """Show what was set aside: it stays a finding until a person has dealt with it."""
    root = spool.root / QUARANTINE
    if root.is_dir():
        for folder in sorted(root.iterdir()):
            for path in sorted(folder.glob(f"*{REASON}")):
                yield Finding("D3", "set aside in quarantine; its reason is in the file", f"{folder.name}/{path.name}")


def _rows(
    books: Books, spool: Spool, clock: Clock, depth: Depth, progress: Callable[[str, int], None]
) -> Iterator[Finding]:
    """D4: each row that names a spool file has it, with that size and hash."""
    number = 0
    for camera in books.read(list_cameras):
        for day_us in _days(books, camera, clock):
            for row in books.read(partial(_of_day, camera, day_us)):
                number += 1
                progress("rows", number)
                if row.spool_path is None or row.state.value not in RECORDED:
                    continue
                wrong = _wrong_file(row, row.spool_path, spool, depth)
                if wrong and books.read(partial(_unchanged, row)):
                    yield Finding("D4", wrong, row.spool_path)


def _wrong_file(row: SegmentRow, spool_path: str, spool: Spool, depth: Depth) -> str | None:
    path = file_of(spool, spool_path)
    try:
        size = path.stat().st_size
        if depth is not Depth.PRESENCE and size != row.sidecar.size_bytes:
            return f"the file has {size} bytes, its row says {row.sidecar.size_bytes}"
        if depth is Depth.HASH and sha256_of_file(path) != row.sidecar.sha256:
            return "the file's SHA-256 is not its row's"
    except FileNotFoundError:
        return f"a {row.state} segment without its file"
    except OSError as error:
        return f"the file cannot be read: {error.strerror}"
    return None


def _unchanged(row: SegmentRow, tx: Transaction) -> bool:
    """Whether the row still says the same: else the file was released while we looked."""
    now = get_segment(tx, row.sidecar.segment)
    return (now.state is not SegmentState.LOST) and now.spool_path == row.spool_path


def _of_day(camera: Camera, day_us: int, tx: Transaction) -> list[SegmentRow]:
    rows = in_span(tx, camera.id, day_us, day_us + DAY_US)
    return [row for row in rows if day_us <= row.sidecar.start_us < day_us + DAY_US]


def _days(books: Books, camera: Camera, clock: Clock) -> range:
    """Return the starts of the UTC days from the camera's first to its last, µs."""
    last = books.read(lambda tx: last_segment(tx, camera.id))
    end_us = clock.now_us() if last is None else max(clock.now_us(), last.sidecar.end_us)
    return range(camera.created_us // DAY_US * DAY_US, end_us, DAY_US)


def _coverage(books: Books, clock: Clock, progress: Callable[[str, int], None]) -> Iterator[Finding]:
    """C1: up to the last thing that is known of a camera, each moment is footage once, or a gap with a cause."""
    number = 0
    for camera in books.read(list_cameras):
        until_us = min(books.read(partial(_known_until, camera)), clock.now_us() - GRACE_US)
        for day_us in _days(books, camera, clock):
            number += 1
            progress("camera-days", number)
            start_us, end_us = max(day_us, camera.created_us), min(day_us + DAY_US, until_us)
            if start_us < end_us:
                yield from books.read(partial(_day_of, camera, start_us, end_us))


def _known_until(camera: Camera, tx: Transaction) -> int:
    last = last_segment(tx, camera.id)
    ends = [last_gap_end_us(tx, camera.id) or 0, last.sidecar.end_us if last else 0]
    return max(ends)


def _day_of(camera: Camera, start_us: int, end_us: int, tx: Transaction) -> list[Finding]:
    spans = kept_spans(tx, camera.id, start_us, end_us)
    records = [Gap(r.start_us, r.end_us, r.cause) for r in gaps_in_span(tx, camera.id, start_us, end_us)]
    findings = [
        Finding("C1", "time that neither footage nor a gap explains", _where(camera, gap.start_us, gap.end_us))
        for gap in coverage(start_us, end_us, [(start_us, end_us)], spans, records).gaps
        if gap.cause == "unknown" and gap.end_us - gap.start_us > SEAM_US
    ]
    kept = sorted((s.start_us, s.end_us) for s in spans if s.state in RECORDED)
    reached = 0
    for from_us, to_us in kept:
        if reached - from_us > SEAM_US and from_us >= start_us:
            findings.append(Finding("C1", "two segments of the same time", _where(camera, from_us, reached)))
        reached = max(reached, to_us)
    return findings


def _where(camera: Camera, start_us: int, end_us: int) -> str:
    return f"{camera.id} {rfc3339(start_us)} to {rfc3339(end_us)}"


def _audit(books: Books) -> Iterator[Finding]:
    broken = books.read(audit_log.verify)
    if broken is not None:
        yield Finding("S3", "the chain of audit rows breaks", f"audit row {broken}")
