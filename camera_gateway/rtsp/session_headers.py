"""The headers that set a session up: Transport, Session, RTP-Info (RFC 2326 sections 12.33, 12.37, 12.39). Pure.

Promises a value for each header that a camera may leave out or garble, never an exception for a strange one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from camera_gateway.rtsp.url import path_of

MAX_TIMEOUT_S = 86_400
MAX_SESSION_ID = 256

_INTERLEAVED = re.compile(r"interleaved\s*=\s*(\d{1,3})(?:\s*-\s*(\d{1,3}))?", re.IGNORECASE | re.ASCII)
_SSRC = re.compile(r"ssrc\s*=\s*([0-9A-F]{1,8})\b", re.IGNORECASE | re.ASCII)
_TIMEOUT = re.compile(r"timeout\s*=\s*(\d{1,6})", re.IGNORECASE | re.ASCII)
_RTP_INFO_PART = re.compile(r"(seq|rtptime)\s*=\s*(-?\d{1,10})", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Transport:
    """What a camera answered to SETUP; channels None when it named none, ssrc None when it announced none."""

    tcp: bool
    rtp_channel: int | None = None
    rtcp_channel: int | None = None
    ssrc: int | None = None


@dataclass(frozen=True, slots=True)
class RtpInfo:
    """What RTP-Info promised for a track; None where it was absent or impossible."""

    sequence: int | None = None
    rtp_time32: int | None = None


def parse_transport(value: str) -> Transport:
    """Read a Transport header; a channel above 255 is returned as it is."""
    found = _INTERLEAVED.search(value)
    # a leading zero may be sent as a blank: "ssrc= d6d6627"
    named = _SSRC.search(value)
    ssrc = int(named[1], 16) if named is not None else 0
    if found is None:
        return Transport("TCP" in value.upper(), ssrc=ssrc or None)
    first = int(found[1])
    return Transport(
        tcp=True,
        rtp_channel=first,
        rtcp_channel=int(found[2]) if found[2] else first + 1,
        ssrc=ssrc or None,
    )


def parse_session(value: str) -> tuple[str, int | None]:
    """Return the session id and its time-out in seconds, None when none was named or it is absurd."""
    name, _, parameters = value.partition(";")
    found = _TIMEOUT.search(parameters)
    seconds = int(found[1]) if found is not None else 0
    return name.strip()[:MAX_SESSION_ID], seconds if 0 < seconds <= MAX_TIMEOUT_S else None


def parse_rtp_info(value: str, controls: tuple[tuple[str, str], ...]) -> tuple[RtpInfo, ...]:
    """Return what RTP-Info says of each track, given as (control attribute, control path).

    Cameras write whole URLs, paths or bare control names; a single part belongs to a single track.
    """
    infos = [RtpInfo() for _ in controls]
    parts = re.split(r",\s*(?=url\s*=)", value)[:16] if value else []
    for part in parts:
        url = re.split(r";\s*(?:seq|rtptime)", part.partition("=")[2])[0].strip().strip('"')
        numbers = {key.lower(): int(text) for key, text in _RTP_INFO_PART.findall(part)}
        sequence, time32 = numbers.get("seq", -1), numbers.get("rtptime", -1)
        info = RtpInfo(
            sequence if 0 <= sequence < 1 << 16 else None,
            time32 if 0 <= time32 < 1 << 32 else None,
        )
        alone = len(controls) == len(parts) == 1
        for number, (control, path) in enumerate(controls):
            if alone or _same_track(url, control, path):
                infos[number] = info
                break
    return tuple(infos)


def _same_track(url: str, control: str, path: str) -> bool:
    told = path_of(url) or url
    if not told:
        return False
    return told == path or (control not in {"", "*"} and (control.endswith(told) or told.endswith(control)))
