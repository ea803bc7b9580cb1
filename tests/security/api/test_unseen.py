"""What somebody may not see is told like what does not exist, word for word, by every route that names something."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from support.api_rig import serving
from support.api_samples import HOUR, Samples
from support.catalogue_rows import MINUTE_US, sidecar_value
from support.people import SHELL
from support.watched_rows import watched_over

from camera_gateway.api.routes.all import ROUTES
from camera_gateway.catalogue import declared, processes, segments, waivers
from camera_gateway.clock import US
from camera_gateway.domain.people import SYSTEM
from camera_gateway.errors import NotFound

if TYPE_CHECKING:
    from pathlib import Path

    from support.api_rig import Answered, Api

    from camera_gateway.catalogue.opening import Transaction

HOUR_US = 1_699_992_000 * US
"""The start of `HOUR`."""
WATCHED = ("outage", "alert", "maintenance")
NAMING = frozenset({"camera", "cameras", "institution", "site", "hold", "request", "package", "incident"})
NAMING |= {"report", "segment", *WATCHED}
WITHOUT = frozenset({"token.create", "user.grant", "user.revoke"})
"""Routes whose institution is only part of a scope."""
NUMBERED = {"declare.withdraw": "declaration", "waiver.withdraw": "waiver", "process.done": "entry"}
"""Routes whose path has the bare number of a row, and what is named by it."""
ROLES = ("viewer", "it", "auditor", "administrator")
FREE = {
    "user": "nobody-here",
    "token": "t-00000000",
    "job": "none",
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
    "report": "gap-register-20231114-000000000000",
    "segment": "school-gate-run-000001",
    "site": "school-9",
    **{name: f"{name}-777" for name in WATCHED},
    **dict.fromkeys(NUMBERED.values(), "777"),
    **FREE,
}


def entered(tx: Transaction, institution: str, camera: str) -> dict[str, str]:
    """Write a declaration, a waiver and an entry of the register of processes; return their numbers."""
    now_us, subject = tx.clock.now_us(), {"institution": institution, "camera": camera}
    fact = {"fact": "signage.present", "value": "yes", "evidence": "x", "valid_until_us": None}
    rule = {"standard": "house-baseline", "rule": "fps", "reason": "x", "until_us": now_us + 60_000_000}
    entry = {"process": "daily_inspection", "at_us": now_us, "evidence": "x", "done_us": None}
    rows = {
        "declaration": declared.declare(tx, institution=institution, camera=None, **fact),
        "waiver": waivers.grant_waiver(tx, **subject, **rule, approved_by="token:b"),
        "entry": processes.note_process(tx, **subject, **entry),
    }
    return {name: str(row.number) for name, row in rows.items()}


async def of_the_other_institution(api: Api) -> dict[str, str]:
    api.enrol("alia", ("administrator", "all"))
    camera = "school-yard"
    hold = await api.ask("POST", "holds", "alia", {"cameras": [camera], "from": HOUR["from"], "reason": "x"})
    asked = {"cameras": [camera], **HOUR, "requester": "A", "body": "B", "legal_ground": "C", "case": "D"}
    request = await api.ask("POST", "evidence/requests", "alia", asked)
    report = {"cameras": [camera], "institution": "school-7", "at": HOUR["from"], "text": "x"}
    incident = await api.ask("POST", "incidents", "alia", report)
    number = request.json["request"]["id"]
    span = {"from_us": HOUR_US, "to_us": HOUR_US + 3_600 * US}
    paper = await api.people.do(SHELL, "report.make", kind="gap-register", institution="school-7", **span)
    minute = sidecar_value(camera, HOUR_US // MINUTE_US)
    await api.gateway.write(SYSTEM, lambda tx: segments.insert_spooled(tx, minute, "x.mp4"))
    watched = await api.gateway.write(SYSTEM, partial(watched_over, institution="school-7", camera=camera))
    return {
        "camera": camera,
        "institution": "school-7",
        "hold": hold.json["hold"]["id"],
        "request": number,
        "package": number,
        "incident": incident.json["incident"]["id"],
        "report": paper["id"],
        "segment": minute.segment,
        **watched,
        **await api.gateway.write(SYSTEM, partial(entered, institution="school-7", camera=camera)),
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
        named, asked = 0, set()
        for route in ROUTES:
            if route.path.startswith(("/api/v1/me", "/api/v1/session", "/api/v1/welcome")) or route.name in WITHOUT:
                continue
            for user in users:
                answers = []
                for objects in (foreign, UNKNOWN):
                    numbers = {name: {"number": objects[what]} for name, what in NUMBERED.items()}
                    sample = Samples(objects, numbers).of(route)
                    named_here = any(objects[name] in str(sample) for name in NAMING - {"cameras"})
                    if not named_here and route.name not in NUMBERED:
                        break
                    purpose = {"X-Access-Purpose": "incident; case=17"}
                    answers.append(await api.ask(route.method, sample.path, user, sample.body, purpose, sample.query))
                if len(answers) == 2:
                    named += 1
                    asked.add(route.name)
                    if seen(answers[0]) != seen(answers[1]) or answers[0].status not in {403, 404}:
                        different.append((route.name, user, seen(answers[0]), seen(answers[1])))
        assert different == []
        assert named > 200, "the samples name nothing"
        assert NUMBERED.keys() | {"footage.by-segment", "report.show"} <= asked


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
        fact = {"fact": "camera.role", "value": "x", "evidence": "x"}
        entry = {"process": "daily_inspection", "at": HOUR["from"], "evidence": "x"}
        waiver = {"standard": "house-baseline", "rule": "fps", "reason": "x", "until": "2023-12-14T20:00:00Z"}
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
                    *(
                        ("GET", register, None, {"institution": institution})
                        for register in ("facts", "waivers", "processes")
                    ),
                    *(
                        ("POST", register, {**row, "institution": owner, "camera": of_it}, None)
                        for register, row in (("facts", fact), ("waivers", waiver), ("processes", entry))
                        for owner, of_it in ((institution, "kg-hall"), ("kg-12", camera_id))
                    ),
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
