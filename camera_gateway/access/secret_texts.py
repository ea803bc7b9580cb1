"""Secrets that somebody holds for a while: a session's cookie and a sign-in link, 256 random bits each.

Promises that only their SHA-256 is to be kept, which is right for what cannot be guessed; that a session's CSRF token
follows from its secret and so need not be kept at all.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass

RANDOM_BYTES = 32
LONGEST = 100
LINK_PREFIX = "cgl_"
"""So that a link's secret is known for what it is wherever somebody has left it."""


@dataclass(frozen=True, slots=True, repr=False)
class NewSecret:
    """A secret just drawn: `id` is public, `text` is handed over once, only `digest` is kept."""

    id: str
    text: str
    digest: str


def new_session_secret() -> NewSecret:
    """Draw what a browser will hold."""
    return _drawn("s-", "")


def new_link_secret() -> NewSecret:
    """Draw what stands in a sign-in link."""
    return _drawn("l-", LINK_PREFIX)


def digest_of(text: str) -> str:
    """Return the SHA-256 (hex) by which a secret is found; "" for what is too long to be one."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest() if len(text) <= LONGEST else ""


def csrf_of(session_secret: str) -> str:
    """Return the CSRF token of a session: an HMAC-SHA-256 under its secret, which another page cannot know."""
    mac = hmac.digest(session_secret.encode("utf-8", "surrogateescape"), b"csrf", "sha256")
    return base64.urlsafe_b64encode(mac).decode("ascii").rstrip("=")


def is_csrf_of(session_secret: str, given: str) -> bool:
    """Whether a CSRF token is the one of a session, in constant time."""
    return hmac.compare_digest(csrf_of(session_secret).encode(), given.encode("utf-8", "surrogateescape"))


def _drawn(id_prefix: str, text_prefix: str) -> NewSecret:
    text = text_prefix + secrets.token_urlsafe(RANDOM_BYTES)
    return NewSecret(id_prefix + secrets.token_hex(4), text, digest_of(text))
