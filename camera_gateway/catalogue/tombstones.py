"""Tombstones: what was deleted, why, by which rule, who ordered and approved it; and the plans that ordered it.

Functions of a `Transaction`. Promises R5: the tombstone, the state `expired`, the garbage row of the spool copy and
the gap are one transaction, before anything is deleted; absence is confirmed afterwards. Rows are never removed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select, update

from camera_gateway.catalogue.garbage import mark_garbage
from camera_gateway.catalogue.tables import deletion_plans, segments, tombstones
from camera_gateway.domain.footage import SegmentState
from camera_gateway.domain.ids import SegmentId
from camera_gateway.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Row

    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.retention import Kept

_IN_STORE = frozenset({SegmentState.STORED, SegmentState.RELEASED})


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What is left of a deleted segment (invariant R5). Times in µs UTC.

    `plan` is the digest of the plan that ordered it; `confirmed_us` when a listing showed that nothing is left;
    `withdrawn_us` when a hold came first and the segment was kept after all.
    """

    number: int
    segment: SegmentId
    institution: str
    site: str
    camera: str
    start_us: int
    end_us: int
    size_bytes: int
    sha256: str
    key: str | None
    version_id: str | None
    before: SegmentState
    policy: str
    reasons: tuple[str, ...]
    plan: str
    ordered_by: str
    approved_by: str | None
    at_us: int
    confirmed_us: int | None
    withdrawn_us: int | None


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A plan that was shown: `as_of_us` is the moment for which it was made."""

    digest: str
    as_of_us: int
    made_us: int
    made_by: str
    segments: int
    size_bytes: int
    swept_us: int | None


def expire(
    tx: Transaction, kept: Kept, *, policy: str, reasons: Sequence[str], plan: str, approved_by: str | None
) -> bool:
    """Write a segment's tombstone and let its spool copy go; False when it has moved on meanwhile."""
    change = update(segments).where(segments.c.segment == kept.segment, segments.c.state == str(kept.state))
    expired = {"state": str(SegmentState.EXPIRED), "spool_path": None}
    if tx.connection.execute(change.values(expired)).rowcount != 1:
        return False
    values = {
        "segment": kept.segment,
        "institution": kept.place.institution,
        "site": kept.site,
        "camera": kept.place.camera,
        "start_us": kept.start_us,
        "end_us": kept.end_us,
        "size_bytes": kept.size_bytes,
        "sha256": kept.sha256,
        "key": kept.key,
        "version_id": kept.version_id,
        "before_state": str(kept.state),
        "policy": policy,
        "reasons": json.dumps(list(reasons), ensure_ascii=False),
        "plan": plan,
        "ordered_by": str(tx.actor),
        "approved_by": approved_by,
        "at_us": tx.clock.now_us(),
    }
    tx.connection.execute(insert(tombstones), values)
    if kept.spool_path is not None:
        mark_garbage(tx, kept.spool_path)
    return True


def confirm(tx: Transaction, numbers: Sequence[int]) -> None:
    """Say that a listing showed nothing of these segments any more."""
    change = update(tombstones).where(tombstones.c.number.in_(numbers), tombstones.c.confirmed_us.is_(None))
    tx.connection.execute(change.values(confirmed_us=tx.clock.now_us()))


def withdraw(tx: Transaction, tombstone: Tombstone, version_id: str, why: str) -> bool:
    """Take a segment back whose object was still there when a hold came; False when that has been done."""
    change = update(tombstones).where(
        tombstones.c.number == tombstone.number,
        tombstones.c.withdrawn_us.is_(None),
        tombstones.c.confirmed_us.is_(None),
    )
    if tx.connection.execute(change.values(withdrawn_us=tx.clock.now_us())).rowcount != 1:
        return False
    if tombstone.before in _IN_STORE:
        state = SegmentState.RELEASED
    else:  # it was on its way, or lost on it: reading back decides
        state = SegmentState.LOST if tombstone.before is SegmentState.LOST else SegmentState.PUT
    change = update(segments).where(
        segments.c.segment == tombstone.segment, segments.c.state == str(SegmentState.EXPIRED)
    )
    tx.connection.execute(change.values(state=str(state), version_id=version_id))
    tx.audit("segment.kept-after-all", f"segment:{tombstone.segment}", tombstone=tombstone.number, why=why)
    return True


def unconfirmed(tx: Transaction, limit: int = 1_000, after: int = 0) -> list[Tombstone]:
    """Return tombstones whose segments may not be gone yet, by number, from behind `after` on."""
    query = select(tombstones).where(
        tombstones.c.confirmed_us.is_(None), tombstones.c.withdrawn_us.is_(None), tombstones.c.number > after
    )
    return [_tombstone(row) for row in tx.connection.execute(query.order_by(tombstones.c.number).limit(limit))]


