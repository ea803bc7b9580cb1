"""Ten thousand attempts to sign in while four cameras are recorded: no packet is lost (threat model, M15)."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from fakecam.clips import tiny
from support.command_line import free_port
from support.fake_cameras import FakeCameraProcess
from support.people import installation_of_people
from support.recording import US, Site, camera, end

from camera_gateway.access.door import Door
from camera_gateway.api.http import HttpService, application
from camera_gateway.clock import SystemClock
from camera_gateway.domain.footage import RunEnd

if TYPE_CHECKING:
    from pathlib import Path

ATTEMPTS = 10_000
SOURCES = 4
AT_ONCE = 8
"""Attempts of one source under way."""
HEAD = "POST /api/v1/session HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\n"


async def flood(port: int) -> Counter[int]:
    """Try from four addresses, each time as another user; return how often which status came back.

    Written by hand, so that the cost of asking is small beside that of being asked.
    """
    statuses: Counter[int] = Counter()

    async def some(source: int, first: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(f"127.0.0.{source + 2}", 0))
        try:
            for number in range(first, ATTEMPTS // SOURCES, AT_ONCE):
                body = f'{{"user":"user-{source}-{number}","password":"not the password of anybody"}}'
                writer.write(f"{HEAD}Content-Length: {len(body)}\r\n\r\n{body}".encode())
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"(?i)content-length: (\d+)", head)
                assert length is not None
                await reader.readexactly(int(length[1]))
                statuses[int(head[9:12])] += 1
        finally:
            writer.close()
            await writer.wait_closed()

    async with asyncio.TaskGroup() as group:
        for source in range(SOURCES):
            for first in range(AT_ONCE):
                group.create_task(some(source, first))
    return statuses


async def _ready() -> dict[str, str]:
    return {}


@pytest.mark.slow
async def test_ten_thousand_attempts_to_sign_in_cost_no_packet(tmp_path: Path) -> None:
    clip = tiny(tmp_path / "clips", length_s=2)["h264-aac"]
    for name in ("recorded", "people"):
        (tmp_path / name).mkdir()
    site = Site(tmp_path / "recorded")
    with installation_of_people(tmp_path / "people") as people:
        door = Door.build(people.gateway.vault, SystemClock())  # at the full cost of a hash
        gateway = replace(people.gateway, door=door, clock=SystemClock())
        port = free_port()
        service = HttpService(application(lambda: b"", _ready, gateway), "127.0.0.1", port, None)
        await service.open()
        try:
            async with FakeCameraProcess("--clips", str(clip), "--count", "4") as farm:
                plans = [camera(f"cam-{number}", url, segment_s=60.0) for number, url in enumerate(farm.urls)]
                site.plan(*plans)
                recorder = site.start()
                try:
                    await site.until_recording(*(plan.camera for plan in plans))
                    began = time.monotonic()
                    statuses = await flood(port)
                    took_s = time.monotonic() - began
                finally:
                    assert end(recorder) == 0
        finally:
            await service.close()
            door.close()
    assert sum(statuses.values()) == ATTEMPTS
    assert set(statuses) <= {401, 429, 503}
    # no more than is free to each address, and what its waits let through since
    assert 0 < statuses[401] == door.passwords.computed <= SOURCES * (20 + 6 + took_s / 60)
    for plan in plans:
        kept = [segment.sidecar for segment in site.segments(plan.camera)]
        assert len({sidecar.run for sidecar in kept}) == 1, "the recording never broke"
        assert kept[-1].run_end is RunEnd.SHUTDOWN
        assert sum(sidecar.packets_lost for sidecar in kept) == 0
        assert kept[-1].end_us - kept[0].start_us >= (took_s - 1) * US
        assert site.seams(plan.camera, from_us=plan.registered_us) == []
