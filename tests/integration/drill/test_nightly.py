"""The nightly drill inside `serve`: at its bell, in the gateway's own name, and its result as a metric."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from support.clips import fragmented, h264_clip
from support.gateway_rig import Rig
from support.people import installation_of_people

from camera_gateway.catalogue import audit_log
from camera_gateway.domain.measured import DRILL_SAMPLE
from camera_gateway.roles.drilling import drill_nightly
from camera_gateway.supervision import Stop
from camera_gateway.timetable import Bell

if TYPE_CHECKING:
    from pathlib import Path

    from camera_gateway.domain.audit import AuditRow

CLIP = fragmented(h264_clip(frames=25)).data


async def test_each_ring_is_a_drill_and_its_share_is_told(tmp_path: Path) -> None:
    (tmp_path / "people").mkdir()
    with installation_of_people(tmp_path / "people") as people, Rig(tmp_path / "rig", cameras=1) as rig:
        for number in range(2):
            sidecar = rig.seal(rig.cameras[0], number, CLIP if number else b"noise" * 100)
            rig.take()
            rig.transfer().advance(sidecar.segment)
        told: list[float] = []
        heard = asyncio.Event()

        def tell(ratio: float) -> None:
            told.append(ratio)
            heard.set()

        gateway = replace(people.gateway, catalogue=rig.catalogue, spool=rig.spool, store=rig.store, drilled=tell)
        bell, stop = Bell("drill"), Stop()

        def rows() -> list[AuditRow]:
            with rig.catalogue.read() as tx:
                return audit_log.search(tx, 10, action="drill")

        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            group.create_task(drill_nightly(gateway, bell, stop))
            assert rows() == [], "not before its time"
            bell.ring()
            await heard.wait()
            stop.request()
        assert told == [0.5]
        begun, ended = rows()
        assert (begun.action, begun.actor) == ("drill.begin", "system:gateway")
        assert (begun.details["sample"], begun.details["population"]) == (DRILL_SAMPLE, 2)
        assert (ended.details["checked"], ended.details["good"]) == (2, 1)
