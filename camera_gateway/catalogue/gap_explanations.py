"""What people said of gaps: words beside a gap, never a change of it.

Functions of a `Transaction`. Rows are never changed or removed; several people may explain one gap.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from camera_gateway.catalogue.compliance_tables import gap_explanations

if TYPE_CHECKING:
    from camera_gateway.catalogue.opening import Transaction


@dataclass(frozen=True, slots=True)
class Explanation:
    """Somebody's words on the time [start, end) of a camera. Times in µs UTC."""

    number: int
    camera: str
    start_us: int
    end_us: int
    words: str
    explained_by: str
    explained_us: int


def in_span(tx: Transaction, camera: str, start_us: int, end_us: int) -> list[Explanation]:
    """Return the explanations that touch [start_us, end_us), in the order in which they were given."""
    query = (
        select(gap_explanations)
        .where(
            gap_explanations.c.camera == camera,
            gap_explanations.c.end_us > start_us,
            gap_explanations.c.start_us < end_us,
        )
        .order_by(gap_explanations.c.number)
    )
    return [
        Explanation(row.number, row.camera, row.start_us, row.end_us, row.words, row.explained_by, row.explained_us)
        for row in tx.connection.execute(query)
    ]
