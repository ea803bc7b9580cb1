"""How SQLite is opened: file, pragmas, and the difference between the one writer and the readers.

Promises invariant D9: WAL, `synchronous=FULL`, no memory map; readers are `mode=ro` and never checkpoint. Knows
no table. PostgreSQL gets a module of its own beside this one.
"""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING
from urllib.parse import quote

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool, QueuePool

from camera_gateway.errors import InvalidInput
from storage.files import exclusive_create

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy import Connection

_BUSY_TIMEOUT_MS = 5_000
_READERS = 4


def database_path(url: str, data_dir: Path) -> Path:
    """Return the file behind a `sqlite:///…` URL; a relative one lies in the data directory.

    Raises `InvalidInput` for anything else, without echoing the URL: it may hold a password.
    """
    hint = "write sqlite:///catalogue.sqlite in [catalogue] url"
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise InvalidInput("[catalogue] url is not a database URL", hint=hint) from error
    if parsed.get_backend_name() != "sqlite":
        raise InvalidInput(f"[catalogue] url: {parsed.get_backend_name()} is not supported by this version", hint=hint)
    if not parsed.database or parsed.database == ":memory:":
        raise InvalidInput("[catalogue] url names no file", hint=hint)
    return data_dir / parsed.database


def create_file(path: Path) -> None:
    """Create the empty database, readable by its owner only; SQLite gives its WAL the same mode."""
    exclusive_create(path, b"")


def writer_engine(path: Path) -> Engine:
    """Return the engine of the only connection that writes and checkpoints."""

    def connect() -> sqlite3.Connection:
        return _connect(path, "rw", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")

    return _engine(connect, "BEGIN IMMEDIATE", reading=False)


def reader_engine(path: Path) -> Engine:
    """Return the engine of read-only connections; each transaction sees one consistent state."""

    def connect() -> sqlite3.Connection:
        return _connect(path, "ro", "wal_autocheckpoint=0")

    return _engine(connect, "BEGIN", reading=True)


def copy_database(source: Path, target: Path) -> None:
    """Copy a database, also one that is in use, through SQLite's backup interface.

    The copy is 0600, durable after the caller has synced its directory.
    """
    create_file(target)
    with (
        contextlib.closing(_connect(source, "ro")) as old,
        contextlib.closing(_connect(target, "rw", "synchronous=FULL")) as new,
    ):
        old.backup(new)


def _connect(path: Path, mode: str, *pragmas: str) -> sqlite3.Connection:
    address = f"file:{quote(str(path.absolute()))}?mode={mode}"
    # one thread at a time uses a connection, but not always the one that opened it
    connection = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)
    try:
        for pragma in (f"busy_timeout={_BUSY_TIMEOUT_MS}", "mmap_size=0", *pragmas):
            connection.execute(f"PRAGMA {pragma}")
    except sqlite3.Error:  # not a database, a damaged one, a disk that fails
        connection.close()
        raise
    return connection


def _engine(connect: Callable[[], sqlite3.Connection], begin: str, *, reading: bool) -> Engine:
    # hide_parameters: an error message never carries values of a row (S4)
    if reading:
        engine = create_engine(
            "sqlite://", creator=connect, poolclass=QueuePool, pool_size=_READERS, hide_parameters=True
        )
    else:
        engine = create_engine("sqlite://", creator=connect, poolclass=NullPool, hide_parameters=True)

    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "begin", on_begin)
    return engine
