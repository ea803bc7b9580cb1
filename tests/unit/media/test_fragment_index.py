"""The index of a segment: where fragments lie, in a few bytes each, and how a segment is cut for players."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clips import CLOCK, aac_clip, fragmented, h264_clip, h265_clip

from camera_gateway.media.boxes import BoxError
from camera_gateway.media.fragment_index import (
    FragmentAt,
    FragmentIndex,
    parse_index,
    scan,
    slice_of,
    slices,
)
from camera_gateway.media.fragments import fragments, read_init

US = 1_000_000
FILES = [
    fragmented(h264_clip(100, 25), aac_clip(4.0)),
    fragmented(h264_clip(100, 25, b_frames=2)),
    fragmented(h265_clip(100, 50)),
]


@pytest.mark.parametrize("file", FILES, ids=["h264-aac", "h264-b", "h265"])
def test_the_index_names_every_fragment_as_the_reader_finds_it(file: object) -> None:
    data: bytes = file.data  # type: ignore[attr-defined]
    index = scan(data)
    init = read_init(data)
    found = list(fragments(data, init.size))
    assert index.init_bytes == init.size
    assert [(at.offset, at.size) for at in index.fragments] == [(f.offset, f.size) for f in found]
    runs = [f.run(1) for f in found]
    assert [at.start for at in index.fragments] == [run.base_time for run in runs if run]
    assert sum(at.duration for at in index.fragments) == 4 * CLOCK
    assert index.lead == (runs[0].composition[0] if runs[0] else None)
    for at, run in zip(index.fragments, runs, strict=True):
        assert run is not None
        assert at.offset + at.key_bytes == run.offset + run.sizes[0]


@pytest.mark.parametrize("file", FILES, ids=["h264-aac", "h264-b", "h265"])
def test_what_is_written_down_is_read_back_and_small(file: object) -> None:
    index = scan(file.data)  # type: ignore[attr-defined]
    assert parse_index(index.to_text()) == index
    assert len(index.to_text()) < 40 + 12 * len(index.fragments)


@st.composite
def indexes(draw: st.DrawFn) -> FragmentIndex:
    offset, start = draw(st.integers(100, 5_000)), draw(st.integers(0, 1 << 40))
    timescale = draw(st.sampled_from([90_000, 1_000, 12_800]))
    found = []
    for number in range(draw(st.integers(1, 40))):
        size, duration = draw(st.integers(1, 1 << 24)), draw(st.integers(0, timescale * 90))
        key = draw(st.integers(0, size)) if number else size
        found.append(FragmentAt(offset, size, start, duration, key))
        offset += size
        start += duration
    return FragmentIndex(found[0].offset, timescale, draw(st.integers(0, 100_000)), tuple(found))


@given(indexes(), st.integers(0, 20 * US))
def test_any_index_survives_and_its_slices_tile_the_segment(index: FragmentIndex, at_least_us: int) -> None:
    assert parse_index(index.to_text()) == index
    pieces = list(slices(index, at_least_us))
    assert [p.stop for p in pieces[:-1]] == [p.first for p in pieces[1:]]
    assert (pieces[0].first, pieces[-1].stop) == (0, len(index.fragments))
    assert [p.offset + p.size for p in pieces[:-1]] == [p.offset for p in pieces[1:]]
    assert [p.since_start_us + p.duration_us for p in pieces[:-1]] == [p.since_start_us for p in pieces[1:]]
    total = sum(part.duration for part in index.fragments)
    assert sum(p.duration_us for p in pieces) == index.ticks_us(total)
    for piece in pieces:
        assert index.fragments[piece.first].key_bytes or piece.first == 0
        assert slice_of(index, piece.first, piece.stop) == piece


@given(st.text(max_size=80))
def test_nonsense_is_refused_in_one_way(text: str) -> None:
    with pytest.raises(ValueError, match=r"index|number"):
        parse_index(text)


@given(indexes(), st.data())
def test_a_torn_text_is_refused(index: FragmentIndex, data: st.DataObject) -> None:
    text = index.to_text()
    cut = text[: data.draw(st.integers(0, len(text) - 5))]
    with pytest.raises(ValueError, match=r"index|number"):
        parse_index(cut)


def test_a_torn_file_has_no_index() -> None:
    data = FILES[0].data
    for cut in (data[:-1], data[:500], data[: len(FILES[0].init)], b""):
        with pytest.raises(BoxError):
            scan(cut)


def test_the_keyframe_at_or_before_a_moment_is_found() -> None:
    index = scan(FILES[0].data)
    assert [index.at(us) for us in (-5, 0, 999_999, 1_000_000, 2_500_000, 99 * US)] == [0, 0, 0, 1, 2, 3]


@pytest.mark.parametrize(("first", "stop"), [(-1, 1), (0, 0), (2, 1), (0, 5), (4, 5)])
def test_there_are_no_slices_beyond_the_segment(first: int, stop: int) -> None:
    with pytest.raises(ValueError, match="no fragments"):
        slice_of(scan(FILES[0].data), first, stop)
