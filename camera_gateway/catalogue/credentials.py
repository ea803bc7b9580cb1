"""What tells whether a person is who they say: password hashes, sealed TOTP secrets, recovery codes, sign-in links.

Functions of a `Transaction`, each change with its audit row in the same transaction. Knows hashes, digests and sealed
texts only; how they are made and compared is in `access/`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, insert, or_, select, update

from camera_gateway.catalogue.account_tables import credentials, recovery_codes, sign_in_links
from camera_gateway.clock import rfc3339
from camera_gateway.domain.people import UserId

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Row

    from camera_gateway.catalogue.opening import Transaction


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """What is kept for one user; everything None for somebody who has never signed in. Times are µs UTC."""

    user: UserId
    password_hash: str | None = None
    password_us: int | None = None
    totp_sealed: str | None = None
    totp_us: int | None = None
    totp_step: int | None = None
    pending_sealed: str | None = None
    reset_asked_by: str | None = None
    reset_asked_us: int | None = None


@dataclass(frozen=True, slots=True)
class LinkRow:
    """One sign-in link; `user` None: it makes the first administrator. Times are µs UTC."""

    id: str
    user: UserId | None
    made_by: str
    made_us: int
    expires_us: int
    used_us: int | None
    revoked_us: int | None


def get_credentials(tx: Transaction, user: str) -> Credentials:
    """Return what is kept for a user; empty for one who has nothing yet, or is not known."""
    found = tx.connection.execute(select(credentials).where(credentials.c.user == user)).first()
    return Credentials(UserId(user)) if found is None else Credentials(**found._mapping)  # noqa: SLF001 - documented


def users_with_both(tx: Transaction) -> set[UserId]:
    """Return the users who can sign in by themselves: a password, and a second factor confirmed."""
    query = select(credentials.c.user).where(
        credentials.c.password_hash.is_not(None), credentials.c.totp_sealed.is_not(None)
    )
    return {UserId(found.user) for found in tx.connection.execute(query)}


def set_password(tx: Transaction, user: str, password_hash: str) -> None:
    """Keep a new password's hash; the audit row says only that it was set."""
    first = get_credentials(tx, user).password_hash is None
    _update(tx, user, password_hash=password_hash, password_us=tx.clock.now_us())
    tx.audit("password.set" if first else "password.change", f"user:{user}")


def renew_hash(tx: Transaction, user: str, password_hash: str) -> None:
    """Keep the same password under a hash of today's cost. No audit row: nothing has changed for anybody."""
    _update(tx, user, password_hash=password_hash)


def set_pending_totp(tx: Transaction, user: str, sealed: str) -> None:
    """Keep a TOTP secret that has not been confirmed by a code yet."""
    _update(tx, user, pending_sealed=sealed)
    tx.audit("totp.begin", f"user:{user}")


def confirm_totp(tx: Transaction, user: str, sealed: str, step: int, digests: Collection[str]) -> None:
    """Make a confirmed secret the user's, with new recovery codes; `step` is the time step of the code just used."""
    now_us = tx.clock.now_us()
    _update(tx, user, totp_sealed=sealed, totp_us=now_us, totp_step=step, pending_sealed=None)
    _replace_recovery_codes(tx, user, digests)
    tx.audit("totp.confirm", f"user:{user}", recovery_codes=len(digests))


def renew_recovery_codes(tx: Transaction, user: str, digests: Collection[str]) -> None:
    """Give a user new recovery codes; the old ones are good for nothing from here on."""
    _replace_recovery_codes(tx, user, digests)
    tx.audit("recovery.renew", f"user:{user}", recovery_codes=len(digests))


def use_totp_step(tx: Transaction, user: str, step: int) -> bool:
    """Use a time step up; False when this one or a later one was used before (RFC 6238, 5.2: one code, one use)."""
    query = update(credentials).where(
        credentials.c.user == user, or_(credentials.c.totp_step.is_(None), credentials.c.totp_step < step)
    )
    return bool(tx.connection.execute(query.values(totp_step=step)).rowcount)


