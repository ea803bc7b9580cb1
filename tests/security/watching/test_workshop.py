"""Children that decode for a camera: confined as the jail says, one camera each, killed when they do not behave."""

from __future__ import annotations

import json
import os
import platform
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from support.clips import h264_clip

from camera_gateway.media.jail import JailError
from camera_gateway.media.rendition import RenditionError, Source, annex_b, make_rendition, make_still
from camera_gateway.media.workshop import JOBS, Busy, Workshop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ANSWER = """
import ctypes, json, os, signal, socket, struct, sys, time
HEAD = struct.Struct(">II")
def read(count):
    data = b""
    while len(data) < count:
        piece = os.read(0, count - len(data))
        if not piece:
            os._exit(0)
        data += piece
    return data
def take():
    text, data = HEAD.unpack(read(8))
    return json.loads(read(text)), read(data)
def say(told, data=b""):
    words = json.dumps(told).encode()
    os.write(1, HEAD.pack(len(words), len(data)) + words + data)
"""
ECHO = ANSWER + "while True:\n    job, data = take()\n    say({'pid': os.getpid(), **job}, data)\n"
TROJAN = (
    ANSWER
    + """
import encodings.idna, subprocess
from camera_gateway.media.jail import enter
from camera_gateway.media.picture_child import LIMITS, warm_up
warm_up()
opened = sorted(int(name) for name in os.listdir("/proc/self/fd"))[:-1]
environment = dict(os.environ)
granted = sorted(enter(LIMITS))
parent = os.getppid()
job, _ = take()
tries = {
    "read anything": lambda: open("/etc/hostname").read(),
    "write": lambda: open(job["path"], "w"),
    "dial out": lambda: socket.create_connection(("127.0.0.1", job["port"]), 1),
    "run a program": lambda: os.execv("/bin/true", ["true"]),
    "fork": os.fork,
    "kill the parent": lambda: os.kill(parent, signal.SIGKILL),
    "open the memory of the parent": lambda: open(f"/proc/{parent}/mem", "rb"),
    "make a socket": lambda: socket.socket(socket.AF_UNIX),
}
done = []
for name, attempt in tries.items():
    try:
        attempt()
    except (OSError, ValueError):
        continue
    done.append(name)
say({"done": done, "granted": granted, "open": opened, "environment": environment})
"""
)


@pytest.fixture
def made() -> Iterator[list[Workshop]]:
    workshops: list[Workshop] = []
    yield workshops
    for each in workshops:
        each.close()


def workshop(made: list[Workshop], code: str, **more: int) -> Workshop:
    made.append(Workshop(child=("-c", code), **more))
    return made[-1]


@pytest.mark.skipif(platform.machine() not in {"x86_64", "aarch64"}, reason="no list of system calls for this machine")
def test_a_decoder_that_was_taken_over_can_do_nothing(
    made: list[Workshop], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket  # noqa: PLC0415 - only here

    monkeypatch.setenv("SECRET", "hunter2")
    inherited = os.open("/etc/hostname", os.O_RDONLY)
    os.set_inheritable(inherited, True)  # noqa: FBT003 - the function's own way
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            job = {"path": str(tmp_path / "new"), "port": server.getsockname()[1]}
            found, _ = workshop(made, TROJAN).do("hall", job, b"", 30)
    finally:
        os.close(inherited)
    assert found["done"] == []
    assert "seccomp" in found["granted"]
    assert found["open"] == [0, 1, 2]
    assert "hunter2" not in json.dumps(found["environment"])
    assert not (tmp_path / "new").exists()


def test_one_camera_never_gets_the_child_of_another(made: list[Workshop]) -> None:
    shop = workshop(made, ECHO, children=3)
    pids: dict[str, set[int]] = {}
    for camera in ("hall", "yard", "hall", "gate", "yard", "hall", "gate"):
        told, data = shop.do(camera, {"x": camera}, camera.encode() * 100_000, 10)
        assert (told["x"], data) == (camera, camera.encode() * 100_000)
        pids.setdefault(camera, set()).add(told["pid"])
    assert not pids["hall"] & pids["yard"]
    assert not pids["hall"] & pids["gate"]
    assert len(pids["hall"]) == 1


def test_a_child_is_replaced_after_its_share_of_jobs(made: list[Workshop]) -> None:
    shop = workshop(made, ECHO)
    pids = [shop.do("hall", {}, b"", 10)[0]["pid"] for _ in range(JOBS + 1)]
    assert len(set(pids[:JOBS])) == 1
    assert pids[JOBS] != pids[0]


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("take(); time.sleep(60)", "time"),
        ("time.sleep(60)", "time"),
        ("take(); os._exit(0)", "died"),
        ("os._exit(0)", "died"),
        ("take(); os.write(1, HEAD.pack(3, 0) + b'{x}'); time.sleep(60)", "died"),
        ("take(); os.write(1, HEAD.pack(2, 0) + b'[]'); time.sleep(60)", "died"),
        ("take(); os.write(1, HEAD.pack(2, 4_000_000_000)); time.sleep(60)", "too-much"),
        ("take(); os.kill(os.getpid(), signal.SIGSEGV)", "died"),
    ],
)
def test_a_child_that_does_not_behave_fails_its_job_and_is_gone(made: list[Workshop], code: str, cause: str) -> None:
    shop = workshop(made, ANSWER + code)
    began = time.monotonic()
    with pytest.raises(JailError) as caught:
        shop.do("hall", {"some": "job"}, bytes(1 << 20), 1.0)
    assert caught.value.cause == cause
    assert time.monotonic() - began < 8
    assert all(child.camera == "" for child in shop._idle)


