"""Segments in the catalogue: taken in exactly once, moved from state to state, found by time.

Functions of a `Transaction`. Promises the states of docs/reference/errors.md, and that a spool file is given up only
together with its garbage row (D5), after `stored` (U4) or as a loss that is a gap and an audit row at once (C2, C3).
Which segments wait for what is asked in `upload_queue`, whose functions are offered here as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, insert, select, update

from camera_gateway.catalogue.gaps import insert_gap
from camera_gateway.catalogue.garbage import mark_garbage
from camera_gateway.catalogue.runs import extend_run
from camera_gateway.catalogue.segment_rows import SIDECAR_COLUMNS, SegmentRow, segment_row
from camera_gateway.catalogue.tables import cameras, segments
from camera_gateway.catalogue.upload_queue import (
    Backlog,
    CameraBacklog,
    backlog,
    due_for_upload,
    oldest_spooled,
    releasable,
)
from camera_gateway.domain.coverage import KeptSpan
from camera_gateway.domain.footage import CameraSigned, GapCause, GapRecord, SegmentState, Sidecar
from camera_gateway.domain.people import SYSTEM
from camera_gateway.errors import InvalidInput, NotFound, Refused

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sqlalchemy import Select

    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.ids import CameraId, SegmentId

__all__ = [
    "Backlog",
    "CameraBacklog",
    "SegmentRow",
    "backlog",
    "count_by_state",
    "due_for_upload",
    "get_segment",
    "in_span",
    "insert_spooled",
    "iterate_all",
    "kept_spans",
    "last_segment",
    "mark_failed",
    "mark_intended",
    "mark_lost",
    "mark_put",
    "mark_released",
    "mark_stored",
    "oldest_spooled",
    "releasable",
]

LONGEST_US = 86_400_000_000
"""No segment lasts longer: it bounds how far before a span `in_span` has to look."""

PENDING = frozenset({SegmentState.SPOOLED, SegmentState.INTENDED, SegmentState.PUT})
_KNOWN = select(
    select(segments.c.sha256).where(segments.c.segment == bindparam("segment")).scalar_subquery(),
    select(cameras.c.institution).where(cameras.c.id == bindparam("camera")).scalar_subquery(),
)
_INSERT = insert(segments)
_GONE = frozenset({SegmentState.LOST, SegmentState.EXPIRED})


def insert_spooled(tx: Transaction, sidecar: Sidecar, spool_path: str) -> bool:
    """Take a sealed segment in; False when it is known already, so that repeating changes nothing.

    Raises `NotFound` for an unknown camera, `InvalidInput` for impossible times, for a known id with other bytes,
    and for a run of another camera or an institution that is not the camera's.
    """
    names = {"segment": sidecar.segment, "camera": sidecar.camera}
    known_sha256, institution = tx.connection.execute(_KNOWN, names).one()
    if known_sha256 is not None:
        if known_sha256 != sidecar.sha256:
            raise InvalidInput(f"segment {sidecar.segment} is known with other bytes", hint="run: camera-gateway check")
        return False
    _demand_sound(sidecar, institution)
    extend_run(tx, sidecar)
    values = {name: getattr(sidecar, name) for name in SIDECAR_COLUMNS}
    values |= {
        "run_end": str(sidecar.run_end),
        "clock_method": str(sidecar.clock_method),
        "origin": str(sidecar.origin),
        "camera_signed": None if sidecar.camera_signed is CameraSigned.UNKNOWN else str(sidecar.camera_signed),
        "state": str(SegmentState.SPOOLED),
        "spool_path": spool_path,
        "locked": False,
        "policy": "",
        "attempts": 0,
        "next_attempt_us": 0,
    }
    tx.connection.execute(_INSERT, values)
    return True


def mark_intended(
    tx: Transaction, segment: SegmentId, key: str, lock_mode: str | None, retain_until_us: int | None, policy: str
) -> None:
    """Say what is about to be put where, before it is (U5); counts an attempt."""
    values = {
        "state": str(SegmentState.INTENDED),
        "key": key,
        "lock_mode": lock_mode,
        "retain_until_us": retain_until_us,
        "policy": policy,
        "attempts": segments.c.attempts + 1,
    }
    _move(tx, segment, PENDING, values)


def mark_put(tx: Transaction, segment: SegmentId, version_id: str | None) -> None:
    """Say that the store answered; it is not believed yet."""
    values = {"state": str(SegmentState.PUT), "version_id": version_id, "put_us": tx.clock.now_us()}
    _move(tx, segment, {SegmentState.INTENDED, SegmentState.PUT}, values)


def mark_stored(tx: Transaction, segment: SegmentId, version_id: str | None, locked: bool) -> None:  # noqa: FBT001 - a fact read back, as the row has it
    """Say that reading back gave exactly what was intended (U3)."""
    now_us = tx.clock.now_us()
    values = {
        "state": str(SegmentState.STORED),
        "version_id": version_id,
        "locked": locked,
        "put_us": func.coalesce(segments.c.put_us, now_us),
        "stored_us": now_us,
        "error_class": None,
    }
    _move(tx, segment, {SegmentState.INTENDED, SegmentState.PUT}, values)


def mark_released(tx: Transaction, segment: SegmentId) -> str | None:
    """Give the spool copy of a stored segment up: its path becomes garbage (D5, U4) and is returned."""
    path = _spool_path(tx, segment)
    values = {"state": str(SegmentState.RELEASED), "spool_path": None, "released_us": tx.clock.now_us()}
    _move(tx, segment, {SegmentState.STORED}, values)
    if path is not None:
        mark_garbage(tx, path)
    return path


def mark_failed(tx: Transaction, segment: SegmentId, error_class: str, next_attempt_us: int) -> None:
    """Say that an attempt failed, by which class of error, and when to try again. The state stays (U5)."""
    _move(tx, segment, PENDING, {"error_class": error_class, "next_attempt_us": next_attempt_us})


def mark_lost(tx: Transaction, segment: SegmentId, cause: GapCause, detail: str) -> bool:
    """Say that the bytes are gone without an order: state, gap, garbage and audit row at once.

    `detail` is one line for a person. False when the segment was lost or expired before.
    """
    row = get_segment(tx, segment)
    if row.state in _GONE:
        return False
    sidecar = row.sidecar
    _move(tx, segment, frozenset(SegmentState) - _GONE, {"state": str(SegmentState.LOST), "spool_path": None})
    gap = GapRecord(
        gap=f"lost-{segment}",
        camera=sidecar.camera,
        institution=sidecar.institution,
        start_us=sidecar.start_us,
        end_us=sidecar.end_us,
        cause=cause,
        detail=detail,
        observed_by="serve",
        precision_us=sidecar.wall_uncertainty_us,
    )
    insert_gap(tx, gap)
    if row.spool_path is not None:
        mark_garbage(tx, row.spool_path)
    tx.audit_as(
        SYSTEM,
        "segment.lost",
        f"segment:{segment}",
        camera=sidecar.camera,
        cause=str(cause),
        detail=detail,
        start_us=sidecar.start_us,
        end_us=sidecar.end_us,
        size_bytes=sidecar.size_bytes,
        sha256=sidecar.sha256,
        before=str(row.state),
    )
    return True


def get_segment(tx: Transaction, segment: SegmentId) -> SegmentRow:
    """Return a segment; `NotFound` when it is not known."""
    found = tx.connection.execute(select(segments).where(segments.c.segment == segment)).first()
    if found is None:
        raise NotFound(f"no segment {segment}")
    return segment_row(found)


def in_span(tx: Transaction, camera: CameraId, start_us: int, end_us: int) -> list[SegmentRow]:
    """Return the camera's segments that touch [start_us, end_us), in every state, by start."""
    return [segment_row(row) for row in tx.connection.execute(_within(select(segments), camera, start_us, end_us))]


