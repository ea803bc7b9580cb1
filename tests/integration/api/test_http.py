"""The HTTP service: life, readiness, metrics; safe headers on every answer; nothing beyond loopback in the clear."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import ssl
import time
from datetime import UTC, datetime, timedelta
from io import BytesIO
from ipaddress import ip_address
from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientSession, web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from support.command_line import Directory, free_port

from camera_gateway.api.http import HttpService, application
from camera_gateway.api.safe_headers import HEADERS
from camera_gateway.errors import InvalidInput, Unavailable
from camera_gateway.metrics import Metrics

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

pytestmark = pytest.mark.slow

# docs/reference/metrics.md
CONTRACT_METRICS = {
    "camera_up": "gauge",
    "camera_fps": "gauge",
    "camera_bitrate_bps": "gauge",
    "camera_last_packet_timestamp_seconds": "gauge",
    "camera_reconnects_total": "counter",
    "rtp_packets_lost_total": "counter",
    "camera_clock_offset_seconds": "gauge",
    "timestamp_jumps_total": "counter",
    "segments_sealed_total": "counter",
    "segment_seal_seconds": "histogram",
    "spool_bytes": "gauge",
    "spool_seconds_until_loss": "gauge",
    "upload_backlog_segments": "gauge",
    "upload_bytes_total": "counter",
    "upload_errors_total": "counter",
    "segments_stored_total": "counter",
    "coverage_ratio": "gauge",
    "gap_seconds_total": "counter",
    "store_canary_ok": "gauge",
    "drill_ok_ratio": "gauge",
    "audit_head_age_seconds": "gauge",
}
MORE_METRICS = {
    "uplink_bps": "gauge",
    "camera_picture_ok": "gauge",
    "camera_looked_timestamp_seconds": "gauge",
    "looks_total": "counter",
    "outages_open": "gauge",
    "alerts_open": "gauge",
    "alert_notices_sent_total": "counter",
    "alert_notices_failed_total": "counter",
    "alert_notices_waiting": "gauge",
}
"""Beyond the contract's list, which may grow and may not shrink."""


class Readiness:
    def __init__(self) -> None:
        self.lacking: dict[str, str] = {}

    async def __call__(self) -> dict[str, str]:
        return self.lacking


@pytest.fixture
def readiness() -> Readiness:
    return Readiness()


@pytest.fixture
async def address(readiness: Readiness) -> AsyncIterator[str]:
    app = application(Metrics().render, readiness)

    async def broken(_request: web.Request) -> web.Response:
        raise RuntimeError("canary of a defect")

    app.router.add_get("/broken", broken)
    service = HttpService(app, "127.0.0.1", free_port(), None)
    yield await service.open()
    await service.close()


async def get(url: str, *, context: ssl.SSLContext | None = None) -> tuple[int, dict[str, str], str]:
    async with ClientSession() as session, session.get(url, ssl=context or True) as response:
        return response.status, dict(response.headers), await response.text()


async def test_life_and_readiness_are_two_things(address: str, readiness: Readiness) -> None:
    status, _, body = await get(address + "healthz")
    assert (status, json.loads(body)) == (200, {"status": "alive"})
    assert (await get(address + "readyz"))[0] == 200
    readiness.lacking = {"store": "cannot be reached"}
    status, _, body = await get(address + "readyz")
    assert status == 503
    assert json.loads(body)["lacking"] == {"store": "cannot be reached"}
    assert (await get(address + "healthz"))[0] == 200


@pytest.mark.parametrize("path", ["healthz", "readyz", "metrics", "nothing", "", "broken", "../etc/passwd", "%2e%2e/x"])
async def test_every_answer_has_the_safe_headers_and_no_banner(address: str, path: str) -> None:
    status, headers, body = await get(address + path)
    for name, value in HEADERS.items():
        assert headers[name] == value, name
    assert "aiohttp" not in str(headers).lower()
    assert "python" not in str(headers).lower()
    assert "canary of a defect" not in body
    if status >= 400:
        assert headers["Content-Type"].startswith("application/problem+json")
        assert json.loads(body)["status"] == status


async def test_a_wrong_method_and_a_huge_body_are_problems_too(address: str) -> None:
    body = BytesIO(b"x" * 3_000_000)
    async with ClientSession() as session, session.post(address + "healthz", data=body) as response:
        assert response.status == 405
        assert response.headers["Content-Type"].startswith("application/problem+json")
        assert "GET" in response.headers["Allow"]
        assert response.headers["Cache-Control"] == HEADERS["Cache-Control"]


async def test_the_metrics_are_those_of_the_contract(address: str) -> None:
    status, headers, body = await get(address + "metrics")
    assert status == 200
    assert headers["Content-Type"].startswith("text/plain; version=0.0.4")
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", body, re.MULTILINE))
    # the library adds the time of each counter's creation
    assert {name: kind for name, kind in types.items() if not name.endswith("_created")} == {
        **CONTRACT_METRICS,
        **MORE_METRICS,
    }


