"""From what is asked for to a document, kind by kind: gather, and let `compliance/documents` set it out.

Promises that a certificate which is asked for again is the one that was made, while nothing of its day has changed.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from camera_gateway.actions import reports_gathering as gathering
from camera_gateway.actions.reports_judging import keeping_of, stand_of, watched_of
from camera_gateway.actions.reports_registers import listed_of, registered_of
from camera_gateway.catalogue import reports
from camera_gateway.clock import rfc3339
from camera_gateway.compliance.documents.findings import compliance_report
from camera_gateway.compliance.documents.gaps import certificate, gap_register
from camera_gateway.compliance.documents.keeping import retention_report
from camera_gateway.compliance.documents.model import Kind, canonical, digest_of, parse
from camera_gateway.compliance.documents.packs import inspection_pack, monthly_report
from camera_gateway.compliance.documents.registers import access_register, destruction_report
from camera_gateway.errors import NotFound, Unavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.actions.reports_subject import Asked, MakeReport
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.compliance.documents.material import Judged, Watched
    from camera_gateway.compliance.documents.model import Document
    from camera_gateway.compliance.documents.packs import Earlier
    from camera_gateway.domain.people import Actor

    Maker = Callable[[Gateway, Actor, MakeReport, Asked], Awaitable[Document]]


async def made(gateway: Gateway, actor: Actor, args: MakeReport, asked: Asked) -> Document:
    """Return the document of a report."""
    return await _MAKERS[args.kind](gateway, actor, args, asked)


async def _certificate(gateway: Gateway, _actor: Actor, _args: MakeReport, asked: Asked) -> Document:
    if not asked.cameras:
        raise NotFound("the camera was not registered on that day", hint="see: camera-gateway camera show")
    camera = asked.cameras[0]
    frame = await gathering.frame_of(gateway, asked, tied=False)  # it lists the seals of its own day
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


async def _destruction(gateway: Gateway, _actor: Actor, _args: MakeReport, asked: Asked) -> Document:
    return destruction_report(
        await gathering.frame_of(gateway, asked),
        asked.subjects[0],
        await gathering.deleted(gateway, asked),
        await gathering.holds_of(gateway, asked),
        await gathering.late(gateway, asked),
    )


async def _access(gateway: Gateway, _actor: Actor, args: MakeReport, asked: Asked) -> Document:
    frame = await gathering.frame_of(gateway, asked)
    return access_register(frame, asked.subjects[0], args.camera, await gathering.viewings_of(gateway, asked))


async def _compliance(gateway: Gateway, _actor: Actor, args: MakeReport, asked: Asked) -> Document:
    frame = await gathering.frame_of(gateway, asked)
    stand = await stand_of(gateway, asked.subjects[0], asked, args.standard)
    return compliance_report(frame, asked.subjects[0], stand.judged)


async def _retention(gateway: Gateway, _actor: Actor, args: MakeReport, asked: Asked) -> Document:
    frame = await gathering.frame_of(gateway, asked)
    stand = await stand_of(gateway, asked.subjects[0], asked, args.standard)
    if stand.record is None:
        raise Unavailable(stand.why, hint="see: camera-gateway doctor")
    return retention_report(frame, asked.subjects[0], *await keeping_of(gateway, stand.record))


async def _pack(gateway: Gateway, actor: Actor, args: MakeReport, asked: Asked) -> Document:
    frame, subject = await gathering.frame_of(gateway, asked), asked.subjects[0]
    stand = await stand_of(gateway, subject, asked, args.standard)
    if stand.record is None:
        watched = await gathering.watched(gateway, asked.cameras, asked)
    else:
        watched = await watched_of(gateway, stand.record, asked)
    return inspection_pack(
        frame,
        subject,
        stand.judged,
        watched,
        await registered_of(gateway, asked, stand.record),
        await listed_of(gateway, actor, asked),
        None if stand.record is None else await keeping_of(gateway, stand.record),
        await _earlier(gateway, Kind.INSPECTION_PACK, subject.id, None),
    )


async def _monthly(gateway: Gateway, _actor: Actor, args: MakeReport, asked: Asked) -> Document:
    frame = await gathering.frame_of(gateway, asked)
    judged: list[Judged] = []
    watched: dict[str, list[Watched]] = {}
    for subject in asked.subjects:
        stand = await stand_of(gateway, subject, asked, args.standard)
        judged += stand.judged
        # out of the record, which is then let go: twenty institutions do not fit side by side
        watched[subject.id] = [] if stand.record is None else await watched_of(gateway, stand.record, asked)
    earlier = await _earlier(gateway, Kind.MONTHLY, None, args.region)
    return monthly_report(frame, args.region, asked.subjects, judged, watched, earlier)


async def _earlier(gateway: Gateway, kind: Kind, institution: str | None, region: str | None) -> Earlier | None:
    """Return the report of this kind before, with what it remembers."""

    def work(tx: Transaction) -> Earlier | None:
        row = reports.latest(tx, kind, institution=institution, region=region)
        if row is None:
            return None
        document = parse(json.loads(reports.document_of(tx, row.id)))
        return row.id, rfc3339(row.made_us), document.remembered

    return await gateway.read(work)


_MAKERS: Mapping[Kind, Maker] = {
    Kind.COMPLIANCE: _compliance,
    Kind.INSPECTION_PACK: _pack,
    Kind.MONTHLY: _monthly,
    Kind.RETENTION: _retention,
    Kind.COVERAGE_CERTIFICATE: _certificate,
    Kind.GAP_REGISTER: _gap_register,
    Kind.DESTRUCTION: _destruction,
    Kind.ACCESS_REGISTER: _access,
}
