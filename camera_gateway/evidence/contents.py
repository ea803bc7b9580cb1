"""What lies in a package besides segments: seals and lists of its days, the certificate, the notes.

Functions of a `Transaction`. Promises that each sealed file is named with the hash that its seal gives it. What is not
sealed yet is counted, never passed over.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from camera_gateway.catalogue import registry, seals, tombstones
from camera_gateway.domain.footage import STORED
from camera_gateway.domain.ids import InstitutionId
from camera_gateway.domain.naming import (
    DAY_US,
    ManifestKind,
    manifest_key,
    manifest_name,
    seal_key,
    seal_name,
    tombstones_name,
    utc_day,
)
from camera_gateway.evidence.certificate import LANGUAGES, NothingFound, no_recording
from camera_gateway.evidence.seal import NONE, parse_seal

if TYPE_CHECKING:
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.catalogue.requests import NewRequest, Package, Request
    from camera_gateway.catalogue.segments import SegmentRow
    from camera_gateway.domain.camera import Camera, Site
    from camera_gateway.evidence.package import SpanGap


@dataclass(slots=True)
class Contents:
    """What a package will hold: small files, sealed lists in the bucket, which days are sealed and which are not."""

    texts: dict[str, bytes] = field(default_factory=dict)
    sealed: list[dict[str, str]] = field(default_factory=list)
    sealed_days: set[date] = field(default_factory=set)
    unsealed_days: set[date] = field(default_factory=set)
    unsealed_segments: int = 0
    keys: set[str] = field(default_factory=set)
    """Fingerprints of the keys that signed the seals."""


def take_seals(
    tx: Transaction,
    site: Site,
    cameras: list[Camera],
    rows: list[SegmentRow],
    new: NewRequest,
    folder: str,
    contents: Contents,
) -> None:
    """Take the seals of the span's days with the cameras' lists, and of the days on which some of it was deleted."""
    days = {utc_day(at_us) for at_us in range(new.start_us, new.end_us, DAY_US)} | {utc_day(new.end_us - 1)}
    days |= {utc_day(row.sidecar.start_us) for row in rows}
    stones = [stone for camera in cameras for stone in tombstones.in_span(tx, camera.id, new.start_us, new.end_us)]
    gone_days = {utc_day(stone.confirmed_us) for stone in stones if stone.confirmed_us is not None}
    last_us: dict[date, int] = {}
    for day in sorted(days | gone_days):
        for seal in seals.of_day(tx, site.id, day):
            if seal.stored_us is None:
                continue
            last_us[day] = seal.sealed_us
            contents.texts[folder + seal_name(day, "txt", seal.addendum)] = seal.text
            contents.texts[folder + seal_name(day, "sig", seal.addendum)] = seal.signature
            parsed = parse_seal(seal.text, f"seal of {day}")
            files = parsed.files
            contents.keys.add(parsed.key)
            wanted = {tombstones_name(day): seal_key(site.institution, site.id, day, tombstones_name(day))}
            if day in days:
                wanted |= {
                    manifest_name(camera.id, day, kind, seal.addendum): manifest_key(
                        camera.institution, camera.id, day, kind, seal.addendum
                    )
                    for camera in cameras
                    for kind in ManifestKind
                }
            contents.sealed += [
                {"path": folder + name, "key": key, "sha256": files[name]}
                for name, key in wanted.items()
                if name in files
            ]
    contents.sealed_days |= days & last_us.keys()
    contents.unsealed_days |= days - last_us.keys()
    for row in rows:
        sealed_us = last_us.get(utc_day(row.sidecar.start_us))
        late = row.state.value not in STORED or row.stored_us is None
        contents.unsealed_segments += sealed_us is None or late or (row.stored_us or 0) > sealed_us


def take_announcements(tx: Transaction, site: Site, since: date, folder: str, contents: Contents) -> None:
    """Take the seals from a day on that announce a key, so that the key on an older paper leads to the present one."""
    for seal in seals.sealed_between(tx, site.id, since, date.max):
        parsed = parse_seal(seal.text, f"seal of {seal.day}")
        if seal.stored_us is not None and parsed.next_key is not None:
            contents.texts[folder + seal_name(seal.day, "txt")] = seal.text
            contents.texts[folder + seal_name(seal.day, "sig")] = seal.signature
            contents.keys.add(parsed.key)


def certify(
    tx: Transaction,
    package: Package,
    request: Request,
    cameras: list[Camera],
    gaps: list[SpanGap],
    contents: Contents,
) -> None:
    """Add the certificate that nothing of the span exists."""
    new = request.new
    found = NothingFound(
        request=request.id,
        requester=new.requester,
        body=new.body,
        case=new.case,
        institution=registry.get_institution(tx, InstitutionId(new.institution)).name,
        cameras=tuple((camera.id, camera.name) for camera in cameras),
        start_us=new.start_us,
        end_us=new.end_us,
        made_us=package.started_us,
        gaps=tuple(gaps),
        sealed_days=days_text(contents.sealed_days) or NONE,
        unsealed_days=days_text(contents.unsealed_days) or NONE,
    )
    for language in LANGUAGES:
        contents.texts[f"NO-RECORDING.{language}.txt"] = no_recording(found, language).encode()


def days_text(days: set[date]) -> str:
    """Return days as EXPORT.txt lists them."""
    return " ".join(sorted(day.isoformat() for day in days))


README = """DERIVATIVE

kk: DERIVATIVE деп басталатын файлдар – көруге ыңғайлы көшірмелер. Дәлел – түпнұсқа сегменттер (*.mp4, атауы сандардан).
ru: Файлы, имя которых начинается с DERIVATIVE, – копии для удобства просмотра. Доказательство – исходные сегменты.
en: Files whose names begin with DERIVATIVE are copies for convenience. The evidence is the original segments.

A derivative is one MP4 of exactly the asked span of one camera: the same pictures and sound, not encoded again, cut by
edit list. Where footage is missing the picture stands still; SPAN-GAPS.tsv says where and why.
"""
