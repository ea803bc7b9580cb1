"""Seals held to the bucket, and a camera-day made anew from the bucket alone (S1).

Promises to name each object that is not what its seal says: changed, missing, replaced, added, hidden by a delete
marker. What was deleted by order, or is stored and waits for its addendum, is no finding. Reads and changes nothing;
takes no word of the catalogue but on these two.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING

from camera_gateway.domain.footage import parse_sidecar
from camera_gateway.domain.ids import CameraId, InstitutionId
from camera_gateway.domain.naming import (
    ManifestKind,
    camera_prefix,
    day_prefix,
    day_span_us,
    manifest_key,
    object_name,
    parse_seal_key,
    parse_segment_key,
    seal_key,
    seal_prefix,
)
from camera_gateway.errors import InvalidInput
from camera_gateway.evidence.manifest import CameraDay, entry_of, index_line, parse_gaps, parse_index
from camera_gateway.evidence.seal import as_previous, follows, parse_seal
from storage.checksum import sha256_of
from storage.errors import Missing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from camera_gateway.domain.camera import Site
    from camera_gateway.domain.footage import GapRecord
    from camera_gateway.evidence.manifest import IndexEntry
    from camera_gateway.evidence.seal import Seal
    from camera_gateway.evidence.sealed_files import SealedFiles
    from camera_gateway.evidence.signing import PublicKey
    from storage.blobs import BlobInfo, VersionInfo

_MANIFEST = re.compile(
    r"(?P<camera>[a-z0-9][a-z0-9-]{1,40})\.(?P<day>\d{4}-\d{2}-\d{2})(?:\.a(?P<addendum>[1-9]\d{0,3}))?"
    r"\.(?P<kind>SHA256SUMS|INDEX\.jsonl|GAPS\.tsv)"
)
_Number = tuple[date, int]


@dataclass(frozen=True, slots=True)
class Known:
    """What the catalogue says: `deleted` and `waiting` of an object's key, and the hash of each seal that it keeps."""

    deleted: Callable[[str], bool]
    waiting: Callable[[str], bool]
    seals: Mapping[_Number, str]