@pytest.mark.parametrize(
    "request_", [b"\x16\x03\x01\x02\x00\x01\x00", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"x" * 100_000]
)
async def test_what_is_no_http_is_turned_away_and_the_next_is_served(address: str, request_: bytes) -> None:
    port = int(address.rsplit(":", 1)[1].rstrip("/"))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request_ + b"\r\n\r\n")
    async with asyncio.timeout(10):
        answer = await reader.read(4096)
    writer.transport.abort()
    assert b"Traceback" not in answer
    assert b"aiohttp" not in answer
    assert not answer or answer.startswith(b"HTTP/1.")
    if answer:
        head, _, body = answer.partition(b"\r\n\r\n")
        assert b"Server: camera-gateway\r\n" in head
        assert json.loads(body)["code"] == "bad-request"
    assert (await get(address + "healthz"))[0] == 200


def certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "gateway.test")])
    now = datetime.fromtimestamp(1_700_000_000, UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=36_500))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    cert, private = folder / "cert.pem", folder / "key.pem"
    cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return cert, private


async def test_tls_is_spoken_with_a_certificate_of_one_s_own(tmp_path: Path, readiness: Readiness) -> None:
    cert, key = certificate(tmp_path)
    service = HttpService(application(Metrics().render, readiness), "127.0.0.1", free_port(), (cert, key))
    address = await service.open()
    try:
        assert address.startswith("https://")
        context = ssl.create_default_context(cafile=str(cert))
        assert (await get(address + "healthz", context=context))[0] == 200
        old = ssl.create_default_context(cafile=str(cert))
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            old.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises(OSError, match=r"Cannot connect"):
            await get(address + "healthz", context=old)
    finally:
        await service.close()


async def test_a_certificate_that_cannot_be_loaded_is_told(tmp_path: Path, readiness: Readiness) -> None:
    cert, _ = certificate(tmp_path)
    for pair in ((cert, tmp_path / "absent.pem"), (cert, cert)):
        service = HttpService(application(Metrics().render, readiness), "127.0.0.1", free_port(), pair)
        with pytest.raises(InvalidInput, match="certificate"):
            await service.open()
        await service.close()


async def test_a_port_in_use_and_an_address_that_is_not_ours_are_told(readiness: Readiness) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        for host, port, hint in (
            ("127.0.0.1", held.getsockname()[1], "another program"),
            ("192.0.2.1", free_port(), "have that address"),
        ):
            service = HttpService(application(Metrics().render, readiness), host, port, None)
            with pytest.raises(Unavailable) as refused:
                await service.open()
            assert hint in refused.value.hint
            assert "None" not in refused.value.message
            await service.close()


def test_serve_beyond_loopback_without_tls_does_not_start(tmp_path: Path) -> None:
    directory = Directory(tmp_path)
    for host in ("0.0.0.0", "::", "192.168.1.5", "example.org"):  # noqa: S104 - what must be refused
        done = directory.run("serve", environment={"CAMERA_GATEWAY_API__HOST": host})
        assert done.code == 2
        assert "loopback" in done.line
        assert host in done.line


def test_serve_on_a_port_in_use_is_one_line_and_exit_5(tmp_path: Path) -> None:
    directory = Directory(tmp_path)
    with socket.socket() as held:
        held.bind(("127.0.0.1", directory.port))
        held.listen()
        done = directory.run("serve")
    assert done.code == 5
    assert str(directory.port) in done.err.splitlines()[-1]
    assert not (directory.data / "control.sock").exists()


async def test_a_served_installation_says_how_its_cameras_are_without_names_of_people(served: Directory) -> None:
    words = served.camera_words("rtsp://127.0.0.1:9/x", "metrics-yard", "--no-probe")
    await asyncio.to_thread(served.json, *words)
    address = f"http://127.0.0.1:{served.port}/"
    assert (await get(address + "healthz"))[0] == 200
    text = await eventually(address + "metrics", lambda _, body: 'camera_up{camera="metrics-yard"} 0.0' in body)
    assert "Двор" not in text
    assert "127.0.0.1" not in text
    ready = await eventually(address + "readyz", lambda status, _: status == 200)  # the store is asked at the start
    assert json.loads(ready)["lacking"] == {}


async def eventually(url: str, found: Callable[[int, str], bool]) -> str:
    """Ask until the answer is as wanted, at most 30 s."""
    deadline = time.monotonic() + 30
    while True:
        status, _, body = await get(url)
        if found(status, body):
            return body
        assert time.monotonic() < deadline, body
        await asyncio.sleep(0.1)
