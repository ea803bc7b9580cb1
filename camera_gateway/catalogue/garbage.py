"""Spool files that are on their way out (D5).

A file is deleted only in this order: its garbage row is committed, the file is unlinked and its directory synced,
the garbage row goes. What a crash leaves in between is found again by `pending_garbage`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from camera_gateway.catalogue.tables import garbage

if TYPE_CHECKING:
    from camera_gateway.catalogue.opening import Transaction


def mark_garbage(tx: Transaction, path: str) -> None:
    """Say that the file `path` (as the segments' `spool_path`) may be deleted. Harmless to repeat."""
    if tx.connection.execute(select(garbage.c.path).where(garbage.c.path == path)).first() is None:
        tx.connection.execute(insert(garbage), {"path": path, "since_us": tx.clock.now_us()})


def pending_garbage(tx: Transaction, limit: int = 1_000) -> list[str]:
    """Return files that are to be deleted, the longest waiting first."""
    query = select(garbage.c.path).order_by(garbage.c.since_us, garbage.c.path).limit(limit)
    return [str(path) for path in tx.connection.execute(query).scalars()]


def forget_garbage(tx: Transaction, path: str) -> None:
    """Say that the file is gone and its directory synced. Harmless to repeat."""
    tx.connection.execute(delete(garbage).where(garbage.c.path == path))
