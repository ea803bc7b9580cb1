"""Browsers that somebody has signed in with before: each has a count of failures of its own.

Promises that who floods an account from elsewhere does not make its owner wait, and that a device's mark is worth
nothing but that: it opens nothing, is bound to one user by a keyed digest, and need not be kept here.
"""

from __future__ import annotations

import hmac
import secrets
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from camera_gateway.settings.vault import Vault

_PURPOSE = "device"
_NONCE_BYTES = 16
LONGEST = 100


def new_mark(vault: Vault, user: str) -> str:
    """Draw the mark of a device that `user` has just signed in with."""
    nonce = secrets.token_urlsafe(_NONCE_BYTES)
    return f"{nonce}.{_mac(vault, user, nonce)}"


def count_of(vault: Vault, user: str, mark: str) -> str | None:
    """Return the name of the count that a device has for `user`; None for a mark of somebody else, or of nobody."""
    nonce, dot, mac = mark.partition(".")
    if not dot or len(mark) > LONGEST:
        return None
    right = hmac.compare_digest(_mac(vault, user, nonce).encode(), mac.encode("utf-8", "surrogateescape"))
    return f"device:{nonce}" if right else None


def _mac(vault: Vault, user: str, nonce: str) -> str:
    data = f"{user}\0{nonce}".encode("utf-8", "surrogateescape")
    return urlsafe_b64encode(vault.keyed(_PURPOSE, data)).decode("ascii").rstrip("=")
