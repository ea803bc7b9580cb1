"""What a stolen, planted, old or foreign session is worth: nothing (threat model, M15)."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING

import pytest
from support.accounts import COOKIE, DEVICE, PASSWORD
from support.people import SHELL

from camera_gateway.roles.closing import close_what_has_ended

if TYPE_CHECKING:
    from support.accounts import Browser, House

PLANTED = "A" * 43


async def test_the_cookie_is_for_this_host_alone_and_no_script_reads_it(house: House) -> None:
    alia = await house.member("alia", ("administrator", "all"))
    await house.later(30)
    begun = await alia.sign_in("alia", code=alia.code())
    (line,) = begun.set_cookie  # the device is known already
    morsel = SimpleCookie(line)[COOKIE]
    assert (morsel["secure"], morsel["httponly"], morsel["samesite"], morsel["path"]) == (True, True, "Strict", "/")
    assert (morsel["domain"], morsel["max-age"], morsel["expires"]) == ("", "", "")
    assert len(morsel.value) == 43
    assert morsel.value not in begun.body.decode(), "the answer's body can be read by scripts"
    assert begun.headers["Cache-Control"] == "no-store, private"
    stranger = house.browser()
    await house.later(30)
    _, line = (await stranger.sign_in("alia", code=alia.code())).set_cookie
    morsel = SimpleCookie(line)[DEVICE]
    assert (morsel["secure"], morsel["httponly"], morsel["samesite"], morsel["path"]) == (True, True, "Strict", "/")
    assert int(morsel["max-age"]) == 365 * 86_400


async def test_a_session_that_was_planted_is_never_taken_up(house: House) -> None:
    alia = await house.member("alia", ("administrator", "all"))
    await house.later(30)
    victim = house.browser()
    victim.cookie = PLANTED
    begun = await victim.sign_in("alia", code=alia.code())
    assert begun.status == 200
    assert victim.cookie not in {PLANTED, None}
    attacker = house.browser()
    attacker.cookie = PLANTED
    assert (await attacker.ask("GET", "me")).code == "session-ended"


async def test_each_rise_of_what_a_session_may_do_changes_its_secret(house: House) -> None:
    house.people.user("alia", ("administrator", "all"))
    browser = house.browser()
    await browser.welcome(await house.invite("alia"))
    before = browser.cookie
    await browser.enrol()
    assert browser.cookie != before
    left_over = house.browser()
    left_over.cookie = before
    assert (await left_over.ask("GET", "me")).code == "session-ended"


async def test_signing_in_again_ends_the_session_that_the_browser_had(house: House) -> None:
    alia = await house.member("alia", ("administrator", "all"))
    old = alia.cookie
    await house.later(30)
    await alia.sign_in("alia", code=alia.code())
    alia.cookie = old
    assert "signed in again" in (await alia.ask("GET", "me")).json["detail"]


async def test_an_unused_session_ends_after_fifteen_minutes_a_used_one_after_eight_hours(house: House) -> None:
    alia = await house.member("alia", ("administrator", "all"))
    await house.later(14 * 60)
    assert (await alia.ask("GET", "me")).status == 200
    await house.later(15 * 60)
    idle = await alia.ask("GET", "me")
    assert (idle.status, idle.code) == (401, "session-ended")
    assert "idle" in idle.json["detail"]
    await alia.sign_in("alia", code=alia.code())
    for _ in range(8 * 6 - 1):
        await house.later(10 * 60)
        assert (await alia.ask("GET", "me")).status == 200
    await house.later(10 * 60)
    assert "limit" in (await alia.ask("GET", "me")).json["detail"]


async def test_a_page_that_asks_by_itself_keeps_no_session_alive(house: House) -> None:
    alia = await house.member("alia", ("administrator", "all"))
    for _ in range(14):
        await house.later(60)
        assert (await alia.ask("GET", "me", headers={"X-Background": "1"})).status == 200
    await house.later(60)
    assert "idle" in (await alia.ask("GET", "me", headers={"X-Background": "1"})).json["detail"]


async def test_what_has_ended_by_itself_is_written_down_once(house: House) -> None:
    await house.member("alia", ("administrator", "all"))
    await house.member("berik", ("auditor", "all"))
    await house.later(15 * 60 + 1)
    rows = len(house.people.audit())
    await close_what_has_ended(house.gateway)
    await close_what_has_ended(house.gateway)
    ended = [(actor, details["why"]) for actor, _, details in house.told("session.end")][-2:]
    assert ended == [("system:gateway", "idle")] * 2
    assert len(house.people.audit()) == rows + 2


async def test_a_session_ends_with_its_users_account_or_role(house: House) -> None:
    alia, berik = await house.member("alia", ("administrator", "all")), await house.member("berik", ("auditor", "all"))
    granted = await alia.ask("POST", "users/berik/roles", {"grant": "it", "scope": "all"})
    assert granted.status == 200
    assert "role changed" in (await berik.ask("GET", "me")).json["detail"]
    await house.later(30)
    assert (await berik.sign_in("berik", code=berik.code())).status == 200
    assert (await alia.ask("POST", "users/berik/disable")).status == 200
    assert "user disabled" in (await berik.ask("GET", "me")).json["detail"]
    await house.later(30)
    assert (await berik.sign_in("berik", code=berik.code())).code == "credentials"


CHANGES = (
    ("POST", "me/purpose", {"code": "safety"}),
    ("PATCH", "me", {"language": "ru"}),
    ("DELETE", "session", None),
    ("POST", "users", {"name": "Somebody"}),
    ("POST", "cameras/kg-hall/pause", None),
)


@pytest.mark.parametrize(("method", "path", "body"), CHANGES, ids=[path for _, path, _ in CHANGES])
async def test_no_change_is_made_by_the_cookie_alone(
    house: House, method: str, path: str, body: dict[str, str] | None
) -> None:
    alia = await house.member("alia", ("administrator", "all"))
    other = await house.member("berik", ("administrator", "all"))
    rows = len(house.people.audit())
    ours = {"Origin": house.address.rstrip("/"), "Sec-Fetch-Site": "same-origin"}
    assert alia.csrf is not None
    assert other.csrf is not None
    token = {"X-CSRF-Token": alia.csrf}
    forged: tuple[dict[str, str], ...] = (
        {},
        ours,
        {**ours, "X-CSRF-Token": ""},
        {**ours, "X-CSRF-Token": other.csrf},
        {**token, "Origin": "https://evil.example"},
        {**token, "Origin": "null"},
        {**token, "Origin": "http://127.0.0.1:1"},
        {**token, "Sec-Fetch-Site": "cross-site"},
        {**token, "Sec-Fetch-Site": "same-site"},
    )
    for headers in forged:
        refused = await alia.ask(method, path, body, headers, own=False)
        assert (refused.status, refused.code) == (403, "csrf"), headers
    assert len(house.people.audit()) == rows
    assert (await alia.ask(method, path, body, {**ours, **token}, own=False)).status < 300


async def test_nobody_is_signed_in_by_a_foreign_page(house: House) -> None:
    await house.member("alia", ("administrator", "all"))
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        for path, body in (
            ("session", {"user": "alia", "password": PASSWORD}),
            ("welcome", {"token": "cgl_x", "password": PASSWORD}),
            ("welcome/look", {"token": "cgl_x"}),
        ):
            refused = await house.browser().ask("POST", path, body, headers, own=False)
            assert (refused.status, refused.code) == (403, "csrf"), path


async def test_looking_needs_no_csrf_token_and_a_token_of_a_program_needs_none_at_all(house: House) -> None:
    alia = await house.member("alia", ("administrator", "all"))
    assert (await alia.ask("GET", "me", own=False)).status == 200
    made = await alia.ask("POST", "tokens", {"user": "alia", "label": "script"})
    bearer = {"Authorization": f"Bearer {made.json['token']}"}
    program = house.browser()
    paused = await program.ask("POST", "cameras/kg-hall/pause", None, bearer, own=False)
    assert paused.status == 200
    me = (await program.ask("GET", "me", None, bearer, own=False)).json
    assert (me["user"], me["csrf"], me["session"]) == ("alia", None, None)
    # what is a person's at a browser is not a program's
    for method, path, body in (
        ("POST", "me/totp", {}),
        ("POST", "me/purpose", {"code": "safety"}),
        ("POST", "me/password", {"old": PASSWORD, "new": "another sentence of some length"}),
    ):
        assert (await program.ask(method, path, body, bearer, own=False)).code == "session-needed", path


async def test_what_does_not_hold_is_never_taken_for_nobody(house: House) -> None:
    stranger = house.browser()
    stranger.cookie = "x" * 5_000
    assert (await stranger.ask("GET", "me")).code == "session-ended"
    for authorization in ("Basic YWxpYTp4", "Bearer", "Bearer cgw_unknown", "bearer  ", "Digest x"):
        refused = await house.browser().ask("GET", "me", headers={"Authorization": authorization})
        assert (refused.status, refused.code) == (401, "token-refused"), authorization
    assert (await house.browser().ask("GET", "me")).code == "no-identity"


async def test_the_database_holds_nothing_that_opens_a_door(house: House) -> None:
    alia = await house.member("alia", ("administrator", "all"))
    link = await house.invite(actor=SHELL, user="alia")
    with closing(sqlite3.connect(house.gateway.data_dir / "catalogue.sqlite")) as connection:
        dump = "\n".join(connection.iterdump())
    secrets = _secrets(alia, link)
    assert len(secrets) == 15
    assert not [secret for secret in secrets if secret in dump]
    for kept in ("$argon2id$", "v1:"):
        assert kept in dump


def _secrets(browser: Browser, *more: str) -> list[str]:
    known = [browser.cookie, browser.csrf, browser.totp, PASSWORD, *browser.recovery, *more]
    return [secret for secret in known if secret]
