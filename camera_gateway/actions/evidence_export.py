"""Verbs of an export: what goes into the package, and the signature under what went in.

`plan` is the first step: it writes the audit row without which no byte leaves (S3), and composes every text of the
package. The files are written by whoever asked; `finish` signs EXPORT.txt over the list that `plan` has kept, so that
nobody has anything signed that was not planned here, but for the hash of a file that turned out to be another one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from camera_gateway.access.purposes import Code
from camera_gateway.actions.evidence import OneRequest, places_of_request
from camera_gateway.actions.footage import Known, Span, known
from camera_gateway.actions.seals import described, signing_key
from camera_gateway.catalogue import audit_log, purposes, registry, viewings
from camera_gateway.catalogue import requests as request_rows
from camera_gateway.clock import US, rfc3339
from camera_gateway.domain.footage import RECORDED
from camera_gateway.domain.ids import InstitutionId
from camera_gateway.domain.naming import (
    object_name,
    segment_key,
    utc_day,
)
from camera_gateway.errors import InvalidInput, Refused
from camera_gateway.evidence.contents import README, Contents, certify, days_text, take_announcements, take_seals
from camera_gateway.evidence.custody import custody_log
from camera_gateway.evidence.enclosures import enclosures
from camera_gateway.evidence.package import (
    EXPORT_VERSION,
    SpanGap,
    clocks_of_span,
    export_text,
    gaps_of_span,
    head_text,
    span_gap,
    time_error,
)
from camera_gateway.evidence.signing import known_keys
from storage.checksum import sha256_of

if TYPE_CHECKING:
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.actions.places import Places
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.catalogue.requests import Package, Request
    from camera_gateway.catalogue.segments import SegmentRow
    from camera_gateway.domain.camera import Camera, Device
    from camera_gateway.domain.ids import CameraId
    from camera_gateway.domain.people import Actor
    from camera_gateway.evidence.signing import SigningKey

NOBODY = "-"
DERIVATIVE = "DERIVATIVE"


class PlanExport(OneRequest):
    """Names a request; `address` and `session` are of who asks, for the register of viewings."""

    address: str = ""
    session: str | None = None


class FinishExport(BaseModel):
    """What came of writing a package: hashes of files made on the way, of files that differ, and what is absent."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    package: str
    made: dict[str, str]
    changed: dict[str, str]
    absent: tuple[str, ...]


def places_of_package(tx: Transaction, args: FinishExport) -> Places:
    """Return the cameras of a package's request."""
    package = request_rows.get_package(tx, request_rows.parse_id(args.package, "package"))
    return places_of_request(tx, OneRequest(request=f"request-{package.request}"))


async def plan(gateway: Gateway, actor: Actor, args: PlanExport) -> dict[str, Any]:
    """Say what goes into the package of an approved request. `Refused` before approval, or while it is being recorded.

    Where nothing of the span exists, the package is the certificate of that.
    """
    number = request_rows.parse_id(args.request, "request")
    request = await gateway.read(lambda tx: request_rows.get_request(tx, number))
    if request.approved_us is None:
        raise Refused(
            f"{request.id} is not approved",
            hint="another user approves it: camera-gateway evidence approve",
            code="not-approved",
        )
    new = request.new
    if new.end_us > gateway.clock.now_us():
        raise Refused(
            f"{request.id} ends at {rfc3339(new.end_us)}: it is not over", hint="export then", code="not-over"
        )
    found = [await _complete(gateway, request, camera) for camera in new.cameras]
    key = await signing_key(gateway)

    def work(tx: Transaction) -> dict[str, Any]:
        _note_in_register(tx, request, [each.camera.id for each in found if _recorded(each)], args)
        return _plan(gateway, request, found, key, tx)

    return await gateway.write(actor, work)


async def finish(gateway: Gateway, actor: Actor, args: FinishExport) -> dict[str, Any]:
    """Sign EXPORT.txt over what was planned and really packed."""
    number = request_rows.parse_id(args.package, "package")
    key = await signing_key(gateway)

    def work(tx: Transaction) -> bytes:
        package = request_rows.get_package(tx, number)
        if package.exported_by != str(actor):
            raise Refused(f"{package.id} is another one's export", code="forbidden")
        text = export_text(package.head, _really_packed(package, args))
        findings = len(args.changed) + len(args.absent)
        request = request_rows.get_request(tx, package.request)
        request_rows.finish_package(tx, package, request, sha256_of(text), findings)
        return text

    text = await gateway.write(actor, work)
    return {"text": text.decode(), "signature": key.sign(text).hex(), "sha256": sha256_of(text)}


async def broken_off(gateway: Gateway, actor: Actor, package: str, sent_bytes: int, reason: str) -> None:
    """Write down in the chain of custody that a package did not go out whole: so many bytes did, and why no more."""
    number = request_rows.parse_id(package, "package")

    def work(tx: Transaction) -> None:
        row = request_rows.get_package(tx, number)
        tx.audit(
            "evidence.export-broken",
            f"request:request-{row.request}",
            package=row.id,
            sent_bytes=sent_bytes,
            reason=reason,
        )

    await gateway.write(actor, work)


