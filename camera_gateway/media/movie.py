"""The parts of `moov` that the fragmented and the plain writer have in common (ISO/IEC 14496-12 8.2 - 8.5).

Promises: pure bytes; times and durations in 64 bits where they may need them. Knows nothing of samples:
their tables come in as boxes.
"""

import struct
from typing import Final

from camera_gateway.media.boxes import box, full_box

_MATRIX: Final = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_LANGUAGE_UND: Final = 0x55C4
_ENABLED_IN_MOVIE: Final = 3
_MAX_U32: Final = 0xFFFFFFFF


def _times(created: int, middle: tuple[int, ...], duration: int) -> tuple[int, bytes]:
    """Return (version, bytes) of creation and modification time, `middle`, duration."""
    large = max(created, duration) > _MAX_U32
    word = "Q" if large else "I"
    return int(large), struct.pack(f">2{word}{len(middle)}I{word}", created, created, *middle, duration)


def movie_header(timescale: int, duration: int, created: int, next_track_id: int) -> bytes:
    """Return mvhd; `created` in seconds since 1904 (0: not stated), `duration` in `timescale`."""
    version, times = _times(created, (timescale,), duration)
    return full_box(
        b"mvhd",
        version,
        0,
        times,
        struct.pack(">IH10x", 0x10000, 0x100),  # rate 1, volume 1
        _MATRIX,
        bytes(24),
        struct.pack(">I", next_track_id),
    )


def track_box(
    track_id: int,
    tables: bytes,
    *,
    timescale: int,
    side: tuple[int, int] | None,
    created: int = 0,
    movie_duration: int = 0,
    media_duration: int = 0,
    edits: bytes = b"",
) -> bytes:
    """Return trak around the sample tables (the content of stbl).

    `side` is (width, height) of a video track and None for audio; `edits` is an edts box or nothing.
    """
    version, times = _times(created, (track_id, 0), movie_duration)
    tkhd = full_box(
        b"tkhd",
        version,
        _ENABLED_IN_MOVIE,
        times,
        struct.pack(">8xHHHH", 0, 0, 0 if side else 0x100, 0),
        _MATRIX,
        struct.pack(">II", *(part << 16 for part in side or (0, 0))),
    )
    version, times = _times(created, (timescale,), media_duration)
    mdhd = full_box(b"mdhd", version, 0, times, struct.pack(">HH", _LANGUAGE_UND, 0))
    handler = b"vide" if side else b"soun"
    hdlr = full_box(b"hdlr", 0, 0, struct.pack(">I4s12x", 0, handler), b"\x00")
    media_header = full_box(b"vmhd", 0, 1, bytes(8)) if side else full_box(b"smhd", 0, 0, bytes(4))
    dref = full_box(b"dref", 0, 0, struct.pack(">I", 1), full_box(b"url ", 0, 1))
    minf = box(b"minf", media_header, box(b"dinf", dref), box(b"stbl", tables))
    return box(b"trak", tkhd, edits, box(b"mdia", mdhd, hdlr, minf))
