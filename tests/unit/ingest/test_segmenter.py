"""What goes in comes out, once, in runs, segments and fragments that touch (invariants C1, T2)."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.clips import h264_clip

from camera_gateway.domain.footage import ClockMethod, RunEnd
from camera_gateway.domain.ids import RunId
from camera_gateway.ingest import segmenter as module
from camera_gateway.ingest.commands import Append, Command, Seal, Start
from camera_gateway.ingest.segmenter import Segmenter, phase_us
from camera_gateway.ingest.tracks import VideoSource
from camera_gateway.media.aac_config import g711_format
from camera_gateway.media.fmp4 import AudioTrack, fragment
from camera_gateway.rtsp.access_unit import AccessUnit
from camera_gateway.rtsp.rtcp import SenderReport
from camera_gateway.rtsp.rtp import NEVER

US = 1_000_000
HZ = 90_000
FRAME = HZ // 25
WALL = 1_700_000_000 * US
SETS = h264_clip(2, 2).parameter_sets
OTHER_SETS = h264_clip(2, 2, width=320, height=240).parameter_sets
B_SETS = h264_clip(4, 4, b_frames=2).parameter_sets


Kind = TypeVar("Kind", Start, Append, Seal)


@dataclass
class Rig:
    """A segmenter, and what it was given and said."""

    segment_us: int = 60 * US
    audio: bool = False
    floor_us: int = 0
    sets: tuple[bytes, ...] = SETS
    given: list[bytes] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)

    def __post_init__(self) -> None:
        names = (RunId(f"{n:016x}") for n in itertools.count())
        self.count = 0
        self.it = Segmenter(
            "cam",
            VideoSource("h264", HZ, self.sets),
            AudioTrack(g711_format("alaw"), 8000) if self.audio else None,
            segment_us=self.segment_us,
            new_run=lambda: next(names),
            loss=lambda: (self.count, 0),
            wall_offset_us=WALL,
            floor_us=self.floor_us,
        )

    def video(
        self,
        n: int,
        *,
        key: bool | None = None,
        gop: int = 25,
        at_us: int | None = None,
        rtp: int | None = None,
        epoch: int = 0,
        sets: tuple[bytes, ...] | None = None,
        damaged: bool = False,
        signed: bool = False,
    ) -> None:
        """Give picture `n` of 25 a second."""
        data = b"<picture %d>" % self.count
        self.count += 1
        unit = AccessUnit(
            0,
            n * FRAME if rtp is None else rtp,
            n * 40_000 if at_us is None else at_us,
            [data],
            len(data),
            keyframe=n % gop == 0 if key is None else key,
            parameter_sets=sets,
            epoch=epoch,
            damaged=damaged,
            signed=signed,
        )
        self.given.append(data)
        self.push(unit)

    def sound(self, n: int, *, rtp: int | None = None, at_us: int | None = None, samples: int = 320) -> None:
        """Give frame `n` of 40 ms."""
        data = b"<sound %d>" % self.count
        self.count += 1
        arrival = n * 40_000 if at_us is None else at_us
        self.given.append(data)
        self.push(AccessUnit(1, n * 320 if rtp is None else rtp, arrival, [data], len(data), samples=samples))

    def push(self, unit: AccessUnit) -> None:
        self.it.push([unit])
        self.take()

    def take(self) -> None:
        self.commands += self.it.out
        self.it.out = []

    def end(self, reason: RunEnd = RunEnd.SHUTDOWN) -> None:
        self.it.end(reason)
        self.take()

    def all(self, kind: type[Kind]) -> list[Kind]:
        return [c for c in self.commands if isinstance(c, kind)]

    def stored(self) -> list[bytes]:
        pieces = []
        for append in self.all(Append):
            pieces += append.video.pieces
            if append.audio is not None:
                pieces += append.audio.pieces
        return re.findall(rb"<[^>]*>", b"".join(pieces))


def well_formed(rig: Rig) -> None:
    """Hold every sequence of commands to what the writer and the catalogue rely on."""
    open_: Start | None = None
    last_end: int | None = None
    fragments: list[Append] = []
    for command in rig.commands:
        if isinstance(command, Start):
            assert open_ is None
            if last_end is not None:
                assert command.start_us >= last_end
            if command.number:
                assert command.start_us == last_end
            open_, fragments = command, []
        elif isinstance(command, Append):
            assert open_ is not None
            assert command.sequence == len(fragments) + 1
            if not fragments:
                assert command.video.keyframes[0]
                assert command.wall_us == open_.start_us
            fragments.append(command)
            assert not any(command.video.keyframes[1:])
            assert all(d > 0 for d in command.video.durations)
            assert len(b"".join(fragment(command.sequence, command.video, command.audio, command.wall_us)))
            for earlier, later in itertools.pairwise(fragments):
                assert later.video.base_time == earlier.video.base_time + sum(earlier.video.durations)
                if earlier.audio is not None and later.audio is not None:
                    assert later.audio.base_time >= earlier.audio.base_time + sum(earlier.audio.durations)
        else:
            assert open_ is not None
            assert command.start_us == open_.start_us
            assert command.end_us > command.start_us
            assert command.frames == sum(len(f.video.sizes) for f in fragments)
            assert command.keyframes == sum(sum(f.video.keyframes) for f in fragments)
            last_end, open_ = command.end_us, None
    assert open_ is None


def test_a_minute_of_pictures_is_stored_whole_and_in_order() -> None:
    rig = Rig(segment_us=10 * US)
    for n in range(1500):
        rig.video(n)
    rig.end()
    well_formed(rig)
    assert rig.stored() == rig.given
    assert len(rig.all(Seal)) >= 6
    assert {seal.reason for seal in rig.all(Seal)[:-1]} == {RunEnd.CONTINUES}
    assert rig.all(Seal)[-1].reason is RunEnd.SHUTDOWN
    assert sum(s.media_duration_us for s in rig.all(Seal)) == 60 * US


def test_a_run_begins_with_a_keyframe_and_counts_what_came_before() -> None:
    rig = Rig(audio=True)
    for n in range(7, 50):
        rig.video(n)
        rig.sound(n)
    rig.end()
    assert rig.it.before_start == 36
    assert rig.stored() != []
    assert sorted(rig.stored()) == sorted(rig.given[36:])


def test_segments_are_cut_on_a_grid_of_the_cameras_own() -> None:
    rig = Rig(segment_us=10 * US)
    for n in range(2000):
        rig.video(n)
    rig.end()
    starts = [start.start_us for start in rig.all(Start)][1:]
    for start in starts:
        assert (start - phase_us("cam", 10 * US)) % (10 * US) < US  # at the first keyframe at or after it


def test_cameras_are_spread_over_the_segment_length() -> None:
    phases = sorted(phase_us(f"camera-{n}", 60 * US) for n in range(150))
    gaps = [b - a for a, b in itertools.pairwise(phases)]
    assert max(gaps) < 6 * US


def test_fragments_are_a_second_at_most_even_when_keyframes_are_rare() -> None:
    rig = Rig()
    for n in range(1000):
        rig.video(n, gop=500)
    rig.end()
    well_formed(rig)
    assert max(sum(f.video.durations) for f in rig.all(Append)) <= HZ + HZ // 20


def test_a_gop_of_minutes_is_not_cut() -> None:
    rig = Rig(segment_us=10 * US)
    for n in range(0, 25 * 300, 5):
        rig.video(n, gop=25 * 200)
    rig.end()
    well_formed(rig)
    assert [seal.frames for seal in rig.all(Seal)] == [1000, 500]
    assert rig.all(Seal)[0].gop_max_us == 200 * US


def test_a_gop_without_end_ends_the_run_with_a_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LIMIT_US", 20 * US)
    rig = Rig()
    for n in range(25 * 30):
        rig.video(n, key=n == 0)
    rig.video(25 * 30, key=True)
    rig.end()
    well_formed(rig)
    assert [seal.reason for seal in rig.all(Seal)] == [RunEnd.STREAM_CORRUPT, RunEnd.SHUTDOWN]
    assert len(rig.stored()) + rig.it.before_start == len(rig.given)


def test_another_format_begins_a_new_run_and_loses_nothing() -> None:
    rig = Rig()
    for n in range(100):
        sets = (OTHER_SETS if n >= 50 else SETS) if n % 25 == 0 else None
        rig.video(n, sets=sets)
    rig.end()
    well_formed(rig)
    assert rig.stored() == rig.given
    first, second = rig.all(Start)
    assert first.run != second.run
    assert (first.video.format.width, second.video.format.width) == (160, 320)
    assert second.start_us == rig.all(Seal)[0].end_us
    assert rig.all(Seal)[0].reason is RunEnd.FORMAT_CHANGED


def test_parameter_sets_that_say_the_same_change_nothing() -> None:
    rig = Rig()
    for n in range(100):
        rig.video(n, sets=(*SETS, *SETS) if n == 50 else SETS)
    rig.end()
    assert len(rig.all(Start)) == 1


def test_damaged_parameter_sets_are_stored_and_change_nothing() -> None:
    rig = Rig()
    for n in range(100):
        rig.video(n, sets=(b"\x67\x00",) if n == 50 else None)
    rig.end()
    well_formed(rig)
    assert len(rig.all(Start)) == 1
    assert rig.stored() == rig.given


@pytest.mark.parametrize("jump", [3600 * HZ, -3600 * HZ, 20 * HZ, -3 * HZ])
def test_a_jump_of_rtp_time_ends_the_run_at_the_next_keyframe_and_loses_nothing(jump: int) -> None:
    rig = Rig()
    for n in range(150):
        rig.video(n, rtp=10**7 + n * FRAME + (jump if n >= 60 else 0))
    rig.end()
    well_formed(rig)
    assert rig.stored() == rig.given
    first, last = rig.all(Seal)
    assert first.reason is RunEnd.TIME_JUMP
    assert (first.frames, last.frames) == (75, 75)
    assert abs((last.end_us - first.start_us) - 6 * US) < 100_000
    assert rig.it.jumps == 1


def test_a_new_source_is_a_jump_whatever_its_times_say() -> None:
    rig = Rig()
    for n in range(100):
        rig.video(n, epoch=int(n >= 30))
    rig.end()
    well_formed(rig)
    assert rig.stored() == rig.given
    assert rig.all(Seal)[0].reason is RunEnd.TIME_JUMP


@pytest.mark.parametrize("step_us", [3600 * US, -30 * US])
def test_a_step_of_our_clock_ends_the_run_and_never_overlaps(step_us: int) -> None:
    rig = Rig()
    for n in range(60):
        rig.video(n)
    rig.it.wall_offset(WALL + step_us)
    for n in range(60, 150):
        rig.video(n)
    rig.end()
    well_formed(rig)
    assert rig.stored() == rig.given
    first, second = rig.all(Seal)
    assert first.reason is RunEnd.CLOCK_STEP
    assert second.start_us - first.end_us == max(step_us, 0)


def test_a_run_never_begins_before_the_footage_that_there_is() -> None:
    rig = Rig(floor_us=WALL + 5 * US)
    for n in range(100):
        rig.video(n)
    rig.end()
    well_formed(rig)
    assert rig.all(Start)[0].start_us == WALL + 5 * US


def test_a_session_that_ends_at_once_still_stores_what_came() -> None:
    rig = Rig(audio=True)
    rig.video(0)
    rig.sound(0)
    rig.end(RunEnd.CAMERA_CLOSED)
    well_formed(rig)
    assert rig.stored() == rig.given
    assert rig.all(Seal)[0].media_duration_us == 40_000


def test_ending_without_a_run_says_nothing() -> None:
    rig = Rig()
    rig.end()
    assert rig.commands == []


def test_damaged_units_are_stored_and_counted() -> None:
    rig = Rig()
    for n in range(100):
        rig.video(n, damaged=n in (30, 31))
    rig.end()
    assert rig.stored() == rig.given
    assert rig.all(Seal)[0].damaged_units == 2


def test_a_segment_is_signed_when_one_of_its_own_pictures_is() -> None:
    rig = Rig(segment_us=10 * US)
    # one before the run's first keyframe, which is not stored; the keyframe of a cut; the last picture before one
    for n in range(-5, 45 * 25):
        rig.video(n, signed=n < 0)
    cuts = [round((s.start_us - WALL) * 25 / US) for s in rig.all(Start)]
    rig = Rig(segment_us=10 * US)
    for n in range(-5, 45 * 25):
        rig.video(n, signed=n < 0 or n in {cuts[2], cuts[4] - 1})
    rig.end()
    assert [seal.camera_signed for seal in rig.all(Seal)][:5] == [False, False, True, True, False]


def test_b_pictures_keep_their_presentation_times() -> None:
    rig = Rig(sets=B_SETS)
    order = [0, 3, 1, 2, 6, 4, 5, 9, 7, 8]
    shown = [g * 10 + n for g in range(20) for n in order]
    for position, n in enumerate(shown):
        rig.video(n, key=n % 10 == 0, at_us=position * 40_000)
    rig.end()
    well_formed(rig)
    times = []
    for append in rig.all(Append):
        decode = append.video.base_time
        for duration, offset in zip(append.video.durations, append.video.composition, strict=True):
            times.append(decode + offset)
            decode += duration
    assert [t - times[0] for t in times] == [n * FRAME for n in shown]


def test_sound_never_ends_or_delays_pictures() -> None:
    quiet, loud = Rig(), Rig(audio=True)
    for n in range(200):
        quiet.video(n)
        loud.video(n)
        wild = n * 320 + (10**6 if n > 80 else 0) - (3 * 10**6 if n > 120 else 0)
        loud.sound(n, rtp=wild)
    quiet.end()
    loud.end()
    well_formed(loud)
    assert [a.video.base_time for a in loud.all(Append)] == [a.video.base_time for a in quiet.all(Append)]
    assert sorted(loud.stored()) == sorted(loud.given)


def test_lost_sound_leaves_a_hole_and_no_shift() -> None:
    rig = Rig(audio=True)
    for n in range(100):
        rig.video(n)
        if not 40 <= n < 60:
            rig.sound(n)
    rig.end()
    well_formed(rig)
    last = [a.audio for a in rig.all(Append) if a.audio is not None][-1]
    assert last.base_time + sum(last.durations) == 100 * 320


def test_sender_reports_bring_late_sound_up_at_a_cut_only() -> None:
    rig = Rig(audio=True, segment_us=4 * US)
    for n in range(400):
        rig.video(n)
        rig.sound(n)
        if n == 30:
            rig.it.reports(
                [
                    SenderReport(0, WALL, 0, n * 40_000),
                    SenderReport(1, WALL + 200_000, 0, n * 40_000),
                ]
            )
    rig.end()
    well_formed(rig)
    sounds = [a.audio for a in rig.all(Append) if a.audio is not None]
    ends = [sound.base_time + sum(sound.durations) for sound in sounds]
    starts = [sound.base_time for sound in sounds]
    holes = [b - a for a, b in zip(ends, starts[1:], strict=False)]
    assert sorted(holes)[-2:] == [0, 1600]
    assert holes.index(1600) + 1 == rig.all(Seal)[0].frames // 25


def test_the_clock_facts_of_a_segment_know_the_sender_reports() -> None:
    rig = Rig()
    for n in range(60):
        rig.video(n)
        if n == 20:
            rig.it.reports([SenderReport(0, WALL - 7 * US, 0, n * 40_000)])
    rig.end()
    clock = rig.all(Seal)[0].clock
    assert clock.method is ClockMethod.SENDER_REPORT
    assert clock.offset_us == -7 * US


def test_a_sender_report_from_before_the_first_keyframe_counts() -> None:
    rig = Rig()
    rig.video(-20, key=False)
    rig.it.reports([SenderReport(0, WALL + 9 * US, 0, 0)])
    for n in range(50):
        rig.video(n)
    rig.end()
    assert rig.all(Seal)[0].clock.offset_us == 9 * US


EVENT = st.sampled_from(
    ["picture"] * 12
    + ["sound"] * 6
    + ["key"] * 3
    + ["forward", "backward", "lost", "late", "format", "step", "epoch", "end"]
)


@settings(max_examples=200, deadline=None)
@given(events=st.lists(EVENT, max_size=150), segment_s=st.integers(2, 5))
def test_whatever_happens_every_unit_is_stored_once_or_counted(  # noqa: C901 - one branch per event
    events: list[str], segment_s: int
) -> None:
    rig = Rig(audio=True, segment_us=segment_s * US)
    at = shift = offset = epoch = 0
    n = 0
    sets: tuple[bytes, ...] | None = SETS
    for event in ["key", *events]:
        n += 1
        at += 40_000
        if event == "forward":
            shift += 3600 * HZ
        elif event == "backward":
            shift -= 100 * HZ
        elif event == "lost":
            n += 50
            at += 2 * US
        elif event == "late":
            at += 3 * US
        elif event == "format":
            sets = OTHER_SETS if sets is SETS else SETS
        elif event == "step":
            offset += 10 * US if n % 2 else -10 * US
            rig.it.wall_offset(WALL + offset)
        elif event == "epoch":
            epoch += 1
        elif event == "end":
            rig.end(RunEnd.CAMERA_CLOSED)
        elif event == "sound":
            rig.sound(n, at_us=at)
        else:
            key = event == "key"
            rig.video(n, key=key, at_us=at, rtp=10**8 + n * FRAME + shift, epoch=epoch, sets=sets if key else None)
    rig.end()
    well_formed(rig)
    stored = rig.stored()
    sounds_before = len(rig.given) - len(stored) - rig.it.before_start
    assert len(set(stored)) == len(stored)
    assert set(stored) <= set(rig.given)
    assert sounds_before == rig.it.sound_before_start
    runs = [start.run for start in rig.all(Start) if not start.number]
    assert len(set(runs)) == len(runs)


PICTURES = st.lists(
    st.tuples(
        st.sampled_from([1, 1, 1, 1, 1, 1, 1, 2, 13, 40, 200, -1, -60, 0]),
        st.sampled_from([0, 0, 0, 0, 1]),
        st.booleans(),
        st.integers(0, 400_000),
        st.sampled_from([None, None, None, None, SETS, OTHER_SETS]),
    ),
    max_size=60,
)


@given(PICTURES, st.sampled_from([SETS, B_SETS]), st.sampled_from([8, 30, 1_000]))
def test_pictures_reckoned_together_are_worth_what_each_is_by_itself(
    pictures: list[tuple[int, int, bool, int, tuple[bytes, ...] | None]], sets: tuple[bytes, ...], gop: int
) -> None:
    together, one_by_one = Rig(sets=sets, segment_us=4 * US), Rig(sets=sets, segment_us=4 * US)
    position, epoch, arrival_us = 0, 0, 0
    for number, (step, change, damaged, late_us, found) in enumerate(pictures):
        position, epoch = position + step, epoch + change
        arrival_us = max(arrival_us, number * 40_000 + late_us)
        for rig in (together, one_by_one):
            if rig is one_by_one and (run := rig.it._run) is not None:
                run.fragment.until = NEVER
            rig.video(
                number,
                gop=gop,
                rtp=position * FRAME + epoch * 10**9,
                at_us=arrival_us,
                epoch=epoch,
                sets=found,
                damaged=damaged,
                signed=damaged and step == 2,
            )
    for rig in (together, one_by_one):
        rig.end()
    assert [said(command) for command in together.commands] == [said(command) for command in one_by_one.commands]


def said(command: Command) -> object:
    """Return a command as a value that can be compared."""
    if not isinstance(command, Append):
        return command
    video = command.video
    lists = (video.sizes, video.durations, video.keyframes, video.composition, b"".join(video.pieces))
    return command.sequence, video.base_time, lists, command.wall_us, command.end_us, command.size_bytes
