"""The decoder of looks: a fork per picture, confined and gone; whatever a fork does, the next picture is looked at."""

from __future__ import annotations

import json
import os
import platform
from typing import TYPE_CHECKING, Any

import pytest
from support.clips import h264_clip, h265_clip

from camera_gateway.domain.picture import HEIGHT, LUMA_BYTES, PICTURE_BYTES, WIDTH
from camera_gateway.media.look import Keyframe, Lookers, LookFailed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

START = b"\x00\x00\x00\x01"
TAKEN_OVER = """
import errno, json, os, signal, socket, sys
import encodings.idna
from camera_gateway.media import look_child
parent = os.getpid()
def decode(codec, payload):
    if codec == "h264":
        return {"width": 1, "height": 1}, payload.ljust(345600, b"\\0")
    %s
look_child.decode = decode
look_child.main()
"""
TRIES = """
    job = json.loads(payload)
    def fds():
        found = []
        for number in range(64):
            try:
                os.lseek(number, 0, 1)
            except OSError as error:
                if error.errno == errno.EBADF:
                    continue
            found.append(number)
        return found
    tries = {
        "read anything": lambda: open("/etc/hostname").read(),
        "write": lambda: open(job["path"], "w"),
        "dial out": lambda: socket.create_connection(("127.0.0.1", job["port"]), 1),
        "run a program": lambda: os.execv("/bin/true", ["true"]),
        "fork": os.fork,
        "kill the parent": lambda: os.kill(parent, signal.SIGKILL),
        "open the memory of the parent": lambda: open(f"/proc/{parent}/mem", "rb"),
        "make a socket": lambda: socket.socket(socket.AF_UNIX),
        "read the next picture": lambda: os.read(0, 1),
    }
    done = []
    for name, attempt in tries.items():
        try:
            attempt()
        except (OSError, ValueError):
            continue
        done.append(name)
    return {"width": 1, "height": 1}, json.dumps([done, fds()]).encode().ljust(345600)
"""
REMEMBERS = """
    size, found = 1 << 20, 0
    first, second = (bytes(255 - each for each in half) for half in (payload[:16], payload[16:32]))
    for line in maps:
        area, rights = line.split()[:2]
        if not rights.startswith("rw") or "[vvar" in line:
            continue
        begin, end = (int(number, 16) for number in area.split("-"))
        for at in range(begin, end, size):
            piece = ctypes.string_at(at, min(size + 32, end - at))
            place = piece.find(first)
            while place >= 0:
                found += piece[place + 16 : place + 32] == second
                place = piece.find(first, place + 1)
    return {"width": 1 + found, "height": 1}, b"".ljust(345600)
import ctypes
maps, confine = [], look_child.enter
def enter(limits):
    maps.extend(open("/proc/self/maps"))
    confine(limits)
look_child.enter = enter
"""


@pytest.fixture
def made() -> Iterator[list[Lookers]]:
    made: list[Lookers] = []
    yield made
    for each in made:
        each.close()


def lookers(made: list[Lookers], code: str | None = None) -> Lookers:
    made.append(Lookers() if code is None else Lookers(("-c", TAKEN_OVER % code.strip())))
    return made[-1]


def keyframe(codec: str) -> Keyframe:
    clip = h264_clip(2, 2) if codec == "h264" else h265_clip(2, 2)
    return Keyframe(codec, b"".join(START + nal for nal in clip.units[0].nals))


