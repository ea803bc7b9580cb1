"""Sample entries: how a track's codec is described in `stsd` (ISO/IEC 14496-12 8.5.2, 14496-15).

Promises: pure bytes from formats and parameter sets and back again, the same for the fragmented and the
plain writer. Knows nothing of samples.

Video is labelled `avc1` and `hvc1` and carries its parameter sets in avcC and hvcC, because that is
what browsers accept (`avc3` and `hev1` are refused by some, and Apple's decoder takes sets from the
sample entry only). The samples keep their own copies nevertheless, bit for bit as the camera sent
them: a signature over the video, as signing cameras put it into SEI units, counts every NAL unit.
ISO/IEC 14496-15 would have those copies removed under these labels; every decoder known to us
accepts a repetition, and a removed byte could not be brought back.
"""

import struct
from collections.abc import Iterable

from camera_gateway.media import h264_sps, h265_sps
from camera_gateway.media.aac_config import aac_format, g711_format
from camera_gateway.media.boxes import box, full_box, walk
from camera_gateway.media.formats import AudioFormat, ParameterSetError, VideoFormat
from camera_gateway.media.parameter_sets import OrderedSets, ordered_sets, video_format

_DPI_72 = 0x00480000
# Profiles whose avcC ends with chroma format and bit depths (14496-15 5.3.3.1.2).
_AVCC_EXTENDED = frozenset({100, 110, 122, 144})
_MAX_SPS = 31
_MAX_PPS = 255
_MAX_SIDE = 0xFFFF
_VIDEO_FIELDS_BYTES = 78
_AUDIO_FIELDS_BYTES = 28
# Descriptor tags of ISO/IEC 14496-1 table 1.
_ES = 0x03
_DECODER_CONFIG = 0x04
_DECODER_INFO = 0x05
_SYNC_LAYER = 0x06


def video_entry(video: VideoFormat, parameter_sets: Iterable[bytes]) -> bytes:
    """Return an `avc1` or `hvc1` box.

    Raises:
        ParameterSetError: damaged or incomplete sets, or a size that stsd cannot hold.

    """
    sets = ordered_sets(video.codec, parameter_sets)
    if not (0 < video.width <= _MAX_SIDE and 0 < video.height <= _MAX_SIDE):
        raise ParameterSetError(f"a picture of {video.width}x{video.height}")
    kind, config = (
        (b"avc1", box(b"avcC", _avcc(sets))) if video.codec == "h264" else (b"hvc1", box(b"hvcC", _hvcc(sets)))
    )
    return box(
        kind,
        struct.pack(">6xH16x", 1),
        struct.pack(">HHIIIH", video.width, video.height, _DPI_72, _DPI_72, 0, 1),
        bytes(32),  # compressor name
        struct.pack(">Hh", 24, -1),  # depth, no colour table
        config,
    )


def audio_entry(audio: AudioFormat) -> bytes:
    """Return an `mp4a`, `alaw` or `ulaw` box."""
    kind = {"aac": b"mp4a", "alaw": b"alaw", "ulaw": b"ulaw"}[audio.codec]
    # The rate is 16.16; one that does not fit stands in the codec's own configuration.
    rate = audio.sample_rate << 16 if audio.sample_rate <= _MAX_SIDE else 0
    fields = struct.pack(">6xH8xHHHHI", 1, audio.channels, 16, 0, 0, rate)
    return box(kind, fields, _esds(audio.config) if audio.codec == "aac" else b"")


def read_video_entry(kind: bytes, body: bytes) -> tuple[VideoFormat, tuple[bytes, ...]]:
    """Return (format, parameter sets) of an `avc1` or `hvc1` box that we wrote.

    Raises:
        ParameterSetError: another kind of entry, no configuration, or damaged sets.
        BoxError: the boxes inside are damaged.

    """
    if kind == b"avc1":
        sets = _read_avcc(_inner(body, _VIDEO_FIELDS_BYTES, b"avcC"))
        return video_format("h264", sets), sets
    if kind == b"hvc1":
        sets = _read_hvcc(_inner(body, _VIDEO_FIELDS_BYTES, b"hvcC"))
        return video_format("h265", sets), sets
    raise ParameterSetError(f"video entry {kind!r}")


def read_audio_entry(kind: bytes, body: bytes) -> AudioFormat:
    """Return the format of an `mp4a`, `alaw` or `ulaw` box that we wrote.

    Raises:
        ParameterSetError: another kind of entry, or a damaged configuration.
        BoxError: the boxes inside are damaged.

    """
    if len(body) < _AUDIO_FIELDS_BYTES:
        raise ParameterSetError("an audio entry is cut short")
    if kind == b"mp4a":
        esds = _inner(body, _AUDIO_FIELDS_BYTES, b"esds")
        # ES (tag, length, id, flags), DecoderConfig (tag, length, 13 bytes), DecoderSpecificInfo:
        # as `_esds` lays them out
        at = 4 + 5 + 15
        if len(esds) < at + 2 or esds[4] != _ES or esds[9] != _DECODER_CONFIG or esds[at] != _DECODER_INFO:
            raise ParameterSetError("an esds that is not ours")
        return aac_format(esds[at + 2 : at + 2 + esds[at + 1]])
    channels, rate = struct.unpack_from(">H6xI", body, 16)
    return g711_format(kind.decode("latin-1"), rate >> 16, channels)


