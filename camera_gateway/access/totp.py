"""The second factor: time-based codes (RFC 6238: SHA-1, 30 s, 6 digits) and recovery codes that each work once.

Promises that a code is compared in constant time and names the time step it belongs to, so that the caller can refuse
it the second time (RFC 6238, 5.2). Keeps nothing; where secrets and digests are kept, `catalogue/credentials` knows.
"""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING

import pyotp
import segno

from camera_gateway.clock import US

if TYPE_CHECKING:
    from camera_gateway.domain.people import UserId
    from camera_gateway.settings.vault import Vault

STEP_S = 30
DRIFT_STEPS = 1
"""One step early or late is taken: telephones and people are not on time (RFC 6238, 5.2)."""
DIGITS = 6
RECOVERY_CODES = 10
_RECOVERY_BYTES = 10
_GROUP = 4
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O or U to misread."""
_MISREAD = str.maketrans("ILO", "110")
_PURPOSE = "recovery-code"


def new_secret() -> str:
    """Draw a secret of 160 bits, as long as SHA-1's output (RFC 4226, 4 R6), in base 32."""
    return pyotp.random_base32(length=32)


def address_of(secret: str, user: UserId, issuer: str) -> str:
    """Return the otpauth: address that an authenticator app reads."""
    return pyotp.TOTP(secret).provisioning_uri(name=str(user), issuer_name=issuer)


def picture_of(address: str) -> str:
    """Return the address as a QR code: an SVG image as a data: address, dark on light whatever the page is."""
    return str(segno.make(address, error="m", micro=False).svg_data_uri(scale=4, border=4, dark="#000", light="#fff"))


def step_of(secret: str, code: str, now_us: int) -> int | None:
    """Return the time step for which `code` is right at `now_us` (µs UTC), None when it is wrong."""
    given = "".join(code.split())
    if len(given) != DIGITS or not given.isascii() or not given.isdigit():
        return None
    generator = pyotp.TOTP(secret, digits=DIGITS, interval=STEP_S)
    present = now_us // (STEP_S * US)
    found = None
    for step in range(present - DRIFT_STEPS, present + DRIFT_STEPS + 1):
        # all of them are looked at, so that the time taken tells nothing; the latest that fits counts
        if hmac.compare_digest(generator.generate_otp(step), given):
            found = step
    return found


def new_recovery_codes() -> list[str]:
    """Draw codes of 80 random bits, written in groups of four."""
    return [_grouped(secrets.token_bytes(_RECOVERY_BYTES)) for _ in range(RECOVERY_CODES)]


def recovery_digest(vault: Vault, user: UserId, code: str) -> str | None:
    """Return the keyed digest (hex) under which a recovery code is kept; None for what cannot be one.

    Keyed and bound to the user, so that 80 bits are enough even for somebody who has the database.
    """
    given = "".join(character for character in code.upper() if character.isalnum()).translate(_MISREAD)
    if len(given) != _RECOVERY_BYTES * 8 // 5 or not set(given) <= set(_ALPHABET):
        return None
    return vault.keyed(_PURPOSE, f"{user}\0{given}".encode()).hex()


def _grouped(data: bytes) -> str:
    number = int.from_bytes(data, "big")
    text = "".join(_ALPHABET[(number >> shift) & 31] for shift in range(len(data) * 8 - 5, -1, -5))
    return "-".join(text[start : start + _GROUP] for start in range(0, len(text), _GROUP))