@dataclass(slots=True)
class Checked:
    """What was found: failures by key, and how much was looked at."""

    failures: list[tuple[str, str]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class _Found:
    key: str
    text: bytes
    seal: Seal


def check_site(
    files: SealedFiles,
    public: Mapping[str, PublicKey],
    site: Site,
    known: Known,
    *,
    day: date | None = None,
    rebuild: bool = False,
) -> Checked:
    """Check the seals of a site and what they name, or those of one day. Raises `StoreError`s.

    `public` are this installation's keys by fingerprint, those included that were changed. `rebuild`: ask each object
    for its own sidecar and make its line of the index anew.
    """
    checked = Checked()
    found = _read_seals(files, public, site, day, checked)
    for number, sha256 in known.seals.items():
        if number not in found and (day is None or number[0] == day):
            checked.failures.append((f"{seal_prefix(site.institution, site.id)}{number[0]}", "the seal is missing"))
        elif number in found and sha256_of(found[number].text) != sha256:
            checked.failures.append((found[number].key, "not the seal that the catalogue remembers"))
    _check_chain(found, day, checked)
    entries: dict[tuple[CameraId, date], list[IndexEntry]] = {}
    for (sealed_day, _), one in sorted(found.items()):
        if day in (None, sealed_day):
            checked.counts["seals"] += 1
            _check_lists(files, site, one, entries, checked)
    for (camera, sealed_day), listed in sorted(entries.items()):
        prefix = day_prefix(site.institution, camera, day_span_us(sealed_day)[0])
        _check_objects(files, prefix, listed, known, checked, rebuild=rebuild)
    return checked


def from_bucket(files: SealedFiles, institution: InstitutionId, camera: CameraId, day: date) -> CameraDay:
    """Make a camera-day anew from objects, their own sidecars, and the sealed tables of gaps; addenda are merged in."""
    prefix = day_prefix(institution, camera, day_span_us(day)[0])
    keys = [blob.key for blob in files.store.list(prefix) if parse_segment_key(blob.key) is not None]
    entries = tuple(_entry(files.store.head(key)) for key in keys)
    return CameraDay(institution, camera, day, 0, entries, sealed_gaps(files, institution, camera, day))


def sealed_gaps(files: SealedFiles, institution: InstitutionId, camera: CameraId, day: date) -> tuple[GapRecord, ...]:
    """Return the gap records that the bucket's tables have of a camera-day, addenda included."""
    found: dict[str, GapRecord] = {}
    folder = camera_prefix(institution, camera) + day.strftime("%Y/%m/%d/manifest/")
    for blob in files.store.list(folder):
        if blob.key.endswith(ManifestKind.GAPS):
            found |= {gap.gap: gap for gap in parse_gaps(files.read(blob.key), blob.key, institution, camera)}
    return tuple(found.values())


def _read_seals(
    files: SealedFiles, public: Mapping[str, PublicKey], site: Site, day: date | None, checked: Checked
) -> dict[_Number, _Found]:
    listed = (blob.key for blob in files.store.list(seal_prefix(site.institution, site.id)))
    keys = {(parsed.day, parsed.addendum): key for key in listed if (parsed := parse_seal_key(key)) is not None}
    if day is not None:
        before = max((number for number in keys if number[0] < day and number[1] == 0), default=None)
        keys = {number: key for number, key in keys.items() if number[0] == day or number == before}
    found = {}
    for number, key in sorted(keys.items()):
        text = files.read(key)
        try:
            signature = files.read(key.removesuffix("txt") + "sig")
            seal = parse_seal(text, key)
        except (Missing, InvalidInput) as error:
            checked.failures.append((key, error.message if isinstance(error, InvalidInput) else "not signed"))
            continue
        if seal.key not in public or not public[seal.key].verifies(signature, text):
            checked.failures.append((key, "its signature does not fit: text or signature was changed"))
        elif (seal.site, seal.institution, seal.day, seal.addendum) != (site.id, site.institution, *number):
            checked.failures.append((key, "is another day's or another site's seal"))
        else:
            found[number] = _Found(key, text, seal)
    return found


def _check_chain(found: dict[_Number, _Found], day: date | None, checked: Checked) -> None:
    last: _Found | None = None
    before: _Found | None = None
    for (sealed_day, addendum), one in sorted(found.items()):
        expected = before if addendum else last
        unseen = expected is None and day is not None and sealed_day != day
        if not unseen and not follows(
            one.seal, None if expected is None else as_previous(expected.text, expected.seal)
        ):
            named = one.seal.previous.name if one.seal.previous else "none"
            checked.failures.append((one.key, f"follows {named}, which is not the seal before it here"))
        if last is not None and not addendum and one.seal.key not in (last.seal.key, last.seal.next_key):
            checked.failures.append((one.key, "signed with a key that the seal before it did not announce"))
        before = one
        last = last if addendum else one


def _check_lists(
    files: SealedFiles,
    site: Site,
    one: _Found,
    entries: dict[tuple[CameraId, date], list[IndexEntry]],
    checked: Checked,
) -> None:
    for name, sha256 in one.seal.files.items():
        match = _MANIFEST.fullmatch(name)
        if match is not None:
            day, camera = date.fromisoformat(match["day"]), CameraId(match["camera"])
            kind = ManifestKind(match["kind"])
            key = manifest_key(site.institution, camera, day, kind, int(match["addendum"] or 0))
        else:
            day = date.fromisoformat(name.split(".")[1])
            key, kind, camera = seal_key(site.institution, site.id, day, name), None, CameraId("")
        try:
            data = files.read(key)
        except Missing:
            checked.failures.append((key, f"missing: {object_name(one.key)} names it"))
            continue
        if sha256_of(data) != sha256:
            checked.failures.append((key, f"not what {object_name(one.key)} names: it was changed"))
            continue
        checked.counts["lists"] += 1
        if kind is ManifestKind.INDEX:
            entries.setdefault((camera, day), []).extend(parse_index(data, key))


def _check_objects(
    files: SealedFiles, prefix: str, listed: list[IndexEntry], known: Known, checked: Checked, *, rebuild: bool
) -> None:
    there: dict[str, list[VersionInfo]] = {
        key: list(group) for key, group in groupby(files.store.list_versions(prefix), key=lambda version: version.key)
    }
    for entry in listed:
        checked.counts["segments"] += 1
        wrong = _what_is_wrong(entry, there.pop(entry.key, []), known)
        if wrong is None and rebuild and not known.deleted(entry.key):
            wrong = _wrong_inside(files, entry)
        if wrong is not None:
            checked.failures.append((entry.key, wrong))
    for key in there:
        if parse_segment_key(key) is None:
            continue
        if known.waiting(key):
            checked.counts["waiting for an addendum"] += 1
        elif not known.deleted(key):
            checked.failures.append((key, "added: no sealed list names it"))


def _what_is_wrong(entry: IndexEntry, versions: list[VersionInfo], known: Known) -> str | None:
    kept = [version for version in versions if not version.is_delete_marker]
    if not kept and known.deleted(entry.key):
        return None
    if not kept:
        return "missing, and no tombstone says why"
    if len(kept) < len(versions):
        return "hidden by a delete marker"
    if len(kept) > 1:
        return f"{len(kept)} versions of it"
    if kept[0].version_id != entry.version_id:
        return "another version than the one that was sealed"
    return None if kept[0].size == entry.size_bytes else "another size than the one that was sealed"


def _wrong_inside(files: SealedFiles, entry: IndexEntry) -> str | None:
    try:
        info = files.store.head(entry.key, entry.version_id)
        line = index_line(_entry(info))
    except (Missing, InvalidInput, KeyError):
        return "its sidecar cannot be read"
    if line != index_line(entry):
        return "its own sidecar does not say what was sealed"
    if info.sha256 not in (None, entry.sha256):
        return "the store's checksum of it is not the sealed one"
    return None


def _entry(info: BlobInfo) -> IndexEntry:
    return entry_of(parse_sidecar(info.metadata["sidecar"], info.key), info.key, info.version_id)