def kept_spans(tx: Transaction, camera: CameraId, start_us: int, end_us: int) -> list[KeptSpan]:
    """Return what coverage needs of the segments that touch [start_us, end_us): a month in tens of milliseconds."""
    columns = select(segments.c.start_us, segments.c.end_us, segments.c.state, segments.c.locked)
    return [KeptSpan(*row) for row in tx.connection.execute(_within(columns, camera, start_us, end_us))]


def last_segment(tx: Transaction, camera: CameraId) -> SegmentRow | None:
    """Return the camera's segment with the latest start; None when there is none."""
    query = select(segments).where(segments.c.camera == camera).order_by(segments.c.start_us.desc()).limit(1)
    found = tx.connection.execute(query).first()
    return None if found is None else segment_row(found)


def last_segment_end_us(tx: Transaction, camera: CameraId) -> int | None:
    """Return where the camera's segment with the latest start ends; None when there is none."""
    query = select(segments.c.end_us).where(segments.c.camera == camera).order_by(segments.c.start_us.desc()).limit(1)
    return tx.connection.execute(query).scalar()


def count_by_state(tx: Transaction) -> dict[str, int]:
    """Return how many segments are in each state; states without any are left out."""
    query = select(segments.c.state, func.count().label("number")).group_by(segments.c.state)
    return {row.state: row.number for row in tx.connection.execute(query)}


def iterate_all(tx: Transaction, batch: int = 1_000) -> Iterator[SegmentRow]:
    """Yield every segment by id, `batch` rows in memory at a time."""
    after = ""
    while True:
        query = select(segments).where(segments.c.segment > after).order_by(segments.c.segment).limit(batch)
        rows = [segment_row(row) for row in tx.connection.execute(query)]
        if not rows:
            return
        yield from rows
        after = rows[-1].sidecar.segment


def _within(query: Select[Any], camera: CameraId, start_us: int, end_us: int) -> Select[Any]:
    return query.where(
        segments.c.camera == camera,
        segments.c.start_us < end_us,
        segments.c.start_us > start_us - LONGEST_US,
        segments.c.end_us > start_us,
    ).order_by(segments.c.start_us, segments.c.segment)


def _demand_sound(sidecar: Sidecar, institution: str | None) -> None:
    if not 0 <= sidecar.end_us - sidecar.start_us < LONGEST_US:
        raise InvalidInput(
            f"segment {sidecar.segment} has impossible times: {sidecar.start_us} to {sidecar.end_us}",
            hint="run: camera-gateway check",
        )
    if institution is None:
        raise NotFound(f"no camera {sidecar.camera}", hint="run: camera-gateway camera list")
    if institution != sidecar.institution:
        raise InvalidInput(f"segment {sidecar.segment}: camera {sidecar.camera} belongs to {institution}")


def _spool_path(tx: Transaction, segment: SegmentId) -> str | None:
    query = select(segments.c.spool_path).where(segments.c.segment == segment)
    return tx.connection.execute(query).scalar_one_or_none()


def _move(tx: Transaction, segment: SegmentId, allowed: Collection[SegmentState], values: dict[str, Any]) -> None:
    """Change a row that is in one of the `allowed` states; `NotFound` or `Refused` else."""
    states = [str(state) for state in allowed]
    change = update(segments).where(segments.c.segment == segment, segments.c.state.in_(states)).values(values)
    if tx.connection.execute(change).rowcount == 1:
        return
    state = tx.connection.execute(select(segments.c.state).where(segments.c.segment == segment)).scalar_one_or_none()
    if state is None:
        raise NotFound(f"no segment {segment}")
    raise Refused(f"segment {segment} is {state}; that step is not open to it", code="wrong-state")
