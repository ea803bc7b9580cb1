"""Audio payloads: AAC frames alone, several to a packet, in pieces, in both modes; G.711 as it comes."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_gateway.rtsp import sdp
from camera_gateway.rtsp.depacketise.aac import AacFrames, AacLayout
from camera_gateway.rtsp.depacketise.g711 import G711Frames
from camera_gateway.rtsp.depacketise.opening import open_media, parse_audio_config
from camera_gateway.rtsp.errors import CodecRefused

if TYPE_CHECKING:
    from camera_gateway.rtsp.access_unit import AccessUnit
    from camera_gateway.rtsp.tracks import Depacketiser, Opened


def push(into: Depacketiser, *payloads: bytes, time: int = 1000, step: int = 0, lost: int = -1) -> list[AccessUnit]:
    out: list[AccessUnit] = []
    for number, payload in enumerate(payloads):
        last = number == len(payloads) - 1
        into.push(payload, time + number * step, 5, marker=last, lost=number == lost, out=out)
    return out


def hbr(*frames: bytes, sizes: list[int] | None = None) -> bytes:
    lengths = sizes or [len(frame) for frame in frames]
    return struct.pack(f">H{len(lengths)}H", 16 * len(lengths), *(n << 3 for n in lengths)) + b"".join(frames)


def test_a_frame_alone_is_a_unit() -> None:
    (unit,) = push(AacFrames(1, AacLayout()), hbr(b"frame"))
    assert (unit.track, unit.rtp_time, unit.pieces, unit.size, unit.samples) == (1, 1000, [b"frame"], 5, 1024)
    assert unit.keyframe


def test_several_frames_of_a_packet_follow_each_other_in_time() -> None:
    units = push(AacFrames(1, AacLayout(frame_samples=960)), hbr(b"one", b"three", b"x"))
    assert [(unit.rtp_time, unit.data) for unit in units] == [(1000, b"one"), (1960, b"three"), (2920, b"x")]


def test_a_frame_in_pieces_is_put_together() -> None:
    pieces = [hbr(part, sizes=[10]) for part in (b"abcd", b"efgh", b"ij")]
    (unit,) = push(AacFrames(1, AacLayout()), *pieces)
    assert (unit.data, unit.damaged) == (b"abcdefghij", False)


def test_a_frame_that_misses_a_piece_is_left_out_whole() -> None:
    depacketiser = AacFrames(1, AacLayout())
    pieces = [hbr(b"abcd", sizes=[10]), hbr(b"ij", sizes=[10])]
    assert push(depacketiser, *pieces, lost=1) == []
    (unit,) = push(depacketiser, hbr(b"next"), time=2024)
    assert (unit.data, unit.damaged, depacketiser.dropped) == (b"next", True, 2)


def test_low_bit_rate_mode_has_its_own_widths() -> None:
    layout = AacLayout(size_bits=6, index_bits=2, delta_bits=2)
    payload = struct.pack(">HBB", 16, 3 << 2, 2 << 2) + b"abcde"
    assert [unit.data for unit in push(AacFrames(1, layout), payload)] == [b"abc", b"de"]


def test_a_frame_cut_short_is_left_out_and_the_next_one_flagged() -> None:
    depacketiser = AacFrames(1, AacLayout())
    units = push(depacketiser, hbr(b"ab", b"cd", sizes=[2, 9]), hbr(b"ok"), step=2048)
    assert [(unit.data, unit.damaged) for unit in units] == [(b"ab", False), (b"ok", True)]


def test_g711_is_one_byte_a_sample() -> None:
    units = push(G711Frames(1), b"\xd5" * 160, b"", b"\xd5" * 80, step=160, lost=2)
    assert [(u.rtp_time, u.samples, u.size, u.damaged) for u in units] == [
        (1000, 160, 160, False),
        (1320, 80, 80, True),
    ]
    (stereo,) = push(G711Frames(1, 2), b"\xd5" * 160)
    assert stereo.samples == 80


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("1408", (16000, 1, 1024)),
        ("1188", (48000, 1, 1024)),
        ("119056E500", (48000, 2, 1024)),
        ("140c", (16000, 1, 960)),
        ("2b0a8800", (24000, 1, 1024)),
        ("", None),
        ("ff", None),
        ("0000", None),
        ("f800", None),
    ],
)
def test_an_audio_config_tells_rate_channels_and_frame(config: str, expected: tuple[int, int, int] | None) -> None:
    assert parse_audio_config(bytes.fromhex(config)) == expected


def opened(*lines: str) -> Opened:
    (media,) = sdp.parse("\n".join(("v=0", "m=audio 0 RTP/AVP 97", *lines)).encode()).media
    return open_media(media, 1)


def test_frames_of_high_efficiency_aac_last_as_long_as_the_clock_says() -> None:
    track = opened("a=rtpmap:97 MPEG4-GENERIC/48000/1", "a=fmtp:97 mode=AAC-hbr;config=2b0a8800")
    (unit,) = push(track.depacketiser, hbr(b"abc"))
    assert (unit.samples, track.sample_rate, track.clock_rate) == (2048, 24000, 48000)


@pytest.mark.parametrize(
    ("lines", "codec"),
    [
        (("a=rtpmap:97 opus/48000/2",), "OPUS"),
        (("a=rtpmap:97 MPEG4-GENERIC/16000",), "MPEG4-GENERIC"),
        (("a=rtpmap:97 MPEG4-GENERIC/16000", "a=fmtp:97 config=zz"), "MPEG4-GENERIC"),
        ((), "?"),
    ],
)
def test_audio_that_cannot_be_recorded_is_named(lines: tuple[str, ...], codec: str) -> None:
    with pytest.raises(CodecRefused) as caught:
        opened(*lines)
    assert caught.value.codec == codec


@given(
    st.lists(st.binary(max_size=60), max_size=20),
    st.integers(1, 16),
    st.integers(0, 16),
    st.integers(0, 16),
)
def test_any_payload_gives_whole_frames_or_none(payloads: list[bytes], size: int, index: int, delta: int) -> None:
    depacketiser = AacFrames(1, AacLayout(size, index, delta))
    for unit in push(depacketiser, *payloads, step=100):
        assert unit.size == len(unit.data) > 0


@given(st.binary(max_size=70))
def test_any_config_is_read_or_refused(config: bytes) -> None:
    found = parse_audio_config(config)
    assert found is None or found[0] > 0
