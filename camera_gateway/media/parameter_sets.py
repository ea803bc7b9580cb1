"""The parameter sets of a video stream as one thing: what they say, and whether two sayings differ.

Promises: pure functions over NAL units; hostile input raises `ParameterSetError`. Knows neither
where sets come from (SDP, in-band) nor where they go (avcC, hvcC).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from camera_gateway.media import h264_sps, h265_sps
from camera_gateway.media.formats import ParameterSetError, VideoCodec, VideoFormat

MAX_SETS = 64


@dataclass(frozen=True, slots=True)
class OrderedSets:
    """Parameter sets sorted by kind and id, repetitions removed; of one id the last one counts.

    `vps` is empty for H.264.
    """

    codec: VideoCodec
    vps: tuple[bytes, ...]
    sps: tuple[bytes, ...]
    pps: tuple[bytes, ...]


def is_parameter_set(codec: VideoCodec, nal: bytes) -> bool:
    """Tell whether a NAL unit is a parameter set, by its header alone."""
    if not nal:
        return False
    if codec == "h264":
        return nal[0] & 0x1F in (h264_sps.NAL_SPS, h264_sps.NAL_PPS)
    return (nal[0] >> 1) & 0x3F in (h265_sps.NAL_VPS, h265_sps.NAL_SPS, h265_sps.NAL_PPS)


def ordered_sets(codec: VideoCodec, sets: Iterable[bytes]) -> OrderedSets:
    """Sort parameter sets by kind and id; other NAL units are refused.

    What stands after the end of a set is cut off: trailing zeros, and the start code of a next unit
    that some cameras leave at the end of the sets in their SDP.

    Raises:
        ParameterSetError: a damaged set, another NAL unit, more than `MAX_SETS`, or a kind missing.

    """
    vps: dict[int, bytes] = {}
    sps: dict[int, bytes] = {}
    pps: dict[int, bytes] = {}
    for count, given in enumerate(sets):
        nal = _trimmed(given)
        if count >= MAX_SETS:
            raise ParameterSetError(f"more than {MAX_SETS} parameter sets")
        if not is_parameter_set(codec, nal):
            raise ParameterSetError("a NAL unit that is no parameter set")
        if codec == "h264":
            if nal[0] & 0x1F == h264_sps.NAL_SPS:
                sps[h264_sps.parse_sps(nal).sps_id] = nal
            else:
                pps[h264_sps.parse_pps_ids(nal)[0]] = nal
        else:
            kind = (nal[0] >> 1) & 0x3F
            if kind == h265_sps.NAL_VPS:
                vps[h265_sps.parse_vps(nal)[0]] = nal
            elif kind == h265_sps.NAL_SPS:
                sps[h265_sps.parse_sps(nal).sps_id] = nal
            else:
                pps[h265_sps.parse_pps_ids(nal)[0]] = nal
    if not sps or not pps or (codec == "h265" and not vps):
        raise ParameterSetError(f"the {codec} parameter sets are not complete")
    return OrderedSets(codec, _by_id(vps), _by_id(sps), _by_id(pps))


def video_format(codec: VideoCodec, sets: Iterable[bytes]) -> VideoFormat:
    """Return what the sets say about the video; the sequence set with the lowest id speaks.

    Raises:
        ParameterSetError: a damaged set, or a kind missing (all are needed to decode).

    """
    ordered = ordered_sets(codec, sets)
    if codec == "h264":
        return h264_sps.parse_sps(ordered.sps[0]).video_format()
    found = h265_sps.parse_sps(ordered.sps[0]).video_format()
    if found.fps is not None:
        return found
    # Several vendors state the timing only in the video parameter set.
    fps = h265_sps.parse_vps(ordered.vps[0])[1]
    return VideoFormat(
        found.codec,
        found.width,
        found.height,
        found.profile,
        found.level,
        found.codec_string,
        fps,
        found.reorder_frames,
    )


def same_format(
    codec: VideoCodec,
    a_sets: Iterable[bytes],
    b_sets: Iterable[bytes],
    *,
    in_band: bool = True,
) -> bool:
    """Tell whether one init segment serves streams with either group of sets.

    Repeated or reordered sets, trailing zero bytes, another nal_ref_idc, and a VUI that differs
    (timing, colour, buffering) never make a difference: cameras vary them from keyframe to keyframe,
    and a new init segment each time would shred the recording. Whatever a decoder sizes itself by
    does: profile, level, chroma, bit depth, size, cropping, references, picture order. Picture
    parameter sets (and the video parameter set) count only when `in_band` is False: with the sets in
    the samples of each keyframe a decoder takes the new ones from there, without them the init
    segment is all it has.

    Raises:
        ParameterSetError: a damaged or incomplete group.

    """
    a, b = ordered_sets(codec, a_sets), ordered_sets(codec, b_sets)
    if _decoding(a) != _decoding(b):
        return False
    return in_band or _pictures(a) == _pictures(b)


def _trimmed(nal: bytes) -> bytes:
    # within a NAL unit 00 00 01 cannot occur, and its last byte is not zero (H.264 7.4.1)
    nal = nal.rstrip(b"\x00")
    while nal.endswith(b"\x00\x00\x01"):
        nal = nal[:-3].rstrip(b"\x00")
    return nal


def _by_id(sets: dict[int, bytes]) -> tuple[bytes, ...]:
    return tuple(sets[key] for key in sorted(sets))


def _decoding(sets: OrderedSets) -> tuple[tuple[int, tuple[int, ...]], ...]:
    if sets.codec == "h264":
        return tuple((s.sps_id, s.decoding) for s in map(h264_sps.parse_sps, sets.sps))
    return tuple((s.sps_id, s.decoding) for s in map(h265_sps.parse_sps, sets.sps))


def _pictures(sets: OrderedSets) -> tuple[bytes, ...]:
    skip = 1 if sets.codec == "h264" else 2
    return tuple(nal[skip:] for nal in sets.pps)
