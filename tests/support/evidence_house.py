"""An institution with real footage in a directory store, sealed or not, and people who ask for it."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from support.catalogue_rows import camera_value, device_value
from support.clips import CLOCK, WALL_US, fragmented, h264_clip
from support.gateway_rig import POLICY, Inline, Proofs, Rig, Seen
from support.people import People
from support.schema import lay_schema

from camera_gateway.catalogue import registry
from camera_gateway.catalogue.gaps import insert_gap
from camera_gateway.catalogue.opening import Catalogue
from camera_gateway.clock import US, HeldClock, SystemClock
from camera_gateway.domain.camera import Institution, InstitutionKind, Site, Zone
from camera_gateway.domain.footage import GapCause, GapRecord
from camera_gateway.domain.ids import CameraId, InstitutionId, SiteId
from camera_gateway.domain.people import SYSTEM
from camera_gateway.footage.books import Books
from camera_gateway.intake.taking import Intake
from camera_gateway.roles.exporting import export_to
from camera_gateway.roles.lifecycle import initialise
from camera_gateway.roles.loading import Loaded, load_settings
from camera_gateway.roles.opening import gateway_of
from camera_gateway.roles.stores import open_configured
from camera_gateway.upload.transfer import Transfer
from storage.s3 import S3Address, S3Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.seaweed import Seaweed

    from camera_gateway.domain.footage import Sidecar
    from camera_gateway.domain.people import Actor
    from storage.blobs import LockMode

KG = InstitutionId("kg-12")
CAMERAS = (CameraId("kg-hall"), CameraId("kg-yard"))
CONFIG = """[site]
data_dir = "data"
allowed_networks = ["127.0.0.0/8"]
"""
IN_A_DIRECTORY = """[store]
kind = "directory"
directory = "store"
object_lock = "none"
"""
ON_A_SERVER = """[store]
kind = "s3"
endpoint = "{endpoint}"
bucket = "{bucket}"
access_key_file = "access"
secret_key_file = "secret"
object_lock = "{lock}"
"""
ASKING = {
    "requester": "следователь А. Серік",
    "body": "Полиция, г. Аягоз",
    "legal_ground": "УПК, постановление 17",
    "case": "26-7510-31/4",
}


@dataclass
class House:
    """An installation; times of footage are seconds from `WALL_US`."""

    people: People
    loaded: Loaded
    clock: HeldClock
    alia: Actor
    berik: Actor

    @property
    def books(self) -> Books:
        return Books(self.people.gateway.catalogue, Inline())

    def record(self, camera: CameraId, seconds: int = 6, *, store: bool = True) -> list[Sidecar]:
        """Seal a clip from `WALL_US` on in segments of two seconds, and store them."""
        whole = fragmented(h264_clip(seconds * 25))
        spool = self.people.gateway.spool
        sealed = []
        for number, first in enumerate(range(0, len(whole.fragments), 2)):
            pieces = whole.fragments[first : first + 2]
            data = whole.init + b"".join(pieces)
            described = Rig.sidecar(cast("Rig", self), camera, number, data)  # it needs nothing of a rig
            start_us = WALL_US + first * US
            sidecar = replace(
                described,
                start_us=start_us,
                end_us=start_us + len(pieces) * US,
                media_start_us=first * US + whole.lead * US // CLOCK,
                clock_offset_us=-1_500,
            )
            part = spool.begin(camera, sidecar.segment)
            part.write(data)
            text = sidecar.to_bytes()
            part.seal(lambda _facts, text=text: text)  # type: ignore[misc]
            sealed.append(sidecar)
        Intake(self.books, spool, self.clock, Seen()).take(full=True)
        if store:
            for sidecar in sealed:
                self.transfer().advance(sidecar.segment)
        return sealed

    def transfer(self, lock_mode: LockMode | None = None) -> Transfer:
        gateway = self.people.gateway
        return Transfer(
            books=self.books,
            spool=gateway.spool,
            store=gateway.store,
            proofs=Proofs(),
            policy_for=lambda _camera, _at_us: POLICY,
            lock_mode=lock_mode,
            clock=self.clock,
            observer=Seen(),
        )

    def gap(self, camera: CameraId, from_s: float, to_s: float) -> None:
        record = GapRecord(
            gap=f"{camera}-{from_s}",
            camera=camera,
            institution=KG,
            start_us=WALL_US + round(from_s * US),
            end_us=WALL_US + round(to_s * US),
            cause=GapCause.CAMERA_UNREACHABLE,
            detail="no answer",
            observed_by="record",
            precision_us=1_000,
        )
        self.books.write(lambda tx: insert_gap(tx, record))

    async def seal(self) -> None:
        """Let two days pass and seal them."""
        self.clock.step_wall(2 * 86_400 * US)
        made = await self.people.do(self.alia, "seal.make")
        assert made["findings"] == []
        assert made["sealed"]

    async def ask(self, from_s: float = 0, to_s: float = 6, **changes: Any) -> str:  # noqa: ANN401 - JSON
        """Make a request as Alia and have it approved by Berik; return its id."""
        span = {"from_us": WALL_US + round(from_s * US), "to_us": WALL_US + round(to_s * US)}
        arguments = {**ASKING, "cameras": [CAMERAS[0]], **span, **changes}
        made = await self.people.do(self.alia, "evidence.request", **arguments)
        request = str(made["request"]["id"])
        await self.people.do(self.berik, "evidence.approve", request=request)
        return request

    async def export(self, request: str, target: Path) -> dict[str, Any]:
        """Export as Alia, on a thread as the command does it."""
        plan = await self.people.do(self.alia, "evidence.export-plan", request=request)
        loop = asyncio.get_running_loop()

        def finish(**arguments: Any) -> Any:  # noqa: ANN401 - JSON
            done = self.people.do(self.alia, "evidence.export-finish", **arguments)
            return asyncio.run_coroutine_threadsafe(done, loop).result(30)

        return await asyncio.to_thread(export_to, self.loaded, self.clock, plan, target, finish)


def on_server(server: Seaweed, tmp_path: Path, bucket: str, lock: str = "governance") -> str:
    """Make a bucket in a real server; return the settings of the store that it is."""
    tmp_path.mkdir(parents=True, exist_ok=True)
    for name, secret in (("access", server.access_key), ("secret", server.secret_key)):
        (tmp_path / name).write_text(secret)
        (tmp_path / name).chmod(0o600)
    address = S3Address(server.endpoint, "us-east-1", bucket, server.access_key, server.secret_key)
    store = S3Store(address, SystemClock().now_us)
    store.ensure_bucket()
    store.close()
    return ON_A_SERVER.format(endpoint=server.endpoint, bucket=bucket, lock=lock)


@contextmanager
def evidence_house(
    tmp_path: Path, store: str = IN_A_DIRECTORY, *, more: str = "", start_us: int = WALL_US + 3_600 * US
) -> Iterator[House]:
    """Make one, in a directory or where `store` says; `more` settings, and the time at which it begins."""
    tmp_path.mkdir(parents=True, exist_ok=True)
    config = tmp_path / "gateway.toml"
    config.write_text(CONFIG + store + more)
    (tmp_path / "store").mkdir(exist_ok=True)
    clock = HeldClock(start_us)
    lay_schema(tmp_path / "data")
    initialise(config, None, clock)
    loaded = load_settings(config)
    settings = loaded.settings
    url, data = settings.catalogue.url, settings.site.data_dir
    with Catalogue.open(url, data, clock) as catalogue, catalogue.write(SYSTEM) as tx:
        registry.add_institution(tx, Institution(KG, "Детский сад № 12", InstitutionKind.KINDERGARTEN, "Абай", 1))
        registry.add_site(tx, Site(SiteId(KG), KG, "Главный", "Asia/Almaty", ("127.0.0.0/8",), (), ()))
        for name in CAMERAS:
            camera = replace(
                camera_value(name), institution=KG, site=SiteId(KG), zone=Zone.HALL, created_us=WALL_US - 3_600 * US
            )
            registry.add_camera(tx, camera, device_value(name))
    with open_house(loaded, clock) as house:
        yield house


@contextmanager
def open_house(loaded: Loaded, clock: HeldClock) -> Iterator[House]:
    """Open an installation that is there; Alia and Berik are its only people."""
    settings = loaded.settings
    opened = open_configured(settings, clock, lambda _observation: None)
    with Catalogue.open(settings.catalogue.url, settings.site.data_dir, clock) as catalogue:
        gateway = gateway_of(loaded, clock, catalogue, opened.store, Inline(), Inline(), lambda: None)
        people = People(gateway, clock)
        alia, berik = people.user("alia", ("administrator", "all")), people.user("berik", ("auditor", "all"))
        yield House(people, loaded, clock, alia, berik)
        gateway.spool.close()
    opened.close()
