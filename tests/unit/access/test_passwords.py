"""Argon2id: its cost, its pepper, and that nobody can make it starve the rest (threat model, M15, M16)."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import TYPE_CHECKING

import pytest
from argon2 import extract_parameters
from argon2.low_level import Type
from support.accounts import CHEAP

from camera_gateway.access.passwords import NICENESS, Cost, Passwords, normal
from camera_gateway.errors import Unavailable
from camera_gateway.settings.vault import Vault

if TYPE_CHECKING:
    from collections.abc import Iterator

VAULT = Vault(bytes(range(32)))


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    made = Passwords(VAULT, CHEAP)
    yield made
    made.close()


async def test_a_hash_is_argon2id_of_the_declared_cost() -> None:
    made = Passwords(VAULT)
    try:
        found = extract_parameters(await made.hash("a sentence of some length"))
    finally:
        made.close()
    assert found.type is Type.ID
    assert (found.memory_cost, found.time_cost, found.parallelism) == (65_536, 3, 1)
    assert (found.salt_len, found.hash_len) == (16, 32)


async def test_the_same_password_never_has_the_same_hash_and_is_known_again(passwords: Passwords) -> None:
    one, other = await passwords.hash("vier Fähren"), await passwords.hash("vier Fähren")
    assert one != other
    assert await passwords.verify(one, "vier Fähren")
    assert not await passwords.verify(one, "vier Fahren")
    assert not await passwords.verify(one, "")


async def test_two_ways_of_typing_a_letter_are_one_password(passwords: Passwords) -> None:
    assert normal("й") == normal("и\u0306")
    assert await passwords.verify(await passwords.hash("пятый й"), "пятый и\u0306")


async def test_a_stolen_database_is_worth_nothing_without_the_key_file(passwords: Passwords) -> None:
    kept = await passwords.hash("vier Fähren")
    elsewhere = Passwords(Vault(bytes(32)), CHEAP)
    try:
        assert not await elsewhere.verify(kept, "vier Fähren")
    finally:
        elsewhere.close()


async def test_nobody_costs_as_much_as_somebody_and_is_never_let_in(passwords: Passwords) -> None:
    kept = await passwords.hash("vier Fähren")
    before = passwords.computed
    assert await passwords.verify(kept, "vier Fähren")
    assert not await passwords.verify(None, "vier Fähren")
    assert passwords.computed == before + 2
    # what stands in for nobody's hash has the cost of everybody's
    nobodys = extract_parameters(passwords._nobodys())
    assert nobodys == extract_parameters(kept)


async def test_a_hash_of_another_cost_is_outdated_and_still_verified(passwords: Passwords) -> None:
    stronger = Passwords(VAULT, Cost(memory_kib=128, passes=2))
    try:
        kept = await passwords.hash("vier Fähren")
        assert not passwords.outdated(kept)
        assert stronger.outdated(kept)
        assert await stronger.verify(kept, "vier Fähren")
    finally:
        stronger.close()


async def test_a_damaged_hash_is_no_yes(passwords: Passwords) -> None:
    with pytest.raises(Unavailable):
        await passwords.verify("$argon2id$v=19$m=64,t=1,p=1$AAAA", "x")


async def test_only_a_few_hash_at_once_and_few_wait_whoever_comes_then_is_sent_away() -> None:
    passwords = Passwords(VAULT, CHEAP, slots=1, waiting=4)
    held, at_once, most = threading.Event(), 0, 0
    compute = passwords._hash

    def slow(password: str) -> str:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        assert held.wait(10)
        at_once -= 1
        return compute(password)

    passwords._hash = slow  # type: ignore[method-assign]
    try:
        inside = [asyncio.ensure_future(passwords.hash("x")) for _ in range(5)]  # noqa: TID251 - awaited below
        await asyncio.sleep(0)
        for _ in range(1_000):
            with pytest.raises(Unavailable) as caught:
                await passwords.hash("x")
            assert caught.value.code == "busy"
        held.set()
        assert len(set(await asyncio.gather(*inside))) == 5
        assert (most, passwords.computed) == (1, 5)
        await passwords.hash("x")  # room again
    finally:
        held.set()
        passwords.close()


async def test_hashing_steps_back_behind_recording() -> None:
    passwords = Passwords(VAULT, CHEAP)
    try:
        await passwords.hash("x")
        loop = asyncio.get_running_loop()
        own = os.getpriority(os.PRIO_PROCESS, 0)
        theirs = await loop.run_in_executor(
            passwords._threads, lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
        )
        assert theirs == min(19, max(own, NICENESS))
    finally:
        passwords.close()
