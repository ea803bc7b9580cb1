"""From a media section to its depacketiser, or a refusal that names the codec. Pure.

The one list of codecs that are recorded; a new one begins here.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from camera_gateway.rtsp.depacketise.aac import AacFrames, AacLayout
from camera_gateway.rtsp.depacketise.g711 import G711Frames
from camera_gateway.rtsp.depacketise.h264 import H264Assembler
from camera_gateway.rtsp.depacketise.h265 import H265Assembler
from camera_gateway.rtsp.errors import CodecRefused
from camera_gateway.rtsp.tracks import Opened

if TYPE_CHECKING:
    from camera_gateway.rtsp.sdp import Format, Media

MAX_PARAMETER_SETS = 32
_FREQUENCIES = (
    96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350,
)  # fmt: skip
_AAC_MODES = {"aac-hbr": (13, 3, 3), "aac-lbr": (6, 2, 2)}
_MAX_CLOCK_RATE = 10_000_000
_AAC_LC, _SBR, _PS, _ESCAPE = 2, 5, 29, 31


def open_media(media: Media, track: int) -> Opened:
    """Open the first format of a section that can be recorded. Raises CodecRefused naming what it is."""
    refusals: list[CodecRefused] = []
    for offered in media.formats:
        try:
            return open_format(media.kind, offered, track)
        except CodecRefused as refusal:
            refusals.append(refusal)
    if refusals:
        raise refusals[0]
    raise CodecRefused("?", f"the {media.kind or 'media'} section names no payload format")


def open_format(kind: str, offered: Format, track: int) -> Opened:
    """Open one payload format. Raises CodecRefused naming what it is."""
    if not 0 < offered.clock_rate <= _MAX_CLOCK_RATE:
        raise CodecRefused(offered.encoding, f"{offered.encoding} without a usable clock rate")
    encoding = offered.encoding
    common = (offered.payload_type, offered.clock_rate)
    if kind == "video" and encoding == "H264":
        return Opened("h264", *common, 0, H264Assembler(track), _h264_sets(offered))
    if kind == "video" and encoding in {"H265", "HEVC"}:
        donl = _number(offered, "sprop-max-don-diff", 0, 32767) > 0
        return Opened("h265", *common, 0, H265Assembler(track, donl=donl), _h265_sets(offered))
    if kind == "audio" and encoding == "MPEG4-GENERIC":
        return _open_aac(offered, track)
    if kind == "audio" and encoding in {"PCMA", "PCMU"}:
        channels = offered.channels if offered.channels in {1, 2} else 1
        return Opened(
            "pcma" if encoding == "PCMA" else "pcmu",
            *common,
            channels,
            G711Frames(track, channels),
            sample_rate=offered.clock_rate,
        )
    raise CodecRefused(
        encoding,
        f"{kind} codec {encoding} is not recorded",
        hint="set the camera to H.264 or H.265" if kind == "video" else "set the camera to AAC or G.711",
    )


def _open_aac(offered: Format, track: int) -> Opened:
    try:
        config = bytes.fromhex(offered.fmtp.get("config", ""))
    except ValueError:
        config = b""
    parsed = parse_audio_config(config)
    if parsed is None:
        raise CodecRefused("MPEG4-GENERIC", "AAC without a usable AudioSpecificConfig in the SDP")
    sample_rate, channels, frame_samples = parsed
    mode = _AAC_MODES.get(offered.fmtp.get("mode", "").lower(), _AAC_MODES["aac-hbr"])
    layout = AacLayout(
        _number(offered, "sizelength", mode[0], 16) or mode[0],
        _number(offered, "indexlength", mode[1], 16),
        _number(offered, "indexdeltalength", mode[2], 16),
        frame_samples * offered.clock_rate // sample_rate,
    )
    return Opened(
        "aac",
        offered.payload_type,
        offered.clock_rate,
        channels or offered.channels,
        AacFrames(track, layout),
        codec_config=config,
        sample_rate=sample_rate,
    )


def parse_audio_config(config: bytes) -> tuple[int, int, int] | None:
    """Return sample rate, channel configuration and samples per frame of an AudioSpecificConfig, or None.

    ISO/IEC 14496-3 section 1.6.2.1: AAC with or without explicit SBR signalling; rate and frame are the core's.
    """
    if not 2 <= len(config) <= 64:  # noqa: PLR2004 - shortest AAC config; none is near the other
        return None
    bits, left = int.from_bytes(config), len(config) * 8

    def take(count: int) -> int:
        nonlocal left
        left -= count
        return bits >> left & ((1 << count) - 1) if left >= 0 else 0

    def take_rate() -> int:
        index = take(4)
        if index == 15:  # noqa: PLR2004 - escape to an explicit rate
            return take(24)
        return _FREQUENCIES[index] if index < len(_FREQUENCIES) else 0

    kind = take(5)
    if kind == _ESCAPE:
        kind = 32 + take(6)
    rate = take_rate()
    channels = take(4)
    if kind in {_SBR, _PS}:
        take_rate()
        kind = take(5)
    short = take(1) == 1
    if left < 0 or rate <= 0 or channels > 7 or not 1 <= kind <= 4:  # noqa: PLR2004 - AAC profiles
        return None
    return rate, channels, 960 if short else 1024


def _number(offered: Format, name: str, default: int, limit: int) -> int:
    text = offered.fmtp.get(name, "")
    if text.isascii() and text.isdigit() and len(text) <= 6:  # noqa: PLR2004 - larger is nonsense
        return min(int(text), limit)
    return default


def _h264_sets(offered: Format) -> tuple[bytes, ...]:
    sets = _decode_sets([offered.fmtp.get("sprop-parameter-sets", "")])
    wanted = tuple(nal for nal in sets if nal[0] & 31 in {7, 8, 13})
    return wanted if {7, 8} <= {nal[0] & 31 for nal in wanted} else ()


def _h265_sets(offered: Format) -> tuple[bytes, ...]:
    sets = _decode_sets([offered.fmtp.get(f"sprop-{name}", "") for name in ("vps", "sps", "pps")])
    wanted = tuple(nal for nal in sets if len(nal) > 2 and 32 <= nal[0] >> 1 & 63 <= 34)  # noqa: PLR2004 - VPS 32 to PPS 34
    return wanted if len({nal[0] >> 1 & 63 for nal in wanted}) == 3 else ()  # noqa: PLR2004 - VPS, SPS, PPS


def _decode_sets(values: list[str]) -> list[bytes]:
    """Decode base64 NAL units; start codes that a firmware left around them are cut off."""
    nals: list[bytes] = []
    for text in ",".join(values).split(",")[:MAX_PARAMETER_SETS]:
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4))
        except (binascii.Error, ValueError):
            continue
        nals += [part.rstrip(b"\x00") for part in raw.split(b"\x00\x00\x01") if part.strip(b"\x00")]
    return nals