def _really_packed(package: Package, args: FinishExport) -> dict[str, str]:
    """Return hash by path; `InvalidInput` for a file that was not planned."""
    planned = dict(line.split("  ", 1)[::-1] for line in (package.listing or "").splitlines())
    made = {path: sha256 for path, sha256 in planned.items() if sha256 == NOBODY}
    strange = (args.made.keys() - made.keys()) | ((args.changed.keys() | set(args.absent)) - planned.keys())
    hashes = [*args.made.values(), *args.changed.values()]
    if strange or any(len(sha256) != len(sha256_of(b"")) or not sha256.isalnum() for sha256 in hashes):
        raise InvalidInput(f"{package.id}: not what was planned: {', '.join(sorted(strange)) or 'a hash'}")
    files = planned | args.made | args.changed
    return {path: sha256 for path, sha256 in files.items() if sha256 != NOBODY and path not in args.absent}


async def _complete(gateway: Gateway, request: Request, camera: str) -> Known:
    """Return what is known of a camera's span, once nothing of it is still being written."""
    found = await known(gateway, Span(camera=camera, from_us=request.new.start_us, to_us=request.new.end_us))
    if found.open_from_us is not None:
        raise Refused(
            f"{camera} has not sealed what it recorded since {rfc3339(found.open_from_us)}",
            hint="try again in a minute",
            code="not-over",
        )
    return found


def _note_in_register(tx: Transaction, request: Request, cameras: list[CameraId], args: PlanExport) -> None:
    """Note each camera of which footage leaves, for the purpose that the request states."""
    if not cameras:
        return
    new = request.new
    purpose = purposes.open_purpose(tx, Code.REQUEST.value, new.case, f"{request.id}: {new.legal_ground}").number
    for camera in cameras:
        viewings.note_export(
            tx, camera, (new.start_us, new.end_us), purpose=purpose, address=args.address, session=args.session
        )
    purposes.close_purpose(tx, purpose)


def _plan(gateway: Gateway, request: Request, found: list[Known], key: SigningKey, tx: Transaction) -> dict[str, Any]:
    new = request.new
    rows = [row for each in found for row in each.rows if row.state.value in RECORDED]
    package = request_rows.begin_package(tx, request, len(rows))
    cameras = [each.camera for each in found]
    sites = sorted({camera.site for camera in cameras})
    folders = {site: "" if len(sites) == 1 else f"{site}/" for site in sites}
    contents = Contents(texts=dict(enclosures()))
    contents.texts["seal.pub"] = key.public.pem
    paths: dict[str, str] = {}
    for site in sites:
        here = [row for row in rows if _camera(cameras, row).site == site]
        take_seals(
            tx, registry.get_site(tx, site), [c for c in cameras if c.site == site], here, new, folders[site], contents
        )
        if contents.keys - {key.public.fingerprint}:
            since = min(contents.sealed_days, default=utc_day(new.start_us))
            take_announcements(tx, registry.get_site(tx, site), since, folders[site], contents)
        paths |= {row.sidecar.segment: folders[site] + _name(row) for row in here}
    for fingerprint in contents.keys - {key.public.fingerprint}:
        older = known_keys(gateway.data_dir / "keys").get(fingerprint)
        if older is not None:
            contents.texts[f"KEY.{fingerprint.removeprefix('SHA256:')[:16]}.pub"] = older.pem
    gaps = [gap for each in found for gap in _gaps(each, new.start_us, new.end_us)]
    sidecars = [row.sidecar for row in rows]
    contents.texts["SPAN-GAPS.tsv"] = gaps_of_span(gaps).encode()
    contents.texts["SPAN-CLOCKS.tsv"] = clocks_of_span(sidecars).encode()
    contents.texts["CUSTODY.tsv"] = custody_log(request_rows.custody_of(tx, request)).encode()
    if not rows:
        certify(tx, package, request, cameras, gaps, contents)
    derivatives = [_derivative(tx, each, new.start_us, new.end_us) for each in found if _recorded(each)]
    if derivatives:
        contents.texts["DERIVATIVE.README.txt"] = README.encode()
    listing = {path: sha256_of(data) for path, data in contents.texts.items()}
    listing |= {item["path"]: item["sha256"] for item in contents.sealed}
    listing |= {paths[row.sidecar.segment]: row.sidecar.sha256 for row in rows}
    listing |= {derivative["path"]: NOBODY for derivative in derivatives}
    head = _head(gateway, tx, package, request, found, sidecars, gaps, contents, key)
    request_rows.describe_package(tx, package.number, head, "".join(f"{h}  {p}\n" for p, h in listing.items()))
    return {
        "package": package.id,
        "request": request.id,
        "nothing": not rows,
        "exported_us": package.started_us,
        "operator": str(tx.actor),
        "unit": f"{described(gateway).software} {gateway.settings.site.id}",
        "texts": {path: data.hex() for path, data in contents.texts.items()},
        "sealed": contents.sealed,
        "segments": [
            {
                "path": paths[row.sidecar.segment],
                "sidecar": row.sidecar.as_json(),
                "spool_path": row.spool_path,
                "key": row.key,
                "version_id": row.version_id,
            }
            for row in rows
        ],
        "derivatives": derivatives,
        "missing_s": sum(gap.end_us - gap.start_us for gap in gaps) / US,
        "gaps": [
            {
                "camera": g.camera,
                "from": rfc3339(g.start_us),
                "to": rfc3339(g.end_us),
                "cause": g.cause or "not-registered",
            }
            for g in gaps
        ],
        "sealed_days": sorted(day.isoformat() for day in contents.sealed_days),
        "unsealed_days": sorted(day.isoformat() for day in contents.unsealed_days),
    }


