"""The whole portal in this process: real catalogue, spool, directory store, routes and pages, on a thread of its own.

Filled with two institutions, seven cameras, footage whose pictures say which they are, gaps, a hold, an incident and
people of each role. The clock is held, so that pages look the same every day; the footage ends a minute before it.
What touches the catalogue goes through `call`, on the server's thread, as in the service.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import pyotp
from support.burnt_footage import US, Look, Loop, loop, sealed
from support.catalogue_rows import camera_value, device_value
from support.gateway_rig import POLICY, Inline, Proofs, Seen
from support.people import People
from support.schema import lay_schema

from camera_gateway.access import totp
from camera_gateway.access.door import Door
from camera_gateway.access.passwords import Cost
from camera_gateway.access.sessions import Visitor, begin
from camera_gateway.actions.jobs import Jobs
from camera_gateway.actions.verbs import perform
from camera_gateway.actions.watching import index_segments
from camera_gateway.api.http import HttpService, application
from camera_gateway.api.packages import Exports
from camera_gateway.api.services import Services
from camera_gateway.api.watching_service import Watching
from camera_gateway.catalogue import credentials, purposes, registry, sessions
from camera_gateway.catalogue.gaps import insert_gap
from camera_gateway.catalogue.opening import Catalogue
from camera_gateway.catalogue.segments import iterate_all
from camera_gateway.catalogue.sessions import Stage
from camera_gateway.clock import HeldClock, SystemClock
from camera_gateway.domain.camera import Institution, InstitutionKind, Site, Zone
from camera_gateway.domain.footage import ClockMethod, GapCause, GapRecord
from camera_gateway.domain.ids import CameraId, InstitutionId, SiteId
from camera_gateway.domain.people import SYSTEM, Actor, UserId
from camera_gateway.footage.books import Books
from camera_gateway.footage.reader import Reader
from camera_gateway.intake.taking import Intake
from camera_gateway.media.workshop import Workshop
from camera_gateway.roles.lifecycle import initialise
from camera_gateway.roles.loading import load_settings
from camera_gateway.roles.opening import gateway_of
from camera_gateway.roles.stores import open_configured
from camera_gateway.supervision import Stop
from camera_gateway.upload.release import release_due
from camera_gateway.upload.transfer import Transfer

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from pathlib import Path

    from playwright.sync_api import Page

    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.footage import Sidecar
    from storage.blobs import BlobStore

T = TypeVar("T")

START_US = 1_760_000_000 * US
"""2025-10-09 08:53:20 UTC, 13:53:20 in Almaty: where the footage begins; a keyframe's moment of every loop."""
NOW_US = START_US + 360 * US
ALMATY_US, DAY_US, NOON_OF_DAY_US = 5 * 3_600 * US, 86_400 * US, 43_200 * US
KINDERGARTEN, SCHOOL = InstitutionId("kg-12"), InstitutionId("school-7")
HALL, YARD, BEDROOM, GROUP, DOOR = "kg-hall", "kg-yard", "kg-bedroom", "kg-group", "kg-door"
CAMERAS = (
    (HALL, "Зал", KINDERGARTEN, Zone.HALL),
    (YARD, "Двор", KINDERGARTEN, Zone.YARD),
    (BEDROOM, "Спальня", KINDERGARTEN, Zone.BEDROOM),
    (GROUP, "Группа 3", KINDERGARTEN, Zone.PLAYROOM),
    (DOOR, "Вход", KINDERGARTEN, Zone.ENTRANCE),
    ("school-lobby", "Вестибюль", SCHOOL, Zone.LOBBY),
    ("school-yard", "Двор школы", SCHOOL, Zone.YARD),
)
PEOPLE = (
    ("alia", ("administrator", "all")),
    ("berik", ("auditor", "all")),
    ("dana", ("it", "all")),
    ("viktor", ("viewer", "institution:kg-12")),
)
PASSWORD = "сегіз қоңыр боран"
CHEAP = Cost(memory_kib=64, passes=1)
CONFIG = """[site]
data_dir = "data"
allowed_networks = ["127.0.0.0/8"]
[store]
kind = "directory"
directory = "store"
object_lock = "none"
"""


class NoonClock(SystemClock):
    """A clock that goes, and began at noon of today in Almaty: no test with it stands near a midnight."""

    def __init__(self) -> None:
        self.ahead_us = NOON_OF_DAY_US - (super().now_us() + ALMATY_US) % DAY_US

    def now_us(self) -> int:
        """Return the wall time, µs since 1970: the system's and `ahead_us`."""
        return super().now_us() + self.ahead_us


