"""Where a run's sound goes beside its pictures. Pure.

Promises: every frame of sound is placed once, in the order in which it came; its times come from RTP, anchored by
RTP-Info or by arrival, and move only at a cut; nothing here ever delays, moves or ends a picture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from camera_gateway.ingest.timeline import TrackClock
from camera_gateway.media.fmp4 import Samples
from camera_gateway.rtsp.rtp import signed_distance

if TYPE_CHECKING:
    from camera_gateway.ingest.timeline import Timeline
    from camera_gateway.media.fmp4 import AudioTrack
    from camera_gateway.rtsp.access_unit import AccessUnit

US = 1_000_000
JUMP_S = 2
"""A step of the sound's RTP time beyond this starts a new anchor by arrival."""
SYNC_US = 40_000
"""Sound and picture that are less apart than this are in step (ITU-R BT.1359: +45 ms is just noticed)."""
PREROLL_US = -500_000
"""Sound from before the first picture that is older than this belongs to no picture of the run."""
ANCHOR_DOUBT_US = 1_000_000
"""RTP-Info that contradicts the arrivals by more than this is not believed."""


class Sound:
    """The audio of one run: gathers samples for the fragment that is open."""

    __slots__ = (
        "_epoch",
        "_hint",
        "_next",
        "_offset",
        "_shift_us",
        "_timeline",
        "before_start",
        "clock",
        "samples",
        "track",
    )

    def __init__(self, track: AudioTrack, timeline: Timeline, *, shift_us: int = 0, hint: int | None = None) -> None:
        """Take the run's timeline; `hint` is the RTP time of the sound of its first picture, when RTP-Info told it.

        `shift_us`: by how much pictures are shown later than their media time (reordering).
        """
        self.track = track
        self.clock = TrackClock(track.timescale)
        self.samples: Samples | None = None
        self.before_start = 0
        self._timeline = timeline
        self._shift_us = shift_us
        self._hint = hint
        self._offset: int | None = None
        """What is added to RTP time to get media time, in ticks."""
        self._next = 0
        self._epoch = 0

    def push(self, unit: AccessUnit) -> None:
        """Take a frame."""
        if (self._offset is None or unit.epoch != self._epoch) and not self._anchor(unit):
            self.before_start += 1
            return
        ticks = unit.rtp_time + (self._offset or 0)
        if ticks != self._next:
            ticks = self._mend(ticks, unit)
        samples = self.samples
        if samples is None:
            samples = self.samples = Samples(ticks)
        duration = unit.samples
        samples.pieces += unit.pieces
        samples.sizes.append(unit.size)
        samples.durations.append(duration)
        self._next = ticks + duration

    def take(self) -> Samples | None:
        """Return what has gathered; the next frame begins another fragment."""
        samples, self.samples = self.samples, None
        if samples is not None:
            samples.pieces = [b"".join(samples.pieces)]
            samples.keyframes = [True] * len(samples.sizes)
            samples.composition = [0] * len(samples.sizes)
        return samples

    def cut(self) -> None:
        """Bring sound up to the picture by both tracks' sender reports, as a segment ends; never back into it."""
        ours, theirs = self.clock.base_us, self._timeline.clock.base_us
        if self._offset is None or ours is None or theirs is None or self.clock.origin is None:
            return
        late_us = ours - theirs + self._shift_us - (self.clock.origin + self._offset) * US // self.track.timescale
        if SYNC_US < late_us < JUMP_S * US:
            self._offset += late_us * self.track.timescale // US

    def successor(self, timeline: Timeline, media_us: int, shift_us: int) -> Sound:
        """Return the sound of the run that begins, without a pause, at this run's `media_us` (file time)."""
        new = Sound(self.track, timeline, shift_us=shift_us)
        if self._offset is not None:
            new._offset = self._offset - (media_us - shift_us) * self.track.timescale // US
            new._epoch = self._epoch
            new._next = -1
            new.clock.origin = self.clock.origin
            new.clock.reports.extend(self.clock.reports)
        return new

    def _media(self, unit: AccessUnit) -> int:
        """Return where the pictures are as `unit` arrives, in our ticks of file time."""
        return (self._timeline.media_at(unit.arrival_us) + self._shift_us) * self.track.timescale // US

    def _anchor(self, unit: AccessUnit) -> bool:
        """Find the place of the first frame; False when it is from before the run."""
        hz = self.track.timescale
        place = self._media(unit)
        if self._hint is not None and self._offset is None:
            told = signed_distance(unit.rtp_time, self._hint) + self._shift_us * hz // US
            if abs(told - place) * US < ANCHOR_DOUBT_US * hz:
                place = told
        if place * US < PREROLL_US * hz:
            return False
        place = max(place, self._next, 0)
        self._offset = place - unit.rtp_time
        self._epoch = unit.epoch
        self._next = place
        self.clock.origin = unit.rtp_time
        self.clock.reports.clear()
        return True

    def _mend(self, ticks: int, unit: AccessUnit) -> int:
        """Place a frame that does not follow the one before: sound was lost, or its clock moved."""
        if self._next < 0:  # the first frame of a run that took over
            ticks = max(0, ticks)
            self._offset = ticks - unit.rtp_time
            return ticks
        if abs(ticks - self._next) > JUMP_S * self.track.timescale:
            ticks = max(self._next, self._media(unit))
            self._offset = ticks - unit.rtp_time
        elif ticks < self._next:
            return self._next  # two frames claim one instant: one after the other
        samples = self.samples
        if samples is not None and samples.durations:
            samples.durations[-1] += ticks - self._next
        return ticks
