"""What the catalogue remembers of the installation: the registry's generation and the spool that belongs to it.

Functions of a `Transaction`. The generation tells `serve` when the plan is old; spool identity and open number let
a foreign, stale or doubly mounted spool be refused (D8).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from camera_gateway.catalogue.tables import installation

if TYPE_CHECKING:
    from camera_gateway.catalogue.opening import Transaction


@dataclass(frozen=True, slots=True)
class KnownSpool:
    """The spool as last seen; `uuid` None until there was one."""

    uuid: str | None
    open_number: int


def generation(tx: Transaction) -> int:
    """Return a number that grows with every change of the registry."""
    return int(tx.connection.execute(select(installation.c.generation)).scalar_one())


def grow(tx: Transaction) -> None:
    """Count a change of the registry."""
    tx.connection.execute(update(installation).values(generation=installation.c.generation + 1))


def known_spool(tx: Transaction) -> KnownSpool:
    """Return which spool belongs to this catalogue."""
    found = tx.connection.execute(select(installation.c.spool_uuid, installation.c.spool_open_number)).one()
    return KnownSpool(found.spool_uuid, found.spool_open_number)


def remember_spool(tx: Transaction, uuid: str, open_number: int) -> None:
    """Note the spool's identity and how often it has been opened; the number never falls."""
    known = known_spool(tx)
    number = max(open_number, known.open_number) if known.uuid == uuid else open_number
    if known != KnownSpool(uuid, number):
        tx.connection.execute(update(installation).values(spool_uuid=uuid, spool_open_number=number))
