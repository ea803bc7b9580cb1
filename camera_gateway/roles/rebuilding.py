"""`rebuild`: an installation whose catalogue is lost gets it back from its bucket.

Promises that nobody else has the catalogue meanwhile, that keys and spool which are still there stay in use, and that
what the store enforces is proven before anything is called locked.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from camera_gateway.catalogue.opening import Catalogue
from camera_gateway.catalogue.rebuild import adopt_identity, demand_empty
from camera_gateway.catalogue.sqlite import database_path
from camera_gateway.domain.people import Actor
from camera_gateway.errors import Unavailable
from camera_gateway.evidence.rebuilding import Rebuilder
from camera_gateway.evidence.signing import known_keys
from camera_gateway.roles.canary import LOCK_PROPERTIES
from camera_gateway.roles.local import shell_user
from camera_gateway.roles.opening import credentials_key
from camera_gateway.roles.stores import open_configured
from camera_gateway.settings.vault import Vault
from storage.errors import SpoolError, StoreError
from storage.files import RealFiles
from storage.s3_lock import canary
from storage.spool_entries import DATA
from storage.spool_marker import Marker, read_marker

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from camera_gateway.clock import Clock
    from camera_gateway.evidence.rebuilding import Rebuilt
    from camera_gateway.roles.loading import Loaded
    from storage.blobs import BlobStore


def rebuild(loaded: Loaded, clock: Clock, progress: Callable[[str, int], None]) -> dict[str, Any]:
    """Rebuild the catalogue from the configured bucket, and say what was found.

    `Refused` when a catalogue with segments is there or in use, `Unavailable` when store or spool cannot be read.
    """
    settings = loaded.settings
    with ExitStack() as held:
        opened = open_configured(settings, clock, lambda _observation: None)
        held.callback(opened.close)
        try:
            is_proven = _lock_proven(opened.store, clock)
            catalogue = held.enter_context(_catalogue(loaded, clock))
            worker = Rebuilder(
                opened.store,
                time_zone=settings.site.time_zone,
                lock_proven=is_proven,
                keys=known_keys(settings.site.data_dir / "keys"),
                spooled=_Spooled(settings.site.data_dir / "spool"),
                progress=progress,
            )
            with catalogue.write(Actor("shell", shell_user())) as tx:
                found = worker.run(tx)
        except StoreError as error:
            raise Unavailable(
                f"the bucket cannot be read ({error.code}): nothing was rebuilt", hint="see: camera-gateway doctor"
            ) from error
        return _report(found, catalogue.identity)


def _catalogue(loaded: Loaded, clock: Clock) -> Catalogue:
    """Open an empty catalogue, made where there is none, under the identity that the spool knows."""
    url, data_dir = loaded.settings.catalogue.url, loaded.settings.site.data_dir
    for folder in (data_dir, data_dir / "keys", data_dir / "status", data_dir / "logs"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not credentials_key(data_dir).exists():
        Vault.create(credentials_key(data_dir))
    exists = database_path(url, data_dir).exists()
    catalogue = Catalogue.open(url, data_dir, clock) if exists else Catalogue.create(url, data_dir, clock)
    marker = _marker(data_dir / "spool")
    try:
        with catalogue.read() as tx:
            demand_empty(tx)
        if marker is None or marker.owner == catalogue.identity:
            return catalogue
        with catalogue.write(Actor("shell", shell_user())) as tx:
            adopt_identity(tx, marker.owner)
    except BaseException:
        catalogue.close()
        raise
    catalogue.close()
    return Catalogue.open(url, data_dir, clock)


def _marker(spool: Path) -> Marker | None:
    try:
        return read_marker(RealFiles(), spool)
    except (SpoolError, OSError) as error:
        raise Unavailable(f"the spool in {spool} cannot be used: {error}", hint="check the disk") from error


class _Spooled:
    """Knows which segments have a copy in the spool."""

    def __init__(self, spool: Path) -> None:
        self._paths = {f"{path.parent.name}/{path.name}" for path in spool.glob(f"[a-z0-9]*/*{DATA}")}

    def __call__(self, camera: str, segment: str) -> str | None:
        path = f"{camera}/{segment}{DATA}"
        return path if path in self._paths else None


def _lock_proven(store: BlobStore, clock: Clock) -> bool:
    states = {found.name: found.state for found in canary(store, clock.now_us)}
    return all(states.get(name) == "proven" for name in LOCK_PROPERTIES)


def _report(found: Rebuilt, identity: str) -> dict[str, Any]:
    values = asdict(found)
    return {"ok": not found.findings, "catalogue": identity, **values}
