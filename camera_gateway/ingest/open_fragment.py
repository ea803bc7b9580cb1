"""The pictures of the fragment that is open, until they become the samples of one. Pure.

Promises one sample per picture, in the order given, with decode durations that add up to the fragment's length. Must
not know when a fragment ends: that is the segmenter's affair.
"""

from __future__ import annotations

from operator import attrgetter, sub
from typing import TYPE_CHECKING

from camera_gateway.media.fmp4 import Samples
from camera_gateway.rtsp.rtp import NEVER

if TYPE_CHECKING:
    from camera_gateway.rtsp.access_unit import AccessUnit

MANY_PIECES = 64
"""A fragment of more pieces is joined before it is written: each costs the writer a call."""
_COLUMNS = attrgetter("rtp_time", "arrival_us", "size", "pieces", "damaged", "signed", "parameter_sets")


class Columns:
    """What is noted of pictures in a row, a list of each."""

    __slots__ = ("arrivals", "damaged", "pieces", "sets", "signed", "sizes", "times")

    def __init__(self, units: list[AccessUnit]) -> None:
        columns = zip(*map(_COLUMNS, units), strict=True)
        self.times, self.arrivals, self.sizes, self.pieces, damaged, signed, sets = columns
        self.damaged: int = sum(damaged)
        self.signed: bool = True in signed
        self.sets: tuple[bytes, ...] | None = None
        for each in sets:
            if each is not None:
                self.sets = each


class OpenFragment:
    """The fragment that is open: what is noted of each picture; everything else is reckoned once, at its end.

    Pictures that plainly go on (`last_time` < their RTP time, and it ends before `until`) may wait together: what
    each is worth is then reckoned for all of them at once.
    """

    __slots__ = ("keyframe", "last_time", "pieces", "places", "size_bytes", "sizes", "ticks", "until", "waiting")

    def __init__(self) -> None:
        self.keyframe = False
        """Whether its first picture is one; no other can be."""
        self.pieces: list[bytes] = []
        self.sizes: list[int] = []
        self.size_bytes = 0
        """Those that wait included."""
        self.places: list[int] = []
        """Decode times, ticks since the run's start."""
        self.ticks: list[int] = []
        """Presentation times, ticks since the run's first picture."""
        self.waiting: list[AccessUnit] = []
        self.last_time = 0
        """RTP time of the latest picture."""
        self.until = NEVER
        """RTP time at which the fragment has its full length; `NEVER`: each picture is looked at by itself."""

    def add(self, pictures: Columns, ticks: list[int]) -> None:
        """Take pictures whose decode times are their presentation times; their sizes are counted already."""
        for pieces in pictures.pieces:
            self.pieces += pieces
        self.sizes += pictures.sizes
        self.places += ticks
        self.ticks += ticks

    def samples(self, end: int, lead: int) -> Samples:
        """Return the samples, the last of which lasts until the decode time `end`."""
        places, ticks, pieces = self.places, self.ticks, self.pieces
        made = Samples(places[0])
        made.pieces = pieces if len(pieces) <= MANY_PIECES else [b"".join(pieces)]
        made.sizes = self.sizes
        made.durations = list(map(sub, [*places[1:], end], places))
        made.keyframes = [False] * len(places)
        made.keyframes[0] = self.keyframe
        made.composition = [lead + offset for offset in map(sub, ticks, places)]
        return made
