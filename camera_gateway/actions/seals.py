"""Verbs on seals: make what is due, and hold what was sealed to the bucket.

`make` is what `serve` does each night and a person may do at any time; twice changes nothing. Composes the sealer of
this installation: its key, its store, its second party, and what the store was seen to refuse just now.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, SecretStr

from camera_gateway.access.permissions import Act
from camera_gateway.actions.institutions import printable
from camera_gateway.actions.second import second_person
from camera_gateway.catalogue import audit_log, registry, seals, segments, tombstones
from camera_gateway.clock import rfc3339
from camera_gateway.domain.footage import STORED
from camera_gateway.domain.ids import CameraId, SiteId
from camera_gateway.domain.naming import day_span_us, parse_segment_key, utc_day
from camera_gateway.domain.people import INSTALLATION
from camera_gateway.errors import InvalidInput, NotFound, Refused, Unavailable
from camera_gateway.evidence.audit_heads import AuditHead, anchor
from camera_gateway.evidence.bucket_check import Checked, Known, check_site
from camera_gateway.evidence.seal import parse_seal
from camera_gateway.evidence.sealed_files import SealedFiles
from camera_gateway.evidence.sealing import Described, Report, Sealer
from camera_gateway.evidence.signing import NEXT, PRIVATE_NAME, SigningKey, known_keys, next_key
from camera_gateway.evidence.witness import opened_witness
from camera_gateway.footage.books import Books
from storage.checksum import sha256_of
from storage.errors import StoreError
from storage.s3_lock import canary

if TYPE_CHECKING:
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.people import Actor
    from camera_gateway.evidence.signing import PublicKey

LOCK_PROPERTIES = ("versioning", "object-lock", "lock-delete-refused", "lock-shorten-refused")
FAR = date(9999, 12, 31)


class MakeSeals(BaseModel):
    """What `seal make` takes: a UTC day, YYYY-MM-DD; None: everything that is due."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    day: str | None = None


class VerifySeals(BaseModel):
    """What `seal verify` takes; `rebuild` asks each object for its own sidecar."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    day: str | None = None
    site: str | None = None
    rebuild: bool = False


class RotateKey(BaseModel):
    """What `seal rotate` takes; `second` is the token of who approves."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reason: str
    second: SecretStr | None = None


async def make(gateway: Gateway, actor: Actor, args: MakeSeals) -> dict[str, Any]:
    """Seal every day that is due, up to `day` when it is given; say what was made and what is wrong."""
    day = None if args.day is None else parse_day(args.day)
    key, coming = await _sealing_keys(gateway, actor)
    settings = gateway.settings

    def work() -> tuple[Report, str | None]:
        with opened_witness(settings.witness, gateway.clock.now_us) as witness:
            sealer = Sealer(
                Books(gateway.catalogue, gateway.catalogue_thread),
                sealed_files(gateway),
                key,
                described(gateway),
                gateway.clock,
                worm=lambda: worm_of(gateway),
                witness=witness,
                actor=actor,
                announced=coming,
                retired=known_keys(gateway.data_dir / "keys"),
            )
            return sealer.run(day), None if witness is None else witness.name

    report, witness = await gateway.waiting(work)
    return {
        "ok": not report.findings,
        "sealed": [{"site": site, "seal": name} for site, name in report.made],
        "findings": [{"where": where, "what": what} for where, what in report.findings],
        "witness": witness,
        "waiting_for_witness": report.waiting,
        "key": key.public.fingerprint,
    }


async def verify(gateway: Gateway, _actor: Actor, args: VerifySeals) -> dict[str, Any]:
    """Check signatures, chain, manifests and the objects that they list, as they are in the bucket now."""
    day = None if args.day is None else parse_day(args.day)
    public = (await signing_key(gateway)).public
    keys = known_keys(gateway.data_dir / "keys")
    books = Books(gateway.catalogue, gateway.catalogue_thread)

    def work() -> Checked:
        total = Checked()
        sites = books.read(registry.list_sites)
        chosen = [site for site in sites if args.site in (None, site.id)]
        if not chosen:
            raise NotFound(f"no site {args.site}", hint="see: camera-gateway institution show")
        for site in chosen:
            known = _known(books, site.id)
            found = check_site(sealed_files(gateway), keys, site, known, day=day, rebuild=args.rebuild)
            total.failures += found.failures
            total.counts += found.counts
        return total

    try:
        checked = await gateway.waiting(work)
    except StoreError as error:
        raise Unavailable(f"the store cannot be asked ({error.code})", hint="see: camera-gateway doctor") from error
    if day is not None and not checked.counts["seals"] and not checked.failures:
        raise NotFound(f"{day} is not sealed", hint="run: camera-gateway seal make")
    return {
        "ok": not checked.failures,
        "failures": [{"file": key, "reason": reason} for key, reason in checked.failures],
        "counts": dict(checked.counts),
        "key": public.fingerprint,
    }


async def rotate(gateway: Gateway, actor: Actor, args: RotateKey) -> dict[str, Any]:
    """Make the next seal key, by two people: the next seal of each site announces it, and those after are signed by it.

    Until then, exports and seals are signed by the present one. `Refused` while a change is under way.
    """
    reason = printable(args.reason, "the reason")
    second = await second_person(gateway, actor, args.second, Act.SEAL_KEY_CHANGE, (INSTALLATION,))
    directory = gateway.data_dir / "keys"
    old = (await signing_key(gateway)).public.fingerprint
    under_way = await gateway.waiting(next_key, directory)
    if under_way is not None:
        raise Refused(
            f"a change of the key is under way: {under_way.public.fingerprint}",
            hint="the next seal of each site announces it; run: camera-gateway seal make",
            code="rotation-begun",
        )
    made = (await gateway.waiting(SigningKey.create, directory / NEXT)).public.fingerprint

    def work(tx: Transaction) -> None:
        tx.audit("seal.key-announce", "seal-key", key=old, next_key=made, reason=reason, approved_by=str(second))

    await gateway.write(actor, work)
    return {"key": old, "next_key": made, "approved_by": str(second)}