def _head(
    gateway: Gateway,
    tx: Transaction,
    package: Package,
    request: Request,
    found: list[Known],
    sidecars: list[Any],
    gaps: list[SpanGap],
    contents: Contents,
    key: SigningKey,
) -> str:
    new = request.new
    rows, audit_head = audit_log.head(tx)
    institution = registry.get_institution(tx, InstitutionId(new.institution))
    return head_text(
        (
            {"export-version": str(EXPORT_VERSION), "package": package.id, "request": request.id},
            {"result": "footage" if sidecars else "no recording exists"},
            {"requester": new.requester, "body": new.body},
            {"legal-ground": new.legal_ground, "case": new.case},
            {"asked-by": request.asked_by, "asked-at": rfc3339(request.asked_us)},
            {"approved-by": request.approved_by or "", "approved-at": rfc3339(request.approved_us or 0)},
            {"exported-by": package.exported_by, "exported-at": rfc3339(package.started_us)},
            {"institution": new.institution, "name": institution.name, "gateway": gateway.settings.site.id},
            {"camera": " ".join(new.cameras)},
            {"from": rfc3339(new.start_us), "to": rfc3339(new.end_us)},
            {"hold": f"hold-{request.hold}", "margin-s": str(new.margin_us // US)},
            {
                "segments": str(len(sidecars)),
                "recorded-s": f"{sum(each.result.recorded_us for each in found) / US:.3f}",
                "missing-s": f"{sum(gap.end_us - gap.start_us for gap in gaps) / US:.3f}",
            },
            {"time-error": time_error(sidecars)},
            {"sealed-days": days_text(contents.sealed_days), "unsealed-days": days_text(contents.unsealed_days)},
            {"unsealed-segments": str(contents.unsealed_segments)},
            {"audit-head-sha256": audit_head, "rows": str(rows)},
            {"software": described(gateway).software},
            {"key": f"ed25519 {key.public.fingerprint}"},
        )
    )


def _derivative(tx: Transaction, found: Known, start_us: int, end_us: int) -> dict[str, Any]:
    camera = found.camera
    device = _device(tx, camera)
    return {
        "path": f"{DERIVATIVE}.{camera.id}.mp4",
        "camera": camera.id,
        "name": camera.name,
        "url": "" if device is None else f"rtsp://{device.address.host}:{device.address.port}",
        "mac": "" if device is None else device.mac or "",
        "from_us": max(start_us, camera.created_us),
        "to_us": min(end_us, camera.retired_us or end_us),
        "gaps": [
            {"from_us": gap.start_us, "to_us": gap.end_us, "cause": gap.cause.value, "detail": gap.detail}
            for gap in found.result.gaps
        ],
    }


def _device(tx: Transaction, camera: Camera) -> Device | None:
    return registry.current_device(tx, camera.id)


def _gaps(found: Known, start_us: int, end_us: int) -> list[SpanGap]:
    """Return what is missing of a camera's span, the time before and after its life included."""
    camera = found.camera
    gaps = [span_gap(camera.id, gap) for gap in found.result.gaps]
    begun_us = min(max(start_us, camera.created_us), end_us)
    gone_us = max(begun_us, min(end_us, camera.retired_us or end_us))
    for since_us, until_us, detail in (
        (start_us, begun_us, "the camera was not registered yet"),
        (gone_us, end_us, "the camera was retired"),
    ):
        if until_us > since_us:
            gaps.append(SpanGap(camera.id, since_us, until_us, None, detail, required=False))
    return gaps


def _recorded(found: Known) -> bool:
    return any(row.state.value in RECORDED for row in found.rows)


def _camera(cameras: list[Camera], row: SegmentRow) -> Camera:
    return next(camera for camera in cameras if camera.id == row.sidecar.camera)


def _name(row: SegmentRow) -> str:
    sidecar = row.sidecar
    key = row.key or segment_key(sidecar.institution, sidecar.camera, sidecar.start_us, sidecar.sha256)
    return object_name(key)
