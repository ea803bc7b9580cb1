"""Sessions of people who have signed in: the SHA-256 of what the browser holds, when seen, until when, why ended.

Functions of a `Transaction`. Beginning and ending write their audit rows in the same transaction; a row is never
deleted, so that an old audit row still finds whose session it was. Whether a session still holds is told by
`access/sessions`, not here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, or_, select, update

from camera_gateway.catalogue.account_tables import sessions
from camera_gateway.catalogue.purposes import close_purpose
from camera_gateway.clock import rfc3339
from camera_gateway.domain.people import UserId

if TYPE_CHECKING:
    from sqlalchemy import Row

    from camera_gateway.catalogue.opening import Transaction


class Stage(StrEnum):
    """How far a session has come: a second factor still has to be set up, or everything has been shown."""

    ENROL = "enrol"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One session. `proven_us` is when the person last showed who they are; `purpose` is the open one. Times are µs."""

    id: str
    user: UserId
    stage: Stage
    address: str
    agent: str
    created_us: int
    seen_us: int
    expires_us: int
    proven_us: int
    purpose: int | None = None
    ended_us: int | None = None
    ended_why: str | None = None


def begin_session(tx: Transaction, row: SessionRow, digest: str, how: str) -> None:
    """Keep a new session under the digest of its secret; `how` says what was shown, for the audit row."""
    values = {
        "id": row.id,
        "user": row.user,
        "digest": digest,
        "stage": row.stage.value,
        "address": row.address,
        "agent": row.agent,
        "created_us": row.created_us,
        "seen_us": row.seen_us,
        "expires_us": row.expires_us,
        "proven_us": row.proven_us,
        "purpose": row.purpose,
    }
    tx.connection.execute(insert(sessions), values)
    tx.audit(
        "session.begin",
        f"session:{row.id}",
        user=row.user,
        how=how,
        address=row.address,
        stage=row.stage.value,
        expires=rfc3339(row.expires_us),
    )


def session_of_digest(tx: Transaction, digest: str) -> SessionRow | None:
    """Return the session whose secret has this SHA-256 (hex), also one that has ended."""
    found = tx.connection.execute(select(sessions).where(sessions.c.digest == digest)).first()
    return None if found is None else _row(found)


def living_sessions(tx: Transaction, user: str) -> list[SessionRow]:
    """Return the sessions of a user that nobody has ended, the oldest first; some may be past their limits."""
    query = select(sessions).where(sessions.c.user == user, sessions.c.ended_us.is_(None))
    return [_row(found) for found in tx.connection.execute(query.order_by(sessions.c.created_us, sessions.c.id))]


def note_seen(tx: Transaction, session: str) -> None:
    """Remember that a session was used now. No audit row: what it was used for has its own."""
    tx.connection.execute(update(sessions).where(sessions.c.id == session).values(seen_us=tx.clock.now_us()))


def set_purpose(tx: Transaction, session: str, purpose: int | None) -> None:
    """Open a purpose for a session, or none."""
    tx.connection.execute(update(sessions).where(sessions.c.id == session).values(purpose=purpose))


def end_session(tx: Transaction, session: str, why: str, *, purpose_goes_on: bool = False) -> bool:
    """End one session for good, and its purpose with it; return whether it was still alive."""
    living = select(sessions.c.purpose).where(sessions.c.id == session, sessions.c.ended_us.is_(None))
    found = tx.connection.execute(living).first()
    if found is None:
        return False
    query = update(sessions).where(sessions.c.id == session)
    tx.connection.execute(query.values(ended_us=tx.clock.now_us(), ended_why=why))
    tx.audit("session.end", f"session:{session}", why=why)
    if found.purpose is not None and not purpose_goes_on:
        close_purpose(tx, found.purpose)
    return True


def end_sessions(tx: Transaction, user: str, why: str, *, keep: str | None = None) -> int:
    """End every session of a user but the one to `keep`; return how many were alive."""
    return sum(end_session(tx, row.id, why) for row in living_sessions(tx, user) if row.id != keep)


def any_stale(tx: Transaction, seen_before_us: int) -> bool:
    """Whether `end_stale_sessions` would end any."""
    return bool(_stale(tx, seen_before_us))


def end_stale_sessions(tx: Transaction, seen_before_us: int) -> int:
    """End what nobody has used since a moment, and what has reached its end; return how many."""
    now_us = tx.clock.now_us()
    return sum(
        end_session(tx, session, "limit" if expires_us <= now_us else "idle")
        for session, expires_us in _stale(tx, seen_before_us)
    )


def _stale(tx: Transaction, seen_before_us: int) -> list[tuple[str, int]]:
    query = select(sessions.c.id, sessions.c.expires_us).where(
        sessions.c.ended_us.is_(None),
        or_(sessions.c.seen_us < seen_before_us, sessions.c.expires_us <= tx.clock.now_us()),
    )
    return [(row.id, row.expires_us) for row in tx.connection.execute(query.order_by(sessions.c.created_us))]


def _row(found: Row[Any]) -> SessionRow:
    return SessionRow(
        found.id,
        UserId(found.user),
        Stage(found.stage),
        found.address,
        found.agent,
        found.created_us,
        found.seen_us,
        found.expires_us,
        found.proven_us,
        found.purpose,
        found.ended_us,
        found.ended_why,
    )
