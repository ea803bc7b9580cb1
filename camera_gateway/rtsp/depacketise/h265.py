"""H.265 from RTP (RFC 7798): single NAL units, aggregates, fragments, each with or without DONL. Pure.

DONL fields are there when the SDP says `sprop-max-don-diff` above zero; they are skipped, since over TCP
the packets come in decoding order. PACI packets are refused by name.
"""

from __future__ import annotations

from camera_gateway.rtsp.depacketise.nal_units import NalAssembler, Opening, split_aggregate
from camera_gateway.rtsp.errors import CodecRefused

_AGGREGATE, _FRAGMENT, _PACI = 48, 49, 50
_PARAMETER_SETS = frozenset({32, 33, 34})  # VPS, SPS, PPS
_SEI = frozenset({39, 40})  # before and after the slices
_IRAP = frozenset(range(16, 22))
_START, _END = 0x80, 0x40
_HEADER = 2


def _opening(prefix: int) -> Opening:
    """Return what a first fragment with this payload header and FU header says."""
    kind = prefix & 63
    middle = prefix & 0xFFFF00 | kind
    header = bytes((prefix >> 16 & 0x81 | kind << 1, prefix >> 8 & 255))
    return Opening(header, middle, middle | _END, kind in _IRAP, kind in _PARAMETER_SETS, kind in _SEI)


# of the base layer, where cameras have their pictures; the others go the general way
_OPENINGS = {
    prefix: _opening(prefix)
    for temporal in range(8)
    for kind in range(64)
    if kind not in _PARAMETER_SETS
    for prefix in (_FRAGMENT << 17 | temporal << 8 | _START | kind,)
}


class H265Assembler(NalAssembler):
    """Payloads of one H.265 track in, access units out; `donl` as signalled in the SDP."""

    __slots__ = ("_donl", "openings")
    fragment_prefix = 3
    nal_header_bytes = 2
    wide = True

    def __init__(self, track: int, *, donl: bool = False) -> None:
        super().__init__(track)
        self._donl = donl
        self.openings = {} if donl else _OPENINGS

    def _take(self, payload: bytes) -> None:
        if len(payload) < _HEADER:
            self.ignored += 1
            return
        kind = payload[0] >> 1 & 63
        if kind == _FRAGMENT:
            self._fragment(payload)
        elif kind < _AGGREGATE:
            nal = payload[:_HEADER] + payload[_HEADER + 2 :] if self._donl else payload
            self._whole(nal)
        elif kind == _AGGREGATE:
            # DONL before the first NAL unit, one byte of DOND before each other one
            nals, whole = split_aggregate(payload, _HEADER + 2 * self._donl, gap=1 if self._donl else 0)
            long_enough = [nal for nal in nals if len(nal) >= _HEADER]
            self._several(long_enough)
            if not whole or len(long_enough) < len(nals):
                self._truncated()
        elif kind == _PACI:
            raise CodecRefused("H265 PACI", "the camera sends H.265 in PACI packets")
        else:
            self.ignored += 1

    def _fragment(self, payload: bytes) -> None:
        if len(payload) < 3:  # noqa: PLR2004 - header and fragment header
            self.ignored += 1
            return
        first, second, flags = payload[0], payload[1], payload[2]
        kind = flags & 63
        if flags & _START:
            data = payload[3 + 2 * self._donl :]
            self._start_fragments(_opening(first << 16 | second << 8 | kind), (data,), len(data))
            if flags & _END:
                self.end_fragments()
        elif self.open_at >= 0 and kind == self.opening.header[0] >> 1 & 63:
            self._more_fragments(payload[3:])
            if flags & _END:
                self.end_fragments()
        else:
            self._orphan(ends=bool(flags & _END))

    def _is_key(self, nal: bytes) -> bool:
        return nal[0] >> 1 & 63 in _IRAP

    def _is_parameter_set(self, nal: bytes) -> bool:
        return nal[0] >> 1 & 63 in _PARAMETER_SETS

    def _is_sei(self, nal: bytes) -> bool:
        return nal[0] >> 1 & 63 in _SEI
