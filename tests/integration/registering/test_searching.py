"""The search for cameras: who is found, by what, and what never happens on the way."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from fakecam.server import FakeCameras
from fakecam.settings import CameraSettings
from support.onvif_device import Announcer, OnvifDevice

from camera_gateway.clock import SystemClock
from camera_gateway.discovery import multicast, searching
from camera_gateway.discovery.asking import Account
from camera_gateway.discovery.searching import Found, Wish, search
from camera_gateway.discovery.vendors import load_vendors
from camera_gateway.settings.locate import config_directory

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

VENDORS = load_vendors(config_directory())
GOOD = Account("operator", "correct horse")
NETWORKS = ("127.0.0.0/28",)
HERE = tuple(f"127.0.0.{n}" for n in range(1, 8))


def wish(*ports: int, onvif: tuple[int, ...] = (), account: Account | None = GOOD) -> Wish:
    return Wish(
        NETWORKS, HERE, account, rtsp_ports=ports, onvif_ports=onvif, multicast=False, listen_s=0.1, knock_s=0.5
    )


async def looked(what: Wish) -> dict[str, Found]:
    return {found.ip: found for found in await search(what, VENDORS, SystemClock())}


def camera(clips: dict[str, Path], path: str, auth: str = "digest") -> CameraSettings:
    return CameraSettings(path, clips["h264"], auth=auth, user=GOOD.username, password=GOOD.password)


async def test_a_camera_without_onvif_is_found_by_its_vendors_path(clips: dict[str, Path]) -> None:
    async with FakeCameras([camera(clips, "/cam/realmonitor")], host="127.0.0.3") as farm:
        what = replace(wish(farm.port), vendor=VENDORS.get("dahua"))
        found = await looked(what)
    assert list(found) == ["127.0.0.3"]
    [stream] = found["127.0.0.3"].streams
    assert str(stream.address) == f"rtsp://127.0.0.3:{farm.port}/cam/realmonitor?channel=1&subtype=0"
    assert (stream.codec, stream.width, stream.height) == ("h264", 320, 180)
    assert found["127.0.0.3"].trouble is None


async def test_a_device_with_onvif_is_found_with_its_profiles_and_its_vendor_guessed() -> None:
    streams = [("main", "rtsp://127.0.0.4:554/Streaming/Channels/101")]
    async with OnvifDevice(host="127.0.0.4", streams=streams) as device:
        found = await looked(wish(onvif=(device.port,)))
    device_found = found["127.0.0.4"]
    assert (device_found.vendor, device_found.identity.serial) == ("hikvision", "SN-100")
    assert [str(s.address) for s in device_found.streams] == ["rtsp://127.0.0.4:554/Streaming/Channels/101"]


async def test_a_camera_that_wants_the_password_in_the_clear_gets_none(clips: dict[str, Path]) -> None:
    async with FakeCameras([camera(clips, "/stream1", auth="basic")], host="127.0.0.3") as farm:
        found = await looked(wish(farm.port))
    assert found["127.0.0.3"].trouble == "auth-scheme"
    assert found["127.0.0.3"].streams == ()


async def test_a_wrong_password_is_tried_once_and_not_for_every_path(clips: dict[str, Path]) -> None:
    async with FakeCameras([camera(clips, "/stream1")], host="127.0.0.3") as farm:
        before = farm.connections_seen
        found = await looked(wish(farm.port, account=Account("operator", "wrong")))
        # the knock, OPTIONS, and one DESCRIBE with its answered challenge
        assert farm.connections_seen - before == 3
    assert found["127.0.0.3"].trouble == "auth-wrong"


async def test_what_is_no_camera_is_not_found() -> None:
    async with OnvifDevice("not-onvif", host="127.0.0.5") as web:
        assert await looked(wish(onvif=(web.port,))) == {}


async def test_a_hostile_device_is_found_with_its_trouble_and_the_others_are_found_too() -> None:
    streams = [("main", "rtsp://127.0.0.4:554/main")]
    async with OnvifDevice("bomb", host="127.0.0.2") as bad, OnvifDevice(host="127.0.0.4", streams=streams) as good:
        found = await looked(wish(onvif=(bad.port, good.port)))
    assert found["127.0.0.4"].streams
    assert "127.0.0.2" not in found or found["127.0.0.2"].streams == ()


async def test_progress_comes_to_its_end() -> None:
    told: list[tuple[int, int]] = []
    async with OnvifDevice(host="127.0.0.4") as device:
        await search(wish(onvif=(device.port,)), VENDORS, SystemClock(), lambda done, total: told.append((done, total)))
    assert told[-1] == (len(HERE) + 1, len(HERE) + 1)


@asynccontextmanager
async def announcing(ip: str, port: int, announcer: Announcer) -> AsyncIterator[None]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: announcer, local_addr=(ip, port))
    try:
        yield
    finally:
        transport.close()


def free_udp_port() -> int:
    with socket.socket(type=socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


async def heard(networks: tuple[str, ...], port: int) -> list[multicast.Answered]:
    return await multicast.listen(
        networks, HERE, SystemClock(), multicast=False, wait_s=0.3, per_second=1_000, port=port
    )


async def test_a_device_that_answers_to_ws_discovery_is_heard_with_its_port_and_words() -> None:
    port = free_udp_port()
    async with announcing("127.0.0.6", port, Announcer("http://127.0.0.6:8899/onvif/device_service")):
        [answered] = await heard(NETWORKS, port)
    assert answered == multicast.Answered("127.0.0.6", 8899, "Hall camera", "DS-2CD")


async def test_an_address_of_another_host_in_an_answer_is_not_believed() -> None:
    port = free_udp_port()
    async with announcing("127.0.0.6", port, Announcer("http://169.254.169.254:80/onvif/device_service")):
        [answered] = await heard(NETWORKS, port)
    assert answered.onvif_port is None


async def test_a_sender_outside_the_allowed_networks_is_not_heard() -> None:
    port = free_udp_port()
    async with announcing("127.0.0.6", port, Announcer("http://127.0.0.6/onvif/device_service")):
        assert await heard(("127.0.0.0/30",), port) == []


@pytest.mark.parametrize("prolog", ["<!DOCTYPE x [<!ENTITY a 'b'>]>", "not xml <"])
async def test_an_answer_with_entities_or_none_at_all_is_nothing(prolog: str) -> None:
    port = free_udp_port()
    async with announcing("127.0.0.6", port, Announcer("http://127.0.0.6/x", prolog=prolog)):
        assert await heard(NETWORKS, port) == []


async def test_no_more_connections_are_begun_in_a_second_than_promised(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted at the door that dials, against the clock that the search sleeps by."""
    begun, slept = 0, 0.0

    class Counting(SystemClock):
        async def sleep(self, seconds: float) -> None:
            nonlocal slept
            slept += seconds
            await asyncio.sleep(0)

    async def refuse(_peer: object, _wait_s: float) -> bool:
        nonlocal begun
        begun += 1
        return False

    monkeypatch.setattr(searching, "_open", refuse)
    ips = [f"127.0.{n // 250}.{n % 250 + 1}" for n in range(1_000)]
    await searching._knock(wish(1, 2), ips, {}, Counting(), lambda: None)
    assert begun == 2_000
    assert begun / max(slept, 0.001) <= searching.PER_SECOND * 1.2
