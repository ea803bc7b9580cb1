"""The fragmented writer, byte for byte: the init segment as golden text, fragments as numbers."""

from __future__ import annotations

import base64
import struct
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_gateway.media.aac_config import aac_format, g711_format
from camera_gateway.media.boxes import CONTAINERS, BytesSource, body_of, tree
from camera_gateway.media.fmp4 import (
    AUDIO_TRACK_ID,
    VIDEO_TRACK_ID,
    AudioTrack,
    FragmentError,
    Samples,
    VideoTrack,
    fragment,
    init_segment,
    length_prefixed,
)
from camera_gateway.media.formats import ParameterSetError, VideoCodec
from camera_gateway.media.fragments import fragments, read_init
from camera_gateway.media.parameter_sets import video_format

GOLDEN = Path(__file__).parents[2] / "golden"
WALL_US = 1_700_000_000_123_456
H264 = tuple(base64.b64decode(part) for part in ("Z2QAM6zoAoALWQ==", "aO48MA=="))
H265 = tuple(
    base64.b64decode(part)
    for part in (
        "QAEMAf//AWAAAAMAAAMAAAMAAAMAlqwJ",
        "QgEBAWAAAAMAAAMAAAMAAAMAlqABQCAFof4qtO6JLuaAgA27oADN/mAE",
        "RAHAcvAbJA==",
    )
)


def video_track(codec: VideoCodec, sets: tuple[bytes, ...]) -> VideoTrack:
    return VideoTrack(video_format(codec, sets), sets)


AAC = AudioTrack(aac_format(bytes.fromhex("1408")), 16000)
ALAW = AudioTrack(g711_format("alaw"), 8000)


def dump(data: bytes) -> str:
    """One line per box: kind and size; under a leaf its body, 16 bytes a line."""
    source = BytesSource(data)
    lines = []
    for depth, box in tree(source):
        indent = "  " * depth
        lines.append(f"{indent}{box.kind.decode()} {box.size}")
        if box.kind not in CONTAINERS and box.kind not in (b"stsd", b"dref"):
            body = body_of(source, box)
            lines += [f"{indent}  {body[at : at + 16].hex(' ', -4)}" for at in range(0, len(body), 16)]
    return "\n".join(lines) + "\n"


def samples(count: int = 3, *, keyframes: tuple[bool, ...] | None = None, composition: int = 0) -> Samples:
    found = Samples(900)
    for index in range(count):
        nal = bytes([0x65 + index]) * (10 + index)
        pieces, size = length_prefixed([nal])
        key = keyframes[index] if keyframes else index == 0
        found.add(pieces, size, 3600, keyframe=key, composition=composition * index)
    return found


def parsed(video: Samples | None, audio: Samples | None = None, wall_us: int | None = None):  # type: ignore[no-untyped-def]  # noqa: ANN201 - a list of one
    (one,) = fragments(b"".join(fragment(7, video, audio, wall_us)), 0)
    return one


@pytest.mark.parametrize(
    ("name", "codec", "sets", "audio"),
    [("fmp4_init_h264_aac.txt", "h264", H264, AAC), ("fmp4_init_h265_alaw.txt", "h265", H265, ALAW)],
)
def test_the_init_segment_is_the_golden_one(
    name: str, codec: VideoCodec, sets: tuple[bytes, ...], audio: AudioTrack
) -> None:
    assert dump(init_segment(video_track(codec, sets), audio)) == (GOLDEN / name).read_text()


def test_a_whole_fragment_is_the_golden_one() -> None:
    sound = Samples(320)
    for size in (4, 5):
        sound.add([bytes(range(size))], size, 1024)
    data = b"".join(fragment(7, samples(composition=-100), sound, WALL_US))
    assert dump(data) == (GOLDEN / "fmp4_fragment.txt").read_text()


def test_equal_tracks_give_equal_init_segments_in_whatever_order_the_sets_came() -> None:
    one = init_segment(video_track("h264", H264), AAC)
    other = init_segment(video_track("h264", (H264[1], H264[0], H264[1] + b"\x00")), AAC)
    assert one == other


@pytest.mark.parametrize(("codec", "sets", "audio"), [("h264", H264, AAC), ("h264", H264, None), ("h265", H265, ALAW)])
def test_what_the_init_segment_says_is_read_back(
    codec: VideoCodec, sets: tuple[bytes, ...], audio: AudioTrack | None
) -> None:
    video = video_track(codec, sets)
    data = init_segment(video, audio)
    found = read_init(data)
    assert found.size == len(data)
    track = found.track("video")
    assert track is not None
    assert (track.video, track.parameter_sets, track.timescale) == (video.format, sets, 90000)
    sound = found.track("audio")
    assert (sound.audio if sound else None) == (audio.format if audio else None)


def test_incomplete_sets_give_no_init_segment() -> None:
    with pytest.raises(ParameterSetError):
        init_segment(VideoTrack(video_format("h264", H264), H264[:1]), None)


def test_times_sizes_offsets_and_flags_come_back_as_they_went_in() -> None:
    found = parsed(samples(5, keyframes=(True, False, True, False, False), composition=-1800), None, WALL_US)
    run = found.run(VIDEO_TRACK_ID)
    assert (found.sequence, found.wall_us, found.wall_media_time) == (7, WALL_US, 900)
    assert [s.decode_time for s in run.samples()] == [900, 4500, 8100, 11700, 15300]
    assert [s.presentation_time for s in run.samples()] == [900, 2700, 4500, 6300, 8100]
    assert [s.size for s in run.samples()] == [14, 15, 16, 17, 18]
    assert run.keyframes == (True, False, True, False, False)


