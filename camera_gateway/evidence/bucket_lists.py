"""What the sealed lists of a bucket say: gaps, entries of INDEX, tombstones, and which site a camera belongs to.

Promises that a list counts only when a seal of its site names it with its hash; every other one is named as a
finding. Signatures are checked with the installation's own key, where it is still there. Synchronous.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from camera_gateway.catalogue.tombstones import Tombstone
from camera_gateway.domain.footage import SegmentState
from camera_gateway.domain.ids import CameraId, InstitutionId, SegmentId
from camera_gateway.domain.naming import ManifestKind, manifest_name, object_name, parse_seal_key
from camera_gateway.errors import InvalidInput
from camera_gateway.evidence.manifest import parse_gaps, parse_index, parse_instant, unescaped
from camera_gateway.evidence.registry_list import PREFIX, Registered, parse_registry
from camera_gateway.evidence.seal import parse_seal
from camera_gateway.evidence.tombstone_list import COLUMNS
from camera_gateway.footage.findings import Finding
from storage.checksum import sha256_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from camera_gateway.domain.footage import GapRecord
    from camera_gateway.evidence.manifest import IndexEntry
    from camera_gateway.evidence.signing import PublicKey
    from storage.blobs import BlobStore

_SLUG = r"[a-z0-9][a-z0-9-]{1,40}"
_MANIFEST = re.compile(
    rf"v1/(?P<institution>{_SLUG})/(?P<camera>{_SLUG})/\d{{4}}/\d\d/\d\d/manifest/"
    r"(?P<name>(?P=camera)\.(?P<day>\d{4}-\d\d-\d\d)(?:\.a\d{1,4})?\.(?P<kind>SHA256SUMS|INDEX\.jsonl|GAPS\.tsv))"
)
_BESIDE_SEAL = re.compile(
    rf"v1/(?P<institution>{_SLUG})/seals/(?P<site>{_SLUG})/(?P<day>\d{{4}}-\d\d-\d\d)/(?P<name>[A-Za-z0-9._-]+)"
)
_LARGEST_LIST = 256 << 20


@dataclass(slots=True)
class CameraLists:
    """What sealed lists say of one camera."""

    institution: str
    gaps: dict[str, GapRecord] = field(default_factory=dict)
    entries: dict[str, IndexEntry] = field(default_factory=dict)
    stones: dict[str, Tombstone] = field(default_factory=dict)


@dataclass(slots=True)
class BucketLists:
    """What all sealed lists say; `sites` by camera, `findings` what does not count and why."""

    cameras: dict[str, CameraLists] = field(default_factory=dict)
    sites: dict[str, str] = field(default_factory=dict)
    registered: dict[str, tuple[str, Registered]] = field(default_factory=dict)
    """By site: the day of the latest sealed list of what is registered, and that list."""
    seals: int = 0
    findings: list[Finding] = field(default_factory=list)

    def site_of(self, camera: str, otherwise: str) -> str:
        """Return the site of a camera, as far as a sealed list says it."""
        for site, (_, listed) in self.registered.items():
            if camera in {known.id for known in listed.cameras}:
                return site
        return self.sites.get(camera, otherwise)

    def of(self, institution: str, camera: str) -> CameraLists:
        """Return what is said of a camera; of one that no list names, nothing yet."""
        return self.cameras.setdefault(camera, CameraLists(institution))


def is_of_lists(key: str) -> bool:
    """Whether a key is a seal, a list, or an audit head: read here, and no segment."""
    return bool(_MANIFEST.fullmatch(key) or _BESIDE_SEAL.fullmatch(key)) or bool(re.match(rf"v1/{_SLUG}/audit/", key))


def read_lists(store: BlobStore, versions: dict[str, str], keys: Mapping[str, PublicKey]) -> BucketLists:
    """Read every list among `versions` (key → the version to read). Raises `StoreError`s.

    `keys` are those of this installation by fingerprint; without any, signatures cannot be checked, and it is said.
    """
    reading = _Reading(store, versions, keys)
    found = reading.found
    for name in sorted(versions):
        if parse_seal_key(name) is not None:
            reading.seal(name)
    if not keys and found.seals:
        found.findings.append(Finding("S1", "signatures were not checked: this installation has no seal key", "seals"))
    for name in sorted(versions):
        try:
            if (match := _MANIFEST.fullmatch(name)) is not None:
                reading.manifest(name, match)
            elif (match := _BESIDE_SEAL.fullmatch(name)) is not None and match["name"].startswith("TOMBSTONES."):
                reading.tombstones(name, match)
            elif match is not None and match["name"].startswith(PREFIX):
                reading.registry(name, match)
        except InvalidInput as error:
            found.findings.append(Finding("S1", error.message, name))
    return found


class _Reading:
    """One pass over a bucket: seals first, then the lists that they name."""

    def __init__(self, store: BlobStore, versions: Mapping[str, str], keys: Mapping[str, PublicKey]) -> None:
        self._store = store
        self._versions = versions
        self._keys = keys
        self._sealed: dict[tuple[str, str], str] = {}
        self.found = BucketLists()

    def seal(self, name: str) -> None:
        """Take what a seal names, if it is one of this installation's."""
        text, parsed = self._bytes(name), parse_seal_key(name)
        try:
            seal = parse_seal(text, name)
        except InvalidInput as error:
            self._fault(error.message, name)
            return
        if parsed is None or (seal.institution, seal.site, seal.day) != (parsed.institution, parsed.site, parsed.day):
            self._fault("a seal that is not of this place or day", name)
            return
        if self._keys and not self._is_signed(name, text, seal.key):
            self._fault("a seal without a good signature of this installation's key", name)
            return
        self.found.seals += 1
        for file, digest in seal.files.items():
            self._sealed[seal.institution, file] = digest
            self._sealed[seal.institution, f"{seal.site}/{file}"] = digest  # tombstones of two sites have one name
            camera = file.partition(".")[0]
            if file == manifest_name(camera, seal.day, ManifestKind.INDEX, seal.addendum):
                self.found.sites[camera] = seal.site

    def manifest(self, name: str, match: re.Match[str]) -> None:
        """Take the segments or the gaps of a camera-day."""
        kind, institution = ManifestKind(match["kind"]), match["institution"]
        if kind is ManifestKind.SHA256SUMS:
            return  # INDEX says the same and more
        data = self._sealed_bytes(name, institution)
        if data is None:
            return
        lists = self.found.of(institution, match["camera"])
        if kind is ManifestKind.GAPS:
            for gap in parse_gaps(data, name, InstitutionId(institution), CameraId(match["camera"])):
                lists.gaps.setdefault(gap.gap, gap)
        else:
            for entry in parse_index(data, name):
                lists.entries.setdefault(entry.key, entry)

    def registry(self, name: str, match: re.Match[str]) -> None:
        """Take the latest day's; one that no seal names is of a run that was cut short, and says nothing."""
        institution, site, day = match["institution"], match["site"], match["day"]
        latest, _ = self.found.registered.get(site, ("", None))
        if (institution, object_name(name)) not in self._sealed or day < latest:
            return
        data = self._sealed_bytes(name, institution)
        if data is not None:
            listed = parse_registry(data, name)
            if (listed.institution.id, listed.site.id) == (institution, site):
                self.found.registered[site] = day, listed

    def tombstones(self, name: str, match: re.Match[str]) -> None:
        """Take what was deleted on a site's day."""
        institution, site = match["institution"], match["site"]
        data = self._sealed_bytes(name, institution, f"{site}/{match['name']}")
        if data is not None:
            for stone in parse_tombstones(data, name, institution, site):
                self.found.of(institution, stone.camera).stones.setdefault(stone.segment, stone)
                self.found.sites.setdefault(stone.camera, site)

    def _is_signed(self, name: str, text: bytes, key: str) -> bool:
        signature = name.removesuffix(".txt") + ".sig"
        if key not in self._keys or signature not in self._versions:
            return False
        return self._keys[key].verifies(self._bytes(signature), text)

    def _sealed_bytes(self, name: str, institution: str, listed: str = "") -> bytes | None:
        """Return a list's bytes when a seal vouches for them, under the name `listed`, else by its own."""
        wanted = self._sealed.get((institution, listed or object_name(name)))
        if wanted is None:
            self._fault("a list that no seal names: it does not count", name)
            return None
        data = self._bytes(name)
        if sha256_of(data) != wanted:
            self._fault("a list that is not the one that was sealed: it does not count", name)
            return None
        return data

    def _bytes(self, name: str) -> bytes:
        with self._store.get(name, version_id=self._versions[name], length=_LARGEST_LIST) as chunks:
            return b"".join(chunks)

    def _fault(self, what: str, name: str) -> None:
        self.found.findings.append(Finding("S1", what, name))


