"""A whole installation as its users have it: `camera-gateway run` as a child, looked at through the command line.

Nothing here imports the roles: what is tested is what a shell sees. The bucket is read with boto3, apart from the
project's own store.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

INSTITUTION = "centre"
CONFIG = """\
[site]
data_dir = "data"
id = "e2e"
allowed_networks = ["127.0.0.0/8"]

[recorder]
segment_s = {segment_s}

[store]
kind = "embedded"
port = {store_port}

[spool]
min_local_hours = {min_local_hours}

[api]
port = {port}
"""


class CommandFailed(AssertionError):
    """A command ended with another code than was expected."""


class Installation:
    """One data directory with its settings; `start` runs the service."""

    def __init__(self, root: Path, *, segment_s: float = 20, min_local_hours: float = 0, **ports: int) -> None:
        self.root = root
        self.data = root / "data"
        self.config = root / "gateway.toml"
        self.port = ports["port"]
        self.config.write_text(
            CONFIG.format(
                segment_s=segment_s, min_local_hours=min_local_hours, port=self.port, store_port=ports["store_port"]
            )
        )
        self._process: subprocess.Popen[bytes] | None = None
        self.run("init")

    def run(self, *words: str, code: int | None = 0, stdin: str | None = None) -> Any:  # noqa: ANN401 - JSON
        """Run a command with --json and return its document; `code` None accepts any exit code."""
        done = subprocess.run(
            [sys.executable, "-m", "camera_gateway", "--config", str(self.config), *words, "--json"],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        if code is not None and done.returncode != code:
            raise CommandFailed(f"{words}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
        return json.loads(done.stdout) if done.stdout.strip() else None

    def add_cameras(self, urls: list[str], *, username: str | None = None, password: str | None = None) -> list[str]:
        """Register the institution and a camera per URL; return their ids."""
        self.run("institution", "add", "--name", "Центр", "--id", INSTITUTION, "--kind", "social_centre")
        account = [] if username is None else ["--username", username, "--password-file", "-"]
        ids = [f"cam-{n:02d}" for n in range(1, len(urls) + 1)]
        for identity, url in zip(ids, urls, strict=True):
            words = ["--institution", INSTITUTION, "--id", identity, "--name", f"Камера {identity}"]
            self.run(
                "camera", "add", *words, "--zone", "corridor", "--no-probe", "--url", url, *account, stdin=password
            )
        return ids

    def start(self) -> Self:
        """Run everything; returns when the service is ready."""
        with (self.root / "run.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "camera_gateway", "--config", str(self.config), "run"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        until(lambda: self.child("record") is not None and self.status() is not None, 180, self.log)
        return self

    def stop(self) -> None:
        """End it in good order."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self.kill_everything()
            raise
        self._process = None

    def kill_everything(self) -> None:
        """kill -9 of the parent; the kernel takes the children along."""
        if self._process is not None:
            pids = [pid for pid in (self.child(n) for n in ("record", "serve", "store")) if pid is not None]
            self._process.kill()
            self._process.wait()
            self._process = None
            until(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in pids), 10, self.log)

    def kill(self, name: str) -> int:
        """kill -9 of one child; return its pid."""
        pid = self.child(name)
        assert pid is not None, f"{name} does not run"
        os.kill(pid, signal.SIGKILL)
        return pid

    def child(self, name: str) -> int | None:
        """Return the pid of record, serve or store under our parent."""
        marks = {"record": "camera_gateway.roles.record", "serve": "serve", "store": "mini"}
        if self._process is None:
            return None
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                words = path.read_bytes().decode(errors="replace").split("\0")
                stat = (path.parent / "stat").read_text().rpartition(")")[2].split()
                if int(stat[1]) == self._process.pid and stat[0] != "Z" and marks[name] in words:
                    return int(path.parent.name)
        return None

    def status(self) -> dict[str, Any] | None:
        """Return what `status` says over the control socket, None while nobody serves."""
        import socket  # noqa: PLC0415 - only here

        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(10)
            try:
                connection.connect(str(self.data / "control.sock"))
                connection.sendall(b'{"verb": "status"}\n')
                answer = b""
                while piece := connection.recv(1 << 16):
                    answer += piece
                found: dict[str, Any] = json.loads(answer)["result"]
            except (OSError, ValueError, KeyError):
                return None
            return found

    def recording(self) -> int:
        """Return how many cameras record now."""
        found = self.status()
        return 0 if found is None else int(found["recording"])

    def drained(self) -> bool:
        """Whether everything that was sealed is stored."""
        found = self.status()
        spooled = [p for p in (self.data / "spool").glob("*/*") if p.suffix in {".mp4", ".part"}]
        return found is not None and found["backlog_segments"] == 0 and not spooled

    def log(self) -> str:
        """Return the end of the log, for a failing assertion."""
        return (self.root / "run.log").read_text(errors="replace")[-4000:]

    def bucket(self) -> Any:  # noqa: ANN401 - boto3 has no types
        """Return a boto3 client for the embedded store."""
        store = self.data / "store"
        return boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{(store / 'port').read_text()}",
            aws_access_key_id=(store / "access.key").read_text(),
            aws_secret_access_key=(store / "secret.key").read_text(),
            region_name="us-east-1",
            config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 3}),
        )

    def versions(self, prefix: str) -> list[dict[str, Any]]:
        """Return every version and delete marker under a prefix, as boto3 tells them."""
        client, found = self.bucket(), []
        for page in client.get_paginator("list_object_versions").paginate(Bucket="camera-gateway", Prefix=prefix):
            found += page.get("Versions", []) + [{**m, "marker": True} for m in page.get("DeleteMarkers", [])]
        client.close()
        return found

    def download(self, prefix: str, directory: Path) -> Iterator[tuple[dict[str, Any], Path]]:
        """Fetch every object under a prefix, in the order of their keys."""
        client = self.bucket()
        for version in sorted(self.versions(prefix), key=lambda v: str(v["Key"])):
            path = directory / Path(version["Key"]).name
            client.download_file("camera-gateway", version["Key"], str(path))
            yield version, path
        client.close()


def until(condition: Callable[[], bool], seconds: float, told: Callable[[], str] = str) -> None:
    """Wait for a condition of another process, at most `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s\n{told()}")
        time.sleep(0.1)
