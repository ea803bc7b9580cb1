"""Writing a package: what was planned goes into a sink, segments streamed from spool or store and hashed on the way.

Promises that no byte of a segment is changed, that memory does not grow with the package, that a segment is fetched
once where the target can be read back, and that what is not the sealed bytes is told: it is packed as it is and named,
so that `evidence verify` names it too, and what cannot be had is named as absent. Synchronous. Who may export, and the
signature, are asked elsewhere.
"""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, cast

from camera_gateway.errors import NotFound, Unavailable
from camera_gateway.evidence.onvif_boxes import ExportFacts, Source, export_meta
from camera_gateway.footage.ahead import read_ahead
from camera_gateway.footage.copies import Copy
from camera_gateway.footage.fetch import fetch
from camera_gateway.footage.findings import Finding
from camera_gateway.footage.reader import IntegrityFailed
from storage.errors import Missing, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from camera_gateway.domain.coverage import Gap
    from camera_gateway.evidence.packing import Sink
    from camera_gateway.footage.fetch import FoundSegment
    from camera_gateway.footage.reader import Reader
    from storage.blobs import BlobStore


@dataclass(frozen=True, slots=True)
class Packed:
    """A segment and the path that it gets."""

    path: str
    segment: FoundSegment


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed list in the bucket, and the path that it gets."""

    path: str
    key: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Derivative:
    """A playable copy of one camera's span, and what its boxes say."""

    path: str
    camera: str
    name: str
    url: str
    mac: str
    start_us: int
    end_us: int
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """What goes into a package, in this order. `texts` are whole small files by path."""

    texts: Mapping[str, bytes]
    sealed: tuple[Sealed, ...]
    segments: tuple[Packed, ...]
    derivatives: tuple[Derivative, ...]
    unit: str
    operator: str
    exported_us: int


@dataclass(slots=True)
class Exported:
    """What came of it: hashes of files that were not known before or are others than planned, and what is absent."""

    made: dict[str, str] = field(default_factory=dict)
    changed: dict[str, str] = field(default_factory=dict)
    absent: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    size_bytes: int = 0


