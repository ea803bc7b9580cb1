"""H.265 video, sequence and picture parameter sets (ITU-T H.265 7.3.2, annex E).

Promises: reads what the file, the player and the comparison of formats need; hostile bytes raise
`ParameterSetError` after bounded work. Knows neither RTP nor MP4.
"""

from dataclasses import dataclass
from typing import Final

from camera_gateway.media.bits import BitReader, without_emulation_prevention
from camera_gateway.media.formats import ParameterSetError, VideoFormat
from camera_gateway.media.h264_sps import sensible_rate

NAL_VPS: Final = 32
NAL_SPS: Final = 33
NAL_PPS: Final = 34

_MAX_SIDE: Final = 16384
_MAX_SUB_LAYERS: Final = 6
_MAX_SHORT_TERM_SETS: Final = 64
_MAX_DPB: Final = 16
_EXTENDED_SAR: Final = 255
_YUV444: Final = 3
_SUB_WIDTH: Final = (1, 2, 2, 1)
_SUB_HEIGHT: Final = (1, 2, 1, 1)


@dataclass(frozen=True, slots=True)
class ProfileTierLevel:
    """The general part of profile_tier_level (7.3.3); flags as they stand in the bytes."""

    space: int
    tier: int
    profile: int
    compatibility: int
    constraints: bytes
    level: int

    def codec_string(self) -> str:
        """Return the RFC 6381 string as ISO/IEC 14496-15 annex E.3 spells it."""
        space = ("", "A", "B", "C")[self.space]
        compatibility = int(f"{self.compatibility:032b}"[::-1], 2)  # lowest bit first
        constraints = "".join(f".{byte:X}" for byte in self.constraints.rstrip(b"\x00"))
        tier = "LH"[self.tier]
        return f"hvc1.{space}{self.profile}.{compatibility:X}.{tier}{self.level}{constraints}"


@dataclass(frozen=True, slots=True)
class H265Sps:
    """One sequence parameter set.

    `decoding` holds the bits before the VUI as one number (with its length), the id of the set
    left out: two sets with equal `decoding` decode alike, whatever they say about display.
    """

    sps_id: int
    general: ProfileTierLevel
    chroma_format: int
    bit_depth_luma: int
    bit_depth_chroma: int
    width: int
    height: int
    temporal_layers: int
    temporal_id_nested: bool
    fps: float | None
    reorder_frames: int
    decoding: tuple[int, ...]

    def video_format(self) -> VideoFormat:
        """Return what a viewer and a sidecar want to know of it."""
        return VideoFormat(
            codec="h265",
            width=self.width,
            height=self.height,
            profile=self.general.profile,
            level=self.general.level,
            codec_string=self.general.codec_string(),
            fps=self.fps,
            reorder_frames=self.reorder_frames,
        )


def parse_sps(nal: bytes) -> H265Sps:
    """Parse a sequence parameter set NAL unit (two header bytes included).

    Raises:
        ParameterSetError: it is not one, is cut short, or asks for what no camera sends.

    """
    payload = _payload(nal, NAL_SPS, "sequence")
    bits = BitReader(payload)
    bits.skip(4)  # sps_video_parameter_set_id
    sub_layers = _sub_layers(bits)
    nested = bits.flag()
    general = _profile_tier_level(bits, sub_layers)
    before_id = bits.left
    sps_id = bits.ue(15)
    after_id = bits.left
    chroma_format = bits.ue(3)
    separate = bits.flag() if chroma_format == _YUV444 else False
    width, height = _cropped(bits, 0 if separate else chroma_format)
    depth_luma, depth_chroma = 8 + bits.ue(8), 8 + bits.ue(8)
    log2_poc = bits.ue(12) + 4
    reorder = _ordering(bits, sub_layers)
    for _ in range(6):  # block and transform sizes, transform hierarchy depths
        bits.ue(32)
    if bits.flag() and bits.flag():  # scaling_list_enabled_flag, sps_scaling_list_data_present_flag
        _scaling_lists(bits)
    bits.skip(2)  # amp_enabled_flag, sample_adaptive_offset_enabled_flag
    if bits.flag():  # pcm_enabled_flag
        bits.skip(8)
        bits.ue(32)
        bits.ue(32)
        bits.skip(1)
    _short_term_sets(bits)
    if bits.flag():  # long_term_ref_pics_present_flag
        for _ in range(bits.ue(32)):
            bits.skip(log2_poc + 1)
    bits.skip(2)  # sps_temporal_mvp_enabled_flag, strong_intra_smoothing_enabled_flag
    before_vui = bits.left
    fps = _vui_rate(bits) if bits.flag() else None
    whole = int.from_bytes(payload, "big")
    total = len(payload) * 8
    return H265Sps(
        sps_id=sps_id,
        general=general,
        chroma_format=chroma_format,
        bit_depth_luma=depth_luma,
        bit_depth_chroma=depth_chroma,
        width=width,
        height=height,
        temporal_layers=sub_layers + 1,
        temporal_id_nested=nested,
        fps=fps,
        reorder_frames=reorder,
        decoding=(
            # the first four bits name the video parameter set, which may be renumbered freely
            (whole >> before_id) & ((1 << (total - before_id - 4)) - 1),
            (whole >> before_vui) & ((1 << (after_id - before_vui)) - 1),
            after_id - before_vui,
        ),
    )


