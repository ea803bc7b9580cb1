"""Sealing: from what the catalogue knows of a site's day to manifests and a signed seal in the bucket.

Promises: one seal per site and day, in the order of days, each naming the one before (S2); what came later goes into
addenda, which the next seal names; a crash between any two steps is repaired by the next run, which never makes a
second text for the same day. What is due is computed from the catalogue, so that a missed day is sealed later.
Synchronous. Must not delete or replace anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache, partial
from typing import TYPE_CHECKING

from camera_gateway.catalogue import audit_log, registry, seals
from camera_gateway.catalogue.seals import Seen
from camera_gateway.clock import US, to_datetime
from camera_gateway.domain.footage import GapCause
from camera_gateway.domain.naming import (
    DAY_US,
    day_prefix,
    day_span_us,
    key_name,
    seal_key,
    seal_name,
    tombstones_name,
    utc_day,
)
from camera_gateway.domain.people import SYSTEM
from camera_gateway.domain.schedule import zone
from camera_gateway.errors import GatewayError, InvalidInput, Unavailable, WrongFound
from camera_gateway.evidence.gathering import gather, seen_of, what_is_registered
from camera_gateway.evidence.manifest import CameraDay, gap_line, index_line
from camera_gateway.evidence.registry_list import registry_name, registry_text
from camera_gateway.evidence.seal import WITNESS_NONE, Previous, Seal, plain
from camera_gateway.evidence.sealed_files import new_seal
from camera_gateway.evidence.tombstone_list import tombstone_list
from storage.checksum import sha256_of
from storage.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.catalogue.seals import SealRow
    from camera_gateway.clock import Clock
    from camera_gateway.domain.camera import Camera, Site
    from camera_gateway.domain.ids import CameraId
    from camera_gateway.domain.naming import ManifestKind
    from camera_gateway.domain.people import Actor
    from camera_gateway.evidence.sealed_files import SealedFiles
    from camera_gateway.evidence.signing import PublicKey, SigningKey
    from camera_gateway.evidence.witness import Witness
    from camera_gateway.footage.books import Books

SETTLE_US = 1_800 * US
"""A day is sealed half an hour after its end: time for its last segments to be stored, and its last gap written."""
LATE_DAYS = 62
"""So many days back an upload or a gap may still arrive by itself; an older day is looked at when it is named."""


@dataclass(frozen=True, slots=True)
class Described:
    """What a seal says of the installation."""

    gateway: str
    software: str
    config_sha256: str


@dataclass(slots=True)
class Report:
    """What a run did: seals by site and name, findings by place, and how many seals wait for the second party."""

    made: list[tuple[str, str]] = field(default_factory=list)
    findings: list[tuple[str, str]] = field(default_factory=list)
    waiting: int = 0


@dataclass(slots=True)
class _Draft:
    """What a seal will say of a day."""

    day: date
    addendum: int
    before: SealRow | None
    files: dict[str, str] = field(default_factory=dict)
    seen: dict[CameraId, Seen] = field(default_factory=dict)
    clock_steps: int = 0

    def take(self, put: tuple[CameraDay, Mapping[ManifestKind, bytes]], wanted: CameraDay, seen: Seen) -> None:
        """Take the lists of a camera-day in; where they are shorter than wanted, the day is looked at once more."""
        made, files = put
        self.files |= {made.name(kind): sha256_of(data) for kind, data in files.items()}
        self.seen[made.camera] = seen if made == wanted else Seen(0, 0)
        self.clock_steps += sum(gap.cause is GapCause.CLOCK_STEP for gap in made.gaps)


class Sealer:
    """Seals the sites of one installation. `worm` tells what the store was seen to refuse, in the seal's words.

    `announced` is the key that each seal of a day announces, to sign after it; `retired` those that signed before.
    """

    def __init__(
        self,
        books: Books,
        files: SealedFiles,
        key: SigningKey,
        described: Described,
        clock: Clock,
        *,
        worm: Callable[[], str],
        witness: Witness | None,
        actor: Actor = SYSTEM,
        announced: PublicKey | None = None,
        retired: Mapping[str, PublicKey] | None = None,
    ) -> None:
        self._books = books
        self._files = files
        self._key = key
        self._described = described
        self._clock = clock
        self._worm = worm
        self._witness = witness
        self._actor = actor
        self._announced = announced
        self._keys = {**(retired or {}), key.public.fingerprint: key.public}

    def run(self, day: date | None = None) -> Report:
        """Do what is due; with `day`, everything up to that day, which is looked at however old it is.

        One site's findings do not keep the others from being sealed. Raises `Unavailable` without the store, and
        `InvalidInput` for a day that is not over.
        """
        last_day = utc_day(self._clock.now_us() - SETTLE_US - DAY_US)
        if day is not None and day > last_day:
            raise InvalidInput(
                f"{day} is not over yet", hint="days are UTC, and are sealed half an hour after their end"
            )
        report = Report()
        try:
            worm = cache(lambda: plain(self._worm()))  # the store is asked when there is something to seal
            for site in self._books.read(registry.list_sites):
                try:
                    self._run_site(site, day, last_day, worm, report)
                except (WrongFound, InvalidInput) as error:
                    report.findings.append((f"site {site.id}", error.message))
        except StoreError as error:
            raise Unavailable(f"the store cannot be asked ({error.code})", hint="see: doctor") from error
        return report

    def _run_site(self, site: Site, day: date | None, last_day: date, worm: Callable[[], str], report: Report) -> None:
        cameras = self._books.read(lambda tx: registry.list_cameras(tx, site=site.id))
        for row in self._books.read(lambda tx: seals.unstored(tx, site.id)):
            self._store_seal(row, {}, report)
        first = last_day - timedelta(days=LATE_DAYS) if day is None else day
        for row in self._books.read(lambda tx: seals.sealed_between(tx, site.id, first, day or last_day)):
            if row.addendum == 0:
                self._add_to(site, row.day, cameras, worm, report)
        for due in self._due(site, cameras, day or last_day):
            self._seal_day(site, due, cameras, worm, report)
        self._show_witness(site, report)

    def _due(self, site: Site, cameras: Sequence[Camera], until: date) -> list[date]:
        """Return the days without a seal on which the site had a camera, oldest first."""
        last = self._books.read(lambda tx: seals.last_of_site(tx, site.id))
        if not cameras:
            return []
        first = min(utc_day(camera.created_us) for camera in cameras) if last is None else last.day + timedelta(days=1)
        days = (first + timedelta(days=number) for number in range((until - first).days + 1))
        return [day for day in days if _alive(cameras, day)]

    # one day

    def _seal_day(
        self, site: Site, day: date, cameras: Sequence[Camera], worm: Callable[[], str], report: Report
    ) -> None:
        if self._adopted(site, day, 0):
            return
        draft = _Draft(day, 0, self._books.read(lambda tx: seals.last_of_site(tx, site.id)))
        for camera in _alive(cameras, day):
            wanted, seen = self._books.read(partial(gather, camera, day, 0))
            self._compare_with_bucket(wanted, report)
            draft.take(self._files.put_manifests(wanted), wanted, seen)
        deleted = self._books.read(lambda tx: seals.deleted_on(tx, site.id, *day_span_us(day)))
        if deleted:
            name, table = tombstones_name(day), tombstone_list(deleted)
            self._files.put_own(seal_key(site.institution, site.id, day, name), table, day)
            draft.files[name] = sha256_of(table)
        text = registry_text(self._books.read(partial(what_is_registered, site, tuple(cameras))))
        name = registry_name(day, text)
        self._files.put_own(seal_key(site.institution, site.id, day, name), text, day)
        draft.files[name] = sha256_of(text)
        number = 0 if draft.before is None else draft.before.number
        for row in self._books.read(lambda tx: seals.addenda_after(tx, site.id, number)):
            draft.files[seal_name(row.day, "txt", row.addendum)] = sha256_of(row.text)
        if self._announced is not None:
            name, pem = key_name(day), self._announced.pem
            self._files.put_own(seal_key(site.institution, site.id, day, name), pem, day)
            draft.files[name] = sha256_of(pem)
        self._sign(site, draft, worm, report)

    def _add_to(
        self, site: Site, day: date, cameras: Sequence[Camera], worm: Callable[[], str], report: Report
    ) -> None:
        """Make an addendum when there is more of a sealed day than its seals have taken in (C7)."""
        known = self._books.read(lambda tx: seals.last_seen(tx, day, [camera.id for camera in cameras]))
        grown = [camera for camera in cameras if self._books.read(partial(seen_of, camera, day)) != known[camera.id]]
        if not grown:
            return
        rows = self._books.read(lambda tx: seals.of_day(tx, site.id, day))
        while self._adopted(site, day, rows[-1].addendum + 1):
            rows = self._books.read(lambda tx: seals.of_day(tx, site.id, day))
        draft = _Draft(day, rows[-1].addendum + 1, rows[-1])
        for camera in grown:
            whole, seen = self._books.read(partial(gather, camera, day, draft.addendum))
            sealed = set[str]().union(*(self._files.sealed_lines(camera.id, row) for row in rows))
            wanted = CameraDay(
                whole.institution,
                whole.camera,
                day,
                draft.addendum,
                tuple(entry for entry in whole.segments if index_line(entry) not in sealed),
                tuple(gap for gap in whole.gaps if gap_line(gap) not in sealed),
            )
            if wanted.segments or wanted.gaps:
                draft.take(self._files.put_manifests(wanted), wanted, seen)
            else:
                draft.seen[camera.id] = seen
        if draft.files:
            self._sign(site, draft, worm, report)
        else:
            self._books.write(lambda tx: seals.note_seen(tx, day, draft.seen))

    def _compare_with_bucket(self, wanted: CameraDay, report: Report) -> None:
        """Say what the bucket lacks of what was read back once: it is sealed all the same, so that it is missed."""
        prefix = day_prefix(wanted.institution, wanted.camera, day_span_us(wanted.day)[0])
        there = {blob.key: blob.size for blob in self._files.store.list(prefix)}
        for entry in wanted.segments:
            if there.get(entry.key) != entry.size_bytes:
                report.findings.append((entry.key, "was stored, and is absent from the bucket or of another size"))

    def _adopted(self, site: Site, day: date, addendum: int) -> bool:
        """Take up a seal that the bucket has and the catalogue has lost, so that a day never gets a second one."""
        found = self._files.find_seal(site, day, addendum, self._keys)
        if found is None:
            return False

        def work(tx: Transaction) -> None:
            row = seals.add(tx, found)
            seals.mark_stored(tx, row.number, {})
            tx.audit("seal.found", f"site:{site.id}", name=seal_name(day, "txt", addendum), sha256=sha256_of(row.text))

        self._books.write(work, self._actor)
        return True

    # signing

    def _sign(self, site: Site, draft: _Draft, worm: Callable[[], str], report: Report) -> None:
        """Sign what a day has come to, keep it in the catalogue, then put it."""
        time_source, told = self._time_source(draft.clock_steps), worm()

        def work(tx: Transaction) -> SealRow:
            rows, head = audit_log.head(tx)
            seal = Seal(
                site=site.id,
                institution=site.institution,
                gateway=self._described.gateway,
                software=self._described.software,
                ffmpeg="-",
                config_sha256=self._described.config_sha256,
                day=draft.day,
                utc_offset=_utc_offset(site, draft.day),
                time_source=time_source,
                sealed_at_us=self._clock.now_us(),
                addendum=draft.addendum,
                previous=None if draft.before is None else _previous(draft.before),
                audit_head_sha256=head,
                audit_rows=rows,
                worm=told,
                witness=WITNESS_NONE if self._witness is None else plain(self._witness.name),
                key=self._key.public.fingerprint,
                next_key=None if self._announced is None or draft.addendum else self._announced.fingerprint,
                files=draft.files,
            )
            text = seal.text()
            row = seals.add(tx, new_seal(seal, text, self._key.sign(text)))
            if row.text == text:
                tx.audit("seal.make", f"site:{site.id}", name=seal.name, sha256=sha256_of(text), files=len(seal.files))
            return row

        self._store_seal(self._books.write(work, self._actor), draft.seen, report)

    def _store_seal(self, row: SealRow, seen: dict[CameraId, Seen], report: Report) -> None:
        self._files.put_seal(row)
        self._books.write(lambda tx: seals.mark_stored(tx, row.number, seen))
        report.made.append((row.site, seal_name(row.day, "txt", row.addendum)))

    def _time_source(self, steps: int) -> str:
        store = self._files.store
        if not store.capabilities.own_clock:
            return f"system clock, compared with no other, steps {steps}"
        apart_s = (self._clock.now_us() - store.server_time_us()) / US
        return f"system clock, {apart_s:+.1f} s against the store's, steps {steps}"

    def _show_witness(self, site: Site, report: Report) -> None:
        """Push what the second party lacks; what it cannot take now waits, in order."""
        if self._witness is None:
            return
        rows = self._books.read(lambda tx: seals.unwitnessed(tx, site.id))
        for number, row in enumerate(rows):
            until_us = self._files.until_us(row.day)
            try:
                for suffix, data in (("txt", row.text), ("sig", row.signature)):
                    name = seal_name(row.day, suffix, row.addendum)
                    self._witness.keep(seal_key(row.institution, row.site, row.day, name), data, until_us)
            except GatewayError as error:
                report.waiting += len(rows) - number
                if isinstance(error, WrongFound):
                    report.findings.append((f"witness {self._witness.name}", error.message))
                return
            self._books.write(partial(_witnessed, row))


def _witnessed(row: SealRow, tx: Transaction) -> None:
    seals.mark_witnessed(tx, row.number)


def _previous(row: SealRow) -> Previous:
    return Previous(seal_name(row.day, "txt", row.addendum), sha256_of(row.text))


def _alive(cameras: Sequence[Camera], day: date) -> list[Camera]:
    """Return the cameras that existed on a day."""
    start_us, end_us = day_span_us(day)
    return [c for c in cameras if c.created_us < end_us and (c.retired_us is None or c.retired_us > start_us)]


def _utc_offset(site: Site, day: date) -> str:
    """Return the offset of the site's time at the start of the day, as +05:00."""
    text = to_datetime(day_span_us(day)[0]).astimezone(zone(site.time_zone)).strftime("%z")
    return f"{text[:3]}:{text[3:5]}"
