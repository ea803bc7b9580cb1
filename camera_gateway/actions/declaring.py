"""Verbs on what people say: declared facts, the register of processes, explanations of gaps.

Promises that who, when and with which evidence is kept, and that nothing said here changes a measurement.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from camera_gateway.access.rights import place_of_camera, place_of_institution
from camera_gateway.actions.institutions import printable
from camera_gateway.catalogue import declared, processes, registry
from camera_gateway.clock import US, rfc3339
from camera_gateway.domain.facts import FACTS, kind_of, parse_value
from camera_gateway.domain.ids import CameraId, InstitutionId
from camera_gateway.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.actions.institutions import Nothing
    from camera_gateway.actions.places import Places
    from camera_gateway.catalogue.declared import FactRow
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.catalogue.processes import Explanation, ProcessRow
    from camera_gateway.domain.people import Actor, Place

DAY_US = 86_400 * US
PROCESS_NAME = r"^[a-z0-9][a-z0-9_.-]{1,60}$"
LONGEST_WORDS = 1_000


class SetFact(BaseModel):
    """What `declare set` takes. Without `valid_until_us` a fact holds as long as its kind usually does."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    institution: str
    camera: str | None = None
    fact: str
    value: str
    evidence: str
    valid_until_us: int | None = None


class ListFacts(BaseModel):
    """What `declare list` takes; `withdrawn`: also what does not stand any more."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    institution: str | None = None
    withdrawn: bool = False


class OneFact(BaseModel):
    """A declaration, by its number."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    number: int = Field(ge=1, le=1 << 62)


class NoteProcess(BaseModel):
    """What `process note` takes: what happened when; `done_us` where it has been dealt with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    institution: str
    camera: str | None = None
    process: str = Field(pattern=PROCESS_NAME)
    at_us: int
    evidence: str
    done_us: int | None = None


class FinishProcess(BaseModel):
    """What `process done` takes; `done_us` is now where it is not given."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    number: int = Field(ge=1, le=1 << 62)
    evidence: str
    done_us: int | None = None


class ListProcesses(BaseModel):
    """What `process list` takes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    institution: str | None = None
    process: str | None = None


class ExplainGap(BaseModel):
    """What `gap explain` takes: a camera, the span that is explained, and the words."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    camera: str
    from_us: int
    to_us: int
    words: str = Field(min_length=1, max_length=LONGEST_WORDS)


