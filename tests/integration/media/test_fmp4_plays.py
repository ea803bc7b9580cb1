"""Segments of ours in other people's players: ffmpeg, ffprobe and PyAV read what went in."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from support.clips import (
    TICKS,
    AudioClip,
    VideoClip,
    aac_clip,
    fragmented,
    g711_clip,
    h264_clip,
    h265_clip,
)

from camera_gateway.media.fragments import fragments, read_init, split_nals
from camera_gateway.media.judge import decode_all, list_packets
from camera_gateway.media.parameter_sets import video_format

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Ffmpeg

Make = Callable[[], tuple[VideoClip, AudioClip | None]]
CLIPS: dict[str, Make] = {
    "h264 baseline, no sound": lambda: (h264_clip(), None),
    "h264 baseline, aac": lambda: (h264_clip(), aac_clip()),
    "h264 with B-frames, alaw": lambda: (h264_clip(b_frames=3), g711_clip("alaw")),
    "h264 of odd size, ulaw": lambda: (h264_clip(width=178, height=102), g711_clip("ulaw")),
    "h265 with B-frames, aac": lambda: (h265_clip(), aac_clip()),
    "h265 without, alaw": lambda: (h265_clip(b_frames=0), g711_clip("alaw")),
}


@pytest.fixture(params=CLIPS, ids=lambda name: name.replace(" ", "-"))
def clip(request: pytest.FixtureRequest) -> tuple[VideoClip, AudioClip | None]:
    return CLIPS[request.param]()


def hashed(nal: bytes) -> str:
    return hashlib.sha256(nal).hexdigest()


def test_ffmpeg_decodes_a_segment_without_a_word(
    clip: tuple[VideoClip, AudioClip | None], ffmpeg: Ffmpeg, tmp_path: Path
) -> None:
    path = tmp_path / "segment.mp4"
    path.write_bytes(fragmented(*clip).data)
    assert ffmpeg.complaints(path) == ""


def test_ffprobe_reads_the_times_that_went_in(
    clip: tuple[VideoClip, AudioClip | None], ffmpeg: Ffmpeg, tmp_path: Path
) -> None:
    video, audio = clip
    file = fragmented(video, audio)
    path = tmp_path / "segment.mp4"
    path.write_bytes(file.data)
    assert ffmpeg.packets(path, "v:0") == [str(unit.pts + file.lead) for unit in video.units]
    if audio:
        rate = read_init(file.data).tracks[1].timescale
        step = 1024 if audio.codec == "aac" else len(audio.frames[0])
        first = file.lead * rate // 90000
        expected = [str(first + step * index) for index in range(len(audio.frames))]
        assert ffmpeg.packets(path, "a:0") == expected


def test_nal_units_and_sound_come_out_as_they_went_in(clip: tuple[VideoClip, AudioClip | None]) -> None:
    video, audio = clip
    packets = list_packets(io.BytesIO(fragmented(video, audio).data))
    seen = [packet.nal_hashes for packet in packets if packet.kind == "video"]
    assert seen == [tuple(map(hashed, unit.nals)) for unit in video.units]
    assert [p.keyframe for p in packets if p.kind == "video"] == [unit.keyframe for unit in video.units]
    heard = [packet.sha256 for packet in packets if packet.kind == "audio"]
    assert heard == [hashed(frame) for frame in (audio.frames if audio else ())]


def test_every_frame_decodes_at_the_size_and_time_that_the_parameter_sets_and_the_camera_said(
    clip: tuple[VideoClip, AudioClip | None],
) -> None:
    video, audio = clip
    file = fragmented(video, audio)
    form = video_format(video.codec, video.parameter_sets)
    assert (form.width, form.height, form.fps) == (video.width, video.height, 25.0)
    judged = decode_all(io.BytesIO(file.data))
    assert judged.sizes == {(form.width, form.height)}
    assert judged.corrupt == 0
    assert [int(time * 90000) for time in judged.video_s] == sorted(unit.pts + file.lead for unit in video.units)
    assert (judged.audio_samples > 0) == (audio is not None)


def test_each_fragment_decodes_alone_behind_the_init_segment(
    clip: tuple[VideoClip, AudioClip | None], ffmpeg: Ffmpeg, tmp_path: Path
) -> None:
    file = fragmented(*clip)
    for index, fragment in enumerate(file.fragments):
        path = tmp_path / f"{index}.mp4"
        path.write_bytes(file.init + fragment)
        assert ffmpeg.complaints(path) == ""
        judged = decode_all(str(path))
        assert len(judged.video_s) == 25
        assert int(judged.video_s[0] * 90000) == file.lead + index * 25 * TICKS


def test_the_declared_codec_string_is_what_the_sample_entry_holds(ffmpeg: Ffmpeg, tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    for clip, tag in ((h264_clip(), "avc1"), (h265_clip(), "hvc1")):
        path.write_bytes(fragmented(clip).data)
        form = video_format(clip.codec, clip.parameter_sets)
        assert form.codec_string.split(".")[0] == tag
        assert ffmpeg.shows(path, "stream=codec_tag_string,level") == [tag, str(form.level)]


def test_our_own_reader_and_libav_see_the_same_samples(clip: tuple[VideoClip, AudioClip | None]) -> None:
    data = fragmented(*clip).data
    ours = [
        (
            int(sample.presentation_time),
            tuple(map(hashed, split_nals(data[sample.offset : sample.offset + sample.size]))),
        )
        for fragment in fragments(data, read_init(data).size)
        if (run := fragment.run(1))
        for sample in run.samples()
    ]
    theirs = [
        (int(p.presentation_s * 90000), p.nal_hashes) for p in list_packets(io.BytesIO(data)) if p.kind == "video"
    ]
    assert ours == theirs


def test_a_stream_that_hides_its_b_frames_still_plays_in_order(ffmpeg: Ffmpeg, tmp_path: Path) -> None:
    """Depth declared as 0: decode times are late in the first group of pictures, and right after it."""
    clip = h264_clip(100, 25, b_frames=3)
    file = fragmented(clip, reorder_frames=0)
    path = tmp_path / "segment.mp4"
    path.write_bytes(file.data)
    assert file.lead == 0
    assert ffmpeg.complaints(path) == ""
    judged = decode_all(str(path))
    assert len(judged.video_s) == 100
    steps = {later - earlier for earlier, later in pairwise(judged.video_s)}
    assert {float(step) for step in steps} == {0.04}
