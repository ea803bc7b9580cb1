"""Giving and taking roles, making and ending tokens: who may, within what, and what stays behind (ADR 10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.people import DAY_US, SHELL

from camera_gateway.catalogue import audit_log, tokens, users
from camera_gateway.clock import US, rfc3339
from camera_gateway.domain.people import SYSTEM, Actor, UserId, parse_scope
from camera_gateway.errors import InvalidInput, NotFound, Refused

if TYPE_CHECKING:
    from support.people import People


async def administrators(people: People) -> set[UserId]:
    return await people.gateway.read(lambda tx: users.administrators(tx, tx.clock.now_us()))


async def refused(people: People, actor: Actor, verb: str, **arguments: object) -> Refused:
    """Ask for what must be refused, and show that nothing but the refusal was written."""
    before = await people.do(SHELL, "user.list"), await people.do(SHELL, "token.list")
    number = len(people.audit())
    with pytest.raises(Refused) as caught:
        await people.do(actor, verb, **arguments)
    assert (await people.do(SHELL, "user.list"), await people.do(SHELL, "token.list")) == before
    assert {row.action for row in people.audit(number)} <= {"access.refused"}
    return caught.value


async def test_the_shell_makes_the_first_administrator_and_no_second(people: People) -> None:
    made = await people.do(SHELL, "user.add", name="Алия", role="administrator")
    assert (made["id"], made["roles"][0]["role"], made["roles"][0]["scope"]) == ("aliya", "administrator", "all")
    assert [(row.actor, row.action) for row in people.audit()[-2:]] == [
        ("shell:root", "user.add"),
        ("shell:root", "user.grant"),
    ]
    second = {"name": "Second", "role": "administrator"}
    error = await refused(people, SHELL, "user.add", **second)
    assert error.hint == "give --token-file of an administrator"
    assert "access.refused" in {row.action for row in people.audit()}
    await refused(people, SHELL, "user.add", **second, scope="institution:kg-12")
    await people.do(SHELL, "user.add", name="Berik", role="auditor")
    await refused(people, SHELL, "user.role", user="berik", grant="administrator")
    aliya = await people.known(people.token("aliya")[1])
    await people.do(aliya, "user.add", **second)
    assert await administrators(people) == {"aliya", "second"}


async def test_the_shell_unmakes_no_administrator_and_nobody_the_last(people: People) -> None:
    alia, berik = people.user("alia", ("administrator", "all")), people.user("berik", ("administrator", "all"))
    await refused(people, SHELL, "user.disable", user="berik")
    await refused(people, SHELL, "user.role", user="berik", revoke="administrator")
    await people.do(alia, "user.role", user="berik", revoke="administrator")
    assert await administrators(people) == {"alia"}
    for verb, more in (("user.disable", {}), ("user.role", {"revoke": "administrator"})):
        error = await refused(people, alia, verb, user="alia", **more)
        assert error.message == "this is the last administrator"
    await refused(people, berik, "user.list")


async def test_when_the_last_administrators_role_has_expired_the_shell_may_begin_again(people: People) -> None:
    people.user("temp", ("administrator", "all", people.clock.now_us() + 60 * US))
    await refused(people, SHELL, "user.add", name="Next", role="administrator")
    await people.clock.advance(60)
    await people.do(SHELL, "user.add", name="Next", role="administrator")
    assert await administrators(people) == {"next"}


async def test_nobody_gives_themselves_footage_but_another_administrator_may(people: People) -> None:
    local = people.user("local", ("administrator", "institution:kg-12"))
    chief = people.user("chief", ("administrator", "all"))
    for actor, role, scope in ((chief, "auditor", "all"), (local, "auditor", "institution:kg-12")):
        error = await refused(people, actor, "user.role", user=actor.name, grant=role, scope=scope)
        assert error.code == "second-person"
    # nor more time for what they have
    end_us = people.clock.now_us() + DAY_US
    await refused(people, chief, "user.role", user="chief", grant="administrator", expires_us=end_us)
    # a role without footage is no footage
    await people.do(chief, "user.role", user="chief", grant="it")
    found = await people.do(chief, "user.role", user="local", grant="auditor", scope="institution:kg-12")
    assert [(grant["role"], grant["scope"]) for grant in found["roles"]] == [
        ("administrator", "institution:kg-12"),
        ("auditor", "institution:kg-12"),
    ]


async def test_nobody_gives_more_than_they_have(people: People) -> None:
    end_us = people.clock.now_us() + DAY_US
    local = people.user("local", ("administrator", "institution:kg-12"))
    brief = people.user("brief", ("administrator", "region:Абай", end_us))
    chief = people.user("chief", ("administrator", "all"))
    await people.do(local, "user.add", name="Berik", id="berik")
    for scope in ("all", "region:Абай", "institution:school-7", "zone:bedroom"):
        await refused(people, local, "user.role", user="berik", grant="viewer", scope=scope)
        await refused(people, local, "user.add", name="Friend", role="viewer", scope=scope)
        await refused(people, local, "user.role", user="chief", revoke="administrator", scope=scope)
    await people.do(local, "user.role", user="berik", grant="viewer", scope="institution:kg-12")
    for verb in ("user.disable", "token.create"):
        await refused(people, local, verb, user="chief")
    # one's own end is the end of what one gives; an institution of the region is in it
    for scope in ("region:Абай", "institution:kg-12"):
        for late in (None, end_us + 1):
            error = await refused(people, brief, "user.role", user="berik", grant="it", scope=scope, expires_us=late)
            assert error.message == "nobody gives a role that outlasts their own"
        await people.do(brief, "user.role", user="berik", grant="it", scope=scope, expires_us=end_us)
    await people.do(chief, "user.disable", user="local")
    assert {user["id"] for user in await people.do(brief, "user.list")} == {"berik", "brief", "local"}


async def test_a_grant_given_again_changes_its_end_and_one_not_given_cannot_be_taken(people: People) -> None:
    now_us = people.clock.now_us()
    people.user("berik")
    for end_us in (None, now_us + DAY_US, now_us + 2 * DAY_US):
        found = await people.do(SHELL, "user.role", user="berik", grant="it", expires_us=end_us)
        assert [grant["expires"] for grant in found["roles"]] == [None if end_us is None else rfc3339(end_us)]
    with pytest.raises(NotFound):
        await people.do(SHELL, "user.role", user="berik", revoke="it", scope="zone:hall")
    assert (await people.do(SHELL, "user.role", user="berik", revoke="it"))["roles"] == []
    assert people.last().action == "user.revoke"


SENSELESS = (
    ("user.add", {"name": ""}, InvalidInput),
    ("user.add", {"name": "A\x1b[1m"}, InvalidInput),
    ("user.add", {"name": "…"}, InvalidInput),
    ("user.add", {"name": "Alia"}, InvalidInput),  # the id is taken
    ("user.add", {"name": "Berik", "role": "chief"}, InvalidInput),
    ("user.add", {"name": "Berik", "scope": "zone:hall"}, InvalidInput),
    ("user.add", {"name": "Berik", "role": "it", "expires_us": 1}, InvalidInput),
    ("user.add", {"name": "Berik", "role": "it", "scope": "institution:none"}, NotFound),
    ("user.role", {"user": "alia"}, InvalidInput),
    ("user.role", {"user": "alia", "grant": "it", "revoke": "it"}, InvalidInput),
    ("user.role", {"user": "alia", "revoke": "viewer", "expires_us": 2**60}, InvalidInput),
    ("user.role", {"user": "nobody", "grant": "it"}, NotFound),
    ("user.disable", {"user": "nobody"}, NotFound),
    ("token.create", {"user": "nobody"}, NotFound),
    ("token.create", {"user": "alia", "expires_us": 1}, InvalidInput),
    ("token.create", {"user": "alia", "expires_us": 2**60}, InvalidInput),
    ("token.create", {"user": "alia", "scope": "everywhere"}, InvalidInput),
    ("token.list", {"user": "nobody"}, NotFound),
    ("token.revoke", {"token": "t-00000000"}, NotFound),
    ("audit.list", {"from_us": 5, "to_us": 5}, InvalidInput),
    ("audit.list", {"limit": 0}, InvalidInput),
)


async def test_what_makes_no_sense_is_told_and_changes_nothing(people: People) -> None:
    people.user("alia", ("viewer", "all"))
    before = people.audit()
    for verb, arguments, error in SENSELESS:
        with pytest.raises(error):
            await people.do(SHELL, verb, **arguments)
        assert people.audit() == before, (verb, arguments)


async def test_a_disabled_user_comes_not_back(people: People) -> None:
    people.user("berik", ("it", "all"))
    _, text = people.token("berik")
    await people.do(SHELL, "user.disable", user="berik")
    assert [user["state"] for user in await people.do(SHELL, "user.list")] == ["disabled"]
    with pytest.raises(Refused, match="user berik is disabled"):
        await people.known(text)
    for verb, more in (("user.disable", {}), ("user.role", {"grant": "it"}), ("token.create", {})):
        await refused(people, SHELL, verb, user="berik", **more)
    with pytest.raises(InvalidInput) as caught:
        await people.do(SHELL, "user.add", name="Berik")
    assert (caught.value.code, caught.value.hint) == ("exists", "ids are never reused: choose another")


async def test_a_token_is_its_user_until_it_is_revoked_or_ends(people: People) -> None:
    people.user("alia", ("viewer", "all"))
    made = await people.do(SHELL, "token.create", user="alia", label="laptop", scope="zone:hall")
    assert (made["user"], made["label"], made["scope"], made["state"]) == ("alia", "laptop", "zone:hall", "active")
    assert made["expires"] == rfc3339(people.clock.now_us() + 90 * DAY_US)
    assert (people.last().action, people.last().object) == ("token.create", f"token:{made['id']}")
    actor = await people.known(made["token"])
    assert (str(actor), actor.within) == ("token:alia", parse_scope("zone:hall"))
    ending, text = people.token("alia", life_us=DAY_US)
    await people.clock.advance(DAY_US / US - 1)
    await people.known(text)
    await people.clock.advance(1)
    with pytest.raises(Refused, match=f"token {ending} has expired"):
        await people.known(text)
    await people.do(SHELL, "token.revoke", token=made["id"])
    with pytest.raises(Refused, match="has been revoked"):
        await people.known(made["token"])
    assert (people.last().actor, people.last().action) == ("token:alia", "token.refused")
    # both were made at the same moment of the held clock: their order is that of random ids
    states = {row["state"] for row in await people.do(SHELL, "token.list", user="alia")}
    assert states == {"revoked", "expired"}
    await refused(people, SHELL, "token.revoke", token=made["id"])


async def test_a_token_that_was_never_made_is_refused_and_not_repeated(people: People) -> None:
    people.user("alia", ("viewer", "all"))
    people.token("alia")
    before = people.audit()
    for text in ("", "cgw_", "cgw_" + "A" * 43, "x" * 10_000, "ключ", "\udcff"):
        with pytest.raises(Refused) as caught:
            await people.known(text)
        assert caught.value.message == "this token is not known here"
    assert people.audit() == before


async def test_the_last_use_is_written_down_but_not_at_every_step(people: People) -> None:
    people.user("alia", ("viewer", "all"))
    token, text = people.token("alia")

    def last_used_us() -> int | None:
        with people.gateway.catalogue.read() as tx:
            return tokens.get_token(tx, token).last_used_us

    first_us = people.clock.now_us()
    assert last_used_us() is None
    for seconds, expected_us in ((0, first_us), (59, first_us), (1, first_us + 60 * US)):
        await people.clock.advance(seconds)
        await people.known(text)
        assert last_used_us() == expected_us


async def test_a_token_only_narrows_what_its_user_has(people: People) -> None:
    people.user("alia", ("viewer", "region:Абай"))
    for scope in ("region:Алматы", "institution:school-7", "zone:hall"):
        error = await refused(people, SHELL, "token.create", user="alia", scope=scope)
        assert error.hint == "a token only narrows what its user has"
    for scope in ("region:Абай", "institution:kg-12", "all"):
        assert (await people.do(SHELL, "token.create", user="alia", scope=scope))["scope"] == scope


async def test_an_administrator_of_an_institution_sees_and_ends_its_tokens_only(people: People) -> None:
    local = people.user("local", ("administrator", "institution:kg-12"))
    people.user("berik", ("viewer", "institution:kg-12"))
    people.user("chief", ("administrator", "all"))
    mine, _ = people.token("berik")
    other, _ = people.token("chief")
    assert [row["id"] for row in await people.do(local, "token.list")] == [mine]
    await refused(people, local, "token.revoke", token=other)
    assert (await people.do(local, "token.revoke", token=mine))["state"] == "revoked"
    made = await people.do(local, "token.create", user="berik")
    assert made["issued_by"] == "token:local"


async def test_audit_rows_are_found_by_time_actor_and_action(people: People) -> None:
    people.user("alia", ("auditor", "all"))
    start_us = people.clock.now_us()
    for number, (actor, action) in enumerate(
        (
            ("token:alia", "footage.fetch"),
            ("shell:alia", "footage.list"),
            ("shell:malia", "footages.x"),
            ("token:b", "f"),
        )
    ):
        await people.clock.advance(1)
        kind, name = actor.split(":")
        with people.gateway.catalogue.write(Actor(kind, name)) as tx:
            tx.audit(action, f"thing:{number}")
    alia = Actor("token", "alia")

    async def objects(**arguments: object) -> list[str]:
        return [row["object"] for row in await people.do(alia, "audit.list", from_us=start_us + 1, **arguments)]

    assert await objects() == ["thing:0", "thing:1", "thing:2", "thing:3"]
    assert await objects(limit=2) == ["thing:2", "thing:3"]
    assert await objects(actor="alia") == ["thing:0", "thing:1"]
    assert await objects(actor="token:alia") == ["thing:0"]
    assert await objects(action="footage") == ["thing:0", "thing:1"]
    assert await objects(action="footage.list") == ["thing:1"]
    assert await objects(action="%") == []
    assert await objects(to_us=start_us + 2 * US) == ["thing:0"]
    assert (await people.do(alia, "audit.verify"))["ok"]


async def test_a_changed_audit_row_is_found_by_the_verb(people: People) -> None:
    with people.gateway.catalogue.write(SYSTEM) as tx:
        for verb in ("update", "delete"):
            tx.connection.exec_driver_sql(f"DROP TRIGGER audit_refuses_{verb}")
        tx.connection.exec_driver_sql("UPDATE audit SET actor = 'shell:nobody' WHERE number = 3")
        head = audit_log.head(tx)
    found = await people.do(SHELL, "audit.verify")
    anchored = found.pop("anchored")
    assert found == {"ok": False, "rows": head[0], "head": head[1], "broken_at": 3}
    assert (anchored["checked"], anchored["heads"]) == (True, 0)
