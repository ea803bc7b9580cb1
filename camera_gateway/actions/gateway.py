"""What a verb needs to do its work: settings, clock, catalogue, vault and store, and threads to wait in.

Only `roles/` makes one. The catalogue is touched from one thread alone (invariant D9), the store from a few; the
event loop waits for neither.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from camera_gateway.actions.observed import Observed

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor
    from pathlib import Path

    from camera_gateway.access.door import Door
    from camera_gateway.actions.jobs import Jobs
    from camera_gateway.catalogue.opening import Catalogue, Transaction
    from camera_gateway.clock import Clock
    from camera_gateway.discovery.picture import Pictures
    from camera_gateway.domain.ids import SegmentId
    from camera_gateway.domain.people import Actor
    from camera_gateway.health.looking import Looker
    from camera_gateway.retention.times import TwoClocks
    from camera_gateway.settings.schema import Settings
    from camera_gateway.settings.vault import Vault
    from storage.blobs import BlobStore
    from storage.spool import Spool

T = TypeVar("T")


def _unheard(_ratio: float) -> None:
    """Let what nobody measures pass."""


def _unwatched(_done: int, _total: int | None, _what: str) -> None:
    """Let progress pass that nobody watches."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """The installation as verbs see it."""

    settings: Settings
    config_file: Path | None
    data_dir: Path
    clock: Clock
    catalogue: Catalogue
    vault: Vault
    spool: Spool
    store: BlobStore
    catalogue_thread: Executor
    """Exactly one thread: the catalogue's only user."""
    store_threads: Executor
    door: Door
    """What an attempt to sign in has to pass."""
    registry_changed: Callable[[], None]
    """Rung after a change of the registry, so that the plan is written at once; a scan guarantees it."""
    uplink_bps: Callable[[], int | None] = lambda: None
    """What the uplink was seen to carry, bits per second; None where nobody uploads, or not long enough yet."""
    uploading: Callable[[], frozenset[SegmentId]] = frozenset
    """What is being uploaded right now: a sweep leaves it alone."""
    clocks: TwoClocks | None = None
    """What watches the clock since the start of a service; None: a lone command has just begun."""
    drilled: Callable[[float], None] = _unheard
    """Told the share of segments that a drill has found good."""
    observed: Callable[[], Observed] = Observed
    """What the services have seen a moment ago."""
    jobs: Jobs | None = None
    """Long work of this service; None: a lone command, which waits for its own."""
    progress: Callable[[int, int | None, str], None] = _unwatched
    """A verb of long work tells how far it is: done, of how many (None: nobody knows yet), and at what. Any thread."""

    pictures: Pictures | None = None
    """Where pictures of cameras are decoded; None: a lone command, which takes one and ends."""
    looker: Looker | None = None
    """Who looks at pictures; None: a lone command, which does not."""
    one_table: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while a file of rows is read: it takes memory and the interpreter's time, so one at a time."""

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in a read transaction on the catalogue's thread."""

        def inside() -> T:
            with self.catalogue.read() as tx:
                return work(tx)

        return await asyncio.get_running_loop().run_in_executor(self.catalogue_thread, inside)

    async def write(self, actor: Actor, work: Callable[[Transaction], T]) -> T:
        """Run `work` in a write transaction on the catalogue's thread; commit before returning."""

        def inside() -> T:
            with self.catalogue.write(actor) as tx:
                return work(tx)

        return await asyncio.get_running_loop().run_in_executor(self.catalogue_thread, inside)

    async def waiting(self, work: Callable[..., T], *args: Any) -> T:  # noqa: ANN401 - passed on untouched
        """Run blocking `work` on a store thread."""
        return await asyncio.get_running_loop().run_in_executor(self.store_threads, lambda: work(*args))

    async def waiting_on_catalogue(self, work: Callable[[Catalogue], T]) -> T:
        """Run `work` on the catalogue's thread with the catalogue itself; keep it short, writers wait."""
        return await asyncio.get_running_loop().run_in_executor(self.catalogue_thread, lambda: work(self.catalogue))
