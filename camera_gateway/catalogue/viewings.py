"""The register of viewings: who watched which camera, what interval, for what purpose, from where, how long.

Functions of a `Transaction`. Promises that a viewing's first row and its audit row are one transaction (invariant
S3), that its end is audited with what was watched in all, and that rows are never deleted. What may be watched is
decided before; a picture never comes here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from camera_gateway.catalogue.account_tables import purposes, viewings
from camera_gateway.clock import US, rfc3339

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Row, Select

    from camera_gateway.catalogue.opening import Transaction

KINDS = ("live", "archive", "still", "export")
PAUSE_US = 60 * US
"""A longer silence between two requests is not counted as watching: a player asks more often than this."""
CLOSED_AFTER_US = 300 * US
"""A viewing that nobody has gone on with for so long has ended; the next request begins another."""
APART_US = 60 * US
"""Footage this far from what was watched so far is another viewing, with a line of its own."""


@dataclass(frozen=True, slots=True)
class Viewing:
    """One line. `from_us`, `to_us`: the footage (None for live); `first_us`, `last_us`: when it was watched."""

    number: int
    actor: str
    session: str | None
    camera: str
    kind: str
    purpose: int | None
    code: str
    case: str
    address: str
    from_us: int | None
    to_us: int | None
    first_us: int
    last_us: int
    watched_us: int
    closed_us: int | None


def note_viewing(
    tx: Transaction,
    camera: str,
    kind: str,
    *,
    span_us: tuple[int, int] | None = None,
    purpose: int | None = None,
    address: str = "",
    session: str | None = None,
) -> int:
    """Begin or go on with a viewing of the one who asks; return its number.

    `kind` is one of KINDS, `span_us` the footage [from, to) that is shown now. Call it for each playlist and each piece
    of footage that is handed out: it begins a line (with an audit row) at the first, and lengthens it after.
    """
    if kind not in KINDS:
        msg = f"a viewing of kind {kind!r}"
        raise ValueError(msg)
    now_us = tx.clock.now_us()
    found = _going_on(tx, camera, kind, purpose, session, address, span_us)
    if found is None:
        return _begin(tx, camera, kind, span_us, purpose, address, session)
    silent_us = now_us - found.last_us
    watched_us = found.watched_us + (silent_us if 0 < silent_us <= PAUSE_US else 0)
    values: dict[str, int] = {"last_us": max(now_us, found.last_us), "watched_us": watched_us}
    if span_us is not None and found.from_us is not None and found.to_us is not None:
        values |= {"from_us": min(found.from_us, span_us[0]), "to_us": max(found.to_us, span_us[1])}
    tx.connection.execute(update(viewings).where(viewings.c.number == found.number).values(**values))
    return int(found.number)


def note_export(
    tx: Transaction,
    camera: str,
    span_us: tuple[int, int],
    *,
    purpose: int,
    address: str = "",
    session: str | None = None,
) -> int:
    """Note that footage of [from, to) goes into a package; return the line's number. Each package has its own lines.

    Nobody has watched it yet, and nobody goes on with it: the line is closed, and no row tells of its end.
    """
    number = _begin(tx, camera, "export", span_us, purpose, address, session)
    tx.connection.execute(update(viewings).where(viewings.c.number == number).values(closed_us=tx.clock.now_us()))
    return number


def any_ended(tx: Transaction) -> bool:
    """Whether `close_ended` would close any."""
    return bool(_ended(tx))


def close_ended(tx: Transaction) -> int:
    """Close the viewings that nobody goes on with, each with an audit row of the whole; return how many."""
    ended = _ended(tx)
    for viewing in ended:
        where = viewings.c.number == viewing.number
        tx.connection.execute(update(viewings).where(where).values(closed_us=tx.clock.now_us()))
        tx.audit(
            "viewing.end",
            f"viewing:{viewing.number}",
            who=viewing.actor,
            camera=viewing.camera,
            kind=viewing.kind,
            footage=_span(viewing.from_us, viewing.to_us),
            last=rfc3339(viewing.last_us),
            watched_s=round(viewing.watched_us / US),
        )
    return len(ended)


def list_viewings(
    tx: Transaction,
    limit: int,
    *,
    from_us: int | None = None,
    to_us: int | None = None,
    cameras: Collection[str] | None = None,
    actor: str | None = None,
    before: int | None = None,
) -> list[Viewing]:
    """Return the newest `limit` viewings that fit, in order.

    [from, to) is when they began, in µs UTC. `cameras` None: of all. `actor` is "kind:name" or a name alone; `before`
    an exclusive number.
    """
    query = _with_purposes().order_by(viewings.c.number.desc()).limit(limit)
    if from_us is not None:
        query = query.where(viewings.c.first_us >= from_us)
    if to_us is not None:
        query = query.where(viewings.c.first_us < to_us)
    if before is not None:
        query = query.where(viewings.c.number < before)
    if cameras is not None:
        query = query.where(viewings.c.camera.in_(cameras))
    if actor is not None:
        query = query.where(
            viewings.c.actor == actor if ":" in actor else viewings.c.actor.endswith(f":{actor}", autoescape=True)
        )
    return [_row(found) for found in reversed(tx.connection.execute(query).all())]


def _ended(tx: Transaction) -> list[Viewing]:
    before_us = tx.clock.now_us() - CLOSED_AFTER_US
    query = _with_purposes().where(viewings.c.closed_us.is_(None), viewings.c.last_us < before_us)
    return [_row(found) for found in tx.connection.execute(query.order_by(viewings.c.number))]


def _begin(
    tx: Transaction,
    camera: str,
    kind: str,
    span_us: tuple[int, int] | None,
    purpose: int | None,
    address: str,
    session: str | None,
) -> int:
    now_us = tx.clock.now_us()
    from_us, to_us = (None, None) if span_us is None else span_us
    values = {
        "actor": str(tx.actor),
        "session": session,
        "camera": camera,
        "kind": kind,
        "purpose": purpose,
        "address": address,
        "from_us": from_us,
        "to_us": to_us,
        "first_us": now_us,
        "last_us": now_us,
        "watched_us": 0,
    }
    number = int(tx.connection.execute(insert(viewings).returning(viewings.c.number), values).scalar_one())
    named = {} if purpose is None else {"purpose": f"purpose:{purpose}"}
    footage = _span(from_us, to_us)
    tx.audit("viewing.begin", f"viewing:{number}", camera=camera, kind=kind, footage=footage, address=address, **named)
    return number


def _going_on(
    tx: Transaction,
    camera: str,
    kind: str,
    purpose: int | None,
    session: str | None,
    address: str,
    span_us: tuple[int, int] | None,
) -> Row[Any] | None:
    """Return the open line that this belongs to, the newest if several."""
    query = (
        select(viewings)
        .where(viewings.c.actor == str(tx.actor), viewings.c.camera == camera, viewings.c.kind == kind)
        .where(viewings.c.closed_us.is_(None), viewings.c.last_us >= tx.clock.now_us() - CLOSED_AFTER_US)
        .where(viewings.c.address == address)
        .where(viewings.c.purpose.is_(None) if purpose is None else viewings.c.purpose == purpose)
        .where(viewings.c.session.is_(None) if session is None else viewings.c.session == session)
        .order_by(viewings.c.number.desc())
    )
    if span_us is None:
        query = query.where(viewings.c.from_us.is_(None))
    else:
        query = query.where(viewings.c.from_us <= span_us[1] + APART_US, viewings.c.to_us >= span_us[0] - APART_US)
    return tx.connection.execute(query.limit(1)).first()


def _with_purposes() -> Select[Any]:
    return select(viewings, purposes.c.code, purposes.c.case_id).join(
        purposes, purposes.c.number == viewings.c.purpose, isouter=True
    )


def _span(from_us: int | None, to_us: int | None) -> str | None:
    return None if from_us is None or to_us is None else f"{rfc3339(from_us)}/{rfc3339(to_us)}"


def _row(found: Row[Any]) -> Viewing:
    return Viewing(
        number=found.number,
        actor=found.actor,
        session=found.session,
        camera=found.camera,
        kind=found.kind,
        purpose=found.purpose,
        code=found.code or "",
        case=found.case_id or "",
        address=found.address,
        from_us=found.from_us,
        to_us=found.to_us,
        first_us=found.first_us,
        last_us=found.last_us,
        watched_us=found.watched_us,
        closed_us=found.closed_us,
    )
