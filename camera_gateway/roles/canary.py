"""What the store has been seen to enforce, asked at the start and then each hour (invariant R4).

Until the canary has sung, nothing is believed: uploads are read back in full, and no footage counts as locked.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

import structlog

from camera_gateway.timetable import Bell, first_of
from storage.errors import StoreError
from storage.s3_lock import Property, canary

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from camera_gateway.clock import Clock
    from camera_gateway.metrics import Metrics
    from camera_gateway.supervision import Stop
    from storage.blobs import BlobStore

AGAIN_S = 5.0
LOCK_PROPERTIES = ("versioning", "object-lock", "lock-delete-refused", "lock-shorten-refused")


class StoreTrust:
    """The latest word of the canary; the uploader's `StoreProofs`."""

    def __init__(self) -> None:
        self.properties: tuple[Property, ...] = ()
        self.unreachable = "not asked yet"

    def proven(self, name: str) -> bool:
        """Whether a property was seen to hold."""
        return any(p.name == name and p.state == "proven" for p in self.properties)

    @property
    def checksum_on_head(self) -> bool:
        """Whether HEAD's checksum is the store's own and a wrong one is refused."""
        return self.proven("checksum-on-head") and self.proven("checksum-enforced")

    @property
    def lock_proven(self) -> bool:
        """Whether the store was seen to refuse what a lock forbids."""
        return all(self.proven(name) for name in LOCK_PROPERTIES)


async def run_canary(
    trust: StoreTrust,
    store: BlobStore,
    *,
    clock: Clock,
    threads: Executor,
    metrics: Metrics,
    bell: Bell,
    stop: Stop,
) -> None:
    """Ask at once, then at each ring; while the store cannot be asked, each few seconds."""
    log = structlog.get_logger("canary")
    loop = asyncio.get_running_loop()
    while not stop.requested:
        try:
            found = await loop.run_in_executor(threads, partial(canary, store, clock.now_us))
        except StoreError as error:
            if not trust.unreachable:
                log.warning("store cannot be asked", reason=str(error))
            trust.unreachable = str(error)
            await stop.within(AGAIN_S)
            continue
        trust.properties, trust.unreachable = tuple(found), ""
        for item in found:
            metrics.store_canary_ok.labels(item.name).set(1 if item.state == "proven" else 0)
        log.info("store asked", lacking=[p.name for p in found if p.state != "proven"])
        await first_of(bell.heard(), stop.wait())
