"""From what is asked for to a document, kind by kind: gather, and let `compliance/documents` set it out.

Promises that a certificate which is asked for again is the one that was made, while nothing of its day has changed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from camera_gateway.actions import reports_gathering as gathering
from camera_gateway.catalogue import reports
from camera_gateway.compliance.documents.gaps import certificate, gap_register
from camera_gateway.compliance.documents.model import Kind, canonical, digest_of
from camera_gateway.compliance.documents.registers import access_register, destruction_report
from camera_gateway.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.actions.reports_subject import Asked, MakeReport
    from camera_gateway.compliance.documents.model import Document
    from camera_gateway.domain.people import Actor

    Maker = Callable[[Gateway, Actor, MakeReport, Asked], Awaitable[Document]]


async def made(gateway: Gateway, actor: Actor, args: MakeReport, asked: Asked) -> Document:
    """Return the document of a report."""
    maker = _MAKERS.get(args.kind)
    if maker is None:
        raise InvalidInput(f"a {args.kind} cannot be made yet", hint=f"known: {', '.join(_MAKERS)}")
    return await maker(gateway, actor, args, asked)


async def _certificate(gateway: Gateway, _actor: Actor, _args: MakeReport, asked: Asked) -> Document:
    if not asked.cameras:
        raise NotFound("the camera was not registered on that day", hint="see: camera-gateway camera show")
    camera = asked.cameras[0]
    frame = await gathering.frame_of(gateway, asked)
    (watched,) = await gathering.watched(gateway, [camera], asked)
    seals = await gathering.seals_of(gateway, camera, asked)
    new = certificate(frame, asked.subjects[0], watched, (asked.day, asked.whole_end_us), seals)
    earlier = await gateway.read(
        lambda tx: reports.latest(
            tx,
            Kind.COVERAGE_CERTIFICATE,
            institution=camera.institution,
            region=None,
            camera=camera.id,
            start_us=frame.start_us,
        )
    )
    if earlier is not None:
        then = replace(frame, made_us=earlier.made_us, made_by=earlier.made_by)
        again = certificate(then, asked.subjects[0], watched, (asked.day, asked.whole_end_us), seals)
        if digest_of(canonical(again)) == earlier.sha256:
            return again
    return new


async def _gap_register(gateway: Gateway, _actor: Actor, _args: MakeReport, asked: Asked) -> Document:
    frame = await gathering.frame_of(gateway, asked)
    return gap_register(frame, asked.subjects[0], await gathering.watched(gateway, asked.cameras, asked))


async def _destruction(gateway: Gateway, actor: Actor, _args: MakeReport, asked: Asked) -> Document:
    return destruction_report(
        await gathering.frame_of(gateway, asked),
        asked.subjects[0],
        await gathering.deleted(gateway, asked),
        await gathering.holds_of(gateway, asked),
        await gathering.late(gateway, actor, asked),
    )


async def _access(gateway: Gateway, actor: Actor, args: MakeReport, asked: Asked) -> Document:
    frame = await gathering.frame_of(gateway, asked)
    return access_register(frame, asked.subjects[0], args.camera, await gathering.viewings_of(gateway, actor, asked))


_MAKERS: Mapping[Kind, Maker] = {
    Kind.COVERAGE_CERTIFICATE: _certificate,
    Kind.GAP_REGISTER: _gap_register,
    Kind.DESTRUCTION: _destruction,
    Kind.ACCESS_REGISTER: _access,
}
