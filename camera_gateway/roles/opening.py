"""What `serve` and a lone command open alike: vault, spool, and the gateway that verbs act on.

Promises that a foreign, stale or doubly mounted spool is refused (invariant D8).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from camera_gateway.access.door import Door
from camera_gateway.actions.gateway import Gateway
from camera_gateway.catalogue import installation
from camera_gateway.domain.people import SYSTEM
from camera_gateway.errors import Refused, Unavailable
from camera_gateway.retention.times import TwoClocks
from camera_gateway.settings.vault import Vault
from storage.errors import SpoolError, SpoolForeign
from storage.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor
    from pathlib import Path

    from camera_gateway.catalogue.opening import Catalogue
    from camera_gateway.clock import Clock
    from camera_gateway.domain.ids import SegmentId
    from camera_gateway.roles.loading import Loaded
    from storage.blobs import BlobStore

CREDENTIALS_KEY = "credentials.key"


def credentials_key(data_dir: Path) -> Path:
    """Return the file of the key that seals camera passwords."""
    return data_dir / "keys" / CREDENTIALS_KEY


def open_spool(directory: Path, catalogue: Catalogue, reserve_bytes: int) -> Spool:
    """Open the spool shared and hold it to what the catalogue remembers of it (invariant D8)."""
    with catalogue.read() as tx:
        known = installation.known_spool(tx)
    try:
        spool = Spool.open(
            directory,
            owner=catalogue.identity,
            exclusive=False,
            reserve_bytes=reserve_bytes,
            expect_uuid=known.uuid,
            at_least_open=known.open_number,
        )
    except SpoolForeign as error:
        raise Refused(
            f"the spool in {directory} is not this installation's: {error}", hint="mount the right disk; see doctor"
        ) from error
    except SpoolError as error:
        raise Unavailable(f"the spool in {directory} cannot be used: {error}", hint="check the disk") from error
    if known != installation.KnownSpool(spool.uuid, spool.open_number):
        with catalogue.write(SYSTEM) as tx:
            installation.remember_spool(tx, spool.uuid, spool.open_number)
    return spool


def gateway_of(
    loaded: Loaded,
    clock: Clock,
    catalogue: Catalogue,
    store: BlobStore,
    catalogue_thread: Executor,
    store_threads: Executor,
    registry_changed: Callable[[], None],
    uplink_bps: Callable[[], int | None] = lambda: None,
    uploading: Callable[[], frozenset[SegmentId]] = frozenset,
) -> Gateway:
    """Return the gateway that verbs act on; from now on the clock is watched."""
    settings = loaded.settings
    data_dir = settings.site.data_dir
    vault = Vault.load(credentials_key(data_dir))
    return Gateway(
        settings=settings,
        config_file=loaded.file,
        data_dir=data_dir,
        clock=clock,
        catalogue=catalogue,
        vault=vault,
        spool=open_spool(data_dir / "spool", catalogue, settings.spool.reserve_bytes),
        store=store,
        catalogue_thread=catalogue_thread,
        store_threads=store_threads,
        door=Door.build(vault, clock),
        registry_changed=registry_changed,
        uplink_bps=uplink_bps,
        uploading=uploading,
        clocks=TwoClocks(clock, store),
    )
