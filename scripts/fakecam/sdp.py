"""The session description of a clip (RFC 4566, RFC 6184 8.2, RFC 7798 7.2, RFC 3640 4.1). Pure."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fakecam.layout import Clip, Track


#: RFC 3640, 3.3.6: one size and one index before each frame
_HBR = "streamtype=5;profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3"


def describe(clip: Clip, name: str) -> bytes:
    """Write the SDP that a camera of this name answers to DESCRIBE."""
    lines = [
        "v=0",
        "o=- 1 1 IN IP4 127.0.0.1",
        f"s={name}",
        "c=IN IP4 0.0.0.0",
        "t=0 0",
        "a=control:*",
        "a=range:npt=0-",
    ]
    for track in clip.tracks:
        lines += [f"m={track.kind} 0 RTP/AVP {track.payload_type}", *_attributes(track)]
        lines.append(f"a=control:trackID={track.number}")
    return ("\r\n".join(lines) + "\r\n").encode()


def _attributes(track: Track) -> list[str]:
    source, pt = track.source, track.payload_type
    sets = [b64encode(s).decode() for s in source.parameter_sets]
    if source.codec == "h264":
        profile = source.parameter_sets[0][1:4].hex().upper()
        return [
            f"a=rtpmap:{pt} H264/90000",
            f"a=fmtp:{pt} packetization-mode=1;profile-level-id={profile};sprop-parameter-sets={','.join(sets)}",
        ]
    if source.codec == "h265":
        by_type: dict[int, list[str]] = {32: [], 33: [], 34: []}
        for raw, text in zip(source.parameter_sets, sets, strict=True):
            by_type[raw[0] >> 1 & 0x3F].append(text)
        sprop = ";".join(
            f"sprop-{name}={','.join(by_type[kind])}" for name, kind in (("vps", 32), ("sps", 33), ("pps", 34))
        )
        return [f"a=rtpmap:{pt} H265/90000", f"a=fmtp:{pt} {sprop}"]
    if source.codec == "aac":
        fmtp = f"a=fmtp:{pt}"
        return [
            f"a=rtpmap:{pt} MPEG4-GENERIC/{source.clock_hz}/{source.channels}",
            f"{fmtp} {_HBR};config={source.config.hex().upper()}",
        ]
    return [f"a=rtpmap:{pt} {source.codec.upper()}/8000"]
