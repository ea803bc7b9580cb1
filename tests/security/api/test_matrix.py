"""Every route, asked by every role, for what is theirs and what is not: the whole table, read as text (Z1, A15).

Written anew with: UPDATE_GOLDEN=1 pytest tests/security/api/test_matrix.py; a difference is to be read, not accepted.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.api_rig import serving
from support.api_samples import HOUR, Samples
from support.watched_rows import watched_over

from camera_gateway.access.permissions import ACTIONS, Act
from camera_gateway.actions.verbs import VERBS
from camera_gateway.api.openapi import act_of
from camera_gateway.api.routes.all import ROUTES
from camera_gateway.catalogue import waivers
from camera_gateway.domain.ids import InstitutionId
from camera_gateway.domain.people import SYSTEM, Actor, Place, Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from support.api_rig import Answered, Api

    from camera_gateway.api.routes.table import Route
    from camera_gateway.catalogue.opening import Transaction

pytestmark = pytest.mark.slow

GOLDEN = Path(__file__).parents[2] / "golden" / "api_matrix.txt"
USERS = [f"{role}-{scope}" for role in Role for scope in ("kg", "all")]
ASKERS = [*USERS, "stranger", None]
COLUMNS = "".join(f"{asker or 'nobody':<19}" for asker in ASKERS)
OBJECTS = ("own", "bedroom", "foreign")
SHELL_ONLY = {
    "footage.fetch-plan": "the command reads the footage itself, as the user of the spool",
    "evidence.export-plan": "first step of a package: GET evidence/packages",
    "evidence.export-finish": "last step of a package: GET evidence/packages",
    "backup.begin": "the command copies files of the host",
    "backup.made": "the command copies files of the host",
}
"""Verbs that are no route, and why."""
ASKED_AS_A_JOB = {"camera.discover-now": "camera.discover"}
"""Routes that take long, and the same verb as a job, which is asked here in their stead."""


def verbs_by_streams() -> set[str]:
    return {name for name in VERBS if name not in {route.verb for route in ROUTES}}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_a_route_is_one_thing_with_one_right(route: Route) -> None:
    assert (route.verb is None) != (route.stream is None)
    assert route.path.startswith("/api/v1/")
    if route.verb is not None:
        assert route.verb in VERBS
        assert route.act in {None, VERBS[route.verb].act}, "the verb has the right; two would drift apart"
        assert not route.public, "a verb is never public"
    act = act_of(route)
    if not route.public and not ONESELF(route):
        assert act in ACTIONS, "a route without an entry in the permission matrix"


def ONESELF(route: Route) -> bool:  # noqa: N802 - reads as the constant that it is
    """Whether a route is about nobody but the one who asks: their session, password, purpose."""
    return route.path.startswith(("/api/v1/me", "/api/v1/session", "/api/v1/welcome"))


def test_public_routes_are_those_that_are_reviewed_as_such() -> None:
    public = {route.name for route in ROUTES if route.public}
    assert all(ONESELF(route) for route in ROUTES if route.public), public


def test_what_is_asked_as_a_job_in_its_stead_is_the_same_verb() -> None:
    verbs = {route.name: route.verb for route in ROUTES}
    assert all(verbs[name] == verbs[other] for name, other in ASKED_AS_A_JOB.items() if name in verbs)


def test_names_and_addresses_are_each_used_once() -> None:
    assert len({route.name for route in ROUTES}) == len(ROUTES)
    assert len({(route.method, route.path) for route in ROUTES}) == len(ROUTES)


def test_a_verb_is_a_route_or_says_why_not() -> None:
    streams = {route.name for route in ROUTES if route.stream is not None}
    unsaid = {name for name in verbs_by_streams() if name not in SHELL_ONLY and name not in streams}
    # verbs that streams call for their right have the name of a noun that has routes
    nouns = {route.name.partition(".")[0] for route in ROUTES}
    assert {name for name in unsaid if name.partition(".")[0] not in nouns} == set()


def cell(answer: Answered) -> str:
    if answer.status == 401:
        return "401"
    if answer.status == 403:
        return {"forbidden": "-", "second-person": "two"}.get(answer.code, answer.code)
    assert answer.status < 500 or answer.code == "unavailable", (answer.status, answer.body)
    return "404" if answer.status == 404 else "yes"


async def set_up(api: Api) -> dict[str, Samples]:
    """Make users of every role, and of every kind of object one in each institution."""
    for role in Role:
        api.enrol(f"{role}-kg", (role.value, "institution:kg-12"))
        api.enrol(f"{role}-all", (role.value, "all"))
    api.enrol("stranger")
    api.enrol("alia", ("administrator", "all"))
    made = {}
    for name, camera, institution in (
        ("own", "kg-hall", "kg-12"),
        ("bedroom", "kg-bedroom", "kg-12"),
        ("foreign", "school-yard", "school-7"),
    ):
        hold = await api.ask("POST", "holds", "alia", {"cameras": [camera], "from": HOUR["from"], "reason": "x"})
        request = await api.ask(
            "POST",
            "evidence/requests",
            "alia",
            {"cameras": [camera], **HOUR, "requester": "A", "body": "B", "legal_ground": "C", "case": "D"},
        )
        incident = {"cameras": [camera], "institution": institution, "at": HOUR["from"], "text": "x"}
        reported = await api.ask("POST", "incidents", "alia", incident)
        made_report = await api.ask("POST", "reports", "alia", {"kind": "gap-register", "camera": camera, **HOUR})
        victim = api.enrol(f"victim-{name}", ("viewer", f"institution:{institution}"))
        token = api.people.token(victim)[0]
        region = "Абай" if institution == "kg-12" else "Алматы"
        place = Place(region, InstitutionId(institution), None)

        async def done(_told: object) -> dict[str, str]:
            return {}

        jobs = api.gateway.jobs
        assert jobs is not None
        job = jobs.start("check", Actor("token", "alia"), Act.HEALTH_SEE, (place,), done)
        await jobs.changed(job.id, 10)
        said = {"institution": institution, "camera": camera, "evidence": "photograph 3"}
        declared = await api.ask("POST", "facts", "alia", {**said, "fact": "time.osd_present", "value": "yes"})
        noted = await api.ask("POST", "processes", "alia", {**said, "process": "inspection", "at": HOUR["from"]})
        waived = await api.gateway.write(
            Actor("token", "alia"), partial(_waiver, institution, camera, api.gateway.clock.now_us())
        )
        numbers = {
            "declare.withdraw": declared.json["number"],
            "process.done": noted.json["number"],
            "waiver.withdraw": waived,
        }
        watched = await api.gateway.write(SYSTEM, partial(watched_over, institution=institution, camera=camera))
        made[name] = Samples(
            {
                **watched,
                "camera": camera,
                "institution": institution,
                "hold": hold.json["hold"]["id"],
                "request": request.json["request"]["id"],
                "package": request.json["request"]["id"],
                "incident": reported.json["incident"]["id"],
                "report": made_report.json["id"],
                "user": victim,
                "token": token,
                "job": job.id,
                "segment": "none",
                "offset": "0",
                "slice": "0-1",
            },
            {route: {"number": number} for route, number in numbers.items()},
        )
    api.no_more_jobs()
    return made


def _waiver(institution: str, camera: str, now_us: int, tx: Transaction) -> int:
    return waivers.grant_waiver(
        tx,
        institution=institution,
        camera=camera,
        standard="house-baseline",
        rule="fps",
        reason="x",
        until_us=now_us + 1,
        approved_by="token:dana",
    ).number


async def row(api: Api, route: Route, samples: Mapping[str, Samples], name: str) -> str:
    cells = []
    for asker in ASKERS:
        if name == "foreign" and (asker is None or not asker.endswith("-kg")):
            cells.append("=")  # to who is nowhere or everywhere it is as any other
            continue
        sample = samples[name].of(route)
        headers = {"X-Access-Purpose": "incident; case=17"}
        answer = await api.ask(route.method, sample.path, asker, sample.body, headers, sample.query)
        cells.append(cell(answer))
        if asker is not None and asker.endswith("-kg"):
            text = answer.body.decode("utf-8", "replace")
            assert name == "foreign" or "school-y" not in text, (route.name, asker, text[:500])
    _cancel_what_waits(api)
    return "".join(f"{text:<19}" for text in cells).rstrip()


def _cancel_what_waits(api: Api) -> None:
    assert api.gateway.jobs is not None
    for job in api.gateway.jobs.all():
        if job.state == "waiting":
            api.gateway.jobs.cancel(job.id)


async def table(api: Api) -> str:
    samples = await set_up(api)
    blocks = [f"{'':<10}{COLUMNS}".rstrip()]
    for route in ROUTES:
        if ONESELF(route) or route.name in ASKED_AS_A_JOB:
            continue
        lines = [f"{route.method} {route.path}  {act_of(route)}"]
        same = {name: samples[name].of(route) for name in OBJECTS}
        names = OBJECTS if act_of(route) is Act.FOOTAGE_VIEW else ("own", "foreign")
        asked = [n for n in names if n == "own" or _about(same[n]) != _about(same["own"])]
        lines += [f"  {name:<8}{await row(api, route, samples, name)}" for name in asked]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def _about(sample: object) -> str:
    """A sample without the ids that are new each time."""
    return "".join(word for word in str(sample).split() if "new-" not in word)


@pytest.mark.timeout(120)
async def test_every_route_answers_every_role_as_the_golden_table_says(tmp_path: Path) -> None:
    async with serving(tmp_path) as api:
        found = await table(api)
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(found, encoding="utf-8")
    blocks = {block.split("\n", 1)[0]: block for block in GOLDEN.read_text(encoding="utf-8").split("\n\n")}
    for block in found.split("\n\n"):
        head = block.split("\n", 1)[0]
        assert block.rstrip("\n") == blocks.get(head, "").rstrip("\n"), head
    assert found == GOLDEN.read_text(encoding="utf-8")


def test_the_golden_table_says_what_the_contract_s_table_says() -> None:
    """Where a role has no right anywhere nobody of it gets through; where it has, its holder for all does."""
    routes = {f"{route.method} {route.path}  {act_of(route)}": route for route in ROUTES}
    blocks = GOLDEN.read_text(encoding="utf-8").rstrip("\n").split("\n\n")[1:]
    assert [block.split("\n", 1)[0] for block in blocks] == [
        head for head, route in routes.items() if not ONESELF(route) and route.name not in ASKED_AS_A_JOB
    ]
    for block in blocks:
        head, *lines = block.split("\n")
        act = act_of(routes[head])
        assert act is not None
        for line in lines:
            name, *cells = line.split()
            by = dict(zip([asker or "nobody" for asker in ASKERS], cells, strict=True))
            if act is Act.ACCOUNT_OWN:
                assert by["nobody"] in {"401", "="}, head
                continue  # whose it is decides, not a role
            for role in Role:
                here = {by[f"{role}-kg"]} | ({by[f"{role}-all"]} if name != "foreign" else set())
                if role not in ACTIONS[act].roles or name == "foreign":
                    assert here <= {"-", "404"}, (head, name, role)
                else:
                    assert by[f"{role}-all"] in {"yes", "two", "404"}, (head, name, role)
            if name != "foreign":
                assert by["nobody"] == "401", head
                assert by["stranger"] in {"-", "404"}, head