class Exporter:
    """Writes one package."""

    def __init__(self, reader: Reader, store: BlobStore, sink: Sink, work_dir: Path) -> None:
        self._reader = reader
        self._store = store
        self._sink = sink
        self._work_dir = work_dir
        self._done = Exported()
        self._wrong: dict[str, IntegrityFailed] = {}

    def run(self, plan: ExportPlan, progress: Callable[[int, int], None] = lambda _done, _total: None) -> Exported:
        """Write everything but EXPORT.txt and its signature. `progress(done, total)` counts bytes of segments.

        Raises `Unavailable` when the store cannot be read, OSError when the target cannot be written.
        """
        for path, data in plan.texts.items():
            self.add(path, data)
        for sealed in plan.sealed:
            self._add_sealed(sealed)
        total = sum(packed.segment.sidecar.size_bytes for packed in plan.segments)
        done = 0
        with read_ahead([partial(self._chunks, packed.segment) for packed in plan.segments]) as coming:
            for packed, chunks in zip(plan.segments, coming, strict=True):
                self._add_segment(packed, chunks)
                done += packed.segment.sidecar.size_bytes
                progress(done, total)
        for derivative in plan.derivatives:
            self._add_derivative(derivative, plan)
        return self._done

    def add(self, path: str, data: bytes) -> None:
        """Write one small file."""
        with self._sink.entry(path) as entry:
            entry.write(data)
        self._done.size_bytes += len(data)

    def _add_sealed(self, sealed: Sealed) -> None:
        try:
            with self._store.get(sealed.key) as chunks:
                data = b"".join(chunks)
        except Missing:
            self._missing(sealed.path, sealed.key, "a sealed list is not in the store")
            return
        except StoreError as error:
            raise Unavailable(f"the store cannot be read ({error.code})", hint="see: camera-gateway doctor") from error
        self.add(sealed.path, data)
        self._compare(sealed.path, sealed.sha256, hashlib.sha256(data).hexdigest(), sealed.key)

    def _chunks(self, segment: FoundSegment) -> Iterator[bytes]:
        yield from self._reader.chunks(self._soundest(segment))

    def _add_segment(self, packed: Packed, chunks: Iterator[bytes]) -> None:
        segment = packed.segment
        where = segment.key or segment.spool_path or segment.sidecar.segment
        try:
            first = next(chunks, b"")
        except IntegrityFailed as error:
            self._missing(packed.path, where, error.detail)
            self._wrong[segment.sidecar.segment] = error
            return
        with self._sink.entry(packed.path) as entry:
            for chunk in itertools.chain((first,), chunks):
                entry.write(chunk)
        self._done.size_bytes += entry.size_bytes
        self._compare(packed.path, segment.sidecar.sha256, entry.sha256, where)
        if entry.sha256 != segment.sidecar.sha256:
            self._wrong[segment.sidecar.segment] = IntegrityFailed(segment.sidecar.segment, "not the sealed bytes")

    def _soundest(self, segment: FoundSegment) -> FoundSegment:
        """Return the segment without its spool copy when that one is damaged and the store has another."""
        path = self._reader.file_of(segment)
        if path is None or segment.version_id is None:
            return segment
        try:
            with path.open("rb") as file:
                sound = hashlib.file_digest(file, "sha256").hexdigest() == segment.sidecar.sha256
        except FileNotFoundError:
            sound = False
        return segment if sound else replace(segment, spool_path=None)

    def _add_derivative(self, derivative: Derivative, plan: ExportPlan) -> None:
        mine = [packed for packed in plan.segments if packed.segment.sidecar.camera == derivative.camera]
        segments = [packed.segment for packed in mine]
        tracks = (1, 2) if any(segment.sidecar.audio_codec for segment in segments) else (1,)
        facts = ExportFacts(
            unit_name=plan.unit,
            unit_url="",
            unit_mac="",
            exported_us=plan.exported_us,
            operator=plan.operator,
            start_us=derivative.start_us,
            sources=tuple(Source(number, derivative.name, derivative.url, derivative.mac) for number in tracks),
        )
        copies = self._copies(mine)
        with self._sink.entry(derivative.path) as entry:
            try:
                fetch(
                    segments,
                    derivative.gaps,
                    derivative.start_us,
                    derivative.end_us,
                    cast("BinaryIO", entry),
                    reader=self._reader,
                    work_dir=self._work_dir,
                    copies=copies,
                )
            except NotFound as error:  # every segment is damaged: each was named before
                self._done.findings.append(Finding("C2", f"no playable copy: {error.message}", derivative.path))
                self._done.absent.append(derivative.path)
                return
            entry.write(export_meta(facts))
        self._done.size_bytes += entry.size_bytes
        self._done.made[derivative.path] = entry.sha256

    def _copies(self, packed: Sequence[Packed]) -> Mapping[str, Copy | IntegrityFailed] | None:
        """Say where the segments lie that were packed, and hashed, a moment ago; None where none can be read back."""
        found: dict[str, Copy | IntegrityFailed] = {}
        for one in packed:
            name = one.segment.sidecar.segment
            written = self._sink.written(one.path)
            if name in self._wrong:
                found[name] = self._wrong[name]
            elif written is None:
                return None
            else:
                found[name] = Copy(written.path, written.offset, one.segment.sidecar.size_bytes, "store")
        return found

    def _compare(self, path: str, wanted: str, found: str, where: str) -> None:
        if wanted != found:
            self._done.changed[path] = found
            self._done.findings.append(Finding("C2", "packed as it is, and not the bytes that were sealed", where))

    def _missing(self, path: str, where: str, what: str) -> None:
        self._done.absent.append(path)
        self._done.findings.append(Finding("C2", what, where))
