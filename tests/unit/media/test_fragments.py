"""Reading back, and finding where a torn file ends."""

from __future__ import annotations

import io
from contextlib import suppress
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clips import FragmentedFile, aac_clip, fragmented, g711_clip, h264_clip, h265_clip

from camera_gateway.media.boxes import BoxError
from camera_gateway.media.fragments import fragments, last_whole_fragment, read_init, split_nals


@cache
def recorded() -> FragmentedFile:
    return fragmented(h264_clip(60, 15, b_frames=2), aac_clip(2.4))


def ends(file: FragmentedFile) -> list[int]:
    """Where the init segment and each fragment end."""
    found = [len(file.init)]
    for fragment in file.fragments:
        found.append(found[-1] + len(fragment))
    return found


def test_fragments_tile_the_file_and_their_times_follow_each_other() -> None:
    file = recorded()
    found = list(fragments(file.data, len(file.init)))
    assert [(f.offset, f.end) for f in found] == list(zip(ends(file), ends(file)[1:], strict=False))
    assert [f.sequence for f in found] == [1, 2, 3, 4]
    for track_id in (1, 2):
        runs = [run for f in found if (run := f.run(track_id))]
        assert [r.end_time for r in runs[:-1]] == [r.base_time for r in runs[1:]]


def test_fragments_can_be_read_from_the_middle_and_from_a_file() -> None:
    file = recorded()
    found = list(fragments(io.BytesIO(file.data), ends(file)[2]))
    assert [f.sequence for f in found] == [3, 4]


def test_a_whole_file_is_kept_whole() -> None:
    for file in (recorded(), fragmented(h265_clip(), g711_clip()), fragmented(h264_clip())):
        assert last_whole_fragment(file.data) == len(file.data)


def test_wherever_a_file_is_torn_the_last_whole_fragment_is_found() -> None:
    file = recorded()
    data, bounds = file.data, ends(file)
    for cut in [*range(bounds[-2] - 40, bounds[-2] + 900), *range(bounds[0], len(data), 97), len(data) - 1]:
        assert last_whole_fragment(data[:cut]) == max(end for end in bounds if end <= cut), cut


@pytest.mark.parametrize("tail", [b"\x00" * 4096, b"\xff" * 100, b"\x00\x00\x00\x08", b"garbage, not a box"])
def test_garbage_and_zeros_after_the_last_fragment_are_left_out(tail: bytes) -> None:
    file = recorded()
    assert last_whole_fragment(file.data + tail) == len(file.data)


def test_a_fragment_whose_pictures_were_lost_to_zeros_is_left_out_with_all_after_it() -> None:
    file = fragmented(h264_clip(60, 15, width=640, height=480), g711_clip("alaw", 2.4))
    bounds = ends(file)
    for damaged, length in ((3, 4096), (1, 512)):
        data = bytearray(file.data)
        at = bounds[damaged] + 2000
        assert at + length < bounds[damaged + 1]
        data[at : at + length] = bytes(length)
        assert last_whole_fragment(data) == bounds[damaged]
    data = bytearray(file.data)
    data[bounds[4] - 4096 :] = bytes(4096)
    assert last_whole_fragment(data) == bounds[3]


def test_without_a_whole_fragment_only_the_init_segment_is_kept() -> None:
    file = recorded()
    assert last_whole_fragment(file.data[: len(file.init) + 30]) == len(file.init)


@pytest.mark.parametrize("length", [0, 10, 28, 200])
def test_without_an_init_segment_nothing_can_be_kept(length: int) -> None:
    with pytest.raises(BoxError):
        last_whole_fragment(recorded().data[:length])


def test_samples_outside_their_media_data_are_refused() -> None:
    file = recorded()
    data = bytearray(file.data)
    at = data.index(b"trun") + 12  # the data offset
    for value in (0, 8, 1 << 20):
        data[at : at + 4] = value.to_bytes(4, "big")
        with pytest.raises(BoxError, match="outside"):
            list(fragments(data, len(file.init)))


def test_nal_lengths_that_do_not_fill_a_sample_are_refused() -> None:
    assert split_nals(b"\x00\x00\x00\x02ab\x00\x00\x00\x01c") == [b"ab", b"c"]
    for bad in (b"\x00\x00\x00\x03ab", b"\x00\x00\x00\x00", b"\x00\x00\x01", b"\x00\x00\x00\x02ab\x00"):
        with pytest.raises(BoxError):
            split_nals(bad)


@given(st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), min_size=1, max_size=8))
def test_damage_anywhere_raises_nothing_but_a_box_error(changes: list[tuple[float, int]]) -> None:
    file = recorded()
    data = bytearray(file.data[: ends(file)[1]])
    for at, value in changes:
        data[int(at * len(data))] = value
    with suppress(BoxError):
        init = read_init(data)
        for found in fragments(data, init.size):
            for run in found.runs:
                assert all(sample.offset + sample.size <= len(data) for sample in run.samples())
    with suppress(BoxError):
        assert 0 < last_whole_fragment(data) <= len(data)


@given(st.lists(st.tuples(st.integers(0, 700), st.integers(0, 255)), min_size=1, max_size=5))
def test_damage_to_the_headers_raises_nothing_but_a_box_error(changes: list[tuple[int, int]]) -> None:
    file = recorded()
    for start in (0, len(file.init)):
        data = bytearray(file.data)
        for at, value in changes:
            data[start + at] = value
        with suppress(BoxError):
            init = read_init(data)
            list(fragments(data, init.size))
