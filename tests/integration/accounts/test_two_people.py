"""Two people are two who sign in: whose tokens count, who lets whom in, who takes a second factor away (ADR 13)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.people import SHELL

from camera_gateway.actions.access import identify, require_second
from camera_gateway.domain.people import Actor
from camera_gateway.errors import GatewayError, Refused

if TYPE_CHECKING:
    from support.accounts import House

ADMINISTRATOR, AUDITOR = ("administrator", "all"), ("auditor", "all")


async def refusal(house: House, actor: Actor, verb: str, /, **arguments: object) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        await house.do(actor, verb, **arguments)
    return caught.value


async def test_the_tokens_of_somebody_who_signs_in_are_made_by_them_alone(house: House) -> None:
    alia = await house.member("alia", ADMINISTRATOR)
    berik = await house.member("berik", AUDITOR)
    for actor in (SHELL, Actor("session", "alia"), Actor("token", "alia"), Actor("token", "berik")):
        error = await refusal(house, actor, "token.create", user="berik")
        assert error.code == "forbidden", actor
        assert "only they" in error.message
    assert (await alia.ask("POST", "tokens", {"user": "berik"})).status == 403
    made = await berik.ask("POST", "tokens", {"user": "berik", "label": "script"})
    assert (made.status, made.json["issued_by"]) == (201, "session:berik")
    assert str(await identify(house.gateway, made.json["token"])) == "token:berik"
    # an account that no person has used still gets its tokens from an administrator
    house.people.user("robot", ("it", "all"))
    assert (await alia.ask("POST", "tokens", {"user": "robot"})).status == 201


async def test_whoever_signs_in_sees_and_revokes_their_own_tokens_alone(house: House) -> None:
    alia, berik = await house.member("alia", ADMINISTRATOR), await house.member("berik", AUDITOR)
    mine = (await berik.ask("POST", "tokens", {"user": "berik"})).json["id"]
    hers = (await alia.ask("POST", "tokens", {"user": "alia"})).json["id"]
    assert [row["id"] for row in (await berik.ask("GET", "tokens")).json["items"]] == [mine]
    assert {row["id"] for row in (await alia.ask("GET", "tokens")).json["items"]} == {mine, hers}
    assert (await berik.ask("DELETE", f"tokens/{hers}")).status == 403
    assert (await berik.ask("DELETE", f"tokens/{mine}")).json["state"] == "revoked"


async def test_a_first_password_ends_the_tokens_that_others_have_made(house: House) -> None:
    house.people.user("berik", AUDITOR)
    before = await house.do(SHELL, "token.create", user="berik")
    await house.sign_up("berik")
    with pytest.raises(Refused) as caught:
        await identify(house.gateway, before["token"])
    assert caught.value.code == "token-refused"
    assert [row["state"] for row in await house.do(SHELL, "token.list", user="berik")] == ["revoked"]


async def test_once_an_administrator_signs_in_the_second_person_is_somebody_who_does_too(house: House) -> None:
    alia = house.people.user("alia", ADMINISTRATOR)
    puppet = house.people.user("puppet", AUDITOR)
    await require_second(house.gateway, puppet, alia)
    await house.sign_up("alia")
    with pytest.raises(Refused, match="never signed in") as caught:
        await require_second(house.gateway, puppet, alia)
    assert caught.value.code == "second-person"
    await house.sign_up("puppet")
    await require_second(house.gateway, puppet, alia)
    await require_second(house.gateway, Actor("session", "puppet"), Actor("session", "alia"))


async def test_who_has_never_signed_in_is_not_the_one_who_asked_either(house: House) -> None:
    puppet = house.people.user("puppet", ADMINISTRATOR)
    house.people.user("alia", ADMINISTRATOR)
    alia = Actor("session", "alia")
    await require_second(house.gateway, alia, puppet)
    await house.sign_up("alia")
    for asker in (puppet, "token:puppet", "token:nobody"):
        with pytest.raises(Refused, match="never signed in") as caught:
            await require_second(house.gateway, alia, asker)
        assert caught.value.code == "second-person"
    await require_second(house.gateway, alia, SHELL)
    await house.browser().welcome(await house.invite("puppet", alia))
    with pytest.raises(Refused, match="second factor"):  # a password alone takes no telephone
        await require_second(house.gateway, alia, puppet)
    with pytest.raises(Refused, match="second factor"):
        await require_second(house.gateway, puppet, alia)


async def test_a_puppet_who_asks_for_a_reset_neither_helps_nor_hinders(house: House) -> None:
    alia, berik = await house.member("alia", ADMINISTRATOR), await house.member("berik", ADMINISTRATOR)
    await house.member("lost", AUDITOR)
    puppet = house.people.user("puppet", ADMINISTRATOR)
    assert (await house.do(puppet, "user.totp-reset", user="lost"))["state"] == "asked"
    assert (await alia.ask("POST", "users/lost/totp-reset")).json["state"] == "asked"
    assert (await refusal(house, puppet, "user.totp-reset", user="lost")).code == "second-person"
    assert (await berik.ask("POST", "users/lost/totp-reset")).json["state"] == "reset"
    assert [details["asked_by"] for _, _, details in house.told("totp.reset")] == ["session:alia"]


async def test_who_has_no_role_yet_is_let_in_by_their_maker_or_by_who_manages_all(house: House) -> None:
    head = await house.member("head", ("administrator", "region:Абай"))
    whole = await house.member("whole", ADMINISTRATOR)
    house.people.user("waiting")
    for path in ("users/waiting/invite", "users/waiting/disable"):
        assert (await head.ask("POST", path)).code == "forbidden", path
    role = {"grant": "administrator", "scope": "region:Абай"}
    assert (await refusal(house, Actor("session", "head"), "user.role", user="waiting", **role)).code == "forbidden"
    assert "waiting" not in {row["id"] for row in (await head.ask("GET", "users")).json["items"]}
    await house.do(Actor("session", "head"), "user.add", name="Own", id="own")
    assert "own" in {row["id"] for row in (await head.ask("GET", "users")).json["items"]}
    assert (await head.ask("POST", "users/own/invite")).status == 201
    assert (await whole.ask("POST", "users/own/invite")).status == 201
    assert (await whole.ask("POST", "users/waiting/invite")).status == 201
    assert (await whole.ask("POST", "users/waiting/disable")).status == 200


async def test_the_shell_lets_people_in_only_while_no_administrator_can(house: House) -> None:
    house.people.user("alia", ADMINISTRATOR)
    house.people.user("berik", AUDITOR)
    assert await house.invite("berik")
    browser = house.browser()
    await browser.welcome(await house.invite("alia"))
    # a password alone signs nobody in: the shell may still help
    assert await house.invite("alia")
    await browser.enrol()
    assert (await refusal(house, SHELL, "user.invite", user="berik")).code == "forbidden"
    assert (await refusal(house, SHELL, "user.invite")).code == "refused"
    # the only administrator has forgotten the password: the second factor still stands before the link's user
    link = await house.invite("alia")
    assert (await house.browser().ask("POST", "welcome/look", {"token": link})).json["code_needed"]
    assert (await house.browser().welcome(link)).code == "totp-needed"
    await house.later(30)
    assert (await house.browser().welcome(link, code=browser.code())).json["stage"] == "full"


async def test_an_administrator_lets_in_whom_they_manage_and_nobody_else(house: House) -> None:
    house.people.user("region-head", ("administrator", "region:Абай"))
    head = await house.sign_up("region-head")
    house.people.user("near", ("it", "institution:kg-12"))
    house.people.user("far", ("it", "institution:school-7"))
    assert (await head.ask("POST", "users/near/invite")).status == 201
    assert (await head.ask("POST", "users/far/invite")).status == 403
    assert (await head.ask("POST", "users/nobody/invite")).status == 404
    near = await house.sign_up("near")
    assert (await near.ask("POST", "users/far/invite")).code == "forbidden"
    rows = (await head.ask("GET", "users")).json["items"]
    assert {row["id"]: (row["signed_up"], row["totp"]) for row in rows} == {
        "near": (True, True),
        "region-head": (True, True),
    }


async def test_a_lost_second_factor_is_taken_away_by_two_administrators(house: House) -> None:
    alia, berik = await house.member("alia", ADMINISTRATOR), await house.member("berik", ADMINISTRATOR)
    lost = await house.member("lost", AUDITOR)
    assert (await refusal(house, SHELL, "user.totp-reset", user="lost")).code == "forbidden"
    assert (await lost.ask("POST", "users/lost/totp-reset")).status == 403
    for _ in range(2):
        assert (await alia.ask("POST", "users/lost/totp-reset")).json["state"] == "asked"
    # her token is no second person
    own = (await alia.ask("POST", "tokens", {"user": "alia"})).json["token"]
    assert (await house.do(await identify(house.gateway, own), "user.totp-reset", user="lost"))["state"] == "asked"
    assert (await lost.ask("GET", "me")).status == 200
    assert (await berik.ask("POST", "users/lost/totp-reset")).json["state"] == "reset"
    assert "taken away" in (await lost.ask("GET", "me")).json["detail"]
    again = house.browser()
    assert (await again.sign_in("lost")).json["stage"] == "enrol"
    assert (await again.ask("GET", "cameras")).code == "totp-enrol"
    assert (await again.enrol()).status == 200
    assert [(actor, details["asked_by"]) for actor, _, details in house.told("totp.reset")] == [
        ("session:berik", "token:alia")
    ]


async def test_a_wish_to_take_a_second_factor_away_stands_for_a_day(house: House) -> None:
    alia, berik = await house.member("alia", ADMINISTRATOR), await house.member("berik", ADMINISTRATOR)
    await house.member("lost", AUDITOR)
    assert (await alia.ask("POST", "users/lost/totp-reset")).json["state"] == "asked"
    await house.later(24 * 3_600)
    assert (await berik.sign_in("berik", code=berik.code())).status == 200
    assert (await berik.ask("POST", "users/lost/totp-reset")).json["state"] == "asked"


async def test_nobody_is_the_second_person_for_their_own_second_factor(house: House) -> None:
    alia, berik = await house.member("alia", ADMINISTRATOR), await house.member("berik", ADMINISTRATOR)
    assert (await alia.ask("POST", "users/berik/totp-reset")).json["state"] == "asked"
    refused = await berik.ask("POST", "users/berik/totp-reset")
    assert (refused.status, refused.code) == (403, "second-person")


async def test_the_only_administrator_gets_a_new_second_factor_from_the_shell(house: House) -> None:
    await house.member("alia", ADMINISTRATOR)
    assert (await house.do(SHELL, "user.totp-reset", user="alia"))["state"] == "reset"
    assert (await house.browser().sign_in("alia")).json["stage"] == "enrol"
