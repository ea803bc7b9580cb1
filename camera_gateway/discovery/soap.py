"""One SOAP question over HTTP/1.1 to one address: bounded in time and bytes, no redirect, no compression, no cookie.

Written for strangers: the answer may be slow, endless or hostile, and leads to text or to `SoapFailed`, never to a
connection elsewhere. The password leaves only inside an HTTP digest (RFC 7616); Basic is not answered.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from camera_gateway.discovery.asking import connect
from camera_gateway.rtsp.digest import Authenticator, parse_challenges
from camera_gateway.rtsp.errors import RtspRefused

if TYPE_CHECKING:
    from camera_gateway.discovery.asking import Account, Peer

MOST_HEAD_BYTES = 16 * 1024
MOST_BODY_BYTES = 512 * 1024
"""An answer with eight profiles has about 30 KB."""
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})(?: [^\r\n]*)?")
_UNAUTHORISED = 401
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})(?:;[^\r\n]*)?\r\n")


class SoapFailed(Exception):
    """No usable answer. `cause` is of a closed list: `CAUSES`."""

    def __init__(self, cause: str, detail: str) -> None:
        super().__init__(detail)
        self.cause = cause


CAUSES = (
    "port-closed",
    "no-answer",
    "not-http",
    "redirected",
    "too-large",
    "hostile-xml",
    "not-onvif",
    "auth-missing",
    "auth-wrong",
    "auth-scheme",
    "clock",
    "refused",
    "foreign-host",
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, and the body as text."""

    status: int
    text: str
    challenges: tuple[str, ...] = ()


async def post(peer: Peer, path: str, body: str, account: Account | None, *, wait_s: float) -> Answer:
    """Ask once, and a second time with a digest when the device wants one; raises `SoapFailed`."""
    answer = await _once(peer, path, body, None, wait_s)
    if answer.status != _UNAUTHORISED or account is None:
        return answer
    authenticator = Authenticator(account.username, account.password)
    digests = [c for c in parse_challenges(answer.challenges) if c.scheme == "digest"]
    if not authenticator.take(digests):
        # the envelope's own digest was not enough, and nothing weaker is given to a stranger
        return answer
    return await _once(peer, path, body, authenticator.header("POST", path), wait_s)


async def _once(peer: Peer, path: str, body: str, authorization: str | None, wait_s: float) -> Answer:
    data = body.encode()
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: {f'[{peer.host}]' if ':' in peer.host else peer.host}:{peer.port}",
        "User-Agent: camera-gateway",
        "Content-Type: application/soap+xml; charset=utf-8",
        f"Content-Length: {len(data)}",
        "Accept-Encoding: identity",
        "Connection: close",
        *([] if authorization is None else [f"Authorization: {authorization}"]),
    ]
    try:
        reader, writer = await connect(peer, wait_s)
    except RtspRefused as refused:
        raise SoapFailed(str(refused.cause), refused.message) from None
    try:
        async with asyncio.timeout(wait_s):
            writer.write(("\r\n".join(lines) + "\r\n\r\n").encode() + data)
            status, headers = await _head(reader)
            if 300 <= status < 400:  # noqa: PLR2004 - the class of redirections
                raise SoapFailed("redirected", "the device sends us elsewhere, where we do not go")
            text = (await _body(reader, headers)).decode("utf-8", "replace")
    except TimeoutError:
        raise SoapFailed("no-answer", f"no whole answer within {wait_s:g} s") from None
    except (OSError, asyncio.IncompleteReadError):
        raise SoapFailed("no-answer", "the device hung up within its answer") from None
    finally:
        writer.transport.abort()
        with suppress(OSError):
            await writer.wait_closed()
    return Answer(status, text, tuple(value for name, value in headers if name == "www-authenticate"))


async def _head(reader: asyncio.StreamReader) -> tuple[int, list[tuple[str, str]]]:
    held = bytearray()
    while True:
        line = await _line(reader)
        held += line
        if len(held) > MOST_HEAD_BYTES:
            raise SoapFailed("too-large", "the head of the answer has no end")
        if line in {b"\r\n", b"\n"}:
            break
    first, *rest = bytes(held).splitlines()
    found = _STATUS.fullmatch(first)
    if found is None:
        raise SoapFailed("not-http", "what answers is no web server")
    headers = []
    for each in rest:
        name, colon, value = each.decode("latin-1").partition(":")
        if colon:
            headers.append((name.strip().lower(), value.strip()))
    return int(found[1]), headers


async def _line(reader: asyncio.StreamReader) -> bytes:
    try:
        line = await reader.readline()
    except ValueError:  # longer than the reader holds
        raise SoapFailed("too-large", "a line of the answer has no end") from None
    if not line.endswith(b"\n"):
        raise SoapFailed("not-http", "the device hung up without an answer")
    return line


async def _body(reader: asyncio.StreamReader, headers: list[tuple[str, str]]) -> bytes:
    told = dict(headers)
    if told.get("content-encoding", "identity").lower() != "identity":
        raise SoapFailed("not-http", "the device packs its answer although it was asked not to")
    if "chunked" in told.get("transfer-encoding", "").lower():
        return await _chunks(reader)
    length = told.get("content-length", "")
    if length.isdecimal():
        if int(length) > MOST_BODY_BYTES:
            raise SoapFailed("too-large", f"the answer has {length} bytes")
        return await reader.readexactly(int(length))
    body = bytearray()
    while data := await reader.read(1 << 14):
        body += data
        if len(body) > MOST_BODY_BYTES:
            raise SoapFailed("too-large", "the answer has no end")
    return bytes(body)


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = bytearray()
    while True:
        found = _CHUNK.fullmatch(await _line(reader))
        if found is None:
            raise SoapFailed("not-http", "the device's chunks are none")
        size = int(found[1], 16)
        if len(body) + size > MOST_BODY_BYTES:
            raise SoapFailed("too-large", "the answer has no end")
        if size == 0:
            return bytes(body)
        body += await reader.readexactly(size)
        await _line(reader)
