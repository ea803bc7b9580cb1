"""Long work over HTTP: begun at once, watched by events, found again after a reload, seen by whom it concerns."""

from __future__ import annotations

import asyncio
import gc
import json
import threading
import weakref
from typing import TYPE_CHECKING, Any

import pytest
from support.api_rig import serving

from camera_gateway.access.permissions import Act
from camera_gateway.actions.jobs import AT_ONCE, WAITING_AT_MOST
from camera_gateway.domain.ids import InstitutionId
from camera_gateway.domain.people import INSTALLATION, Actor, Place
from camera_gateway.errors import Refused, Unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from support.api_rig import Api

    from camera_gateway.actions.jobs import Job, Jobs

KG = (Place("Абай", InstitutionId("kg-12"), None),)
ALIA = Actor("token", "alia")


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    async with serving(tmp_path) as made:
        made.enrol("alia", ("it", "institution:kg-12"))
        made.enrol("berik", ("it", "institution:school-7"))
        made.enrol("carol", ("it", "all"))
        made.enrol("dana", ("viewer", "all"))
        yield made


def jobs_of(api: Api) -> Jobs:
    assert api.gateway.jobs is not None
    return api.gateway.jobs


def begin(api: Api, work: Any, places: Any = KG) -> Job:  # noqa: ANN401 - a function
    return jobs_of(api).start("camera.import", ALIA, Act.CAMERA_MANAGE, places, work)


async def ended(api: Api, job: str) -> dict[str, Any]:
    async with asyncio.timeout(20):
        found = jobs_of(api).get(job)
        while found.ended_us is None:
            found = await jobs_of(api).changed(job, found.version)
    answer: dict[str, Any] = (await api.ask("GET", f"jobs/{job}", "alia")).json
    return answer


async def events(api: Api, job: str, user: str, after: int | None = None) -> list[tuple[int, dict[str, Any]]]:
    """Every event until the stream ends."""
    headers = {} if after is None else {"Last-Event-ID": str(after)}
    answer = await api.ask("GET", f"jobs/{job}/events", user, headers=headers)
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    assert answer.headers["Cache-Control"] == "no-store, private"
    found = []
    for block in answer.body.decode().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.split("\n") if not line.startswith(":") and ": " in line)
        if lines:
            assert lines["event"] == "job"
            found.append((int(lines["id"]), json.loads(lines["data"])))
    return found


async def test_a_drill_is_a_job_with_a_result(api: Api) -> None:
    api.enrol("erik", ("administrator", "all"))
    begun = await api.ask("POST", "drills", "erik", {"sample": 1, "seed": "x"})
    assert begun.status == 202
    assert begun.headers["Location"] == f"/api/v1/jobs/{begun.json['id']}"
    assert begun.json["kind"] == "drill"
    await jobs_of(api).changed(begun.json["id"], 1_000)
    shown = await api.ask("GET", f"jobs/{begun.json['id']}", "erik")
    assert (shown.json["state"], shown.json["result"]["seed"]) == ("done", "x")
    refused = await api.ask("POST", "drills", "dana", {})
    assert (refused.status, refused.code) == (403, "forbidden")
    wrong = await api.ask("POST", "drills", "erik", {"sample": 0})
    assert (wrong.status, wrong.code) == (400, "invalid-input")


async def test_progress_comes_as_events_and_a_reader_who_comes_back_misses_nothing(api: Api) -> None:
    steps = asyncio.Event()

    async def work(told: Callable[[int, int | None, str], None]) -> dict[str, int]:
        await asyncio.to_thread(told, 3, 10, "rows")  # from any thread
        await steps.wait()
        told(10, 10, "rows")
        return {"made": 10}

    job = begin(api, work)
    async with asyncio.timeout(20):
        while (now := jobs_of(api).get(job.id)).done != 3:
            await jobs_of(api).changed(job.id, now.version)
    watching = asyncio.create_task(events(api, job.id, "alia"))  # noqa: TID251 - a reader beside the test
    await asyncio.sleep(0)
    steps.set()
    found = await watching
    numbers = [number for number, _ in found]
    assert numbers == sorted(set(numbers))
    last = found[-1][1]
    assert (last["state"], last["done"], last["total"], last["what"]) == ("done", 10, 10, "rows")
    assert "result" not in last
    assert (await events(api, job.id, "alia", after=numbers[0]))[-1][1] == last
    assert (await api.ask("GET", f"jobs/{job.id}", "alia")).json["result"] == {"made": 10}


