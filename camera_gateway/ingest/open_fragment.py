"""The pictures of the fragment that is open, until they become the samples of one. Pure.

Promises one sample per picture, in the order given, with decode durations that add up to the fragment's length. Must
not know when a fragment ends: that is the segmenter's affair.
"""

from __future__ import annotations

from operator import sub

from camera_gateway.media.fmp4 import Samples

FEW_PIECES = 64
"""Pieces that are more than these are joined at each read: a NAL unit taken whole is one, a packet of another one."""


class OpenFragment:
    """The fragment that is open: what is noted of each picture; everything else is reckoned once, at its end."""

    __slots__ = ("joined", "keyframe", "pieces", "places", "size_bytes", "sizes", "ticks")

    def __init__(self) -> None:
        self.keyframe = False
        """Whether its first picture is one; no other can be."""
        self.pieces: list[bytes] = []
        self.joined = 0
        """How many of the pieces are joined ones."""
        self.sizes: list[int] = []
        self.size_bytes = 0
        self.places: list[int] = []
        """Decode times, ticks since the run's start."""
        self.ticks: list[int] = []
        """Presentation times, ticks since the run's first picture."""

    def join(self) -> None:
        """Join what came with a read: it is in the caches still, and its memory then serves the next camera."""
        pieces, joined = self.pieces, self.joined
        if len(pieces) - joined > FEW_PIECES:
            pieces[joined:] = [b"".join(pieces[joined:])]
            self.joined = joined + 1

    def samples(self, end: int, lead: int) -> Samples:
        """Return the samples, the last of which lasts until the decode time `end`."""
        self.join()
        places, ticks = self.places, self.ticks
        made = Samples(places[0])
        made.pieces = self.pieces
        made.sizes = self.sizes
        made.durations = list(map(sub, [*places[1:], end], places))
        made.keyframes = [False] * len(places)
        made.keyframes[0] = self.keyframe
        made.composition = [lead + offset for offset in map(sub, ticks, places)]
        return made
