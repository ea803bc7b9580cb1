"""Frames and messages on one TCP connection (RFC 2326 section 10.12): `$`, channel, 16-bit length, data. Pure.

There is no way to find the next frame once the framing broke: guessing would splice pictures, so the answer
is the typed error `stream-corrupt` and a new connection.
"""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

from camera_gateway.rtsp.errors import LimitExceeded, MalformedMessage, StreamCorrupt, StreamLimitExceeded
from camera_gateway.rtsp.messages import MAX_BLANK_BYTES, Message, check_beginning, read_message

DOLLAR = 0x24
HEADER = Struct(">BBH")

_BLANK = b"\r\n"


class Frame(NamedTuple):
    """One interleaved frame; its data is `buffer[start:end]`."""

    channel: int
    start: int
    end: int


def write_frame(channel: int, data: bytes) -> bytes:
    """Frame `data`, at most 65,535 bytes of it, for a channel 0–255."""
    return HEADER.pack(DOLLAR, channel, len(data)) + data


def read_item(buffer: bytes | bytearray | memoryview, start: int, end: int) -> tuple[Frame | Message | None, int]:
    """Read the frame or message at `start`; return it and the offset behind it, or None and what was skipped.

    Raises StreamCorrupt when neither can begin there, StreamLimitExceeded for a message over its limits.
    """
    at = start
    while at < end and buffer[at] in _BLANK:  # some servers end a body with an extra CRLF
        at += 1
        if at - start > MAX_BLANK_BYTES:
            raise StreamCorrupt("blank bytes without end between frames")
    if at == end:
        return None, at
    if buffer[at] == DOLLAR:
        if end - at < HEADER.size:
            return None, at
        _, channel, length = HEADER.unpack_from(buffer, at)
        stop = at + HEADER.size + length
        if stop > end:
            return None, at
        return Frame(channel, at + HEADER.size, stop), stop
    try:
        check_beginning(bytes(buffer[at : min(end, at + 64)]))
        found = read_message(buffer, at, end)
    except MalformedMessage as error:
        raise StreamCorrupt(f"interleaved framing broke: {error.message}") from None
    except LimitExceeded as error:
        raise StreamLimitExceeded(error.message) from None
    return found if found is not None else (None, at)
