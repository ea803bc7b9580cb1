"""From a link to a session with both factors, and every later way in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.accounts import PASSWORD
from support.people import SHELL

if TYPE_CHECKING:
    from support.accounts import House


async def test_the_first_administrator_comes_in_by_the_link_of_the_shell(house: House) -> None:
    token = await house.invite()
    browser = house.browser()
    assert (await browser.ask("POST", "welcome/look", {"token": token})).json == {
        "first": True,
        "user": None,
        "name": None,
        "code_needed": False,
    }
    begun = await browser.welcome(token, name="Алия Сатпаева")
    assert begun.json["user"] == "aliya-satpaeva"
    assert begun.json["stage"] == "enrol"
    # until the second factor is there, nothing else can be reached
    me = (await browser.ask("GET", "me")).json
    assert (me["totp"], me["acts"], me["session"]["stage"]) == (False, {}, "enrol")
    for method, path in (("GET", "cameras"), ("POST", "me/purpose"), ("GET", "me/sessions"), ("POST", "tokens")):
        refused = await browser.ask(method, path, {} if method == "POST" else None)
        assert (refused.status, refused.code) == (403, "totp-enrol"), path
    confirmed = await browser.enrol()
    assert confirmed.json["stage"] == "full"
    assert len(set(browser.recovery)) == 10
    me = (await browser.ask("GET", "me")).json
    assert me["totp"]
    assert me["roles"] == [{"role": "administrator", "scope": "all", "expires": None}]
    assert (me["acts"]["people.manage"], me["acts"]["hold.lift"], me["acts"]["footage.view"]) == (
        "yes",
        "second",
        "yes",
    )
    assert (await browser.ask("GET", "cameras")).status == 200


async def test_a_link_works_once_and_for_its_time(house: House) -> None:
    house.people.user("berik", ("auditor", "all"))
    token = await house.invite("berik")
    other = await house.invite("berik")
    replaced = await house.browser().welcome(token)
    assert (replaced.status, replaced.code) == (403, "link-refused")
    assert "newer one" in replaced.json["detail"]
    assert (await house.browser().welcome(other)).status == 200
    again = await house.browser().welcome(other)
    assert (again.code, "used before" in again.json["detail"]) == ("link-refused", True)
    house.people.user("asel", ("it", "all"))
    late = await house.invite("asel")
    await house.later(24 * 3_600)
    assert "expired" in (await house.browser().welcome(late)).json["detail"]
    assert "not known" in (await house.browser().welcome("cgl_nothing")).json["detail"]


async def test_a_weak_password_does_not_use_the_link_up(house: House) -> None:
    house.people.user("berik", ("auditor", "all"))
    token = await house.invite("berik")
    for password in ("kurz", "password2026!", "berik-berik-berik", "x" * 257):
        refused = await house.browser().welcome(token, password)
        assert (refused.status, refused.code) == (400, "password-weak"), password
        assert password not in refused.body.decode()
    assert (await house.browser().welcome(token)).status == 200


async def test_the_links_for_the_first_administrator_make_one_and_no_second(house: House) -> None:
    one, other = await house.invite(), await house.invite()
    assert (await house.browser().welcome(one)).json["user"] == "administrator"
    refused = await house.browser().welcome(other, name="Another")
    assert (refused.code, "by now" in refused.json["detail"]) == ("link-refused", True)
    assert [user["id"] for user in await house.do(SHELL, "user.list")] == ["administrator"]


async def test_password_and_code_open_a_session_and_signing_out_ends_it(house: House) -> None:
    alia = await house.member("alia", ("administrator", "all"))
    assert (await alia.ask("DELETE", "session")).status == 204
    assert alia.cookie is None
    assert (await alia.sign_in("alia")).code == "totp-needed"
    await house.later(30)
    begun = await alia.sign_in(" Alia ", code=alia.code())
    assert (begun.status, begun.json["stage"]) == (200, "full")
    old = alia.cookie
    await alia.ask("DELETE", "session")
    alia.cookie = old
    ended = await alia.ask("GET", "me")
    assert (ended.status, ended.code) == (401, "session-ended")
    assert "signed out" in ended.json["detail"]


async def test_a_recovery_code_stands_in_for_the_telephone_once(house: House) -> None:
    alia = await house.member("alia", ("administrator", "all"))
    code = alia.recovery[3].lower().replace("-", " ")
    assert (await house.browser().sign_in("alia", code=code)).status == 200
    assert (await house.browser().sign_in("alia", code=code)).code == "totp-wrong"
    assert (await alia.ask("GET", "me")).json["recovery_codes_left"] == 9
    assert [details["left"] for _, _, details in house.told("recovery.use")] == [9]
    await house.later(30)
    new = await alia.ask("POST", "me/recovery-codes", {"code": alia.code()})
    assert len(new.json["recovery_codes"]) == 10
    assert (await house.browser().sign_in("alia", code=alia.recovery[5])).code == "totp-wrong"
    assert (await house.browser().sign_in("alia", code=new.json["recovery_codes"][0])).status == 200


async def test_the_second_factor_is_replaced_by_who_has_the_old_one(house: House) -> None:
    alia = await house.member("alia", ("administrator", "all"))
    other = house.browser()
    await house.later(30)
    await other.sign_in("alia", code=alia.code())
    assert (await alia.ask("POST", "me/totp", {})).code == "totp-needed"
    await house.later(30)
    old, begun = alia.totp, await alia.ask("POST", "me/totp", {"code": alia.code()})
    # the old one holds until the new one has been shown
    assert (await alia.ask("POST", "me/totp/confirm", {"code": "000000"})).code == "totp-wrong"
    await house.later(30)
    assert (await house.browser().sign_in("alia", code=alia.code())).status == 200
    alia.totp = begun.json["secret"]
    assert alia.totp != old
    assert (await alia.ask("POST", "me/totp/confirm", {"code": alia.code()})).status == 200
    assert (await alia.ask("GET", "me")).status == 200
    assert "second factor changed" in (await other.ask("GET", "me")).json["detail"]


async def test_a_new_password_ends_every_other_session(house: House) -> None:
    alia, other = await house.member("alia", ("administrator", "all")), house.browser()
    await house.later(30)
    await other.sign_in("alia", code=alia.code())
    await house.later(30)
    new = "sieben Möwen über Aral"
    wrong = await alia.ask("POST", "me/password", {"old": "not this one!", "new": new, "code": alia.code()})
    assert (wrong.status, wrong.code) == (403, "password-wrong")
    before = alia.cookie
    changed = await alia.ask("POST", "me/password", {"old": PASSWORD, "new": new, "code": alia.code()})
    assert changed.status == 200
    assert alia.cookie != before
    assert (await alia.ask("GET", "me")).status == 200
    assert (await other.ask("GET", "me")).code == "session-ended"
    await house.later(30)
    assert (await house.browser().sign_in("alia", code=alia.code())).code == "credentials"
    assert (await house.browser().sign_in("alia", new, alia.code())).status == 200


async def test_whoever_is_signed_in_sees_and_ends_their_own_sessions_alone(house: House) -> None:
    alia, berik = await house.member("alia", ("administrator", "all")), await house.member("berik", ("auditor", "all"))
    await house.later(30)
    second = house.browser()
    await second.ask("POST", "session", {"user": "alia", "password": PASSWORD, "code": alia.code()})
    rows = (await alia.ask("GET", "me/sessions")).json["items"]
    assert [row["this_one"] for row in rows] == [False, True]
    assert {row["address"] for row in rows} == {"127.0.0.1"}
    foreign = await berik.ask("DELETE", f"me/sessions/{rows[0]['id']}")
    assert (foreign.status, foreign.code) == (404, "not-found")
    assert (await second.ask("GET", "me")).status == 200
    assert (await alia.ask("DELETE", f"me/sessions/{rows[0]['id']}")).json["state"] == "ended"
    assert "ended by its user" in (await second.ask("GET", "me")).json["detail"]


async def test_a_language_is_kept_with_its_person(house: House) -> None:
    alia = await house.member("alia", ("viewer", "all"))
    assert (await alia.ask("GET", "me")).json["language"] is None
    assert (await alia.ask("PATCH", "me", {"language": "kk"})).json == {"language": "kk"}
    assert (await alia.ask("GET", "me")).json["language"] == "kk"
    assert (await alia.ask("PATCH", "me", {"language": "de"})).status == 400


async def test_every_way_in_and_out_leaves_its_audit_row_and_no_secret(house: House) -> None:
    alia = await house.member("alia", ("administrator", "all"))
    await house.browser().sign_in("alia", "this is not it")
    await house.browser().sign_in("my-password-in-the-wrong-field", "x")
    await house.browser().welcome("cgl_never-made")
    await alia.ask("DELETE", "session")
    assert [details["what"] for _, _, details in house.told("sign-in.refused")] == [
        "password",
        "password",
        "link: it is not known here",
    ]
    assert [about for _, about, _ in house.told("sign-in.refused")] == ["user:alia", "user:?", "user:?"]
    assert {actor for actor, _, _ in house.told("sign-in.refused")} == {"visitor:127.0.0.1"}
    assert [(actor, details["how"], details["stage"]) for actor, _, details in house.told("session.begin")] == [
        ("session:alia", "link", "enrol"),
        ("session:alia", "second factor set up", "full"),
    ]
    assert [details["why"] for _, _, details in house.told("session.end")] == ["second factor set up", "signed out"]
    assert [details["user"] for _, _, details in house.told("link.use")] == ["alia"]
    assert len(house.told("password.set")) == len(house.told("totp.confirm")) == 1
    written = str([(row.actor, row.object, dict(row.details)) for row in house.people.audit()])
    secrets = (PASSWORD, "this is not it", "wrong-field", "never-made", alia.totp, *alia.recovery)
    assert not [secret for secret in secrets if secret and secret in written]
