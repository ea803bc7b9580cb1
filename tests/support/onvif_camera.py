"""An ONVIF camera of somebody else (PyPI ipycam) in a network of its own, and a second network for the gateway.

Two namespaces joined by a cable (veth), so that multicast, ARP and foreign ports are real and nothing on this machine
is touched. Needs root, `ip` and what `scripts/test` installs in var/onvif-peer; says what is missing.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from support.command_line import Directory

PEER = Path(__file__).resolve().parents[2] / "var" / "onvif-peer"
CAMERA, GATEWAY, NETWORK = "10.99.0.2", "10.99.0.1", "10.99.0.0/29"


def missing() -> str:
    """What is missing to run one, in words; "" when nothing is."""
    if os.geteuid() != 0:
        return "needs root for a network of its own"
    if shutil.which("ip") is None:
        return "needs ip (apt: iproute2)"
    if not (PEER / "ipycam").is_dir():
        return "needs var/onvif-peer (scripts/test installs it)"
    name = f"cg-try-{os.getpid()}"
    if subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False).returncode:
        return "network namespaces are not allowed here"
    subprocess.run(["ip", "netns", "del", name], check=True)
    return ""


class OnvifCamera:
    """`with OnvifCamera(clip, folder) as camera: camera.run(directory, "camera", "discover")`."""

    def __init__(self, clip: Path, folder: Path, *, user: str, password: str, serial: str) -> None:
        self._clip, self._folder = clip, folder
        self._words = {"username": user, "password": password, "serial_number": serial}
        self._names = (f"cg-cam-{os.getpid()}", f"cg-gw-{os.getpid()}")
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        camera, gateway = self._names
        try:
            for name in self._names:
                _ip("netns", "add", name)
                _ip("-n", name, "link", "set", "lo", "up")
            _ip("-n", gateway, "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", camera)
            for name, address in ((camera, CAMERA), (gateway, GATEWAY)):
                _ip("-n", name, "addr", "add", f"{address}/29", "dev", "eth0")
                _ip("-n", name, "link", "set", "eth0", "up")
                _ip("-n", name, "route", "add", "default", "dev", "eth0")
            self._start(camera)
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start(self, name: str) -> None:
        config = self._folder / "camera.json"
        size = {"main_width": 320, "main_height": 180, "main_fps": 10, "sub_width": 160, "sub_height": 90}
        config.write_text(json.dumps({**self._words, **size, "hw_accel": "cpu", "show_timestamp": False}))
        with (self._folder / "camera.log").open("wb") as log:
            self._process = subprocess.Popen(
                [*_within(name), sys.executable, "-m", "ipycam", "--config", str(config), "--source", str(self._clip)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                env={**os.environ, "PYTHONPATH": str(PEER)},
            )
        deadline = time.monotonic() + 30
        while ":8554 " not in self._listening(name):
            assert self._process.poll() is None, (self._folder / "camera.log").read_text()
            assert time.monotonic() < deadline, (self._folder / "camera.log").read_text()
            time.sleep(0.1)

    @staticmethod
    def _listening(name: str) -> str:
        """The listening TCP sockets of a namespace, as the kernel has them (0016 hex is port 22)."""
        done = subprocess.run([*_within(name), "cat", "/proc/net/tcp"], capture_output=True, text=True, check=True)
        ports = (line.split()[1].rpartition(":")[2] for line in done.stdout.splitlines()[1:] if line.split()[3] == "0A")
        return "".join(f":{int(port, 16)} " for port in ports)

    def run(self, directory: Directory, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the gateway in its network."""
        command = [sys.executable, "-m", "camera_gateway", "--config", str(directory.config), *words, "--json"]
        return subprocess.run(
            [*_within(self._names[1]), *command],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            cwd=directory.root,
        )

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        for name in self._names:
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)


def _within(name: str) -> list[str]:
    return ["ip", "netns", "exec", name]


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], capture_output=True, check=True)
