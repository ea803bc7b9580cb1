"""A decoder that was taken over: what it tries from inside the jail fails, and it ends when its time is up (Z5)."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import tempfile
import threading
import time
from pathlib import Path

import pytest
from support.clips import fragmented, h264_clip, h265_clip

from camera_gateway.media.jail import JailError, Limits, run_jailed
from camera_gateway.media.keyframe import Keyframe, KeyframeError, decode_keyframe

TROJAN = """
import ctypes, json, os, signal, socket, subprocess, sys
from camera_gateway.media.jail import Limits, enter
import encodings.idna
open_before = sorted(int(name) for name in os.listdir('/proc/self/fd'))[:-1]
environment = dict(os.environ)
granted = sorted(enter(Limits()))
libc = ctypes.CDLL(None, use_errno=True)
parent = os.getppid()

def vector(address, size):
    return (ctypes.c_size_t * 2)(address, size)

def peek():
    into = ctypes.create_string_buffer(8)
    here, there = vector(ctypes.addressof(into), 8), vector(0x400000, 8)
    if libc.process_vm_readv(parent, here, 1, there, 1, 0) < 0:
        raise OSError(ctypes.get_errno(), 'no')

def raised():
    import resource
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

tries = {
    'read a secret': lambda: open('/etc/shadow').read(),
    'read anything': lambda: open('/etc/hostname').read(),
    'look around': lambda: os.listdir('/'),
    'write': lambda: open(sys.argv[1], 'w'),
    'delete': lambda: os.unlink(sys.argv[2]),
    'dial out': lambda: socket.create_connection(('127.0.0.1', int(sys.argv[3])), 1),
    'make a socket': lambda: socket.socket(socket.AF_UNIX),
    'run a program': lambda: os.execv('/bin/true', ['true']),
    'fork': os.fork,
    'kill the parent': lambda: os.kill(parent, signal.SIGKILL),
    'trace the parent': lambda: libc.ptrace(16, parent, 0, 0) and (_ for _ in ()).throw(OSError()),
    'read the parent': peek,
    'open the memory of the parent': lambda: open(f'/proc/{parent}/mem', 'rb'),
    'raise its limits': raised,
}
done = []
for name, attempt in tries.items():
    try:
        attempt()
    except (OSError, ValueError):
        continue
    done.append(name)
answer = {'done': done, 'granted': granted, 'open': open_before, 'environment': environment}
os.write(1, json.dumps(answer).encode())
os._exit(0)
"""


def jailed(code: str, *arguments: str, limits: Limits | None = None) -> bytes:
    with tempfile.TemporaryFile() as source:
        return run_jailed(["-c", code, *arguments], source.fileno(), limits or Limits())


@pytest.mark.skipif(platform.machine() not in {"x86_64", "aarch64"}, reason="no list of system calls for this machine")
def test_a_decoder_that_was_taken_over_can_do_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket  # noqa: PLC0415 - only here

    monkeypatch.setenv("SECRET", "hunter2")
    kept = tmp_path / "footage.mp4"
    kept.write_bytes(b"kept")
    inherited = os.open(kept, os.O_RDONLY)
    os.set_inheritable(inherited, True)  # noqa: FBT003 - the function's own way
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            found = json.loads(jailed(TROJAN, str(tmp_path / "new"), str(kept), str(port)))
    finally:
        os.close(inherited)
    assert found["done"] == []
    assert "seccomp" in found["granted"]
    assert found["open"] == [0, 1, 2]
    assert "hunter2" not in json.dumps(found["environment"])
    assert kept.read_bytes() == b"kept"
    assert not (tmp_path / "new").exists()


def test_a_decoder_that_never_ends_is_killed_when_its_time_is_up() -> None:
    started = time.monotonic()
    with pytest.raises(JailError) as caught:
        jailed("import time; time.sleep(60)", limits=Limits(wall_s=0.5))
    assert caught.value.cause == "time"
    assert time.monotonic() - started < 10


def test_a_decoder_that_closes_its_pipe_and_goes_on_is_killed_too() -> None:
    with pytest.raises(JailError) as caught:
        jailed("import os, time; os.close(1); time.sleep(60)", limits=Limits(wall_s=0.5))
    assert caught.value.cause == "time"


def test_a_decoder_that_talks_without_end_is_cut_off() -> None:
    with pytest.raises(JailError) as caught:
        jailed("import os\nwhile True: os.write(1, b'x' * 65536)")
    assert caught.value.cause == "too-much"


def test_a_decoder_that_eats_memory_dies_alone() -> None:
    code = "from camera_gateway.media.jail import *\nenter(Limits())\nx = bytearray(4_000_000_000)"
    with pytest.raises(JailError) as caught:
        jailed(code)
    assert caught.value.cause == "died"


def test_a_decoder_that_spins_is_ended_by_its_share_of_the_processor() -> None:
    code = "from camera_gateway.media.jail import *\nenter(Limits(cpu_s=1))\nwhile True: pass"
    with pytest.raises(JailError) as caught:
        jailed(code, limits=Limits(wall_s=60))
    assert caught.value.cause == "died"


def children() -> set[str]:
    """Children of this process, zombies included; a server that another test's fixture keeps is one, too."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it ended while we looked
            if int(path.read_text().rpartition(")")[2].split()[1]) == os.getpid():
                found.add(path.parent.name)
    return found


def test_a_child_leaves_no_process_behind() -> None:
    threads, others = threading.active_count(), children()
    jailed("pass")
    assert threading.active_count() == threads
    assert children() == others


def decoded(data: bytes) -> Keyframe:
    with tempfile.TemporaryFile() as source:
        source.write(data)
        source.flush()
        return decode_keyframe(source.fileno())


def test_a_keyframe_of_each_codec_is_seen_inside_the_jail() -> None:
    assert decoded(fragmented(h264_clip(frames=10)).data) == Keyframe("h264", 160, 120)
    assert decoded(fragmented(h265_clip(frames=10)).data) == Keyframe("hevc", 160, 120)


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"", "not-mp4"),
        (b"\x00" * 5_000, "not-mp4"),
        (b"RIFF\x00\x10\x00\x00AVI LIST", "not-mp4"),
        (fragmented(h264_clip(frames=10)).init, "no-keyframe"),
    ],
)
def test_what_cannot_be_seen_has_its_cause(data: bytes, cause: str) -> None:
    with pytest.raises(KeyframeError) as caught:
        decoded(data)
    assert caught.value.cause == cause


def test_a_damaged_picture_is_not_called_a_picture() -> None:
    whole = fragmented(h264_clip(frames=10))
    first = bytearray(whole.fragments[0])
    start = first.index(b"mdat") + 300
    first[start : start + 400] = bytes(400)
    with pytest.raises(KeyframeError) as caught:
        decoded(whole.init + bytes(first))
    assert caught.value.cause in {"undecodable", "no-keyframe", "died"}
