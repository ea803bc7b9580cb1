"""`scripts/fake-cameras` as a process of its own, for tests that want real cameras at real cost.

Works as a context manager and as an async one. Knows its ledger.
"""

from __future__ import annotations

import asyncio
import json
import select
import signal
import socket
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable

_SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "fake-cameras"
_READY_TIMEOUT_S = 60.0
_STOP_TIMEOUT_S = 10.0


class FakeCameraProcess:
    """`with FakeCameraProcess("--clips", …, "--count", "10") as farm: farm.urls`.

    Takes the script's arguments; chooses a free port unless `--port` is among them.
    """

    def __init__(self, *arguments: str, ledger: Path | None = None) -> None:
        self._command = [str(_SCRIPT), *arguments]
        if "--port" not in arguments:
            self._command += ["--port", "0"]
        self.ledger = ledger
        if ledger is not None:
            self._command += ["--ledger", str(ledger)]
        self._process: subprocess.Popen[str] | None = None
        self.port = 0
        self.cameras: list[dict[str, Any]] = []

    @property
    def urls(self) -> list[str]:
        """Addresses in order, without credentials."""
        return [camera["url"] for camera in self.cameras]

    @property
    def pid(self) -> int:
        """Process id, to measure or to kill."""
        assert self._process is not None
        return self._process.pid

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        out = self._process.stdout
        assert out is not None
        readable, _, _ = select.select([out], [], [], _READY_TIMEOUT_S)
        line = out.readline() if readable else ""
        if not line:
            self.stop()
            raise RuntimeError("fake-cameras did not start")
        ready = json.loads(line)
        self.port, self.cameras = ready["port"], ready["cameras"]
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        return await asyncio.to_thread(self.__enter__)

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self.stop)

    def stop(self) -> int:
        """SIGTERM, so that the ledger is whole; returns the exit code."""
        process, self._process = self._process, None
        if process is None:
            return 0
        process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        if process.stdout is not None:
            process.stdout.close()
        return code


def read_ledger(path: Path) -> list[dict[str, Any]]:
    """Every line of a ledger, in order."""
    return [json.loads(line) for line in path.read_text().splitlines()]


@dataclass(frozen=True, slots=True)
class Rtp:
    """One RTP packet as it came."""

    channel: int
    marker: bool
    seq: int
    stamp: int
    ssrc: int
    payload: bytes


class RawClient:
    """A blocking RTSP client that only cuts frames: the tests' own eyes, not the gateway's."""

    def __init__(self, url: str, timeout_s: float = 10.0) -> None:
        self.url = url
        address = url.split("://", 1)[1].split("/", 1)[0]
        host, _, port = address.partition(":")
        self._socket = socket.create_connection((host, int(port)), timeout_s)
        self._held = bytearray()
        self._cseq = 0
        self.session = ""
        #: interleaved frames in order: channel and packet
        self.frames: list[tuple[int, bytes]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def ask(self, method: str, path: str = "", **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Send a request, gather frames until its answer; status, headers (lower case), body."""
        self._cseq += 1
        lines = [f"{method} {self.url}{path} RTSP/1.0", f"CSeq: {self._cseq}"]
        if self.session:
            lines.append(f"Session: {self.session}")
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self._socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        while True:
            self._frames()
            if self._held and self._held[0] != ord("$") and (end := self._held.find(b"\r\n\r\n")) > 0:
                break
            self._more()
        first, *rest = self._held[:end].decode().split("\r\n")
        del self._held[: end + 4]
        answered = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in rest)}
        length = int(answered.get("content-length", "0"))
        while len(self._held) < length:
            self._more()
        body = bytes(self._held[:length])
        del self._held[:length]
        return int(first.split(" ")[1]), answered, body

    def play(self, tracks: int, **headers: str) -> dict[str, str]:
        """SETUP of each track on channels 0-1, 2-3 … and PLAY; the headers of its answer."""
        for number in range(tracks):
            transport = f"RTP/AVP/TCP;unicast;interleaved={number * 2}-{number * 2 + 1}"
            status, answered, _ = self.ask("SETUP", f"/trackID={number}", Transport=transport)
            assert status == 200, status
            self.session = answered["session"].partition(";")[0]
        status, answered, _ = self.ask("PLAY", **headers)
        assert status == 200, status
        return answered

    def gather(self, enough: Callable[[], bool]) -> None:
        """Read frames until `enough` says so. Raises TimeoutError, ConnectionError."""
        while not enough():
            self._more()
            self._frames()

    def rtp(self, channel: int) -> list[Rtp]:
        """The RTP packets of a channel so far."""
        found = []
        for at, packet in self.frames:
            if at == channel:
                _, kind, seq, stamp, ssrc = struct.unpack_from(">BBHII", packet)
                found.append(Rtp(at, bool(kind & 0x80), seq, stamp, ssrc, packet[12:]))
        return found

    def _more(self) -> None:
        data = self._socket.recv(1 << 16)
        if not data:
            raise ConnectionError("closed by the server")
        self._held += data

    def _frames(self) -> None:
        held = self._held
        while len(held) >= 4 and held[0] == ord("$"):
            end = 4 + int.from_bytes(held[2:4], "big")
            if len(held) < end:
                return
            self.frames.append((held[1], bytes(held[4:end])))
            del held[:end]


def h264_units(packets: list[Rtp]) -> list[tuple[bytes, ...]]:
    """Access units by time stamp, from packets without loss (single, STAP-A and FU-A)."""
    units: list[list[bytes]] = []
    stamp = None
    for packet in packets:
        if packet.stamp != stamp:
            units.append([])
            stamp = packet.stamp
        payload, kind = packet.payload, packet.payload[0] & 0x1F
        if kind == 24:
            at = 1
            while at < len(payload):
                size = int.from_bytes(payload[at : at + 2], "big")
                units[-1].append(payload[at + 2 : at + 2 + size])
                at += 2 + size
        elif kind == 28 and payload[1] & 0x80:
            units[-1].append(bytes((payload[0] & 0xE0 | payload[1] & 0x1F,)) + payload[2:])
        elif kind == 28:
            units[-1][-1] += payload[2:]
        else:
            units[-1].append(payload)
    return [tuple(unit) for unit in units]
