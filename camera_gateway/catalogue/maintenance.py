"""Planned maintenance in the catalogue: planned ahead, cancelled at most, never changed.

Functions of a `Transaction`. Promises that only work planned before its start excuses anything (`in_span`), that a
cancellation takes away no second that has passed, and that each step writes its audit row in the same transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, or_, select, update

from camera_gateway.catalogue.alert_tables import maintenance
from camera_gateway.catalogue.tables import cameras
from camera_gateway.clock import rfc3339
from camera_gateway.errors import NotFound, Refused

if TYPE_CHECKING:
    from sqlalchemy import Row

    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.ids import CameraId


@dataclass(frozen=True, slots=True)
class Maintenance:
    """One piece of work. `site` and `camera` None: all of the institution's. Times in µs UTC."""

    number: int
    institution: str
    site: str | None
    camera: str | None
    start_us: int
    end_us: int
    reason: str
    planned_by: str
    planned_us: int
    cancelled_us: int | None
    cancelled_by: str | None

    @property
    def id(self) -> str:
        """How people name it."""
        return f"maintenance-{self.number}"

    @property
    def excuses_until_us(self) -> int:
        """Where its effect ends: at its end, or where it was cancelled; at its start when it has none."""
        if self.planned_us >= self.start_us:
            return self.start_us
        if self.cancelled_us is None:
            return self.end_us
        return max(self.start_us, min(self.end_us, self.cancelled_us))

    def touches(self, institution: str, site: str, camera: str) -> bool:
        """Whether it is about this camera."""
        return self.institution == institution and self.site in (None, site) and self.camera in (None, camera)


def plan(
    tx: Transaction,
    *,
    institution: str,
    site: str | None,
    camera: str | None,
    start_us: int,
    end_us: int,
    reason: str,
) -> Maintenance:
    """Enter work that is to come, in the name of who asks; `Refused` when it has begun."""
    now_us = tx.clock.now_us()
    if start_us <= now_us:
        raise Refused(
            "maintenance is planned before it begins; what has begun is an outage",
            hint="give a start in the future; explain what has passed in the gap register",
            code="maintenance-late",
        )
    values = {
        "institution": institution,
        "site": site,
        "camera": camera,
        "start_us": start_us,
        "end_us": end_us,
        "reason": reason,
        "planned_by": str(tx.actor),
        "planned_us": now_us,
    }
    number = tx.connection.execute(insert(maintenance).returning(maintenance.c.number), values).scalar_one()
    planned = get(tx, number)
    tx.audit(
        "maintenance.plan",
        f"maintenance:{planned.id}",
        institution=institution,
        site=site,
        camera=camera,
        start=rfc3339(start_us),
        end=rfc3339(end_us),
        reason=reason,
    )
    return planned


def cancel(tx: Transaction, number: int) -> Maintenance:
    """End work here and now, or before it begins. `Refused` when it is over or cancelled already."""
    known = get(tx, number)
    now_us = tx.clock.now_us()
    if known.cancelled_us is not None:
        raise Refused(f"{known.id} was cancelled at {rfc3339(known.cancelled_us)}", code="maintenance-over")
    if known.end_us <= now_us:
        raise Refused(f"{known.id} was over at {rfc3339(known.end_us)}", code="maintenance-over")
    values = {"cancelled_us": now_us, "cancelled_by": str(tx.actor)}
    tx.connection.execute(update(maintenance).where(maintenance.c.number == number).values(values))
    tx.audit("maintenance.cancel", f"maintenance:{known.id}")
    return get(tx, number)


def get(tx: Transaction, number: int) -> Maintenance:
    """Return one; `NotFound` when there is none."""
    row = tx.connection.execute(select(maintenance).where(maintenance.c.number == number)).first()
    if row is None:
        raise NotFound(f"no maintenance-{number}", hint="run: camera-gateway maintenance list")
    return _maintenance(row)


def between(tx: Transaction, start_us: int, end_us: int | None = None) -> list[Maintenance]:
    """Return all that ends after `start_us` (and begins before `end_us`), by start; cancelled ones too."""
    query = select(maintenance).where(maintenance.c.end_us > start_us)
    if end_us is not None:
        query = query.where(maintenance.c.start_us < end_us)
    rows = tx.connection.execute(query.order_by(maintenance.c.start_us, maintenance.c.number))
    return [_maintenance(row) for row in rows]


def in_span(tx: Transaction, camera: CameraId, start_us: int, end_us: int) -> list[Maintenance]:
    """Return what excuses a camera within [start_us, end_us), by start: planned ahead, not cancelled before it began.

    Its effect is [`start_us`, `excuses_until_us`) of each.
    """
    owner = tx.connection.execute(select(cameras.c.institution, cameras.c.site).where(cameras.c.id == camera)).first()
    if owner is None:
        return []
    query = (
        select(maintenance)
        .where(
            maintenance.c.end_us > start_us,
            maintenance.c.start_us < end_us,
            maintenance.c.institution == owner.institution,
            or_(maintenance.c.site.is_(None), maintenance.c.site == owner.site),
            or_(maintenance.c.camera.is_(None), maintenance.c.camera == camera),
        )
        .order_by(maintenance.c.start_us, maintenance.c.number)
    )
    found = [_maintenance(row) for row in tx.connection.execute(query)]
    return [each for each in found if each.excuses_until_us > max(each.start_us, start_us)]


def _maintenance(row: Row[Any]) -> Maintenance:
    return Maintenance(**row._mapping)  # noqa: SLF001 - the public name of a row's columns
