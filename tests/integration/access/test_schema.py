"""An installation from before there were users gets their tables, and keeps what it had."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from support.catalogue_rows import URL

from camera_gateway.catalogue import audit_log, migrating, sqlite, users
from camera_gateway.catalogue.opening import Catalogue
from camera_gateway.clock import HeldClock
from camera_gateway.domain.people import SYSTEM, UserId

if TYPE_CHECKING:
    from pathlib import Path


def test_the_schema_of_before_is_migrated_and_its_audit_chain_goes_on(tmp_path: Path) -> None:
    path, clock = tmp_path / "catalogue.sqlite", HeldClock()
    sqlite.create_file(path)
    engine = sqlite.writer_engine(path)
    migrating.upgrade(engine, "0001")
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO installation VALUES (1, 'the-same', 5, 7, NULL, 0)")
        audit_log.append(connection, 5, str(SYSTEM), "catalogue.create", "the-same", {})
    engine.dispose()
    assert migrating.migrate(URL, tmp_path, clock).before == "0001"
    with Catalogue.open(URL, tmp_path, clock) as catalogue:
        with catalogue.write(SYSTEM) as tx:
            users.add_user(tx, UserId("alia"), "Алия")
        with catalogue.read() as tx:
            assert [row.action for row in audit_log.list_rows(tx)] == ["catalogue.create", "user.add"]
            assert audit_log.verify(tx) is None
        assert catalogue.identity == "the-same"


def test_the_tables_hold_each_token_and_each_grant_once(tmp_path: Path) -> None:
    Catalogue.create(URL, tmp_path, HeldClock()).close()
    token = "INSERT INTO tokens VALUES ('{}', 'alia', '', 'same-digest', 'all', 'x', 0, 1, NULL, NULL)"
    grant = "INSERT INTO grants VALUES ('alia', 'it', 'all', 0, NULL)"
    with closing(sqlite3.connect(tmp_path / "catalogue.sqlite")) as connection:
        connection.execute("INSERT INTO users (id, name, created_us) VALUES ('alia', 'Alia', 0)")
        connection.execute(token.format("t-1"))
        connection.execute(grant)
        for again in (token.format("t-2"), grant):
            try:
                connection.execute(again)
            except sqlite3.IntegrityError:
                continue
            raise AssertionError(again)
