"""Manifests and seals in the bucket: put once, locked for long, read back before they are believed.

Promises that nothing is ever replaced: what is there already is taken up when every line of it is ours, and is a
finding when not. Takes a seal up whose row is gone, when our own key signed it. Synchronous; knows keys and bytes,
and no question of what is due.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from camera_gateway.catalogue.seals import NewSeal
from camera_gateway.domain.ids import InstitutionId, SiteId
from camera_gateway.domain.naming import DAY_US, ManifestKind, day_span_us, manifest_key, seal_key, seal_name
from camera_gateway.errors import WrongFound
from camera_gateway.evidence.manifest import parse_gaps, parse_index
from camera_gateway.evidence.seal import parse_seal
from storage.blobs import Lock
from storage.checksum import sha256_of
from storage.errors import Exists, Missing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from camera_gateway.catalogue.seals import SealRow
    from camera_gateway.domain.camera import Site
    from camera_gateway.domain.ids import CameraId
    from camera_gateway.evidence.manifest import CameraDay
    from camera_gateway.evidence.seal import Seal
    from camera_gateway.evidence.signing import PublicKey
    from storage.blobs import BlobStore, LockMode

CONTENT_TYPE = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class SealedFiles:
    """The sealed texts of one bucket; `keep_days` after the end of its day each is unlocked."""

    store: BlobStore
    lock_mode: LockMode | None
    keep_days: int

    def put(self, key: str, data: bytes, day: date) -> bytes:
        """Put bytes and return what is there then: these, or others that were first. Raises `StoreError`s."""
        lock = self.lock(day)
        try:
            self.store.put(key, data, sha256=sha256_of(data), lock=lock, content_type=CONTENT_TYPE)
        except Exists:
            info = self.store.head(key)
            if lock is not None and (info.lock is None or info.lock.retain_until_us < lock.retain_until_us):
                self.store.extend_lock(key, info.version_id, lock)
        return self.read(key)

    def put_own(self, key: str, data: bytes, day: date) -> None:
        """Put bytes; `WrongFound` when others are there."""
        if self.put(key, data, day) != data:
            raise foreign(key)

    def put_manifests(self, made: CameraDay) -> tuple[CameraDay, dict[ManifestKind, bytes]]:
        """Put the three lists of a camera-day; return the camera-day that they are, and their bytes.

        A run that was cut short may have put shorter lists: those count, for what they lack can still be added.
        `WrongFound` when a list is there that has a line of somebody else's.
        """
        files = made.files()
        index, table = made.key(ManifestKind.INDEX), made.key(ManifestKind.GAPS)
        wanted = made
        if (there := self._take_up(index, files[ManifestKind.INDEX], made.day)) is not None:
            made = replace(made, segments=parse_index(there, index))
        if (there := self._take_up(table, files[ManifestKind.GAPS], made.day)) is not None:
            made = replace(made, gaps=parse_gaps(there, table, made.institution, made.camera))
        if made is not wanted:
            files = made.files()
        self.put_own(made.key(ManifestKind.SHA256SUMS), files[ManifestKind.SHA256SUMS], made.day)
        return made, files

    def put_seal(self, row: SealRow) -> None:
        """Put a signed text and its signature; `WrongFound` when another one is there."""
        for suffix, data in (("txt", row.text), ("sig", row.signature)):
            name = seal_name(row.day, suffix, row.addendum)
            self.put_own(seal_key(row.institution, row.site, row.day, name), data, row.day)

    def read(self, key: str) -> bytes:
        """Return the bytes of a sealed text. Raises `StoreError`s."""
        with self.store.get(key) as chunks:
            return b"".join(chunks)

    def sealed_lines(self, camera: CameraId, row: SealRow) -> set[str]:
        """Return the lines of the index and the gaps that a seal has taken in of a camera."""
        lines: set[str] = set()
        files = parse_seal(row.text, seal_name(row.day, "txt", row.addendum)).files
        for kind in (ManifestKind.INDEX, ManifestKind.GAPS):
            key = manifest_key(row.institution, camera, row.day, kind, row.addendum)
            if key.rpartition("/")[2] in files:
                lines |= {f"{line}\n" for line in self.read(key).decode().split("\n")[:-1]}
        return lines

    def find_seal(self, site: Site, day: date, addendum: int, keys: Mapping[str, PublicKey]) -> NewSeal | None:
        """Return the seal that the bucket has of a day, None without one; `WrongFound` when it is not ours."""
        at = seal_key(site.institution, site.id, day, seal_name(day, "txt", addendum))
        try:
            text = self.read(at)
        except Missing:
            return None
        try:
            signature = self.read(at.removesuffix("txt") + "sig")
        except Missing:
            raise WrongFound(
                f"{at}: a seal without its signature, and without its row", hint="keep it, and ask the auditor"
            ) from None
        seal = parse_seal(text, at)
        key = keys.get(seal.key)
        if (
            key is None
            or not key.verifies(signature, text)
            or (seal.site, seal.day, seal.addendum) != (site.id, day, addendum)
        ):
            raise foreign(at)
        return new_seal(seal, text, signature)

    def lock(self, day: date) -> Lock | None:
        """Return the lock of what belongs to a day."""
        if self.lock_mode is None:
            return None
        return Lock.until(self.lock_mode, self.until_us(day))

    def until_us(self, day: date) -> int:
        """Return until when what belongs to a day is kept."""
        return day_span_us(day)[1] + self.keep_days * DAY_US

    def _take_up(self, key: str, data: bytes, day: date) -> bytes | None:
        """Put a list; return the shorter one that is there instead, None when it is this one."""
        there = self.put(key, data, day)
        if there == data:
            return None
        if set(there.split(b"\n")) <= set(data.split(b"\n")):
            return there
        raise foreign(key)


def new_seal(seal: Seal, text: bytes, signature: bytes) -> NewSeal:
    """Return the row of a seal."""
    return NewSeal(
        institution=InstitutionId(seal.institution),
        site=SiteId(seal.site),
        day=seal.day,
        addendum=seal.addendum,
        text=text,
        signature=signature,
        sealed_us=seal.sealed_at_us,
        witness=seal.witness,
    )


def foreign(key: str) -> WrongFound:
    """Return the finding that something is in our place that is not ours."""
    return WrongFound(
        f"{key}: something else is there than what is to be sealed",
        hint="nothing was replaced; keep it as it is, and ask who could write to the bucket",
        code="foreign-object",
    )
