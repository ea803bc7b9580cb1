"""RTSP messages: requests written, responses and server requests read (RFC 2326 sections 4, 6, 7). Pure.

The reader is as tolerant as real cameras ask for (odd blanks, bare line feeds, missing headers, headers in
any case) and has a hard limit on everything. It does not know what a message means for a session.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from camera_gateway.rtsp.errors import LimitExceeded, MalformedMessage

MAX_HEAD_BYTES = 64 * 1024
MAX_BODY_BYTES = 256 * 1024
MAX_HEADER_LINES = 200
MAX_BLANK_BYTES = 64
"""Stray CR and LF that may stand between messages."""

_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_STATUS_LINE = re.compile(r"RTSP/(\d)\.(\d)[ \t]+(\d{3})(?:[ \t]+(.*))?", re.ASCII)
_REQUEST_LINE = re.compile(r"([A-Z_]{3,20})[ \t]+(\S+)[ \t]+RTSP/\d\.\d[ \t]*", re.ASCII)
_UNSAFE = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Headers:
    """Header fields in the order received; names compare without regard to case."""

    fields: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str | None:
        """Return the first value of `name`, stripped, or None."""
        wanted = name.lower()
        return next((value for key, value in self.fields if key == wanted), None)

    def get_all(self, name: str) -> tuple[str, ...]:
        """Return every value of `name` in order (WWW-Authenticate comes several times)."""
        wanted = name.lower()
        return tuple(value for key, value in self.fields if key == wanted)


@dataclass(frozen=True, slots=True)
class Response:
    """One answer of a camera; `body` is at most 256 KiB."""

    status: int
    reason: str
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""

    @property
    def cseq(self) -> int | None:
        """The CSeq as a number, or None when it is missing or nonsense."""
        return _cseq(self.headers)


@dataclass(frozen=True, slots=True)
class ServerRequest:
    """A request that a camera makes of us (RFC 2326 allows a few; some cameras send them)."""

    method: str
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""

    @property
    def cseq(self) -> int | None:
        """The CSeq as a number, or None when it is missing or nonsense."""
        return _cseq(self.headers)


Message = Response | ServerRequest


def write_request(method: str, url: str, cseq: int, headers: tuple[tuple[str, str], ...]) -> bytes:
    """Serialise a request without a body; UTF-8, so that Cyrillic user names survive.

    Control characters in a value are dropped: nothing a camera or an administrator wrote can add a line.
    """
    lines = [f"{method} {_UNSAFE.sub('', url)} RTSP/1.0", f"CSeq: {cseq}"]
    lines += [f"{name}: {_UNSAFE.sub('', value)}" for name, value in headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogatepass")


def write_answer(status: int, reason: str, request: ServerRequest) -> bytes:
    """Serialise our answer to a server's request, repeating its CSeq when it had one."""
    cseq = request.cseq
    line = "" if cseq is None else f"CSeq: {cseq}\r\n"
    return f"RTSP/1.0 {status} {reason}\r\n{line}\r\n".encode()


def read_message(data: bytes | bytearray | memoryview, start: int, end: int) -> tuple[Message, int] | None:
    """Read the message that begins at `start` and return it with the offset behind it, or None if unfinished.

    Raises MalformedMessage when the bytes are no RTSP message, LimitExceeded when it is too large.
    """
    found = _END_OF_HEAD.search(data, start, min(end, start + MAX_HEAD_BYTES))
    if found is None:
        check_beginning(bytes(data[start : min(end, start + 64)]))
        if end - start >= MAX_HEAD_BYTES:
            raise LimitExceeded(f"message head over {MAX_HEAD_BYTES} bytes")
        return None
    head = bytes(data[start : found.start()]).decode("utf-8", "replace")
    first, *rest = re.split(r"\r?\n", head)
    headers = _parse_headers(rest)
    length = _content_length(headers)
    body_end = found.end() + length
    if body_end > end:
        _parse_first_line(first, headers, b"")
        return None
    return _parse_first_line(first, headers, bytes(data[found.end() : body_end])), body_end


def check_beginning(beginning: bytes) -> None:
    """Raise MalformedMessage early when a head that is still incomplete cannot become an RTSP message."""
    expected = b"RTSP/"
    if beginning[: len(expected)] == expected[: len(beginning)]:
        return
    word = beginning.split(b" ", 1)[0]
    if len(word) <= 20 and re.fullmatch(rb"[A-Z_]+", word):  # noqa: PLR2004 - longest method name
        if word.startswith(b"HTTP"):
            raise MalformedMessage("the other side speaks HTTP, not RTSP")
        return
    if beginning.startswith(b"HTTP/"):
        raise MalformedMessage("the other side speaks HTTP, not RTSP")
    raise MalformedMessage("the other side does not speak RTSP")


def _parse_first_line(line: str, headers: Headers, body: bytes) -> Message:
    status = _STATUS_LINE.fullmatch(line.strip())
    if status is not None:
        return Response(int(status[3]), (status[4] or "").strip()[:200], headers, body)
    request = _REQUEST_LINE.fullmatch(line.strip())
    if request is not None:
        return ServerRequest(request[1], headers, body)
    if line.startswith("HTTP/"):
        raise MalformedMessage("the other side speaks HTTP, not RTSP")
    raise MalformedMessage("the first line is neither an RTSP status nor an RTSP request")


def _parse_headers(lines: list[str]) -> Headers:
    if len(lines) > MAX_HEADER_LINES:
        raise LimitExceeded(f"more than {MAX_HEADER_LINES} header lines")
    fields: list[tuple[str, str]] = []
    for line in lines:
        if line[:1] in {" ", "\t"} and fields:
            name, value = fields[-1]
            fields[-1] = (name, f"{value} {line.strip()}")
            continue
        name, colon, value = line.partition(":")
        if colon:  # a line without a colon is noise of a careless firmware
            fields.append((name.strip().lower(), value.strip()))
    return Headers(tuple(fields))


def _content_length(headers: Headers) -> int:
    text = headers.get("Content-Length")
    if text is None or text == "":
        return 0
    if not (text.isascii() and text.isdigit()) or len(text) > 10:  # noqa: PLR2004 - no sane number is longer
        raise MalformedMessage("Content-Length is not a number")
    length = int(text)
    if length > MAX_BODY_BYTES:
        raise LimitExceeded(f"message body over {MAX_BODY_BYTES} bytes")
    return length


def _cseq(headers: Headers) -> int | None:
    text = headers.get("CSeq")
    if text is None or not (text.isascii() and text.isdigit()) or len(text) > 10:  # noqa: PLR2004 - 32 bits
        return None
    return int(text)
