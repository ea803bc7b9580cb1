"""The names of everything that is stored, page by page: what a drill draws its lots from.

Functions of a `Transaction`. Promises the order of ids, so that a population has one digest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from camera_gateway.catalogue.tables import segments
from camera_gateway.domain.footage import STORED
from camera_gateway.domain.ids import SegmentId

if TYPE_CHECKING:
    from camera_gateway.catalogue.opening import Transaction


def stored_ids(tx: Transaction, after: str = "", limit: int = 20_000) -> list[SegmentId]:
    """Return up to `limit` ids of stored segments behind `after`, in order."""
    query = select(segments.c.segment).where(segments.c.segment > after, segments.c.state.in_(sorted(STORED)))
    found = tx.connection.execute(query.order_by(segments.c.segment).limit(limit))
    return [SegmentId(segment) for segment in found.scalars()]
