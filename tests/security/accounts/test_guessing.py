"""Guessing passwords, codes and links: what it costs the guesser, and what it does not cost anybody else."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pyotp
from support.accounts import PASSWORD

from camera_gateway.access.password_rules import demand_good
from camera_gateway.catalogue import credentials
from camera_gateway.domain.people import SYSTEM, UserId
from camera_gateway.errors import Refused

if TYPE_CHECKING:
    import pytest
    from support.accounts import House

WRONG = "not the password of anybody"


async def test_an_attempt_looks_and_costs_the_same_whether_there_is_such_a_user_or_not(house: House) -> None:
    await house.member("alia", ("administrator", "all"))
    house.people.user("never-in", ("auditor", "all"))
    gone = await house.member("gone", ("auditor", "all"))
    assert gone.cookie
    with house.gateway.catalogue.write(SYSTEM) as tx:
        from camera_gateway.catalogue.users import disable_user  # noqa: PLC0415 - of this one place

        disable_user(tx, UserId("gone"))
    answers, costs = set(), set()
    for name in ("alia", "nobody", "never-in", "gone", "", "Алия", "x" * 999, "alia\x00", "' OR 1=1 --"):
        before, rows = house.hashes, len(house.people.audit())
        found = await house.browser().sign_in(name, WRONG)
        answers.add((found.status, found.body))
        costs.add((house.hashes - before, len(house.people.audit()) - rows))
    assert len(answers) == 1
    assert costs == {(1, 1)}
    assert next(iter(answers))[0] == 401


async def test_a_flood_on_one_account_is_a_handful_of_hashes_and_audit_rows(house: House) -> None:
    alia = await house.member("alia", ("administrator", "all"))
    before, rows = house.hashes, len(house.people.audit())
    codes: dict[str, int] = {}
    for _ in range(10):
        found = await asyncio.gather(*(house.browser().sign_in("alia", WRONG) for _ in range(40)))
        for one in found:
            codes[one.code] = codes.get(one.code, 0) + 1
            if one.status == 429:
                assert int(one.headers["Retry-After"]) >= 1
        await house.later(0.5)
    assert set(codes) <= {"credentials", "slower"}
    assert codes["credentials"] == house.hashes - before <= 9
    assert len(house.people.audit()) - rows <= 2 * codes["credentials"] + 1
    # nobody is locked out: after the wait the right password opens
    await house.later(30)
    assert (await house.browser().sign_in("alia", code=alia.code())).status == 200


async def test_ten_thousand_attempts_from_one_address_cost_a_few_dozen_hashes(house: House) -> None:
    """Past the limits on requests, which would stop most of them already: the door itself is asked."""
    from camera_gateway.access.sessions import Visitor  # noqa: PLC0415 - of this one place
    from camera_gateway.actions.sessions import SignIn, sign_in  # noqa: PLC0415 - likewise

    await house.member("alia", ("administrator", "all"))
    before, rows = house.hashes, len(house.people.audit())
    visitor, refusals = Visitor("198.51.100.4"), 0
    for number in range(10_000):
        try:
            await sign_in(house.gateway, visitor, SignIn.model_validate({"user": f"u{number}", "password": WRONG}))
        except Refused:
            refusals += 1
    assert refusals == 10_000
    assert house.hashes - before == 20
    assert len(house.people.audit()) - rows == 21


async def test_who_floods_an_account_does_not_make_its_owner_wait_at_a_browser_that_is_known(house: House) -> None:
    alia, berik = await house.member("alia", ("administrator", "all")), await house.member("berik", ("auditor", "all"))
    await house.later(60)
    while (await house.browser().sign_in("alia", WRONG)).status != 429:
        pass
    assert (await house.browser().sign_in("alia", code=alia.code())).code == "slower"
    assert (await alia.sign_in("alia", code=alia.code())).status == 200
    # the mark opens nothing, is one user's, and has its own five failures and no more
    for thief in (house.browser(), berik):
        if thief is not berik:
            thief.device = f"{alia.device}x"
        assert (await thief.sign_in("alia", WRONG)).code == "slower"
    stolen = house.browser()
    stolen.device = alia.device
    codes = [(await stolen.sign_in("alia", WRONG)).code for _ in range(8)]
    assert codes == ["credentials"] * 5 + ["slower"] * 3


async def test_a_code_opens_once_not_twice_and_no_older_one_after_it(house: House) -> None:
    alia = await house.member("alia", ("administrator", "all"))
    # the code that set the factor up is used up too
    assert (await house.browser().sign_in("alia", code=alia.code())).code == "totp-wrong"
    await house.later(60)
    now_s = house.clock_us() // 1_000_000
    generator = pyotp.TOTP(str(alia.totp))
    late, early = generator.at(now_s - 30), generator.at(now_s + 30)
    assert (await house.browser().sign_in("alia", code=early)).status == 200
    for used in (early, generator.at(now_s), late):
        assert (await house.browser().sign_in("alia", code=used)).code == "totp-wrong"


async def test_codes_are_guessed_a_hundred_times_a_day_at_most_from_however_many_addresses(house: House) -> None:
    from camera_gateway.access.sessions import Visitor  # noqa: PLC0415 - of this one place
    from camera_gateway.actions.sessions import SignIn, sign_in  # noqa: PLC0415 - likewise

    await house.member("alia", ("administrator", "all"))
    asked = SignIn.model_validate({"user": "alia", "password": PASSWORD, "code": "000000"})
    looked_at = 0
    for number in range(24 * 12):  # each five minutes of a day, from a network of its own
        try:
            await sign_in(house.gateway, Visitor(f"2001:db8:{number:x}::1"), asked)
        except Refused as error:
            looked_at += error.code == "totp-wrong"
        await house.later(300)
    assert 90 <= looked_at <= 110


async def test_links_are_not_guessed_either(house: House) -> None:
    codes = [(await house.browser().welcome(f"cgl_{number}")).code for number in range(30)]
    assert codes.count("link-refused") <= 6
    assert codes[-1] == "slower"


async def test_a_sealed_secret_that_was_moved_to_another_user_does_not_open(house: House) -> None:
    alia, berik = await house.member("alia", ("administrator", "all")), await house.member("berik", ("auditor", "all"))
    with house.gateway.catalogue.write(SYSTEM) as tx:
        kept = credentials.get_credentials(tx, "berik")
        assert kept.totp_sealed is not None
        credentials._update(tx, "alia", totp_sealed=kept.totp_sealed)
    await house.later(30)
    refused = await house.browser().sign_in("alia", code=berik.code())
    assert refused.status == 409
    assert "does not open" in refused.json["detail"]
    assert alia.totp not in refused.body.decode()


async def test_a_password_that_was_hashed_cheaper_is_hashed_anew_when_it_is_shown(house: House) -> None:
    from camera_gateway.access.passwords import Cost, Passwords  # noqa: PLC0415 - of this one place

    alia = await house.member("alia", ("administrator", "all"))
    cheaper = Passwords(house.gateway.vault, Cost(memory_kib=32, passes=1))
    with house.gateway.catalogue.write(SYSTEM) as tx:
        credentials.renew_hash(tx, "alia", cheaper._hash(PASSWORD))
    cheaper.close()
    await house.later(30)
    assert (await house.browser().sign_in("alia", code=alia.code())).status == 200
    with house.gateway.catalogue.read() as tx:
        kept = credentials.get_credentials(tx, "alia").password_hash
    assert kept is not None
    assert "m=64," in kept


async def test_no_password_comes_into_a_log_or_an_answer(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    alia = await house.member("alia", ("administrator", "all"))
    odd = ({"user": "alia", "password": ["odd", PASSWORD]}, {"user": PASSWORD}, {"password": PASSWORD, "x": 1})
    bodies = [(await house.browser().ask("POST", "session", body)).body.decode() for body in odd]
    in_the_address = await alia.ask("POST", f"session?password={PASSWORD}", {"user": "a", "password": "b"})
    bodies.append(in_the_address.body.decode())
    text = "".join(bodies) + caplog.text
    for secret in (PASSWORD, str(alia.totp), str(alia.cookie), str(alia.csrf)):
        assert secret not in text
    demand_good(PASSWORD, ())
