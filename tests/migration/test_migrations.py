"""Schema versions: the migrations build what the tables say; an upgrade is whole, backed up and repeatable."""

from __future__ import annotations

import importlib
import pkgutil
import sqlite3
import stat
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect
from support.catalogue_rows import ALIA, URL, new_catalogue, sidecar_value

from camera_gateway import catalogue
from camera_gateway.catalogue import migrating, segments, sqlite
from camera_gateway.catalogue.opening import Catalogue
from camera_gateway.catalogue.tables import REVISION, metadata
from camera_gateway.clock import HeldClock
from camera_gateway.domain.footage import CameraSigned
from camera_gateway.errors import NotFound, Refused, Unavailable

if TYPE_CHECKING:
    from pathlib import Path

NAME = "catalogue.sqlite"

# parts of `tables`, whoever has imported them so far
for part in pkgutil.iter_modules(catalogue.__path__):
    if part.name.endswith("_tables"):
        importlib.import_module(f"{catalogue.__name__}.{part.name}")


def execute(path: Path, *statements: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        rows: list[tuple[object, ...]] = []
        for statement in statements:
            rows = connection.execute(statement).fetchall()
        connection.commit()
        return rows


def old_catalogue(directory: Path) -> Path:
    """Make a database from before the first migration, with something of somebody's in it."""
    path = directory / NAME
    sqlite.create_file(path)
    execute(path, "CREATE TABLE keepsake (word TEXT)", "INSERT INTO keepsake VALUES ('precious')")
    return path


def test_the_migrations_build_exactly_the_tables_that_the_code_speaks_of(tmp_path: Path) -> None:
    new_catalogue(tmp_path, HeldClock()).close()
    engine = create_engine(f"sqlite:///{tmp_path / NAME}")
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
        conditions = {
            index["name"]: str(index["dialect_options"]["sqlite_where"])
            for table in metadata.tables
            for index in inspect(connection).get_indexes(table)
            if "sqlite_where" in index.get("dialect_options", {})
        }
    engine.dispose()
    assert differences == []
    # the comparison above does not look at the conditions of partial indexes
    assert conditions == {
        index.name: str(index.dialect_options["sqlite"]["where"])
        for table in metadata.tables.values()
        for index in table.indexes
        if index.dialect_options["sqlite"]["where"] is not None
    }
    assert len(conditions) == 12


def test_the_code_demands_the_newest_migration(tmp_path: Path) -> None:
    scripts = ScriptDirectory.from_config(migrating.config_of_migrations())
    assert scripts.get_current_head() == REVISION


def test_an_old_schema_is_not_opened_and_says_to_migrate(tmp_path: Path) -> None:
    old_catalogue(tmp_path)
    with pytest.raises(Unavailable, match="schema is old") as caught:
        Catalogue.open(URL, tmp_path, HeldClock())
    assert caught.value.hint == "run: camera-gateway migrate"
    assert execute(tmp_path / NAME, "SELECT name FROM sqlite_master") == [("keepsake",)]


def test_migrating_makes_a_backup_first_and_keeps_what_was_there(tmp_path: Path) -> None:
    path = old_catalogue(tmp_path)
    done = migrating.migrate(URL, tmp_path, HeldClock(1_234))
    assert (done.before, done.after) == (None, REVISION)
    assert done.backup == tmp_path / f"{NAME}.before-{REVISION}-1234"
    assert stat.S_IMODE(done.backup.stat().st_mode) == 0o600
    assert execute(done.backup, "SELECT name FROM sqlite_master") == [("keepsake",)]
    assert execute(done.backup, "SELECT word FROM keepsake") == [("precious",)]
    assert execute(path, "SELECT word FROM keepsake") == [("precious",)]
    assert execute(path, "SELECT version_num FROM alembic_version") == [(REVISION,)]


def test_the_backup_holds_what_is_still_in_the_write_ahead_log(tmp_path: Path) -> None:
    path = old_catalogue(tmp_path)
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("INSERT INTO keepsake VALUES ('in the log')")
        writer.commit()
        assert (tmp_path / f"{NAME}-wal").stat().st_size > 0
        sqlite.copy_database(path, tmp_path / "copy")
    assert execute(tmp_path / "copy", "SELECT count(*) FROM keepsake") == [(2,)]


def test_migrating_again_does_nothing_and_makes_no_backup(tmp_path: Path) -> None:
    new_catalogue(tmp_path, HeldClock(), "hall").close()
    done = migrating.migrate(URL, tmp_path, HeldClock())
    assert done == migrating.Migration(REVISION, REVISION, None)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["catalogue.lock", NAME]


def test_an_upgrade_that_fails_half_way_leaves_the_old_schema(tmp_path: Path) -> None:
    path = old_catalogue(tmp_path)
    execute(path, "CREATE TABLE gaps (mine TEXT)")  # stands in the way after six tables have been made
    with pytest.raises(Unavailable, match="gaps already exists"):
        migrating.migrate(URL, tmp_path, HeldClock())
    assert {row[0] for row in execute(path, "SELECT name FROM sqlite_master")} == {"keepsake", "gaps"}
    execute(path, "DROP TABLE gaps")
    assert migrating.migrate(URL, tmp_path, HeldClock(5)).after == REVISION


def test_of_segments_from_before_it_stays_unknown_whether_they_are_signed(tmp_path: Path) -> None:
    value = sidecar_value("hall", 1)
    with new_catalogue(tmp_path, HeldClock(), "hall") as catalogue, catalogue.write(ALIA) as tx:
        segments.insert_spooled(tx, value, "hall/x.mp4")
    execute(
        tmp_path / NAME,
        "ALTER TABLE segments DROP COLUMN camera_signed",
        "UPDATE alembic_version SET version_num = '0009'",
    )
    assert migrating.migrate(URL, tmp_path, HeldClock()).before == "0009"
    with Catalogue.open(URL, tmp_path, HeldClock()) as catalogue, catalogue.read() as tx:
        assert segments.get_segment(tx, value.segment).sidecar == value
        assert value.camera_signed is CameraSigned.UNKNOWN


def test_a_schema_from_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    new_catalogue(tmp_path, HeldClock()).close()
    execute(tmp_path / NAME, "UPDATE alembic_version SET version_num = '9999'")
    for attempt in (migrating.migrate, Catalogue.open):
        with pytest.raises(Unavailable, match="newer than this program"):
            attempt(URL, tmp_path, HeldClock())
    assert not list(tmp_path.glob("*.before-*"))


def test_migrating_is_refused_while_the_catalogue_is_open_and_without_one(tmp_path: Path) -> None:
    with new_catalogue(tmp_path, HeldClock()) as catalogue:
        with pytest.raises(Refused, match="another process"):
            migrating.migrate(URL, tmp_path, HeldClock())
        with catalogue.write(ALIA) as tx:
            tx.audit("test", "still open")
    (tmp_path / "empty").mkdir()
    with pytest.raises(NotFound, match="no catalogue"):
        migrating.migrate(URL, tmp_path / "empty", HeldClock())


def test_without_a_backup_nothing_is_changed(tmp_path: Path) -> None:
    path = old_catalogue(tmp_path)
    (tmp_path / f"{NAME}.before-{REVISION}-77").touch()  # its name is taken
    with pytest.raises(Unavailable, match="cannot make the backup"):
        migrating.migrate(URL, tmp_path, HeldClock(77))
    assert execute(path, "SELECT name FROM sqlite_master") == [("keepsake",)]
