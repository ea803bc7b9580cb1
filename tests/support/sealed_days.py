"""Sealed days as somebody downloads them: segments, manifests and seals of a site in a directory, signed for real.

The bytes of segments are random; what lists and signs them is the code under test. `tamper` then changes one thing.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from camera_gateway.domain.footage import ClockMethod, GapCause, GapRecord, Origin, RunEnd, Sidecar
from camera_gateway.domain.ids import CameraId, InstitutionId, RunId, segment_id
from camera_gateway.domain.naming import (
    ManifestKind,
    day_span_us,
    manifest_name,
    object_name,
    seal_key,
    seal_name,
    segment_key,
)
from camera_gateway.evidence.enclosures import enclosures
from camera_gateway.evidence.manifest import CameraDay, IndexEntry, entry_of, instant
from camera_gateway.evidence.seal import Previous, Seal, as_previous
from camera_gateway.evidence.signing import SigningKey

if TYPE_CHECKING:
    from pathlib import Path

INSTITUTION = InstitutionId("kg-12")
SITE = "kg-12"
CAMERAS = (CameraId("cam-01"), CameraId("cam-02"))
FIRST = date(2026, 11, 21)
HOUR_US = 3_600_000_000
SEGMENTS = 4
"""A camera-day of the tests: this many segments of an hour from midnight on, and one gap for the rest of the day."""


def new_key(seed: int = 1) -> SigningKey:
    """Make the same key for the same seed."""
    return SigningKey(Ed25519PrivateKey.from_private_bytes(random.Random(seed).randbytes(32)))


def content(camera: str, day: date, number: int) -> bytes:
    return random.Random(f"{camera}{day}{number}").randbytes(3_000)


def sidecar_of(camera: CameraId, day: date, number: int, data: bytes) -> Sidecar:
    start_us = day_span_us(day)[0] + number * HOUR_US
    run = RunId(hashlib.sha256(f"{camera}{day}".encode()).hexdigest()[:16])
    return Sidecar(
        segment=segment_id(run, number),
        run=run,
        run_end=RunEnd.CONTINUES,
        institution=INSTITUTION,
        camera=camera,
        start_us=start_us,
        end_us=start_us + HOUR_US,
        media_start_us=number * HOUR_US,
        media_duration_us=HOUR_US,
        clock_method=ClockMethod.SENDER_REPORT,
        clock_offset_us=-1_500,
        wall_uncertainty_us=20_000,
        video_codec="avc1.42C01E",
        audio_codec=None,
        width=160,
        height=120,
        frames=90_000,
        keyframes=1_800,
        gop_max_us=2_000_000,
        damaged_units=0,
        packets_received=10,
        packets_lost=number,
        size_bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        init_sha256="0" * 64,
        software="0.1.0",
        origin=Origin.LIVE,
    )


def entry(camera: CameraId, day: date, number: int) -> IndexEntry:
    data = content(camera, day, number)
    sidecar = sidecar_of(camera, day, number, data)
    key = segment_key(INSTITUTION, camera, sidecar.start_us, sidecar.sha256)
    return entry_of(sidecar, key, f"v{number}")


def gap(camera: CameraId, day: date, from_us: int, to_us: int, name: str = "gap-1") -> GapRecord:
    return GapRecord(
        gap=f"{camera}-{day}-{name}",
        camera=camera,
        institution=INSTITUTION,
        start_us=from_us,
        end_us=to_us,
        cause=GapCause.CAMERA_UNREACHABLE,
        detail="no answer",
        observed_by="recorder",
        precision_us=1_000,
    )


def camera_day(camera: CameraId, day: date) -> CameraDay:
    start_us, end_us = day_span_us(day)
    gaps = (gap(camera, day, start_us + SEGMENTS * HOUR_US, end_us),)
    return CameraDay(INSTITUTION, camera, day, 0, tuple(entry(camera, day, n) for n in range(SEGMENTS)), gaps)


def seal_of(day: date, files: dict[str, str], key: SigningKey, previous: Previous | None, addendum: int = 0) -> Seal:
    return Seal(
        site=SITE,
        institution=INSTITUTION,
        gateway="gw-1",
        software="0.1.0",
        ffmpeg="-",
        config_sha256="c" * 64,
        day=day,
        utc_offset="+05:00",
        time_source="system clock, 0.004 s from the store's",
        sealed_at_us=day_span_us(day)[1] + HOUR_US // 2,
        addendum=addendum,
        previous=previous,
        audit_head_sha256="a" * 64,
        audit_rows=48_211,
        worm="proven 2026-11-22T18:00:03Z",
        witness="NONE",
        key=key.public.fingerprint,
        next_key=None,
        files=files,
    )


@dataclass
class Sealed:
    """A directory of sealed days."""

    root: Path
    key: SigningKey
    last: Previous | None = None
    days: list[date] = field(default_factory=list)

    def folder(self, camera: str, day: date) -> Path:
        return self.root / camera / day.strftime("%Y/%m/%d")

    def segment(self, camera: CameraId, day: date, number: int) -> Path:
        return self.folder(camera, day) / object_name(entry(camera, day, number).key)

    def manifest(self, camera: str, day: date, kind: ManifestKind) -> Path:
        return self.folder(camera, day) / "manifest" / manifest_name(camera, day, kind)

    def seal(self, day: date, suffix: str = "txt", addendum: int = 0) -> Path:
        return self.root / seal_key(INSTITUTION, SITE, day, seal_name(day, suffix, addendum)).removeprefix("v1/kg-12/")

    def relative(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def add_day(self, day: date) -> None:
        """Write segments, manifests and the seal of a day."""
        files: dict[str, str] = {}
        for camera in CAMERAS:
            made = camera_day(camera, day)
            (self.folder(camera, day) / "manifest").mkdir(parents=True)
            for number in range(SEGMENTS):
                self.segment(camera, day, number).write_bytes(content(camera, day, number))
            for kind, data in made.files().items():
                self.manifest(camera, day, kind).write_bytes(data)
                files[made.name(kind)] = hashlib.sha256(data).hexdigest()
        self.write_seal(seal_of(day, files, self.key, self.last))
        self.days.append(day)

    def write_seal(self, seal: Seal) -> None:
        text = seal.text()
        path = self.seal(seal.day, "txt", seal.addendum)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
        self.seal(seal.day, "sig", seal.addendum).write_bytes(self.key.sign(text))
        if seal.addendum == 0:
            self.last = as_previous(text, seal)

    def write_export(self, camera: CameraId = CAMERAS[0], hours: tuple[int, int] = (0, SEGMENTS)) -> Path:
        """Make a package of it: drop the segments outside the span, sign a list of everything that is left."""
        day = self.days[0]
        start_us = day_span_us(day)[0]
        since, until = (instant(start_us + hour * HOUR_US) for hour in hours)
        wanted = {self.segment(camera, day, number) for number in range(*hours)}
        for path in self.root.rglob("*.mp4"):
            if path not in wanted:
                path.unlink()
        for name, data in enclosures().items():
            (self.root / name).write_bytes(data)
        (self.root / "DERIVATIVE.cam-01.mp4").write_bytes(b"a copy for convenience")
        head = [
            "export-version: 1",
            "case: 26-7510-31/4   requester: Investigator A. Serik",
            f"camera: {camera}",
            f"from: {since}   to: {until}",
            f"key: ed25519 {self.key.public.fingerprint}",
        ]
        paths = sorted(path for path in self.root.rglob("*") if path.is_file())
        body = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {self.relative(path)}" for path in paths]
        text = ("\n".join([*head, "---", *body]) + "\n").encode()
        (self.root / "EXPORT.txt").write_bytes(text)
        (self.root / "EXPORT.sig").write_bytes(self.key.sign(text))
        return self.root / "EXPORT.txt"


def sealed_days(root: Path, days: int = 2, key: SigningKey | None = None) -> Sealed:
    """Write `days` sealed days of two cameras below `root`, as a bucket has them, and the public key."""
    made = Sealed(root, key or new_key())
    root.mkdir(parents=True, exist_ok=True)
    (root / "seal.pub").write_bytes(made.key.public.pem)
    for number in range(days):
        made.add_day(FIRST + timedelta(days=number))
    return made
