"""Opening, creating and owning a catalogue (D1, D8, D9)."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from support.catalogue_rows import ALIA, INSTITUTION, URL, new_catalogue

from camera_gateway.catalogue import audit_log, installation, registry
from camera_gateway.catalogue.opening import Catalogue
from camera_gateway.clock import HeldClock
from camera_gateway.domain.people import SYSTEM
from camera_gateway.errors import InvalidInput, NotFound, Refused, Unavailable

if TYPE_CHECKING:
    from pathlib import Path


def test_a_new_catalogue_keeps_its_identity_when_it_is_opened_again(tmp_path: Path) -> None:
    with Catalogue.create(URL, tmp_path / "data", HeldClock()) as created:
        identity = created.identity
    with Catalogue.open(URL, tmp_path / "data", HeldClock()) as opened:
        assert opened.identity == identity
        assert len(identity) == 36


def test_creating_over_a_catalogue_is_refused_and_leaves_it_alone(tmp_path: Path) -> None:
    with Catalogue.create(URL, tmp_path, HeldClock()) as created:
        identity = created.identity
    with pytest.raises(Refused, match="holds a catalogue already"):
        Catalogue.create(URL, tmp_path, HeldClock())
    with Catalogue.open(URL, tmp_path, HeldClock()) as opened:
        assert opened.identity == identity


def test_a_creation_that_was_cut_short_can_be_repeated(tmp_path: Path) -> None:
    (tmp_path / "catalogue.sqlite").touch(mode=0o600)
    with pytest.raises(Unavailable, match="schema is old"):
        Catalogue.open(URL, tmp_path, HeldClock())
    with Catalogue.create(URL, tmp_path, HeldClock()) as created:
        assert created.identity


def test_a_missing_catalogue_says_to_run_init(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as caught:
        Catalogue.open(URL, tmp_path, HeldClock())
    assert "init" in caught.value.hint


def test_a_second_process_is_refused_while_the_first_lives(tmp_path: Path) -> None:
    holder = (
        "import sys; from pathlib import Path; from camera_gateway.clock import SystemClock;"
        "from camera_gateway.catalogue.opening import Catalogue;"
        f"c = Catalogue.create({URL!r}, Path(sys.argv[1]), SystemClock()); print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holder, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"open\n"
        with pytest.raises(Refused, match="another process owns the catalogue"):
            Catalogue.open(URL, tmp_path, HeldClock())
        child.kill()  # the lock dies with the process: nothing is left to clear away
        child.wait()
        with Catalogue.open(URL, tmp_path, HeldClock()) as opened:
            assert opened.quick_check() is None


def test_the_lock_is_free_again_after_a_failed_opening(tmp_path: Path) -> None:
    (tmp_path / "catalogue.sqlite").write_bytes(b"this is no database, by any reading of the word" * 200)
    for _ in range(2):
        with pytest.raises(Unavailable, match="not a database"):
            Catalogue.open(URL, tmp_path, HeldClock())


@pytest.mark.parametrize(
    "url", ["postgresql+psycopg://u:hidden-pw@h/db", "sqlite://", "sqlite:///:memory:", "nonsense"]
)
def test_what_is_no_file_of_sqlite_is_invalid_and_its_password_is_not_told(tmp_path: Path, url: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Catalogue.open(url, tmp_path, HeldClock())
    assert "hidden-pw" not in str(caught.value.as_dict())


def test_only_the_owner_may_read_the_database_and_its_log(tmp_path: Path) -> None:
    old = os.umask(0o022)
    try:
        with new_catalogue(tmp_path / "data", HeldClock(), "cam"):
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "data").iterdir()}
    finally:
        os.umask(old)
    assert modes["catalogue.sqlite"] == modes["catalogue.sqlite-wal"] == modes["catalogue.lock"] == 0o600
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_the_writer_and_the_readers_have_the_pragmas_of_d9(tmp_path: Path) -> None:
    with new_catalogue(tmp_path, HeldClock()) as catalogue:
        with catalogue.write(SYSTEM) as tx:
            found = {
                name: tx.connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
                for name in ("journal_mode", "synchronous", "foreign_keys", "wal_autocheckpoint", "mmap_size")
            }
        assert found == {
            "journal_mode": "wal",
            "synchronous": 2,
            "foreign_keys": 1,
            "wal_autocheckpoint": 1000,
            "mmap_size": 0,
        }
        with catalogue.read() as tx:
            assert tx.connection.exec_driver_sql("PRAGMA wal_autocheckpoint").scalar_one() == 0
            assert tx.connection.exec_driver_sql("PRAGMA mmap_size").scalar_one() == 0


def test_a_change_inside_a_reading_fails(tmp_path: Path) -> None:
    with new_catalogue(tmp_path, HeldClock()) as catalogue:
        with pytest.raises(Unavailable, match="readonly"), catalogue.read() as tx:
            installation.grow(tx)
        with pytest.raises(RuntimeError, match="write transaction"), catalogue.read() as tx:
            tx.audit("test", "nothing")


def test_an_exception_rolls_back_change_and_audit_row_together(tmp_path: Path) -> None:
    clock = HeldClock()
    with Catalogue.create(URL, tmp_path, clock) as catalogue:

        def add_twice() -> None:
            with catalogue.write(ALIA) as tx:
                registry.add_institution(tx, INSTITUTION)
                registry.add_institution(tx, INSTITUTION)

        with pytest.raises(InvalidInput, match="exists already"):
            add_twice()
        with catalogue.read() as tx:
            assert registry.list_institutions(tx) == []
            assert audit_log.head(tx)[0] == 1
            assert registry.generation(tx) == 0
        with catalogue.write(ALIA) as tx:
            registry.add_institution(tx, INSTITUTION)


def test_a_nested_writer_is_an_error_of_the_caller(tmp_path: Path) -> None:
    with new_catalogue(tmp_path, HeldClock()) as catalogue:
        with catalogue.write(SYSTEM), pytest.raises(RuntimeError, match="one writer"), catalogue.write(SYSTEM):
            pass
        with catalogue.write(SYSTEM) as tx:
            installation.grow(tx)


def test_another_thread_than_the_opening_one_may_use_it(tmp_path: Path) -> None:
    seen: list[object] = []
    with new_catalogue(tmp_path, HeldClock(), "cam") as catalogue:

        def work() -> None:
            with catalogue.write(ALIA) as tx:
                tx.audit("test.thread", "nothing")
            with catalogue.read() as tx:
                seen.extend(registry.list_cameras(tx))

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert len(seen) == 1


def test_a_reading_sees_one_state_while_another_transaction_commits(tmp_path: Path) -> None:
    with new_catalogue(tmp_path, HeldClock()) as catalogue, catalogue.read() as before:
        first = registry.generation(before)
        with catalogue.write(SYSTEM) as tx:
            installation.grow(tx)
        assert registry.generation(before) == first
        with catalogue.read() as after:
            assert registry.generation(after) == first + 1


def test_closing_leaves_one_whole_file_without_a_write_ahead_log(tmp_path: Path) -> None:
    catalogue = new_catalogue(tmp_path, HeldClock(), "cam")
    with catalogue.read() as tx:
        registry.list_cameras(tx)
    catalogue.close()
    catalogue.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["catalogue.lock", "catalogue.sqlite"]


def test_an_error_of_the_database_does_not_show_the_values_of_a_row(tmp_path: Path) -> None:
    with new_catalogue(tmp_path, HeldClock(), "cam") as catalogue:
        with pytest.raises(Exception, match="UNIQUE") as caught, catalogue.write(SYSTEM) as tx:
            tx.connection.exec_driver_sql(
                "INSERT INTO devices (id, camera, host, port, path, password_sealed, from_us)"
                " VALUES (?, 'cam', 'h', 1, '/', ?, 1)",
                ("cam-device-1", "sealed-secret"),
            )
        assert "sealed-secret" not in str(caught.value)


def test_the_quick_check_names_a_damaged_audit_row(tmp_path: Path) -> None:
    with new_catalogue(tmp_path, HeldClock(), "cam") as catalogue:
        assert catalogue.quick_check() is None
    raw = sqlite3.connect(tmp_path / "catalogue.sqlite")
    raw.execute("DROP TRIGGER audit_refuses_update")
    raw.execute("UPDATE audit SET actor = 'shell:nobody' WHERE number = 2")
    raw.commit()
    raw.close()
    with Catalogue.open(URL, tmp_path, HeldClock()) as catalogue:
        assert catalogue.quick_check() == "audit chain: broken at row 2"


def test_the_spool_that_belongs_to_the_catalogue_is_remembered_and_its_number_never_falls(tmp_path: Path) -> None:
    with new_catalogue(tmp_path, HeldClock()) as catalogue, catalogue.write(SYSTEM) as tx:
        assert installation.known_spool(tx) == installation.KnownSpool(None, 0)
        installation.remember_spool(tx, "u1", 3)
        installation.remember_spool(tx, "u1", 2)
        assert installation.known_spool(tx) == installation.KnownSpool("u1", 3)
        installation.remember_spool(tx, "u2", 1)
        assert installation.known_spool(tx) == installation.KnownSpool("u2", 1)
