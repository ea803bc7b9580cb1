"""What changes while a password is being hashed: a session or link begun on what no longer holds comes to nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.accounts import PASSWORD

from camera_gateway.catalogue import credentials, sessions
from camera_gateway.domain.people import SYSTEM, UserId

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest
    from support.accounts import House

    from camera_gateway.catalogue.opening import Transaction

NEXT = "drei Möwen rufen leise"
ADMINISTRATOR, AUDITOR = ("administrator", "all"), ("auditor", "all")


def while_hashing(house: House, monkeypatch: pytest.MonkeyPatch, work: Callable[[Transaction], object]) -> None:
    """Let something be written each time a password is hashed."""
    passwords = house.gateway.door.passwords
    original = passwords.hash

    async def hashed(password: str) -> str:
        with house.gateway.catalogue.write(SYSTEM) as tx:
            work(tx)
        return await original(password)

    monkeypatch.setattr(passwords, "hash", hashed)


def living(house: House, user: str) -> int:
    with house.gateway.catalogue.read() as tx:
        return len(sessions.living_sessions(tx, user))


async def test_a_link_begun_before_the_second_factor_was_set_up_does_not_pass_by_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.people.user("berik", AUDITOR)
    link = await house.invite("berik")
    with monkeypatch.context() as patched:
        while_hashing(
            house, patched, lambda tx: credentials.confirm_totp(tx, UserId("berik"), "sealed", 1, ("digest",))
        )
        late = await house.browser().welcome(link)
    assert late.code == "credentials"
    assert living(house, "berik") == 0
    assert house.told("link.use") == [], "it is still good for who shows the code"
    assert house.told("password.set") == []


async def test_a_password_is_not_changed_by_one_that_was_changed_meanwhile(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    berik = await house.member("berik", AUDITOR)
    await house.later(30)
    body = {"old": PASSWORD, "new": NEXT, "code": berik.code()}
    with monkeypatch.context() as patched:
        while_hashing(house, patched, lambda tx: credentials.set_password(tx, UserId("berik"), "another"))
        assert (await berik.ask("POST", "me/password", body)).code == "credentials"
    with house.gateway.catalogue.read() as tx:
        assert credentials.get_credentials(tx, "berik").password_hash == "another"


async def test_a_session_that_was_ended_meanwhile_is_not_renewed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    berik = await house.member("berik", AUDITOR)
    await house.later(30)
    body = {"old": PASSWORD, "new": NEXT, "code": berik.code()}
    with monkeypatch.context() as patched:
        while_hashing(house, patched, lambda tx: sessions.end_sessions(tx, UserId("berik"), "user disabled"))
        answer = await berik.ask("POST", "me/password", body)
    assert answer.code == "session-ended"
    assert living(house, "berik") == 0
    assert house.told("password.change") == [], "what was asked for by a session that is over is not done"