def test_beyond_its_line_a_workshop_is_busy(made: list[Workshop]) -> None:
    shop = workshop(made, ANSWER + "take(); time.sleep(60)", children=1, waiting=1)
    inside = threading.Barrier(3)

    def ask() -> None:
        inside.wait()
        with pytest.raises(JailError):
            shop.do("hall", {}, b"", 1.5)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    inside.wait()
    deadline = time.monotonic() + 5
    while shop._inside < 2:
        assert time.monotonic() < deadline
    with pytest.raises(Busy):
        shop.do("yard", {}, b"", 1.0)
    for thread in threads:
        thread.join()


def test_idle_children_are_let_go_and_none_is_left_at_the_end(made: list[Workshop]) -> None:
    shop = workshop(made, ECHO)
    pid = shop.do("hall", {}, b"", 10)[0]["pid"]
    for child in shop._idle:
        child.since_s -= 61
    shop.tidy()
    assert shop._idle == []
    assert not os.path.exists(f"/proc/{pid}")  # noqa: PTH110 - a process, not a file
    again = shop.do("hall", {}, b"", 10)[0]["pid"]
    shop.close()
    assert not os.path.exists(f"/proc/{again}")  # noqa: PTH110 - a process, not a file


class Lying:
    """A workshop whose child says what a test wants."""

    def __init__(self, told: dict[str, Any], data: bytes = b"") -> None:
        self.told, self.data = told, data

    def do(self, *_: object) -> tuple[dict[str, Any], bytes]:
        return self.told, self.data


NAL = b"\x00\x00\x00\x01\x65abc"


@pytest.mark.parametrize(
    ("told", "data"),
    [
        ({}, b""),
        ({"frames": []}, b""),
        ({"frames": [[8, 10**9, True]]}, NAL),
        ({"frames": [[8, -5, True]]}, NAL),
        ({"frames": [[-8, 0, True]]}, NAL),
        ({"frames": [[8, 0, "yes"]]}, NAL),
        ({"frames": [[8, 0, True], [8, 0, True]]}, NAL * 2),
        ({"frames": [[8, 0, True]]}, b"no start code"),
        ({"frames": [[8, 0, True]]}, NAL),
        ({"cause": "x" * 500}, b""),
    ],
)
def test_what_a_decoder_says_is_not_believed(told: dict[str, Any], data: bytes) -> None:
    from support.clips import fragmented, h265_clip  # noqa: PLC0415 - only here

    from camera_gateway.media.fragments import read_init  # noqa: PLC0415 - only here

    file = fragmented(h265_clip(25, 25))
    with pytest.raises(RenditionError) as caught:
        make_rendition(Lying(told, data), "hall", Source(read_init(file.data), file.fragments[0]))  # type: ignore[arg-type]
    assert len(caught.value.cause) <= 40


@pytest.mark.parametrize("told", [{}, {"width": "1", "height": 2}, {"cause": "undecodable"}, {"width": 2, "height": 2}])
def test_a_still_that_is_no_jpeg_is_none(told: dict[str, Any]) -> None:
    from support.clips import fragmented  # noqa: PLC0415 - only here

    from camera_gateway.media.fragments import read_init  # noqa: PLC0415 - only here

    track = read_init(fragmented(h264_clip()).data).track("video")
    assert track is not None
    with pytest.raises(RenditionError):
        make_still(Lying(told, b"<svg onload=alert(1)>"), "hall", track, b"", 100)  # type: ignore[arg-type]


def test_a_byte_stream_is_divided_at_its_start_codes() -> None:
    assert annex_b(b"\x00\x00\x00\x01ab\x00\x00\x01cd\x00\x00\x00\x01ef") == [b"ab", b"cd", b"ef"]
    assert annex_b(b"") == annex_b(b"nothing") == []
