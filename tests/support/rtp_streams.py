"""Synthetic RTP over interleaved TCP: packets, fragments and whole camera-minutes for tests and benchmarks."""

from __future__ import annotations

import random
import struct
from typing import TYPE_CHECKING

from camera_gateway.rtsp import sdp
from camera_gateway.rtsp.depacketise.opening import open_media
from camera_gateway.rtsp.interleaved import write_frame
from camera_gateway.rtsp.tracks import TrackSetup

if TYPE_CHECKING:
    from collections.abc import Iterator

PAYLOAD = 1400
VIDEO_SSRC, AUDIO_SSRC = 0x1234ABCD, 0x0BADCAFE

DESCRIPTION = """v=0
m=video 0 RTP/AVP 96
a=rtpmap:96 {codec}/90000
a=control:trackID=0
m=audio 0 RTP/AVP 97
a=rtpmap:97 MPEG4-GENERIC/16000/1
a=fmtp:97 mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config=1408
a=control:trackID=1
"""


def tracks_for(codec: str, *, audio: bool = True) -> tuple[TrackSetup, ...]:
    """Return fresh set-up tracks: video on channels 0–1, AAC on 2–3."""
    description = sdp.parse(DESCRIPTION.format(codec=codec.upper()).encode())
    tracks = []
    for index, media in enumerate(description.media[: 2 if audio else 1]):
        opened = open_media(media, index)
        tracks.append(
            TrackSetup(
                index,
                "audio" if index else "video",
                opened.codec,
                opened.payload_type,
                opened.clock_rate,
                opened.channels,
                2 * index,
                2 * index + 1,
                media,
                opened.depacketiser,
                opened.parameter_sets,
                opened.codec_config,
                opened.sample_rate,
            )
        )
    return tuple(tracks)


def rtp_packet(
    sequence: int,
    time32: int,
    payload: bytes,
    *,
    marker: bool = False,
    payload_type: int = 96,
    ssrc: int = VIDEO_SSRC,
    csrcs: int = 0,
    extension: bytes | None = None,
    padding: int = 0,
) -> bytes:
    """Return one RTP packet; `extension` is padded to whole words, `padding` counts its own last byte."""
    first = 0x80 | csrcs | (0x10 if extension is not None else 0) | (0x20 if padding else 0)
    head = struct.pack(">BBHII", first, marker << 7 | payload_type, sequence & 0xFFFF, time32 & 0xFFFFFFFF, ssrc)
    head += b"\xaa\xbb\xcc\xdd" * csrcs
    if extension is not None:
        body = extension + bytes(-len(extension) % 4)
        head += struct.pack(">HH", 0xBEDE, len(body) // 4) + body
    return head + payload + (bytes(padding - 1) + bytes((padding,)) if padding else b"")


def fragments(codec: str, nal: bytes, size: int = PAYLOAD - 12) -> list[bytes]:
    """Return the payloads of a NAL unit: itself when it fits, else FU-A or FU."""
    if len(nal) <= size:
        return [nal]
    if codec == "h264":
        head, kind, body = bytes((nal[0] & 0xE0 | 28,)), nal[0] & 31, nal[1:]
    else:
        head, kind, body = bytes((nal[0] & 0x81 | 49 << 1, nal[1])), nal[0] >> 1 & 63, nal[2:]
    step = size - len(head) - 1
    parts = [body[at : at + step] for at in range(0, len(body), step)]
    last = len(parts) - 1
    return [
        head + bytes((kind | (0x80 if number == 0 else 0) | (0x40 if number == last else 0),)) + part
        for number, part in enumerate(parts)
    ]


def nal_of(codec: str, kind: int, size: int, rng: random.Random) -> bytes:
    """Return a NAL unit of `kind` and `size` bytes without a start code inside."""
    head = bytes((0x60 | kind,)) if codec == "h264" else bytes((kind << 1, 1))
    return head + rng.randbytes(max(1, size - len(head))).replace(b"\x00", b"\x01")


def aac_payload(frame: bytes) -> bytes:
    """Return the payload of one AAC-hbr frame."""
    return struct.pack(">HH", 16, len(frame) << 3) + frame


def picture(codec: str, size: int, rng: random.Random, *, key: bool) -> list[bytes]:
    """Return the NAL units of a picture: with parameter sets and an SEI when it is a key one."""
    sets = (7, 8, 6) if codec == "h264" else (32, 33, 34, 39)
    slice_kind = (5 if key else 1) if codec == "h264" else (19 if key else 1)
    nals = [nal_of(codec, kind, 24, rng) for kind in sets] if key else []
    return [*nals, nal_of(codec, slice_kind, size, rng)]


def camera_minute(codec: str, *, audio: bool, seconds: int, read_ms: int) -> Iterator[bytes]:
    """Yield the reads of a camera: 25 fps, GOP 2 s, 4 Mbit/s in all, packets of 1400 bytes, AAC 16 kHz."""
    rng = random.Random(1)
    bits, fps, gop = 4_000_000, 25, 50
    mean = bits // 8 // fps
    key_size = 6 * mean
    delta_size = (mean * gop - key_size) // (gop - 1)
    video_sequence, audio_sequence, audio_time = 65000, 100, 0
    video_time = 0xFFFF_0000
    read = bytearray()
    frame_us, audio_us = 1_000_000 // fps, 64_000
    next_read = read_ms * 1000
    next_audio = 0
    for number in range(seconds * fps):
        now = number * frame_us
        while now >= next_read:
            yield bytes(read)
            read.clear()
            next_read += read_ms * 1000
        key = number % gop == 0
        size = key_size if key else rng.randint(delta_size * 3 // 4, delta_size * 5 // 4)
        payloads = [p for nal in picture(codec, size, rng, key=key) for p in fragments(codec, nal)]
        for at, payload in enumerate(payloads):
            packet = rtp_packet(video_sequence, video_time, payload, marker=at == len(payloads) - 1)
            read += write_frame(0, packet)
            video_sequence += 1
        video_time += 3600
        while audio and next_audio <= now:
            packet = rtp_packet(
                audio_sequence,
                audio_time,
                aac_payload(rng.randbytes(256)),
                marker=True,
                payload_type=97,
                ssrc=AUDIO_SSRC,
            )
            read += write_frame(2, packet)
            audio_sequence += 1
            audio_time += 1024
            next_audio += audio_us
    yield bytes(read)
