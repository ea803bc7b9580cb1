"""The register of incidents: what was reported, by whom and when, and the hold that keeps its footage.

Functions of a `Transaction`. Promises that the entry, its hold and their audit rows are one transaction. Entries are
never changed or removed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select

from camera_gateway.catalogue.audit_log import of_objects
from camera_gateway.catalogue.tables import incidents
from camera_gateway.clock import rfc3339

if TYPE_CHECKING:
    from sqlalchemy import Row

    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.audit import AuditRow


@dataclass(frozen=True, slots=True)
class Incident:
    """One entry; `at_us` is when it happened, `reported_us` when it was entered. `cameras` empty: all of them."""

    number: int
    institution: str
    cameras: tuple[str, ...]
    at_us: int
    text: str
    hold: int
    reported_by: str
    reported_us: int

    @property
    def id(self) -> str:
        """How people name it."""
        return f"incident-{self.number}"


def add_incident(
    tx: Transaction, *, institution: str, cameras: tuple[str, ...], at_us: int, text: str, hold: int
) -> tuple[Incident, AuditRow]:
    """Enter an incident in the name of who asks; return it with the audit row that proves when."""
    values = {
        "institution": institution,
        "cameras": json.dumps(list(cameras)),
        "at_us": at_us,
        "text": text,
        "hold": hold,
        "reported_by": str(tx.actor),
        "reported_us": tx.clock.now_us(),
    }
    number = tx.connection.execute(insert(incidents).returning(incidents.c.number), values).scalar_one()
    row = tx.connection.execute(select(incidents).where(incidents.c.number == number)).one()
    incident = _incident(row)
    tx.audit(
        "incident.report",
        f"incident:{incident.id}",
        institution=institution,
        cameras=list(cameras),
        at=rfc3339(at_us),
        text=text,
        hold=f"hold-{hold}",
    )
    return incident, of_objects(tx, (f"incident:{incident.id}",))[-1]


def list_incidents(tx: Transaction) -> list[Incident]:
    """Return all entries by number."""
    return [_incident(row) for row in tx.connection.execute(select(incidents).order_by(incidents.c.number))]


def _incident(row: Row[Any]) -> Incident:
    return Incident(
        number=row.number,
        institution=row.institution,
        cameras=tuple(json.loads(row.cameras)),
        at_us=row.at_us,
        text=row.text,
        hold=row.hold,
        reported_by=row.reported_by,
        reported_us=row.reported_us,
    )
