"""Verbs on footage: list, coverage, and what a fetch needs to know.

Promises that every second of a span is accounted for; what is still growing is said to be open, not counted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from camera_gateway.actions.health import findings as installation_findings
from camera_gateway.actions.ongoing import WrittenDown, by_schedule, ongoing
from camera_gateway.catalogue import gaps as gap_rows
from camera_gateway.catalogue import maintenance, registry, segments, upload_queue
from camera_gateway.clock import US, rfc3339
from camera_gateway.domain.coverage import Coverage, Gap, KeptSpan, coverage
from camera_gateway.domain.footage import RECORDED, GapCause
from camera_gateway.domain.ids import CameraId
from camera_gateway.domain.intervals import Interval, normalise, subtract
from camera_gateway.domain.schedule import parse_schedule
from camera_gateway.errors import InvalidInput, NotFound
from camera_gateway.handover.status_file import read_statuses
from camera_gateway.upload.policy import Pending, eta_us, upload_schedule

if TYPE_CHECKING:
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.catalogue.segments import SegmentRow
    from camera_gateway.domain.camera import Camera, Site
    from camera_gateway.domain.people import Actor
    from camera_gateway.handover.status_file import CameraStatus, RecorderStatus

NOT_YET_PUT = frozenset({"spooled", "intended"})


class Span(BaseModel):
    """A camera and a span of time, µs UTC."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    camera: str
    from_us: int
    to_us: int


@dataclass(frozen=True, slots=True)
class Known:
    """What catalogue and recorder know of a span."""

    camera: Camera
    rows: list[SegmentRow]
    result: Coverage
    open_from_us: int | None


@dataclass(frozen=True, slots=True)
class Background:
    """What a span of a camera is measured against, as the catalogue has it."""

    camera: Camera
    site: Site
    gaps: tuple[Gap, ...]
    written: WrittenDown


def check_span(args: Span) -> None:
    """Raise `InvalidInput` for a span that is empty."""
    if args.to_us <= args.from_us:
        raise InvalidInput("the span is empty: --from is not before --to", hint="times are RFC 3339 or such as -2h")


async def list_(gateway: Gateway, _actor: Actor, args: Span) -> list[dict[str, Any]]:
    """List the segments that touch a span."""
    check_span(args)

    def work(tx: Transaction) -> list[SegmentRow]:
        camera = registry.get_camera(tx, CameraId(args.camera))
        return segments.in_span(tx, camera.id, args.from_us, args.to_us)

    return [_segment(row) for row in await gateway.read(work)]


def _segment(row: SegmentRow) -> dict[str, Any]:
    sidecar = row.sidecar
    return {
        "id": sidecar.segment,
        "run": sidecar.run,
        "start": rfc3339(sidecar.start_us),
        "end": rfc3339(sidecar.end_us),
        "media_duration_s": sidecar.media_duration_us / US,
        "bytes": sidecar.size_bytes,
        "sha256": sidecar.sha256,
        "key": row.key,
        "version_id": row.version_id,
        "state": row.state.value,
        "retain_until": None if row.retain_until_us is None else rfc3339(row.retain_until_us),
        "origin": sidecar.origin.value,
        "video": f"{sidecar.video_codec} {sidecar.width}x{sidecar.height}",
        "audio": sidecar.audio_codec,
        "clock_offset_s": None if sidecar.clock_offset_us is None else sidecar.clock_offset_us / US,
        "wall_uncertainty_s": sidecar.wall_uncertainty_us / US,
        "packets_lost": sidecar.packets_lost,
        "camera_signed": sidecar.camera_signed.value,
    }


