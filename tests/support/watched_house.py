"""A house whose cameras are watched: a real catalogue, settings with channels, a recorder that says what a test wants.

Messages go by apprise to a real mail server on loopback. What the recorder says is a real status file.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from support.catalogue_rows import camera_value, device_value
from support.gateway_rig import Inline
from support.mailbox import Mailbox

from camera_gateway.actions.alarms import Alarms
from camera_gateway.actions.notices import Post
from camera_gateway.catalogue import registry
from camera_gateway.catalogue.opening import Catalogue
from camera_gateway.clock import US
from camera_gateway.domain.camera import Institution, InstitutionKind, Site
from camera_gateway.domain.footage import GapCause
from camera_gateway.domain.ids import CameraId, InstitutionId, SiteId
from camera_gateway.domain.people import SYSTEM
from camera_gateway.handover.status_file import CameraStatus, RecorderStatus, status_path, write_status
from camera_gateway.health.delivering import deliver
from camera_gateway.roles.lifecycle import initialise
from camera_gateway.roles.loading import load_settings
from camera_gateway.roles.opening import gateway_of
from storage.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from camera_gateway.actions.alarms import Looked
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.actions.notices import Sent
    from camera_gateway.clock import Clock

HOME = InstitutionId("home")
SWITCH = tuple(f"cam-{number:02}" for number in range(12))
ALERTS = """
[alerts]
language = "ru"
debounce_s = {debounce_s}
settle_s = {settle_s}
{more}
[[alerts.channels]]
name = "duty"
url_file = "duty.url"

[[alerts.channels]]
name = "head"
url_file = "head.url"
audience = "administrator"
level = 1
language = "kk"
"""


@dataclass
class House:
    """The house, its mailboxes, and whoever looks after it; `restart` is a new service on the same data."""

    gateway: Gateway
    clock: Clock
    duty: Mailbox
    head: Mailbox
    alarms: Alarms = field(init=False)
    post: Post = field(init=False)
    threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(2))
    recorder_us: int = 0

    def __post_init__(self) -> None:
        self.recorder_us = self.clock.now_us()
        self.restart()

    def restart(self) -> None:
        """Forget what a restart forgets."""
        self.alarms = Alarms(self.gateway)
        self.post = Post(self.gateway, deliver, self.threads)

    async def look(self) -> tuple[Looked, list[Sent]]:
        """Look once, and send what is due."""
        return await self.alarms.look(), await self.post.send_due()

    def say(
        self, *, lost: Sequence[str] = (), since_us: int = 0, back: Sequence[str] = (), back_us: int = 0, age_s: int = 0
    ) -> None:
        """Let the recorder say which cameras are lost, and which have come back; it wrote that `age_s` ago."""
        statuses = []
        for name in SWITCH:
            down = name in lost
            status = CameraStatus(
                camera=CameraId(name),
                state="connecting" if down else "recording",
                cause=GapCause.CAMERA_UNREACHABLE if down else None,
                probe_cause=None,
                detail="",
                since_us=since_us if down else back_us if name in back else self.recorder_us,
                last_packet_us=None,
                open_from_us=None,
                open_to_us=None,
                last_end_us=None,
                gap_from_us=since_us if down else None,
                fps=0.0 if down else 25.0,
                bitrate_bps=0,
                clock_offset_us=None,
                packets_received=0,
                packets_lost=0,
                reconnects=0,
                reconnects_by_cause={},
                timestamp_jumps=0,
                segments_sealed=0,
                video="",
                session="",
            )
            statuses.append(status)
        now_us = self.clock.now_us()
        recorder = RecorderStatus(
            shard=0,
            shards=1,
            pid=1,
            started_us=self.recorder_us,
            written_us=now_us - age_s * US,
            software="test",
            plan_generation=1,
            owner="owner",
            spool_free_bytes=1 << 40,
            spool_bytes=0,
            seal_seconds=0.0,
            cameras=tuple(statuses),
        )
        write_status(status_path(self.gateway.data_dir / "status", 0), recorder)


@contextmanager
def watched_house(
    directory: Path, clock: Clock, *, debounce_s: int = 60, settle_s: int = 120, more: str = ""
) -> Iterator[House]:
    """Open a boarding home with twelve cameras behind one switch."""
    config = directory / "gateway.toml"
    config.write_text(
        '[site]\ndata_dir = "data"\nallowed_networks = ["127.0.0.0/8"]\n[store]\nkind = "directory"\ndirectory = "s"\n'
        + ALERTS.format(debounce_s=debounce_s, settle_s=settle_s, more=more)
    )
    with Mailbox() as duty, Mailbox() as head:
        for name, box in (("duty", duty), ("head", head)):
            address = f"mailto://127.0.0.1:{box.port}/?from=gateway@home.kz&to={name}@home.kz"
            (directory / f"{name}.url").write_text(address + "\n")
        initialise(config, None, clock)
        loaded = load_settings(config)
        with Catalogue.open(loaded.settings.catalogue.url, loaded.settings.site.data_dir, clock) as catalogue:
            with catalogue.write(SYSTEM) as tx:
                owner = Institution(HOME, "Балалар үйі", InstitutionKind.CHILDRENS_HOME, "Абай", 1_000)
                registry.add_institution(tx, owner)
                registry.add_site(tx, Site(SiteId(HOME), HOME, "home", "Asia/Almaty", ("127.0.0.0/8",), (), ()))
                for name in SWITCH:
                    camera = replace(camera_value(name, clock.now_us()), institution=HOME, site=SiteId(HOME))
                    registry.add_camera(tx, camera, device_value(name))
            store = MemoryStore(clock.now_us)
            gateway = gateway_of(loaded, clock, catalogue, store, Inline(), Inline(), lambda: None)
            house = House(gateway, clock, duty, head)
            try:
                yield house
            finally:
                house.threads.shutdown()
