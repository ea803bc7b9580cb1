"""What `perform` lets a user by token do: nothing outside roles, scopes and time, alone only what one may (Z1, Z2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.people import SHELL

from camera_gateway.actions.access import require_second
from camera_gateway.catalogue import users
from camera_gateway.clock import US
from camera_gateway.domain.people import SYSTEM, Actor, UserId, parse_scope
from camera_gateway.errors import GatewayError, NotFound, Refused

if TYPE_CHECKING:
    from support.people import People

HOUR = {"from_us": 1_699_999_000 * US, "to_us": 1_700_000_000 * US}


async def answer(people: People, actor: Actor, verb: str, **arguments: Any) -> str:  # noqa: ANN401 - JSON
    """Whether the verb came as far as its work ("worked"), or the code of the refusal."""
    code = ""
    try:
        await people.do(actor, verb, **arguments)
    except GatewayError as error:
        code = error.code
        if error.message.startswith(f"{verb}:"):  # wrong arguments are told before anybody is asked for a right
            raise
    return code if code in {"forbidden", "second-person", "not-found"} else "worked"


@pytest.mark.parametrize(
    ("role", "worked"),
    [
        ("viewer", set()),
        ("it", {"camera.show", "camera.pause", "footage.coverage"}),
        ("auditor", {"footage.list", "footage.coverage", "footage.fetch-plan", "compliance.check"}),
        (
            "administrator",
            {
                "camera.show",
                "camera.pause",
                "footage.list",
                "footage.coverage",
                "footage.fetch-plan",
                "compliance.check",
            },
        ),
    ],
)
async def test_a_role_in_an_institution_holds_there_and_nowhere_else(
    people: People, role: str, worked: set[str]
) -> None:
    actor = people.user("alia", (role, "institution:kg-12"))
    verbs: dict[str, dict[str, Any]] = {
        "camera.show": {},
        "camera.pause": {},
        "footage.list": HOUR,
        "footage.coverage": HOUR,
        "footage.fetch-plan": HOUR,
    }
    here = {v for v, more in verbs.items() if await answer(people, actor, v, camera="kg-hall", **more) == "worked"}
    check = {"standard": "house-baseline", **HOUR}
    if await answer(people, actor, "compliance.check", institution="kg-12", **check) == "worked":
        here.add("compliance.check")
    assert here == worked
    for verb, more in verbs.items():
        assert await answer(people, actor, verb, camera="school-yard", **more) == "not-found"
    assert await answer(people, actor, "compliance.check", institution="school-7", **check) == "not-found"
    for verb in ("doctor", "check", "status", "audit.list", "audit.verify"):
        assert await answer(people, actor, verb) == "forbidden", "the whole installation is more than an institution"


async def test_lists_leave_out_what_lies_elsewhere(people: People) -> None:
    by_scope = {
        "all": ({"kg-12", "school-7"}, {"kg-hall", "kg-bedroom", "school-yard"}),
        "region:Абай": ({"kg-12"}, {"kg-hall", "kg-bedroom"}),
        "institution:school-7": ({"school-7"}, {"school-yard"}),
        "zone:bedroom": (set(), {"kg-bedroom"}),
        "zone:gym": (set(), set()),
    }
    for number, (scope, (institutions, cameras)) in enumerate(by_scope.items()):
        actor = people.user(f"viewer-{number}", ("viewer", scope))
        assert {row["id"] for row in await people.do(actor, "institution.list")} == institutions
        assert {row["id"] for row in await people.do(actor, "camera.list")} == cameras


async def test_footage_of_a_bedroom_is_not_for_one_person_by_token(people: People) -> None:
    auditor = people.user("alia", ("auditor", "all"))
    with pytest.raises(Refused, match="two people") as caught:
        await people.do(auditor, "footage.fetch-plan", camera="kg-bedroom", **HOUR)
    assert caught.value.code == "second-person"
    assert (people.last().actor, people.last().action) == ("token:alia", "access.refused")
    assert await answer(people, SHELL, "footage.fetch-plan", camera="kg-bedroom", **HOUR) == "worked"


async def test_a_user_without_roles_or_unknown_may_nothing(people: People) -> None:
    for actor in (people.user("alia"), Actor("token", "nobody"), Actor("portal", "alia")):
        assert await answer(people, actor, "camera.list") == "forbidden"


async def test_a_right_ends_with_its_grant_and_with_its_user(people: People) -> None:
    end_us = people.clock.now_us() + 60 * US
    temporary, other = people.user("temp", ("auditor", "all", end_us)), people.user("other", ("auditor", "all"))
    assert await answer(people, temporary, "audit.list") == "worked"
    await people.clock.advance(60)
    assert await answer(people, temporary, "audit.list") == "forbidden"
    with people.gateway.catalogue.write(SYSTEM) as tx:
        users.disable_user(tx, UserId("other"))
    assert await answer(people, other, "audit.list") == "forbidden"


async def test_a_narrowed_token_does_less_than_its_user(people: People) -> None:
    people.user("alia", ("administrator", "all"))
    _, text = people.token("alia", parse_scope("institution:kg-12"))
    actor = await people.known(text)
    assert [row["id"] for row in await people.do(actor, "institution.list")] == ["kg-12"]
    assert await answer(people, actor, "camera.show", camera="school-yard") == "not-found"
    assert await answer(people, actor, "audit.list") == "forbidden"
    # and cannot be traded for a wider one
    assert await answer(people, actor, "token.create", user="alia") == "forbidden"
    assert await answer(people, actor, "user.add", name="Friend", role="administrator") == "forbidden"


async def test_what_is_refused_to_a_user_is_audited_with_its_reason(people: People) -> None:
    viewer = people.user("alia", ("viewer", "all"))
    with pytest.raises(Refused, match=r"alia may not do this: camera\.manage needs a role: it or administrator"):
        await people.do(viewer, "camera.pause", camera="kg-hall")
    row = people.last()
    assert (row.actor, row.action, row.object) == ("token:alia", "access.refused", "verb:camera.pause")
    assert "camera.manage needs a role" in row.details["reason"]


async def test_a_camera_that_is_none_is_not_repeated_to_a_user_either(people: People) -> None:
    it = people.user("alia", ("it", "all"))
    with pytest.raises(NotFound) as caught:
        await people.do(it, "camera.show", camera="rtsp://root:secret@10.0.0.5/")
    assert "secret" not in caught.value.message


async def test_cameras_are_registered_only_where_one_may(people: People) -> None:
    it = people.user("alia", ("it", "institution:kg-12"))
    camera = {"name": "Gym", "id": "gym", "zone": "gym", "url": "rtsp://127.0.0.1/1", "probe": False}
    assert await answer(people, it, "camera.add", institution="school-7", **camera) == "not-found"
    assert await answer(people, it, "institution.add", name="Mine", id="mine") == "forbidden"
    made = await people.do(it, "camera.add", institution="kg-12", **camera)
    assert made["id"] == "gym"
    regional = people.user("berik", ("it", "region:Абай"))
    assert (await people.do(regional, "institution.add", name="New", id="new", region="Абай"))["id"] == "new"
    assert await answer(people, regional, "institution.add", name="Far", id="far", region="Алматы") == "forbidden"
    # a foreign address with the installation's networks is nobody's in particular
    assert await answer(people, regional, "camera.probe", url="rtsp://127.0.0.1:9/x") == "forbidden"


async def test_the_second_person_is_another_live_user_by_token(people: People) -> None:
    alia, berik = people.user("alia", ("administrator", "all")), people.user("berik", ("auditor", "zone:hall"))
    idle, ended = people.user("idle"), people.user("ended", ("auditor", "all", people.clock.now_us()))
    for requester in (alia, "token:alia", SHELL, "shell:root"):
        await require_second(people.gateway, berik, requester)
    await require_second(people.gateway, alia, "shell:alia")
    for approver, requester in (
        (alia, alia),
        (alia, "token:alia"),
        (SHELL, alia),
        (SHELL, Actor("shell", "other")),
        (SYSTEM, alia),
        (idle, alia),
        (ended, alia),
        (Actor("token", "nobody"), alia),
    ):
        with pytest.raises(Refused) as caught:
            await require_second(people.gateway, approver, requester)
        assert caught.value.code == "second-person"
        assert caught.value.hint
    # two tokens of one user are one person
    _, narrowed = people.token("alia", parse_scope("institution:kg-12"))
    with pytest.raises(Refused, match="alia has asked"):
        await require_second(people.gateway, await people.known(narrowed), alia)
    # … and so are a user's token and the same user signed in
    signed_in = Actor("session", "alia")
    for approver, requester in ((signed_in, alia), (signed_in, "token:alia"), (alia, "session:alia")):
        with pytest.raises(Refused, match="alia has asked"):
            await require_second(people.gateway, approver, requester)
    await require_second(people.gateway, signed_in, "token:berik")
    await require_second(people.gateway, signed_in, "session:berik")


async def test_a_disabled_user_is_no_second_person(people: People) -> None:
    berik = people.user("berik", ("auditor", "all"))
    await require_second(people.gateway, berik, SHELL)
    with people.gateway.catalogue.write(SYSTEM) as tx:
        users.disable_user(tx, UserId("berik"))
    with pytest.raises(Refused, match="no role"):
        await require_second(people.gateway, berik, SHELL)
