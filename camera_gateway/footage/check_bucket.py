"""The bucket held to the catalogue: every object has its row, every stored row its one version (U2, U3, C2).

Promises to read the bucket's listing once, in order, with one camera-day of rows in memory, and every byte only when
the whole is asked for. Changes nothing. Synchronous.
"""

from __future__ import annotations

import re
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

from camera_gateway.catalogue.registry import list_cameras
from camera_gateway.catalogue.segments import get_segment, in_span
from camera_gateway.domain.footage import PUT, SegmentState
from camera_gateway.domain.ids import CameraId
from camera_gateway.domain.naming import parse_segment_key
from camera_gateway.footage.findings import Finding
from storage.blobs import CANARY_PREFIX
from storage.checksum import sha256_of_chunks
from storage.errors import Missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.catalogue.segments import SegmentRow
    from camera_gateway.clock import Clock
    from camera_gateway.footage.books import Books
    from storage.blobs import BlobStore, VersionInfo

_DAY_US = 86_400_000_000
_OF_LATER_ISSUES = re.compile(r"v1/[a-z0-9-]+/(seals/.+|audit/.+|[a-z0-9-]+/\d{4}/\d{2}/\d{2}/manifest/.+)")
"""Manifests, seals and audit heads (docs/formats/bucket.md) have checks of their own."""

_CameraDay = tuple[str, int]


def check_bucket(
    books: Books,
    store: BlobStore,
    clock: Clock,
    *,
    size: bool,
    whole: bool,
    progress: Callable[[str, int], None] = lambda _stage, _done: None,
) -> Iterator[Finding]:
    """Yield what is wrong; `size` compares sizes, `whole` locks and hashes too. Raises `StoreError`s."""
    seen: set[_CameraDay] = set()
    number = 0
    for day, group in groupby(store.list_versions(""), key=_camera_day):
        if day is None:
            yield from _strangers(group)
            continue
        versions = list(group)
        number += len(versions)
        progress("objects", number)
        seen.add(day)
        # rows are read after the listing: an intent is committed before its object is put
        rows = books.read(partial(_rows_of, day))
        yield from _one_day(versions, rows, books, store, size=size, whole=whole)
    for camera in books.read(list_cameras):
        first_us = camera.created_us // _DAY_US * _DAY_US
        for day_us in range(first_us, clock.now_us() + _DAY_US, _DAY_US):
            if (camera.id, day_us) not in seen:
                rows = books.read(partial(_rows_of, (camera.id, day_us)))
                yield from _one_day([], rows, books, store, size=size, whole=whole)


def _camera_day(version: VersionInfo) -> _CameraDay | None:
    parsed = parse_segment_key(version.key)
    return None if parsed is None else (parsed.camera, parsed.start_us // _DAY_US * _DAY_US)


def _strangers(versions: Iterable[VersionInfo]) -> Iterator[Finding]:
    for version in versions:
        if not version.key.startswith(CANARY_PREFIX) and not _OF_LATER_ISSUES.fullmatch(version.key):
            yield Finding("U2", "an object that is none of ours", version.key)


def _rows_of(day: _CameraDay, tx: Transaction) -> list[SegmentRow]:
    camera, day_us = day
    rows = in_span(tx, CameraId(camera), day_us, day_us + _DAY_US)
    return [row for row in rows if day_us <= row.sidecar.start_us < day_us + _DAY_US]


def _one_day(
    versions: list[VersionInfo],
    rows: list[SegmentRow],
    books: Books,
    store: BlobStore,
    *,
    size: bool,
    whole: bool,
) -> Iterator[Finding]:
    by_key = {row.key: row for row in rows if row.key is not None}
    there: dict[str, VersionInfo] = {}
    for key, group in groupby(versions, key=lambda version: version.key):
        of_key = list(group)
        markers = [version for version in of_key if version.is_delete_marker]
        if markers:
            yield Finding("U2", "a delete marker: somebody has deleted the object", key)
        if len(of_key) - len(markers) > 1:
            yield Finding("U2", f"{len(of_key) - len(markers)} versions under one key", key)
        if key not in by_key:
            yield Finding("U2", "an object without a row in the catalogue", key)
        elif by_key[key].state is SegmentState.LOST:
            yield Finding("U2", "an object of a segment that the catalogue calls lost", key)
        meant = next((v for v in of_key if not v.is_delete_marker and _is_meant(v, by_key)), None)
        if meant is not None:
            there[key] = meant
    for key, row in by_key.items():
        if row.state.value not in PUT:
            continue
        wrong = _what_is_wrong(row, key, there.get(key), store, size=size, whole=whole)
        if wrong is not None and books.read(partial(_still, row)):
            yield Finding(*wrong, key)


def _is_meant(version: VersionInfo, by_key: dict[str, SegmentRow]) -> bool:
    row = by_key.get(version.key)
    return row is not None and row.version_id in (None, version.version_id)


def _what_is_wrong(
    row: SegmentRow, key: str, version: VersionInfo | None, store: BlobStore, *, size: bool, whole: bool
) -> tuple[str, str] | None:
    if version is None:
        return "C2", f"a {row.state} segment whose object or version is not in the bucket"
    if size and version.size != row.sidecar.size_bytes:
        return "U3", f"the object has {version.size} bytes, its row says {row.sidecar.size_bytes}"
    return _wrong_inside(row, key, version, store) if whole else None


def _wrong_inside(row: SegmentRow, key: str, version: VersionInfo, store: BlobStore) -> tuple[str, str] | None:
    """Read the object and its lock and compare them with what was intended."""
    try:
        info = store.head(key, version.version_id)
        with store.get(key, version_id=version.version_id) as chunks:
            digest = sha256_of_chunks(chunks)
    except Missing:
        return "C2", f"a {row.state} segment whose object has just gone"
    if digest != row.sidecar.sha256:
        return "C2", "the object's SHA-256 is not its row's"
    if row.lock_mode is not None and (info.lock is None or info.lock.mode != row.lock_mode):
        return "U3", f"the object's lock is not the intended {row.lock_mode}"
    if info.lock is not None and row.retain_until_us is not None and info.lock.retain_until_us < row.retain_until_us:
        return "R2", "the object's retain-until is earlier than intended"
    return None


def _still(row: SegmentRow, tx: Transaction) -> bool:
    """Whether the row still claims the object: else it has expired while we looked."""
    return get_segment(tx, row.sidecar.segment).state.value in PUT
