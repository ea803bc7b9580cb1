"""RTSP requests in, answers out (RFC 2326), with interleaved frames between them.

Pure and incremental: bytes go in, whole requests and the channels of interleaved
frames come out. Refuses what no client of good faith sends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_HEAD_BYTES = 16_384
MAX_BODY_BYTES = 65_536
REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    453: "Not Enough Bandwidth",
    454: "Session Not Found",
    455: "Method Not Valid in This State",
    461: "Unsupported Transport",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
}
_DOLLAR = 0x24
_REQUEST_LINE_WORDS = 3


class NotRtspError(Exception):
    """The client sends something that is not RTSP."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request; header names in lower case."""

    method: str
    uri: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """Path of the URI without query and without a slash at its end."""
        rest = self.uri.split("://", 1)[-1]
        path = rest[rest.index("/") :] if "/" in rest else "/"
        return path.split("?", 1)[0].rstrip("/") or "/"


@dataclass(frozen=True, slots=True)
class Interleaved:
    """A frame from the client (receiver reports); its content does not matter here."""

    channel: int


class Requests:
    """Cuts a client's byte stream."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> Iterator[Request | Interleaved]:
        """Everything that is complete now. Raises NotRtspError."""
        self._held += data
        while self._held:
            found = self._frame() if self._held[0] == _DOLLAR else self._request()
            if found is None:
                return
            yield found

    def _frame(self) -> Interleaved | None:
        held = self._held
        if len(held) < 4 or len(held) < (end := 4 + int.from_bytes(held[2:4], "big")):  # noqa: PLR2004 - the frame's head
            return None
        channel = held[1]
        del held[:end]
        return Interleaved(channel)

    def _request(self) -> Request | None:
        held = self._held
        end = held.find(b"\r\n\r\n")
        if end < 0:
            if len(held) > MAX_HEAD_BYTES:
                raise NotRtspError("endless head")
            return None
        lines = bytes(held[:end]).decode("latin-1").split("\r\n")
        words = lines[0].split(" ")
        if len(words) != _REQUEST_LINE_WORDS or not words[2].startswith("RTSP/1."):
            raise NotRtspError("no RTSP request line")
        pairs = (line.partition(":") for line in lines[1:])
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > MAX_BODY_BYTES:
            raise NotRtspError("bad Content-Length")
        whole = end + 4 + int(length)
        if len(held) < whole:
            return None
        body = bytes(held[end + 4 : whole])
        del held[:whole]
        return Request(words[0], words[1], headers, body)


def answer(status: int, cseq: str, headers: Mapping[str, str | list[str]], body: bytes = b"") -> bytes:
    """One response; a list gives the header several times."""
    lines = [f"RTSP/1.0 {status} {REASONS.get(status, 'Error')}", f"CSeq: {cseq}"]
    for name, value in headers.items():
        lines += [f"{name}: {one}" for one in ([value] if isinstance(value, str) else value)]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body