def test_fragments_without_a_keyframe_and_with_keyframes_only_keep_their_flags() -> None:
    assert parsed(samples(keyframes=(False, False, False))).runs[0].keyframes == (False, False, False)
    assert parsed(samples(keyframes=(True, True, True))).runs[0].keyframes == (True, True, True)
    assert parsed(samples(1, keyframes=(True,))).runs[0].keyframes == (True,)
    assert parsed(samples(1, keyframes=(False,))).runs[0].keyframes == (False,)


def test_the_wall_clock_belongs_to_the_presentation_of_the_first_video_sample() -> None:
    video = Samples(90_000)
    video.add([b"\x00\x00\x00\x01\x65"], 5, 3600, composition=7200)
    sound = Samples(5)
    sound.add([b"x"], 1, 1)
    found = parsed(video, sound, WALL_US)
    assert (found.wall_us, found.wall_media_time, found.wall_track_id) == (WALL_US, 97_200, VIDEO_TRACK_ID)
    found = parsed(Samples(0), sound, WALL_US)
    assert (found.wall_us, found.wall_media_time, found.wall_track_id) == (WALL_US, 5, AUDIO_TRACK_ID)


@given(st.integers(0, 4_000_000_000_000_000))
def test_wall_clocks_come_back_to_the_microsecond_even_after_the_ntp_era_ends_in_2036(wall_us: int) -> None:
    assert parsed(samples(), None, wall_us).wall_us == wall_us


def test_decode_times_beyond_32_bits_are_kept() -> None:
    video = samples()
    video.base_time = 1 << 40
    assert parsed(video).runs[0].base_time == 1 << 40


def test_a_fragment_begins_with_one_header_and_hands_the_pieces_through_uncopied() -> None:
    video, sound = samples(), Samples(0)
    sound.add([b"sound"], 5, 160)
    header, *pieces = fragment(1, video, sound, None)
    assert [id(piece) for piece in pieces] == [id(piece) for piece in (*video.pieces, *sound.pieces)]
    assert header[4:8] == b"moof"
    assert header[-4:] == b"mdat"
    assert struct.unpack(">I", header[-8:-4]) == (8 + sum(map(len, pieces)),)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda s: s.sizes.__setitem__(0, 13),
        lambda s: s.sizes.pop(),
        lambda s: s.durations.pop(),
        lambda s: s.keyframes.append(True),
        lambda s: s.composition.pop(),
        lambda s: s.composition.__setitem__(1, 1 << 31),
        lambda s: s.composition.__setitem__(1, -(1 << 31) - 1),
        lambda s: s.durations.__setitem__(1, -1),
        lambda s: s.durations.__setitem__(1, 1 << 32),
        lambda s: setattr(s, "base_time", -1),
    ],
)
def test_columns_that_do_not_fit_together_are_refused_before_a_byte_is_written(spoil) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001 - a lambda
    video = samples()
    spoil(video)
    with pytest.raises(FragmentError):
        fragment(1, video, None, None)


def test_a_fragment_without_samples_is_refused() -> None:
    with pytest.raises(FragmentError):
        fragment(1, None, Samples(0), None)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 2**32 - 1), st.binary(max_size=20), st.booleans(), st.integers(-(2**31) + 1, 2**31 - 1)
        ),
        min_size=1,
        max_size=40,
    ),
    st.lists(st.tuples(st.integers(0, 5000), st.binary(max_size=9)), max_size=20),
    st.integers(0, 2**63),
)
def test_whatever_fits_the_fields_comes_back(video_rows, audio_rows, base) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001 - as drawn
    video, sound = Samples(base), Samples(base // 3)
    for duration, data, keyframe, composition in video_rows:
        video.add([data], len(data), duration, keyframe=keyframe, composition=composition)
    for duration, data in audio_rows:
        sound.add([data], len(data), duration)
    data = b"".join(fragment(1, video, sound, None))
    (found,) = fragments(data, 0)
    run = found.run(VIDEO_TRACK_ID)
    assert run is not None
    rows = [(s.duration, data[s.offset : s.offset + s.size], s.keyframe, s.composition) for s in run.samples()]
    assert rows == video_rows
    heard = found.run(AUDIO_TRACK_ID)
    assert [(s.duration, data[s.offset : s.offset + s.size]) for s in (heard.samples() if heard else ())] == audio_rows


def test_a_second_of_video_and_sound_costs_little() -> None:
    """The bound is ten times the aim of 30 µs: it catches work per sample, not a busy machine."""
    video, sound = Samples(0), Samples(0)
    for index in range(25):
        nal = bytes(1000 + index)
        video.add([b"1234", nal], 4 + len(nal), 3600 + index % 3, keyframe=index == 0, composition=index % 4 * 3600)
    for index in range(16):
        sound.add([bytes(100 + index)], 100 + index, 1024)
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        for sequence in range(200):
            fragment(sequence, video, sound, WALL_US)
        best = min(best, (time.perf_counter() - start) / 200)
    assert best < 300e-6
