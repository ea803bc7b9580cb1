"""Playlists as text: reviewed once, held from then on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.gateway_rig import Rig

from camera_gateway.domain.ids import CameraId, RunId, SegmentId
from camera_gateway.footage.playlist import Stretch, is_browser_safe, media_playlist
from camera_gateway.media.fragment_index import FragmentAt, FragmentIndex

US = 1_000_000
START_US = 1_767_323_045_000_000  # 2026-01-02T03:04:05Z
HZ = 90_000


def stretch(run: str, number: int, start_us: int, keys: str, media_start_us: int = 0, **more: object) -> Stretch:
    """A segment of one-second fragments; `keys` says by K which begin with a keyframe."""
    parts, offset = [], 1_000
    for second, key in enumerate(keys):
        size = 500_000 if key == "K" else 200_000
        start = media_start_us * HZ // US + second * HZ
        parts.append(FragmentAt(offset, size, start, HZ, 90_000 if key == "K" else 0))
        offset += size
    base = Rig.sidecar(None, CameraId("hall"), 0, b"", run=run)  # type: ignore[arg-type]
    sidecar = replace(
        base,
        segment=SegmentId(f"{run}-{number:06d}"),
        run=RunId(run),
        start_us=start_us,
        end_us=start_us + len(keys) * US,
        media_start_us=media_start_us,
        media_duration_us=len(keys) * US,
        **more,  # type: ignore[arg-type]
    )
    return Stretch(sidecar, FragmentIndex(1_000, HZ, 0, tuple(parts)))


FOOTAGE = [
    stretch("aa", 0, START_US, "KkKkKk".replace("k", "-")),
    stretch("aa", 1, START_US + 6 * US, "K--K-", 6 * US),
    stretch("bb", 0, START_US + 11 * US + 500, "K-"),
    stretch("bb", 2, START_US + 20 * US, "KK", 8 * US),
]
WHOLE = [(START_US - US, START_US + 60 * US)]
EXPECTED = """\
#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:3
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MAP:URI="segments/aa-000000/init.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:05.000Z
#EXTINF:2.000000,
#EXT-X-BYTERANGE:700000@1000
segments/aa-000000/media.mp4
#EXTINF:2.000000,
#EXT-X-BYTERANGE:700000@701000
segments/aa-000000/media.mp4
#EXTINF:2.000000,
#EXT-X-BYTERANGE:700000@1401000
segments/aa-000000/media.mp4
#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:11.000Z
#EXTINF:3.000000,
#EXT-X-BYTERANGE:900000@1000
segments/aa-000001/media.mp4
#EXTINF:2.000000,
#EXT-X-BYTERANGE:700000@901000
segments/aa-000001/media.mp4
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="segments/bb-000000/init.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:16.000Z
#EXTINF:2.000000,
#EXT-X-BYTERANGE:700000@1000
segments/bb-000000/media.mp4
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="segments/bb-000002/init.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:25.000Z
#EXTINF:2.000000,
#EXT-X-BYTERANGE:1000000@1000
segments/bb-000002/media.mp4
#EXT-X-ENDLIST
"""


def test_a_playlist_of_two_runs_and_a_missing_segment() -> None:
    assert media_playlist(FOOTAGE, WHOLE) == EXPECTED


def test_h264_is_made_of_what_not_every_browser_plays_and_only_of_that() -> None:
    mixed = [
        FOOTAGE[0],
        stretch("cc", 0, START_US + 30 * US, "K-K-", video_codec="hvc1.1.6.L93.B0"),
        stretch("dd", 0, START_US + 40 * US, "K-", audio_codec="alaw"),
        stretch("ee", 0, START_US + 50 * US, "K-", audio_codec="mp4a.40.2"),
    ]
    lines = media_playlist(mixed, WHOLE, h264=True).splitlines()
    assert [line for line in lines if not line.startswith("#")] == [
        *["segments/aa-000000/media.mp4"] * 3,
        "segments/cc-000000/h264/0-2.m4s",
        "segments/cc-000000/h264/2-4.m4s",
        "segments/dd-000000/h264/0-2.m4s",
        "segments/ee-000000/media.mp4",
    ]
    assert [line for line in lines if "MAP" in line] == [
        '#EXT-X-MAP:URI="segments/aa-000000/init.mp4"',
        '#EXT-X-MAP:URI="segments/cc-000000/h264/init.mp4"',
        '#EXT-X-MAP:URI="segments/dd-000000/h264/init.mp4"',
        '#EXT-X-MAP:URI="segments/ee-000000/init.mp4"',
    ]
    assert [is_browser_safe(each.sidecar) for each in mixed] == [True, False, False, True]


@pytest.mark.parametrize(
    ("from_s", "to_s", "entries"), [(0, 1, 1), (1.9, 2.1, 2), (2, 4, 1), (5, 8, 2), (13.1, 19, 0), (-9, 0, 0)]
)
def test_only_entries_that_touch_the_span_are_listed(from_s: float, to_s: float, entries: int) -> None:
    text = media_playlist(FOOTAGE, [(START_US + round(from_s * US), START_US + round(to_s * US))])
    assert text.count("#EXTINF") == entries
    assert bool(text) == bool(entries)


def test_what_lies_between_two_moments_is_left_out_and_said() -> None:
    text = media_playlist(FOOTAGE[:1], [(START_US, START_US + US), (START_US + 5 * US, START_US + 6 * US)])
    assert text.count("#EXTINF") == 2
    assert text.count("#EXT-X-PROGRAM-DATE-TIME") == 2
    assert text.count("#EXT-X-DISCONTINUITY") == 1


def test_a_gop_of_a_minute_is_one_entry() -> None:
    text = media_playlist([stretch("aa", 0, START_US, "K" + "-" * 59 + "K-")], [(START_US, START_US + 90 * US)])
    assert "#EXT-X-TARGETDURATION:60" in text
    assert text.count("#EXTINF") == 2
