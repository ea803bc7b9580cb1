from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from support.fake_cameras import RawClient, Rtp, h264_units
from support.fault_camera import DIALOGUE_FAULTS, STREAM_FAULTS, Fault, FaultCamera

AFTER = 30
_ENDS = ("drop", "reset")
_SILENCES = ("stall", "bye")


async def _watch(camera: FaultCamera, fault: Fault) -> list[Rtp]:
    """Play until a while after the fault; the packets that came."""
    loop = asyncio.get_running_loop()

    def play() -> list[Rtp]:
        with RawClient(camera.url) as client:
            client.play(1)
            if fault in _ENDS:
                with pytest.raises(ConnectionError):
                    client.gather(lambda: False)
            elif fault in _SILENCES:
                client.gather(lambda: len(h264_units(client.rtp(0))) == AFTER)
                asyncio.run_coroutine_threadsafe(camera.struck.wait(), loop).result(10)
            else:
                client.gather(camera.struck.is_set)
                if fault != "garbage-between":
                    more = len(client.frames) + 40
                    client.gather(lambda: len(client.frames) > more)
            return client.rtp(0)

    return await asyncio.to_thread(play)


@pytest.mark.parametrize("fault", STREAM_FAULTS)
async def test_a_stream_goes_wrong_as_scripted(fault: Fault) -> None:
    async with FaultCamera(fault, after=AFTER, frame_s=0.002) as camera:
        packets = await _watch(camera, fault)
        assert camera.struck.is_set()
        assert camera.connections == 1
    steps = [(b.seq - a.seq) & 0xFFFF for a, b in pairwise(packets)]
    stamps = list(dict.fromkeys(p.stamp for p in packets))
    leaps = [(b - a + (1 << 31)) % (1 << 32) - (1 << 31) for a, b in pairwise(stamps)]
    disordered = {"lost": 2, "duplicated": 0, "swapped": 0xFFFF}
    assert (set(steps) <= {1}) == (fault not in disordered)
    if fault in disordered:
        assert disordered[fault] in steps
    if fault not in ("lost", "swapped"):  # a whole unit may be in the packet
        hour = 3600 * 90_000
        assert max(leaps) == (hour + 3600 if fault == "time-forward" else 3600)
        assert min(leaps) == (-hour + 3600 if fault == "time-backward" else 3600)
        assert (stamps != sorted(stamps)) == (fault in ("time-wrap", "time-backward"))
    assert len({p.ssrc for p in packets}) == (2 if fault == "ssrc-change" else 1)
    assert any(p.marker for p in packets) == (fault != "no-marker")
    sets = {p.payload for p in packets if p.payload and p.payload[0] & 0x1F == 24 and len(p.payload) > 3}
    assert len(sets) == {"sps-change": 2, "no-keyframe": 0}.get(fault, 1)
    assert any(not p.payload for p in packets) == (fault == "empty-nal")
    if fault == "none":
        units = h264_units(packets)
        assert units[:-1] == camera.units[: len(units) - 1]


@pytest.mark.parametrize("fault", DIALOGUE_FAULTS)
async def test_a_dialogue_goes_wrong_as_scripted(fault: Fault) -> None:
    async with FaultCamera(fault, drip_s=0.01) as camera:
        reader, writer = await asyncio.open_connection("127.0.0.1", camera.port)
        heard = b""
        for number, method in enumerate(("OPTIONS", "DESCRIBE", "SETUP")):
            uri = camera.url + ("/trackID=0" if method == "SETUP" else "")
            writer.write(f"{method} {uri} RTSP/1.0\r\nCSeq: {number}\r\n\r\n".encode())
            if fault == "silent":
                await camera.struck.wait()
                break
            while not camera.struck.is_set() and b"\r\n\r\n" not in heard:
                heard += await reader.read(65_536)
            if not camera.struck.is_set():
                heard = b""
        if fault not in ("silent", "close-on-setup"):
            while len(heard) < 12:
                heard += await reader.read(65_536)
        statuses = {"auth-wrong": 401, "path-not-found": 404, "redirect": 302, "udp-only": 461}
        statuses["refused-sessions"] = 453
        if fault in statuses:
            assert heard.startswith(f"RTSP/1.0 {statuses[fault]} ".encode())
        assert camera.struck.is_set()
        writer.close()
        await writer.wait_closed()


async def test_a_redirect_names_where_it_was_told_to() -> None:
    async with FaultCamera("redirect", location="rtsp://192.0.2.1/x") as camera:
        headers = await asyncio.to_thread(_described, camera.url)
        assert headers["location"] == "rtsp://192.0.2.1/x"
    assert [method for method, _, _ in camera.requests] == ["DESCRIBE"]


def _described(url: str) -> dict[str, str]:
    with RawClient(url) as client:
        return client.ask("DESCRIBE")[1]
