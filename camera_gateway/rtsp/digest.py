"""Who we are, said in the strongest way the camera offers: Digest SHA-256, Digest MD5, Basic. Pure.

RFC 7616 (and RFC 2617 without qop) applied to RTSP. A challenge may come on several header lines or several
to a line, in any order. The password enters through the constructor and leaves only inside a header value.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MAX_CHALLENGES = 16
MAX_PARAMETERS = 64

_HASHES: dict[str, Callable[[bytes], str]] = {
    "sha-256": lambda data: hashlib.sha256(data).hexdigest(),
    # MD5 is what most cameras in the field still ask for; nothing of ours relies on its strength
    "md5": lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest(),
}
_STRENGTH = ("sha-256", "md5")
_PARAMETER = re.compile(r'\s*([!#$%&\'*+.^_`|~0-9A-Za-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))')
_SCHEME = re.compile(r"\s*([A-Za-z][A-Za-z0-9_-]*)(?=\s|,|$)(?!\s*=)")


@dataclass(frozen=True, slots=True)
class Challenge:
    """One challenge of a WWW-Authenticate header; parameter names in lower case, values unquoted."""

    scheme: str
    parameters: dict[str, str] = field(default_factory=dict)

    @property
    def algorithm(self) -> str:
        """The digest algorithm in lower case; MD5 when none is named (RFC 7616 section 3.3)."""
        return self.parameters.get("algorithm", "").strip().lower() or "md5"

    @property
    def rank(self) -> int | None:
        """Smaller is stronger; None when we cannot answer it."""
        if self.scheme == "digest":
            base = self.algorithm.removesuffix("-sess")
            if base in _STRENGTH and self.parameters.get("nonce") is not None and self.qop is not None:
                return _STRENGTH.index(base)
        if self.scheme == "basic":
            return len(_STRENGTH)
        return None

    @property
    def qop(self) -> str | None:
        """`auth`, `auth-int`, empty for RFC 2617 without qop, None when only unknown ones are offered."""
        offered = self.parameters.get("qop")
        if offered is None or not offered.strip():
            return ""
        words = {word.strip().lower() for word in offered.split(",")}
        return next((word for word in ("auth", "auth-int") if word in words), None)

    @property
    def stale(self) -> bool:
        """The camera says that only the nonce is old, the password was right."""
        return self.parameters.get("stale", "").strip().lower() == "true"


def parse_challenges(values: Iterable[str]) -> tuple[Challenge, ...]:
    """Read every challenge of every WWW-Authenticate line; what cannot be read is left out."""
    challenges: list[Challenge] = []
    for value in values:
        at = 0
        while at < len(value) and len(challenges) < MAX_CHALLENGES:
            scheme = _SCHEME.match(value, at)
            if scheme is None:
                at += 1
                continue
            at, parameters = _parse_parameters(value, scheme.end())
            challenges.append(Challenge(scheme[1].lower(), parameters))
    return tuple(challenges)


def _parse_parameters(value: str, at: int) -> tuple[int, dict[str, str]]:
    parameters: dict[str, str] = {}
    while len(parameters) < MAX_PARAMETERS:
        while at < len(value) and value[at] in " \t,":
            at += 1
        found = _PARAMETER.match(value, at)
        if found is None:
            break
        quoted, token = found[2], found[3]
        text = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else token
        parameters.setdefault(found[1].lower(), text)
        at = found.end()
    return at, parameters


def strongest(challenges: Iterable[Challenge]) -> Challenge | None:
    """Return the strongest challenge that we can answer, wherever in the list it stands."""
    usable = [challenge for challenge in challenges if challenge.rank is not None]
    return min(usable, key=lambda challenge: challenge.rank or 0, default=None)


class Authenticator:
    """Answers challenges for one user of one camera; counts the uses of a nonce."""

    def __init__(
        self,
        username: str,
        password: str,
        *,
        make_cnonce: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        self._username = username
        self._password = password
        self._make_cnonce = make_cnonce
        self._challenge: Challenge | None = None
        self._cnonce = ""
        self._uses = 0

    def __repr__(self) -> str:
        return f"Authenticator({self.kind})"

    @property
    def kind(self) -> str:
        """`none`, `basic`, `digest-md5` or `digest-sha-256`: what is in use now."""
        if self._challenge is None:
            return "none"
        if self._challenge.scheme == "basic":
            return "basic"
        return f"digest-{self._challenge.algorithm.removesuffix('-sess')}"

    def take(self, challenges: Iterable[Challenge]) -> bool:
        """Adopt the strongest of `challenges`; False when none of them can be answered."""
        challenge = strongest(challenges)
        if challenge is None:
            return False
        self._challenge = challenge
        self._cnonce = self._make_cnonce()
        self._uses = 0
        return True

    def header(self, method: str, uri: str) -> str | None:
        """Return the Authorization value for a request without a body, or None before any challenge."""
        challenge = self._challenge
        if challenge is None:
            return None
        if challenge.scheme == "basic":
            pair = f"{self._username}:{self._password}".encode()
            return f"Basic {base64.b64encode(pair).decode('ascii')}"
        return self._digest(challenge, method, uri)

    def _digest(self, challenge: Challenge, method: str, uri: str) -> str:
        algorithm, qop = challenge.algorithm, challenge.qop
        hashed = _HASHES[algorithm.removesuffix("-sess")]
        realm, nonce = challenge.parameters.get("realm", ""), challenge.parameters["nonce"]
        self._uses += 1
        count = f"{self._uses:08x}"

        def digest(text: str) -> str:
            return hashed(text.encode("utf-8", "surrogatepass"))

        a1 = digest(f"{self._username}:{realm}:{self._password}")
        if algorithm.endswith("-sess"):
            a1 = digest(f"{a1}:{nonce}:{self._cnonce}")
        a2 = f"{method}:{uri}"
        if qop == "auth-int":
            a2 = f"{a2}:{hashed(b'')}"
        middle = f"{nonce}:{count}:{self._cnonce}:{qop}" if qop else nonce
        answer = digest(f"{a1}:{middle}:{digest(a2)}")

        hide = challenge.parameters.get("userhash", "").lower() == "true"
        shown = digest(f"{self._username}:{realm}") if hide else self._username
        parts = [
            f"username={_quote(shown)}",
            f"realm={_quote(realm)}",
            f"nonce={_quote(nonce)}",
            f"uri={_quote(uri)}",
            f'response="{answer}"',
        ]
        if "algorithm" in challenge.parameters:  # old firmware rejects a parameter it did not send
            parts.append(f"algorithm={challenge.parameters['algorithm'].strip()}")
        if "opaque" in challenge.parameters:
            parts.append(f"opaque={_quote(challenge.parameters['opaque'])}")
        if qop:
            parts += [f"qop={qop}", f"nc={count}", f'cnonce="{self._cnonce}"']
        elif algorithm.endswith("-sess"):
            parts.append(f'cnonce="{self._cnonce}"')
        if hide:
            parts.append("userhash=true")
        return "Digest " + ", ".join(parts)


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
