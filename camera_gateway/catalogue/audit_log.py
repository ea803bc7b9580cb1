"""The audit rows in the catalogue: append, list, verify, head.

Promises that rows are numbered without holes and chained (domain/audit), in the transaction of the change that they
tell of (S3). What a row may contain is the caller's duty: no secret, no picture.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select

from camera_gateway.catalogue.tables import audit
from camera_gateway.domain.audit import GENESIS, AuditRow, digest_of, first_break

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Row

    from camera_gateway.catalogue.opening import Transaction

_BATCH = 1_000


def append(
    connection: Connection, at_us: int, actor: str, action: str, object_: str, details: Mapping[str, Any]
) -> int:
    """Add a row and return its number. `details` must be JSON; anything else is a `TypeError`."""
    number, previous = _head(connection)
    number += 1
    text = json.dumps(details, sort_keys=True, ensure_ascii=False)
    # the digest is taken of what will be read back, so that a tuple or a number as key cannot break the chain
    digest = digest_of(number, at_us, actor, action, object_, json.loads(text), previous)
    connection.execute(
        insert(audit),
        {
            "number": number,
            "at_us": at_us,
            "actor": actor,
            "action": action,
            "object": object_,
            "details": text,
            "previous": previous,
            "digest": digest,
        },
    )
    return number


def list_rows(tx: Transaction, after: int = 0, limit: int = 100) -> list[AuditRow]:
    """Return up to `limit` rows with a number above `after`, in order."""
    query = select(audit).where(audit.c.number > after).order_by(audit.c.number).limit(limit)
    return [_row(found) for found in tx.connection.execute(query)]


def search(
    tx: Transaction,
    limit: int,
    *,
    from_us: int | None = None,
    to_us: int | None = None,
    actor: str | None = None,
    action: str | None = None,
    before: int | None = None,
) -> list[AuditRow]:
    """Return the newest `limit` rows that fit, in order; with `before`, of those with a lower number.

    A span is [from, to) in µs UTC. `actor` is "kind:name" or a name alone; `action` is one, or the noun before its dot.
    """
    query = select(audit).order_by(audit.c.number.desc()).limit(limit)
    if before is not None:
        query = query.where(audit.c.number < before)
    if from_us is not None:
        query = query.where(audit.c.at_us >= from_us)
    if to_us is not None:
        query = query.where(audit.c.at_us < to_us)
    if actor is not None:
        query = query.where(
            audit.c.actor == actor if ":" in actor else audit.c.actor.endswith(f":{actor}", autoescape=True)
        )
    if action is not None:
        query = query.where((audit.c.action == action) | audit.c.action.startswith(f"{action}.", autoescape=True))
    return [_row(found) for found in reversed(tx.connection.execute(query).all())]


def of_objects(tx: Transaction, objects: Sequence[str]) -> list[AuditRow]:
    """Return every row about one of the objects, in order."""
    query = select(audit).where(audit.c.object.in_(objects)).order_by(audit.c.number)
    return [_row(found) for found in tx.connection.execute(query)]


def verify(tx: Transaction) -> int | None:
    """Return the number of the first row that breaks the chain, or None. A cut tail shows only in `head`."""
    return first_break(_all(tx))


def head(tx: Transaction) -> tuple[int, str]:
    """Return number and digest of the last row, (0, GENESIS) when there is none: what is anchored elsewhere."""
    return _head(tx.connection)


def digest_at(tx: Transaction, number: int) -> str | None:
    """Return the digest of a row, of row 0 the beginning of every chain; None without such a row."""
    if number == 0:
        return GENESIS
    return tx.connection.execute(select(audit.c.digest).where(audit.c.number == number)).scalar_one_or_none()


def _head(connection: Connection) -> tuple[int, str]:
    query = select(audit.c.number, audit.c.digest).order_by(audit.c.number.desc()).limit(1)
    found = connection.execute(query).first()
    return (0, GENESIS) if found is None else (found.number, found.digest)


def _all(tx: Transaction) -> Iterator[AuditRow]:
    after = 0
    while rows := list_rows(tx, after, _BATCH):
        yield from rows
        after = rows[-1].number


def _row(found: Row[Any]) -> AuditRow:
    values = dict(found._mapping)  # noqa: SLF001 - the documented accessor of SQLAlchemy's rows
    values["details"] = json.loads(values["details"])
    return AuditRow(**values)