def parse_tombstones(data: bytes, where: str, institution: str, site: str) -> list[Tombstone]:
    """Parse TOMBSTONES.tsv; `InvalidInput` names file and line."""
    lines = data.decode(errors="replace").split("\n")
    if lines[0] != "\t".join(COLUMNS) or lines[-1]:
        raise InvalidInput(f"{where}: not a list of tombstones")
    found = []
    for number, line in enumerate(lines[1:-1], 2):
        try:
            cells = dict(zip(COLUMNS, (unescaped(cell) for cell in line.split("\t")), strict=True))
            found.append(
                Tombstone(
                    number=0,
                    segment=SegmentId(cells["segment"]),
                    institution=institution,
                    site=site,
                    camera=cells["camera"],
                    start_us=parse_instant(cells["from"]),
                    end_us=parse_instant(cells["to"]),
                    size_bytes=int(cells["bytes"]),
                    sha256=cells["sha256"],
                    key=cells["key"] or None,
                    version_id=cells["version_id"] or None,
                    before=SegmentState(cells["before"]),
                    policy=cells["policy"],
                    reasons=tuple(json.loads(cells["reasons"])),
                    plan=cells["plan"],
                    ordered_by=cells["ordered_by"],
                    approved_by=cells["approved_by"] or None,
                    at_us=parse_instant(cells["ordered_at"]),
                    confirmed_us=parse_instant(cells["gone_at"]) if cells["gone_at"] else None,
                    withdrawn_us=None,
                )
            )
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidInput(f"{where}:{number}: not a line of tombstones ({error})") from error
    return found