async def known(gateway: Gateway, args: Span) -> Known:
    """Gather what is known of a span: one read of the catalogue and the recorders' status files."""
    check_span(args)
    camera_id = CameraId(args.camera)
    now_us = gateway.clock.now_us()
    # status before catalogue: a segment sealed in between is then seen twice, never not at all
    recorders = read_statuses(gateway.data_dir / "status")

    def work(tx: Transaction) -> tuple[list[SegmentRow], Background]:
        return segments.in_span(tx, camera_id, args.from_us, args.to_us), background(tx, camera_id, args)

    rows, behind = await gateway.read(work)
    spans = [KeptSpan(r.sidecar.start_us, r.sidecar.end_us, r.state.value, r.locked) for r in rows]
    result, open_from_us = measured(gateway, args, behind, recorders, spans, now_us)
    return Known(behind.camera, rows, result, open_from_us)


def background(tx: Transaction, camera_id: CameraId, args: Span) -> Background:
    """Read what a span is measured against: camera, site, gap records and planned work, how far the catalogue knows."""
    camera = registry.get_camera(tx, camera_id)
    return background_of(tx, camera, registry.get_site(tx, camera.site), args)


def background_of(tx: Transaction, camera: Camera, site: Site, args: Span) -> Background:
    """Read the same of a camera that is at hand: who asks for many of them has read them together."""
    records = gap_rows.gaps_in_span(tx, camera.id, args.from_us, args.to_us)
    written = WrittenDown(segments.last_segment_end_us(tx, camera.id), gap_rows.last_gap_end_us(tx, camera.id))
    gaps = [Gap(r.start_us, r.end_us, r.cause, r.detail) for r in records]
    gaps += [
        Gap(work.start_us, work.excuses_until_us, GapCause.PLANNED_MAINTENANCE, work.reason)
        for work in maintenance.in_span(tx, camera.id, args.from_us, args.to_us)
    ]
    return Background(camera, site, tuple(gaps), written)


def measured(
    gateway: Gateway,
    args: Span,
    behind: Background,
    recorders: list[RecorderStatus],
    spans: list[KeptSpan],
    now_us: int,
) -> tuple[Coverage, int | None]:
    """Return the coverage of a span up to what is still open, and where that begins (None: nothing is)."""
    camera, site = behind.camera, behind.site
    now = ongoing(camera, *_status_of(recorders, camera.id), behind.written, now_us)
    schedule = parse_schedule(camera.schedule or tuple(gateway.settings.recorder.schedule), site.holidays)
    gaps = [*behind.gaps, *by_schedule(now.gaps, schedule, site.time_zone)]
    end_us = max(args.from_us, min(args.to_us, now_us))
    open_from_us = now.unsealed_from_us
    if open_from_us is not None:
        if open_from_us >= end_us:
            open_from_us = None
        else:
            end_us = max(args.from_us, open_from_us)
    life_end_us = now_us if camera.retired_us is None else camera.retired_us
    result = _within_life(args.from_us, end_us, (camera.created_us, life_end_us), spans, gaps)
    return result, open_from_us


def _within_life(start_us: int, end_us: int, life: Interval, spans: list[KeptSpan], gaps: list[Gap]) -> Coverage:
    """Compute the coverage of [start, end), of which nothing is expected outside the camera's life."""
    alive_us = max(start_us, life[0])
    gone_us = max(alive_us, min(end_us, life[1]))
    off = normalise((g.start_us, g.end_us) for g in gaps if g.cause is GapCause.SCHEDULE_OFF)
    result = coverage(alive_us, gone_us, subtract([(alive_us, gone_us)], off), spans, gaps)
    return replace(result, start_us=start_us, end_us=end_us)


def _status_of(recorders: list[RecorderStatus], camera: CameraId) -> tuple[CameraStatus | None, RecorderStatus | None]:
    """Return the newest word on a camera, and the recorder that said it."""
    best: tuple[CameraStatus | None, RecorderStatus | None] = (None, None)
    for recorder in recorders:
        for status in recorder.cameras:
            if status.camera == camera and (best[1] is None or recorder.written_us > best[1].written_us):
                best = status, recorder
    return best


