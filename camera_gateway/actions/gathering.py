"""Gathers what an institution is judged by: one read of the catalogue, the bucket's own listing, the recorder's word.

Judges nothing. Promises that the listing is older than the read: what was read back after it counts as seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from camera_gateway.actions.daybooks import books_of, wants_listing
from camera_gateway.actions.footage import Background, Span, background_of, measured
from camera_gateway.actions.health import findings as installation_findings
from camera_gateway.actions.ongoing import STALE_US
from camera_gateway.catalogue import audit_log, declared, looks, outages, passports, processes, registry, waivers
from camera_gateway.catalogue import holds as hold_rows
from camera_gateway.clock import to_datetime
from camera_gateway.compliance.daybook import Listing, closed
from camera_gateway.compliance.editions import midnight
from camera_gateway.domain.camera import CameraState
from camera_gateway.domain.coverage import KeptSpan
from camera_gateway.domain.facts import kind_of, parse_value
from camera_gateway.domain.footage import GapCause
from camera_gateway.domain.ids import InstitutionId
from camera_gateway.domain.intervals import normalise, subtract
from camera_gateway.domain.measured import (
    CameraRecord,
    DayBook,
    Declared,
    Drills,
    Held,
    Impaired,
    InstitutionRecord,
    Looks,
    Outage,
    ProcessEvent,
    Waiver,
)
from camera_gateway.domain.naming import camera_prefix, parse_segment_key
from camera_gateway.domain.schedule import zone
from camera_gateway.errors import Unavailable
from camera_gateway.handover.status_file import read_statuses
from storage.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.catalogue.declared import FactRow
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.camera import Camera, Institution, Site
    from camera_gateway.domain.ids import CameraId, SiteId
    from camera_gateway.domain.intervals import Interval
    from camera_gateway.domain.retention import Hold
    from storage.blobs import BlobStore

NIGHT_HOURS = frozenset({22, 23, 0, 1, 2, 3, 4})
SYNCHRONISED = Path("/run/systemd/timesync/synchronized")
"""Made by systemd-timesyncd when the clock follows NTP. Other services leave no such word; then it is not known."""
LEAST_DEPTH_DAYS = 32
"""So far back an archive is looked at where no rule asks for more."""


@dataclass(frozen=True, slots=True)
class _Read:
    """What one read of the catalogue gives of a camera."""

    behind: Background
    books: tuple[DayBook, ...]
    from_us: int
    role: str | None
    place: str
    impaired: tuple[Impaired, ...]
    looks: Looks | None


async def gather(
    gateway: Gateway,
    identity: str,
    from_us: int,
    to_us: int,
    depth_days: int = LEAST_DEPTH_DAYS,
    *,
    fresh: bool = True,
) -> InstitutionRecord:
    """Gather the record of an institution for a period, and of its archive `depth_days` back from now.

    `fresh`: the bucket is listed now. Else `present` rests on the listing of the last night, and the record says so;
    of a camera whose days are not kept, or have changed since, the bucket is listed all the same.
    """
    now_us = gateway.clock.now_us()
    recorders = read_statuses(gateway.data_dir / "status")
    institution, cameras, sites = await gateway.read(lambda tx: _registered(tx, identity))
    alive = [c for c in cameras if c.state is not CameraState.RETIRED or (c.retired_us or 0) > from_us]
    cuts = (from_us, to_us)

    def unkept(tx: Transaction) -> set[CameraId]:
        starts = {c.id: _window(c, sites[c.site], from_us, now_us, depth_days)[0] for c in alive}
        return {c.id for c in alive if wants_listing(tx, c, sites[c.site].time_zone, (starts[c.id], now_us), cuts)}

    listed = {camera.id for camera in alive} if fresh else await gateway.read(unkept)
    listings = {c.id: await list_camera(gateway, c) if c.id in listed else None for c in alive}

    def work(tx: Transaction) -> tuple[dict[CameraId, _Read], dict[str, Any]]:
        reads = {
            camera.id: _read(tx, camera, sites[camera.site], (from_us, to_us, now_us), depth_days, listings[camera.id])
            for camera in alive
        }
        return reads, _registers(tx, institution, from_us, now_us)

    reads, registers = await gateway.read(work)
    living = {
        status.camera: {"recording": True, "off": None}.get(status.state, False)
        for recorder in recorders
        if now_us - recorder.written_us < STALE_US
        for status in recorder.cameras
    }
    records = []
    for camera in alive:
        read = reads[camera.id]
        spans = [
            KeptSpan(start, end, state, locked)
            for name, state, locked in _CLASSES
            for start, end in _joined(read.books, name)
        ]
        args = Span(camera=camera.id, from_us=read.from_us, to_us=now_us)
        result, _ = measured(gateway, args, read.behind, recorders, spans, now_us)
        off = [(g.start_us, g.end_us) for g in (*read.behind.gaps, *result.gaps) if g.cause is GapCause.SCHEDULE_OFF]
        life = max(read.from_us, camera.created_us), min(result.end_us, camera.retired_us or result.end_us)
        held = _held(registers["holds"], institution.id, camera.id)
        records.append(
            CameraRecord(
                id=camera.id,
                name=camera.name,
                zone=camera.zone.value,
                role=read.role,
                place=read.place,
                time_zone=sites[camera.site].time_zone,
                created_us=camera.created_us,
                retired_us=camera.retired_us,
                from_us=life[0],
                to_us=max(life),
                scheduled=subtract([life] if life[1] > life[0] else [], normalise(off)),
                **{name: _joined(read.books, name) for name in ("recorded", "put", "stored", "locked", "present")},
                gaps=result.gaps,
                books=read.books,
                listed_us=_listed_us(read.books),
                oldest_us=_oldest_us(listings[camera.id], read.books, held),
                living=living.get(camera.id),
                facts=_latest(registers["facts"], camera.id),
                held=held,
                impaired=read.impaired,
                looks=read.looks,
            )
        )
    default = next(iter(sites.values()))
    return InstitutionRecord(
        id=institution.id,
        name=institution.name,
        kind=institution.kind.value,
        time_zone=default.time_zone,
        at_us=now_us,
        cameras=tuple(records),
        facts=_latest(registers["facts"], None),
        waivers=registers["waivers"],
        events=registers["events"],
        outages=registers["outages"],
        drills=registers["drills"],
        store={p.name: p.state for p in gateway.observed().store},
        installation=tuple(installation_findings(gateway)),
        clock=await gateway.waiting(_clock_of_the_host),
    )


_CLASSES = (
    ("recorded", "spooled", False),
    ("put", "put", False),
    ("stored", "stored", False),
    ("locked", "stored", True),
)


def _clock_of_the_host() -> dict[str, bool]:
    """Return whether the host says that its clock is synchronised; nothing where nobody says so."""
    return {"synchronised": True} if SYNCHRONISED.exists() else {}


def _registered(tx: Transaction, identity: str) -> tuple[Institution, list[Camera], dict[SiteId, Site]]:
    institution = registry.get_institution(tx, InstitutionId(identity))
    cameras = registry.list_cameras(tx, institution=institution.id)
    return institution, cameras, {site.id: site for site in registry.list_sites(tx, institution.id)}


async def list_camera(gateway: Gateway, camera: Camera) -> Listing:
    """List what the bucket itself has of a camera."""
    at_us = gateway.clock.now_us()

    def listing(store: BlobStore) -> set[int]:
        keys = (parse_segment_key(blob.key) for blob in store.list(camera_prefix(camera.institution, camera.id)))
        return {key.start_us for key in keys if key is not None}

    try:
        return Listing(await gateway.waiting(listing, gateway.store), at_us)
    except StoreError as error:
        raise Unavailable(
            f"the bucket cannot be listed ({error}), so nothing can be said of the archive", hint="see: doctor"
        ) from error


def _read(
    tx: Transaction,
    camera: Camera,
    site: Site,
    span: tuple[int, int, int],
    depth_days: int,
    listing: Listing | None,
) -> _Read:
    from_us, to_us, now_us = span
    before_us, start_us = _window(camera, site, from_us, now_us, depth_days)
    books = books_of(tx, camera.id, site.time_zone, (before_us, now_us), (from_us, to_us), listing)
    behind = background_of(tx, camera, site, Span(camera=camera.id, from_us=start_us, to_us=now_us))
    passport = passports.get_passport(tx, camera.id)
    found = looks.impairments_in_span(tx, camera.id, start_us, now_us)
    return _Read(
        behind=behind,
        books=books,
        from_us=start_us,
        role=None if passport.role is None else passport.role.value,
        place=passport.place,
        impaired=tuple(Impaired(i.kind, i.start_us, i.end_us) for i in found),
        looks=_looks(tx, camera.id, site.time_zone, from_us, to_us),
    )


def _window(camera: Camera, site: Site, from_us: int, now_us: int, depth_days: int) -> tuple[int, int]:
    """Return where books and record of a camera begin: a segment of the day before may reach into the first."""
    tz = zone(site.time_zone)
    deep = to_datetime(now_us).astimezone(tz).date() - timedelta(days=depth_days)
    first = min(deep, to_datetime(from_us).astimezone(tz).date())
    return midnight(first - timedelta(days=1), tz), max(midnight(first, tz), camera.created_us)


def _looks(tx: Transaction, camera: CameraId, time_zone: str, from_us: int, to_us: int) -> Looks | None:
    taken = looks.looks_in_span(tx, camera, from_us, to_us)
    if not taken:
        return None
    seen = [look for look in taken if look.outcome == looks.LOOKED]
    tz = zone(time_zone)
    dark = [look for look in seen if to_datetime(look.at_us).astimezone(tz).hour in NIGHT_HOURS]
    return Looks(
        taken=len(seen),
        failed=len(taken) - len(seen),
        compared=sum(look.verdicts.get("moved", "unknown") != "unknown" for look in seen),
        at_night=len(dark),
        bad_at_night=sum("black" in look.bad for look in dark),
    )


def _joined(books: Sequence[DayBook], name: str) -> list[Interval]:
    return closed(span for book in books for span in getattr(book, name))


def _registers(tx: Transaction, institution: Institution, from_us: int, now_us: int) -> dict[str, Any]:
    rows = waivers.list_waivers(tx, institution.id)
    return {
        "holds": hold_rows.active_holds(tx),
        "facts": declared.list_facts(tx, institution.id),
        "waivers": tuple(
            Waiver(
                w.number,
                w.camera,
                w.standard,
                w.rule,
                w.reason,
                w.waived_by,
                w.approved_by or "",
                w.waived_us,
                w.until_us,
            )
            for w in rows
        ),
        "events": tuple(
            ProcessEvent(e.number, e.process, e.camera, e.at_us, e.done_us, e.evidence, e.noted_by)
            for e in processes.list_processes(tx, institution.id)
        ),
        "outages": tuple(
            Outage(
                o.number, o.cameras, o.kind, o.cause, o.start_us, o.detected_us, o.notified_us, o.end_us, o.reported_us
            )
            for o in outages.outages_in_span(tx, institution.id, from_us, now_us)
        ),
        "drills": _drills(tx, from_us, now_us),
    }


def _drills(tx: Transaction, from_us: int, to_us: int) -> Drills | None:
    rows = audit_log.search(tx, 1_000, from_us=from_us, to_us=to_us, action="drill.end")
    if not rows:
        return None
    last = rows[-1]
    checked = sum(int(row.details["checked"]) for row in rows)
    good = sum(int(row.details["good"]) for row in rows)
    return Drills(checked, good, len(rows), last.at_us, str(last.details["seed"]))


def _listed_us(books: Sequence[DayBook]) -> int | None:
    """Return when the oldest of the listings was made that books with anything stored rest on."""
    known = [book.listed_us for book in books if book.listed_us is not None]
    return min(known, default=None)


def _oldest_us(listing: Listing | None, books: Sequence[DayBook], held: Sequence[Held]) -> int | None:
    starts = listing.starts if listing is not None else {start for book in books for start, _ in book.present}
    return min((start for start in starts if not _is_held(held, start)), default=None)


def _held(holds: Sequence[Hold], institution: str, camera: str) -> tuple[Held, ...]:
    return tuple(
        Held(h.id, h.start_us, h.end_us)
        for h in holds
        if camera in h.cameras or (h.institution is not None and h.institution == institution)
    )


def _is_held(held: Sequence[Held], at_us: int) -> bool:
    return any(h.start_us <= at_us and (h.end_us is None or at_us < h.end_us) for h in held)


def _latest(rows: Sequence[FactRow], camera: str | None) -> Mapping[str, Declared]:
    """Return the latest declaration of each fact, of a camera or of the institution itself."""
    return {
        row.fact: Declared(
            row.number,
            row.fact,
            parse_value(kind_of(row.fact), row.value),
            row.evidence,
            row.declared_by,
            row.declared_us,
            row.valid_until_us,
        )
        for row in rows
        if row.camera == camera
    }
