"""Users and their grants in the catalogue.

Functions of a `Transaction`. Each change writes its audit row in the same transaction. Whether the one who asks may
make the change is not asked here (actions/people does); user ids are never used again: nothing here deletes a user.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update

from camera_gateway.catalogue.sessions import end_sessions
from camera_gateway.catalogue.tables import grants, users
from camera_gateway.clock import rfc3339
from camera_gateway.domain.people import EVERYWHERE, Grant, Role, Scope, User, UserId, parse_scope
from camera_gateway.errors import InvalidInput, NotFound, Refused

if TYPE_CHECKING:
    from sqlalchemy import Row

    from camera_gateway.catalogue.opening import Transaction


def add_user(tx: Transaction, user: UserId, name: str, post: str = "") -> None:
    """Add a user without any grant; `InvalidInput` with code "exists" when the id was ever used."""
    if tx.connection.execute(select(users.c.id).where(users.c.id == user)).first() is not None:
        raise InvalidInput(f"user {user} exists already", hint="ids are never reused: choose another", code="exists")
    values = {"id": user, "name": name, "post": post or None, "created_us": tx.clock.now_us()}
    tx.connection.execute(insert(users), values)
    tx.audit("user.add", f"user:{user}", name=name, **({"post": post} if post else {}))


def get_user(tx: Transaction, user: str) -> User:
    """Return a user with all grants, expired ones too; `NotFound` when there is none."""
    found = tx.connection.execute(select(users).where(users.c.id == user)).first()
    if found is None:
        raise NotFound(f"no user {user[:41]!r}", hint="run: camera-gateway user list")
    return _user(tx, found)


def list_users(tx: Transaction) -> list[User]:
    """Return all users by id, disabled ones too."""
    return [_user(tx, found) for found in tx.connection.execute(select(users).order_by(users.c.id)).all()]


def disable_user(tx: Transaction, user: UserId) -> None:
    """End an account for good: no session or token of it works from here on; `Refused` when it has ended already."""
    if get_user(tx, user).disabled:
        raise Refused(f"user {user} is disabled already")
    tx.connection.execute(update(users).where(users.c.id == user).values(disabled_us=tx.clock.now_us()))
    tx.audit("user.disable", f"user:{user}")
    end_sessions(tx, user, "user disabled")


def add_grant(tx: Transaction, user: UserId, grant: Grant) -> None:
    """Give a role in a scope; the same role in the same scope again changes its end. Who has signed in does so anew."""
    known = get_user(tx, user)
    if known.disabled:
        raise Refused(f"user {user} is disabled", hint="add a new user")
    _delete(tx, user, grant.role, grant.scope)
    values = {
        "user": user,
        "role": grant.role.value,
        "scope": str(grant.scope),
        "granted_us": tx.clock.now_us(),
        "expires_us": grant.expires_us,
    }
    tx.connection.execute(insert(grants), values)
    expires = None if grant.expires_us is None else rfc3339(grant.expires_us)
    tx.audit("user.grant", f"user:{user}", role=grant.role.value, scope=str(grant.scope), expires=expires)
    end_sessions(tx, user, "role changed")


def remove_grant(tx: Transaction, user: UserId, role: Role, scope: Scope) -> None:
    """Take a role in a scope away; `NotFound` when it was not given in exactly this scope."""
    if not _delete(tx, user, role, scope):
        raise NotFound(f"user {user} has no role {role} in {scope}", hint="run: camera-gateway user list")
    tx.audit("user.revoke", f"user:{user}", role=role.value, scope=str(scope))
    end_sessions(tx, user, "role changed")


def set_language(tx: Transaction, user: UserId, language: str) -> None:
    """Keep the language that a user reads. No audit row: it changes nothing for anybody else."""
    tx.connection.execute(update(users).where(users.c.id == user).values(language=language))


def administrators(tx: Transaction, at_us: int) -> set[UserId]:
    """Return the users who administer the whole installation at a moment."""
    query = (
        select(grants.c.user, grants.c.expires_us)
        .join(users, users.c.id == grants.c.user)
        .where(users.c.disabled_us.is_(None))
        .where(grants.c.role == Role.ADMINISTRATOR.value, grants.c.scope == str(EVERYWHERE))
    )
    return {
        UserId(row.user)
        for row in tx.connection.execute(query)
        if Grant(Role.ADMINISTRATOR, EVERYWHERE, row.expires_us).in_force(at_us)
    }


def _delete(tx: Transaction, user: UserId, role: Role, scope: Scope) -> int:
    query = delete(grants).where(grants.c.user == user, grants.c.role == role.value, grants.c.scope == str(scope))
    return int(tx.connection.execute(query).rowcount)


def _user(tx: Transaction, found: Row[Any]) -> User:
    query = select(grants).where(grants.c.user == found.id).order_by(grants.c.role, grants.c.scope)
    given = tuple(Grant(Role(g.role), parse_scope(g.scope), g.expires_us) for g in tx.connection.execute(query))
    disabled = found.disabled_us is not None
    return User(UserId(found.id), found.name, given, disabled, found.post or "", found.language or "")
