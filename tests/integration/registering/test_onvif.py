"""What a device says of itself by ONVIF, and what a hostile one cannot do: an independent device with faults."""

from __future__ import annotations

import asyncio
import base64

import pytest
from support.onvif_device import Fault, OnvifDevice

from camera_gateway.clock import SystemClock
from camera_gateway.discovery.asking import Account, Peer
from camera_gateway.discovery.onvif import OnvifDevice as Described
from camera_gateway.discovery.onvif import describe
from camera_gateway.discovery.soap import CAUSES, SoapFailed

GOOD = Account("operator", "correct horse")
STREAMS = [("main", "rtsp://127.0.0.1:554/Streaming/Channels/101?a=1&b=2"), ("sub", "rtsp://127.0.0.1/sub")]
WAIT_S = 0.5


async def ask(device: OnvifDevice, account: Account | None = GOOD, wait_s: float = 5.0) -> Described:
    return await describe(Peer(device.host, device.port, device.host), account, SystemClock(), wait_s=wait_s)


async def test_a_device_tells_maker_serial_mac_firmware_and_streams() -> None:
    async with OnvifDevice(streams=STREAMS) as device:
        found = await ask(device)
    identity = found.identity
    assert (identity.vendor, identity.model, identity.serial) == ("HIKVISION", "DS-2CD", "SN-100")
    assert (identity.mac, identity.firmware) == ("00:11:22:aa:bb:cc", "V5.7")
    assert [(p.name, p.codec, p.width, p.height, p.fps, str(p.address)) for p in found.profiles] == [
        ("main", "h264", 1920, 1080, 25, "rtsp://127.0.0.1:554/Streaming/Channels/101?a=1&b=2"),
        ("sub", "h264", 1920, 1080, 25, "rtsp://127.0.0.1:554/sub"),
    ]
    assert found.trouble is None


async def test_the_services_host_is_the_devices_own_idea_and_is_not_asked() -> None:
    async with OnvifDevice(streams=STREAMS) as device:
        await ask(device)
        assert "/onvif/media_service" in {path for path, _, _ in device.requests}


async def test_a_device_with_the_newer_media_service_only_tells_its_streams() -> None:
    async with OnvifDevice("media2", streams=STREAMS) as device:
        found = await ask(device)
        assert "/onvif/media2_service" in {path for path, _, _ in device.requests}
        assert "<trt2:GetStreamUri>" in device.requests[-1][2]
    assert [(p.codec, p.width, p.height, p.fps, str(p.address)) for p in found.profiles] == [
        ("h265", 2560, 1440, 20, STREAMS[0][1]),
        ("h265", 2560, 1440, 20, "rtsp://127.0.0.1:554/sub"),
    ]


async def test_a_device_whose_clock_is_wrong_is_asked_in_its_own_time() -> None:
    async with OnvifDevice(streams=STREAMS, clock_ahead_s=86_400 * 400) as device:
        found = await ask(device)
    assert found.identity.serial == "SN-100"
    assert found.clock_offset_s == pytest.approx(86_400 * 400, abs=5)


async def test_a_device_that_wants_an_http_digest_gets_one() -> None:
    async with OnvifDevice("http-digest", streams=STREAMS) as device:
        found = await ask(device)
    assert found.identity.serial == "SN-100"


@pytest.mark.parametrize("fault", ["none", "http-digest", "http-basic", "auth-wrong"])
async def test_the_password_never_leaves_in_the_clear(fault: Fault) -> None:
    async with OnvifDevice(fault, streams=STREAMS) as device:
        await ask(device)
        wire = "\n".join(f"{headers} {body}" for _, headers, body in device.requests)
    assert GOOD.password not in wire
    assert base64.b64encode(f"{GOOD.username}:{GOOD.password}".encode()).decode() not in wire


@pytest.mark.parametrize("fault", ["auth-wrong", "http-basic"])
async def test_a_refused_account_is_told_and_tried_once(fault: Fault) -> None:
    async with OnvifDevice(fault, streams=STREAMS) as device:
        found = await ask(device)
        tried = [body for _, _, body in device.requests if "UsernameToken" in body]
    assert found.trouble == "auth-wrong"
    assert found.profiles == ()
    assert len(tried) == 1


async def test_without_an_account_a_device_that_wants_one_says_so() -> None:
    async with OnvifDevice(streams=STREAMS) as device:
        assert (await ask(device, None)).trouble == "auth-missing"


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ("bomb", "hostile-xml"),
        ("external", "hostile-xml"),
        ("deep", "hostile-xml"),
        ("wide", "hostile-xml"),
        ("huge", "too-large"),
        ("endless", "too-large"),
        ("redirect", "redirected"),
        ("not-onvif", "not-onvif"),
        ("garbage", "not-http"),
        ("silent", "no-answer"),
        ("slow", "no-answer"),
    ],
)
async def test_a_hostile_device_is_given_up_in_time(fault: Fault, cause: str) -> None:
    async with OnvifDevice("none", host="127.0.0.9") as elsewhere:
        async with OnvifDevice(fault, location=f"http://127.0.0.9:{elsewhere.port}/") as device, asyncio.timeout(10):
            with pytest.raises(SoapFailed) as caught:
                await ask(device, wait_s=WAIT_S)
        assert elsewhere.requests == []
    assert caught.value.cause == cause
    assert cause in CAUSES


@pytest.mark.parametrize(("fault", "cause"), [("foreign-stream", "foreign-host"), ("http-stream", "refused")])
async def test_a_stream_elsewhere_is_refused_and_reported(fault: Fault, cause: str) -> None:
    async with OnvifDevice(fault, streams=STREAMS) as device:
        found = await ask(device)
    assert [(p.address, p.refused) for p in found.profiles] == [(None, cause)] * 2


async def test_an_account_in_a_stream_address_is_dropped() -> None:
    async with OnvifDevice("account-in-stream", streams=STREAMS) as device:
        found = await ask(device)
    assert str(found.profiles[1].address) == "rtsp://127.0.0.1:554/sub"