@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_a_keyframe_becomes_planes_of_one_size_and_full_range(made: list[Lookers], codec: str) -> None:
    found = lookers(made).decode(keyframe(codec))
    assert (found.width, found.height, len(found.planes)) == (160, 120, PICTURE_BYTES)
    row = found.planes[WIDTH * (HEIGHT // 2) : WIDTH * (HEIGHT // 2 + 1)]
    assert row[0] > 240, "the bar at the left is white"
    assert row[-1] - row[WIDTH // 4] > 100, "and the ground a gradient"
    assert set(found.planes[LUMA_BYTES:]) <= {126, 127, 128, 129}, "without colour"


def test_bytes_that_are_no_picture_have_a_cause_and_do_no_harm(made: list[Lookers]) -> None:
    looking = lookers(made)
    for codec, data, cause in (
        ("h264", b"", "undecodable"),
        ("h264", b"\x00\x00\x00\x01\x65" + os.urandom(5_000), "undecodable"),
        ("mjpeg", b"\xff\xd8\xff\xd9", "undecodable"),
        ("vp9", b"x", "codec-refused"),
    ):
        with pytest.raises(LookFailed) as caught:
            looking.decode(Keyframe(codec, data))
        assert caught.value.cause == cause
    assert looking.decode(keyframe("h264")).width == 160


@pytest.mark.skipif(platform.machine() not in {"x86_64", "aarch64"}, reason="no list of system calls for this machine")
def test_a_fork_that_was_taken_over_can_do_nothing_and_sees_no_other_picture(
    made: list[Lookers], tmp_path: Path
) -> None:
    import socket  # noqa: PLC0415 - only here

    looking = lookers(made, TRIES)
    with socket.create_server(("127.0.0.1", 0)) as server:
        job = {"path": str(tmp_path / "new"), "port": server.getsockname()[1]}
        found = looking.decode(Keyframe("hevc", json.dumps(job).encode()))
    done, descriptors = json.loads(found.planes)
    assert done == []
    assert descriptors == [1], "its own pipe and nothing else"
    assert not (tmp_path / "new").exists()
    assert looking.decode(Keyframe("h264", b"next")).planes.startswith(b"next")


def test_the_memory_of_a_fork_holds_nothing_of_the_picture_before(made: list[Lookers]) -> None:
    looking = lookers(made, REMEMBERS)
    for size in (32, 1_000, 100_000, PICTURE_BYTES):
        secret = os.urandom(32)
        before = looking.decode(Keyframe("h264", secret.ljust(size)))
        assert before.planes.startswith(secret)
        # what is sought is sent as its complement, and sought by halves: else the search would find itself
        sought = bytes(255 - each for each in secret)
        copies = looking.decode(Keyframe("hevc", sought)).width - 1
        assert copies == 0, size


@pytest.mark.parametrize(
    "code",
    [
        "os.kill(os.getpid(), signal.SIGSEGV)",
        "os._exit(0)",
        "os.write(1, b'x' * 10); os._exit(0)",
        "os.write(1, look_child.HEAD.pack(2, 0) + b'{}' + b'more'); os._exit(0)",
        "look_child._write(1, b'x' * 4_000_000); os._exit(0)",
        "return {'width': 10**9, 'height': 1}, payload.ljust(345600)",
        "return {'width': 1, 'height': 1}, b'short'",
        "return {'cause': 'x' * 400}, b''",
        "return {'width': '1', 'height': None}, payload.ljust(345600)",
        "raise SystemExit",
    ],
)
def test_whatever_a_fork_does_only_its_own_look_fails(made: list[Lookers], code: str) -> None:
    looking = lookers(made, code)
    with pytest.raises(LookFailed) as caught:
        looking.decode(Keyframe("hevc", b"evil"))
    assert caught.value.cause == "died"
    assert looking.decode(Keyframe("h264", b"next")).planes.startswith(b"next")


def test_a_fork_that_hangs_is_ended_with_the_one_that_waits_for_it(
    made: list[Lookers], monkeypatch: pytest.MonkeyPatch
) -> None:
    looking = lookers(made, "os.write(1, b'x')\n    while True: pass")
    looking.decode(Keyframe("h264", b"first"))
    monkeypatch.setattr("camera_gateway.media.look.WALL_S", 0.5)
    with pytest.raises(LookFailed) as caught:
        looking.decode(Keyframe("hevc", b"evil"))
    assert caught.value.cause == "time"
    monkeypatch.undo()
    assert looking.decode(Keyframe("h264", b"next")).planes.startswith(b"next")


def test_one_process_stays_and_none_is_left_at_the_end(made: list[Lookers]) -> None:
    looking = lookers(made)
    pids: set[Any] = set()
    for _ in range(3):
        looking.decode(keyframe("h264"))
        pids |= {child.process.pid for child in looking._workshop._idle}
    (pid,) = pids
    looking.close()
    assert not os.path.exists(f"/proc/{pid}")  # noqa: PTH110 - a process, not a file
