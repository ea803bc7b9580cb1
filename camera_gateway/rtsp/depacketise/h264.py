"""H.264 from RTP (RFC 6184): single NAL units, STAP-A, FU-A. Pure.

The interleaved packetisation (STAP-B, MTAP, FU-B) is refused by name: no camera sends it over TCP, and to
take it for something else would corrupt pictures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from camera_gateway.rtsp.depacketise.nal_units import NalAssembler, Opening, split_aggregate
from camera_gateway.rtsp.errors import CodecRefused

if TYPE_CHECKING:
    from collections.abc import Mapping

_IDR = 5
_SEI = 6
_PARAMETER_SETS = frozenset({7, 8, 13})  # SPS, PPS, SPS extension
_STAP_A, _FU_A = 24, 28
_INTERLEAVED = {25: "STAP-B", 26: "MTAP16", 27: "MTAP24", 29: "FU-B"}
_START, _END = 0x80, 0x40


def _opening(prefix: int) -> Opening:
    """Return what a first fragment with this FU indicator and FU header says."""
    kind = prefix & 31
    middle = prefix & 0xFF00 | kind
    header = bytes((prefix >> 8 & 0xE0 | kind,))
    return Opening(header, middle, middle | _END, kind == _IDR, kind in _PARAMETER_SETS, kind == _SEI)


_OPENINGS = {
    prefix: _opening(prefix)
    for high in range(8)
    for kind in range(32)
    if kind not in _PARAMETER_SETS
    for prefix in ((high << 5 | _FU_A) << 8 | _START | kind,)
}


class H264Assembler(NalAssembler):
    """Payloads of one H.264 track in, access units out."""

    __slots__ = ()
    fragment_prefix = 2
    nal_header_bytes = 1
    wide = False
    openings: Mapping[int, Opening] = _OPENINGS

    def _take(self, payload: bytes) -> None:
        kind = payload[0] & 31
        if kind == _FU_A:
            self._fragment(payload)
        elif 1 <= kind < _STAP_A:
            self._whole(payload)
        elif kind == _STAP_A:
            nals, whole = split_aggregate(payload, 1)
            self._several(nals)
            if not whole:
                self._truncated()
        elif kind in _INTERLEAVED:
            name = _INTERLEAVED[kind]
            raise CodecRefused(
                f"H264 {name}",
                f"the camera sends H.264 in interleaved packetisation ({name})",
                hint="set packetization-mode 1 on the camera",
            )
        else:
            self.ignored += 1

    def _fragment(self, payload: bytes) -> None:
        if len(payload) < 2:  # noqa: PLR2004 - indicator and header
            self.ignored += 1
            return
        indicator, flags = payload[0], payload[1]
        kind = flags & 31
        if flags & _START:
            self._start_fragments(_opening(indicator << 8 | kind), (payload[2:],), len(payload) - 2)
            if flags & _END:  # forbidden, and yet sent: a whole NAL unit in one fragment
                self.end_fragments()
        elif self.open_at >= 0 and kind == self.opening.header[0] & 31:
            self._more_fragments(payload[2:])
            if flags & _END:
                self.end_fragments()
        else:
            self._orphan(ends=bool(flags & _END))

    def _is_key(self, nal: bytes) -> bool:
        return nal[0] & 31 == _IDR

    def _is_parameter_set(self, nal: bytes) -> bool:
        return nal[0] & 31 in _PARAMETER_SETS

    def _is_sei(self, nal: bytes) -> bool:
        return nal[0] & 31 == _SEI
