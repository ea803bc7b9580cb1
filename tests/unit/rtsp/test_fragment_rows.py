"""Rows of fragments: a row holds what differs in nothing but number and data, and not one packet more."""

from __future__ import annotations

import random
import struct
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.rtp_streams import fragments, nal_of, rtp_packet, tracks_for

from camera_gateway.rtsp.fragment_rows import KEPT_ROWS, LONGEST, rows_of
from camera_gateway.rtsp.interleaved import write_frame
from camera_gateway.rtsp.receive import Receiver

if TYPE_CHECKING:
    from collections.abc import Iterable

    from camera_gateway.rtsp.rtp import TrackStats

CODECS = ["h264", "h265"]


def stream(codec: str, sequence: int, nal_bytes: int, pictures: int = 3, size: int = 60) -> list[bytes]:
    """Return the packets of pictures of one NAL unit each."""
    rng = random.Random(nal_bytes)
    found: list[bytes] = []
    for number in range(pictures):
        payloads = fragments(codec, nal_of(codec, 1, nal_bytes, rng), size)
        for at, payload in enumerate(payloads):
            marker = at == len(payloads) - 1
            found.append(rtp_packet(sequence + len(found), 3600 * number, payload, marker=marker))
    return found


def made_of(
    codec: str, packets: Iterable[bytes], reads: int | None = None, *, fast: bool
) -> tuple[list[tuple[bytes, int, bool]], TrackStats]:
    """Return units and counters of a stream that is read in pieces of `reads` bytes."""
    receiver = Receiver(tracks_for(codec), fast=fast)
    data = b"".join(write_frame(0, packet) for packet in packets)
    kept = bytearray()
    for at in range(0, len(data), reads or len(data)):
        kept += data[at : at + (reads or len(data))]
        del kept[: receiver.feed(kept, len(kept), 0)]
    receiver.flush()
    return [(unit.data, unit.rtp_time, unit.damaged) for unit in receiver.units], receiver.stats[0]


def changed(packet: bytes, what: str) -> bytes:  # noqa: C901 - one branch for each difference
    """Return a packet that differs in one thing from one that fits into its row."""
    first, second, sequence, time32, ssrc = struct.unpack_from(">BBHII", packet)
    payload = packet[12:]
    if what == "a lap of 256 numbers is missing":
        sequence += 256
    elif what == "one number is missing":
        sequence += 1
    elif what == "an old number":
        sequence -= 1
    elif what == "marker":
        second ^= 0x80
    elif what == "payload type":
        second ^= 1
    elif what == "time":
        time32 ^= 0x10000
    elif what == "source":
        ssrc ^= 0x100
    elif what == "kind of NAL unit":
        width = 3 if packet[12] == 0x62 else 2
        payload = payload[: width - 1] + bytes((payload[width - 1] ^ 4,)) + payload[width:]
    elif what == "padding":
        first, payload = first | 0x20, payload[:-1] + b"\x05"
    elif what == "shorter":
        payload = payload[:-1]
    elif what == "longer":
        payload += b"x"
    return struct.pack(">BBHII", first, second, sequence & 0xFFFF, time32, ssrc) + payload


@pytest.mark.parametrize(
    "what",
    [
        *("a lap of 256 numbers is missing", "one number is missing", "an old number", "marker", "payload type"),
        *("time", "source", "kind of NAL unit", "padding", "shorter", "longer"),
    ],
)
@pytest.mark.parametrize("codec", CODECS)
def test_a_packet_that_differs_ends_the_row_wherever_it_is(codec: str, what: str) -> None:
    whole = stream(codec, 250, 700)
    for at in range(len(whole)):
        packets = [*whole[:at], changed(whole[at], what), *whole[at + 1 :]]
        assert made_of(codec, packets, fast=True) == made_of(codec, packets, fast=False), at


@pytest.mark.parametrize("codec", CODECS)
def test_reads_may_end_at_any_byte(codec: str) -> None:
    packets = stream(codec, 65_530, 700, pictures=2)
    wanted = made_of(codec, packets, fast=False)
    assert len(wanted[0]) == 2
    for reads in range(1, sum(map(len, packets)) // 2):
        assert made_of(codec, packets, reads, fast=True) == wanted


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("sequence", [0, 1, 200, 255, 65_535])
def test_a_long_picture_is_taken_in_several_rows(codec: str, sequence: int) -> None:
    packets = stream(codec, sequence, 40_000)
    assert len(packets) > 6 * LONGEST
    units, stats = made_of(codec, packets, fast=True)
    assert (units, stats) == made_of(codec, packets, fast=False)
    assert len(units) == 3
    assert stats.packets_received == len(packets)
    assert not any(damaged for _, _, damaged in units)


def test_more_sizes_than_are_kept_come_through() -> None:
    packets: list[bytes] = []
    for number in range(KEPT_ROWS + 20):
        nal = nal_of("h264", 1, 900 + 3 * number, random.Random(number))
        for payload in fragments("h264", nal, 300 + number):
            packets.append(rtp_packet(len(packets), 3600 * number, payload))
    assert made_of("h264", packets, fast=True) == made_of("h264", packets, fast=False)


@given(st.integers(0, 255), st.integers(1, 300), st.lists(st.integers(0, 300), max_size=3), st.sampled_from([0, 0x80]))
def test_a_row_is_as_long_as_its_numbers_go_on(low: int, packets: int, odd: list[int], marker: int) -> None:
    frame, size, flags, first, middle, last = 0x2400, 12 + 2 + 5, 0x8060, b"\x7c\x81", b"\x7c\x01", b"\x7c\x41"
    data = [struct.pack(">I", number) + b"$" for number in range(packets)]
    numbers = [low + number + 7 * (number in odd and number > 0) for number in range(packets + 1)]
    rows = rows_of(frame, size, flags, None, first, middle, last)
    heads = [struct.pack(">HHHHII", frame, size, flags, number & 0xFFFF, 9, 8) for number in numbers[:-1]]
    heads.append(struct.pack(">HHHHII", frame, 15, flags | marker, numbers[-1] & 0xFFFF, 9, 8))
    leads = [first, *[middle] * (packets - 1), last]
    buffer = b"".join(map(b"".join, zip(heads, leads, [*data, b"$"], strict=True)))
    taken, behind = rows.take(memoryview(buffer), 0, len(buffer), low)
    good = next((at for at in range(packets + 1) if numbers[at] != low + at), packets + 1)
    count = min(good, packets, LONGEST, 256 - low)
    assert list(taken) == data[:count]
    whole = count == packets < good and low + packets < 256
    assert behind == (packets * (size + 4) if whole else -1)
