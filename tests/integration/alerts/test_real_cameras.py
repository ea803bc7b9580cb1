"""Twelve cameras that speak real RTSP, a recorder that records them, a switch that dies and is repaired: one alert."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fakecam.clips import tiny
from support.fake_cameras import FakeCameraProcess
from support.recording import Site, camera
from support.watched_house import HOME, SWITCH, watched_house

from camera_gateway.actions.verbs import perform
from camera_gateway.clock import SystemClock
from camera_gateway.domain.ids import InstitutionId, SiteId
from camera_gateway.domain.people import Actor

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow
ALIA = Actor("shell", "alia")


async def test_a_dead_switch_is_one_mail_and_its_repair_another(tmp_path: Path) -> None:
    clip = tiny(tmp_path / "clips", length_s=2)["h264"]
    arguments = ("--clips", str(clip), "--count", str(len(SWITCH)))
    with watched_house(tmp_path, SystemClock(), debounce_s=3, settle_s=3) as house:
        site = Site(house.gateway.data_dir)
        site.owner = house.gateway.catalogue.identity

        async def told(messages: int) -> bool:
            await house.look()
            return len(house.duty.messages) >= messages

        async with FakeCameraProcess(*arguments) as farm:
            place = {"institution": InstitutionId(HOME), "site": SiteId(HOME)}
            site.plan(*(camera(name, url, **place) for name, url in zip(SWITCH, farm.urls, strict=True)))
            async with site.recording():
                await site.until_recording(*SWITCH, seconds=120)
                await house.look()
                port = str(farm.port)
                farm.stop()
                await site.until_true(lambda: told(1), seconds=120)
                for _ in range(3):
                    await house.look()
                assert len(house.duty.messages) == 1
                (outage,) = await perform(house.gateway, ALIA, "outage.list", {})
                assert (outage["kind"], outage["cameras"]) == ("network", list(SWITCH))
                async with FakeCameraProcess(*arguments, "--port", port):
                    await site.until_true(lambda: told(2), seconds=120)
                    (outage,) = await perform(house.gateway, ALIA, "outage.list", {})
                    alerts = await perform(house.gateway, ALIA, "alert.list", {})
    # their clocks run as they like, which is worth knowing, as often as it is so, and told to nobody
    assert {alert["code"] for alert in alerts} == {"camera-clock", "network-down"}
    (down,) = (alert for alert in alerts if alert["code"] == "network-down")
    assert len(house.duty.messages) == 2
    assert "Устранено" in str(house.duty.messages[1]["Subject"])
    assert down["resolved_at"] is not None
    delays = outage["delays_s"]
    assert 3 <= delays["detection"] <= delays["notice"] < delays["repair"]
