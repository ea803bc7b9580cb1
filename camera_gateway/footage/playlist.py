"""HLS media playlists of recorded footage (RFC 8216bis): entries of a few seconds, by byte ranges of whole segments.

Promises: an entry begins with a keyframe, durations are exact to the microsecond, wall time is told anew at each
segment, and a discontinuity wherever media time does not go on: at a gap, at a new run, at a segment that is missing.
Pure. Must not know who watches or where the bytes are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from camera_gateway.clock import US, to_datetime
from camera_gateway.media.fragment_index import Slice, slices

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from camera_gateway.domain.footage import Sidecar
    from camera_gateway.domain.intervals import Interval
    from camera_gateway.media.fragment_index import FragmentIndex

SLICE_US = 2 * US
"""An entry's length at least, where the camera's keyframes allow: what a seek has to fetch."""
MEDIA_TYPE = "application/vnd.apple.mpegurl"
SAFE_AUDIO = frozenset({None, "mp4a.40.2"})
SAFE_VIDEO = "avc1."
ROUNDING_US = 1_000
"""Media times of a sidecar are rounded to the µs at each end; a frame lasts eight times this at least."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """One segment of a playlist and where its fragments lie."""

    sidecar: Sidecar
    index: FragmentIndex


def is_browser_safe(sidecar: Sidecar) -> bool:
    """Whether every browser plays the segment as it is: H.264, with AAC-LC or without sound."""
    return sidecar.video_codec.startswith(SAFE_VIDEO) and sidecar.audio_codec in SAFE_AUDIO


def media_playlist(
    stretches: Sequence[Stretch], moments: Sequence[Interval], *, h264: bool = False, more: bool = False
) -> str:
    """Return the playlist of what lies in `moments`, µs UTC, of segments by start; '' when nothing does.

    An entry that reaches into them is in it whole. With `h264` what not every browser plays is asked for as the
    rendition that is made on demand. Addresses are relative to the playlist's own, which ends in
    `cameras/ID/playlist.m3u8`.

    `more`: what follows the last segment is still being found out, so the list does not end: who reads it again finds
    it longer (RFC 8216 section 6.2.1), and is to begin at its beginning.
    """
    lines: list[str] = []
    longest_us = 0
    before: tuple[Stretch, Slice] | None = None
    for stretch, piece in _entries(stretches, moments):
        made = h264 and not is_browser_safe(stretch.sidecar)
        goes_on = before is not None and _goes_on(*before, stretch, piece)
        if not goes_on:
            if before is not None:
                lines.append("#EXT-X-DISCONTINUITY")
            lines.append(f'#EXT-X-MAP:URI="{_address(stretch, "h264/" if made else "")}init.mp4"')
        if not goes_on or piece.first == 0:
            lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{date_time(_wall_us(stretch, piece))}")
        lines.append(f"#EXTINF:{seconds(piece.duration_us)},")
        lines += _media(stretch, piece, made=made)
        longest_us = max(longest_us, piece.duration_us)
        before = stretch, piece
    if not lines:
        return ""
    head = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        f"#EXT-X-TARGETDURATION:{max(1, -(-longest_us // US))}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        f"#EXT-X-PLAYLIST-TYPE:{'EVENT' if more else 'VOD'}",
        *(["#EXT-X-START:TIME-OFFSET=0"] if more else []),
        "#EXT-X-INDEPENDENT-SEGMENTS",
    ]
    return "\n".join([*head, *lines, *([] if more else ["#EXT-X-ENDLIST"]), ""])


def _wall_us(stretch: Stretch, piece: Slice) -> int:
    """Within a segment wall time goes with media time; what it has drifted is corrected at the next one's start."""
    return stretch.sidecar.start_us + piece.since_start_us


def _entries(stretches: Sequence[Stretch], moments: Sequence[Interval]) -> Iterator[tuple[Stretch, Slice]]:
    for stretch in stretches:
        for piece in slices(stretch.index, SLICE_US):
            start_us = _wall_us(stretch, piece)
            if any(begin < start_us + piece.duration_us and start_us < end for begin, end in moments):
                yield stretch, piece


def _goes_on(before: Stretch, last: Slice, following: Stretch, piece: Slice) -> bool:
    """Whether an entry begins in media time where the one before it ended, in the same run and format."""
    one, two = before.sidecar, following.sidecar
    if one.segment == two.segment:
        return last.stop == piece.first
    if one.run != two.run or one.init_sha256 != two.init_sha256 or last.stop != len(before.index.fragments):
        return False  # another run or format, or entries left out
    return piece.first == 0 and abs(one.media_start_us + one.media_duration_us - two.media_start_us) <= ROUNDING_US


def _media(stretch: Stretch, piece: Slice, *, made: bool) -> tuple[str, ...]:
    address = _address(stretch, "h264/" if made else "")
    if made:
        return (f"{address}{piece.first}-{piece.stop}.m4s",)
    return (f"#EXT-X-BYTERANGE:{piece.size}@{piece.offset}", f"{address}media.mp4")


def _address(stretch: Stretch, rendition: str) -> str:
    return f"segments/{stretch.sidecar.segment}/{rendition}"


def seconds(duration_us: int) -> str:
    """Return a duration as EXTINF has it, to the microsecond."""
    return f"{duration_us // US}.{duration_us % US:06d}"


def date_time(at_us: int) -> str:
    """Return an ISO 8601 date and time to the millisecond, as the draft wants it (4.4.4.6)."""
    return to_datetime(at_us).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at_us % US // 1000:03d}Z"
