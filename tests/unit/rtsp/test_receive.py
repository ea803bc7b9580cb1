"""The receiver: packets in, access units out; loss, restarts and foreign sources told apart; two paths, one result."""

from __future__ import annotations

import itertools
import random
import struct
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.rtp_streams import (
    AUDIO_SSRC,
    aac_payload,
    camera_minute,
    fragments,
    nal_of,
    picture,
    rtp_packet,
    tracks_for,
)

from camera_gateway.rtsp.access_unit import AccessUnit
from camera_gateway.rtsp.depacketise.h265 import H265Assembler
from camera_gateway.rtsp.errors import CodecRefused, RtspError, StreamCorrupt, StreamLimitExceeded
from camera_gateway.rtsp.interleaved import write_frame
from camera_gateway.rtsp.receive import Receiver

if TYPE_CHECKING:
    from collections.abc import Iterable

    from camera_gateway.rtsp.tracks import TrackSetup

CODECS = ["h264", "h265"]


def feed(receiver: Receiver, data: bytes, sizes: list[int] | None = None) -> None:
    """Feed `data` in reads of the sizes given (then the rest), keeping what is not consumed."""
    kept, at = bytearray(), 0
    for number, size in enumerate([*(sizes or []), len(data)]):
        kept += data[at : at + size]
        at += size
        used = receiver.feed(kept, len(kept), number)
        del kept[:used]


def feed_each(receiver: Receiver, all_packets: Iterable[bytes]) -> None:
    """Feed every packet in a read of its own."""
    for packet in all_packets:
        feed(receiver, write_frame(0, packet))


def packets(codec: str, nals: list[bytes], sequence: int, time32: int, size: int = 300) -> list[bytes]:
    payloads = [payload for nal in nals for payload in fragments(codec, nal, size)]
    last = len(payloads) - 1
    return [rtp_packet(sequence + at, time32, payload, marker=at == last) for at, payload in enumerate(payloads)]


def framed(all_packets: list[bytes], channel: int = 0) -> bytes:
    return b"".join(write_frame(channel, packet) for packet in all_packets)


def prefixed(nals: list[bytes]) -> bytes:
    return b"".join(struct.pack(">I", len(nal)) + nal for nal in nals)


def received(codec: str, all_packets: list[bytes], *, fast: bool = True) -> Receiver:
    receiver = Receiver(tracks_for(codec), fast=fast)
    feed(receiver, framed(all_packets))
    receiver.flush()
    return receiver


def pictures(codec: str, count: int, seed: int = 3) -> list[list[bytes]]:
    rng = random.Random(seed)
    return [picture(codec, rng.randint(100, 4000), rng, key=number % 3 == 0) for number in range(count)]


def stream_of(
    codec: str, units: list[list[bytes]], sequence: int = 65530, time32: int = 2**32 - 7000
) -> list[list[bytes]]:
    found = []
    for number, nals in enumerate(units):
        found.append(packets(codec, nals, sequence, time32 + 3600 * number))
        sequence += len(found[-1])
    return found


def joined(parts: list[list[bytes]]) -> list[bytes]:
    return [packet for unit in parts for packet in unit]


@pytest.mark.parametrize("codec", CODECS)
def test_units_come_out_bit_for_bit_across_both_wraps(codec: str) -> None:
    units = pictures(codec, 7)
    receiver = received(codec, joined(stream_of(codec, units)))
    assert [unit.data for unit in receiver.units] == [prefixed(nals) for nals in units]
    assert [unit.keyframe for unit in receiver.units] == [n % 3 == 0 for n in range(7)]
    assert [unit.rtp_time - receiver.units[0].rtp_time for unit in receiver.units] == [3600 * n for n in range(7)]
    assert all(unit.size == len(unit.data) and not unit.damaged for unit in receiver.units)
    sets = receiver.units[0].parameter_sets
    assert sets == tuple(units[0][: 2 if codec == "h264" else 3])
    assert receiver.units[1].parameter_sets is None
    stats = receiver.stats[0]
    assert (stats.packets_lost, stats.packets_reordered, stats.packets_duplicate, stats.nal_dropped) == (0, 0, 0, 0)


