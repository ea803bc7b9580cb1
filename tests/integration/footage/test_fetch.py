"""A span comes back as one plain MP4: the right pictures, hashed first, and what is missing is said."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from support.clips import CLOCK, FPS, WALL_US, AudioClip, VideoClip, aac_clip, fragmented, g711_clip, h264_clip
from support.gateway_rig import Rig

from camera_gateway.domain.coverage import Gap
from camera_gateway.domain.footage import RECORDED, GapCause
from camera_gateway.errors import InvalidInput, NotFound, Unavailable
from camera_gateway.footage import fetch as fetching
from camera_gateway.footage.fetch import FetchReport, fetch
from camera_gateway.footage.reader import Reader
from camera_gateway.media.boxes import walk
from camera_gateway.media.judge import decode_all, list_packets
from camera_gateway.upload.release import release_due
from storage.errors import Transient

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from camera_gateway.catalogue.segments import SegmentRow
    from camera_gateway.domain.footage import Sidecar

SECOND_US = 1_000_000
FRAME_US = SECOND_US // FPS
origin_of = fetching._origin_us


class FetchRig(Rig):
    """A gateway whose footage is fetched down a pipe, or into a file that can be sought in."""

    in_place = False

    def fetch(self, rows: list[SegmentRow], gaps: list[Gap], from_us: int, to_us: int, sink: io.BytesIO) -> FetchReport:
        reader = Reader(self.data_dir / "spool", self.store)
        return fetch(rows, gaps, from_us, to_us, sink, reader=reader, work_dir=self.data_dir, in_place=self.in_place)


@pytest.fixture(params=[False, True], ids=["down a pipe", "in place"])
def rig(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[FetchRig]:
    with FetchRig(tmp_path / "data") as made:
        made.in_place = request.param
        yield made


def record(rig: Rig, clip: VideoClip, audio: AudioClip | None = None, *, per_segment: int = 2) -> list[Sidecar]:
    """Seal a clip as one run, `per_segment` GOPs of a second in each segment, from `WALL_US`."""
    whole = fragmented(clip, audio)
    sealed = []
    for number, first in enumerate(range(0, len(whole.fragments), per_segment)):
        pieces = whole.fragments[first : first + per_segment]
        data = whole.init + b"".join(pieces)
        start_us = WALL_US + first * SECOND_US
        sidecar = rig.sidecar(rig.cameras[0], number, data, run="run1")
        sidecar = replace(
            sidecar,
            start_us=start_us,
            end_us=start_us + len(pieces) * SECOND_US,
            media_start_us=first * SECOND_US + whole.lead * SECOND_US // CLOCK,
        )
        part = rig.spool.begin(sidecar.camera, sidecar.segment)
        part.write(data)
        described = sidecar.to_bytes()
        part.seal(lambda _facts, described=described: described)  # type: ignore[misc]
        sealed.append(sidecar)
    rig.take()
    return sealed


def ask(rig: FetchRig, from_s: float, to_s: float, gaps: list[Gap] | None = None) -> tuple[io.BytesIO, FetchReport]:
    sink = io.BytesIO()
    rows = [row for row in rig.rows() if row.state.value in RECORDED]
    from_us, to_us = WALL_US + round(from_s * SECOND_US), WALL_US + round(to_s * SECOND_US)
    report = rig.fetch(rows, gaps or [], from_us, to_us, sink)
    sink.seek(0)
    return sink, report


def shown(sink: io.BytesIO) -> list[float]:
    return [float(time) for time in decode_all(sink).video_s if time >= 0]


@pytest.mark.parametrize(("from_s", "to_s"), [(0, 6), (0.5, 5.5), (2, 4), (1.96, 2.04), (3.2, 3.4)])
def test_the_file_shows_exactly_the_asked_span(rig: FetchRig, from_s: float, to_s: float) -> None:
    record(rig, h264_clip(150))
    sink, report = ask(rig, from_s, to_s)
    times = shown(sink)
    wanted = (to_s - from_s) * FPS
    assert abs(len(times) - wanted) <= 1
    assert times == sorted(times)
    assert all(round((b - a) * FPS) == 1 for a, b in pairwise(times))
    assert report.missing == ()
    assert report.covered_us == report.to_us - report.from_us
    assert report.size_bytes == len(sink.getvalue())


@pytest.mark.parametrize(
    ("steps_us", "frames"),
    [
        ((0, -20_000, -30_000), {1.0}),  # the wall clock is known better: nothing is pressed together
        ((0, 20_000, 20_000), {1.0, 1.5}),  # later is followed
        ((0, -600_000, -600_000), {1.0, 0.0}),  # so far back that it must be
    ],
)
def test_pictures_of_one_run_are_as_far_apart_as_the_camera_made_them(
    rig: FetchRig, monkeypatch: pytest.MonkeyPatch, steps_us: tuple[int, ...], frames: set[float]
) -> None:
    record(rig, h264_clip(150))
    steps = iter(steps_us)
    monkeypatch.setattr(
        fetching, "_origin_us", lambda init, found, sidecar: origin_of(init, found, sidecar) + next(steps)
    )
    sink, _ = ask(rig, 0, 6)
    times = [float(p.decode_s) for p in list_packets(sink) if p.kind == "video"]
    assert {round((b - a) * FPS * 2) / 2 for a, b in pairwise(times)} == frames


def test_every_access_unit_of_a_whole_run_is_there_bit_for_bit(rig: FetchRig) -> None:
    clip = h264_clip(150, b_frames=2)
    record(rig, clip)
    sink, report = ask(rig, 0, 6)
    sent = [tuple(hashlib.sha256(nal).hexdigest() for nal in unit.nals) for unit in clip.units]
    assert [packet.nal_hashes for packet in list_packets(sink) if packet.kind == "video"] == sent
    assert len(report.used) == 3


@pytest.mark.parametrize("audio", [aac_clip(6.0), g711_clip("alaw", 6.0), g711_clip("ulaw", 6.0)])
def test_sound_is_kept_as_the_camera_sent_it(rig: FetchRig, audio: AudioClip) -> None:
    record(rig, h264_clip(150), audio)
    sink, _ = ask(rig, 0, 6)
    sent = [hashlib.sha256(frame).hexdigest() for frame in audio.frames]
    got = [packet.sha256 for packet in list_packets(sink) if packet.kind == "audio"]
    if audio.codec == "aac":
        assert got == sent[: len(got)]
        assert len(got) >= len(sent) - 2
    sink.seek(0)
    assert decode_all(sink).audio_samples >= 5.9 * audio.sample_rate


def test_a_released_segment_comes_from_the_store_and_a_fresh_one_from_the_spool(rig: FetchRig) -> None:
    first, second, third = record(rig, h264_clip(150))
    transfer = rig.transfer()
    for sidecar in (first, second):
        transfer.advance(sidecar.segment)
    rig.clock.step_wall(max(0, second.end_us - rig.clock.now_us()))
    release_due(rig.books, rig.spool, rig.clock, 0)
    sink, report = ask(rig, 0, 6)
    assert [used.place for used in report.used] == ["store", "store", "spool"]
    assert abs(len(shown(sink)) - 150) <= 1
    assert third.segment in {used.segment for used in report.used}
    assert not list(rig.data_dir.glob(".fetch-*"))


def test_a_damaged_segment_becomes_a_finding_and_a_gap_and_no_frame_of_it_is_shown(rig: FetchRig) -> None:
    _, second, _ = record(rig, h264_clip(150))
    path = rig.data_dir / "spool" / f"{second.camera}/{second.segment}.mp4"
    data = bytearray(path.read_bytes())
    data[-10] ^= 1
    path.write_bytes(data)
    sink, report = ask(rig, 0, 6)
    assert [(f.invariant, f.where) for f in report.findings] == [("C2", f"{second.camera}/{second.segment}.mp4")]
    assert [(g.start_us, g.end_us, g.cause) for g in report.missing] == [
        (second.start_us, second.end_us, GapCause.INTEGRITY_FAILED)
    ]
    assert len(report.used) == 2
    assert not any(2.02 < time < 3.98 for time in shown(sink))
    assert path.read_bytes() == data


def test_a_damaged_spool_copy_is_passed_over_when_the_store_has_the_segment(rig: FetchRig) -> None:
    (only,) = record(rig, h264_clip(50))
    rig.transfer().advance(only.segment)
    path = rig.data_dir / "spool" / f"{only.camera}/{only.segment}.mp4"
    path.write_bytes(b"torn")
    _, report = ask(rig, 0, 2)
    assert [used.place for used in report.used] == ["store"]
    assert report.findings == ()
    assert path.read_bytes() == b"torn"


def test_what_was_never_recorded_is_named_with_its_cause(rig: FetchRig) -> None:
    record(rig, h264_clip(50))
    gap = Gap(WALL_US + 2 * SECOND_US, WALL_US + 5 * SECOND_US, GapCause.CAMERA_UNREACHABLE, "no answer")
    _, report = ask(rig, 0, 6, [gap])
    assert [(g.start_us - WALL_US, g.end_us - WALL_US, g.cause) for g in report.missing] == [
        (2 * SECOND_US, 5 * SECOND_US, GapCause.CAMERA_UNREACHABLE),
        (5 * SECOND_US, 6 * SECOND_US, GapCause.UNKNOWN),
    ]
    assert report.as_json()["missing"][0]["cause"] == "camera-unreachable"
    assert report.as_json()["covered_s"] == 2


def test_a_change_of_size_between_runs_stays_one_file_that_decodes(rig: FetchRig) -> None:
    record(rig, h264_clip(50))
    whole = fragmented(h264_clip(50, width=320, height=240))
    data = whole.data
    sidecar = replace(
        rig.sidecar(rig.cameras[0], 0, data, run="run2"),
        start_us=WALL_US,
        end_us=WALL_US + 2 * SECOND_US,
        media_start_us=0,
    )
    part = rig.spool.begin(sidecar.camera, sidecar.segment)
    part.write(data)
    part.seal(lambda _facts: sidecar.to_bytes())
    rig.take()
    sink, report = ask(rig, 0, 2)
    assert len(report.used) == 2
    assert decode_all(sink).sizes == {(160, 120), (320, 240)}


def test_nothing_at_all_is_an_error_that_says_why_and_nothing_is_written(rig: FetchRig) -> None:
    record(rig, h264_clip(50))
    sink = io.BytesIO()
    gap = Gap(WALL_US + 10 * SECOND_US, WALL_US + 20 * SECOND_US, GapCause.GATEWAY_DOWN)
    with pytest.raises(NotFound, match="gateway-down"):
        rig.fetch(rig.rows(), [gap], gap.start_us, gap.end_us, sink)
    assert sink.getvalue() == b""


def test_a_span_beyond_one_file_is_refused(rig: FetchRig) -> None:
    with pytest.raises(InvalidInput, match="24 days"):
        ask(rig, 0, 30 * 86_400)


def test_a_store_that_cannot_be_asked_is_unavailable_and_not_a_gap(rig: FetchRig) -> None:
    (only,) = record(rig, h264_clip(50))
    rig.transfer().advance(only.segment)
    (rig.data_dir / "spool" / f"{only.camera}/{only.segment}.mp4").unlink()

    class Down:
        def get(self, *_args: object, **_kwargs: object) -> None:
            raise Transient("reset")

    with pytest.raises(Unavailable, match="transient"):
        fetch(
            rig.rows(),
            [],
            only.start_us,
            only.end_us,
            io.BytesIO(),
            reader=Reader(rig.data_dir / "spool", Down()),  # type: ignore[arg-type]
            work_dir=rig.data_dir,
            in_place=rig.in_place,
        )


def test_progress_counts_up_to_its_total(rig: FetchRig) -> None:
    record(rig, h264_clip(150))
    told: list[tuple[int, int]] = []
    reader = Reader(rig.data_dir / "spool", rig.store)
    fetch(
        rig.rows(),
        [],
        WALL_US,
        WALL_US + SECOND_US,
        io.BytesIO(),
        reader=reader,
        work_dir=rig.data_dir,
        progress=lambda done, total: told.append((done, total)),
        in_place=rig.in_place,
    )
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1][0] == told[-1][1] > 0


def test_the_head_stands_before_the_media_of_a_file_that_was_written_in_place(rig: FetchRig) -> None:
    record(rig, h264_clip(150), aac_clip(6.0))
    kinds = [box.kind for box in walk(ask(rig, 0.5, 5.5)[0].getvalue())]
    assert kinds == ([b"ftyp", b"moov", b"free", b"mdat"] if rig.in_place else [b"ftyp", b"moov", b"mdat"])


def test_a_head_that_outgrows_its_room_stands_at_the_end(rig: FetchRig, monkeypatch: pytest.MonkeyPatch) -> None:
    record(rig, h264_clip(150))
    before, _ = ask(rig, 0, 6)
    monkeypatch.setattr("camera_gateway.footage.fetch.room_for", lambda _frames, _duration_s: 100)
    sink, report = ask(rig, 0, 6)
    if rig.in_place:
        assert [box.kind for box in walk(sink.getvalue())] == [b"ftyp", b"free", b"mdat", b"moov"]
    assert report.size_bytes == len(sink.getvalue())
    assert list_packets(sink) == list_packets(before)
