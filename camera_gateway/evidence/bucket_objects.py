"""What an object of the bucket, or the memory of one, is as a row: for the rebuild.

Promises nothing that the bucket does not say: of a segment whose object is gone, what it was encoded in is unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from camera_gateway.domain.footage import CameraSigned, ClockMethod, GapCause, GapRecord, Origin, RunEnd, Sidecar
from camera_gateway.domain.ids import CameraId, InstitutionId, RunId, SegmentId
from camera_gateway.footage.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable

    from camera_gateway.domain.naming import SegmentKey
    from camera_gateway.evidence.manifest import IndexEntry
    from storage.blobs import BlobInfo, VersionInfo

REBUILT = "rebuilt"
"""What stands for the software of a segment whose own words are gone with it."""


def first_version(versions: Iterable[VersionInfo], findings: list[Finding]) -> VersionInfo | None:
    """Return the version that was put first; whatever else is under the key is a finding (U2)."""
    found = list(versions)
    real = [version for version in found if not version.is_delete_marker]
    if len(real) != len(found):
        finding = Finding("U2", "a delete marker: somebody has deleted the object", found[0].key)
        if finding not in findings:
            findings.append(finding)
    if len(real) > 1:
        finding = Finding("U2", f"{len(real)} versions under one key; the first one counts", found[0].key)
        if finding not in findings:
            findings.append(finding)
    return min(real, key=lambda version: version.modified_us) if real else None


def contradiction(sidecar: Sidecar, key: SegmentKey, info: BlobInfo) -> str:
    """Return what an object's sidecar says otherwise than its key or the store; nothing when they agree."""
    said = (sidecar.institution, sidecar.camera, sidecar.start_us, sidecar.sha256[:16])
    if said != (key.institution, key.camera, key.start_us, key.sha256_head):
        return "an object whose sidecar is of another segment than its key"
    if sidecar.size_bytes != info.size:
        return f"an object of {info.size} bytes, whose sidecar says {sidecar.size_bytes}"
    if info.sha256 is not None and info.sha256 != sidecar.sha256:
        return "an object whose SHA-256, as the store says it, is not its sidecar's"
    return ""


def remembered_sidecar(
    institution: str,
    camera: str,
    segment: SegmentId | str,
    start_us: int,
    end_us: int,
    size_bytes: int,
    sha256: str,
    entry: IndexEntry | None,
) -> Sidecar:
    """Return what can still be said of a segment whose object is gone, and nothing more."""
    return Sidecar(
        segment=SegmentId(segment),
        run=RunId(entry.run if entry else segment.rpartition("-")[0]),
        run_end=RunEnd.CONTINUES,
        institution=InstitutionId(institution),
        camera=CameraId(camera),
        start_us=start_us,
        end_us=end_us,
        media_start_us=entry.media_start_us if entry else 0,
        media_duration_us=end_us - start_us,
        clock_method=ClockMethod.ARRIVAL,
        clock_offset_us=entry.clock_offset_us if entry else None,
        wall_uncertainty_us=entry.wall_uncertainty_us if entry else 0,
        video_codec="unknown",
        audio_codec=None,
        width=0,
        height=0,
        frames=0,
        keyframes=0,
        gop_max_us=0,
        damaged_units=0,
        packets_received=0,
        packets_lost=entry.packets_lost if entry else 0,
        size_bytes=size_bytes,
        sha256=sha256,
        init_sha256=entry.init_sha256 if entry else "0" * 64,
        software=REBUILT,
        origin=entry.origin if entry else Origin.LIVE,
        camera_signed=entry.camera_signed if entry else CameraSigned.UNKNOWN,
    )


def unknown_gap(institution: str, camera: str, start_us: int, end_us: int) -> GapRecord:
    """Return the gap of a span that no list explains."""
    return GapRecord(
        gap=f"rebuilt-{camera}-{start_us}",
        camera=CameraId(camera),
        institution=InstitutionId(institution),
        start_us=start_us,
        end_us=end_us,
        cause=GapCause.UNKNOWN,
        detail="its cause was not sealed before the catalogue was lost",
        observed_by="rebuild",
        precision_us=0,
    )
