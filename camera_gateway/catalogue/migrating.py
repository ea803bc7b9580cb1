"""Schema versions: Alembic without an ini file, and the backup that is made before each upgrade.

Promises that an upgrade happens whole or not at all, on a copy kept beside the database.
"""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from camera_gateway.catalogue import sqlite
from camera_gateway.catalogue.lock import take_lock
from camera_gateway.catalogue.tables import REVISION
from camera_gateway.catalogue.troubles import translated
from camera_gateway.errors import NotFound, Unavailable
from storage.files import fsync_directory

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection, Engine

    from camera_gateway.clock import Clock


@dataclass(frozen=True, slots=True)
class Migration:
    """What `migrate` did; `before` equal to `after` and no backup: nothing was to do."""

    before: str | None
    after: str
    backup: Path | None


def migrate(url: str, data_dir: Path, clock: Clock) -> Migration:
    """Bring an existing catalogue to this version's schema, after a backup copy beside it.

    Raises `Refused` while another process has it open, `Unavailable` when it is from a newer version.
    """
    path = sqlite.database_path(url, data_dir)
    if not path.exists():
        raise NotFound(f"no catalogue in {path.parent}", hint="run: camera-gateway init")
    with ExitStack() as held:
        take_lock(data_dir, held)
        engine = sqlite.writer_engine(path)
        held.callback(engine.dispose)
        with translated("migrate"):
            return _migrate(engine, path, clock)


def _migrate(engine: Engine, path: Path, clock: Clock) -> Migration:
    before = revision_of(engine)
    if before == REVISION:
        return Migration(before, before, None)
    if before not in known_revisions():
        raise _newer(before)
    backup = path.with_name(f"{path.name}.before-{REVISION}-{clock.now_us()}")
    try:
        sqlite.copy_database(path, backup)
        fsync_directory(path.parent)
    except (sqlite3.Error, OSError) as error:
        raise Unavailable(
            f"cannot make the backup {backup}: {error}", hint="check the disk; nothing was changed"
        ) from error
    upgrade(engine)
    return Migration(before, REVISION, backup)


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Run the migrations up to `revision` in one transaction."""
    from alembic import command  # noqa: PLC0415 - 100 ms that only init and migrate need

    config = config_of_migrations()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def demand(engine: Engine, revision: str) -> None:
    """Raise `Unavailable` unless the schema is at `revision`."""
    found = revision_of(engine)
    if found == revision:
        return
    if found is None or found in known_revisions():
        raise Unavailable(
            f"the catalogue's schema is old ({found or 'none'}, needed {revision})", hint="run: camera-gateway migrate"
        )
    raise _newer(found)


def revision_of(engine: Engine) -> str | None:
    """Return the schema's revision, None when no migration has run."""
    with engine.connect() as connection:
        return _revision(connection)


def config_of_migrations() -> Config:
    """Return Alembic's configuration, made in memory."""
    from alembic.config import Config  # noqa: PLC0415 - see upgrade

    config = Config()
    location = Path(__file__).parent / "migrations"
    config.set_main_option("script_location", str(location).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def known_revisions() -> frozenset[str | None]:
    """Return every revision that this version can upgrade from, None (empty) included."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - see upgrade

    scripts = ScriptDirectory.from_config(config_of_migrations())
    return frozenset({None, *(script.revision for script in scripts.walk_revisions())})


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return None if found is None else str(found)


def _newer(found: str | None) -> Unavailable:
    return Unavailable(f"the catalogue's schema {found} is newer than this program", hint="install the newer version")