async def test_a_job_is_seen_by_its_starter_and_by_who_may_do_the_same_there(api: Api) -> None:
    async def work(_told: object) -> str:
        return "secret of kg-12"

    here, everywhere = begin(api, work), begin(api, work, (INSTALLATION,))
    private = begin(api, work, (None,))
    for job in (here, everywhere, private):
        await ended(api, job.id)
    seen = {"alia": {here, everywhere, private}, "berik": set(), "carol": {here, everywhere}, "dana": set()}
    for user, expected in seen.items():
        listed = (await api.ask("GET", "jobs", user)).json["items"]
        assert {row["id"] for row in listed} == {job.id for job in expected}
        for job in (here, everywhere, private):
            for path in (f"jobs/{job.id}", f"jobs/{job.id}/events"):
                answer = await api.ask("GET", path, user)
                assert (answer.status == 200) == (job in expected), (user, path)
                if job not in expected:
                    assert (answer.status, answer.code) == (404, "job-unknown")
            gone = await api.ask("DELETE", f"jobs/{job.id}", user)
            assert gone.status == (409 if job in expected else 404)


async def test_a_job_that_fails_says_why_and_a_defect_in_one_ends_nothing_else(api: Api) -> None:
    async def refused(_told: object) -> None:
        raise Refused("not today", hint="tomorrow", code="brake")

    async def broken(_told: object) -> None:
        raise ZeroDivisionError("canary of a defect")

    first, second = await ended(api, begin(api, refused).id), await ended(api, begin(api, broken).id)
    assert (first["state"], first["error"]["code"], first["error"]["hint"]) == ("failed", "brake", "tomorrow")
    assert (second["state"], second["error"]["code"]) == ("failed", "internal")
    assert "canary" not in str(second)

    async def well(_told: object) -> int:
        return 1

    assert (await ended(api, begin(api, well).id))["result"] == 1


async def test_a_cancelled_job_ends_and_its_thread_at_its_next_word(api: Api) -> None:
    going, over, gate = threading.Event(), threading.Event(), threading.Event()

    def long(told: Callable[[int, int | None, str], None]) -> None:
        try:
            told(0, None, "begun")
            going.set()
            gate.wait(20)
            told(1, None, "too late")
        finally:
            over.set()

    async def work(told: Callable[[int, int | None, str], None]) -> None:
        await asyncio.to_thread(long, told)

    job = begin(api, work)
    assert await asyncio.to_thread(going.wait, 20)
    assert (await api.ask("DELETE", f"jobs/{job.id}", "carol")).status == 200
    gate.set()
    found = await ended(api, job.id)
    assert (found["state"], found["what"]) == ("cancelled", "begun")
    assert await asyncio.to_thread(over.wait, 20)
    row = next(row for row in reversed(api.people.audit()) if row.action == "job.cancel")
    assert row.actor == "token:carol"


async def test_only_some_run_at_once_and_only_so_many_wait(api: Api) -> None:
    gate = asyncio.Event()

    async def work(_told: object) -> None:
        await gate.wait()

    made = [begin(api, work) for _ in range(AT_ONCE + WAITING_AT_MOST)]
    states = [jobs_of(api).get(job.id).state for job in made]
    assert states.count("running") == AT_ONCE
    with pytest.raises(Unavailable, match="too much"):
        begin(api, work)
    gate.set()
    assert (await ended(api, made[-1].id))["state"] == "done"


async def test_what_a_job_was_asked_to_do_is_forgotten_with_its_end(api: Api) -> None:
    class Asked(str):
        """Something secret that can be looked for."""

        __slots__ = ("__weakref__",)

    secret = Asked("cameras and their passwords")
    kept = weakref.ref(secret)

    async def work(_told: Callable[[int, int | None, str], None], asked: Asked = secret) -> dict[str, Any]:
        return {"length": len(asked)}

    job = begin(api, work).id
    del work, secret
    assert (await ended(api, job))["result"] == {"length": 27}
    gc.collect()
    assert kept() is None
