"""Access units in, commands out: where runs, segments and fragments begin and end. Pure.

Promises: from the first keyframe of a run on every access unit is stored exactly once, damaged ones included; a
segment begins with a keyframe; segments of a run touch; sound never delays or ends a picture. Must not know
sockets, files, threads or what time it is: arrivals come with the units.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from camera_gateway.domain.footage import RunEnd
from camera_gateway.domain.ids import RunId  # noqa: TC001 - mypyc makes attributes of what a dataclass names
from camera_gateway.ingest.commands import Append, Command, Seal, Start
from camera_gateway.ingest.open_fragment import Columns, OpenFragment
from camera_gateway.ingest.sound import Sound
from camera_gateway.ingest.timeline import Timeline
from camera_gateway.media.fmp4 import VideoTrack  # noqa: TC001 - likewise
from camera_gateway.media.reorder import Reorder
from camera_gateway.rtsp.rtp import NEVER, signed_distance

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from camera_gateway.ingest.timeline import ClockFacts
    from camera_gateway.ingest.tracks import VideoSource
    from camera_gateway.media.fmp4 import AudioTrack
    from camera_gateway.rtsp.access_unit import AccessUnit
    from camera_gateway.rtsp.rtcp import SenderReport

US = 1_000_000

SETTLE_US = US
"""How long a session's first run waits before its wall time is fixed: the burst of a server's buffer is over."""
SETTLE_BYTES = 16 << 20
"""… or until it holds this much."""
FRAGMENT_US = US + US // 20
"""A fragment's length at most. Somewhat above a second: a camera whose GOP is one second with some jitter shall not
leave its last picture behind in a fragment of its own."""
FRAGMENT_BYTES = 8 << 20
LIMIT_US = 600 * US
LIMIT_BYTES = 512 << 20
"""A segment that finds no keyframe to end at is given up here: a smart codec's GOP lasts minutes, not ten."""
DEFAULT_FPS = 25


def phase_us(camera: str, segment_us: int) -> int:
    """Return where in each segment length a camera cuts: a stable hash spreads the cameras."""
    return int.from_bytes(hashlib.sha256(camera.encode()).digest()[:8], "big") % segment_us


@dataclass(slots=True)
class _Segment:
    """The segment that is open."""

    number: int
    start_us: int
    from_place: int
    """Decode time of its first picture, ticks since the run's start."""
    due_us: int
    """Wall time at which it may be cut."""
    packets: tuple[int, int]
    sequence: int = 0
    size_bytes: int = 0
    frames: int = 0
    keyframes: int = 0
    damaged: int = 0
    signed: bool = False
    gop_max: int = 0
    last_key: int = 0


@dataclass(slots=True)
class _Run:
    """The run that is open."""

    id: RunId
    timeline: Timeline
    reorder: Reorder
    video: VideoTrack
    sound: Sound | None
    segment: _Segment
    duration: int
    """Of the last picture, ticks."""
    begun_us: int
    """Arrival of its first picture."""
    epoch: int
    fragment: OpenFragment = field(default_factory=OpenFragment)
    last_place: int = 0
    held: list[Append] = field(default_factory=list)
    held_bytes: int = 0
    ending: RunEnd | None = None
    """Set when the run shall end at the next keyframe."""


