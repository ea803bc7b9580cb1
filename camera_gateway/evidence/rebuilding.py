"""The catalogue from the bucket alone: cameras, segments, gaps, holds and tombstones as the bucket knows them.

Promises one transaction, so that a rebuild that is cut short leaves an empty catalogue; one HEAD for each segment;
and that what is damaged or foreign is named and left out, never fatal. A store that fails is: half a bucket would be
taken for the whole. What nobody sealed is said to be unknown, not guessed. Synchronous.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from itertools import groupby, islice
from typing import TYPE_CHECKING

from camera_gateway.catalogue import holds, rebuild
from camera_gateway.catalogue.gaps import insert_gap
from camera_gateway.catalogue.rebuild import Object
from camera_gateway.catalogue.segments import mark_lost
from camera_gateway.domain.coverage import SEAM_US
from camera_gateway.domain.footage import (
    GapCause,
    SegmentState,
    Sidecar,
    parse_sidecar,
)
from camera_gateway.domain.ids import SegmentId
from camera_gateway.domain.naming import SegmentKey, parse_segment_key
from camera_gateway.errors import GatewayError, InvalidInput, NotFound, Refused
from camera_gateway.evidence.bucket_lists import BucketLists, CameraLists, is_of_lists, read_lists
from camera_gateway.evidence.bucket_objects import contradiction, first_version, remembered_sidecar, unknown_gap
from camera_gateway.footage.findings import Finding
from storage.blobs import CANARY_PREFIX
from storage.errors import Missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.evidence.manifest import IndexEntry
    from camera_gateway.evidence.signing import PublicKey
    from storage.blobs import BlobInfo, BlobStore

READERS = 8
_BATCH = 512


@dataclass(slots=True)
class Rebuilt:
    """What was found and made."""

    cameras: int = 0
    segments: int = 0
    registered: int = 0
    """Cameras whose name, zone and schedule came back; those of the others are unknown."""
    seals: int = 0
    gaps: int = 0
    unknown_gaps: int = 0
    holds: int = 0
    tombstones: int = 0
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A segment's object that is to be asked for."""

    parsed: SegmentKey
    key: str
    version_id: str


@dataclass(slots=True)
class _Camera:
    """One camera while it is rebuilt. Spans are (start, end) in µs UTC."""

    lists: CameraLists
    keys: set[str] = field(default_factory=set)
    spans: list[tuple[int, int]] = field(default_factory=list)
    held: list[tuple[int, int, bool]] = field(default_factory=list)