def test_a_unit_appears_when_the_next_one_begins() -> None:
    one, two = stream_of("h264", pictures("h264", 2))
    receiver = Receiver(tracks_for("h264"))
    feed(receiver, framed(one))
    assert receiver.units == []
    feed(receiver, framed(two[:1]))
    assert len(receiver.units) == 1


def test_an_sei_with_the_marker_bit_belongs_to_the_picture_with_its_time() -> None:
    rng = random.Random(1)
    sei, idr = nal_of("h264", 6, 40, rng), nal_of("h264", 5, 900, rng)
    parts = [rtp_packet(1, 900, sei, marker=True), *packets("h264", [idr], 2, 900)]
    receiver = received("h264", parts)
    (unit,) = receiver.units
    assert unit.data == prefixed([sei, idr])


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("missing", [0, 1, 3, -1])
def test_a_nal_unit_that_misses_a_fragment_is_left_out_whole(codec: str, missing: int) -> None:
    rng = random.Random(5)
    kinds = (6, 1, 1) if codec == "h264" else (39, 1, 1)
    sei, first, second = (nal_of(codec, k, s, rng) for k, s in zip(kinds, (30, 1500, 1500), strict=True))
    parts = packets(codec, [sei, first, second], 10, 0)
    width = len(fragments(codec, first, 300))
    lost = 1 + (missing if missing >= 0 else width - 1)
    before = packets(codec, [nal_of(codec, kinds[1], 20, rng)], 9, -3600)
    receiver = received(codec, before + parts[:lost] + parts[lost + 1 :])
    unit = receiver.units[1]
    assert unit.data == prefixed([sei, second])
    assert unit.damaged
    assert not receiver.units[0].damaged
    assert receiver.stats[0].packets_lost == 1
    assert receiver.stats[0].nal_dropped == 1


def test_loss_at_the_border_of_two_units_damages_both_unless_the_first_was_marked() -> None:
    rng = random.Random(8)
    units = [[nal_of("h264", 1, 800, rng), nal_of("h264", 1, 800, rng)] for _ in range(3)]
    one, two, three = stream_of("h264", units)
    receiver = received("h264", one[:-1] + two[1:] + three)
    assert [unit.damaged for unit in receiver.units] == [True, True, False]
    assert [unit.data for unit in receiver.units] == [
        prefixed(units[0][:1]),
        prefixed(units[1][1:]),
        prefixed(units[2]),
    ]
    receiver = received("h264", one + two[1:] + three)
    assert [unit.damaged for unit in receiver.units] == [False, True, False]


def test_a_stream_that_breaks_off_leaves_its_last_unit_damaged() -> None:
    one, two = stream_of(
        "h264", [[nal_of("h264", 1, 800, random.Random(2)), nal_of("h264", 1, 800, random.Random(3))]] * 2
    )
    receiver = received("h264", one + two[:-2])
    assert [unit.damaged for unit in receiver.units] == [False, True]


def test_late_and_duplicate_packets_are_counted_and_not_used() -> None:
    units = pictures("h264", 4)
    parts = joined(stream_of("h264", units))
    late = [*parts[:5], parts[6], parts[5], parts[6], *parts[7:]]
    receiver = received("h264", late)
    stats = receiver.stats[0]
    assert (stats.packets_lost, stats.packets_reordered, stats.packets_duplicate) == (0, 1, 1)


