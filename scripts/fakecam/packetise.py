"""RTP payloads of one access unit: RFC 6184, RFC 7798, RFC 3640, RFC 3551.

Pure. Written for the fake cameras only; the gateway's depacketisers are other
code by design, so that both cannot be wrong in the same way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakecam.demux import nal_type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    _Aggregate = Callable[[list[bytes]], bytes]

#: Largest RTP payload: fits an Ethernet frame with room for the tunnels of real networks.
MAX_PAYLOAD_BYTES = 1400

_H264_SETS = frozenset({7, 8})
_H265_SETS = frozenset({32, 33, 34})
_H264_STAP_A, _H264_FU_A = 24, 28
_H265_AP, _H265_FU = 48, 49
_START, _END = 0x80, 0x40


def payloads(codec: str, nals: tuple[bytes, ...]) -> list[bytes]:
    """Payloads of one access unit, in order; the last one carries the marker bit."""
    if codec == "aac":
        return [_aac_hbr(nals[0])]
    if codec in ("pcma", "pcmu"):
        return [nals[0]]
    return list(_video_payloads(codec, nals))


def _video_payloads(codec: str, nals: tuple[bytes, ...]) -> Iterator[bytes]:
    set_types = _H264_SETS if codec == "h264" else _H265_SETS
    aggregate = _stap_a if codec == "h264" else _ap
    fragment = _fu_a if codec == "h264" else _fu
    held: list[bytes] = []
    for nal in nals:
        if nal_type(codec, nal) in set_types:
            held.append(nal)
            continue
        if held:
            yield from _sets(held, aggregate)
            held = []
        if len(nal) <= MAX_PAYLOAD_BYTES:
            yield nal
        else:
            yield from fragment(nal)
    if held:
        yield from _sets(held, aggregate)


def _sets(sets: list[bytes], aggregate: _Aggregate) -> Iterable[bytes]:
    together = aggregate(sets)
    if len(sets) == 1 or len(together) > MAX_PAYLOAD_BYTES:
        return sets
    return [together]


def _stap_a(nals: list[bytes]) -> bytes:
    """RFC 6184, 5.7.1: the aggregate takes the highest NRI of its parts."""
    nri = max(nal[0] & 0x60 for nal in nals)
    parts = b"".join(len(nal).to_bytes(2, "big") + nal for nal in nals)
    return bytes((nri | _H264_STAP_A,)) + parts


def _ap(nals: list[bytes]) -> bytes:
    """RFC 7798, 4.4.2; layer and temporal id are those of the first part (all are zero and one)."""
    head = bytes((nals[0][0] & 0x81 | _H265_AP << 1, nals[0][1]))
    return head + b"".join(len(nal).to_bytes(2, "big") + nal for nal in nals)


def _fu_a(nal: bytes) -> Iterator[bytes]:
    """RFC 6184, 5.8."""
    indicator, kind = nal[0] & 0xE0 | _H264_FU_A, nal[0] & 0x1F
    for flags, piece in _pieces(nal[1:], MAX_PAYLOAD_BYTES - 2):
        yield bytes((indicator, flags | kind)) + piece


def _fu(nal: bytes) -> Iterator[bytes]:
    """RFC 7798, 4.4.3."""
    head, kind = bytes((nal[0] & 0x81 | _H265_FU << 1, nal[1])), nal[0] >> 1 & 0x3F
    for flags, piece in _pieces(nal[2:], MAX_PAYLOAD_BYTES - 3):
        yield head + bytes((flags | kind,)) + piece


def _pieces(data: bytes, size: int) -> Iterator[tuple[int, bytes]]:
    last = (len(data) - 1) // size
    for n in range(last + 1):
        flags = (_START if n == 0 else 0) | (_END if n == last else 0)
        yield flags, data[n * size : (n + 1) * size]


def _aac_hbr(frame: bytes) -> bytes:
    """RFC 3640, 3.3.6: one AU-header of 13 bits size and 3 bits index."""
    return b"\x00\x10" + (len(frame) << 3).to_bytes(2, "big") + frame
