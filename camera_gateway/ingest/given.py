"""What a camera's recorder is given: what it shares with the others of its process, and what an earlier life left.

Values, and names for new gaps. Promises that the time from the earlier life until now is one open gap, or two,
without a seam.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from camera_gateway.domain.footage import GapCause

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor
    from random import Random

    from camera_gateway.clock import Clock
    from camera_gateway.domain.plan import CameraPlan
    from camera_gateway.ingest.backoff import Pace
    from camera_gateway.ingest.gapbook import GapBook
    from camera_gateway.ingest.reading import Reader
    from camera_gateway.ingest.session import Limits
    from camera_gateway.ingest.writing import Crew
    from storage.spool import Spool

US = 1_000_000


@dataclass(frozen=True, slots=True)
class Past:
    """What an earlier life of the recorder left: up to where this camera's time is accounted for."""

    last_end_us: int | None = None
    """End of the footage that exists."""
    gap_from_us: int | None = None
    gap_cause: GapCause | None = None
    gap_detail: str = ""
    down_from_us: int | None = None
    """When the earlier life was last known to be alive, if a gap was open then."""

    def open_in(self, book: GapBook, begun_us: int) -> None:
        """Open the gap that the earlier life left; nothing is asked for before `begun_us`."""
        accounted = self.last_end_us
        if self.gap_from_us is not None and self.gap_cause is not None and self.gap_from_us >= (accounted or 0):
            if self.gap_cause is GapCause.GATEWAY_DOWN:
                accounted = self.gap_from_us
            else:
                book.open(max(begun_us, self.gap_from_us), self.gap_cause, self.gap_detail)
                accounted = self.down_from_us
        start = begun_us if accounted is None else max(begun_us, accounted)
        book.open(start, GapCause.GATEWAY_DOWN, "the recorder was not running", precision_us=US)


@dataclass(slots=True)
class Shared:
    """What the cameras of one process have in common."""

    clock: Clock
    reader: Reader
    crew: Crew
    resolver: Executor
    spool: Spool
    pace: Pace
    random: Random
    limits: Limits
    software: str
    password_of: Callable[[CameraPlan], str | None]
    """Opens the plan's sealed password; raises GatewayError."""
    disk: Callable[[], tuple[GapCause, str] | None]
    """Why nothing may be written now, if so."""


def new_gap_id(start_us: int) -> str:
    """Return a fresh name for a gap; names sort by start."""
    return f"gap-{start_us:016d}-{secrets.token_hex(4)}"
