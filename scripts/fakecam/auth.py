"""Who may look: Basic (RFC 7617) and Digest with MD5 (RFC 2069/2617) or SHA-256 (RFC 7616).

Checks as strictly as real cameras, or more: the digest URI must be the request's,
a nonce must be this server's, and a nonce count may be used once.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import b64decode
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fakecam.messages import Request

SCHEMES = ("none", "basic", "digest", "digest-sha-256")
_FIELD = re.compile(r'([a-zA-Z]+)=(?:"([^"]*)"|([^\s,]+))')
_HASHES = {"digest": "md5", "digest-sha-256": "sha256"}


class Gate:
    """Decides about the requests of one connection; `schemes` are offered in this order."""

    def __init__(self, schemes: tuple[str, ...], realm: str, user: str, password: str) -> None:
        self._schemes = tuple(s for s in schemes if s != "none")
        self._realm = realm
        self._user = user
        self._password = password
        self._nonce = secrets.token_hex(16)
        self._counts: set[str] = set()

    def admits(self, request: Request) -> bool:
        """Whether the request carries the right credentials in an offered scheme."""
        if not self._schemes:
            return True
        scheme, _, rest = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic" and "basic" in self._schemes:
            return self._basic(rest.strip())
        if scheme.lower() == "digest":
            fields = {m[1].lower(): m[2] if m[2] is not None else m[3] for m in _FIELD.finditer(rest)}
            sha = fields.get("algorithm", "MD5").upper() == "SHA-256"
            name = "digest-sha-256" if sha else "digest"
            return name in self._schemes and self._digest(_HASHES[name], request, fields)
        return False

    def challenges(self) -> list[str]:
        """Values of WWW-Authenticate, one per scheme."""
        offers = {
            "basic": f'Basic realm="{self._realm}"',
            # as Hikvision and Dahua send it: no qop, no algorithm
            "digest": f'Digest realm="{self._realm}", nonce="{self._nonce}"',
            "digest-sha-256": f'Digest realm="{self._realm}", nonce="{self._nonce}", algorithm=SHA-256, qop="auth"',
        }
        return [offers[scheme] for scheme in self._schemes]

    def _basic(self, token: str) -> bool:
        try:
            given = b64decode(token, validate=True)
        except ValueError:
            return False
        return hmac.compare_digest(given, f"{self._user}:{self._password}".encode())

    def _digest(self, algorithm: str, request: Request, fields: dict[str, str]) -> bool:
        wanted = {
            "username": self._user,
            "realm": self._realm,
            "nonce": self._nonce,
            "uri": request.uri,
        }
        if any(fields.get(name) != value for name, value in wanted.items()):
            return False
        ha1 = _hash(algorithm, f"{self._user}:{self._realm}:{self._password}")
        ha2 = _hash(algorithm, f"{request.method}:{request.uri}")
        middle = self._nonce
        if algorithm == "sha256":
            count, qop = fields.get("nc", ""), fields.get("qop", "")
            if qop != "auth" or not count or count in self._counts or not fields.get("cnonce"):
                return False
            middle = f"{self._nonce}:{count}:{fields['cnonce']}:{qop}"
        expected = _hash(algorithm, f"{ha1}:{middle}:{ha2}")
        right = hmac.compare_digest(expected, fields.get("response", ""))
        if right and "nc" in fields:
            self._counts.add(fields["nc"])
        return right


def _hash(algorithm: str, text: str) -> str:
    return hashlib.new(algorithm, text.encode()).hexdigest()
