"""Long work that goes on without the one who asked: imports, checks, drills, seals; watched, found again, cancelled.

Jobs live in the memory of `serve`: a page that is reloaded finds its job, a service that is restarted has none.
Promises that nobody sees a job, its progress or its result, but who started it and who has the right to what it does
in all of its places. What a job does is done by `perform`, with its starter's rights, asked for again when it begins.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import structlog
from pydantic import BaseModel, ConfigDict

from camera_gateway.access.rights import UNBOUND, rights_of
from camera_gateway.clock import rfc3339
from camera_gateway.errors import GatewayError, NotFound, Refused, Unavailable
from camera_gateway.supervision import services

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from camera_gateway.access.permissions import Act
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.actions.places import Places
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.clock import Clock
    from camera_gateway.domain.people import Actor
    from camera_gateway.supervision import Services, Stop

    Told = Callable[[int, int | None, str], None]
    Work = Callable[[Told], Awaitable[Any]]

AT_ONCE = 2
"""Jobs share threads and disk with what the service does all the time."""
WAITING_AT_MOST = 20
KEPT = 200
"""So many ended jobs are remembered, the oldest is forgotten first."""


class JobState(StrEnum):
    """The closed list of what a job is doing."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED})


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of long work at one moment; `version` grows with each change."""

    id: str
    kind: str
    """The verb, for example "camera.import"."""
    actor: Actor
    act: Act
    places: Places
    created_us: int
    state: JobState = JobState.WAITING
    version: int = 1
    done: int = 0
    total: int | None = None
    what: str = ""
    ended_us: int | None = None
    result: Any = None
    error: dict[str, str] | None = None

    def as_json(self, *, whole: bool = True) -> dict[str, Any]:
        """Return the JSON form; without its result where `whole` is false, as lists and events have it."""
        shown = {
            "id": self.id,
            "kind": self.kind,
            "state": self.state.value,
            "asked_by": str(self.actor),
            "created_at": rfc3339(self.created_us),
            "ended_at": None if self.ended_us is None else rfc3339(self.ended_us),
            "done": self.done,
            "total": self.total,
            "what": self.what,
            "error": self.error,
            "version": self.version,
        }
        return {**shown, "result": self.result} if whole else shown


@dataclass(slots=True)
class _Held:
    """A job with its work, and who waits for its next change."""

    job: Job
    work: Work | None
    """None once it has begun."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    unwanted: bool = False
    task: asyncio.Task[None] | None = None


