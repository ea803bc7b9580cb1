"""What somebody may not see is told like what does not exist, word for word, by every route that names something."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from support.api_rig import serving
from support.api_samples import HOUR, Samples
from support.people import SHELL
from support.watched_rows import watched_over

from camera_gateway.api.routes.all import ROUTES
from camera_gateway.domain.people import SYSTEM
from camera_gateway.errors import NotFound

if TYPE_CHECKING:
    from pathlib import Path

    from support.api_rig import Answered, Api

WATCHED = ("outage", "alert", "maintenance")
NAMING = frozenset({"camera", "cameras", "institution", "site", "hold", "request", "package", "incident", *WATCHED})
WITHOUT = frozenset({"token.create", "user.grant", "user.revoke"})
"""Routes whose institution is only part of a scope."""
ROLES = ("viewer", "it", "auditor", "administrator")
FREE = {
    "user": "nobody-here",
    "token": "t-00000000",
    "job": "none",
    "report": "none",
    "segment": "none",
    "offset": "0",
    "slice": "0-1",
    "number": "777",
}
UNKNOWN = {
    "camera": "school-gate",
    "institution": "school-9",
    "hold": "hold-777",
    "request": "request-777",
    "package": "request-777",
    "incident": "incident-777",
    "site": "school-9",
    **{name: f"{name}-777" for name in WATCHED},
    **FREE,
}


async def of_the_other_institution(api: Api) -> dict[str, str]:
    api.enrol("alia", ("administrator", "all"))
    camera = "school-yard"
    hold = await api.ask("POST", "holds", "alia", {"cameras": [camera], "from": HOUR["from"], "reason": "x"})
    asked = {"cameras": [camera], **HOUR, "requester": "A", "body": "B", "legal_ground": "C", "case": "D"}
    request = await api.ask("POST", "evidence/requests", "alia", asked)
    report = {"cameras": [camera], "institution": "school-7", "at": HOUR["from"], "text": "x"}
    incident = await api.ask("POST", "incidents", "alia", report)
    number = request.json["request"]["id"]
    watched = await api.gateway.write(SYSTEM, partial(watched_over, institution="school-7", camera=camera))
    return {
        "camera": camera,
        "institution": "school-7",
        "hold": hold.json["hold"]["id"],
        "request": number,
        "package": number,
        "incident": incident.json["incident"]["id"],
        **watched,
        **FREE,
    }


def seen(answer: Answered) -> tuple[int, Any]:
    return answer.status, answer.json


@pytest.mark.timeout(120)
async def test_a_foreign_id_is_answered_as_an_unknown_one(tmp_path: Path) -> None:
    async with serving(tmp_path) as api:
        foreign = await of_the_other_institution(api)
        users = [api.enrol(f"{role}-kg", (role, "institution:kg-12")) for role in ROLES]
        users += [api.enrol("gymnast", ("administrator", "zone:gym")), api.enrol("stranger")]
        different = []
        named = 0
        for route in ROUTES:
            if route.path.startswith(("/api/v1/me", "/api/v1/session", "/api/v1/welcome")) or route.name in WITHOUT:
                continue
            for user in users:
                answers = []
                for objects in (foreign, UNKNOWN):
                    sample = Samples(objects).of(route)
                    if not any(objects[name] in str(sample) for name in NAMING - {"cameras"}):
                        break
                    purpose = {"X-Access-Purpose": "incident; case=17"}
                    answers.append(await api.ask(route.method, sample.path, user, sample.body, purpose, sample.query))
                if len(answers) == 2:
                    named += 1
                    if seen(answers[0]) != seen(answers[1]) or answers[0].status not in {403, 404}:
                        different.append((route.name, user, seen(answers[0]), seen(answers[1])))
        assert different == []
        assert named > 200, "the samples name nothing"


@pytest.mark.timeout(60)
async def test_lists_and_combinations_tell_no_more(tmp_path: Path) -> None:
    async with serving(tmp_path) as api:
        await of_the_other_institution(api)
        for name, scope in (("own", "institution:kg-12"), ("keeper", "zone:hall"), ("gymnast", "zone:gym")):
            api.enrol(name, ("administrator", scope))
        there = ("school-7", "school-yard")
        nowhere = ("school-9", "school-gate")
        camera = {"name": "Gym", "zone": "hall", "url": "rtsp://127.0.0.1:9/", "probe": False, "institution": "kg-12"}
        report = {"at": HOUR["from"], "text": "x"}
        for user in ("own", "keeper", "gymnast"):
            found = []
            for institution, camera_id in (there, nowhere):
                hold = {"from": HOUR["from"], "reason": "x"}
                requests = (
                    ("GET", "cameras", None, {"institution": institution}),
                    ("GET", "sites", None, {"institution": institution}),
                    ("GET", "audit/viewings", None, {"camera": camera_id}),
                    ("POST", "cameras", {**camera, "id": f"new-{user}", "site": institution}, None),
                    ("POST", "holds", {**hold, "cameras": ["kg-hall", camera_id]}, None),
                    ("POST", "holds", {**hold, "cameras": ["kg-bedroom", camera_id]}, None),
                    ("POST", "incidents", {**report, "institution": institution, "cameras": ["kg-hall"]}, None),
                    ("POST", "incidents", {**report, "institution": "kg-12", "cameras": [camera_id]}, None),
                )
                answers = [
                    await api.ask(method, path, user, body, None, query) for method, path, body, query in requests
                ]
                found.append([(one.status, one.body.replace(institution.encode(), b"")) for one in answers])
            assert found[0] == found[1], user
        assert (await api.ask("GET", "cameras", "own", None, None, {"institution": "kg-12"})).status == 200
        assert len((await api.ask("GET", "cameras", "keeper", None, None, {"institution": "kg-12"})).json["items"]) == 1
        assert (await api.ask("GET", "cameras", "gymnast", None, None, {"institution": "kg-12"})).status == 404


@pytest.mark.timeout(60)
async def test_both_leave_the_same_trace_and_who_sees_the_thing_learns_why(tmp_path: Path) -> None:
    async with serving(tmp_path) as api:
        api.enrol("vera", ("viewer", "institution:kg-12"))
        refused = await api.ask("POST", "cameras/kg-hall/pause", "vera", {})
        assert (refused.status, refused.code) == (403, "forbidden")
        for camera in ("school-yard", "school-gate"):
            rows = len(api.people.audit())
            assert (await api.ask("POST", f"cameras/{camera}/pause", "vera", {})).status == 404
            (row,) = api.people.audit(rows)
            assert (row.actor, row.action, row.object) == ("token:vera", "access.refused", "verb:camera.pause")
        # the shell is bound by nothing and is told which id was mistyped
        with pytest.raises(NotFound, match="no camera school-gate"):
            await api.people.do(SHELL, "camera.pause", camera="school-gate")
