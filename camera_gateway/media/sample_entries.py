"""Sample entries: how a track's codec is described in `stsd` (ISO/IEC 14496-12 8.5.2, 14496-15).

Promises: pure bytes from formats and parameter sets, the same for the fragmented and the plain
writer. Knows nothing of samples.

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
from camera_gateway.media.boxes import box, full_box
from camera_gateway.media.formats import AudioFormat, ParameterSetError, VideoFormat
from camera_gateway.media.parameter_sets import OrderedSets, ordered_sets

_DPI_72 = 0x00480000
# Profiles whose avcC ends with chroma format and bit depths (14496-15 5.3.3.1.2).
_AVCC_EXTENDED = frozenset({100, 110, 122, 144})
_MAX_SPS = 31
_MAX_PPS = 255
_MAX_SIDE = 0xFFFF


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
        0x04,
        struct.pack(">BBBHII", 0x40, 0x15, 0, 0, 0, 0),  # AAC, audio stream, rates not stated
        _descriptor(0x05, config),
    )
    stream = _descriptor(0x03, struct.pack(">HB", 0, 0), decoder, _descriptor(0x06, b"\x02"))
    return full_box(b"esds", 0, 0, stream)


def _descriptor(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    # AudioSpecificConfig is limited to 64 bytes, so that one length byte always does.
    return bytes([tag, len(body)]) + body
