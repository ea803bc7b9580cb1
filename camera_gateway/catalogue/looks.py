"""Looks at pictures and what they have found: kept for a while, and impairments, which stay.

Functions of a `Transaction`. A look is a measurement, one of many, and is forgotten after its time; an impairment is
a finding, so its beginning and its end leave an audit row each. Promises at most one open impairment of a kind and
camera. An impairment never ends coverage (invariant C4): a black picture is recorded all the same.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, insert, or_, select, update

from camera_gateway.catalogue.health_tables import impairments, looks
from camera_gateway.domain.picture import LOOKED, Impairment, Look

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Row

    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.ids import CameraId

__all__ = [
    "LOOKED",
    "Impairment",
    "Look",
]


def keep_look(tx: Transaction, look: Look) -> None:
    """Keep a look; a second one of the same camera and moment takes the place of the first."""
    here = looks.c.camera == look.camera, looks.c.at_us == look.at_us
    tx.connection.execute(delete(looks).where(*here))
    values = {
        "camera": look.camera,
        "at_us": look.at_us,
        "segment": look.segment,
        "outcome": look.outcome,
        "measured": json.dumps(dict(look.measured), sort_keys=True),
    }
    tx.connection.execute(insert(looks), values)


def forget_looks(tx: Transaction, before_us: int, limit: int = 5_000) -> int:
    """Forget looks from before a moment, `limit` of them at most; how many."""
    old = select(looks.c.camera, looks.c.at_us).where(looks.c.at_us < before_us).order_by(looks.c.at_us).limit(limit)
    rows = tx.connection.execute(old).all()
    if not rows:
        return 0
    # by time, because that is the index; a moment belongs to few cameras
    tx.connection.execute(delete(looks).where(looks.c.at_us < before_us, looks.c.at_us <= rows[-1].at_us))
    return len(rows)


def looks_in_span(tx: Transaction, camera: CameraId, start_us: int, end_us: int, limit: int = 10_000) -> list[Look]:
    """Return the looks of [start_us, end_us), by time; the latest `limit` of them."""
    span = looks.c.camera == camera, looks.c.at_us >= start_us, looks.c.at_us < end_us
    query = select(looks).where(*span).order_by(looks.c.at_us.desc()).limit(limit)
    return [_look(row) for row in tx.connection.execute(query)][::-1]


def latest_looks(tx: Transaction, camera: CameraId, number: int) -> list[Look]:
    """Return the latest looks that have seen a picture, by time."""
    seen = looks.c.camera == camera, looks.c.outcome == LOOKED
    query = select(looks).where(*seen).order_by(looks.c.at_us.desc()).limit(number)
    return [_look(row) for row in tx.connection.execute(query)][::-1]


def last_look_times(tx: Transaction) -> dict[CameraId, int]:
    """Return when each camera was last looked at, whatever came of it."""
    query = select(looks.c.camera, func.max(looks.c.at_us).label("at_us")).group_by(looks.c.camera)
    return {row.camera: row.at_us for row in tx.connection.execute(query)}


def impairments_in_span(tx: Transaction, camera: CameraId, start_us: int, end_us: int) -> list[Impairment]:
    """Return the impairments that touch [start_us, end_us), whole, by start; one without end is still there."""
    query = (
        select(impairments)
        .where(
            impairments.c.camera == camera,
            impairments.c.start_us < end_us,
            or_(impairments.c.end_us.is_(None), impairments.c.end_us > start_us),
        )
        .order_by(impairments.c.start_us, impairments.c.number)
    )
    return [_impairment(row) for row in tx.connection.execute(query)]


def open_impairments(tx: Transaction, cameras: Iterable[CameraId] | None = None) -> list[Impairment]:
    """Return the impairments that have not ended, of some cameras or of all, by number."""
    query = select(impairments).where(impairments.c.end_us.is_(None)).order_by(impairments.c.number)
    if cameras is not None:
        query = query.where(impairments.c.camera.in_(list(cameras)))
    return [_impairment(row) for row in tx.connection.execute(query)]


def open_impairment(
    tx: Transaction,
    camera: CameraId,
    kind: str,
    start_us: int,
    last_seen_us: int,
    precision_us: int,
    evidence: Mapping[str, Any],
) -> int:
    """Write down that an impairment has begun; its number. There must be none open of this kind."""
    values = {
        "camera": camera,
        "kind": kind,
        "start_us": start_us,
        "last_seen_us": last_seen_us,
        "precision_us": precision_us,
        "evidence": json.dumps(dict(evidence), sort_keys=True),
    }
    number = tx.connection.execute(insert(impairments).returning(impairments.c.number), values).scalar_one()
    tx.audit(
        "picture.impaired",
        f"camera:{camera}",
        number=number,
        kind=kind,
        start_us=start_us,
        precision_us=precision_us,
        segment=evidence.get("segment"),
    )
    return int(number)


def see_impairment(tx: Transaction, number: int, last_seen_us: int) -> None:
    """Note that an open impairment was seen again."""
    here = impairments.c.number == number, impairments.c.end_us.is_(None)
    tx.connection.execute(update(impairments).where(*here).values(last_seen_us=last_seen_us))


def end_impairment(tx: Transaction, impairment: Impairment, end_us: int, why: str = "seen to be fine") -> None:
    """Write down that an impairment has ended. Harmless where it has."""
    here = impairments.c.number == impairment.number, impairments.c.end_us.is_(None)
    if tx.connection.execute(update(impairments).where(*here).values(end_us=end_us)).rowcount == 1:
        tx.audit(
            "picture.recovered",
            f"camera:{impairment.camera}",
            number=impairment.number,
            kind=impairment.kind,
            end_us=end_us,
            why=why,
        )


def _look(row: Row[Any]) -> Look:
    return Look(row.camera, row.at_us, row.segment, row.outcome, json.loads(row.measured))


def _impairment(row: Row[Any]) -> Impairment:
    return Impairment(
        number=row.number,
        camera=row.camera,
        kind=row.kind,
        start_us=row.start_us,
        last_seen_us=row.last_seen_us,
        end_us=row.end_us,
        precision_us=row.precision_us,
        evidence=json.loads(row.evidence),
    )
