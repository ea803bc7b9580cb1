"""Whether an SEI NAL unit carries a camera's signature of its own video. Pure.

Promises to notice, never to judge: what is signed, by whom and whether it holds is for the tools of ONVIF and of the
maker. The look is bounded, changes no byte, and is taken of SEI NAL units only.
"""

from __future__ import annotations

ONVIF_MEDIA_SIGNING = bytes.fromhex("005bc93f2d715e95ada4796f90877a6f")
"""ONVIF Media Signing Specification; https://github.com/onvif/media-signing-framework, README.md."""
AXIS_SIGNED_VIDEO = b"Signed Video...0"
"""5369676e-6564-2056-6964-656f2e2e2e30; https://github.com/AxisCommunications/signed-video-framework, README.md."""
SIGNATURES = (ONVIF_MEDIA_SIGNING, AXIS_SIGNED_VIDEO)

LOOK_BYTES = 64 * 1024
"""Of an SEI NAL unit, from its beginning: a signature further in is not noticed."""
MAX_MESSAGES = 64
"""SEI messages in a NAL unit that are looked at."""
_UNREGISTERED = 5  # user_data_unregistered: ITU-T H.264 and H.265, tables of D.1
_UUID_BYTES = 16


def carries_signature(nal: bytes, header_bytes: int) -> bool:
    """Tell whether one of the SEI messages of a NAL unit begins with the UUID of a signature."""
    # neither UUID has emulation prevention inside, nor one at its border: as bytes it is there, or nowhere
    if not any(nal.find(uuid, header_bytes, LOOK_BYTES) >= 0 for uuid in SIGNATURES):
        return False
    payload = nal[header_bytes:LOOK_BYTES].replace(b"\x00\x00\x03", b"\x00\x00")
    at = 0
    for _ in range(MAX_MESSAGES):
        kind, at = _number(payload, at)
        size, at = _number(payload, at)
        if at + _UUID_BYTES > len(payload):
            return False
        if kind == _UNREGISTERED and size >= _UUID_BYTES and payload[at : at + _UUID_BYTES] in SIGNATURES:
            return True
        at += size
    return False


def _number(payload: bytes, at: int) -> tuple[int, int]:
    """Return a payload type or size, which is 255 for each byte 255 and then a last byte, and where it ends."""
    end = at
    while payload[end : end + 1] == b"\xff":
        end += 1
    return (end - at) * 255 + sum(payload[end : end + 1]), end + 1
