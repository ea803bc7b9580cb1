"""The plain writer: its tables, its limits, and how it lays out a span. That it plays is shown in tests/integration."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest
from support.clips import WALL_US, FragmentedFile, fragmented, g711_clip, h264_clip

from camera_gateway.media.boxes import body_of, find, walk
from camera_gateway.media.fragments import Fragment, Init, TrackRun, fragments, read_init
from camera_gateway.media.mp4 import Mp4Error, Piece, PlainMp4, pre_roll

if TYPE_CHECKING:
    from collections.abc import Callable

SECOND_US = 1_000_000


def parsed(file: FragmentedFile) -> tuple[Init, list[Fragment]]:
    init = read_init(file.data)
    return init, list(fragments(file.data, init.size))


def reader(**files: FragmentedFile) -> Callable[[str, int, int], bytes]:
    return lambda source, offset, size: files[source].data[offset : offset + size]


def table(data: bytes, *path: bytes) -> bytes:
    box = find(data, b"moov", b"trak", *path)
    assert box is not None
    return body_of(data, box)


STBL = (b"mdia", b"minf", b"stbl")


def edits(data: bytes) -> list[tuple[int, int]]:
    """(duration in 1/90000 s, media time) of each edit of the first track."""
    body = table(data, b"edts", b"elst")
    return [struct.unpack_from(">Qq", body, 8 + 20 * index) for index in range(struct.unpack_from(">I", body, 4)[0])]


def test_the_index_comes_before_the_media_and_the_size_is_known_beforehand() -> None:
    file = fragmented(h264_clip())
    init, found = parsed(file)
    movie = PlainMp4(start_us=WALL_US, end_us=WALL_US + 2 * SECOND_US)
    for fragment in found:
        movie.add("a", init, fragment, file.origin_us)
    data = b"".join(movie.write(reader(a=file)))
    assert [box.kind for box in walk(data)] == [b"ftyp", b"moov", b"mdat"]
    assert len(data) == movie.size_bytes
    media = b"".join(file.data[p.offset : p.offset + p.size] for p in movie.pieces())
    assert data.endswith(media)


def test_chunk_offsets_point_at_the_samples() -> None:
    file = fragmented(h264_clip(), g711_clip())
    init, found = parsed(file)
    movie = PlainMp4(start_us=WALL_US, end_us=WALL_US + 2 * SECOND_US)
    for fragment in found:
        movie.add("a", init, fragment, file.origin_us)
    data = b"".join(movie.write(reader(a=file)))
    offsets = struct.unpack(">2I", table(data, *STBL, b"stco")[8:])
    for offset, fragment in zip(offsets, found, strict=True):
        run = fragment.runs[0]
        assert data[offset : offset + 400] == file.data[run.offset : run.offset + 400]


def test_video_and_sound_of_one_fragment_are_copied_in_one_piece() -> None:
    file = fragmented(h264_clip(), g711_clip())
    init, found = parsed(file)
    movie = PlainMp4(start_us=WALL_US, end_us=WALL_US + 2 * SECOND_US)
    for fragment in found:
        movie.add("a", init, fragment, file.origin_us)
    mdat = [box for box in walk(file.data) if box.kind == b"mdat"]
    assert list(movie.pieces()) == [Piece("a", box.body, box.size - 8) for box in mdat]


def test_a_span_that_begins_within_a_group_of_pictures_hides_its_beginning() -> None:
    file = fragmented(h264_clip())
    init, found = parsed(file)
    movie = PlainMp4(start_us=WALL_US + 400_000, end_us=WALL_US + 1_500_000)
    for fragment in found:
        movie.add("a", init, fragment, file.origin_us)
    assert edits(movie.head()) == [(99_000, 36_000)]


def test_a_span_that_begins_within_a_picture_begins_with_that_picture() -> None:
    file = fragmented(h264_clip())
    init, found = parsed(file)
    movie = PlainMp4(start_us=WALL_US + 410_000, end_us=WALL_US + 1_500_000)
    for fragment in found:
        movie.add("a", init, fragment, file.origin_us)
    assert edits(movie.head()) == [(98_100 + 900, 36_000)]


def test_a_span_that_begins_before_the_footage_waits_for_it() -> None:
    file = fragmented(h264_clip())
    init, found = parsed(file)
    movie = PlainMp4(start_us=WALL_US - 3 * SECOND_US, end_us=WALL_US + 2 * SECOND_US)
    for fragment in found:
        movie.add("a", init, fragment, file.origin_us)
    assert edits(movie.head()) == [(270_000, -1), (180_000, 0)]


def test_a_gap_stays_as_a_long_last_sample() -> None:
    file = fragmented(h264_clip())
    init, found = parsed(file)
    movie = PlainMp4(start_us=WALL_US, end_us=WALL_US + 60 * SECOND_US)
    for later_us in (0, 30 * SECOND_US):
        for fragment in found:
            movie.add("a", init, fragment, file.origin_us + later_us)
    stts = struct.unpack(">7I", table(movie.head(), *STBL, b"stts")[4:])
    assert stts == (3, 49, 3600, 1, 28 * 90_000 + 3600, 50, 3600)


def test_runs_that_overlap_by_a_little_keep_their_presentation_times() -> None:
    file = fragmented(h264_clip())
    init, found = parsed(file)
    movie = PlainMp4(start_us=WALL_US, end_us=WALL_US + 60 * SECOND_US)
    for later_us in (0, 2 * SECOND_US - 60_000):
        for fragment in found:
            movie.add("a", init, fragment, file.origin_us + later_us)
    head = movie.head()
    stts = struct.unpack(">9I", table(head, *STBL, b"stts")[4:])
    assert stts == (4, 49, 3600, 1, 1, 1, 1799, 49, 3600)
    ctts = table(head, *STBL, b"ctts")
    assert ctts[0] == 1
    count, *pairs = struct.unpack(f">I{(len(ctts) - 8) // 4}i", ctts[4:])
    assert count == len(pairs) // 2
    assert min(pairs[1::2]) == -1801


def test_a_change_of_size_is_a_second_sample_entry() -> None:
    small, large = fragmented(h264_clip()), fragmented(h264_clip(width=320, height=240))
    movie = PlainMp4(start_us=WALL_US, end_us=WALL_US + 4 * SECOND_US)
    for name, file, later_us in (("s", small, 0), ("l", large, 2 * SECOND_US)):
        init, found = parsed(file)
        for fragment in found:
            movie.add(name, init, fragment, file.origin_us + later_us)
    head = movie.head()
    stsd = table(head, *STBL, b"stsd")
    assert struct.unpack_from(">I", stsd, 4) == (2,)
    assert struct.unpack(">7I", table(head, *STBL, b"stsc")[4:]) == (2, 1, 25, 1, 3, 25, 2)


def test_another_codec_is_another_track() -> None:
    movie = PlainMp4(start_us=WALL_US, end_us=WALL_US + 4 * SECOND_US)
    for law, clip, later_us in (("alaw", g711_clip("alaw"), 0), ("ulaw", g711_clip("ulaw"), 2 * SECOND_US)):
        file = fragmented(h264_clip(), clip)
        init, found = parsed(file)
        for fragment in found:
            movie.add(law, init, fragment, file.origin_us + later_us)
    head = movie.head()
    moov = find(head, b"moov")
    assert moov is not None
    assert [box.kind for box in walk(head, moov.body, moov.end)] == [b"mvhd", b"trak", b"trak", b"trak"]


def huge(count: int, size: int) -> Fragment:
    run = TrackRun(1, 0, 100, (3600,) * count, (size,) * count, (0,) * count, (True,) * count)
    return Fragment(0, 1, 1, (run,))


def test_beyond_4_gib_offsets_and_the_media_size_have_64_bits() -> None:
    init, _ = parsed(fragmented(h264_clip()))
    movie = PlainMp4(start_us=WALL_US, end_us=WALL_US + SECOND_US)
    for _ in range(3):
        movie.add("a", init, huge(1, 2_000_000_000), WALL_US)
    head = movie.head()
    offsets = struct.unpack(">3Q", table(head, *STBL, b"co64")[8:])
    assert offsets == tuple(len(head) + 2_000_000_000 * index for index in range(3))
    assert head[-16:] == struct.pack(">I4sQ", 1, b"mdat", 16 + 6_000_000_000)


def test_a_long_night_between_two_days_still_fits() -> None:
    file = fragmented(h264_clip())
    init, found = parsed(file)
    day_us = 24 * 3600 * SECOND_US
    movie = PlainMp4(start_us=WALL_US, end_us=WALL_US + 3 * day_us)
    for later_us in (0, 2 * day_us):
        for fragment in found:
            movie.add("a", init, fragment, file.origin_us + later_us)
    head = movie.head()
    (timescale,) = struct.unpack_from(">I", table(head, b"mdia", b"mdhd"), 12)
    stts = struct.unpack(">7I", table(head, *STBL, b"stts")[4:])
    assert stts[4] == (2 * 24 * 3600 - 2) * timescale + timescale // 25
    assert max(stts) < 1 << 31


def test_impossible_spans_and_movies_are_refused() -> None:
    with pytest.raises(Mp4Error):
        PlainMp4(start_us=5, end_us=5)
    with pytest.raises(Mp4Error, match="24 days"):
        PlainMp4(start_us=0, end_us=25 * 24 * 3600 * SECOND_US)
    movie = PlainMp4(start_us=WALL_US, end_us=WALL_US + SECOND_US)
    with pytest.raises(Mp4Error, match="without samples"):
        movie.head()
    init, _ = parsed(fragmented(h264_clip()))
    movie.add("a", init, huge(1, 10), WALL_US)
    with pytest.raises(Mp4Error, match="outside"):
        movie.add("a", init, huge(1, 10), WALL_US + 30 * 24 * 3600 * SECOND_US)
    with pytest.raises(Mp4Error, match="0 of 10"):
        list(movie.write(lambda *_: b""))


def test_the_pre_roll_begins_at_the_last_keyframe_shown_by_then() -> None:
    init, found = parsed(fragmented(h264_clip(100, 25)))
    track = init.track("video")
    assert track is not None
    begin = [pre_roll(found, track.track_id, time) for time in (-1, 0, 89_999, 90_000, 200_000, 10**9)]
    assert begin == [0, 0, 0, 1, 2, 3]