def use_recovery_code(tx: Transaction, user: str, digest: str) -> bool:
    """Use a recovery code up; False when there is no such one, or it was used before."""
    query = update(recovery_codes).where(
        recovery_codes.c.user == user, recovery_codes.c.digest == digest, recovery_codes.c.used_us.is_(None)
    )
    used = bool(tx.connection.execute(query.values(used_us=tx.clock.now_us())).rowcount)
    if used:
        tx.audit("recovery.use", f"user:{user}", left=recovery_codes_left(tx, user))
    return used


def recovery_codes_left(tx: Transaction, user: str) -> int:
    """Return how many recovery codes a user still has."""
    query = select(func.count()).where(recovery_codes.c.user == user, recovery_codes.c.used_us.is_(None))
    return int(tx.connection.execute(query).scalar_one())


def ask_totp_reset(tx: Transaction, user: str) -> None:
    """Write down that the one who asks wants a user's second factor taken away."""
    _update(tx, user, reset_asked_by=str(tx.actor), reset_asked_us=tx.clock.now_us())
    tx.audit("totp.reset-asked", f"user:{user}")


def reset_totp(tx: Transaction, user: str, asked_by: str) -> None:
    """Take a user's second factor and recovery codes away: the next sign-in sets up new ones."""
    nothing: dict[str, Any] = dict.fromkeys(
        ("totp_sealed", "totp_us", "totp_step", "pending_sealed", "reset_asked_by", "reset_asked_us")
    )
    _update(tx, user, **nothing)
    tx.connection.execute(delete(recovery_codes).where(recovery_codes.c.user == user))
    tx.audit("totp.reset", f"user:{user}", asked_by=asked_by)


def add_link(tx: Transaction, link: LinkRow, digest: str) -> None:
    """Keep a new link under the digest of its secret; older ones for the same user are good for nothing now.

    Those for the first administrator stand side by side: the first that is used makes all of them void.
    """
    if link.user is not None:
        older = update(sign_in_links).where(sign_in_links.c.user == link.user, sign_in_links.c.used_us.is_(None))
        tx.connection.execute(older.where(sign_in_links.c.revoked_us.is_(None)).values(revoked_us=tx.clock.now_us()))
    values = {
        "id": link.id,
        "user": link.user,
        "digest": digest,
        "made_by": link.made_by,
        "made_us": link.made_us,
        "expires_us": link.expires_us,
    }
    tx.connection.execute(insert(sign_in_links), values)
    user = link.user or "first administrator"
    tx.audit("link.make", f"link:{link.id}", user=user, expires=rfc3339(link.expires_us))


def link_of_digest(tx: Transaction, digest: str) -> LinkRow | None:
    """Return the link whose secret has this SHA-256 (hex), also a used, revoked or expired one."""
    found = tx.connection.execute(select(sign_in_links).where(sign_in_links.c.digest == digest)).first()
    return None if found is None else _link(found)


def use_link(tx: Transaction, link: str, user: str, address: str) -> bool:
    """Use a link up; False when it was used or revoked before."""
    query = update(sign_in_links).where(
        sign_in_links.c.id == link, sign_in_links.c.used_us.is_(None), sign_in_links.c.revoked_us.is_(None)
    )
    used = bool(tx.connection.execute(query.values(used_us=tx.clock.now_us())).rowcount)
    if used:
        tx.audit("link.use", f"link:{link}", user=user, address=address)
    return used


def _replace_recovery_codes(tx: Transaction, user: str, digests: Collection[str]) -> None:
    tx.connection.execute(delete(recovery_codes).where(recovery_codes.c.user == user))
    now_us = tx.clock.now_us()
    rows = [{"user": user, "digest": digest, "made_us": now_us} for digest in sorted(digests)]
    tx.connection.execute(insert(recovery_codes), rows)


def _update(tx: Transaction, user: str, **values: Any) -> None:  # noqa: ANN401 - columns
    if not tx.connection.execute(update(credentials).where(credentials.c.user == user).values(**values)).rowcount:
        tx.connection.execute(insert(credentials), {"user": user, **values})


def _link(found: Row[Any]) -> LinkRow:
    user = None if found.user is None else UserId(found.user)
    return LinkRow(found.id, user, found.made_by, found.made_us, found.expires_us, found.used_us, found.revoked_us)
