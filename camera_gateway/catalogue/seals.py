"""Seals in the catalogue: the signed texts in their order, and how much of each camera-day has been looked at.

Functions of a `Transaction`. Promises that a text is kept before it is put anywhere, so that a crash never makes two
seals of one day (S2), and that the audit row of a seal is in the same transaction (S3). The bucket holds the same
texts: these rows can be made anew from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select, update

from camera_gateway.catalogue.tables import gaps, sealed_days, seals, segments, tombstones
from camera_gateway.catalogue.tombstones import of_rows
from camera_gateway.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Row, Select

    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.catalogue.tombstones import Tombstone
    from camera_gateway.domain.ids import CameraId, InstitutionId, SiteId


@dataclass(frozen=True, slots=True)
class SealRow:
    """One seal. `stored_us` None: signed, and perhaps not in the bucket yet; `witnessed_us` None: nobody else has it.

    `number` grows in the order in which seals were made; `witness` is the second party, `NONE` without one.
    """

    number: int
    institution: InstitutionId
    site: SiteId
    day: date
    addendum: int
    text: bytes
    signature: bytes
    sealed_us: int
    stored_us: int | None
    witness: str
    witnessed_us: int | None


@dataclass(frozen=True, slots=True)
class NewSeal:
    """A seal that has just been signed, or found in the bucket."""

    institution: InstitutionId
    site: SiteId
    day: date
    addendum: int
    text: bytes
    signature: bytes
    sealed_us: int
    witness: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What there was of a camera-day: segments that were ever stored, gap records that touch it. Both only grow."""

    segments: int
    gaps: int


def add(tx: Transaction, seal: NewSeal) -> SealRow:
    """Keep a seal; the one that is there already is returned when its day has one of that addendum."""
    present = [row for row in of_day(tx, seal.site, seal.day) if row.addendum == seal.addendum]
    if present:
        return present[0]
    values: dict[str, Any] = {
        "institution": seal.institution,
        "site": seal.site,
        "day": seal.day.isoformat(),
        "addendum": seal.addendum,
        "text": seal.text.decode(),
        "signature": seal.signature.hex(),
        "sealed_us": seal.sealed_us,
        "witness": seal.witness,
    }
    tx.connection.execute(insert(seals), values)
    return next(row for row in of_day(tx, seal.site, seal.day) if row.addendum == seal.addendum)


def mark_stored(tx: Transaction, number: int, seen: Mapping[CameraId, Seen]) -> None:
    """Say that a seal and its manifests were read back from the bucket, and what of the day they took in."""
    day = tx.connection.execute(select(seals.c.day).where(seals.c.number == number)).scalar_one()
    change = update(seals).where(seals.c.number == number, seals.c.stored_us.is_(None))
    tx.connection.execute(change.values(stored_us=tx.clock.now_us()))
    note_seen(tx, date.fromisoformat(day), seen)


def note_seen(tx: Transaction, day: date, seen: Mapping[CameraId, Seen]) -> None:
    """Remember how much there was of each camera-day when it was last looked at."""
    text = day.isoformat()
    for camera, counts in seen.items():
        values = {"segments": counts.segments, "gaps": counts.gaps}
        here = (sealed_days.c.camera == camera, sealed_days.c.day == text)
        if tx.connection.execute(update(sealed_days).where(*here).values(values)).rowcount == 0:
            tx.connection.execute(insert(sealed_days), {"camera": camera, "day": text, **values})


def mark_witnessed(tx: Transaction, number: int) -> None:
    """Say that the second party has a copy. Harmless to repeat."""
    change = update(seals).where(seals.c.number == number, seals.c.witnessed_us.is_(None))
    tx.connection.execute(change.values(witnessed_us=tx.clock.now_us()))


def of_day(tx: Transaction, site: SiteId, day: date) -> list[SealRow]:
    """Return the seal of a day and its addenda, in their order."""
    query = select(seals).where(seals.c.site == site, seals.c.day == day.isoformat()).order_by(seals.c.addendum)
    return _all(tx, query)


def get(tx: Transaction, site: SiteId, day: date) -> SealRow:
    """Return the seal of a day, which is in the bucket; `NotFound` before that."""
    found = [row for row in of_day(tx, site, day) if row.addendum == 0 and row.stored_us is not None]
    if not found:
        raise NotFound(f"{day.isoformat()} of site {site} is not sealed", hint="run: camera-gateway seal make")
    return found[0]