class Rebuilder:
    """Rebuilds from one store. `spooled` tells the spool path of a segment (camera, id) whose copy is still there."""

    def __init__(
        self,
        store: BlobStore,
        *,
        time_zone: str,
        lock_proven: bool,
        keys: Mapping[str, PublicKey],
        spooled: Callable[[str, str], str | None],
        progress: Callable[[str, int], None] = lambda _stage, _done: None,
    ) -> None:
        self._store = store
        self._time_zone = time_zone
        self._lock_proven = lock_proven
        self._keys = keys
        self._spooled = spooled
        self._progress = progress

    def run(self, tx: Transaction) -> Rebuilt:
        """Rebuild into an empty catalogue. `Refused` for one that has segments; raises `StoreError`s."""
        rebuild.demand_empty(tx)
        done = Rebuilt()
        lists = self._lists(done)
        for _, listed in lists.registered.values():
            rebuild.restore_registered(tx, listed.institution, listed.site, listed.cameras, listed.rules)
            done.registered += len(listed.cameras)
        cameras = self._present(tx, lists, done)
        for name, camera in sorted(cameras.items()):
            self._absent(tx, name, camera, done)
            self._gaps(tx, name, camera, done)
            self._holds(tx, name, camera, done)
        done.cameras, done.seals = len(cameras), lists.seals
        counts = {k: v for k, v in asdict(done).items() if k != "findings"}
        tx.audit("catalogue.rebuild", "bucket", **counts, findings=len(done.findings))
        return done

    def _lists(self, done: Rebuilt) -> BucketLists:
        """Look through all keys once, and read what is no footage."""
        versions: dict[str, str] = {}
        number = 0
        for key, group in groupby(self._store.list_versions(""), key=lambda version: version.key):
            number += 1
            self._progress("objects", number)
            if parse_segment_key(key) is not None or key.startswith(CANARY_PREFIX):
                continue
            if not is_of_lists(key):
                done.findings.append(Finding("U2", "an object that is none of ours", key))
            elif (version := first_version(group, done.findings)) is not None:
                versions[key] = version.version_id
        lists = read_lists(self._store, versions, self._keys)
        done.findings += lists.findings
        return lists

    def _present(self, tx: Transaction, lists: BucketLists, done: Rebuilt) -> dict[str, _Camera]:
        """Make a row of each segment that is there."""
        cameras: dict[str, _Camera] = {}
        for name, listed in lists.cameras.items():
            starts = [e.start_us for e in listed.entries.values()] + [g.start_us for g in listed.gaps.values()]
            starts += [s.start_us for s in listed.stones.values()]
            if starts:
                self._demand(tx, cameras, lists, listed.institution, name, min(starts), done)
        with ThreadPoolExecutor(READERS, "rebuild") as readers:
            wanted = self._wanted(done)
            while batch := _take(wanted, _BATCH):
                for one, info in zip(batch, readers.map(self._head, batch), strict=True):
                    camera = self._demand(
                        tx, cameras, lists, one.parsed.institution, one.parsed.camera, one.parsed.start_us, done
                    )
                    if camera is None:
                        continue
                    wrong = self._insert(tx, camera, one, info)
                    if wrong:
                        done.findings.append(Finding("U3", wrong, one.key))
                    else:
                        done.segments += 1
                        self._progress("segments", done.segments)
        return cameras

    def _demand(
        self,
        tx: Transaction,
        cameras: dict[str, _Camera],
        lists: BucketLists,
        institution: str,
        name: str,
        since_us: int,
        done: Rebuilt,
    ) -> _Camera | None:
        """Return the camera, made when it is met for the first time; None, and a finding, for one of two owners."""
        listed = lists.of(institution, name)
        if listed.institution != institution:
            what = f"camera {name} is {listed.institution}'s, and there are objects of it under {institution}"
            done.findings.append(Finding("U2", what, f"v1/{institution}/{name}/"))
            return None
        try:
            if name not in cameras:
                site = lists.site_of(name, institution)
                rebuild.demand_place(tx, institution, site, self._time_zone, since_us)
                rebuild.demand_camera(tx, name, institution, site, since_us)
                cameras[name] = _Camera(listed)
        except Refused as error:
            done.findings.append(Finding("U2", error.message, f"v1/{institution}/{name}/"))
            return None
        return cameras[name]

    def _wanted(self, done: Rebuilt) -> Iterator[_Wanted]:
        """Yield the segments' objects in the order of their keys: of each camera by time."""
        for key, group in groupby(self._store.list_versions("v1/"), key=lambda version: version.key):
            parsed = parse_segment_key(key)
            if parsed is not None and (version := first_version(group, done.findings)) is not None:
                yield _Wanted(parsed, key, version.version_id)

    def _head(self, wanted: _Wanted) -> BlobInfo | None:
        try:
            return self._store.head(wanted.key, wanted.version_id)
        except Missing:
            return None

    def _insert(self, tx: Transaction, camera: _Camera, wanted: _Wanted, info: BlobInfo | None) -> str:
        """Add one segment; return why not."""
        if info is None:
            return "an object that has just gone"
        if "sidecar" not in info.metadata:
            return "an object without its sidecar"
        try:
            sidecar = parse_sidecar(info.metadata["sidecar"])
            wrong = contradiction(sidecar, wanted.parsed, info)
            if wrong:
                return wrong
            lock = info.lock
            found = Object(
                wanted.key,
                wanted.version_id,
                lock.mode if lock else None,
                lock.retain_until_us if lock else None,
                lock is not None and self._lock_proven,
                info.modified_us,
            )
            rebuild.insert_stored(tx, sidecar, found, self._spooled(sidecar.camera, sidecar.segment))
        except (InvalidInput, NotFound) as error:
            return error.message
        camera.keys.add(wanted.key)
        camera.spans.append((sidecar.start_us, sidecar.end_us))
        camera.held.append((sidecar.start_us, sidecar.end_us, info.hold))
        return ""

    def _absent(self, tx: Transaction, name: str, camera: _Camera, done: Rebuilt) -> None:
        """Make rows of what was sealed or deleted by order and is not there: with its tombstone, or as lost."""
        entries = {entry.segment: entry for entry in camera.lists.entries.values() if entry.key not in camera.keys}
        for stone in sorted(camera.lists.stones.values(), key=lambda stone: stone.start_us):
            entry = entries.pop(stone.segment, None)
            if stone.key in camera.keys:
                done.findings.append(Finding("R5", "an object that has a tombstone is still there", stone.key or ""))
                continue
            sidecar = remembered_sidecar(
                camera.lists.institution,
                name,
                stone.segment,
                stone.start_us,
                stone.end_us,
                stone.size_bytes,
                stone.sha256,
                entry,
            )
            if self._insert_gone(tx, sidecar, SegmentState.EXPIRED, stone.key, stone.version_id, done):
                rebuild.insert_tombstone(tx, stone)
                camera.spans.append((stone.start_us, stone.end_us))
                done.tombstones += 1
        expired = [gap for gap in camera.lists.gaps.values() if gap.cause is GapCause.EXPIRED]
        for entry in sorted(entries.values(), key=lambda entry: entry.start_us):
            by_order = any(gap.start_us <= entry.start_us and entry.end_us <= gap.end_us for gap in expired)
            what = "sealed, and deleted by order" if by_order else "sealed, and absent from the bucket"
            done.findings.append(Finding("R5", f"{what}, without a sealed tombstone", entry.key))
            sidecar = remembered_sidecar(
                camera.lists.institution,
                name,
                entry.segment,
                entry.start_us,
                entry.end_us,
                entry.size_bytes,
                entry.sha256,
                entry,
            )
            state = SegmentState.EXPIRED if by_order else SegmentState.STORED
            if self._insert_gone(tx, sidecar, state, entry.key, entry.version_id, done):
                camera.spans.append((entry.start_us, entry.end_us))

    def _insert_gone(
        self,
        tx: Transaction,
        sidecar: Sidecar,
        state: SegmentState,
        key: str | None,
        version_id: str | None,
        done: Rebuilt,
    ) -> bool:
        try:
            rebuild.insert_gone(tx, sidecar, state, key, version_id, sidecar.end_us)
        except GatewayError as error:
            done.findings.append(Finding("R5", error.message, key or sidecar.segment))
            return False
        return True

    def _gaps(self, tx: Transaction, name: str, camera: _Camera, done: Rebuilt) -> None:
        """Take the sealed gaps over; what lies between known things and is explained by none, is unknown."""
        records = sorted(camera.lists.gaps.values(), key=lambda gap: (gap.start_us, gap.gap))
        for record in records:
            done.gaps += insert_gap(tx, record)
            if record.cause is GapCause.INTEGRITY_FAILED and record.gap.startswith("lost-"):
                rebuild.mark_known_lost(tx, SegmentId(record.gap.removeprefix("lost-")))
        for entry in camera.lists.entries.values():
            if entry.key not in camera.keys and entry.segment not in camera.lists.stones:
                _lose(tx, entry)
        reached: int | None = None
        known = [*camera.spans, *((record.start_us, record.end_us) for record in records)]
        if known:
            rebuild.begin_not_after(tx, name, min(known)[0])
        for start_us, end_us in sorted(known):
            if reached is not None and start_us - reached > SEAM_US:
                hole = unknown_gap(camera.lists.institution, name, reached, start_us)
                done.unknown_gaps += insert_gap(tx, hole)
            reached = end_us if reached is None else max(reached, end_us)

    def _holds(self, tx: Transaction, name: str, camera: _Camera, done: Rebuilt) -> None:
        """Make a hold of each stretch that the store holds; one that reaches the last segment has an open end."""
        ordered = sorted(camera.held)
        for held, group in groupby(ordered, key=lambda segment: segment[2]):
            stretch = list(group)
            if not held:
                continue
            end_us = None if stretch[-1] == ordered[-1] else max(end for _, end, _ in stretch)
            hold = holds.add_hold(
                tx,
                institution=None,
                cameras=(name,),
                start_us=stretch[0][0],
                end_us=end_us,
                reason="rebuilt from the holds that the store has; who placed it and why is not in the bucket",
                case="",
            )
            holds.mark_in_force(tx, hold.number)
            done.holds += 1


def _lose(tx: Transaction, entry: IndexEntry) -> None:
    """Call a sealed segment lost that is not there; one that was deleted by order, or could not be added, is not."""
    try:
        mark_lost(tx, SegmentId(entry.segment), GapCause.INTEGRITY_FAILED, "sealed, and absent from the bucket")
    except NotFound:
        return


def _take(wanted: Iterator[_Wanted], number: int) -> list[_Wanted]:
    return list(islice(wanted, number))