class Segmenter:
    """One session's units become runs. Feed `push`, take `out`, and `end` it once."""

    def __init__(
        self,
        camera: str,
        source: VideoSource,
        audio: AudioTrack | None,
        *,
        segment_us: int,
        new_run: Callable[[], RunId],
        loss: Callable[[], tuple[int, int]],
        wall_offset_us: int,
        floor_us: int = 0,
        hint: tuple[int, int] | None = None,
        known_within_us: int = 200_000,
    ) -> None:
        """`loss` tells packets received and lost so far; `hint` is RTP-Info's time of video and of audio.

        No run begins before `floor_us`, where the camera's earlier footage ends.
        """
        self.out: list[Command] = []
        self.before_start = 0
        """Units that came before a run's first keyframe: counted, not stored."""
        self.sound_before_start = 0
        """Frames of sound from before a run's first picture that came after it."""
        self.unreadable = 0
        """Keyframes without parameter sets that can be read."""
        self.jumps = 0
        self.floor_us = floor_us
        self._known_within_us = known_within_us
        self._camera_phase_us = phase_us(camera, segment_us)
        self._segment_us = segment_us
        self._source = source
        self._audio = audio
        self._new_run = new_run
        self._loss = loss
        self._wall_offset_us = wall_offset_us
        self._hint = hint
        self._sets: tuple[bytes, ...] | None = None
        self._waiting_reports: dict[int, SenderReport] = {}
        self._run: _Run | None = None
        self._fragment_limit = source.hz * FRAGMENT_US // US

    @property
    def recording(self) -> bool:
        """Whether a run is open."""
        return self._run is not None

    @property
    def settled(self) -> bool:
        """Whether the open run has told where it begins."""
        return self._run is not None and self._run.timeline.settled

    @property
    def video(self) -> VideoTrack | None:
        """What the pictures are, once that is known."""
        return self._source.track

    @property
    def clock_offset_us(self) -> int | None:
        """Camera clock minus ours, None when not told."""
        return None if self._run is None else self._run.timeline.offset_us

    # ---- what arrives

    def push(self, units: Sequence[AccessUnit]) -> None:  # noqa: C901 - the hot path: calls would cost more than they clear
        """Take units in the order in which they came."""
        run = self._run
        fragment = run.fragment if run is not None else None
        for unit in units:
            if unit.track:
                if run is not None and run.sound is not None:
                    run.sound.push(unit)
                elif self._audio is not None:
                    self.before_start += 1
                continue
            if fragment is not None and not unit.keyframe:
                # of ten pictures nine plainly go on: these are reckoned together when the fragment ends
                time, last_time = unit.rtp_time, fragment.last_time
                if last_time < time and time + time - last_time <= fragment.until:
                    fragment.last_time = time
                    fragment.size_bytes += unit.size
                    fragment.waiting.append(unit)
                    continue
            self._picture(unit)
            run = self._run
            fragment = run.fragment if run is not None else None
        if run is None or fragment is None:
            return
        if fragment.size_bytes > FRAGMENT_BYTES:
            fragment.until = NEVER
        if not run.timeline.settled and units:
            waited = units[-1].arrival_us - run.begun_us
            if waited >= SETTLE_US or run.held_bytes > SETTLE_BYTES:
                self._reckon(run)
                self._settle(run)

    def reports(self, reports: Sequence[SenderReport]) -> None:
        """Take sender reports: they tell the camera's clock and never move a picture."""
        for report in reports:
            if report.ntp_us is not None:
                self._waiting_reports[report.track] = report
        if self._run is not None:
            self._reckon(self._run)
        self._tell_reports()

    def wall_offset(self, offset_us: int) -> None:
        """Take a look at wall minus monotonic time: a step ends the run at the next keyframe."""
        self._wall_offset_us = offset_us
        run = self._run
        if run is not None and run.timeline.wall_offset(offset_us):
            run.ending = RunEnd.CLOCK_STEP

    def known_within(self, span_us: int) -> None:
        """Hear how far from the truth arrivals may be: by how they are stamped, or how rarely they are looked for."""
        self._known_within_us = span_us
        if self._run is not None:
            self._run.timeline.known_within_us = span_us

    def end(self, reason: RunEnd) -> None:
        """End the run that is open, if any, with everything that it has received."""
        if self._run is not None:
            self._reckon(self._run)
        run = self._run
        if run is None:
            return
        place = run.last_place + run.duration
        self._finish(run, reason, place, place)

    def _tell_reports(self) -> None:
        """Pass reports on to the tracks that have begun; the others' latest ones wait."""
        run = self._run
        if run is None:
            return
        video, audio = self._waiting_reports.pop(0, None), self._waiting_reports.get(1)
        if video is not None and video.ntp_us is not None and video.epoch == run.epoch:
            run.timeline.clock.report(video.ntp_us, video.rtp_time)
        sound = run.sound
        if audio is None or audio.ntp_us is None or sound is None or sound.clock.origin is None:
            return
        del self._waiting_reports[1]
        sound.clock.report(audio.ntp_us, audio.rtp_time)

    # ---- pictures

    def _reckon(self, run: _Run) -> None:
        """Take the pictures that wait in the open fragment, all at once."""
        fragment = run.fragment
        units, fragment.waiting = fragment.waiting, []
        if not units:
            return
        pictures = Columns(units)
        if units[-1].epoch != run.epoch:  # a new SSRC: RTP times that seem to go on mean nothing
            fragment.size_bytes -= sum(pictures.sizes)
            for unit in units:
                self._picture(unit)
            return
        ticks = run.timeline.observe_row(pictures.times, pictures.arrivals)
        run.duration = ticks[-1] - (ticks[-2] if len(ticks) > 1 else run.last_place)
        run.last_place = ticks[-1]
        run.reorder.go_on(ticks[-1])
        fragment.add(pictures, ticks)
        self._sets = pictures.sets or self._sets
        segment = run.segment
        segment.damaged += pictures.damaged
        segment.signed = segment.signed or pictures.signed

    def _picture(self, unit: AccessUnit) -> None:
        """Take one picture by itself."""
        if self._run is not None:
            self._reckon(self._run)
        if unit.parameter_sets is not None:
            self._sets = unit.parameter_sets
        run = self._run
        if run is None:
            run = self._begin(unit)
            if run is None:
                self.before_start += 1
                return
            ticks = place = 0
        else:
            seen = run.timeline.observe(unit.rtp_time, unit.arrival_us) if unit.epoch == run.epoch else None
            ticks = self._jumped(run, unit) if seen is None else seen
            reorder = run.reorder
            place = reorder.decode_time(ticks) + reorder.lead
            run.duration = duration = place - run.last_place
            fragment = run.fragment
            if unit.keyframe:
                following = self._at_keyframe(run, unit, ticks, place)
                if following is not run:
                    run, ticks, place = following, 0, 0
            elif place + duration - fragment.places[0] > self._fragment_limit or fragment.size_bytes > FRAGMENT_BYTES:
                self._close_fragment(run, place)
                if self._beyond_limits(run, place):
                    self._finish(run, RunEnd.STREAM_CORRUPT, place, ticks)
                    self.before_start += 1
                    return
        self._add(run, unit, ticks, place)

    def _add(self, run: _Run, unit: AccessUnit, ticks: int, place: int) -> None:
        """Put a picture into the open fragment."""
        fragment, segment = run.fragment, run.segment
        fragment.pieces += unit.pieces
        fragment.sizes.append(unit.size)
        fragment.places.append(place)
        fragment.ticks.append(ticks)
        fragment.size_bytes += unit.size
        fragment.last_time = unit.rtp_time
        if ticks == place and not run.reorder.depth:
            fragment.until = unit.rtp_time - (place - fragment.places[0]) + self._fragment_limit
        else:
            fragment.until = NEVER
        run.last_place = place
        if unit.damaged:
            segment.damaged += 1
        if unit.signed:
            segment.signed = True
        if unit.keyframe:
            fragment.keyframe = True
            if segment.keyframes:
                segment.gop_max = max(segment.gop_max, place - segment.last_key)
            segment.keyframes += 1
            segment.last_key = place

    def _at_keyframe(self, run: _Run, unit: AccessUnit, ticks: int, place: int) -> _Run:
        """End what ends here; return the run that the keyframe belongs to."""
        reason = run.ending
        resync = False
        if self._sets is not None and self._sets != self._source.sets and self._source.take(self._sets):
            reason = reason or RunEnd.FORMAT_CHANGED
        self._sets = None
        due = run.timeline.settled and run.timeline.wall_of(ticks) >= run.segment.due_us
        if reason is None and due and run.timeline.lost():
            reason, resync = RunEnd.TIME_JUMP, True
        if reason is not None:
            return self._succeed(run, reason, unit, ticks, place, resync=resync)
        self._close_fragment(run, place)
        if due:
            self._cut(run, ticks, place)
        return run

    def _begin(self, unit: AccessUnit) -> _Run | None:
        """Begin a run with this picture; None when it cannot begin with it."""
        if not unit.keyframe:
            return None
        self._source.take(self._sets)
        self._sets = None
        video = self._source.track
        if video is None:
            self.unreadable += 1
            return None
        timeline = Timeline(
            self._source.hz,
            wall_offset_us=self._wall_offset_us,
            floor_us=self.floor_us,
            known_within_us=self._known_within_us,
        )
        timeline.observe(unit.rtp_time, unit.arrival_us)
        self._run = run = self._opened(unit, video, timeline, number_start_us=0)
        if self._audio is not None:
            run.sound = Sound(self._audio, timeline, shift_us=self._lead_us(run), hint=self._audio_hint(unit))
        self._hint = None
        self._tell_reports()
        return run

    def _succeed(self, run: _Run, reason: RunEnd, unit: AccessUnit, ticks: int, place: int, *, resync: bool) -> _Run:
        """End the run before a keyframe and begin the next one with it: nothing is lost in between."""
        timeline = run.timeline
        if not timeline.settled:
            self._settle(run)
        self._finish(run, reason, place, ticks)
        after = timeline.successor(ticks, unit.rtp_time, self._wall_offset_us, resync=resync)
        video = self._source.track or run.video
        self._run = new = self._opened(unit, video, after, number_start_us=after.map_wall_us)
        if run.sound is not None:
            new.sound = run.sound.successor(after, place * US // self._source.hz, self._lead_us(new))
        self.out.append(Start(new.id, 0, new.segment.start_us, new.video, self._audio))
        return new

    def _opened(self, unit: AccessUnit, video: VideoTrack, timeline: Timeline, *, number_start_us: int) -> _Run:
        frame = round(self._source.hz / (video.format.fps or DEFAULT_FPS))
        reorder = Reorder(video.format.reorder_frames, frame)
        reorder.decode_time(0)
        segment = _Segment(0, number_start_us, 0, self._due_us(number_start_us), self._loss())
        return _Run(
            id=self._new_run(),
            timeline=timeline,
            reorder=reorder,
            video=video,
            sound=None,
            segment=segment,
            duration=frame,
            begun_us=unit.arrival_us,
            epoch=unit.epoch,
        )

    def _jumped(self, run: _Run, unit: AccessUnit) -> int:
        """Go on by arrival after a jump of RTP time or a new SSRC; the run ends at the next keyframe."""
        self.jumps += 1
        run.epoch = unit.epoch
        run.ending = run.ending or RunEnd.TIME_JUMP
        return run.timeline.rebase(unit.rtp_time, unit.arrival_us, run.duration)

    # ---- fragments, segments

    def _close_fragment(self, run: _Run, place: int) -> None:
        """End the fragment before the picture at `place`."""
        fragment, run.fragment = run.fragment, OpenFragment()
        sound = run.sound.take() if run.sound is not None else None
        size = fragment.size_bytes + (sum(sound.sizes) if sound is not None else 0)
        segment = run.segment
        segment.sequence += 1
        segment.size_bytes += size
        segment.frames += len(fragment.sizes)
        samples = fragment.samples(place, run.reorder.lead)
        append = Append(segment.sequence, samples, sound, fragment.ticks[0], place, size)
        if run.timeline.settled:
            self._emit(run, append)
        else:
            run.held.append(append)
            run.held_bytes += size

    def _emit(self, run: _Run, append: Append) -> None:
        """Turn the media times of a fragment, which is what it holds until now, into wall times."""
        wall_of = run.timeline.wall_of
        append.wall_us, append.end_us = wall_of(append.wall_us), wall_of(append.end_us)
        self.out.append(append)

    def _settle(self, run: _Run) -> None:
        """Fix where the run begins in wall time, and let go what has waited for that."""
        segment = run.segment
        segment.start_us = run.timeline.settle()
        segment.due_us = self._due_us(segment.start_us)
        self.out.append(Start(run.id, 0, segment.start_us, run.video, self._audio))
        held, run.held = run.held, []
        for append in held:
            self._emit(run, append)

    def _cut(self, run: _Run, ticks: int, place: int) -> None:
        """End the segment before the keyframe at `ticks` and open the next one of the run."""
        facts = run.timeline.facts()
        end_us = run.timeline.cut(ticks)
        self._seal(run, RunEnd.CONTINUES, end_us, place, facts)
        self._tell_reports()
        if run.sound is not None:
            run.sound.cut()
        number = run.segment.number + 1
        run.segment = _Segment(number, end_us, place, self._due_us(end_us), self._loss())
        self.out.append(Start(run.id, number, end_us, run.video, self._audio))

    def _finish(self, run: _Run, reason: RunEnd, place: int, ticks: int) -> None:
        """End the run before `ticks`."""
        if run.fragment.sizes:
            self._close_fragment(run, place)
        if not run.timeline.settled:
            self._settle(run)
        end_us = run.timeline.wall_of(ticks)
        self._seal(run, reason, end_us, place, run.timeline.facts())
        self.floor_us = end_us
        if run.sound is not None:
            self.sound_before_start += run.sound.before_start
        self._run = None

    def _seal(self, run: _Run, reason: RunEnd, end_us: int, place: int, facts: ClockFacts) -> None:
        segment, hz = run.segment, self._source.hz
        received, lost = self._loss()
        media_start_us = segment.from_place * US // hz
        self.out.append(
            Seal(
                reason=reason,
                start_us=segment.start_us,
                end_us=end_us,
                media_start_us=media_start_us,
                media_duration_us=place * US // hz - media_start_us,
                clock=facts,
                frames=segment.frames,
                keyframes=segment.keyframes,
                gop_max_us=max(segment.gop_max, place - segment.last_key) * US // hz,
                damaged_units=segment.damaged,
                packets_received=received - segment.packets[0],
                packets_lost=max(0, lost - segment.packets[1]),
                camera_signed=segment.signed,
            )
        )

    def _beyond_limits(self, run: _Run, place: int) -> bool:
        segment = run.segment
        long = (place - segment.from_place) * US > LIMIT_US * self._source.hz
        return long or segment.size_bytes > LIMIT_BYTES

    def _due_us(self, start_us: int) -> int:
        """Return the next cut of this camera's grid that leaves a segment of at least a quarter."""
        length = self._segment_us
        return ((start_us + length // 4 - self._camera_phase_us) // length + 1) * length + self._camera_phase_us

    def _lead_us(self, run: _Run) -> int:
        return run.reorder.lead * US // self._source.hz

    def _audio_hint(self, unit: AccessUnit) -> int | None:
        """Return the RTP time of the sound of this very picture, as RTP-Info has it."""
        if self._hint is None or self._audio is None:
            return None
        since = signed_distance(unit.rtp_time, self._hint[0])
        return self._hint[1] + since * self._audio.timescale // self._source.hz
