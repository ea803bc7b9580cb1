"""What nobody would send, sent to every route by two users of different institutions: no 5xx, no leak, no other shape.

Requests are generated from the OpenAPI document (schemathesis): fitting ones, which meet objects that are really
there and such as the run itself has made, ones that do not fit, and stories along the document's links, in which one
makes what the other then asks for. Seeded, so that a failure comes again.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import threading
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
import schemathesis
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from support.api_rig import serving
from support.api_samples import Samples

from camera_gateway.api.openapi import document
from camera_gateway.api.routes.all import ROUTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from schemathesis import Case
    from schemathesis.core.transport import Response
    from support.api_rig import Api

EXAMPLES = {GenerationMode.POSITIVE: 2, GenerationMode.NEGATIVE: 1}
"""Of each route: the gate has little time. A longer run is these numbers raised."""
VOLUMES, STORIES, STEPS = 4, 3, 10
"""So many, of so many requests each."""
USERS = {
    "kg": (("administrator", "institution:kg-12"), ("school-yard", "school-7")),
    "school": (("administrator", "institution:school-7"), ("kg-hall", "kg-bedroom", "kg-12")),
}
OWN = {
    "kg": {"camera": "kg-hall", "institution": "kg-12", "user": "kg"},
    "school": {"camera": "school-yard", "institution": "school-7", "user": "school"},
}
KNOWN = {
    "camera": ["kg-hall", "kg-bedroom", "school-yard"],
    "cameras": ["kg-hall", "school-yard"],
    "institution": ["kg-12", "school-7"],
    "user": ["kg", "school"],
    "hold": ["hold-1"],
    "request": ["request-1"],
    "package": ["request-1", "package-1"],
    "incident": ["incident-1"],
    "month": ["2023-11"],
    "day": ["2023-11-14"],
    "from": ["2023-11-14T20:00:00Z"],
    "to": ["2023-11-14T21:00:00Z"],
}
LEFT_OUT = {
    "camera.discover-now": "visits networks for seconds; the same verb as a job is asked",
    "user.disable": "the users of this test are needed to its end",
    "user.revoke": "… with their roles",
}
NOT_ITS_FAULT = {"unavailable", "busy", "disk"}


@contextmanager
def served(directory: Path) -> Iterator[tuple[Api, asyncio.AbstractEventLoop]]:
    """Serve on a thread of its own: what asks here blocks."""
    ready, over = threading.Event(), asyncio.Event()
    found: dict[str, Any] = {}

    async def main() -> None:
        async with serving(directory) as api:
            for name, (grant, _) in USERS.items():
                api.enrol(name, grant)
            api.no_more_jobs()
            found["api"], found["loop"] = api, asyncio.get_running_loop()
            ready.set()
            await over.wait()

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    assert ready.wait(30)
    try:
        yield found["api"], found["loop"]
    finally:
        found["loop"].call_soon_threadsafe(over.set)
        thread.join(30)


class Fuzz:
    """Sends cases, and remembers what they have made."""

    def __init__(self, api: Api, loop: asyncio.AbstractEventLoop) -> None:
        self._api = api
        self._loop = loop
        self._random = random.Random(20_261_122)
        self._known = {name: list(values) for name, values in KNOWN.items()}
        self.statuses: dict[int, int] = {}

    def send(self, case: Case, user: str) -> None:
        self.acquaint(case)
        self.judge(case, user, case.call(**self.way(user)))

    def way(self, user: str) -> dict[str, Any]:
        """Let a moment pass; return how a request of the user goes out."""
        asyncio.run_coroutine_threadsafe(self._time_passes(), self._loop).result(10)
        headers = {"Authorization": f"Bearer {self._api.tokens[user]}", "X-Access-Purpose": "incident; case=17"}
        return {"base_url": self._api.address.rstrip("/"), "headers": headers, "timeout": 20}

    def judge(self, case: Case, user: str, response: Response) -> None:
        self.statuses[response.status_code] = self.statuses.get(response.status_code, 0) + 1
        text = response.content.decode("utf-8", "replace")
        kind = "".join(response.headers.get("content-type", []))
        if response.status_code >= 500:
            assert response.json()["code"] in NOT_ITS_FAULT, (case.as_curl_command(), text[:500])
        else:
            checks = [not_a_server_error, status_code_conformance]
            if "event-stream" not in kind:
                checks.append(response_schema_conformance)  # of events it would hold each to the schema of all
            if b"octet-stream" not in json.dumps(case.operation.definition.raw["responses"]).encode():
                checks.append(content_type_conformance)  # a file says itself what it is
            case.validate_response(response, checks=checks)
        sent = f"{case.formatted_path} {case.query} {case.body}"
        for word in USERS[user][1]:
            assert word in sent or word not in text, (case.as_curl_command(), word, text[:500])
        if response.status_code in {200, 201} and "json" in kind:
            self._remember(response.json())

    async def _time_passes(self) -> None:
        await self._api.people.clock.advance(1)
        assert self._api.gateway.jobs is not None
        for job in self._api.gateway.jobs.all():
            if job.state == "waiting":
                self._api.gateway.jobs.cancel(job.id)

    def acquaint(self, case: Case, *, but: Iterable[str] = ()) -> None:
        """Name things that are there in most requests; in the others, and for `but`, whatever was generated."""
        places = [case.path_parameters, case.query, case.body]
        for place in places:
            if not isinstance(place, dict) or self._random.random() < 0.3:
                continue
            for name in place:
                if self._known.get(name) and name not in but:
                    known = self._random.choice(self._known[name])
                    place[name] = [known] if name == "cameras" else known

    def _remember(self, answer: object) -> None:
        if isinstance(answer, dict):
            for value in (answer, *answer.values()):
                if isinstance(value, dict) and isinstance(value.get("id"), str):
                    noun = value["id"].partition("-")[0]
                    self._known.setdefault(noun, []).append(value["id"])


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["fitting", "unfitting"])
def test_no_request_breaks_the_service_or_shows_another_institution(tmp_path: Path, mode: GenerationMode) -> None:
    described = json.loads(json.dumps(document(ROUTES, "0")))
    schema = schemathesis.openapi.from_dict(described)
    with served(tmp_path) as (api, loop):
        fuzz = Fuzz(api, loop)
        for found in schema.get_all_operations():
            operation = found.ok()
            if operation.definition.raw["operationId"] in LEFT_OUT:
                continue

            @hypothesis.settings(
                max_examples=EXAMPLES[mode],
                deadline=None,
                database=None,
                derandomize=True,
                phases=[hypothesis.Phase.generate],
                suppress_health_check=list(hypothesis.HealthCheck),
            )
            @hypothesis.given(
                case=operation.as_strategy(generation_mode=mode), user=hypothesis.strategies.sampled_from(list(USERS))
            )
            def each(case: Case, user: str) -> None:
                fuzz.send(case, user)

            try:
                each()
            except schemathesis.errors.SchemathesisError as error:
                # nothing can be wrong in a request that has no parameters
                assert mode is GenerationMode.NEGATIVE, (operation.label, error)  # noqa: PT017 - the error is allowed, not expected
        assert sum(fuzz.statuses.values()) > 100
        assert fuzz.statuses.get(200, 0) > (20 if mode is GenerationMode.POSITIVE else 0)


def told_to_the_end(story: Any, volume: int) -> bool:  # noqa: ANN401 - a class made from the document
    """Tell a volume of stories; False where it broke off.

    One service lives through all stories, so that the same request may be answered otherwise the next time, which
    Hypothesis takes for a fault of its own.
    """
    settings = hypothesis.settings(
        max_examples=STORIES,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    try:
        hypothesis.seed(volume)(story).run(settings=settings)
    except hypothesis.errors.FlakyStrategyDefinition:
        return False
    return True


@pytest.mark.timeout(120)
def test_no_story_along_the_links_breaks_the_service_or_crosses_to_another_institution(tmp_path: Path) -> None:
    schema = schemathesis.openapi.from_dict(json.loads(json.dumps(document(ROUTES, "0"))))
    schema.config.generation.update(modes=[GenerationMode.POSITIVE])
    routes = {route.name: route for route in ROUTES}
    samples = {user: Samples(objects, {"hold.place": {"dry_run": False}}) for user, objects in OWN.items()}
    makers: dict[str, str] = {}
    by_links: Counter[tuple[bool, bool]] = Counter()
    with served(tmp_path) as (api, loop):
        fuzz = Fuzz(api, loop)
        turns = itertools.cycle(["kg", "kg", "school"])

        class Story(schema.as_state_machine()):  # type: ignore[misc] - made from the document
            """Mostly what one has made is asked for by the same one, and every third step is the other's."""

            def before_call(self, case: Case) -> None:
                self.user = next(turns)
                route = routes[case.operation.definition.raw["operationId"]]
                if route.makes is not None:
                    case.body = samples[self.user].of(route).body
                else:
                    fuzz.acquaint(case, but=case.path_parameters or ())  # a link has filled these in

            def get_call_kwargs(self, case: Case) -> dict[str, Any]:  # noqa: ARG002 - theirs
                return fuzz.way(self.user)

            def validate_response(self, response: Response, case: Case, **_: Any) -> None:  # noqa: ANN401 - theirs
                fuzz.judge(case, self.user, response)
                route = routes[case.operation.definition.raw["operationId"]]
                if response.status_code in {201, 202}:
                    made = response.json()
                    for step in (route.makes or ("job", "/id"))[1].strip("/").split("/"):
                        made = made[step]
                    makers[made] = self.user
                for value in (case.path_parameters or {}).values():
                    if value in makers:
                        own = makers[value] == self.user
                        by_links[own, response.status_code < 300] += 1
                        assert own or response.status_code in {400, 403, 404, 409}, case.as_curl_command()

        assert sum(told_to_the_end(Story, volume) for volume in range(VOLUMES)) >= VOLUMES // 2
    assert by_links[True, True] > 0, "nobody got at what they had made themselves"
    assert by_links[False, False] > 0, "nobody asked for what the other had made"
