"""Secrets that are held for a while, and purposes as they are stated."""

from __future__ import annotations

import hashlib

import pytest

from camera_gateway.access.purposes import KINDS, Code, Stated, parse_header, stated
from camera_gateway.access.secret_texts import csrf_of, digest_of, is_csrf_of, new_link_secret, new_session_secret
from camera_gateway.errors import InvalidInput


def test_a_session_secret_has_256_bits_and_shows_nowhere_but_in_its_text() -> None:
    made = new_session_secret()
    assert len(made.text) == 43
    assert made.digest == hashlib.sha256(made.text.encode()).hexdigest() == digest_of(made.text)
    assert made.text not in repr(made)
    assert made.id not in made.text
    assert new_session_secret().text != made.text
    assert new_link_secret().text.startswith("cgl_")


def test_a_csrf_token_belongs_to_one_session() -> None:
    one, other = new_session_secret().text, new_session_secret().text
    assert is_csrf_of(one, csrf_of(one))
    assert not is_csrf_of(other, csrf_of(one))
    for wrong in ("", one, csrf_of(one)[:-1], csrf_of(one) + "=", "\udcff"):
        assert not is_csrf_of(one, wrong)


def test_what_is_too_long_is_nobodys_secret() -> None:
    assert digest_of("x" * 101) == ""


def test_every_purpose_has_a_name_in_the_three_languages() -> None:
    assert list(KINDS) == list(Code)
    for kind in KINDS.values():
        assert set(kind.names) == {"kk", "ru", "en"}
        assert all(name.strip() for name in kind.names.values())
    assert len({kind.names["ru"] for kind in KINDS.values()}) == len(KINDS)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("inspection; case=2026-17", Stated(Code.INSPECTION, "2026-17", "")),
        ("maintenance", Stated(Code.MAINTENANCE, "", "")),
        ("incident;case=%D0%94%D0%B5%D0%BB%D0%BE%2012;text=a%3Bb", Stated(Code.INCIDENT, "Дело 12", "a;b")),
        (" request ; CASE = 7 ", Stated(Code.REQUEST, "7", "")),
    ],
)
def test_the_header_is_read_as_people_write_it(value: str, expected: Stated) -> None:
    assert parse_header(value) == expected


@pytest.mark.parametrize(
    "value",
    ["", "curiosity; case=1", "inspection", "inspection; case=", "inspection; file=1", "inspection; case",
     "inspection; case=%00", f"inspection; case={'x' * 101}", f"safety; text={'x' * 501}"],
)  # fmt: skip
def test_what_states_no_purpose_is_invalid_input(value: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_header(value)
    assert caught.value.code == "purpose-invalid"
    assert caught.value.hint


def test_only_what_has_a_matter_needs_a_case() -> None:
    assert {code for code in Code if KINDS[code].needs_case} == {
        Code.INSPECTION,
        Code.INCIDENT,
        Code.REQUEST,
        Code.COMPLAINT,
    }
    assert stated("safety").case == ""
