"""A camera's own signatures are noticed wherever an SEI may carry them, and nothing else is taken for one."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.rtp_streams import fragments, nal_of, rtp_packet, tracks_for

from camera_gateway.rtsp.depacketise.signatures import (
    AXIS_SIGNED_VIDEO,
    LOOK_BYTES,
    MAX_MESSAGES,
    ONVIF_MEDIA_SIGNING,
    carries_signature,
)
from camera_gateway.rtsp.interleaved import write_frame
from camera_gateway.rtsp.receive import Receiver

HEADERS = {"h264": b"\x06", "h265": b"\x4e\x01", "h265 after the slices": b"\x50\x01"}
UUIDS = {"onvif": ONVIF_MEDIA_SIGNING, "axis": AXIS_SIGNED_VIDEO}
OTHER = bytes.fromhex("dc45e9bde6d948b7962cd820d923eeef")  # x264's
ANY_HEADER = pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
ANY_UUID = pytest.mark.parametrize("uuid", UUIDS.values(), ids=UUIDS)


def message(kind: int, payload: bytes) -> bytes:
    """Return an SEI message before emulation prevention."""
    numbers = b"".join(b"\xff" * (number // 255) + bytes((number % 255,)) for number in (kind, len(payload)))
    return numbers + payload


def sei(header: bytes, *messages: bytes) -> bytes:
    """Return the NAL unit: a third byte 0 to 3 behind two zeros is kept apart by a byte 3 (H.264 7.4.1)."""
    return header + re.sub(rb"\x00\x00(?=[\x00-\x03])", b"\x00\x00\x03", b"".join(messages) + b"\x80")


def units_of(codec: str, pictures: list[list[bytes]], size: int, *, fast: bool, without: int = -1) -> list[bool]:
    """Return for each picture whether it is signed; check on the way that its bytes are those that were sent."""
    packets: list[bytes] = []
    for number, nals in enumerate(pictures):
        payloads = [payload for nal in nals for payload in fragments(codec, nal, size)]
        for at, payload in enumerate(payloads):
            marker = at == len(payloads) - 1
            packets.append(rtp_packet(len(packets), 3600 * number, payload, marker=marker))
    receiver = Receiver(tracks_for(codec), fast=fast)
    data = bytearray(b"".join(write_frame(0, packet) for at, packet in enumerate(packets) if at != without))
    receiver.feed(data, len(data), 0)
    receiver.flush()
    if without < 0:
        sent = [b"".join(len(nal).to_bytes(4) + nal for nal in nals) for nals in pictures]
        assert [unit.data for unit in receiver.units] == sent
    return [unit.signed for unit in receiver.units]


def slice_of(codec: str, *, key: bool) -> bytes:
    kind = (5 if key else 1) if codec == "h264" else (19 if key else 1)
    return nal_of(codec, kind, 3_000, random.Random(9))


@ANY_UUID
@ANY_HEADER
@pytest.mark.parametrize("size", [1_400, 200, 20], ids=["whole", "fragments", "a uuid in two fragments"])
def test_a_picture_with_a_signature_says_so_and_its_neighbours_do_not(header: bytes, uuid: bytes, size: int) -> None:
    codec = "h264" if len(header) == 1 else "h265"
    signature = sei(header, message(5, uuid + random.Random(1).randbytes(900)))
    plain, key = [slice_of(codec, key=False)], slice_of(codec, key=True)
    signed = [key, signature] if header[0] == 0x50 else [signature, key]
    for fast in (True, False):
        assert units_of(codec, [plain, signed, plain], size, fast=fast) == [False, True, False]


@ANY_UUID
@ANY_HEADER
def test_a_signature_behind_other_messages_is_found(header: bytes, uuid: bytes) -> None:
    before = [message(1, bytes(40)), message(5, OTHER + bytes(700)), message(300, b""), message(5, uuid[:15])]
    assert carries_signature(sei(header, *before, message(5, uuid)), len(header))
    assert not carries_signature(sei(header, *before, message(5, uuid[:15] + b"?")), len(header))


@ANY_UUID
@ANY_HEADER
def test_what_only_looks_like_a_signature_is_none(header: bytes, uuid: bytes) -> None:
    for wrong in (
        message(4, uuid + b"data"),  # registered by a country, and not a UUID
        message(260, uuid),
        message(5, OTHER + uuid),
        message(5, uuid[1:] + uuid),
        message(1, uuid),
    ):
        assert not carries_signature(sei(header, wrong, message(5, OTHER)), len(header))
    codec = "h264" if len(header) == 1 else "h265"
    slice_kind = b"\x41" if codec == "h264" else b"\x02\x01"
    assert units_of(codec, [[slice_kind + b"\x05\x10" + uuid + b"\x80"]], 1_400, fast=True) == [False]


@ANY_UUID
@ANY_HEADER
def test_a_nal_unit_that_is_cut_counts_once_the_uuid_is_whole(header: bytes, uuid: bytes) -> None:
    whole = sei(header, message(1, bytes(20)), message(5, uuid + b"signature"))
    needed = whole.index(uuid) + len(uuid)
    assert [carries_signature(whole[:end], len(header)) for end in range(len(whole) + 1)] == [
        end >= needed for end in range(len(whole) + 1)
    ]
    cut = header + b"\xff" * 40
    assert not carries_signature(cut + uuid, len(header))


def test_a_signature_that_misses_a_fragment_is_left_out_and_does_not_count() -> None:
    signature = sei(HEADERS["h264"], message(5, ONVIF_MEDIA_SIGNING + bytes(range(1, 200)) * 5))
    nals = [signature, slice_of("h264", key=True)]
    assert len(fragments("h264", signature, 300)) == 4
    assert units_of("h264", [nals], 300, fast=True) == [True]
    assert units_of("h264", [nals], 300, fast=True, without=2) == [False]


def test_the_look_has_bounds() -> None:
    signature = message(5, ONVIF_MEDIA_SIGNING)
    near, far = (message(5, OTHER + b"\x11" * size) for size in (LOOK_BYTES - 500, LOOK_BYTES))
    assert carries_signature(sei(b"\x06", near, signature), 1)
    assert not carries_signature(sei(b"\x06", far, signature), 1)
    assert carries_signature(sei(b"\x06", *[message(1, b"\x01")] * (MAX_MESSAGES - 1), signature), 1)
    assert not carries_signature(sei(b"\x06", *[message(1, b"\x01")] * MAX_MESSAGES, signature), 1)


MESSAGES = st.lists(
    st.tuples(
        st.sampled_from([1, 4, 5, 5, 255, 261]),
        st.sampled_from([b"", OTHER, *UUIDS.values(), b"\0\0\0\0"]),
        st.lists(st.sampled_from([b"\0", b"\1", b"\3", b"\xff", *UUIDS.values()]), max_size=300).map(b"".join),
    ),
    max_size=6,
)


@given(found=MESSAGES, header=st.sampled_from(list(HEADERS.values())))
def test_whatever_the_messages_are_it_is_the_first_sixteen_bytes_that_tell(
    found: list[tuple[int, bytes, bytes]], header: bytes
) -> None:
    nal = sei(header, *(message(kind, uuid + rest) for kind, uuid, rest in found))
    wanted = any(kind == 5 and (uuid + rest)[:16] in UUIDS.values() for kind, uuid, rest in found)
    assert carries_signature(nal, len(header)) is wanted


@given(
    st.lists(st.sampled_from([b"\0", b"\5", b"\x10", b"\xff", b"\x80", *UUIDS.values()]), max_size=200).map(b"".join)
)
def test_no_bytes_upset_it(junk: bytes) -> None:
    assert carries_signature(b"\x06" + junk, 1) in {True, False}
