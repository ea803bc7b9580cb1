"""A gateway without cameras: catalogue, spool and a store, and a recorder that seals whatever bytes it is told to.

Promises the real catalogue (SQLite) and the real spool; the store is given. Everything runs on the caller's thread
and at a held clock, so that a test decides what happens when.
"""

from __future__ import annotations

import hashlib
import random
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from support.schema import lay_schema

from camera_gateway.catalogue.opening import Catalogue
from camera_gateway.catalogue.registry import add_camera, add_institution, add_site
from camera_gateway.catalogue.segments import get_segment, iterate_all
from camera_gateway.clock import HeldClock
from camera_gateway.domain.camera import (
    Camera,
    CameraState,
    Device,
    Institution,
    InstitutionKind,
    Site,
    StreamAddress,
    Zone,
)
from camera_gateway.domain.footage import CameraSigned, ClockMethod, GapCause, GapRecord, Origin, RunEnd, Sidecar
from camera_gateway.domain.ids import CameraId, DeviceId, InstitutionId, RunId, SegmentId, SiteId, segment_id
from camera_gateway.domain.people import SYSTEM
from camera_gateway.domain.retention import RetentionPolicy
from camera_gateway.footage.books import Books
from camera_gateway.intake.taking import Intake
from camera_gateway.upload.transfer import Transfer
from storage.blobs import Lock
from storage.memory import MemoryStore
from storage.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.catalogue.segments import SegmentRow
    from camera_gateway.clock import Clock
    from camera_gateway.domain.footage import SegmentState
    from camera_gateway.upload.quota import SpoolForecast
    from camera_gateway.upload.uploader import UploadStatus
    from storage.blobs import BlobStore

MINUTE_US = 60_000_000
START_US = 1_760_000_000_000_000
POLICY = RetentionPolicy("default", 30, 2)
INSTITUTION = InstitutionId("kg-12")
SIGNED = (CameraSigned.YES, CameraSigned.NO, CameraSigned.UNKNOWN)
"""By a segment's number: cameras of before, and cameras of today with and without signatures."""


class Inline(Executor):
    """An executor that does the work at once, on the caller's thread."""

    def submit(self, fn: Callable[..., Any], /, *args: object, **kwargs: object) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - the future carries it, as a real executor's does
            future.set_exception(error)
        return future


@dataclass
class Seen:
    """Observes everything that intake, upload and quota tell."""

    events: list[tuple[Any, ...]] = field(default_factory=list)
    statuses: list[UploadStatus] = field(default_factory=list)
    forecasts: list[SpoolForecast] = field(default_factory=list)

    def taken(self, camera: CameraId, size_bytes: int) -> None:
        self.events.append(("taken", camera, size_bytes))

    def gap_taken(self, record: GapRecord) -> None:
        self.events.append(("gap", record.gap))

    def set_aside(self, where: str, reason: str) -> None:
        self.events.append(("set-aside", where, reason))

    def recovered(self, result: object) -> None:
        self.events.append(("recovered", result))

    def failing(self, code: str) -> None:
        self.events.append(("failing", code))

    def stored(self, camera: CameraId, size_bytes: int) -> None:
        self.events.append(("stored", camera, size_bytes))

    def failed(self, error_class: str) -> None:
        self.events.append(("failed", error_class))

    def alarm(self, what: str, segment: SegmentId, detail: str) -> None:
        self.events.append(("alarm", what, segment, detail))

    def sent(self, size_bytes: int) -> None:
        self.events.append(("sent", size_bytes))

    def status_changed(self, status: UploadStatus) -> None:
        self.statuses.append(status)

    def forecast(self, forecast: SpoolForecast) -> None:
        self.forecasts.append(forecast)

    def dropped(self, row: SegmentRow) -> None:
        self.events.append(("dropped", row.sidecar.segment))

    def of(self, kind: str) -> list[tuple[Any, ...]]:
        return [event for event in self.events if event[0] == kind]


@dataclass
class Proofs:
    checksum_on_head: bool = True
    lock_proven: bool = True