class Jobs:
    """The long work of one service. Belongs to one event loop, but for `told`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._held: OrderedDict[str, _Held] = OrderedDict()
        self._children: Services | None = None
        self._log = structlog.get_logger("jobs")

    async def run(self, stop: Stop) -> None:
        """Carry out jobs until the end; what is under way then is cancelled."""
        async with services() as children:
            self._children = children
            self._begin()
            try:
                await stop.wait()
            finally:
                self._children = None

    def start(self, kind: str, actor: Actor, act: Act, places: Places, work: Work) -> Job:
        """Take a job on and return it at once; `work(told)` is awaited when its turn comes.

        The caller has asked for the right before. `told(done, total, what)` may be called from any thread. Raises
        `Unavailable` when too much waits already.
        """
        waiting = sum(held.job.state is JobState.WAITING for held in self._held.values())
        if waiting >= WAITING_AT_MOST:
            raise Unavailable("too much long work waits already", hint="try again when some of it has ended")
        job = Job(f"job-{secrets.token_hex(8)}", kind, actor, act, places, self._clock.now_us())
        self._held[job.id] = _Held(job, work)
        self._forget()
        self._begin()
        return self._held[job.id].job

    def all(self) -> list[Job]:
        """Return every job that is remembered, the newest first."""
        return [held.job for held in reversed(self._held.values())]

    def get(self, identity: str) -> Job:
        """Return a job as it is now; `NotFound` when there is none, or no more."""
        return self._find(identity).job

    async def changed(self, identity: str, after: int) -> Job:
        """Return the job as soon as its version is above `after`; at once when it has ended."""
        held = self._find(identity)
        while held.job.version <= after and held.job.state not in ENDED:
            await held.changed.wait()
        return held.job

    def cancel(self, identity: str) -> Job:
        """Let a job end now; work in a thread ends at its next word of progress. `Refused` when it has ended."""
        held = self._find(identity)
        if held.job.state in ENDED:
            raise Refused(f"{identity} has ended", code="job-ended")
        held.unwanted = True
        if held.task is None:
            held.work = None
            self._change(held, state=JobState.CANCELLED, ended_us=self._clock.now_us())
        else:
            held.task.cancel()
        return held.job

    def _find(self, identity: str) -> _Held:
        held = self._held.get(identity)
        if held is None:
            raise NotFound("no such job", hint="a restart of the service forgets its jobs", code="job-unknown")
        return held

    def _begin(self) -> None:
        """Start what waits, as far as there is room."""
        if self._children is None:
            return
        running = sum(held.job.state is JobState.RUNNING for held in self._held.values())
        for held in list(self._held.values()):
            if running >= AT_ONCE:
                return
            if held.job.state is JobState.WAITING:
                self._change(held, state=JobState.RUNNING)
                held.task = self._children.start(self._carry_out(held), name=held.job.id)
                running += 1

    async def _carry_out(self, held: _Held) -> None:
        loop, thread = asyncio.get_running_loop(), threading.get_ident()

        def told(done: int, total: int | None, what: str) -> None:
            if held.unwanted:
                raise Refused("this job was cancelled", code="job-cancelled")
            if threading.get_ident() == thread:  # at once: the end must not overtake it
                self._tell(held, done, total, what)
            else:
                loop.call_soon_threadsafe(self._tell, held, done, total, what)

        # out of what is kept: what a job was asked to do may hold passwords
        work, held.work = held.work, None
        assert work is not None, "a job is carried out once"  # noqa: S101 - for the type checker
        job, end = held.job, {}
        try:
            result = await work(told)
            end = {"state": JobState.DONE, "result": result}
        except GatewayError as error:
            end = {"state": JobState.FAILED, "error": error.as_dict()}
        except asyncio.CancelledError:
            end = {"state": JobState.CANCELLED}
            raise
        except Exception:  # noqa: BLE001 - the last door: a defect in one job must not end the service
            self._log.exception("job failed", kind=job.kind, job=job.id)
            end = {"state": JobState.FAILED, "error": {"code": "internal", "message": "a defect", "hint": ""}}
        finally:
            self._change(held, ended_us=self._clock.now_us(), **end)
            held.task = None
            self._log.info("job ended", kind=job.kind, job=job.id, state=held.job.state.value)
            self._begin()

    def _tell(self, held: _Held, done: int, total: int | None, what: str) -> None:
        if held.job.state is JobState.RUNNING:
            self._change(held, done=done, total=total, what=what)

    def _change(self, held: _Held, **values: Any) -> None:  # noqa: ANN401 - fields of Job
        held.job = replace(held.job, version=held.job.version + 1, **values)
        held.changed.set()
        held.changed = asyncio.Event()

    def _forget(self) -> None:
        ended = [identity for identity, held in self._held.items() if held.job.state in ENDED]
        for identity in ended[: max(0, len(ended) - KEPT)]:
            del self._held[identity]


class OneJob(BaseModel):
    """Names one job."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    job: str


class ListJobs(BaseModel):
    """What `job list` takes; `ended` false: only what waits or runs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ended: bool = True


async def list_(gateway: Gateway, actor: Actor, args: ListJobs) -> list[dict[str, Any]]:
    """List the jobs that the actor may see, the newest first, without their results."""
    found = [job for job in _jobs(gateway).all() if args.ended or job.state not in ENDED]
    return await gateway.read(lambda tx: [job.as_json(whole=False) for job in found if sees(tx, actor, job)])


async def show(gateway: Gateway, actor: Actor, args: OneJob) -> dict[str, Any]:
    """Show one job with its result."""
    return (await visible(gateway, actor, args.job)).as_json()


async def cancel(gateway: Gateway, actor: Actor, args: OneJob) -> dict[str, Any]:
    """End a job before it is done; what it has done stays done."""
    await visible(gateway, actor, args.job)
    job = _jobs(gateway).cancel(args.job)
    await gateway.write(actor, lambda tx: tx.audit("job.cancel", f"job:{job.id}", kind=job.kind))
    return _jobs(gateway).get(args.job).as_json()


async def visible(gateway: Gateway, actor: Actor, identity: str) -> Job:
    """Return a job that the actor may see; `NotFound` for any other, as if there were none."""
    job = _jobs(gateway).get(identity)
    if not await gateway.read(lambda tx: sees(tx, actor, job)):
        raise NotFound("no such job", hint="a restart of the service forgets its jobs", code="job-unknown")
    return job


def sees(tx: Transaction, actor: Actor, job: Job) -> bool:
    """Whether a job is the actor's own, or of an act that the actor may do in all of its places."""
    if actor.kind in UNBOUND:
        return True
    if actor.user is not None and actor.user == job.actor.user:
        return True
    rights = rights_of(tx, actor)
    return all(place is not None and rights.decide(job.act, place).allowed for place in job.places)


def _jobs(gateway: Gateway) -> Jobs:
    if gateway.jobs is None:
        raise Unavailable("no service runs, so there are no jobs", hint="start: camera-gateway run")
    return gateway.jobs
