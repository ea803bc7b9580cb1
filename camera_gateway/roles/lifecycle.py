"""From a command to a running role: init, run, demo, record, serve, migrate.

Promises that a data directory in use is neither initialised again nor run twice.
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

from camera_gateway.access.links import address_of_link, make_link
from camera_gateway.catalogue.migrating import migrate as migrate_catalogue
from camera_gateway.catalogue.opening import Catalogue
from camera_gateway.clock import Clock, SystemClock, rfc3339
from camera_gateway.domain.people import Actor
from camera_gateway.errors import Refused, Unavailable
from camera_gateway.evidence.signing import PRIVATE_NAME, SigningKey
from camera_gateway.logs import set_up_logs
from camera_gateway.roles import demo
from camera_gateway.roles.loading import Loaded, load_settings
from camera_gateway.roles.local import shell_user
from camera_gateway.roles.opening import credentials_key
from camera_gateway.roles.run import recorder_command, run_all
from camera_gateway.roles.watching import Watch
from camera_gateway.settings.vault import Vault
from storage.files import RealFiles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

RUN_LOCK = "run.lock"
FIRST_CONFIG = """\
# Settings of this installation. All of them, with their reasons: docs/reference/settings.md
[site]
data_dir = "."
"""


def initialise(config: Path | None, data_dir: Path | None, clock: Clock, *, first_link: bool = False) -> dict[str, Any]:
    """Make keys and catalogue; `Refused` for a directory in use. Returns what was made.

    With `first_link` there is a sign-in link for the first administrator among it: shown now, and never again.
    """
    if config is None and data_dir is not None:
        if data_dir.exists() and (not data_dir.is_dir() or any(data_dir.iterdir())):
            raise Refused(f"{data_dir} is in use", hint="choose another --data-dir, or an empty one")
        config = data_dir / "gateway.toml"
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        config.write_text(FIRST_CONFIG, encoding="utf-8")
    loaded = load_settings(config)
    if data_dir is not None and loaded.settings.site.data_dir.resolve() != data_dir.resolve():
        raise Refused(
            f"the settings name another data directory: {loaded.settings.site.data_dir}",
            hint="leave out --data-dir, or change [site] data_dir",
        )
    return _initialise(loaded, clock, first_link=first_link)


def _initialise(loaded: Loaded, clock: Clock, *, first_link: bool = False) -> dict[str, Any]:
    directory = loaded.settings.site.data_dir
    key = credentials_key(directory)
    if key.exists():
        raise Refused(f"{directory} is in use", hint="choose another --data-dir")
    try:
        for folder in (directory, directory / "keys", directory / "status", directory / "logs"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(
            f"{directory} cannot be made: {error.strerror}",
            hint="run: camera-gateway init --data-dir DIR, then start with --config DIR/gateway.toml",
        ) from error
    catalogue = Catalogue.create(loaded.settings.catalogue.url, directory, clock)
    identity = catalogue.identity
    way_in = _first_link(loaded, catalogue) if first_link else {}
    catalogue.close()
    Vault.create(key)
    seal_key = SigningKey.create(directory / "keys")
    return {
        "data_dir": str(directory),
        "config": None if loaded.file is None else str(loaded.file),
        "catalogue": identity,
        "credentials_key": str(key),
        "seal_key": str(directory / "keys" / PRIVATE_NAME),
        "seal_key_fingerprint": seal_key.public.fingerprint,
        **way_in,
    }


def _first_link(loaded: Loaded, catalogue: Catalogue) -> dict[str, str]:
    with catalogue.write(Actor("shell", shell_user())) as tx:
        link, secret = make_link(tx, None, loaded.settings.access.link_us)
    return {
        "sign_in_token": secret,
        "sign_in_link": address_of_link(loaded.settings, secret),
        "sign_in_until": rfc3339(link.expires_us),
    }


@contextmanager
def _running(loaded: Loaded, clock: Clock) -> Iterator[None]:
    """Own the data directory as the one `run` for the length of a block; initialise it at the first start.

    A second `run` would take the first one's store for a survivor of its own and stop it at its end. `Refused`.
    """
    directory = loaded.settings.site.data_dir
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        lock = RealFiles().lock(directory / RUN_LOCK)
    except BlockingIOError as error:
        raise Refused(
            f"another run uses {directory}", hint="stop it first, or choose another data directory"
        ) from error
    try:
        if not credentials_key(directory).exists():
            _initialise(loaded, clock)
        yield
    finally:
        os.close(lock)


def run(config: Path | None, say: Callable[[str], None], *, port: int | None, seconds: float | None) -> int:
    """Run everything for real."""
    clock = SystemClock()
    loaded = load_settings(config)
    with _running(loaded, clock):
        set_up_logs(site=loaded.settings.site.id, role="run")
        watch = Watch(loaded, clock, say, port)
        asyncio.run(run_all(loaded, clock, port=port, watch=watch.follow, seconds=seconds))
    return 0


def run_demo(say: Callable[[str], None], *, port: int | None, cameras: int, seconds: float | None) -> int:
    """Run the demonstration."""
    clock = SystemClock()
    directory = demo.demo_directory()
    loaded = load_settings(demo.write_config(directory))
    with _running(loaded, clock):
        log_dir = loaded.settings.site.data_dir / "logs"
        set_up_logs(log_dir / "run.log", site=loaded.settings.site.id, role="run")
        say(f"demo: {cameras} simulated cameras, one of them faulty; everything is under {directory}")
        say(f"look into it: camera-gateway --config {loaded.file} camera list")
        child = demo.prepare(loaded, directory, cameras)
        watch = Watch(loaded, clock, say, port, people=demo.PEOPLE)
        running = run_all(loaded, clock, port=port, extra=[child], watch=watch.follow, seconds=seconds, log_dir=log_dir)
        asyncio.run(running)
    return 0


def record(loaded: Loaded) -> NoReturn:
    """Become the recorder: a program of its own, which loads no database, no cloud client, no HTTP."""
    os.execv(sys.executable, recorder_command(loaded.file))  # noqa: S606 - our own module


def serve(loaded: Loaded) -> int:
    """Run everything but the recorder."""
    from camera_gateway.roles.serve import run_serve  # noqa: PLC0415 - the recorder must not load the service

    set_up_logs(site=loaded.settings.site.id, role="serve")
    asyncio.run(run_serve(loaded, SystemClock()))
    return 0


def migrate(loaded: Loaded) -> dict[str, Any]:
    """Bring the catalogue's schema up to this version."""
    settings = loaded.settings
    done = migrate_catalogue(settings.catalogue.url, settings.site.data_dir, SystemClock())
    return {
        "from": done.before,
        "to": done.after,
        "backup": None if done.backup is None else str(done.backup),
    }