def parse_vps(nal: bytes) -> tuple[int, float | None]:
    """Return (vps_video_parameter_set_id, frames per second or None) of a video parameter set."""
    bits = BitReader(_payload(nal, NAL_VPS, "video"))
    vps_id = bits.u(4)
    bits.skip(2)  # vps_base_layer_internal_flag, vps_base_layer_available_flag
    bits.skip(6)  # vps_max_layers_minus1
    sub_layers = _sub_layers(bits)
    bits.skip(1 + 16)  # vps_temporal_id_nesting_flag, vps_reserved_0xffff_16bits
    _profile_tier_level(bits, sub_layers)
    _ordering(bits, sub_layers)
    max_layer_id = bits.u(6)
    for _ in range(bits.ue(1023)):  # vps_num_layer_sets_minus1
        bits.skip(max_layer_id + 1)
    if not bits.flag():  # vps_timing_info_present_flag
        return vps_id, None
    unit, scale = bits.u(32), bits.u(32)
    return vps_id, sensible_rate(scale, unit)


def parse_pps_ids(nal: bytes) -> tuple[int, int]:
    """Return (pps_pic_parameter_set_id, pps_seq_parameter_set_id) of a picture parameter set."""
    bits = BitReader(_payload(nal, NAL_PPS, "picture"))
    return bits.ue(63), bits.ue(15)


def _payload(nal: bytes, kind: int, name: str) -> bytes:
    if len(nal) < 3 or (nal[0] >> 1) & 0x3F != kind:  # noqa: PLR2004 - two header bytes and one
        raise ParameterSetError(f"not an H.265 {name} parameter set")
    return without_emulation_prevention(nal)[2:]


def _sub_layers(bits: BitReader) -> int:
    sub_layers = bits.u(3)
    if sub_layers > _MAX_SUB_LAYERS:
        raise ParameterSetError("more temporal layers than H.265 allows")
    return sub_layers


def _profile_tier_level(bits: BitReader, sub_layers: int) -> ProfileTierLevel:
    space, tier, profile = bits.u(2), bits.u(1), bits.u(5)
    compatibility = bits.u(32)
    constraints = bits.u(48).to_bytes(6, "big")
    level = bits.u(8)
    present = [(bits.flag(), bits.flag()) for _ in range(sub_layers)]
    if sub_layers:
        bits.skip(2 * (8 - sub_layers))
    for has_profile, has_level in present:
        bits.skip(88 * has_profile + 8 * has_level)
    return ProfileTierLevel(space, tier, profile, compatibility, constraints, level)


def _cropped(bits: BitReader, chroma: int) -> tuple[int, int]:
    """Take the conformance window off the coded size (7.4.3.2.1)."""
    width, height = bits.ue(_MAX_SIDE), bits.ue(_MAX_SIDE)
    if bits.flag():
        left, right, top, bottom = bits.ue(), bits.ue(), bits.ue(), bits.ue()
        width -= _SUB_WIDTH[chroma] * (left + right)
        height -= _SUB_HEIGHT[chroma] * (top + bottom)
    if width <= 0 or height <= 0:
        raise ParameterSetError("the conformance window leaves no picture")
    return width, height


def _ordering(bits: BitReader, sub_layers: int) -> int:
    """Return max_num_reorder_pics of the highest temporal layer."""
    reorder = 0
    for _ in range(sub_layers + 1 if bits.flag() else 1):
        bits.ue(_MAX_DPB)  # max_dec_pic_buffering_minus1
        reorder = bits.ue(_MAX_DPB)
        bits.ue()  # max_latency_increase_plus1
    return reorder


def _scaling_lists(bits: BitReader) -> None:
    """7.3.4: four sizes; the largest has two matrices, the others six."""
    for size in range(4):
        for _ in range(0, 6, 3 if size == 3 else 1):  # noqa: PLR2004 - 32x32
            if not bits.flag():
                bits.ue(32)  # scaling_list_pred_matrix_id_delta
                continue
            if size > 1:
                bits.se()  # scaling_list_dc_coef_minus8
            for _ in range(min(64, 1 << (4 + 2 * size))):
                bits.se()


def _short_term_sets(bits: BitReader) -> None:
    """7.3.7: each set is given outright or as a difference to the one before."""
    pictures = 0
    for index in range(bits.ue(_MAX_SHORT_TERM_SETS)):
        if index and bits.flag():  # inter_ref_pic_set_prediction_flag
            bits.skip(1)
            bits.ue(0x7FFF)
            kept = 0
            for _ in range(pictures + 1):
                if bits.flag() or bits.flag():  # used_by_curr_pic_flag, else use_delta_flag
                    kept += 1
            pictures = kept
        else:
            pictures = bits.ue(_MAX_DPB) + bits.ue(_MAX_DPB)
            for _ in range(pictures):
                bits.ue(0x7FFF)
                bits.skip(1)
        if pictures > _MAX_DPB:
            raise ParameterSetError("more reference pictures than a decoder may hold")


def _vui_rate(bits: BitReader) -> float | None:
    """Annex E.2.1 up to the timing; a VUI that is cut short says nothing about timing."""
    try:
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
        bits.skip(3)  # neutral_chroma_indication_flag, field_seq_flag, frame_field_info_present_flag
        if bits.flag():  # default_display_window_flag
            for _ in range(4):
                bits.ue()
        if not bits.flag():  # vui_timing_info_present_flag
            return None
        unit, scale = bits.u(32), bits.u(32)
        return sensible_rate(scale, unit)
    except ParameterSetError:
        return None