def _inner(body: bytes, fields: int, kind: bytes) -> bytes:
    found = next((inner for inner in walk(body, min(fields, len(body))) if inner.kind == kind), None)
    if found is None:
        raise ParameterSetError(f"a sample entry without {kind!r}")
    return body[found.body : found.end]


def _read_avcc(config: bytes) -> tuple[bytes, ...]:
    sets: list[bytes] = []
    at = 5
    for mask in (0x1F, 0xFF):
        count = _byte(config, at) & mask
        at = _read_sets(config, at + 1, count, sets)
    return tuple(sets)


def _read_hvcc(config: bytes) -> tuple[bytes, ...]:
    sets: list[bytes] = []
    at = 23
    for _ in range(_byte(config, 22)):
        count = _byte(config, at + 1) << 8 | _byte(config, at + 2)
        at = _read_sets(config, at + 3, count, sets)
    return tuple(sets)


def _read_sets(config: bytes, at: int, count: int, sets: list[bytes]) -> int:
    for _ in range(count):
        length = _byte(config, at) << 8 | _byte(config, at + 1)
        nal = config[at + 2 : at + 2 + length]
        if len(nal) != length:
            raise ParameterSetError("a decoder configuration is cut short")
        sets.append(nal)
        at += 2 + length
    return at


def _byte(config: bytes, at: int) -> int:
    if at >= len(config):
        raise ParameterSetError("a decoder configuration is cut short")
    return config[at]


def _avcc(sets: OrderedSets) -> bytes:
    if len(sets.sps) > _MAX_SPS or len(sets.pps) > _MAX_PPS:
        raise ParameterSetError("more parameter sets than avcC can hold")
    sps = h264_sps.parse_sps(sets.sps[0])
    parts = [
        struct.pack(">BBBB", 1, sps.profile, sps.constraints, sps.level),
        bytes([0xFF, 0xE0 | len(sets.sps)]),  # four-byte lengths
        *map(_with_length, sets.sps),
        bytes([len(sets.pps)]),
        *map(_with_length, sets.pps),
    ]
    if sps.profile in _AVCC_EXTENDED:
        parts.append(
            bytes(
                [
                    0xFC | sps.chroma_format,
                    0xF8 | (sps.bit_depth_luma - 8),
                    0xF8 | (sps.bit_depth_chroma - 8),
                    0,  # no SPS extensions
                ]
            )
        )
    return b"".join(parts)


def _hvcc(sets: OrderedSets) -> bytes:
    """HEVCDecoderConfigurationRecord (14496-15 8.3.3.1.2)."""
    sps = h265_sps.parse_sps(sets.sps[0])
    general = sps.general
    head = struct.pack(
        ">BBI6sBHBBBBHBB",
        1,
        general.space << 6 | general.tier << 5 | general.profile,
        general.compatibility,
        general.constraints,
        general.level,
        0xF000,  # min_spatial_segmentation_idc: not known
        0xFC,  # parallelismType: not known
        0xFC | sps.chroma_format,
        0xF8 | (sps.bit_depth_luma - 8),
        0xF8 | (sps.bit_depth_chroma - 8),
        0,  # avgFrameRate: not stated
        sps.temporal_layers << 3 | sps.temporal_id_nested << 2 | 3,  # four-byte lengths
        3,
    )
    arrays = (
        # array_completeness is mandatory for hvc1; the copies in the samples only repeat these
        struct.pack(">BH", 0x80 | kind, len(nals)) + b"".join(map(_with_length, nals))
        for kind, nals in (
            (h265_sps.NAL_VPS, sets.vps),
            (h265_sps.NAL_SPS, sets.sps),
            (h265_sps.NAL_PPS, sets.pps),
        )
    )
    return head + b"".join(arrays)


def _with_length(nal: bytes) -> bytes:
    return struct.pack(">H", len(nal)) + nal


def _esds(config: bytes) -> bytes:
    """Elementary stream descriptor (ISO/IEC 14496-1 7.2.6.5) around an AudioSpecificConfig."""
    decoder = _descriptor(
        _DECODER_CONFIG,
        struct.pack(">BBBHII", 0x40, 0x15, 0, 0, 0, 0),  # AAC, audio stream, rates not stated
        _descriptor(_DECODER_INFO, config),
    )
    stream = _descriptor(_ES, struct.pack(">HB", 0, 0), decoder, _descriptor(_SYNC_LAYER, b"\x02"))
    return full_box(b"esds", 0, 0, stream)


def _descriptor(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    # AudioSpecificConfig is limited to 64 bytes, so that one length byte always does.
    return bytes([tag, len(body)]) + body
