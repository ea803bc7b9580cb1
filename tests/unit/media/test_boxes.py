"""The box walk: what it finds, and that hostile bytes get nothing but a BoxError out of it."""

from __future__ import annotations

import io
import struct
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_gateway.media.boxes import (
    MAX_DEPTH,
    BoxError,
    FileSource,
    body_of,
    box,
    find,
    full_box,
    tree,
    walk,
)

if TYPE_CHECKING:
    from pathlib import Path

SMALL = box(b"ftyp", b"iso6") + box(b"moov", box(b"mvhd", b"abcd"), box(b"trak", box(b"tkhd", b"xy")))


def kinds(data: bytes) -> list[tuple[int, bytes]]:
    return [(depth, found.kind) for depth, found in tree(data)]


def test_a_walk_yields_kind_start_size_and_header_of_each_box() -> None:
    found = list(walk(SMALL))
    assert [(b.kind, b.start, b.size, b.header) for b in found] == [(b"ftyp", 0, 12, 8), (b"moov", 12, 38, 8)]


def test_the_tree_enters_containers_and_nothing_else() -> None:
    assert kinds(SMALL) == [(0, b"ftyp"), (0, b"moov"), (1, b"mvhd"), (1, b"trak"), (2, b"tkhd")]


def test_a_path_is_found_in_bytes_in_a_memoryview_and_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(SMALL)
    with path.open("rb") as file:
        for data in (SMALL, memoryview(SMALL), bytearray(SMALL), file, FileSource(file), io.BytesIO(SMALL)):
            tkhd = find(data, b"moov", b"trak", b"tkhd")
            assert tkhd is not None
            assert body_of(data, tkhd) == b"xy"
            assert find(data, b"moov", b"trak", b"mdia") is None


def test_children_of_stsd_begin_after_its_fields() -> None:
    stsd = full_box(b"stsd", 0, 0, struct.pack(">I", 1), box(b"avc1", b"..."))
    assert kinds(stsd) == [(0, b"stsd"), (1, b"avc1")]


def test_a_64_bit_size_is_read() -> None:
    data = struct.pack(">I4sQ", 1, b"mdat", 20) + b"data" + box(b"free")
    assert [(b.kind, b.size, b.header) for b in walk(data)] == [(b"mdat", 20, 16), (b"free", 8, 8)]


def test_only_a_last_mdat_may_reach_to_the_end_without_a_size() -> None:
    assert [b.size for b in walk(struct.pack(">I4s", 0, b"mdat") + b"12345")] == [13]
    with pytest.raises(BoxError):
        list(walk(struct.pack(">I4s", 0, b"moov") + b"12345"))
    with pytest.raises(BoxError):
        list(walk(box(b"moov", struct.pack(">I4s", 0, b"mdat")) + box(b"free"), 8, 16))


@pytest.mark.parametrize(
    ("damage", "offset"),
    [
        (b"\x00\x00\x00", 50),
        (b"\x00\x00\x00\x07mdat", 50),
        (b"\x00\x00\x01\x00mdatshort", 50),
        (bytes(64), 50),
        (b"\x00\x00\x00\x01mdat\x00\x00", 50),
        (b"\x00\x00\x00\x01mdat" + (15).to_bytes(8, "big"), 50),
        (b"\x00\x00\x00\x01mdat" + b"\xff" * 8, 50),
    ],
)
def test_damage_is_reported_where_it_begins_after_the_whole_boxes_before_it(damage: bytes, offset: int) -> None:
    boxes = walk(SMALL + damage)
    assert [next(boxes).kind, next(boxes).kind] == [b"ftyp", b"moov"]
    with pytest.raises(BoxError) as caught:
        next(boxes)
    assert caught.value.offset == offset


def test_a_box_larger_than_its_parent_is_refused() -> None:
    data = box(b"moov", struct.pack(">I4s", 100, b"trak")) + bytes(200)
    with pytest.raises(BoxError, match="where 8 are left"):
        list(tree(data))


def test_boxes_nested_beyond_measure_are_refused() -> None:
    data = b""
    for _ in range(MAX_DEPTH + 1):
        data = box(b"moov", data)
    with pytest.raises(BoxError, match="nested"):
        list(tree(data))


def test_boxes_without_number_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("camera_gateway.media.boxes.MAX_BOXES", 10)
    assert len(list(walk(box(b"free") * 10))) == 10
    with pytest.raises(BoxError, match="more than 10"):
        list(walk(box(b"free") * 11))


def test_a_body_beyond_its_limit_is_not_read() -> None:
    data = box(b"free", bytes(100))
    with pytest.raises(BoxError, match="allowed"):
        body_of(data, next(walk(data)), limit=99)


@given(st.binary(max_size=400))
def test_random_bytes_raise_nothing_but_a_box_error(data: bytes) -> None:
    with suppress(BoxError):
        for _, found in tree(data):
            assert 0 <= found.start < found.end <= len(data)


@given(st.lists(st.tuples(st.integers(0, len(SMALL) * 2 - 1), st.integers(0, 255)), max_size=6))
def test_damaged_boxes_raise_nothing_but_a_box_error(changes: list[tuple[int, int]]) -> None:
    data = bytearray(SMALL * 2)
    for at, value in changes:
        data[at] = value
    with suppress(BoxError):
        for _, found in tree(data):
            assert found.end <= len(data)
