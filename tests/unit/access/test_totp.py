"""Codes of the second factor: the RFC's own examples, one step of drift, and recovery codes."""

from __future__ import annotations

import base64
import re
from urllib.parse import unquote

import pyotp
import pytest

from camera_gateway.access import totp
from camera_gateway.clock import US
from camera_gateway.domain.people import UserId
from camera_gateway.settings.vault import Vault

ALIA, BERIK = UserId("alia"), UserId("berik")
RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("seconds", "eight_digits"),
    [(59, "94287082"), (1_111_111_109, "07081804"), (1_234_567_890, "89005924"), (20_000_000_000, "65353130")],
)
def test_the_codes_are_those_of_rfc_6238_appendix_b(seconds: int, eight_digits: str) -> None:
    code = eight_digits[2:]
    assert totp.step_of(RFC_SECRET, code, seconds * US) == seconds // 30
    assert totp.step_of(RFC_SECRET, f" {code[:3]} {code[3:]} ", seconds * US) == seconds // 30


def test_one_step_early_or_late_is_taken_and_named_two_are_not() -> None:
    now_s = 1_700_000_010
    code = pyotp.TOTP(RFC_SECRET).at(now_s)
    for late_s, expected in ((0, now_s // 30), (30, now_s // 30), (-30, now_s // 30), (60, None), (-60, None)):
        assert totp.step_of(RFC_SECRET, code, (now_s + late_s) * US) == expected


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６", "12345\x00", "-12345"])
def test_what_is_no_code_is_wrong(code: str) -> None:
    assert totp.step_of(RFC_SECRET, code, 59 * US) is None


def test_a_secret_has_160_bits_and_its_picture_is_an_svg_for_an_image() -> None:
    secret = totp.new_secret()
    assert len(base64.b32decode(secret)) == 20
    assert secret != totp.new_secret()
    address = totp.address_of(secret, ALIA, "Camera Gateway (demo)")
    assert address.startswith("otpauth://totp/Camera%20Gateway%20%28demo%29:alia?secret=")
    picture = totp.picture_of(address)
    assert picture.startswith("data:image/svg+xml")
    text = unquote(picture.split(",", 1)[1])
    assert "<svg" in text
    assert "script" not in text
    assert secret not in text


def test_recovery_codes_are_told_apart_by_user_and_key_and_read_as_people_write_them() -> None:
    vault = Vault(bytes(range(32)))
    codes = totp.new_recovery_codes()
    assert len(set(codes)) == totp.RECOVERY_CODES
    assert all(re.fullmatch(r"(?:[0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}", code) for code in codes)
    digest = totp.recovery_digest(vault, ALIA, codes[0])
    assert digest == totp.recovery_digest(vault, ALIA, codes[0].lower().replace("-", " "))
    misread = codes[0].replace("1", "l").replace("0", "O")
    assert totp.recovery_digest(vault, ALIA, misread) == digest
    assert totp.recovery_digest(vault, BERIK, codes[0]) != digest
    assert totp.recovery_digest(Vault(bytes(32)), ALIA, codes[0]) != digest
    for wrong in ("", "1234", codes[0] + "A", codes[0][:-1] + "U", codes[0][:-1] + "я"):
        assert totp.recovery_digest(vault, ALIA, wrong) is None