def last_of_site(tx: Transaction, site: SiteId) -> SealRow | None:
    """Return the seal of the latest sealed day, addenda left out; None when there is none."""
    query = select(seals).where(seals.c.site == site, seals.c.addendum == 0).order_by(seals.c.day.desc()).limit(1)
    return next(iter(_all(tx, query)), None)


def sealed_between(tx: Transaction, site: SiteId, first: date, last: date) -> list[SealRow]:
    """Return seals and addenda of the days from `first` to `last`, by day and addendum."""
    query = select(seals).where(seals.c.site == site, seals.c.day >= first.isoformat(), seals.c.day <= last.isoformat())
    return _all(tx, query.order_by(seals.c.day, seals.c.addendum))


def addenda_after(tx: Transaction, site: SiteId, number: int) -> list[SealRow]:
    """Return the addenda of a site that were made after the seal `number`: the next seal of a day names them."""
    query = select(seals).where(seals.c.site == site, seals.c.addendum > 0, seals.c.number > number)
    return _all(tx, query.order_by(seals.c.number))


def unstored(tx: Transaction, site: SiteId) -> list[SealRow]:
    """Return seals that may not be in the bucket yet, in the order in which they were made."""
    query = select(seals).where(seals.c.site == site, seals.c.stored_us.is_(None)).order_by(seals.c.number)
    return _all(tx, query)


def unwitnessed(tx: Transaction, site: SiteId, limit: int = 1_000) -> list[SealRow]:
    """Return stored seals of which the second party has no copy yet, in their order."""
    query = select(seals).where(seals.c.site == site, seals.c.stored_us.is_not(None), seals.c.witnessed_us.is_(None))
    return _all(tx, query.order_by(seals.c.number).limit(limit))


def any_seal(tx: Transaction) -> bool:
    """Whether anything was ever sealed here."""
    return tx.connection.execute(select(seals.c.number).limit(1)).first() is not None


def last_seen(tx: Transaction, day: date, cameras: Iterable[CameraId]) -> dict[CameraId, Seen]:
    """Return what there was of each camera's day when it was last looked at."""
    found = {}
    for camera in cameras:
        here = (sealed_days.c.camera == camera, sealed_days.c.day == day.isoformat())
        row = tx.connection.execute(select(sealed_days).where(*here)).first()
        found[camera] = Seen(0, 0) if row is None else Seen(row.segments, row.gaps)
    return found


def seen_now(tx: Transaction, camera: CameraId, start_us: int, end_us: int) -> Seen:
    """Return what there is now of the camera's day [start, end)."""
    stored = select(func.count()).where(
        segments.c.camera == camera,
        segments.c.start_us >= start_us,
        segments.c.start_us < end_us,
        segments.c.stored_us.is_not(None),
    )
    missing = select(func.count()).where(gaps.c.camera == camera, gaps.c.end_us > start_us, gaps.c.start_us < end_us)
    return Seen(tx.connection.execute(stored).scalar_one(), tx.connection.execute(missing).scalar_one())


def deleted_on(tx: Transaction, site: SiteId, start_us: int, end_us: int) -> list[Tombstone]:
    """Return the tombstones of a site whose segments were seen to be gone in [start, end)."""
    query = select(tombstones).where(
        tombstones.c.site == site, tombstones.c.confirmed_us >= start_us, tombstones.c.confirmed_us < end_us
    )
    return of_rows(tx.connection.execute(query.order_by(tombstones.c.number)))


def _all(tx: Transaction, query: Select[Any]) -> list[SealRow]:
    return [_row(row) for row in tx.connection.execute(query)]


def _row(row: Row[Any]) -> SealRow:
    return SealRow(
        number=row.number,
        institution=row.institution,
        site=row.site,
        day=date.fromisoformat(row.day),
        addendum=row.addendum,
        text=row.text.encode(),
        signature=bytes.fromhex(row.signature),
        sealed_us=row.sealed_us,
        stored_us=row.stored_us,
        witness=row.witness,
        witnessed_us=row.witnessed_us,
    )