def test_a_stale_session_on_the_same_channel_changes_nothing() -> None:
    units = pictures("h264", 4)
    parts = joined(stream_of("h264", units))
    foreign = [rtp_packet(500 + n, 77, b"\x61" + bytes(50), ssrc=0xDEAD) for n in range(len(parts))]
    mixed = [packet for pair in zip(parts, foreign, strict=True) for packet in pair]
    receiver = received("h264", mixed)
    assert [unit.data for unit in receiver.units] == [prefixed(nals) for nals in units]
    assert receiver.stats[0].ssrc_changes == 0
    assert receiver.stats[0].packets_foreign == len(foreign)


def test_a_new_ssrc_is_an_event_and_an_epoch_and_loses_no_packet() -> None:
    units = pictures("h264", 6)
    first = joined(stream_of("h264", units[:3]))
    second = joined(stream_of("h264", units[3:], 9, 50))
    second = [packet[:8] + struct.pack(">I", 0x77777777) + packet[12:] for packet in second]
    receiver = received("h264", first + second)
    assert [unit.data for unit in receiver.units] == [prefixed(nals) for nals in units]
    assert [unit.epoch for unit in receiver.units] == [0, 0, 0, 1, 1, 1]
    assert [event.kind for event in receiver.events] == ["ssrc-changed"]
    assert receiver.stats[0].ssrc == 0x77777777
    assert receiver.stats[0].packets_received == len(first + second)


def test_a_far_jump_in_sequence_is_a_restart_and_no_loss_of_thousands() -> None:
    units = pictures("h264", 4)
    first = joined(stream_of("h264", units[:2], 100))
    second = joined(stream_of("h264", units[2:], 30000))
    receiver = received("h264", first + second)
    assert [unit.data for unit in receiver.units] == [prefixed(nals) for nals in units]
    assert receiver.stats[0].packets_lost == 0
    assert [event.kind for event in receiver.events] == ["sequence-restarted"]


def test_start_codes_inside_a_fragmented_parameter_set_are_taken_apart() -> None:
    rng = random.Random(4)
    sps, pps, idr = nal_of("h264", 7, 20, rng), nal_of("h264", 8, 6, rng), nal_of("h264", 5, 1500, rng)
    glued = sps + b"\x00\x00\x00\x01" + pps + b"\x00\x00\x00\x01" + idr
    receiver = received("h264", packets("h264", [glued], 1, 0))
    (unit,) = receiver.units
    assert unit.data == prefixed([sps, pps, idr])
    assert unit.parameter_sets == (sps, pps)
    assert unit.keyframe


def test_aggregates_are_taken_apart() -> None:
    rng = random.Random(4)
    nals = [nal_of("h264", kind, 30, rng) for kind in (7, 8, 5)]
    stap = b"\x78" + b"".join(struct.pack(">H", len(nal)) + nal for nal in nals)
    (unit,) = received("h264", [rtp_packet(1, 0, stap)]).units
    assert (unit.data, unit.keyframe, unit.damaged) == (prefixed(nals), True, False)
    (unit,) = received("h264", [rtp_packet(1, 0, stap[:-1])]).units
    assert (unit.data, unit.damaged) == (prefixed(nals[:2]), True)


@pytest.mark.parametrize("donl", [False, True])
def test_h265_aggregates_and_fragments_with_and_without_donl(donl: bool) -> None:  # noqa: FBT001 - a parameter
    rng = random.Random(6)
    vps, sps, idr = (nal_of("h265", kind, 40, rng) for kind in (32, 33, 19))
    field = b"\x00\x07" if donl else b""
    aggregate = (
        b"\x60\x01" + field + struct.pack(">H", 40) + vps + (b"\x01" if donl else b"") + struct.pack(">H", 40) + sps
    )
    payloads = [aggregate]
    for number, part in enumerate(fragments("h265", idr, 20)):
        payloads.append(part[:3] + (field if number == 0 else b"") + part[3:])
    single = nal_of("h265", 39, 12, rng)
    payloads.append(single[:2] + field + single[2:])
    assembler, out = H265Assembler(0, donl=donl), list[AccessUnit]()
    for payload in payloads:
        assembler.push(payload, 5, 0, marker=False, lost=False, out=out)
    assembler.flush(out)
    (unit,) = out
    assert unit.data == prefixed([vps, sps, idr, single])
    assert (unit.keyframe, unit.parameter_sets, unit.damaged) == (True, (vps, sps), False)


