"""From what RTSP set up to what the file is told: formats of a session's tracks. Pure.

Promises that a format the file cannot hold is refused before a byte is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from camera_gateway.media.aac_config import aac_format, g711_format
from camera_gateway.media.fmp4 import AudioTrack, VideoTrack
from camera_gateway.media.formats import ParameterSetError
from camera_gateway.media.parameter_sets import ordered_sets, same_format, video_format

if TYPE_CHECKING:
    from camera_gateway.media.formats import VideoCodec
    from camera_gateway.rtsp.tracks import TrackSetup


@dataclass(slots=True)
class VideoSource:
    """The video of a session: its codec, its clock, the parameter sets that hold now."""

    codec: VideoCodec
    hz: int
    sets: tuple[bytes, ...]
    track: VideoTrack | None = None

    def take(self, sets: tuple[bytes, ...] | None) -> bool:
        """Take the sets of a keyframe; True when the format is another one than before.

        Damaged sets change nothing: the picture is stored as it is, and the old ones hold.
        """
        if self.track is None:
            return self._open(sets)
        if sets is None or sets == self.sets:
            return False
        try:
            whole = self._completed(sets)
            if same_format(self.codec, self.track.parameter_sets, whole):
                self.sets = sets
                return False
            self.track = VideoTrack(video_format(self.codec, whole), whole, self.hz)
        except ParameterSetError:
            return False
        self.sets = sets
        return True

    def _open(self, sets: tuple[bytes, ...] | None) -> bool:
        for candidate in (sets or (), (*self.sets, *(sets or ())), self.sets):
            try:
                self.track = VideoTrack(video_format(self.codec, candidate), candidate, self.hz)
            except ParameterSetError:
                continue
            self.sets = sets or self.sets
            return False
        return False

    def _completed(self, sets: tuple[bytes, ...]) -> tuple[bytes, ...]:
        """Return the sets of a keyframe, with the old ones of the kinds that it leaves out."""
        try:
            ordered_sets(self.codec, sets)
        except ParameterSetError:
            return (*(self.track.parameter_sets if self.track is not None else ()), *sets)
        return sets


def video_source(setup: TrackSetup) -> VideoSource:
    """Return the video source of a set-up video track."""
    return VideoSource("h265" if setup.codec == "h265" else "h264", setup.clock_rate, setup.parameter_sets)


def audio_track(setup: TrackSetup) -> AudioTrack | None:
    """Return how a set-up audio track is described in the file; None when its configuration is unusable."""
    try:
        if setup.codec == "aac":
            form = aac_format(setup.codec_config)
        else:
            law = "alaw" if setup.codec == "pcma" else "ulaw"
            form = g711_format(law, setup.sample_rate or setup.clock_rate, setup.channels)
    except ParameterSetError:
        return None
    return AudioTrack(form, setup.clock_rate)
