"""API tokens in the catalogue: what is known of each, and the SHA-256 of its text, never the text.

Functions of a `Transaction`. Making and revoking write their audit rows in the same transaction; a row is never
deleted, so that an old audit row still finds whose token it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from camera_gateway.catalogue.tables import tokens
from camera_gateway.clock import rfc3339
from camera_gateway.domain.people import Scope, TokenId, UserId, parse_scope
from camera_gateway.errors import NotFound, Refused

if TYPE_CHECKING:
    from sqlalchemy import Row

    from camera_gateway.catalogue.opening import Transaction


@dataclass(frozen=True, slots=True)
class TokenRow:
    """One token. `scope` narrows the user's own rights; `issued_by` is the actor who made it. Times are µs UTC."""

    id: TokenId
    user: UserId
    label: str
    scope: Scope
    issued_by: str
    created_us: int
    expires_us: int
    last_used_us: int | None
    revoked_us: int | None


def add_token(tx: Transaction, token: TokenRow, digest: str) -> None:
    """Keep a new token under the digest of its text."""
    values = {
        "id": token.id,
        "user": token.user,
        "label": token.label,
        "digest": digest,
        "scope": str(token.scope),
        "issued_by": token.issued_by,
        "created_us": token.created_us,
        "expires_us": token.expires_us,
    }
    tx.connection.execute(insert(tokens), values)
    tx.audit(
        "token.create",
        f"token:{token.id}",
        user=token.user,
        scope=str(token.scope),
        expires=rfc3339(token.expires_us),
        label=token.label,
    )


def get_token(tx: Transaction, token: str) -> TokenRow:
    """Return a token by its id; `NotFound` when there is none. What was given is not repeated: it may be a token."""
    found = tx.connection.execute(select(tokens).where(tokens.c.id == token)).first()
    if found is None:
        raise NotFound("no token with this id", hint="run: camera-gateway token list")
    return _row(found)


def token_of_digest(tx: Transaction, digest: str) -> TokenRow | None:
    """Return the token whose text has this SHA-256 (hex), also a revoked or expired one."""
    found = tx.connection.execute(select(tokens).where(tokens.c.digest == digest)).first()
    return None if found is None else _row(found)


def list_tokens(tx: Transaction, user: str | None = None) -> list[TokenRow]:
    """Return all tokens, or one user's, the oldest first."""
    query = select(tokens).order_by(tokens.c.created_us, tokens.c.id)
    if user is not None:
        query = query.where(tokens.c.user == user)
    return [_row(found) for found in tx.connection.execute(query)]


def revoke_token(tx: Transaction, token: TokenId) -> None:
    """End a token at once and for good; `Refused` when it has been revoked before."""
    known = get_token(tx, token)
    if known.revoked_us is not None:
        raise Refused(f"token {token} is revoked already")
    tx.connection.execute(update(tokens).where(tokens.c.id == token).values(revoked_us=tx.clock.now_us()))
    tx.audit("token.revoke", f"token:{token}", user=known.user)


def note_use(tx: Transaction, token: TokenId) -> None:
    """Remember that a token was used now. No audit row: what it was used for has its own."""
    tx.connection.execute(update(tokens).where(tokens.c.id == token).values(last_used_us=tx.clock.now_us()))


def _row(found: Row[Any]) -> TokenRow:
    return TokenRow(
        TokenId(found.id),
        UserId(found.user),
        found.label,
        parse_scope(found.scope),
        found.issued_by,
        found.created_us,
        found.expires_us,
        found.last_used_us,
        found.revoked_us,
    )
