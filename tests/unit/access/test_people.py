"""Scopes, actors and tokens as values: how they are written, and what a token is made of."""

from __future__ import annotations

import hashlib
import re

import pytest

from camera_gateway.access.tokens import digest_of, make_token
from camera_gateway.domain.people import EVERYWHERE, SYSTEM, Actor, parse_scope, same_person, written_actor
from camera_gateway.errors import InvalidInput


@pytest.mark.parametrize("text", ["all", "region:Абай облысы", "institution:kg-12", "zone:bedroom"])
def test_a_scope_is_written_as_it_is_read(text: str) -> None:
    assert str(parse_scope(f" {text} ")) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "everything",
        "all:",
        "all:kg-12",
        "region",
        "region:",
        "region: \t",
        "region:a\x1b[0m",
        f"region:{'x' * 201}",
        "institution:",
        "institution:KG 12",
        "zone:roof",
        "zone:",
        "camera:hall",
    ],
)
def test_what_is_no_scope_is_invalid_input_with_a_hint(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_scope(text)
    assert caught.value.hint


def test_an_actor_keeps_kind_and_name_and_only_a_token_has_a_user() -> None:
    assert [str(actor) for actor in (Actor("shell", "root"), Actor("token", "alia"), SYSTEM)] == [
        "shell:root",
        "token:alia",
        "system:gateway",
    ]
    assert [actor.user for actor in (Actor("shell", "root"), Actor("token", "alia"), SYSTEM)] == [None, "alia", None]
    assert Actor("shell", "root").within == EVERYWHERE


def test_a_token_is_32_random_bytes_kept_as_their_hash() -> None:
    made = [make_token() for _ in range(50)]
    assert all(re.fullmatch(r"cgw_[A-Za-z0-9_-]{43}", token.text) for token in made)
    assert all(re.fullmatch(r"t-[0-9a-f]{8}", token.id) for token in made)
    assert len({token.text for token in made}) == 50
    assert made[0].digest == hashlib.sha256(made[0].text.encode()).hexdigest() == digest_of(made[0].text)


def test_a_new_token_does_not_show_itself_by_accident() -> None:
    token = make_token()
    assert token.text not in repr(token)
    assert token.text not in f"{token!s}"


def test_an_actor_is_read_as_it_is_written() -> None:
    for actor in (Actor("shell", "root"), Actor("token", "alia"), Actor("session", "alia"), SYSTEM):
        assert written_actor(str(actor)) == actor
    assert written_actor("alia").user is None


def test_one_account_is_one_person_by_token_and_by_session() -> None:
    token, session = Actor("token", "alia", parse_scope("zone:hall")), Actor("session", "alia")
    assert same_person(token, session)
    assert same_person(token, Actor("token", "alia"))
    assert not same_person(session, Actor("session", "berik"))
    # an account of the host with the same name is not known to be the same person
    assert not same_person(session, Actor("shell", "alia"))
    assert not same_person(Actor("shell", "alia"), Actor("shell", "root"))
    assert same_person(Actor("shell", "alia"), Actor("shell", "alia"))