class Rig:
    """One data directory. `restart` is a kill -9 and a new start: only what is on the disk remains."""

    def __init__(
        self, data_dir: Path, store: BlobStore | None = None, clock: Clock | None = None, cameras: int = 2
    ) -> None:
        self.data_dir = data_dir
        self.clock: Any = clock or HeldClock(START_US + 60 * MINUTE_US)
        self.store: BlobStore = store or MemoryStore(self.clock.now_us)
        self.seen = Seen()
        self.proofs = Proofs()
        self.cameras = [CameraId(f"cam-{number:02d}") for number in range(1, cameras + 1)]
        self.sites = [SiteId("kg-12"), SiteId("kg-12-annex")]
        lay_schema(data_dir)
        self.catalogue = Catalogue.create("sqlite:///catalogue.sqlite", data_dir, self.clock)
        self.spool = self._open_spool()
        self.books = Books(self.catalogue, Inline())
        self._register()

    def _open_spool(self) -> Spool:
        return Spool.open(self.data_dir / "spool", owner=self.catalogue.identity, exclusive=False)

    def restart(self) -> None:
        """Forget everything that is in memory."""
        self.close()
        self.catalogue = Catalogue.open("sqlite:///catalogue.sqlite", self.data_dir, self.clock)
        self.spool = self._open_spool()
        self.books = Books(self.catalogue, Inline())

    def close(self) -> None:
        self.spool.close()
        self.catalogue.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # what the recorder does

    def sidecar(self, camera: CameraId, number: int, data: bytes, *, run: str = "") -> Sidecar:
        run = run or f"run{camera.replace('-', '')}"
        start_us = START_US + number * MINUTE_US
        return Sidecar(
            segment=segment_id(RunId(run), number),
            run=RunId(run),
            run_end=RunEnd.CONTINUES,
            institution=INSTITUTION,
            camera=camera,
            start_us=start_us,
            end_us=start_us + MINUTE_US,
            media_start_us=number * MINUTE_US,
            media_duration_us=MINUTE_US,
            clock_method=ClockMethod.ARRIVAL,
            clock_offset_us=None,
            wall_uncertainty_us=20_000,
            video_codec="avc1.42C01E",
            audio_codec=None,
            width=160,
            height=120,
            frames=1500,
            keyframes=30,
            gop_max_us=2_000_000,
            damaged_units=0,
            packets_received=10,
            packets_lost=0,
            size_bytes=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            init_sha256="0" * 64,
            software="test",
            origin=Origin.LIVE,
            camera_signed=SIGNED[number % 3],
        )

    def seal(self, camera: CameraId, number: int, data: bytes | None = None) -> Sidecar:
        """Seal a segment as the recorder does: minute `number` of a camera."""
        data = data if data is not None else random.Random(f"{camera}{number}").randbytes(2_000)
        sidecar = self.sidecar(camera, number, data)
        part = self.spool.begin(camera, sidecar.segment)
        part.write(data)
        part.seal(lambda _facts: sidecar.to_bytes())
        return sidecar

    def put_gap(self, camera: CameraId, name: str, start_us: int, end_us: int) -> GapRecord:
        record = GapRecord(
            gap=name,
            camera=camera,
            institution=INSTITUTION,
            start_us=start_us,
            end_us=end_us,
            cause=GapCause.CAMERA_UNREACHABLE,
            detail="no answer",
            observed_by="record",
            precision_us=1000,
        )
        self.spool.put_record(camera, name, record.to_bytes())
        return record

    # what serve does

    def intake(self) -> Intake:
        return Intake(self.books, self.spool, self.clock, self.seen)

    def take(self) -> None:
        self.intake().take(full=True)

    def transfer(self, store: BlobStore | None = None, **changes: object) -> Transfer:
        values: dict[str, Any] = {
            "books": self.books,
            "spool": self.spool,
            "store": store or self.store,
            "proofs": self.proofs,
            "policy_for": lambda _camera, _at_us: POLICY,
            "lock_mode": "governance",
            "clock": self.clock,
            "observer": self.seen,
        }
        return Transfer(**(values | changes))

    # what a test asks

    def row(self, segment: str) -> SegmentRow:
        return self.books.read(lambda tx: get_segment(tx, SegmentId(segment)))

    def state(self, segment: str) -> SegmentState:
        return self.row(segment).state

    def rows(self) -> list[SegmentRow]:
        return self.books.read(lambda tx: list(iterate_all(tx)))

    def files(self) -> set[str]:
        """Paths below the spool, quarantine and marker left out."""
        root = self.data_dir / "spool"
        found = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
        return {str(path) for path in found if not path.parts[0].startswith((".", "SPOOL"))}

    def quarantined(self) -> set[str]:
        return {path.name for path in (self.data_dir / "spool" / ".quarantine").rglob("*") if path.is_file()}

    def lock_of(self, sidecar: Sidecar) -> Lock:
        return Lock("governance", POLICY.retain_until_us(sidecar.end_us))

    def _register(self) -> None:
        now_us = START_US
        institution = Institution(INSTITUTION, "Детский сад 12", InstitutionKind.KINDERGARTEN, "almaty", now_us)

        def work(tx: Transaction) -> None:
            add_institution(tx, institution)
            for site in self.sites:
                add_site(tx, Site(site, INSTITUTION, site, "Asia/Almaty", (), (), ()))
            for number, camera in enumerate(self.cameras):
                site = self.sites[number % len(self.sites)]
                value = Camera(
                    camera, INSTITUTION, site, camera, Zone.HALL, CameraState.ACTIVE, (), now_us, retired_us=None
                )
                address = StreamAddress("127.0.0.1", 554, "/1")
                device = Device(
                    DeviceId(f"dev-{camera}"), camera, address, None, None, None, None, None, None, now_us, None
                )
                add_camera(tx, value, device)

        self.books.write(work, SYSTEM)
