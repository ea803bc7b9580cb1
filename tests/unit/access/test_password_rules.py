"""Which passwords are taken: long, and not what anybody would try; never by composition (NIST SP 800-63B-4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_gateway.access.password_rules import LEAST_GUESSES, LONGEST, SHORTEST, demand_good, guesses
from camera_gateway.access.passwords import normal
from camera_gateway.errors import InvalidInput, Unavailable

if TYPE_CHECKING:
    from pathlib import Path

PERSONAL = ("aliya", "Алия Сатпаева", "ayagoz-centre", "camera gateway")


def refused(password: str, blocked: Path | None = None) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        demand_good(password, PERSONAL, blocked)
    assert caught.value.code == "password-weak"
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize(
    "password",
    [
        "vier Fähren treiben still",
        "корова поёт на крыше",
        "жеті теңге тау астында",
        "kx7-Rv2m-pQ9z",
        "tulip marble engine",
        "𝔲𝔫𝔲𝔰𝔲𝔞𝔩 𝔩𝔢𝔱𝔱𝔢𝔯𝔰",
        "w" + "abcxyz qrt" * 20,
        "вечером идёт снег",
    ],
)
def test_a_sentence_is_taken_in_any_language_without_capitals_or_digits(password: str) -> None:
    demand_good(password, PERSONAL)


@pytest.mark.parametrize(
    "password",
    [
        "passwordpassword",
        "Password2026!",
        "P@ssw0rd12345",
        "admin123admin123",
        "qwertyuiop[]",
        "1q2w3e4r5t6y",
        "йцукенгшщзхъ",
        "gfhjkmgfhjkm",  # пароль in the other layout, twice
        "пароль123456",
        "ghbdtnghbdtn2025",
        "aaaaaaaaaaaaaaa",
        "abcdefghijkl",
        "987654321098",
        "aliya-aliya-1990",
        "Camera-Gateway-2026",
        "ayagoz-centre-1",
        "iloveyou2024!!!",
        "құпиясөз2025",
        "алиясатпаева1",
        "hikvision12345",
    ],
)
def test_what_anybody_would_try_is_refused_however_long(password: str) -> None:
    assert "easily guessed" in refused(password).message


def test_a_refusal_does_not_repeat_the_password() -> None:
    for password in ("sommerrrrr", "passwordpassword", "x" * (LONGEST + 1), "tab\tin the middle of it"):
        error = refused(password)
        assert password not in error.message + error.hint


def test_length_is_counted_in_characters_after_normalisation() -> None:
    assert "shorter" in refused("ünd äöü ß xy"[: SHORTEST - 1]).message
    demand_good("ünd äöü ß qwv"[:SHORTEST], PERSONAL)
    # eleven letters written as twenty-two code points are eleven
    assert "shorter" in refused("и\u0306" * (SHORTEST - 1)).message
    assert "longer" in refused("q7 " * LONGEST).message


def test_a_control_character_is_refused() -> None:
    assert "control character" in refused("a sentence\x00 with a hole").message


def test_an_installation_may_bring_a_list_of_its_own(tmp_path: Path) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text("correct horse\nVier Fähren Treiben Still\r\n", encoding="utf-8")
    assert "list" in refused("vier fähren treiben still", listed).message
    demand_good("fünf Fähren treiben still", PERSONAL, listed)
    with pytest.raises(Unavailable) as caught:
        demand_good("vier fähren treiben still", PERSONAL, tmp_path / "absent")
    assert "absent" in caught.value.message


@given(st.text(max_size=30))
def test_no_text_has_more_guesses_than_characters(text: str) -> None:
    assert 0 <= guesses(text) <= len(normal(text).casefold())


def test_a_hard_password_stays_hard_whoever_chooses_it() -> None:
    assert guesses("kx7-Rv2m-pQ9z") == guesses("kx7-Rv2m-pQ9z", PERSONAL) >= LEAST_GUESSES