def in_span(tx: Transaction, camera: str, start_us: int, end_us: int) -> list[Tombstone]:
    """Return the tombstones, withdrawn ones left out, of a camera's segments that touch [start_us, end_us)."""
    query = select(tombstones).where(
        tombstones.c.camera == camera,
        tombstones.c.withdrawn_us.is_(None),
        tombstones.c.start_us < end_us,
        tombstones.c.end_us > start_us,
    )
    return [_tombstone(row) for row in tx.connection.execute(query.order_by(tombstones.c.start_us))]


def ordered_in_span(tx: Transaction, camera: str, start_us: int, end_us: int) -> list[Tombstone]:
    """Return the tombstones of a camera that were written in [start_us, end_us), in their order."""
    query = select(tombstones).where(
        tombstones.c.camera == camera, tombstones.c.at_us >= start_us, tombstones.c.at_us < end_us
    )
    return of_rows(tx.connection.execute(query.order_by(tombstones.c.number)))


def of_plan(tx: Transaction, digest: str) -> list[Tombstone]:
    """Return the tombstones that a plan ordered, withdrawn ones included, by number."""
    query = select(tombstones).where(tombstones.c.plan == digest).order_by(tombstones.c.number)
    return [_tombstone(row) for row in tx.connection.execute(query)]


def deleted_since(tx: Transaction, since_us: int) -> dict[str, int]:
    """Return how many segments of each site were ordered to go since a moment."""
    query = (
        select(tombstones.c.site, func.count().label("number"))
        .where(tombstones.c.at_us > since_us, tombstones.c.withdrawn_us.is_(None))
        .group_by(tombstones.c.site)
    )
    return {row.site: row.number for row in tx.connection.execute(query)}


def remember_plan(tx: Transaction, digest: str, as_of_us: int, count: int, size_bytes: int) -> None:
    """Keep a plan's digest and moment, so that it can be made again. Harmless to repeat."""
    if tx.connection.execute(select(deletion_plans.c.digest).where(deletion_plans.c.digest == digest)).first():
        return
    values = {
        "digest": digest,
        "as_of_us": as_of_us,
        "made_us": tx.clock.now_us(),
        "made_by": str(tx.actor),
        "segments": count,
        "size_bytes": size_bytes,
    }
    tx.connection.execute(insert(deletion_plans), values)


def find_plan(tx: Transaction, digest: str) -> PlanRow:
    """Return a plan that was shown; `NotFound` when there was none of that digest."""
    found = tx.connection.execute(select(deletion_plans).where(deletion_plans.c.digest == digest)).first()
    if found is None:
        raise NotFound(f"no plan with the digest {digest[:16]}…", hint="run: camera-gateway retention plan")
    return _plan(found)


def last_plan(tx: Transaction) -> PlanRow | None:
    """Return the plan that was made last; None when there was none."""
    found = tx.connection.execute(select(deletion_plans).order_by(deletion_plans.c.made_us.desc()).limit(1)).first()
    return None if found is None else _plan(found)


def mark_swept(tx: Transaction, digest: str, approved_by: str | None) -> None:
    """Say that a plan was carried out, in the name of who asks."""
    values = {"swept_us": tx.clock.now_us(), "swept_by": str(tx.actor), "approved_by": approved_by}
    tx.connection.execute(update(deletion_plans).where(deletion_plans.c.digest == digest).values(values))


def of_rows(rows: Iterable[Row[Any]]) -> list[Tombstone]:
    """Make values of rows that hold every column of the table."""
    return [_tombstone(row) for row in rows]


def _plan(row: Row[Any]) -> PlanRow:
    return PlanRow(row.digest, row.as_of_us, row.made_us, row.made_by, row.segments, row.size_bytes, row.swept_us)


def _tombstone(row: Row[Any]) -> Tombstone:
    return Tombstone(
        number=row.number,
        segment=SegmentId(row.segment),
        institution=row.institution,
        site=row.site,
        camera=row.camera,
        start_us=row.start_us,
        end_us=row.end_us,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        key=row.key,
        version_id=row.version_id,
        before=SegmentState(row.before_state),
        policy=row.policy,
        reasons=tuple(json.loads(row.reasons)),
        plan=row.plan,
        ordered_by=row.ordered_by,
        approved_by=row.approved_by,
        at_us=row.at_us,
        confirmed_us=row.confirmed_us,
        withdrawn_us=row.withdrawn_us,
    )
