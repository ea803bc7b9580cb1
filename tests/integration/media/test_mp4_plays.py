"""Fetched footage in other people's players: no word from ffmpeg, exact start, gaps as time, sound in step."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from support.clips import (
    WALL_US,
    AudioClip,
    FragmentedFile,
    VideoClip,
    aac_clip,
    fragmented,
    g711_clip,
    h264_clip,
    h265_clip,
)

from camera_gateway.media.fragments import fragments, read_init
from camera_gateway.media.judge import decode_all, list_packets
from camera_gateway.media.mp4 import PlainMp4

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Ffmpeg

SECOND_US = 1_000_000
CLIPS: dict[str, Callable[[], tuple[VideoClip, AudioClip | None]]] = {
    "h264-aac": lambda: (h264_clip(), aac_clip()),
    "h264-b-frames-alaw": lambda: (h264_clip(b_frames=3), g711_clip("alaw")),
    "h265-ulaw": lambda: (h265_clip(), g711_clip("ulaw")),
    "h265-silent": lambda: (h265_clip(), None),
}


def write(path: Path, span_s: tuple[float, float], *runs: tuple[FragmentedFile, float]) -> None:
    """Write the span (seconds after WALL_US) out of runs that begin at given seconds."""
    movie = PlainMp4(start_us=WALL_US + int(span_s[0] * SECOND_US), end_us=WALL_US + int(span_s[1] * SECOND_US))
    for index, (file, later_s) in enumerate(runs):
        init = read_init(file.data)
        for fragment in fragments(file.data, init.size):
            movie.add(str(index), init, fragment, file.origin_us + int(later_s * SECOND_US))
    path.write_bytes(b"".join(movie.write(lambda i, at, size: runs[int(i)][0].data[at : at + size])))


@pytest.fixture(params=CLIPS)
def clip(request: pytest.FixtureRequest) -> tuple[VideoClip, AudioClip | None]:
    return CLIPS[request.param]()


def test_a_span_with_a_gap_plays_without_a_word_and_keeps_its_times(
    clip: tuple[VideoClip, AudioClip | None], ffmpeg: Ffmpeg, tmp_path: Path
) -> None:
    path, file = tmp_path / "out.mp4", fragmented(*clip)
    write(path, (0.4, 12), (file, 0), (file, 10))
    assert ffmpeg.complaints(path) == ""
    judged = decode_all(str(path))
    expected = [n / 25 for n in range(40)] + [9.6 + n / 25 for n in range(50)]
    assert [round(float(time), 4) for time in judged.video_s] == pytest.approx(expected)
    assert judged.corrupt == 0
    duration, created = ffmpeg.shows(path, "format=duration:format_tags=creation_time")
    assert (duration, created) == ("11.600000", "2023-11-14T22:13:20.000000Z")


def test_sound_stays_in_step_on_both_sides_of_a_gap(ffmpeg: Ffmpeg, tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    for clip in (h264_clip(), h264_clip(b_frames=3)):
        file = fragmented(clip, g711_clip("alaw"))
        write(path, (0.4, 12), (file, 0), (file, 10))
        heard = [float(time) for time in ffmpeg.packets(path, "a:0", "pts_time")]
        # packets of 40 ms on the same grid as the frames: the first of each run is where its video is
        assert min(abs(time - 9.6) for time in heard) < 0.001
        assert min(abs(time) for time in heard) < 0.001


def test_the_bytes_of_pictures_and_sound_are_those_of_the_segments(
    clip: tuple[VideoClip, AudioClip | None], tmp_path: Path
) -> None:
    video, audio = clip
    path = tmp_path / "out.mp4"
    write(path, (0, 2.2), (fragmented(video, audio), 0))
    packets = list_packets(str(path))
    assert [p.nal_hashes for p in packets if p.kind == "video"] == [
        tuple(hashlib.sha256(nal).hexdigest() for nal in unit.nals) for unit in video.units
    ]
    heard = [p.sha256 for p in packets if p.kind == "audio"]
    frames = audio.frames if audio else ()
    assert heard == [hashlib.sha256(frame).hexdigest() for frame in frames]


def test_a_change_of_size_plays_without_a_word(ffmpeg: Ffmpeg, tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    for small, large in (
        (h264_clip(), h264_clip(width=320, height=240)),
        (h265_clip(), h265_clip(width=320, height=240)),
    ):
        write(path, (0, 4), (fragmented(small, aac_clip()), 0), (fragmented(large, aac_clip()), 2))
        assert ffmpeg.complaints(path) == ""
        judged = decode_all(str(path))
        assert judged.sizes == {(160, 120), (320, 240)}
        assert len(judged.video_s) == 100


def test_a_change_of_codec_loses_nothing(ffmpeg: Ffmpeg, tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    write(path, (0, 4), (fragmented(h264_clip(), g711_clip("alaw")), 0), (fragmented(h265_clip(), aac_clip()), 2))
    assert ffmpeg.complaints(path) == ""
    assert ffmpeg.shows(path, "stream=codec_name") == ["h264", "pcm_alaw", "hevc", "aac"]
    assert len(ffmpeg.packets(path, "v:0")) == len(ffmpeg.packets(path, "v:1")) == 50
    assert ffmpeg.shows(path, "stream=start_time")[2] == "2.000000"


def test_a_span_before_the_first_footage_starts_with_nothing_and_keeps_time(ffmpeg: Ffmpeg, tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    write(path, (-3, 2), (fragmented(h264_clip(b_frames=3), aac_clip()), 0))
    assert ffmpeg.complaints(path) == ""
    judged = decode_all(str(path))
    assert float(judged.video_s[0]) == pytest.approx(3.0)
    assert judged.audio_start_s is not None
    assert float(judged.audio_start_s) == pytest.approx(3.0, abs=0.001)


def test_a_fortnight_with_footage_at_both_ends_plays(ffmpeg: Ffmpeg, tmp_path: Path) -> None:
    path, file = tmp_path / "out.mp4", fragmented(h264_clip(b_frames=3), aac_clip())
    later_s = 14 * 24 * 3600.0
    write(path, (0, later_s + 2), (file, 0), (file, later_s))
    found = [float(time) for time in ffmpeg.packets(path, "v:0", "pts_time")]
    assert found[50] - found[0] == pytest.approx(later_s, abs=0.001)
