"""Verbs on video standards: which there are, and how an institution stands against one.

Gathers the facts, one camera at a time; the judging itself is pure and lives in `compliance/`.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from camera_gateway.actions.cameras import current_statuses
from camera_gateway.actions.footage import Span, known
from camera_gateway.actions.health import findings as installation_findings
from camera_gateway.catalogue import gaps as gap_rows
from camera_gateway.catalogue import registry, segments
from camera_gateway.clock import US, rfc3339
from camera_gateway.compliance.evaluate import counts, evaluate
from camera_gateway.compliance.measure import CameraFacts, frame_rate, kept, local_days, uptime
from camera_gateway.compliance.standards import load_directory, pick
from camera_gateway.domain.camera import Camera, CameraState, Institution, Site
from camera_gateway.domain.footage import GapCause
from camera_gateway.domain.ids import InstitutionId
from camera_gateway.domain.intervals import clip, intersect, normalise, subtract, total
from camera_gateway.domain.naming import camera_prefix, parse_segment_key
from camera_gateway.errors import InvalidInput, Unavailable
from camera_gateway.settings.locate import config_directory
from storage.errors import StoreError

if TYPE_CHECKING:
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.actions.institutions import Nothing
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.coverage import KeptSpan
    from camera_gateway.domain.ids import SiteId
    from camera_gateway.domain.people import Actor
    from camera_gateway.domain.standard import Standard
    from storage.blobs import BlobStore

DAY_US = 86_400 * US
LONGEST_ARCHIVE_DAYS = 40
"""How many days back a check looks: more than any floor that a standard here asks for."""


class CheckCompliance(BaseModel):
    """What `compliance check` takes, times in µs UTC."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    institution: str
    standard: str
    from_us: int
    to_us: int


def _standards(gateway: Gateway) -> list[Standard]:
    """Return the shipped standards and the installation's own, narrowed to what `[standards] enabled` names."""
    chosen = gateway.settings.standards
    found = load_directory(config_directory() / "standards")
    if chosen.directory is not None:
        found += load_directory(chosen.directory)
    if chosen.enabled:
        found = [pick(found, identity) for identity in chosen.enabled]
    return found


async def list_standards(gateway: Gateway, _actor: Actor, _args: Nothing) -> list[dict[str, Any]]:
    """List the standards of this installation."""
    return [
        {
            "id": s.id,
            "title": s.title.get("en", s.id),
            "basis": s.basis.value,
            "jurisdiction": s.jurisdiction,
            "edition": s.edition,
            "text_status": s.text_status,
            "rules": len(s.rules),
            "text_needed": sum(r.text_needed for r in s.rules),
        }
        for s in _standards(gateway)
    ]


async def check(gateway: Gateway, _actor: Actor, args: CheckCompliance) -> dict[str, Any]:
    """Judge an institution by a standard over a period; the archive is judged as it is now."""
    if args.to_us <= args.from_us:
        raise InvalidInput("the period is empty: --from is not before --to")
    standard = pick(_standards(gateway), args.standard)

    def work(tx: Transaction) -> tuple[Institution, list[Camera], dict[SiteId, Site]]:
        institution = registry.get_institution(tx, InstitutionId(args.institution))
        cameras = registry.list_cameras(tx, institution=institution.id)
        sites = {site.id: site for site in registry.list_sites(tx, institution.id)}
        return institution, [c for c in cameras if c.state is not CameraState.RETIRED], sites

    institution, cameras, sites = await gateway.read(work)
    facts = [await _facts(gateway, camera, sites[camera.site], args) for camera in cameras]
    found = evaluate(standard, institution.id, institution.kind.value, facts)
    return {
        "standard": standard.id,
        "edition": standard.edition,
        "basis": standard.basis.value,
        "institution": institution.id,
        "from": rfc3339(args.from_us),
        "to": rfc3339(args.to_us),
        "checked_at": rfc3339(gateway.clock.now_us()),
        "findings": [
            {
                "rule": f.rule,
                "clause": f.clause,
                "scope": f.scope,
                "result": f.result.value,
                "required": f.required,
                "measured": f.measured,
                "verified": f.verified,
                "evidence": f.evidence,
            }
            for f in found
        ],
        "counts": counts(found),
        "installation": installation_findings(gateway),
    }


async def _facts(gateway: Gateway, camera: Camera, site: Site, args: CheckCompliance) -> CameraFacts:
    span = await known(gateway, Span(camera=camera.id, from_us=args.from_us, to_us=args.to_us))
    sidecars = [row.sidecar for row in span.rows if row.state.value not in {"lost", "expired"}]
    fps, windows = frame_rate(sidecars)
    present = await _present(gateway, camera)
    now_us = gateway.clock.now_us()
    since_us = max(camera.created_us, now_us - LONGEST_ARCHIVE_DAYS * DAY_US)

    def work(tx: Transaction) -> tuple[list[KeptSpan], list[tuple[int, int]]]:
        spans = segments.kept_spans(tx, camera.id, since_us, now_us)
        records = gap_rows.gaps_in_span(tx, camera.id, since_us, now_us)
        return spans, [(r.start_us, r.end_us) for r in records if r.cause is GapCause.SCHEDULE_OFF]

    spans, off = await gateway.read(work)
    held = kept(spans, present)
    scheduled = subtract([(since_us, now_us)], normalise(off))
    asked = clip(scheduled, span.result.start_us, span.result.end_us)
    ratio = total(intersect(asked, held)) / total(asked) if asked else None
    share, unseen_s = uptime(
        max(span.result.start_us, camera.created_us), span.result.end_us, [g for g in span.result.gaps if g.required]
    )
    offsets = [s.clock_offset_us for s in sidecars if s.clock_offset_us is not None]
    status = current_statuses(gateway).get(camera.id)
    sizes = Counter((s.width, s.height) for s in sidecars)
    return CameraFacts(
        camera=camera.id,
        zone=camera.zone.value,
        registered_us=camera.created_us,
        resolution=min(sizes, key=lambda s: s[0] * s[1]) if sizes else None,
        fps_p5=fps,
        fps_windows=windows,
        codecs=tuple(sorted({s.video_codec for s in sidecars})),
        recorded_ratio=ratio,
        uptime=share,
        observer_down_s=unseen_s,
        clock_offset_s=max(offsets, key=abs) / US if offsets else None,
        living=status is not None and status.state == "recording",
        days=local_days(site.time_zone, camera.created_us, now_us, LONGEST_ARCHIVE_DAYS, scheduled, held),
    )


async def _present(gateway: Gateway, camera: Camera) -> set[int]:
    """Return the start of every segment that the bucket itself lists for a camera."""

    def listing(store: BlobStore) -> set[int]:
        keys = (parse_segment_key(blob.key) for blob in store.list(camera_prefix(camera.institution, camera.id)))
        return {key.start_us for key in keys if key is not None}

    try:
        return await gateway.waiting(listing, gateway.store)
    except StoreError as error:
        raise Unavailable(
            f"the bucket cannot be listed ({error}), so nothing can be said of the archive", hint="see: doctor"
        ) from error
