"""Parameter sets of real cameras, of sets built bit by bit, and of nobody at all."""

from __future__ import annotations

import base64
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_gateway.media import h264_sps, h265_sps
from camera_gateway.media.formats import ParameterSetError, VideoFormat
from camera_gateway.media.parameter_sets import is_parameter_set, ordered_sets, same_format, video_format


class Bits:
    """Writes what a BitReader reads."""

    def __init__(self) -> None:
        self.text = ""

    def u(self, count: int, value: int) -> Bits:
        self.text += f"{value:0{count}b}"
        return self

    def ue(self, *values: int) -> Bits:
        for value in values:
            digits = f"{value + 1:b}"
            self.text += "0" * (len(digits) - 1) + digits
        return self

    def se(self, *values: int) -> Bits:
        return self.ue(*(2 * v - 1 if v > 0 else -2 * v for v in values))

    def nal(self, *header: int) -> bytes:
        text = self.text + "1"
        text += "0" * (-len(text) % 8)
        rbsp = int(text, 2).to_bytes(len(text) // 8, "big")
        out = bytearray()
        for byte in rbsp:
            if byte <= 3 and out[-2:] == b"\x00\x00":
                out.append(3)
            out.append(byte)
        return bytes(header) + bytes(out)


PPS = bytes.fromhex("68ee3c80")


def decoded(text: str) -> list[bytes]:
    return [base64.b64decode(part) for part in text.split(",")]


# (sprop-parameter-sets as cameras announce them, what they mean)
CAMERAS_H264 = [
    ("Z2QAM6zoAoALWQ==,aO48MA==", (2560, 1440, 100, 51, "avc1.640033", None, 0)),
    ("Z00AKZpkA8ARPyzUBAQFAAADA+gAAOpgBA==,aO48gA==", (1920, 1080, 77, 41, "avc1.4d0029", 30.0, 0)),
    ("Z2QAHqwsaoLA9puCgIKgAAADACAAAAMD0IAA,aO4xshsA", (704, 480, 100, 30, "avc1.64001e", 15.0, 0)),
    ("Z01AMpWgCoAwfiZuAgICgAAB9AAAdTBC,aO48gA==", (2688, 1520, 77, 50, "avc1.4d4032", 30.0, 0)),
    ("Z2QADazZQUGfnwEQAAADABAAAAMDwPFCmWA=,aOvjyyLA", (320, 180, 100, 13, "avc1.64000d", 30.0, 2)),
    # a set with the start code of a next unit left at its end
    ("Z00AKpWoHgCJ+WbgICAgQAAAAAE=,aO48gAAAAAE=", (1920, 1080, 77, 42, "avc1.4d002a", None, 0)),
]
CAMERA_H265 = "QAEMAf//AWAAAAMAAAMAAAMAAAMAlqwJ,QgEBAWAAAAMAAAMAAAMAAAMAlqABQCAFof4qtO6JLuaAgA27oADN/mAE,RAHAcvAbJA=="
CAMERA_H265_PADDED = (
    "QAEMAf//AUAAAAMAAAMAAAMAAAMAmawJ,QgEBAUAAAAMAAAMAAAMAAAMAmaACgIAsH+Wu5Gwa5VE1BQYFAIA=,RAHAc8BBgwk="
)


@pytest.mark.parametrize(("announced", "meaning"), CAMERAS_H264)
def test_the_h264_sets_of_cameras_say_what_their_makers_meant(announced: str, meaning: tuple[object, ...]) -> None:
    assert video_format("h264", decoded(announced)) == VideoFormat("h264", *meaning)  # type: ignore[arg-type]


def test_the_h265_sets_of_cameras_say_what_their_makers_meant() -> None:
    assert video_format("h265", decoded(CAMERA_H265)) == VideoFormat(
        "h265", 2560, 1440, 1, 150, "hvc1.1.6.L150", 15.0, 0
    )
    assert video_format("h265", decoded(CAMERA_H265_PADDED)) == VideoFormat(
        "h265", 1280, 704, 1, 153, "hvc1.1.2.L153", None, 0
    )


def test_constraint_flags_of_h265_stand_in_the_codec_string_without_trailing_zeros() -> None:
    general = h265_sps.ProfileTierLevel(0, 0, 1, 0x60000000, bytes([0xB0, 0, 0, 0, 0, 0]), 93)
    assert general.codec_string() == "hvc1.1.6.L93.B0"
    general = h265_sps.ProfileTierLevel(1, 1, 4, 0x08000000, bytes([0xBD, 0x08, 0, 0, 0, 0]), 120)
    assert general.codec_string() == "hvc1.A4.10.H120.BD.8"


def h264_head(profile: int = 77, sps_id: int = 0) -> Bits:
    return Bits().u(8, profile).u(8, 0).u(8, 31).ue(sps_id)


def h264_tail(bits: Bits, *, size: tuple[int, int] = (40, 30), crop: tuple[int, ...] = ()) -> Bits:
    """References, gaps, size in macroblocks, frames only, direct inference, cropping; VUI is next."""
    bits.ue(1).u(1, 0).ue(size[0] - 1, size[1] - 1).u(1, 1).u(1, 1)
    return bits.u(1, 1).ue(*crop) if crop else bits.u(1, 0)


def h264_vui(bits: Bits, *, tick: int = 1, scale: int = 50, reorder: int | None = None) -> Bits:
    """A VUI with extended aspect ratio, colours, timing, both buffering models."""
    bits.u(1, 1)
    bits.u(1, 1).u(8, 255).u(16, 12).u(16, 11).u(1, 1).u(1, 0)
    bits.u(1, 1).u(3, 5).u(1, 1).u(1, 1).u(24, 0x010101).u(1, 1).ue(0, 0)
    bits.u(1, 1).u(32, tick).u(32, scale).u(1, 1)
    for _ in range(2):
        bits.u(1, 1).ue(0).u(4, 1).u(4, 1).ue(1000, 2000).u(1, 0).u(20, 0)
    bits.u(1, 0).u(1, 1)
    if reorder is None:
        return bits.u(1, 0)
    return bits.u(1, 1).u(1, 1).ue(0, 0, 11, 11, reorder, 4)


def test_picture_order_count_type_1_is_read_over() -> None:
    bits = h264_head().ue(0).ue(1).u(1, 0).se(-3, 2).ue(3).se(1, -1, 7)
    assert h264_sps.parse_sps(h264_tail(bits).u(1, 0).nal(0x67)).width == 640


def test_picture_order_count_type_2_never_reorders_whatever_the_vui_declares() -> None:
    for poc, expected in ((Bits().ue(0, 4), 2), (Bits().ue(2), 0)):
        bits = h264_head().ue(0)
        bits.text += poc.text
        found = h264_sps.parse_sps(h264_vui(h264_tail(bits), reorder=2).nal(0x67))
        assert (found.reorder_frames, found.fps) == (expected, 25.0)


def test_scaling_matrices_are_read_over_and_tell_sets_apart() -> None:
    def sps(first_delta: int) -> h264_sps.H264Sps:
        bits = h264_head(100).ue(1, 0, 0).u(1, 0).u(1, 1)
        bits.u(1, 1).se(first_delta, *[0] * 15)  # a whole 4x4 list
        bits.u(1, 1).se(-8)  # a list that ends at once: the default
        bits.u(4, 0)
        bits.u(1, 1).se(*[1] * 64).u(1, 0)
        return h264_sps.parse_sps(h264_tail(bits.ue(0, 0, 4)).u(1, 0).nal(0x67))

    assert (sps(1).width, sps(1).height) == (640, 480)
    assert sps(1).decoding == sps(1).decoding
    assert sps(1).decoding != sps(2).decoding


def test_cropping_counts_in_chroma_samples_and_fields() -> None:
    cropped = h264_tail(h264_head().ue(0, 0, 4), size=(120, 68), crop=(0, 0, 0, 4)).u(1, 0).nal(0x67)
    assert (h264_sps.parse_sps(cropped).width, h264_sps.parse_sps(cropped).height) == (1920, 1080)
    interlaced = h264_head().ue(0, 0, 4).ue(1).u(1, 0).ue(119, 33).u(1, 0).u(1, 0).u(1, 1)
    interlaced.u(1, 1).ue(0, 0, 0, 2).u(1, 0)
    assert h264_sps.parse_sps(interlaced.nal(0x67)).height == 1080


def test_cropping_that_leaves_no_picture_is_refused() -> None:
    with pytest.raises(ParameterSetError, match="no picture"):
        h264_sps.parse_sps(h264_tail(h264_head().ue(0, 0, 4), crop=(200, 120, 0, 0)).u(1, 0).nal(0x67))


def test_a_vui_that_is_cut_short_is_no_reason_to_refuse_a_camera() -> None:
    whole = h264_vui(h264_tail(h264_head().ue(0, 0, 4)), reorder=2)
    assert h264_sps.parse_sps(whole.nal(0x67)).fps == 25.0
    short = h264_tail(h264_head().ue(0, 0, 4)).u(1, 1).u(1, 1)
    found = h264_sps.parse_sps(short.nal(0x67))
    assert (found.width, found.fps, found.reorder_frames) == (640, None, 0)


@pytest.mark.parametrize(("tick", "scale"), [(0, 50), (1, 0), (1, 4_000_000), (0xFFFFFFFF, 1)])
def test_a_frame_rate_that_cannot_be_is_no_frame_rate(tick: int, scale: int) -> None:
    bits = h264_vui(h264_tail(h264_head().ue(0, 0, 4)), tick=tick, scale=scale)
    assert h264_sps.parse_sps(bits.nal(0x67)).fps is None


def h264_plain(*, sps_id: int = 0, width: int = 40, scale: int = 50) -> bytes:
    return h264_vui(h264_tail(h264_head(sps_id=sps_id).ue(0, 0, 4), size=(width, 30)), scale=scale).nal(0x67)


def test_repeated_reordered_and_padded_sets_are_the_same_format() -> None:
    sps = h264_plain()
    assert same_format("h264", [sps, PPS], [PPS, sps, PPS, sps + b"\x00\x00", PPS])
    assert same_format("h264", [sps, PPS], [bytes([0x27]) + sps[1:], PPS])


def test_sets_that_differ_in_timing_alone_are_the_same_format() -> None:
    assert same_format("h264", [h264_plain(scale=50), PPS], [h264_plain(scale=60), PPS])


def test_another_size_is_another_format() -> None:
    assert not same_format("h264", [h264_plain(), PPS], [h264_plain(width=80), PPS])


def test_another_picture_set_matters_only_where_samples_do_not_carry_it() -> None:
    a, b = [h264_plain(), PPS], [h264_plain(), bytes.fromhex("68ee3880")]
    assert same_format("h264", a, b)
    assert not same_format("h264", a, b, in_band=False)


def test_h265_sets_compare_by_what_decoding_needs() -> None:
    vps, sps, pps = decoded(CAMERA_H265)
    assert same_format("h265", [vps, sps, pps], [pps, vps, sps, vps, pps])
    # the last bytes of this set are its VUI timing
    faster = sps[:-3] + bytes([sps[-3] ^ 0x10]) + sps[-2:]
    assert video_format("h265", [vps, faster, pps]).fps != video_format("h265", [vps, sps, pps]).fps
    assert same_format("h265", [vps, sps, pps], [vps, faster, pps])
    assert not same_format("h265", [vps, sps, pps], decoded(CAMERA_H265_PADDED))


def test_incomplete_foreign_and_endless_sets_are_refused() -> None:
    sps = h264_plain()
    for bad in ([sps], [PPS], [], [sps, PPS, b"\x65\x88\x80"], [sps, PPS, b""], [sps, PPS] * 100):
        with pytest.raises(ParameterSetError):
            video_format("h264", bad)
    with pytest.raises(ParameterSetError, match="complete"):
        video_format("h265", decoded(CAMERA_H265)[1:])
    with pytest.raises(ParameterSetError, match="bytes"):
        h264_sps.parse_sps(sps + b"\x01" * 10_000)


def test_sets_are_ordered_by_kind_and_id_and_the_last_of_an_id_counts() -> None:
    first, second, changed = h264_plain(), h264_plain(sps_id=1), h264_plain(width=80)
    sets = ordered_sets("h264", [second, PPS, first, changed])
    assert sets.sps == (changed, second)
    assert sets.pps == (PPS,)


def test_parameter_sets_are_known_by_their_header() -> None:
    assert is_parameter_set("h264", PPS)
    assert not is_parameter_set("h264", b"\x65")
    assert not is_parameter_set("h264", b"")
    assert all(is_parameter_set("h265", nal) for nal in decoded(CAMERA_H265))
    assert not is_parameter_set("h265", b"\x26\x01")


SEEDS = [nal for announced, _ in CAMERAS_H264 for nal in decoded(announced)] + decoded(CAMERA_H265)


@given(st.sampled_from(["h264", "h265"]), st.lists(st.binary(max_size=120), max_size=4))
def test_random_bytes_raise_nothing_but_a_parameter_set_error(codec: str, sets: list[bytes]) -> None:
    heads = (b"\x67", b"\x68") if codec == "h264" else (b"\x40\x01", b"\x42\x01", b"\x44\x01")
    with suppress(ParameterSetError):
        video_format(codec, [head + body for body in sets for head in heads])  # type: ignore[arg-type]


@given(st.sampled_from(SEEDS), st.lists(st.tuples(st.integers(1, 60), st.integers(0, 255)), min_size=1, max_size=4))
def test_damaged_sets_raise_nothing_but_a_parameter_set_error(nal: bytes, changes: list[tuple[int, int]]) -> None:
    damaged = bytearray(nal)
    for at, value in changes:
        damaged[at % len(nal)] = value
    for parse in (h264_sps.parse_sps, h265_sps.parse_sps, h265_sps.parse_vps, h264_sps.parse_pps_ids):
        with suppress(ParameterSetError):
            parse(bytes(damaged))


@given(st.sampled_from(SEEDS), st.integers(0, 60))
def test_sets_cut_short_raise_nothing_but_a_parameter_set_error(nal: bytes, length: int) -> None:
    for parse in (h264_sps.parse_sps, h265_sps.parse_sps, h265_sps.parse_vps, h265_sps.parse_pps_ids):
        with suppress(ParameterSetError):
            parse(nal[:length])
