"""The registers of an inspection pack: cameras with their passports, facts, waivers, work, outages, viewings.

Reads what other verbs keep, for one institution; judges nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from camera_gateway.actions import declaring, reports_gathering, waiving
from camera_gateway.actions.cameras import current_statuses
from camera_gateway.actions.reports_judging import clock_of
from camera_gateway.catalogue import outages, passports, registry
from camera_gateway.clock import rfc3339
from camera_gateway.compliance.documents.material import Listed, Registered
from camera_gateway.domain.facts import FACTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.actions.reports_subject import Asked
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.catalogue.outages import Outage
    from camera_gateway.domain.camera import Camera, Device
    from camera_gateway.domain.measured import CameraRecord, InstitutionRecord
    from camera_gateway.domain.people import Actor


async def registered_of(gateway: Gateway, asked: Asked, record: InstitutionRecord | None) -> list[Registered]:
    """Return the register of cameras; without a record, what is known without one."""
    known = {camera.id: camera for camera in (() if record is None else record.cameras)}
    recording = {str(camera) for camera, status in current_statuses(gateway).items() if status.state == "recording"}

    def work(tx: Transaction) -> list[Registered]:
        devices = registry.current_devices(tx)
        return [
            _registered(tx, camera, devices.get(camera.id), known.get(str(camera.id)), asked, camera.id in recording)
            for camera in asked.cameras
        ]

    return await gateway.read(work)


def _registered(
    tx: Transaction,
    camera: Camera,
    device: Device | None,
    record: CameraRecord | None,
    asked: Asked,
    living: bool,  # noqa: FBT001 - a fact of the row
) -> Registered:
    passport = passports.get_passport(tx, camera.id)
    approved = next((p for p in passports.list_pictures(tx, camera.id) if p.approved_us is not None), None)
    offset_us, offset_at_us = (None, None) if record is None else clock_of(record, asked.start_us)
    return Registered(
        id=camera.id,
        name=camera.name,
        zone=camera.zone.value,
        place=passport.place,
        role=None if passport.role is None else passport.role.value,
        mounted_on=passport.mounted_on,
        device=(device.model or "") if device is not None else "",
        serial=(device.serial or "") if device is not None else "",
        picture_us=None if approved is None else approved.approved_us,
        picture_by=None if approved is None else approved.approved_by,
        living=living,
        offset_us=offset_us,
        offset_at_us=offset_at_us,
    )


async def listed_of(gateway: Gateway, actor: Actor, asked: Asked) -> Listed:
    """Return the registers of an institution: what holds now, and what is of the span."""
    owner = asked.subjects[0].id
    facts = await declaring.list_facts(gateway, actor, declaring.ListFacts(institution=owner))
    waived = await waiving.list_(gateway, actor, waiving.ListWaivers(institution=owner))
    work = await declaring.list_processes(gateway, actor, declaring.ListProcesses(institution=owner))
    lost = await gateway.read(lambda tx: outages.outages_in_span(tx, owner, asked.start_us, asked.end_us))
    first, last = rfc3339(asked.start_us), rfc3339(asked.end_us)
    return Listed(
        facts=tuple({**row, "fact": _titled(row["fact"])} for row in facts),
        waivers=tuple(row for row in waived if row["state"] == "holds"),
        processes=tuple(row for row in work if first <= row["at"] < last or row["done_at"] is None),
        outages=tuple(_outage(one) for one in lost),
        viewings=tuple(await reports_gathering.viewings_of(gateway, asked)),
    )


def _titled(fact: str) -> Any:  # noqa: ANN401 - a cell of a document
    """Return the title of a fact in each language; one of somebody's own has none."""
    kind = FACTS.get(fact)
    return fact if kind is None else dict(kind.title)


def _outage(one: Outage) -> Mapping[str, Any]:
    def moment(at_us: int | None) -> str | None:
        return None if at_us is None else rfc3339(at_us)

    return {
        "number": one.number,
        "kind": one.kind,
        "cameras": list(one.cameras),
        "cause": one.cause,
        "start": rfc3339(one.start_us),
        "detected_at": rfc3339(one.detected_us),
        "notified_at": moment(one.notified_us),
        "end": moment(one.end_us),
        "reported_at": moment(one.reported_us),
    }
