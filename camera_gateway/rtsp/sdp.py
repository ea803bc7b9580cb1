"""The session description that a camera answers to DESCRIBE (RFC 8866, the part that cameras use). Pure.

Tolerant of missing and misplaced lines, strict about size. It names what is offered; what can be recorded
is decided in `depacketise.opening`.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from camera_gateway.rtsp.errors import LimitExceeded, MalformedDescription

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES = 256 * 1024
MAX_LINES = 4096
MAX_MEDIA = 32
MAX_FORMATS = 32

_SESSION_LINES = {"c": "connection", "s": "name"}
_STATIC = {0: ("PCMU", 8000, 1), 8: ("PCMA", 8000, 1), 26: ("JPEG", 90000, 1)}
_RTPMAP = re.compile(r"(\d{1,3})\s+([^/\s]+)\s*(?:/\s*(\d{1,9}))?\s*(?:/\s*(\d{1,3}))?", re.ASCII)
_FMTP = re.compile(r"(\d{1,3})(?:\s+(.*))?", re.ASCII)
_NUMBER = re.compile(r"\s*(\d{1,6}(?:\.\d{1,9})?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Format:
    """One payload format of a media section; `encoding` in capitals, fmtp names in lower case."""

    payload_type: int
    encoding: str
    clock_rate: int
    channels: int = 1
    fmtp: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Media:
    """One `m=` section. `framerate` is frames per second as promised, None when not promised."""

    kind: str
    protocol: str
    formats: tuple[Format, ...]
    control: str | None = None
    framerate: float | None = None
    connection: str | None = None
    direction: str | None = None

    @property
    def encoding(self) -> str:
        """The name of the first format, for people: `H264`, `AV1`, or `?`."""
        return self.formats[0].encoding if self.formats else "?"


@dataclass(frozen=True, slots=True)
class Description:
    """What a camera offers; media sections in the camera's order."""

    media: tuple[Media, ...]
    control: str | None = None
    name: str = ""
    tool: str = ""
    connection: str | None = None


@dataclass(slots=True)
class _Section:
    """A media section while its lines are read."""

    kind: str
    protocol: str
    payload_types: list[int]
    attributes: list[tuple[str, str]] = field(default_factory=list)
    connection: str | None = None


def parse(body: bytes) -> Description:
    """Read a session description. Raises MalformedDescription or LimitExceeded."""
    if len(body) > MAX_BYTES:
        raise LimitExceeded(f"session description over {MAX_BYTES} bytes")
    lines = re.split(r"[\r\n]+", body.decode("utf-8", "replace").strip("\x00\r\n \t"))
    if len(lines) > MAX_LINES:
        raise LimitExceeded(f"session description over {MAX_LINES} lines")
    session: list[tuple[str, str]] = []
    sections: list[_Section] = []
    known = False
    for kind, value in _pairs(lines):
        known = known or (kind == "v" and value == "0") or kind == "m"
        if kind == "m":
            if len(sections) >= MAX_MEDIA:
                raise LimitExceeded(f"more than {MAX_MEDIA} media sections")
            sections.append(_open_section(value))
        elif kind == "c" and sections:
            sections[-1].connection = value
        elif kind in _SESSION_LINES:
            session.append((_SESSION_LINES[kind], value))
        elif kind == "a":
            name, _, argument = value.partition(":")
            (sections[-1].attributes if sections else session).append((name.strip().lower(), argument.strip()))
    if not known:
        raise MalformedDescription("the answer to DESCRIBE is no session description")
    return Description(
        tuple(_close_section(section) for section in sections),
        _last(session, "control"),
        (_last(session, "name") or "")[:200],
        (_last(session, "tool") or "")[:200],
        _last(session, "connection"),
    )


def _pairs(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Yield type and value of every line that has both."""
    for line in lines:
        kind, equals, value = line.strip().partition("=")
        if equals and len(kind) == 1:
            yield kind, value.strip()


def _open_section(value: str) -> _Section:
    words = value.split()
    payload_types = [int(word) for word in words[3 : 3 + MAX_FORMATS] if re.fullmatch(r"\d{1,3}", word, re.ASCII)]
    return _Section(
        words[0].lower() if words else "",
        words[2].upper() if len(words) > 2 else "",  # noqa: PLR2004 - m=<media> <port> <proto> <fmt> …
        [number for number in payload_types if number < 128],  # noqa: PLR2004 - seven bits
    )


def _close_section(section: _Section) -> Media:
    maps: dict[int, tuple[str, int, int]] = {}
    parameters: dict[int, dict[str, str]] = {}
    framerate: float | None = None
    direction: str | None = None
    for name, value in section.attributes:
        if name == "rtpmap" and (found := _RTPMAP.match(value)):
            maps[int(found[1])] = (found[2].upper(), int(found[3] or 0), int(found[4] or 1))
        elif name == "fmtp" and (found := _FMTP.match(value)):
            parameters.setdefault(int(found[1]), {}).update(_parse_fmtp(found[2] or ""))
        elif name in {"framerate", "x-framerate"} and (found := _NUMBER.match(value)):
            # "0S" and then "25" come from the same camera: the last one that means something counts
            rate = float(found[1])
            framerate = rate if math.isfinite(rate) and rate > 0 else framerate
        elif name in {"recvonly", "sendonly", "sendrecv", "inactive"}:
            direction = name
    formats = []
    for number in section.payload_types:
        encoding, clock_rate, channels = maps.get(number) or _STATIC.get(number) or ("?", 0, 1)
        formats.append(
            Format(
                number,
                encoding[:40],
                clock_rate or _usual_rate(section.kind, encoding),
                channels,
                parameters.get(number, {}),
            )
        )
    return Media(
        section.kind,
        section.protocol,
        tuple(formats),
        _last(section.attributes, "control"),
        framerate,
        section.connection,
        direction,
    )


def _usual_rate(kind: str, encoding: str) -> int:
    if kind == "video":
        return 90000
    return 8000 if encoding in {"PCMU", "PCMA"} else 0


def _parse_fmtp(text: str) -> dict[str, str]:
    parameters: dict[str, str] = {}
    for part in text.split(";")[:64]:
        name, equals, value = part.strip().partition("=")
        if equals and name:
            parameters[name.strip().lower()] = value.strip()
    return parameters


def _last(attributes: list[tuple[str, str]], name: str) -> str | None:
    return next((value for key, value in reversed(attributes) if key == name), None)