@pytest.mark.parametrize(
    ("codec", "payload"), [("h264", b"\x79abc"), ("h264", b"\x7aabc"), ("h264", b"\x7dabc"), ("h265", b"\x64\x01abc")]
)
def test_packetisations_that_are_not_supported_are_refused_by_name(codec: str, payload: bytes) -> None:
    with pytest.raises(CodecRefused) as caught:
        received(codec, [rtp_packet(1, 0, payload)])
    assert caught.value.codec.startswith(codec.upper())


def test_extension_csrc_and_padding_are_taken_off() -> None:
    nals = [nal_of("h264", 1, 200, random.Random(1)) for _ in range(3)]
    parts = [
        rtp_packet(1, 0, nals[0], csrcs=2),
        rtp_packet(2, 0, nals[1], extension=b"\x10\xff"),
        rtp_packet(3, 0, nals[2], padding=9),
    ]
    (unit,) = received("h264", parts).units
    assert unit.data == prefixed(nals)


def sender_report(ssrc: int, seconds: int, time32: int) -> bytes:
    return struct.pack(">BBHIIIIII", 0x80, 200, 6, ssrc, seconds, 1 << 31, time32, 5, 6)


def test_sender_reports_come_on_the_tracks_own_scale() -> None:
    one, two = stream_of("h264", pictures("h264", 2), time32=2**32 - 1000)
    ssrc = struct.unpack(">I", one[0][8:12])[0]
    receiver = Receiver(tracks_for("h264"))
    feed(receiver, framed(one + two))
    report = sender_report(ssrc, 2_208_988_800 + 1_700_000_000, 5000) + struct.pack(">BBHI", 0x81, 203, 1, ssrc)
    feed(receiver, write_frame(1, report) + write_frame(1, sender_report(1, 2**31 + 1, 5000)))
    (found,) = receiver.sender_reports
    assert (found.track, found.ntp_us) == (0, 1_700_000_000_500_000)
    assert found.rtp_time == 2**32 + 5000
    assert [event.kind for event in receiver.events] == ["bye"]


def test_a_camera_without_a_wall_clock_reports_none() -> None:
    receiver = Receiver(tracks_for("h264"))
    report = struct.pack(">BBHIIIIII", 0x80, 200, 6, 1, 0, 0, 7, 5, 6)
    feed(receiver, write_frame(1, report))
    assert [(r.ntp_us, r.rtp_time) for r in receiver.sender_reports] == [(None, 7)]