async def coverage_(gateway: Gateway, _actor: Actor, args: Span) -> dict[str, Any]:
    """Say of every second of a span: recorded, put, stored, locked, or a gap with its cause."""
    found = await known(gateway, args)
    result = found.result
    waiting = [r for r in found.rows if r.state.value in NOT_YET_PUT or r.state.value == "put"]
    return {
        "camera": found.camera.id,
        "from": rfc3339(result.start_us),
        "to": rfc3339(result.end_us),
        "asked_to": rfc3339(args.to_us),
        "open": None if found.open_from_us is None else {"from": rfc3339(found.open_from_us)},
        "expected_s": result.expected_us / US,
        "recorded_s": result.recorded_us / US,
        "put_s": result.put_us / US,
        "stored_s": result.stored_us / US,
        "verified_s": result.stored_us / US,  # the same: what was not read back does not count as stored
        "locked_s": result.locked_us / US,
        "unknown_s": result.unknown_us / US,
        "gaps": [
            {
                "from": rfc3339(gap.start_us),
                "to": rfc3339(gap.end_us),
                "cause": gap.cause.value,
                "detail": gap.detail,
                "required": gap.required,
            }
            for gap in result.gaps
        ],
        "not_yet_stored": await _not_yet_stored(gateway, found.camera, waiting),
        "findings": installation_findings(gateway),
    }


async def _not_yet_stored(gateway: Gateway, camera: Camera, waiting: list[SegmentRow]) -> dict[str, Any] | None:
    """Say what of the span is recorded but not yet stored, and when it will be."""
    if not waiting:
        return None
    now_us = gateway.clock.now_us()

    def work(tx: Transaction) -> tuple[int, tuple[str, ...], tuple[str, ...], str]:
        site = registry.get_site(tx, camera.site)
        backlog = upload_queue.backlog(tx)
        return backlog.bytes, site.upload_windows, site.holidays, site.time_zone

    backlog_bytes, windows, holidays, time_zone = await gateway.read(work)
    upload = gateway.settings.upload
    schedule = upload_schedule(windows, holidays, upload.windows)
    pending = Pending(
        backlog_bytes,
        schedule,
        time_zone,
        upload.bandwidth_bps or None,
        upload.bandwidth_outside_bps,
        gateway.uplink_bps(),
    )
    eta = eta_us(pending, now_us)
    return {
        "segments": len(waiting),
        "bytes": sum(r.sidecar.size_bytes for r in waiting),
        "seconds": sum(r.sidecar.end_us - r.sidecar.start_us for r in waiting) / US,
        "eta": None if eta is None else rfc3339(eta),
        "last_error": next((r.error_class for r in waiting if r.error_class), None),
    }


async def fetch_plan(gateway: Gateway, actor: Actor, args: Span) -> dict[str, Any]:
    """Return what a fetch reads, and write the audit row without which nobody sees footage (invariant S3)."""
    found = await known(gateway, args)
    from_us = max(args.from_us, found.camera.created_us)
    to_us = min(found.result.end_us, found.camera.retired_us or found.result.end_us)
    if to_us <= from_us:
        raise NotFound(
            f"nothing of camera {found.camera.id} lies in this span: it was not registered, or what came is not sealed",
            hint="see: camera-gateway footage coverage",
        )
    rows = [r for r in found.rows if r.state.value in RECORDED]

    def work(tx: Transaction) -> None:
        tx.audit(
            "footage.fetch",
            f"camera:{found.camera.id}",
            **{"from": rfc3339(args.from_us), "to": rfc3339(args.to_us), "segments": len(rows)},
        )

    await gateway.write(actor, work)
    return {
        "camera": found.camera.id,
        "from_us": from_us,
        "to_us": to_us,
        "segments": [
            {
                "sidecar": r.sidecar.as_json(),
                "state": r.state.value,
                "spool_path": r.spool_path,
                "key": r.key,
                "version_id": r.version_id,
            }
            for r in rows
        ],
        "gaps": [
            {"from_us": g.start_us, "to_us": g.end_us, "cause": g.cause.value, "detail": g.detail}
            for g in found.result.gaps
        ],
    }
