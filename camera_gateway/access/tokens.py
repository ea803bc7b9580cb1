"""API tokens: 32 random bytes that are shown once and kept as a SHA-256.

Promises that a token's text is neither kept nor repeated: errors and audit rows name the token's id. A fast hash is
right here: 256 random bits cannot be guessed, however fast the guesses are.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from camera_gateway.catalogue import tokens, users
from camera_gateway.domain.people import Actor, TokenId
from camera_gateway.errors import Refused

if TYPE_CHECKING:
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.catalogue.tokens import TokenRow

PREFIX = "cgw_"
"""So that a token is known for what it is wherever somebody has left it."""
RANDOM_BYTES = 32
LONGEST_TEXT = 200
USE_NOTED_US = 60_000_000
"""A token's last use is written down once a minute: a script in a loop must not wear the disk."""


@dataclass(frozen=True, slots=True, repr=False)
class NewToken:
    """A token just made. `text` is to be shown once; only `digest` is kept."""

    id: TokenId
    text: str
    digest: str


def make_token() -> NewToken:
    """Draw a new token: its public id (8 hex digits of chance) and its text."""
    text = PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
    return NewToken(TokenId(f"t-{secrets.token_hex(4)}"), text, digest_of(text))


def digest_of(text: str) -> str:
    """Return the SHA-256 (hex) by which a token is found."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


@dataclass(frozen=True, slots=True)
class Checked:
    """What is to be said of a token that was shown: `refusal` is empty when it is good."""

    token: TokenRow
    actor: Actor
    refusal: str
    use_is_new: bool


def check_token(tx: Transaction, text: str) -> Checked:
    """Find whose token this is and whether it holds now; `Refused` when it was never made here."""
    row = token_of(tx, text)
    now_us = tx.clock.now_us()
    if row.revoked_us is not None:
        refusal = f"token {row.id} has been revoked"
    elif now_us >= row.expires_us:
        refusal = f"token {row.id} has expired"
    elif users.get_user(tx, row.user).disabled:
        refusal = f"user {row.user} is disabled"
    else:
        refusal = ""
    use_is_new = row.last_used_us is None or abs(now_us - row.last_used_us) >= USE_NOTED_US
    return Checked(row, Actor("token", row.user, row.scope), refusal, use_is_new)


def token_of(tx: Transaction, text: str) -> TokenRow:
    """Return the row of a token's text; `Refused`, without repeating it, when there is none."""
    found = tokens.token_of_digest(tx, digest_of(text)) if len(text) <= LONGEST_TEXT else None
    if found is None:
        raise Refused("this token is not known here", hint="see: camera-gateway token list", code="token-refused")
    return found