def test_answers_and_requests_between_frames_are_handed_over() -> None:
    (parts,) = stream_of("h264", pictures("h264", 1))
    answer = b"RTSP/1.0 200 OK\r\nCSeq: 9\r\nContent-Length: 2\r\n\r\n$$"
    request = b"SET_PARAMETER * RTSP/1.0\r\nCSeq: 1\r\n\r\n"
    data = framed(parts[:1]) + answer + b"\r\n" + request + write_frame(9, b"other") + framed(parts[1:])
    receiver = Receiver(tracks_for("h264"))
    feed(receiver, data, [7] * (len(data) // 7))
    receiver.flush()
    assert [(r.cseq, r.body) for r in receiver.responses] == [(9, b"$$")]
    assert [r.method for r in receiver.requests] == ["SET_PARAMETER"]
    assert receiver.frames_ignored == 1
    assert len(receiver.units) == 1


def test_broken_framing_is_an_error_and_not_a_search() -> None:
    (parts,) = stream_of("h264", pictures("h264", 1))
    with pytest.raises(StreamCorrupt):
        feed(Receiver(tracks_for("h264")), framed(parts) + b"\x00garbage")


def test_packets_that_are_no_rtp_are_counted_and_then_end_the_stream() -> None:
    receiver = Receiver(tracks_for("h264"))
    feed(receiver, write_frame(0, b"\x00" * 40) * 63)
    assert receiver.stats[0].packets_malformed == 63
    with pytest.raises(StreamCorrupt):
        feed(receiver, write_frame(0, b"\x00" * 40))


@pytest.mark.parametrize("fast", [True, False])
def test_a_nal_unit_without_end_is_an_error(fast: bool) -> None:  # noqa: FBT001 - a parameter
    receiver = Receiver(tracks_for("h264"), fast=fast)
    middle = bytes(60_000)
    feed(receiver, framed([rtp_packet(0, 0, b"\x7c\x85abc")]))
    with pytest.raises(StreamLimitExceeded, match="NAL unit"):
        feed_each(receiver, (rtp_packet(sequence, 0, b"\x7c\x05" + middle) for sequence in range(1, 1000)))
    assert receiver.stats[0].packets_received < 145


def test_an_access_unit_without_end_is_an_error() -> None:
    receiver = Receiver(tracks_for("h264"))
    with pytest.raises(StreamLimitExceeded, match="access unit over"):
        feed_each(receiver, (rtp_packet(sequence, 0, b"\x41" + bytes(60_000)) for sequence in range(1000)))
    receiver = Receiver(tracks_for("h264"))
    with pytest.raises(StreamLimitExceeded, match="pieces"):
        feed_each(receiver, (rtp_packet(sequence, 0, b"\x06") for sequence in range(50_000)))


def test_ten_thousand_sei_are_kept() -> None:
    parts = [rtp_packet(sequence, 0, b"\x06\x05\x01") for sequence in range(10_000)]
    (unit,) = received("h264", parts).units
    assert unit.size == 70_000


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("codec", CODECS)
def test_a_synthetic_camera_minute_comes_through_whole(codec: str, fast: bool) -> None:  # noqa: FBT001
    receiver = Receiver(tracks_for(codec), fast=fast)
    feed(receiver, b"".join(camera_minute(codec, audio=True, seconds=4, read_ms=200)), [100_003] * 20)
    receiver.flush()
    video = [unit for unit in receiver.units if unit.track == 0]
    audio = [unit for unit in receiver.units if unit.track == 1]
    assert len(video) == 100
    assert sum(unit.keyframe for unit in video) == 2
    assert {unit.samples for unit in audio} == {1024}
    assert all(b.rtp_time - a.rtp_time == 1024 for a, b in itertools.pairwise(audio))
    assert not any(unit.damaged for unit in receiver.units)


def outcome(receiver: Receiver, data: bytes, sizes: list[int]) -> dict[str, Any]:
    """Return everything that a receiver made of a stream, and how it ended."""
    try:
        feed(receiver, data, sizes)
        receiver.flush()
        end = "flushed"
    except RtspError as error:
        end = f"{type(error).__name__}: {error}"
    return {
        "end": end,
        "units": [
            (
                u.track,
                u.rtp_time,
                u.arrival_us,
                u.data,
                u.size,
                u.keyframe,
                u.damaged,
                u.parameter_sets,
                u.samples,
                u.epoch,
            )
            for u in receiver.units
        ],
        "reports": [(r.track, r.ntp_us, r.rtp_time, r.arrival_us) for r in receiver.sender_reports],
        "events": receiver.events,
        "stats": receiver.stats,
        "responses": receiver.responses,
        "ignored": receiver.frames_ignored,
    }


def draw_sound(rng: random.Random, trouble: float) -> list[bytes]:
    """Return the payloads of one instant of sound: a whole frame, mostly; several, fragments or nonsense."""
    frame = rng.randbytes(rng.choice([1, 50, 50, 200]))
    whole = aac_payload(frame)
    if rng.random() >= trouble + 0.1:
        return [whole]
    head = whole[:4]
    return rng.choice(
        [
            [head + frame[:20], head + frame[20:]],
            [head + frame[:20]],
            [struct.pack(">HHH", 32, len(frame) << 3, 3 << 3) + frame + b"abc"],
            [head[:3] + bytes((head[3] | rng.randint(1, 7),)) + frame],
            [whole + b"more"],
            [whole[:3]],
            [b"\x00\x10\x00\x00"],
            [rng.randbytes(30)],
        ]
    )


def with_donl(tracks: tuple[TrackSetup, ...]) -> tuple[TrackSetup, ...]:
    """Return the tracks of a camera that announces decoding order numbers."""
    return (replace(tracks[0], depacketiser=H265Assembler(0, donl=True)), *tracks[1:])


@st.composite
def streams(  # noqa: C901, PLR0912 - one thing after the other that can happen to a stream
    draw: st.DrawFn,
) -> tuple[str, bytes, list[int]]:
    """A random stream: pictures in fragments, with loss, repeats, swaps, odd headers, audio, RTCP and answers."""
    codec = draw(st.sampled_from(CODECS))
    rng = random.Random(draw(st.integers(0, 2**32)))
    size = draw(st.sampled_from([20, 60, 300]))
    trouble = draw(st.sampled_from([0.0, 0.02, 0.2]))
    sequence, time32 = rng.choice([0, 65500, 3]), rng.choice([0, 2**32 - 5000])
    ssrc = 0x10
    frames: list[bytes] = []
    heard, at_sound = rng.choice([0, 65530]), 0
    for number in range(draw(st.integers(1, 12))):
        nals = picture(codec, rng.randint(1, 1200), rng, key=rng.random() < 0.3)
        payloads = [payload for nal in nals for payload in fragments(codec, nal, size)]
        for at, sound in enumerate(payloads):
            payload = sound
            odd: dict[str, Any] = {}
            if rng.random() < trouble:
                odd = rng.choice([{"csrcs": 1}, {"extension": b"x"}, {"padding": 3}, {"payload_type": 97}, {"ssrc": 9}])
            marker = at == len(payloads) - 1 if rng.random() >= trouble else rng.random() < 0.5
            if rng.random() < trouble:
                payload = bytes((sound[0] ^ rng.choice([0, 1, 0x20]),)) + sound[1 : rng.choice([1, None])]
            frames.append(
                write_frame(0, rtp_packet(sequence, time32, payload, **{"marker": marker, "ssrc": ssrc, **odd}))
            )
            sequence += 1
            if rng.random() < trouble / 2:
                sequence += rng.choice([1, 2, 50, 5000])
            if rng.random() < trouble / 4:
                ssrc += 1
            if rng.random() < trouble / 4:
                time32 += 3600
        time32 += rng.choice([0, 3600, 3600, 3600, -900])
        for payload in draw_sound(rng, trouble) if rng.random() < 0.5 else ():
            heard += 1 if rng.random() >= trouble / 2 else rng.choice([0, 2, 5000])
            marker = rng.random() >= trouble
            packet = rtp_packet(
                heard, (number + 2**22 - 4) * 1024, payload, marker=marker, payload_type=97, ssrc=AUDIO_SSRC
            )
            frames.insert(at_sound := rng.randint(at_sound, len(frames)), write_frame(2, packet))
            at_sound += 1
        if rng.random() < 0.2:
            frames.insert(
                rng.randint(0, len(frames)), write_frame(1, sender_report(ssrc, 2**31 + number, time32 & 0xFFFF))
            )
        if rng.random() < 0.1:
            frames.insert(rng.randint(0, len(frames)), b"RTSP/1.0 200 OK\r\nCSeq: 5\r\n\r\n")
    shaken: list[bytes] = []
    for frame in frames:
        throw = rng.random()
        if throw < trouble / 3:
            continue
        shaken.append(frame)
        if throw > 1 - trouble / 3:
            shaken.append(frame)
        if len(shaken) > 1 and trouble and rng.random() < trouble / 3:
            shaken[-1], shaken[-2] = shaken[-2], shaken[-1]
    data = b"".join(shaken)
    if draw(st.booleans()) and trouble == 0.2:
        where = rng.randrange(len(data) + 1)
        data = data[:where] + rng.randbytes(3) + data[where + 3 :]
    return codec, data, draw(st.lists(st.integers(1, 2000), max_size=20))


@given(streams())
def test_the_fast_path_and_the_general_path_agree_on_any_stream(stream: tuple[str, bytes, list[int]]) -> None:
    codec, data, sizes = stream
    fast = outcome(Receiver(tracks_for(codec)), data, sizes)
    assert fast == outcome(Receiver(tracks_for(codec), fast=False), data, sizes)
    if codec == "h265":
        fast = outcome(Receiver(with_donl(tracks_for(codec))), data, sizes)
        assert fast == outcome(Receiver(with_donl(tracks_for(codec)), fast=False), data, sizes)


@pytest.mark.parametrize("fast", [True, False])
def test_a_whole_frame_of_sound_ends_the_wait_for_a_rest_that_never_came(fast: bool) -> None:  # noqa: FBT001 - a parameter
    whole = [aac_payload(bytes((n,)) * 50) for n in range(3)]
    payloads = [whole[0], whole[1][:20], whole[2]]
    sound = [rtp_packet(n, n * 1024, p, payload_type=97, ssrc=AUDIO_SSRC) for n, p in enumerate(payloads)]
    receiver = Receiver(tracks_for("h264"), fast=fast)
    feed(receiver, framed(sound, 2))
    assert [(unit.data[:1], unit.rtp_time, unit.damaged) for unit in receiver.units] == [
        (b"\x00", 0, False),
        (b"\x02", 2048, True),
    ]
    assert receiver.stats[1].nal_dropped == 1


@given(streams(), st.lists(st.integers(1, 500), max_size=30))
def test_where_reads_are_cut_changes_nothing_but_arrival(
    stream: tuple[str, bytes, list[int]], other: list[int]
) -> None:
    codec, data, sizes = stream
    one, two = (outcome(Receiver(tracks_for(codec)), data, cut) for cut in (sizes, other))
    for found in (one, two):
        found["units"] = [unit[:2] + unit[3:] for unit in found["units"]]
        found["reports"] = [report[:3] for report in found["reports"]]
        found["events"] = [(event.track, event.kind) for event in found["events"]]
    assert one == two


@given(
    st.sampled_from(CODECS),
    st.lists(st.tuples(st.integers(0, 3), st.binary(max_size=60)), max_size=60),
    st.binary(max_size=40),
)
def test_random_packets_raise_nothing_but_typed_errors(
    codec: str, frames: list[tuple[int, bytes]], tail: bytes
) -> None:
    for fast in (True, False):
        receiver = Receiver(tracks_for(codec), fast=fast)
        try:
            feed(receiver, b"".join(write_frame(c, d) for c, d in frames) + tail)
            receiver.flush()
        except RtspError:
            continue
        assert all(unit.size == len(unit.data) for unit in receiver.units)


@given(st.sampled_from(CODECS), st.lists(st.tuples(st.booleans(), st.binary(max_size=40)), max_size=60))
def test_random_payloads_in_good_packets_raise_nothing_but_typed_errors(
    codec: str, payloads: list[tuple[bool, bytes]]
) -> None:
    time32 = 0
    data = b""
    for sequence, (same, payload) in enumerate(payloads):
        time32 += 0 if same else 3600
        data += write_frame(0, rtp_packet(sequence, time32, payload))
        data += write_frame(2, rtp_packet(sequence, time32, payload, payload_type=97, ssrc=1))
    receiver = Receiver(tracks_for(codec))
    try:
        feed(receiver, data)
        receiver.flush()
    except RtspError:
        return
    assert all(unit.size == len(unit.data) for unit in receiver.units)