async def _sealing_keys(gateway: Gateway, actor: Actor) -> tuple[SigningKey, PublicKey | None]:
    """Return the key that signs now and the one to announce; an announced one takes over here."""
    key, directory = await signing_key(gateway), gateway.data_dir / "keys"
    coming = await gateway.waiting(next_key, directory)
    if coming is None:
        return key, None
    if not await gateway.read(partial(_announced, coming.public.fingerprint)):
        return key, coming.public
    old, key = key.public.fingerprint, await gateway.waiting(SigningKey.promote, directory)
    await gateway.write(
        actor, lambda tx: tx.audit("seal.key-change", "seal-key", key=key.public.fingerprint, followed=old)
    )
    return key, None


def _announced(fingerprint: str, tx: Transaction) -> bool:
    """Whether the last seal of every site that has one announces a key, and is in the bucket."""
    rows = [row for site in registry.list_sites(tx) if (row := seals.last_of_site(tx, site.id)) is not None]
    return all(
        row.stored_us is not None and parse_seal(row.text, row.day.isoformat()).next_key == fingerprint for row in rows
    )


async def anchor_audit(gateway: Gateway) -> int | None:
    """Put the head of the audit log of this hour into each institution's part of the bucket.

    Returns the time of the oldest of them, µs UTC; None without an institution. Raises `Unavailable`, `WrongFound`.
    """
    key = await signing_key(gateway)
    owners, (rows, head) = await gateway.read(lambda tx: (registry.list_institutions(tx), audit_log.head(tx)))
    now_us = gateway.clock.now_us()

    def work() -> int | None:
        heads = (
            AuditHead(owner.id, gateway.settings.site.id, now_us, rows, head, key.public.fingerprint)
            for owner in owners
        )
        return min((anchor(sealed_files(gateway), one, key).at_us for one in heads), default=None)

    try:
        return await gateway.waiting(work)
    except StoreError as error:
        raise Unavailable(f"the store cannot be asked ({error.code})", hint="see: camera-gateway doctor") from error


def parse_day(text: str) -> date:
    """Read YYYY-MM-DD."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"{text!r} is not a day", hint="write it as 2026-11-22; days are UTC") from None


async def signing_key(gateway: Gateway) -> SigningKey:
    """Return the seal key; an installation that has never sealed gets its first one here."""
    directory = gateway.data_dir / "keys"
    if not (directory / PRIVATE_NAME).exists() and not await gateway.read(seals.any_seal):
        return await gateway.waiting(SigningKey.create, directory)
    return await gateway.waiting(SigningKey.load, directory)


def sealed_files(gateway: Gateway) -> SealedFiles:
    """Return the sealed texts of this installation's bucket."""
    settings = gateway.settings
    lock_mode = None if settings.store.object_lock == "none" else settings.store.object_lock
    return SealedFiles(gateway.store, lock_mode, settings.retention.seal_days)


def described(gateway: Gateway) -> Described:
    """Return what a seal says of this installation; the settings name secrets' files and hold no secret."""
    try:
        software = f"camera-gateway {version('camera-gateway')}"
    except PackageNotFoundError:
        software = "camera-gateway (source)"
    settings = json.dumps(gateway.settings.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
    return Described(gateway.settings.site.id, software, hashlib.sha256(settings.encode()).hexdigest())


def worm_of(gateway: Gateway) -> str:
    """Ask the store what it refuses, and say it as a seal does. Raises `StoreError`s."""
    found = {item.name: item for item in canary(gateway.store, gateway.clock.now_us)}
    lacking = [name for name in LOCK_PROPERTIES if found[name].state != "proven"]
    if not lacking:
        return f"proven {rfc3339(gateway.clock.now_us())}"
    return "UNPROVEN " + ", ".join(f"{name}: {found[name].detail}" for name in lacking)


def _known(books: Books, site: SiteId) -> Known:
    """Return what the catalogue knows of objects, looked up a camera-day at a time."""
    days: dict[tuple[str, date], tuple[set[str], set[str]]] = {}

    def of_day(key: str) -> tuple[set[str], set[str]]:
        parsed = parse_segment_key(key)
        if parsed is None:
            return set(), set()
        camera_day = parsed.camera, utc_day(parsed.start_us)
        if camera_day not in days:
            days[camera_day] = books.read(lambda tx: _keys(tx, CameraId(parsed.camera), camera_day[1]))
        return days[camera_day]

    rows = books.read(lambda tx: seals.sealed_between(tx, site, date.min, FAR))
    return Known(
        deleted=lambda key: key in of_day(key)[0],
        waiting=lambda key: key in of_day(key)[1],
        seals={(row.day, row.addendum): sha256_of(row.text) for row in rows if row.stored_us is not None},
    )


def _keys(tx: Transaction, camera: CameraId, day: date) -> tuple[set[str], set[str]]:
    """Return the keys of what was deleted by order, and of what is stored."""
    span = day_span_us(day)
    deleted = {stone.key for stone in tombstones.in_span(tx, camera, *span) if stone.key is not None}
    rows = segments.in_span(tx, camera, *span)
    # what is on its way is an object before it is stored
    here = {row.key for row in rows if row.key is not None and row.state.value in STORED | {"intended", "put"}}
    return deleted, here
