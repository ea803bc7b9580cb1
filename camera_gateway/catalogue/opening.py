"""The catalogue as a thing that is open: one writer, transactions, identity.

Promises: exactly one process has a catalogue open (flock), one transaction writes at a time, each is committed
durably or rolled back whole (D1, D9), and `Transaction.audit` writes into the same transaction as the change (S3).
Knows no table but the installation's row; questions and changes are functions of a `Transaction`.
"""

from __future__ import annotations

import threading
import uuid
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import insert, select

from camera_gateway.catalogue import audit_log, migrating, sqlite
from camera_gateway.catalogue.lock import take_lock
from camera_gateway.catalogue.tables import REVISION, installation
from camera_gateway.catalogue.troubles import translated
from camera_gateway.domain.people import SYSTEM
from camera_gateway.errors import NotFound, Refused, Unavailable
from storage.files import fsync_directory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    from sqlalchemy import Connection, Engine

    from camera_gateway.clock import Clock
    from camera_gateway.domain.people import Actor


@dataclass(frozen=True, slots=True)
class Transaction:
    """One read or write transaction. Valid inside its `with` block and in one thread at a time."""

    connection: Connection
    clock: Clock
    actor: Actor
    writing: bool

    def audit(self, action: str, object_: str, **details: Any) -> None:  # noqa: ANN401 - any JSON value
        """Write who did what to what, chained, in this transaction. Never pass a secret."""
        self.audit_as(self.actor, action, object_, **details)

    def audit_as(self, actor: Actor, action: str, object_: str, **details: Any) -> None:  # noqa: ANN401 - any JSON
        """Write an audit row for an act that is not the asker's own, for example the system's."""
        if not self.writing:
            msg = "an audit row needs a write transaction"
            raise RuntimeError(msg)
        audit_log.append(self.connection, self.clock.now_us(), str(actor), action, object_, details)


class Catalogue:
    """An open catalogue. `write` and `read` may be called from any thread, writers one at a time."""

    def __init__(self, held: ExitStack, writer: Engine, reader: Engine, clock: Clock) -> None:
        """Use `open` or `create`."""
        self._held = held
        self._reader = reader
        self._clock = clock
        self._turn = threading.Lock()
        held.callback(writer.dispose)
        self._writer = held.enter_context(writer.connect())
        held.callback(reader.dispose)  # before the writer: the last to close checkpoints, and a reader may not
        self.identity = self._read_identity()

    @classmethod
    def open(cls, url: str, data_dir: Path, clock: Clock) -> Catalogue:
        """Open an existing catalogue for writing.

        Raises `NotFound` when there is none, `Refused` while another process has it open, `Unavailable` when its
        schema is not this version's or the file cannot be used.
        """
        path = sqlite.database_path(url, data_dir)
        if not path.exists():
            raise NotFound(f"no catalogue in {path.parent}", hint="run: camera-gateway init")
        with ExitStack() as held:
            take_lock(data_dir, held)
            writer = sqlite.writer_engine(path)
            with translated("open"):
                migrating.demand(writer, REVISION)
                catalogue = cls(held, writer, sqlite.reader_engine(path), clock)
            catalogue._held = held.pop_all()
            return catalogue

    @classmethod
    def create(cls, url: str, data_dir: Path, clock: Clock) -> Catalogue:
        """Make data directory, database, schema and identity, and open the result. `Refused` when there is one."""
        path = sqlite.database_path(url, data_dir)
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        with ExitStack() as held:
            take_lock(data_dir, held)
            if not path.exists():
                sqlite.create_file(path)
            writer = sqlite.writer_engine(path)
            with translated("create"):
                if migrating.revision_of(writer) != REVISION:  # it is when an earlier creation was cut short after it
                    migrating.upgrade(writer)
                with writer.begin() as connection:
                    if connection.execute(select(installation.c.id)).first() is not None:
                        raise Refused(f"{path.parent} holds a catalogue already", hint="choose another --data-dir")
                    identity = str(uuid.uuid4())
                    now_us = clock.now_us()
                    values = {"id": 1, "uuid": identity, "created_us": now_us, "generation": 0, "spool_open_number": 0}
                    connection.execute(insert(installation), values)
                    audit_log.append(connection, now_us, str(SYSTEM), "catalogue.create", identity, {})
                writer.dispose()
                fsync_directory(data_dir)
                catalogue = cls(held, writer, sqlite.reader_engine(path), clock)
            catalogue._held = held.pop_all()
            return catalogue

    @contextmanager
    def write(self, actor: Actor) -> Iterator[Transaction]:
        """Run a block as one durable transaction: committed at its end, rolled back by any exception.

        A second writer, also a nested one, is a `RuntimeError`: the caller has broken the rule of one writer.
        """
        if not self._turn.acquire(blocking=False):
            msg = "a write transaction is open already: the catalogue has one writer"
            raise RuntimeError(msg)
        try:
            with translated("write"), self._writer.begin():
                yield Transaction(self._writer, self._clock, actor, writing=True)
        finally:
            self._turn.release()

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """Run a block on one consistent state of the catalogue; changes made in it fail."""
        with translated("read"), self._reader.connect() as connection, connection.begin():
            yield Transaction(connection, self._clock, SYSTEM, writing=False)

    def quick_check(self) -> str | None:
        """Return what is wrong with the file's pages, its references or the audit chain; None: nothing."""
        with self.read() as tx:
            pages = tx.connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
            if pages != "ok":
                return f"pages: {pages}"
            stray = tx.connection.exec_driver_sql("PRAGMA foreign_key_check").first()
            if stray is not None:
                return f"references: a row of {stray[0]} names a missing row of {stray[2]}"
            broken = audit_log.verify(tx)
            return None if broken is None else f"audit chain: broken at row {broken}"

    def close(self) -> None:
        """Give connections and lock back. Harmless to repeat."""
        self._held.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read_identity(self) -> str:
        with self._writer.begin():
            found = self._writer.execute(select(installation.c.uuid)).scalar_one_or_none()
        if found is None:
            raise Unavailable("the catalogue has no identity: its creation was cut short", hint="run init again")
        return str(found)