class ListExplanations(BaseModel):
    """What `gap explanations` takes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    camera: str
    from_us: int
    to_us: int


def places_of_subject(tx: Transaction, args: Any) -> Places:  # noqa: ANN401 - arguments with `institution` and `camera`
    """Return the camera that is spoken of, or the institution."""
    if args.camera is not None:
        return (place_of_camera(tx, CameraId(args.camera)),)
    return (place_of_institution(tx, InstitutionId(args.institution)),)


def places_of_fact(tx: Transaction, args: OneFact) -> Places:
    """Return what a declaration is about."""
    return places_of_subject(tx, declared.get_fact(tx, args.number))


def places_of_process(tx: Transaction, args: FinishProcess) -> Places:
    """Return what an entry is about."""
    return places_of_subject(tx, processes.get_process(tx, args.number))


def row_of_subject(tx: Transaction, row: Mapping[str, Any]) -> Place:
    """Return the place of a row with an `institution`, and perhaps a `camera`."""
    if row["camera"] is not None:
        return place_of_camera(tx, CameraId(row["camera"]))
    return place_of_institution(tx, InstitutionId(row["institution"]))


def demand_own_camera(tx: Transaction, institution: str, camera: str | None) -> None:
    """Raise `NotFound` for what there is not, `InvalidInput` for a camera of another institution.

    Of a camera's rights only the camera was asked, so that an institution which is not its own is never looked up:
    whether there is one is told to nobody here.
    """
    if camera is None:
        registry.get_institution(tx, InstitutionId(institution))
    elif registry.get_camera(tx, CameraId(camera)).institution != institution:
        raise InvalidInput(f"not a camera of {institution}: {camera}", hint="run: camera-gateway camera list")


async def set_fact(gateway: Gateway, actor: Actor, args: SetFact) -> dict[str, Any]:
    """Declare a fact; it takes the place of what was declared before."""
    kind = kind_of(args.fact)
    parse_value(kind, args.value)
    if kind.name in FACTS and (kind.scope == "camera") != (args.camera is not None):
        said = "a camera: name it" if kind.scope == "camera" else "the institution, not of one camera"
        raise InvalidInput(f"{kind.name} is a fact of {said}", hint="see: camera-gateway declare kinds")
    evidence = printable(args.evidence, "the evidence")
    now_us = gateway.clock.now_us()
    until_us = args.valid_until_us
    if until_us is None and kind.days:
        until_us = now_us + kind.days * DAY_US
    if until_us is not None and until_us <= now_us:
        raise InvalidInput("the fact would have ended already", hint="give --valid-until in the future")

    def work(tx: Transaction) -> FactRow:
        demand_own_camera(tx, args.institution, args.camera)
        return declared.declare(
            tx,
            institution=args.institution,
            camera=args.camera,
            fact=args.fact,
            value=args.value.strip(),
            evidence=evidence,
            valid_until_us=until_us,
        )

    return _fact(await gateway.write(actor, work), gateway.clock.now_us())


async def list_facts(gateway: Gateway, _actor: Actor, args: ListFacts) -> list[dict[str, Any]]:
    """List declarations."""
    rows = await gateway.read(lambda tx: declared.list_facts(tx, args.institution, withdrawn=args.withdrawn))
    now_us = gateway.clock.now_us()
    return [_fact(row, now_us) for row in rows]


async def withdraw_fact(gateway: Gateway, actor: Actor, args: OneFact) -> dict[str, Any]:
    """Withdraw a declaration; the row stays."""
    row = await gateway.write(actor, lambda tx: declared.withdraw_fact(tx, args.number))
    return _fact(row, gateway.clock.now_us())


async def fact_kinds(_gateway: Gateway, _actor: Actor, _args: Nothing) -> list[dict[str, Any]]:
    """List the facts that can be declared."""
    return [
        {
            "fact": kind.name,
            "type": kind.type.value,
            "scope": kind.scope,
            "unit": kind.unit,
            "choices": list(kind.choices),
            "title": dict(kind.title),
            "evidence": list(kind.evidence),
            "days": kind.days,
        }
        for kind in FACTS.values()
    ]


async def note(gateway: Gateway, actor: Actor, args: NoteProcess) -> dict[str, Any]:
    """Enter something in the register of processes."""
    evidence = printable(args.evidence, "the evidence")
    now_us = gateway.clock.now_us()
    _demand_past(now_us, args.at_us, args.done_us)

    def work(tx: Transaction) -> ProcessRow:
        demand_own_camera(tx, args.institution, args.camera)
        return processes.note_process(
            tx,
            institution=args.institution,
            camera=args.camera,
            process=args.process,
            at_us=args.at_us,
            evidence=evidence,
            done_us=args.done_us,
        )

    return _process(await gateway.write(actor, work))


async def finish(gateway: Gateway, actor: Actor, args: FinishProcess) -> dict[str, Any]:
    """Say that an entry was dealt with."""
    evidence = printable(args.evidence, "the evidence")
    now_us = gateway.clock.now_us()
    done_us = now_us if args.done_us is None else args.done_us

    def work(tx: Transaction) -> ProcessRow:
        _demand_past(now_us, processes.get_process(tx, args.number).at_us, done_us)
        return processes.finish_process(tx, args.number, done_us=done_us, evidence=evidence)

    return _process(await gateway.write(actor, work))


async def list_processes(gateway: Gateway, _actor: Actor, args: ListProcesses) -> list[dict[str, Any]]:
    """List the register of processes, by when things happened."""
    rows = await gateway.read(lambda tx: processes.list_processes(tx, args.institution))
    return [_process(row) for row in rows if args.process in {None, row.process}]


async def explain(gateway: Gateway, actor: Actor, args: ExplainGap) -> dict[str, Any]:
    """Explain what is missing in a span: the words stand beside the gap, which stays as it is."""
    words = " ".join(args.words.split())
    if not words or not words.isprintable():
        raise InvalidInput("the words are empty or have control characters", hint="say what happened")
    if args.to_us <= args.from_us:
        raise InvalidInput("the span is empty: --from is not before --to")
    _demand_past(gateway.clock.now_us(), args.from_us, None)

    def work(tx: Transaction) -> Explanation:
        camera = registry.get_camera(tx, CameraId(args.camera))
        return processes.explain_gap(tx, camera.id, args.from_us, args.to_us, words)

    return explanation(await gateway.write(actor, work))


async def explanations(gateway: Gateway, _actor: Actor, args: ListExplanations) -> list[dict[str, Any]]:
    """List what was said of the gaps of a camera."""

    def work(tx: Transaction) -> list[Explanation]:
        camera = registry.get_camera(tx, CameraId(args.camera))
        return processes.explanations_in_span(tx, camera.id, args.from_us, args.to_us)

    return [explanation(row) for row in await gateway.read(work)]


def explanation(row: Explanation) -> dict[str, Any]:
    """Return an explanation as JSON can hold it."""
    return {
        "number": row.number,
        "camera": row.camera,
        "from": rfc3339(row.start_us),
        "to": rfc3339(row.end_us),
        "words": row.words,
        "explained_by": row.explained_by,
        "explained_at": rfc3339(row.explained_us),
    }


def _demand_past(now_us: int, at_us: int, done_us: int | None) -> None:
    if at_us > now_us or (done_us is not None and done_us > now_us):
        raise InvalidInput("that lies in the future", hint="enter what has happened, when it has")
    if done_us is not None and done_us < at_us:
        raise InvalidInput("it would have been done before it happened", hint="give --done not before --at")


def _fact(row: FactRow, now_us: int) -> dict[str, Any]:
    ended = row.valid_until_us is not None and row.valid_until_us <= now_us
    return {
        "number": row.number,
        "id": row.id,
        "institution": row.institution,
        "camera": row.camera,
        "fact": row.fact,
        "value": row.value,
        "evidence": row.evidence,
        "declared_by": row.declared_by,
        "declared_at": rfc3339(row.declared_us),
        "valid_until": None if row.valid_until_us is None else rfc3339(row.valid_until_us),
        "state": "withdrawn" if row.withdrawn_us is not None else "ended" if ended else "holds",
        "withdrawn_by": row.withdrawn_by,
        "withdrawn_at": None if row.withdrawn_us is None else rfc3339(row.withdrawn_us),
    }


def _process(row: ProcessRow) -> dict[str, Any]:
    return {
        "number": row.number,
        "id": row.id,
        "institution": row.institution,
        "camera": row.camera,
        "process": row.process,
        "at": rfc3339(row.at_us),
        "done_at": None if row.done_us is None else rfc3339(row.done_us),
        "evidence": row.evidence,
        "noted_by": row.noted_by,
        "noted_at": rfc3339(row.noted_us),
        "done_by": row.done_by,
    }
