"""H.264 sequence and picture parameter sets (ITU-T H.264 7.3.2.1, 7.3.2.2, annex E).

Promises: reads what the file, the player and the comparison of formats need, including scaling
matrices, all three picture order count types, cropping and the VUI; hostile bytes raise
`ParameterSetError` after bounded work. Knows neither RTP nor MP4.
"""

from dataclasses import dataclass
from typing import Final

from camera_gateway.media.bits import BitReader, without_emulation_prevention
from camera_gateway.media.formats import ParameterSetError, VideoFormat

NAL_SPS: Final = 7
NAL_PPS: Final = 8

_MAX_SIDE: Final = 16384
_BASELINE: Final = 66
# Profiles whose SPS carries chroma format, bit depth and scaling matrices (7.3.2.1.1).
_HIGH_PROFILES: Final = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
_EXTENDED_SAR: Final = 255
_YUV444: Final = 3
# Sub-sampling of chroma by chroma_format_idc (table 6-1); 0 is monochrome.
_SUB_WIDTH: Final = (1, 2, 2, 1)
_SUB_HEIGHT: Final = (1, 2, 1, 1)


@dataclass(frozen=True, slots=True)
class H264Sps:
    """One sequence parameter set.

    `decoding` holds every field outside the VUI, in syntax order: two sets with equal `decoding`
    decode alike, whatever they say about display and timing.
    """

    sps_id: int
    profile: int
    constraints: int
    level: int
    chroma_format: int
    bit_depth_luma: int
    bit_depth_chroma: int
    width: int
    height: int
    fps: float | None
    reorder_frames: int
    decoding: tuple[int, ...]

    def video_format(self) -> VideoFormat:
        """Return what a viewer and a sidecar want to know of it."""
        return VideoFormat(
            codec="h264",
            width=self.width,
            height=self.height,
            profile=self.profile,
            level=self.level,
            codec_string=f"avc1.{self.profile:02x}{self.constraints:02x}{self.level:02x}",
            fps=self.fps,
            reorder_frames=self.reorder_frames,
        )


class _Recorder(BitReader):
    """A reader that remembers each number, so that two sets compare field by field."""

    __slots__ = ("fields",)

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.fields: list[int] = []

    def keep(self, number: int) -> int:
        self.fields.append(number)
        return number


