"""Values for tests that need a catalogue: a small registry, sidecars, gap records."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from support.schema import lay_schema

from camera_gateway.catalogue import registry
from camera_gateway.catalogue.opening import Catalogue
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
from camera_gateway.domain.footage import ClockMethod, GapCause, GapRecord, Origin, RunEnd, Sidecar
from camera_gateway.domain.ids import CameraId, DeviceId, InstitutionId, RunId, SegmentId, SiteId
from camera_gateway.domain.people import SYSTEM, Actor

if TYPE_CHECKING:
    from pathlib import Path

    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.clock import Clock

URL = "sqlite:///catalogue.sqlite"
ALIA = Actor("shell", "alia")
MINUTE_US = 60_000_000

INSTITUTION = Institution(InstitutionId("school-7"), "Мектеп 7", InstitutionKind.SCHOOL, "Алматы", 1_000)
SITE = Site(
    SiteId("school-7"), INSTITUTION.id, "Main house", "Asia/Almaty", ("192.168.10.0/24",), ("daily 22:00-06:00",), ()
)


def camera_value(name: str, created_us: int = 2_000) -> Camera:
    """Return an active camera of the school."""
    return Camera(
        CameraId(name), INSTITUTION.id, SITE.id, f"Camera {name}", Zone.HALL, CameraState.ACTIVE, (), created_us, None
    )


def device_value(camera: str, number: int = 1, from_us: int = 2_000) -> Device:
    """Return a device with an account and a sealed password."""
    return Device(
        id=DeviceId(f"{camera}-device-{number}"),
        camera=CameraId(camera),
        address=StreamAddress("192.168.10.5", 554, "/stream?user=root&password=in-the-path"),
        username="root",
        password_sealed="v1:c2VhbGVk",
        serial=f"SN{number}",
        mac=None,
        model=None,
        firmware=None,
        from_us=from_us,
        to_us=None,
    )


def add_registry(tx: Transaction, *cameras: str) -> None:
    """Add the school, its site and cameras."""
    registry.add_institution(tx, INSTITUTION)
    registry.add_site(tx, SITE)
    for name in cameras:
        registry.add_camera(tx, camera_value(name), device_value(name))


def new_catalogue(directory: Path, clock: Clock, *cameras: str) -> Catalogue:
    """Return a new catalogue with a school and its cameras."""
    lay_schema(directory)
    catalogue = Catalogue.create(URL, directory, clock)
    with catalogue.write(SYSTEM) as tx:
        add_registry(tx, *cameras)
    return catalogue


def sidecar_value(camera: str, number: int, run: str | None = None, **changes: Any) -> Sidecar:  # noqa: ANN401 - fields
    """Return the sidecar of the minute `number` since 1970 of a camera."""
    run_id = RunId(run or f"{camera}-run")
    value = Sidecar(
        segment=SegmentId(f"{run_id}-{number:06d}"),
        run=run_id,
        run_end=RunEnd.CONTINUES,
        institution=INSTITUTION.id,
        camera=CameraId(camera),
        start_us=number * MINUTE_US,
        end_us=(number + 1) * MINUTE_US,
        media_start_us=number * MINUTE_US,
        media_duration_us=MINUTE_US - 7,
        clock_method=ClockMethod.SENDER_REPORT,
        clock_offset_us=-1_500,
        wall_uncertainty_us=200_000,
        video_codec="avc1.640028",
        audio_codec="mp4a.40.2",
        width=1920,
        height=1080,
        frames=1_500,
        keyframes=30,
        gop_max_us=2_000_000,
        damaged_units=0,
        packets_received=30_000,
        packets_lost=1,
        size_bytes=30_000_000,
        sha256=f"{number:064x}",
        init_sha256="b" * 64,
        software="0.1.0",
        origin=Origin.LIVE,
    )
    return replace(value, **changes)


def gap_value(name: str, camera: str, start_us: int, end_us: int, cause: GapCause = GapCause.GATEWAY_DOWN) -> GapRecord:
    """Return a gap record."""
    return GapRecord(name, CameraId(camera), INSTITUTION.id, start_us, end_us, cause, "test", "record", 1_000)