@dataclass
class PortalHouse:
    """A served portal. `people` may be used through `call` only."""

    address: str
    people: People
    clock: Any
    running: asyncio.AbstractEventLoop
    directory: Path
    seen: Seen = field(default_factory=Seen)
    secrets: dict[str, str] = field(default_factory=dict)

    @property
    def gateway(self) -> Gateway:
        return self.people.gateway

    # ---- doing something on the server's thread

    def call(self, work: Callable[[], T]) -> T:
        """Run plain work on the server's thread and return what it gives."""

        async def inside() -> T:
            return work()

        return self.wait(inside())

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the server's loop."""
        return asyncio.run_coroutine_threadsafe(work, self.running).result(60)

    def do(self, user: str, verb: str, /, **arguments: Any) -> Any:  # noqa: ANN401 - JSON
        """Do a verb as a user."""
        return self.wait(perform(self.gateway, Actor("token", user), verb, arguments))

    def write(self, work: Callable[[Transaction], T]) -> T:
        """Change the catalogue past all checks."""

        def inside() -> T:
            with self.gateway.catalogue.write(SYSTEM) as tx:
                return work(tx)

        return self.call(inside)

    # ---- people

    def _give_credentials(self, user: str) -> None:
        """Let a user have a password and a second factor, as everybody has who is past the welcome page."""
        hashed = self.wait(self.gateway.door.passwords.hash(PASSWORD))
        secret = totp.new_secret()
        self.secrets[user] = secret
        sealed_secret = self.gateway.vault.seal_for_user(secret, UserId(user))

        def work(tx: Transaction) -> None:
            credentials.set_password(tx, user, hashed)
            credentials.confirm_totp(tx, user, sealed_secret, 0, ["0" * 64, "1" * 64])

        self.write(work)

    def code(self, user: str) -> str:
        """Return the second factor's code of now; each works once."""
        return pyotp.TOTP(self.secrets[user]).at(self.clock.now_us() // US)

    def sign_in(self, page: Page, user: str, *, purpose: str = "") -> None:
        """Give a page's visitor a full session, past all checks; with a case, also an open purpose."""
        settings = self.gateway.settings.access

        def work(tx: Transaction) -> str:
            visitor = Visitor("127.0.0.1", "test")
            opened = begin(tx, UserId(user), visitor, settings, Stage.FULL, "test")
            if purpose:
                own = replace(tx, actor=Actor("session", user))
                stated = purposes.open_purpose(own, "inspection", purpose, "")
                sessions.set_purpose(own, opened.row.id, stated.number)
            return opened.secret

        host = urlsplit(self.address).netloc
        cookie = {"name": "__Host-session", "value": self.write(work), "url": f"https://{host}/", "sameSite": "Strict"}
        page.context.add_cookies([{**cookie, "httpOnly": True, "secure": True}])  # type: ignore[list-item]

    def bearer(self, user: str) -> dict[str, str]:
        """Return the header of a program that asks as a user."""
        _, text = self.call(lambda: self.people.token(user))
        return {"Authorization": f"Bearer {text}"}

    # ---- footage

    def record(
        self,
        camera: str,
        looked: Loop,
        start_us: int,
        seconds: int,
        *,
        store: bool = True,
        **more: Any,  # noqa: ANN401 - `sealed`
    ) -> list[Sidecar]:
        """Seal a run of footage as the recorder does, take it in, and store it."""
        return self.call(lambda: self._record(camera, looked, start_us, seconds, store=store, **more))

    def _record(
        self,
        camera: str,
        looked: Loop,
        start_us: int,
        seconds: int,
        *,
        store: bool = True,
        **more: Any,  # noqa: ANN401 - `sealed`
    ) -> list[Sidecar]:
        spool = self.gateway.spool
        institution = next((owner for name, _, owner, _ in CAMERAS if name == camera), KINDERGARTEN)
        found = []
        for one in sealed(looked, camera, start_us, seconds, institution=institution, **more):
            part = spool.begin(CameraId(camera), one.sidecar.segment)
            part.write(one.data)
            text = one.sidecar.to_bytes()
            part.seal(lambda _facts, text=text: text)  # type: ignore[misc]
            found.append(one.sidecar)
        books = Books(self.gateway.catalogue, Inline())
        Intake(books, spool, self.clock, self.seen).take(full=True)
        if store:
            transfer = Transfer(
                books=books,
                spool=spool,
                store=self.gateway.store,
                proofs=Proofs(),
                policy_for=lambda _camera, _at_us: POLICY,
                lock_mode=None,
                clock=self.clock,
                observer=self.seen,
            )
            for sidecar in found:
                transfer.advance(sidecar.segment)
        return found

    def index(self) -> None:
        """Index every segment, as the service does while they are in the spool."""
        with self.gateway.catalogue.read() as tx:
            rows = list(iterate_all(tx))
        self.wait(index_segments(self.gateway, rows))

    def release(self) -> int:
        """Let the spool forget what is stored, as the service does after `min_local_hours`; return how many."""
        books = Books(self.gateway.catalogue, Inline())
        return self.call(lambda: release_due(books, self.gateway.spool, self.clock, 0))

    def gap(self, camera: str, from_us: int, to_us: int, cause: GapCause = GapCause.CAMERA_UNREACHABLE) -> None:
        """Write down why a span is missing."""
        owner = next(owner for name, _, owner, _ in CAMERAS if name == camera)
        record = GapRecord(f"gap-{camera}-{from_us}", CameraId(camera), owner, from_us, to_us, cause, "", "record", 1)
        self.write(lambda tx: insert_gap(tx, record))


def fill(house: PortalHouse) -> None:
    """Five minutes of footage with what a player has to cope with: a gap, another format, H.265, no time of its own."""
    hall = loop()
    house.record(HALL, hall, START_US, 120, audio="aac")
    house.gap(HALL, START_US + 120 * US, START_US + 160 * US)
    second = loop(Look(width=704, height=576, b_frames=2, gop_s=2))
    house.record(HALL, second, START_US + 160 * US, 120, clock_method=ClockMethod.ARRIVAL, wall_uncertainty_us=200_000)
    house.record(YARD, loop(Look(fps=10, gop_s=2, name="YARD")), START_US + 20 * US, 280, audio="alaw")
    house.record(GROUP, loop(Look(codec="h265", width=416, height=240, name="GROUP")), START_US, 40)
    house.record(DOOR, loop(Look(name="DOOR")), START_US, 300, store=False)
    house.record(BEDROOM, hall, START_US, 60)


@contextmanager
def portal_house(
    directory: Path,
    clock: Any = None,  # noqa: ANN401 - held, unless given
    *,
    with_footage: bool = True,
    store: BlobStore | None = None,
) -> Iterator[PortalHouse]:
    """Make one in an empty directory, serve it on loopback, and end it; `store` instead of its directory's."""
    config = directory / "gateway.toml"
    config.write_text(CONFIG)
    (directory / "store").mkdir()
    clock = clock or HeldClock(NOW_US)
    lay_schema(directory / "data")
    initialise(config, None, clock)
    loaded = load_settings(config)
    settings = loaded.settings
    with ExitStack() as held:
        running = held.enter_context(_loop_on_a_thread())
        opened = open_configured(settings, clock, lambda _observation: None)
        held.callback(opened.close)
        catalogue = held.enter_context(Catalogue.open(settings.catalogue.url, settings.site.data_dir, clock))
        with catalogue.write(SYSTEM) as tx:
            _register(tx)
        store_threads = held.enter_context(ThreadPoolExecutor(4, "store"))
        gateway = gateway_of(loaded, clock, catalogue, store or opened.store, Inline(), store_threads, lambda: None)
        gateway = replace(gateway, jobs=held.enter_context(_jobs(running, clock)))
        held.callback(gateway.spool.close)
        gateway = replace(gateway, door=Door.build(gateway.vault, clock, CHEAP))
        held.callback(gateway.door.close)
        people = People(gateway, clock)
        for name, grant in PEOPLE:
            people.user(name, grant)
        workshop = Workshop()
        held.callback(workshop.close)
        decoders = held.enter_context(ThreadPoolExecutor(2, "decode"))
        spool = gateway.data_dir / "spool"
        watching = Watching(Reader(spool, gateway.store), workshop, decoders, spool, clock)
        house = PortalHouse("", people, clock, running, directory)

        async def ready() -> dict[str, str]:
            return {}

        services = Services(watching=watching, exports=Exports(decoders))
        http = HttpService(application(lambda: b"", ready, gateway, services), "127.0.0.1", 0, None)
        for name, _ in PEOPLE:
            house._give_credentials(name)
        house.wait(http.open())
        held.callback(lambda: house.wait(http.close()))
        port = http._runner.addresses[0][1]
        house.address = f"http://127.0.0.1:{port}"
        if with_footage:
            fill(house)
        yield house


@contextmanager
def _loop_on_a_thread() -> Iterator[asyncio.AbstractEventLoop]:
    running = asyncio.new_event_loop()
    thread = threading.Thread(target=running.run_forever, name="portal")
    thread.start()
    try:
        yield running
    finally:
        running.call_soon_threadsafe(running.stop)
        thread.join()
        running.close()


@contextmanager
def _jobs(running: asyncio.AbstractEventLoop, clock: Any) -> Iterator[Jobs]:  # noqa: ANN401 - as the house's
    jobs, stop = Jobs(clock), Stop()
    under_way = asyncio.run_coroutine_threadsafe(jobs.run(stop), running)
    try:
        yield jobs
    finally:
        running.call_soon_threadsafe(stop.request)
        under_way.result(30)


def _register(tx: Transaction) -> None:
    for owner, name, kind, region in (
        (KINDERGARTEN, "Детский сад № 12", InstitutionKind.KINDERGARTEN, "Абай"),
        (SCHOOL, "Мектеп № 7", InstitutionKind.SCHOOL, "Алматы"),
    ):
        registry.add_institution(tx, Institution(owner, name, kind, region, START_US - 86_400 * US))
        registry.add_site(tx, Site(SiteId(owner), owner, name, "Asia/Almaty", ("127.0.0.0/8",), (), ()))
    for camera, name, owner, zone in CAMERAS:
        place = {"institution": owner, "site": SiteId(owner), "zone": zone, "name": name}
        value = replace(camera_value(camera), created_us=START_US - 3_600 * US, **place)
        registry.add_camera(tx, value, device_value(camera))