def parse_sps(nal: bytes) -> H264Sps:
    """Parse a sequence parameter set NAL unit (header byte included).

    Raises:
        ParameterSetError: it is not one, is cut short, or asks for what no camera sends.

    """
    if len(nal) < 4 or nal[0] & 0x1F != NAL_SPS:  # noqa: PLR2004 - header, profile, flags, level
        raise ParameterSetError("not an H.264 sequence parameter set")
    bits = _Recorder(without_emulation_prevention(nal)[1:])
    keep = bits.keep
    profile, constraints, level = keep(bits.u(8)), keep(bits.u(8)), keep(bits.u(8))
    sps_id = bits.ue(31)
    chroma_format, depth_luma, depth_chroma, separate = 1, 8, 8, False
    if profile in _HIGH_PROFILES:
        chroma_format = keep(bits.ue(3))
        if chroma_format == _YUV444:
            separate = bool(keep(bits.u(1)))
        depth_luma = 8 + keep(bits.ue(6))
        depth_chroma = 8 + keep(bits.ue(6))
        keep(bits.u(1))  # qpprime_y_zero_transform_bypass_flag
        if keep(bits.u(1)):
            _scaling_matrices(bits, 12 if chroma_format == _YUV444 else 8)
    keep(bits.ue(12))  # log2_max_frame_num_minus4
    poc_type = _picture_order(bits)
    keep(bits.ue(16))  # max_num_ref_frames
    keep(bits.u(1))  # gaps_in_frame_num_value_allowed_flag
    width_mbs = keep(bits.ue(_MAX_SIDE // 16 - 1)) + 1
    height_units = keep(bits.ue(_MAX_SIDE // 16 - 1)) + 1
    frames_only = keep(bits.u(1))
    if not frames_only:
        keep(bits.u(1))  # mb_adaptive_frame_field_flag
    keep(bits.u(1))  # direct_8x8_inference_flag
    width, height = _cropped(
        bits,
        width_mbs * 16,
        height_units * 16 * (2 - frames_only),
        (1, 2 - frames_only)
        if chroma_format == 0 or separate
        else (_SUB_WIDTH[chroma_format], _SUB_HEIGHT[chroma_format] * (2 - frames_only)),
    )
    decoding = tuple(bits.fields)
    fps, reorder = _vui(bits) if bits.flag() else (None, 0)
    if poc_type == 2 or profile == _BASELINE:  # noqa: PLR2004 - 8.2.1.3: output order is decode order
        reorder = 0
    return H264Sps(
        sps_id=sps_id,
        profile=profile,
        constraints=constraints,
        level=level,
        chroma_format=chroma_format,
        bit_depth_luma=depth_luma,
        bit_depth_chroma=depth_chroma,
        width=width,
        height=height,
        fps=fps,
        reorder_frames=reorder,
        decoding=decoding,
    )


def parse_pps_ids(nal: bytes) -> tuple[int, int]:
    """Return (pic_parameter_set_id, seq_parameter_set_id) of a picture parameter set NAL unit."""
    if len(nal) < 2 or nal[0] & 0x1F != NAL_PPS:  # noqa: PLR2004 - header and one byte
        raise ParameterSetError("not an H.264 picture parameter set")
    bits = BitReader(without_emulation_prevention(nal)[1:])
    return bits.ue(255), bits.ue(31)


def _scaling_matrices(bits: _Recorder, lists: int) -> None:
    """7.3.2.1.1.1: lists of deltas, where a next scale of 0 ends a list early."""
    for index in range(lists):
        if not bits.keep(bits.u(1)):
            continue
        last = 8
        for _ in range(16 if index < 6 else 64):  # noqa: PLR2004 - six 4x4 lists, then 8x8
            last = (last + bits.keep(bits.se())) % 256
            if last == 0:
                break


def _picture_order(bits: _Recorder) -> int:
    poc_type = bits.keep(bits.ue(2))
    if poc_type == 0:
        bits.keep(bits.ue(12))  # log2_max_pic_order_cnt_lsb_minus4
    elif poc_type == 1:
        bits.keep(bits.u(1))  # delta_pic_order_always_zero_flag
        bits.keep(bits.se())  # offset_for_non_ref_pic
        bits.keep(bits.se())  # offset_for_top_to_bottom_field
        for _ in range(bits.keep(bits.ue(255))):
            bits.keep(bits.se())  # offset_for_ref_frame
    return poc_type


def _cropped(bits: _Recorder, width: int, height: int, unit: tuple[int, int]) -> tuple[int, int]:
    """Take the frame cropping rectangle off the coded size (equations 7-19 to 7-22)."""
    if bits.keep(bits.u(1)):
        left, right = bits.keep(bits.ue()), bits.keep(bits.ue())
        top, bottom = bits.keep(bits.ue()), bits.keep(bits.ue())
        width -= unit[0] * (left + right)
        height -= unit[1] * (top + bottom)
    if width <= 0 or height <= 0:
        raise ParameterSetError("the cropping rectangle leaves no picture")
    return width, height


def _vui(bits: BitReader) -> tuple[float | None, int]:
    """Annex E.1.1: return (frames per second, max_num_reorder_frames); the rest is read over.

    Cameras are known to cut their VUI short. What came before the cut is still true, and nothing
    in the VUI is needed for decoding, so a short VUI is not an error.
    """
    fps: float | None = None
    try:
        _picture_description(bits)
        if bits.flag():  # timing_info_present_flag
            unit, scale = bits.u(32), bits.u(32)
            bits.skip(1)  # fixed_frame_rate_flag
            fps = sensible_rate(scale, 2 * unit)
        nal_hrd = bits.flag()
        if nal_hrd:
            _hrd(bits)
        vcl_hrd = bits.flag()
        if vcl_hrd:
            _hrd(bits)
        if nal_hrd or vcl_hrd:
            bits.skip(1)  # low_delay_hrd_flag
        bits.skip(1)  # pic_struct_present_flag
        if not bits.flag():  # bitstream_restriction_flag
            return fps, 0
        bits.skip(1)  # motion_vectors_over_pic_boundaries_flag
        for _ in range(4):
            bits.ue()  # bytes and bits per picture and macroblock, motion vector ranges
        return fps, bits.ue(16)
    except ParameterSetError:
        return fps, 0


def _picture_description(bits: BitReader) -> None:
    if bits.flag() and bits.u(8) == _EXTENDED_SAR:  # aspect_ratio_idc
        bits.skip(32)
    if bits.flag():  # overscan_info_present_flag
        bits.skip(1)
    if bits.flag():  # video_signal_type_present_flag
        bits.skip(4)
        if bits.flag():  # colour_description_present_flag
            bits.skip(24)
    if bits.flag():  # chroma_loc_info_present_flag
        bits.ue(5)
        bits.ue(5)


def _hrd(bits: BitReader) -> None:
    count = bits.ue(31) + 1
    bits.skip(8)
    for _ in range(count):
        bits.ue()
        bits.ue()
        bits.skip(1)
    bits.skip(20)


def sensible_rate(scale: int, unit: int) -> float | None:
    """Return scale / unit when it can be the frame rate of a camera, else None."""
    if unit == 0:
        return None
    rate = scale / unit
    return round(rate, 3) if 0.01 <= rate <= 1000 else None  # noqa: PLR2004 - one per 100 s … 1 kHz
